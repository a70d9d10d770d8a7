"""The subscriber's pages, put on the site."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from ussd_gateway.selfcare.cabinet.entrance import Entrance
from ussd_gateway.selfcare.cabinet.home import Home
from ussd_gateway.selfcare.cabinet.password import PLACE as PASSWORD
from ussd_gateway.selfcare.cabinet.password import PasswordWindow
from ussd_gateway.selfcare.cabinet.settings import Settings
from ussd_gateway.selfcare.cabinets import Cabinets
from ussd_gateway.selfcare.channels import WEB
from ussd_gateway.selfcare.hashing import Hasher
from ussd_gateway.selfcare.issuing import Issuing
from ussd_gateway.selfcare.log_in import LogIn
from ussd_gateway.selfcare.records.web_sessions import Session
from ussd_gateway.selfcare.service import Service
from ussd_gateway.selfcare.texts import service_name
from ussd_gateway.selfcare.web.sessions import Realm
from ussd_gateway.selfcare.web.site import Site, Visit, authorised

CABINET = "cabinet"


class CabinetPages:
    """/cabinet and what is below it, and /home. `entrance` is for whoever lets people in by another way."""

    def __init__(
        self, site: Site, service: Service, issuing: Issuing, log_in: LogIn, cabinets: Cabinets, hasher: Hasher
    ) -> None:
        self._site = site
        self._service = service
        site.add_folder(Path(__file__).parent)
        site.add_realm(Realm(CABINET, "/cabinet", self._still))
        site.language_of = lambda session: cabinets.language(session.who or "") if session.realm == CABINET else None
        self.entrance = Entrance(site, log_in, cabinets)
        window = PasswordWindow(site, issuing)
        site.get("/cabinet", self.first_page)
        site.post("/cabinet", self.entrance.log_in)
        site.post("/cabinet/log-out", self.log_out)
        site.get(PASSWORD, window.show)
        site.post(PASSWORD, window.ask)
        site.add_link("/cabinet", "overview.link", order=10)
        Settings(site, issuing, cabinets)
        Home(site, hasher)

    async def first_page(self, visit: Visit) -> web.StreamResponse:
        """GET /cabinet: the log-in form, or the overview."""
        if visit.session.who is None:
            return self.entrance.form(visit)
        account = self._service.account(visit.msisdn)
        return visit.page(
            "overview.html",
            account=account,
            services=[service_name(code, visit.language) for code in account.services],
            sections=self._site.sections("overview", visit),
        )

    @authorised
    async def log_out(self, visit: Visit) -> web.StreamResponse:
        """POST /cabinet/log-out."""
        return visit.log_out("/cabinet", WEB)

    def _still(self, session: Session) -> bool:
        """Until the number is closed, or, as the settings want it, has another password (R129)."""
        records, who = self._site.records, session.who or ""
        sim = records.sims.sim(who)
        if sim is None or sim.status == "closed":
            return False
        return not self._site.settings.password_ends_sessions or records.passwords.issue(who) == session.issue
