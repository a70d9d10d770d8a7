"""The gateway as an ESME: at other equipment that a test speaks for, and at another gateway."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from ussd_gateway.config import ConfigError
from ussd_gateway.handsets import remote
from ussd_gateway.handsets.remote import Link, LinkSettings, dialled_string
from ussd_gateway.network.message import ANSWER, BEGIN, MessageState, Operation, Sms
from ussd_gateway.send import send
from ussd_gateway.serve import Gateway
from ussd_gateway.smpp.commands import (
    BindTransceiver,
    DataSm,
    DeliverSm,
    EnquireLink,
    EnquireLinkResp,
    SubmitSm,
    Unbind,
)
from ussd_gateway.smpp.connection import Connection
from ussd_gateway.smpp.status import Status
from ussd_gateway.smpp.tlv import Tag
from ussd_gateway.smpp.ussd import (
    ANSWER as ANSWERED,
)
from ussd_gateway.smpp.ussd import (
    ASK,
    DIALECTS,
    END,
    NOTIFY,
    RELEASE,
    Key,
    Unit,
    read_from_esme,
    write,
)
from ussd_gateway.smpp.ussd import (
    BEGIN as DIALLED,
)

ANNA, REAL = "70001000001", "79990000001"
PATIENCE = 5.0


class Equipment:
    """An SMSC or USSD gateway as a test has it: it takes every bind and says what the test says."""

    def __init__(self, *refusals):
        self.refusals = list(refusals)  # what the first binds are answered with
        self.received, self.binds = asyncio.Queue(), asyncio.Queue()
        self._writer = None

    async def serve(self, reader, writer):
        connection, self._writer = Connection(), writer
        while octets := await reader.read(65536):
            for pdu in connection.receive_data(octets):
                if isinstance(pdu, BindTransceiver) and self.refusals:
                    writer.write(pdu.reply(self.refusals.pop(0)).encode())
                elif isinstance(pdu, BindTransceiver):
                    self.binds.put_nowait(pdu.system_id)
                    writer.write(pdu.reply(system_id="there").encode())
                else:
                    self.received.put_nowait(pdu)
        writer.close()

    async def __aenter__(self):
        self._server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.host, self.port = self._server.sockets[0].getsockname()
        return self

    async def __aexit__(self, *exc):
        self.drop()
        self._server.close()

    def drop(self):
        self._writer.close()

    def send(self, pdu):
        self._writer.write(pdu.encode())

    async def receive(self, kind=SubmitSm):
        async with asyncio.timeout(PATIENCE):
            pdu = await self.received.get()
        assert isinstance(pdu, kind), pdu
        return pdu

    async def ask(self, pdu):
        """The response to a request, which nothing may overtake."""
        self.send(pdu)
        response = await self.receive(object)
        assert response.sequence_number == pdu.sequence_number
        return response


class Portal:
    """An application that asks for a name and greets."""

    def __init__(self, gateway):
        self.gateway, self.heard = gateway, []

    def deliver(self, message):
        self.heard.append(message)
        if message.operation is BEGIN:
            self.gateway.submit(message.ask("Name?"))
        elif message.operation is ANSWER:
            self.gateway.submit(message.notify("Wait"))
            self.gateway.submit(message.end(f"Привет, {message.text}"))


@asynccontextmanager
async def linked(gateway, *refusals, **settings):
    """The gateway, bound at the equipment."""
    async with Equipment(*refusals) as equipment:
        given = {"ussd": True} | settings
        window = given.pop("window", 50)
        link = Link(LinkSettings(equipment.host, equipment.port, "us", "pw", **given), gateway, window=window)
        link.start()
        try:
            async with asyncio.timeout(PATIENCE):
                assert await equipment.binds.get() == "us"
                await link.bound.wait()
            yield equipment, link
        finally:
            await link.stop()


@pytest.fixture
def portal(plain_gateway):
    portal = Portal(plain_gateway)
    plain_gateway.directory.attach_code("*111#", portal)
    return portal


# USSD --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DIALECTS)
async def test_who_dials_there_reaches_the_applications_here(plain_gateway, portal, name):
    dialect = DIALECTS[name]
    session = dialect.session(6)

    def said(event, text="", sequence=0):
        sequence = sequence if dialect.key is Key.OCTET else 0
        return write(dialect, Unit(event, ANNA, "111", text.encode(), 0, session, sequence), 5 + sequence)

    async def shown():
        pdu = await equipment.receive(DataSm if dialect.data_sm else SubmitSm)
        equipment.send(pdu.reply())
        return read_from_esme(dialect, pdu)

    async with linked(plain_gateway, ussd_dialect=name) as (equipment, _):
        assert (await equipment.ask(said(DIALLED, "*111*7#"))).command_status == Status.ESME_ROK
        asked = await shown()
        assert (asked.event, asked.msisdn, asked.octets, asked.session) == (ASK, ANNA, b"Name?", session)
        assert (await equipment.ask(said(ANSWERED, "Anna", 4))).command_status == Status.ESME_ROK
        noted, ended = await shown(), await shown()
        assert (noted.event, noted.octets) == (NOTIFY, b"Wait")
        assert (ended.event, ended.octets.decode("utf-16-be"), ended.data_coding) == (END, "Привет, Anna", 8)
        if dialect.key is Key.OCTET:
            assert [unit.sequence for unit in (asked, noted, ended)] == [2, 6, 8]
    assert portal.heard[0].inputs == ("7",)
    assert plain_gateway.directory.party(ANNA).endpoint.screen == "Привет, Anna"  # the phone is here, too


def dial(text="*111#", *, sequence_number=5, session=7):
    return write(DIALECTS["standard"], Unit(DIALLED, ANNA, "111", text.encode(), 0, session, 0), sequence_number)


async def asked(equipment):
    await equipment.ask(dial())
    pdu = await equipment.receive()
    equipment.send(pdu.reply())
    return pdu


async def test_the_user_hangs_up_there(plain_gateway, portal):
    async with linked(plain_gateway) as (equipment, _):
        await asked(equipment)
        released = write(DIALECTS["standard"], Unit(RELEASE, ANNA, "111", session=7, sequence=4), 6)
        assert (await equipment.ask(released)).command_status == Status.ESME_ROK
        assert portal.heard[-1].operation is Operation.HANG_UP
        assert (await equipment.ask(dial(sequence_number=8))).command_status == Status.ESME_ROK


async def test_the_user_takes_too_long(plain_gateway, portal):
    async with linked(plain_gateway) as (equipment, _):
        await asked(equipment)
        await plain_gateway.advance(30)
        ended = read_from_esme(DIALECTS["standard"], await equipment.receive())
        assert (ended.event, ended.octets.decode("utf-16-be")) == (END, "Время ожидания ответа истекло.")


async def test_a_code_that_nobody_answers_is_told_there(plain_gateway):
    async with linked(plain_gateway) as (equipment, _):
        await equipment.ask(dial("*777#"))
        ended = read_from_esme(DIALECTS["standard"], await equipment.receive())
        assert (ended.event, ended.octets.decode("utf-16-be")) == (END, "Неверная команда. Проверьте номер запроса.")


async def test_a_screen_that_cannot_be_shown_there_ends_the_dialogue(plain_gateway, portal):
    async with linked(plain_gateway) as (equipment, _):
        await equipment.ask(dial())
        pdu = await equipment.receive()
        await equipment.ask(EnquireLink(sequence_number=9))
        equipment.send(pdu.reply(Status.ESME_RSYSERR))
        await equipment.ask(EnquireLink(sequence_number=10))
        assert portal.heard[-1].operation is Operation.HANG_UP


async def test_a_lost_link_ends_its_dialogues_and_is_bound_again(plain_gateway, portal):
    async with linked(plain_gateway) as (equipment, link):
        await asked(equipment)
        equipment.drop()
        async with asyncio.timeout(PATIENCE):
            await equipment.binds.get()
            await link.bound.wait()
        assert portal.heard[-1].operation is Operation.HANG_UP
        await asked(equipment)
        assert [kind for kind in kinds(plain_gateway) if kind.startswith("link")] == [
            "link.bound",
            "link.lost",
            "link.bound",
        ]


async def test_a_refused_bind_is_told_and_tried_again(plain_gateway):
    with capture_logs() as logs:
        async with linked(plain_gateway, Status.ESME_RINVPASWD, Status.ESME_RSYSERR):
            pass
    assert [(entry["event"], entry["reason"]) for entry in logs if "reason" in entry] == [
        ("link.not_bound", "ESME_RINVPASWD"),
        ("link.not_bound", "ESME_RSYSERR"),
    ]


async def test_texts_are_in_no_log(plain_gateway, portal):
    with capture_logs() as logs:
        async with linked(plain_gateway, relay=(REAL,), codes=("*111#",)) as (equipment, _):
            await asked(equipment)
            await equipment.ask(dial("*222*4321#", sequence_number=8))
            await equipment.ask(from_there(REAL, short_message=b"4321"))
            submitted(plain_gateway, octets=b"4321")
            equipment.send((await equipment.receive()).reply(Status.ESME_RINVDSTADR))
            await equipment.ask(EnquireLink(sequence_number=9))
    assert {"link.refused", "link.bound", "link.lost"} <= {entry["event"] for entry in logs}
    assert "4321" not in repr(logs)
    assert "Name?" not in repr(logs)


async def test_only_the_codes_of_the_link_may_be_dialled(plain_gateway, portal):
    plain_gateway.directory.attach_code("*222#", portal)
    async with linked(plain_gateway, codes=("*111#",)) as (equipment, _):
        assert (await equipment.ask(dial("*222#"))).command_status == Status.ESME_RX_R_APPN
        assert not portal.heard
        assert (await equipment.ask(dial("*111*1#", sequence_number=6))).command_status == Status.ESME_ROK


async def test_a_link_without_ussd_takes_none(plain_gateway, portal):
    async with linked(plain_gateway, ussd=False) as (equipment, _):
        assert (await equipment.ask(dial())).command_status == Status.ESME_RX_R_APPN
        assert not portal.heard


async def test_an_answer_to_nothing_is_refused_and_a_second_dial_is_a_new_dialogue(plain_gateway, portal):
    answer = write(DIALECTS["standard"], Unit(ANSWERED, ANNA, "111", b"1", 0, 9, 2), 6)
    async with linked(plain_gateway) as (equipment, _):
        assert (await equipment.ask(answer)).command_status == Status.ESME_RX_R_APPN
        await asked(equipment)
        assert (await equipment.ask(answer)).command_status == Status.ESME_RX_R_APPN  # another session
        await asked(equipment)
        assert [message.operation for message in portal.heard] == [BEGIN, Operation.HANG_UP, BEGIN]


async def test_a_name_dials_nothing(plain_gateway, portal):
    begin = write(DIALECTS["standard"], Unit(DIALLED, "Anna", "111", b"*111#", 0, 7, 0), 5)
    async with linked(plain_gateway) as (equipment, _):
        assert (await equipment.ask(begin)).command_status == Status.ESME_RINVSRCADR


async def test_the_number_of_an_esme_dials_nothing(plain_gateway, portal):
    plain_gateway.directory.attach_account("bank", portal, (ANNA,))
    async with linked(plain_gateway) as (equipment, _):
        assert (await equipment.ask(dial())).command_status == Status.ESME_RX_R_APPN


async def test_a_dialogue_of_the_phone_here_is_not_shown_there(plain_gateway, portal):
    phone = plain_gateway.phone()
    async with linked(plain_gateway) as (equipment, _):
        await asked(equipment)
        phone.hang_up()
        ended = read_from_esme(DIALECTS["standard"], await equipment.receive())
        assert (ended.event, ended.octets) == (END, b""), "there is nothing to wait for any more"
        assert await phone.dial("*111#") == "Name?"
        assert isinstance(await equipment.ask(EnquireLink(sequence_number=9)), EnquireLinkResp)
        answer = write(DIALECTS["standard"], Unit(ANSWERED, ANNA, "111", b"1", 0, 7, 4), 6)
        assert (await equipment.ask(answer)).command_status == Status.ESME_RX_R_APPN
    assert phone.awaiting, "the end of the link is none of the dialogue here"


DIALLED_STRINGS = {
    ("111", "*111*25#"): "*111*25#",
    ("*111#", ""): "*111#",
    ("111", "111*25"): "*111*25#",
    ("111", "111"): "*111#",
    ("111", "25"): "*111*25#",
    ("", "111*25#"): "*111*25#",
}


@pytest.mark.parametrize(("seen", "dialled"), DIALLED_STRINGS.items(), ids=str)
def test_what_was_dialled_is_found_in_what_equipment_hands_over(seen, dialled):
    assert dialled_string(*seen) == dialled


# SMS ---------------------------------------------------------------------------------------------------------------


def kinds(gateway):
    return [kind for (kind,) in gateway.written()]


def states(gateway, sms):
    """The states that the journal has of a message."""
    gateway.journal.commit()
    return [
        MessageState(entry.state).name
        for _, entry in gateway.journal.after(0)
        if entry.kind in ("sms", "sms.state")
        and (entry.sms.message_id if entry.kind == "sms" else entry.message_id) == sms.message_id
    ]


def submitted(gateway, destination=REAL, octets=b"Hi", **given):
    sms = Sms("3339", destination, octets, **given)
    gateway.submit(sms)
    return sms


def receipt(message_id, state=2, word="DELIVRD", *, tlvs=True, sequence_number=20):
    return DeliverSm(
        sequence_number=sequence_number,
        source_addr=REAL,
        destination_addr="3339",
        esm_class=4,
        short_message=b"" if tlvs else f"id:{message_id} sub:001 stat:{word} err:000 text:".encode(),
        tlvs=[(Tag.RECEIPTED_MESSAGE_ID, message_id.encode() + b"\0"), (Tag.MESSAGE_STATE, bytes((state,)))] * tlvs,
    )


FINAL = [
    (2, "DELIVRD", "DELIVERED"),
    (3, "EXPIRED", "EXPIRED"),
    (5, "UNDELIV", "UNDELIVERABLE"),
    (8, "REJECTD", "REJECTED"),
]


@pytest.mark.parametrize("tlvs", [True, False], ids=["TLVs", "text"])
@pytest.mark.parametrize(("state", "word", "final"), FINAL)
async def test_an_sms_to_the_allow_list_leaves_and_follows_its_receipt(plain_gateway, state, word, final, tlvs):
    async with linked(plain_gateway, relay=(REAL,)) as (equipment, _):
        sms = submitted(plain_gateway)
        pdu = await equipment.receive()
        assert (pdu.source_addr, pdu.destination_addr, pdu.short_message) == ("3339", REAL, b"Hi")
        assert (pdu.dest_addr_ton, pdu.dest_addr_npi, pdu.registered_delivery) == (1, 1, 1)
        equipment.send(pdu.reply(message_id="abc"))
        await equipment.ask(receipt("abc", 1, "ENROUTE", tlvs=tlvs))
        assert states(plain_gateway, sms) == ["ENROUTE"]
        await equipment.ask(receipt("abc", state, word, tlvs=tlvs))
        assert states(plain_gateway, sms) == ["ENROUTE", final]


async def test_a_receipt_may_be_faster_than_the_response(plain_gateway):
    async with linked(plain_gateway, relay=(REAL,)) as (equipment, _):
        sms = submitted(plain_gateway)
        pdu = await equipment.receive()
        await equipment.ask(receipt("abc"))
        equipment.send(pdu.reply(message_id="abc"))
        await equipment.ask(EnquireLink(sequence_number=9))
        assert states(plain_gateway, sms) == ["ENROUTE", "DELIVERED"]


async def test_nothing_leaves_for_a_number_that_is_not_on_the_list(plain_gateway):
    async with linked(plain_gateway, relay=("79990000000-79990000009",)) as (equipment, _):
        other = submitted(plain_gateway, "79990000010")
        submitted(plain_gateway, "79990000009")
        assert (await equipment.receive()).destination_addr == "79990000009"
        assert equipment.received.empty()
        assert states(plain_gateway, other) == ["DELIVERED"]  # to the inbox of that number, here


async def test_a_link_relays_nothing_by_default(plain_gateway):
    async with linked(plain_gateway) as (equipment, _):
        submitted(plain_gateway)
        await equipment.ask(EnquireLink(sequence_number=9))


async def test_a_refused_sms_is_rejected(plain_gateway):
    async with linked(plain_gateway, relay=(REAL,)) as (equipment, _):
        sms = submitted(plain_gateway)
        equipment.send((await equipment.receive()).reply(Status.ESME_RINVDSTADR))
        await equipment.ask(EnquireLink(sequence_number=9))
        assert states(plain_gateway, sms) == ["ENROUTE", "REJECTED"]


@pytest.mark.parametrize("status", [Status.ESME_RTHROTTLED, Status.ESME_RMSGQFUL])
async def test_a_throttled_sms_goes_again_after_a_while(plain_gateway, status, monkeypatch):
    monkeypatch.setattr(remote, "THROTTLED", 0.01)
    async with linked(plain_gateway, relay=(REAL,)) as (equipment, _):
        sms = submitted(plain_gateway)
        equipment.send((await equipment.receive()).reply(status))
        pdu = await equipment.receive()
        assert (pdu.destination_addr, pdu.short_message) == (REAL, b"Hi")
        assert states(plain_gateway, sms) == ["ENROUTE"]


async def test_the_window_keeps_the_rest_in_the_network(plain_gateway):
    async with linked(plain_gateway, relay=(REAL,), window=2) as (equipment, _):
        for number in range(3):
            submitted(plain_gateway, octets=b"%d" % number)
        first, second = await equipment.receive(), await equipment.receive()
        await equipment.ask(EnquireLink(sequence_number=9))
        assert equipment.received.empty()
        equipment.send(first.reply(message_id="1"))
        assert (await equipment.receive()).short_message == b"2"
        assert second.short_message == b"1"


async def test_what_was_not_answered_leaves_again_after_the_next_bind(plain_gateway):
    async with linked(plain_gateway, relay=(REAL,)) as (equipment, _):
        submitted(plain_gateway, octets=b"1")
        await equipment.receive()
        equipment.drop()
        submitted(plain_gateway, octets=b"2")
        assert [(await equipment.receive()).short_message for _ in range(2)] == [b"1", b"2"]


async def test_a_message_without_a_receipt_becomes_unknown_when_its_time_is_over(plain_gateway):
    async with linked(plain_gateway, relay=(REAL,)) as (equipment, _):
        sms = submitted(plain_gateway, expires_at=plain_gateway.now() + 60)
        equipment.send((await equipment.receive()).reply(message_id="abc"))
        await equipment.ask(EnquireLink(sequence_number=9))
        await plain_gateway.advance(60)
        assert states(plain_gateway, sms) == ["ENROUTE", "UNKNOWN"]


async def test_a_message_id_that_the_other_side_gives_twice_leaves_no_message_under_way(plain_gateway):
    async with linked(plain_gateway, relay=(REAL,)) as (equipment, _):
        first, second = (submitted(plain_gateway, expires_at=plain_gateway.now() + 60) for _ in range(2))
        for _ in range(2):
            equipment.send((await equipment.receive()).reply(message_id="abc"))
        await equipment.ask(receipt("abc"))
        await plain_gateway.advance(60)
        assert (states(plain_gateway, first)[-1], states(plain_gateway, second)[-1]) == ("UNKNOWN", "DELIVERED")


async def test_the_window_and_its_pauses_hold_for_a_number_that_has_dialled_too(plain_gateway, portal, monkeypatch):
    monkeypatch.setattr(remote, "THROTTLED", 0.01)
    async with linked(plain_gateway, relay=("79990000000-79990000009",), window=1) as (equipment, _):
        begin = write(DIALECTS["standard"], Unit(DIALLED, REAL, "111", b"*111#", 0, 7, 0), 5)
        await equipment.ask(begin)
        equipment.send((await equipment.receive()).reply())
        await equipment.ask(EnquireLink(sequence_number=9))
        for destination in (REAL, "79990000002"):
            submitted(plain_gateway, destination)
        throttled = await equipment.receive()
        await equipment.ask(EnquireLink(sequence_number=10))
        assert equipment.received.empty()
        equipment.send(throttled.reply(Status.ESME_RTHROTTLED))
        arrived = []
        for _ in range(2):
            arrived.append(await equipment.receive())
            equipment.send(arrived[-1].reply(message_id=str(len(arrived))))
        assert {pdu.destination_addr for pdu in arrived} == {REAL, "79990000002"}


async def test_a_message_that_smpp_cannot_say_is_rejected(plain_gateway):
    async with linked(plain_gateway, relay=(REAL,)):
        sms = Sms("Ёж", REAL, b"Hi")
        plain_gateway.submit(sms)
        assert states(plain_gateway, sms) == ["ENROUTE", "REJECTED"]


async def test_a_long_message_leaves_as_its_payload(plain_gateway):
    async with linked(plain_gateway, relay=(REAL,)) as (equipment, _):
        submitted(plain_gateway, octets=b"a" * 300)
        pdu = await equipment.receive()
        assert (pdu.short_message, pdu.tlv(Tag.MESSAGE_PAYLOAD)) == (b"", b"a" * 300)


def from_there(destination="5000", **given):
    values = {"source_addr": f"+{REAL}", "destination_addr": destination, "short_message": b"Hello"} | given
    return DeliverSm(sequence_number=30, **values)


async def test_an_sms_from_there_enters_as_a_handsets(plain_gateway):
    anna = plain_gateway.phone()
    async with linked(plain_gateway, relay=(REAL,)) as (equipment, _):
        assert (await equipment.ask(from_there(ANNA))).command_status == Status.ESME_ROK
        assert [(sms.sender, sms.text) for sms in anna.inbox] == [(REAL, "Hello")]


async def test_a_message_in_parts_from_there_is_put_together(plain_gateway):
    anna = plain_gateway.phone()
    async with linked(plain_gateway) as (equipment, _):
        for number in (1, 2):
            sar = [
                (Tag.SAR_MSG_REF_NUM, b"\0\7"),
                (Tag.SAR_TOTAL_SEGMENTS, b"\2"),
                (Tag.SAR_SEGMENT_SEQNUM, bytes((number,))),
            ]
            await equipment.ask(from_there(ANNA, short_message=b"%d" % number, tlvs=sar))
        assert [sms.text for sms in anna.inbox] == ["12"]


LOOPS = {"its own list": REAL, "nobody's name": "Shop"}


@pytest.mark.parametrize(("destination", "status"), [(REAL, Status.ESME_RX_R_APPN), ("Shop", Status.ESME_RINVDSTADR)])
async def test_a_link_never_sends_back_what_came_from_one(plain_gateway, destination, status):
    async with linked(plain_gateway, relay=(REAL,)) as (equipment, _):
        assert (await equipment.ask(from_there(destination))).command_status == status
        await equipment.ask(EnquireLink(sequence_number=9))
        assert "sms" not in kinds(plain_gateway)


async def test_a_number_of_the_allow_list_dials_and_its_sms_still_leave(plain_gateway, portal):
    async with linked(plain_gateway, relay=("79990000000-79990000009",)) as (equipment, _):
        begin = write(DIALECTS["standard"], Unit(DIALLED, REAL, "111", b"*111#", 0, 7, 0), 5)
        await equipment.ask(begin)
        asked = await equipment.receive()
        assert read_from_esme(DIALECTS["standard"], asked).event is ASK
        sms = submitted(plain_gateway)
        pdu = await equipment.receive()
        assert (pdu.destination_addr, pdu.short_message) == (REAL, b"Hi")
        equipment.send(pdu.reply(message_id="abc"))
        await equipment.ask(receipt("abc"))
        assert states(plain_gateway, sms) == ["ENROUTE", "DELIVERED"]


async def test_an_unknown_command_and_an_unbind_are_answered(plain_gateway):
    async with linked(plain_gateway) as (equipment, _):
        assert (await equipment.ask(SubmitSm(sequence_number=3))).command == "generic_nack"
        assert (await equipment.ask(Unbind(sequence_number=4))).command == "unbind_resp"


async def test_a_reset_ends_what_is_under_way(plain_gateway, portal):
    async with linked(plain_gateway, relay=(REAL,), window=2) as (equipment, link):
        await asked(equipment)
        sms = submitted(plain_gateway)
        pdu = await equipment.receive()
        plain_gateway.network.clear()
        link.clear()
        ended = read_from_esme(DIALECTS["standard"], await equipment.receive())
        assert (ended.event, ended.octets) == (END, b"")
        equipment.send(pdu.reply(Status.ESME_RSYSERR))  # nobody waits for it any more
        for number in (1, 2):
            submitted(plain_gateway, octets=b"%d" % number)
            assert (await equipment.receive()).short_message == b"%d" % number
        assert states(plain_gateway, sms) == ["ENROUTE"]


async def test_stopping_unbinds(plain_gateway):
    async with linked(plain_gateway) as (equipment, link):
        await link.stop()
        assert (await equipment.receive(Unbind)).command == "unbind"
        assert link.settings.name not in {task.get_name() for task in asyncio.all_tasks()}


def test_a_link_is_there_once(plain_gateway):
    Link(LinkSettings("localhost", 2775, "us", "pw"), plain_gateway)
    with pytest.raises(ValueError, match="link us@localhost:2775 is there twice"):
        Link(LinkSettings("localhost", 2775, "us", "pw"), plain_gateway)


# Two gateways ------------------------------------------------------------------------------------------------------

HERE = """
[selfcare]
enabled = false
[server]
http_port = 0
smpp_port = 0
[store]
path = ":memory:"
"""
OPERATOR = (
    HERE
    + """
