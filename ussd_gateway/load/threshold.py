"""`p99<20ms`, `msg_per_s>50000`, `errors==0`: what a load test asks of its figures."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

Figures = Mapping[str, object]
"""What was measured, by the names of FIGURES and others; None where there is no data."""

_TIME = {"us": 1e-3, "ms": 1.0, "s": 1e3}  # figures are in milliseconds
_PLAIN = {"": 1.0}
_SHARE = {"": 1.0, "%": 1.0}
_SIZE = {"": 1.0, "MiB": 1.0}

_PERCENTILES = {"p50": "p50_ms", "p90": "p90_ms", "p99": "p99_ms", "p99.9": "p999_ms", "max": "max_ms"}

FIGURES: dict[str, tuple[str, Mapping[str, float]]] = {
    # the name in an expression: the name among the figures, and the units that may stand behind the number
    "msg_per_s": ("msg_per_s", _PLAIN),
    **{name: (figure, _TIME) for name, figure in _PERCENTILES.items()},
    "dialogues_per_s": ("dialogues_per_s", _PLAIN),
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

_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}
_EXPRESSION = re.compile(r"\s*([a-z_0-9.]+)\s*(<=|>=|==|!=|<|>)\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z%]*)\s*", re.ASCII)


class ThresholdError(ValueError):
    """An expression that says nothing about the figures; the message says what would."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """One bound on one figure."""

    expression: str
    figure: str
    relation: str
    bound: float

    def missed(self, figures: Figures) -> str:
        """In what way the figures miss it, or "" where they keep it. A figure without data misses it."""
        value = figures.get(self.figure)
        if not isinstance(value, int | float):
            return f"{self.expression}: there is no data"
        if _OPERATORS[self.relation](value, self.bound):
            return ""
        return f"{self.expression}: it is {value:.10g}{' ms' if self.figure.endswith('_ms') else ''}"


def parse(expression: str) -> Threshold:
    """The bound that an expression such as "p99<20ms" is; ThresholdError for one that is none."""
    found = _EXPRESSION.fullmatch(expression)
    if found is None:
        raise ThresholdError(f"{expression!r} is no threshold; one looks like p99<20ms or msg_per_s>50000")
    name, relation, number, unit = found.groups()
    if name not in FIGURES:
        raise ThresholdError(f"{expression!r}: {name} is unknown; known: {', '.join(FIGURES)}")
    figure, units = FIGURES[name]
    if unit not in units:
        allowed = " or ".join(f"{number}{known}" for known in units)
        raise ThresholdError(f"{expression!r}: {number}{unit} is no measure of {name}; write {allowed}")
    return Threshold(expression, figure, relation, float(number) * units[unit])


def missed(thresholds: Iterable[Threshold], figures: Figures) -> list[str]:
    """What each threshold that was missed has to say."""
    return [words for threshold in thresholds if (words := threshold.missed(figures))]
