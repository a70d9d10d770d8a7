import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.scenario.model import Expected, Text


@pytest.mark.parametrize(
    ("source", "filled"),
    [
        ("Код {code}.", "Код 42."),
        ("{code}{code}", "4242"),
        ("{{code}", "{code}"),
        ("{{{code}", "{42"),
        ("} }}", "} }}"),
    ],
)
def test_a_text_is_filled_with_captures_and_two_braces_are_one(source, filled):
    assert Text(source).fill({"code": "42"}) == filled


def test_a_text_knows_the_captures_it_speaks_of():
    assert Text("{a} {{b} {в}").names == ("a", "в")


@pytest.mark.parametrize(("source", "at"), [("a { b", 2), ("{1}", 0), ("{{a} {", 5), ("{a}", None), ("a } b", None)])
def test_a_brace_that_begins_no_capture_is_stray(source, at):
    assert Text(source).stray_brace == at


@pytest.mark.parametrize("source", [r"\d{3}", r"\d{2,4}", r"\{code\}", r"\N{BULLET}", "a{,3}"])
def test_in_a_pattern_braces_are_its_own_affair(source):
    pattern = Text(source, pattern=True)
    assert pattern.names == ()
    assert pattern.stray_brace is None
    assert pattern.fill({}) == source


@given(st.text())
def test_in_a_pattern_a_capture_stands_for_its_very_characters(value):
    pattern = Text("<{it}>", pattern=True).fill({"it": value})
    assert re.fullmatch(pattern, f"<{value}>")


def test_an_unknown_capture_is_a_key_error():
    with pytest.raises(KeyError):
        Text("{code}").fill({})


@pytest.mark.parametrize(
    ("how", "source", "fits", "fits_not"),
    [
        ("containing", "1.5", "a 1.5 b", "a 1x5 b"),
        ("exactly", "1.5\n2", "1.5\n2", "1.5\n2\n"),
        ("exactly", "x", "x", " x"),
        ("matching", "^a.c$", "abc", "xabc"),
    ],
)
def test_what_is_expected_is_a_regular_expression_in_the_end(how, source, fits, fits_not):
    regex = Expected(how, Text(source, pattern=how == "matching")).regex({})
    assert re.search(regex, fits)
    assert not re.search(regex, fits_not)


def test_what_is_expected_can_be_told():
    assert Expected("containing", Text("{a}")).told({"a": "sent"}) == 'containing "sent"'
    assert Expected("matching", Text(r"\d", pattern=True)).told({}) == r"matching /\d/"
