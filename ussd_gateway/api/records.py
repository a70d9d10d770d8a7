"""What passed: messages and sessions, looked up in the store (docs/http.md)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from aiohttp import web

from ussd_gateway.clock import iso
from ussd_gateway.gateway import Gateway
from ussd_gateway.http import body
from ussd_gateway.http.problem import problem
from ussd_gateway.http.route import Route
from ussd_gateway.smpp.describe import described_tlv

_MOST = 1000  # rows of one answer


class Views(Protocol):
    """Where messages and sessions are looked up; dicts as they are answered, moments in seconds since the epoch."""

    def catch_up(self, query: str = "") -> Iterator[int]:
        """Take in what has passed since, as far as the query needs it, a slice at each step."""

    def kept_since(self) -> float | None:
        """The moment of the oldest entry that is kept."""

    def messages(self, query: str = "", *, limit: int = 100, before: int | None = None) -> list[dict[str, Any]]:
        """The newest messages that the query finds."""

    def message(self, message_id: str) -> dict[str, Any] | None:
        """One message with all that is known of it, its `tlvs` as pairs of tag and octets."""

    def sessions(self, *, msisdn: str = "", limit: int = 100) -> list[dict[str, Any]]:
        """The newest sessions."""

    def session(self, session: str) -> dict[str, Any] | None:
        """One session with its turns."""


class RecordsApi:
    """The routes /api/v1/messages and /api/v1/sessions."""

    def __init__(self, gateway: Gateway, views: Views) -> None:
        self._gateway = gateway
        self._views = views

    def routes(self) -> Sequence[Route]:
        """The rows of the API."""
        limit = "how many, at most 1000"
        words = {"q": "words of the text, and from: to: esme: state: text: terms", "limit": limit, "before": "a number"}
        return (
            Route("GET", "/api/v1/messages", self.messages, None, words),
            Route("GET", "/api/v1/messages/{id}", self.message),
            Route("GET", "/api/v1/sessions", self.sessions, None, {"msisdn": "whose", "limit": limit}),
            Route("GET", "/api/v1/sessions/{id}", self.session),
        )

    async def messages(self, request: web.Request) -> web.Response:
        """The newest messages that `q` finds: words, and from: to: esme: state: text: terms."""
        limit = body.count(request, "limit", 100, _MOST)
        before = body.count(request, "before", 0, 2**62) if "before" in request.query else None
        query = request.query.get("q", "")
        await self._catch_up(query)
        found = self._views.messages(query, limit=limit, before=before)
        return body.answer(_with_times({"messages": found, "kept_since": self._views.kept_since()}))

    async def message(self, request: web.Request) -> web.Response:
        """One message with what it carries, its TLVs by name, the other parts of a long text, and all that happened to it."""
        await self._catch_up()
        found = self._views.message(request.match_info["id"])
        if found is None:
            return problem(404, f"There is no message {request.match_info['id']}; GET /api/v1/messages lists them")
        tlvs = [described_tlv(tag, octets, ucs2=found["alphabet"] == "ucs2") for tag, octets in found["tlvs"]]
        return body.answer(_with_times(found | {"tlvs": tlvs}))

    async def sessions(self, request: web.Request) -> web.Response:
        """The newest USSD sessions, live and past."""
        limit = body.count(request, "limit", 100, _MOST)
        await self._catch_up()
        found = self._views.sessions(msisdn=request.query.get("msisdn", "").strip().removeprefix("+"), limit=limit)
        return body.answer({"sessions": [_with_times(session) for session in found]})

    async def session(self, request: web.Request) -> web.Response:
        """One session with its turns and outcome."""
        await self._catch_up()
        found = self._views.session(request.match_info["id"])
        if found is None:
            return problem(404, f"There is no session {request.match_info['id']}; GET /api/v1/sessions lists them")
        return body.answer(_with_times(found))

    async def _catch_up(self, query: str = "") -> None:
        await self._gateway.committed()
        for _ in self._views.catch_up(query):
            self._gateway.changed()
            await asyncio.sleep(0)  # the rest of the gateway goes on between two slices


def _with_times(value: Any) -> Any:
    """Seconds since the epoch as ISO 8601, wherever a key says that it is a moment."""
    if isinstance(value, dict):
        return {
            key: iso(item)
            if isinstance(item, float) and (key in {"at", "kept_since"} or key.endswith("_at"))
            else _with_times(item)
            for key, item in value.items()
        }
    return [_with_times(item) for item in value] if isinstance(value, list) else value
