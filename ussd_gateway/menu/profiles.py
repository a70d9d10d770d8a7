"""What differs from operator to operator: keys of navigation, limits, the form of numbers, money."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

POLICIES = ("page", "error", "truncate")


@dataclass(frozen=True, slots=True)
class Navigation:
    """The keys that every screen understands; "" for none. A line is shown for each but `exit`."""

    back: str = "0"
    home: str = "00"
    more: str = "9"
    exit: str = ""

    @property
    def keys(self) -> tuple[str, ...]:
        """Those that there are, in the order of the file."""
        return tuple(key for key in (self.back, self.home, self.more, self.exit) if key)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much there can be.

    shown   octets of a screen, packed, at most 160
    typed   characters of an answer; 182 are what USSD carries
    policy  what becomes of a longer text: "page" cuts it into pages, "error" ends the dialogue, "truncate" leaves out its end
    """

    shown: int = 160
    typed: int = 182
    policy: str = "page"


@dataclass(frozen=True, slots=True)
class Numbers:
    """How subscribers write numbers.

    country   the country code
    trunk     what stands in its place within the country, or ""
    digits    how many follow
    """

    country: str = "7"
    trunk: str = "8"
    digits: int = 10


@dataclass(frozen=True, slots=True)
class Profile:
    """An operator's habits; each can be overridden in the file."""

    navigation: Navigation = Navigation()
    limits: Limits = Limits()
    numbers: Numbers = Numbers()
    currency: str = "RUB"


DEFAULT = Profile()

_KENYA = Numbers("254", "0", 9)
_GHANA = Numbers("233", "0", 9)

PROFILES: Mapping[str, Profile] = {
    "default": DEFAULT,
    "beeline": DEFAULT,
    "megafon": DEFAULT,
    "safaricom": Profile(Navigation("0", "00", "98"), Limits(typed=80), _KENYA, "KES"),
    "airtel_kenya": Profile(Navigation("0", "00", "98"), Limits(typed=90), _KENYA, "KES"),
    "mtn_ghana": Profile(Navigation("0", "00", "99"), Limits(), _GHANA, "GHS"),
}
"""By name. The limits of the two in Kenya are those that their aggregators tell."""
