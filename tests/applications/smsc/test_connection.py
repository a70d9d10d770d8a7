"""What an ESME meets: every answer and every refusal, on a real socket."""

import asyncio
import os

import pytest
from structlog.testing import capture_logs

from ussd_gateway.network.message import MessageState
from ussd_gateway.smpp.commands import (
    BindReceiver,
    BindTransceiver,
    BindTransmitter,
    CancelSm,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
)
from ussd_gateway.smpp.pdu import HEADER
from ussd_gateway.smpp.status import Status
from ussd_gateway.smpp.tlv import Tag

ANNA = "70001000001"


def submit(sequence_number=2, **given):
    values = {"source_addr": "shop", "destination_addr": ANNA, "short_message": b"Hi"} | given
    return SubmitSm(sequence_number=sequence_number, **values)


async def test_an_esme_binds_submits_and_unbinds(site):
    anna = site.handset()
    esme = await site.connect()
    response = await esme.bind()
    assert (response.command, response.command_status, response.system_id) == (
        "bind_transceiver_resp",
        0,
        "ussd_gateway",
    )
    assert response.tlv(Tag.SC_INTERFACE_VERSION) == b"\x34"
    assert await esme.ask(submit()) == SubmitSmResp(sequence_number=2, message_id="0000000001")
    assert [(sms.sender, sms.text) for sms in anna.inbox] == [("shop", "Hi")]
    assert await esme.ask(Unbind(sequence_number=3)) == UnbindResp(sequence_number=3)
    assert await esme.receive() is None
    assert [kind for (kind,) in site.journal()] == ["esme.bound", "sms", "esme.unbound"]


@pytest.mark.parametrize("goes", ["close", "reset"])
async def test_a_bind_that_is_lost_is_written_down(site, goes):
    esme = await site.bound()
    getattr(esme, goes)()
    async with asyncio.timeout(10):
        while site.smsc.connections:
            await site.gateway.committed()
    await site.gateway.committed()
    assert [kind for (kind,) in site.journal()] == ["esme.bound", "esme.lost"]


async def test_an_account_means_by_data_coding_0_what_its_settings_say(site):
    anna = site.handset()
    latin = await site.bound("latin", "pw")
    await latin.ask(submit(short_message=b"caf\xe9"))
    assert [(sms.text, sms.alphabet, sms.content) for sms in anna.inbox] == [("café", "latin1", b"caf\xe9")]
    anna.send("6000", "caf\xe9")
    delivered = await latin.receive()
    assert (delivered.data_coding, delivered.short_message) == (0, b"caf\xe9")
    esme = await site.bound()
    await esme.ask(submit(destination_addr="6000", short_message=b"caf\5"))
    assert (await latin.receive()).short_message == b"caf\xe9"


REFUSED_BINDS = [("nobody", "test", Status.ESME_RINVSYSID), ("test", "wrong", Status.ESME_RINVPASWD)]


@pytest.mark.parametrize(("system_id", "password", "status"), REFUSED_BINDS)
async def test_a_bind_without_a_right_to_it_is_refused_and_may_be_tried_again(site, system_id, password, status):
    esme = await site.connect()
    assert (await esme.bind(system_id, password)).command_status == status
    assert (await esme.bind()).command_status == Status.ESME_ROK


async def test_an_old_esme_is_told_no_version(site):
    esme = await site.connect()
    response = await esme.ask(
        BindTransmitter(sequence_number=1, system_id="test", password="test", interface_version=0x33)
    )
    assert response.tlvs == ()


async def test_what_the_state_forbids_is_refused(site):
    esme = await site.connect()
    assert (await esme.ask(submit())).command_status == Status.ESME_RINVBNDSTS
    await esme.bind(pdu=BindReceiver)
    assert (await esme.ask(submit())).command_status == Status.ESME_RINVBNDSTS
    assert (await esme.bind()).command_status == Status.ESME_RALYBND
    assert (await esme.ask(DeliverSm(sequence_number=9))).command_status == Status.ESME_RINVBNDSTS


async def test_enquire_link_is_answered_in_every_state(site):
    esme = await site.connect()
    assert await esme.ask(EnquireLink(sequence_number=1)) == EnquireLinkResp(sequence_number=1)
    await esme.bind()
    assert await esme.ask(EnquireLink(sequence_number=2)) == EnquireLinkResp(sequence_number=2)


