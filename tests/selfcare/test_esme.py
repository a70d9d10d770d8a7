"""Self-care's ESME against the gateway's own SMSC over TCP, and against a peer that misbehaves."""

import asyncio
import logging
import re
import struct
import time

import pytest
from structlog.testing import capture_logs

from tests.selfcare.conftest import ANNA, ScriptedSmsc, until
from ussd_gateway.coding.data_coding import encode_sms
from ussd_gateway.selfcare.esme import SmsSender
from ussd_gateway.smpp.commands import DeliverSmResp, GenericNack, Unbind
from ussd_gateway.smpp.status import Status
from ussd_gateway.smpp.tlv import Tag

RUSSIAN = "Пароль: Ab3dE9xZ. Ёж, щука — «да» 😀"
GSM = "Parol: Ab3dE9xZ @£$¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ!\"#¤%&'()*+,-./[]{}^~|\\€ÄÖÑÜ§¿äöñüà"
RECEIPT = b"id:7 sub:001 dlvrd:001 submit date:1804271450 done date:1804271450 stat:DELIVRD err:000 text:"


def sender_of(operator):
    return operator.selfcare.sender


def bound(operator):
    return bool(operator.smsc.connections) and sender_of(operator).bound.is_set()


async def sent(operator, text, count):
    """Sends, and returns what the phone has when it has so many."""
    sender_of(operator).send("3339", ANNA, text)
    return await operator.received(count=count)


@pytest.fixture
async def scripted(plain_gateway):
    """A peer that answers as told, and a sender bound to it."""
    made = []

    async def new(*answers, receive=lambda sms: None, **given):
        smsc = ScriptedSmsc(*answers)
        await smsc.start()
        sender = SmsSender(lambda: smsc.address, "selfcare", "selfcare", plain_gateway, receive, **given)
        sender.start()
        await sender.bound.wait()
        made.append((smsc, sender))
        return smsc, sender

    yield new
    for smsc, sender in made:
        await sender.stop()
        await smsc.stop()


# The usual road ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [RUSSIAN, GSM, "x" * 160, "я" * 70], ids=["russian", "gsm", "160", "70"])
async def test_an_sms_arrives_byte_for_byte(operator, text):
    sender_of(operator).send("3339", ANNA, text)
    await operator.gateway.settle()

    (sms,) = operator.phone().inbox
    assert (sms.sender, sms.text) == ("3339", text)
    assert (sms.data_coding, sms.content) == encode_sms(text)


async def test_settle_waits_for_the_sms_and_the_receipt_is_seen(operator):
    sender_of(operator).send("3339", ANNA, RUSSIAN)
    await operator.gateway.settle()

    (sms,) = operator.phone().inbox
    await until(lambda: operator.noted("selfcare.sms_receipt"))
    assert operator.noted("selfcare.sms_receipt") == [{"destination": ANNA, "message_id": sms.id, "state": "DELIVRD"}]


async def test_a_phone_that_is_off_gets_it_later_and_the_receipt_comes_then(operator):
    operator.gateway.detach(operator.phone().party)
    sender_of(operator).send("3339", ANNA, RUSSIAN)
    await operator.gateway.settle()
    assert not operator.phone().inbox

    operator.gateway.attach(operator.phone().party)

    assert await operator.received() == [RUSSIAN]
    await until(lambda: operator.noted("selfcare.sms_receipt"))


async def test_an_undeliverable_sms_has_a_receipt_that_says_so(operator):
    operator.gateway.detach(operator.phone().party)
    sender_of(operator).send("3339", ANNA, RUSSIAN)
    await operator.gateway.advance(4 * 86400)
    await until(lambda: operator.noted("selfcare.sms_receipt"))

    assert operator.noted("selfcare.sms_receipt")[0]["state"] == "EXPIRED"


async def test_many_arrive_in_their_order(operator):
    for number in range(200):
        sender_of(operator).send("3339", ANNA, str(number))
    await operator.gateway.settle()

    assert await operator.received(count=200) == [str(number) for number in range(200)]