[menus]
directory = "none"
[[esme]]
system_id = "menus"
password = "menus"
numbers = ["3900"]
codes = ["*111#"]
"""
)
MENUS = (
    HERE
    + """
[menus]
directory = "menus"
[[link]]
host = "127.0.0.1"
port = {port}
system_id = "menus"
password = "menus"
ussd = true
relay = ["70009000001"]
[[esme]]
system_id = "shop"
password = "shop"
"""
)
MENU = """
title = "Портал"
codes = ["*111#"]
[screens.main]
text = { ru = "Портал", en = "Portal" }
choices = [{ key = "1", to = "hours", label = { ru = "Часы", en = "Hours" } }]
[screens.hours]
text = { ru = "С 9 до 5", en = "9 to 5" }
end = true
"""


@pytest.fixture
async def two(tmp_path):
    """An operator, and the gateway with the menus that is linked to it."""
    for name in ("none", "menus"):
        (tmp_path / name).mkdir()
    (tmp_path / "menus" / "portal.toml").write_text(MENU)
    (tmp_path / "operator.toml").write_text(OPERATOR)
    async with Gateway.from_config(tmp_path / "operator.toml") as operator:
        (tmp_path / "menus.toml").write_text(MENUS.format(port=operator.smpp_address[1]))
        async with Gateway.from_config(tmp_path / "menus.toml") as menus:
            (link,) = menus._links
            async with asyncio.timeout(PATIENCE):
                await link.bound.wait()
            yield operator, menus


def test_the_allow_list_holds_no_number_of_this_gateway(tmp_path):
    subscriber = '[[subscriber]]\nmsisdn = "70009000001"\n'
    (tmp_path / "config.toml").write_text(MENUS.format(port=1).replace("[[esme]]", subscriber + "[[esme]]"))
    with pytest.raises(
        ConfigError, match=r"link\.relay: 70009000001 of link menus@127\.0\.0\.1:1 is held by 70009000001"
    ):
        Gateway.from_config(tmp_path / "config.toml")


async def test_a_phone_of_one_gateway_walks_through_a_menu_of_the_other(two):
    operator, _ = two
    anna = operator.handset(ANNA)
    assert await anna.dial("*111#") == "Портал\n1 Часы"
    screen = await anna.answer("1")
    assert (screen, screen.outcome) == ("С 9 до 5", "success")
    screen = await anna.dial("*111*1#")
    assert screen == "С 9 до 5"


async def test_a_message_goes_through_both_gateways_and_its_receipt_comes_back_through_both(two):
    operator, menus = two
    phone = operator.handset("70009000001")
    sent = await send(
        "Shop",
        "70009000001",
        "Привет",
        host=menus.smpp_address[0],
        port=menus.smpp_address[1],
        system_id="shop",
        password="shop",
        receipt=True,
    )
    sms = await phone.receive(sender="Shop")
    assert (sms.text, sent.receipt) == ("Привет", "DELIVRD")


async def test_an_answer_comes_back_to_the_gateway_with_the_menus(two):
    operator, menus = two
    await operator.handset(ANNA).send("3900", "Спасибо")
    sms = await menus.handset("3900").receive(sender=ANNA)
    assert sms.text == "Спасибо"
