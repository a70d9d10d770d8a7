"""The guards of the log-in, by number; a number that is no subscriber's has one, too (3.4, enumeration)."""

from __future__ import annotations

from ussd_gateway.selfcare.records.changes import Changes
from ussd_gateway.subscribers.guard import OPEN, Guard


class Guards:
    """What each number's guard remembers."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def guard(self, msisdn: str) -> Guard:
        """The number's guard."""
        rows = self._changes.read("SELECT failures, locked_until FROM guards WHERE msisdn = ?", (msisdn,))
        return Guard(*rows[0]) if rows else OPEN

    def keep(self, msisdn: str, guard: Guard) -> None:
        """From now on it is this. Within a `change`."""
        if guard == OPEN:
            self._changes.write("DELETE FROM guards WHERE msisdn = ?", (msisdn,))
        else:
            self._changes.write(
                "INSERT OR REPLACE INTO guards (msisdn, failures, locked_until) VALUES (?, ?, ?)",
                (msisdn, guard.failures, guard.locked_until),
            )
