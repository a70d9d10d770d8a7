"""The home cabinet's log-in: accounts of its own, which no mobile password opens (R005, R006)."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from ussd_gateway.selfcare.channels import QUARTER, WEB
from ussd_gateway.selfcare.hashing import Hasher
from ussd_gateway.selfcare.web.limits import AddressLimit
from ussd_gateway.selfcare.web.sessions import Realm
from ussd_gateway.selfcare.web.site import Site, Visit, authorised
from ussd_gateway.subscribers.passwords import FloodRule

HOME = Realm("home", "/home")


class Home:
    """GET and POST /home, POST /home/log-out. The accounts are in a table of their own."""

    def __init__(self, site: Site, hasher: Hasher) -> None:
        self._site = site
        self._hasher = hasher
        self._limit = AddressLimit(FloodRule(site.settings.log_in_failures_per_address, QUARTER))
        site.on_reset(self._limit.clear)
        site.add_realm(HOME)
        site.get("/home", self.show)
        site.post("/home", self.log_in)
        site.post("/home/log-out", self.log_out)

    async def show(self, visit: Visit) -> web.StreamResponse:
        """The log-in form, or whose account it is."""
        if visit.session.who is None:
            return self._form(visit)
        return visit.page("home.html")

    async def log_in(self, visit: Visit) -> web.StreamResponse:
        """The fields `login` and `password`; as long and with the same words for an account that there is not."""
        now = self._site.gateway.now()
        if not self._limit.allows(visit.address, now):
            return self._form(visit, HTTPStatus.TOO_MANY_REQUESTS, "log_in.too_many")
        login = visit.fields.get("login", "").strip()
        self._limit.count(visit.address, now)
        hashed = self._site.records.cabinets.home_hash(login)
        if not await self._hasher.verify(hashed, visit.fields.get("password", "")):
            return self._form(visit, HTTPStatus.UNAUTHORIZED, "home.wrong")
        self._limit.forgive(visit.address, now)
        return visit.log_in("/home", login, WEB)

    @authorised
    async def log_out(self, visit: Visit) -> web.StreamResponse:
        """The session ends."""
        return visit.log_out("/home", WEB)

    def _form(self, visit: Visit, status: HTTPStatus = HTTPStatus.OK, error: str = "") -> web.Response:
        login = visit.fields.get("login", "")
        return visit.page("home_log_in.html", status, login=login, error=visit.t(error) if error else "")
