"""The result as JUnit XML, which build servers read: a testsuite for each file, a testcase for each scenario.

There is no one specification. What is written is what Jenkins and GitLab show, in the order of the elements that
Jenkins' schema asks for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import PurePath
from types import MappingProxyType
from xml.etree import ElementTree

from ussd_gateway.scenario import report
from ussd_gateway.scenario.result import Result

_NOTHING: Mapping[str, str] = MappingProxyType({})


def junit(files: Sequence[tuple[str, Sequence[Result]]], facts: Mapping[str, str] = _NOTHING) -> str:
    """The XML document.

    files  the files' names, each with the results of its scenarios
    facts  what else is known of the play, such as its seed; each testsuite gets them as properties
    """
    results = [result for _, of_file in files for result in of_file]
    suites = ElementTree.Element("testsuites", {"name": "ussd-gateway play", **_counts(results)})
    for file, of_file in files:
        began = min((result.began for result in of_file), default=0.0)
        timestamp = datetime.fromtimestamp(began, UTC).isoformat(timespec="seconds")
        suite = ElementTree.SubElement(suites, "testsuite", {"name": file, "timestamp": timestamp, **_counts(of_file)})
        _add_properties(suite, [*facts.items()])
        for result in of_file:
            _add(suite, result)
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _add(suite: ElementTree.Element, result: Result) -> None:
    case = ElementTree.SubElement(
        suite,
        "testcase",
        name=report.visible(result.name),
        classname=_class_name(result.file),
        file=result.file,
        line=str(result.line),
        time=f"{result.seconds:.3f}",
    )
    _add_properties(case, [("tag", tag) for tag in result.tags])
    if failure := result.failure:
        message = failure.expected or failure.problem
        element = ElementTree.SubElement(case, "failure", message=report.visible(message), type="failure")
        element.text = report.failure_report(result).plain
    ElementTree.SubElement(case, "system-out").text = report.chronicle(result)


def _add_properties(parent: ElementTree.Element, pairs: Sequence[tuple[str, str]]) -> None:
    if pairs:
        properties = ElementTree.SubElement(parent, "properties")
        for name, value in pairs:
            ElementTree.SubElement(properties, "property", name=name, value=report.visible(value))


def _class_name(file: str) -> str:
    """scripts/portal.ussd as scripts.portal: build servers draw a tree from the dots."""
    path = PurePath(file).with_suffix("")
    parts = [part.replace(".", "_") for part in path.parts if part not in (path.anchor, "..")]
    return ".".join(parts)


def _counts(results: Sequence[Result]) -> dict[str, str]:
    return {
        "tests": str(len(results)),
        "failures": str(sum(not result.passed for result in results)),
        "errors": "0",
        "skipped": "0",
        "time": f"{sum(result.seconds for result in results):.3f}",
    }
