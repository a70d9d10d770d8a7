from xml.etree import ElementTree

import pytest

from ussd_gateway.scenario.junit import junit
from ussd_gateway.scenario.result import Event, Failure, Kind, Result

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
        "classname": "a",
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


def test_build_servers_get_a_tree_of_classes_times_tags_and_what_is_known_of_the_play():
    result = Result("scripts/v1.2/a.ussd", "Works", 3, 0.25, None, (), began=1_500_000_000.0, tags=("smoke", "slow"))
    (suite,) = ElementTree.fromstring(junit([("scripts/v1.2/a.ussd", [result])], {"seed": "7"}))
    assert suite.get("timestamp") == "2017-07-14T02:40:00+00:00"
    properties, case = suite
    assert [(found.get("name"), found.get("value")) for found in properties] == [("seed", "7")]
    assert case.get("classname") == "scripts.v1_2.a"
    assert [(found.get("name"), found.get("value")) for found in case[0]] == [("tag", "smoke"), ("tag", "slow")]
    assert [child.tag for child in case] == ["properties", "system-out"]


@pytest.mark.parametrize(("file", "name"), [("../x/a.ussd", "x.a"), ("/x/a.ussd", "x.a"), ("./a.ussd", "a")])
def test_a_class_is_named_after_its_file(file, name):
    ((case,),) = ElementTree.fromstring(junit([(file, [Result(file, "x", 1, 0.0, None, ())])]))
    assert case.get("classname") == name
