"""Cell broadcast: to every attached handset, now and again, until it ends or is cancelled."""

import pytest

from ussd_gateway.applications.smsc import broadcasts
from ussd_gateway.network.message import MessageState
from ussd_gateway.smpp.commands import BroadcastSm, CancelBroadcastSm, EnquireLink, QueryBroadcastSm
from ussd_gateway.smpp.status import Status
from ussd_gateway.smpp.tlv import Tag

ANNA, BORIS = "70001000001", "70002000001"
TOWN, RING = b"\0Town", b"\1ring"
EVERY_MINUTE, ONCE_MORE, NO_NUMBER = b"\x09\0\1", b"\0\1", b"\0\0"


def broadcast(
    areas=(TOWN,), repeated=ONCE_MORE, every=EVERY_MINUTE, content=b"\1\0\0", text=b"Storm", tlvs=(), **given
):
    rows = [
        *((Tag.BROADCAST_AREA_IDENTIFIER, area) for area in areas),
        (Tag.BROADCAST_CONTENT_TYPE, content),
        (Tag.BROADCAST_REP_NUM, repeated),
        (Tag.BROADCAST_FREQUENCY_INTERVAL, every),
        (Tag.MESSAGE_PAYLOAD, text),
    ]
    found = [(tag, value) for tag, value in rows if value is not None]
    return BroadcastSm(**{"sequence_number": 2, "source_addr": "112", "tlvs": (*found, *tlvs)} | given)


def query(message_id, source_addr="112"):
    return QueryBroadcastSm(sequence_number=3, message_id=message_id, source_addr=source_addr)


def cancel(message_id="", source_addr="112", service_type=""):
    return CancelBroadcastSm(
        sequence_number=4, message_id=message_id, source_addr=source_addr, service_type=service_type
    )


def texts(handset):
    return [sms.text for sms in handset.inbox]


@pytest.fixture
async def anna(site):
    return site.handset(ANNA)


@pytest.fixture
async def esme(site, anna):
    return await site.bound(interface_version=0x50)


async def state(esme, message_id):
    return MessageState((await esme.ask(query(message_id))).tlv(Tag.MESSAGE_STATE)[0]).name


async def test_every_handset_gets_it_now_and_once_more_after_the_interval(site, anna, esme):
    boris = site.handset(BORIS)
    site.gateway.directory.recipient("79990000000")  # of another operator
    response = await esme.ask(broadcast())
    assert (response.command, response.command_status) == ("broadcast_sm_resp", 0)
    assert (texts(anna), texts(boris)) == (["Storm"], ["Storm"])
    assert anna.inbox[0].sender == "112"
    assert await state(esme, response.message_id) == "ENROUTE"
    site.gateway.detach(boris.party)
    await site.gateway.advance(59)
    assert texts(anna) == ["Storm"]
    await site.gateway.advance(3600)
    assert (texts(anna), texts(boris)) == (["Storm"] * 2, ["Storm"])


async def test_a_query_tells_the_state_the_success_of_each_area_and_the_end(site, esme):
    site.gateway.detach(site.handset(BORIS).party)
    reference = (Tag.USER_MESSAGE_REFERENCE, b"\0\7")
    message_id = (await esme.ask(broadcast(areas=(TOWN, RING), tlvs=(reference,)))).message_id
    half = [(Tag.BROADCAST_AREA_IDENTIFIER, TOWN), (Tag.BROADCAST_AREA_SUCCESS, b"\x32")]
    half += [(Tag.BROADCAST_AREA_IDENTIFIER, RING), (Tag.BROADCAST_AREA_SUCCESS, b"\x32")]
    response = await esme.ask(query(message_id))
    assert response.message_id == message_id
    assert list(response.tlvs[:-1]) == [(Tag.MESSAGE_STATE, b"\1"), *half, reference]
    await site.gateway.advance(60)
    response = await esme.ask(query(message_id))
    end = (Tag.BROADCAST_END_TIME, b"180427145100000+\0")
    assert list(response.tlvs[:-1]) == [(Tag.MESSAGE_STATE, b"\2"), *half, end, reference]


