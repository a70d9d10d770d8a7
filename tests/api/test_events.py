"""Everything that happens, live, as a reader of the stream sees it."""

import asyncio
import json
import re

import aiohttp
import pytest
from aiohttp import web

from tests.conftest import CHEAP, FREE_PORTS, START
from ussd_gateway import Gateway, VirtualClock
from ussd_gateway.api.events import EventsApi
from ussd_gateway.applications.smsc.capture import Line
from ussd_gateway.network.message import Sms
from ussd_gateway.smpp.commands import BindTransceiver, DeliverSmResp, EnquireLink, SubmitSm

ANNA, BORIS = "70001000001", "70002000001"
LINE = Line(7, ("127.0.0.1", 40000), ("127.0.0.1", 2775))


class Reader:
    """Reads one stream; `next()` is (number, name, object) of its next event of the journal, `pdu()` the next other."""

    def __init__(self, response):
        self.response = response

    async def block(self):
        async with asyncio.timeout(5):
            return (await self.response.content.readuntil(b"\n\n")).decode()

    async def next(self):
        while True:
            fields = dict(line.split(": ", 1) for line in (await self.block()).strip().split("\n"))
            if "id" in fields:
                return int(fields["id"]), fields["event"], json.loads(fields["data"])

    async def pdu(self):
        while True:
            fields = dict(line.split(": ", 1) for line in (await self.block()).strip().split("\n"))
            if "id" not in fields and "event" in fields:
                return fields["event"], json.loads(fields["data"])

    async def until(self, name):
        while True:
            event = await self.next()
            if event[1] == name:
                return event

    async def ended(self):
        async with asyncio.timeout(2):
            return await self.response.content.read() == b""


@pytest.fixture
async def http():
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def follow(operator_on_sockets, http):
    opened = []

    async def follow(query="", last=None):
        headers = {} if last is None else {"Last-Event-ID": str(last)}
        response = await http.get(f"{operator_on_sockets.http_url}/api/v1/events{query}", headers=headers)
        opened.append(response)
        assert response.status == 200, await response.text()
        assert response.content_type == "text/event-stream"
        reader = Reader(response)
        assert await reader.block() == "retry: 1000\n\n"
        return reader

    yield follow
    for response in opened:
        response.close()


async def test_an_sms_is_seen_as_soon_as_it_is_kept(api, follow):
    reader = await follow()
    await api("POST", f"/handsets/{ANNA}/sms", {"to": BORIS, "text": "Привет"})
    _, name, message = await reader.next()
    assert (name, message["from"], message["to"], message["text"]) == ("sms", ANNA, BORIS, "Привет")
    assert (message["state"], message["esme"], message["at"]) == ("DELIVERED", None, "2018-04-27T14:50:00.000Z")
    assert bytes.fromhex(message["octets"]).decode("utf-16-be") == "Привет"


async def test_a_dialogue_is_seen_turn_by_turn(api, follow):
    reader = await follow("?kind=ussd.*")
    await api("POST", f"/handsets/{ANNA}/ussd", {"dial": "*111#"})
    await api("POST", f"/handsets/{ANNA}/ussd", {"answer": "1"})
    turns = [await reader.next() for _ in range(4)]
    assert [name for _, name, _ in turns] == ["ussd.begin", "ussd.ask", "ussd.answer", "ussd.end"]
    assert turns[0][2]["text"] == "*111#"
    assert len({turn["session"] for _, _, turn in turns}) == 1


async def test_after_0_everything_is_there_and_a_reader_that_comes_back_misses_nothing(api, follow):
    for number in range(5):
        await api("POST", f"/handsets/{ANNA}/sms", {"to": BORIS, "text": f"n{number}"})
    reader = await follow("?after=0")
    seen = [await reader.next()]
    while seen[-1][2].get("text") != "n2":
        seen.append(await reader.next())
    assert [number for number, _, _ in seen] == list(range(1, len(seen) + 1))
    reader.response.close()
    await api("POST", f"/handsets/{ANNA}/sms", {"to": BORIS, "text": "n5"})
    again = await follow("?after=0", last=seen[-1][0])
    assert [(await again.next())[2]["text"] for _ in range(3)] == ["n3", "n4", "n5"]


