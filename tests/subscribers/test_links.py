"""Second numbers: the states of a request, and what stands in its way."""

from itertools import product

import pytest

from ussd_gateway.subscribers.links import (
    STATES,
    TRANSITIONS,
    Line,
    after,
    broken,
    is_overdue,
    objection,
    refusal,
)
from ussd_gateway.subscribers.sims import STATES as SIM_STATES

GOOD = Line("active", "anna", service=True)

POSSIBLE = {
    "draft": {"submit": "pending"},
    "pending": {"approve": "approved", "reject": "rejected", "cancel": "cancelled", "lapse": "cancelled"},
    "approved": {"cancel": "ended", "lapse": "ended"},
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("event", ["submit", "approve", "reject", "cancel", "lapse"])
def test_a_request_becomes_what_the_table_says_and_nothing_else(state, event):
    assert after(state, event) == POSSIBLE.get(state, {}).get(event)


def test_r163_no_event_of_time_approves():
    assert {event for (_, event), state in TRANSITIONS.items() if state == "approved"} == {"approve"}


def asked(**given):
    usual = {"main": GOOD, "other": GOOD, "own": False, "linked": False, "pending": False}
    return refusal(**usual | {"asked_today": 0, "most_a_day": 10, "now": 1000.0} | given)


def test_r150_two_active_sims_with_the_service_are_not_refused():
    assert asked() is None


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"own": True}, "own"),
        ({"linked": True}, "already_linked"),
        ({"pending": True}, "already_requested"),
    ],
)
def test_r166_own_linked_and_already_requested_numbers_are_refused(given, word):
    assert asked(**given) == word


@pytest.mark.parametrize("status", [state for state in SIM_STATES if state != "active"])
def test_r151_only_active_sims(status):
    line = Line(status, "anna", service=True)

    assert asked(main=line) == "here_not_active"
    assert asked(other=line) == "refused"


def test_r152_the_service_is_needed_on_each_of_the_sims():
    without = Line("active", "anna")

    assert asked(main=without) == "here_no_service"
    assert asked(other=without) == "refused"


def test_a_card_that_was_replaced_is_held_back_to_the_second():
    held = Line("active", "anna", service=True, held_until=1000.5)

    assert asked(main=held) == "here_held"
    assert asked(other=held) == "refused"
    assert asked(main=held, other=held, now=1000.5) is None


def test_nobody_learns_why_another_number_is_refused():
    """3.4, enumeration: a stranger, a closed SIM and one without the service are one and the same answer."""
    others = [Line(None), Line("closed", "anna", service=True), Line("active", "boris")]
    for facts in ({}, {"asked_today": 10}, {"main": Line("active")}):
        assert len({asked(other=other, **facts) for other in others}) == 1


def test_who_has_asked_too_often_learns_nothing_more():
    assert asked(asked_today=9) is None
    assert asked(asked_today=10) == asked(asked_today=10, other=Line(None)) == "too_often"


@pytest.mark.parametrize(
    ("main", "other", "why"),
    [
        (GOOD, GOOD, None),
        (GOOD, Line("active", "anna"), "no_service"),
        (Line("active", "anna"), GOOD, "no_service"),
        (GOOD, Line("voluntary_blocked", "anna", service=True), "not_active"),
        (GOOD, Line("closed", "anna", service=True), "not_active"),
        (Line("debt_blocked", "anna", service=True), GOOD, "not_active"),
        (GOOD, Line("active", "anna", service=True, held_until=1e12), None),
    ],
)
def test_r165_what_breaks_a_link(main, other, why):
    assert broken(main, other) == why


@pytest.mark.parametrize(
    ("main", "other", "why"),
    [
        (GOOD, GOOD, None),
        (GOOD, Line("active", "boris", service=True), "other_owner"),
        (GOOD, Line("active", "", service=True), None),
        (GOOD, Line("active", "anna"), "there_no_service"),
        (Line("closed", "anna", service=True), GOOD, "here_not_active"),
        (GOOD, Line("active", "anna", service=True, held_until=2000), "there_held"),
    ],
)
def test_r157_what_keeps_the_desk_from_approving(main, other, why):
    assert objection(main, other, 1000.0) == why


@pytest.mark.parametrize(("state", "now"), list(product(STATES, [99.9, 100.0, 1e12])))
def test_r163_only_what_waits_is_overdue_from_its_deadline_on(state, now):
    assert is_overdue(state, 100.0, now) is (state == "pending" and now >= 100.0)
