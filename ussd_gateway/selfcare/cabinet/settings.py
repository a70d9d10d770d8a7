"""The settings: password, SMS at log-in, language, sessions (R125-R128); what others add stands below."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from ussd_gateway.selfcare.cabinets import Cabinets
from ussd_gateway.selfcare.channels import QUARTER, WEB
from ussd_gateway.selfcare.issuing import Issuing
from ussd_gateway.selfcare.web.catalogue import LANGUAGES
from ussd_gateway.selfcare.web.limits import AddressLimit
from ussd_gateway.selfcare.web.site import LANGUAGE, NOT_FOUND, Site, Values, Visit, authorised
from ussd_gateway.subscribers.passwords import FloodRule

PLACE = "/cabinet/settings"
WRONG_OLD = FloodRule(3, QUARTER)
"""So many wrong old passwords: a session that was stolen is no way to guess."""


class Settings:
    """GET /cabinet/settings, and a POST for each of its forms."""

    def __init__(self, site: Site, issuing: Issuing, cabinets: Cabinets) -> None:
        self._site = site
        self._issuing = issuing
        self._cabinets = cabinets
        self._wrong_old = AddressLimit(WRONG_OLD)
        site.on_reset(self._wrong_old.clear)
        site.get(PLACE, self.show)
        site.post(f"{PLACE}/password", self.change_password)
        site.post(f"{PLACE}/notice", self.set_notice)
        site.post(f"{PLACE}/language", self.set_language)
        site.post(f"{PLACE}/sessions/end", self.end_sessions)
        site.add_section("settings", "settings_password.html", self._rule, order=10)
        site.add_section("settings", "settings_notice.html", self._cabinet, order=20)
        site.add_section("settings", "settings_language.html", self._languages, order=30)
        site.add_section("settings", "settings_sessions.html", self._sessions, order=40)

    @authorised
    async def show(self, visit: Visit) -> web.StreamResponse:
        """The page."""
        return self._page(visit)

    @authorised
    async def change_password(self, visit: Visit) -> web.StreamResponse:
        """The old one first, then the new one twice (R127, R128); every mistake is named."""
        old, new, again = (visit.fields.get(name, "") for name in ("old", "new", "again"))
        mistakes = self._mistakes(old, new, again)
        if mistakes:
            return self._refused(visit, mistakes)
        now = self._site.gateway.now()
        if not self._wrong_old.allows(visit.who, now):
            return self._refused(visit, ("too_many",), HTTPStatus.TOO_MANY_REQUESTS)
        self._wrong_old.count(visit.who, now)
        issue = await self._issuing.change_password(visit.who, old, new, WEB)
        if issue.result == "wrong_password":
            return self._refused(visit, ("wrong_password",), HTTPStatus.FORBIDDEN)
        self._wrong_old.forgive(visit.who, now)
        if issue.result != "set":
            return self._refused(visit, issue.mistakes or (issue.result,))
        # A new session for what goes on: this one ends, and with the password the others that began with it (R129)
        self._site.sessions.end(visit.session, WEB)
        return visit.log_in(f"{PLACE}?done=password", visit.who, WEB, msisdn=visit.msisdn, issue=issue.number)

    @authorised
    async def set_notice(self, visit: Visit) -> web.StreamResponse:
        """An SMS at each log-in, or none: the field `log_in_sms` is a check box."""
        self._cabinets.set_log_in_sms(visit.who, visit.fields.get("log_in_sms") == "on", WEB)
        return visit.go(f"{PLACE}?done=notice")

    @authorised
    async def set_language(self, visit: Visit) -> web.StreamResponse:
        """The field `language` is ru or en."""
        language = visit.fields.get("language", "")
        if language not in LANGUAGES:
            raise NOT_FOUND
        self._cabinets.set_language(visit.who, language, WEB)
        response = visit.go(f"{PLACE}?done=language")
        response.del_cookie(LANGUAGE)  # what this browser wanted before
        return response

    @authorised
    async def end_sessions(self, visit: Visit) -> web.StreamResponse:
        """Every other browser has to log in again."""
        self._site.sessions.end_others(visit.session, WEB)
        return visit.go(f"{PLACE}?done=sessions")

    def _mistakes(self, old: str, new: str, again: str) -> tuple[str, ...]:
        found = [] if old else ["no_old"]
        if not new:
            return (*found, "no_new")
        found += self._issuing.profile.own.mistakes(new)
        if new != again:
            found.append("not_equal")
        if new == old:
            found.append("same")
        return tuple(found)

    def _refused(
        self, visit: Visit, mistakes: tuple[str, ...], status: HTTPStatus = HTTPStatus.BAD_REQUEST
    ) -> web.Response:
        rule = self._issuing.profile.own
        visit.mistakes = [visit.t(f"mistake.{name}", shortest=rule.shortest, longest=rule.longest) for name in mistakes]
        return self._page(visit, status)

    def _page(self, visit: Visit, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
        return visit.page("settings.html", status, sections=self._site.sections("settings", visit))

    def _rule(self, visit: Visit) -> Values:
        return {"rule": self._issuing.profile.own, "mistakes": visit.mistakes}

    def _cabinet(self, visit: Visit) -> Values:
        return {"cabinet": self._cabinets.cabinet(visit.who)}

    def _languages(self, visit: Visit) -> Values:
        return {"chosen": self._cabinets.language(visit.who), "languages": LANGUAGES}

    def _sessions(self, visit: Visit) -> Values:
        return {"sessions": self._site.sessions.listed(visit.realm, visit.session)}
