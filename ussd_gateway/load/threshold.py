"""`p99<20ms`, `errors==0`, `line 12 p99<30ms`: what a load test asks of its figures."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Figures = Mapping[str, object]
"""What was measured, by the names of FIGURES and others; None where there is no data."""

EACH = "each"
_NO_DATA = "there is no data"

_TIME = {"us": 1e-3, "ms": 1.0, "s": 1e3}  # figures are in milliseconds
_PLAIN = {"": 1.0}
_SHARE = {"": 1.0, "%": 1.0}
_SIZE = {"": 1.0, "MiB": 1.0}

_PERCENTILES = {"p50": "p50_ms", "p90": "p90_ms", "p99": "p99_ms", "p99.9": "p999_ms", "max": "max_ms"}

FIGURES: dict[str, tuple[str, Mapping[str, float]]] = {
    # the name in an expression: the name among the figures, and the units that may stand behind the number
    "msg_per_s": ("msg_per_s", _PLAIN),
    **{name: (figure, _TIME) for name, figure in _PERCENTILES.items()},
    "dialogues": ("dialogues", _PLAIN),
    "dialogues_per_s": ("dialogues_per_s", _PLAIN),
    **{f"dialogue_{name}": (f"dialogue_{figure}", _TIME) for name, figure in _PERCENTILES.items()},
    "failed": ("failed", _PLAIN),
    "timeouts": ("timeouts", _PLAIN),
    "waited": ("waited", _PLAIN),
    "late_p99": ("late_p99_ms", _TIME),
    "receipt_per_s": ("receipt_per_s", _PLAIN),
    **{f"receipt_{name}": (f"receipt_{figure}", _TIME) for name, figure in _PERCENTILES.items()},
    "sent": ("sent", _PLAIN),
    "accepted": ("accepted", _PLAIN),
    "errors": ("errors", _PLAIN),
    "unanswered": ("unanswered", _PLAIN),
    "lost": ("lost", _PLAIN),
    "doubled": ("doubled", _PLAIN),
    "own_cpu": ("own_cpu_percent", _SHARE),
    "server_cpu": ("server_cpu_percent", _SHARE),
    "server_memory": ("server_rss_mib", _SIZE),
}

OF_A_LINE: dict[str, tuple[str, Mapping[str, float]]] = {
    "played": ("played", _PLAIN),
    "failed": ("failed", _PLAIN),
    **{name: (figure, _TIME) for name, figure in _PERCENTILES.items()},
}
"""The same for a line of a script."""

_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}
_LINE = re.compile(r"\s*(?:(?P<each>each\s+line)|line\s+(?:(?P<file>\S+):)?(?P<line>[0-9]+))\s(?P<rest>.*)", re.ASCII)
_EXPRESSION = re.compile(r"\s*([a-z_0-9.]+)\s*(<=|>=|==|!=|<|>)\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z%]*)\s*", re.ASCII)


class ThresholdError(ValueError):
    """An expression that says nothing about the figures; the message says what would."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """One bound on one figure.

    line  the file and line whose figure it is, (EACH, 0) for that of each line that asks something of the gateway; None
          for a figure of the whole run
    """

    expression: str
    figure: str
    relation: str
    bound: float
    line: tuple[str, int] | None = None

    def missed(self, figures: Figures) -> str:
        """In what way the figures miss it, or "" where they keep it. A figure without data misses it."""
        found = self._missed_by_lines(figures) if self.line else [self._missed(figures)]
        words = "; ".join(filter(None, found))
        return words and f"{self.expression}: {words}"

    def _missed_by_lines(self, figures: Figures) -> Iterator[str]:
        rows: Any = figures.get("steps", ())
        each = self.line == (EACH, 0)
        chosen = [row for row in rows if (row["asks"] if each else (row["file"], row["line"]) == self.line)]
        if not chosen:
            yield _NO_DATA
        for row in chosen:
            words = self._missed(row)
            yield f"{place_of(row)}: {words}" if each and words else words

    def _missed(self, figures: Figures) -> str:
        value = figures.get(self.figure)
        if not isinstance(value, int | float):
            return _NO_DATA
        if _OPERATORS[self.relation](value, self.bound):
            return ""
        return f"it is {value:.10g}{' ms' if self.figure.endswith('_ms') else ''}"


def parse(expression: str, lines: Sequence[tuple[str, int]] = ()) -> Threshold:
    """The bound that an expression such as "p99<20ms" is; ThresholdError for one that is none.

    lines  file and line of each sentence that has figures of its own, as in "line 12 p99<30ms" and "each line p99<30ms"
    """
    rest, line = expression, None
    if lines and (of_lines := _LINE.fullmatch(expression)):
        rest = of_lines["rest"]
        line = (EACH, 0) if of_lines["each"] else (of_lines["file"] or "", int(of_lines["line"]))
        if line not in [(EACH, 0), *lines]:
            there = ", ".join(f"{file}:{number}" if file else str(number) for file, number in lines)
            raise ThresholdError(f"{expression!r}: no sentence that is played stands in this line; there are {there}")
    found = _EXPRESSION.fullmatch(rest)
    if found is None:
        looks = "p99<20ms, failed==0 or line 12 p99<30ms" if lines else "p99<20ms, errors==0 or msg_per_s>50000"
        raise ThresholdError(f"{expression!r} is no threshold; one looks like {looks}")
    name, relation, number, unit = found.groups()
    known = OF_A_LINE if line else FIGURES
    if name not in known:
        whose = "of a line " if line else ""
        raise ThresholdError(f"{expression!r}: {name} {whose}is unknown; known: {', '.join(known)}")
    figure, units = known[name]
    if unit not in units:
        allowed = " or ".join(f"{number}{one}" for one in units)
        raise ThresholdError(f"{expression!r}: {number}{unit} is no measure of {name}; write {allowed}")
    return Threshold(expression, figure, relation, float(number) * units[unit], line)


def place_of(row: Figures) -> str:
    """Where the sentence of a row stands: line 12, line people.ussd:12."""
    return f"line {row['file']}:{row['line']}" if row["file"] else f"line {row['line']}"


def missed(thresholds: Iterable[Threshold], figures: Figures) -> list[str]:
    """What each threshold that was missed has to say."""
    return [words for threshold in thresholds if (words := threshold.missed(figures))]
