"""The result as JUnit XML, which CI servers read: a testsuite for each file, a testcase for each scenario."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

from ussd_gateway.scenario import report
from ussd_gateway.scenario.play import Result


def junit(files: Sequence[tuple[str, Sequence[Result]]]) -> str:
    """The XML document; `files` are the files' names, each with the results of its scenarios."""
    results = [result for _, of_file in files for result in of_file]
    suites = ElementTree.Element("testsuites", {"name": "ussd-gateway play", **_counts(results)})
    for file, of_file in files:
        suite = ElementTree.SubElement(suites, "testsuite", {"name": file, **_counts(of_file)})
        for result in of_file:
            _add(suite, file, result)
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _add(suite: ElementTree.Element, file: str, result: Result) -> None:
    case = ElementTree.SubElement(
        suite,
        "testcase",
        name=report.visible(result.name),
        classname=file,
        file=file,
        line=str(result.line),
        time=f"{result.seconds:.3f}",
    )
    if failure := result.failure:
        message = failure.expected or failure.problem
        element = ElementTree.SubElement(case, "failure", message=report.visible(message), type="failure")
        element.text = report.failure_report(result).plain
    ElementTree.SubElement(case, "system-out").text = report.transcript(result.events).plain


def _counts(results: Sequence[Result]) -> dict[str, str]:
    return {
        "tests": str(len(results)),
        "failures": str(sum(not result.passed for result in results)),
        "errors": "0",
        "skipped": "0",
        "time": f"{sum(result.seconds for result in results):.3f}",
    }
