"""Calls over a socket, as a menu makes them."""

import asyncio
import json
import socket

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from ussd_gateway.applications.callout import LARGEST, Caller, CallOutError, variables
from ussd_gateway.client import Client
from ussd_gateway.menu.advance import CallOut


@pytest.fixture
async def caller():
    client = Client()
    yield Caller(client, longest=10)
    await client.stop()


@pytest.fixture
async def server():
    """Somebody's API; `server.heard` are the requests that came, as (method, path with query, body)."""

    async def answers(request):
        server.heard.append((request.method, str(request.rel_url), await request.text()))
        match request.match_info["what"]:
            case "late":
                await asyncio.sleep(60)
            case "large":
                return web.Response(body=b'"' + b"a" * LARGEST + b'"')
            case "elsewhere":
                raise web.HTTPFound("http://example.invalid/rates")
            case "moved":
                raise web.HTTPFound("/rates")
            case "see":
                raise web.HTTPSeeOther("/rates")
            case "again":
                raise web.HTTPTemporaryRedirect("/rates")
            case "round":
                raise web.HTTPFound("/round")
            case "text":
                return web.Response(text="rate=5")
            case "nothing":
                return web.Response(status=204)
            case "broken":
                return web.Response(status=500, text='{"rate": 1}')
            case "list":
                return web.json_response([1])
            case "set":
                response = web.json_response({"cookie": request.cookies.get("session")})
                response.set_cookie("session", "of one subscriber")
                return response
        return web.json_response(
            {"data": {"rate": 12, "items": [{"name": "Daily"}]}, "said": request.headers.get("X-Key")}
        )

    app = web.Application()
    app.router.add_route("*", "/{what}", answers)
    server = TestServer(app)
    server.heard = []
    await server.start_server()
    yield server
    await server.close()


def to(url, method="GET", query=None, headers=None, body=b"", timeout=5.0):
    return CallOut(method, url, query or {}, headers or {}, body, timeout)


def call(server, what, method="GET", **rest):
    return to(str(server.make_url(f"/{what}")), method, **rest)


async def test_the_fields_of_the_answer_are_variables(caller, server):
    out = call(server, "rates", query={"plan": "a b&c"}, headers={"X-Key": "k"})

    found = await caller.call(out, {"rate": "data.rate", "name": "data.items[0].name", "key": "said"})

    assert found == {"rate": 12, "name": "Daily", "key": "k"}
    assert server.heard == [("GET", "/rates?plan=a+b%26c", "")]


async def test_without_fields_every_key_of_the_answer_is_one(caller, server):
    assert (await caller.call(call(server, "rates"), {})).keys() == {"data", "said"}
    assert await caller.call(call(server, "nothing"), {}) == {}


async def test_a_body_is_sent_as_it_is(caller, server):
    out = call(server, "rates", "POST", body=b'{"plan": "daily"}', headers={"Content-Type": "application/json"})

    await caller.call(out, {})

    assert server.heard == [("POST", "/rates", '{"plan": "daily"}')]


WRONG = [
    ("late", {}, "did not answer within 0.05 s"),
    ("large", {}, "answered with more than 256 KiB"),
    ("elsewhere", {}, "redirects to another host"),
    ("round", {}, "redirects more than 3 times"),
    ("text", {}, "answered something that is no JSON"),
    ("broken", {"rate": "rate"}, "answered with status 500"),
    ("list", {}, "answered JSON that is no object"),
    ("rates", {"rate": "data.price"}, "answered without data.price"),
    ("rates", {"rate": "data.items[1].name"}, "answered without data.items[1].name"),
    ("rates", {"rate": "data[0]"}, "answered without data[0]"),
]


@pytest.mark.parametrize(("what", "fields", "why"), WRONG)
async def test_an_answer_that_cannot_be_used_is_told_in_a_sentence(caller, server, what, fields, why):
    with pytest.raises(CallOutError) as raised:
        await caller.call(call(server, what, timeout=0.05 if what == "late" else 5.0), fields)

    assert str(raised.value) == why


async def test_no_call_takes_longer_than_the_network_waits(server):
    client = Client()
    caller = Caller(client, longest=0.05)
    with pytest.raises(CallOutError, match=r"did not answer within 0\.05 s"):
        await caller.call(call(server, "late", timeout=60.0), {})
    await client.stop()


@pytest.mark.parametrize(
    ("what", "heard"),
    [
        ("moved", [("POST", "/moved", "x"), ("GET", "/rates", "")]),
        ("see", [("POST", "/see", "x"), ("GET", "/rates", "")]),
        ("again", [("POST", "/again", "x"), ("POST", "/rates", "x")]),
    ],
)
async def test_a_redirect_within_the_host_is_followed(caller, server, what, heard):
    await caller.call(call(server, what, "POST", body=b"x"), {})
    assert server.heard == heard


async def test_who_has_stopped_calls_nobody(server):
    client = Client()
    caller = Caller(client, longest=10)
    await caller.call(call(server, "rates"), {})
    await client.stop()
    with pytest.raises(CallOutError, match="the gateway stops"):
        await caller.call(call(server, "rates"), {})
    assert len(server.heard) == 1


async def test_a_cookie_of_one_dialogue_is_none_of_anothers(caller, server):
    await caller.call(call(server, "set"), {})
    assert await caller.call(call(server, "set"), {}) == {"cookie": None}


async def test_nobody_there_and_an_address_that_is_none_are_told_without_it(caller):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        with pytest.raises(CallOutError, match=r"^cannot be connected to: "):
            await caller.call(to(url), {})
    for url in ("/8642", "ftp://8642/", "http://[8642/"):
        with pytest.raises(CallOutError) as raised:
            await caller.call(to(url), {})
        assert "8642" not in str(raised.value)


async def test_a_header_that_cannot_be_sent_is_not(caller, server):
    with pytest.raises(CallOutError, match="a header is wrong"):
        await caller.call(call(server, "rates", headers={"X": "a\r\nb: c"}), {})
    assert server.heard == []


@pytest.mark.parametrize(
    "octets", [b"{", b"\xff\xfe", b'{"rate": NaN}', b"[" * 100_000, b"1" * 10_000, json.dumps("x").encode()]
)
def test_any_octets_are_variables_or_an_error_that_tells(octets):
    with pytest.raises(CallOutError):
        variables(octets, {})