async def test_only_what_is_named_comes(api, follow):
    reader = await follow("?after=0&kind=esme.*,%20ussd.begin")
    await api("POST", f"/handsets/{ANNA}/sms", {"to": BORIS, "text": "x"})
    await api("POST", f"/handsets/{ANNA}/ussd", {"dial": "*111#"})
    seen = [await reader.next() for _ in range(2)]
    assert [name for _, name, _ in seen] == ["esme.bound", "ussd.begin"]
    assert seen[0][2]["account"] == "selfcare"
    assert seen[0][2]["facts"]["mode"] == "transceiver"


async def test_r178_a_password_is_hidden_here_too(api, follow):
    reader = await follow("?kind=sms")
    await api("POST", f"/handsets/{ANNA}/ussd", {"dial": "*111*25#"})
    _, inbox = await api("GET", f"/handsets/{ANNA}/sms?wait=5&from=3339")
    _, _, message = await reader.next()
    assert "********" in message["text"]
    assert message["masked"] is True
    assert inbox["messages"][0]["text"] != message["text"]


async def test_r178_a_password_on_the_screen_is_the_one_in_the_sms(http):
    flags = FREE_PORTS | CHEAP | {"selfcare.password_reply": "both"}
    async with Gateway.from_config(clock=VirtualClock(START), flags=flags) as gateway:
        anna = gateway.handset(ANNA)
        shown = await anna.dial("*111*25#")
        received = await anna.receive(sender="3339")
        async with http.get(f"{gateway.http_url}/api/v1/events?after=0&kind=sms,ussd.*") as response:
            reader = Reader(response)
            events = {name: told for _, name, told in [await reader.next() for _ in range(3)]}
    (first,) = events["ussd.end"]["secrets"]
    assert events["sms"]["secrets"] == [first]
    assert "secrets" not in events["ussd.begin"]
    password = next(word for word in received.text.split() if word.strip(".") in shown and len(word) > 7).strip(".")
    assert password not in repr(events)


async def test_a_reader_slower_than_the_gateway_gets_everything_and_holds_up_nothing(operator_on_sockets, follow):
    """More than sockets hold is written before the reader looks; meanwhile only its position is kept."""
    reader = await follow("?kind=sms")
    for _ in range(100):
        for _ in range(200):
            operator_on_sockets.submit(Sms(ANNA, BORIS, b"x" * 140))
        await operator_on_sockets.committed()
    seen, newest = bytearray(), b"id: %d\n" % operator_on_sockets.journal.last
    async with asyncio.timeout(30):
        while newest not in seen[-1000:] or not seen.endswith(b"\n\n"):
            seen += await reader.response.content.readany()
    ids = re.findall(rb'"id":"(\d+)"', seen)
    assert len(set(ids)) == 20_000
    assert ids == sorted(ids)


async def test_what_was_forgotten_before_a_reader_came_back_is_told(http):
    flags = FREE_PORTS | CHEAP | {"store.memory_mib": 1}
    async with Gateway.from_config(clock=VirtualClock(START), flags=flags) as gateway:
        for _ in range(100):
            for _ in range(200):
                gateway.submit(Sms(ANNA, BORIS, b"x" * 140))
            await gateway.committed()
        async with http.get(f"{gateway.http_url}/api/v1/events?kind=sms", headers={"Last-Event-ID": "3"}) as response:
            reader = Reader(response)
            number, name, told = await reader.next()
            assert (name, told) == ("gap", {"missing": number - 3})
            assert (await reader.next())[0] == number + 1


async def test_a_number_of_another_store_begins_with_the_oldest(follow):
    reader = await follow(last=10**17)
    assert (await reader.next())[0] == 1


async def test_the_stream_goes_on_after_a_reset(api, follow):
    reader = await follow()
    await api("POST", f"/handsets/{ANNA}/sms", {"to": BORIS, "text": "x"})
    before, _, _ = await reader.next()
    await api("POST", "/reset")
    number, _, _ = await reader.until("gateway.reset")
    assert number > before


MISTAKES = {
    "?after=x": "after=x: write the number of an event; 0 is before the first",
    "?after=-1": "after=-1: write the number of an event; 0 is before the first",
}


@pytest.mark.parametrize(("query", "title"), MISTAKES.items())
async def test_a_number_that_is_none_is_told(api, query, title):
    status, problem = await api("GET", f"/events{query}")
    assert (status, problem["title"]) == (400, title)
    status, problem = await api("GET", "/events", headers={"Last-Event-ID": "abc"})
    assert (status, problem["title"][:17]) == (400, "Last-Event-ID=abc")


