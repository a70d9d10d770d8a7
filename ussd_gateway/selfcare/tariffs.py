"""Tariffs and options of a number: what it has, what it may change, and the months that are paid for.

A month is paid at its beginning, on the gateway's clock. When there is too little money, nothing is taken and nothing of
the tariff or option can be used; its next month begins when the money is there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ussd_gateway.gateway import Gateway
from ussd_gateway.selfcare.alarm import Alarm
from ussd_gateway.selfcare.channels import CLOCK, Send
from ussd_gateway.selfcare.money_texts import money_sms
from ussd_gateway.selfcare.once import once
from ussd_gateway.selfcare.records.records import Records
from ussd_gateway.selfcare.records.subscriptions import TARIFF, Due, Subscription
from ussd_gateway.selfcare.service import Service
from ussd_gateway.subscribers.tariffs import Catalogue, Offer, Package, next_due, package

NEVER = Subscription(TARIFF, 0.0, None)


@dataclass(frozen=True, slots=True)
class Held:
    """A tariff or option that a number has.

    due  when the month that is paid ends; None where there is nothing to pay, or too little money
    """

    offer: Offer
    due: float | None

    @property
    def runs(self) -> bool:
        """Whether what is in it can be used."""
        return self.due is not None or self.offer.fee == 0


class Tariffs:
    """The use cases. Every method takes a number in international digits, as the network gives it.

    sender  where the SMS about money come from
    """

    def __init__(
        self, catalogue: Catalogue, records: Records, service: Service, gateway: Gateway, send: Send, *, sender: str
    ) -> None:
        self.catalogue = catalogue
        self._records = records
        self._service = service
        self._gateway = gateway
        self._send = send
        self._sender = sender
        self._alarm = Alarm(gateway, records.subscriptions.soonest, self._month_ended)

    def start(self) -> None:
        """Books what became due while the gateway was stopped; the first month of who is new and has money begins now."""
        now = self._gateway.now()
        for msisdn, name in self._records.subscriptions.without_months():
            if self.catalogue.tariff_called(name).fee:
                with self._records.changes.change("tariff.begun", now, who=msisdn, channel=CLOCK, tariff=name):
                    self._records.subscriptions.keep(msisdn, TARIFF, now, next_due(now, now))
        self._alarm.set()

    def stop(self) -> None:
        """Nothing more becomes due."""
        self._alarm.stop()

    # What a number has ---------------------------------------------------------------------------------------------

    def tariff(self, msisdn: str) -> Held:
        """Its tariff."""
        offer = self.catalogue.tariff_called(self._service.tariff(msisdn))
        return Held(offer, self._records.subscriptions.all(msisdn).get(TARIFF, NEVER).due)

    def options(self, msisdn: str) -> tuple[Held, ...]:
        """Its options, the oldest first."""
        return tuple(
            Held(self.catalogue.option_coded(code), subscription.due)
            for code, subscription in self._records.subscriptions.all(msisdn).items()
            if code != TARIFF
        )

    def package(self, msisdn: str) -> Package:
        """What is left of the month. Calls and traffic are not simulated, so it is all that was in it."""
        return package(held.offer for held in (self.tariff(msisdn), *self.options(msisdn)) if held.runs)

    def paid(self, msisdn: str) -> tuple[Offer, ...]:
        """What costs the number something every month."""
        return tuple(held.offer for held in (self.tariff(msisdn), *self.options(msisdn)) if held.offer.fee)

    def wants_notices(self, msisdn: str) -> bool:
        """Whether the number wants to be told of its traffic."""
        return self._records.subscriptions.wants_notices(msisdn)

    def set_notices(self, msisdn: str, on: bool, channel: str) -> None:
        """Whether it wants to be, from now on; free."""
        if on != self.wants_notices(msisdn):
            self._records.subscriptions.set_notices(msisdn, on, self._gateway.now(), channel)

    # What it may change --------------------------------------------------------------------------------------------

    def change_tariff(self, msisdn: str, code: str, price: int, channel: str, key: str) -> str:
        """Another tariff at once, for what it costs to change and its first month.

        "changed", or, and nothing changes: "unknown", "same", "poor", "refused" for a SIM that is not active, "price" where
        `price`, which the subscriber has agreed to, is another.

        key  names the request: a repeat has the same answer and no other effect (3.2, invariant 14)
        """
        return self._once(msisdn, key, lambda: self._change_tariff(msisdn, code, price, channel))

    def connect_option(self, msisdn: str, code: str, price: int, channel: str, key: str) -> str:
        """An option on at once, for its first month; "connected", or as above, "same" where it is on already."""
        return self._once(msisdn, key, lambda: self._connect_option(msisdn, code, price, channel))

    def disconnect_option(self, msisdn: str, code: str, channel: str) -> str:
        """An option off at once, free; what was paid is not returned. "disconnected", "not_connected" or "refused"."""
        if not self._service.is_active(msisdn):
            return "refused"
        if code == TARIFF or code not in self._records.subscriptions.all(msisdn):
            return "not_connected"
        with self._records.changes.change(
            "option.disconnected", self._gateway.now(), who=msisdn, channel=channel, option=code
        ):
            self._records.subscriptions.end(msisdn, code)
        self._alarm.set()
        self._gateway.note("selfcare.option_disconnected", msisdn=msisdn, option=code, channel=channel)
        return "disconnected"

    def _once(self, msisdn: str, key: str, act: Callable[[], str]) -> str:
        answer = once(self._records, msisdn, key, self._gateway.now(), lambda: {"result": act()})
        self._alarm.set()
        return str(answer["result"])

    def _change_tariff(self, msisdn: str, code: str, price: int, channel: str) -> str:
        offer = next((offer for offer in self.catalogue.tariff if offer.code == code), None)
        if offer == self.tariff(msisdn).offer:
            return "same"
        if refusal := self._refusal(msisdn, offer, price):
            return refusal
        assert offer is not None
        now = self._gateway.now()
        with self._records.changes.change("tariff.changed", now, who=msisdn, channel=channel, tariff=code, price=price):
            if offer.change:
                self._records.ledger.enter(msisdn, now, -offer.change, "tariff_change", offer.code)
            self._begin(msisdn, TARIFF, offer, now)
            self._records.subscriptions.set_tariff(msisdn, offer.name.ru)
        self._gateway.note("selfcare.tariff_changed", msisdn=msisdn, tariff=code, price=price, channel=channel)
        return "changed"

    def _connect_option(self, msisdn: str, code: str, price: int, channel: str) -> str:
        offer = next((offer for offer in self.catalogue.option if offer.code == code), None)
        if offer is not None and code in self._records.subscriptions.all(msisdn):
            return "same"
        if refusal := self._refusal(msisdn, offer, price):
            return refusal
        assert offer is not None
        now = self._gateway.now()
        with self._records.changes.change(
            "option.connected", now, who=msisdn, channel=channel, option=code, price=price
        ):
            self._begin(msisdn, code, offer, now)
        self._gateway.note("selfcare.option_connected", msisdn=msisdn, option=code, price=price, channel=channel)
        return "connected"

    def _refusal(self, msisdn: str, offer: Offer | None, price: int) -> str | None:
        if not self._service.is_active(msisdn):
            return "refused"
        if offer is None:
            return "unknown"
        if price != offer.price:
            return "price"
        return "poor" if price and self._service.balance(msisdn) < price else None

    # Months --------------------------------------------------------------------------------------------------------

    def renew(self, msisdn: str, at: float) -> None:
        """There is money: begins the months that waited for it, the tariff's first. Within the change that brings it."""
        months = self._records.subscriptions.all(msisdn)
        tariff = self.tariff(msisdn)
        waiting = [(TARIFF, tariff), *((held.offer.code, held) for held in self.options(msisdn))]
        for code, held in waiting:
            if not held.runs and self._can_pay(msisdn, held.offer):
                with self._records.changes.change("month.begun", at, who=msisdn, channel=CLOCK, code=held.offer.code):
                    self._begin(msisdn, code, held.offer, at)
        if months != self._records.subscriptions.all(msisdn):
            self._alarm.set()

    def sim_changed(self, msisdn: str) -> None:
        """The SIM is in another state: what waited while it was blocked begins when it is active. Within the change."""
        self.renew(msisdn, self._gateway.now())

    def _begin(self, msisdn: str, code: str, offer: Offer, at: float, since: float | None = None) -> None:
        """A month begins at `at`, and its fee is taken; months are counted from `since`."""
        first = at if since is None else since
        if offer.fee:
            kind = "option_fee" if code else "tariff_fee"
            self._records.ledger.enter(msisdn, at, -offer.fee, kind, offer.code)
        self._records.subscriptions.keep(msisdn, code, first, next_due(first, at) if offer.fee else None)

    def _can_pay(self, msisdn: str, offer: Offer) -> bool:
        return self._service.is_active(msisdn) and self._service.balance(msisdn) >= offer.fee

    def _month_ended(self, now: float) -> None:
        while found := self._records.subscriptions.due(now):
            for due in found:
                self._end_month(due)

    def _end_month(self, due: Due) -> None:
        msisdn, (code, since, at) = due
        assert at is not None
        offer = (
            self.catalogue.option_coded(code) if code else self.catalogue.tariff_called(self._service.tariff(msisdn))
        )
        if self._can_pay(msisdn, offer):
            with self._records.changes.change("month.begun", at, who=msisdn, channel=CLOCK, code=offer.code):
                self._begin(msisdn, code, offer, at, since)
            return
        with self._records.changes.change("month.unpaid", at, who=msisdn, channel=CLOCK, code=offer.code):
            self._records.subscriptions.keep(msisdn, code, since, None)
        language = self._service.language(msisdn)
        self._gateway.note("selfcare.month_unpaid", msisdn=msisdn, code=offer.code)
        self._send(self._sender, msisdn, money_sms("unpaid", language, name=offer.name.in_(language), fee=offer.fee))
