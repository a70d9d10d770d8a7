"""Social networks that open a cabinet without number and password (R130-R135)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from markupsafe import Markup

from ussd_gateway.config import SelfcareSection
from ussd_gateway.gateway import Gateway
from ussd_gateway.selfcare.channels import Send
from ussd_gateway.selfcare.records.records import Records
from ussd_gateway.selfcare.records.socials import Binding
from ussd_gateway.selfcare.service import Service
from ussd_gateway.selfcare.texts import social_sms


@dataclass(frozen=True, slots=True)
class Network:
    """A social network, and as whom self-care is known to it.

    title   in "ru" and "en"
    accent  its colour, "#rrggbb"
    logo    an <svg> of 32 x 32 in the colour of the text around it
    place   where /authorize, /token and /userinfo are: a path of the gateway's own address
    """

    name: str
    title: Mapping[str, str]
    accent: str
    logo: Markup
    place: str
    client_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a network says somebody is."""

    external_id: str
    name: str


class Socials:
    """The use cases; `msisdn` is the cabinet's own number."""

    def __init__(
        self,
        settings: SelfcareSection,
        networks: Iterable[Network],
        records: Records,
        service: Service,
        gateway: Gateway,
        send: Send,
    ) -> None:
        self.networks = {network.name: network for network in networks}
        self._settings = settings
        self._records = records
        self._service = service
        self._gateway = gateway
        self._send = send

    def bindings(self, msisdn: str) -> dict[str, Binding]:
        """What is bound to the cabinet, by network."""
        return self._records.socials.of_cabinet(msisdn)

    def bind(self, msisdn: str, network: Network, person: Person, channel: str) -> str:
        """Binds one more network (R130): "bound"; "taken" by another cabinet (R133); "already" has one of this network.

        To be called for somebody who is logged in (R135). The SIM is told (3.4).
        """
        socials, now = self._records.socials, self._gateway.now()
        before = socials.of_account(network.name, person.external_id)
        if before and before.msisdn != msisdn:
            self._gateway.note("selfcare.social_refused", msisdn=msisdn, network=network.name, result="taken")
            return "taken"
        if network.name in socials.of_cabinet(msisdn):
            return "already"
        with self._records.changes.change("social.bound", now, who=msisdn, channel=channel, network=network.name):
            socials.bind(Binding(network.name, person.external_id, msisdn, person.name, now))
        self._tell("bound", msisdn, network, channel)
        return "bound"

    def unbind(self, msisdn: str, network: Network, channel: str) -> str:
        """From now on the network opens nothing (R134): "unbound" or "not_bound". The SIM is told (3.4)."""
        if network.name not in self.bindings(msisdn):
            return "not_bound"
        now = self._gateway.now()
        with self._records.changes.change("social.unbound", now, who=msisdn, channel=channel, network=network.name):
            self._records.socials.unbind(msisdn, network.name)
        self._tell("unbound", msisdn, network, channel)
        return "unbound"

    def log_in(self, network: Network, person: Person, channel: str) -> str | None:
        """The number whose cabinet the person may enter (R132); None where nothing is bound, or the number is closed."""
        binding = self._records.socials.of_account(network.name, person.external_id)
        if binding is None or not self._service.may_log_in(binding.msisdn):
            self._gateway.note("selfcare.social_log_in_refused", network=network.name, channel=channel)
            return None
        msisdn, now = binding.msisdn, self._gateway.now()
        facts = {"channel": channel, "network": network.name}
        self._records.changes.audit("cabinet.logged_in", now, who=msisdn, **facts)
        self._gateway.note("selfcare.logged_in", msisdn=msisdn, **facts)
        return msisdn

    def _tell(self, what: str, msisdn: str, network: Network, channel: str) -> None:
        self._gateway.note(f"selfcare.social_{what}", msisdn=msisdn, network=network.name, channel=channel)
        text = social_sms(what, network.title, self._service.language(msisdn))
        self._send(self._settings.command_number, msisdn, text)
