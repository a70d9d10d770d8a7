"""Faults as an ESME meets them."""

import asyncio

import pytest

from tests.applications.smsc.conftest import PATIENCE
from ussd_gateway.fault_rule import FaultRule
from ussd_gateway.smpp.commands import (
    BindTransceiver,
    DataSm,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    SubmitSm,
    SubmitSmResp,
    Unbind,
)
from ussd_gateway.smpp.malformed import KINDS, breaks
from ussd_gateway.smpp.pdu import UnparsedPdu
from ussd_gateway.smpp.receipts import ReceiptStyle
from ussd_gateway.smpp.status import Status


def on(site, **rule):
    site.faults.replace([FaultRule(**rule).rule()])


def submit(number, **given):
    return SubmitSm(sequence_number=number, destination_addr="70001000001", short_message=b"Hi", **given)


@pytest.fixture
def anna(site):
    return site.handset()


STATUSES = [
    ({"effect": "status", "status": "ESME_RSYSERR"}, Status.ESME_RSYSERR),
    ({"effect": "queue_full"}, Status.ESME_RMSGQFUL),
    ({"effect": "throttle", "rate": 1}, Status.ESME_RTHROTTLED),
]


@pytest.mark.parametrize(("rule", "status"), STATUSES)
async def test_a_refused_message_goes_nowhere(site, anna, rule, status):
    esme = await site.bound()
    on(site, command="submit_sm", account="test", **rule)
    await esme.send(submit(2), submit(3))
    answers = [await esme.receive(), await esme.receive()]
    assert answers[1].command_status == status
    assert len(anna.inbox) == sum(answer.command_status == 0 for answer in answers)


async def test_other_accounts_and_destinations_have_no_fault(site, anna):
    on(site, command="submit_sm", account="other", destination="^7999", effect="queue_full")
    esme = await site.bound()
    assert (await esme.ask(submit(2))).command_status == 0
    other = await site.bound("other", "pw")
    assert (await other.ask(submit(2))).command_status == 0
    wrong = SubmitSm(sequence_number=3, destination_addr="79990000000")
    assert (await other.ask(wrong)).command_status == Status.ESME_RMSGQFUL


async def test_a_bind_is_refused(site):
    on(site, command="bind_transceiver", effect="bind_refused", times=1)
    esme = await site.connect()
    assert (await esme.bind()).command_status == Status.ESME_RBINDFAIL
    assert (await esme.bind()).command_status == 0


async def test_a_slow_response_leaves_when_its_time_has_come_and_the_message_arrives_at_once(site, anna):
    esme = await site.bound()
    on(site, command="submit_sm", effect="slow", seconds=5, nth=1)
    await esme.send(submit(2))
    assert (await esme.ask(EnquireLink(sequence_number=3))).sequence_number == 3
    assert len(anna.inbox) == 1
    await site.gateway.advance(5)
    assert (await esme.receive()).sequence_number == 2


async def test_no_response_to_a_message_that_arrives(site, anna):
    esme = await site.bound()
    on(site, command="submit_sm", effect="no_response")
    await esme.send(submit(2))
    assert isinstance(await esme.ask(EnquireLink(sequence_number=3)), EnquireLinkResp)
    assert len(anna.inbox) == 1


async def test_responses_change_places(site, anna):
    esme = await site.bound()
    on(site, command="submit_sm", effect="reorder", nth=1)
    await esme.send(submit(2), submit(3), submit(4))
    assert [(await esme.receive()).sequence_number for _ in range(3)] == [3, 2, 4]


async def test_a_held_response_leaves_also_when_the_fault_is_over(site, anna):
    esme = await site.bound()
    on(site, command="submit_sm", effect="reorder")
    await esme.send(submit(2))
    await site.gateway.settle()
    site.faults.replace([])
    await esme.send(EnquireLink(sequence_number=3))
    assert {(await esme.receive()).sequence_number for _ in range(2)} == {2, 3}


