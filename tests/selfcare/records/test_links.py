"""Requests for second numbers as they are kept."""

import pytest

from tests.selfcare.conftest import ANNA, BORIS, START

SECOND = "70001000002"


@pytest.fixture
def links(records):
    return records.links


@pytest.fixture
def within(records):
    return lambda: records.changes.change("test", START, who="test", channel="test")


def add(links, within, main=ANNA, number=SECOND, due=START + 100, created=START):
    with within():
        return links.add(main, number, created, due)


def test_a_request_waits_until_it_is_decided(links, within):
    id = add(links, within)
    assert [request.id for request in links.pending()] == [id]
    assert links.standing(ANNA, SECOND).id == id

    with within():
        links.decide(id, "rejected", START + 1, reviewer="oleg", reason="Нет")

    assert links.pending() == []
    assert links.standing(ANNA, SECOND) is None
    request = links.request(id)
    assert (request.state, request.reviewer, request.reason, request.decided_at) == (
        "rejected",
        "oleg",
        "Нет",
        START + 1,
    )
    assert links.decided(5) == [request]


def test_the_queue_is_in_the_order_of_deadlines(links, within):
    later, sooner = add(links, within, due=START + 200), add(links, within, main=BORIS, due=START + 100)

    assert [request.id for request in links.pending()] == [sooner, later]


def test_a_link_ends_and_its_reviewer_stays_known(links, within):
    id = add(links, within)
    with within():
        links.decide(id, "approved", START + 1, reviewer="oleg")
    assert [link.number for link in links.linked(ANNA)] == [SECOND]
    assert links.linked(SECOND) == []

    with within():
        links.end(id, "ended", START + 2, "no_service")

    assert links.linked(ANNA) == []
    assert (links.request(id).reviewer, links.request(id).ended_at) == ("oleg", START + 2)


def test_what_touches_a_number_is_found_from_both_sides(links, within):
    id = add(links, within)
    add(links, within, main=BORIS, number="70003000001")

    assert (
        [request.id for request in links.touching(ANNA)] == [request.id for request in links.touching(SECOND)] == [id]
    )


def test_what_a_former_owner_asked_for_is_not_the_new_ones(links, within):
    add(links, within)
    with within():
        links.leave_behind(ANNA)
    id = add(links, within)

    assert [request.id for request in links.of_cabinet(ANNA)] == [id]
    assert links.request(1).main == ANNA, "the desk still knows it"


def test_overdue_and_the_first_of_two_approvals_are_marks(links, within):
    id = add(links, within)
    with within():
        links.mark_overdue(id, START + 5)
        links.approve_first(id, "oleg")

    request = links.request(id)
    assert (request.state, request.overdue_at, request.first_reviewer) == ("pending", START + 5, "oleg")


def test_attempts_are_remembered_by_key_for_a_while(links, within):
    with within():
        links.add_attempt(ANNA, "a", START, "refused", None, START - 100)
        links.add_attempt(ANNA, "b", START + 50, "requested", 1, START - 50)

    assert links.answered(ANNA, "a", START - 100) == ("refused", None)
    assert links.answered(ANNA, "b", START - 100) == ("requested", 1)
    assert links.answered(ANNA, "a", START) is None
    assert links.answered(BORIS, "a", 0) is None
    assert links.attempts_since(ANNA, START - 100) == 2

    with within():
        links.add_attempt(ANNA, "c", START + 200, "refused", None, START + 100)

    assert links.attempts_since(ANNA, 0) == 1


def test_a_reset_forgets_all_of_it(records, links, within):
    add(links, within)
    records.clear()

    assert links.request(1) is None
