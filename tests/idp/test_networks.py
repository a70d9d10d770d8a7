"""The social networks as data."""

import pytest

from ussd_gateway.idp.networks import networks


def test_r130_there_are_two_networks_at_places_of_their_own():
    assert {name: network.place for name, network in networks().items()} == {
        "vmeste": "/idp/vmeste",
        "krug": "/idp/krug",
    }


@pytest.mark.parametrize("network", networks().values(), ids=lambda network: network.name)
def test_a_network_has_a_title_in_both_languages_a_logo_and_people(network):
    assert set(network.title) == {"ru", "en"}
    assert network.logo.startswith("<svg ")
    assert "://" not in network.logo, "nothing is fetched from elsewhere"
    assert len(network.people) == 3
    assert all(id == person.id for id, person in network.people.items())


def luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("network", networks().values(), ids=lambda network: network.name)
def test_white_can_be_read_on_the_colour_of_a_network(network):
    assert 1.05 / (luminance(network.accent) + 0.05) >= 4.5  # WCAG 2 success criterion 1.4.3
