"""Who answers the service codes, while the gateway runs (docs/http.md)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from aiohttp import web

from ussd_gateway.http import body
from ussd_gateway.http.route import Route


class ApplicationsApi:
    """The route /api/v1/applications. `applications` gives them as they are answered."""

    def __init__(self, applications: Callable[[], list[dict[str, Any]]]) -> None:
        self._applications = applications

    def routes(self) -> Sequence[Route]:
        """The rows of the API."""
        return (Route("GET", "/api/v1/applications", self.applications),)

    async def applications(self, request: web.Request) -> web.Response:
        """Every application with its codes, its kind, its open sessions, and what was wrong with it last."""
        return body.answer({"applications": self._applications()})