async def test_a_scheduled_broadcast_waits_for_its_moment(site, anna, esme):
    message_id = (await esme.ask(broadcast(schedule_delivery_time="000000010000000R"))).message_id
    response = await esme.ask(query(message_id))
    assert (response.tlv(Tag.MESSAGE_STATE), response.tlv(Tag.BROADCAST_AREA_SUCCESS)) == (b"\0", b"\xff")
    await site.gateway.advance(3600)
    assert texts(anna) == ["Storm"]


# how often it is repeated, how often it arrives within its validity of five minutes, and how it ends
ENDINGS = [(b"\0\3", 4, "DELIVERED"), (b"\0\x63", 6, "EXPIRED"), (NO_NUMBER, 6, "DELIVERED")]


@pytest.mark.parametrize(("repeated", "times", "ending"), ENDINGS)
async def test_a_broadcast_ends_with_its_number_or_its_validity(site, anna, esme, repeated, times, ending):
    response = await esme.ask(broadcast(repeated=repeated, validity_period="000000000500000R"))
    await site.gateway.advance(3600)
    assert len(anna.inbox) == times
    assert await state(esme, response.message_id) == ending


async def test_a_predefined_text_can_be_broadcast(new_site):
    async with new_site(default_messages=("Storm!",)) as site:
        anna, esme = site.handset(), await site.bound(interface_version=0x50)
        await esme.ask(broadcast(text=None, sm_default_msg_id=1))
        assert texts(anna) == ["Storm!"]


CANCELLED = {
    "by its id": (lambda first: cancel(first), ["DELETED", "ENROUTE"]),
    "by its source": (lambda first: cancel(), ["DELETED", "DELETED"]),
    "by its service_type": (lambda first: cancel(service_type="CMT"), ["ENROUTE", "DELETED"]),
}


@pytest.mark.parametrize(("request_", "states"), CANCELLED.values(), ids=CANCELLED)
async def test_a_broadcast_is_cancelled_and_comes_no_more(site, anna, esme, request_, states):
    first = (await esme.ask(broadcast())).message_id
    second = (await esme.ask(broadcast(text=b"Sun", service_type="CMT"))).message_id
    assert (await esme.ask(request_(first))).command_status == 0
    assert [await state(esme, message_id) for message_id in (first, second)] == states
    await site.gateway.advance(600)
    assert len(anna.inbox) == 2 + states.count("ENROUTE")


@pytest.mark.parametrize("named", [True, False])
async def test_a_broadcast_takes_the_place_of_another(site, anna, esme, named):
    first = (await esme.ask(broadcast())).message_id
    second = await esme.ask(broadcast(text=b"Sun", replace_if_present_flag=1, message_id=first if named else ""))
    assert second.command_status == 0
    assert await state(esme, first) == "DELETED"
    await site.gateway.advance(600)
    assert texts(anna) == ["Storm", "Sun", "Sun"]


