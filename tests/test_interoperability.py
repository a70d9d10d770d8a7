"""ESMEs that were not written here bind, submit, get receipts and receive: aiosmpplib and python-smpplib.

node-smpp does so in tests/interoperability.
"""

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
from aiosmpplib.protocol import DeliverSm, EnquireLinkResp, SubmitSmResp, Unbind
from aiosmpplib.state import NPI, TON, BindMode
from smpplib import exceptions, smpp

ANNA = "70001000001"
GSM = "Hello @ £ $ é {curly} [square] ~ €"
CYRILLIC = "Привет, мир! Ёжик № 5 «ёлки»"
LONG = "Съешь ещё этих мягких французских булок, да выпей чаю. " * 8  # 440 characters
PATIENCE = 10.0


class Heard(AbstractHook):
    """Everything that an aiosmpplib ESME receives."""

    def __init__(self):
        self.responses, self.receipts, self.messages = asyncio.Queue(), asyncio.Queue(), asyncio.Queue()
        self.rest = asyncio.Queue()

    async def sending(self, smpp_message, pdu, client_id):
        pass

    async def received(self, smpp_message, pdu, client_id):
        if isinstance(smpp_message, DeliverSm):
            (self.receipts if smpp_message.is_receipt() else self.messages).put_nowait(smpp_message)
        elif isinstance(smpp_message, SubmitSmResp):
            self.responses.put_nowait(smpp_message)
        else:
            self.rest.put_nowait(smpp_message)

    async def send_error(self, smpp_message, error, client_id):
        self.responses.put_nowait(error)

    async def next(self, queue):
        async with asyncio.timeout(PATIENCE):
            return await queue.get()


@asynccontextmanager
async def bound(gateway, mode=BindMode.TRANSCEIVER):
    heard = Heard()
    host, port = gateway.smpp_address
    esme = ESME(host, port, "test", "test", bind_mode=mode, hook=heard, log_handler=logging.NullHandler())
    esme.enquire_link_interval = 0.1
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
        await esme.broker.enqueue(to_anna(text))
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


def to_anna(text):
    return SubmitSm(
        short_message=text,
        source=PhoneNumber("bank", TON.ALPHANUMERIC, NPI.UNKNOWN),
        destination=PhoneNumber(ANNA, TON.INTERNATIONAL, NPI.ISDN),
    )


async def of_kind(heard, kind):
    while not isinstance(found := await heard.next(heard.rest), kind):
        pass
    return found


@pytest.mark.parametrize("mode", [BindMode.TRANSMITTER, BindMode.TRANSCEIVER])
async def test_aiosmpplib_submits_when_bound_to_transmit(operator_on_sockets, mode):
    anna = operator_on_sockets.handset(ANNA)
    async with bound(operator_on_sockets, mode) as (esme, heard):
        await esme.broker.enqueue(to_anna("Hello"))
        assert (await heard.next(heard.responses)).message_id
        assert (await anna.receive(sender="bank")).text == "Hello"


async def test_aiosmpplib_receives_when_bound_to_receive(operator_on_sockets):
    async with bound(operator_on_sockets, BindMode.RECEIVER) as (_, heard):
        await operator_on_sockets.handset(ANNA).send("5000", CYRILLIC)
        assert (await heard.next(heard.messages)).short_message == CYRILLIC


@pytest.mark.parametrize("mode", BindMode)
async def test_aiosmpplib_asks_whether_the_smsc_lives_and_is_unbound_at_the_end(operator_on_sockets, mode):
    async with bound(operator_on_sockets, mode) as (_, heard):
        await of_kind(heard, EnquireLinkResp)
        await operator_on_sockets.stop()
        await of_kind(heard, Unbind)


def has_unbound(gateway):
    entries = [entry for _, entry in gateway.journal.after(0)]
    return any(entry.kind == "esme.unbound" and entry.account == "test" for entry in entries)


async def test_aiosmpplib_unbinds(operator_on_sockets):
    async with bound(operator_on_sockets) as (esme, heard):
        await of_kind(heard, EnquireLinkResp)
        await esme.stop()
        async with asyncio.timeout(PATIENCE):
            while not has_unbound(operator_on_sockets):  # noqa: ASYNC110 - the gateway tells nobody
                await asyncio.sleep(0)


