"""A driver on a gateway in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, timezone
from math import inf
from pathlib import Path
from typing import Any

from ussd_gateway.clock import VirtualClock
from ussd_gateway.coding.data_coding import Alphabet, ussd_alphabet
from ussd_gateway.config import load
from ussd_gateway.fault_rule import FaultRule
from ussd_gateway.handsets.handset import Handset, NotAskedError, NotAttachedError
from ussd_gateway.handsets.handset import Screen as Shown
from ussd_gateway.handsets.http import push_text
from ussd_gateway.handsets.scripted import NotReceivedError, ScriptedHandset
from ussd_gateway.network.session import SessionError
from ussd_gateway.scenario.application import CLOCK_WAITS, ScriptedApplication, attached, in_time
from ussd_gateway.scenario.browser import ScriptedBrowser
from ussd_gateway.scenario.driver import ActorError, PhoneError, Screen, Sms, start_at
from ussd_gateway.scenario.esme import ScriptedEsme
from ussd_gateway.serve import Gateway

ALONE: dict[str, Any] = {
    "store.path": ":memory:",
    "server.http_port": 0,
    "server.smpp_port": 0,
    "smpp.tls_port": 0,
    "selfcare.argon2_time_cost": 1,  # nobody steals passwords from a store in memory
    "selfcare.argon2_memory_kib": 8,
    "selfcare.argon2_parallelism": 1,
    "selfcare.captcha_reveal": True,  # a script cannot read pictures
}
"""Settings under which any number of gateways run side by side and leave nothing behind."""


@asynccontextmanager
async def local_driver(config: str | Path | None = None, starts: datetime | None = None) -> AsyncIterator[LocalDriver]:
    """A driver on a gateway of its own: free ports, a store in memory, a virtual clock.

    config  the settings; None as `ussd_gateway.config.load` finds them
    starts  the moment at which the clock begins, without a zone in the operator's time; None is the machine's

    Raises ConfigError and ListenError.
    """
    clock = VirtualClock()
    if starts:
        hours = load(config, ALONE).config.menus.utc_offset
        moment = starts if starts.tzinfo else starts.replace(tzinfo=timezone(timedelta(hours=hours)))
        clock = VirtualClock(moment.timestamp())
    async with Gateway.from_config(config, clock=clock, flags=ALONE) as gateway:
        yield LocalDriver(gateway)


class LocalDriver:
    """Plays on a gateway in this process."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self.virtual = isinstance(gateway.clock, VirtualClock)
        self._applications: list[ScriptedApplication] = []

    async def phone(self, msisdn: str) -> LocalPhone:
        """The phone with this number; PhoneError when an ESME has it."""
        endpoint = self._gateway.directory.recipient(msisdn).endpoint
        if not isinstance(endpoint, Handset):
            raise PhoneError(f"{msisdn} belongs to an ESME, not to a handset")
        return LocalPhone(self._gateway, endpoint, self)

    def now(self) -> float:
        """The gateway's time."""
        return self._gateway.clock.now()

    async def esme(self, system_id: str, password: str) -> ScriptedEsme:
        """An ESME that can bind as this account."""
        return ScriptedEsme(system_id, password, self._gateway.smpp_address, self)

    async def moment(self) -> datetime:
        """The moment of the clock, in the operator's time."""
        zone = timezone(timedelta(hours=self._gateway.config.menus.utc_offset))
        return datetime.fromtimestamp(self._gateway.now(), zone)

    async def start_at(self, moment: datetime) -> None:
        """Move the clock there; ActorError when it is later already."""
        await start_at(self, moment)

    async def faults(self) -> Sequence[Mapping[str, object]]:
        """The rules of what goes wrong."""
        return [row.rule.written for row in self._gateway.faults.counted]

    async def set_faults(self, rules: Sequence[Mapping[str, object]]) -> None:
        """From now on these rules hold, and no others."""
        self._gateway.replace_faults([FaultRule.model_validate(rule).rule() for rule in rules])

    async def browser(self) -> ScriptedBrowser:
        """A browser without cookies."""
        return ScriptedBrowser(self._gateway.http_url)

    async def application(self, code: str, dialect: str) -> ScriptedApplication:
        """An application that answers the code from now on; ActorError where somebody else does."""

        async def attach(url: str) -> None:
            try:
                self._gateway.attach_url(code, url, dialect, clock_waits=CLOCK_WAITS)
            except ValueError as error:
                raise ActorError(str(error)) from error

        async def detach() -> None:
            self._gateway.detach_url(code)

        return await attached(self, self._applications, attach, detach)

    async def shown(self, saying: Coroutine[Any, Any, Shown]) -> Shown:
        """The screen that a phone waits for; the clock moves until it comes."""
        return await in_time(saying, self, self._applications, self._move)

    async def _move(self, most: float) -> None:
        due = self._gateway.next_deadline()
        await self._gateway.advance(min(most, inf if due is None else max(0.0, due - self.now())))

    async def wait(self, seconds: float) -> None:
        """Move the clock."""
        await self._gateway.wait(seconds)

    async def passing(self, seconds: float) -> AsyncIterator[None]:
        """Move a virtual clock from deadline to deadline, with an item before the first move and behind each."""
        if not self.virtual:
            return
        end = self._gateway.now() + seconds
        await self._gateway.settle()
        yield
        while (now := self._gateway.now()) < end:
            due = self._gateway.next_deadline()
            await self._gateway.advance((end if due is None else min(due, end)) - now)
            yield

    async def push(self, msisdn: str, text: str, code: str, *, asks: bool) -> None:
        """Show a text on a phone, from a code."""
        push_text(self._gateway, msisdn, text, code, asks=asks)


