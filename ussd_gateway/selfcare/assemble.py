"""Self-care as the program holds it: its parts, put together and started and stopped as one."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable

from aiohttp import web

from ussd_gateway.config import SelfcareSection, Subscriber
from ussd_gateway.gateway import Gateway
from ussd_gateway.selfcare import handlers
from ussd_gateway.selfcare.cabinet.pages import CabinetPages
from ussd_gateway.selfcare.cabinets import Cabinets
from ussd_gateway.selfcare.commands import Commands
from ussd_gateway.selfcare.esme import SmsSender
from ussd_gateway.selfcare.hashing import Hasher
from ussd_gateway.selfcare.incoming import Incoming
from ussd_gateway.selfcare.issuing import Issuing
from ussd_gateway.selfcare.log_in import LogIn
from ussd_gateway.selfcare.records.records import Records
from ussd_gateway.selfcare.service import Service
from ussd_gateway.selfcare.texts import SECRET, SENT_SECRET
from ussd_gateway.selfcare.web.site import Site
from ussd_gateway.store.journal import Mask
from ussd_gateway.store.store import Store
from ussd_gateway.subscribers.guard import GuardRules
from ussd_gateway.subscribers.passwords import Chance

SECURE: Chance = secrets.SystemRandom()

PAGES = ("/cabinet",)
"""Below these paths are the pages."""

SECRET_FIELDS = ("password", "old", "new", "again", "captcha", "code", "csrf", "token")
"""The fields of forms, and the parameters of addresses, that no record may show (R178)."""


def masks(settings: SelfcareSection) -> dict[str, Mask]:
    """For `Journal`: by the source or destination of an SMS, what no record may show of its text (R178)."""
    return {settings.command_number: SENT_SECRET, settings.password_sender: SECRET}


class SelfCare:
    """The operator's own service.

    settings, subscribers  of the config; subscribers that the store does not know are added
    store                  its tables are written with the gateway's commits
    gateway                gives the time and takes the SMS, over TCP
    smsc_address           gives (host, port) of the SMSC, once it listens
    chance                 where passwords come from

    Switched off (`settings.enabled`) it has no ESME and no pages, and menus answer that the service is unavailable.
    """

    def __init__(
        self,
        settings: SelfcareSection,
        subscribers: Iterable[Subscriber],
        store: Store,
        gateway: Gateway,
        *,
        smsc_address: Callable[[], tuple[str, int]],
        chance: Chance = SECURE,
    ) -> None:
        self._enabled = settings.enabled
        self._hasher = Hasher(
            time_cost=settings.argon2_time_cost,
            memory_kib=settings.argon2_memory_kib,
            parallelism=settings.argon2_parallelism,
        )
        self.sender = SmsSender(smsc_address, settings.system_id, settings.password, gateway, self._receive)
        records = Records(store, gateway.changed)
        self.service = Service(subscribers, records, gateway)
        self.issuing = Issuing(settings, records, self.service, gateway, self._hasher, self.sender.send, chance=chance)
        rules = GuardRules(settings.log_in_failures, settings.log_in_lock)
        self.log_in = LogIn(records, self.service, gateway, self._hasher, rules)
        self._commands = Commands(settings, self.service, self.issuing, gateway, self.sender.send)
        cabinets = Cabinets(settings, records, gateway, self.sender.send)
        self.site = Site(settings, records, gateway)
        self.cabinet = CabinetPages(self.site, self.service, self.issuing, self.log_in, cabinets, self._hasher)

    @property
    def languages(self) -> Service:
        """Where the language of a SIM's service texts is kept: `language`, `set_language`."""
        return self.service

    def handlers(self) -> dict[str, handlers.Handler]:
        """What menus may call, by name."""
        return handlers.handlers(self.service, self.issuing, enabled=self._enabled)

    def routes(self) -> list[web.RouteDef]:
        """The web pages."""
        return self.site.routes() if self._enabled else []

    def start(self) -> None:
        """Bind to the SMSC, which listens by now; returns at once."""
        if self._enabled:
            self.sender.start()

    async def stop(self) -> None:
        """Leave the SMSC; passwords that have not left never will."""
        self.issuing.forget()
        self._hasher.close()
        self.site.stop()
        await self.sender.stop()

    def reset(self) -> None:
        """Everything back to what the config says."""
        self.sender.forget()
        self.issuing.forget()
        self.service.reset()
        self.site.reset()

    def _receive(self, sms: Incoming) -> None:
        self._commands.receive(sms)
