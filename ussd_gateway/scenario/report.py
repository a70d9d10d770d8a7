"""What came of playing scripts, for people at a terminal and for programs. Secrets were masked before it came here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from rich.text import Text

from ussd_gateway.clock import iso
from ussd_gateway.scenario.result import Arrival, Event, Failure, Kind, Result, Timed

# Control characters but tab and line feed, lone surrogates, and the two that no XML may hold.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")

PASSED, FAILED, PLACE, EXPECTED, QUIET = "green", "bold red", "bold", "cyan", "dim"


def file_line(file: str, results: Sequence[Result]) -> Text:
    """One line about a file that was played."""
    failed = sum(not result.passed for result in results)
    seconds = sum(result.seconds for result in results)
    word, style = ("FAILED", FAILED) if failed else ("passed", PASSED)
    count = f"{failed} of {counted(len(results), 'scenario')} failed" if failed else counted(len(results), "scenario")
    return Text.assemble((word, style), "  ", file, (f"  {count}, {seconds:.1f} s", QUIET))


def summary(results: Sequence[Result]) -> Text:
    """One line about everything."""
    failed = sum(not result.passed for result in results)
    files = counted(len({result.file for result in results}), "file")
    total = f"{counted(len(results), 'scenario')} in {files}"
    if failed:
        return Text(f"{failed} failed, {len(results) - failed} passed: {total}", FAILED)
    return Text(f"all passed: {total}", PASSED)


def failure_report(result: Result) -> Text:
    """Where a scenario failed, what was expected, what arrived instead, and the transcript; "" for one that passed."""
    report = Text()
    if (failure := result.failure) is not None:
        for line in _failure_lines(result, failure):
            report.append_text(line).append("\n")
    return report


def transcript(events: Sequence[Event], phone: str = "") -> Text:
    """What happened, in order, each event with the line of its step; of one phone, or of all."""
    report = Text()
    names = {event.phone for event in events if event.phone}
    for event in events:
        if phone and event.phone not in (phone, ""):
            continue
        who = f"{event.phone} " if event.phone and not phone and len(names) > 1 else ""
        head = f"{_place(event.file, event.line):>6}  {who}"
        if event.kind is Kind.DONE:
            report.append(f"{head}{visible(event.text)}\n")
        else:
            report.append(f"{head}<- {titled(event)}\n", QUIET)
            report.append(_indented(event.text, " " * 11) + "\n")
    return report


def chronicle(result: Result) -> str:
    """Each step with the time since the scenario began, by the network's clock, the time it took, and what it brought.

    A result without times is told as its transcript.
    """
    if not result.steps:
        return transcript(result.events).plain
    lines = ["  line      after       took"]
    for step, events in told_steps(result):
        lines.append(
            f"{_place(step.file, step.line):>6} {after(result, step.at):>10} {duration(step.seconds):>10}  {visible(step.sentence)}"
        )
        for event in events:
            if event.kind is Kind.DONE:
                if event.text not in step.sentence:  # it says what the captures stood for
                    lines.append(f"{'':30}-> {visible(event.text)}")
                continue
            who = f"{event.phone} " if event.phone else ""
            lines += [f"{'':30}{who}<- {titled(event)}", _indented(event.text, " " * 33)]
        if step.failed:
            lines.append(f"{'':30}FAILED")
    return "\n".join(lines) + "\n"


def told_steps(result: Result) -> list[tuple[Timed, list[Event]]]:
    """Each step in the order in which they began, with the events that it brought."""
    steps = sorted(result.steps, key=lambda step: (step.before, step.at))
    told = [(step, list[Event]()) for step in steps]
    begun, latest = 0, dict[tuple[str, int], int]()
    for number, event in enumerate(result.events):
        while begun < len(steps) and steps[begun].before <= number:
            latest[steps[begun].file, steps[begun].line] = begun
            begun += 1
        if told:  # steps of several phones may be under way at once, and each event tells the line of its own
            told[latest.get((event.file, event.line), max(begun - 1, 0))][1].append(event)
    return told


def after(result: Result, moment: float) -> str:
    """The network's time since the scenario began: 90 s."""
    return f"{round(moment - min(step.at for step in result.steps), 1):g} s"


def duration(seconds: float) -> str:
    """Real time: 0.3 ms, 12 ms, 5.1 s."""
    if seconds >= 1:
        return f"{seconds:.1f} s"
    milliseconds = seconds * 1000
    return f"{milliseconds:.0f} ms" if milliseconds >= 10 else f"{milliseconds:.1f} ms"


