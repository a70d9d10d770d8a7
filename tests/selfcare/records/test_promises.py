"""Who owes what until when."""

from tests.selfcare.conftest import ANNA, BORIS, START
from ussd_gateway.selfcare.records.promises import Promise


def test_a_promise_is_open_until_it_is_repaid(records):
    records.promises.add(ANNA, 5000, 700, START, START + 9)
    promise = records.promises.open(ANNA)
    assert promise == Promise(1, ANNA, 5000, 700, START + 9)
    assert records.promises.open(BORIS) is None

    records.promises.repaid(promise, START + 9)

    assert records.promises.open(ANNA) is None
    assert records.promises.soonest() is None


def test_the_soonest_is_due_first(records):
    records.promises.add(ANNA, 5000, 700, START, START + 9)
    records.promises.add(BORIS, 5000, 700, START, START + 5)

    assert records.promises.soonest() == START + 5
    assert [promise.msisdn for promise in records.promises.due(START + 5)] == [BORIS]
    assert [promise.msisdn for promise in records.promises.due(START + 9)] == [BORIS, ANNA]

    records.promises.forget(BORIS)
    assert records.promises.soonest() == START + 9
