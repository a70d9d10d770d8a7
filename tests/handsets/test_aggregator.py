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
end_url = "{b.http_url}/aggregators/x"
dialect = "{dialect}"
{settings.format(table="application")}"""
        async with gateway("a", calling, menu="", port=port) as a:
            yield a, b


EVERY = [*DIALECTS, *ASYNCHRONOUS]


@pytest.mark.parametrize("dialect", EVERY)
async def test_a_dialogue_through_an_aggregator_is_the_one_at_the_gateway_itself(gateway, dialect):
    async with both(gateway, dialect) as (a, b):
        behind, there = a.handset(ANNA), b.handset("70002000001")
        for dialled, *answers in ((CODE, "1", "0", "1", "1"), (CODE, "9", "2"), ("*384*77*1*1#",), ("*384*77*1#", "0", "2")):
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
