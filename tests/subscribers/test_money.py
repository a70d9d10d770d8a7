"""What may move, and that whatever moves is missing elsewhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.subscribers.money import DAY, KINDS, PromiseRules, TransferRules, posting, transfer

ANNA, BORIS = "70001000001", "70002000001"
ONE_SIDED = sorted(kind for kind in KINDS if KINDS[kind].counterpart)

kopecks = st.integers(-(10**12), 10**12).filter(bool)


@given(st.sampled_from(ONE_SIDED), kopecks)
def test_invariant_1_every_posting_is_two_entries_that_sum_to_zero(kind, sum_):
    one, other = posting(kind, ANNA, sum_)

    assert (one.account, one.kopecks) == (ANNA, sum_)
    assert one.kopecks + other.kopecks == 0
    assert other.account.startswith("operator:")


@given(st.integers(1, 10**12))
def test_invariant_1_a_transfer_takes_from_one_what_it_gives_the_other(sum_):
    assert [tuple(entry) for entry in transfer(ANNA, BORIS, sum_)] == [
        (ANNA, -sum_, "transfer_out"),
        (BORIS, sum_, "transfer_in"),
    ]


@pytest.mark.parametrize("nothing", [0, 1.5, 100.0, True])
def test_money_is_whole_kopecks_and_nothing_is_no_posting(nothing):
    with pytest.raises(ValueError, match="whole number of kopecks"):
        posting("top_up", ANNA, nothing)


def test_money_does_not_go_in_circles_nor_backwards():
    with pytest.raises(ValueError, match="two subscribers"):
        posting("transfer_out", ANNA, 5)
    for target, sum_ in ((ANNA, 5), (BORIS, 0), (BORIS, -5)):
        with pytest.raises(ValueError, match="more than nothing"):
            transfer(ANNA, target, sum_)


def test_expenses_are_what_the_subscriber_has_spent():
    assert {kind for kind in KINDS if KINDS[kind].expense} == {
        "tariff_change",
        "tariff_fee",
        "option_fee",
        "transfer_out",
        "transfer_fee",
        "promised_fee",
    }


# sum, transferred today, balance -> refusal; 1 to 300 roubles, 1,500 a day, 7.00 for each (2.3)
TRANSFERS = [
    (99, 0, 10**6, "out_of_bounds"),
    (100, 0, 10**6, None),
    (30000, 0, 10**6, None),
    (30001, 0, 10**6, "out_of_bounds"),
    (30000, 120000, 10**6, None),
    (30000, 120001, 10**6, "too_much"),
    (10000, 0, 10700, None),
    (10000, 0, 10699, "poor"),
]


@pytest.mark.parametrize(("sum_", "today", "balance", "refusal"), TRANSFERS)
def test_what_may_be_transferred(sum_, today, balance, refusal):
    assert TransferRules().refusal(sum_, today, balance) == refusal


@pytest.mark.parametrize(("sum_", "fee"), [(5000, 700), (9999, 700), (10000, 1000), (20000, 2500), (80000, 5000)])
def test_what_a_promised_payment_costs(sum_, fee):
    assert PromiseRules().fee(sum_) == fee
    assert PromiseRules(fees=()).fee(sum_) == 0


def test_a_promised_payment_is_at_most_800_roubles_for_three_days():
    assert max(PromiseRules().sums) == 80000
    assert PromiseRules().due(1000.0) == 1000.0 + 3 * DAY
