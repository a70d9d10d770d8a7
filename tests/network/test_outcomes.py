"""What becomes of messages when a tester decides it."""

from itertools import cycle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.network.message import MessageState, Sms
from ussd_gateway.network.outcomes import Rule, fixed, normal, rule_for, uniform

CHANCES = st.floats(0, 1, exclude_max=True)

DELAYS = [
    # delay, chance, seconds
    (fixed(5), 0.9, 5.0),
    (fixed(-1), 0.9, 0.0),
    (uniform(1, 3), 0.0, 1.0),
    (uniform(1, 3), 0.25, 1.5),
    (normal(2, 0), 0.7, 2.0),
    (normal(2, 0.5), 0.0, 2.0),
    (normal(0, 10), 0.5, 0.0),  # half of the curve is below 0
]


@pytest.mark.parametrize(("delay", "chance", "seconds"), DELAYS)
def test_a_delay_is_drawn(delay, chance, seconds):
    assert delay(lambda: chance) == seconds


@given(st.floats(0, 100), st.floats(0, 100), CHANCES, CHANCES)
def test_no_delay_is_below_zero_or_without_end(first, second, chance, other):
    for delay in (uniform(min(first, second), max(first, second)), normal(first, second)):
        assert 0 <= delay(cycle((chance, other)).__next__) < 10_000


def test_a_normal_delay_is_around_its_mean_with_its_deviation():
    grid = [(first + 0.5) / 100 for first in range(100)]
    delay = normal(50, 2)
    drawn = [delay(iter((first, second)).__next__) for first in grid for second in grid]
    mean = sum(drawn) / len(drawn)
    assert mean == pytest.approx(50, abs=0.01)
    assert sum((seconds - mean) ** 2 for seconds in drawn) / len(drawn) == pytest.approx(4, rel=0.02)


S = MessageState
WEIGHTS = {S.DELIVERED: 90, S.UNDELIVERABLE: 0, S.EXPIRED: 9, S.REJECTED: 1}


@pytest.mark.parametrize(
    ("chance", "drawn"),
    [(0.0, S.DELIVERED), (0.899, S.DELIVERED), (0.9, S.EXPIRED), (0.989, S.EXPIRED), (0.999, S.REJECTED)],
)
def test_a_state_is_drawn_by_its_weight(chance, drawn):
    assert Rule(states=WEIGHTS).draw(lambda: chance)[0] is drawn


@given(st.dictionaries(st.sampled_from(list(S)[2:]), st.floats(0, 1e6), min_size=1), CHANCES)
def test_a_state_without_weight_is_never_drawn(weights, chance):
    if sum(weights.values()) > 0:
        assert weights[Rule(states=weights).draw(lambda: chance)[0]] > 0


def test_errors_are_the_usual_ones_unless_the_rule_names_others():
    def error(state, errors):
        return Rule(states={state: 1}, errors=errors).draw(lambda: 0.0)[1]

    assert (error(S.UNDELIVERABLE, {}), error(S.EXPIRED, {}), error(S.REJECTED, {})) == (1, 6, 0)
    assert error(S.UNDELIVERABLE, {S.UNDELIVERABLE: 27}) == 27


@pytest.mark.parametrize("states", [{}, {S.DELIVERED: 0}, {S.DELIVERED: -1, S.EXPIRED: 2}, {S.ENROUTE: 1}])
def test_weights_that_make_no_sense_are_refused(states):
    with pytest.raises(ValueError, match=r"final state|weights"):
        Rule(states=states)


def test_the_first_rule_that_fits_counts():
    rules = [
        Rule(account="shop", fits=lambda number: number.startswith("7000")),
        Rule(account="shop"),
        Rule(account=""),
    ]
    assert rule_for(rules, Sms("1", "70001000001", b"", account="shop")) is rules[0]
    assert rule_for(rules, Sms("1", "447700900123", b"", account="shop")) is rules[1]
    assert rule_for(rules, Sms("1", "70001000001", b"")) is rules[2]
    assert rule_for(rules, Sms("1", "70001000001", b"", account="bank")) is None
