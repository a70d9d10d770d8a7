"""tshark reads what the SMSC says: whole sessions are recorded on the way, and the dissector finds nothing malformed in them."""

import asyncio
import shutil
import subprocess
from contextlib import asynccontextmanager, suppress
from itertools import count

import aiohttp
import pytest

from tests.applications.smsc.conftest import Esme
from ussd_gateway.smpp import pcap
from ussd_gateway.smpp.commands import (
    BindReceiver,
    BindTransceiver,
    BindTransmitter,
    DeliverSm,
    EnquireLink,
    SubmitSm,
    Unbind,
)
from ussd_gateway.smpp.connection import Connection
from ussd_gateway.smpp.pdu import HEADER, PDUS, RESPONSE
from ussd_gateway.smpp.status import Status
from ussd_gateway.smpp.tlv import Tag

TSHARK = shutil.which("tshark")
ANNA = "70001000001"
LONG = "Съешь ещё этих мягких французских булок, да выпей чаю. " * 8
PORT = 2775
SMSC, ESME = ("192.0.2.1", PORT), "192.0.2.2"  # RFC 5737: for documentation

pytestmark = pytest.mark.skipif(TSHARK is None, reason="there is no tshark on the PATH; .ci/run installs it")


# The recording ---------------------------------------------------------------------------------------------------------


class Recorder:
    """Stands between ESMEs and the SMSC and keeps what passes: (connection, whether the SMSC speaks, octets)."""

    def __init__(self, address):
        self._smsc = address
        self._numbers = count(40_000)
        self.passed = []

    async def start(self):
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.address = self._server.sockets[0].getsockname()

    async def stop(self):
        self._server.close()
        await self._server.wait_closed()

    async def _connected(self, reader, writer):
        number = next(self._numbers)
        smsc_reader, smsc_writer = await asyncio.open_connection(*self._smsc)
        await asyncio.gather(
            self._pass_on(number, False, reader, smsc_writer), self._pass_on(number, True, smsc_reader, writer)
        )

    async def _pass_on(self, number, by_smsc, reader, writer):
        with suppress(ConnectionError):
            while octets := await reader.read(65536):
                self.passed.append((number, by_smsc, octets))
                writer.write(octets)
        writer.close()

    def pdus(self, by_smsc):
        """What one side has said: the PDUs of each connection in order."""
        streams = {}
        for number, side, octets in self.passed:
            if side is by_smsc:
                streams[number] = streams.get(number, b"") + octets
        return [pdu for octets in streams.values() for pdu in Connection().receive_data(octets)]


@asynccontextmanager
async def recorded(gateway):
    recorder = Recorder(gateway.smpp_address)
    await recorder.start()
    try:
        yield recorder
    finally:
        await recorder.stop()


# The dissector ---------------------------------------------------------------------------------------------------------


def write_capture(path, passed):
    """A file of what passed, a millisecond apart."""
    packets = pcap.packets(
        (at / 1000, *((SMSC, (ESME, port)) if by_smsc else ((ESME, port), SMSC)), octets)
        for at, (port, by_smsc, octets) in enumerate(passed)
    )
    path.write_bytes(pcap.header() + b"".join(packets))


