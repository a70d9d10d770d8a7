"""What self-care does for a SIM, over a real store and a virtual clock."""

import pytest

from tests.selfcare.conftest import ANNA, BLOCKED, BORIS, password_in

UNKNOWN = "70009999999"


async def test_r154_r155_connecting_and_its_repeat(desk):
    assert desk.service.connect(ANNA, "828", "ussd") == "connected"
    assert desk.service.connect(ANNA, "828", "sms") == "already_connected"

    assert desk.service.services(ANNA) == ("828",)
    assert desk.audit() == ["service.connected"]


async def test_r152_each_sim_has_its_own(desk):
    desk.service.connect(ANNA, "828", "ussd")

    assert desk.service.services(BORIS) == ()


async def test_disconnecting_and_its_repeat(desk):
    desk.service.connect(ANNA, "828", "ussd")

    assert desk.service.disconnect(ANNA, "828", "ussd") == "disconnected"
    assert desk.service.disconnect(ANNA, "828", "ussd") == "not_connected"
    assert desk.service.services(ANNA) == ()


async def test_r153_it_is_free(desk):
    desk.service.connect(BORIS, "828", "ussd")
    desk.service.disconnect(BORIS, "828", "ussd")

    assert desk.service.balance(BORIS) == -750


@pytest.mark.parametrize("msisdn", [BLOCKED, UNKNOWN])
async def test_r151_only_active_sims(desk, msisdn):
    assert desk.service.connect(msisdn, "828", "ussd") == "refused"
    assert desk.service.disconnect(msisdn, "828", "ussd") == "refused"


async def test_a_reset_brings_back_what_the_config_says(desk):
    await desk.issue()
    desk.service.connect(ANNA, "828", "ussd")
    desk.service.set_language(ANNA, "latin")
    desk.service.ensure("70005000001")

    desk.reset()

    assert await desk.log_in(ANNA, password_in(desk.sent[0])) is None
    assert desk.service.services(ANNA) == ()
    assert desk.service.language(ANNA) == "ru"
    assert desk.service.balance(ANNA) == 15000
    assert desk.records.sims.sim("70005000001") is None
    assert desk.audit() == ["cabinet.log_in_refused"]
