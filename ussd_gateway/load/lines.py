"""What a load counts for each sentence of a script: how often it was played, how long it took, how often it failed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ussd_gateway.load.figures import SECOND, durations
from ussd_gateway.load.histogram import Histogram
from ussd_gateway.scenario import model
from ussd_gateway.scenario.report import failure_report
from ussd_gateway.scenario.result import Failure, Result
from ussd_gateway.scenario.secrets import MASK, Secrets

LOOKS = (model.See, model.Measure, model.SeeStatus, model.SeePage, model.Check, model.Let)
WAITS = (model.Wait, model.ReceiveNone, model.EsmeReceiveNone, model.GetNoReceipt)
"""Sentences that take no time of the gateway's: they look at what has come already, or let time pass."""


@dataclass(slots=True)
class Line:
    """One sentence.

    file    str; "" for the script's own
    asks    bool; its time is the gateway's
    failed  int; dialogues that failed there, also before the sentence was played: where its phone could not begin
    """

    file: str
    line: int
    sentence: str
    asks: bool
    failed: int = 0
    durations: Histogram = field(default_factory=Histogram)

    def figures(self) -> dict[str, object]:
        """By name; times in milliseconds, None where there is no data."""
        return {
            "file": self.file,
            "line": self.line,
            "sentence": self.sentence,
            "asks": self.asks,
            "played": self.durations.total,
            "failed": self.failed if self.failed or self.durations.total else None,
            **durations("", self.durations),
        }


class Lines:
    """The sentences of the scenarios, in the order in which they are played, and how all dialogues ended.

    asking  Histogram; the durations of all steps that ask something of the gateway
    """

    def __init__(self, scenarios: Sequence[model.Scenario]) -> None:
        secrets = _written_secrets(scenarios)
        self._lines = {
            (step.file, step.line): Line(
                step.file, step.line, secrets.mask(step.sentence), not isinstance(step, LOOKS + WAITS)
            )
            for step in _steps(scenarios)
            if not isinstance(step, model.Block)
        }
        self.asking = Histogram()
        self._failures: dict[tuple[str, int], tuple[Failure, str, int]] = {}  # the first, its report, and how many

    def count(self, result: Result, late: int) -> list[int]:
        """Count a scenario that was played; its first step began `late` nanoseconds after it was due.

        The durations of its steps that ask something of the gateway, in nanoseconds.
        """
        asking = []
        first = min(result.steps, key=lambda step: step.at, default=None)
        for step in result.steps:
            line = self._lines.get((step.file, step.line))
            if line is None:  # the round or row of a block
                continue
            if step.sentence != line.sentence and MASK in step.sentence:
                line.sentence = step.sentence  # it is known by now what is secret in it
            duration = int(step.seconds * SECOND) + (late if step is first else 0)
            line.durations.record(duration)
            if line.asks:
                asking.append(duration)
                self.asking.record(duration)
        if failure := result.failure:
            for one in (failure, *failure.later):
                if line := self._lines.get((one.file, one.line)):
                    line.failed += 1
            place = failure.file, failure.line
            known, report, times = self._failures.get(place) or (failure, failure_report(result).plain, 0)
            self._failures[place] = known, report, times + 1
        return asking

    def figures(self) -> list[dict[str, object]]:
        """A row for each sentence."""
        return [line.figures() for line in self._lines.values()]

    def failures(self) -> list[dict[str, object]]:
        """A row for each sentence at which dialogues failed, the most frequent first, with the report of its first."""
        return [
            {"file": file, "line": line, "sentence": failure.sentence, "times": times, "example": report}
            for (file, line), (failure, report, times) in sorted(
                self._failures.items(), key=lambda item: item[1][2], reverse=True
            )
        ]

    @property
    def places(self) -> list[tuple[str, int]]:
        """File and line of each sentence."""
        return list(self._lines)


def _steps(scenarios: Sequence[model.Scenario]) -> Iterable[model.Action]:
    for part in ("setup", "steps", "teardown"):
        for scenario in scenarios:
            yield from model.walk(getattr(scenario, part))


def _written_secrets(scenarios: Sequence[model.Scenario]) -> Secrets:
    """The secrets that the script itself spells out: also a sentence that is never played keeps them."""
    secrets = Secrets()
    for scenario in scenarios:
        for name, value in scenario.variables.items():
            secrets.add(name, value)
    for step in _steps(scenarios):
        if isinstance(step, model.Let):
            secrets.add(step.variable, step.text.source)
        if isinstance(step, model.Request):
            for place in (*step.body.fields, *step.headers):
                secrets.add(place.name, place.value.source)
    return secrets
