"""What differs from operator to operator."""

import pytest

from ussd_gateway.menu.profiles import POLICIES, PROFILES


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_can_be_walked(name):
    profile = PROFILES[name]
    keys = profile.navigation.keys

    assert len(set(keys)) == len(keys)
    assert all(key.isdigit() for key in keys)
    assert 0 < profile.limits.shown <= 160
    assert 0 < profile.limits.typed <= 182
    assert profile.limits.policy in POLICIES


def test_safaricom_turns_pages_by_98():
    assert PROFILES["safaricom"].navigation.more == "98"
    assert PROFILES["default"].navigation.more == "9"
