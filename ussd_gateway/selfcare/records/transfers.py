"""Transfers that wait for the code that confirms them: one of a number, the last that was asked for."""

from __future__ import annotations

from typing import NamedTuple

from ussd_gateway.selfcare.records.changes import Changes


class Waiting(NamedTuple):
    """A transfer that is not confirmed.

    code      a digest of the code
    at        when it was asked for
    failures  how many wrong codes there have been
    """

    other: str
    kopecks: int
    code: str
    at: float
    failures: int


class Transfers:
    """Who wants to transfer what."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def waiting(self, msisdn: str) -> Waiting | None:
        """The number's transfer."""
        rows = self._changes.read(
            "SELECT other, kopecks, code, at, failures FROM transfers WHERE msisdn = ?", (msisdn,)
        )
        return Waiting(*rows[0]) if rows else None

    def keep(self, msisdn: str, waiting: Waiting) -> None:
        """From now on it is this, and no former one. Within a `change`."""
        self._changes.write(
            "INSERT OR REPLACE INTO transfers (msisdn, other, kopecks, code, at, failures) VALUES (?, ?, ?, ?, ?, ?)",
            (msisdn, *waiting),
        )

    def forget(self, msisdn: str) -> None:
        """None waits any more. Within a `change`."""
        self._changes.write("DELETE FROM transfers WHERE msisdn = ?", (msisdn,))
