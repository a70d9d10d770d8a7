"""The figures of a run as tables for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.table import Table

from ussd_gateway.load.figures import BUSY, PERCENTILES
from ussd_gateway.scenario.report import visible

_ROWS = (
    # the words, the figures behind them, and how each is written
    ("dialogues due", "due", "{:,}"),
    ("dialogues", "dialogues", "{:,}"),
    ("dialogues a second", "dialogues_per_s", "{:,.0f}"),
    ("failed", "failed", "{:,}"),
    ("cut off", "cut_off", "{:,}"),
    ("requests without an answer", "timeouts", "{:,}"),
    ("waited for a free user", "waited", "{:,}"),
    ("messages", "sent", "{:,}"),
    ("accepted", "accepted", "{:,}"),
    ("a second", "msg_per_s", "{:,.0f}"),
    ("sent late, p99", "late_p99_ms", "{:.2f} ms"),
    ("errors", "errors", "{:,}"),
    ("unanswered", "unanswered", "{:,}"),
    ("connections lost", "closed", "{:,}"),
    ("receipts", "receipts", "{:,}"),
    ("receipts a second", "receipt_per_s", "{:,.0f}"),
    ("receipts lost", "lost", "{:,}"),
    ("receipts doubled", "doubled", "{:,}"),
    ("own CPU", "own_cpu_percent", "{:.0f} % of a core"),
    ("server's CPU", "server_cpu_percent", "{:.0f} % of a core"),
    ("server's CPU for 100,000", "server_cpu_s_per_100k", "{:.2f} s"),
    ("server's memory", "server_rss_mib", "{:,.1f} MiB"),
)
_LONG_ENOUGH = 0.5  # seconds; a shorter run says nothing about who was busy
_QUIET = {"closed", "cut_off", "timeouts", "waited"}  # told only when there is something to tell


def table(figures: Mapping[str, object]) -> Table:
    """Two columns: what was measured, and how much it is. What has no data is left out."""
    drawn = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    drawn.add_column()
    drawn.add_column(justify="right")
    for words, name, form in _ROWS:
        value = figures.get(name)
        if value is not None and (value or name not in _QUIET):
            drawn.add_row(words, form.format(value))
        if name == "msg_per_s" and name in figures:
            _add_durations(drawn, "response", "", figures)
        if name == "waited":
            _add_durations(drawn, "dialogue", "dialogue_", figures)
            _add_durations(drawn, "step", "", figures)
        if name == "receipt_per_s":
            _add_durations(drawn, "receipt", "receipt_", figures)
        if name == "errors":
            statuses = figures.get("statuses")
            for status, times in statuses.items() if isinstance(statuses, Mapping) else ():
                drawn.add_row(f"  {status}", f"{times:,}")
    return drawn


def warning(figures: Mapping[str, object]) -> str:
    """A word where the generator itself may be what was measured, else ""."""
    share, seconds = figures.get("own_cpu_percent"), figures.get("seconds")
    if isinstance(share, float) and isinstance(seconds, float) and share > BUSY and seconds >= _LONG_ENOUGH:
        return (
            f"The generator is the limit: it took {share:.0f} % of a core itself. The server may be faster than this."
        )
    return ""


def lines_table(figures: Mapping[str, Any]) -> str:
    """A row for each sentence of a script: how often it was played and failed, how many milliseconds it took."""
    names = ("line", "played", "failed", *map(_told, PERCENTILES))
    rows = [(*names, "ms of each sentence"), *map(_line_row, figures["steps"])]
    widths = [max(len(row[column]) for row in rows) for column in range(len(names))]
    return "\n".join(
        "  ".join([*(cell.rjust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]) for row in rows
    )


def _line_row(row: Mapping[str, Any]) -> tuple[str, ...]:
    times = [row[f"{name}_ms"] for name in PERCENTILES]
    return (
        f"{row['file']}:{row['line']}" if row["file"] else str(row["line"]),
        f"{row['played']:,}",
        "" if row["failed"] is None else f"{row['failed']:,}",
        *("" if time is None else f"{time:,.2f}" for time in times),
        visible(row["sentence"]),
    )


def failed(figures: Mapping[str, Any]) -> Iterator[str]:
    """For each line at which dialogues failed: how many did, and the report of the first."""
    for row in figures.get("failures", ()):
        place = f"{row['file'] or figures['script']}:{row['line']}"
        yield f"{row['times']:,} failed at {place}; the first:\n{row['example']}"


def _told(percentile: str) -> str:
    return percentile.replace("p999", "p99.9")


def _add_durations(drawn: Table, what: str, prefix: str, figures: Mapping[str, object]) -> None:
    for percentile in PERCENTILES:
        value = figures.get(f"{prefix}{percentile}_ms")
        if value is not None:
            drawn.add_row(f"{what} {_told(percentile)}", f"{value:,.2f} ms")
