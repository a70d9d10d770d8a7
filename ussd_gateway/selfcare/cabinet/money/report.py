"""The detailed report of a month: its lines, sums, chart and CSV. Pure; it adds up to the balance."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from ussd_gateway.selfcare.records.ledger import Booked
from ussd_gateway.subscribers.money import KINDS
from ussd_gateway.subscribers.tariffs import MOSCOW, bounds, month_of


class Line(NamedTuple):
    """An entry and the balance behind it."""

    booked: Booked
    balance: int


class Bar(NamedTuple):
    """A day of the chart, in its coordinates. `kopecks` is what was spent on it."""

    day: int
    kopecks: int
    x: float
    y: float
    height: float


WIDTH, HEIGHT = 620, 160
"""Of the chart; each day has as much room, below `HEIGHT` stand the days."""


@dataclass(frozen=True, slots=True)
class Report:
    """A month such as "2018-04" of one account. `opening` is the balance at its beginning; sums are kopecks."""

    month: str
    opening: int
    entries: tuple[Booked, ...]

    @property
    def income(self) -> int:
        """What came."""
        return sum(entry.kopecks for entry in self.entries if entry.kopecks > 0)

    @property
    def outgo(self) -> int:
        """What went, as a positive sum."""
        return -sum(entry.kopecks for entry in self.entries if entry.kopecks < 0)

    @property
    def closing(self) -> int:
        """The balance at its end, or now."""
        return self.opening + sum(entry.kopecks for entry in self.entries)

    @property
    def spent(self) -> int:
        """What was spent: repaying a promised payment is no expense."""
        return sum(self.by_kind().values())

    def lines(self) -> list[Line]:
        """The entries with the balance behind each, the oldest first."""
        lines, balance = [], self.opening
        for entry in self.entries:
            balance += entry.kopecks
            lines.append(Line(entry, balance))
        return lines

    def by_kind(self) -> dict[str, int]:
        """What was spent on what, the most first."""
        sums: dict[str, int] = {}
        for entry in self._expenses():
            sums[entry.kind] = sums.get(entry.kind, 0) - entry.kopecks
        return dict(sorted(sums.items(), key=lambda item: -item[1]))

    def bars(self) -> list[Bar]:
        """The chart: what was spent on each day of the month."""
        first, following = bounds(self.month)
        days = round((following - first) / 86400)
        spent = [0] * (days + 1)
        for entry in self._expenses():
            spent[datetime.fromtimestamp(entry.at, MOSCOW).day] -= entry.kopecks
        most, step = max(*spent, 1), WIDTH / days
        return [
            Bar(day, spent[day], round((day - 1) * step, 1), round(HEIGHT - high, 1), round(high, 1))
            for day in range(1, days + 1)
            for high in [HEIGHT * spent[day] / most]
        ]

    def _expenses(self) -> Iterable[Booked]:
        return (entry for entry in self.entries if KINDS[entry.kind].expense)


def months(first: float | None, now: float) -> list[str]:
    """The months of an account whose first entry was then, the last one first; at least the present one."""
    month, last = month_of(now if first is None else min(first, now)), month_of(now)
    found = [month]
    while month != last:
        month = month_of(bounds(month)[1])
        found.append(month)
    return found[::-1]


def as_csv(report: Report, header: Sequence[str], name: Callable[[Booked], tuple[str, str]]) -> str:
    """The report for a spreadsheet: semicolons, roubles with a point, no sum with a sign but the balance.

    name  what an entry is called, and of what it is
    """
    written = io.StringIO()
    writer = csv.writer(written, delimiter=";", lineterminator="\r\n")
    writer.writerow([cell(word) for word in header])
    for entry, balance in report.lines():
        at = datetime.fromtimestamp(entry.at, MOSCOW).strftime("%Y-%m-%d %H:%M")
        came, went = max(entry.kopecks, 0), max(-entry.kopecks, 0)
        writer.writerow([at, *map(cell, name(entry)), _roubles(came), _roubles(went), _roubles(balance)])
    return written.getvalue()


def cell(text: str) -> str:
    """A text that a spreadsheet takes for a text: neither control characters nor a formula (3.4, text injection)."""
    clean = "".join(sign if sign.isprintable() else " " for sign in text).strip()
    return f"'{clean}" if clean.startswith(("=", "+", "-", "@")) else clean


def _roubles(kopecks: int) -> str:
    whole, rest = divmod(abs(kopecks), 100)
    return f"{'-' * (kopecks < 0)}{whole}.{rest:02}"
