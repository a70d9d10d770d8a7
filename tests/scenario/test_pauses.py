"""Pauses of a recording as waits."""

import pytest

from ussd_gateway.scenario import model
from ussd_gateway.scenario.model import Text
from ussd_gateway.scenario.pauses import Item, with_waits

SAID = {"line": 0, "sentence": ""}


def dials(at, phone="anna"):
    return Item(model.Dial(phone=phone, code=Text("*100#"), **SAID), at, 0, human=True)


def sees(at, screen, phone="anna", outcome="", answered=False):
    return Item(model.See(phone=phone, outcome=outcome, **SAID), at, 0, screen=screen, answered=answered)


def receives(at, since=None, phone="anna"):
    return Item(model.Receive(phone=phone, **SAID), at, 0, since=since)


def submits(at, status="ESME_ROK"):
    return Item(model.Submit(esme="shop", text=Text("x"), number=Text("1"), status=status, **SAID), at, 0, human=True)


def told(items):
    """dials, sees and so on, and the seconds that are waited."""
    words = {model.Dial: "dials", model.See: "sees", model.Receive: "receives", model.Submit: "submits"}
    return [item.step.time if isinstance(item.step, model.Wait) else words[type(item.step)] for item in items]


@pytest.mark.parametrize(
    ("items", "until", "waits"),
    [
        ([dials(0), sees(0, 1), dials(31)], 0, ["dials", "sees", 31, "dials"]),
        ([dials(0), sees(0, 1), sees(30, 2), dials(31)], 0, ["dials", "sees", 31, "sees", "dials"]),
        ([dials(0), sees(0, 1), sees(30, 2)], 31, ["dials", "sees", 31, "sees"]),
        ([dials(0), sees(0, 1), sees(30, 2)], 0, ["dials", "sees", 30, "sees"]),
        ([dials(0), sees(0, 1)], 3600, ["dials", "sees"]),  # nothing came of it
        ([dials(0), sees(9, 1, answered=True), dials(10)], 0, ["dials", "sees", 1, "dials"]),  # the dial has waited
        ([dials(0), sees(0, 1), sees(0, 2)], 0, ["dials", "sees"]),  # nobody could see the first
        ([dials(0), sees(0, 1), sees(5, 2), sees(8, 3), dials(9)], 0, ["dials", "sees", 6, "sees", 3, "sees", "dials"]),
        ([dials(0), receives(4), receives(5), dials(9.125)], 0, ["dials", 9.125, "receives", "receives", "dials"]),
        ([submits(0, status=""), submits(12)], 0, ["submits", 2, "submits"]),  # no answer takes 10 s by itself
    ],
)
def test_under_a_virtual_clock_every_gap_is_waited_for_exactly(items, until, waits):
    assert told(with_waits(items, until, None)) == waits


@pytest.mark.parametrize(
    ("items", "waits"),
    [
        ([dials(0), sees(0.1, 1, answered=True), dials(20)], ["dials", "sees", "dials"]),
        ([dials(0), sees(0.1, 1, answered=True), dials(61.4)], ["dials", "sees", 61, "dials"]),
        ([dials(0), sees(2.5, 1, answered=True)], ["dials", "sees"]),  # a dial waits by itself
        ([dials(0), sees(0.1, 1, answered=True), sees(30.2, 2)], ["dials", "sees", 31, "sees"]),
        (
            [dials(0), sees(0, 1, answered=True), dials(10, "boris"), sees(30, 2)],
            ["dials", "sees", "dials", 30, "sees"],  # it is anna's time that was over
        ),
        ([submits(0), submits(0.5, "ESME_RTHROTTLED"), submits(1.6)], ["submits", "submits", 2, "submits"]),
        ([submits(0), submits(5)], ["submits", "submits"]),
    ],
)
def test_under_a_real_clock_only_what_mattered_is_waited_for_in_whole_seconds(items, waits):
    assert told(with_waits(items, 0, 60)) == waits


def test_what_brings_the_end_of_a_long_dialogue_is_kept():
    items = [dials(0), sees(0, 1, answered=True), dials(20, "boris"), sees(180, 2, outcome="dialog_timeout")]
    assert told(with_waits(items, 0, 60)) == ["dials", "sees", 20, "dials", 160, "sees"]


@pytest.mark.parametrize(("at", "since", "time"), [(0.5, 0.0, 5), (40, 0.0, 45), (40, 39.5, 5), (40, None, 45)])
def test_under_a_real_clock_an_sms_that_took_its_time_is_given_it(at, since, time):
    *_, received = with_waits([dials(0), receives(at, since)], 0, 60)
    assert received.step.time == time