async def test_a_message_comes_twice(site, anna):
    esme = await site.bound()
    on(site, command="deliver_sm", sent_by="smsc", effect="duplicate")
    anna.send("5000", "Hi")
    first, second = await esme.receive(), await esme.receive()
    assert isinstance(first, DeliverSm)
    assert first == second
    await esme.send(DeliverSmResp(sequence_number=first.sequence_number), DeliverSmResp(sequence_number=2))
    assert isinstance(await esme.ask(EnquireLink(sequence_number=9)), EnquireLinkResp)


async def test_a_malformed_response_is_broken_in_the_way_that_was_asked(site, anna):
    esme = await site.bound()
    on(site, command="submit_sm", effect="malformed", kind="truncated_body")
    assert isinstance(await esme.ask(submit(2)), UnparsedPdu)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if breaks(kind, SubmitSmResp.command_id)])
async def test_every_kind_of_malformed_response_comes_octet_by_octet(site, anna, kind):
    esme = await site.bound()
    on(site, effect="malformed", kind=kind)
    await esme.send(submit(2))
    broken = KINDS[kind](SubmitSmResp(sequence_number=2, message_id="0000000001").encode())
    async with asyncio.timeout(PATIENCE):
        assert await esme._reader.readexactly(len(broken)) == broken
    assert len(anna.inbox) == 1


BY_THE_SMSC = {
    # the rule on the first of three deliver_sm, what the ESME sees of them before 5 seconds have passed, and then
    "slow": ({"effect": "slow", "seconds": 5}, [2, 3], [1]),
    "reorder": ({"effect": "reorder"}, [2, 1, 3], []),
    "duplicate": ({"effect": "duplicate"}, [1, 1, 2, 3], []),
    "malformed": ({"effect": "malformed", "kind": "unknown_command_id"}, [1, 2, 3], []),
    "drop": ({"effect": "drop"}, [None], []),
    "half open": ({"effect": "half_open"}, [], []),
}


@pytest.mark.parametrize(("rule", "at_once", "later"), BY_THE_SMSC.values(), ids=BY_THE_SMSC)
async def test_what_the_smsc_sends_has_faults_too(site, anna, rule, at_once, later):
    esme = await site.bound()
    on(site, sent_by="smsc", nth=1, **rule)
    for number in (1, 2, 3):
        anna.send("5000", str(number))
    for numbers in (at_once, later):
        seen = [await esme.receive() for _ in numbers]
        assert [pdu and pdu.sequence_number for pdu in seen] == numbers
        assert [pdu for pdu in seen if isinstance(pdu, UnparsedPdu)] == seen[:1] * (rule["effect"] == "malformed")
        await site.gateway.advance(5)
    assert len(site.smsc.connections) == (rule["effect"] != "drop")
    assert sum(kind == "esme.fault" for (kind,) in site.journal()) == 1
    if rule["effect"] == "half_open":  # not a word to the end
        await site.smsc.stop()
        assert await esme.receive() is None


async def test_a_held_message_leaves_also_when_the_fault_is_over(site, anna):
    esme = await site.bound()
    on(site, sent_by="smsc", effect="reorder")
    anna.send("5000", "one")
    site.faults.replace([])
    anna.send("5000", "two")
    assert [(await esme.receive()).short_message for _ in range(2)] == [b"two", b"one"]


MESSAGES_OF_THE_SMSC = {
    # the account's settings and what brings the message about: the command that the rule names
    "a message in data_sm": ({"deliver_by": "data_sm"}, lambda site, anna: anna.send("5000", "Hi"), "data_sm"),
    "a receipt": ({}, None, "deliver_sm"),
    "a receipt in data_sm": ({"receipt": ReceiptStyle(pdu="data_sm")}, None, "data_sm"),
    "a dialogue": ({"codes": ("*500#",)}, lambda site, anna: asyncio.ensure_future(anna.dial("*500#")), "deliver_sm"),
    "a dialogue in data_sm": (
        {"codes": ("*500#",), "ussd_dialect": "last_value"},
        lambda site, anna: asyncio.ensure_future(anna.dial("*500#")),
        "data_sm",
    ),
}


