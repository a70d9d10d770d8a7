"""What a SIM can become: every pair of state and event."""

import pytest

from ussd_gateway.subscribers.sims import EVENTS, STATES, TRANSITIONS, after, held_until, is_iccid

POSSIBLE = {
    "active": {"block": "voluntary_blocked", "block_for_debt": "debt_blocked", "replace": "active", "close": "closed"},
    "voluntary_blocked": {"unblock": "active", "close": "closed"},
    "debt_blocked": {"debt_paid": "active", "close": "closed"},
    "closed": {"resell": "active"},
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("event", EVENTS)
def test_a_sim_becomes_what_the_table_says_and_nothing_else(state, event):
    assert after(state, event) == POSSIBLE[state].get(event)


def test_every_state_is_reached_and_left():
    assert {state for state, _ in TRANSITIONS} == set(TRANSITIONS.values()) == set(STATES)


@pytest.mark.parametrize(
    ("replaced_at", "hold", "until"), [(None, 86400.0, 0.0), (100.0, 86400.0, 86500.0), (100.0, 0.0, 0.0)]
)
def test_a_new_card_is_held_back_for_a_while(replaced_at, hold, until):
    assert held_until(replaced_at, hold) == until


@pytest.mark.parametrize(
    ("typed", "is_one"),
    [
        ("8970100000000000001", True),
        ("89701000000000000012", True),
        ("897010000000000000", True),
        ("89701000000000000", False),
        ("897010000000000000123", False),
        ("7970100000000000001", False),
        ("897010000000000000F", False),
        ("٨٩70100000000000001", False),
        ("", False),
    ],
)
def test_an_iccid_is_89_and_digits(typed, is_one):
    assert is_iccid(typed) is is_one
