import pytest

from ussd_gateway.load.threshold import FIGURES, ThresholdError, missed, parse

MEASURED = {
    "p99_ms": 12.5,
    "max_ms": 80.0,
    "msg_per_s": 61_000,
    "errors": 0,
    "receipt_p99_ms": None,
    "own_cpu_percent": 40,
}

KEPT = [
    "p99<20ms",
    "p99 <= 12.5 ms",
    "p99<12600us",
    "max<0.1s",
    "msg_per_s>50000",
    "errors==0",
    "own_cpu<80%",
    "own_cpu != 0",
]

MISSED = {
    "p99<10ms": "p99<10ms: it is 12.5 ms",
    "msg_per_s>=100000": "msg_per_s>=100000: it is 61000",
    "errors!=0": "errors!=0: it is 0",
    "receipt_p99<100ms": "receipt_p99<100ms: there is no data",
    "lost==0": "lost==0: there is no data",
}

WRONG = {
    "fast": "p99<20ms",  # what one looks like
    "p99<": "p99<20ms",
    "p98<20ms": "p50, p90, p99, p99.9, max",  # which there are
    "p99<20": "20us or 20ms or 20s",  # which units there are
    "msg_per_s>5ms": "no measure of msg_per_s",
    "errors=0": "one looks like p99<20ms, errors==0 or",
}


@pytest.mark.parametrize("expression", KEPT)
def test_a_threshold_is_kept(expression):
    assert parse(expression).missed(MEASURED) == ""


@pytest.mark.parametrize(("expression", "words"), MISSED.items(), ids=MISSED)
def test_a_threshold_is_missed_also_without_data(expression, words):
    assert parse(expression).missed(MEASURED) == words


@pytest.mark.parametrize(("expression", "words"), WRONG.items(), ids=WRONG)
def test_an_expression_that_is_none_is_told_what_one_is(expression, words):
    with pytest.raises(ThresholdError) as told:
        parse(expression)
    assert words in str(told.value)


def test_only_the_missed_ones_are_told():
    assert missed(map(parse, ["p99<20ms", "p99<10ms"]), MEASURED) == [MISSED["p99<10ms"]]


@pytest.mark.parametrize("name", FIGURES)
def test_every_name_can_be_written(name):
    unit = list(FIGURES[name][1])[-1]
    assert parse(f"{name}<1{unit}").figure == FIGURES[name][0]


LINES = [("", 5), ("", 7), ("people.ussd", 3)]
BY_LINES = MEASURED | {
    "failed": 0,
    "steps": [
        {"file": "", "line": 5, "asks": True, "played": 9, "failed": 0, "p99_ms": 12.5},
        {"file": "", "line": 7, "asks": False, "played": 9, "failed": 1, "p99_ms": 2000.0},
        {"file": "people.ussd", "line": 3, "asks": True, "played": 0, "failed": None, "p99_ms": None},
    ],
}

OF_LINES = {
    "line 5 p99<20ms": "",
    "line 5 p99<10ms": "line 5 p99<10ms: it is 12.5 ms",
    "line  7  failed == 0": "line  7  failed == 0: it is 1",
    "line 7 played>=9": "",
    "line people.ussd:3 p99<10ms": "line people.ussd:3 p99<10ms: there is no data",
    "each line p99<10ms": "each line p99<10ms: line 5: it is 12.5 ms; line people.ussd:3: there is no data",
    "failed==0": "",
    "p99<20ms": "",
}

WRONG_LINES = {
    "line 6 p99<20ms": "5, 7, people.ussd:3",  # which there are
    "line people.ussd:5 p99<20ms": "5, 7, people.ussd:3",
    "line 5 own_cpu<80%": "own_cpu of a line is unknown; known: played, failed, p50",
    "line 5 p99<20": "20us or 20ms or 20s",
    "line 5": "line 12 p99<30ms",
    "failed=0": "one looks like p99<20ms, failed==0 or",
    "step 5 p99<20ms": "line 12 p99<30ms",
    "each p99<20ms": "line 12 p99<30ms",
}


@pytest.mark.parametrize(("expression", "words"), OF_LINES.items(), ids=OF_LINES)
def test_a_line_of_a_script_has_figures_of_its_own(expression, words):
    assert parse(expression, LINES).missed(BY_LINES) == words


@pytest.mark.parametrize(("expression", "words"), WRONG_LINES.items(), ids=WRONG_LINES)
def test_a_line_that_there_is_not_is_told(expression, words):
    with pytest.raises(ThresholdError) as told:
        parse(expression, LINES)
    assert words in str(told.value)


def test_each_line_of_none_is_no_data():
    assert parse("each line p99<1s", LINES).missed(MEASURED) == "each line p99<1s: there is no data"


def test_where_there_is_no_script_there_are_no_lines():
    with pytest.raises(ThresholdError, match="msg_per_s>50000"):
        parse("line 5 p99<20ms")
