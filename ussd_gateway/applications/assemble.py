"""Who answers which code: the [[application]] tables of the config, and the functions that a program attaches."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from aiohttp import web

from ussd_gateway.applications.function import FunctionApplication
from ussd_gateway.applications.imports import Function, HandlerError, Imports
from ussd_gateway.applications.menu import MenuApplication
from ussd_gateway.applications.menus import Menus
from ussd_gateway.applications.smsc.ussd import UssdCodes
from ussd_gateway.applications.url import UrlApplication, UrlSettings, send_routes
from ussd_gateway.client import Client, shown
from ussd_gateway.config import Application, ConfigError
from ussd_gateway.dialects.table import ASYNCHRONOUS
from ussd_gateway.gateway import Gateway
from ussd_gateway.menu.mistakes import MenuError
from ussd_gateway.network.message import Endpoint

KINDS = {MenuApplication: "menu", FunctionApplication: "function", UrlApplication: "url", UssdCodes: "esme"}
"""What GET /applications calls who answers a code."""


class Applications:
    """Attaches applications to their codes, and tells who answers which.

    client    calls those behind a URL
    language  gives the language of a subscriber's texts by msisdn: "ru", "en", "latin"
    longest   real seconds that none behind a URL gets more than for an answer
    beside    the folder that paths are relative to
    """

    def __init__(
        self,
        gateway: Gateway,
        *,
        menus: Menus,
        imports: Imports,
        client: Client,
        language: Callable[[str], str],
        longest: float,
        beside: Path,
    ) -> None:
        self._gateway = gateway
        self._menus, self._imports, self._client = menus, imports, client
        self._language, self._longest, self._beside = language, longest, beside
        self._run = str(10**7 + secrets.randbelow(9 * 10**7))
        self._behind_urls: list[UrlApplication] = []  # of the config
        self._added: dict[str, UrlApplication] = {}  # while the gateway runs, by code

    def attach(self, sections: Iterable[Application]) -> None:
        """Attach each [[application]]; ConfigError for what cannot be."""
        for index, section in enumerate(sections):
            try:
                self._attach(section)
            except MenuError as error:
                raise ConfigError(f"application[{index}].menu: {error}") from error
            except HandlerError as error:
                raise ConfigError(f"application[{index}].function: {error}") from error
            except ValueError as error:
                raise ConfigError(f"application[{index}].code: {error}") from error

    def _attach(self, section: Application) -> None:
        codes = section.every_code
        if section.function:
            self.attach_function(codes, section.function)
        elif section.menu:
            self._menus.add_file(self._beside / section.menu, codes)
        else:
            settings = UrlSettings(
                section.url,
                dialect=section.dialect,
                settings=section.settings,
                end_url=section.end_url,
                timeout=section.timeout,
                too_long=section.too_long,
            )
            behind = self._behind(settings)
            self._behind_urls.append(behind)
            self._answer(codes, behind)

    def add(self, code: str, settings: UrlSettings) -> None:
        """What stands behind a URL answers the code until it is removed. Raises ValueError with a sentence."""
        if settings.dialect in ASYNCHRONOUS:
            raise ValueError(f"an application that speaks {settings.dialect} stands in the config")
        behind = self._behind(settings)
        self._answer([code], behind)
        self._added[code] = behind

    def remove(self, code: str) -> bool:
        """Nobody answers a code any more that was added; False for any other one."""
        behind = self._added.pop(code, None)
        if behind:
            self._gateway.directory.detach_code(code, behind)
        return behind is not None

    def clear(self) -> None:
        """Remove all that were added."""
        for code in list(self._added):
            self.remove(code)

    def _behind(self, settings: UrlSettings) -> UrlApplication:
        return UrlApplication(settings, self._gateway, self._client, longest=self._longest, run=self._run)

    def attach_function(self, codes: Sequence[str], function: str | Function) -> None:
        """A function, or what an import string names, answers the codes. Raises HandlerError and ValueError."""
        gateway = self._gateway
        application = FunctionApplication(
            self._imports.function(function) if isinstance(function, str) else function,
            submit=gateway.submit,
            spawn=gateway.spawn,
            warn=gateway.warn,
            language=self._language,
        )
        self._answer(codes, application)

    def _answer(self, codes: Sequence[str], application: Endpoint) -> None:
        for code in codes:
            self._gateway.directory.attach_code(code, application)

    def routes(self) -> Sequence[web.RouteDef]:
        """Where those of asynchronous dialects send their answers."""
        return send_routes(self._behind_urls)

    def listed(self) -> list[dict[str, Any]]:
        """Who answers which codes, as GET /applications tells it."""
        sessions = Counter(id(session.application) for session in self._gateway.network.dialogues)
        found: dict[int, dict[str, Any]] = {}
        for code, application in self._gateway.directory.codes():
            url = application.settings if isinstance(application, UrlApplication) else None
            row: dict[str, Any] = {
                "codes": [],
                "kind": KINDS.get(type(application), type(application).__name__),
                "dialect": url and url.dialect,
                "url": url and shown(url.url),
                # Those that a menu's pushes have begun have an endpoint of their own
                "open_sessions": (
                    len(application.sessions) if isinstance(application, MenuApplication) else sessions[id(application)]
                ),
                "last_error": getattr(application, "last_error", "") or None,
            }
            found.setdefault(id(application), row)["codes"].append(code)
        return list(found.values())
