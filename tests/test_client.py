"""Calls to others, as the one who is called sees them, and every way in which a call can go wrong."""

import asyncio
import ssl

import pytest
from aiohttp import web

from tests.applications.conftest import client, raw, served
from ussd_gateway.client import LARGEST, UnreachableError, shown, target
from ussd_gateway.dialects.model import AnswerError, Request, Wrong

__all__ = ["client"]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s"


async def test_a_request_arrives_as_the_dialect_wrote_it_and_its_answer_comes_back(client):
    seen = {}

    async def answer(request):
        seen.update(
            method=request.method,
            path=request.path,
            query=dict(request.query),
            body=await request.read(),
            kind=request.content_type,
        )
        return web.Response(status=202, text="CON Привет", headers={"At-Ussd-Hop-Metadata": "home"})

    async with served(answer) as url:
        request = Request("PUT", "/7/start", {"text": "1*2#&+ё"}, {"content-type": "text/plain"}, b"hello")
        response = await client.call(f"{url}/ussd/?key=1", request)
    assert seen == {
        "method": "PUT",
        "path": "/ussd/7/start",
        "query": {"key": "1", "text": "1*2#&+ё"},
        "body": b"hello",
        "kind": "text/plain",
    }
    assert (response.status, response.text, response.headers["at-ussd-hop-metadata"]) == (202, "CON Привет", "home")


async def test_cookies_are_no_business_of_the_client(client):
    async def answer(request):
        response = web.Response(text=request.cookies.get("visits", "none"))
        response.set_cookie("visits", "1")
        return response

    async with served(answer) as url:
        said = [(await client.call(url, Request(headers=headers))).text for headers in ({}, {}, {"cookie": "visits=7"})]
    assert said == ["none", "none", "7"]


ANSWERS = {
    "cut in the middle": (OK % (100, b"CON 1"), UnreachableError, "broke the connection in the middle of its answer"),
    "nothing": (b"", UnreachableError, "closed the connection without an answer"),
    "no HTTP": (b"CON 1\r\n\r\n", AnswerError, "answered is no HTTP"),
    "too much": (OK % (LARGEST + 1, b"x" * (LARGEST + 1)), AnswerError, "answered with more than 64 KiB"),
    "without end": (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (2 * LARGEST), AnswerError, "answered with more than 64 KiB"),
    "compressed": (
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b",
        AnswerError,
        'answered with content-encoding "gzip", which nobody asked for',
    ),
    "a redirect": (
        b"HTTP/1.1 302 Found\r\nLocation: http://u:p@example.com/login?token=1\r\nContent-Length: 0\r\n\r\n",
        AnswerError,
        "redirects to http://example.com/login with status 302; write the URL itself",
    ),
    "a redirect to a path": (
        b"HTTP/1.1 301 Moved\r\nLocation: /ussd/?token=1\r\nContent-Length: 0\r\n\r\n",
        AnswerError,
        "redirects to /ussd/ with status 301; write the URL itself",
    ),
}


@pytest.mark.parametrize(("octets", "error", "said"), ANSWERS.values(), ids=ANSWERS)
async def test_what_is_no_answer_is_told_in_a_sentence_without_secrets(client, octets, error, said):
    async with raw(octets) as url:
        with pytest.raises(error) as caught:
            await client.call(f"{url}/ussd?password=secret", Request())
    assert str(caught.value).endswith(said)
    assert f"{url}/ussd " in str(caught.value)
    assert "secret" not in str(caught.value)


async def test_a_redirect_is_an_error_of_http_and_no_connection_names_the_reason(client):
    async with raw(b"HTTP/1.1 307 No\r\nContent-Length: 0\r\n\r\n") as url:
        with pytest.raises(AnswerError, match="redirects with status 307") as caught:
            await client.call(url, Request())
    assert caught.value.wrong is Wrong.STATUS
    with pytest.raises(UnreachableError, match=rf"^{url} cannot be connected to: Connection refused$"):
        await client.call(url, Request())


async def test_who_cannot_be_spoken_to_over_tls_is_told_why(client, certificates):
    async def plain(reader, writer):
        await reader.read(LARGEST)
        writer.write(OK % (5, b"CON 1"))
        await reader.read()
        writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "smpp.crt", certificates / "smpp.key")
    for tls, why in (
        (context, "its certificate is not trusted, self.signed certificate"),
        (None, "there is no TLS, WRONG_VERSION_NUMBER"),
    ):
        server = await asyncio.start_server(plain, "127.0.0.1", 0, ssl=tls)
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with pytest.raises(UnreachableError, match=f"^{url} cannot be connected to: {why}"):
            await client.call(url, Request())
        server.close()


async def test_several_headers_of_one_name_are_all_there(client):
    cookies = b"HTTP/1.1 200 OK\r\nSet-Cookie: JSESSIONID=a1\r\nSet-Cookie: route=7\r\nContent-Length: 0\r\n\r\n"
    async with raw(cookies) as url:
        assert (await client.call(url, Request())).headers["set-cookie"] == "JSESSIONID=a1, route=7"


async def test_who_has_stopped_calls_nobody(client):
    await client.stop()
    with pytest.raises(UnreachableError, match="the gateway stops"):
        await client.call("http://127.0.0.1:9/", Request())


async def test_as_large_as_may_be_arrives(client):
    async with raw(OK % (LARGEST, b"x" * LARGEST)) as url:
        assert len((await client.call(url, Request())).body) == LARGEST


TARGETS = [
    ("http://a/ussd", "", {}, "http://a/ussd"),
    ("http://a/ussd/", "", {"x": "1"}, "http://a/ussd/?x=1"),
    ("http://a", "/7/start", {}, "http://a/7/start"),
    ("http://a/b%20c/?k=v", "/7 8/end", {"x": "#"}, "http://a/b%20c/7%208/end?k=v&x=%23"),
]


@pytest.mark.parametrize(("url", "path", "query", "where"), TARGETS)
def test_path_and_parameters_follow_those_of_the_url(url, path, query, where):
    assert str(target(url, path, query)) == where


def test_what_is_shown_of_a_url_holds_no_secret():
    assert shown("https://user:secret@example.com:8443/ussd?token=secret#x") == "https://example.com:8443/ussd"
