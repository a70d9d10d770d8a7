"""TAP, as its readers read it."""

from ussd_gateway.scenario.result import Event, Failure, Kind, Result
from ussd_gateway.scenario.tap import tap

PASSED = Result("a.ussd", r"Dials *100# \o/", 3, 0.25, None, ())
FAILED = Result(
    "b.ussd",
    "Two\nlines",
    1,
    1.0,
    Failure(2, 'anna sees "x"', 'a screen containing "x"', "", "anna (7)"),
    (Event("anna", 2, Kind.DONE, "dials\x07\n..."),),
)


def test_each_scenario_is_a_test_point_and_a_failure_has_its_report():
    assert tap([("a.ussd", [PASSED]), ("b.ussd", [FAILED])]) == (
        """\
TAP version 14
1..2
ok 1 - a.ussd: Dials *100\\# \\\\o/
  ---
  duration_ms: 250.000
  ...
not ok 2 - b.ussd: Two lines
  ---
  message: "a screen containing \\"x\\""
  severity: fail
  at:
    file: "b.ussd"
    line: 2
  report: |2
    FAILED  b.ussd:2: Two
    lines
        anna sees "x"
      expected: a screen containing "x"
      arrived on anna (7):
        nothing
      transcript of anna (7):
         2  dials\\x07
    ...
  duration_ms: 1000.000
  ...
"""
    )


def test_nothing_is_an_empty_plan():
    assert tap([]) == "TAP version 14\n1..0\n"
