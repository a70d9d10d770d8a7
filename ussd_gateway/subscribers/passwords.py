"""Passwords of the cabinet: how they are drawn, and how often one may be asked for. Pure: `now` and chance come in."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

LOWER = "abcdefghijkmnpqrstuvwxyz"
UPPER = "ABCDEFGHJKLMNPQRSTUVWXYZ"
DIGITS = "23456789"
"""Without l, o, I, O, 0 and 1, which people read for each other."""

_CLASSES = (LOWER, UPPER, DIGITS)
_ALPHABET = "".join(_CLASSES)

MOST_REMEMBERED = 100
"""Former passwords that a new one can be kept apart from; of 256 tags enough have to be left."""


class Chance(Protocol):
    """Where characters are drawn from: `secrets.SystemRandom()`, or a seeded `random.Random` in a test."""

    def choice(self, seq: Sequence[str], /) -> str:
        """One of them, each as likely as the other."""


@dataclass(frozen=True, slots=True)
class FloodRule:
    """At most so many passwords within so many seconds."""

    most: int
    within: float


def generate(length: int, chance: Chance) -> str:
    """A password of Latin letters and digits, at least one lower-case letter, one capital and one digit (2.1, R115).

    Drawn again as a whole until it has all three, so that every password that has them is equally likely.
    """
    while True:
        password = "".join(chance.choice(_ALPHABET) for _ in range(length))
        if all(any(character in kind for character in password) for kind in _CLASSES):
            return password


def generate_unlike(length: int, tags: Collection[int], msisdn: str, chance: Chance) -> str:
    """A password that is none of those whose tags are given (R116); at most MOST_REMEMBERED tags."""
    while True:
        password = generate(length, chance)
        if tag(password, msisdn) not in tags:
            return password


def tag(password: str, msisdn: str) -> int:
    """One octet of a password's digest; equal passwords of a number have equal tags.

    It stands for the password among the former ones: to compare with their argon2 hashes would cost an argon2 each. Of
    the 46 bits of a password of eight characters it tells a thief of the database eight.
    """
    return hashlib.sha256(f"{msisdn}:{password}".encode()).digest()[0]


def allowed(requests: Iterable[float], now: float, rules: Iterable[FloodRule]) -> bool:
    """Whether one more password may be issued after those issued at these moments (3.4, SMS bomber)."""
    times = list(requests)
    return all(sum(now - at < rule.within for at in times) < rule.most for rule in rules)
