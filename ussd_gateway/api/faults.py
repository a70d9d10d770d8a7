"""Faults on purpose, while the gateway runs (docs/faults.md)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from aiohttp import web
from pydantic import Field

from ussd_gateway.fault_rule import FaultRule
from ussd_gateway.http import body
from ussd_gateway.http.route import Route
from ussd_gateway.network.faults import Faults, Rule


class ShownRule(FaultRule):
    """`PUT /faults`: a rule as `GET /faults` shows it. What was counted may be sent back and has no effect."""

    seen: int = Field(0, description="how many requests it matched")
    hits: int = Field(0, description="how many of them got its fault")


class FaultsApi:
    """The route /api/v1/faults. `replace` puts other rules in force, and writes that down."""

    def __init__(self, faults: Faults, replace: Callable[[Sequence[Rule]], None]) -> None:
        self._faults = faults
        self._replace = replace

    def routes(self) -> Sequence[Route]:
        """The rows of the API."""
        return (
            Route("GET", "/api/v1/faults", self.faults),
            Route("PUT", "/api/v1/faults", self.replace, ShownRule, many=True),
        )

    async def faults(self, request: web.Request) -> web.Response:
        """The rules in force, in the order in which they are asked, with what each has seen and hit."""
        return self._shown()

    async def replace(self, request: web.Request) -> web.Response:
        """From now on these rules hold, counted from 0; an empty list switches faults off."""
        self._replace([written.rule() for written in await body.read_list(request, ShownRule)])
        return self._shown()

    def _shown(self) -> web.Response:
        return body.answer(
            [{**row.rule.written, "seen": row.seen, "hits": row.hits} for row in self._faults.counted],
        )
