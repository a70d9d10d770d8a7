"""What is the same for every request of the application: from where it may come, and whose it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from http import HTTPStatus

from aiohttp import web

from ussd_gateway.config import SelfcareSection
from ussd_gateway.http.problem import problem
from ussd_gateway.selfcare.records.tokens import Token
from ussd_gateway.selfcare.tokens import Tokens
from ussd_gateway.selfcare.web.headers import is_own_host

PLACE = "/app/v1"

Handler = Callable[[web.Request], Awaitable[web.Response]]
OwnersHandler = Callable[[web.Request, Token], Awaitable[web.Response]]


class Door:
    """Answers only under this machine's names, and takes only what no page of another site can send unasked."""

    def __init__(self, settings: SelfcareSection, tokens: Tokens) -> None:
        self._settings = settings
        self._tokens = tokens

    def open(self, handler: Handler) -> Handler:
        """For everybody."""

        @wraps(handler)
        async def answer(request: web.Request) -> web.Response:
            if not is_own_host(request.host, self._settings.hosts):
                return problem(HTTPStatus.MISDIRECTED_REQUEST, "Ask under the name of the gateway's own machine")
            if request.method in ("POST", "PUT") and request.content_type != "application/json":
                return problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send Content-Type: application/json")
            response = await handler(request)
            response.headers["Cache-Control"] = "no-store"
            return response

        return answer

    def owned(self, handler: OwnersHandler) -> Handler:
        """For who is logged in (R003)."""

        @wraps(handler)
        async def answer(request: web.Request) -> web.Response:
            await request.read()  # first: a token may be revoked while somebody sends slowly
            scheme, _, token = request.headers.get("Authorization", "").partition(" ")
            owner = self._tokens.owner(token) if scheme.lower() == "bearer" else None
            return _unauthorised() if owner is None else await handler(request, owner)

        return self.open(answer)


def _unauthorised() -> web.Response:
    response = problem(
        HTTPStatus.UNAUTHORIZED, f"Log in: POST {PLACE}/log-in gives the token for Authorization: Bearer"
    )
    response.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
    return response
