"""Money: entries that are added and never changed (3.2, invariant 1)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple

from ussd_gateway.selfcare.records.changes import Changes
from ussd_gateway.subscribers.money import Entry, posting, transfer

Answer = Mapping[str, object]
"""What a request was answered: `result`, a word, and what belongs to it."""


_OF_OWNER = """account = ?1
    AND at >= coalesce((SELECT since FROM subscribers WHERE msisdn = ?1), 0)
    AND id > coalesce((SELECT max(id) FROM ledger WHERE account = ?1 AND kind = 'closed'), 0)"""
"""The entries of the number's present owner."""


class Booked(NamedTuple):
    """An entry of one account, as a report shows it. `about` says of what: a tariff, an option, another number."""

    at: float
    kopecks: int
    kind: str
    about: str


class Ledger:
    """The entries of every account, in whole kopecks: two of each posting, which sum to zero."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def balance(self, account: str) -> int:
        """Kopecks: the sum of the account's entries."""
        query = "SELECT coalesce(sum(kopecks), 0) FROM ledger WHERE account = ?"
        total: int = self._changes.read(query, (account,))[0][0]
        return total

    def enter(self, msisdn: str, at: float, kopecks: int, kind: str, about: str = "") -> None:
        """So much more, or less, for a number, against the operator's account of the kind. Within a `change`."""
        self._post(posting(kind, msisdn, kopecks), at, (about, about))

    def transfer(self, source: str, target: str, at: float, kopecks: int) -> None:
        """From one number to another. Within a `change`."""
        self._post(transfer(source, target, kopecks), at, (target, source))

    def _post(self, entries: tuple[Entry, Entry], at: float, about: tuple[str, str]) -> None:
        number = self._changes.read("SELECT coalesce(max(posting), 0) + 1 FROM ledger")[0][0]
        for entry, words in zip(entries, about, strict=True):
            self._changes.write(
                "INSERT INTO ledger (posting, account, at, kopecks, kind, about) VALUES (?, ?, ?, ?, ?, ?)",
                (number, entry.account, at, entry.kopecks, entry.kind, words),
            )

    # Reports -------------------------------------------------------------------------------------------------------

    def booked(self, msisdn: str, since: float, before: float) -> list[Booked]:
        """The number's entries from `since` on and before `before`, the oldest first.

        What belongs to a former owner of the number is nobody's to see (3.2, invariant 12).
        """
        rows = self._changes.read(
            f"SELECT at, kopecks, kind, about FROM ledger WHERE {_OF_OWNER} AND at >= ?2 AND at < ?3 ORDER BY at, id",  # noqa: S608 - a constant
            (msisdn, since, before),
        )
        return [Booked(*row) for row in rows]

    def balance_at(self, msisdn: str, at: float) -> int:
        """The balance of this owner just before a moment."""
        query = f"SELECT coalesce(sum(kopecks), 0) FROM ledger WHERE {_OF_OWNER} AND at < ?2"  # noqa: S608 - a constant
        total: int = self._changes.read(query, (msisdn, at))[0][0]
        return total

    def first(self, msisdn: str) -> float | None:
        """The moment of this owner's first entry."""
        query = f"SELECT min(at) FROM ledger WHERE {_OF_OWNER}"  # noqa: S608 - a constant
        first: float | None = self._changes.read(query, (msisdn,))[0][0]
        return first

    def sent_since(self, msisdn: str, since: float) -> int:
        """How many kopecks the number has transferred after `since`."""
        query = "SELECT -coalesce(sum(kopecks), 0) FROM ledger WHERE account = ? AND kind = 'transfer_out' AND at > ?"
        total: int = self._changes.read(query, (msisdn, since))[0][0]
        return total

    # Repeats -------------------------------------------------------------------------------------------------------

    def answered(self, msisdn: str, key: str) -> Answer | None:
        """What the number's request with this key was answered, if there was one (3.2, invariant 14)."""
        rows = self._changes.read("SELECT answer FROM money_requests WHERE msisdn = ? AND key = ?", (msisdn, key))
        answer: Answer | None = json.loads(rows[0][0]) if rows else None
        return answer

    def keep_answer(self, msisdn: str, key: str, at: float, answer: Answer) -> None:
        """Every repeat of the request gets this answer. Together with what it has done."""
        self._changes.write(
            "INSERT INTO money_requests (msisdn, key, at, answer) VALUES (?, ?, ?, ?)",
            (msisdn, key, at, json.dumps(answer, ensure_ascii=False)),
        )

    def forget_answers(self, msisdn: str) -> None:
        """No request of the number has been heard. Within a `change`."""
        self._changes.write("DELETE FROM money_requests WHERE msisdn = ?", (msisdn,))
