"""One heap of deadlines."""

from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.network.deadlines import Deadlines


@given(st.lists(st.integers(0, 100)), st.integers(0, 100))
def test_what_is_due_comes_soonest_first_and_the_rest_stays(times, now):
    deadlines = Deadlines()
    for position, time in enumerate(times):
        deadlines.add(float(time), (time, position))
    due = list(deadlines.due(now))
    assert due == sorted((time, position) for position, time in enumerate(times) if time <= now)
    assert deadlines.next() == min((float(time) for time in times if time > now), default=None)


def test_a_cleared_heap_has_nothing_due():
    deadlines = Deadlines()
    deadlines.add(1.0, "thing")
    deadlines.clear()
    assert deadlines.next() is None


@given(st.lists(st.integers(0, 100)))
def test_what_is_moot_is_forgotten_and_the_rest_keeps_its_order(times):
    deadlines = Deadlines()
    for time in times:
        deadlines.add(float(time), time)
    deadlines.retain(lambda when, thing: when == thing and thing % 2 == 0)
    assert len(deadlines) == sum(1 for time in times if time % 2 == 0)
    assert list(deadlines.due(100.0)) == sorted(time for time in times if time % 2 == 0)
