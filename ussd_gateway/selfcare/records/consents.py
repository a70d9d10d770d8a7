"""Whose balance is shown to whom."""

from __future__ import annotations

from ussd_gateway.selfcare.records.changes import Changes


class Consents:
    """Who has asked to see a number's balance, and until when he may."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def asked(self, msisdn: str, asker: str, since: float) -> bool:
        """Whether the number was asked after `since`."""
        query = "SELECT 1 FROM balance_consents WHERE msisdn = ? AND asker = ? AND asked_at > ?"
        return bool(self._changes.read(query, (msisdn, asker, since)))

    def allows(self, msisdn: str, asker: str, now: float) -> bool:
        """Whether he may see it now."""
        query = "SELECT 1 FROM balance_consents WHERE msisdn = ? AND asker = ? AND until > ?"
        return bool(self._changes.read(query, (msisdn, asker, now)))

    def ask(self, msisdn: str, asker: str, at: float) -> None:
        """He asks; what the number has allowed before is over. Within a `change`."""
        self._changes.write(
            "INSERT OR REPLACE INTO balance_consents (msisdn, asker, asked_at, until) VALUES (?, ?, ?, NULL)",
            (msisdn, asker, at),
        )

    def allow(self, msisdn: str, asker: str, until: float, at: float, channel: str) -> None:
        """He may see it until then."""
        with self._changes.change("balance.allowed", at, who=msisdn, channel=channel, other=asker):
            self._changes.write(
                "UPDATE balance_consents SET until = ? WHERE msisdn = ? AND asker = ?", (until, msisdn, asker)
            )

    def forget(self, msisdn: str) -> None:
        """Nobody sees the number's balance, nor does it see another's. Within a `change`."""
        self._changes.write("DELETE FROM balance_consents WHERE msisdn = ? OR asker = ?", (msisdn, msisdn))
