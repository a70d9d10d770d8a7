"""The log-in page and what happens at it (R103-R109)."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from ussd_gateway.network.address import AddressError, normalise_msisdn
from ussd_gateway.selfcare.cabinets import Cabinets
from ussd_gateway.selfcare.channels import QUARTER, WEB
from ussd_gateway.selfcare.log_in import Admitted, LogIn, Refused
from ussd_gateway.selfcare.web.limits import AddressLimit
from ussd_gateway.selfcare.web.sessions import key_of, new_cookie
from ussd_gateway.selfcare.web.shown import moment
from ussd_gateway.selfcare.web.site import Site, Visit
from ussd_gateway.subscribers.passwords import FloodRule

KNOWN = "cabinet_known"
"""The cookie of a browser in which somebody has logged in before."""

FAILURES_WITHOUT_CAPTCHA = 2
_KNOWN_FOR = 365 * 24 * 3600


class Entrance:
    """Lets people in.

    A check code is asked for where the number has not logged in with this browser before (R107), and after its second
    failure there. So nothing about it depends on whether a number exists, and who wants to lock somebody out has to
    solve one each time.
    """

    def __init__(self, site: Site, log_in: LogIn, cabinets: Cabinets) -> None:
        self._site = site
        self._log_in = log_in
        self._cabinets = cabinets
        self._browsers = site.records.web_sessions
        self._limit = AddressLimit(FloodRule(site.settings.log_in_failures_per_address, QUARTER))
        site.on_reset(self._limit.clear)

    def form(self, visit: Visit) -> web.Response:
        """The empty form."""
        return self._form(visit, HTTPStatus.OK, captcha=self._asks(visit, None))

    async def log_in(self, visit: Visit) -> web.StreamResponse:
        """POST /cabinet."""
        if visit.session.who is not None:
            return visit.go("/cabinet")
        number = visit.fields.get("number", "")
        try:
            msisdn = normalise_msisdn(number)
        except AddressError:
            return self._form(visit, HTTPStatus.BAD_REQUEST, visit.t("log_in.wrong_format"), self._asks(visit, None))
        now = self._site.gateway.now()
        if not self._limit.allows(visit.address, now):
            self._site.gateway.note("selfcare.log_in_limited", address=visit.address)
            return self._form(
                visit, HTTPStatus.TOO_MANY_REQUESTS, visit.t("log_in.too_many"), self._asks(visit, msisdn)
            )
        if self._asks(visit, msisdn) and not visit.captcha_is_right():
            self._site.gateway.note("selfcare.captcha_failed", page="log_in", address=visit.address)
            return self._form(visit, HTTPStatus.BAD_REQUEST, visit.t("captcha.wrong"), captcha=True)
        self._limit.count(visit.address, now)
        result = await self._log_in.log_in(number, visit.fields.get("password", ""), channel=WEB)
        if isinstance(result, Admitted):
            self._limit.forgive(visit.address, now)
            return self.enter(visit, result.msisdn, result.issue)
        if browser := _browser(visit):
            self._browsers.fail(browser, msisdn)
        return self._refused(visit, msisdn, result)

    def enter(self, visit: Visit, msisdn: str, issue: int) -> web.Response:
        """Begins the session of a number that has shown who it is, by its password or otherwise; the way to its cabinet."""
        self._cabinets.entered(msisdn, WEB)
        cookie = visit.request.cookies.get(KNOWN) or new_cookie()
        response = visit.log_in("/cabinet", msisdn, WEB, msisdn=msisdn, issue=issue)
        with self._site.records.changes.together():
            self._browsers.know(key_of(cookie), msisdn, self._site.gateway.now())
        visit.set_cookie(response, KNOWN, cookie, max_age=_KNOWN_FOR)
        return response

    def _refused(self, visit: Visit, msisdn: str, refused: Refused) -> web.Response:
        captcha = self._asks(visit, msisdn)
        if refused.reason == "locked":
            until = visit.t("log_in.locked", until=moment(refused.locked_until), code=self._site.profile.password_code)
            return self._form(visit, HTTPStatus.LOCKED, until, captcha)
        rules = self._site.settings.log_in_failures
        wrong = visit.t("log_in.wrong", left=refused.tries_left, most=rules, code=self._site.profile.password_code)
        return self._form(visit, HTTPStatus.UNAUTHORIZED, wrong, captcha)

    def _asks(self, visit: Visit, msisdn: str | None) -> bool:
        """Whether a check code is asked for; of a number that is not known yet: whether it is for all of them."""
        browser = _browser(visit)
        if browser is None:
            return True
        known = self._browsers
        failures = known.fewest_failures(browser) if msisdn is None else known.failures(browser, msisdn)
        return failures is None or failures >= FAILURES_WITHOUT_CAPTCHA

    def _form(self, visit: Visit, status: HTTPStatus, error: str = "", captcha: bool = True) -> web.Response:
        number = visit.fields.get("number", "")
        return visit.page("log_in.html", status, number=number, error=error, captcha=visit.ask() if captcha else None)


def _browser(visit: Visit) -> str | None:
    cookie = visit.request.cookies.get(KNOWN)
    return key_of(cookie) if cookie else None