def tshark(path, *arguments, port=PORT):
    checks = ("-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE")
    done = subprocess.run(
        [TSHARK, "-n", "-r", path, "-d", f"tcp.port=={port},smpp", *checks, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def complaints(path, which="frame", port=PORT):
    """Each frame that the dissector complains of, in full; of TCP too."""
    bad = f"{which} && (_ws.malformed || _ws.expert || _ws.short)"
    return tshark(path, "-Y", bad, port=port) and tshark(path, "-Y", bad, "-V", port=port)


def dissected(path, by_smsc):
    """The command_id, sequence_number of each PDU that the dissector has found in what one side says."""
    side = f"tcp.srcport == {PORT}" if by_smsc else f"tcp.dstport == {PORT}"
    fields = ("-e", "smpp.command_id", "-e", "smpp.sequence_number")
    lines = tshark(path, "-Y", f"smpp && {side}", "-T", "fields", *fields, "-E", "occurrence=a").splitlines()
    found = []
    for line in lines:
        commands, numbers = (part.split(",") for part in line.split("\t"))
        found += zip((int(text, 0) for text in commands), (int(text, 0) for text in numbers), strict=True)
    return sorted(found)


def said(recorder, by_smsc):
    found = []
    for pdu in recorder.pdus(by_smsc):
        found.append((pdu.command_id, pdu.sequence_number))
    return sorted(found)


# The sessions ----------------------------------------------------------------------------------------------------------


class Talker(Esme):
    """An ESME that answers what it is asked, and numbers what it asks."""

    def __init__(self, reader, writer):
        super().__init__(reader, writer)
        self._number = 1
        self.delivered = []

    async def response(self):
        while (pdu := await self.receive()) is not None:
            if pdu.command_id & RESPONSE:
                return pdu
            self.delivered.append(pdu)
            await self.send(pdu.reply())
        return None

    async def asks(self, cls, **given):
        self._number += 1
        await self.send(cls(sequence_number=self._number, **given))
        return await self.response()

    async def submits(self, text="Hi", **given):
        octets = text if isinstance(text, bytes) else text.encode()
        values = {"source_addr_ton": 5, "source_addr": "bank", "dest_addr_ton": 1, "dest_addr_npi": 1}
        values |= {"destination_addr": ANNA, "registered_delivery": 1, "short_message": octets}
        return await self.asks(SubmitSm, **values | given)

    async def takes(self, how_many):
        """Waits until so many have been delivered to it."""
        while len(self.delivered) < how_many:
            pdu = await self.receive()
            self.delivered.append(pdu)
            await self.send(pdu.reply())


async def talker(recorder, mode=BindTransceiver, **given):
    esme = Talker(*await asyncio.open_connection(*recorder.address))
    values = {"system_id": "test", "password": "test", "interface_version": 0x34} | given
    assert (await esme.asks(mode, **values)).command_status == Status.ESME_ROK
    return esme


def sar(total, number):
    return (
        (Tag.SAR_MSG_REF_NUM, b"\0\x21"),
        (Tag.SAR_TOTAL_SEGMENTS, bytes((total,))),
        (Tag.SAR_SEGMENT_SEQNUM, bytes((number,))),
    )


async def submits_everything(esme, destination=ANNA):
    """Short and long texts in every alphabet and by every way; returns how many messages these are."""
    ucs2 = LONG.encode("utf-16-be")
    parts = [ucs2[at : at + 120] for at in range(0, len(ucs2), 120)]
    ways = [
        {"text": "Hello"},
        {"text": b"{\x1b\x28\x1b\x65\0\x02"},
        {"text": "Привет".encode("utf-16-be"), "data_coding": 8},
        {"text": b"\0\1\2\xff", "data_coding": 4},
        {"text": "café".encode("latin-1"), "data_coding": 3},
        {"text": b"Flash", "data_coding": 0x10},
        {"text": b""},
        {"text": b"x" * 140, "validity_period": "000001000000000R"},
        {"text": b"", "data_coding": 8, "tlvs": ((Tag.MESSAGE_PAYLOAD, ucs2),)},
        {"text": b"Hi", "tlvs": ((Tag.USER_MESSAGE_REFERENCE, b"\0\7"),)},
    ]
    for number, part in enumerate(parts, 1):
        header = bytes((5, 0, 3, 0x21, len(parts), number))
        ways.append({"text": header + part, "data_coding": 8, "esm_class": 0x40})
        ways.append({"text": part, "data_coding": 8, "tlvs": sar(len(parts), number)})
    for way in ways:
        assert (await esme.submits(**way, destination_addr=destination)).command_status == Status.ESME_ROK
    return len(ways)


async def leaves(esme):
    assert (await esme.asks(Unbind)).command == "unbind_resp"
    assert await esme.response() is None
    esme.close()


async def test_a_full_session_of_each_mode_is_sound(operator_on_sockets, tmp_path):
    anna = operator_on_sockets.handset(ANNA)
    async with recorded(operator_on_sockets) as recorder:
        transmitter = await talker(recorder, BindTransmitter)
        await transmitter.submits(registered_delivery=0)
        receiver = await talker(recorder, BindReceiver)
        for text in ("Balance?", "Баланс?", "{€}", LONG):
            await anna.send("5000", text)
        await receiver.takes(4)
        assert (await receiver.asks(EnquireLink)).command == "enquire_link_resp"
        await leaves(receiver)
        transceiver = await talker(recorder)
        receipts = await submits_everything(transceiver)
        await transceiver.takes(receipts)
        both = 2 * await submits_everything(transceiver, "5001")  # to itself: the message, then the receipt
        await transceiver.takes(receipts + both)
        for refused in ({"destination_addr": "shop"}, {"priority_flag": 9}, {"destination_addr": ""}):
            assert (await transceiver.submits(**refused)).command_status != Status.ESME_ROK
        old = await talker(recorder, interface_version=0x33)
        await old.submits()
        await leaves(old)
        await leaves(transmitter)
        kept = tmp_path / "kept.pcap"
        kept.write_bytes(await download(f"{operator_on_sockets.http_url}/api/v1/capture.pcap"))
        await operator_on_sockets.stop()  # unbinds who is left
        assert await transceiver.response() is None
        assert isinstance(transceiver.delivered[-1], Unbind)
        transceiver.close()
    capture = tmp_path / "session.pcap"
    write_capture(capture, recorder.passed)
    for by_smsc in (True, False):
        assert dissected(capture, by_smsc) == said(recorder, by_smsc)
    assert len(said(recorder, True)) > 100
    assert complaints(capture) == ""
    port = operator_on_sockets.smpp_address[1]
    assert len(tshark(kept, "-Y", "smpp", port=port).splitlines()) > 100
    assert complaints(kept, port=port) == ""


async def download(url):
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return await response.read()


async def test_every_answer_to_a_request_of_the_catalogue_is_sound(operator_on_sockets, tmp_path):
    """Also to those that are refused, to an unknown one, and to noise."""
    async with recorded(operator_on_sockets) as recorder:
        for bound in (True, False):
            for cls in PDUS.values():
                if cls.command_id & RESPONSE:
                    continue
                esme = Talker(*await asyncio.open_connection(*recorder.address))
                if bound:
                    await esme.asks(BindTransceiver, system_id="test", password="test", interface_version=0x34)
                await esme.send(cls(sequence_number=77), HEADER.pack(16, 0x0BAD, 0, 78), b"\xff" * 16)
                while await esme.response() is not None:
                    pass
                esme.close()
    capture = tmp_path / "answers.pcap"
    write_capture(capture, recorder.passed)
    assert dissected(capture, True) == said(recorder, True)
    answered = {command_id for command_id, _ in said(recorder, True)}
    wanted = {command_id for command_id in PDUS if command_id & RESPONSE and command_id ^ RESPONSE in PDUS}
    assert answered - {DeliverSm.command_id} == wanted | {RESPONSE}
    assert complaints(capture, f"tcp.srcport == {PORT}") == ""


def test_a_pdu_that_is_malformed_is_noticed(tmp_path):
    """That the tests above could fail."""
    capture = tmp_path / "bad.pcap"
    good = EnquireLink(sequence_number=1).encode()
    write_capture(capture, [(40_000, True, good)])
    assert complaints(capture) == ""
    write_capture(capture, [(40_000, True, HEADER.pack(18, SubmitSm.command_id, 0, 1) + b"\0\5")])
    assert "Malformed" in complaints(capture)
