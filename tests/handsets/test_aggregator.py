"""Phones behind an aggregator: what it calls us with, what it is answered, and this gateway as an aggregator of itself."""

import asyncio
import re
import socket
from contextlib import asynccontextmanager, closing

import aiohttp
import pytest
from structlog.testing import capture_logs

from tests.conftest import CHEAP, FREE_PORTS, START
from ussd_gateway import Gateway, VirtualClock
from ussd_gateway.client import Client
from ussd_gateway.config import ConfigError
from ussd_gateway.dialects.model import Call, CallError, Kind
from ussd_gateway.dialects.table import ASYNCHRONOUS, DIALECTS
from ussd_gateway.handsets.aggregator import Aggregator, AggregatorSettings, dialled_code

CODE = "*384*77#"
ANNA = "70001000001"
MENU = """
title = "Fruit"
codes = ["*384*77#"]

[screens.main]
text = { ru = "Fruit?", en = "Fruit?" }
choices = [
    { key = "1", label = { ru = "Apples", en = "Apples" }, to = "apples" },
    { key = "2", label = { ru = "Pears", en = "Pears" }, to = "pears" },
]

[screens.apples]
text = { ru = "Red or green?", en = "Red or green?" }
choices = [{ key = "1", label = { ru = "Red", en = "Red" }, to = "red" }]

[screens.red]
text = { ru = "Красные яблоки", en = "Red apples" }
end = true

[screens.pears]
text = { ru = "No pears.", en = "No pears." }
end = true
"""
GENERIC = """
[{table}.settings]
session = "id"
msisdn = "from"
code = "to"
text = "input"
first = "dialled"
kind = "is"
kinds = {{ new = "new", answer = "more", abort = "gone", timeout = "late" }}
signal = "prefix"
continues = ["+"]
ends = ["."]
"""


def free_port():
    with closing(socket.socket()) as server:
        server.bind(("127.0.0.1", 0))
        return server.getsockname()[1]


@pytest.fixture
def gateway(tmp_path):
    """Starts gateways with the fruit menu, each with a piece of config of its own."""

    @asynccontextmanager
    async def start(name, text="", menu=MENU, port=0):
        folder = tmp_path / name
        (folder / "menus").mkdir(parents=True)
        if menu:
            (folder / "menus" / "fruit.toml").write_text(menu)
        (folder / "config.toml").write_text(text)
        flags = FREE_PORTS | CHEAP | {"server.http_port": port}
        async with Gateway.from_config(folder / "config.toml", clock=VirtualClock(START), flags=flags) as gateway:
            yield gateway

    return start


@asynccontextmanager
async def both(gateway, dialect):
    """A calls B in the dialect, and B has the menu."""
    port = free_port()
    settings = GENERIC if dialect == "generic" else ""
    elsewhere = 'end_url = "{}"' if dialect == "africas_talking" else ""
    send = f'send_url = "http://127.0.0.1:{port}"' if dialect in ASYNCHRONOUS else ""
    behind = f"""
[[aggregator]]
path = "/aggregators/x"
dialect = "{dialect}"
code = "{CODE}"
{send}
{settings.format(table="aggregator")}"""
    async with gateway("b", behind) as b:
        calling = f"""
[[application]]
code = "{CODE}"
url = "{b.http_url}/aggregators/x"
{elsewhere.format(f"{b.http_url}/aggregators/x")}
dialect = "{dialect}"
{settings.format(table="application")}"""
        async with gateway("a", calling, menu="", port=port) as a:
            yield a, b


EVERY = [*DIALECTS, *ASYNCHRONOUS]


@pytest.mark.parametrize("dialect", EVERY)
async def test_a_dialogue_through_an_aggregator_is_the_one_at_the_gateway_itself(gateway, dialect):
    async with both(gateway, dialect) as (a, b):
        behind, there = a.handset(ANNA), b.handset("70002000001")
        for dialled, *answers in (
            (CODE, "1", "0", "1", "1"),
            (CODE, "9", "2"),
            ("*384*77*1*1#",),
            ("*384*77*1#", "0", "2"),
        ):
            shown, expected = await behind.dial(dialled), await there.dial(dialled)
            assert (shown, shown.outcome) == (expected, expected.outcome)
            for answer in answers:
                assert shown.awaiting
                shown, expected = await behind.answer(answer), await there.answer(answer)
                assert (shown, shown.outcome) == (expected, expected.outcome)
            assert shown.outcome == "success"
        await a.settle()
        await b.settle()
        assert len(b._aggregators[0]) == len(a.network.dialogues) == len(b.network.dialogues) == 0


