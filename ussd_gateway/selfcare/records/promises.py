"""Promised payments: who owes what until when."""

from __future__ import annotations

from typing import NamedTuple

from ussd_gateway.selfcare.records.changes import Changes


class Promise(NamedTuple):
    """A promised payment that is not repaid. Sums in kopecks, moments in seconds since the epoch."""

    id: int
    msisdn: str
    kopecks: int
    fee: int
    due: float


_OPEN = "SELECT id, msisdn, kopecks, fee, due FROM promised_payments WHERE repaid_at IS NULL"


class Promises:
    """At most one of a number is open."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def open(self, msisdn: str) -> Promise | None:
        """The number's one that is not repaid, if there is one."""
        rows = self._changes.read(f"{_OPEN} AND msisdn = ?", (msisdn,))
        return Promise(*rows[0]) if rows else None

    def add(self, msisdn: str, kopecks: int, fee: int, at: float, due: float) -> None:
        """One more. Within a `change`."""
        self._changes.write(
            "INSERT INTO promised_payments (msisdn, kopecks, fee, at, due) VALUES (?, ?, ?, ?, ?)",
            (msisdn, kopecks, fee, at, due),
        )

    def repaid(self, promise: Promise, at: float) -> None:
        """It is open no more. Within a `change`."""
        self._changes.write("UPDATE promised_payments SET repaid_at = ? WHERE id = ?", (at, promise.id))

    def soonest(self) -> float | None:
        """When the next one is due."""
        soonest: float | None = self._changes.read("SELECT min(due) FROM promised_payments WHERE repaid_at IS NULL")[0][
            0
        ]
        return soonest

    def due(self, now: float) -> list[Promise]:
        """Those that are due, the oldest first."""
        return [Promise(*row) for row in self._changes.read(f"{_OPEN} AND due <= ? ORDER BY due, id", (now,))]

    def forget(self, msisdn: str) -> None:
        """Nothing is taken from the number any more. Within a `change`."""
        self._changes.write("DELETE FROM promised_payments WHERE msisdn = ?", (msisdn,))
