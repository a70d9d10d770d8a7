"""Remembered log-ins, without HTTP."""

import pytest

from tests.selfcare.conftest import ANNA, BORIS
from ussd_gateway.selfcare.tokens import MOST, Tokens


@pytest.fixture
async def tokens(desk):
    made = Tokens(desk.settings, desk.records, desk.service, desk.gateway)
    desk.issuing.listeners.append(made.password_replaced)
    return made


async def test_r143_a_token_names_its_number_and_device(tokens):
    token = tokens.remember(ANNA, "google_play", "Nexus 5X", "127.0.0.1")
    owner = tokens.owner(token)

    assert (owner.msisdn, owner.platform, owner.device) == (ANNA, "google_play", "Nexus 5X")
    assert tokens.owner("guess") is None
    assert tokens.owner("\ud800") is None


async def test_a_device_has_one_token_and_the_last_one_counts(tokens):
    first = tokens.remember(ANNA, "google_play", "Nexus 5X", "127.0.0.1")
    second = tokens.remember(ANNA, "google_play", "Nexus 5X", "127.0.0.1")
    elsewhere = tokens.remember(BORIS, "google_play", "Nexus 5X", "127.0.0.1")

    assert tokens.owner(first) is None
    assert tokens.owner(second).msisdn == ANNA
    assert tokens.owner(elsewhere).msisdn == BORIS


async def test_a_number_has_so_many_devices_and_the_idle_ones_go(tokens, desk):
    first = tokens.remember(ANNA, "app_store", "first", "127.0.0.1")
    second = tokens.remember(ANNA, "app_store", "second", "127.0.0.1")
    await desk.gateway.advance(60)
    tokens.owner(first)
    for number in range(MOST - 1):
        tokens.remember(ANNA, "app_store", f"{number}", "127.0.0.1")

    assert len(tokens.listed(ANNA)) == MOST
    assert tokens.owner(second) is None
    assert tokens.owner(first) is not None


async def test_r144_a_new_password_ends_all_of_its_number_with_one_audit_entry(tokens, desk):
    for device in ("one", "two"):
        tokens.remember(ANNA, "app_store", device, "127.0.0.1")
    await desk.issue()
    await desk.issue()

    assert tokens.listed(ANNA) == []
    assert desk.audit().count("token.all_revoked") == 1


async def test_one_number_ends_nothing_of_another(tokens):
    token = tokens.remember(ANNA, "app_store", "one", "127.0.0.1")
    tokens.revoke(BORIS, tokens.owner(token).id, "web")

    assert tokens.owner(token) is not None
