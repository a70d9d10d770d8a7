"""The subscribers' SIMs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ussd_gateway.config import Subscriber
from ussd_gateway.selfcare.records.changes import Changes
from ussd_gateway.selfcare.records.ledger import Ledger


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


class Sims:
    """Who has which number."""

    def __init__(self, changes: Changes, ledger: Ledger) -> None:
        self._changes = changes
        self._ledger = ledger

    def add_missing(self, subscribers: Iterable[Subscriber], at: float) -> None:
        """Adds whom the config names and the tables do not, with the opening balance as a ledger entry; commits."""
        with self._changes.together():
            for subscriber in subscribers:
                if self.sim(subscriber.msisdn) is None:
                    self._insert(subscriber, at, "config")
        self._changes.commit()

    def ensure(self, msisdn: str, at: float, channel: str) -> Sim:
        """The subscriber; added with the config's defaults when the number is new (R100)."""
        sim = self.sim(msisdn)
        if sim is None:
            self._insert(Subscriber.model_construct(msisdn=msisdn), at, channel)
            self._changes.changed()
            sim = self.sim(msisdn)
            assert sim is not None
        return sim

    def sim(self, msisdn: str) -> Sim | None:
        """The subscriber of a number."""
        rows = self._changes.read(
            "SELECT msisdn, owner, language, tariff, status FROM subscribers WHERE msisdn = ?", (msisdn,)
        )
        return Sim(*rows[0]) if rows else None

    def set_language(self, msisdn: str, language: str, at: float, channel: str) -> None:
        """Another language for the SIM's service texts."""
        with self._changes.change("language.chosen", at, who=msisdn, channel=channel, language=language):
            self._changes.write("UPDATE subscribers SET language = ? WHERE msisdn = ?", (language, msisdn))

    def _insert(self, subscriber: Subscriber, at: float, channel: str) -> None:
        with self._changes.together():
            self._changes.write(
                "INSERT INTO subscribers (msisdn, owner, language, tariff, status) VALUES (?, ?, ?, ?, ?)",
                (subscriber.msisdn, subscriber.owner, subscriber.language, subscriber.tariff, subscriber.status),
            )
            if subscriber.balance:
                self._ledger.enter(subscriber.msisdn, at, subscriber.balance, "opening")
            self._changes.audit("subscriber.added", at, who=subscriber.msisdn, channel=channel)
