"""Expenses, tariff and options for the subscriber's application: the same as the cabinet's pages of money."""

from __future__ import annotations

from aiohttp import web
from pydantic import Field, NonNegativeInt, model_validator

from ussd_gateway.clock import iso
from ussd_gateway.gateway import Gateway
from ussd_gateway.http import body
from ussd_gateway.http.problem import problem
from ussd_gateway.http.route import Route
from ussd_gateway.selfcare.app.door import PLACE, Door
from ussd_gateway.selfcare.cabinet.money.pages import REFUSALS
from ussd_gateway.selfcare.cabinet.money.report import Report
from ussd_gateway.selfcare.cabinets import Cabinets
from ussd_gateway.selfcare.channels import APP
from ussd_gateway.selfcare.records.ledger import Ledger
from ussd_gateway.selfcare.records.tokens import Token
from ussd_gateway.selfcare.tariffs import Held, Tariffs
from ussd_gateway.subscribers.tariffs import Offer, bounds, month_of

TITLES = {
    "poor": "There is too little money on the account",
    "price": "It costs another sum; ask for the price anew",
    "same": "The number has it already",
    "refused": "The number is blocked",
    "unknown": "There is no such offer",
}


class NewTariff(body.Body):
    """`PUT /tariff`; `key` names the request, whose repeat has no other effect."""

    tariff: str
    price_kopecks: NonNegativeInt
    key: str = Field(min_length=1, max_length=100)


class OptionSwitch(body.Body):
    """`PUT /options`."""

    option: str
    connected: bool
    price_kopecks: NonNegativeInt | None = None
    key: str = Field("", max_length=100)

    @model_validator(mode="after")
    def _agreed(self) -> OptionSwitch:
        if self.connected and (self.price_kopecks is None or not self.key):
            raise ValueError("to connect an option takes price_kopecks, which was agreed to, and a key")
        return self


class MoneyApi:
    """The rows of the API. What costs money says the price that its subscriber has agreed to (3.4)."""

    def __init__(self, door: Door, gateway: Gateway, tariffs: Tariffs, ledger: Ledger, cabinets: Cabinets) -> None:
        self._door = door
        self._gateway = gateway
        self._tariffs = tariffs
        self._ledger = ledger
        self._cabinets = cabinets

    def routes(self) -> list[Route]:
        """What is answered."""
        owned = self._door.owned
        month = {"month": "such as 2018-04; without it the present one, in Moscow time"}
        return [
            Route("GET", f"{PLACE}/expenses", owned(self.expenses), query=month),
            Route("GET", f"{PLACE}/tariff", owned(self.tariff)),
            Route("PUT", f"{PLACE}/tariff", owned(self.change_tariff), NewTariff),
            Route("GET", f"{PLACE}/options", owned(self.options)),
            Route("PUT", f"{PLACE}/options", owned(self.switch_option), OptionSwitch),
        ]

    async def expenses(self, request: web.Request, token: Token) -> web.Response:
        """The detailed report of a month, which adds up to the balance"""
        month = request.query.get("month") or month_of(self._gateway.now())
        since, before = bounds(month)
        entries = tuple(self._ledger.booked(token.msisdn, since, before))
        report = Report(month, self._ledger.balance_at(token.msisdn, since), entries)
        return body.answer(
            {
                "month": month,
                "opening_kopecks": report.opening,
                "income_kopecks": report.income,
                "outgo_kopecks": report.outgo,
                "closing_kopecks": report.closing,
                "entries": [{**entry._asdict(), "at": iso(entry.at)} for entry in entries],
            }
        )

    async def tariff(self, request: web.Request, token: Token) -> web.Response:
        """The tariff, and those that it can be changed to"""
        return self._tariff(token.msisdn)

    async def change_tariff(self, request: web.Request, token: Token) -> web.Response:
        """Another tariff, at once, for the price that was agreed to"""
        wanted = await body.read(request, NewTariff)
        key = f"{APP} {wanted.key}"
        word = self._tariffs.change_tariff(token.msisdn, wanted.tariff, wanted.price_kopecks, APP, key)
        return _refused(word) or self._tariff(token.msisdn)

    async def options(self, request: web.Request, token: Token) -> web.Response:
        """The options that are connected, and the others"""
        return self._options(token.msisdn)

    async def switch_option(self, request: web.Request, token: Token) -> web.Response:
        """Connect an option for the price that was agreed to, or disconnect one"""
        wanted = await body.read(request, OptionSwitch)
        if wanted.connected:
            price, key = wanted.price_kopecks or 0, f"{APP} {wanted.key}"
            word = self._tariffs.connect_option(token.msisdn, wanted.option, price, APP, key)
        else:
            word = self._tariffs.disconnect_option(token.msisdn, wanted.option, APP)
        return _refused(word) or self._options(token.msisdn)

    def _tariff(self, msisdn: str) -> web.Response:
        held = self._tariffs.tariff(msisdn)
        others = [offer for offer in self._tariffs.catalogue.tariff if offer != held.offer]
        return body.answer({"tariff": self._held(msisdn, held), "others": self._offers(msisdn, others)})

    def _options(self, msisdn: str) -> web.Response:
        held = self._tariffs.options(msisdn)
        codes = {one.offer.code for one in held}
        others = [offer for offer in self._tariffs.catalogue.option if offer.code not in codes]
        connected = [self._held(msisdn, one) for one in held]
        return body.answer({"options": connected, "others": self._offers(msisdn, others)})

    def _held(self, msisdn: str, held: Held) -> dict[str, object]:
        return {**self._offer(msisdn, held.offer), "paid_until": None if held.due is None else iso(held.due)}

    def _offers(self, msisdn: str, offers: list[Offer]) -> list[dict[str, object]]:
        return [self._offer(msisdn, offer) for offer in offers]

    def _offer(self, msisdn: str, offer: Offer) -> dict[str, object]:
        return {
            "code": offer.code,
            "name": offer.name.in_(self._cabinets.language(msisdn)),
            "price_kopecks": offer.price,
            "fee_kopecks": offer.fee,
            "minutes": offer.minutes,
            "sms": offer.sms,
            "megabytes": offer.megabytes,
            "bonus_minutes": offer.bonus_minutes,
        }


def _refused(word: str) -> web.Response | None:
    return problem(REFUSALS[word], TITLES[word]) if word in REFUSALS else None