async def test_what_one_write_brought_is_answered_in_its_order(site):
    esme = await site.bound()
    await esme.send(*(submit(number) for number in range(2, 102)))
    answers = [await esme.receive() for _ in range(100)]
    assert [answer.sequence_number for answer in answers] == list(range(2, 102))
    assert [answer.message_id for answer in answers] == [f"{number:010d}" for number in range(1, 101)]


REFUSED_MESSAGES = {
    "no destination": ({"destination_addr": ""}, Status.ESME_RINVDSTADR),
    "a name as destination": ({"destination_addr": "Shop"}, Status.ESME_RINVDSTADR),
    "priority 4": ({"priority_flag": 4}, Status.ESME_RINVPRTFLG),
    "garbage as validity_period": ({"validity_period": "soon"}, Status.ESME_RINVEXPIRY),
    "a validity_period that is over": ({"validity_period": "180101000000000+"}, Status.ESME_RINVEXPIRY),
    "garbage as schedule_delivery_time": ({"schedule_delivery_time": "soon"}, Status.ESME_RINVSCHED),
    "a schedule_delivery_time that is over": ({"schedule_delivery_time": "180101000000000+"}, Status.ESME_RINVSCHED),
    "a validity_period before the schedule": (
        {"schedule_delivery_time": "000001000000000R", "validity_period": "000000010000000R"},
        Status.ESME_RINVEXPIRY,
    ),
    "replace_if_present_flag 2": ({"replace_if_present_flag": 2}, Status.ESME_RINVREPFLAG),
    "sm_default_msg_id of nothing": ({"sm_default_msg_id": 1}, Status.ESME_RINVDFTMSGID),
    "a TLV of a wrong length": ({"tlvs": ((Tag.SOURCE_PORT, b"\1"),)}, Status.ESME_RINVPARLEN),
    "service_type USSD": ({"service_type": "USSD"}, Status.ESME_RINVSERTYP),
    "text twice": ({"tlvs": ((Tag.MESSAGE_PAYLOAD, b"Hi"),)}, Status.ESME_RINVMSGLEN),
    "half of SAR": ({"tlvs": ((Tag.SAR_MSG_REF_NUM, b"\0\1"),)}, Status.ESME_RMISSINGOPTPARAM),
}


@pytest.mark.parametrize(("given", "status"), REFUSED_MESSAGES.values(), ids=REFUSED_MESSAGES)
async def test_a_message_that_cannot_be_taken_is_refused_with_its_status(site, given, status):
    anna = site.handset()
    esme = await site.bound()
    response = await esme.ask(submit(**given))
    assert (response.command, response.command_status) == ("submit_sm_resp", status)
    assert not anna.inbox
    assert (await esme.ask(submit(3))).command_status == Status.ESME_ROK


async def test_what_a_refused_message_would_have_said_is_written_down(site):
    esme = await site.bound()
    cyrillic = {"source_addr": "+5000", "short_message": "Да".encode("utf-16-be"), "data_coding": 8}
    await esme.ask(submit(2, destination_addr="abc", registered_delivery=1, **cyrillic))
    long = ((Tag.MESSAGE_PAYLOAD, b"Hello"), (Tag.SOURCE_PORT, b"\1"))
    await esme.ask(submit(3, source_addr="shop", short_message=b"", tlvs=long))
    await esme.ask(CancelSm(sequence_number=4, message_id="0000000077"))
    refused = [facts for kind, account, facts in site.journal("kind, account, facts") if kind == "esme.refused"]
    assert refused[0].pop("seen")
    assert refused[0] == {
        "command": "submit_sm",
        "command_status": "ESME_RINVDSTADR",
        "from": "5000",
        "to": "abc",
        "text": "Да",
        "data_coding": 8,
        "registered_delivery": 1,
    }
    assert (refused[1]["command_status"], refused[1]["from"], refused[1]["text"]) == (
        "ESME_RINVPARLEN",
        "shop",
        "Hello",
    )
    assert set(refused[2]) == {"command", "command_status", "seen"}


