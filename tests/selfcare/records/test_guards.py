"""The guards of the log-in."""

from tests.selfcare.conftest import ANNA, BORIS
from ussd_gateway.subscribers.guard import OPEN, Guard


def test_a_guard_is_kept_by_number_and_open_where_there_is_none(records):
    records.guards.keep(ANNA, Guard(2, 0.0))

    assert records.guards.guard(ANNA) == Guard(2, 0.0)
    assert records.guards.guard(BORIS) == OPEN


def test_an_open_one_takes_no_room(store, records):
    records.guards.keep(ANNA, Guard(2, 0.0))
    records.guards.keep(ANNA, OPEN)

    assert store.own("SELECT count(*) FROM guards") == [(0,)]
