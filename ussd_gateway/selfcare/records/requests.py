"""What one number asks of another, such as to call back; the audit entries are the only trace."""

from __future__ import annotations

from ussd_gateway.selfcare.records.changes import Changes


class Requests:
    """Requests from number to number."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def asked_since(self, what: str, msisdn: str, since: float) -> int:
        """How many changes of this kind the number has made after `since`."""
        count: int = self._changes.read(
            "SELECT count(*) FROM audit WHERE who = ? AND what = ? AND at > ?", (msisdn, what, since)
        )[0][0]
        return count

    def ask(self, what: str, msisdn: str, other: str, at: float, channel: str) -> None:
        """One number asks another for something."""
        with self._changes.change(what, at, who=msisdn, channel=channel, other=other):
            pass
