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


@pytest.mark.parametrize("numbers", ["5999-5000", "50-500", "5000 - 5999", "shop", "", "٥"])
def test_what_is_neither_a_number_nor_a_range_is_refused(operator, numbers):
    with pytest.raises(ValueError, match="is neither a number nor a range; a range looks like 5000-5999"):
        operator.account("shop", numbers)


TAKEN = [
    (("70001000001",), "70001000001 of other is held by 70001000001 already"),
    (("5000",), "5000 of other is held by shop already"),
    (("4000-5000",), "4000-5000 of other is held by shop already"),
    (("777",), "777 of other is held by shop already"),
    (("700-800",), "700-800 of other is held by shop already"),
    (("1", "1"), "1 of other is held by other already"),
]


@pytest.mark.parametrize(("numbers", "said"), TAKEN)
def test_a_number_has_one_holder(operator, numbers, said):
    operator.handset("70001000001")
    operator.account("shop", "5000-5999", "777")
    with pytest.raises(ValueError, match=said):
        operator.account("other", *numbers)


def test_a_code_that_is_detached_is_nobodys_again(operator):
    portal = operator.application("*111#", "*111*25#")
    operator.directory.detach_code("*111*25#", portal)
    assert operator.directory.application("*111*25#") == (portal, "*111#", ("25",))
    operator.directory.detach_code("*111#", portal)
    assert operator.directory.application("*111#") is None
    other = operator.application("*111#")
    assert operator.directory.application("*111#")[0] is other


def test_only_its_owner_gives_a_code_up(operator):
    portal, other = operator.application("*111#"), operator.application("*112#")
    operator.directory.detach_code("*111#", other)
    operator.directory.detach_code("*777#", other)
    assert operator.directory.application("*111#")[0] is portal


def test_handsets_and_accounts_are_told_apart(operator):
    operator.handset("70001000001")
    operator.account("shop", "777")
    assert [party.name for party in operator.directory.handsets()] == ["70001000001"]
    assert {party.name for party in operator.directory.parties()} == {"70001000001", "shop"}
    assert operator.directory.account("shop").name == "shop"
    assert operator.directory.account("nobody") is None


def test_the_number_of_an_account_cannot_dial(operator):
    operator.account("shop", "777", "5000-5999")
    assert operator.directory.subscriber("777") is None
    assert operator.directory.subscriber("5001") is None
    assert not operator.directory.account("shop").home
