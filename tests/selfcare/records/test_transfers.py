"""Transfers that wait for their code."""

from tests.selfcare.conftest import ANNA, BORIS, START
from ussd_gateway.selfcare.records.transfers import Waiting


def test_the_last_one_asked_for_waits(records):
    first, second = Waiting(BORIS, 100, "abc", START, 0), Waiting(BORIS, 200, "def", START + 1, 2)
    records.transfers.keep(ANNA, first)
    records.transfers.keep(ANNA, second)

    assert records.transfers.waiting(ANNA) == second
    assert records.transfers.waiting(BORIS) is None

    records.transfers.forget(ANNA)
    assert records.transfers.waiting(ANNA) is None
