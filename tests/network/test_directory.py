"""Who has which address."""

import pytest


def test_a_code_has_one_owner(operator):
    operator.application("*111#")
    with pytest.raises(ValueError, match=r"\*111# is answered by another application already"):
        operator.application("*111#")


@pytest.mark.parametrize("code", ["", "111", "*111", "111#", "*1a1#"])
def test_what_is_no_code_cannot_be_attached(operator, code):
    with pytest.raises(ValueError, match="no service code"):
        operator.application(code)


def test_a_code_can_be_given_up(operator):
    portal = operator.application("*111#")
    assert operator.directory.owner("*111#") is portal
    operator.directory.detach_code("*111#")
    assert operator.directory.application("*111#") is None


LONGEST = {
    "*111#": ("*111#", ()),
    "*111*25#": ("*111*25#", ()),
    "*111*25*1#": ("*111*25#", ("1",)),
    "*111*828*1#": ("*111#", ("828", "1")),
    "#100#": ("#100#", ()),
}


@pytest.mark.parametrize(("dialled", "found"), LONGEST.items())
def test_the_longest_attached_code_is_found(operator, dialled, found):
    operator.application("*111#", "*111*25#", "*100#", "#100#")
    assert operator.directory.application(dialled)[1:] == found


@pytest.mark.parametrize("numbers", ["5999-5000", "50-500"])
def test_a_range_goes_up_and_keeps_its_length(operator, numbers):
    with pytest.raises(ValueError, match="no range"):
        operator.account("shop", numbers)


def test_handsets_and_accounts_are_told_apart(operator):
    operator.handset("70001000001")
    operator.account("shop", "777")
    assert [party.name for party in operator.directory.handsets()] == ["70001000001"]
    assert {party.name for party in operator.directory.parties()} == {"70001000001", "shop"}
    assert operator.directory.account("shop").name == "shop"
    assert operator.directory.account("nobody") is None


def test_the_number_of_an_account_cannot_dial(operator):
    operator.account("shop", "777")
    assert operator.directory.subscriber("777") is None
