"""/desk: log-in, the queue of requests, and their decisions (R158-R163)."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path

from aiohttp import web

from ussd_gateway.selfcare.channels import QUARTER
from ussd_gateway.selfcare.desk.audit import AuditPage
from ussd_gateway.selfcare.desk.counter import Counter
from ussd_gateway.selfcare.desk_service import DeskService
from ussd_gateway.selfcare.number_texts import LONGEST_REASON, WHY
from ussd_gateway.selfcare.numbers import DESK as CHANNEL
from ussd_gateway.selfcare.web.limits import AddressLimit
from ussd_gateway.selfcare.web.sessions import Realm
from ussd_gateway.selfcare.web.site import NOT_FOUND, PageError, Site, Visit, authorised
from ussd_gateway.subscribers.desk import Person, may
from ussd_gateway.subscribers.passwords import FloodRule

DESK = "/desk"

_STATUS = {
    "not_allowed": HTTPStatus.FORBIDDEN,
    "own": HTTPStatus.FORBIDDEN,
    "no_reason": HTTPStatus.BAD_REQUEST,
}
"""Of a decision that is not taken; the others are 409."""


class DeskPages:
    """The desk's own realm: its log-in opens nothing else, and no other log-in opens it."""

    def __init__(self, site: Site, desk: DeskService) -> None:
        self._site = site
        self._desk = desk
        self._wrong = AddressLimit(FloodRule(site.settings.log_in_failures_per_address, QUARTER))
        site.on_reset(self._wrong.clear)
        site.add_folder(Path(__file__).parent)
        site.add_realm(Realm("desk", DESK, lambda session: desk.person(session.who or "") is not None))
        site.get(DESK, self.first_page)
        site.post(DESK, self.log_in)
        site.post(f"{DESK}/log-out", self.log_out)
        site.get(f"{DESK}/requests/{{id}}", self.show)
        site.post(f"{DESK}/requests/{{id}}/approve", self.approve)
        site.post(f"{DESK}/requests/{{id}}/reject", self.reject)
        site.add_link(DESK, "desk.queue", order=10)
        Counter(site, desk)
        AuditPage(site, desk)

    async def first_page(self, visit: Visit) -> web.StreamResponse:
        """GET /desk: the log-in form, or the queue."""
        if visit.session.who is None:
            return self._form(visit)
        person = person_of(self._desk, visit)
        allowed = may(person, "queue")
        return visit.page(
            "desk_queue.html",
            person=person,
            is_open=self._desk.is_open(),
            queue=self._desk.queue(person) if allowed else None,
            decided=self._desk.decided(person) if allowed else None,
            last_day=self._desk.last_day,
        )

    async def log_in(self, visit: Visit) -> web.StreamResponse:
        """POST /desk: `name`, `password`."""
        name, password = visit.fields.get("name", "").strip(), visit.fields.get("password", "")
        now = self._desk.now()
        if not self._wrong.allows(visit.address, now):
            return self._form(visit, HTTPStatus.TOO_MANY_REQUESTS, name, visit.t("desk.too_many"))
        self._wrong.count(visit.address, now)
        done = await self._desk.log_in(name, password, address=visit.address)
        if done.person:
            self._wrong.forgive(visit.address, now)
            return visit.log_in(DESK, done.person.name, CHANNEL)
        if done.locked_until:
            until = self._desk.moment(done.locked_until).strftime("%d.%m.%Y %H:%M")
            return self._form(visit, HTTPStatus.LOCKED, name, visit.t("desk.locked", until=until))
        return self._form(visit, HTTPStatus.UNAUTHORIZED, name, visit.t("desk.wrong", left=done.tries_left))

    def _form(
        self, visit: Visit, status: HTTPStatus = HTTPStatus.OK, name: str = "", error: str = ""
    ) -> web.StreamResponse:
        return visit.page("desk_log_in.html", status, name=name, error=error)

    @authorised
    async def log_out(self, visit: Visit) -> web.StreamResponse:
        """POST /desk/log-out."""
        return visit.log_out(DESK, CHANNEL)

    @authorised
    async def show(self, visit: Visit) -> web.StreamResponse:
        """GET /desk/requests/{id}: both numbers side by side, the deadline, and how it was counted."""
        return self._case(visit)

    @authorised
    async def approve(self, visit: Visit) -> web.StreamResponse:
        """POST /desk/requests/{id}/approve."""
        result = self._desk.approve(person_of(self._desk, visit), _id(visit))
        if result in ("approved", "first"):
            return visit.go(f"{DESK}/requests/{_id(visit)}?done=desk_{result}")
        return self._refused(visit, result)

    @authorised
    async def reject(self, visit: Visit) -> web.StreamResponse:
        """POST /desk/requests/{id}/reject: `reason` is compulsory."""
        result = self._desk.reject(person_of(self._desk, visit), _id(visit), visit.fields.get("reason", ""))
        if result == "rejected":
            return visit.go(f"{DESK}/requests/{_id(visit)}?done=desk_{result}")
        return self._refused(visit, result)

    def _refused(self, visit: Visit, result: str) -> web.StreamResponse:
        return self._case(visit, _STATUS.get(result, HTTPStatus.CONFLICT), visit.t(f"desk.error_{result}"))

    def _case(self, visit: Visit, status: HTTPStatus = HTTPStatus.OK, error: str = "") -> web.StreamResponse:
        person = person_of(self._desk, visit)
        if not may(person, "queue"):
            raise PageError(HTTPStatus.FORBIDDEN, "desk_role")
        case = self._desk.case(person, _id(visit))
        if case is None:
            raise NOT_FOUND
        reason = case.request.reason
        return visit.page(
            "desk_request.html",
            status,
            case=case,
            error=error,
            reason=WHY[reason][visit.language] if reason in WHY else reason,
            last_day=self._desk.last_day,
            asked_on=self._desk.moment(case.request.created).date(),
            longest_reason=LONGEST_REASON,
            may_decide=may(person, "decide") and case.request.state == "pending",
        )


def person_of(desk: DeskService, visit: Visit) -> Person:
    """Who is logged in."""
    person = desk.person(visit.who)
    assert person is not None, "the realm lets in nobody else"
    return person


def _id(visit: Visit) -> int:
    id = visit.request.match_info["id"]
    if not (id.isascii() and id.isdecimal() and len(id) < 16):
        raise NOT_FOUND
    return int(id)
