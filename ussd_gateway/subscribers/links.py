"""Requests to add a second number to a cabinet (R150-R166): their states, and what stands in their way. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from ussd_gateway.subscribers.sims import ACTIVE

DRAFT, PENDING, APPROVED, REJECTED, CANCELLED, ENDED = "draft", "pending", "approved", "rejected", "cancelled", "ended"

STATES = (DRAFT, PENDING, APPROVED, REJECTED, CANCELLED, ENDED)

TRANSITIONS = {
    (DRAFT, "submit"): PENDING,
    (PENDING, "approve"): APPROVED,
    (PENDING, "reject"): REJECTED,
    (PENDING, "cancel"): CANCELLED,
    (PENDING, "lapse"): CANCELLED,  # what it needs is there no more
    (APPROVED, "cancel"): ENDED,
    (APPROVED, "lapse"): ENDED,
}
"""State and event to the next state. Time is no event: what is overdue stays pending, for a person to decide (R163)."""


@dataclass(frozen=True, slots=True)
class Line:
    """What a link needs to know of a SIM.

    status      a state of `subscribers.sims`; None for a number that is no subscriber
    owner       the person's key; "" where nobody knows
    service     whether «Управление номерами» is on
    held_until  seconds since the epoch, while a new card is held back; 0.0 for never
    """

    status: str | None
    owner: str = ""
    service: bool = False
    held_until: float = 0.0


def after(state: str, event: str) -> str | None:
    """The state that follows; None where the event cannot happen."""
    return TRANSITIONS.get((state, event))


def missing(line: Line) -> str | None:
    """What a linked SIM has to have and has not: "not_active" (R151), "no_service" (R152), or None."""
    if line.status != ACTIVE:
        return "not_active"
    return None if line.service else "no_service"


def lacks(line: Line, now: float) -> str | None:
    """What keeps a SIM from being linked now: what is `missing`, "held" while its card is new (3.4), or None."""
    return missing(line) or ("held" if now < line.held_until else None)


def broken(main: Line, other: Line) -> str | None:
    """Why these cannot stay linked, or None (R165; 3.2, invariant 8). A new card is no reason."""
    return missing(main) or missing(other)


def refusal(
    *, main: Line, other: Line, own: bool, linked: bool, pending: bool, asked_today: int, most_a_day: int, now: float
) -> str | None:
    """Why a request goes no further, or None; the first that holds.

    "own", "already_linked", "already_requested" (R166) and "here_<what `lacks` says>" speak of the cabinet's own side.
    Whatever is wrong with the other number is "refused": the answer does not tell who is a subscriber (3.4, enumeration).
    """
    if own:
        return "own"
    if linked:
        return "already_linked"
    if pending:
        return "already_requested"
    if what := lacks(main, now):
        return f"here_{what}"
    if asked_today >= most_a_day:
        return "too_often"
    return "refused" if lacks(other, now) else None


def objection(main: Line, other: Line, now: float) -> str | None:
    """Why nobody may approve a request as things stand, or None.

    What a side `lacks`, as "here_..." and "there_...", or "other_owner": both are known, and they differ (R157). Where an
    owner is not known the reviewer decides.
    """
    if what := lacks(main, now):
        return f"here_{what}"
    if what := lacks(other, now):
        return f"there_{what}"
    return "other_owner" if main.owner and other.owner and main.owner != other.owner else None


def is_overdue(state: str, due: float, now: float) -> bool:
    """Whether a request has waited past its deadline (R163)."""
    return state == PENDING and now >= due


def same_owner(main: Line, other: Line) -> bool:
    """Whether both are known to be one person's; two numbers of nobody are not."""
    return main.owner != "" and main.owner == other.owner
