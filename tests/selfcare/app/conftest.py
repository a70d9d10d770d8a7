"""Self-care's API as an application on somebody's device asks it."""

from contextlib import AsyncExitStack

import pytest
from aiohttp import web as http
from aiohttp.test_utils import TestClient, TestServer

from tests.selfcare.browser import Pages, browser
from tests.selfcare.conftest import ANNA
from ussd_gateway.http.problem import problems
from ussd_gateway.selfcare.app.api import AppApi
from ussd_gateway.selfcare.app.door import Door
from ussd_gateway.selfcare.app.money import MoneyApi
from ussd_gateway.selfcare.app.pages import AppPages
from ussd_gateway.selfcare.tokens import Tokens


class Asked(Pages):
    """With the API."""

    def __init__(self, **given):
        super().__init__(**given)
        self.tokens = Tokens(self.settings, self.records, self.service, self.gateway)
        self.issuing.listeners.append(self.tokens.password_replaced)
        AppPages(self.site, self.tokens)
        door = Door(self.settings, self.tokens)
        self.api = AppApi(
            self.settings,
            door,
            self.site.profile,
            self.gateway,
            service=self.service,
            issuing=self.issuing,
            log_in=self.door,
            cabinets=self.cabinets,
            tokens=self.tokens,
        )
        self.money_api = MoneyApi(door, self.gateway, self.tariffs, self.records.ledger, self.cabinets)

    def app(self):
        app = http.Application(middlewares=[problems({})])
        app.add_routes([route.definition() for part in (self.api, self.money_api) for route in part.routes()])
        app.add_routes(self.site.routes())
        return app


class Device:
    """An application on a device: it remembers its token."""

    def __init__(self, client, platform="google_play", name="Nexus 5X"):
        self._client, self.platform, self.name, self.token = client, platform, name, None

    async def ask(self, method, path, json=None, **given):
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        async with self._client.request(
            method, f"/app/v1/{path}", json=json, headers=headers | given.pop("headers", {}), **given
        ) as response:
            self.headers = response.headers
            answer = await response.json(content_type=None) if response.content_type.endswith("json") else None
            return response.status, answer

    async def log_in(self, number=ANNA, password="Ab3dE9xZ", **given):
        body = {"number": number, "password": password, "platform": self.platform, "device": self.name} | given
        status, answer = await self.ask("POST", "log-in", body)
        self.token = answer.get("token", self.token)
        return status, answer

    async def status(self):
        """200 while it is logged in."""
        return (await self.ask("GET", "account"))[0]


@pytest.fixture
async def asked():
    """Makes self-care with its API, and as many devices and browsers as a test wants."""
    async with AsyncExitStack() as stack:

        async def new(**given):
            made = Asked(**given)
            stack.push_async_callback(made.close)
            server = await stack.enter_async_context(TestServer(made.app()))
            client = await stack.enter_async_context(TestClient(server))
            made.device = lambda *given: Device(client, *given)

            async def another():
                return await stack.enter_async_context(browser(server))

            made.browser = another
            return made

        yield new


@pytest.fixture
async def care(asked):
    return await asked()


@pytest.fixture
async def password(care):
    return await care.password()


@pytest.fixture
def phone(care):
    return care.device()
