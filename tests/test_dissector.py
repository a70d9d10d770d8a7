"""tshark reads what the SMSC says: whole sessions are recorded on the way, and the dissector finds nothing malformed in them."""

import asyncio
import shutil
import subprocess
from contextlib import asynccontextmanager, suppress
from itertools import count

import aiohttp
import pytest

from tests.applications.smsc.conftest import Esme, Site
from ussd_gateway.applications.smsc.accounts import EsmeSettings
from ussd_gateway.coding.segments import LongForm
from ussd_gateway.network.messages import Retry
from ussd_gateway.network.network import NetworkSettings
from ussd_gateway.smpp import pcap
from ussd_gateway.smpp.commands import (
    AlertNotification,
    BindReceiver,
    BindTransceiver,
    BindTransmitter,
    BroadcastSm,
    CancelBroadcastSm,
    CancelSm,
    DataSm,
    DeliverSm,
    DistributionList,
    EnquireLink,
    QueryBroadcastSm,
    QuerySm,
    ReplaceSm,
    SmeAddress,
    SubmitMulti,
    SubmitSm,
    Unbind,
)
from ussd_gateway.smpp.connection import SENDERS, Connection
from ussd_gateway.smpp.pdu import HEADER, PDUS, RESPONSE
from ussd_gateway.smpp.receipts import ReceiptStyle
from ussd_gateway.smpp.status import Status
from ussd_gateway.smpp.tlv import Tag
from ussd_gateway.smpp.ussd import (
    ASK,
    DIALECTS,
    END,
    NOTIFIED,
    NOTIFY,
    RELEASE,
    Key,
    Unit,
    next_sequence,
    read_from_smsc,
    write,
)

TSHARK = shutil.which("tshark")
ANNA = "70001000001"
LONG = "Съешь ещё этих мягких французских булок, да выпей чаю. " * 8
PORT = 2775
SMSC, ESME = ("192.0.2.1", PORT), "192.0.2.2"  # RFC 5737: for documentation

pytestmark = pytest.mark.skipif(TSHARK is None, reason="there is no tshark on the PATH; .ci/run installs it")


# The recording ---------------------------------------------------------------------------------------------------------


