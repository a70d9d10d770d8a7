"""Which scenarios of the scripts are played, how often and in which order. No I/O."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace

from ussd_gateway.scenario.language import way_out
from ussd_gateway.scenario.model import Scenario, Script
from ussd_gateway.scenario.result import Result

NOT = "!"


class SelectionError(ValueError):
    """What is asked for is nowhere; the message says what there is."""


def tagged(scripts: Sequence[Script], tags: Collection[str]) -> list[Script]:
    """The scenarios that have one of these tags, if any is given, and none of those behind a !."""
    wanted = {tag for tag in tags if not tag.startswith(NOT)}
    unwanted = {tag.removeprefix(NOT) for tag in tags} - wanted
    known = {tag for script in scripts for scenario in script.scenarios for tag in scenario.tags}
    for tag in sorted(wanted - known):
        raise SelectionError(f'no scenario has the tag "{tag}"\n{way_out(tag, sorted(known))}'.strip())
    return only(
        scripts, lambda _, scenario: unwanted.isdisjoint(scenario.tags) and (not wanted or wanted & {*scenario.tags})
    )


def only(scripts: Sequence[Script], fits: Callable[[Script, Scenario], object]) -> list[Script]:
    """The scenarios that fit; a script without any falls away."""
    left = (
        replace(script, scenarios=tuple(scenario for scenario in script.scenarios if fits(script, scenario)))
        for script in scripts
    )
    return [script for script in left if script.scenarios]


def rounds(scripts: Sequence[Script], repeat: int, seed: str | None) -> Iterator[tuple[Script, str]]:
    """Each script `repeat` times, with what tells this time from the others: " (2 of 3)", "" where there is one.

    seed  shuffles the files, and the scenarios in each, anew each time; the same seed gives the same order
    """
    for number in range(1, repeat + 1):
        round_ = list(scripts)
        if seed is not None:
            _dice(seed, number).shuffle(round_)
            round_ = [_shuffled(script, _dice(seed, number, script.name)) for script in round_]
        yield from ((script, f" ({number} of {repeat})" if repeat > 1 else "") for script in round_)


def marked(results: Sequence[Result], mark: str) -> list[Result]:
    """The results, each scenario's name with the mark of its round."""
    return [replace(result, name=result.name + mark) for result in results] if mark else list(results)


def _shuffled(script: Script, dice: random.Random) -> Script:
    scenarios = list(script.scenarios)
    dice.shuffle(scenarios)
    return replace(script, scenarios=tuple(scenarios))


def _dice(*parts: object) -> random.Random:
    return random.Random(repr(parts))  # noqa: S311  # an order to repeat, not a secret
