"""A connection's timers as a function of time."""

import pytest

from ussd_gateway.smpp.timers import Due, Timers

TIMERS = Timers(session_init=5, enquire_link=30, response=10, inactivity=60)

ROWS = [
    # bound, seconds since the open, the last octet, our enquire_link (None: none), the last message -> what is due
    (False, 4, 4, None, 4, Due.NOTHING),
    (False, 5, 0, None, 5, Due.CLOSE),
    (True, 1000, 29, None, 29, Due.NOTHING),
    (True, 1000, 30, None, 30, Due.ENQUIRE_LINK),
    (True, 1000, 31, 1, 31, Due.NOTHING),
    (True, 1000, 40, 10, 40, Due.CLOSE),
    (True, 1000, 5, 8, 5, Due.NOTHING),  # it has spoken since
    (True, 1000, 1, None, 59, Due.NOTHING),
    (True, 1000, 1, None, 60, Due.UNBIND),  # only enquire_link came
]


@pytest.mark.parametrize(("bound", "opened", "heard", "enquired", "active", "due"), ROWS)
def test_silence_calls_for_this(bound, opened, heard, enquired, active, due):
    now = 10_000.0
    seen = {
        "opened_at": now - opened,
        "heard_at": now - heard,
        "enquired_at": 0.0 if enquired is None else now - enquired,
        "active_at": now - active,
    }
    assert TIMERS.due(now, bound=bound, **seen) is due


def test_zero_switches_a_timer_off():
    off = Timers(session_init=0, enquire_link=0)
    silent = {"opened_at": 0, "heard_at": 0, "enquired_at": 0, "active_at": 0}
    assert off.due(1e6, bound=False, **silent) is Due.NOTHING
    assert off.due(1e6, bound=True, **silent) is Due.NOTHING
