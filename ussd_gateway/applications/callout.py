"""HTTP calls that menus make: one request, an answer of bounded size and time, and its fields as variables."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping

import aiohttp
from yarl import URL

from ussd_gateway.client import Client, TooMuchError, UnreachableError, bounded, reason
from ussd_gateway.menu.advance import CallOut

LARGEST = 256 * 1024  # octets of an answer
REDIRECTS = 3  # that one call follows, within its host

_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_PATH = re.compile(r"[^.\[\]]+|\[[0-9]+\]")


class CallOutError(Exception):
    """A call brought no answer that can be used; the message is a sentence's end that quotes no value."""


class Caller:
    """Who makes the calls of all menus.

    longest  real seconds that no call gets more than, whatever its menu says
    """

    def __init__(self, client: Client, longest: float) -> None:
        self._client = client
        self._longest = longest

    async def call(self, out: CallOut, fields: Mapping[str, str]) -> dict[str, object]:
        """The variables of the answer: those that `fields` name by paths such as "data.items[0].price", else every key.

        Raises CallOutError.
        """
        seconds = min(out.timeout, self._longest)
        try:
            async with asyncio.timeout(seconds):
                octets = await self._answer(out)
        except UnreachableError:
            raise CallOutError("is not asked any more: the gateway stops") from None
        except TooMuchError:
            raise CallOutError(f"answered with more than {LARGEST // 1024} KiB") from None
        except TimeoutError:
            raise CallOutError(f"did not answer within {seconds:g} s") from None
        except aiohttp.ClientPayloadError:
            raise CallOutError("broke the connection in the middle of its answer") from None
        except aiohttp.ClientConnectorError as error:
            raise CallOutError(f"cannot be connected to: {reason(error)}") from None
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

    async def _answer(self, out: CallOut) -> bytes:
        """The octets of a successful answer, after redirects within its host."""
        method, url, body = out.method, URL(out.url).update_query(out.query), out.body
        for _ in range(REDIRECTS + 1):
            async with self._client.session().request(
                method,
                url,
                data=body or None,
                headers={"Accept": "application/json", **out.headers},
                allow_redirects=False,
            ) as answer:
                if answer.status not in _REDIRECTS:
                    if not 200 <= answer.status < 300:
                        raise CallOutError(f"answered with status {answer.status}")
                    return await bounded(answer.content, LARGEST)
                target = url.join(URL(answer.headers.get("Location", "")))
            if target.origin() != url.origin():  # what was sent along is for this host alone
                raise CallOutError("redirects to another host")
            if answer.status == 303 or (answer.status in (301, 302) and method == "POST"):  # RFC 9110 section 15.4
                method, body = "GET", b""
            url = target
        raise CallOutError(f"redirects more than {REDIRECTS} times")


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
