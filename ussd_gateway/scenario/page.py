"""The result as one HTML page that needs nothing else: no script, no other file, and every journey as a chat."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ussd_gateway.clock import iso
from ussd_gateway.scenario import report
from ussd_gateway.scenario.result import Event, Failure, Kind, Result

_MARKS = re.compile(r"(\[-.*?-\]|\{\+.*?\+\})", re.DOTALL)
_NOTHING: Mapping[str, str] = MappingProxyType({})

_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class Bubble:
    """One thing in the chat: `side` is user, network, or note for what nobody says to anybody."""

    side: str
    text: str
    phone: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A step in the chat: where it stands, when it was and how long it took, and its bubbles."""

    place: str
    after: str
    took: str
    sentence: str
    failed: bool
    bubbles: tuple[Bubble, ...]


def page(files: Sequence[tuple[str, Sequence[Result]]], facts: Mapping[str, str] = _NOTHING) -> str:
    """The page.

    files  the files' names, each with the results of its scenarios
    facts  what else is known of the play, such as its seed
    """
    results = [result for _, of_file in files for result in of_file]
    failed = sum(not result.passed for result in results)
    return _environment.get_template("page.html").render(
        files=files,
        facts=facts,
        failed=failed,
        passed=len(results) - failed,
        seconds=sum(result.seconds for result in results),
        began=_moment(min((result.began for result in results), default=0.0)),
        failures=failures,
        phones=phones,
        rows=rows,
        parts=parts,
        counted=report.counted,
        visible=report.visible,
        titled=report.titled,
        duration=report.duration,
        moment=_moment,
    )


def failures(result: Result) -> tuple[Failure, ...]:
    """What failed, and what failed in the teardown after it."""
    return (result.failure, *result.failure.later) if result.failure else ()


def phones(result: Result) -> list[str]:
    """The phones of the transcript, in the order in which they turn up."""
    return list(dict.fromkeys(event.phone for event in result.events if event.phone))


def rows(result: Result) -> Iterator[Row]:
    """The chat of a scenario, a row for each step."""
    for step, events in report.told_steps(result):
        bubbles = tuple(map(_bubble, events))
        done = [event.text for event in events if event.kind is Kind.DONE]
        if not done or (step.failed and step.sentence not in done):  # otherwise they say what was done
            bubbles = (*bubbles, Bubble("note", step.sentence))
        took = report.duration(step.seconds)
        place = f"{step.file}:{step.line}" if step.file else f"line {step.line}"
        yield Row(place, report.after(result, step.at), took, step.sentence, step.failed, bubbles)


def parts(difference: str) -> Iterator[tuple[str, str]]:
    """A difference in pieces: what is missing as ("del", text), what was not expected as ("ins", text), ("", text)."""
    for piece in filter(None, _MARKS.split(difference)):
        if _MARKS.fullmatch(piece):
            yield ("del" if piece.startswith("[") else "ins"), piece[2:-2]
        else:
            yield "", piece


def _moment(moment: float) -> str:
    return iso(moment).replace("T", " ").replace("Z", " UTC")


def _bubble(event: Event) -> Bubble:
    if event.kind is Kind.DONE:
        return Bubble("user" if event.phone else "note", event.text, event.phone)
    return Bubble("network", event.text, event.phone, report.titled(event))
