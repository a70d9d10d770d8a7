import io

import pytest
from rich.console import Console

from ussd_gateway.load.report import failed, lines_table, table, warning

FIGURES = {
    "sent": 100_000,
    "accepted": 99_990,
    "errors": 10,
    "statuses": {"ESME_RTHROTTLED": 10},
    "unanswered": 0,
    "closed": 0,
    "msg_per_s": 61_234.5,
    "p50_ms": 1.25,
    "p999_ms": 1234.5,
    "receipt_per_s": None,
    "own_cpu_percent": 41.0,
}


def printed(figures):
    console = Console(file=io.StringIO(), width=80)
    console.print(table(figures))
    return [line.split("  ") for line in console.file.getvalue().splitlines()]


def test_the_table_says_what_was_measured():
    rows = [[part.strip() for part in line if part.strip()] for line in printed(FIGURES)]
    assert ["messages", "100,000"] in rows
    assert ["a second", "61,234"] in rows
    assert ["response p50", "1.25 ms"] in rows
    assert ["response p99.9", "1,234.50 ms"] in rows
    assert ["ESME_RTHROTTLED", "10"] in rows
    assert ["own CPU", "41 % of a core"] in rows


def test_what_has_no_data_and_a_quiet_nothing_are_left_out():
    words = str(printed(FIGURES))
    assert "receipt" not in words
    assert "connections lost" not in words
    assert "unanswered" in words
    assert "connections lost" in str(printed(FIGURES | {"closed": 1}))


@pytest.mark.parametrize(
    ("share", "seconds", "warned"), [(80.0, 5.0, False), (80.1, 5.0, True), (99.0, 0.1, False), (None, 5.0, False)]
)
def test_a_busy_generator_says_that_it_is_the_limit(share, seconds, warned):
    assert ("The generator is the limit" in warning({"own_cpu_percent": share, "seconds": seconds})) is warned


SCRIPT = {
    "script": "balance.ussd",
    "due": 1203,
    "dialogues": 1200,
    "failed": 0,
    "cut_off": 0,
    "timeouts": 0,
    "waited": 3,
    "dialogue_p50_ms": 3.25,
    "p99_ms": 8.5,
    "late_p99_ms": 1.0,
    "steps": [
        {
            "file": "",
            "line": 5,
            "sentence": "anna dials *111#",
            "played": 1200,
            "failed": 2,
            "p50_ms": 1.5,
            "p90_ms": 2.0,
            "p99_ms": 8.5,
            "p999_ms": 10.0,
            "max_ms": 1234.5,
        },
        {
            "file": "people.ussd",
            "line": 12,
            "sentence": "anna\x1b[31m hangs up",
            "played": 0,
            "failed": None,
            **dict.fromkeys(("p50_ms", "p90_ms", "p99_ms", "p999_ms", "max_ms")),
        },
    ],
    "failures": [{"file": "", "line": 5, "sentence": "anna dials *111#", "times": 2, "example": "FAILED ...\n"}],
}


def test_each_sentence_of_a_script_is_a_row():
    header, first, second = lines_table(SCRIPT).splitlines()
    assert " ".join(header.split()) == "line played failed p50 p90 p99 p99.9 max ms of each sentence"
    assert " ".join(first.split()) == "5 1,200 2 1.50 2.00 8.50 10.00 1,234.50 anna dials *111#"
    assert " ".join(second.split()) == "people.ussd:12 0 anna\\x1b[31m hangs up"
    assert first.index("anna") == second.index("anna") == header.index("ms of")


def test_a_script_s_dialogues_and_steps_stand_in_the_table():
    rows = [[part.strip() for part in line if part.strip()] for line in printed(SCRIPT)]
    for row in (
        ["dialogues due", "1,203"],
        ["dialogues", "1,200"],
        ["dialogue p50", "3.25 ms"],
        ["step p99", "8.50 ms"],
        ["failed", "0"],
    ):
        assert row in rows
    words = str(rows)
    assert "waited for a free user" in words
    assert "cut off" not in words
    assert "response" not in words


def test_failures_are_told_with_the_report_of_the_first():
    assert list(failed(SCRIPT)) == ["2 failed at balance.ussd:5; the first:\nFAILED ...\n"]
    assert list(failed(FIGURES)) == []
