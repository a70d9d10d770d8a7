from xml.etree import ElementTree

from ussd_gateway.scenario.junit import junit
from ussd_gateway.scenario.play import Event, Failure, Kind, Result

PASSED = Result("a.ussd", 'Says "hello" & <more>', 3, 0.25, None, (Event("anna", 4, Kind.DONE, "dials *111#"),))
FAILED = Result(
    "b.ussd", "Fails", 1, 1.0, Failure(2, "anna sees /\x01/", "a screen", "\x00 came"), (Event("a", 2, Kind.SMS, "\x1b]\ufffe\ud800"),)
)  # fmt: skip


def test_each_file_is_a_suite_and_each_scenario_a_case():
    suites = ElementTree.fromstring(junit([("a.ussd", [PASSED]), ("b.ussd", [FAILED])]))
    assert suites.tag == "testsuites"
    assert {key: suites.get(key) for key in ("tests", "failures", "errors", "time")} == {
        "tests": "2",
        "failures": "1",
        "errors": "0",
        "time": "1.250",
    }
    first, second = suites
    assert (first.tag, first.get("name"), first.get("tests"), first.get("failures")) == (
        "testsuite",
        "a.ussd",
        "1",
        "0",
    )
    (case,) = first
    assert case.attrib == {
        "name": 'Says "hello" & <more>',
        "classname": "a.ussd",
        "file": "a.ussd",
        "line": "3",
        "time": "0.250",
    }
    assert [child.tag for child in case] == ["system-out"]
    assert case[0].text == "     4  dials *111#\n"
    assert second.get("failures") == "1"


def test_a_failure_has_its_message_and_its_whole_report_in_characters_that_xml_knows():
    ((case,),) = ElementTree.fromstring(junit([("b.ussd", [FAILED])]))
    failure, out = case
    assert (failure.tag, failure.get("message"), failure.get("type")) == ("failure", "a screen", "failure")
    assert failure.text.startswith(
        "FAILED  b.ussd:2: Fails\n    anna sees /\\x01/\n  expected: a screen\n  but: \\x00 came\n"
    )
    assert out.text == "     2  <- SMS\n           \\x1b]\\ufffe\\ud800\n"