class Recorder:
    """Stands between ESMEs and the SMSC and keeps what passes: (connection, whether the SMSC speaks, octets).

    Connections are made to the SMSC at this address, or by it, to an ESME there.
    """

    def __init__(self, address, *, smsc_calls=False):
        self._beyond, self._smsc_calls = address, smsc_calls
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
        beyond_reader, beyond_writer = await asyncio.open_connection(*self._beyond)
        await asyncio.gather(
            self._pass_on(number, self._smsc_calls, reader, beyond_writer),
            self._pass_on(number, not self._smsc_calls, beyond_reader, writer),
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
async def recorded(address, **given):
    recorder = Recorder(address, **given)
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
            await self.keep(pdu)
        return None

    async def keep(self, pdu):
        """What was delivered is answered, unless it has no response."""
        self.delivered.append(pdu)
        if not isinstance(pdu, AlertNotification):
            await self.send(pdu.reply())

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
            await self.keep(await self.receive())


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
    async with recorded(operator_on_sockets.smpp_address) as recorder:
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


# Everything that an SMSC can say ---------------------------------------------------------------------------------------

UDH8, UDH16, SAR, MESSAGE_PAYLOAD = LongForm
BORIS, VERA = "70002000001", "70003000001"
AREA = (Tag.BROADCAST_AREA_IDENTIFIER, b"\0Town")
BROADCAST = (
    AREA,
    (Tag.BROADCAST_AREA_IDENTIFIER, b"\0Harbour"),
    (Tag.BROADCAST_CONTENT_TYPE, b"\1\0\0"),
    (Tag.BROADCAST_REP_NUM, b"\0\1"),
    (Tag.BROADCAST_FREQUENCY_INTERVAL, b"\x09\0\1"),
    (Tag.MESSAGE_PAYLOAD, b"Storm"),
    (Tag.USER_MESSAGE_REFERENCE, b"\0\7"),
)


def payload(text=b"Hi", *tlvs, **given):
    values = {"source_addr": "5001", "destination_addr": ANNA, "tlvs": ((Tag.MESSAGE_PAYLOAD, text), *tlvs)}
    return values | given


async def submits_and_asks(site, recorder):
    """data_sm, submit_multi, query_sm, cancel_sm, replace_sm, an alert, and congestion_state in the responses to 5.0."""
    anna, boris = site.handset(ANNA), site.handset(BORIS)
    for version in (0x34, 0x50):
        esme = await talker(recorder, interface_version=version)
        site.gateway.detach(anna.party)
        first = (await esme.submits()).message_id
        wants_alert = (Tag.SET_DPF, b"\1")
        await esme.asks(DataSm, **payload(b"Hi", wants_alert, registered_delivery=0x11))
        failed = await esme.asks(DataSm, **payload(b"Hi", esm_class=2))
        assert failed.command_status == Status.ESME_RDELIVERYFAILURE
        to = [SmeAddress(destination_addr=number) for number in (ANNA, "Nobody")] + [DistributionList(dl_name="staff")]
        many = await esme.asks(SubmitMulti, source_addr="bank", dest_address=to, short_message=b"Hi")
        assert (many.command_status, len(many.unsuccess_sme)) == (0, 1)
        assert (await esme.asks(QuerySm, message_id=first)).final_date == ""
        assert (await esme.asks(ReplaceSm, message_id=first, short_message=b"Hello")).command_status == 0
        assert (await esme.asks(CancelSm, message_id=first)).command_status == 0
        assert (await esme.asks(QuerySm, message_id=first)).final_date
        site.gateway.attach(anna.party)
        while not any(isinstance(pdu, AlertNotification) for pdu in esme.delivered):
            await esme.keep(await esme.receive())
        await leaves(esme)
    assert len(boris.inbox) == 2


async def broadcasts(site, recorder):
    site.handset(ANNA)
    esme = await talker(recorder, interface_version=0x50)
    first, second = [(await esme.asks(BroadcastSm, source_addr="112", tlvs=BROADCAST)).message_id for _ in range(2)]
    for message_id in (first, second):
        assert (await esme.asks(QueryBroadcastSm, message_id=message_id)).tlv(Tag.MESSAGE_STATE) == b"\1"
    assert (await esme.asks(CancelBroadcastSm, message_id=second)).command_status == 0
    await site.gateway.advance(60)
    assert (await esme.asks(QueryBroadcastSm, message_id=first)).tlv(Tag.BROADCAST_END_TIME)
    await leaves(esme)


async def is_asked_and_unbound(site, recorder):
    """The SMSC asks whether the ESME lives, and unbinds it."""
    esme = await talker(recorder)
    (connection,) = site.smsc.connections
    connection.check(site.smsc.real_time() + 31)
    await esme.takes(1)
    site.smsc.unbind("test")
    await esme.takes(2)
    assert await esme.receive() is None
    esme.close()
    assert [pdu.command for pdu in esme.delivered] == ["enquire_link", "unbind"]


async def gets_data_sm(site, recorder):
    """What phones and other ESMEs send comes by data_sm, in every way."""
    anna, esme = site.handset(ANNA), await talker(recorder, system_id="data", password="pw")
    parts = [
        part
        for text, long in (("Hi", UDH8), ("Привет", UDH8), (LONG, UDH16), (LONG, SAR), (LONG, MESSAGE_PAYLOAD))
        for part in anna.send("7000", text, long=long)
    ]
    await esme.takes(len(parts))
    await esme.asks(DataSm, **payload(b"Hi", (0x1501, b"mine"), destination_addr="7000", source_addr="shop"))
    await leaves(esme)
    assert {pdu.command for pdu in esme.delivered} == {"data_sm"}


STYLES = [
    ReceiptStyle(pdu="data_sm"),
    ReceiptStyle(pdu="data_sm", text="{stat}", id="%X", id_in="tlv", err="%02X", network_type=1),
    ReceiptStyle(text="{done_date} {stat} {err}", date="%Y-%m-%d %H:%M:%S", id_in="none", network_type=0),
    ReceiptStyle(id="%d", id_in="text", err="none", words={"DELIVERED": "OK", "EXPIRED": "TIMEOUT"}),
    ReceiptStyle(text="x" * 300 + "{id}"),
]


async def gets_receipts_in_every_style(site, recorder):
    anna = site.handset(ANNA)
    for number, _ in enumerate(STYLES):
        esme = await talker(recorder, system_id=f"style{number}", password="pw")
        site.gateway.attach(anna.party)
        await esme.submits(registered_delivery=0x11)
        site.gateway.detach(anna.party)
        await esme.submits(registered_delivery=0x11, validity_period="000000000100000R")
        await site.gateway.advance(60)
        await esme.takes(3)  # it arrived; the first attempt failed; it expired
        await leaves(esme)


async def has_dialogues_in_every_dialect(site, recorder):
    anna = site.handset(ANNA)
    for number, (name, dialect) in enumerate(DIALECTS.items()):
        esme = await talker(recorder, system_id=name[:15], password="pw")

        async def says(event, text, heard=None, dialect=dialect, esme=esme, code=f"60{number}"):
            session = heard.session if heard else dialect.session(9)
            sequence = next_sequence(heard.sequence if heard else -2) if dialect.key is Key.OCTET else 0
            await esme.send(write(dialect, Unit(event, ANNA, code, text, 0, session, sequence), 9))
            assert (await esme.response()).command_status == 0

        async def hears(dialect=dialect, esme=esme):
            before = len(esme.delivered)
            await esme.takes(before + 1)
            return read_from_smsc(dialect, esme.delivered[before])

        await says(NOTIFY, b"Top up!")
        assert (await hears()).event is NOTIFIED
        dialling = asyncio.create_task(anna.dial(f"*60{number}#"))
        await says(ASK, b"Name?", await hears())
        await dialling
        answering = asyncio.create_task(anna.answer("Anna"))
        await says(END, b"Hello", await hears())
        assert await answering == "Hello"
        dialling = asyncio.create_task(anna.dial(f"*60{number}#"))
        await says(ASK, b"Name?", await hears())
        await dialling
        anna.hang_up()
        assert (await hears()).event is RELEASE
        await leaves(esme)


SCENARIOS = {
    # what the SMSC says with ESME_ROK in it
    submits_and_asks: {
        *("submit_sm_resp", "data_sm_resp", "submit_multi_resp", "query_sm_resp", "replace_sm_resp", "cancel_sm_resp"),
        *("alert_notification", "bind_transceiver_resp", "unbind_resp"),
    },
    broadcasts: {"broadcast_sm_resp", "query_broadcast_sm_resp", "cancel_broadcast_sm_resp"},
    is_asked_and_unbound: {"enquire_link", "unbind"},
    gets_data_sm: {"data_sm"},
    gets_receipts_in_every_style: {"deliver_sm", "data_sm"},
    has_dialogues_in_every_dialect: {"deliver_sm", "data_sm"},
}
ACCOUNTS = [
    *(EsmeSettings(f"style{number}", "pw", receipt=style) for number, style in enumerate(STYLES)),
    *(EsmeSettings(name[:15], "pw", codes=(f"*60{n}#",), ussd_dialect=name) for n, name in enumerate(DIALECTS)),
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
async def test_everything_that_the_smsc_says_is_sound(scenario, tmp_path):
    retry = NetworkSettings(retry=Retry(absent=(3600.0,)))
    async with (
        Site(accounts=ACCOUNTS, distribution_lists={"staff": (BORIS, VERA)}, network=retry) as site,
        recorded(site.address) as recorder,
    ):
        await scenario(site, recorder)
    is_sound(recorder, tmp_path / "session.pcap")
    assert SCENARIOS[scenario] <= {pdu.command for pdu in recorder.pdus(True) if not pdu.command_status}


# tshark (4.0 at least) takes one octet for broadcast_rep_num, and is lost behind it; SMPP 5.0 gives it two. Only an
# ESME's broadcast_sm has it, so that is the one PDU which is let off.
MISREAD = f"!(smpp.command_id == {BroadcastSm.command_id})"


def is_sound(recorder, capture):
    """tshark finds the same PDUs as we do, and nothing wrong in any."""
    write_capture(capture, recorder.passed)
    for by_smsc in (True, False):
        assert dissected(capture, by_smsc) == said(recorder, by_smsc)
    assert complaints(capture, MISREAD) == ""


def test_a_broadcast_is_sound_but_for_the_parameter_that_tshark_misreads(tmp_path):
    capture = tmp_path / "broadcast.pcap"
    tlvs = [(tag, value) for tag, value in BROADCAST if tag != Tag.BROADCAST_REP_NUM]
    write_capture(capture, [(40_000, False, BroadcastSm(sequence_number=1, source_addr="112", tlvs=tlvs).encode())])
    assert complaints(capture) == ""


async def test_an_outbind_and_what_follows_is_sound(tmp_path):
    calls = asyncio.Queue()
    esme_side = await asyncio.start_server(lambda *streams: calls.put_nowait(Talker(*streams)), "127.0.0.1", 0)
    async with recorded(esme_side.sockets[0].getsockname(), smsc_calls=True) as recorder:
        account = EsmeSettings("called", "pw", ("8000",), outbind=recorder.address, outbind_password="secret")
        async with Site(accounts=[account]) as site:
            site.handset(ANNA).send("8000", "Hi")
            site.smsc.outbinds.check(0.0)
            esme = await calls.get()
            assert (await esme.receive()).command == "outbind"
            bind = {"system_id": "called", "password": "pw", "interface_version": 0x34}
            assert (await esme.asks(BindReceiver, **bind)).command_status == 0
            await esme.takes(1)
            await leaves(esme)
    esme_side.close()
    is_sound(recorder, tmp_path / "outbind.pcap")


def test_nothing_is_left_out():
    """Every PDU that an SMSC sends with ESME_ROK is in one of the sessions; generic_nack tells of mistakes only."""
    from_the_esme = {pdu.command for pdu in SENDERS if not SENDERS[pdu].smsc}
    of_the_smsc = {pdu.command for pdu in PDUS.values()} - from_the_esme - {"generic_nack"}
    answers_to_us = {"deliver_sm_resp"}
    first_session = {"bind_transmitter_resp", "bind_receiver_resp", "enquire_link_resp", "outbind"}
    assert set().union(first_session, *SCENARIOS.values()) == of_the_smsc - answers_to_us


async def download(url):
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return await response.read()


async def test_every_answer_to_a_request_of_the_catalogue_is_sound(operator_on_sockets, tmp_path):
    """Also to those that are refused, to an unknown one, and to noise."""
    async with recorded(operator_on_sockets.smpp_address) as recorder:
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