TELLS_NO_END = {"nalo", "arkesel", "nsano", "moolre", "safaricom", "ideamart"}


@pytest.mark.parametrize("dialect", EVERY)
async def test_who_hangs_up_there_has_hung_up_here_where_the_dialect_tells_it_and_may_dial_again_anyway(
    gateway, dialect
):
    async with both(gateway, dialect) as (a, b):
        behind = a.handset(ANNA)
        assert (await behind.dial(CODE)).startswith("Fruit?")
        await behind.hang_up()
        await a.settle()
        await b.settle()
        assert len(b.network.dialogues) == (1 if dialect in TELLS_NO_END else 0)
        assert (await behind.dial(CODE)).startswith("Fruit?")
        assert await behind.answer("2") == "No pears."
        assert len(b.network.dialogues) == 0


@pytest.mark.parametrize("dialect", EVERY)
async def test_a_code_that_nobody_owns_there_ends_with_the_networks_text(gateway, dialect):
    async with both(gateway, dialect) as (a, b):
        b.directory.detach_code(CODE, b.directory.application(CODE)[0])
        screen = await a.handset(ANNA).dial(CODE)
    assert (screen, screen.outcome) == ("Неверная команда. Проверьте номер запроса.", "success")


# What a real aggregator may send ---------------------------------------------------------------------------------------


class Talking:
    """Africa's Talking as a test speaks for it."""

    def __init__(self, url, http):
        self.url, self._http = url, http

    async def __call__(self, text, session="1", **fields):
        given = {"sessionId": session, "phoneNumber": f"+{ANNA}", "serviceCode": CODE, "networkCode": "1", "text": text}
        async with self._http.post(self.url, data=given | fields) as response:
            return response.status, await response.text()


@pytest.fixture
async def talking(gateway):
    @asynccontextmanager
    async def start(text='[[aggregator]]\npath = "/aggregators/at"\n', menu=MENU):
        async with gateway("b", text, menu) as there, aiohttp.ClientSession() as http:
            yield there, Talking(f"{there.http_url}/aggregators/at", http)

    return start


def told(logs):
    return [entry["event"] for entry in logs if entry["event"].startswith("aggregator.")]


async def test_the_input_grows_and_each_answer_is_what_came_to_it(talking):
    async with talking() as (_, says):
        assert await says("") == (200, "CON Fruit?\n1 Apples\n2 Pears")
        assert await says("1") == (200, "CON Red or green?\n1 Red\n0 Назад")
        assert await says("1*1") == (200, "END Красные яблоки")


async def test_an_answer_with_a_star_in_it_and_an_empty_one_stay_what_they_are(talking):
    heard = []

    async def listen(ussd):
        heard.append(ussd.text)
        return ussd.ask("?")

    async with talking(menu="") as (there, says):
        there.attach_function(CODE, listen)
        for text in ("", "", "*1*2", "*1*2*", "*1*2**3"):
            assert await says(text) == (200, "CON ?")
    assert heard == [CODE, "", "1*2", "", "3"]


async def test_what_does_not_go_on_from_the_input_before_is_refused_and_the_dialogue_goes_on(talking):
    async with talking() as (_, says):
        await says("1")
        with capture_logs() as logs:
            status, problem = await says("4321*1")
        assert (status, told(logs)) == (400, ["aggregator.refused"])
        assert "the input has to be that of the call before, a * and the answer" in problem
        assert "4321" not in repr(logs), "what users type is in no log"
        assert await says("1*1") == (200, "END Красные яблоки")


async def test_a_session_that_ended_begins_no_other(talking):
    async with talking() as (there, says):
        await says("")
        await there.wait(31)
        assert await says("1") == (200, "END Время ожидания ответа истекло.")
        assert await says("1*1") == (200, "END Время ожидания ответа истекло.")
        assert await says("", session="2") == (200, "CON Fruit?\n1 Apples\n2 Pears")


