"""Messages and sessions as somebody looks them up: tables made from the journal when they are asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ussd_gateway.coding import data_coding as codings
from ussd_gateway.coding.segments import parse_udh
from ussd_gateway.network.message import UDHI, MessageState
from ussd_gateway.network.session import CDR_RESULTS, Outcome
from ussd_gateway.store.store import Store

SLICE = 2000  # journal rows that one step brings in; some 20 ms

ENDINGS = {
    "ussd.end": Outcome.SUCCESS,
    "ussd.hang_up": Outcome.DIALOG_USER_ABORT,
    "ussd.abort": Outcome.ABORT_APP,
}
"""The outcome of a session that ended without a release."""

_TERMS = {"from": "source", "to": "destination"}
_COLUMNS = "id, at, kind, source, destination, account, reference, state, data_coding, octets, facts"


class Views:
    """The tables `messages` and `sessions`, with their details."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def catch_up(self) -> Iterator[int]:
        """Brings the tables up to date, a slice at each step; yields how many rows it took."""
        while rows := self._store.own(
            f"SELECT {_COLUMNS} FROM journal WHERE id > ? ORDER BY id LIMIT {SLICE}",  # noqa: S608 - constants
            (self._position(),),
        ):
            for row in rows:
                self._take(row)
            self._store.write("INSERT OR REPLACE INTO views_position VALUES ('all', ?)", (rows[-1][0],))
            yield len(rows)

    def messages(self, query: str = "", *, limit: int = 100, before: int | None = None) -> list[dict[str, Any]]:
        """The newest messages that the query finds: words of the text, and from: to: state: text: terms."""
        where, parameters = _message_conditions(query)
        if before is not None:
            where.append("number < ?")
            parameters.append(before)
        condition = f"WHERE {' AND '.join(where)}" if where else ""
        rows = self._store.own(
            f"SELECT number, {_MESSAGE} FROM messages {condition} ORDER BY number DESC LIMIT ?",  # noqa: S608
            (*parameters, limit),
        )
        return [self._message(row) for row in rows]

    def message(self, message_id: str) -> dict[str, Any] | None:
        """One message with every state it had; None when there is none."""
        rows = self._store.own(f"SELECT number, {_MESSAGE} FROM messages WHERE message_id = ?", (message_id,))  # noqa: S608
        return self._message(rows[-1]) if rows else None

    def sessions(self, *, msisdn: str = "", limit: int = 100) -> list[dict[str, Any]]:
        """The newest sessions, without their turns."""
        rows = self._store.own(
            f"SELECT {_SESSION} FROM sessions WHERE msisdn = ? OR ? = '' ORDER BY session DESC LIMIT ?",  # noqa: S608
            (msisdn, msisdn, limit),
        )
        return [_session(row) for row in rows]

    def session(self, session: str) -> dict[str, Any] | None:
        """One session with its turns; None when there is none."""
        rows = self._store.own(f"SELECT {_SESSION} FROM sessions WHERE session = ?", (session,))  # noqa: S608
        if not rows:
            return None
        turns = self._store.own("SELECT at, operation, text FROM turns WHERE session = ? ORDER BY id", (session,))
        return _session(rows[0]) | {
            "turns": [{"at": at, "operation": operation, "text": text} for at, operation, text in turns]
        }

    def clear(self) -> None:
        """Empty the tables; the journal is the owner's to empty."""
        for table in ("messages", "message_states", "sessions", "turns", "views_position"):
            self._store.write(f"DELETE FROM {table}")  # noqa: S608 - constants

    def _position(self) -> int:
        rows = self._store.own("SELECT journal_id FROM views_position")
        return int(rows[0][0]) if rows else 0

    def _take(self, row: tuple[Any, ...]) -> None:
        _, at, kind, source, destination, account, reference, state, data_coding, octets, facts = row
        if kind == "sms":
            given = json.loads(facts) if facts else {}
            content = octets[parse_udh(octets)[1] :] if given.get("esm_class", 0) & UDHI else octets
            self._store.write(
                "INSERT INTO messages"
                " (message_id, source, destination, account, text, data_coding, state, submitted_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    reference,
                    source,
                    destination,
                    account,
                    codings.decode_sms(content, data_coding),
                    data_coding,
                    state,
                    at,
                ),
            )
            self._state(reference, state, at)
        elif kind == "sms.state":
            self._store.write("UPDATE messages SET state = ? WHERE message_id = ?", (state, reference))
            self._state(reference, state, at)
        elif kind.startswith("ussd."):
            self._turn(at, kind, source, destination, reference, codings.decode_ussd(octets, data_coding), facts)

    def _state(self, message_id: str, state: int, at: float) -> None:
        self._store.write(
            "INSERT INTO message_states (message_id, state, at) VALUES (?, ?, ?)", (message_id, state, at)
        )

    def _turn(self, at: float, kind: str, msisdn: str, code: str, session: str, text: str, facts: str | None) -> None:
        self._store.write(
            "INSERT OR IGNORE INTO sessions (session, msisdn, service_code, started_at) VALUES (?, ?, ?, ?)",
            (session, msisdn, code, at),
        )
        self._store.write(
            "INSERT INTO turns (session, at, operation, text) VALUES (?, ?, ?, ?)",
            (session, at, kind.removeprefix("ussd."), text),
        )
        outcome = ENDINGS.get(kind) or (json.loads(facts).get("outcome") if facts else None)
        if outcome:
            self._store.write(
                "UPDATE sessions SET ended_at = ?, outcome = ? WHERE session = ? AND outcome IS NULL",
                (at, str(outcome), session),
            )

    def _message(self, row: tuple[Any, ...]) -> dict[str, Any]:
        number, message_id, source, destination, account, text, data_coding, state, submitted_at = row
        states = self._store.own("SELECT state, at FROM message_states WHERE message_id = ? ORDER BY id", (message_id,))
        return {
            "number": number,
            "id": message_id,
            "from": source,
            "to": destination,
            "esme": account or None,
            "text": text,
            "data_coding": data_coding,
            "state": MessageState(state).name,
            "submitted_at": submitted_at,
            "states": [{"state": MessageState(value).name, "at": at} for value, at in states],
        }


