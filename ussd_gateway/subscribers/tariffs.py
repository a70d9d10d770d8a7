"""Tariffs and options as data, what is in them, and the months that they are paid for. Pure."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from ussd_gateway.subscribers.money import PromiseRules, TransferRules

_MONTH = re.compile("(19[7-9]|20[0-9])[0-9]-(0[1-9]|1[0-2])")

MOSCOW = timezone(timedelta(hours=3))
"""The operator's time, in which its months are; since 2014 without summer time."""


@dataclass(frozen=True, slots=True)
class Name:
    """What pages and SMS call it."""

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012 - read by pydantic

    ru: str
    en: str

    def in_(self, language: str) -> str:
        """In "en", or else in Russian."""
        return self.en if language == "en" else self.ru


@dataclass(frozen=True, slots=True)
class Offer:
    """A tariff or an option. Sums in kopecks.

    fee            of each month, taken at its beginning; 0 is free
    change         what it costs to change to this tariff, once
    minutes, sms, megabytes, bonus_minutes    what is in it, each month
    """

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012 - read by pydantic

    code: str
    name: Name
    fee: int = 0
    change: int = 0
    minutes: int = 0
    sms: int = 0
    megabytes: int = 0
    bonus_minutes: int = 0

    def __post_init__(self) -> None:
        if not self.code or min(self.fee, self.change, self.minutes, self.sms, self.megabytes, self.bonus_minutes) < 0:
            raise ValueError("needs a code, and nothing below 0")

    @property
    def price(self) -> int:
        """What is paid at once."""
        return self.change + self.fee


@dataclass(frozen=True, slots=True)
class Package:
    """What is left of the month."""

    minutes: int
    sms: int
    megabytes: int
    bonus_minutes: int


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything that an operator sells, and its rules of money."""

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012 - read by pydantic

    tariff: tuple[Offer, ...] = ()
    option: tuple[Offer, ...] = ()
    transfer: TransferRules = field(default_factory=TransferRules)
    promised_payment: PromiseRules = field(default_factory=PromiseRules)

    def __post_init__(self) -> None:
        for offers in (self.tariff, self.option):
            codes = [offer.code for offer in offers]
            if twice := sorted({code for code in codes if codes.count(code) > 1}):
                raise ValueError(f"{', '.join(twice)}: there twice")

    def tariff_called(self, name: str) -> Offer:
        """The tariff of a code or a name; one that is not for sale any more is free and has nothing in it."""
        found = (offer for offer in self.tariff if name in (offer.code, offer.name.ru, offer.name.en))
        return next(found, Offer(name or "-", Name(name, name)))

    def option_coded(self, code: str) -> Offer:
        """The option of a code, as above."""
        return next((offer for offer in self.option if offer.code == code), Offer(code or "-", Name(code, code)))


def package(offers: Iterable[Offer]) -> Package:
    """What is in all of them."""
    held = tuple(offers)
    return Package(
        sum(offer.minutes for offer in held),
        sum(offer.sms for offer in held),
        sum(offer.megabytes for offer in held),
        sum(offer.bonus_minutes for offer in held),
    )


def next_due(since: float, after: float) -> float:
    """When the month ends that is under way at `after`, of months that began at `since`.

    The same day and time of a later month, by the operator's calendar; the last day of a month that is too short.
    """
    first, now = (datetime.fromtimestamp(at, MOSCOW) for at in (since, after))
    months = max(0, 12 * (now.year - first.year) + now.month - first.month)
    while (due := _plus(first, months)) <= now:
        months += 1
    return due.timestamp()


def _plus(first: datetime, months: int) -> datetime:
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return first.replace(year=year, month=month + 1, day=min(first.day, monthrange(year, month + 1)[1]))


def month_of(at: float) -> str:
    """The operator's month of a moment: "2018-04"."""
    return datetime.fromtimestamp(at, MOSCOW).strftime("%Y-%m")


def bounds(month: str) -> tuple[float, float]:
    """When a month such as "2018-04" begins and when the next one does; ValueError for what is none."""
    if not _MONTH.fullmatch(month):
        raise ValueError(f"{month!r} is no month such as 2018-04")
    first = datetime(int(month[:4]), int(month[5:]), 1, tzinfo=MOSCOW)
    return first.timestamp(), _plus(first, 1).timestamp()
