"""Messages and sessions as somebody looks them up: tables made from the journal when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ussd_gateway.coding import data_coding as codings
from ussd_gateway.network.message import MessageState, state_name
from ussd_gateway.network.session import CDR_RESULTS, Outcome
from ussd_gateway.store.entries import Entry, ReplacedEntry, SmsEntry, StateEntry, UssdEntry
from ussd_gateway.store.journal import blocks, forgotten
from ussd_gateway.store.store import Store

SLICE = 1000  # entries that one step takes in; some 10 ms

ENDINGS = {
    "ussd.end": Outcome.SUCCESS,
    "ussd.hang_up": Outcome.DIALOG_USER_ABORT,
    "ussd.abort": Outcome.ABORT_APP,
}
"""The outcome of a session that ended without a release."""

_LONGEST_ID = 18  # digits that fit an integer of SQLite
_TERMS = {"from": "source", "to": "destination"}
_INDEX = "INSERT INTO messages_fts (rowid, text) VALUES (?, ?)"
_MESSAGE = "number, source, destination, account, text, data_coding, first_state, state, submitted_at"
_SESSION = "session, msisdn, service_code, started_at, ended_at, outcome"


Numbered = tuple[int, Entry]
"""An entry with its number."""


class Views:
    """The tables `messages` and `sessions`, with their details."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def catch_up(self, query: str = "") -> Iterator[int]:
        """Brings up to date what the query needs, a slice at each step; yields how many rows it took."""
        yield from self._forget()
        for block in blocks(self._store, self._position("journal")):
            for start in range(0, len(block), SLICE):
                if part := self._unknown(block[start : start + SLICE]):
                    with self._store.together():
                        self._take(part)
                        self._reached("journal", part[-1][0])
                    yield len(part)
        while _words(query) and (taken := self._index_words()):
            yield taken

    def kept_since(self) -> float | None:
        """The moment of the oldest entry that the journal keeps; None when there is none."""
        rows = self._store.read("SELECT at FROM journal ORDER BY last LIMIT 1")
        return float(rows[0][0]) if rows else None

    def messages(self, query: str = "", *, limit: int = 100, before: int | None = None) -> list[dict[str, Any]]:
        """The newest messages that the query finds: words of the text, and from: to: state: text: terms."""
        where, parameters = _message_conditions(query)
        if before is not None:
            where.append("number < ?")
            parameters.append(before)
        condition = f"WHERE {' AND '.join(where)}" if where else ""
        rows = self._store.own(
            f"SELECT {_MESSAGE} FROM messages {condition} ORDER BY number DESC LIMIT ?",  # noqa: S608
            (*parameters, limit),
        )
        return [self._message(row) for row in rows]

    def message(self, message_id: str) -> dict[str, Any] | None:
        """One message with every state it had; None when there is none."""
        if not (message_id.isascii() and message_id.isdigit() and len(message_id) <= _LONGEST_ID):
            return None
        rows = self._store.own(f"SELECT {_MESSAGE} FROM messages WHERE number = ?", (int(message_id),))  # noqa: S608
        return self._message(rows[0]) if rows else None

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
        self._store.write("INSERT INTO messages_fts (messages_fts) VALUES ('delete-all')")
        for table in ("messages", "message_states", "sessions", "turns", "views_position"):
            self._store.write(f"DELETE FROM {table}")  # noqa: S608 - constants

    def _position(self, view: str) -> int:
        rows = self._store.own("SELECT position FROM views_position WHERE view = ?", (view,))
        return int(rows[0][0]) if rows else 0

    def _reached(self, view: str, position: int) -> None:
        self._store.write("INSERT OR REPLACE INTO views_position VALUES (?, ?)", (view, position))

    def _unknown(self, part: list[Numbered]) -> list[Numbered]:
        """What nobody has taken in, or forgotten, since the part was read."""
        known = max(self._position("journal"), forgotten(self._store))
        return part if part[0][0] > known else [pair for pair in part if pair[0] > known]

    def _forget(self) -> Iterator[int]:
        """Takes out what the journal does not keep any more, a slice at each step; yields of how many entries."""
        gone = forgotten(self._store)
        if self._position("journal") <= gone:
            with self._store.together():
                self.clear()
                self._reached("journal", gone)
                self._reached("forgotten", gone)
        while (since := self._position("forgotten")) < gone:
            up_to = min(since + SLICE, gone)
            with self._store.together():
                self._take_out(up_to)
                self._reached("forgotten", up_to)
            yield up_to - since

    def _take_out(self, up_to: int) -> None:
        """Takes out what entries up to this one brought, at most a slice of them."""
        # Messages are numbered in the order of their entries, so that the oldest are found without an index.
        oldest = self._store.own("SELECT number, entry, text FROM messages ORDER BY number LIMIT ?", (SLICE,))
        old = [(number, text) for number, entry, text in oldest if entry <= up_to]
        words = self._position("words")
        self._forget_words([(number, text) for number, text in old if number <= words])
        self._store.write_many("DELETE FROM messages WHERE number = ?", [(number,) for number, _ in old])
        self._store.write("DELETE FROM message_states WHERE id <= ?", (up_to,))
        self._store.write(
            "DELETE FROM sessions WHERE session IN (SELECT session FROM turns WHERE id <= ?)"
            " AND NOT EXISTS (SELECT 1 FROM turns WHERE turns.session = sessions.session AND id > ?)",
            (up_to, up_to),
        )
        self._store.write("DELETE FROM turns WHERE id <= ?", (up_to,))

    def _take(self, part: list[Numbered]) -> None:
        """Takes in entries of the journal; new messages first, since their states follow them."""
        self._store.write_many(
            f"INSERT INTO messages ({_MESSAGE}, entry) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - constants
            [(*_message_row(entry), number) for number, entry in part if isinstance(entry, SmsEntry)],
        )
        states = [
            (number, int(entry.message_id), entry.state, entry.at)
            for number, entry in part
            if isinstance(entry, StateEntry)
        ]
        self._store.write_many("INSERT INTO message_states (id, number, state, at) VALUES (?, ?, ?, ?)", states)
        self._store.write_many(
            "UPDATE messages SET state = ? WHERE number = ?", [(state, message) for _, message, state, _ in states]
        )
        for number, entry in part:
            if isinstance(entry, UssdEntry):
                self._turn(number, entry)
            elif isinstance(entry, ReplacedEntry):
                self._rewrite(int(entry.new.sms.message_id), entry.new.sms.text)

    def _rewrite(self, number: int, text: str) -> None:
        """A message has another text, and is found by its words."""
        old = self._store.own("SELECT number, text FROM messages WHERE number = ?", (number,))
        self._store.write("UPDATE messages SET text = ? WHERE number = ?", (text, number))
        if old and number <= self._position("words"):
            self._forget_words(old)
            self._store.write(_INDEX, (number, text))

    def _forget_words(self, messages: list[tuple[Any, ...]]) -> None:
        """Takes messages out of the index, which wants to be told the texts that it has."""
        self._store.write_many("INSERT INTO messages_fts (messages_fts, rowid, text) VALUES ('delete', ?, ?)", messages)

    def _turn(self, number: int, entry: UssdEntry) -> None:
        session, at = entry.session, entry.at
        self._store.write(
            "INSERT OR IGNORE INTO sessions (session, msisdn, service_code, started_at) VALUES (?, ?, ?, ?)",
            (session, entry.msisdn, entry.service_code, at),
        )
        self._store.write(
            "INSERT INTO turns (id, session, at, operation, text) VALUES (?, ?, ?, ?, ?)",
            (number, session, at, entry.operation, codings.decode_ussd(entry.octets, entry.data_coding)),
        )
        outcome = ENDINGS.get(entry.kind) or entry.outcome
        if outcome:
            self._store.write(
                "UPDATE sessions SET ended_at = ?, outcome = ? WHERE session = ? AND outcome IS NULL",
                (at, str(outcome), session),
            )

    def _index_words(self) -> int:
        """Indexes the words of some more messages; returns of how many."""
        rows = self._store.own(
            "SELECT number, text FROM messages WHERE number > ? ORDER BY number LIMIT ?",
            (self._position("words"), SLICE),
        )
        if rows:
            self._store.write_many(_INDEX, rows)
            self._reached("words", rows[-1][0])
        return len(rows)

    def _message(self, row: tuple[Any, ...]) -> dict[str, Any]:
        number, source, destination, account, text, data_coding, first_state, state, submitted_at = row
        later = self._store.own("SELECT state, at FROM message_states WHERE number = ? ORDER BY id", (number,))
        return {
            "number": number,
            "id": f"{number:010d}",
            "from": source,
            "to": destination,
            "esme": account or None,
            "text": text,
            "data_coding": data_coding,
            "state": state_name(state),
            "submitted_at": submitted_at,
            "states": [{"state": state_name(value), "at": at} for value, at in ((first_state, submitted_at), *later)],
        }


