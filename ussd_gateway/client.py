"""HTTP with others: the connections of all calls that leave, and the requests and answers of dialects, both ways.

A call of a dialect is one request and one answer of bounded size; it follows no redirect. Nothing keeps a cookie.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from urllib.parse import quote

import aiohttp
from aiohttp import web
from multidict import MultiMapping
from yarl import URL

from ussd_gateway.dialects.model import AnswerError, Request, Response, Wrong
from ussd_gateway.dialects.settings import quoted

LARGEST = 64 * 1024  # octets of an answer
CONNECTIONS = 500  # that may be open at once, to all together: each is an open file

_HEADERS = {"User-Agent": "ussd_gateway", "Accept-Encoding": "identity"}


class UnreachableError(Exception):
    """There was no connection, or it broke; the message is a sentence that says so."""


class TooMuchError(Exception):
    """An answer goes on and on."""


class Client:
    """For all who call, so that their connections are counted together. `stop` leaves no socket behind."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None  # from the first call on
        self._stopped = False

    async def stop(self) -> None:
        """Close every connection; nobody is called from now on."""
        self._stopped = True
        if self._session:
            await self._session.close()

    def session(self) -> aiohttp.ClientSession:
        """What calls are made with. Raises UnreachableError once it is stopped."""
        if self._stopped:
            raise UnreachableError("the gateway stops and calls nobody any more")
        if self._session is None:
            self._session = aiohttp.ClientSession(
                # A connection for each call: a server that closes an idle one just now must not look out of reach,
                # and nobody repeats a purchase to find out
                connector=aiohttp.TCPConnector(limit=CONNECTIONS, force_close=True),
                cookie_jar=aiohttp.DummyCookieJar(),  # one subscriber's cookies are none of another's
                headers=_HEADERS,
                auto_decompress=False,
                timeout=aiohttp.ClientTimeout(total=None),
            )
        return self._session

    async def call(self, url: str, request: Request) -> Response:
        """The answer, with the names of its headers in lower case; how long to wait is the caller's business.

        Raises UnreachableError, and AnswerError for a redirect, an answer that is compressed or has more than 64 KiB, and
        what is no HTTP.
        """
        session = self.session()
        place = shown(url)
        try:
            async with session.request(
                request.method,
                target(url, request.path, request.query),
                data=request.body or None,
                headers=request.headers,
                allow_redirects=False,
            ) as answer:
                body = await bounded(answer.content, LARGEST)
        except TooMuchError:
            raise AnswerError(Wrong.BAD, f"{place} answered with more than {LARGEST // 1024} KiB") from None
        except aiohttp.ClientPayloadError:
            raise UnreachableError(f"{place} broke the connection in the middle of its answer") from None
        except aiohttp.ClientConnectorError as error:
            raise UnreachableError(f"{place} cannot be connected to: {reason(error)}") from None
        except (aiohttp.ClientConnectionError, ConnectionError):
            raise UnreachableError(f"{place} closed the connection without an answer") from None
        except aiohttp.ClientResponseError:
            raise AnswerError(Wrong.BAD, f"what {place} answered is no HTTP") from None
        if 300 <= answer.status < 400:
            where = answer.headers.get("location")
            to = f" to {shown(where)}" if where else ""
            raise AnswerError(Wrong.STATUS, f"{place} redirects{to} with status {answer.status}; write the URL itself")
        if (coding := answer.headers.get("content-encoding", "identity").lower()) != "identity":
            raise AnswerError(
                Wrong.BAD, f"{place} answered with content-encoding {quoted(coding)}, which nobody asked for"
            )
        return Response(answer.status, _headers(answer.headers), body)


async def bounded(content: aiohttp.StreamReader, most: int) -> bytes:
    """The octets of a body. Raises TooMuchError when there are more than `most`."""
    body = b""
    while chunk := await content.read(most + 1 - len(body)):
        body += chunk
        if len(body) > most:
            raise TooMuchError
    return body


def target(url: str, path: str, query: Mapping[str, str]) -> URL:
    """Where a request goes: the path follows that of the URL, the parameters join those that the URL has."""
    where = URL(url)
    if path:
        parameters = where.query
        where = where.with_path(where.raw_path.rstrip("/") + quote(path), encoded=True).with_query(parameters)
    return where.update_query(query) if query else where


async def received(request: web.Request, path: str = "") -> Request:
    """Somebody's call as the dialects read it; `path` is what follows the path that they call."""
    return Request(request.method, path, dict(request.query), _headers(request.headers), await request.read())


def answer(response: Response) -> web.Response:
    """The answer to such a call."""
    return web.Response(status=response.status, headers=dict(response.headers), body=response.body)


def shown(url: str) -> str:
    """The URL as a log and the journal may show it: without password and parameters, which may be secrets."""
    try:
        return str(URL(url).with_user(None).with_query(None).with_fragment(None))
    except ValueError:  # a relative one, of a redirect
        return url.partition("?")[0]


def _headers(headers: MultiMapping[str]) -> dict[str, str]:
    """By name in lower case; several of one name in one, as RFC 9110 section 5.3 joins them."""
    return {name.lower(): ", ".join(headers.getall(name)) for name in headers}


def reason(error: aiohttp.ClientConnectorError) -> str:
    """What the system says; asyncio's own words for it name the address once more."""
    cause = error.os_error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted, {cause.verify_message}"
    if isinstance(cause, ssl.SSLError):  # its errno is none of the system's
        return f"there is no TLS, {cause.reason}"
    return os.strerror(cause.errno) if cause.errno and cause.errno > 0 else cause.strerror or str(cause)
