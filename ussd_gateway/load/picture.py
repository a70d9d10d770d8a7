"""Rate and latency of a load over time as an SVG picture: one file that loads nothing. No I/O."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from ussd_gateway.svg import look, opening, safe

_WIDTH, _PANEL, _GAP = 900.0, 200.0, 76.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 76.0, 28.0, 128.0, 52.0
_NEARLY = 0.1  # of the last second may be missing, where the plan was over
_NAME = 32  # letters of the script's name
_TICKS = 4  # lines across a panel, about so many
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)  # of a scale, and ten times as much, and so on
_LIGHT = "--done: #3b5bdb; --due: #5c667a; --failed: #c92a2a; --p50: #2b8a3e; --p99: #b35c00; --late: #862e9c;"
_DARK = "--done: #91a7ff; --due: #9aa6bb; --failed: #ff8787; --p50: #8ce99a; --p99: #ffc078; --late: #e599f7;"
_RULES = """\
.small { font-size: 12px; fill: var(--soft); }
.panel { font-weight: 650; }
.rule { stroke: var(--line); }
.curve { fill: none; stroke: var(--tone); stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.due { stroke-dasharray: 5 4; stroke-width: 1.6; }
.area { fill: var(--tone); opacity: .14; }
.dot { fill: var(--tone); }"""

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class _Curve:
    """One line of a panel: the column of the rows behind it, and its name."""

    column: str
    name: str
    style: str


_PANELS = (
    (
        "dialogues in a second",
        (_Curve("due", "due", "due"), _Curve("done", "done", "done"), _Curve("failed", "failed", "failed")),
    ),
    (
        "milliseconds",
        (
            _Curve("p50_ms", "step p50", "p50"),
            _Curve("p99_ms", "step p99", "p99"),
            _Curve("late_ms", "generator late", "late"),
        ),
    ),
)


def svg(figures: Mapping[str, Any]) -> str:
    """The picture of a run. Any text in it is safe; it holds no script and refers to nothing elsewhere."""
    return "\n".join(_document(figures)) + "\n"


def _document(figures: Mapping[str, Any]) -> Iterator[str]:
    # The last second is seldom a whole one: its counts would look like a fall of the rate.
    rows: Rows = figures["per_second"]
    whole = [row for row in rows if row["second"] <= math.floor(figures["seconds"] + _NEARLY)] or rows
    height = _TOP + len(_PANELS) * _PANEL + (len(_PANELS) - 1) * _GAP + _BOTTOM
    yield opening(_WIDTH, height)
    yield f'<title id="title">{safe(_title(figures))}</title>'
    yield f'<desc id="about">{safe(_summary(figures))}</desc>'
    yield look(_LIGHT, _DARK, _RULES)
    yield '<rect class="paper" width="100%" height="100%"/>'
    yield f'<text class="heading" x="{_LEFT:.0f}" y="46">{safe(_title(figures))}</text>'
    yield f'<text class="small" x="{_LEFT:.0f}" y="70">{safe(_summary(figures))}</text>'
    for number, (name, curves) in enumerate(_PANELS):
        top = _TOP + number * (_PANEL + _GAP)
        yield from _panel(name, curves, whole, top)
    yield f'<text class="small" x="{_WIDTH - _RIGHT:.0f}" y="{height - 10:.0f}" text-anchor="end">seconds since the beginning</text>'
    yield "</svg>"


def _title(figures: Mapping[str, Any]) -> str:
    rate = f", {figures['rate']:,g} a second" if figures["rate"] else ""
    name = PurePath(figures["script"]).name
    name = name if len(name) <= _NAME else f"{name[: _NAME - 1]}…"
    return f"{name}: {figures['users']:,} users{rate}"


def _summary(figures: Mapping[str, Any]) -> str:
    parts = [f"{figures['dialogues']:,} dialogues in {figures['seconds']:g} s", f"{figures['failed'] or 0:,} failed"]
    for words, name in (("step p50", "p50_ms"), ("step p99", "p99_ms"), ("generator late p99", "late_p99_ms")):
        if figures[name] is not None:
            parts.append(f"{words} {figures[name]:,.1f} ms")
    return ", ".join(parts)


def _panel(name: str, curves: Sequence[_Curve], rows: Rows, top: float) -> Iterator[str]:
    most = max((row[curve.column] or 0 for curve in curves for row in rows), default=0)
    step = _step(most / _TICKS, whole=curves[0].column == "due")
    ceiling = step * max(math.ceil(most / step), 1)
    last = max((row["second"] for row in rows), default=1)

    def x(second: float) -> float:
        return _LEFT + second / last * (_WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        return top + _PANEL * (1 - value / ceiling)

    yield f'<text class="panel" x="{_LEFT:.0f}" y="{top - 14:.0f}">{name}</text>'
    yield from _legend(curves, top - 14)
    for tick in range(round(ceiling / step) + 1):
        at = y(tick * step)
        yield f'<path class="rule" d="M{_LEFT:.0f} {at:.1f}H{_WIDTH - _RIGHT:.0f}"/>'
        yield f'<text class="small" x="{_LEFT - 8:.0f}" y="{at + 4:.1f}" text-anchor="end">{tick * step:,g}</text>'
    apart = _step(last / 10, whole=True)
    for tick in range(int(last / apart) + 1):
        yield (
            f'<text class="small" x="{x(tick * apart):.1f}" y="{top + _PANEL + 20:.0f}" text-anchor="middle">'
            f"{tick * apart:,g}</text>"
        )
    for curve in curves:
        yield from _drawn(curve, rows, x, y)


def _legend(curves: Sequence[_Curve], y: float) -> Iterator[str]:
    right = _WIDTH - _RIGHT
    for curve in reversed(curves):
        right -= 8.0 * len(curve.name)
        yield f'<text class="small" x="{right:.0f}" y="{y:.0f}">{curve.name}</text>'
        yield (
            f'<path class="curve {curve.style}" style="--tone: var(--{curve.style})" d="M{right - 28:.0f} {y - 4:.0f}h20"/>'
        )
        right -= 48


def _drawn(curve: _Curve, rows: Rows, x: Callable[[float], float], y: Callable[[float], float]) -> Iterator[str]:
    """The curve, each second at its middle; a gap where there is no data. One second alone is a dot."""
    tone = f'style="--tone: var(--{curve.style})"'
    for run in _runs(curve.column, rows):
        points = [(x(row["second"] - 0.5), y(row[curve.column])) for row in run]
        path = "L".join(f"{across:.1f} {down:.1f}" for across, down in points)
        if curve.style == "done":
            yield f'<path class="area" {tone} d="M{points[0][0]:.1f} {y(0):.1f}L{path}V{y(0):.1f}Z"/>'
        if len(points) == 1:
            yield f'<circle class="dot" {tone} cx="{points[0][0]:.1f}" cy="{points[0][1]:.1f}" r="3"/>'
        else:
            yield f'<path class="curve {curve.style}" {tone} d="M{path}"><title>{curve.name}</title></path>'


def _runs(column: str, rows: Rows) -> Iterator[Rows]:
    """The rows that follow each other and have data."""
    run: list[Mapping[str, Any]] = []
    for row in rows:
        if row[column] is not None:
            run.append(row)
        elif run:
            yield run
            run = []
    if run:
        yield run


def _step(least: float, *, whole: bool) -> float:
    """The next round number for a scale; at least 1 where there are no parts of it."""
    if least <= 0:
        return 1.0
    size = 10.0 ** math.floor(math.log10(least))
    step = next(factor * size for factor in _STEPS if factor * size >= least * 0.999)
    if whole and step % 1:
        return float(math.ceil(step))
    return step
