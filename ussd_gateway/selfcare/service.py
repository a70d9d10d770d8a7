"""What self-care does for a SIM, whoever asks: a phone by USSD or SMS, a browser. The time is the gateway's."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ussd_gateway.config import Subscriber
from ussd_gateway.gateway import Gateway
from ussd_gateway.selfcare.channels import DAY, USSD, WEB
from ussd_gateway.selfcare.records.records import Records
from ussd_gateway.selfcare.records.sims import Sim

REQUESTS_A_DAY = 5
"""How often one number may ask others to call back, and as often to top up its account (2.3)."""


@dataclass(frozen=True, slots=True)
class Account:
    """What the cabinet shows. `balance` in kopecks, `services` as codes."""

    msisdn: str
    owner: str
    balance: int
    tariff: str
    services: tuple[str, ...]


class Service:
    """The use cases. Every method takes a number in international digits, as the network gives it."""

    def __init__(self, subscribers: Iterable[Subscriber], records: Records, gateway: Gateway) -> None:
        self._subscribers = tuple(subscribers)
        self._records = records
        self._gateway = gateway
        self.on_disconnected: list[Callable[[str], None]] = []
        """Told of a number that has a service no more, within the change."""
        records.sims.add_missing(self._subscribers, gateway.now())

    # The SIM -------------------------------------------------------------------------------------------------------

    def ensure(self, msisdn: str, channel: str = USSD) -> Sim:
        """The subscriber of a number that dials or sends; it becomes one by doing so (R100)."""
        return self._records.sims.ensure(msisdn, self._gateway.now(), channel)

    def is_active(self, msisdn: str) -> bool:
        """Whether the number is a subscriber that is neither blocked nor closed."""
        sim = self._records.sims.sim(msisdn)
        return sim is not None and sim.status == "active"

    def may_log_in(self, msisdn: str) -> bool:
        """Whether the number's subscriber may see his account; a blocked one may."""
        sim = self._records.sims.sim(msisdn)
        return sim is not None and sim.status != "closed"

    def language(self, msisdn: str) -> str:
        """The language of the SIM's service texts: "ru", "en" or "latin"; "ru" for a number that is no subscriber."""
        sim = self._records.sims.sim(msisdn)
        return sim.language if sim else "ru"

    def set_language(self, msisdn: str, language: str, channel: str = WEB) -> None:
        """Every later text of the SIM is in this language (2.2)."""
        if self.ensure(msisdn, channel).language != language:
            self._records.sims.set_language(msisdn, language, self._gateway.now(), channel)
            self._gateway.note("handset.language", msisdn=msisdn, language=language, channel=channel)

    def balance(self, msisdn: str) -> int:
        """Kopecks."""
        return self._records.ledger.balance(msisdn)

    def tariff(self, msisdn: str) -> str:
        """The tariff's name; "" for a number that is no subscriber."""
        sim = self._records.sims.sim(msisdn)
        return sim.tariff if sim else ""

    def account(self, msisdn: str) -> Account:
        """What the cabinet shows of a subscriber's number."""
        sim = self._records.sims.sim(msisdn)
        assert sim is not None, "it has logged in"
        return Account(msisdn, sim.owner, self.balance(msisdn), sim.tariff, self.services(msisdn))

    # Services ------------------------------------------------------------------------------------------------------

    def services(self, msisdn: str) -> tuple[str, ...]:
        """The codes of the services that are on."""
        return self._records.services.services(msisdn)

    def connect(self, msisdn: str, service: str, channel: str) -> str:
        """Switches a service on, free (R153, R154): "connected", "already_connected" (R155), or "refused" (R151)."""
        if not self.is_active(msisdn):
            return "refused"
        if service in self._records.services.services(msisdn):
            return "already_connected"
        self._records.services.connect(msisdn, service, self._gateway.now(), channel)
        self._gateway.note("selfcare.service_connected", msisdn=msisdn, service=service, channel=channel)
        return "connected"

    def disconnect(self, msisdn: str, service: str, channel: str) -> str:
        """Switches a service off: "disconnected", "not_connected" or "refused"."""
        if not self.is_active(msisdn):
            return "refused"
        if service not in self._records.services.services(msisdn):
            return "not_connected"
        with self._records.changes.together():
            self._records.services.disconnect(msisdn, service, self._gateway.now(), channel)
            for observer in self.on_disconnected:
                observer(msisdn)
        self._gateway.note("selfcare.service_disconnected", msisdn=msisdn, service=service, channel=channel)
        return "disconnected"

    # Requests to other subscribers ---------------------------------------------------------------------------------

    def ask(self, what: str, msisdn: str, other: str, channel: str) -> str:
        """One number asks another for something, such as "call_me_back": "sent", "own", "too_often" or "refused" (2.3).

        Free; at most REQUESTS_A_DAY of a kind leave from one number. Whoever calls this sends the SMS.
        """
        if not self.is_active(msisdn):
            return "refused"
        if other == msisdn:
            return "own"
        now = self._gateway.now()
        if self._records.requests.asked_since(what, msisdn, now - DAY) >= REQUESTS_A_DAY:
            return "too_often"
        self._records.requests.ask(what, msisdn, other, now, channel)
        self._gateway.note("selfcare.asked", what=what, msisdn=msisdn, other=other, channel=channel)
        return "sent"

    # All of it -----------------------------------------------------------------------------------------------------

    def reset(self) -> None:
        """Everything back to what the config says."""
        self._records.clear()
        self._records.sims.add_missing(self._subscribers, self._gateway.now())
