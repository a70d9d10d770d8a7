"""/desk/audit: who did what, and when."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlencode

from aiohttp import web

from ussd_gateway.selfcare.desk_service import DeskService
from ussd_gateway.selfcare.web.site import PageError, Site, Visit, authorised

PLACE = "/desk/audit"


class AuditPage:
    """The audit log with a filter, the latest first."""

    def __init__(self, site: Site, desk: DeskService) -> None:
        self._desk = desk
        site.get(PLACE, self.show)
        site.add_link(PLACE, "desk.audit", order=40)

    @authorised
    async def show(self, visit: Visit) -> web.StreamResponse:
        """`word` is looked for in what happened and its facts, `who` is a person or a number; `before` pages back."""
        asked = visit.request.query
        word, who, before = asked.get("word", ""), asked.get("who", ""), asked.get("before", "")
        person = self._desk.person(visit.who)
        older = int(before) if before.isascii() and before.isdecimal() and len(before) < 16 else None
        entries = self._desk.audit(person, word=word, who=who, before=older) if person else None
        if entries is None:
            raise PageError(HTTPStatus.FORBIDDEN, "desk_role")
        further = urlencode({"word": word, "who": who, "before": entries[-1].id}) if entries else ""
        return visit.page("desk_audit.html", word=word, who=who, entries=entries, further=f"{PLACE}?{further}")