async def test_streams_end_at_once_when_the_gateway_stops_also_one_that_nobody_reads(operator_on_sockets, follow):
    idle, stuck = await follow("?kind=none"), await follow()
    for _ in range(20_000):
        operator_on_sockets.submit(Sms(ANNA, BORIS, b"x" * 140))
    await operator_on_sockets.committed()
    async with asyncio.timeout(2):
        await operator_on_sockets.stop()
    assert await idle.ended()
    stuck.response.close()


async def test_it_costs_nothing_while_nobody_reads(operator_on_sockets, api, follow):
    watchers = operator_on_sockets.journal.watchers
    assert watchers == []
    one, other = await follow(), await follow()
    assert len(watchers) == 1
    for reader in (one, other):
        reader.response.close()
    async with asyncio.timeout(5):
        while watchers:  # a reader that left is noticed with the next event
            await api("POST", f"/handsets/{ANNA}/sms", {"to": BORIS, "text": "x"})


async def test_head_ends_without_a_stream(http, operator_on_sockets):
    async with asyncio.timeout(5), http.head(f"{operator_on_sockets.http_url}/api/v1/events") as response:
        assert (response.status, response.content_type) == (200, "text/event-stream")


class Wires:
    """Where nothing passes but what a test lets pass."""

    def __init__(self):
        self.watchers = []

    def let_pass(self, octets):
        for watcher in self.watchers:
            watcher(LINE, "test", False, octets)


class Numbers:
    """A source of its own: whatever has numbers, names and objects can be followed."""

    def __init__(self):
        self.told, self.watchers = [], []
        self.wires = Wires()

    @property
    def last(self):
        return len(self.told)

    def after(self, number, wanted):
        if number < self.last:
            yield self.last, [(place, "test", told) for place, told in enumerate(self.told[number:], number + 1)]

    def tell(self, told):
        self.told.append(told)
        for watcher in self.watchers:
            watcher(self.last, [told])


@pytest.fixture
async def numbers():
    source, closing = Numbers(), asyncio.Event()
    app = web.Application()
    api = EventsApi(source, source.wires, lambda: START, closing, heartbeat=0.01)
    app.add_routes([route.definition() for route in api.routes()])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    source.url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/v1/events"
    yield source
    closing.set()
    await runner.cleanup()


async def test_silence_is_broken_by_a_comment(numbers, http):
    async with http.get(numbers.url) as response:
        reader = Reader(response)
        assert [await reader.block() for _ in range(3)] == ["retry: 1000\n\n", ": still here\n\n", ": still here\n\n"]
        numbers.tell({"text": "строка\nдругая"})
        assert await reader.next() == (1, "test", {"text": "строка\nдругая"})


async def test_a_reader_that_left_is_noticed_in_the_silence(numbers, http):
    response = await http.get(numbers.url)
    await Reader(response).block()
    assert len(numbers.watchers) == 1
    response.close()
    async with asyncio.timeout(5):
        while numbers.watchers:  # noqa: ASYNC110 - nothing tells of the end of a reader
            await asyncio.sleep(0)


class Esme:
    """Any program that speaks SMPP."""

    def __init__(self, reader, writer):
        self._reader, self._writer = reader, writer

    async def ask(self, octets):
        self._writer.write(octets)
        return await self._reader.read(1000)

    async def bind(self, password="test"):
        return await self.ask(BindTransceiver(sequence_number=1, system_id="test", password=password).encode())


@pytest.fixture
async def esme(operator_on_sockets):
    reader, writer = await asyncio.open_connection(*operator_on_sockets.smpp_address)
    yield Esme(reader, writer)
    writer.close()


SUBMIT = SubmitSm(
    sequence_number=2, source_addr="shop", destination_addr=ANNA, short_message=b"Hi", tlvs=((0x0204, b"\0\7"),)
)


async def test_an_sms_to_an_esme_tells_which_one_it_is_for_and_whether_it_came(api, told, esme):
    await esme.bind()
    _, sent = await api("POST", f"/handsets/{ANNA}/sms", {"to": "5005", "text": "x"})
    await esme.ask(b"")  # a deliver_sm, the first request of the SMSC
    await esme.ask(DeliverSmResp(sequence_number=1).encode() + EnquireLink(sequence_number=9).encode())
    (sms,), (state,) = await told("sms"), await told("sms.state")
    assert (sms["id"], sms["from"], sms["to_esme"], sms["esme"], sms["group"]) == (sent["id"], ANNA, "test", None, None)
    assert (state["id"], state["state"]) == (sent["id"], "DELIVERED")


