"""The subscribers' SIMs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ussd_gateway.config import Subscriber
from ussd_gateway.selfcare.records.changes import Changes
from ussd_gateway.selfcare.records.ledger import Ledger
from ussd_gateway.subscribers.identity import seal
from ussd_gateway.subscribers.sims import WRITTEN


@dataclass(frozen=True, slots=True)
class Sim:
    """A subscriber as the operator knows it.

    language  "ru", "en" or "latin"
    status    a state of `subscribers.sims`
    """

    msisdn: str
    owner: str
    language: str
    tariff: str
    status: str


@dataclass(frozen=True, slots=True)
class Card:
    """What the operator knows of the card behind a number. Moments in seconds since the epoch.

    iccid        "" where nobody has said it
    replaced_at  when it took the place of another one; None for the first
    since        when the number became its owner's
    status_at    when its state began
    """

    iccid: str
    replaced_at: float | None
    since: float
    status_at: float


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

    def card(self, msisdn: str) -> Card:
        """The card behind a number; an empty one for a number that is no subscriber."""
        rows = self._changes.read(
            "SELECT iccid, replaced_at, since, status_at FROM subscribers WHERE msisdn = ?", (msisdn,)
        )
        return Card(*rows[0]) if rows else Card("", None, 0.0, 0.0)

    def passport(self, msisdn: str) -> str:
        """The digest of the owner's passport (`subscribers.identity`); "" where it is not known."""
        rows = self._changes.read("SELECT passport FROM subscribers WHERE msisdn = ?", (msisdn,))
        return rows[0][0] if rows else ""

    def set_status(self, msisdn: str, status: str, at: float) -> None:
        """Within a `change`."""
        self._changes.write("UPDATE subscribers SET status = ?, status_at = ? WHERE msisdn = ?", (status, at, msisdn))

    def replace(self, msisdn: str, iccid: str, at: float) -> None:
        """Another card takes the number. Within a `change`."""
        self._changes.write("UPDATE subscribers SET iccid = ?, replaced_at = ? WHERE msisdn = ?", (iccid, at, msisdn))

    def resell(self, subscriber: Subscriber, iccid: str, at: float) -> None:
        """The number is another person's, on a first card, as if it had never been anybody's. Within a `change`."""
        self._changes.write("DELETE FROM subscribers WHERE msisdn = ?", (subscriber.msisdn,))
        if balance := self._ledger.balance(subscriber.msisdn):
            self._ledger.enter(subscriber.msisdn, at, -balance, "closed")
        self._insert(subscriber, at, "shop")
        self._changes.write("UPDATE subscribers SET iccid = ? WHERE msisdn = ?", (iccid, subscriber.msisdn))

    def _insert(self, subscriber: Subscriber, at: float, channel: str) -> None:
        with self._changes.together():
            self._changes.write(
                "INSERT INTO subscribers (msisdn, owner, language, tariff, status, passport, since, status_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    subscriber.msisdn,
                    subscriber.owner,
                    subscriber.language,
                    subscriber.tariff,
                    WRITTEN.get(subscriber.status, subscriber.status),
                    seal(subscriber.passport, subscriber.msisdn) if subscriber.passport else "",
                    at,
                    at,
                ),
            )
            if subscriber.balance:
                self._ledger.enter(subscriber.msisdn, at, subscriber.balance, "opening")
            self._changes.audit("subscriber.added", at, who=subscriber.msisdn, channel=channel)