REFUSED = {
    "no area": (broadcast(areas=()), Status.ESME_RMISSINGOPTPARAM),
    "no content type": (broadcast(content=None), Status.ESME_RMISSINGOPTPARAM),
    "no number": (broadcast(repeated=None), Status.ESME_RMISSINGOPTPARAM),
    "no interval": (broadcast(every=None), Status.ESME_RMISSINGOPTPARAM),
    "no text": (broadcast(text=None), Status.ESME_RMISSINGOPTPARAM),
    "an interval of a wrong length": (broadcast(every=b"\x09"), Status.ESME_RINVPARLEN),
    "an unknown unit": (broadcast(every=b"\x63\0\1"), Status.ESME_RINVBCASTFREQINT),
    "every 0 minutes": (broadcast(every=b"\x09\0\0"), Status.ESME_RINVBCASTFREQINT),
    "an unknown format of area": (broadcast(areas=(b"\7x",)), Status.ESME_RINVBCASTAREAFMT),
    "an area without a name": (broadcast(areas=(b"\0",)), Status.ESME_RINVBCASTALIAS_NAME),
    "an unknown network": (broadcast(content=b"\7\0\0"), Status.ESME_RINVBCASTCNTTYPE),
    "priority 5": (broadcast(priority_flag=5), Status.ESME_RINVPRTFLG),
    "replace_if_present_flag 2": (broadcast(replace_if_present_flag=2), Status.ESME_RINVREPFLAG),
    "replacing what is not there": (
        broadcast(replace_if_present_flag=1, message_id="0000000777"),
        Status.ESME_RINVMSGID,
    ),
    "an unknown predefined text": (broadcast(text=None, sm_default_msg_id=1), Status.ESME_RINVDFTMSGID),
    "two texts": (broadcast(sm_default_msg_id=1), Status.ESME_RINVMSGLEN),
    "a schedule that is none": (broadcast(schedule_delivery_time="soon"), Status.ESME_RINVSCHED),
    "a validity that is over": (broadcast(validity_period="180101000000000+"), Status.ESME_RINVEXPIRY),
    "a query of nothing": (query("0000000777"), Status.ESME_RBCASTQUERYFAIL),
    "a query of no id": (query("no such"), Status.ESME_RINVMSGID),
    "a cancel of nothing": (cancel("0000000777"), Status.ESME_RBCASTCANCELFAIL),
    "a cancel of a source without any": (cancel(), Status.ESME_RBCASTCANCELFAIL),
}


@pytest.mark.parametrize(("request_", "status"), REFUSED.values(), ids=REFUSED)
async def test_what_cannot_be_done_is_refused_with_its_status(esme, anna, request_, status):
    response = await esme.ask(request_)
    assert (response.command, response.command_status) == (f"{request_.command}_resp", status)
    assert texts(anna) == []


async def test_a_broadcast_of_another_account_or_source_is_nobodys_business(site, esme):
    other = await site.bound("other", "pw", interface_version=0x50)
    message_id = (await esme.ask(broadcast())).message_id
    for asking, source in ((other, "112"), (esme, "911")):
        assert (await asking.ask(query(message_id, source))).command_status == Status.ESME_RBCASTQUERYFAIL
        assert (await asking.ask(cancel(message_id, source))).command_status == Status.ESME_RBCASTCANCELFAIL
    assert await state(esme, message_id) == "ENROUTE"


async def test_a_broadcast_that_has_ended_cannot_be_cancelled(site, esme):
    message_id = (await esme.ask(broadcast())).message_id
    await esme.ask(cancel(message_id))
    assert (await esme.ask(cancel(message_id))).command_status == Status.ESME_RBCASTCANCELFAIL


@pytest.mark.parametrize("request_", [broadcast(), query("0000000001"), cancel("0000000001")])
async def test_a_bind_of_3_4_has_no_broadcasts(site, request_):
    esme = await site.bound(interface_version=0x34)
    assert (await esme.ask(request_)).command_status == Status.ESME_RINVCMDID


async def test_a_reset_forgets_broadcasts(site, anna, esme):
    await esme.ask(broadcast())
    site.services.broadcasts.clear()
    await site.gateway.advance(600)
    assert len(anna.inbox) == 1
    assert (await esme.ask(EnquireLink(sequence_number=9))).command == "enquire_link_resp"


async def test_more_than_so_many_are_not_accepted_until_one_has_ended(site, monkeypatch):
    monkeypatch.setattr(broadcasts, "_REMEMBERED", 2)
    esme = await site.bound(interface_version=0x50)
    endless = broadcast(repeated=NO_NUMBER)
    first = await esme.ask(endless)
    assert [(await esme.ask(endless)).command_status for _ in range(2)] == [0, Status.ESME_RMSGQFUL]
    await esme.ask(cancel(first.message_id))
    assert (await esme.ask(endless)).command_status == 0
    assert (await esme.ask(query(first.message_id))).command_status == Status.ESME_RBCASTQUERYFAIL
