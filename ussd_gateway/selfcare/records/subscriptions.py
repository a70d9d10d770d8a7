"""Tariffs and options of each number, and the months that are paid for."""

from __future__ import annotations

from typing import NamedTuple

from ussd_gateway.selfcare.records.changes import Changes

TARIFF = ""
"""The code under which the tariff's months are kept; the tariff itself is the SIM's."""


class Subscription(NamedTuple):
    """The months of a tariff or an option.

    since  when the first of them began, in seconds since the epoch
    due    when the one that is paid ends; None where none is: nothing is to pay, or there is too little money
    """

    code: str
    since: float
    due: float | None


class Due(NamedTuple):
    """A month of a number that has ended."""

    msisdn: str
    subscription: Subscription


class Subscriptions:
    """What each number has."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def all(self, msisdn: str) -> dict[str, Subscription]:
        """By code, the oldest first."""
        rows = self._changes.read(
            "SELECT code, since, due FROM subscriptions WHERE msisdn = ? ORDER BY since, code", (msisdn,)
        )
        return {row[0]: Subscription(*row) for row in rows}

    def keep(self, msisdn: str, code: str, since: float, due: float | None) -> None:
        """From now on it is this. Within a `change`."""
        self._changes.write(
            "INSERT OR REPLACE INTO subscriptions (msisdn, code, since, due) VALUES (?, ?, ?, ?)",
            (msisdn, code, since, due),
        )

    def end(self, msisdn: str, code: str) -> None:
        """An option is off. Within a `change`."""
        self._changes.write("DELETE FROM subscriptions WHERE msisdn = ? AND code = ?", (msisdn, code))

    def set_tariff(self, msisdn: str, name: str) -> None:
        """The SIM has another tariff. Within a `change`."""
        self._changes.write("UPDATE subscribers SET tariff = ? WHERE msisdn = ?", (name, msisdn))

    def soonest(self) -> float | None:
        """When the next month ends."""
        soonest: float | None = self._changes.read("SELECT min(due) FROM subscriptions")[0][0]
        return soonest

    def due(self, now: float) -> list[Due]:
        """The months that have ended, the oldest first."""
        rows = self._changes.read(
            "SELECT msisdn, code, since, due FROM subscriptions WHERE due <= ? ORDER BY due, rowid", (now,)
        )
        return [Due(msisdn, Subscription(*rest)) for msisdn, *rest in rows]

    def without_months(self) -> list[tuple[str, str]]:
        """(number, tariff) of subscribers who began with money, on whose account nothing has happened yet, not even a month."""
        rows = self._changes.read(
            "SELECT msisdn, tariff FROM subscribers WHERE msisdn NOT IN (SELECT msisdn FROM subscriptions WHERE code = '')"
            " AND (SELECT sum(kopecks) FROM ledger WHERE account = msisdn) > 0"
            " AND NOT EXISTS (SELECT 1 FROM ledger WHERE account = msisdn AND kind != 'opening')"
        )
        return [(msisdn, tariff) for msisdn, tariff in rows]

    # Notices of traffic --------------------------------------------------------------------------------------------

    def wants_notices(self, msisdn: str) -> bool:
        """Whether the number wants to be told of its traffic."""
        return bool(self._changes.read("SELECT 1 FROM traffic_notices WHERE msisdn = ?", (msisdn,)))

    def set_notices(self, msisdn: str, on: bool, at: float, channel: str) -> None:
        """Whether it wants to be, from now on."""
        with self._changes.change("traffic.notices", at, who=msisdn, channel=channel, on=on):
            self._changes.write("DELETE FROM traffic_notices WHERE msisdn = ?", (msisdn,))
            if on:
                self._changes.write("INSERT INTO traffic_notices (msisdn) VALUES (?)", (msisdn,))

    def forget(self, msisdn: str) -> None:
        """Nothing of the number's goes on. Within a `change`."""
        self._changes.write("DELETE FROM subscriptions WHERE msisdn = ?", (msisdn,))
        self._changes.write("DELETE FROM traffic_notices WHERE msisdn = ?", (msisdn,))