async def test_who_dials_again_has_left_the_dialogue_before(talking):
    async with talking() as (there, says):
        await says("1")
        assert (await says("", session="2"))[1].startswith("CON Fruit?")
        assert len(there.network.dialogues) == 1


async def test_an_answer_that_is_too_long_is_refused_and_the_dialogue_goes_on(talking):
    async with talking() as (_, says):
        await says("")
        status, problem = await says("1" * 183)
        assert (status, "a USSD string takes 160" in problem) == (400, True)
        assert await says("2") == (200, "END No pears.")


async def test_a_call_with_the_number_of_the_one_before_is_a_repeat_where_calls_are_numbered(talking):
    text = '[[aggregator]]\npath = "/aggregators/at"\ndialect = "hubtel"\n'
    async with talking(text) as (_, says), aiohttp.ClientSession() as http:

        async def call(kind, message, number):
            fields = {"SessionId": "7", "Mobile": ANNA, "ServiceCode": "384*77", "Type": kind, "Message": message}
            async with http.post(says.url, json=fields | {"Operator": "mtn", "Sequence": number}) as response:
                return (await response.json(content_type=None))["Message"]

        assert (await call("Initiation", CODE, 1)).startswith("Fruit?")
        for _ in range(2):
            assert (await call("Response", "1", 2)).startswith("Red or green?")
        assert await call("Response", "1", 3) == "Красные яблоки"


async def test_a_session_that_is_begun_twice_begins_anew(talking):
    text = '[[aggregator]]\npath = "/aggregators/at"\ndialect = "hubtel"\n'
    async with talking(text) as (there, says), aiohttp.ClientSession() as http:

        async def call(kind, message):
            fields = {"SessionId": "7", "Mobile": ANNA, "ServiceCode": "384*77", "Type": kind, "Message": message}
            async with http.post(says.url, json=fields | {"Operator": "mtn", "Sequence": 1}) as response:
                return (await response.json(content_type=None))["Message"]

        for _ in range(2):
            assert (await call("Initiation", CODE)).startswith("Fruit?")
            assert (await call("Response", "1")).startswith("Red or green?")
        assert len(there.network.dialogues) == len(there._aggregators[0]) == 1


async def test_a_phone_that_is_busy_here_is_busy_there(talking):
    async with talking() as (there, says):
        anna = there.handset(ANNA)
        await anna.dial(CODE)
        assert await says("") == (200, "END Завершите текущий USSD-сеанс и повторите запрос.")
        assert await anna.answer("2") == "No pears."


async def test_a_dialogue_that_was_hung_up_here_is_over_there(talking):
    async with talking() as (there, says):
        await says("")
        await there.handset(ANNA).hang_up()
        for late in ("1", "1*1"):  # neither is a dial
            status, problem = await says(late)
            assert status == 400
            assert "has ended; its user hung up, or dialled elsewhere" in problem
        assert len(there.network.dialogues) == len(there._aggregators[0]) == 0


async def test_who_waits_for_a_screen_is_told_when_the_phone_has_hung_up_here(talking):
    asked = asyncio.Event()

    async def think(ussd):
        asked.set()
        await asyncio.Event().wait()

    async with talking(menu="") as (there, says):
        there.attach_function(CODE, think)
        call = asyncio.create_task(says(""))
        await asked.wait()
        await there.handset(ANNA).hang_up()
        async with asyncio.timeout(10):
            status, problem = await call
        assert (status, "its user hung up" in problem) == (400, True)


async def test_a_call_that_comes_twice_is_one_answer_and_both_see_its_screen(talking):
    heard = []

    async def listen(ussd):
        heard.append(ussd.text)
        await asyncio.sleep(0)
        return ussd.ask(f"After {ussd.text}?")

    async with talking(menu="") as (there, says):
        there.attach_function(CODE, listen)
        assert await says("") == (200, f"CON After {CODE}?")
        for text, typed in (("1", "1"), ("1*2", "2")):
            assert set(await asyncio.gather(*[says(text) for _ in range(3)])) == {(200, f"CON After {typed}?")}
        assert await says("1*2") == (200, "CON After 2?")
    assert heard == [CODE, "1", "2"]


