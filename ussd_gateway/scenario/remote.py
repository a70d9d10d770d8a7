"""A driver on a gateway that runs elsewhere, over its HTTP API."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta, timezone
from http import HTTPStatus
from typing import Any

import aiohttp
from yarl import URL

from ussd_gateway.coding.data_coding import ussd_alphabet
from ussd_gateway.scenario.application import CLOCK_WAITS, ScriptedApplication, attached, in_time
from ussd_gateway.scenario.browser import ScriptedBrowser
from ussd_gateway.scenario.driver import ActorError, NoGatewayError, PhoneError, Screen, Sms, start_at
from ussd_gateway.scenario.esme import ScriptedEsme

_LONGEST_WAIT = 60.0  # seconds that one request waits; a longer wait takes several
_ANSWER_TIME = 30.0  # seconds in which the gateway answers a request that asks it to wait for nothing
_PATIENCE = 5.0  # real seconds that a program outside gets, under a virtual clock, to send what it is about to send
_STEP = 1.0  # seconds by which a virtual clock is moved while a screen is awaited
_STEPS = 60  # in so many steps a virtual clock is moved while an SMS is awaited
_CLOCK = "clock"
_ROWS = ""  # under this name stands an answer that is no object


class RefusedError(PhoneError):
    """The gateway answered with a problem, whose title this is, and its HTTP status."""

    def __init__(self, title: str, status: int) -> None:
        super().__init__(title)
        self.status = status


@asynccontextmanager
async def remote_driver(url: str) -> AsyncIterator[RemoteDriver]:
    """A driver on the gateway at `url`, such as http://127.0.0.1:8080. NoGatewayError when none answers there."""
    async with Api(url) as api:
        yield RemoteDriver(api, virtual=await api.has_virtual_clock())


class RemoteDriver:
    """Plays on a gateway that runs elsewhere; `virtual` says that its clock can be moved."""

    def __init__(self, api: Api, *, virtual: bool) -> None:
        self._api = api
        self.virtual = virtual
        self._applications: list[ScriptedApplication] = []

    async def phone(self, msisdn: str) -> RemotePhone:
        """The phone with this number; PhoneError when there is none."""
        phone = RemotePhone(msisdn, self._api, self)
        await self._api.call("GET", f"handsets/{msisdn}")
        return phone

    def now(self) -> float:
        """The gateway's time: this machine's, or that of a virtual clock when it last told it."""
        return self._api.moment if self.virtual else time.time()

    async def esme(self, system_id: str, password: str) -> ScriptedEsme:
        """An ESME that can bind as this account; its SMSC is where the gateway is."""
        answer = await self._api.call("GET", "gateway")
        port = int(str(answer["smpp"]).rpartition(":")[2])
        return ScriptedEsme(system_id, password, (self._api.host, port), self)

    async def moment(self) -> datetime:
        """The moment of the gateway's clock, in the operator's time."""
        answer = await self._api.call("GET", "gateway")
        zone = timezone(timedelta(hours=float(answer["utc_offset"])))
        return datetime.fromtimestamp(float(answer["epoch"]), zone)

    async def start_at(self, moment: datetime) -> None:
        """Move a virtual clock there; ActorError for a real one, and when it is later already."""
        if not self.virtual:
            raise ActorError("time is real there; start the gateway with --virtual-clock, or play without --gateway")
        await start_at(self, moment)

    async def faults(self) -> Sequence[Mapping[str, object]]:
        """The rules of what goes wrong."""
        return await self._api.read_list("faults")

    async def set_faults(self, rules: Sequence[Mapping[str, object]]) -> None:
        """From now on these rules hold, and no others."""
        await self._api.call("PUT", "faults", body=[dict(rule) for rule in rules])

    async def browser(self) -> ScriptedBrowser:
        """A browser without cookies."""
        return ScriptedBrowser(self._api.url)

    async def application(self, code: str, dialect: str) -> ScriptedApplication:
        """An application that answers the code from now on; ActorError where somebody else does."""

        async def attach(url: str) -> None:
            new: dict[str, object] = {"code": code, "url": url, "dialect": dialect, "clock_waits": CLOCK_WAITS}
            await self._api.call("POST", "applications", body=new)

        async def detach() -> None:
            with suppress(RefusedError, NoGatewayError):  # a reset has taken its code, or the gateway is gone
                await self._api.call("DELETE", "applications", query={"code": code})

        return await attached(self, self._applications, attach, detach)

    async def shown(self, saying: Coroutine[Any, Any, dict[str, Any]]) -> Screen:
        """The screen that a phone waits for; a virtual clock moves until it comes."""
        return _screen(await in_time(saying, self, self._applications, self._move))

    async def _move(self, most: float) -> None:
        await self.wait(min(most, _STEP))

    async def passing(self, seconds: float) -> AsyncIterator[None]:
        """Move a virtual clock step by step, with an item before the first one and behind each."""
        if not self.virtual:
            return
        await self.wait(0)  # what is under way arrives
        yield
        for _ in range(_STEPS if seconds else 0):
            await self.wait(seconds / _STEPS)
            yield

    async def wait(self, seconds: float) -> None:
        """Move a virtual clock, or wait for a real one."""
        if self.virtual:
            answer = await self._api.call("POST", _CLOCK, body={"advance": seconds}, waits=True)
            self._api.moment = answer["epoch"]
        else:
            await asyncio.sleep(seconds)

    async def push(self, msisdn: str, text: str, code: str, *, asks: bool) -> None:
        """Show a text on a phone, from a code."""
        body = {"from": code, "text": text, "kind": "request" if asks else "notify"}
        await self._api.call("POST", f"handsets/{msisdn}/push", body=body)