_MESSAGE = "message_id, source, destination, account, text, data_coding, state, submitted_at"
_SESSION = "session, msisdn, service_code, started_at, ended_at, outcome"


def _session(row: tuple[Any, ...]) -> dict[str, Any]:
    session, msisdn, service_code, started_at, ended_at, outcome = row
    return {
        "id": session,
        "msisdn": msisdn,
        "service_code": service_code,
        "started_at": started_at,
        "ended_at": ended_at,
        "state": "ended" if outcome else "open",
        "outcome": outcome,
        "result": CDR_RESULTS[Outcome(outcome)] if outcome else None,
    }


def _message_conditions(query: str) -> tuple[list[str], list[Any]]:
    where: list[str] = []
    parameters: list[Any] = []
    for term in query.split():
        name, colon, value = term.partition(":")
        if colon and name in _TERMS:
            where.append(f"{_TERMS[name]} = ?")
            parameters.append(value.removeprefix("+"))
        elif colon and name == "state":
            where.append("state = ?")
            parameters.append(_state_value(value))
        else:
            where.append("number IN (SELECT rowid FROM messages_fts WHERE messages_fts MATCH ?)")
            word = value if colon and name == "text" else term
            parameters.append('"' + word.replace('"', '""') + '"*')
    return where, parameters


def _state_value(name: str) -> int:
    try:
        return MessageState[name.upper()]
    except KeyError:
        known = ", ".join(state.name.lower() for state in MessageState)
        raise ValueError(f"state:{name} is no state of a message; known: {known}") from None
