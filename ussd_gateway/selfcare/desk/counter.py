"""/desk/calls and /desk/visits: who calls 0890 or comes to a shop, is identified and served (R033-R035)."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from ussd_gateway.selfcare.desk_service import LANGUAGES, DeskService
from ussd_gateway.selfcare.records.desk import Ticket
from ussd_gateway.selfcare.texts import service_name
from ussd_gateway.selfcare.web.site import NOT_FOUND, PageError, Site, Visit, authorised
from ussd_gateway.subscribers.desk import CALL, FREE_CALL, SHOP, Person, may

CALLS, VISITS, SALES, TICKETS = "/desk/calls", "/desk/visits", "/desk/sales", "/desk/tickets"

_BAD = frozenset({"wrong_number", "wrong_passport", "wrong_iccid", "no_owner"})
_FORBIDDEN = frozenset({"not_allowed", "not_identified", "only_shop", "own"})
_DONE = frozenset({"done", "sent", "disconnected"})
"""Results of what was asked for; the others are refusals."""


class Counter:
    """The forms; what is done for a person is done on the ticket's page, and only there."""

    def __init__(self, site: Site, desk: DeskService) -> None:
        self._desk = desk
        site.get(CALLS, self.calls)
        site.post(CALLS, self.call)
        site.get(VISITS, self.visits)
        site.post(VISITS, self.visit)
        site.post(SALES, self.sell)
        site.get(f"{TICKETS}/{{id}}", self.ticket)
        site.post(f"{TICKETS}/{{id}}/{{action}}", self.act)
        site.add_link(CALLS, "desk.calls", order=20)
        site.add_link(VISITS, "desk.visits", order=30)

    @authorised
    async def calls(self, visit: Visit) -> web.StreamResponse:
        """The form of a call."""
        return self._form(visit, "desk_calls.html")

    @authorised
    async def call(self, visit: Visit) -> web.StreamResponse:
        """`line` (call_0890 or call_8800), `number`, `series`, `passport`."""
        line = visit.fields.get("line", "")
        return self._open(visit, line if line in (CALL, FREE_CALL) else "", "desk_calls.html")

    @authorised
    async def visits(self, visit: Visit) -> web.StreamResponse:
        """The form of a visit, and that of a sale."""
        return self._form(visit, "desk_visits.html")

    @authorised
    async def visit(self, visit: Visit) -> web.StreamResponse:
        """`number`, `series`, `passport`."""
        return self._open(visit, SHOP, "desk_visits.html")

    @authorised
    async def sell(self, visit: Visit) -> web.StreamResponse:
        """`number`, `owner`, `series`, `passport`, `iccid`: a closed number becomes another person's."""
        given = visit.fields
        result = self._desk.sell(
            self._person(visit),
            given.get("number", ""),
            given.get("owner", ""),
            given.get("iccid", ""),
            given.get("series", ""),
            given.get("passport", ""),
        )
        if result == "done":
            return visit.go(f"{VISITS}?done=desk_sold")
        return self._form(visit, "desk_visits.html", _status(result), sale_error=visit.t(f"desk.error_{result}"))

    def _open(self, visit: Visit, channel: str, template: str) -> web.StreamResponse:
        given = visit.fields
        opened = self._desk.open(
            self._person(visit), channel, given.get("number", ""), given.get("series", ""), given.get("passport", "")
        )
        if opened.ticket is not None:
            return visit.go(f"{TICKETS}/{opened.ticket}")
        return self._form(visit, template, _status(opened.result), error=visit.t(f"desk.error_{opened.result}"))

    def _form(
        self,
        visit: Visit,
        template: str,
        status: HTTPStatus = HTTPStatus.OK,
        *,
        error: str = "",
        sale_error: str = "",
    ) -> web.StreamResponse:
        if not may(self._person(visit), "identify"):
            raise PageError(HTTPStatus.FORBIDDEN, "desk_role")
        given = visit.fields  # a passport is never shown again
        return visit.page(
            template,
            status,
            error=error,
            sale_error=sale_error,
            number=given.get("number", "") if error else "",
            sale={name: given.get(name, "") if sale_error else "" for name in ("number", "owner", "iccid")},
            line=given.get("line", CALL),
            is_open=self._desk.is_open(),
        )

    @authorised
    async def ticket(self, visit: Visit) -> web.StreamResponse:
        """Who is served, and what can be done."""
        return self._ticket(visit)

    @authorised
    async def act(self, visit: Visit) -> web.StreamResponse:
        """POST .../{action}: one of `subscribers.desk.ACTIONS`, with `language` or `iccid`; or "finish"."""
        person, ticket, what = self._person(visit), self._found(visit), visit.request.match_info["action"]
        if what == "finish":
            self._desk.finish(person, ticket)
            return visit.go(f"{VISITS if ticket.channel == SHOP else CALLS}?done=desk_finished")
        result = await self._desk.act(person, ticket, what, visit.fields)
        if result in _DONE:
            return visit.go(f"{TICKETS}/{ticket.id}?done=desk_{what}")
        return self._ticket(visit, _status(result), visit.t(f"desk.error_{result}"))

    def _ticket(self, visit: Visit, status: HTTPStatus = HTTPStatus.OK, error: str = "") -> web.StreamResponse:
        ticket = self._found(visit)
        side = self._desk.side(ticket)
        return visit.page(
            "desk_ticket.html",
            status,
            ticket=ticket,
            side=side,
            services=[service_name(code, visit.language) for code in side.services],
            actions=self._desk.actions(self._person(visit), ticket),
            languages=LANGUAGES,
            error=error,
        )

    def _found(self, visit: Visit) -> Ticket:
        id = visit.request.match_info["id"]
        known = id.isascii() and id.isdecimal() and len(id) < 16
        ticket = self._desk.ticket(self._person(visit), int(id)) if known else None
        if ticket is None:
            raise NOT_FOUND
        return ticket

    def _person(self, visit: Visit) -> Person:
        person = self._desk.person(visit.who)
        assert person is not None, "the realm lets in nobody else"
        return person


def _status(result: str) -> HTTPStatus:
    if result in _BAD:
        return HTTPStatus.BAD_REQUEST
    return HTTPStatus.FORBIDDEN if result in _FORBIDDEN else HTTPStatus.CONFLICT
