"""Where `now` comes from: the machine's clock, or one that stands still until it is moved."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Gives the moment in seconds since the epoch."""

    def now(self) -> float:
        """Seconds since 1970-01-01T00:00:00Z."""


class RealClock:
    """The machine's clock."""

    now = staticmethod(time.time)


class VirtualClock:
    """A clock that stands still; `Gateway.advance` moves it.

    start   ISO 8601 text with its offset, seconds since the epoch, or None for the machine's time now
    """

    def __init__(self, start: str | float | None = None) -> None:
        if isinstance(start, str):
            start = parse_moment(start)
        self._now = time.time() if start is None else start

    def now(self) -> float:
        """Seconds since 1970-01-01T00:00:00Z."""
        return self._now

    def move_to(self, moment: float) -> None:
        """Never backwards: a moment in the past leaves the clock where it is."""
        self._now = max(self._now, moment)


def parse_moment(text: str) -> float:
    """Seconds since the epoch of an ISO 8601 moment; ValueError for one without its offset to UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no moment; one looks like 2018-04-27T17:50:00+03:00") from error
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no offset to UTC; write it behind the time, such as +03:00")
    return moment.timestamp()


def iso(moment: float) -> str:
    """ISO 8601 in UTC with milliseconds, as the HTTP API and the logs show times."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
