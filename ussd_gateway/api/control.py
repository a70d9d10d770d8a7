"""The clock, reset and health (docs/http.md)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from aiohttp import web

from ussd_gateway.clock import VirtualClock, iso, parse_moment
from ussd_gateway.gateway import Gateway
from ussd_gateway.http import body
from ussd_gateway.http.problem import problem
from ussd_gateway.http.route import Route

_LAST = 253_402_300_799  # 9999-12-31T23:59:59Z, the last moment that ISO 8601 can write in four digits


class ClockMove(body.Body):
    """`POST /clock`."""

    advance: float | None = None
    to: str | None = None


class ControlApi:
    """The routes /api/v1/gateway, /api/v1/clock, /api/v1/reset, /healthz and /readyz.

    about  gives what is to be known of the program: where it listens, and the like
    """

    def __init__(
        self,
        gateway: Gateway,
        reset: Callable[[], Awaitable[None]],
        ready: Callable[[], bool],
        about: Callable[[], Mapping[str, object]],
    ) -> None:
        self._gateway = gateway
        self._about = about
        self._reset = reset
        self._ready = ready

    def routes(self) -> Sequence[Route]:
        """The rows of the API."""
        return (
            Route("GET", "/api/v1/gateway", self.about),
            Route("GET", "/api/v1/clock", self.clock),
            Route("POST", "/api/v1/clock", self.move, ClockMove),
            Route("POST", "/api/v1/reset", self.reset, answers={204: "Done"}),
            Route("GET", "/healthz", self.healthz),
            Route("GET", "/readyz", self.readyz),
        )

    async def about(self, request: web.Request) -> web.Response:
        """The program: its version, where it listens, its clock's moment and the operator's offset to UTC."""
        now = self._gateway.now()
        virtual = isinstance(self._gateway.clock, VirtualClock)
        return body.answer({**self._about(), "now": iso(now), "epoch": now, "virtual": virtual})

    async def clock(self, request: web.Request) -> web.Response:
        """The virtual clock's moment; 409 under the real one."""
        return self._refusal() or self._moment()

    async def move(self, request: web.Request) -> web.Response:
        """Let virtual time pass; returns when everything due by then has happened."""
        if refusal := self._refusal():
            return refusal
        move = await body.read(request, ClockMove)
        if (move.advance is None) is (move.to is None):
            raise ValueError('give either "advance" in seconds or "to", a moment such as 2018-05-03T11:00:00+03:00')
        seconds = move.advance if move.advance is not None else parse_moment(move.to or "") - self._gateway.now()
        if not seconds >= 0:
            raise ValueError("the clock goes forward only")
        if self._gateway.now() + seconds > _LAST:
            raise ValueError("the clock ends with the year 9999")
        await self._gateway.advance(seconds)
        await self._gateway.committed()
        return self._moment()

    async def reset(self, request: web.Request) -> web.Response:
        """Back to what the config says."""
        await self._reset()
        return web.Response(status=204)

    async def healthz(self, request: web.Request) -> web.Response:
        """The process answers."""
        return body.answer({"status": "alive"})

    async def readyz(self, request: web.Request) -> web.Response:
        """Every listener accepts connections."""
        if self._ready():
            return body.answer({"status": "ready"})
        return problem(503, "The gateway is starting; ask again")

    def _moment(self) -> web.Response:
        now = self._gateway.now()
        return body.answer({"now": iso(now), "epoch": now, "virtual": True})

    def _refusal(self) -> web.Response | None:
        if isinstance(self._gateway.clock, VirtualClock):
            return None
        return problem(409, "Time is real here; start the gateway with --virtual-clock to move it")
