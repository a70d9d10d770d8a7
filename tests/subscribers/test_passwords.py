"""What a password looks like, and how often one may be had."""

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.selfcare.assemble import SECURE
from ussd_gateway.subscribers.passwords import (
    MOST_REMEMBERED,
    FloodRule,
    allowed,
    generate,
    generate_unlike,
    tag,
)

RULES = (FloodRule(3, 900.0), FloodRule(10, 86400.0))


@given(st.integers(6, 26), st.integers())
def test_r115_a_password_is_latin_letters_and_digits_with_a_small_one_a_capital_and_a_digit(length, seed):
    password = generate(length, random.Random(seed))

    assert re.fullmatch(f"[A-Za-z0-9]{{{length}}}", password)
    assert re.search("[a-z]", password)
    assert re.search("[A-Z]", password)
    assert re.search("[0-9]", password)


def test_no_character_can_be_read_for_another():
    drawn = "".join(generate(26, SECURE) for _ in range(200))

    assert not set(drawn) & set("lIoO01")


def test_r116_passwords_come_from_the_systems_secure_generator():
    assert type(SECURE).__name__ == "SystemRandom"
    assert len({generate(8, SECURE) for _ in range(1000)}) == 1000


def test_r116_a_password_that_was_had_before_is_not_drawn_again():
    former = generate(8, random.Random(1))

    drawn = generate_unlike(8, {tag(former, "70001000001")}, "70001000001", random.Random(1))

    assert drawn != former


def test_enough_is_left_to_draw_from_when_as_many_as_possible_are_remembered():
    tags = set(range(MOST_REMEMBERED))

    assert tag(generate_unlike(6, tags, "70001000001", SECURE), "70001000001") not in tags


def test_a_tag_is_one_octet_and_differs_by_number():
    tags = {tag("Ab3dE9xZ", f"7000100{number:04}") for number in range(50)}

    assert len(tags) > 1
    assert tags <= set(range(256))


@pytest.mark.parametrize(
    ("issued", "may"),
    [
        ([], True),
        ([0, 1], True),
        ([0, 1, 2], False),
        ([100 - 900, 1, 2], True),  # the first was 15 minutes ago
        ([101 - 900, 1, 2], False),
        ([100 - 1000 * number for number in range(1, 10)], True),
        ([100 - 1000 * number for number in range(1, 11)], False),
        ([100 - 86400, *(100 - 1000 * number for number in range(1, 10))], True),
    ],
)
def test_r123_three_in_fifteen_minutes_and_ten_in_a_day(issued, may):
    assert allowed(issued, 100, RULES) is may
