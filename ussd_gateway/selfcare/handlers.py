"""What menus may call: each handler answers a word of the menu's `on`, or what its text shows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from ussd_gateway.network.message import Ussd
from ussd_gateway.selfcare.service import USSD, Service
from ussd_gateway.selfcare.texts import NUMBERS, service_name

Result = str | Mapping[str, object]
Handler = Callable[[Ussd], Awaitable[Result]]

UNAVAILABLE = "unavailable"
REFUSED = "refused"

NAMES = (
    "selfcare.balance",
    "selfcare.tariff",
    "selfcare.services",
    "selfcare.cabinet_password",
    "selfcare.numbers_connect",
    "selfcare.numbers_disconnect",
    "selfcare.numbers_state",
    "selfcare.language_russian",
    "selfcare.language_latin",
)
"""The names of all handlers; each is a method of `_Handlers`."""


def handlers(service: Service, *, enabled: bool = True) -> dict[str, Handler]:
    """The handlers by the names that menus/*.toml give them; while self-care is switched off all say "unavailable"."""
    found = _Handlers(service)
    return {
        name: _for_active_sims(service, getattr(found, name.removeprefix("selfcare."))) if enabled else _unavailable
        for name in NAMES
    }


def _for_active_sims(service: Service, answer: Callable[[Ussd], Result | Awaitable[Result]]) -> Handler:
    """The number is the dialling SIM's own, from the network (R117); a blocked one is refused (R119)."""

    async def handler(ussd: Ussd) -> Result:
        service.ensure(ussd.msisdn)
        if not service.is_active(ussd.msisdn):
            return REFUSED
        result = answer(ussd)
        return result if isinstance(result, str | Mapping) else await result

    return handler


async def _unavailable(ussd: Ussd) -> Result:
    return UNAVAILABLE


class _Handlers:
    def __init__(self, service: Service) -> None:
        self._service = service

    def balance(self, ussd: Ussd) -> Result:
        return {"balance": self._service.balance(ussd.msisdn)}

    def tariff(self, ussd: Ussd) -> Result:
        return {"tariff": self._service.tariff(ussd.msisdn)}

    def services(self, ussd: Ussd) -> Result:
        language = self._service.language(ussd.msisdn)
        return {"services": [service_name(code, language) for code in self._service.services(ussd.msisdn)]}

    async def cabinet_password(self, ussd: Ussd) -> Result:
        issue = await self._service.issue_password(ussd.msisdn, USSD, ussd.session)
        if issue.result != "shown":
            return issue.result
        return UNAVAILABLE if issue.password is None else {"result": "shown", "password": issue.password}

    def numbers_connect(self, ussd: Ussd) -> Result:
        return self._service.connect(ussd.msisdn, NUMBERS, USSD)

    def numbers_disconnect(self, ussd: Ussd) -> Result:
        return self._service.disconnect(ussd.msisdn, NUMBERS, USSD)

    def numbers_state(self, ussd: Ussd) -> Result:
        return "on" if NUMBERS in self._service.services(ussd.msisdn) else "off"

    def language_russian(self, ussd: Ussd) -> Result:
        self._service.set_language(ussd.msisdn, "ru", USSD)
        return "done"

    def language_latin(self, ussd: Ussd) -> Result:
        self._service.set_language(ussd.msisdn, "latin", USSD)
        return "done"
