"""Assembles the parts into a running gateway; the only module that knows them all."""

from __future__ import annotations

import asyncio
import random
import secrets
import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from http import HTTPStatus
from importlib.metadata import version
from math import inf
from pathlib import Path
from typing import Any, Self

from aiohttp import web

from ussd_gateway import gateway as core
from ussd_gateway.api.applications import ApplicationsApi
from ussd_gateway.api.capture import CaptureApi
from ussd_gateway.api.control import ControlApi
from ussd_gateway.api.esmes import EsmesApi
from ussd_gateway.api.events import EventsApi
from ussd_gateway.api.faults import FaultsApi
from ussd_gateway.api.menus import MenusApi
from ussd_gateway.api.metrics import MetricsApi
from ussd_gateway.api.pages import Pages
from ussd_gateway.api.records import RecordsApi
from ussd_gateway.applications.assemble import Applications
from ussd_gateway.applications.imports import Function, Imports
from ussd_gateway.applications.menus import Menus
from ussd_gateway.applications.smsc.accounts import Accounts, EsmeAccount, EsmeSettings
from ussd_gateway.applications.smsc.broadcasts import Broadcasts
from ussd_gateway.applications.smsc.capture import Capture
from ussd_gateway.applications.smsc.requests import Past, Services
from ussd_gateway.applications.smsc.server import Smsc
from ussd_gateway.applications.smsc.tls import CertificateError, server_context
from ussd_gateway.applications.url import UrlSettings
from ussd_gateway.client import Client
from ussd_gateway.clock import Clock, RealClock
from ussd_gateway.coding.data_coding import Alphabet
from ussd_gateway.config import Config, ConfigError, load
from ussd_gateway.config import Smpp as SmppSection
from ussd_gateway.handsets.aggregator import Aggregator, AggregatorSettings
from ussd_gateway.handsets.handset import Handset, NotAskedError, NotAttachedError
from ussd_gateway.handsets.http import HandsetsApi
from ussd_gateway.handsets.remote import Link, LinkSettings
from ussd_gateway.handsets.scripted import ScriptedHandset
from ussd_gateway.http import openapi
from ussd_gateway.http.body import answer
from ussd_gateway.http.problem import problems
from ussd_gateway.idp import networks as idp_networks
from ussd_gateway.idp.grants import Client as IdpClient
from ussd_gateway.idp.provider import Provider
from ussd_gateway.logs import logger
from ussd_gateway.metric import Metric, one
from ussd_gateway.network.faults import Faults, Rule
from ussd_gateway.network.messages import QueueFullError, Retry
from ussd_gateway.network.network import NetworkSettings
from ussd_gateway.network.session import SessionError, TextTooLongError, Timeouts
from ussd_gateway.selfcare.assemble import PAGES, SECRET_FIELDS, SelfCare, masks
from ussd_gateway.selfcare.calendar_file import calendar
from ussd_gateway.selfcare.social.oauth import is_callback
from ussd_gateway.selfcare.socials import Network
from ussd_gateway.smpp.receipts import APPENDIX_B, ReceiptStyle
from ussd_gateway.smpp.timers import Timers
from ussd_gateway.store.feed import Feed
from ussd_gateway.store.journal import Journal
from ussd_gateway.store.store import MEMORY, Store
from ussd_gateway.store.views import Views
from ussd_gateway.sync import SyncGateway

log = logger(__name__)

REMEMBERED = 10_000  # delivered messages that come back into the inboxes when the gateway is started again
_OWN_CLIENT = "selfcare"  # as whom self-care is known to the social networks
_MIB = 1024 * 1024
_GRACE = 0.5  # seconds that requests under way get at the end
_LAST_WORDS = 1.5  # seconds for everybody to be told of the end