@pytest.mark.parametrize(("settings", "brings", "command"), MESSAGES_OF_THE_SMSC.values(), ids=MESSAGES_OF_THE_SMSC)
async def test_a_rule_names_the_command_that_brings_a_message(new_site, settings, brings, command):
    async with new_site(test=settings) as site:
        anna = site.handset()
        esme = await site.bound()
        on(site, sent_by="smsc", command=command, effect="duplicate")
        if brings:
            brings(site, anna)
        else:
            await esme.ask(submit(2, registered_delivery=1))
        first, second = await esme.receive(), await esme.receive()
        assert (first.command, first) == (command, second)


async def test_a_dialogue_ends_when_its_connection_drops(new_site):
    async with new_site(test={"codes": ("*500#",)}) as site:
        anna = site.handset()
        esme = await site.bound()
        on(site, sent_by="smsc", effect="drop")
        assert (await anna.dial("*500#")).outcome == "system_failure"
        assert await esme.receive() is None


@pytest.mark.parametrize("kind", ["close", "reset"])
async def test_a_connection_drops_and_the_next_one_is_served(site, anna, kind):
    esme = await site.bound()
    on(site, command="submit_sm", effect="drop", kind=kind, times=1)
    await esme.send(submit(2))
    assert await ending(esme) == kind
    assert not anna.inbox
    assert (await (await site.bound()).ask(submit(2))).command_status == 0


async def ending(esme):
    """How the SMSC ends a connection on which it has nothing more to say."""
    try:
        assert await esme.receive() is None
    except ConnectionResetError:
        return "reset"
    return "close"


@pytest.mark.parametrize("kind", ["close", "reset"])
async def test_what_came_before_a_drop_is_answered_and_nothing_behind_it_is_done(site, anna, kind):
    esme = await site.bound()
    on(site, command="submit_sm", effect="drop", kind=kind, nth=2)
    lost_stream = bytes(16)
    await esme.send(submit(2), submit(3), EnquireLink(sequence_number=4), submit(5), lost_stream)
    assert (await esme.receive()).sequence_number == 2
    assert await ending(esme) == kind
    assert len(anna.inbox) == 1
    await site.gateway.settle()
    assert not site.smsc.connections


@pytest.mark.parametrize("command", ["submit_sm", "data_sm"])
async def test_a_receipt_that_drops_leaves_the_response_before_it(site, anna, command):
    esme = await site.bound()
    on(site, sent_by="smsc", command="deliver_sm", effect="drop")
    request = {"submit_sm": SubmitSm, "data_sm": DataSm}[command]
    sent = [request(sequence_number=n, destination_addr="70001000001", registered_delivery=1) for n in (2, 3)]
    await esme.send(*sent)
    assert (await esme.receive()).sequence_number == 2
    assert await ending(esme) == "close"
    assert len(anna.inbox) == 1


async def test_what_came_before_a_half_open_connection_is_answered(site, anna):
    esme = await site.bound()
    on(site, command="submit_sm", effect="half_open", nth=2)
    await esme.send(submit(2), submit(3), submit(4), bytes(16))
    assert (await esme.receive()).sequence_number == 2
    await site.gateway.settle()
    assert (len(anna.inbox), len(site.smsc.connections)) == (1, 1)
    await site.smsc.stop()
    assert await esme.receive() is None


PUT_OFF = {
    # the rule, what the ESME sends -> the sequence numbers of the responses, in order, and then the close
    "slow unbind": ({"command": "unbind", "effect": "slow", "seconds": 5}, (Unbind(sequence_number=2),), [2]),
    "slow submit_sm": ({"effect": "slow", "seconds": 5}, (submit(2), Unbind(sequence_number=3)), [3, 2]),
    "held unbind": ({"command": "unbind", "effect": "reorder"}, (submit(2), Unbind(sequence_number=3)), [2, 3]),
    "held submit_sm": ({"effect": "reorder"}, (submit(2), Unbind(sequence_number=3)), [3, 2]),
}


