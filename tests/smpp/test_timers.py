"""A connection's timers as a function of time."""

import pytest

from ussd_gateway.smpp.timers import Due, Timers

TIMERS = Timers(session_init=5, enquire_link=30, response=10)

ROWS = [
    # bound, seconds since the open, since the last octet, since our enquire_link (None: none) -> what is due
    (False, 4, 4, None, Due.NOTHING),
    (False, 5, 0, None, Due.CLOSE),
    (True, 1000, 29, None, Due.NOTHING),
    (True, 1000, 30, None, Due.ENQUIRE_LINK),
    (True, 1000, 31, 1, Due.NOTHING),
    (True, 1000, 40, 10, Due.CLOSE),
    (True, 1000, 5, 8, Due.NOTHING),  # it has spoken since
]


@pytest.mark.parametrize(("bound", "opened", "heard", "enquired", "due"), ROWS)
def test_silence_calls_for_this(bound, opened, heard, enquired, due):
    now = 10_000.0
    enquired_at = 0.0 if enquired is None else now - enquired
    assert TIMERS.due(now, bound=bound, opened_at=now - opened, heard_at=now - heard, enquired_at=enquired_at) is due


def test_zero_switches_a_timer_off():
    off = Timers(session_init=0, enquire_link=0)
    assert off.due(1e6, bound=False, opened_at=0, heard_at=0, enquired_at=0) is Due.NOTHING
    assert off.due(1e6, bound=True, opened_at=0, heard_at=0, enquired_at=0) is Due.NOTHING
