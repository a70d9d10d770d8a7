"""The operator's people: what each role may do, when, and about whom (3.4, 3.1). Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ussd_gateway.subscribers.links import Line

CONSULTANT, REVIEWER, SUPERVISOR = "consultant", "reviewer", "supervisor"

ROLES = (CONSULTANT, REVIEWER, SUPERVISOR)

CALL, FREE_CALL, SHOP = "call_0890", "call_8800", "shop"

CHANNELS = (CALL, FREE_CALL, SHOP)
"""How a person comes to the desk: 0890, 8-800-250-0890 or a shop. All of them are free (R034)."""

RIGHTS: dict[str, frozenset[str]] = {
    CONSULTANT: frozenset({"identify"}),
    REVIEWER: frozenset({"queue", "decide"}),
    SUPERVISOR: frozenset({"identify", "queue", "decide", "audit", "sims"}),
}
"""What a role may do: identify and serve people; look at requests; decide them; read the audit log; change SIMs at will."""

ACTIONS: dict[str, tuple[str, frozenset[str]]] = {
    # what is done: the right that it takes, and where a person has to have come
    "password": ("identify", frozenset(CHANNELS)),
    "language": ("identify", frozenset(CHANNELS)),
    "block": ("identify", frozenset(CHANNELS)),
    "unblock": ("identify", frozenset(CHANNELS)),
    "disconnect": ("identify", frozenset(CHANNELS)),
    "replace": ("identify", frozenset({SHOP})),  # a card is handed over
    "close": ("identify", frozenset({SHOP})),
    "block_for_debt": ("sims", frozenset(CHANNELS)),
    "debt_paid": ("sims", frozenset(CHANNELS)),
}
"""What can be done for a person who is identified."""

_HOURS = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")
_DAY = 24 * 60


class HoursError(ValueError):
    """What was written is no opening hours; the message says what would be."""


@dataclass(frozen=True, slots=True)
class Person:
    """One of the operator's people. `msisdn` is the number of his own, "" where he has none, with its owner."""

    name: str
    role: str
    msisdn: str = ""
    owner: str = ""


def may(person: Person, right: str) -> bool:
    """Whether the role has the right."""
    return right in RIGHTS[person.role]


def actions(person: Person, channel: str) -> tuple[str, ...]:
    """What the person can do for somebody who came this way."""
    return tuple(what for what, (right, where) in ACTIONS.items() if may(person, right) and channel in where)


def is_own(person: Person, numbers: dict[str, Line]) -> bool:
    """Whether one of the numbers is the person's own, or of the same owner: he decides nothing about it (3.4)."""
    return person.msisdn in numbers or any(
        person.owner != "" and line.owner == person.owner for line in numbers.values()
    )


def needs_another(first: str, person: Person, *, four_eyes: bool) -> str | None:
    """What an approval is under four eyes: "first", "same_person", or None where it decides.

    first  who has approved already, "" for nobody
    """
    if not four_eyes:
        return None
    if first == "":
        return "first"
    return "same_person" if first == person.name else None


def hours(written: str) -> tuple[int, int]:
    """Opening hours such as "09:00-21:00" as minutes of the day, of the operator's time; HoursError. "" is always."""
    if written == "":
        return 0, _DAY
    found = _HOURS.fullmatch(written)
    if found:
        opens, closes = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
        if int(found[2]) < 60 and int(found[4]) < 60 and opens < closes <= _DAY:
            return opens, closes
    raise HoursError('write opening hours as "09:00-21:00", or "" for always')


def is_open(minute: int, opening: tuple[int, int]) -> bool:
    """Whether the desk works at this minute of the operator's day (R002: nothing else of the operator has hours)."""
    return opening[0] <= minute < opening[1]
