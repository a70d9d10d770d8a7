"""A person's browser over self-care's pages: it opens pages, fills the forms that it finds there and sends them."""

from contextlib import asynccontextmanager
from html.parser import HTMLParser

from aiohttp import CookieJar, web
from aiohttp.test_utils import TestClient, TestServer

from tests.selfcare.conftest import ANNA, Desk, Office, password_in
from ussd_gateway.selfcare.cabinet.money.pages import MoneyPages
from ussd_gateway.selfcare.cabinet.numbers.pages import NumberPages
from ussd_gateway.selfcare.cabinet.pages import CabinetPages
from ussd_gateway.selfcare.cabinets import Cabinets
from ussd_gateway.selfcare.desk.pages import DeskPages
from ussd_gateway.selfcare.web.site import Site


class Pages(Desk):
    """The service with its site; `sent` are the SMS that it would have sent."""

    def __init__(self, **given):
        super().__init__(**{"captcha_reveal": True, "captcha": "text"} | given)
        send = lambda source, destination, text: self.sent.append((source, destination, text))  # noqa: E731
        self.cabinets = Cabinets(self.settings, self.records, self.gateway, send)
        self.site = Site(self.settings, self.records, self.gateway)
        self.cabinet = CabinetPages(self.site, self.service, self.issuing, self.door, self.cabinets, self.hasher)
        MoneyPages(self.site, self.tariffs, self.records.ledger)

    async def password(self, msisdn=ANNA):
        """A new one, as its SMS brings it."""
        await self.issue(msisdn)
        return password_in(self.sent[-1])

    def noted(self, kind):
        self.gateway.journal.commit()
        return [entry.facts for _, entry in self.gateway.journal.after(0) if entry.kind == kind]

    @asynccontextmanager
    async def served(self, remote=None):
        """remote: the address from which everybody seems to come."""

        @web.middleware
        async def from_elsewhere(request, handler):
            return await handler(request.clone(remote=remote) if remote else request)

        app = web.Application(middlewares=[from_elsewhere])
        app.add_routes(self.site.routes())
        async with TestServer(app) as server:
            yield server

    async def close(self):
        self.site.stop()
        await super().close()


class Page(HTMLParser):
    """What a person finds in a page: its text, its forms with what is in their fields, its links."""

    def __init__(self, status, html, headers):
        super().__init__()
        self.status, self.html, self.headers = status, html, headers
        self.tags, self.text, self.style, self.forms, self.links, self.metas = [], "", "", {}, {}, {}
        self._in_style, self._form = False, None
        self.feed(html)
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag, attributes):
        has = dict(attributes)
        self.tags.append((tag, has))
        self._in_style = tag == "style"
        if tag == "form":
            self._form = self.forms.setdefault(has["action"], {})
        elif tag == "meta" and "name" in has:
            self.metas[has["name"]] = has["content"]
        elif tag == "a":
            self.links.setdefault(has["href"], has)
        elif (
            tag in ("input", "textarea", "select")
            and self._form is not None
            and ("checked" in has or has.get("type") not in ("radio", "checkbox"))
        ):
            self._form[has["name"]] = has.get("value", "")

    def handle_endtag(self, tag):
        self._in_style = False
        if tag == "form":
            self._form = None

    def handle_data(self, data):
        if self._in_style:
            self.style += data
        else:
            self.text += f" {data}"

    def the(self, tag, **attributes):
        (found,) = self.all(tag, **attributes)
        return found

    def all(self, tag, **attributes):
        return [has for name, has in self.tags if name == tag and attributes.items() <= has.items()]

    @property
    def alert(self):
        """The words of the mistake, from where a screen reader takes them."""
        return " ".join(self.html.partition('role="alert"')[2].partition("</form>")[0].split())


class Browser:
    """One browser with its cookies."""

    def __init__(self, client):
        self.client = client
        self.page = None

    async def open(self, path, **headers):
        async with self.client.get(path, headers=headers) as response:
            return await self._shown(response)

    async def send(self, action, **fields):
        """The form of the page that is open; its check code is read where it is told."""
        filled = dict(self.page.forms[action])
        if "captcha" in filled:
            filled["captcha"] = self.page.metas.get("captcha-answer", "")
        return await self.post(action, filled | fields)

    async def post(self, action, fields, **given):
        async with self.client.post(action, data=fields, **given) as response:
            return await self._shown(response)

    async def log_in(self, number=ANNA, password="Ab3dE9xZ", **fields):
        await self.open("/cabinet")
        return await self.send("/cabinet", number=number, password=password, **fields)

    async def _shown(self, response):
        html = await response.text() if response.content_type == "text/html" else ""
        self.page = Page(response.status, html, response.headers)
        return self.page

    def cookies(self):
        return {cookie.key: cookie for cookie in self.client.session.cookie_jar}


@asynccontextmanager
async def browser(server):
    async with TestClient(server, cookie_jar=CookieJar(unsafe=True)) as client:
        yield Browser(client)


class OfficePages(Office):
    """Second numbers and the desk with their pages."""

    def __init__(self, **given):
        super().__init__(**{"captcha_reveal": True, "captcha": "text"} | given)

    def start(self):
        super().start()
        self.cabinets = Cabinets(self.settings, self.records, self.gateway, self._send)
        self.site = Site(self.settings, self.records, self.gateway)
        self.cabinet = CabinetPages(self.site, self.service, self.issuing, self.log_in, self.cabinets, self.hasher)
        NumberPages(self.site, self.service, self.numbers)
        DeskPages(self.site, self.desk)

    served = Pages.served

    def stop(self):
        self.site.stop()
        super().stop()

    async def cabinet_of(self, msisdn=ANNA):
        """A browser in which the number's cabinet is open."""
        self.sent.clear()
        await self.issuing.issue_password(msisdn, "ussd", f"{len(self.audit())}")
        browser = await self.browser()
        page = await browser.log_in(msisdn, password_in(self.sent[0]))
        assert page.status == 200
        self.sent.clear()
        return browser

    async def at_the_desk(self, name="oleg"):
        """A browser in which one of the operator's people is logged in."""
        browser = await self.browser()
        await browser.open("/desk")
        page = await browser.send("/desk", name=name, password=f"{name}-desk")
        assert page.status == 200
        return browser
