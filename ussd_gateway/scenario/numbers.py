"""The same scenario with other phones: their numbers change wherever they stand. No I/O."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

from ussd_gateway.scenario.model import Action, Block, Body, Expected, Field, Row, Scenario, Text

_Change = Callable[[str], str]


def with_numbers(scenario: Scenario, others: Mapping[str, str]) -> Scenario:
    """The scenario with other numbers of its phones, each by the old one.

    An old number changes in every text, code, URL, variable and row as well, where its digits stand by themselves.
    """
    if not scenario.phones:
        return scenario
    pattern = re.compile(rf"(?<!\d)({'|'.join(sorted(others))})(?!\d)")

    def change(text: str) -> str:
        return pattern.sub(lambda found: others[found[1]], text)

    return replace(
        scenario,
        phones={name: others[number] for name, number in scenario.phones.items()},
        variables=_of_all(scenario.variables, change),
        setup=_steps(scenario.setup, change),
        steps=_steps(scenario.steps, change),
        teardown=_steps(scenario.teardown, change),
    )


def _steps(steps: tuple[Action, ...], change: _Change) -> tuple[Action, ...]:
    return tuple(_step(step, change) for step in steps)


def _step(step: Action, change: _Change) -> Action:
    """The step as it was written; only what it means has changed."""
    changed: dict[str, Any] = {}
    if isinstance(step, Block):
        changed["steps"] = _steps(step.steps, change)
    for place in fields(step):
        value = getattr(step, place.name)
        other = _other(value, change)
        if other != value:
            changed[place.name] = other
    return replace(step, **changed) if changed else step


def _other(value: Any, change: _Change) -> Any:
    match value:
        case Text():
            return replace(value, source=change(value.source))
        case Expected():
            return replace(value, text=_other(value.text, change))
        case Field():
            return replace(value, value=_other(value.value, change))
        case Body():
            raw = value.raw and _other(value.raw, change)
            return replace(value, fields=_other(value.fields, change), raw=raw)
        case Row():
            return replace(value, values=_of_all(value.values, change))
        case tuple() if value and isinstance(value[0], Field | Row):
            return tuple(_other(part, change) for part in value)
        case _:
            return value


def _of_all(values: Mapping[str, str], change: _Change) -> dict[str, str]:
    return {name: change(value) for name, value in values.items()}