class RemotePhone:
    """A phone of a gateway that runs elsewhere."""

    def __init__(self, msisdn: str, api: Api, driver: RemoteDriver) -> None:
        self._msisdn = msisdn
        self._api = api
        self._driver = driver
        self._path = f"handsets/{msisdn}"
        self._began_after = ""
        self._read = ""  # the last SMS that a step has read

    @property
    def msisdn(self) -> str:
        """Its number."""
        return self._msisdn

    async def begin(self) -> None:
        """Put every screen away, and take what has been received so far as read."""
        await self.hang_up()  # cancels a dialogue, which is shown
        await self.hang_up()  # puts that away
        received = await self._received("", "", after="")
        self._began_after = self._read = received[-1].id if received else ""

    async def dial(self, code: str) -> Screen:
        """The first screen that asks or ends."""
        return await self._driver.shown(self._say({"dial": code}))

    async def answer(self, text: str) -> Screen:
        """The next screen that asks or ends."""
        return await self._driver.shown(self._say({"answer": text}))

    async def _say(self, body: dict[str, object]) -> dict[str, Any]:
        return await self._api.call("POST", f"{self._path}/ussd", body=body, waits=True)

    async def hang_up(self) -> None:
        """Cancel the dialogue, or put the last screen away."""
        await self._api.call("DELETE", f"{self._path}/ussd")

    async def screen(self) -> Screen | None:
        """What is shown now."""
        shown = await self._api.call("GET", f"{self._path}/ussd")
        return _screen(shown) if shown else None

    async def send(self, to: str, text: str, encoding: str = "") -> None:
        """Send an SMS, in an alphabet or in the one that it needs."""
        body = {"to": to, "text": text} | ({"alphabet": encoding} if encoding else {})
        await self._api.call("POST", f"{self._path}/sms", body=body)

    async def turn(self, on: bool) -> None:
        """Join the network, or leave it."""
        await self._api.call("PUT", self._path, body={"attached": on})

    async def fill_memory(self, full: bool) -> None:
        """Leave no room for SMS, or make some."""
        await self._api.call("PUT", self._path, body={"memory_full": full})

    async def speak(self, language: str) -> None:
        """Choose the language of the operator's texts."""
        await self._api.call("PUT", self._path, body={"language": language})

    async def receive(self, sender: str, match: str, within: float) -> Sms | None:
        """The next unread SMS that fits, within so many seconds of the gateway's clock."""
        found = await self._first(sender, match, 0)
        if found is None and self._driver.virtual:
            found = await self._pass_time(sender, match, within)
            within = min(within, _PATIENCE)
        if found is None:
            found = await self._listen(sender, match, within)
        if found is not None:
            self._read = found.id
        return found

    async def receive_none(self, sender: str, match: str, seconds: float) -> Sms | None:
        """Let time pass; then the first unread SMS that fits."""
        await self._driver.wait(seconds)
        return await self._first(sender, match, 0)

    async def inbox(self) -> Sequence[Sms]:
        """Every SMS received since `begin`."""
        return await self._received("", "", after=self._began_after)

    async def _pass_time(self, sender: str, match: str, within: float) -> Sms | None:
        async for _ in self._driver.passing(within):
            if found := await self._first(sender, match, 0):
                return found
        return None

    async def _listen(self, sender: str, match: str, seconds: float) -> Sms | None:
        end = asyncio.get_running_loop().time() + seconds
        while (left := end - asyncio.get_running_loop().time()) > 0:
            if found := await self._first(sender, match, min(left, _LONGEST_WAIT)):
                return found
        return None

    async def _first(self, sender: str, match: str, wait: float) -> Sms | None:
        found = await self._received(sender, match, after=self._read, wait=wait)
        return found[0] if found else None

    async def _received(self, sender: str, match: str, *, after: str, wait: float = 0) -> list[Sms]:
        query = {"after": after, "match": match, "from": sender, "wait": f"{wait:g}" if wait else ""}
        query = {name: value for name, value in query.items() if value}
        answer = await self._api.call("GET", f"{self._path}/sms", query=query, waits=bool(wait))
        return [
            Sms(str(sms["id"]), str(sms["from"]), str(sms["text"]), int(sms["parts"]), str(sms["alphabet"]))
            for sms in answer["messages"]
        ]


