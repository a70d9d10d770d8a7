"""Money is entries, and nothing else."""

import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.selfcare.conftest import ANNA, BLOCKED, BORIS, START, SUBSCRIBERS
from ussd_gateway.config import Subscriber
from ussd_gateway.selfcare.records.records import Records
from ussd_gateway.store.store import Store

ROW = "SELECT id, posting, account, at, kopecks, kind, about FROM ledger ORDER BY id"


def test_an_opening_balance_is_one_posting_and_none_where_there_is_nothing(store, records):
    records.sims.add_missing([Subscriber(msisdn="70001000009")], START)

    assert records.ledger.balance(ANNA) == 15000
    assert records.ledger.balance(BORIS) == -750
    assert records.ledger.balance("70001000009") == 0
    assert store.own("SELECT posting, account, kopecks, kind FROM ledger ORDER BY id") == [
        (1, ANNA, 15000, "opening"),
        (1, "operator:opening", -15000, "opening"),
        (2, BORIS, -750, "opening"),
        (2, "operator:opening", 750, "opening"),
        (3, BLOCKED, 100, "opening"),
        (3, "operator:opening", -100, "opening"),
    ]


def test_a_transfer_names_the_other_side_in_both_entries(records):
    records.ledger.transfer(ANNA, BORIS, START + 1, 500)

    assert records.ledger.booked(ANNA, START + 1, START + 2) == [(START + 1, -500, "transfer_out", BORIS)]
    assert records.ledger.booked(BORIS, START + 1, START + 2) == [(START + 1, 500, "transfer_in", ANNA)]
    assert records.ledger.sent_since(ANNA, START) == 500
    assert records.ledger.sent_since(ANNA, START + 1) == 0


def test_a_report_begins_with_what_was_there_before(records):
    records.ledger.enter(ANNA, START + 10, -700, "option_fee", "sms")

    assert records.ledger.first(ANNA) == START
    assert records.ledger.balance_at(ANNA, START + 10) == 15000
    assert records.ledger.balance_at(ANNA, START + 11) == 14300


def test_invariant_12_what_a_former_owner_did_is_in_no_report(records):
    records.ledger.enter(ANNA, START + 1, -15000, "closed")
    assert records.ledger.first(ANNA) is None

    records.ledger.enter(ANNA, START + 2, 300, "opening")

    assert records.ledger.booked(ANNA, 0, START + 9) == [(START + 2, 300, "opening", "")]
    assert records.ledger.balance(ANNA) == records.ledger.balance_at(ANNA, START + 9) == 300


def test_invariant_14_an_answer_is_kept_by_number_and_key(store, records):
    records.ledger.keep_answer(ANNA, "ussd 1", START, {"result": "done", "kopecks": 100})

    assert records.ledger.answered(ANNA, "ussd 1") == {"result": "done", "kopecks": 100}
    assert records.ledger.answered(BORIS, "ussd 1") is None
    with pytest.raises(sqlite3.IntegrityError):
        records.ledger.keep_answer(ANNA, "ussd 1", START, {"result": "poor"})


def test_invariant_1_the_table_itself_refuses_to_edit_an_entry(store, records):
    with pytest.raises(sqlite3.IntegrityError, match="never edited"):
        store.write("UPDATE ledger SET kopecks = 1 WHERE account = ?", (ANNA,))


NUMBERS = (ANNA, BORIS, BLOCKED)
ENTERED = st.tuples(st.sampled_from(["top_up", "option_fee", "promised_in"]), st.sampled_from(NUMBERS), st.integers())
MOVED = st.permutations(NUMBERS).map(lambda two: two[:2])
OPERATIONS = st.lists(st.one_of(ENTERED, st.tuples(MOVED, st.integers(-5, 10**6))), max_size=20)


@settings(deadline=None)
@given(OPERATIONS)
def test_invariant_1_whatever_happens_all_entries_sum_to_zero_and_none_ever_changes(operations):
    store = Store(":memory:")
    records = Records(store, lambda: None)
    records.sims.add_missing(SUBSCRIBERS, START)
    store.own("CREATE TEMP TRIGGER kept BEFORE DELETE ON ledger BEGIN SELECT RAISE(ABORT, 'deleted'); END")
    balances = {number: records.ledger.balance(number) for number in NUMBERS}
    before = store.own(ROW)

    for number, operation in enumerate(operations):
        try:
            match operation:
                case (str(kind), account, kopecks):
                    kopecks %= 10**9
                    records.ledger.enter(account, START + number, kopecks, kind)
                    balances[account] += kopecks
                case ((source, target), kopecks):
                    records.ledger.transfer(source, target, START + number, kopecks)
                    balances[source] -= kopecks
                    balances[target] += kopecks
        except ValueError:
            pass  # no whole number of kopecks: nothing was written

    rows = store.own(ROW)
    assert rows[: len(before)] == before
    assert store.own("SELECT coalesce(sum(kopecks), 0) FROM ledger") == [(0,)]
    assert store.own("SELECT posting FROM ledger GROUP BY posting HAVING sum(kopecks) != 0 OR count(*) != 2") == []
    assert {number: records.ledger.balance(number) for number in NUMBERS} == balances
    store.close()
