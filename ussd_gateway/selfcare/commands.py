"""What subscribers ask for by SMS (2.1, 2.2): the word ПАРОЛЬ to 3339; 828, 8280 and `25 password` to 111."""

from __future__ import annotations

from collections.abc import Callable

from ussd_gateway.config import SelfcareSection
from ussd_gateway.gateway import Gateway
from ussd_gateway.logs import logger
from ussd_gateway.selfcare.channels import SMS, Send
from ussd_gateway.selfcare.incoming import Incoming
from ussd_gateway.selfcare.issuing import Issuing
from ussd_gateway.selfcare.service import Service
from ussd_gateway.selfcare.texts import NUMBERS, answer_sms

log = logger(__name__)

PASSWORD_WORDS = frozenset({"пароль", "parol", "password"})

OWN_PASSWORD = "25"  # noqa: S105 - a word
"""What stands before a password of one's own (2.1, `by_sms`), as in *111*25#."""

SWITCHES: dict[str, Callable[[Service, str], str]] = {
    NUMBERS: lambda service, msisdn: service.connect(msisdn, NUMBERS, SMS),
    f"{NUMBERS}0": lambda service, msisdn: service.disconnect(msisdn, NUMBERS, SMS),
}
"""What an SMS to 111 does: a service's number connects it, with a 0 behind it disconnects it."""


class Commands:
    """Answers the SMS that come to self-care's numbers. Free, as every answer is."""

    def __init__(
        self, settings: SelfcareSection, service: Service, issuing: Issuing, gateway: Gateway, send: Send
    ) -> None:
        self._settings = settings
        self._service = service
        self._issuing = issuing
        self._gateway = gateway
        self._send = send

    def receive(self, sms: Incoming) -> None:
        """Takes an SMS; returns at once."""
        self._gateway.spawn(self._follow(sms))

    async def _follow(self, sms: Incoming) -> None:
        try:
            self._service.ensure(sms.source, SMS)
            if answer := await self._answer(sms):
                self._send(sms.destination, sms.source, answer_sms(answer, self._service.language(sms.source)))
        except Exception as error:
            # R178: neither the exception's words nor a traceback, which may show the variables around it
            log.error("selfcare.command_failed", source=sms.source, error=type(error).__name__)

    async def _answer(self, sms: Incoming) -> str:
        """The word for the answering SMS; "" where a password's SMS is the answer."""
        profile, text = self._issuing.profile, sms.text.strip()
        asks_for_password = sms.destination == self._settings.password_sender
        if asks_for_password and profile.word and text.casefold() in PASSWORD_WORDS:
            issue = await self._issuing.issue_password(sms.source, SMS, sms.key)
            return issue.result if issue.result in ("too_often", "refused", "held") else ""
        if sms.destination == self._settings.command_number:
            word, _, password = text.partition(" ")
            if profile.by_sms and word == OWN_PASSWORD and password:
                return (await self._issuing.set_password(sms.source, password.strip(), SMS, sms.key)).result
            if text in SWITCHES:
                return SWITCHES[text](self._service, sms.source)
        if not asks_for_password:
            return "unknown_command"
        return "unknown_word" if profile.word else profile.dialled
