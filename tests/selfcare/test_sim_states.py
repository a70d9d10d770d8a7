"""What becomes of SIMs, and what a new owner does not find."""

import asyncio

import pytest

from tests.selfcare.conftest import ANNA, BLOCKED, SECOND, STRANGER
from ussd_gateway.config import Subscriber
from ussd_gateway.selfcare.log_in import Admitted, Refused

WHO = {"who": "irina", "channel": "shop"}
CARD = "8970100000000000002"
VERA = Subscriber(msisdn=SECOND, owner="vera", passport="47 12 000000")


def status(office, msisdn=SECOND):
    return office.records.sims.sim(msisdn).status


async def test_blocked_in_the_config_is_a_voluntary_block(office):
    assert status(office, BLOCKED) == "voluntary_blocked"
    assert office.sims.change(BLOCKED, "unblock", **WHO) == "done"
    assert status(office, BLOCKED) == "active"


@pytest.mark.parametrize(
    ("events", "state"),
    [
        (["block", "unblock"], "active"),
        (["block_for_debt"], "debt_blocked"),
        (["block_for_debt", "debt_paid"], "active"),
        (["block_for_debt", "close"], "closed"),
    ],
)
async def test_a_sim_goes_from_state_to_state(office, events, state):
    assert [office.sims.change(SECOND, event, **WHO) for event in events] == ["done"] * len(events)
    assert status(office) == state


async def test_what_cannot_happen_changes_nothing(office):
    before = office.audit()

    assert office.sims.change(SECOND, "unblock", **WHO) == "impossible"
    assert office.sims.change(STRANGER, "block", **WHO) == "impossible"
    assert office.sims.replace(BLOCKED, CARD, **WHO) == "impossible"
    assert office.sims.resell(VERA, CARD, **WHO) == "impossible"
    assert office.audit() == before


async def test_invariant_15_every_change_says_who_did_it_and_what_was_before(office):
    office.sims.change(SECOND, "block", **WHO)

    assert office.audit("who, channel, what, facts")[-1] == (
        "irina",
        "shop",
        "sim.block",
        '{"msisdn": "70001000002", "before": "active", "after": "voluntary_blocked"}',
    )


async def test_a_replaced_card_is_held_back_for_a_day(office):
    assert not office.sims.is_held(SECOND)
    assert office.sims.replace(SECOND, "12345", **WHO) == "wrong_iccid"
    assert office.sims.replace(SECOND, CARD, **WHO) == "done"

    assert status(office) == "active"
    assert office.records.sims.card(SECOND).iccid == CARD
    assert office.sims.is_held(SECOND)
    await office.gateway.advance(86400)
    assert not office.sims.is_held(SECOND)


async def test_the_hold_is_a_setting(offices):
    office = offices(replaced_hold=0)
    office.sims.replace(SECOND, CARD, **WHO)

    assert not office.sims.is_held(SECOND)


async def test_a_closed_number_rests_before_it_is_sold_again(office):
    office.sims.change(SECOND, "close", **WHO)
    await office.gateway.advance(60 * 86400 - 1)

    assert office.sims.resell(VERA, CARD, **WHO) == "in_quarantine"
    assert status(office) == "closed"

    await office.gateway.advance(1)

    assert office.sims.resell(VERA, "x", **WHO) == "wrong_iccid"
    assert office.sims.resell(VERA, CARD, **WHO) == "done"
    assert office.records.sims.sim(SECOND).owner == "vera"
    assert not office.sims.is_held(SECOND), "it is a first card"


async def test_invariant_12_nothing_of_the_former_owner_is_reachable(offices):
    office = offices(number_quarantine=0)
    office.link()
    office.ask(ANNA, main=SECOND)
    await office.issuing.issue_password(SECOND, "ussd", "1")
    (password,) = [text.split()[1].rstrip(".") for text in office.sms(SECOND) if "Пароль" in text]
    assert isinstance(await office.log_in.log_in(SECOND, password, channel="web"), Admitted)
    lost = []
    office.sims.on_resold.append(lost.append)

    office.sims.change(SECOND, "close", **WHO)
    office.sent.clear()
    assert office.sims.resell(VERA, CARD, **WHO) == "done"

    assert isinstance(await office.log_in.log_in(SECOND, password, channel="web"), Refused)
    assert office.service.services(SECOND) == ()
    assert office.service.balance(SECOND) == 0
    assert office.numbers.requests(SECOND) == []
    assert office.numbers.linked(ANNA) == office.numbers.linked(SECOND) == []
    assert lost == [SECOND]
    assert office.sent == [], "the new owner hears nothing of it"
    assert (await office.issuing.issue_password(SECOND, "ussd", "2")).result == "sent"
    assert office.store.own("SELECT issue FROM passwords WHERE msisdn = ?", (SECOND,)) == [(3,)]


async def test_a_password_that_is_being_worked_out_does_not_outlive_the_sale(offices):
    office = offices(number_quarantine=0)
    issuing = asyncio.ensure_future(office.issuing.issue_password(SECOND, "ussd", "1"))
    await asyncio.sleep(0)
    office.sims.change(SECOND, "close", **WHO)
    office.sims.resell(VERA, CARD, **WHO)
    await issuing

    assert office.store.own("SELECT hash FROM passwords WHERE msisdn = ?", (SECOND,)) == [("",)]
    assert office.sent == []


async def test_a_sale_that_goes_wrong_leaves_everything(offices):
    office = offices(number_quarantine=0)
    office.sims.change(SECOND, "close", **WHO)

    def fails(msisdn):
        raise LookupError

    office.sims.on_resold.append(fails)
    with pytest.raises(LookupError):
        office.sims.resell(VERA, CARD, **WHO)

    assert status(office) == "closed"
    assert office.records.sims.sim(SECOND).owner == "anna"
    assert office.service.balance(SECOND) == 2000


async def test_invariant_15_no_passport_is_written_down(offices):
    office = offices(number_quarantine=0)
    office.sims.change(SECOND, "close", **WHO)
    office.sims.resell(VERA, CARD, **WHO)

    everything = " ".join(
        str(row) for table in ("audit", "subscribers") for row in office.store.own(f"SELECT * FROM {table}")
    )
    for passport in ("4712000000", "4509123456"):
        assert passport not in everything
    assert office.records.sims.passport(SECOND)
