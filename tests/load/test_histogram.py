import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.load.histogram import Histogram

durations = st.lists(st.integers(0, 10**13), min_size=1)


def of(*durations):
    histogram = Histogram()
    for duration in durations:
        histogram.record(duration)
    return histogram


@pytest.mark.parametrize(("percent", "nanoseconds"), [(0, 1), (50, 50), (90, 90), (99, 99), (99.9, 100), (100, 100)])
def test_small_durations_are_exact(percent, nanoseconds):
    assert of(*range(1, 101)).percentile(percent) == nanoseconds


@given(durations, st.sampled_from([1, 50, 90, 99, 99.9, 100]))
def test_a_percentile_is_at_most_one_percent_too_long_and_never_too_short(durations, percent):
    exact = sorted(durations)[max(-(-len(durations) * percent // 100), 1).__int__() - 1]
    assert exact <= of(*durations).percentile(percent) <= exact * 1.01


@given(durations)
def test_the_longest_is_exact(durations):
    assert of(*durations).percentile(100) == of(*durations).most == max(durations)


def test_many_of_one_duration_are_counted_at_once():
    histogram = of(5)
    histogram.record(1_000_000, 98)
    histogram.record(2_000_000_000)
    assert histogram.total == 100
    assert histogram.percentile(1) == 5
    assert histogram.percentile(99) == pytest.approx(1_000_000, rel=0.01)
    assert histogram.percentile(99.9) == 2_000_000_000


def test_nothing_has_no_percentile():
    assert Histogram().percentile(50) is None


def test_a_clock_that_went_backwards_counts_as_no_time():
    assert of(-5).percentile(50) == 0
