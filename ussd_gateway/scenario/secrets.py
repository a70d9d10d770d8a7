"""Keeps secrets out of reports: what was captured under a name such as {password} reads ******** everywhere. No I/O."""

from __future__ import annotations

import re

MASK = "********"
_SECRET_WORDS = frozenset(
    {
        *("password", "passwd", "pwd", "pass", "pin", "puk", "secret", "code", "otp", "token", "captcha"),
        *("authorization", "cookie", "apikey"),
        *("пароль", "пин", "код", "секрет", "капча"),
    }
)
_LONG = 4  # a shorter secret is masked only where it stands alone, or "1" would blacken every number


def is_secret(name: str) -> bool:
    """Whether a capture of this name is a secret: one of its words, between _ or -, says so."""
    return any(word.rstrip("0123456789") in _SECRET_WORDS for word in name.lower().replace("-", "_").split("_"))


class Secrets:
    """The secrets of one scenario."""

    def __init__(self) -> None:
        self._values: set[str] = set()

    def add(self, name: str, value: str) -> None:
        """Note what was captured, if its name says that it is a secret."""
        if value and is_secret(name):
            self._values |= {value, re.escape(value)}

    def mask(self, text: str) -> str:
        """The text without the secrets known so far."""
        if not self._values:
            return text
        longest_first = sorted(self._values, key=len, reverse=True)
        return re.sub("|".join(map(_pattern, longest_first)), MASK, text)


def without_password(url: str) -> str:
    """The URL as a report may show it."""
    return re.sub(r"//[^/]*@", "//", url)


def _pattern(value: str) -> str:
    return re.escape(value) if len(value) >= _LONG else rf"(?<!\w){re.escape(value)}(?!\w)"