class Client:
    """python-smpplib in a thread of its own, as its users run it."""

    def __init__(self, address, mode="transceiver"):
        self.client = smpplib.client.Client(*address, allow_unknown_opt_params=True)
        self.responses, self.received = [], []
        self.got = threading.Condition()
        self.client.set_message_sent_handler(lambda pdu: self._keep(self.responses, pdu))
        self.client.set_message_received_handler(self._received)
        self.client.connect()
        getattr(self.client, f"bind_{mode}")(system_id="test", password="test")

    def _keep(self, where, pdu):
        with self.got:
            where.append(pdu)
            self.got.notify_all()

    def _received(self, pdu):
        self._keep(self.received, pdu)
        return 0

    def submit(self, text):
        parts, data_coding, esm_class = smpplib.gsm.make_parts(text)
        return self.submit_parts(
            {"short_message": part, "data_coding": data_coding, "esm_class": esm_class} for part in parts
        )

    def submit_parts(self, parts):
        """Waits for the response and the receipt of each."""
        sent = 0
        for sent, part in enumerate(parts, 1):  # noqa: B007 - counts them
            self.client.send_message(
                source_addr_ton=smpplib.consts.SMPP_TON_ALNUM,
                source_addr="bank",
                dest_addr_ton=smpplib.consts.SMPP_TON_INTL,
                destination_addr=ANNA,
                registered_delivery=True,
                **part,
            )
        while len(self.responses) < sent or len(self.received) < sent:
            self.client.read_once()
        return sent

    def asks_whether_it_lives(self):
        """The answer to an enquire_link."""
        self.client.send_pdu(smpp.make_pdu("enquire_link", client=self.client))
        return self.client.read_pdu()

    def hears_to_the_end(self):
        """The commands that come until the SMSC closes."""
        heard = []
        try:
            while True:
                heard.append(self.client.read_pdu().command)
        except exceptions.ConnectionError:
            self.client.disconnect()
        return heard

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


UCS2 = LONG.encode("utf-16-be")
PARTS = [UCS2[at : at + 120] for at in range(0, len(UCS2), 120)]
LONG_WAYS = {
    "by SAR parameters": [
        {
            "short_message": part,
            "data_coding": 8,
            "sar_msg_ref_num": 7,
            "sar_total_segments": len(PARTS),
            "sar_segment_seqnum": number,
        }
        for number, part in enumerate(PARTS, 1)
    ],
    "by message_payload": [{"short_message": b"", "message_payload": UCS2, "data_coding": 8}],
}


@pytest.mark.parametrize("parts", LONG_WAYS.values(), ids=LONG_WAYS)
async def test_python_smpplib_submits_a_long_message(operator_on_sockets, parts):
    anna = operator_on_sockets.handset(ANNA)
    client = await asyncio.to_thread(Client, operator_on_sockets.smpp_address)
    await asyncio.to_thread(client.submit_parts, parts)
    assert (await anna.receive(sender="bank")).text == LONG
    assert {pdu.status for pdu in client.responses} == {0}
    await asyncio.to_thread(client.close)


@pytest.mark.parametrize("mode", ["transmitter", "receiver", "transceiver"])
async def test_python_smpplib_asks_whether_the_smsc_lives_and_is_unbound_at_the_end(operator_on_sockets, mode):
    client = await asyncio.to_thread(Client, operator_on_sockets.smpp_address, mode)
    assert (await asyncio.to_thread(client.asks_whether_it_lives)).command == "enquire_link_resp"
    heard = asyncio.create_task(asyncio.to_thread(client.hears_to_the_end))
    await operator_on_sockets.stop()
    assert await heard == ["unbind"]


async def test_python_smpplib_receives_a_long_message_from_a_handset(operator_on_sockets):
    client = await asyncio.to_thread(Client, operator_on_sockets.smpp_address, "receiver")
    await operator_on_sockets.handset(ANNA).send("5001", LONG)
    whole = b""
    while len(whole) < len(UCS2):
        pdu = await asyncio.to_thread(client.wait_for_a_message)
        assert pdu.esm_class & 0x40
        whole += pdu.short_message[pdu.short_message[0] + 1 :]
    assert whole == UCS2
    await asyncio.to_thread(client.close)
