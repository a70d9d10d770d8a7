"""The accounts of ESMEs and their binds, while the gateway runs (docs/http.md)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from aiohttp import web

from ussd_gateway.clock import iso
from ussd_gateway.http import body
from ussd_gateway.http.problem import problem
from ussd_gateway.http.route import Route


class Esmes(Protocol):
    """Where ESMEs are looked up; dicts as they are answered, moments in seconds since the epoch."""

    def accounts(self) -> list[dict[str, Any]]:
        """Every account with its binds."""

    def account(self, system_id: str) -> dict[str, Any] | None:
        """One account with its binds."""

    def unbound(self) -> list[dict[str, Any]]:
        """Connections that are open and not bound."""

    def unbind(self, system_id: str, bind: int | None) -> list[int]:
        """Ends all binds of an account politely, or one of them; returns which."""


class Unbinding(body.Body):
    """`POST /esmes/{system_id}/unbind`."""

    bind: int | None = None


class EsmesApi:
    """The routes /api/v1/esmes. `banner` says which faults are on; empty while none is."""

    def __init__(self, esmes: Esmes, banner: Callable[[], str]) -> None:
        self._esmes = esmes
        self._banner = banner

    def routes(self) -> Sequence[Route]:
        """The rows of the API."""
        return (
            Route("GET", "/api/v1/esmes", self.esmes),
            Route("GET", "/api/v1/esmes/{system_id}", self.esme),
            Route("POST", "/api/v1/esmes/{system_id}/unbind", self.unbind, Unbinding),
        )

    async def esmes(self, request: web.Request) -> web.Response:
        """Every account with its limits and binds, the connections that are not bound, and the faults that are on."""
        return body.answer(
            {
                "faults": self._banner(),
                "esmes": [_with_times(account) for account in self._esmes.accounts()],
                "unbound": [_with_times(connection) for connection in self._esmes.unbound()],
            }
        )

    async def esme(self, request: web.Request) -> web.Response:
        """One account with its limits and binds."""
        found = self._esmes.account(request.match_info["system_id"])
        return body.answer(_with_times(found) | {"faults": self._banner()}) if found else self._unknown(request)

    async def unbind(self, request: web.Request) -> web.Response:
        """End all binds of the account, or the one that the body names, with an unbind."""
        wanted = (await body.read(request, Unbinding)).bind
        system_id = request.match_info["system_id"]
        if self._esmes.account(system_id) is None:
            return self._unknown(request)
        ended = self._esmes.unbind(system_id, wanted)
        if not ended:
            which = "is not bound" if wanted is None else f"has no bind {wanted}"
            return problem(409, f"{system_id} {which}; GET /api/v1/esmes/{system_id} lists its binds")
        return body.answer({"unbound": ended})

    def _unknown(self, request: web.Request) -> web.Response:
        return problem(404, f"There is no account {request.match_info['system_id']}; GET /api/v1/esmes lists them")


def _with_times(shown: dict[str, Any]) -> dict[str, Any]:
    """`since` of each connection as ISO 8601."""
    if "binds" in shown:
        return {**shown, "binds": [_with_times(bind) for bind in shown["binds"]]}
    return {**shown, "since": iso(shown["since"])}
