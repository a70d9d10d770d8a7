"""Everything that happens, as Server-Sent Events (docs/http.md).

A reader is a position and a wake-up. What it gets is read from the store by number, so that one that is slower than the
gateway costs no memory, and one that comes back goes on where it was. PDUs come from no store: only those are told that
pass while the reader is there, and a few are kept for one that is slow.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Sequence
from fnmatch import translate
from typing import Any, Protocol

import msgspec
from aiohttp import web

from ussd_gateway.api.pdus import PDU, Pdus, Wires
from ussd_gateway.clock import iso
from ussd_gateway.http.route import Route

HEARTBEAT = 15.0  # seconds of silence, in real time, after which a comment shows that the gateway is there
RETRY = 1000  # milliseconds after which a browser that lost the stream comes back

_LARGEST = 18  # digits of a number
_HEADERS = {"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store"}
_QUERY = {
    "after": "the number of an event: those behind it, as far as they are kept; without it, those from now on",
    "kind": "which events, such as sms,esme.*,pdu",
}

Event = tuple[int | None, str, dict[str, Any]]
"""The number of an event of the journal, its name, and what it says."""

_json = msgspec.json.Encoder(enc_hook=str)


class Source(Protocol):
    """Numbered events."""

    @property
    def last(self) -> int:
        """The number of the newest one."""

    @property
    def watchers(self) -> list[Callable[[int, list[Any]], None]]:
        """Each is called when there is something new."""

    def after(
        self, number: int, wanted: Callable[[str], object]
    ) -> Iterator[tuple[int, list[tuple[int, str, dict[str, Any]]]]]:
        """Slices of what is behind `number`: the number each reaches, and (number, name, object) of those wanted."""


class EventsApi:
    """The route /api/v1/events.

    now      the moment of a PDU
    closing  is set when the streams have to end
    """

    def __init__(
        self,
        source: Source,
        wires: Wires,
        now: Callable[[], float],
        closing: asyncio.Event,
        *,
        heartbeat: float = HEARTBEAT,
    ) -> None:
        self._source = source
        self._wires = wires
        self._now = now
        self._closing = closing
        self._heartbeat = heartbeat
        self._readers: set[asyncio.Event] = set()

    def routes(self) -> Sequence[Route]:
        """The row of the API."""
        return (Route("GET", "/api/v1/events", self.events, None, _QUERY, {200: "text/event-stream"}),)

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Everything that happens, live, as Server-Sent Events; `after` or Last-Event-ID goes on from an event."""
        position, wanted = self._position(request), _wanted(request.query.get("kind", ""))
        response = web.StreamResponse(headers=_HEADERS)
        await response.prepare(request)
        if request.method == "HEAD":
            return response
        news = asyncio.Event()
        pdus = Pdus(self._now, news.set)
        self._come(news)
        if wanted(PDU):
            self._wires.watchers.append(pdus.add)
        try:
            await response.write(b"retry: %d\n\n" % RETRY)
            await self._follow(response, position, wanted, pdus, news)
        except ConnectionError:  # the reader left
            pass
        finally:
            self._leave(news)
            if wanted(PDU):
                self._wires.watchers.remove(pdus.add)
        return response

    async def _follow(
        self,
        response: web.StreamResponse,
        position: int,
        wanted: Callable[[str], object],
        pdus: Pdus,
        news: asyncio.Event,
    ) -> None:
        loop = asyncio.get_running_loop()
        silent_since = loop.time()
        closing = asyncio.create_task(self._closing.wait())
        try:
            while not closing.done():
                news.clear()
                for reached, events in self._slices(position, wanted, pdus):
                    position = reached
                    if events:
                        await response.write(b"".join(map(_octets, events)))
                        silent_since = loop.time()
                    await asyncio.sleep(0)  # the rest of the gateway goes on between two slices
                    if closing.done():
                        return
                if not await _first(news, closing, silent_since + self._heartbeat - loop.time()):
                    await response.write(b": still here\n\n")
                    silent_since = loop.time()
        finally:
            closing.cancel()

    def _slices(
        self, position: int, wanted: Callable[[str], object], pdus: Pdus
    ) -> Iterator[tuple[int, Sequence[Event]]]:
        """The number that each slice reaches, and its events; those of neither source keep the other's waiting."""
        for reached, events in self._source.after(position, wanted):
            position = reached
            yield position, (*events, *pdus.take())
        if passed := pdus.take():
            yield position, passed

    def _position(self, request: web.Request) -> int:
        """Behind which event the stream begins. What a browser says when it comes back is newer than its address."""
        name = "Last-Event-ID" if "Last-Event-ID" in request.headers else "after"
        text = request.headers.get("Last-Event-ID", request.query.get("after"))
        if text is None:
            return self._source.last
        if not (text.isascii() and text.isdigit() and len(text) <= _LARGEST):
            raise ValueError(f"{name}={text}: write the number of an event; 0 is before the first")
        # A number that was never given out comes from another store: all of this one is new to the reader.
        return int(text) if int(text) <= self._source.last else 0

    def _come(self, news: asyncio.Event) -> None:
        if not self._readers:
            self._source.watchers.append(self._wake)
        self._readers.add(news)

    def _leave(self, news: asyncio.Event) -> None:
        self._readers.discard(news)
        if not self._readers:
            self._source.watchers.remove(self._wake)

    def _wake(self, first: int, entries: list[Any]) -> None:
        for news in self._readers:
            news.set()


def _wanted(kinds: str) -> Callable[[str], object]:
    """Whether a kind is among those that somebody named, such as "sms,esme.*"; all are where none is named."""
    named = [kind for kind in map(str.strip, kinds.split(",")) if kind]
    return re.compile("|".join(map(translate, named or ["*"]))).match


def _octets(event: Event) -> bytes:
    number, name, told = event
    if "at" in told:
        told = {**told, "at": iso(told["at"])}
    # Without an id the reader keeps the last one: a PDU is no place to go on from.
    place = b"" if number is None else b"id: %d\n" % number
    return place + b"event: %s\ndata: %s\n\n" % (name.encode(), _json.encode(told))


async def _first(news: asyncio.Event, closing: asyncio.Task[Any], seconds: float) -> bool:
    """Whether there is news, or the end, within so many seconds."""
    waiting = asyncio.create_task(news.wait())
    try:
        done, _ = await asyncio.wait((waiting, closing), timeout=max(0.0, seconds), return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
    return bool(done)