async def test_pdus_are_seen_decoded_in_both_directions(operator_on_sockets, follow, esme):
    await esme.bind()
    reader = await follow("?kind=pdu")
    await esme.ask(SUBMIT.encode())
    name, request = await reader.pdu()
    _, response = await reader.pdu()
    connection = request["connection"]
    assert (name, request["at"], request["system_id"], request["direction"]) == (
        "pdu",
        "2018-04-27T14:50:00.000Z",
        "test",
        "to_smsc",
    )
    assert (request["command"], request["sequence_number"]) == ("submit_sm", 2)
    assert request["parameters"]["short_message"] == {"hex": "4869", "text": "Hi"}
    assert request["tlvs"] == [{"tag": "0x0204", "name": "user_message_reference", "value": 7}]
    assert (response["command"], response["command_status"], response["direction"]) == (
        "submit_sm_resp",
        "ESME_ROK",
        "to_esme",
    )
    assert response["connection"] == connection
    assert response["parameters"]["message_id"].isdigit()


async def test_pdus_come_with_everything_else_unless_other_kinds_are_named(api, follow, esme):
    everything, sms_only = await follow(), await follow("?kind=sms")
    await esme.bind()
    await esme.ask(SUBMIT.encode())
    assert [(await everything.pdu())[1]["command"] for _ in range(3)] == [
        "bind_transceiver",
        "bind_transceiver_resp",
        "submit_sm",
    ]
    assert "pdu" not in await sms_only.block()


async def test_a_broken_pdu_shows_what_is_wrong(operator_on_sockets, follow, esme):
    await esme.bind()
    reader = await follow("?kind=pdu")
    broken = SUBMIT.encode()[:-6] + b"\x02\x04\x00\x09\x00\x07"
    await esme.ask(broken)
    _, pdu = await reader.pdu()
    assert pdu["command"] == "submit_sm"
    assert pdu["error"]["command_status"].startswith("ESME_R")
    assert pdu["error"]["seen"]
    assert bytes.fromhex(pdu["octets"]) == broken


async def test_r178_no_password_is_in_a_pdu(operator_on_sockets, api, follow, esme):
    reader = await follow("?kind=pdu")
    await esme.bind("not-this")
    await esme.bind()
    await esme.bind("nor-this")  # a second bind is refused, and its password is none of ours to show
    await api("POST", f"/handsets/{ANNA}/ussd", {"dial": "*111*25#"})
    _, inbox = await api("GET", f"/handsets/{ANNA}/sms?wait=5&from=3339")
    password = re.search(r"Пароль: (\S+)\.", inbox["messages"][0]["text"])[1]
    seen = []
    while not seen or seen[-1].get("command") != "deliver_sm":  # the receipt, which may repeat a text
        seen.append((await reader.pdu())[1])
    told = json.dumps(seen)
    assert seen[-1]["system_id"] == "selfcare"
    assert "submit_sm" in {pdu["command"] for pdu in seen}
    for secret in ("not-this", "nor-this", password):
        for encoding in ("ascii", "utf-16-be"):
            assert secret not in told
            assert secret.encode(encoding).hex() not in told


async def test_watching_ends_when_the_reader_goes(numbers, http):
    async with http.get(numbers.url) as response, http.get(f"{numbers.url}?kind=sms") as other:
        await Reader(response).block()
        await Reader(other).block()
        assert len(numbers.wires.watchers) == 1
    async with asyncio.timeout(5):
        while numbers.wires.watchers:  # noqa: ASYNC110 - nothing tells of the end of a reader
            await asyncio.sleep(0)


async def test_a_reader_that_is_too_slow_for_the_pdus_is_told_how_many_it_missed(numbers, http):
    async with http.get(numbers.url) as response:
        reader = Reader(response)
        await reader.block()
        for number in range(1, 1013):
            numbers.wires.let_pass(EnquireLink(sequence_number=number).encode())
        assert await reader.pdu() == ("gap", {"missing": 12, "kind": "pdu"})
        assert [(await reader.pdu())[1]["sequence_number"] for _ in range(1000)] == list(range(13, 1013))