async def test_starting_returns_at_once_and_the_port_may_be_known_late(operators, plain_gateway):
    addresses = []
    sender = SmsSender(lambda: addresses[0], "selfcare", "selfcare", plain_gateway)
    smsc = ScriptedSmsc()
    await smsc.start()
    addresses.append(smsc.address)

    sender.send("3339", ANNA, "binds by itself")
    assert not sender.bound.is_set()
    await plain_gateway.settle()

    assert sender.bound.is_set()
    assert len(smsc.submitted) == 1
    await sender.stop()
    await smsc.stop()


@pytest.mark.parametrize("host", ["", "0.0.0.0"])
async def test_an_smsc_that_listens_on_every_address_is_reached_on_loopback(plain_gateway, host):
    smsc = ScriptedSmsc()
    await smsc.start()
    sender = SmsSender(lambda: (host, smsc.address[1]), "selfcare", "selfcare", plain_gateway)
    sender.start()
    await plain_gateway.settle()

    assert sender.bound.is_set()
    await sender.stop()
    await smsc.stop()


# Failures ---------------------------------------------------------------------------------------------------------------


async def test_after_a_restart_of_the_smsc_the_next_sms_arrives(operator):
    assert await sent(operator, "before", 1) == ["before"]
    await operator.gateway.settle()  # its response is in, too
    await operator.smsc.stop()
    await until(lambda: not sender_of(operator).bound.is_set())
    sender_of(operator).send("3339", ANNA, "meanwhile")
    await operator.gateway.settle()
    assert sender_of(operator).waiting == 1

    await operator.listen()

    assert await sent(operator, "after", 3) == ["before", "meanwhile", "after"]


async def test_settle_does_not_wait_for_an_smsc_that_is_down(operator):
    await operator.smsc.stop()
    await until(lambda: not sender_of(operator).bound.is_set())
    sender_of(operator).send("3339", ANNA, "1")
    await operator.gateway.settle()

    assert operator.gateway._under_way == 0  # it was not patience that ended
    assert sender_of(operator).waiting == 1


async def test_a_connection_that_the_smsc_closes_is_made_again(operator):
    for connection in list(operator.smsc.connections):
        connection.close()

    assert await sent(operator, "1", 1) == ["1"]


async def test_a_connection_that_breaks_is_made_again(operator):
    for connection in list(operator.smsc.connections):
        connection._transport.abort()

    assert await sent(operator, "1", 1) == ["1"]


async def test_it_is_bound_again_without_anything_to_send(operator):
    before = set(operator.smsc.connections)
    for connection in before:
        connection.close()

    await until(lambda: bound(operator) and not before & operator.smsc.connections)
    operator.phone().send("111", "828")
    assert await operator.received() == ["Услуга «Управление номерами» подключена."]


@pytest.mark.parametrize(
    "answer", [Status.ESME_RTHROTTLED, Status.ESME_RMSGQFUL, Status.ESME_RSYSERR, "close"], ids=str
)
async def test_what_was_not_taken_is_sent_again(scripted, plain_gateway, answer):
    smsc, sender = await scripted(answer, answer)
    sender.send("3339", ANNA, RUSSIAN)
    await plain_gateway.settle()
    await until(lambda: not sender.waiting)

    assert len(smsc.submitted) == 3
    assert len({pdu.short_message for pdu in smsc.submitted}) == 1


async def test_a_refusal_for_good_is_given_up(scripted, plain_gateway):
    smsc, sender = await scripted(Status.ESME_RINVDSTADR)
    sender.send("3339", ANNA, RUSSIAN)
    await plain_gateway.settle()

    assert not sender.waiting
    assert len(smsc.submitted) == 1
    assert ("selfcare.sms_given_up",) in plain_gateway.written()


async def test_a_generic_nack_is_an_answer(scripted, plain_gateway):
    nack = GenericNack(command_status=Status.ESME_RINVCMDID, sequence_number=2).encode()
    _, sender = await scripted(nack)
    sender.send("3339", ANNA, "1")
    await plain_gateway.settle()

    await until(lambda: not sender.waiting)


async def test_a_command_status_that_aiosmpplib_does_not_know_is_a_lost_bind_and_no_more(scripted, plain_gateway):
    unknown = struct.pack("!IIII", 16, 0x80000004, 0x0999, 2)
    smsc, sender = await scripted(unknown)
    sender.send("3339", ANNA, "1")

    await until(lambda: not sender.waiting)
    assert smsc.bound == 2


