"""The pages of social networks: logos in the settings and on the log-in page, and the ways there and back (R130-R135)."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path

from aiohttp import web

from ussd_gateway.selfcare.cabinet.entrance import Entrance
from ussd_gateway.selfcare.channels import WEB
from ussd_gateway.selfcare.social.oauth import OAuth, SocialError, callback
from ussd_gateway.selfcare.socials import Network, Socials
from ussd_gateway.selfcare.web.site import NOT_FOUND, PageError, Site, Values, Visit, authorised

PLACE = "/cabinet/social/{network}"
SETTINGS = "/cabinet/settings"

STATUSES = {"stale": HTTPStatus.BAD_REQUEST, "cancelled": HTTPStatus.OK, "failed": HTTPStatus.BAD_GATEWAY}
"""What the page answers whose person did not come in; its words are the texts error.social_<reason>."""


class SocialPages:
    """Bind and unbind, for who is logged in; log in, for everybody."""

    def __init__(self, site: Site, entrance: Entrance, socials: Socials, oauth: OAuth) -> None:
        self._site = site
        self._entrance = entrance
        self._socials = socials
        self._oauth = oauth
        site.on_reset(oauth.clear)
        site.add_folder(Path(__file__).parent)
        if not socials.networks:
            return
        site.get(PLACE, self.log_in)
        site.get(callback("{network}"), self.come_back)
        site.post(f"{PLACE}/bind", self.bind)
        site.post(f"{PLACE}/unbind", self.unbind)
        site.add_section("settings", "social_settings.html", self._bound, order=1000)
        site.add_section("log_in", "social_log_in.html", self._offered, order=10)

    async def log_in(self, visit: Visit) -> web.StreamResponse:
        """GET: to the network, and back into the cabinet that it is bound to (R132)."""
        network = self._network(visit)
        return visit.go("/cabinet") if visit.session.who else self._go(visit, network, None)

    @authorised
    async def bind(self, visit: Visit) -> web.StreamResponse:
        """POST: to the network, and back with an account to bind (R135)."""
        return self._go(visit, self._network(visit), visit.who)

    @authorised
    async def unbind(self, visit: Visit) -> web.StreamResponse:
        """POST: the network opens nothing from now on (R134)."""
        word = self._socials.unbind(visit.who, self._network(visit), WEB)
        return visit.go(f"{SETTINGS}?done=social_{word}")

    async def come_back(self, visit: Visit) -> web.StreamResponse:
        """GET: from the network, with a code or an error."""
        network = self._network(visit)
        try:
            query = visit.request.rel_url.raw_query_string
            begun, person = await self._oauth.finish(network, query, visit.session.key)
        except SocialError as error:
            raise PageError(STATUSES[error.reason], f"social_{error.reason}") from None
        # The session may have ended while the network was asked
        _, visit.session = self._site.sessions.find(visit.realm, visit.cookie)
        if begun.who is None:
            msisdn = self._socials.log_in(network, person, WEB)
            if msisdn is None:
                raise PageError(HTTPStatus.FORBIDDEN, "social_unknown")
            return self._entrance.enter(visit, msisdn, self._site.records.passwords.issue(msisdn))
        if visit.session.who != begun.who:
            raise PageError(HTTPStatus.UNAUTHORIZED, "unauthorised")
        word = self._socials.bind(begun.who, network, person, WEB)
        if word != "bound":
            raise PageError(HTTPStatus.CONFLICT, f"social_{word}")
        return visit.go(f"{SETTINGS}?done=social_bound")

    def _go(self, visit: Visit, network: Network, who: str | None) -> web.Response:
        origin = str(visit.request.url.origin())
        return visit.go(self._oauth.begin(network, origin, visit.session.key, who, visit.language))

    def _network(self, visit: Visit) -> Network:
        network = self._socials.networks.get(visit.request.match_info["network"])
        if network is None:
            raise NOT_FOUND
        return network

    def _bound(self, visit: Visit) -> Values:
        return {"networks": self._socials.networks.values(), "bindings": self._socials.bindings(visit.who)}

    def _offered(self, visit: Visit) -> Values:
        return {"networks": self._socials.networks.values()}
