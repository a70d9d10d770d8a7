"""Clocks."""

import time

import pytest

from ussd_gateway.clock import RealClock, VirtualClock, iso, parse_moment


def test_the_real_clock_is_the_machines():
    before = time.time()
    assert before <= RealClock().now() <= time.time()


def test_a_virtual_clock_stands_still_until_it_is_moved_and_never_goes_back():
    clock = VirtualClock("2018-04-27T17:50:00+03:00")
    assert clock.now() == clock.now() == 1524840600.0
    clock.move_to(1524840660.0)
    clock.move_to(0.0)
    assert clock.now() == 1524840660.0


def test_a_moment_is_iso_8601_with_its_offset():
    assert iso(parse_moment("2018-05-03T11:00:00+03:00")) == "2018-05-03T08:00:00.000Z"


@pytest.mark.parametrize("text", ["2018-05-03T11:00:00", "tomorrow", ""])
def test_anything_else_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match=r"offset|one looks like 2018-04-27T17:50:00\+03:00"):
        parse_moment(text)
