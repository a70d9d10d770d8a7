"""A social network on a free port, an application that sends people there, and a person with a browser."""

import base64
import hashlib
import re
from urllib.parse import parse_qsl, urlsplit

import pytest
from aiohttp import CookieJar, web
from aiohttp.test_utils import TestClient, TestServer

from ussd_gateway.idp.grants import Client
from ussd_gateway.idp.networks import networks
from ussd_gateway.idp.provider import Provider

BACK = "http://127.0.0.1:9/back"
SECRET = "a secret"
VERIFIER = "v" * 43


def challenge(verifier=VERIFIER):
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def basic(client_id, secret):
    return {"Authorization": f"Basic {base64.b64encode(f'{client_id}:{secret}'.encode()).decode()}"}


class Person:
    """Goes where the pages send, as far as the network; `location` is where it ended up."""

    def __init__(self, client, provider):
        self._client, self._place = client, provider.network.place
        self.status, self.html, self.location, self.headers = 0, "", None, {}

    async def authorize(self, **given):
        query = {
            "response_type": "code",
            "client_id": "shop",
            "redirect_uri": BACK,
            "state": "xyz",
            "code_challenge": challenge(),
            "code_challenge_method": "S256",
        } | given
        return await self.get("/authorize", {name: value for name, value in query.items() if value is not None})

    async def get(self, path, query=()):
        return await self._seen(
            await self._client.get(f"{self._place}{path}", params=query or None, allow_redirects=False)
        )

    async def post(self, path, **fields):
        filled = {"request_id": self.request_id} | fields
        return await self._seen(await self._client.post(f"{self._place}{path}", data=filled, allow_redirects=False))

    async def log_in(self, account="101"):
        await self.post("/log-in", account=account)
        path, _, query = self.location.removeprefix(self._place).partition("?")
        return await self.get(path, dict(parse_qsl(query)))

    async def decide(self, decision="allow"):
        await self.post("/authorize", decision=decision)
        return self.answer

    @property
    def request_id(self):
        return re.search(r'name="request_id" value="([^"]+)"', self.html)[1]

    @property
    def answer(self):
        """The parameters that went back to the application."""
        assert self.location.startswith(BACK), self.location
        return dict(parse_qsl(urlsplit(self.location).query))

    async def code(self, **given):
        """A code, from somebody who consents."""
        await self.authorize(**given)
        if "/log-in" in self.html and "/authorize" not in self.html:
            await self.log_in()
        return (await self.decide())["code"]

    async def _seen(self, response):
        self.status, self.headers = response.status, response.headers
        self.location, html = response.headers.get("Location"), await response.text()
        self.html = html or self.html
        return self.status


class Shop:
    """The application's own requests."""

    def __init__(self, client, provider):
        self._client, self._place = client, provider.network.place

    async def redeem(self, code, auth=("shop", SECRET), **given):
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
        async with self._client.post(
            f"{self._place}/token",
            data={name: value for name, value in (form | given).items() if value is not None},
            headers=basic(*auth) if auth else None,
        ) as response:
            return response.status, await response.json()

    async def ask_who(self, token):
        headers = {"Authorization": f"Bearer {token}"}
        async with self._client.get(f"{self._place}/userinfo", headers=headers) as response:
            return response.status, await response.json(), response.headers.get("WWW-Authenticate")


class Clock:
    now = 1_524_840_600.0

    def __call__(self):
        return self.now


class Ground:
    def __init__(self, server, provider, clock, noted):
        self._server, self.provider, self.clock, self.noted = server, provider, clock, noted
        self._clients = []

    async def _client(self):
        self._clients.append(TestClient(self._server, cookie_jar=CookieJar(unsafe=True)))
        return self._clients[-1]

    async def person(self):
        return Person(await self._client(), self.provider)

    async def shop(self):
        return Shop(await self._client(), self.provider)

    async def close(self):
        for client in self._clients:
            await client.close()


@pytest.fixture
async def network():
    """The network «Вместе» with the application "shop", and one more."""
    clock, noted = Clock(), []
    titles = {"ru": "Магазин", "en": "Shop"}
    clients = [
        Client("shop", SECRET, titles, lambda uri: uri == BACK),
        Client("other", "its own", titles, lambda uri: uri == BACK),
    ]
    provider = Provider(networks()["vmeste"], clients, clock, lambda kind, **facts: noted.append((kind, facts)))
    app = web.Application()
    app.add_subapp(provider.network.place, provider.app())
    async with TestServer(app) as server:
        ground = Ground(server, provider, clock, noted)
        yield ground
        await ground.close()


@pytest.fixture
async def person(network):
    return await network.person()


@pytest.fixture
async def shop(network):
    return await network.shop()
