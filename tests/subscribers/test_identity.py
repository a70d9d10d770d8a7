"""Who a caller is: everything has to match."""

import pytest

from ussd_gateway.subscribers.identity import PassportError, matches, only_in_a_shop, passport_of, seal

NUMBER = "70001000001"


@pytest.mark.parametrize("typed", [("45 09 123456",), ("4509123456",), ("45 09", "123456"), ("4509 ", " 123-456")])
def test_a_passport_is_ten_digits_however_it_was_typed(typed):
    assert passport_of(*typed) == "4509123456"


@pytest.mark.parametrize("typed", [("",), ("4509",), ("4509", ""), ("45 09 12345",), ("45091234567",), ("45O9123456",)])
def test_what_is_none_is_told_without_repeating_it(typed):
    with pytest.raises(PassportError, match="series of four digits") as told:
        passport_of(*typed)
    assert not any(part and part in str(told.value) for part in typed)


def test_r035_the_whole_passport_and_the_number_have_to_match():
    sealed = seal("4509123456", NUMBER)

    assert matches(sealed, "4509123456", NUMBER)
    assert not matches(sealed, "4509123457", NUMBER)
    assert not matches(sealed, "4509123456", "70002000001")


def test_a_number_without_a_passport_is_nobodys():
    assert not matches("", "4509123456", NUMBER)


def test_equal_passports_of_two_numbers_look_different_and_neither_can_be_read():
    one, other = seal("4509123456", NUMBER), seal("4509123456", "70001000002")

    assert one != other
    assert "4509123456" not in one + other


@pytest.mark.parametrize(
    ("failures", "channel", "only_shop"),
    [(0, "call_0890", False), (2, "call_8800", False), (3, "call_0890", True), (3, "shop", False), (9, "shop", False)],
)
def test_after_three_failures_a_day_only_a_shop_can_help(failures, channel, only_shop):
    assert only_in_a_shop(failures, channel) is only_shop
