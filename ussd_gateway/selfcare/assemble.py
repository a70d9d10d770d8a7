"""Self-care as the program holds it: its parts, put together and started and stopped as one."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence

from aiohttp import web

from ussd_gateway.client import Client
from ussd_gateway.config import DeskAccount, SelfcareSection, Subscriber
from ussd_gateway.gateway import Gateway
from ussd_gateway.http.route import Route
from ussd_gateway.selfcare import handlers
from ussd_gateway.selfcare.app.api import AppApi
from ussd_gateway.selfcare.app.door import Door
from ussd_gateway.selfcare.app.money import MoneyApi
from ussd_gateway.selfcare.app.pages import AppPages
from ussd_gateway.selfcare.cabinet.money.pages import MoneyPages
from ussd_gateway.selfcare.cabinet.numbers.pages import NumberPages
from ussd_gateway.selfcare.cabinet.pages import CabinetPages
from ussd_gateway.selfcare.cabinets import Cabinets
from ussd_gateway.selfcare.commands import Commands
from ussd_gateway.selfcare.desk.pages import DeskPages
from ussd_gateway.selfcare.desk_service import DeskService
from ussd_gateway.selfcare.esme import SmsSender
from ussd_gateway.selfcare.hashing import Hasher
from ussd_gateway.selfcare.incoming import Incoming
from ussd_gateway.selfcare.issuing import Issuing
from ussd_gateway.selfcare.log_in import LogIn
from ussd_gateway.selfcare.money import Money
from ussd_gateway.selfcare.money_handlers import money_handlers
from ussd_gateway.selfcare.numbers import Numbers
from ussd_gateway.selfcare.records.records import Records
from ussd_gateway.selfcare.service import Service
from ussd_gateway.selfcare.sim_states import SimStates
from ussd_gateway.selfcare.social.oauth import OAuth
from ussd_gateway.selfcare.social.pages import SocialPages
from ussd_gateway.selfcare.socials import Network, Socials
from ussd_gateway.selfcare.tariff_file import load_tariffs
from ussd_gateway.selfcare.tariffs import Tariffs
from ussd_gateway.selfcare.texts import SECRET, SENT_SECRET
from ussd_gateway.selfcare.tokens import Tokens
from ussd_gateway.selfcare.web.site import Site
from ussd_gateway.store.journal import Mask
from ussd_gateway.store.store import Store
from ussd_gateway.subscribers.guard import GuardRules
from ussd_gateway.subscribers.passwords import Chance
from ussd_gateway.subscribers.working_days import PRODUCTION, Calendar

SECURE: Chance = secrets.SystemRandom()

PAGES = ("/cabinet", "/home", "/desk")
"""Below these paths are the pages."""

SECRET_FIELDS = (
    *("password", "old", "new", "again", "captcha", "code", "csrf", "passport", "series", "token"),
    *("state", "request_id"),  # of social networks
)
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
    desk                   the operator's people
    calendar, utc_offset   by which requests are due: the production calendar, and hours ahead of UTC
    networks               social networks that can open a cabinet
    client, own_url        how the gateway's own address is called, and which it is once it listens

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
        desk: Sequence[DeskAccount] = (),
        calendar: Calendar = PRODUCTION,
        utc_offset: float = 3,
        networks: Sequence[Network] = (),
        client: Client | None = None,
        own_url: Callable[[], str] = str,
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
        self.numbers = Numbers(
            settings,
            records,
            gateway,
            self.sender.send,
            calendar=calendar,
            utc_offset=utc_offset,
            supervisors=[account.msisdn for account in desk if account.role == "supervisor" and account.msisdn],
        )
        self.sims = SimStates(settings, records, gateway)
        self.service.on_disconnected.append(self.numbers.changed)
        self.sims.on_changed.append(self.numbers.changed)
        self.sims.on_resold.append(self.numbers.resold)
        self.issuing = Issuing(
            settings,
            records,
            self.service,
            gateway,
            self._hasher,
            self.sender.send,
            chance=chance,
            is_held=self.sims.is_held,
        )
        rules = GuardRules(settings.log_in_failures, settings.log_in_lock)
        self.log_in = LogIn(records, self.service, gateway, self._hasher, rules)
        sender, send = settings.command_number, self.sender.send
        self.tariffs = Tariffs(load_tariffs(settings.tariffs), records, self.service, gateway, send, sender=sender)
        self.money = Money(self.tariffs, records, self.service, gateway, send, sender=sender, chance=chance)
        self.sims.on_changed.append(self.tariffs.sim_changed)
        self.sims.on_resold.append(self.money.resold)
        self.desk = DeskService(
            settings,
            desk,
            records,
            gateway,
            service=self.service,
            numbers=self.numbers,
            sims=self.sims,
            hasher=self._hasher,
            issuing=self.issuing,
        )
        self._commands = Commands(settings, self.service, self.issuing, gateway, self.sender.send)
        cabinets = Cabinets(settings, records, gateway, self.sender.send)
        self.site = Site(settings, records, gateway)
        self.cabinet = CabinetPages(self.site, self.service, self.issuing, self.log_in, cabinets, self._hasher)
        NumberPages(self.site, self.service, self.numbers)
        DeskPages(self.site, self.desk)
        self.socials = Socials(settings, networks, records, self.service, gateway, self.sender.send)
        oauth = OAuth(client or Client(), own_url, gateway.now)
        SocialPages(self.site, self.cabinet.entrance, self.socials, oauth)
        self.tokens = Tokens(settings, records, self.service, gateway)
        self.issuing.listeners.append(self.tokens.password_replaced)
        AppPages(self.site, self.tokens)
        door = Door(settings, self.tokens)
        self._app = AppApi(
            settings,
            door,
            self.site.profile,
            gateway,
            service=self.service,
            issuing=self.issuing,
            log_in=self.log_in,
            cabinets=cabinets,
            tokens=self.tokens,
        )
        self.site.on_reset(self._app.clear)
        MoneyPages(self.site, self.tariffs, records.ledger)
        self._app_money = MoneyApi(door, gateway, self.tariffs, records.ledger, cabinets)

    @property
    def languages(self) -> Service:
        """Where the language of a SIM's service texts is kept: `language`, `set_language`."""
        return self.service

    def handlers(self) -> dict[str, handlers.Handler]:
        """What menus may call, by name."""
        return handlers.handlers(self.service, self.issuing, enabled=self._enabled) | money_handlers(
            self.service, self.tariffs, self.money, enabled=self._enabled
        )

    def routes(self) -> list[web.RouteDef]:
        """The web pages."""
        return self.site.routes() if self._enabled else []

    def api(self) -> list[Route]:
        """What the subscriber's application asks."""
        return [*self._app.routes(), *self._app_money.routes()] if self._enabled else []

    def start(self) -> None:
        """Bind to the SMSC, which listens by now; returns at once."""
        if self._enabled:
            self.sender.start()
            self._start_money()
            self.numbers.start()

    async def stop(self) -> None:
        """Leave the SMSC; passwords that have not left never will."""
        self.issuing.forget()
        self._stop_money()
        self.numbers.stop()
        self._hasher.close()
        self.site.stop()
        await self.sender.stop()

    def reset(self) -> None:
        """Everything back to what the config says."""
        self.sender.forget()
        self.issuing.forget()
        self._stop_money()
        self.numbers.stop()
        self.desk.reset()
        self.service.reset()
        self.site.reset()
        if self._enabled:
            self._start_money()

    def _start_money(self) -> None:
        self.money.start()
        self.tariffs.start()

    def _stop_money(self) -> None:
        self.money.stop()
        self.tariffs.stop()

    def _receive(self, sms: Incoming) -> None:
        self._commands.receive(sms)