@pytest.mark.parametrize(("rule", "sent", "answered"), PUT_OFF.values(), ids=PUT_OFF)
async def test_the_close_after_an_unbind_waits_for_responses_that_were_put_off(site, anna, rule, sent, answered):
    esme = await site.bound()
    on(site, **rule)
    await esme.send(*sent)
    await has_read(site, sum(len(pdu.encode()) for pdu in sent))
    await site.gateway.advance(5)
    assert [(await esme.receive()).sequence_number for _ in answered] == answered
    assert await esme.receive() is None


async def has_read(site, octets):
    """Waits until the SMSC has read so many octets behind the bind."""
    (connection,) = site.smsc.connections
    bind = len(BindTransceiver(system_id="test", password="test", interface_version=0x34).encode())
    async with asyncio.timeout(PATIENCE):
        while connection.counters.octets_in < bind + octets:
            await site.gateway.committed()


@pytest.mark.parametrize("rule", [{"effect": "slow", "seconds": 5}, {"effect": "reorder"}], ids=["slow", "reorder"])
async def test_an_esme_that_sends_no_more_gets_responses_that_were_put_off(site, anna, rule):
    esme = await site.bound()
    on(site, **rule)
    await esme.send(submit(2))
    esme.ends()
    await has_read(site, len(submit(2).encode()))
    await site.gateway.advance(5)
    assert (await esme.receive()).sequence_number == 2
    assert await esme.receive() is None


async def test_the_end_of_the_smsc_waits_for_no_slow_response(site, anna):
    esme = await site.bound()
    on(site, command="unbind", effect="slow", seconds=5)
    await esme.send(Unbind(sequence_number=2))
    await has_read(site, 16)
    await site.smsc.stop()
    assert await esme.receive() is None


async def test_a_response_that_never_came_is_not_counted_as_one(site, anna):
    esme = await site.bound()
    on(site, command=["submit_sm", "enquire_link"], effect="no_response", times=2)
    assert (await esme.ask(submit(2), EnquireLink(sequence_number=3), submit(4))).sequence_number == 4
    counted = site.accounts.get("test").shown()["binds"][0]["counters"]
    assert counted["requests"] == {"bind_transceiver": 1, "enquire_link": 1, "submit_sm": 2}
    assert counted["responses"] == {"ESME_ROK": 2}


async def test_half_open_nothing_is_read_or_written_and_others_go_on(site, anna):
    esme = await site.bound()
    on(site, command="submit_sm", effect="half_open", times=1)
    await esme.send(submit(2), EnquireLink(sequence_number=3))
    other = await site.bound("other", "pw")
    assert (await other.ask(submit(2))).command_status == 0
    await esme.send(Unbind(sequence_number=4))
    await site.gateway.settle()
    assert len(anna.inbox) == 1
    assert len(site.smsc.connections) == 2


async def test_a_fault_is_noted_with_its_name(site, anna):
    esme = await site.bound()
    on(site, command="submit_sm", effect="queue_full")
    assert isinstance(await esme.ask(submit(2)), SubmitSmResp)
    await site.gateway.settle()
    _, fault, refused = site.journal("kind, account, facts")
    assert fault == ("esme.fault", "test", {"fault": "queue_full", "command": "submit_sm"})
    assert (refused[0], refused[1], refused[2]["command_status"]) == ("esme.refused", "test", "ESME_RMSGQFUL")


async def test_a_message_that_a_drop_has_lost_is_written_down(site):
    esme = await site.bound()
    on(site, command="submit_sm", effect="drop")
    assert await esme.ask(submit(2)) is None
    (facts,) = [facts for kind, facts in site.journal("kind, facts") if kind == "esme.fault"]
    assert (facts["fault"], facts["command"], facts["to"], facts["text"]) == ("drop", "submit_sm", "70001000001", "Hi")


