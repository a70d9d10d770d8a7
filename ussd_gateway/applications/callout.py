"""HTTP calls that menus make: one request, an answer of bounded size and time, and its fields as variables."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping

import aiohttp
from yarl import URL

from ussd_gateway.menu.advance import CallOut

LARGEST = 256 * 1024  # octets of an answer
REDIRECTS = 3  # that one call follows, within its host
CONNECTIONS = 500  # that may be open at once, of all dialogues together: each is an open file

_HEADERS = {"User-Agent": "ussd_gateway", "Accept": "application/json", "Accept-Encoding": "identity"}
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_PATH = re.compile(r"[^.\[\]]+|\[[0-9]+\]")


class CallOutError(Exception):
    """A call brought no answer that can be used; the message is a sentence's end that quotes no value."""


class Caller:
    """Who makes the calls of all menus. `stop` leaves no socket behind.

    longest  real seconds that no call gets more than, whatever its menu says
    """

    def __init__(self, longest: float) -> None:
        self._longest = longest
        self._session: aiohttp.ClientSession | None = None

    async def call(self, out: CallOut, fields: Mapping[str, str]) -> dict[str, object]:
        """The variables of the answer: those that `fields` name by paths such as "data.items[0].price", else every key.

        Raises CallOutError.
        """
        seconds = min(out.timeout, self._longest)
        try:
            async with asyncio.timeout(seconds):
                octets = await self._answer(out)
        except TimeoutError:
            raise CallOutError(f"did not answer within {seconds:g} s") from None
        except aiohttp.ClientPayloadError:
            raise CallOutError("broke the connection in the middle of its answer") from None
        except aiohttp.ClientConnectorError as error:
            raise CallOutError(f"cannot be connected to: {error.strerror or type(error.os_error).__name__}") from None
        except (aiohttp.ClientConnectionError, OSError):
            raise CallOutError("closed the connection without an answer") from None
        except aiohttp.ClientResponseError:
            raise CallOutError("answered something that is no HTTP") from None
        except (
            aiohttp.ClientError,
            ValueError,
        ):  # an address or a header that cannot be; its words may quote a variable
            raise CallOutError("cannot be asked: the address or a header is wrong") from None
        return variables(octets, fields)

    async def stop(self) -> None:
        """Close every connection."""
        session, self._session = self._session, None
        if session:
            await session.close()

    async def _answer(self, out: CallOut) -> bytes:
        """The octets of a successful answer, after redirects within its host."""
        method, url, body = out.method, URL(out.url).update_query(out.query), out.body
        for _ in range(REDIRECTS + 1):
            async with self._opened().request(
                method, url, data=body or None, headers=dict(out.headers), allow_redirects=False
            ) as answer:
                if answer.status not in _REDIRECTS:
                    if not 200 <= answer.status < 300:
                        raise CallOutError(f"answered with status {answer.status}")
                    return await _octets(answer.content)
                target = url.join(URL(answer.headers.get("Location", "")))
            if target.origin() != url.origin():  # what was sent along is for this host alone
                raise CallOutError("redirects to another host")
            if answer.status == 303 or (answer.status in (301, 302) and method == "POST"):  # RFC 9110 section 15.4
                method, body = "GET", b""
            url = target
        raise CallOutError(f"redirects more than {REDIRECTS} times")

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                # A connection that was kept may be closed by now, and nobody repeats a purchase to find out
                connector=aiohttp.TCPConnector(limit=CONNECTIONS, force_close=True),
                cookie_jar=aiohttp.DummyCookieJar(),  # one subscriber's cookies are none of another's
                headers=_HEADERS,
                auto_decompress=False,
                timeout=aiohttp.ClientTimeout(total=None),
            )
        return self._session


def variables(octets: bytes, fields: Mapping[str, str]) -> dict[str, object]:
    """The fields of a JSON answer as variables; see `Caller.call`. No octets hold no fields. Raises CallOutError."""
    try:
        answer = json.loads(octets, parse_constant=_refuse) if octets.strip() else {}
    except (ValueError, RecursionError):
        raise CallOutError("answered something that is no JSON") from None
    if fields:
        return {name: _at(answer, path) for name, path in fields.items()}
    if not isinstance(answer, dict):
        raise CallOutError("answered JSON that is no object")
    return answer


def _at(answer: object, path: str) -> object:
    for step in _PATH.findall(path):
        if isinstance(answer, list) and step[0] == "[" and int(step[1:-1]) < len(answer):
            answer = answer[int(step[1:-1])]
        elif isinstance(answer, dict) and step in answer:
            answer = answer[step]
        else:
            raise CallOutError(f"answered without {path}")
    return answer


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is no JSON")


async def _octets(content: aiohttp.StreamReader) -> bytes:
    octets = b""
    while chunk := await content.read(LARGEST + 1 - len(octets)):
        octets += chunk
        if len(octets) > LARGEST:
            raise CallOutError(f"answered with more than {LARGEST // 1024} KiB")
    return octets
