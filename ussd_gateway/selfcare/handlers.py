"""What menus may call: each handler answers a word of the menu's `on`, or what its text shows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Protocol

from ussd_gateway.selfcare.channels import USSD
from ussd_gateway.selfcare.issuing import Issuing
from ussd_gateway.selfcare.service import Service
from ussd_gateway.selfcare.texts import NUMBERS, service_name
from ussd_gateway.subscribers.profiles import ASKS, GENERATES


class Turn(Protocol):
    """What a handler is given: who dials, in which dialogue, and what it knows by now."""

    @property
    def msisdn(self) -> str:
        """The dialling SIM's number, from the network (R117)."""

    @property
    def session(self) -> str:
        """The id of the dialogue."""

    @property
    def variables(self) -> Mapping[str, object]:
        """What was typed and answered so far."""


Result = str | Mapping[str, object]
Handler = Callable[[Turn], Awaitable[Result]]

UNAVAILABLE = "unavailable"
REFUSED = "refused"

NAMES = (
    "selfcare.balance",
    "selfcare.tariff",
    "selfcare.services",
    "selfcare.cabinet_password",
    "selfcare.own_password",
    "selfcare.call_me_back",
    "selfcare.top_up_request",
    "selfcare.numbers_connect",
    "selfcare.numbers_disconnect",
    "selfcare.numbers_state",
    "selfcare.language_russian",
    "selfcare.language_latin",
)
"""The names of all handlers; each is a method of `_Handlers`."""


def handlers(service: Service, issuing: Issuing, *, enabled: bool = True) -> dict[str, Handler]:
    """The handlers by the names that menus/*.toml give them; while self-care is switched off all say "unavailable"."""
    return bound(_Handlers(service, issuing), NAMES, service, enabled=enabled)


def bound(methods: object, names: Iterable[str], service: Service, *, enabled: bool) -> dict[str, Handler]:
    """The methods by the names that menus give them: "selfcare.balance" is `methods.balance`."""
    return {
        name: _for_active_sims(service, getattr(methods, name.removeprefix("selfcare."))) if enabled else _unavailable
        for name in names
    }


def _for_active_sims(service: Service, answer: Callable[[Turn], Result | Awaitable[Result]]) -> Handler:
    """The number is the dialling SIM's own, from the network (R117); a blocked one is refused (R119)."""

    async def handler(turn: Turn) -> Result:
        service.ensure(turn.msisdn)
        if not service.is_active(turn.msisdn):
            return REFUSED
        result = answer(turn)
        return result if isinstance(result, str | Mapping) else await result

    return handler


async def _unavailable(turn: Turn) -> Result:
    return UNAVAILABLE


class _Handlers:
    def __init__(self, service: Service, issuing: Issuing) -> None:
        self._service = service
        self._issuing = issuing

    def balance(self, turn: Turn) -> Result:
        return {"balance": self._service.balance(turn.msisdn)}

    def tariff(self, turn: Turn) -> Result:
        return {"tariff": self._service.tariff(turn.msisdn), "services": self._services(turn.msisdn)}

    def services(self, turn: Turn) -> Result:
        return {"services": self._services(turn.msisdn)}

    def _services(self, msisdn: str) -> list[str]:
        language = self._service.language(msisdn)
        return [service_name(code, language) for code in self._service.services(msisdn)]

    def call_me_back(self, turn: Turn) -> Result:
        return self._service.ask("call_me_back", turn.msisdn, str(turn.variables["number"]), USSD)

    def top_up_request(self, turn: Turn) -> Result:
        return self._service.ask("top_up_request", turn.msisdn, str(turn.variables["number"]), USSD)

    async def cabinet_password(self, turn: Turn) -> Result:
        dialled = self._issuing.profile.dialled
        if dialled != GENERATES:
            return dialled
        issue = await self._issuing.issue_password(turn.msisdn, USSD, turn.session)
        if issue.result != "shown":
            return issue.result
        return UNAVAILABLE if issue.password is None else {"result": "shown", "password": issue.password}

    async def own_password(self, turn: Turn) -> Result:
        if self._issuing.profile.dialled != ASKS:
            return REFUSED
        password = str(turn.variables["own_password"])
        return (await self._issuing.set_password(turn.msisdn, password, USSD, turn.session)).result

    def numbers_connect(self, turn: Turn) -> Result:
        return self._service.connect(turn.msisdn, NUMBERS, USSD)

    def numbers_disconnect(self, turn: Turn) -> Result:
        return self._service.disconnect(turn.msisdn, NUMBERS, USSD)

    def numbers_state(self, turn: Turn) -> Result:
        return "on" if NUMBERS in self._service.services(turn.msisdn) else "off"

    def language_russian(self, turn: Turn) -> Result:
        self._service.set_language(turn.msisdn, "ru", USSD)
        return "done"

    def language_latin(self, turn: Turn) -> Result:
        self._service.set_language(turn.msisdn, "latin", USSD)
        return "done"
