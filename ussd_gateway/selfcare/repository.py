"""Self-care's tables: each change is written together with its audit entry. SQL and nothing else; no rules."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ussd_gateway.config import Subscriber
from ussd_gateway.store.store import Store

_TABLES = (
    "subscribers",
    "ledger",
    "passwords",
    "former_passwords",
    "password_requests",
    "services",
    "audit",
)


@dataclass(frozen=True, slots=True)
class Sim:
    """A subscriber as the operator knows it.

    language  "ru", "en" or "latin"
    status    "active", "blocked" or "closed"
    """

    msisdn: str
    owner: str
    language: str
    tariff: str
    status: str


class Repository:
    """Reads what this program has written, committed or not; `changed` is told that there is something to commit."""

    def __init__(self, store: Store, changed: Callable[[], None]) -> None:
        self._store = store
        self._changed = changed

    @contextmanager
    def change(self, what: str, at: float, *, who: str, channel: str, **facts: object) -> Iterator[None]:
        """What is written inside is kept with its audit entry, or neither (3.2, invariant 15); `facts` hold no secret."""
        with self._store.together():
            yield
            self._store.write(
                "INSERT INTO audit (at, who, channel, what, facts) VALUES (?, ?, ?, ?, ?)",
                (at, who, channel, what, json.dumps(facts, ensure_ascii=False)),
            )
        self._changed()

    # Subscribers ---------------------------------------------------------------------------------------------------

    def add_missing(self, subscribers: Iterable[Subscriber], at: float) -> None:
        """Adds whom the config names and the tables do not, with the opening balance as a ledger entry; commits."""
        with self._store.together():
            for subscriber in subscribers:
                if self.sim(subscriber.msisdn) is None:
                    self._insert(subscriber, at, "config")
        self._store.commit()

    def ensure(self, msisdn: str, at: float, channel: str) -> Sim:
        """The subscriber; added with the config's defaults when the number is new (R100)."""
        sim = self.sim(msisdn)
        if sim is None:
            with self._store.together():
                self._insert(Subscriber.model_construct(msisdn=msisdn), at, channel)
            self._changed()
            sim = self.sim(msisdn)
            assert sim is not None
        return sim

    def sim(self, msisdn: str) -> Sim | None:
        """The subscriber of a number."""
        rows = self._store.own(
            "SELECT msisdn, owner, language, tariff, status FROM subscribers WHERE msisdn = ?", (msisdn,)
        )
        return Sim(*rows[0]) if rows else None

    def set_language(self, msisdn: str, language: str, at: float, channel: str) -> None:
        """Another language for the SIM's service texts."""
        with self.change("language.chosen", at, who=msisdn, channel=channel, language=language):
            self._store.write("UPDATE subscribers SET language = ? WHERE msisdn = ?", (language, msisdn))

    def balance(self, msisdn: str) -> int:
        """Kopecks: the sum of the ledger's entries (3.2, invariant 1)."""
        total: int = self._store.own("SELECT coalesce(sum(kopecks), 0) FROM ledger WHERE msisdn = ?", (msisdn,))[0][0]
        return total

    def _insert(self, subscriber: Subscriber, at: float, channel: str) -> None:
        self._store.write(
            "INSERT INTO subscribers (msisdn, owner, language, tariff, status) VALUES (?, ?, ?, ?, ?)",
            (subscriber.msisdn, subscriber.owner, subscriber.language, subscriber.tariff, subscriber.status),
        )
        if subscriber.balance:
            self._store.write(
                "INSERT INTO ledger (msisdn, at, kopecks, kind) VALUES (?, ?, ?, 'opening')",
                (subscriber.msisdn, at, subscriber.balance),
            )
        self._store.write(
            "INSERT INTO audit (at, who, channel, what, facts) VALUES (?, ?, ?, 'subscriber.added', '{}')",
            (at, subscriber.msisdn, channel),
        )

    # Requests to others --------------------------------------------------------------------------------------------

    def asked_since(self, what: str, msisdn: str, since: float) -> int:
        """How many changes of this kind the number has made after `since`."""
        count: int = self._store.own(
            "SELECT count(*) FROM audit WHERE who = ? AND what = ? AND at > ?", (msisdn, what, since)
        )[0][0]
        return count

    def ask(self, what: str, msisdn: str, other: str, at: float, channel: str) -> None:
        """One number asks another for something."""
        with self.change(what, at, who=msisdn, channel=channel, other=other):
            pass

    # Passwords -----------------------------------------------------------------------------------------------------

    def answered(self, msisdn: str, channel: str, key: str, since: float) -> str | None:
        """What a request with this key was answered after `since`, if there was one (R176)."""
        rows = self._store.own(
            "SELECT result FROM password_requests WHERE msisdn = ? AND channel = ? AND key = ? AND at > ?",
            (msisdn, channel, key, since),
        )
        return rows[0][0] if rows else None

    def add_request(
        self, msisdn: str, channel: str, key: str, at: float, result: str, issue: int | None, since: float
    ) -> None:
        """A password was asked for; `issue` is None when none was issued. Within a `change`.

        The number's requests up to `since` are forgotten.
        """
        self._store.write("DELETE FROM password_requests WHERE msisdn = ? AND at <= ?", (msisdn, since))
        self._store.write(
            "INSERT INTO password_requests (msisdn, at, channel, key, result, issue) VALUES (?, ?, ?, ?, ?, ?)",
            (msisdn, at, channel, key, result, issue),
        )

    def issued_since(self, msisdn: str, since: float) -> list[float]:
        """The moments after `since` at which a password was issued."""
        rows = self._store.own(
            "SELECT at FROM password_requests WHERE msisdn = ? AND at > ? AND issue IS NOT NULL", (msisdn, since)
        )
        return [at for (at,) in rows]

    def next_issue(self, msisdn: str) -> int:
        """The number that the next password gets, from 1."""
        return 1 + (self._issue(msisdn) or 0)

    def begin_issue(self, msisdn: str, issue: int, at: float, tag: int, remembered: int) -> None:
        """From here on no former password is valid (R121), and the new one not before `keep_hash`. Within a `change`.

        `tag` (see `password.tag`) joins those of the former passwords, of which the last `remembered` are kept.
        """
        self._store.write(
            "INSERT OR REPLACE INTO passwords (msisdn, issue, hash, kind, issued_at) VALUES (?, ?, '', 'generated', ?)",
            (msisdn, issue, at),
        )
        self._store.write(
            "INSERT INTO former_passwords (msisdn, issue, tag) VALUES (?, ?, ?)",
            (msisdn, issue, tag),
        )
        self._store.write("DELETE FROM former_passwords WHERE msisdn = ? AND issue <= ?", (msisdn, issue - remembered))

    def keep_hash(self, msisdn: str, issue: int, hashed: str) -> bool:
        """The hash of the password, unless a later one has been issued meanwhile (R122); whether it was kept."""
        cursor = self._store.write(
            "UPDATE passwords SET hash = ? WHERE msisdn = ? AND issue = ?", (hashed, msisdn, issue)
        )
        self._changed()
        return cursor.rowcount == 1

    def password_hash(self, msisdn: str) -> str | None:
        """The hash of the one valid password, if there is one."""
        rows = self._store.own("SELECT hash FROM passwords WHERE msisdn = ?", (msisdn,))
        return rows[0][0] or None if rows else None

    def tags(self, msisdn: str) -> frozenset[int]:
        """The tags of the last passwords."""
        rows = self._store.own("SELECT tag FROM former_passwords WHERE msisdn = ?", (msisdn,))
        return frozenset(tag for (tag,) in rows)

    def _issue(self, msisdn: str) -> int | None:
        rows = self._store.own("SELECT issue FROM passwords WHERE msisdn = ?", (msisdn,))
        return rows[0][0] if rows else None

    # Services ------------------------------------------------------------------------------------------------------

    def services(self, msisdn: str) -> tuple[str, ...]:
        """The codes of the services that are on, the oldest first."""
        rows = self._store.own("SELECT service FROM services WHERE msisdn = ? ORDER BY since, service", (msisdn,))
        return tuple(service for (service,) in rows)

    def connect(self, msisdn: str, service: str, at: float, channel: str) -> None:
        """The service is on from now."""
        with self.change("service.connected", at, who=msisdn, channel=channel, service=service):
            self._store.write("INSERT INTO services (msisdn, service, since) VALUES (?, ?, ?)", (msisdn, service, at))

    def disconnect(self, msisdn: str, service: str, at: float, channel: str) -> None:
        """The service is off from now."""
        with self.change("service.disconnected", at, who=msisdn, channel=channel, service=service):
            self._store.write("DELETE FROM services WHERE msisdn = ? AND service = ?", (msisdn, service))

    # All of it -----------------------------------------------------------------------------------------------------

    def clear(self) -> None:
        """Forget everything."""
        with self._store.together():
            for table in _TABLES:
                self._store.write(f"DELETE FROM {table}")  # noqa: S608 - constants
