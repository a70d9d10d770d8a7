"""The three behaviours of *111*25#, and what a password of one's own may look like (2.1)."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.subscribers.passwords import generate
from ussd_gateway.subscribers.profiles import ASKS, BY_SMS, GENERATES, PROFILES


@pytest.mark.parametrize(
    ("profile", "password", "mistakes"),
    [
        (ASKS, "4711", ()),
        (ASKS, "4711471", ()),
        (ASKS, "471", ("too_short",)),
        (ASKS, "47114711", ("too_long",)),
        (ASKS, "47a1", ("wrong_character",)),
        (ASKS, "４７１１", ("wrong_character", "no_digit")),
        (BY_SMS, "Sms2011", ()),
        (BY_SMS, "Sms2011Sms2", ("too_long",)),
        (BY_SMS, "sms2011", ("no_capital",)),
        (BY_SMS, "SMS2011", ("no_lower",)),
        (BY_SMS, "SmsSms", ("no_digit",)),
        (BY_SMS, "Sms 2011", ("wrong_character",)),
        (GENERATES, "Aa1" + "x" * 23, ()),
        (GENERATES, "Aa1" + "x" * 24, ("too_long",)),
        (GENERATES, "Aa1xx", ("too_short",)),
        (GENERATES, "Aa1xx\n", ("wrong_character",)),
    ],
)
def test_the_rules_of_each_profile(profile, password, mistakes):
    assert PROFILES[profile].own.mistakes(password) == mistakes


@given(st.integers(6, 26), st.integers())
def test_what_the_system_generates_obeys_the_rule_of_its_profile(length, seed):
    assert PROFILES[GENERATES].own.mistakes(generate(length, random.Random(seed))) == ()


def test_each_profile_has_one_way_of_its_own():
    assert {name: (row.dialled, row.by_sms, row.word) for name, row in PROFILES.items()} == {
        "asks": ("asks", False, False),
        "by_sms": ("tells", True, False),
        "generates": ("generates", False, True),
    }