class Api:
    """The HTTP API of a gateway: requests, and what their failures mean.

    url          such as http://127.0.0.1:8080
    answer_time  seconds in which the gateway answers a request that asks it to wait for nothing
    connector    connections that it shares with others; it makes its own without
    """

    def __init__(
        self, url: str, answer_time: float = _ANSWER_TIME, connector: aiohttp.BaseConnector | None = None
    ) -> None:
        self.url = (url if "://" in url else f"http://{url}").rstrip("/")
        self._answer_time = answer_time
        self._connector = connector
        self.moment = 0.0  # of the gateway's clock, if that is virtual, when it last told it
        self._session: aiohttp.ClientSession

    @property
    def host(self) -> str:
        """The host in the URL."""
        return URL(self.url).host or ""

    async def __aenter__(self) -> Api:
        self._session = aiohttp.ClientSession(connector=self._connector, connector_owner=self._connector is None)
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._session.close()

    async def has_virtual_clock(self) -> bool:
        """Whether time can be moved; NoGatewayError when what answers is no gateway."""
        try:
            answer = await self.call("GET", _CLOCK)
        except RefusedError as error:
            if error.status == HTTPStatus.CONFLICT:
                return False
            raise NoGatewayError(f"what answers at {self.url} is no ussd-gateway") from error
        if "epoch" not in answer:
            raise NoGatewayError(f"what answers at {self.url} is no ussd-gateway")
        self.moment = answer["epoch"]
        return True

    async def read_list(self, path: str) -> list[dict[str, Any]]:
        """An answer that is a list."""
        rows: list[dict[str, Any]] = (await self.call("GET", path))[_ROWS]
        return rows

    @asynccontextmanager
    async def stream(self, path: str, query: dict[str, str]) -> AsyncIterator[AsyncIterator[bytes]]:
        """The lines of an answer that goes on until somebody ends it."""
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=self._answer_time)
        try:
            async with self._session.get(f"{self.url}/api/v1/{path}", params=query, timeout=timeout) as response:
                yield _lines(response.content)
        except aiohttp.ClientConnectionError as error:
            raise NoGatewayError(f"no gateway answers at {self.url} ({why(error)})") from error

    async def call(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, object] | list[dict[str, object]] | None = None,
        query: dict[str, str] | None = None,
        waits: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """The answer, {} for none; a `path` without a slash is below /api/v1. RefusedError with the problem's title; NoGatewayError when no gateway answers."""
        where = f"{self.url}{path}" if path.startswith("/") else f"{self.url}/api/v1/{path}"
        timeout = aiohttp.ClientTimeout(total=self._answer_time + (_LONGEST_WAIT if waits else 0))
        try:
            async with self._session.request(
                method, where, json=body, params=query, headers=headers, timeout=timeout
            ) as response:
                if response.status == HTTPStatus.NO_CONTENT:
                    return {}
                said = await response.json(content_type=None)
        except (aiohttp.ClientConnectionError, aiohttp.InvalidURL, TimeoutError) as error:
            raise NoGatewayError(
                f"no gateway answers at {self.url} ({why(error)}); start one with `ussd-gateway serve`"
            ) from error
        except (aiohttp.ClientError, ValueError) as error:
            raise NoGatewayError(f"what answers at {self.url} is no ussd-gateway ({error})") from error
        answer: dict[str, Any] = said if isinstance(said, dict) else {_ROWS: said}
        if response.status >= HTTPStatus.BAD_REQUEST:
            title = str(answer.get("title") or f"{method} {path} was answered with {response.status}")
            raise RefusedError(title, response.status)
        return answer


def why(error: BaseException) -> str:
    """What keeps a gateway from answering, as the system says it: connection refused."""
    if isinstance(error, aiohttp.ClientConnectorError):
        number = error.os_error.errno or 0  # below 0 it is of getaddrinfo, and asyncio writes words of its own
        return (os.strerror(number) if number > 0 else error.os_error.strerror or str(error)).lower()
    return str(error) or "no answer in time"


async def _lines(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """The lines, until the gateway ends them or is gone."""
    rest = b""  # aiohttp's own lines have an end at some hundred kilobytes; an event may be longer
    with suppress(aiohttp.ClientError):
        async for octets in content.iter_any():
            *lines, rest = (rest + octets).split(b"\n")
            for line in lines:
                yield line


def _screen(answer: dict[str, Any]) -> Screen:
    return Screen(
        str(answer["text"]),
        answer["state"] == "awaiting_answer",
        str(answer["outcome"] or ""),
        str(answer["session"] or ""),
        ussd_alphabet(int(answer["data_coding"])).value,
    )
