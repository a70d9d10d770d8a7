"""Errors of the HTTP API as RFC 9457 problem details, whose title says what to do."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Middleware

from ussd_gateway.logs import logger, told

log = logger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

PREFIXES = ("/api/", "/app/", "/aggregators/", "/healthz", "/readyz", "/metrics")
"""Paths that programs ask; pages for people answer their mistakes themselves."""


def problem(status: int, title: str, **members: object) -> web.Response:
    """An application/problem+json answer; `members` are added to it (RFC 9457 section 3.2)."""
    body = {"type": "about:blank", "status": int(status), "title": title, **members}
    return web.Response(
        status=status, text=json.dumps(body, ensure_ascii=False), content_type="application/problem+json"
    )


def problems(statuses: Mapping[type[Exception], HTTPStatus]) -> Middleware:
    """Turns what a handler raises into a problem; `statuses` says with which status, a ValueError is always 400.

    An exception with a dict `members` adds it to the problem.
    """
    known = {**statuses, ValueError: HTTPStatus.BAD_REQUEST}

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.path.startswith(PREFIXES):
            return await handler(request)
        try:
            return await handler(request)
        except web.HTTPNotFound:
            return problem(404, f"There is nothing at {request.path}; docs/http.md lists what there is")
        except web.HTTPMethodNotAllowed as error:
            allowed = ", ".join(sorted(error.allowed_methods))
            refused = problem(405, f"{request.path} takes {allowed}, not {request.method}")
            refused.headers["Allow"] = allowed
            return refused
        except web.HTTPException as error:
            return problem(error.status, error.text or error.reason)
        except Exception as error:
            for kind, status in known.items():
                if isinstance(error, kind):
                    return problem(status, str(error), **getattr(error, "members", {}))
            log.error("http.failed", path=request.path, error=told(error))
            return problem(500, "The gateway has a fault; its log tells more")

    return middleware