async def test_r178_a_refused_message_shows_no_secret(site):
    site.gateway.journal.hide("3339", "PIN 1234", ("1234",))
    esme = await site.bound()
    with capture_logs() as logs:
        await esme.ask(submit(2, source_addr="3339", destination_addr="abc", short_message=b"PIN 1234"))
        await esme.ask(submit(3, source_addr="shop", destination_addr="abc", short_message=b"for the journal only"))
    told = [facts["text"] for kind, facts in site.journal("kind, facts") if kind == "esme.refused"]
    assert told == ["PIN ********", "for the journal only"]
    assert [log["command_status"] for log in logs if log["event"] == "esme.refused"] == ["ESME_RINVDSTADR"] * 2
    assert "1234" not in repr(logs)
    assert "for the journal only" not in repr(logs)


async def test_a_bind_mode_that_may_not_submit_is_written_down_and_what_strangers_try_is_not(site):
    receiver, stranger = await site.bound(pdu=BindReceiver), await site.connect()
    for esme in (receiver, stranger):
        assert (await esme.ask(submit(2))).command_status == Status.ESME_RINVBNDSTS
    refused = [row for row in site.journal("kind, account, facts") if row[0] == "esme.refused"]
    ((_, account, facts),) = refused
    assert (account, facts["command"], facts["command_status"]) == ("test", "submit_sm", "ESME_RINVBNDSTS")


async def test_a_truncated_pdu_is_refused_and_the_connection_lives(site):
    esme = await site.bound()
    whole = submit().encode()
    cut = (len(whole) - 1).to_bytes(4) + whole[4:-1]
    assert (await esme.ask(cut)).command_status == Status.ESME_RINVMSGLEN
    assert (await esme.ask(submit(3))).command_status == Status.ESME_ROK
    assert "esme.unparsed_pdu" in [kind for (kind,) in site.journal()]


async def test_an_unknown_command_gets_generic_nack_and_the_connection_lives(site):
    esme = await site.bound()
    nack = await esme.ask(HEADER.pack(16, 0x0BAD, 0, 44))
    assert nack == GenericNack(sequence_number=44, command_status=Status.ESME_RINVCMDID)
    assert (await esme.ask(submit(3))).command_status == Status.ESME_ROK


@pytest.mark.parametrize("length", [0, 5, 0xFFFFFFFF])
async def test_a_length_that_cannot_be_true_ends_the_connection_and_no_other(site, length):
    good, bad = await site.bound(), await site.bound("other", "pw")
    answers = [await bad.ask(submit().encode() + length.to_bytes(4)), await bad.receive(), await bad.receive()]
    assert answers == [
        SubmitSmResp(sequence_number=2, message_id="0000000001"),
        GenericNack(command_status=Status.ESME_RINVCMDLEN),
        None,
    ]
    assert (await good.ask(submit())).command_status == Status.ESME_ROK


async def test_random_octets_end_the_connection_and_no_other(site):
    good, bad = await site.bound(), await site.connect()
    await bad.send(os.urandom(10_000))
    while (await bad.receive()) is not None:
        pass
    assert (await good.ask(submit())).command_status == Status.ESME_ROK
    assert len(site.smsc.connections) == 1


async def test_receipts_come_to_the_account_that_asked(site):
    site.handset()
    esme = await site.bound()
    await esme.send(submit(registered_delivery=1))
    response, receipt = await esme.receive(), await esme.receive()
    assert isinstance(receipt, DeliverSm)
    assert (receipt.esm_class, receipt.source_addr, receipt.destination_addr) == (4, ANNA, "shop")
    assert receipt.short_message == (
        b"id:0000000001 sub:001 dlvrd:001 submit date:1804271450 done date:1804271450 stat:DELIVRD err:000 text:Hi"
    )
    assert receipt.tlv(Tag.RECEIPTED_MESSAGE_ID) == response.message_id.encode() + b"\0"
    assert receipt.tlv(Tag.MESSAGE_STATE) == b"\2"


VALIDITY = {"relative": "000000000100000R", "absolute": "180427145100000+", "at UTC+3": "180427175100012+"}


