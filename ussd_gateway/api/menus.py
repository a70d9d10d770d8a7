"""The menus that serve, what is wrong with their files, and their pictures (docs/http.md)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from aiohttp import web

from ussd_gateway.clock import iso
from ussd_gateway.http import body
from ussd_gateway.http.problem import problem
from ussd_gateway.http.route import Route
from ussd_gateway.menu.graph import graph, mermaid
from ussd_gateway.menu.mistakes import Mistake
from ussd_gateway.menu.model import Menu
from ussd_gateway.menu.picture import svg

FORMATS = {"svg": (svg, "image/svg+xml"), "mermaid": (mermaid, "text/plain")}


class Listed(Protocol):
    """A file of menus: `menu` is what serves, None while it never has; `mistakes` are those of the file as it is now."""

    @property
    def file(self) -> str: ...  # noqa: D102  # the class says it
    @property
    def codes(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def menu(self) -> Menu | None: ...  # noqa: D102
    @property
    def mistakes(self) -> tuple[Mistake, ...]: ...  # noqa: D102
    @property
    def sessions(self) -> int: ...  # noqa: D102
    @property
    def since(self) -> float | None: ...  # noqa: D102


class Menus(Protocol):
    """Where the menus are known."""

    def listed(self) -> Sequence[Listed]:
        """Every file, by name."""


class MenusApi:
    """The routes under /api/v1/menus."""

    def __init__(self, menus: Menus) -> None:
        self._menus = menus

    def routes(self) -> Sequence[Route]:
        """The rows of the API."""
        form = {"format": f"{' or '.join(FORMATS)}; svg without"}
        return (
            Route("GET", "/api/v1/menus", self.menus),
            Route(
                "GET",
                "/api/v1/menus/{file}/graph",
                self.graph,
                query=form,
                answers={200: "An SVG picture, or Mermaid text"},
            ),
        )

    async def menus(self, request: web.Request) -> web.Response:
        """Every file of menus: what it serves since when, and its mistakes where it cannot be served as it is now."""
        return body.answer([_shown(listed) for listed in self._menus.listed()])

    async def graph(self, request: web.Request) -> web.Response:
        """The picture of the menu that serves: its screens and what leads from one to the next."""
        wanted, form = request.match_info["file"], request.query.get("format", "svg")
        if form not in FORMATS:
            raise ValueError(f"format={form}: write {' or '.join(FORMATS)}")
        files = {listed.file: listed.menu for listed in self._menus.listed()}
        menu = files.get(wanted)
        if wanted not in files:
            return problem(404, f"There is no menu {wanted}; GET /api/v1/menus lists what there is")
        if menu is None:
            return problem(409, f"{wanted} has mistakes and has never served; GET /api/v1/menus tells them")
        draw, content_type = FORMATS[form]
        return web.Response(text=draw(graph(menu)), content_type=content_type)


def _shown(listed: Listed) -> dict[str, object]:
    menu = listed.menu
    return {
        "file": listed.file,
        "title": menu.title if menu else None,
        "codes": list(listed.codes),
        "languages": list(menu.spoken) if menu else [],
        "since": None if listed.since is None else iso(listed.since),
        "sessions": listed.sessions,
        "mistakes": [
            {"line": mistake.line, "key": mistake.key, "rule": mistake.rule, "message": mistake.message}
            for mistake in listed.mistakes
        ],
    }
