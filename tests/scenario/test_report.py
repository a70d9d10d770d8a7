"""What people and programs read; as whole texts."""

import json
from dataclasses import replace

import pytest

from ussd_gateway.scenario.report import (
    as_json,
    chronicle,
    duration,
    failure_report,
    file_line,
    summary,
    told_steps,
    transcript,
    visible,
)
from ussd_gateway.scenario.result import Arrival, Event, Failure, Kind, Result, Timed

PASSED = Result("a.ussd", "Works", 3, 0.25, None, (), tags=("smoke",))
SCREEN = Event("anna", 5, Kind.SCREEN, "Слишком много\nзапросов.", "final, success")
SMS = Event("anna", 5, Kind.SMS, "Пароль: ********", "from 3339")
FAILED = Result(
    "a.ussd",
    "A new password",
    4,
    1.5,
    Failure(
        6,
        'anna sees "запрос принят"',
        'a screen containing "запрос принят"',
        "",
        "anna (70001000001)",
        (Arrival(SCREEN, 0.7, "запрос[- принят-]"), Arrival(SMS, 0.1, "", "an earlier step has read it")),
    ),
    (
        Event("anna", 5, Kind.DONE, "dials *111*25#"),
        SCREEN,
        SMS,
        Event("boris", 5, Kind.DONE, "turns off"),
        Event("", 6, Kind.DONE, "wait 5 s"),
    ),
)


def test_a_failure_tells_place_sentence_expectation_arrivals_and_transcript():
    assert failure_report(FAILED).plain == (
        """\
FAILED  a.ussd:6: A new password
    anna sees "запрос принят"
  expected: a screen containing "запрос принят"
  arrived on anna (70001000001), nearest first:
    screen (final, success)
        Слишком много
        запросов.
      difference:
        запрос[- принят-]
    SMS from 3339; an earlier step has read it
        Пароль: ********
  transcript of anna (70001000001):
     5  dials *111*25#
     5  <- screen (final, success)
           Слишком много
           запросов.
     5  <- SMS from 3339
           Пароль: ********
     6  wait 5 s
"""
    )


def test_a_failure_without_a_phone_tells_the_problem_and_everybodys_transcript():
    failure = Failure(9, "check {a} is {b}", problem='"1" is not "2"')
    result = Result("a.ussd", "x", 1, 0.0, failure, FAILED.events)
    assert failure_report(result).plain == (
        """\
FAILED  a.ussd:9: x
    check {a} is {b}
  but: "1" is not "2"
  transcript:
     5  anna dials *111*25#
     5  anna <- screen (final, success)
           Слишком много
           запросов.
     5  anna <- SMS from 3339
           Пароль: ********
     5  boris turns off
     6  wait 5 s
"""
    )


def test_nothing_that_arrived_is_told_as_nothing():
    failure = Failure(3, "anna sees final screen", "a final screen", "the phone shows nothing", "anna (7)")
    assert failure_report(Result("a.ussd", "x", 1, 0.0, failure, ())).plain == (
        """\
FAILED  a.ussd:3: x
    anna sees final screen
  expected: a final screen
  but: the phone shows nothing
  arrived on anna (7):
    nothing
  transcript of anna (7):
    nothing
"""
    )


def test_a_scenario_that_passed_has_no_failure_to_tell():
    assert failure_report(PASSED).plain == ""


def test_a_long_text_is_told_whole():
    text = "Очень длинный текст. " * 500
    assert text in transcript([Event("anna", 1, Kind.SMS, text, "from 1")]).plain


def test_an_empty_text_is_seen():
    assert transcript([Event("anna", 1, Kind.SCREEN, "")]).plain.endswith("(no text)\n")


def test_a_file_gets_one_line():
    assert file_line("a.ussd", [PASSED, PASSED]).plain == "passed  a.ussd  2 scenarios, 0.5 s"
    assert file_line("a.ussd", [PASSED, FAILED]).plain == "FAILED  a.ussd  1 of 2 scenarios failed, 1.8 s"


def test_the_last_line_counts():
    assert summary([PASSED]).plain == "all passed: 1 scenario in 1 file"
    assert summary([PASSED, FAILED]).plain == "1 failed, 1 passed: 2 scenarios in 1 file"


@pytest.mark.parametrize(
    ("text", "seen"), [("\x1b[31mred\x07", "\\x1b[31mred\\x07"), ("a\r\n\tb", "a\\x0d\n\tb"), ("Ёж €", "Ёж €")]
)
def test_control_characters_are_spelled_out(text, seen):
    assert visible(text) == seen


