"""ESMEs that were not written here bind, submit, get receipts and receive: aiosmpplib and python-smpplib."""

import asyncio
import logging
import threading
from contextlib import asynccontextmanager

import pytest
import smpplib.client
import smpplib.consts
import smpplib.gsm
from aiosmpplib import ESME, PhoneNumber, SubmitSm
from aiosmpplib.hook import AbstractHook
from aiosmpplib.protocol import DeliverSm, SubmitSmResp
from aiosmpplib.state import NPI, TON

ANNA = "70001000001"
GSM = "Hello @ £ $ é {curly} [square] ~ €"
CYRILLIC = "Привет, мир! Ёжик № 5 «ёлки»"
LONG = "Съешь ещё этих мягких французских булок, да выпей чаю. " * 8  # 440 characters
PATIENCE = 10.0


class Heard(AbstractHook):
    """Everything that an aiosmpplib ESME receives."""

    def __init__(self):
        self.responses, self.receipts, self.messages = asyncio.Queue(), asyncio.Queue(), asyncio.Queue()

    async def sending(self, smpp_message, pdu, client_id):
        pass

    async def received(self, smpp_message, pdu, client_id):
        if isinstance(smpp_message, DeliverSm):
            (self.receipts if smpp_message.is_receipt() else self.messages).put_nowait(smpp_message)
        elif isinstance(smpp_message, SubmitSmResp):
            self.responses.put_nowait(smpp_message)

    async def send_error(self, smpp_message, error, client_id):
        self.responses.put_nowait(error)

    async def next(self, queue):
        async with asyncio.timeout(PATIENCE):
            return await queue.get()


@asynccontextmanager
async def bound(gateway):
    heard = Heard()
    host, port = gateway.smpp_address
    esme = ESME(host, port, "test", "test", hook=heard, log_handler=logging.NullHandler())
    await esme.connect()
    writer = esme._writer
    running = asyncio.create_task(esme.start())
    try:
        yield esme, heard
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        writer.close()


@pytest.mark.parametrize("text", [GSM, CYRILLIC, LONG[:400]], ids=["gsm7", "cyrillic", "400 characters"])
async def test_aiosmpplib_submits_and_gets_its_receipt_and_the_text_arrives_whole(operator_on_sockets, text):
    anna = operator_on_sockets.handset(ANNA)
    async with bound(operator_on_sockets) as (esme, heard):
        await esme.broker.enqueue(
            SubmitSm(
                short_message=text,
                source=PhoneNumber("bank", TON.ALPHANUMERIC, NPI.UNKNOWN),
                destination=PhoneNumber(ANNA, TON.INTERNATIONAL, NPI.ISDN),
            )
        )
        response = await heard.next(heard.responses)
        receipt = (await heard.next(heard.receipts)).parse_receipt()
        sms = await anna.receive(sender="bank")
    assert sms.text == text
    assert (receipt["id"], receipt["stat"], receipt["err"]) == (response.message_id, "DELIVRD", 0)
    assert sms.id == response.message_id


@pytest.mark.parametrize("text", ["Balance?", CYRILLIC, "🙂"])
async def test_aiosmpplib_receives_a_message_from_a_handset(operator_on_sockets, text):
    async with bound(operator_on_sockets) as (_, heard):
        await operator_on_sockets.handset(ANNA).send("5000", text)
        message = await heard.next(heard.messages)
    assert (message.short_message, message.source.number, message.destination.number) == (text, ANNA, "5000")


class Client:
    """python-smpplib in a thread of its own, as its users run it."""

    def __init__(self, address):
        self.client = smpplib.client.Client(*address, allow_unknown_opt_params=True)
        self.responses, self.received = [], []
        self.got = threading.Condition()
        self.client.set_message_sent_handler(lambda pdu: self._keep(self.responses, pdu))
        self.client.set_message_received_handler(self._received)
        self.client.connect()
        self.client.bind_transceiver(system_id="test", password="test")

    def _keep(self, where, pdu):
        with self.got:
            where.append(pdu)
            self.got.notify_all()

    def _received(self, pdu):
        self._keep(self.received, pdu)
        return 0

    def submit(self, text):
        parts, data_coding, esm_class = smpplib.gsm.make_parts(text)
        for part in parts:
            self.client.send_message(
                source_addr_ton=smpplib.consts.SMPP_TON_ALNUM,
                source_addr="bank",
                dest_addr_ton=smpplib.consts.SMPP_TON_INTL,
                destination_addr=ANNA,
                short_message=part,
                data_coding=data_coding,
                esm_class=esm_class,
                registered_delivery=True,
            )
        while len(self.responses) < len(parts) or len(self.received) < len(parts):
            self.client.read_once()
        return len(parts)

    def wait_for_a_message(self):
        while not self.received:
            self.client.read_once()
        return self.received.pop()

    def close(self):
        self.client.unbind()
        self.client.disconnect()


@pytest.mark.parametrize("text", ["Hello {x} €", CYRILLIC, LONG[:400]], ids=["gsm7", "cyrillic", "400 characters"])
async def test_python_smpplib_submits_in_parts_and_gets_a_receipt_for_each(operator_on_sockets, text):
    anna = operator_on_sockets.handset(ANNA)
    client = await asyncio.to_thread(Client, operator_on_sockets.smpp_address)
    parts = await asyncio.to_thread(client.submit, text)
    sms = await anna.receive(sender="bank")
    assert (sms.text, sms.parts) == (text, parts)
    assert {pdu.status for pdu in client.responses} == {0}
    ids = {pdu.message_id.decode() for pdu in client.responses}
    assert {pdu.receipted_message_id.decode() for pdu in client.received} == ids
    assert all(b"stat:DELIVRD" in pdu.short_message for pdu in client.received)
    await asyncio.to_thread(client.close)


async def test_python_smpplib_receives_a_message_from_a_handset(operator_on_sockets):
    client = await asyncio.to_thread(Client, operator_on_sockets.smpp_address)
    await operator_on_sockets.handset(ANNA).send("5001", "Привет 🙂")
    pdu = await asyncio.to_thread(client.wait_for_a_message)
    assert pdu.short_message.decode("utf-16-be") == "Привет 🙂"
    assert (pdu.source_addr, pdu.destination_addr) == (ANNA.encode(), b"5001")
    await asyncio.to_thread(client.close)
