"""What each sentence took, and where dialogues failed."""

import pytest

from ussd_gateway.load.figures import MILLISECOND
from ussd_gateway.load.lines import Lines
from ussd_gateway.scenario.local import local_driver
from ussd_gateway.scenario.parse import parse
from ussd_gateway.scenario.play import play

SCRIPT = """\
phone anna is 70001000001
let password be "geheim-1"

setup
    anna dials *100#
    anna sees final screen

scenario "balance"
    repeat 2 times
        anna dials *100#
        anna sees "{what}"
    check "geheim-1" differs from "x"
    wait 1s
"""


@pytest.fixture
async def counted():
    """The lines of the script, played once as it is written and once wrong."""
    right, wrong = (parse(SCRIPT.replace("{what}", what), "balance.ussd") for what in ("баланс", "погода"))
    lines = Lines(right.scenarios)
    async with local_driver() as driver:
        asking = [
            lines.count(result, 7 * MILLISECOND) for script in (right, wrong) for result in await play(script, driver)
        ]
    return lines, asking


async def test_each_sentence_has_its_row_in_the_order_of_playing(counted):
    lines, _ = counted
    rows = {row["line"]: row for row in lines.figures()}
    assert list(rows) == [5, 6, 10, 11, 12, 13]
    assert [rows[line]["played"] for line in rows] == [2, 2, 3, 3, 1, 1]
    assert [rows[line]["failed"] for line in rows] == [0, 0, 0, 1, 0, 0]
    assert rows[10]["sentence"] == "anna dials *100#"
    assert lines.places == [("", line) for line in rows]


async def test_the_first_step_has_the_lateness(counted):
    lines, _ = counted
    rows = {row["line"]: row for row in lines.figures()}
    assert rows[5]["p50_ms"] >= 7
    assert rows[10]["p50_ms"] < rows[5]["p50_ms"]


async def test_only_steps_that_ask_something_count_together(counted):
    lines, asking = counted
    assert [len(durations) for durations in asking] == [3, 2]
    assert lines.asking.total == 5
    assert [row["line"] for row in lines.figures() if row["asks"]] == [5, 10]


async def test_failures_are_counted_by_their_line_with_one_report(counted):
    lines, _ = counted
    (failure,) = lines.failures()
    assert (failure["line"], failure["times"]) == (11, 1)
    assert 'expected: a screen containing "погода"' in failure["example"]


async def test_a_secret_stands_nowhere(counted):
    lines, _ = counted
    assert "geheim-1" not in str(lines.figures()) + str(lines.failures())
    assert "check" in lines.figures()[4]["sentence"]


def test_a_secret_of_a_sentence_that_is_never_played_is_none_the_less_one():
    text = 'browser web\nlet pin be "4711"\nweb posts /pay with pin 4711, token "abcdef", sum 5\n'
    (first, second) = Lines(parse(text.replace("let", "repeat 1 times\n    let"), "pay.ussd").scenarios).figures()
    assert "4711" not in first["sentence"] + second["sentence"]
    assert "abcdef" not in second["sentence"]
    assert "sum 5" in second["sentence"]
