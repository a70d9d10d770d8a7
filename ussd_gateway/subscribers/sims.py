"""What a SIM can be and become (3.1), and how long a new card is held back. Pure."""

from __future__ import annotations

ACTIVE, VOLUNTARY_BLOCKED, DEBT_BLOCKED, CLOSED = "active", "voluntary_blocked", "debt_blocked", "closed"

STATES = (ACTIVE, VOLUNTARY_BLOCKED, DEBT_BLOCKED, CLOSED)

WRITTEN = {"blocked": VOLUNTARY_BLOCKED}
"""Other words for a state, which a config may use."""

TRANSITIONS = {
    (ACTIVE, "block"): VOLUNTARY_BLOCKED,
    (VOLUNTARY_BLOCKED, "unblock"): ACTIVE,
    (ACTIVE, "block_for_debt"): DEBT_BLOCKED,
    (DEBT_BLOCKED, "debt_paid"): ACTIVE,
    (ACTIVE, "replace"): ACTIVE,  # a new ICCID, held back for a while
    (ACTIVE, "close"): CLOSED,
    (VOLUNTARY_BLOCKED, "close"): CLOSED,
    (DEBT_BLOCKED, "close"): CLOSED,
    (CLOSED, "resell"): ACTIVE,  # a new identity: nothing of the former owner's is left (3.2, invariant 12)
}
"""State and event to the next state; what is not here cannot happen."""

EVENTS = tuple(dict.fromkeys(event for _, event in TRANSITIONS))


def after(state: str, event: str) -> str | None:
    """The state that follows; None where the event cannot happen."""
    return TRANSITIONS.get((state, event))


def held_until(replaced_at: float | None, hold: float) -> float:
    """Until when a card that was replaced gives no password and no link (3.4, a SIM swapped yesterday); 0.0 for never.

    replaced_at  seconds since the epoch, None where the card is the first one
    hold         seconds
    """
    return replaced_at + hold if replaced_at is not None and hold else 0.0


def is_iccid(typed: str) -> bool:
    """Whether it can be the number of a card: 89 and 16 to 18 digits more (ITU-T E.118)."""
    return typed.isascii() and typed.isdigit() and typed.startswith("89") and 18 <= len(typed) <= 20