def test_a_program_reads_everything():
    told = as_json([("a.ussd", [PASSED, FAILED])])
    assert json.loads(json.dumps(told)) == told
    assert (told["passed"], told["failed"], told["seconds"]) == (1, 1, 1.75)
    works, fails = told["files"][0]["scenarios"]
    assert works == {
        "name": "Works",
        "line": 3,
        "tags": ["smoke"],
        "passed": True,
        "began": "1970-01-01T00:00:00.000Z",
        "seconds": 0.25,
        "failure": None,
        "steps": [],
        "transcript": [],
    }
    assert fails["failure"]["line"] == 6
    assert fails["failure"]["arrived"][0] == {
        "phone": "anna",
        "line": 5,
        "kind": "screen",
        "text": "Слишком много\nзапросов.",
        "about": "final, success",
        "at": "1970-01-01T00:00:00.000Z",
        "file": "",
        "difference": "запрос[- принят-]",
        "remark": "",
    }
    assert fails["transcript"][0] == {
        "phone": "anna",
        "line": 5,
        "kind": "done",
        "text": "dials *111*25#",
        "about": "",
        "at": "1970-01-01T00:00:00.000Z",
        "file": "",
    }


TIMED = Result(
    "a.ussd",
    "Timed",
    1,
    5.1,
    Failure(6, "anna receives sms"),
    (
        Event("anna", 3, Kind.DONE, "dials *111#"),
        Event("anna", 3, Kind.SCREEN, "1 Баланс\n2 Тариф", "awaiting an answer", at=1000.0),
        Event("anna", 4, Kind.DONE, "answers 1"),
        Event("", 5, Kind.DONE, "wait 90 s"),
    ),
    (
        Timed(3, "anna dials *111#", "anna", 1000.0, 0.0, 0.0123, 0),
        Timed(4, "anna answers {key}", "anna", 1000.0, 0.0, 0.0004, 2),
        Timed(5, "wait 90s", "", 1000.0, 90.0, 0.0, 3),
        Timed(6, "anna receives sms", "anna", 1090.0, 5.0, 5.04, 4, failed=True),
    ),
)


def test_a_chronicle_tells_each_step_when_it_was_and_what_it_took():
    assert chronicle(TIMED) == (
        """\
  line      after       took
     3        0 s      12 ms  anna dials *111#
                              anna <- screen (awaiting an answer)
                                 1 Баланс
                                 2 Тариф
     4        0 s     0.4 ms  anna answers {key}
                              -> answers 1
     5        0 s     0.0 ms  wait 90s
                              -> wait 90 s
     6       90 s      5.0 s  anna receives sms
                              FAILED
"""
    )


def test_steps_of_several_phones_at_once_are_told_as_they_began():
    together = replace(TIMED, steps=TIMED.steps[::-1])
    assert chronicle(together) == chronicle(TIMED)


def test_what_comes_while_several_steps_are_under_way_is_told_of_its_own_step():
    sends, dials = (Timed(line, f"line {line}", "x", 1000.0, 0.0, 0.0, before) for line, before in ((3, 0), (4, 1)))
    events = tuple(Event("x", line, Kind.DONE, text) for line, text in ((3, "a"), (4, "b"), (3, "c"), (9, "d")))
    together = replace(TIMED, events=events, steps=(sends, dials))
    told = [(step.line, [event.text for event in of_step]) for step, of_step in told_steps(together)]
    assert told == [(3, ["a", "c"]), (4, ["b", "d"])]


def test_without_times_the_transcript_is_told():
    assert chronicle(FAILED) == transcript(FAILED.events).plain


def test_a_program_reads_the_times():
    (told,) = as_json([("a.ussd", [TIMED])])["files"][0]["scenarios"]
    assert told["steps"][3] == {
        "file": "",
        "line": 6,
        "sentence": "anna receives sms",
        "at": "1970-01-01T00:18:10.000Z",
        "waited": 5.0,
        "seconds": 5.04,
        "failed": True,
    }
    assert told["transcript"][1]["at"] == "1970-01-01T00:16:40.000Z"


@pytest.mark.parametrize(
    ("seconds", "told"), [(0.0, "0.0 ms"), (0.00031, "0.3 ms"), (0.012, "12 ms"), (61.25, "61.2 s")]
)
def test_a_duration_is_as_exact_as_it_matters(seconds, told):
    assert duration(seconds) == told
