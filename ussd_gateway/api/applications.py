"""Who answers the service codes, while the gateway runs (docs/http.md)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from typing import Any, Protocol

from aiohttp import web
from pydantic import Field

from ussd_gateway.gateway import Gateway
from ussd_gateway.http import body
from ussd_gateway.http.route import Route


class NewApplication(body.Body):
    """`POST /applications`: what an [[application]] behind a URL says in the config."""

    code: str
    url: str = Field(pattern=r"^https?://")
    dialect: str = "africas_talking"
    settings: dict[str, Any] = Field(default_factory=dict)
    timeout: float = Field(0.0, ge=0, description="real seconds for an answer; 0 takes the dialect's")
    clock_waits: float = Field(
        inf, ge=0, description="real seconds for which a virtual clock stands still for an answer"
    )


class Attach(Protocol):
    """Gives a code to what stands behind a URL; ValueError with a sentence."""

    def __call__(
        self,
        service_code: str,
        url: str,
        dialect: str,
        settings: dict[str, Any],
        timeout: float,
        clock_waits: float,
    ) -> None:
        """As NewApplication says."""


class ApplicationsApi:
    """The route /api/v1/applications.

    applications  gives them as they are answered
    detach        takes a code from what `attach` gave it to; False where it gave it to nobody
    """

    def __init__(
        self,
        gateway: Gateway,
        applications: Callable[[], list[dict[str, Any]]],
        attach: Attach,
        detach: Callable[[str], bool],
    ) -> None:
        self._gateway = gateway
        self._applications, self._attach, self._detach = applications, attach, detach

    def routes(self) -> Sequence[Route]:
        """The rows of the API."""
        path = "/api/v1/applications"
        return (
            Route("GET", path, self.applications),
            Route("POST", path, self.add, NewApplication, answers={201: "The application"}),
            Route("DELETE", path, self.remove, None, {"code": "its code"}, {204: "Done"}),
        )

    async def applications(self, request: web.Request) -> web.Response:
        """Every application with its codes, its kind, its open sessions, and what was wrong with it last."""
        return body.answer({"applications": self._applications()})

    async def add(self, request: web.Request) -> web.Response:
        """What stands behind a URL answers a code, until it is deleted or the gateway is reset or stopped."""
        new = await body.read(request, NewApplication)
        self._attach(new.code, new.url, new.dialect, new.settings, new.timeout, new.clock_waits)
        self._gateway.note("application.added", service_code=new.code, dialect=new.dialect)
        return body.answer(next(row for row in self._applications() if new.code in row["codes"]), status=201)

    async def remove(self, request: web.Request) -> web.Response:
        """Nobody answers a code any more that was given by POST."""
        code = request.query.get("code", "")
        if not self._detach(code):
            raise ValueError(f"code={code}: no application was added at this code")
        self._gateway.note("application.removed", service_code=code)
        return web.Response(status=204)
