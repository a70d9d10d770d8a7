"""Settings of a dialect, and the sentences about wrong ones."""

import re

import pytest

from ussd_gateway.dialects.settings import Setting, quoted, read_settings

KNOWN = {
    "token": Setting("the token that calls have", None),
    "network": Setting("the operator", "MTN", ("MTN", "GLO")),
    "count": Setting("how many", 3),
    "wait": Setting("seconds", 1.5),
    "loud": Setting("whether it is loud", default=False),
    "names": Setting("the names", ()),
    "extra": Setting("what else", {}),
}


def test_what_is_not_given_has_its_default():
    assert read_settings("x", KNOWN, {"token": "t", "wait": 2, "names": ["a", 1]}) == {
        "token": "t",
        "network": "MTN",
        "count": 3,
        "wait": 2.0,
        "loud": False,
        "names": ("a", 1),
        "extra": {},
    }


MISTAKES = {
    "missing": ({}, 'the dialect x needs the setting "token": the token that calls have'),
    "unknown": ({"tokens": ""}, 'the dialect x has no setting "tokens"; did you mean "token"?'),
    "quite unknown": (
        {"zzz": ""},
        'the dialect x has no setting "zzz"; known: count, extra, loud, names, network, token, wait',
    ),
    "not allowed": ({"network": "G\nLO"}, 'the setting "network" of the dialect x is "G\\nLO"; allowed: MTN, GLO'),
    "a bool is no number": (
        {"count": True},
        'the setting "count" of the dialect x is true, but has to be a whole number',
    ),
    "a number is no bool": ({"loud": 1}, 'the setting "loud" of the dialect x is 1, but has to be true or false'),
    "a string is no number": ({"wait": "1"}, 'the setting "wait" of the dialect x is "1", but has to be a number'),
    "a list": ({"token": []}, 'the setting "token" of the dialect x is a list, but has to be a string'),
    "a list in a list": (
        {"names": [["a"]]},
        'the setting "names" of the dialect x is a list, but has to be a list of strings, numbers or booleans',
    ),
    "a string is no table": (
        {"extra": "a"},
        'the setting "extra" of the dialect x is "a", but has to be a table of strings, numbers or booleans',
    ),
    "a table in a table": (
        {"extra": {"a": {}}},
        'the setting "extra" of the dialect x is a table, but has to be a table of strings, numbers or booleans',
    ),
}


@pytest.mark.parametrize(("given", "sentence"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_one_sentence(given, sentence):
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        read_settings("x", KNOWN, ({"token": "t"} | given) if given else {})


def test_a_mistake_does_not_show_a_secret():
    with pytest.raises(ValueError, match=r'^the setting "pin" of the dialect x has to be a string$'):
        read_settings("x", {"pin": Setting("a secret", "", secret=True)}, {"pin": 1234})


def test_a_dialect_without_settings_says_so():
    with pytest.raises(ValueError, match=r'^the dialect x has no setting "a"; it has none$'):
        read_settings("x", {}, {"a": 1})


def test_what_is_quoted_is_one_line_of_60_characters():
    assert quoted('a "b"\\\r\n\x00') == '"a \\"b\\"\\\\\\r\\n\\x00"'
    assert quoted("\ufeffa\xa0b") == '"\\ufeffa\\xa0b"'
    assert quoted("я" * 61) == f'"{"я" * 60}..."'
