"""What the desk keeps, and the audit log as it is read."""

import pytest

from tests.selfcare.conftest import ANNA, BORIS, START


@pytest.fixture
def within(records):
    return lambda: records.changes.change("test", START, who="test", channel="test")


def test_a_ticket_is_opened_and_done(records, within):
    with within():
        id = records.desk.open(START, "irina", "call_0890", ANNA, "identified")
    assert records.desk.ticket(id).state == "identified"

    with within():
        records.desk.set_state(id, "done")

    assert records.desk.ticket(id).state == "done"
    assert records.desk.ticket(99) is None


def test_failures_are_counted_by_number_and_from_a_moment_on(records, within):
    with within():
        for at, msisdn, state in [
            (START - 1, ANNA, "not_identified"),
            (START, ANNA, "not_identified"),
            (START, BORIS, "not_identified"),
            (START + 1, ANNA, "identified"),
        ]:
            records.desk.open(at, "irina", "shop", msisdn, state)

    assert records.desk.failures_since(ANNA, START) == 1


def test_a_guard_is_kept(records, within):
    assert records.desk.guard("oleg") == (0, 0.0)
    with within():
        records.desk.set_guard("oleg", 3, START + 1800)
        records.desk.set_guard("oleg", 0, 0.0)
        records.desk.set_guard("nina", 1, 0.0)

    assert (records.desk.guard("oleg"), records.desk.guard("nina")) == ((0, 0.0), (1, 0.0))


def entries(records, **given):
    return [(entry.who, entry.what) for entry in records.desk.audit(**given)]


@pytest.fixture
def log(records):
    for who, what, facts in [
        ("oleg", "link.approved", {"main": ANNA, "number": "70001000002"}),
        (ANNA, "link.requested", {"number": "70001000002"}),
        (BORIS, "service.connected", {"service": "100_%"}),
    ]:
        with records.changes.change(what, START, who=who, channel="web", **facts):
            pass
    return records


def test_the_latest_comes_first_and_pages_go_back(log):
    latest = log.desk.audit(most=1)[0]

    assert latest.what == "service.connected"
    assert entries(log, before=latest.id, most=2) == [(ANNA, "link.requested"), ("oleg", "link.approved")]


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        ({"word": "link."}, ["link.requested", "link.approved"]),
        ({"word": "100_%"}, ["service.connected"]),
        ({"word": "100%"}, []),
        ({"word": "\\"}, []),
        ({"who": "oleg"}, ["link.approved"]),
        ({"who": "ole"}, []),
        ({"who": "70001000002"}, ["link.requested", "link.approved"]),
        ({"who": ANNA, "word": "requested"}, ["link.requested"]),
        ({"who": "' OR 1=1 --"}, []),
    ],
)
def test_the_log_is_searched_by_word_and_by_whom_it_concerns(log, filter, found):
    assert [what for _, what in entries(log, **filter)] == found
