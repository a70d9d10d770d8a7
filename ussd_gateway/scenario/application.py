"""An application behind a URL in the hands of the engine, and dials that wait for it by a clock that may be virtual."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from math import inf
from typing import Any, Protocol, TypeVar
from urllib.parse import unquote_plus

from aiohttp import web

from ussd_gateway.scenario.driver import ActorError

CLOCK_WAITS = (
    0.1  # real seconds for which the gateway's virtual clock stands still for a call; the rest is the script's
)
_LOOK = 0.005  # real seconds between two looks at a virtual clock
_AT_ONCE = 0.1  # real seconds in which a screen comes that nobody has to wait for
_GRACE = 0.5  # real seconds for an answer whose moment has come
_PATIENCE = 5.0  # real seconds for a call that is to come
_GOODBYE = 0.1  # real seconds for calls under way at the end

_FORM = "application/x-www-form-urlencoded"
_KINDS = {"{": "application/json", "[": "application/json", "<": "application/xml"}

T = TypeVar("T")


class Time(Protocol):
    """What an application knows of the gateway's clock."""

    virtual: bool

    def now(self) -> float:
        """Its moment."""


async def nothing() -> None:
    """What happens at the end where nothing has to."""


class ScriptedApplication:
    """An HTTP server on loopback: how it answers, and what it was asked last."""

    def __init__(self, time: Time) -> None:
        self._time = time
        self._replies: deque[tuple[str | None, float, int]] = deque()
        self._asked: str | None = None
        self._due: list[float] = []  # when answers leave that wait for a virtual clock
        self._changed = asyncio.Event()
        self._closing = asyncio.Event()
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._called)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=_GOODBYE, handler_cancellation=True)
        self.detach: Callable[[], Awaitable[None]] = nothing  # is called at the end

    async def start(self) -> str:
        """Listen; the URL."""
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}/"

    def reply(self, text: str | None, after: float, status: int) -> None:
        """How one more call is answered; None closes the connection."""
        self._replies.append((text, after, status))

    def asked(self) -> str | None:
        """What the last call said, None before the first."""
        return self._asked

    @property
    def next_at(self) -> float:
        """When, by a virtual clock, the next answer leaves; inf when none waits."""
        return min(self._due, default=inf)

    async def called(self, other: asyncio.Future[Any]) -> None:
        """A call that is to come is given time to come, unless `other` is done."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                while self._replies and not self._due and not other.done():
                    self._changed.clear()
                    changed = asyncio.ensure_future(self._changed.wait())
                    try:
                        await asyncio.wait({changed, other}, return_when=asyncio.FIRST_COMPLETED)
                    finally:
                        changed.cancel()

    async def close(self) -> None:
        """Leave nothing behind."""
        self._closing.set()
        await self._runner.cleanup()
        await self.detach()

    async def _called(self, request: web.Request) -> web.Response:
        body = (await request.read()).decode(errors="replace")
        parts = (unquote_plus(request.query_string), unquote_plus(body) if request.content_type == _FORM else body)
        self._asked = "&".join(filter(None, parts))
        if not self._replies:
            return web.Response(status=404, text="the script does not say how this call is answered")
        text, after, status = self._replies.popleft()
        self._changed.set()
        if after:
            await self._wait(after)
        if text is None or self._closing.is_set():
            if request.transport:
                request.transport.abort()
            return web.Response()
        kind = _KINDS.get(text.lstrip()[:1], "text/plain")
        return web.Response(text=text, status=status, content_type=kind)

    async def _wait(self, seconds: float) -> None:
        if not self._time.virtual:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._closing.wait()
            return
        due = self._time.now() + seconds
        self._due.append(due)
        try:
            while self._time.now() < due and not self._closing.is_set():  # noqa: ASYNC110  # no clock tells that it moves
                await asyncio.sleep(_LOOK)
        finally:
            self._due.remove(due)


async def attached(
    time: Time,
    running: list[ScriptedApplication],
    attach: Callable[[str], Awaitable[None]],
    detach: Callable[[], Awaitable[None]],
) -> ScriptedApplication:
    """An application that runs, and is among those that are `running` until it is closed.

    attach  gives its URL to the gateway; ActorError where that cannot be
    detach  takes it from there
    """
    application = ScriptedApplication(time)
    try:
        await attach(await application.start())
    except OSError as error:
        raise ActorError(f"it cannot listen: {error.strerror}") from error
    except BaseException:
        await application.close()
        raise

    async def leave() -> None:
        running.remove(application)
        await detach()

    application.detach = leave
    running.append(application)
    return application


async def in_time(
    saying: Coroutine[Any, Any, T],
    time: Time,
    running: Sequence[ScriptedApplication],
    move: Callable[[float], Awaitable[None]],
) -> T:
    """What is waited for; a virtual clock moves until it comes, as soon as nothing else is under way.

    running  applications whose answers may have a moment of their own; the clock is never moved past it
    move     lets everything happen that is under way, and moves the clock to what comes next, at most so far
    """
    waiting = asyncio.ensure_future(saying)
    try:
        await asyncio.wait({waiting}, timeout=_AT_ONCE)
        if time.virtual and not waiting.done():
            await move(0)
        while time.virtual and not waiting.done():
            for application in running:
                await application.called(waiting)
            due = min((application.next_at for application in running), default=inf)
            await move(max(0.0, due - time.now()))
            await asyncio.wait({waiting}, timeout=_LOOK if time.now() < due else _GRACE)
        return await waiting
    finally:
        waiting.cancel()