STATUSES = {
    TextTooLongError: HTTPStatus.BAD_REQUEST,
    NotAskedError: HTTPStatus.CONFLICT,
    NotAttachedError: HTTPStatus.CONFLICT,
    SessionError: HTTPStatus.CONFLICT,
    QueueFullError: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""What the HTTP API answers to what the parts raise."""


class ListenError(Exception):
    """An address cannot be listened on; the message says which and what to do."""


class Gateway(core.Gateway):
    """A gateway with every interface that its settings name.

    Use it as `async with Gateway.from_config("config.toml", clock=VirtualClock()) as gateway:`.
    """

    def __init__(self, config: Config, *, clock: Clock | None = None, beside: Path | None = None) -> None:
        self.config = config
        self.store = Store(config.store.path)
        self._in_memory = config.store.path == MEMORY
        mib = config.store.memory_mib if self._in_memory else config.store.journal_mib
        self._journal = Journal(self.store, masks(config.selfcare), most=mib * 2**20)
        super().__init__(
            _network_settings(config),
            clock=clock or RealClock(),
            journal=self._journal,
            new_handset=lambda msisdn: Handset(msisdn, self),
            language=lambda msisdn: self.selfcare.languages.language(msisdn),
            chance=random.Random(0).random,  # noqa: S311  # dice, and the same ones on every start
        )
        self.faults = Faults(lambda seed: random.Random(seed).random, self._configured_faults())  # noqa: S311  # dice
        self._views = Views(self.store)
        self._closing = asyncio.Event()
        self._ready = False
        self._runner: web.AppRunner | None = None
        self.http_url = ""
        self._loop: asyncio.AbstractEventLoop | None = None
        self.smpp_address = ("", 0)
        self.smpps_address: tuple[str, int] | None = None
        try:
            self._assemble(beside)
        except BaseException:
            self.store.close()
            raise

    def _assemble(self, beside: Path | None) -> None:
        config = self.config
        for subscriber in config.subscriber:
            self.directory.attach_handset(subscriber.msisdn, Handset(subscriber.msisdn, self))
        self._accounts = self._new_accounts()
        self._links = self._new_links()
        self._tls = _tls(config.smpp, beside or Path.cwd())
        self._capture = Capture(config.smpp.capture_mib * _MIB)
        self._services = Services(
            Broadcasts(self), config.smpp.default_messages, config.distribution_lists, self._look_up
        )
        self._smsc = Smsc(
            self,
            self._accounts,
            timers=_timers(config),
            window=config.smpp.window,
            faults=self.faults,
            capture=self._capture,
            services=self._services,
        )
        self._client = Client()
        networks, secret = _networks(config), secrets.token_urlsafe(32)
        self.selfcare = SelfCare(
            config.selfcare,
            config.subscriber,
            self.store,
            self,
            smsc_address=lambda: self.smpp_address,
            desk=config.desk,
            calendar=calendar(config.selfcare.working_days, beside),
            utc_offset=config.menus.utc_offset,
            networks=[
                Network(one.name, one.title, one.accent, one.logo, one.place, _OWN_CLIENT, secret) for one in networks
            ],
            client=self._client,
            own_url=lambda: self.http_url,
        )
        hosts, title = config.selfcare.hosts, self.selfcare.site.profile.my.model_dump()
        self._providers = [
            Provider(
                one, [IdpClient(_OWN_CLIENT, secret, title, partial(is_callback, one.name, hosts))], self.now, self.note
            )
            for one in (networks if config.selfcare.enabled else ())
        ]
        imports = Imports(beside or Path.cwd(), self.note, self.warn)
        self.menus = Menus(
            self,
            handlers=self.selfcare.handlers(),
            language=self.selfcare.languages.language,
            imports=imports,
            client=self._client,
            patience=config.network.application_timeout,
            utc_offset=config.menus.utc_offset,
        )
        self._applications = Applications(
            self,
            menus=self.menus,
            imports=imports,
            client=self._client,
            language=self.selfcare.languages.language,
            longest=config.network.application_timeout,
            beside=beside or Path.cwd(),
        )
        self._applications.attach(config.application)
        self._aggregators = [
            Aggregator(AggregatorSettings(**aggregator.model_dump()), self, self._client)
            for aggregator in config.aggregator
        ]
        self._attach_menus(config.menus_directory(beside))
        self._restore()

    @classmethod
    def from_config(
        cls,
        path: str | Path | None = None,
        *,
        clock: Clock | None = None,
        flags: Mapping[str, Any] | None = None,
    ) -> Self:
        """The gateway of a config file; `flags` by dotted key override it. ConfigError names every mistake."""
        loaded = load(path, flags)
        return cls(loaded.config, clock=clock, beside=loaded.path.parent if loaded.path else None)

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen on every address; ListenError for one that is taken."""
        server = self.config.server
        self._loop = asyncio.get_running_loop()
        self.smpp_address = await _listening("smpp", server.smpp_port, self._smsc.start(server.host, server.smpp_port))
        if self._tls:
            port = self.config.smpp.tls_port
            listen = self._smsc.start(server.host, port, self._tls)
            self.smpps_address = await _listening("smpps", port, listen, "smpp.tls_port = 0")
        self._runner = web.AppRunner(self._web(), access_log=None, shutdown_timeout=_GRACE)
        await self._runner.setup()
        site = web.TCPSite(self._runner, server.host, server.http_port)
        await _listening("http", server.http_port, site.start())
        host, port = self._runner.addresses[0][:2]
        self.http_url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        for party in self.directory.handsets():
            self.attach(party)  # what the store kept for it arrives
        self.selfcare.start()
        if self.config.menus.reload:
            self.menus.start()
        for link in self._links:
            link.start()
        self._ready = True

    async def stop(self) -> None:
        """Say goodbye to everybody and keep what was accepted. A second call does nothing."""
        if self._closing.is_set():
            return
        self._ready = False
        self._closing.set()
        try:
            async with asyncio.timeout(_LAST_WORDS):  # a disk that is full must not keep the program alive
                for aggregator in self._aggregators:
                    aggregator.clear()
                if self._runner:
                    await self._runner.cleanup()
                for link in self._links:
                    await link.stop()
                await self.selfcare.stop()
                await self._smsc.stop()
        except TimeoutError:
            log.error("gateway.stopped_in_haste", waited=_LAST_WORDS)
        try:
            await self.close()
        finally:
            self.menus.stop()
            await self._client.stop()
            self.store.close()

    @property
    def smpp(self) -> str:
        """Where ESMEs bind, as host:port."""
        return _address(self.smpp_address)

    @property
    def smpps(self) -> str | None:
        """Where ESMEs bind over TLS, as host:port; None where there is no certificate."""
        return _address(self.smpps_address) if self.smpps_address else None

    @property
    def sync(self) -> SyncGateway:
        """The same for code that does not await, in another thread; RuntimeError before the start."""
        if self._loop is None:
            raise RuntimeError(
                "the gateway has not been started: `async with gateway:` does it, or `with sync_gateway():`"
            )
        return SyncGateway(self, self._loop)

    def handset(self, msisdn: str) -> ScriptedHandset:
        """A phone in the hands of a program; the number need not be configured."""
        endpoint = self.directory.recipient(msisdn.removeprefix("+")).endpoint
        if not isinstance(endpoint, Handset):
            raise ValueError(f"{msisdn} belongs to an ESME, not to a handset")
        return ScriptedHandset(endpoint, self)

    def replace_faults(self, rules: Sequence[Rule]) -> None:
        """From now on these rules hold, counted from 0; none switches faults off."""
        self.faults.replace(rules)
        self.note("faults.replaced", rules=[rule.written for rule in rules], banner=self.faults.banner())

    async def reset(self) -> None:
        """Sessions, messages, faults and self-care back to what the config says."""
        self.faults.replace(self._configured_faults())
        self._applications.clear()
        self._capture.clear()
        self._deliver(self.network.clear())
        self.menus.reset()
        self._accounts.forget()
        for link in self._links:
            link.clear()
        for aggregator in self._aggregators:
            aggregator.clear()
        for party in self.directory.handsets():
            party.attached, party.memory_full, party.busy = True, False, False
            if isinstance(party.endpoint, Handset):
                party.endpoint.clear()
        self._journal.clear(self.now())
        self._services.broadcasts.clear()
        self._views.clear()
        self.selfcare.reset()
        for provider in self._providers:
            provider.clear()
        await self.committed()

    async def _look_up(self, message_id: str, account: str) -> list[Past]:
        """What the journal knows of messages that an ESME asks after."""
        await self.committed()
        for _ in self._views.catch_up():
            await asyncio.sleep(0)
        return [Past(*found) for found in self._views.known_as(message_id, account)]

    def _holder(self, number: str) -> str | None:
        """The system_id of the ESME that has a number."""
        party = self.directory.party(number)
        return party.name if party and party.confirms else None

    def _configured_faults(self) -> list[Rule]:
        return [fault.rule() for fault in self.config.fault]

    def _about(self) -> dict[str, object]:
        return {
            "version": version("ussd-gateway"),
            "http": self.http_url,
            "smpp": self.smpp,
            "smpps": self.smpps,
            "utc_offset": self.config.menus.utc_offset,
            "subscribers": [subscriber.msisdn for subscriber in self.config.subscriber],
            "esmes": [
                {"system_id": account.system_id, "numbers": account.numbers, "inner": account.inner}
                for account in (account.settings for account in self._accounts)
            ],
            "newest_event": self._journal.newest,
        }

    def _web(self) -> web.Application:
        metrics = self._metrics()
        rows = [
            row
            for part in (
                HandsetsApi(self, self.selfcare.languages, self.menus, self._closing),
                RecordsApi(self, self._views),
                ApplicationsApi(self, self._applications.listed, self.attach_url, self.detach_url),
                EventsApi(Feed(self._journal, self._holder), self._capture, self.now, self._closing),
                FaultsApi(self.faults, self.replace_faults),
                MenusApi(self.menus),
                EsmesApi(self._smsc, self.faults.banner),
                CaptureApi(self._captured),
                ControlApi(self, self.reset, lambda: self._ready, self._about),
                metrics,
            )
            for row in part.routes()
        ] + self.selfcare.api()

        @cache  # made when somebody asks: it takes longer than everything else at the start
        def described() -> dict[str, Any]:
            return openapi.document(rows, title="ussd_gateway", version=version("ussd-gateway"))

        async def describe(request: web.Request) -> web.Response:
            return answer(described())

        places = (*PAGES, *(page for provider in self._providers for page in provider.pages))
        pages = Pages(self, self._journal, places, SECRET_FIELDS)
        app = web.Application(middlewares=[metrics.middleware(), pages.middleware(), problems(STATUSES)])
        app.add_routes([row.definition() for row in rows])
        app.router.add_get("/api/openapi.json", describe)
        app.add_routes(self.selfcare.routes())
        for provider in self._providers:
            app.add_subapp(provider.network.place, provider.app())
        app.add_routes(self._applications.routes())
        for aggregator in self._aggregators:
            app.add_routes(aggregator.routes())
        return app

    def _captured(self, since: float) -> Iterator[tuple[float, tuple[str, int], tuple[str, int], bytes]]:
        """What passed between ESMEs and the SMSC from a moment on."""
        for chunk in self._capture.since(since):
            esme, smsc = chunk.line.esme, chunk.line.smsc
            yield (chunk.at, smsc, esme, chunk.octets) if chunk.to_esme else (chunk.at, esme, smsc, chunk.octets)

    def _metrics(self) -> MetricsApi:
        network, journal = self.network, self._journal
        return MetricsApi(
            [
                Metric("gauge", "sessions", "USSD sessions that are open", (), one(lambda: len(network.dialogues))),
                Metric(
                    "gauge",
                    "handsets",
                    "Handsets that the network knows",
                    (),
                    one(lambda: sum(1 for _ in self.directory.handsets())),
                ),
                Metric("gauge", "sms_under_way", "SMS without a final state", (), one(lambda: len(network.messages))),
                Metric("gauge", "journal_octets", "Octets that the journal keeps", (), one(lambda: journal.octets)),
                Metric("counter", "journal_entries", "Entries of the journal, ever", (), one(lambda: journal.last)),
                *journal.meter.metrics(),
                *self._smsc.metrics(),
            ]
        )

    def _new_accounts(self) -> Accounts:
        care = self.config.selfcare
        settings = [
            EsmeSettings(
                esme.system_id,
                esme.password,
                esme.numbers,
                codes=esme.codes,
                ussd_dialect=esme.ussd_dialect,
                ussd_marker=esme.ussd_marker,
                modes=esme.modes,
                max_binds=esme.max_binds,
                when_bound=esme.when_bound,
                window=esme.window,
                rate=esme.rate,
                deliver_window=esme.deliver_window,
                sticky_receipts=esme.sticky_receipts,
                response_id=esme.response_id,
                receipt=esme.receipt.style(),
                default_alphabet=Alphabet(esme.default_alphabet),
                deliver_by=esme.deliver_by,
                outbind=esme.outbind,
                outbind_password=esme.outbind_password,
            )
            for esme in self.config.esme
        ]
        if care.enabled:
            numbers = (care.password_sender, care.command_number)
            # Its texts hold passwords, and a receipt would repeat the beginning of one (R178)
            silent = ReceiptStyle(text=APPENDIX_B.replace("{text}", ""))
            settings.append(EsmeSettings(care.system_id, care.password, numbers, inner=True, receipt=silent))
        return Accounts([self._new_account(account, index) for index, account in enumerate(settings)])

    def _new_account(self, settings: EsmeSettings, index: int) -> EsmeAccount:
        try:
            return EsmeAccount(settings, self)
        except ValueError as error:
            # The directory has the account as soon as it has its numbers
            key = "codes" if self.directory.account(settings.system_id) else "numbers"
            place = "selfcare" if settings.inner else f"esme[{index}].{key}"
            raise ConfigError(f"{place}: {error}") from error

    def _new_links(self) -> list[Link]:
        try:
            return [Link(LinkSettings(**link.model_dump()), self) for link in self.config.link]
        except ValueError as error:
            raise ConfigError(f"link.relay: {error}") from error

    def _attach_menus(self, directory: Path) -> None:
        if not directory.is_dir():
            raise ConfigError(f"menus.directory: there is no folder {directory}")
        self.menus.add_folder(directory)
        if self.menus.mistakes:
            raise ConfigError("\n".join(map(str, self.menus.mistakes)))

    def attach_function(self, service_code: str, function: str | Function) -> None:
        """A Python function, or what an import string names, answers the code. Raises HandlerError and ValueError."""
        self._applications.attach_function((service_code,), function)

    def attach_url(
        self,
        service_code: str,
        url: str,
        dialect: str = "africas_talking",
        settings: Mapping[str, object] | None = None,
        timeout: float = 0.0,
        clock_waits: float = inf,
    ) -> None:
        """What stands behind a URL answers the code, as an [[application]] of the config does. Raises ValueError.

        timeout      real seconds for an answer; 0 takes the dialect's
        clock_waits  real seconds for which a virtual clock stands still for an answer
        """
        written = UrlSettings(url, dialect, settings or {}, timeout=timeout, clock_waits=clock_waits)
        self._applications.add(service_code, written)

    def detach_url(self, service_code: str) -> bool:
        """Nobody answers the code any more; False when `attach_url` had not given it to anybody."""
        return self._applications.remove(service_code)

    def _restore(self) -> None:
        """What was accepted before the gateway was started again."""
        for sms, received_at in self._journal.recently_delivered(REMEMBERED):
            endpoint = self.directory.recipient(sms.destination).endpoint
            if isinstance(endpoint, Handset):
                endpoint.remember(sms, received_at)
        messages, receipts = self._journal.left_over()
        for receipt in receipts:
            self.network.messages.restore_receipt(receipt)
        for sms in messages:
            self.network.messages.restore(sms, self.now())
        if not self._in_memory:  # nobody starts again from there
            self._journal.under_way = self.network.messages.under_way
            self._journal.owed = self.network.messages.receipts_owed
        self._journal.commit()


async def _listening(name: str, port: int, listen: Any, free: str = "") -> Any:
    try:
        return await listen
    except OSError as error:
        raise ListenError(
            f"{name}: port {port} cannot be listened on ({error.strerror}); {free or f'--{name}-port 0'} takes a free one"
        ) from error


def _address(address: tuple[str, int]) -> str:
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _tls(smpp: SmppSection, beside: Path) -> ssl.SSLContext | None:
    """SMPP over TLS, once there is a certificate."""
    if not smpp.tls_certificate:
        for name in ("tls_key", "tls_client_ca"):
            if getattr(smpp, name):
                raise ConfigError(f"smpp.{name} needs smpp.tls_certificate")
        return None
    try:
        return server_context(
            beside / smpp.tls_certificate,
            beside / smpp.tls_key if smpp.tls_key else None,
            beside / smpp.tls_client_ca if smpp.tls_client_ca else None,
        )
    except CertificateError as error:
        raise ConfigError(f"smpp.{error}") from error


def _network_settings(config: Config) -> NetworkSettings:
    section = config.network
    return NetworkSettings(
        timeouts=Timeouts(section.application_timeout, section.user_timeout, section.session_timeout),
        validity=section.validity_period,
        auto_provision=section.auto_provision,
        second_dial=section.second_dial,
        retry=Retry(config.retry.absent, config.retry.busy, config.retry.memory_full),
        rules=tuple(outcome.rule() for outcome in config.outcome),
        waiting_limit=section.waiting_limit,
        under_way_limit=section.under_way_limit,
    )


def _networks(config: Config) -> list[idp_networks.Network]:
    """The social networks, with the people of the config where it names some of theirs."""
    known = idp_networks.networks()
    for index, account in enumerate(config.idp_account):
        if account.network not in known:
            raise ConfigError(f"idp_account[{index}].network: {account.network} is unknown; known: {', '.join(known)}")
    people = [(account.network, idp_networks.Account(account.id, account.name)) for account in config.idp_account]
    return [
        replace(one, people={person.id: person for name, person in people if name == one.name} or one.people)
        for one in known.values()
    ]


def _timers(config: Config) -> Timers:
    section = config.smpp
    return Timers(
        section.session_init_timeout,
        section.enquire_link_interval,
        section.response_timeout,
        section.inactivity_timeout,
    )