class LocalPhone:
    """A phone of a gateway in this process."""

    def __init__(self, gateway: Gateway, handset: Handset, driver: LocalDriver) -> None:
        self._gateway = gateway
        self._driver = driver
        self._handset = handset
        self._read_all()

    @property
    def msisdn(self) -> str:
        """Its number."""
        return self._handset.msisdn

    async def begin(self) -> None:
        """Put every screen away, and take what has been received so far as read."""
        await self._gateway.settle()
        self._handset.hang_up()  # a dialogue that is open, with or without a screen
        self._handset.hang_up()  # and the screen that is left
        self._read_all()

    def _read_all(self) -> None:
        self._scripted = ScriptedHandset(self._handset, self._gateway)  # it reads what comes from now on
        self._began_after = self._handset.inbox[-1].id if self._handset.inbox else ""

    async def dial(self, code: str) -> Screen:
        """The first screen that asks or ends; PhoneError for what cannot be dialled."""
        try:
            return _screen(await self._driver.shown(self._scripted.dial(code)))
        except (ValueError, SessionError) as error:
            raise PhoneError(str(error)) from error

    async def answer(self, text: str) -> Screen:
        """The next screen; PhoneError when nothing is asked."""
        try:
            return _screen(await self._driver.shown(self._scripted.answer(text)))
        except (NotAskedError, SessionError) as error:
            raise PhoneError(str(error)) from error

    async def hang_up(self) -> None:
        """Cancel the dialogue, or put the last screen away."""
        await self._scripted.hang_up()

    async def screen(self) -> Screen | None:
        """What is shown once nothing is under way any more."""
        await self._gateway.settle()
        shown = self._scripted.screen
        return None if shown is None else _screen(shown)

    async def send(self, to: str, text: str, encoding: str = "") -> None:
        """Send an SMS; PhoneError when the phone is off, the text too long, or beyond the alphabet."""
        try:
            await self._scripted.send(to, text, alphabet=Alphabet(encoding) if encoding else None)
        except (NotAttachedError, ValueError) as error:
            raise PhoneError(str(error)) from error

    async def turn(self, on: bool) -> None:
        """Join the network, or leave it."""
        await (self._scripted.turn_on() if on else self._scripted.turn_off())

    async def fill_memory(self, full: bool) -> None:
        """Leave no room for SMS, or make some."""
        self._gateway.memory_full(self._handset.party, full)

    async def speak(self, language: str) -> None:
        """Choose the language of the operator's texts."""
        self._gateway.selfcare.languages.set_language(self._handset.msisdn, language)

    async def receive(self, sender: str, match: str, within: float) -> Sms | None:
        """The next unread SMS that fits, within so many seconds of the gateway's clock."""
        try:
            sms = await self._scripted.receive(sender=sender, match=match, within=within)
        except NotReceivedError:
            return None
        except ValueError as error:
            raise PhoneError(str(error)) from error
        return next(kept for kept in await self.inbox() if kept.id == sms.id)

    async def receive_none(self, sender: str, match: str, seconds: float) -> Sms | None:
        """Let time pass; then the first unread SMS that fits."""
        await self._gateway.wait(seconds)
        return await self.receive(sender, match, 0)

    async def inbox(self) -> Sequence[Sms]:
        """Every SMS received since `begin`."""
        received = self._handset.received(after=self._began_after)
        return [Sms(sms.id, sms.sender, sms.text, sms.parts, sms.alphabet.value) for sms in received]


def _screen(shown: Shown) -> Screen:
    encoding = ussd_alphabet(shown.data_coding).value
    return Screen(str(shown), shown.awaiting, shown.outcome, shown.session, encoding)
