"""Another user's numbers stand wherever those of the script stood."""

import pytest

from ussd_gateway.scenario import model
from ussd_gateway.scenario.numbers import with_numbers
from ussd_gateway.scenario.parse import parse

SCRIPT = """\
phone anna is 70001000001
phone boris is 70002000001
esme shop is test
browser web
let home be "/api/v1/handsets/70001000001"

setup
    anna sends sms "hello" to boris

teardown
    boris hangs up

scenario "Everywhere"
    anna dials *111*70002000001#
    shop submits "to 70001000001, not to 170001000001" to anna
    shop receives /from \\+?70002000001/ from boris
    together
        boris sends sms "x" to anna
    web gets /api/v1/handsets/70001000001/sms
    web posts {home}/ussd json dial "*100#", from "70001000001"
    web posts {home}/ussd json:
        {"dial": "70002000001"}
    anna receives sms from "SHOP"
"""
OTHERS = {"70001000001": "70009000001", "70002000001": "70009000002"}

(BEFORE,) = parse(SCRIPT, "everywhere.ussd").scenarios
AFTER = with_numbers(BEFORE, OTHERS)
TEXTS = [
    text.source for step in model.walk((*AFTER.setup, *AFTER.steps, *AFTER.teardown)) for text in model.texts(step)
]


@pytest.mark.parametrize(
    "text",
    [
        "*111*70009000002#",
        "to 70009000001, not to 170001000001",
        "from \\+?70009000002",
        "/api/v1/handsets/70009000001/sms",
        '{"dial": "70009000002"}',
        "70009000001",
        "SHOP",
    ],
)
def test_a_number_follows_its_phone(text):
    assert text in [source.strip() for source in TEXTS]


def test_nothing_is_left_of_the_script_s_own_numbers():
    assert AFTER.phones == {"anna": "70009000001", "boris": "70009000002"}
    assert AFTER.variables == {"home": "/api/v1/handsets/70009000001"}
    assert not [text for text in TEXTS if "7000100000" in text.replace("170001000001", "")]
    assert not [text for text in TEXTS if "7000200000" in text]


def test_sentences_stay_as_they_were_written():
    before, after = ([step.sentence for step in model.walk(one.steps)] for one in (BEFORE, AFTER))
    assert before == after


def test_phones_may_change_their_numbers_with_each_other():
    swapped = with_numbers(BEFORE, {"70001000001": "70002000001", "70002000001": "70001000001"})
    assert swapped.steps[0].code.source == "*111*70001000001#"


def test_two_names_of_a_phone_stay_those_of_one():
    (scenario,) = parse("phone a is 70001000001\nphone b is 70001000001\na sends sms x to b\n", "two.ussd").scenarios
    changed = with_numbers(scenario, OTHERS)
    assert changed.phones == {"a": "70009000001", "b": "70009000001"}
    assert changed.steps[0].number.source == "70009000001"


def test_a_scenario_without_phones_stays_as_it_is():
    (scenario,) = parse("browser web\nweb gets /healthz\n", "web.ussd").scenarios
    assert with_numbers(scenario, {}) is scenario
