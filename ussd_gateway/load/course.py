"""How a load went, second by second. No clock: moments are brought."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from ussd_gateway.load.figures import SECOND, milliseconds
from ussd_gateway.load.histogram import Histogram

COLUMNS = ("second", "due", "begun", "done", "failed", "p50_ms", "p99_ms", "late_ms")
"""Of a row: which second it is, counted from 1; dialogues that were due, begun, done and failed in it; how long the steps of
those that were done took; by how much the generator was late at most."""


class Course:
    """The rows so far."""

    def __init__(self, began: int) -> None:
        self._began = began
        self._rows: list[dict[str, object]] = []
        self._due = self._begun = self._done = self._failed = self._late = 0  # in the second that runs
        self._durations = Histogram()

    def due(self, now: int, late: int) -> None:
        """A dialogue was due; the generator noticed it `late` nanoseconds later, which is now."""
        self._go_on(now)
        self._due += 1
        self._late = max(self._late, late)

    def begun(self, now: int) -> None:
        """A user has begun it."""
        self._go_on(now)
        self._begun += 1

    def done(self, now: int, durations: Iterable[int], *, failed: bool) -> None:
        """It is over; its steps took so many nanoseconds."""
        self._go_on(now)
        self._done += 1
        self._failed += failed
        for duration in durations:
            self._durations.record(duration)

    def rows(self, now: int) -> list[dict[str, object]]:
        """A row for each second, the one that has begun too if anything happened in it."""
        self._go_on(now)
        last = [self._row()] if self._due or self._begun or self._done else []
        return [*self._rows, *last]

    def _go_on(self, now: int) -> None:
        while now >= self._began + (len(self._rows) + 1) * SECOND:
            self._rows.append(self._row())
            self._begin_row()

    def _begin_row(self) -> None:
        self._due = self._begun = self._done = self._failed = self._late = 0
        self._durations = Histogram()

    def _row(self) -> dict[str, object]:
        values = (
            len(self._rows) + 1,
            self._due,
            self._begun,
            self._done,
            self._failed,
            milliseconds(self._durations.percentile(50)),
            milliseconds(self._durations.percentile(99)),
            milliseconds(self._late),
        )
        return dict(zip(COLUMNS, values, strict=True))


def as_csv(rows: Sequence[Mapping[str, object]]) -> str:
    """The rows under their names; what has no data is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