async def test_a_bind_that_a_fault_refuses_is_written_down_as_one(site):
    on(site, command="bind_transceiver", effect="bind_refused", times=1)
    assert (await (await site.connect()).bind()).command_status == Status.ESME_RBINDFAIL
    told = site.journal("kind, account, facts")
    assert ("esme.bind_refused", "test", {"command_status": "ESME_RBINDFAIL"}) in told


async def test_a_session_without_a_rule_meets_none(site, anna):
    esme = await site.bound(pdu=BindTransceiver)
    assert (await esme.ask(submit(2))).command_status == 0


async def test_responses_that_all_change_places_go_in_pairs(site, anna):
    esme = await site.bound()
    on(site, command="submit_sm", effect="reorder")
    await esme.send(*map(submit, range(2, 6)))
    assert [(await esme.receive()).sequence_number for _ in range(4)] == [3, 2, 5, 4]


async def test_messages_to_an_esme_change_places(site, anna):
    esme = await site.bound()
    on(site, effect="reorder", sent_by="smsc", nth=1)
    anna.send("5000", "first")
    anna.send("5000", "second")
    assert [(await esme.receive()).short_message for _ in range(2)] == [b"second", b"first"]


@pytest.mark.parametrize("style", ["deliver_sm", "data_sm"])
async def test_a_receipt_is_the_command_that_it_is_sent_as(new_site, style):
    async with new_site(test={"receipt": ReceiptStyle(pdu=style)}) as site:
        site.handset()
        esme = await site.bound()
        on(site, command=style, sent_by="smsc", effect="duplicate")
        await esme.ask(submit(2, registered_delivery=1))
        assert [(await esme.receive()).command for _ in range(2)] == [style, style]


async def test_ussd_goes_wrong_as_any_other_request_does(new_site):
    async with new_site(test={"codes": ("*500#",)}) as site:
        anna, esme = site.handset(), await site.bound()
        on(site, command="deliver_sm", effect="duplicate", destination="^500$")
        dialling = asyncio.create_task(anna.dial("*500#"))
        assert [(await esme.receive()).destination_addr for _ in range(2)] == ["500", "500"]
        dialling.cancel()


async def test_a_second_bind_is_of_the_account_that_it_names(site):
    esme = await site.connect()
    await esme.bind("other", "wrong")
    on(site, account="other", effect="bind_refused")
    assert (await esme.bind()).command_status == 0


async def test_a_reset_sends_held_responses_and_no_held_messages(site, anna):
    esme = await site.bound()
    on(site, command="submit_sm", effect="reorder")
    await esme.send(submit(2))
    await site.gateway.settle()
    site.accounts.forget()
    assert (await esme.receive()).sequence_number == 2
    on(site, effect="reorder", sent_by="smsc", times=1)
    anna.send("5000", "before")
    site.accounts.forget()
    anna.send("5000", "after")
    assert (await esme.receive()).short_message == b"after"


async def test_who_ends_his_side_gets_a_slow_response(site, anna):
    esme = await site.bound()
    on(site, effect="slow", seconds=5)
    await esme.send(submit(2))
    esme.ends()
    await site.gateway.settle()
    await site.gateway.advance(5)
    assert (await esme.receive()).sequence_number == 2
    assert await esme.receive() is None


async def test_a_connection_that_drops_while_dialogues_time_out_ends_all_of_them(new_site):
    async with new_site(test={"codes": ("*500#",)}) as site:
        esme = await site.bound()
        dials = [asyncio.create_task(site.handset(number).dial("*500#")) for number in ("70001000001", "70002000002")]
        for _ in dials:
            await esme.receive()
        on(site, command="deliver_sm", effect="drop")
        await site.gateway.advance(30)
        assert [(await dial).outcome for dial in dials] == ["app_timeout", "app_timeout"]
        assert await esme.receive() is None
