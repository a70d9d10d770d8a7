"""What the cabinet's pages say of the application: where it is to be had, and on which devices it is logged in."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from ussd_gateway.selfcare.app.platforms import platforms
from ussd_gateway.selfcare.channels import WEB
from ussd_gateway.selfcare.tokens import Tokens
from ussd_gateway.selfcare.web.site import NOT_FOUND, Site, Values, Visit, authorised

SETTINGS = "/cabinet/settings"


class AppPages:
    """A section of the overview, one of the settings, and the form of that."""

    def __init__(self, site: Site, tokens: Tokens) -> None:
        self._tokens = tokens
        site.add_folder(Path(__file__).parent)
        site.post(f"{SETTINGS}/devices/{{id}}/end", self.end)
        site.add_section("overview", "app_offer.html", self._offer, order=900)
        site.add_section("settings", "app_devices.html", self._devices, order=50)

    @authorised
    async def end(self, visit: Visit) -> web.StreamResponse:
        """The device has to log in again."""
        id = visit.request.match_info["id"]
        if id not in {str(token.id) for token in self._tokens.listed(visit.who)}:
            raise NOT_FOUND
        self._tokens.revoke(visit.who, int(id), WEB)
        return visit.go(f"{SETTINGS}?done=app_device")

    def _offer(self, visit: Visit) -> Values:
        return {"stores": [platform.store for platform in platforms().values() if platform.store]}

    def _devices(self, visit: Visit) -> Values:
        return {"tokens": self._tokens.listed(visit.who), "platforms": platforms()}
