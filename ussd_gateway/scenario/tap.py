"""The result in the Test Anything Protocol, version 14, which those of version 13 read too: a line for each scenario."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from ussd_gateway.scenario import report
from ussd_gateway.scenario.result import Failure, Result

_ESCAPED = re.compile(r"[\\#]")  # a # begins a directive


def tap(files: Sequence[tuple[str, Sequence[Result]]]) -> str:
    """The whole stream; `files` are the files' names, each with the results of its scenarios."""
    results = [result for _, of_file in files for result in of_file]
    lines = ["TAP version 14", f"1..{len(results)}"]
    for number, result in enumerate(results, 1):
        described = _ESCAPED.sub(r"\\\g<0>", report.visible(f"{result.file}: {result.name}").replace("\n", " "))
        lines.append(f"{'ok' if result.passed else 'not ok'} {number} - {described}")
        lines += _diagnostics(result)
    return "\n".join(lines) + "\n"


def _diagnostics(result: Result) -> Iterator[str]:
    """A block of YAML: its strings are written as JSON has them, which is YAML too."""
    yield "  ---"
    if result.failure:
        yield from _failure(result, result.failure)
    yield f"  duration_ms: {result.seconds * 1000:.3f}"
    yield "  ..."


def _failure(result: Result, failure: Failure) -> Iterator[str]:
    yield f"  message: {_string(failure.expected or failure.problem)}"
    yield "  severity: fail"
    yield "  at:"
    yield f"    file: {_string(failure.file or result.file)}"
    yield f"    line: {failure.line}"
    yield "  report: |2"
    for line in report.failure_report(result).plain.rstrip().split("\n"):
        yield f"    {line}".rstrip()


def _string(text: str) -> str:
    return json.dumps(report.visible(text), ensure_ascii=False)
