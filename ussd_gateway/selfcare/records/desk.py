"""The desk's tickets, its log-ins, and the audit log as its people read it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ussd_gateway.selfcare.records.changes import Changes


@dataclass(frozen=True, slots=True)
class Ticket:
    """A call or a visit. `state` is "identified", "not_identified" or "done"; `who` is the person at the desk."""

    id: int
    at: float
    who: str
    channel: str
    msisdn: str
    state: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the audit log."""

    id: int
    at: float
    who: str
    channel: str
    what: str
    facts: dict[str, Any]


class Desk:
    """What the desk keeps."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    # Tickets -------------------------------------------------------------------------------------------------------

    def open(self, at: float, who: str, channel: str, msisdn: str, state: str) -> int:
        """A call or a visit begins; its number. Within a `change`."""
        self._changes.write(
            "INSERT INTO desk_tickets (at, who, channel, msisdn, state) VALUES (?, ?, ?, ?, ?)",
            (at, who, channel, msisdn, state),
        )
        id: int = self._changes.read("SELECT max(id) FROM desk_tickets")[0][0]
        return id

    def ticket(self, id: int) -> Ticket | None:
        """The ticket with this number."""
        rows = self._changes.read("SELECT id, at, who, channel, msisdn, state FROM desk_tickets WHERE id = ?", (id,))
        return Ticket(*rows[0]) if rows else None

    def set_state(self, id: int, state: str) -> None:
        """Within a `change`."""
        self._changes.write("UPDATE desk_tickets SET state = ? WHERE id = ?", (state, id))

    def failures_since(self, msisdn: str, since: float) -> int:
        """How often the number's owner was not identified, from `since` on."""
        count: int = self._changes.read(
            "SELECT count(*) FROM desk_tickets WHERE msisdn = ? AND at >= ? AND state = 'not_identified'",
            (msisdn, since),
        )[0][0]
        return count

    # Log-ins -------------------------------------------------------------------------------------------------------

    def guard(self, name: str) -> tuple[int, float]:
        """Failures, and until when the account is locked."""
        rows = self._changes.read("SELECT failures, locked_until FROM desk_guards WHERE name = ?", (name,))
        return (rows[0][0], rows[0][1]) if rows else (0, 0.0)

    def set_guard(self, name: str, failures: int, locked_until: float) -> None:
        """Within a `change`."""
        self._changes.write(
            "INSERT OR REPLACE INTO desk_guards (name, failures, locked_until) VALUES (?, ?, ?)",
            (name, failures, locked_until),
        )

    # The audit log -------------------------------------------------------------------------------------------------

    def audit(self, *, word: str = "", who: str = "", before: int | None = None, most: int = 100) -> list[Entry]:
        """Entries, the newest first.

        word    somewhere in what happened, its channel or its facts
        who     the number or the person, whole
        before  only those older than this entry's number
        """
        conditions, parameters = ["1"], []
        if word:
            pattern = "%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
            conditions.append("(what || ' ' || channel || ' ' || facts) LIKE ? ESCAPE '\\'")
            parameters.append(pattern)
        if who:
            conditions.append("(who = ? OR facts LIKE ? ESCAPE '\\')")
            parameters += [who, '%"' + who.replace("\\", "").replace("%", "").replace("_", "\\_") + '"%']
        if before is not None:
            conditions.append("id < ?")
            parameters.append(str(before))
        rows = self._changes.read(
            f"SELECT id, at, who, channel, what, facts FROM audit WHERE {' AND '.join(conditions)}"  # noqa: S608 - ours
            " ORDER BY id DESC LIMIT ?",
            (*parameters, most),
        )
        return [Entry(id, at, who, channel, what, json.loads(facts)) for id, at, who, channel, what, facts in rows]