async def test_an_smsc_that_ends_every_bind_is_not_asked_without_a_pause(plain_gateway):
    smsc = ScriptedSmsc(*["close"] * 1000)
    await smsc.start()
    sender = SmsSender(lambda: smsc.address, "selfcare", "selfcare", plain_gateway)
    begin = time.perf_counter()
    sender.send("3339", ANNA, "1")
    await until(lambda: smsc.bound == 4)

    assert time.perf_counter() - begin > 0.25  # at once, after 0.1 s, after 0.2 s
    await sender.stop()
    await smsc.stop()


async def test_a_refused_bind_is_tried_again_and_leaves_no_socket(operators):
    operator = await operators()
    stranger = SmsSender(lambda: operator.address, "selfcare", "wrong", operator.gateway)
    stranger.start()
    await operator.gateway.settle()
    await until(lambda: len(operator.noted("esme.bind_refused")) >= 2)

    assert not stranger.bound.is_set()
    await stranger.stop()
    await until(lambda: len(operator.smsc.connections) == 1)


async def test_silence_is_no_answer_and_the_sms_is_sent_again(scripted):
    smsc, sender = await scripted("silence", response=0.02)
    sender.send("3339", ANNA, "1")

    await until(lambda: not sender.waiting)
    assert len(smsc.submitted) == 2


# What comes in ----------------------------------------------------------------------------------------------------------


def mo(sequence_number, text="ПАРОЛЬ", **fields):
    data_coding, octets = encode_sms(text)
    return {
        "sequence_number": sequence_number,
        "source_addr": ANNA,
        "destination_addr": "3339",
        "data_coding": data_coding,
        "short_message": octets,
    } | fields


async def test_an_sms_is_received_and_answered_and_its_repeat_is_answered_only(scripted, plain_gateway):
    seen = []
    smsc, _ = await scripted(receive=seen.append)
    smsc.deliver(**mo(1))
    smsc.deliver(**mo(1))
    smsc.deliver(**mo(2))
    await until(lambda: len([pdu for pdu in smsc.heard if isinstance(pdu, DeliverSmResp)]) == 3)

    assert [(sms.source, sms.destination, sms.text) for sms in seen] == [(ANNA, "3339", "ПАРОЛЬ")] * 2
    assert seen[0].key != seen[1].key
    assert ("selfcare.sms_repeated",) in plain_gateway.written()


async def test_r176_the_phones_own_reference_tells_a_repeat(scripted):
    seen = []
    smsc, _ = await scripted(receive=seen.append)
    reference = ((Tag.USER_MESSAGE_REFERENCE, b"\0\x07"),)
    smsc.deliver(**mo(1, tlvs=reference))
    smsc.deliver(**mo(2, tlvs=reference))
    await until(lambda: len([pdu for pdu in smsc.heard if isinstance(pdu, DeliverSmResp)]) == 2)

    assert len(seen) == 1


async def test_r177_what_is_delivered_again_on_the_next_bind_has_no_second_effect(scripted):
    seen = []
    smsc, sender = await scripted(receive=seen.append)
    smsc.deliver(**mo(1))
    await until(lambda: seen)
    smsc.write(Unbind(sequence_number=9).encode())
    await until(lambda: smsc.bound == 2 and sender.bound.is_set())
    smsc.deliver(**mo(1))
    smsc.deliver(**mo(2, "пароль"))
    await until(lambda: len([pdu for pdu in smsc.heard if isinstance(pdu, DeliverSmResp)]) == 3)

    assert [sms.text for sms in seen] == ["ПАРОЛЬ", "пароль"]


async def test_what_waited_while_nobody_was_bound_is_received_at_the_next_bind(operators):
    operator = await operators()
    await operator.selfcare.stop()
    await until(lambda: not operator.smsc.connections)
    operator.phone().send("111", "828")
    await operator.gateway.settle()
    assert not operator.phone().inbox

    operator.selfcare.start()

    assert await operator.received() == ["Услуга «Управление номерами» подключена."]


UNREADABLE = {
    "empty": mo(1, ""),
    "data_coding": mo(1, data_coding=0xF0),
    "header": mo(1, esm_class=0x40, data_coding=0, short_message=b"\x06\x08\x04\x00"),
    "receipt": mo(1, esm_class=0x04, data_coding=0, short_message=b"id:7 submit date:never stat:DELIVRD text:"),
}


