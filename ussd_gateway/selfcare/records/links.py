"""Requests for second numbers, and the links that they became."""

from __future__ import annotations

from dataclasses import dataclass

from ussd_gateway.selfcare.records.changes import Changes
from ussd_gateway.subscribers.links import APPROVED, PENDING

_COLUMNS = "id, main, number, state, created, due, overdue_at, first_reviewer, reviewer, reason, decided_at, ended_at"


@dataclass(frozen=True, slots=True)
class LinkRequest:
    """A request, and what became of it. Moments in seconds since the epoch.

    main, number    the cabinet's number, and the one to be added to it
    state           of `subscribers.links`
    overdue_at      when it was marked overdue and escalated, None while it is in time
    first_reviewer  who approved first, under four eyes; "" for nobody
    reviewer        who decided; "" where the subscriber or the operator's rules did
    reason          why it was rejected, cancelled or ended
    """

    id: int
    main: str
    number: str
    state: str
    created: float
    due: float
    overdue_at: float | None
    first_reviewer: str
    reviewer: str
    reason: str
    decided_at: float | None
    ended_at: float | None


class Links:
    """What was asked for, and what is linked."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def request(self, id: int) -> LinkRequest | None:
        """The request with this number."""
        return next(iter(self._read("WHERE id = ?", id)), None)

    def of_cabinet(self, main: str) -> list[LinkRequest]:
        """The cabinet's requests, the newest first; none of a former owner's."""
        return self._read("WHERE main = ? AND NOT former ORDER BY id DESC", main)

    def leave_behind(self, main: str) -> None:
        """The cabinet is another person's: what was asked for in it stays with the former owner. Within a `change`."""
        self._changes.write("UPDATE link_requests SET former = 1 WHERE main = ?", (main,))
        self._changes.write("DELETE FROM link_attempts WHERE main = ?", (main,))

    def standing(self, main: str, number: str) -> LinkRequest | None:
        """The request for this number that is pending or approved, if there is one (R166)."""
        return next(iter(self._read(f"WHERE main = ? AND number = ? AND {_STANDING}", main, number)), None)

    def touching(self, msisdn: str) -> list[LinkRequest]:
        """What is pending or approved and has this number on either side."""
        return self._read(f"WHERE (main = ? OR number = ?) AND {_STANDING} ORDER BY id", msisdn, msisdn)

    def linked(self, main: str) -> list[LinkRequest]:
        """The cabinet's links, the oldest first."""
        return self._read("WHERE main = ? AND state = ? ORDER BY decided_at, id", main, APPROVED)

    def pending(self) -> list[LinkRequest]:
        """What waits for the desk, by its deadline."""
        return self._read("WHERE state = ? ORDER BY due, id", PENDING)

    def decided(self, most: int) -> list[LinkRequest]:
        """What waits no more, the latest first."""
        return self._read("WHERE state != ? ORDER BY decided_at DESC, id DESC LIMIT ?", PENDING, most)

    def add(self, main: str, number: str, created: float, due: float) -> int:
        """A pending request; its number. Within a `change`."""
        self._changes.write(
            "INSERT INTO link_requests (main, number, state, created, due, first_reviewer, reviewer, reason)"
            " VALUES (?, ?, ?, ?, ?, '', '', '')",
            (main, number, PENDING, created, due),
        )
        id: int = self._changes.read("SELECT max(id) FROM link_requests")[0][0]
        return id

    def decide(self, id: int, state: str, at: float, *, reviewer: str = "", reason: str = "") -> None:
        """A request waits no more. Within a `change`."""
        self._changes.write(
            "UPDATE link_requests SET state = ?, decided_at = ?, reviewer = ?, reason = ? WHERE id = ?",
            (state, at, reviewer, reason, id),
        )

    def end(self, id: int, state: str, at: float, reason: str) -> None:
        """A link is no more; who approved it stays known. Within a `change`."""
        self._changes.write(
            "UPDATE link_requests SET state = ?, ended_at = ?, reason = ? WHERE id = ?", (state, at, reason, id)
        )

    def mark_overdue(self, id: int, at: float) -> None:
        """It is overdue, and stays pending (R163). Within a `change`."""
        self._changes.write("UPDATE link_requests SET overdue_at = ? WHERE id = ?", (at, id))

    def approve_first(self, id: int, reviewer: str) -> None:
        """The first of two approvals. Within a `change`."""
        self._changes.write("UPDATE link_requests SET first_reviewer = ? WHERE id = ?", (reviewer, id))

    # What was asked for, whatever came of it --------------------------------------------------------------------------

    def answered(self, main: str, key: str, since: float) -> tuple[str, int | None] | None:
        """What an attempt with this key was answered after `since`, with the request it became (3.2, invariant 14)."""
        rows = self._changes.read(
            "SELECT result, request FROM link_attempts WHERE main = ? AND key = ? AND at > ?", (main, key, since)
        )
        return (rows[0][0], rows[0][1]) if rows else None

    def attempts_since(self, main: str, since: float) -> int:
        """How many attempts a cabinet has made after `since`."""
        count: int = self._changes.read("SELECT count(*) FROM link_attempts WHERE main = ? AND at > ?", (main, since))[
            0
        ][0]
        return count

    def add_attempt(self, main: str, key: str, at: float, result: str, request: int | None, since: float) -> None:
        """Somebody asked; those up to `since` are forgotten. Within a `change`."""
        self._changes.write("DELETE FROM link_attempts WHERE main = ? AND at <= ?", (main, since))
        self._changes.write(
            "INSERT INTO link_attempts (main, key, at, result, request) VALUES (?, ?, ?, ?, ?)",
            (main, key, at, result, request),
        )

    def _read(self, where: str, *parameters: object) -> list[LinkRequest]:
        rows = self._changes.read(f"SELECT {_COLUMNS} FROM link_requests {where}", parameters)  # noqa: S608 - constants
        return [LinkRequest(*row) for row in rows]


_STANDING = f"state IN ('{PENDING}', '{APPROVED}')"