def as_json(files: Sequence[tuple[str, Sequence[Result]]]) -> dict[str, Any]:
    """Everything, for a program: {"passed", "failed", "seconds", "files": [{"file", "scenarios": [...]}]}."""
    results = [result for _, of_file in files for result in of_file]
    return {
        "passed": sum(result.passed for result in results),
        "failed": sum(not result.passed for result in results),
        "seconds": round(sum(result.seconds for result in results), 3),
        "files": [{"file": file, "scenarios": [_scenario(result) for result in of_file]} for file, of_file in files],
    }


def visible(text: str) -> str:
    """The text with its control characters spelled out, so that none of them plays with a terminal or a parser."""
    return _UNSEEN.sub(_spelled, text)


def counted(number: int, thing: str) -> str:
    """1 file, 2 files."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _failure_lines(result: Result, failure: Failure) -> Iterator[Text]:
    place = f"{failure.file or result.file}:{failure.line}"
    yield Text.assemble(("FAILED", FAILED), "  ", (place, PLACE), f": {result.name}")
    yield Text(f"    {visible(failure.sentence)}")
    for where in failure.where:
        yield Text(f"  in {_indented(where, ' ' * 5).lstrip()}")
    if failure.expected:
        yield Text.assemble("  expected: ", (_indented(failure.expected, " " * 12).lstrip(), EXPECTED))
    if failure.problem:
        yield Text(f"  but: {_indented(failure.problem, ' ' * 7).lstrip()}")
    if failure.phone:
        nearest = ", nearest first" if len(failure.arrived) > 1 else ""
        yield Text(f"  arrived on {failure.phone}{nearest}:")
        for arrival in failure.arrived:
            yield from _arrival_lines(arrival)
        if not failure.arrived:
            yield Text("    nothing")
    yield Text(f"  transcript{f' of {failure.phone}' if failure.phone else ''}:")
    events = transcript(result.events, failure.phone.partition(" ")[0])
    events.rstrip()
    yield events if events else Text("    nothing")
    for later in failure.later:
        yield Text("  and afterwards:")
        yield from _failure_lines(result, later)


def _arrival_lines(arrival: Arrival) -> Iterator[Text]:
    remark = f"; {arrival.remark}" if arrival.remark else ""
    yield Text(f"    {titled(arrival.event)}{remark}")
    yield Text(_indented(arrival.event.text, " " * 8))
    if arrival.difference:
        yield Text("      difference:", QUIET)
        yield _marked(_indented(arrival.difference, " " * 8))


def _marked(difference: str) -> Text:
    text = Text(difference)
    text.highlight_regex(r"(?s)\[-.*?-\]", "red")
    text.highlight_regex(r"(?s)\{\+.*?\+\}", "green")
    return text


def _place(file: str, line: int) -> str:
    return f"{file}:{line}" if file else str(line)


def titled(event: Event) -> str:
    """What arrived: screen (final, success), SMS from 3339."""
    word = "SMS" if event.kind is Kind.SMS else event.kind.value
    if not event.about:
        return word
    return f"{word} {event.about}" if event.kind in (Kind.SMS, Kind.RECEIPT) else f"{word} ({event.about})"


def _spelled(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _indented(text: str, indent: str) -> str:
    if not text:
        return f"{indent}(no text)"
    return "\n".join(f"{indent}{line}" for line in visible(text).split("\n"))


def _scenario(result: Result) -> dict[str, Any]:
    failure = result.failure
    return {
        "name": result.name,
        "line": result.line,
        "tags": list(result.tags),
        "passed": result.passed,
        "began": iso(result.began),
        "seconds": round(result.seconds, 3),
        "failure": None if failure is None else _failure(failure),
        "steps": [
            {
                "file": step.file,
                "line": step.line,
                "sentence": step.sentence,
                "at": iso(step.at),
                "waited": round(step.waited, 3),
                "seconds": round(step.seconds, 6),
                "failed": step.failed,
            }
            for step in result.steps
        ],
        "transcript": [_event(event) for event in result.events],
    }


def _failure(failure: Failure) -> dict[str, Any]:
    return {
        "line": failure.line,
        "sentence": failure.sentence,
        "expected": failure.expected,
        "problem": failure.problem,
        "phone": failure.phone,
        "file": failure.file,
        "where": list(failure.where),
        "later": [_failure(later) for later in failure.later],
        "arrived": [
            {**_event(arrival.event), "difference": arrival.difference, "remark": arrival.remark}
            for arrival in failure.arrived
        ],
    }


def _event(event: Event) -> dict[str, Any]:
    return {
        "phone": event.phone,
        "line": event.line,
        "kind": event.kind.value,
        "text": event.text,
        "about": event.about,
        "at": iso(event.at),
        "file": event.file,
    }
