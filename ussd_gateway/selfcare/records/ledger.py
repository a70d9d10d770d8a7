"""Money: entries that are added and never changed."""

from __future__ import annotations

from ussd_gateway.selfcare.records.changes import Changes


class Ledger:
    """The entries of every account, in whole kopecks."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def balance(self, msisdn: str) -> int:
        """Kopecks: the sum of the ledger's entries (3.2, invariant 1)."""
        query = "SELECT coalesce(sum(kopecks), 0) FROM ledger WHERE msisdn = ?"
        total: int = self._changes.read(query, (msisdn,))[0][0]
        return total

    def enter(self, msisdn: str, at: float, kopecks: int, kind: str) -> None:
        """One more entry. Within a `change`."""
        self._changes.write(
            "INSERT INTO ledger (msisdn, at, kopecks, kind) VALUES (?, ?, ?, ?)", (msisdn, at, kopecks, kind)
        )