@pytest.mark.parametrize("validity_period", VALIDITY.values(), ids=VALIDITY)
async def test_a_receipt_of_a_message_that_expired_comes_late_and_says_so(site, validity_period):
    anna = site.handset()
    site.gateway.detach(anna.party)
    esme = await site.bound()
    await esme.ask(submit(registered_delivery=1, validity_period=validity_period))
    await site.gateway.advance(59)
    assert (await esme.ask(EnquireLink(sequence_number=3))).command == "enquire_link_resp"
    await site.gateway.advance(1)
    assert b"stat:EXPIRED err:006" in (await esme.receive()).short_message


async def test_a_message_from_a_handset_is_delivered_to_the_account_of_the_number(site):
    anna = site.handset()
    esme = await site.bound()
    anna.send("5001", "Баланс?")
    delivered = await esme.receive()
    assert (delivered.source_addr, delivered.destination_addr, delivered.data_coding) == (ANNA, "5001", 8)
    assert (delivered.source_addr_ton, delivered.source_addr_npi, delivered.dest_addr_ton) == (1, 1, 3)
    assert delivered.short_message.decode("utf-16-be") == "Баланс?"
    await esme.ask(DeliverSmResp(sequence_number=delivered.sequence_number), EnquireLink(sequence_number=3))
    assert site.journal("kind, state")[-2:] == [("sms", MessageState.ENROUTE), ("sms.state", MessageState.DELIVERED)]


async def test_a_message_that_the_esme_refuses_is_rejected(site):
    anna = site.handset()
    esme = await site.bound()
    anna.send("5001", "Hi")
    delivered = await esme.receive()
    refusal = DeliverSmResp(sequence_number=delivered.sequence_number, command_status=Status.ESME_RX_P_APPN)
    await esme.ask(refusal, EnquireLink(sequence_number=3))
    assert site.journal("kind, state")[-1] == ("sms.state", MessageState.REJECTED)


async def test_a_transmitter_is_delivered_nothing_until_a_receiver_binds(site):
    anna = site.handset()
    transmitter = await site.bound(pdu=BindTransmitter)
    anna.send("5001", "Hi")
    assert (await transmitter.ask(EnquireLink(sequence_number=3))).command == "enquire_link_resp"
    receiver = await site.bound(pdu=BindReceiver)
    assert (await receiver.receive()).short_message == b"Hi"


async def test_what_was_not_answered_is_delivered_again_after_a_broken_connection(site):
    anna = site.handset()
    esme = await site.bound()
    for text in ("one", "two"):
        anna.send("5001", text)
    first = await esme.receive()
    await esme.send(DeliverSmResp(sequence_number=first.sequence_number))
    await esme.ask(EnquireLink(sequence_number=9))
    esme.reset()
    again = await site.bound()
    assert (await again.receive()).short_message == b"two"


async def test_the_window_is_not_overrun(new_site):
    async with new_site(window=2) as site:
        anna = site.handset()
        esme = await site.bound()
        for text in ("one", "two", "three"):
            anna.send("5001", text)
        first, second = await esme.receive(), await esme.receive()
        assert (await esme.ask(EnquireLink(sequence_number=9))).command == "enquire_link_resp"
        third = await esme.ask(DeliverSmResp(sequence_number=first.sequence_number))
        assert [pdu.short_message for pdu in (first, second, third)] == [b"one", b"two", b"three"]


async def test_several_binds_of_an_account_take_turns(site):
    anna = site.handset()
    binds = [await site.bound(), await site.bound()]
    for text in ("one", "two", "three", "four"):
        anna.send("5001", text)
    got = [[(await bind.receive()).short_message for _ in range(2)] for bind in binds]
    assert got == [[b"one", b"three"], [b"two", b"four"]]


async def test_unbound_and_silent_connections_are_closed_and_bound_ones_asked(site):
    unbound, bound = await site.connect(), await site.bound()
    await unbound.ask(EnquireLink(sequence_number=1))
    later = site.smsc.real_time() + 31
    for connection in list(site.smsc.connections):
        connection.check(later)
    assert await unbound.receive() is None
    enquiry = await bound.receive()
    assert isinstance(enquiry, EnquireLink)
    for connection in list(site.smsc.connections):
        connection.check(later + 31)
    assert (await bound.receive()).command == "unbind"
    assert await bound.receive() is None


