"""Regular expressions that somebody else wrote: searched for a short time only, so that none of them stops the gateway."""

from __future__ import annotations

import regex

PATIENCE = 0.5  # seconds for one search


class TooLongError(ValueError):
    """A search that was given up."""


Found = regex.Match[str]


def compiled(pattern: str) -> regex.Pattern[str]:
    """The pattern; ValueError that says what is wrong with it."""
    try:
        return regex.compile(pattern)
    except regex.error as error:
        raise ValueError(str(error)) from error
    except RecursionError as error:
        raise ValueError("its brackets are too deep") from error


def search(pattern: str, text: str) -> Found | None:
    """Where the pattern is found first; ValueError for one that is none, TooLongError for one that takes too long."""
    try:
        return compiled(pattern).search(text, timeout=PATIENCE)
    except TimeoutError as error:
        raise _too_long(pattern, text) from error


def matches(pattern: str, text: str) -> bool:
    """Whether all of the text is what the pattern describes; raises as `search` does."""
    try:
        return compiled(pattern).fullmatch(text, timeout=PATIENCE) is not None
    except TimeoutError as error:
        raise _too_long(pattern, text) from error


def _too_long(pattern: str, text: str) -> TooLongError:
    return TooLongError(
        f"{pattern} takes too long on a text of {len(text)} characters; write it without one * inside another"
    )
