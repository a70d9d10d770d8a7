"""How a password comes about, by the operator's years (2.1), and what one of the subscriber's own may look like. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

GENERATES, ASKS, BY_SMS = "generates", "asks", "by_sms"

_DIGITS = ("0-9",)
_LATIN = ("a-z", "A-Z", "0-9")
_MISSING = {"a-z": "no_lower", "A-Z": "no_capital", "0-9": "no_digit"}


@dataclass(frozen=True, slots=True)
class PasswordRule:
    """What a password of the subscriber's own may look like.

    shortest, longest  int; characters
    classes            tuple of ranges of characters: it has at least one of each, and nothing else
    """

    shortest: int
    longest: int
    classes: tuple[str, ...]

    def mistakes(self, password: str) -> tuple[str, ...]:
        """What is wrong with it: too_short, too_long, wrong_character, no_lower, no_capital, no_digit; () for nothing."""
        found = []
        if len(password) < self.shortest:
            found.append("too_short")
        if len(password) > self.longest:
            found.append("too_long")
        if re.search(f"[^{''.join(self.classes)}]", password):
            found.append("wrong_character")
        found += [_MISSING[kind] for kind in self.classes if not re.search(f"[{kind}]", password)]
        return tuple(found)


@dataclass(frozen=True, slots=True)
class PasswordProfile:
    """What `*111*25#` does, and which passwords of one's own there are.

    dialled  what the code does: "generates" one, "asks" for one, or "tells" how to send one by SMS
    by_sms   whether `25`, a space and a password, sent to 111, sets it
    word     whether the word ПАРОЛЬ, sent to 3339, brings one
    own      the rule for a password of one's own
    """

    dialled: str
    by_sms: bool
    word: bool
    own: PasswordRule


PROFILES: Mapping[str, PasswordProfile] = {
    # about 2009-2011, about 2011-2014, 2014-2018
    ASKS: PasswordProfile("asks", by_sms=False, word=False, own=PasswordRule(4, 7, _DIGITS)),
    BY_SMS: PasswordProfile("tells", by_sms=True, word=False, own=PasswordRule(6, 10, _LATIN)),
    GENERATES: PasswordProfile("generates", by_sms=False, word=True, own=PasswordRule(6, 26, _LATIN)),
}
"""The three behaviours of 2.1; `generates` is the article's."""