async def test_a_peer_that_answers_enquire_link_stays(site):
    bound = await site.bound()
    (connection,) = site.smsc.connections
    connection.check(site.smsc.real_time() + 31)
    enquiry = await bound.receive()
    await bound.ask(EnquireLinkResp(sequence_number=enquiry.sequence_number), EnquireLink(sequence_number=2))
    connection.check(site.smsc.real_time() + 11)
    assert site.smsc.connections == {connection}


async def test_the_smsc_unbinds_everybody_when_it_stops(site):
    esme = await site.bound()
    await site.smsc.stop()
    assert (await esme.receive()).command == "unbind"
    assert await esme.receive() is None


async def test_tlvs_that_nobody_here_understands_go_on_to_the_receiving_esme(site):
    esme, other = await site.bound(), await site.bound("other", "pw")
    await other.ask(submit(destination_addr="5001", tlvs=((0x1400, b"\x01"), (0x1401, b""))))
    assert (await esme.receive()).tlvs == ((0x1400, b"\x01"), (0x1401, b""))


async def test_a_generic_nack_of_a_deliver_sm_rejects_it(site):
    anna = site.handset()
    esme = await site.bound()
    anna.send("5001", "Hi")
    delivered = await esme.receive()
    nack = GenericNack(sequence_number=delivered.sequence_number, command_status=Status.ESME_RINVCMDID)
    await esme.ask(nack, EnquireLink(sequence_number=3))
    assert ("sms.state", MessageState.REJECTED) in site.journal("kind, state")


BROKEN_ANSWERS = {
    "a generic_nack": lambda number: GenericNack(sequence_number=number, command_status=Status.ESME_RINVCMDID).encode(),
    "a response with a broken body": lambda number: HEADER.pack(18, DeliverSmResp.command_id, 0, number) + b"xx",
}


@pytest.mark.parametrize("answer", BROKEN_ANSWERS.values(), ids=BROKEN_ANSWERS)
async def test_any_answer_however_broken_opens_the_window_again(new_site, answer):
    async with new_site(window=1) as site:
        anna = site.handset()
        esme = await site.bound()
        for text in ("one", "two"):
            anna.send("5001", text)
        first = await esme.receive()
        assert (await esme.ask(answer(first.sequence_number))).short_message == b"two"
        assert site.journal("kind, state")[-1] == ("sms.state", MessageState.REJECTED)


async def test_a_bind_that_never_answers_a_deliver_sm_is_ended_and_the_message_goes_to_another(site):
    anna = site.handset()
    esme = await site.bound()
    anna.send("5001", "one")
    await esme.receive()
    await esme.ask(EnquireLink(sequence_number=9))  # it lives, but does not answer
    (connection,) = site.smsc.connections
    connection.check(site.smsc.real_time() + 31)
    again = await site.bound()
    assert (await again.receive()).short_message == b"one"


async def test_a_message_expires_while_it_waits_for_room_in_the_window(new_site):
    async with new_site(window=1) as site:
        anna = site.handset()
        esme, sender = await site.bound(), await site.bound("other", "pw")
        anna.send("5001", "one")
        first = await esme.receive()
        validity = {"validity_period": "000000000100000R", "registered_delivery": 1}
        await sender.ask(submit(destination_addr="5001", **validity))
        await site.gateway.advance(61)
        assert b"stat:EXPIRED" in (await sender.receive()).short_message
        await esme.send(DeliverSmResp(sequence_number=first.sequence_number))
        assert (await esme.ask(EnquireLink(sequence_number=9))).command == "enquire_link_resp"


async def test_an_esme_of_version_3_3_gets_no_optional_parameters(site):
    site.handset()
    esme = await site.connect()
    await esme.ask(BindTransceiver(sequence_number=1, system_id="test", password="test", interface_version=0x33))
    await esme.send(submit(registered_delivery=1))
    _, receipt = await esme.receive(), await esme.receive()
    assert (receipt.command, receipt.tlvs) == ("deliver_sm", ())


async def test_what_was_accepted_in_the_turn_of_the_end_is_still_answered(site):
    site.handset()
    esme = await site.bound()
    (connection,) = site.smsc.connections
    octets = submit(7).encode()
    connection.get_buffer(0)[: len(octets)] = octets
    connection.buffer_updated(len(octets))
    connection.close()
    assert [(await esme.receive()).command for _ in range(2)] == ["submit_sm_resp", "unbind"]
    assert await esme.receive() is None


