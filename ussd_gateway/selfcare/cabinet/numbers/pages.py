"""/cabinet/services and /cabinet/switch: services, linked numbers, requests and their state (R150-R166)."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from pathlib import Path

from aiohttp import web

from ussd_gateway.network.address import AddressError, normalise_msisdn
from ussd_gateway.selfcare.channels import WEB
from ussd_gateway.selfcare.number_texts import WHY
from ussd_gateway.selfcare.numbers import Numbers
from ussd_gateway.selfcare.records.links import LinkRequest
from ussd_gateway.selfcare.service import Service
from ussd_gateway.selfcare.texts import service_name
from ussd_gateway.selfcare.web.site import NOT_FOUND, PageError, Site, Values, Visit, authorised
from ussd_gateway.subscribers.links import after

PLACE = "/cabinet/services"

_STATUS = {
    "wrong_number": HTTPStatus.BAD_REQUEST,
    "too_often": HTTPStatus.TOO_MANY_REQUESTS,
    "no_calendar": HTTPStatus.SERVICE_UNAVAILABLE,
}
"""Of an answer that refuses; the others are 409."""


class NumberPages:
    """The page, the forms on it, and the part of the overview that shows another number of the cabinet."""

    def __init__(self, site: Site, service: Service, numbers: Numbers) -> None:
        self._site = site
        self._service = service
        self._numbers = numbers
        site.may_show = numbers.may_manage
        site.add_folder(Path(__file__).parent)
        site.get(PLACE, self.show)
        site.post(f"{PLACE}/numbers", self.add)
        site.post(f"{PLACE}/requests/{{id}}/cancel", self.cancel)
        site.post("/cabinet/switch", self.switch)
        site.add_link(PLACE, "services.link", order=50)
        site.add_section("overview", "numbers.html", self._shown, order=50)

    @authorised
    async def show(self, visit: Visit) -> web.StreamResponse:
        """GET /cabinet/services."""
        return self._page(visit)

    @authorised
    async def add(self, visit: Visit) -> web.StreamResponse:
        """`number`: another number for this cabinet; `key` makes a form that is sent twice one request."""
        number = visit.fields.get("number", "")
        asked = self._numbers.request(visit.who, number, visit.fields.get("key", ""))
        if asked.result == "requested":
            return visit.go(f"{PLACE}?done=number_requested")
        status = _STATUS.get(asked.result, HTTPStatus.CONFLICT)
        return self._page(visit, status, number=number, error=visit.t(f"services.error_{asked.result}"))

    @authorised
    async def cancel(self, visit: Visit) -> web.StreamResponse:
        """Takes a request back, or ends a link."""
        id = visit.request.match_info["id"]
        result = self._numbers.cancel(visit.who, int(id)) if id.isdecimal() and len(id) < 16 else "unknown"
        if result == "unknown":
            raise NOT_FOUND
        return visit.go(f"{PLACE}?done=number_{result}")

    @authorised
    async def switch(self, visit: Visit) -> web.StreamResponse:
        """`number`: every page shows this one's data from now on. One that is not linked is as unknown as any (R160)."""
        try:
            msisdn = normalise_msisdn(visit.fields.get("number", ""))
        except AddressError:
            raise NOT_FOUND from None
        if not self._numbers.may_manage(visit.who, msisdn):
            raise PageError(HTTPStatus.FORBIDDEN, "not_linked")
        self._site.sessions.show(visit.session, msisdn, WEB)
        return visit.go("/cabinet?done=number_shown")

    def _page(
        self, visit: Visit, status: HTTPStatus = HTTPStatus.OK, *, number: str = "", error: str = ""
    ) -> web.Response:
        return visit.page(
            "services.html",
            status,
            error=error,
            number=number,
            key=secrets.token_urlsafe(16),
            services=[service_name(code, visit.language) for code in self._service.services(visit.msisdn)],
            own_service=self._numbers.line(visit.who).service,
            requests=[self._request(request, visit) for request in self._numbers.requests(visit.who)],
            **self._shown(visit),
        )

    def _shown(self, visit: Visit) -> Values:
        linked = self._numbers.linked(visit.who)
        return {"numbers": [(msisdn, self._numbers.may_manage(visit.who, msisdn)) for msisdn in (visit.who, *linked)]}

    def _request(self, request: LinkRequest, visit: Visit) -> Values:
        return {
            "request": request,
            "last_day": self._numbers.last_day(request),
            "can_cancel": after(request.state, "cancel") is not None,
            "reason": WHY[request.reason][visit.language] if request.reason in WHY else request.reason,
        }
