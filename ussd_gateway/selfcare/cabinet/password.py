"""The window «Получить пароль»: the number is typed again, the password comes by SMS (R110-R113)."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from ussd_gateway.logs import logger
from ussd_gateway.network.address import AddressError, normalise_msisdn
from ussd_gateway.selfcare.channels import WEB
from ussd_gateway.selfcare.issuing import Issuing
from ussd_gateway.selfcare.web.limits import AddressLimit
from ussd_gateway.selfcare.web.sessions import new_cookie
from ussd_gateway.selfcare.web.site import Site, Visit
from ussd_gateway.subscribers.passwords import FloodRule

log = logger(__name__)

PLACE = "/cabinet/password"
HOUR = 3600.0


class PasswordWindow:
    """Asks for a password in the name of a number. The answer is always the same, and comes before anything is done."""

    def __init__(self, site: Site, issuing: Issuing) -> None:
        self._site = site
        self._issuing = issuing
        self._limit = AddressLimit(FloodRule(site.settings.password_requests_per_address, HOUR))
        site.on_reset(self._limit.clear)

    async def show(self, visit: Visit) -> web.StreamResponse:
        """GET: the form, or the answer."""
        if "sent" in visit.request.query:
            return visit.page("password_sent.html")
        return self._form(visit)

    async def ask(self, visit: Visit) -> web.StreamResponse:
        """POST."""
        try:
            msisdn = normalise_msisdn(visit.fields.get("number", ""))
        except AddressError:
            return self._form(visit, HTTPStatus.BAD_REQUEST, "log_in.wrong_format")
        gateway = self._site.gateway
        if not self._limit.allows(visit.address, gateway.now()):
            gateway.note("selfcare.password_limited", address=visit.address)
            return self._form(visit, HTTPStatus.TOO_MANY_REQUESTS, "password.too_many")
        if not visit.captcha_is_right():
            gateway.note("selfcare.captcha_failed", page="password", address=visit.address)
            return self._form(visit, HTTPStatus.BAD_REQUEST, "captcha.wrong")
        self._limit.count(visit.address, gateway.now())
        gateway.spawn(self._issue(msisdn))
        return visit.go(f"{PLACE}?sent")

    async def _issue(self, msisdn: str) -> None:
        """Behind the answer, which so takes as long for a number that there is not (3.4, enumeration)."""
        try:
            await self._issuing.issue_password(msisdn, WEB, new_cookie())
        except Exception as error:
            # R178: neither the exception's words nor a traceback, which may show the variables around it
            log.error("selfcare.password_failed", error=type(error).__name__)

    def _form(self, visit: Visit, status: HTTPStatus = HTTPStatus.OK, error: str = "") -> web.Response:
        return visit.page(
            "password.html",
            status,
            number=visit.fields.get("number", ""),
            error=visit.t(error) if error else "",
            captcha=visit.ask(),
        )