async def test_a_first_call_that_came_twice_does_not_stop_the_dialogue(talking):
    async with talking() as (_, says):
        await says("")
        await says("")
        assert await says("2") == (200, "END No pears.")


async def test_a_dialogue_goes_on_while_another_aggregator_finds_the_phone_busy(talking):
    text = "".join(f'[[aggregator]]\npath = "/aggregators/{name}"\n' for name in ("at", "b"))
    async with talking(text) as (there, says), aiohttp.ClientSession() as http:
        await says("")
        elsewhere = Talking(f"{there.http_url}/aggregators/b", http)
        assert await elsewhere("", session="9") == (200, "END Завершите текущий USSD-сеанс и повторите запрос.")
        async with asyncio.timeout(10):
            assert await says("2") == (200, "END No pears.")


async def test_a_call_before_the_last_one_is_answered_is_refused_and_a_reset_ends_the_wait(talking):
    asked = asyncio.Event()

    async def think(ussd):
        asked.set()
        await asyncio.Event().wait()

    async with talking(menu="") as (there, says):
        there.attach_function(CODE, think)
        first = asyncio.create_task(says(""))
        await asked.wait()
        status, problem = await says("1")
        assert (status, "has a call that is not answered yet" in problem) == (400, True)
        await there.reset()
        status, problem = await first
        assert (status, "the gateway was reset or stopped" in problem) == (400, True)


MISTAKES = {
    "a field is missing": ({"phoneNumber": ""}, "phoneNumber"),
    "an ESME's number": ({"phoneNumber": "5000"}, "5000 is not a handset's number here"),
    "no code": ({"serviceCode": ""}, "the call does not say which code was dialled"),
}


@pytest.mark.parametrize(("fields", "said"), MISTAKES.values(), ids=MISTAKES)
async def test_a_call_that_makes_no_sense_is_answered_with_a_sentence(talking, fields, said):
    esme = "[[esme]]\nsystem_id = 'a'\npassword = 'a'\nnumbers = ['5000']\n"
    async with talking(esme + '[[aggregator]]\npath = "/aggregators/at"\n') as (there, says):
        with capture_logs() as logs:
            status, problem = await says("", **fields)
        assert status == 400
        assert said in problem
        assert told(logs) == ["aggregator.refused"]
        assert len(there._aggregators[0]) == 0


async def test_another_method_and_another_path_are_told_apart(talking):
    async with talking() as (_, says), aiohttp.ClientSession() as http:
        async with http.get(says.url) as response:
            assert (response.status, (await response.json(content_type=None))["title"]) == (
                405,
                "/aggregators/at takes POST, not GET",
            )
        for other in ("2", "/", "/2"):
            async with http.post(says.url + other) as response:
                assert response.status == 404


async def test_infobip_may_ask_whether_a_session_is_open(talking):
    text = '[[aggregator]]\npath = "/aggregators/at"\ndialect = "infobip"\n'
    async with talking(text) as (there, says), aiohttp.ClientSession() as http:

        async def call(path, **fields):
            async with http.post(says.url + path, json=fields) as response:
                return await response.json(content_type=None)

        assert (await call("/7/status"))["sessionActive"] is False
        await call("/7/start", msisdn=ANNA, text=CODE, shortCode=CODE)
        assert (await call("/7/status"))["sessionActive"] is True
        assert (await call("/8/response", msisdn=ANNA, text="1", shortCode=CODE))["responseExitCode"] == 400
        await call("/7/end", msisdn=ANNA, exitCode=400, reason="gone")
        assert (await call("/7/status"))["sessionActive"] is False
        assert len(there.network.dialogues) == 0


