"""The subscriber's cabinet: made at the first log-in, with settings of its own (R101)."""

from __future__ import annotations

from ussd_gateway.config import SelfcareSection
from ussd_gateway.gateway import Gateway
from ussd_gateway.selfcare.channels import Send
from ussd_gateway.selfcare.records.cabinets import Cabinet
from ussd_gateway.selfcare.records.records import Records
from ussd_gateway.selfcare.texts import log_in_sms
from ussd_gateway.selfcare.web.shown import moment


class Cabinets:
    """The use cases; every method takes a number in international digits that has logged in."""

    def __init__(self, settings: SelfcareSection, records: Records, gateway: Gateway, send: Send) -> None:
        self._settings = settings
        self._records = records
        self._gateway = gateway
        self._send = send

    def entered(self, msisdn: str, channel: str) -> Cabinet:
        """Somebody has logged in: the cabinet is there from now on, and the SIM is told if its settings say so (2.1)."""
        now = self._gateway.now()
        cabinet = self._records.cabinets.create(msisdn, now, channel)
        if cabinet.log_in_sms:
            self._send(self._settings.command_number, msisdn, log_in_sms(moment(now), self._sim_language(msisdn)))
        return cabinet

    def cabinet(self, msisdn: str) -> Cabinet:
        """Its settings; those of a new one where nobody has logged in yet."""
        return self._records.cabinets.cabinet(msisdn) or Cabinet(msisdn, self._gateway.now())

    def language(self, msisdn: str) -> str:
        """The language of its pages, "ru" or "en": the chosen one, else that of the SIM."""
        return self.cabinet(msisdn).language or ("en" if self._sim_language(msisdn) == "en" else "ru")

    def set_log_in_sms(self, msisdn: str, on: bool, channel: str) -> None:
        """Whether each log-in is told by SMS."""
        self._records.cabinets.set_log_in_sms(msisdn, on, self._gateway.now(), channel)

    def set_language(self, msisdn: str, language: str, channel: str) -> None:
        """The language of the pages."""
        self._records.cabinets.set_language(msisdn, language, self._gateway.now(), channel)

    def _sim_language(self, msisdn: str) -> str:
        sim = self._records.sims.sim(msisdn)
        return sim.language if sim else "ru"
