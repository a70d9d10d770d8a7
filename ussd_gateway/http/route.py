"""A row of the HTTP API: what the router needs, and what the OpenAPI document says of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from aiohttp import web
from pydantic import BaseModel

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path.

    handler  answers; the first line of its docstring is the summary
    body     the model of the JSON body, if it takes one
    many     whether the body is a list of such
    query    its query parameters by name, with what each means
    answers  what each success status brings
    """

    method: str
    path: str
    handler: Handler
    body: type[BaseModel] | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[int, str] = field(default_factory=lambda: {200: "JSON"})
    many: bool = False

    @property
    def summary(self) -> str:
        """The first line of the handler's docstring."""
        return (self.handler.__doc__ or "").strip().splitlines()[0]

    def definition(self) -> web.RouteDef:
        """For aiohttp's router."""
        return web.route(self.method, self.path, self.handler)
