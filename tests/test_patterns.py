"""Regular expressions that somebody else wrote."""

import pytest

from ussd_gateway.patterns import TooLongError, compiled, search


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
