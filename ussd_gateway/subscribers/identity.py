"""Who a caller is: the number and the whole passport have to match (R035, 3.4). Pure.

A passport is kept only as a digest: scrypt, with the number as its salt, so that equal passports look different.
"""

from __future__ import annotations

import hashlib
import hmac

MOST_FAILURES = 3
"""Identifications that may fail for a number within a day; after them only a shop can help (3.4)."""

_DIGITS = 10  # a series of four and a number of six
_N, _R, _P = 512, 8, 1  # about 2 ms: the config's passports are sealed at each start


class PassportError(ValueError):
    """What was typed is no passport; the message says what would be one and repeats nothing of it."""


def passport_of(*typed: str) -> str:
    """Series and number as ten digits, however they were spaced; PassportError."""
    digits = "".join(character for part in typed for character in part if not character.isspace() and character != "-")
    if not (digits.isascii() and digits.isdigit() and len(digits) == _DIGITS):
        raise PassportError("a passport has a series of four digits and a number of six, such as 12 34 567890")
    return digits


def seal(passport: str, msisdn: str) -> str:
    """The digest under which a number's passport is kept, in hex."""
    return hashlib.scrypt(passport.encode(), salt=msisdn.encode(), n=_N, r=_R, p=_P, dklen=32).hex()


def matches(sealed: str, passport: str, msisdn: str) -> bool:
    """Whether it is the number's passport; takes as long for a number without one ("")."""
    return hmac.compare_digest(seal(passport, msisdn), sealed or "-") and sealed != ""


def only_in_a_shop(failures: int, channel: str) -> bool:
    """Whether a call does no more today, whatever the caller knows (3.4)."""
    return channel != "shop" and failures >= MOST_FAILURES
