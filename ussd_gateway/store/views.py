"""Messages and sessions as somebody looks them up: tables made from the journal when they are asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from ussd_gateway.coding import data_coding as codings
from ussd_gateway.coding.segments import Concatenation
from ussd_gateway.coding.user_data import text_of
from ussd_gateway.network.message import MessageState, Sms, state_name
from ussd_gateway.network.session import CDR_RESULTS, Outcome
from ussd_gateway.store.entries import (
    AttemptEntry,
    Entry,
    EventEntry,
    ReceiptEntry,
    ReplacedEntry,
    SmsEntry,
    StateEntry,
    UssdEntry,
)
from ussd_gateway.store.feed import shown
from ussd_gateway.store.journal import blocks, entries_at, forgotten
from ussd_gateway.store.store import Store

SLICE = 1000  # entries that one step takes in; some 10 ms

ENDINGS = {
    "ussd.end": Outcome.SUCCESS,
    "ussd.hang_up": Outcome.DIALOG_USER_ABORT,
    "ussd.abort": Outcome.ABORT_APP,
}
"""The outcome of a session whose ending names none."""

_LONGEST_ID = 18  # digits that fit an integer of SQLite
_TERMS = {"from": "source", "to": "destination", "esme": "account"}
_INDEX = "INSERT INTO messages_fts (rowid, text) VALUES (?, ?)"
_EVENT = "INSERT INTO message_events (id, number, state, at) VALUES (?, ?, ?, ?)"
_MESSAGE = "number, source, destination, account, text, data_coding, first_state, state, submitted_at"
_SESSION = "session, msisdn, service_code, started_at, ended_at, outcome, explanation"
_EXPLAINED = "application.failed"  # the event whose `why` explains how a session ended


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
        """The newest messages that the query finds: words of the text, and from: to: esme: state: text: terms."""
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
        """One message with all that is known of it; None when there is none.

        Beside what `messages` says: what it carries, with its `tlvs` as pairs of tag and octets; the other parts of a
        long text; and its `events`, each with a name, as the feed of the journal tells them.
        """
        number = _number(message_id)
        if number is None:
            return None
        rows = self._store.own(f"SELECT {_MESSAGE} FROM messages WHERE number = ?", (number,))  # noqa: S608
        entries = self._entries([number]).get(number)
        if not rows or not entries:
            return None
        sms = _latest(entries)
        return {
            **self._message(rows[0]),
            **_content(sms),
            "masked": any(isinstance(entry, SmsEntry) and entry.masked for entry in entries),
            "concatenation": sms.concatenation and self._long_text(number, sms.concatenation),
            "events": [{"event": entry.kind, **shown(entry)} for entry in entries],
        }

    def known_as(self, message_id: str, account: str) -> list[tuple[str, MessageState, float, int]]:
        """What the account knows by this id: one message, or all that it submitted as one.

        Of each the source, the last state, when it came in seconds since the epoch, and the MAP user error behind it.
        """
        number = _number(message_id)
        rows = self._store.own(
            "SELECT number FROM messages WHERE account = ? AND number = ?"
            " UNION SELECT number FROM messages WHERE account = ? AND group_id = ? AND group_id != '' ORDER BY number",
            (account, -1 if number is None else number, account, message_id),
        )
        found = []
        for entries in self._entries([number for (number,) in rows]).values():
            last = [entry for entry in entries if isinstance(entry, SmsEntry | StateEntry)][-1]
            error = last.error if isinstance(last, StateEntry) else 0
            found.append((_latest(entries).source, MessageState(last.state), last.at, error))
        return found

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
        for table in ("messages", "message_events", "sessions", "turns", "views_position"):
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
        self._store.write("DELETE FROM message_events WHERE id <= ?", (up_to,))
        self._store.write(
            "DELETE FROM sessions WHERE session IN (SELECT session FROM turns WHERE id <= ?)"
            " AND NOT EXISTS (SELECT 1 FROM turns WHERE turns.session = sessions.session AND id > ?)",
            (up_to, up_to),
        )
        self._store.write("DELETE FROM turns WHERE id <= ?", (up_to,))

    def _take(self, part: list[Numbered]) -> None:
        """Takes in entries of the journal; new messages first, since their states follow them."""
        messages: list[tuple[Any, ...]] = []
        events: list[tuple[int, int, int | None, float | None]] = []
        others: list[Numbered] = []
        for number, entry in part:
            if isinstance(entry, SmsEntry):
                messages.append((*_message_row(entry), number, entry.sms.group_id))
            elif isinstance(entry, StateEntry):
                events.append((number, int(entry.message_id), entry.state, entry.at))
            elif isinstance(entry, ReceiptEntry | AttemptEntry):
                events.append((number, int(entry.message_id), None, None))
            else:
                others.append((number, entry))
        self._store.write_many(
            f"INSERT INTO messages ({_MESSAGE}, long_text, sequence, entry, group_id)"  # noqa: S608 - constants
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            messages,
        )
        self._store.write_many(_EVENT, events)
        self._store.write_many(
            "UPDATE messages SET state = ? WHERE number = ?",
            [(state, message) for _, message, state, _ in events if state is not None],
        )
        for number, entry in others:
            if isinstance(entry, UssdEntry):
                self._turn(number, entry)
            elif isinstance(entry, ReplacedEntry):
                message = int(entry.new.sms.message_id)
                self._store.write(_EVENT, (number, message, None, None))
                self._rewrite(message, entry.new.sms.text)
            elif isinstance(entry, EventEntry) and entry.kind == _EXPLAINED:
                facts = entry.facts
                self._store.write(
                    "UPDATE sessions SET explanation = ? WHERE session = ?", (facts.get("why"), facts.get("session"))
                )

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
        outcome = entry.outcome or ENDINGS.get(entry.kind)  # an application may give up for a reason of its own
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
        later = self._store.own(
            "SELECT state, at FROM message_events WHERE number = ? AND state IS NOT NULL ORDER BY id", (number,)
        )
        return {
            "number": number,
            "id": _id(number),
            "from": source,
            "to": destination,
            "esme": account or None,
            "text": text,
            "data_coding": data_coding,
            "state": state_name(state),
            "submitted_at": submitted_at,
            "states": [{"state": state_name(value), "at": at} for value, at in ((first_state, submitted_at), *later)],
        }

    def _entries(self, numbers: Collection[int]) -> dict[int, list[Entry]]:
        """By message what the journal says of it, its acceptance first; without those of which that is kept no more."""
        places = sorted(
            (place, number)
            for number in numbers
            for (place,) in self._store.own(
                "SELECT entry FROM messages WHERE number = ? UNION ALL SELECT id FROM message_events WHERE number = ?",
                (number, number),
            )
        )
        found: dict[int, list[Entry]] = {}
        for (_, number), entry in zip(places, entries_at(self._store, [place for place, _ in places]), strict=True):
            if isinstance(entry, SmsEntry) or (entry and number in found):
                found.setdefault(number, []).append(entry)
        return found

    def _long_text(self, number: int, place: Concatenation) -> dict[str, Any]:
        """The text that a message is a part of: its parts as far as they are there, and the text once all are."""
        numbers = _parts(number, place.total, self._of_same_reference(number, place.total))
        whole = len(numbers) == place.total and len(entries := self._entries(numbers.values())) == place.total
        parts = [entries[part] for _, part in sorted(numbers.items())] if whole else []
        return {
            "reference": place.reference,
            "reference_bits": place.reference_bits,
            "total": place.total,
            "sequence": place.sequence,
            "parts": [{"sequence": sequence, "id": _id(part)} for sequence, part in sorted(numbers.items())],
            "missing": [sequence for sequence in range(1, place.total + 1) if sequence not in numbers],
            "text": text_of(_latest(part).user_data for part in parts) if whole else None,
        }

    def _of_same_reference(self, number: int, total: int) -> list[tuple[Any, ...]]:
        """(number, sequence) of messages near this one that may be parts of the same text, in their order.

        A reference is used again and again: what is further away than two texts is of another one.
        """
        near = (
            "SELECT other.number, other.sequence FROM messages AS own, messages AS other WHERE own.number = ?"
            " AND other.long_text = own.long_text AND other.source = own.source"
            " AND other.destination = own.destination AND other.account = own.account"
        )
        before = self._store.own(
            f"{near} AND other.number <= own.number ORDER BY other.number DESC LIMIT ?", (number, 2 * total)
        )
        behind = self._store.own(
            f"{near} AND other.number > own.number ORDER BY other.number LIMIT ?", (number, 2 * total)
        )
        if len(before) == 2 * total:  # there are more: begin where a text does
            while len(before) > total and before[-1][1] != 1:
                before.pop()
        return [*reversed(before), *behind]


def _number(message_id: str) -> int | None:
    written = message_id.isascii() and message_id.isdigit() and len(message_id) <= _LONGEST_ID
    return int(message_id) if written else None


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
        *_place(sms.concatenation),
    )


def _place(part: Concatenation | None) -> tuple[str | None, int | None]:
    return (f"{part.reference_bits}:{part.reference}:{part.total}", part.sequence) if part else (None, None)


def _id(number: int) -> str:
    return f"{number:010d}"


def _latest(entries: list[Entry]) -> Sms:
    """The message as it is after all that was rewritten in it; the first entry is its acceptance."""
    return next(
        entry.new.sms if isinstance(entry, ReplacedEntry) else entry.sms
        for entry in reversed(entries)
        if isinstance(entry, ReplacedEntry | SmsEntry)
    )


def _content(sms: Sms) -> dict[str, Any]:
    user_data = sms.user_data
    return {
        "octets": sms.octets.hex(),
        "udh": sms.octets[: user_data.header.length].hex(),
        "alphabet": user_data.alphabet,
        "data_coding": sms.data_coding,
        "esm_class": sms.esm_class,
        "protocol_id": sms.protocol_id,
        "registered_delivery": sms.registered_delivery,
        "priority": sms.priority,
        "service_type": sms.service_type,
        "replace_if_present": sms.replace_if_present,
        "scheduled_at": sms.scheduled_at or None,
        "expires_at": sms.expires_at or None,
        "connection": sms.origin or None,
        "group": sms.group_id or None,
        "tlvs": sms.tlvs,
    }


def _parts(number: int, total: int, near: list[tuple[Any, ...]]) -> dict[int, int]:
    """By sequence the numbers of the parts that came with this one; what comes twice begins a new text, as on a phone."""
    found: dict[int, int] = {}
    for other, sequence in near:
        if sequence in found or len(found) == total:
            if number in found.values():
                break
            found = {}
        found[sequence] = other
    return found


def _session(row: tuple[Any, ...]) -> dict[str, Any]:
    session, msisdn, service_code, started_at, ended_at, outcome, explanation = row
    return {
        "id": session,
        "msisdn": msisdn,
        "service_code": service_code,
        "started_at": started_at,
        "ended_at": ended_at,
        "state": "ended" if outcome else "open",
        "outcome": outcome,
        "result": CDR_RESULTS[Outcome(outcome)] if outcome else None,
        "explanation": explanation,
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