async def test_a_phone_behind_a_mask_is_always_the_same_one_and_what_cannot_be_sent_ends_the_dialogue(talking):
    text = '[[aggregator]]\npath = "/aggregators/at"\ndialect = "ideamart"\nsend_url = "http://127.0.0.1:{}"\n'
    call = {
        "message": CODE,
        "ussdOperation": "mo-init",
        "sessionId": "7",
        "sourceAddress": "tel:B%3C4k",
        "encoding": "440",
    }
    async with talking(text.format(free_port())) as (there, says), aiohttp.ClientSession() as http:
        seen = set()
        for _ in range(2):
            with capture_logs() as logs:
                async with http.post(says.url, json=call) as response:
                    assert (await response.json(content_type=None))["statusCode"] == "S1000"
                seen |= {session.msisdn for session in there.network.dialogues}
                await there.settle()
            assert told(logs) == ["aggregator.not_sent"]
            assert len(there.network.dialogues) == 0
    (number,) = seen
    assert re.fullmatch("[0-9]{15}", number)


DIALLED = [
    (Call(Kind.NEW, "1", ANNA, "*384*77#"), "*384*77#"),
    (Call(Kind.NEW, "1", ANNA, "384*77", "1*2"), "*384*77*1*2#"),
    (Call(Kind.NEW, "1", ANNA, "#111#", "1"), "#111*1#"),
    (Call(Kind.NEW, "1", ANNA, "", "1"), "*5*1#"),
    (Call(Kind.NEW, "1", ANNA, "384", "*384*77*1#", dialled=True), "*384*77*1#"),
    (Call(Kind.NEW, "1", ANNA, "384", "384*77", dialled=True), "*384*77#"),
    (Call(Kind.NEW, "1", ANNA, "", "*384*77", dialled=True), "*384*77#"),
    (Call(Kind.NEW, "1", ANNA, "", "#111#", dialled=True), "#111#"),
    (Call(Kind.NEW, "1", ANNA, "", "", dialled=True), "*5#"),
    (Call(Kind.NEW, "1", ANNA, "384*77", "", dialled=True), "*384*77#"),
]


@pytest.mark.parametrize(("call", "dialled"), DIALLED)
def test_what_was_dialled_is_put_together_from_what_the_dialect_says(call, dialled):
    assert dialled_code(call, "*5#") == dialled


@pytest.mark.parametrize(
    "call",
    [
        Call(Kind.NEW, "1", ANNA),
        Call(Kind.NEW, "1", ANNA, "*1#", "*#", dialled=True),
        Call(Kind.NEW, "1", ANNA, dialled=True),
    ],
)
def test_a_call_without_a_code_is_refused(call):
    with pytest.raises(CallError, match="code"):
        dialled_code(call, "")


def test_an_asynchronous_dialect_needs_to_know_where_answers_go(plain_gateway):
    with pytest.raises(ValueError, match="the dialect ideamart needs send_url"):
        Aggregator(AggregatorSettings("/aggregators/x", "ideamart"), plain_gateway, Client())


CONFIG = {
    "a path of somebody else": ('path = "/api/v1"', "aggregator[0].path: '/api/v1' cannot be used: write a path below"),
    "an unknown dialect": (
        'path = "/aggregators/a"\ndialect = "at"',
        'aggregator[0].dialect: the dialect "at" is unknown; known: af',
    ),
    "a wrong setting": (
        'path = "/aggregators/a"\nsettings = { colour = 1 }',
        'aggregator[0].settings: the dialect africas_talking has no setting "colour"; known: ',
    ),
    "no way back": (
        'path = "/aggregators/a"\ndialect = "ideamart"',
        "aggregator[0].send_url: is missing; ideamart takes",
    ),
    "no code": ('path = "/aggregators/a"\ncode = "shop"', 'aggregator[0].code: "shop" is no service code; one looks'),
    "a way back that nobody takes": (
        'path = "/aggregators/a"\nsend_url = "http://a/"',
        "aggregator[0].send_url: goes with ideamart only; africas_talking has our answer in its response",
    ),
    "one path twice": (
        'path = "/aggregators/a"\n[[aggregator]]\npath = "/aggregators/a"',
        "aggregator.path: /aggregators/a is there twice",
    ),
}


@pytest.mark.parametrize(("text", "said"), CONFIG.values(), ids=CONFIG)
async def test_a_mistake_in_the_config_names_its_key(gateway, text, said):
    with pytest.raises(ConfigError, match=re.escape(said)):
        async with gateway("b", f"[[aggregator]]\n{text}\n"):
            pass