async def test_an_esme_that_never_reads_is_dropped_in_the_end(new_site):
    async with new_site(window=100_000) as site:
        anna = site.handset()
        esme = await site.bound()
        (connection,) = site.smsc.connections
        for _ in range(40):  # until the system's buffers are full, and then some
            for _ in range(1000):
                anna.send("5001", "x" * 150)
            await site.gateway.committed()
        assert connection.room == 0  # writing is paused
        later = site.smsc.real_time() + 31
        connection.check(later)
        await site.gateway.committed()
        connection.check(later + 1)
        await asyncio.sleep(0)
        assert connection not in site.smsc.connections
        assert [kind for (kind,) in site.journal()].count("esme.silent") == 1
        esme.reset()


async def test_a_reset_opens_a_window_that_was_full(new_site):
    async with new_site(window=1) as site:
        anna = site.handset()
        esme = await site.bound()
        anna.send("5001", "before")
        await esme.receive()
        site.accounts.forget()
        anna.send("5001", "after")
        assert (await esme.receive()).short_message == b"after"


async def test_nothing_is_left_of_a_thousand_connections(site):
    for _ in range(20):
        esmes = await asyncio.gather(*(site.connect() for _ in range(50)))
        for esme in esmes:
            esme.reset()
    good = await site.bound()
    assert (await good.ask(submit())).command_status == Status.ESME_ROK
    assert len(site.smsc.connections) == 1


async def test_our_unbind_waits_for_its_response(site):
    anna, esme = site.handset(), await site.bound()
    (connection,) = site.smsc.connections
    connection.unbind()
    unbind = await esme.receive()
    assert (await esme.ask(submit())).command_status == Status.ESME_RINVBNDSTS
    anna.send("5001", "Hi")
    connection.check(site.smsc.real_time() + 29)
    await esme.send(UnbindResp(sequence_number=unbind.sequence_number))
    assert await esme.receive() is None
    assert (await (await site.bound()).receive()).short_message == b"Hi"


async def test_our_unbind_waits_no_longer_than_for_any_response(site):
    esme = await site.bound()
    (connection,) = site.smsc.connections
    connection.unbind()
    assert (await esme.receive()).command == "unbind"
    connection.check(site.smsc.real_time() + 31)
    assert await esme.receive() is None


async def test_nothing_more_is_read_while_nothing_can_be_kept(new_site, tmp_path):
    """A disk that is full: an ESME that floods is not heard, and gets its answers when there is room again."""
    async with new_site(path=tmp_path / "gateway.db") as site:
        anna = site.handset()
        esme = await site.bound()
        await site.gateway.settle()
        site.store.own("CREATE TEMP TRIGGER full BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'disk full'); END")
        for number in (2, 3, 4, 5):  # one read may come while the commit fails, and one when it has failed
            await esme.send(SubmitSm(sequence_number=number, destination_addr="70001000001"))
            for _ in range(100):
                await asyncio.sleep(0)
        heard = len(anna.inbox)
        site.store.own("DROP TRIGGER full")
        assert [(await esme.receive()).sequence_number for _ in range(4)] == [2, 3, 4, 5]
        assert len(anna.inbox) == 4
    assert heard <= 2


async def test_a_message_knows_its_connection_and_yet_its_receipt_goes_to_any(site):
    site.handset()
    first, second = await site.bound(), await site.bound()
    for sequence_number in (2, 3):
        await first.send(
            SubmitSm(sequence_number=sequence_number, destination_addr="70001000001", registered_delivery=1)
        )
    assert sorted([(await first.receive()).command for _ in range(3)]) == ["deliver_sm", *["submit_sm_resp"] * 2]
    assert (await second.receive()).command == "deliver_sm"
    await site.gateway.committed()
    numbers = [entry.sms.origin for _, entry in site.gateway.journal.after(0) if entry.kind == "sms"]
    assert numbers == [1, 1]


async def test_an_end_that_comes_before_the_commit_waits_for_what_is_to_be_written(site):
    esme = await site.bound()
    (connection,) = site.smsc.connections
    connection.write(EnquireLink(sequence_number=7).encode())
    assert connection.eof_received()  # the transport stays
    assert (await esme.receive()).sequence_number == 7
    assert await esme.receive() is None
