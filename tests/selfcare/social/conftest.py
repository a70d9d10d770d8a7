"""Self-care with its pages and both social networks, all on one address, as the program has them."""

from contextlib import AsyncExitStack
from functools import partial

import pytest
from aiohttp import web as http
from aiohttp.test_utils import TestServer

from tests.selfcare.browser import Pages, browser
from tests.selfcare.conftest import ANNA
from ussd_gateway.client import Client
from ussd_gateway.idp.grants import Client as IdpClient
from ussd_gateway.idp.networks import networks
from ussd_gateway.idp.provider import Provider
from ussd_gateway.selfcare.social.oauth import OAuth, is_callback
from ussd_gateway.selfcare.social.pages import SocialPages
from ussd_gateway.selfcare.socials import Network, Socials


class Networked(Pages):
    """With the networks."""

    def __init__(self, secret="a secret", **given):
        super().__init__(**given)
        self.url, self.client = "", Client()
        known = [
            Network(one.name, one.title, one.accent, one.logo, one.place, "selfcare", secret)
            for one in networks().values()
        ]
        self.providers = [
            Provider(
                one,
                [
                    IdpClient(
                        "selfcare", "a secret", {"ru": "Мой МТС", "en": "My MTS"}, partial(is_callback, one.name, ())
                    )
                ],
                self.gateway.now,
                self.gateway.note,
            )
            for one in networks().values()
        ]
        send = lambda source, destination, text: self.sent.append((source, destination, text))  # noqa: E731
        self.socials = Socials(self.settings, known, self.records, self.service, self.gateway, send)
        self.oauth = OAuth(self.client, lambda: self.url, self.gateway.now)
        SocialPages(self.site, self.cabinet.entrance, self.socials, self.oauth)

    def app(self):
        app = http.Application()
        app.add_routes(self.site.routes())
        for provider in self.providers:
            app.add_subapp(provider.network.place, provider.app())
        return app

    def notices(self, msisdn=ANNA):
        """The SMS about social networks."""
        return [text for _, to, text in self.sent if to == msisdn and ("Вместе" in text or "Круг" in text)]

    async def close(self):
        await self.client.stop()
        await super().close()


async def consent(browser, network="vmeste", account="101", decision="allow"):
    """What somebody does who has been sent to a network."""
    if f"/idp/{network}/log-in" in browser.page.forms:
        await browser.send(f"/idp/{network}/log-in", account=account)
    return await browser.send(f"/idp/{network}/authorize", decision=decision)


async def bind(browser, network="vmeste", account="101", decision="allow"):
    """Binds an account in the settings."""
    await browser.open("/cabinet/settings")
    await browser.send(f"/cabinet/social/{network}/bind")
    return await consent(browser, network, account, decision)


async def log_in_through(browser, network="vmeste", account="101", decision="allow"):
    """From the log-in page into the cabinet."""
    await browser.open("/cabinet")
    assert f"/cabinet/social/{network}" in browser.page.links
    await browser.open(f"/cabinet/social/{network}")
    return await consent(browser, network, account, decision)


@pytest.fixture
async def networked():
    async with AsyncExitStack() as stack:

        async def new(**given):
            pages = Networked(**given)
            stack.push_async_callback(pages.close)
            server = await stack.enter_async_context(TestServer(pages.app()))
            pages.url = str(server.make_url("")).rstrip("/")

            async def another(msisdn=None):
                made = await stack.enter_async_context(browser(server))
                if msisdn:
                    await made.log_in(msisdn, await pages.password(msisdn))
                return made

            pages.browser = another
            return pages

        yield new


@pytest.fixture
async def care(networked):
    return await networked()


@pytest.fixture
async def anna(care):
    """Her browser, logged in."""
    return await care.browser(ANNA)