@pytest.mark.parametrize("fields", UNREADABLE.values(), ids=UNREADABLE)
async def test_what_cannot_be_read_is_refused_and_the_bind_lives(scripted, fields):
    seen = []
    smsc, sender = await scripted(receive=seen.append)
    smsc.deliver(**fields)
    await until(lambda: any(isinstance(pdu, GenericNack) for pdu in smsc.heard))
    smsc.deliver(**mo(2))
    await until(lambda: seen)

    assert smsc.bound == 1
    assert sender.bound.is_set()


async def test_parts_of_a_long_sms_are_received_and_let_go(scripted):
    seen = []
    smsc, _ = await scripted(receive=seen.append)
    for part in (1, 2):
        smsc.deliver(**mo(part, esm_class=0x40, data_coding=0, short_message=bytes((5, 0, 3, 7, 2, part)) + b"828"))
    await until(lambda: len([pdu for pdu in smsc.heard if isinstance(pdu, DeliverSmResp)]) == 2)

    assert not seen


async def test_a_receipt_of_another_kind_of_smsc_is_noted(scripted, plain_gateway):
    smsc, _ = await scripted()
    smsc.deliver(**mo(1, esm_class=0x04, data_coding=0, short_message=RECEIPT, destination_addr="3339"))
    await until(lambda: ("selfcare.sms_receipt",) in plain_gateway.written())


# The end ----------------------------------------------------------------------------------------------------------------


async def test_stopping_says_unbind_and_leaves_no_task(operators):
    operator = await operators()
    await sent(operator, "1", 1)
    before = asyncio.all_tasks()
    await operator.selfcare.stop()

    assert {task for task in asyncio.all_tasks() if not task.done()} == {asyncio.current_task()} < before
    await until(lambda: operator.noted("esme.unbound"))
    assert not operator.smsc.connections


@pytest.mark.parametrize("down", ["not started", "no listener", "silent peer"])
async def test_stopping_at_any_moment_leaves_no_task(plain_gateway, down):
    smsc = ScriptedSmsc(silent=True)
    await smsc.start()
    if down == "no listener":
        await smsc.stop()
    sender = SmsSender(lambda: smsc.address, "selfcare", "selfcare", plain_gateway)
    before = asyncio.all_tasks()
    if down != "not started":
        sender.send("3339", ANNA, "1")
    if down == "silent peer":
        await until(lambda: smsc.connected)
    elif down == "no listener":
        await plain_gateway.settle()
    await sender.stop()
    await sender.stop()

    assert not sender.waiting
    assert plain_gateway._under_way == 0
    await smsc.stop()
    assert asyncio.all_tasks() <= before


async def test_it_can_be_started_again(operators):
    operator = await operators()
    await operator.selfcare.stop()
    operator.selfcare.start()

    assert await sent(operator, "1", 1) == ["1"]


# Secrets ----------------------------------------------------------------------------------------------------------------


async def test_r178_no_text_reaches_a_log_or_standard_output(scripted, plain_gateway, capfd, caplog):
    caplog.set_level(1)
    logging.getLogger("asyncio").setLevel(logging.DEBUG)
    unreadable = struct.pack("!IIII", 16, 0x80000004, 0x0999, 2)
    with capture_logs() as logs:
        smsc, sender = await scripted(Status.ESME_RTHROTTLED, Status.ESME_RINVDSTADR, unreadable)
        sender.send("3339", ANNA, "Password: Ab3dE9xZ.")
        sender.send("3339", ANNA, "Password: Ab3dE9xZ. 🔑")
        sender.send("3339", "нет" * 5, "Password: Ab3dE9xZ.")
        smsc.deliver(**mo(1, "Password: Ab3dE9xZ."))
        smsc.deliver(**mo(2, "Password: Ab3dE9xZ.", data_coding=0xF0))
        await until(lambda: not sender.waiting)
    written = "".join(map(str, capfd.readouterr())) + caplog.text + repr(logs)

    assert "selfcare.sms_refused" in written
    assert not re.search("Ab3dE9xZ|4162336445397", written)
