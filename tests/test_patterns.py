"""Regular expressions that somebody else wrote."""

import pytest

from ussd_gateway.patterns import TooLongError, compiled, matches, search


def test_a_pattern_is_found_with_its_groups():
    found = search(r"Пароль: (?P<password>\S+)\.", "Пароль: Ab3dE9xZ.")
    assert (found.groups(), found.groupdict()) == (("Ab3dE9xZ",), {"password": "Ab3dE9xZ"})
    assert search("x", "y") is None


def test_what_is_no_pattern_is_told():
    with pytest.raises(ValueError, match="missing \\)"):
        compiled("(")
    with pytest.raises(ValueError, match="its brackets are too deep"):
        compiled("(" * 5000 + ")" * 5000)


def test_one_that_would_take_for_ever_is_given_up():
    with pytest.raises(TooLongError, match=r"\(a\|aa\)\+\$ takes too long"):
        search("(a|aa)+$", "a" * 60 + "!")
    with pytest.raises(TooLongError, match=r"\(a\|aa\)\+ takes too long"):
        matches("(a|aa)+", "a" * 60 + "!")


def test_all_of_a_text_may_be_asked_for():
    assert matches("[0-9]{4}|x", "1234")
    assert not matches("[0-9]{4}|x", "12345")
    assert not matches("[0-9]{4}|x", "x\n")
