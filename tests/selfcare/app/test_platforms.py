"""The platforms as data."""

import pytest

from ussd_gateway.selfcare.app.platforms import platforms


def test_r140_three_are_in_a_store():
    assert [one.store for one in platforms().values() if one.store] == ["Google Play", "Windows Store", "AppStore"]


@pytest.mark.parametrize("platform", platforms().values(), ids=lambda platform: platform.name)
def test_every_platform_says_what_it_is(platform):
    assert "{device}" in platform.user_agent


@pytest.mark.parametrize(
    ("name", "device", "fits"),
    [
        ("google_play", "Nexus 5X", True),
        ("google_play", " Nexus", False),
        ("google_play", "Телефон", False),
        ("windows_store", "ANNA-PC", True),
        ("windows_store", "A" * 16, False),
        ("windows_store", "ANNA PC", False),
        ("app_store", "iPhone Анны", True),
        ("app_store", " ", False),
        ("app_store", "", False),
        ("app_store", "a\x07b", False),
        ("app_store", "a\u202eb", False),
        ("modem", "E3372", True),
    ],
)
def test_a_device_is_called_as_its_platform_does(name, device, fits):
    assert platforms()[name].fits(device) is fits
