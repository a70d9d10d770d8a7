"""Money: kinds of entries as a table, postings of two entries each, and what may be transferred or promised. Pure.

Sums are whole kopecks. A posting moves money from one account to another: two entries that sum to zero (3.2, invariant 1).
What is free writes no posting at all (invariant 2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

DAY = 24 * 3600.0


class Kind(NamedTuple):
    """A kind of entry.

    counterpart  the operator's account on the other side; "" where that is another subscriber's
    expense      whether the subscriber has spent it
    """

    counterpart: str
    expense: bool = False


KINDS = {
    "opening": Kind("operator:opening"),
    "closed": Kind("operator:opening"),
    "top_up": Kind("operator:cash"),
    "tariff_change": Kind("operator:revenue", expense=True),
    "tariff_fee": Kind("operator:revenue", expense=True),
    "option_fee": Kind("operator:revenue", expense=True),
    "transfer_out": Kind("", expense=True),
    "transfer_in": Kind(""),
    "transfer_fee": Kind("operator:revenue", expense=True),
    "promised_in": Kind("operator:promised"),
    "promised_out": Kind("operator:promised"),
    "promised_fee": Kind("operator:revenue", expense=True),
}
"""Every kind there is; a free operation has none."""


class Entry(NamedTuple):
    """One row of the ledger: what an account has more, or less."""

    account: str
    kopecks: int
    kind: str


def posting(kind: str, account: str, kopecks: int) -> tuple[Entry, Entry]:
    """`kopecks` more (or less) for the account, against the operator's account of the kind.

    ValueError for a sum that is no whole number of kopecks, or none at all.
    """
    counterpart = KINDS[kind].counterpart
    if not counterpart:
        raise ValueError(f"{kind} is between two subscribers; use transfer")
    return _pair(Entry(account, kopecks, kind), Entry(counterpart, -kopecks, kind))


def transfer(source: str, target: str, kopecks: int) -> tuple[Entry, Entry]:
    """`kopecks`, more than 0, from one subscriber to another; ValueError as of `posting`."""
    if source == target or kopecks <= 0:
        raise ValueError("a transfer takes two accounts and more than nothing")
    return _pair(Entry(source, -kopecks, "transfer_out"), Entry(target, kopecks, "transfer_in"))


def _pair(one: Entry, other: Entry) -> tuple[Entry, Entry]:
    if type(one.kopecks) is not int or one.kopecks == 0:
        raise ValueError(f"{one.kopecks!r} is no whole number of kopecks that could move")
    return one, other


@dataclass(frozen=True, slots=True)
class TransferRules:
    """What may be transferred (2.3): sums in kopecks, times in seconds.

    least, most  of one transfer
    a_day        of all transfers of a number within 24 hours, their fees apart
    fee          of one transfer
    lifetime     of the code that confirms it
    tries        so many wrong codes make it void
    """

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012 - read by pydantic

    least: int = 100
    most: int = 30000
    a_day: int = 150000
    fee: int = 700
    lifetime: float = 300.0
    tries: int = 3

    def refusal(self, kopecks: int, today: int, balance: int) -> str | None:
        """Why not: "out_of_bounds", "too_much" for a day on which `today` has left already, "poor"; None: it may be."""
        if not self.least <= kopecks <= self.most:
            return "out_of_bounds"
        if today + kopecks > self.a_day:
            return "too_much"
        return "poor" if balance < kopecks + self.fee else None


@dataclass(frozen=True, slots=True)
class Step:
    """What a promised payment of at least `least` kopecks costs."""

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012 - read by pydantic

    least: int
    fee: int


@dataclass(frozen=True, slots=True)
class PromiseRules:
    """The promised payment (2.3): sums in kopecks. `fees` ascend by their least sum."""

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012 - read by pydantic

    sums: tuple[int, ...] = (5000, 10000, 20000, 50000, 80000)
    days: int = 3
    fees: tuple[Step, ...] = (Step(0, 700), Step(10000, 1000), Step(20000, 2500), Step(50000, 5000))

    def fee(self, kopecks: int) -> int:
        """What it costs, taken when it is repaid."""
        return max(
            (step for step in self.fees if step.least <= kopecks), key=lambda step: step.least, default=Step(0, 0)
        ).fee

    def due(self, now: float) -> float:
        """When it is repaid."""
        return now + self.days * DAY
