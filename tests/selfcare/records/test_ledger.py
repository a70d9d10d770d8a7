"""Money is entries, and nothing else."""

from tests.selfcare.conftest import ANNA, BLOCKED, BORIS, START
from ussd_gateway.config import Subscriber


def test_an_opening_balance_is_one_entry_and_none_where_there_is_nothing(store, records):
    records.sims.add_missing([Subscriber(msisdn="70001000009")], START)

    assert records.ledger.balance(ANNA) == 15000
    assert records.ledger.balance(BORIS) == -750
    assert records.ledger.balance("70001000009") == 0
    assert store.own("SELECT msisdn, kopecks, kind FROM ledger ORDER BY id") == [
        (ANNA, 15000, "opening"),
        (BORIS, -750, "opening"),
        (BLOCKED, 100, "opening"),
    ]