def _message_row(entry: SmsEntry) -> tuple[Any, ...]:
    sms = entry.sms
    return (
        int(sms.message_id),
        sms.source,
        sms.destination,
        sms.account,
        sms.text,
        sms.data_coding,
        entry.state,
        entry.state,
        entry.at,
    )


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


def _terms(query: str) -> Iterator[tuple[str, str]]:
    """(name, value) of each term; the name of a plain word is "text"."""
    for term in query.split():
        name, colon, value = term.partition(":")
        if colon and name in {*_TERMS, "state", "text"}:
            yield name, value
        else:
            yield "text", term


def _words(query: str) -> bool:
    return any(name == "text" for name, _ in _terms(query))


def _message_conditions(query: str) -> tuple[list[str], list[Any]]:
    where: list[str] = []
    parameters: list[Any] = []
    if "\0" in query:
        raise ValueError("q has a NUL in it; no text has")
    for name, value in _terms(query):
        if name in _TERMS:
            where.append(f"{_TERMS[name]} = ?")
            parameters.append(value.removeprefix("+"))
        elif name == "state":
            where.append("state = ?")
            parameters.append(_state_value(value))
        else:
            where.append("number IN (SELECT rowid FROM messages_fts WHERE messages_fts MATCH ?)")
            parameters.append('"' + value.replace('"', '""') + '"*')
    return where, parameters


def _state_value(name: str) -> int:
    try:
        return MessageState[name.upper()]
    except KeyError:
        known = ", ".join(state.name.lower() for state in MessageState)
        raise ValueError(f"state:{name} is no state of a message; known: {known}") from None
