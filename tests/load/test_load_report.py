import io

import pytest
from rich.console import Console

from ussd_gateway.load.report import table, warning

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
