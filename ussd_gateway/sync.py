"""A gateway and its phones for code that does not await: each call returns when what it asks for is done.

The gateway lives on an event loop; `Caller` hands it the work and waits. Such code runs in another thread than the loop,
or while the loop stands still, as between the fixtures and the tests of pytest-asyncio.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

from ussd_gateway.coding.data_coding import Alphabet
from ussd_gateway.coding.national import Language
from ussd_gateway.coding.segments import LongForm
from ussd_gateway.handsets.handset import InboxSms, Screen
from ussd_gateway.handsets.scripted import ReceivedSms, ScriptedHandset

Answer = TypeVar("Answer")


class Operator(Protocol):
    """What of a gateway is used here."""

    http_url: str

    @property
    def smpp(self) -> str:
        """Where ESMEs bind."""

    @property
    def smpps(self) -> str | None:
        """Where ESMEs bind over TLS."""

    def now(self) -> float:
        """The clock's moment."""

    def handset(self, msisdn: str) -> ScriptedHandset:
        """A phone."""

    def attach_function(self, service_code: str, function: str | Callable[..., Any]) -> None:
        """A Python function answers a code."""

    async def wait(self, seconds: float) -> None:
        """Let time pass."""

    async def settle(self) -> None:
        """Wait for what is under way."""

    async def reset(self) -> None:
        """Back to what the config says."""


class Caller:
    """Has coroutines run on a loop and waits for what comes of them."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def __call__(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        """What the coroutine returns or raises. RuntimeError on the loop itself, which cannot wait for its own work."""
        if refusal := self._refusal():
            work.close()
            raise RuntimeError(refusal)
        if not self._loop.is_running():
            return self._loop.run_until_complete(work)
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()  # whoever waited was interrupted
            raise

    def at_once(self, give: Callable[[], Answer]) -> Answer:
        """What the function returns, which waits for nothing; also on the loop itself."""
        return give() if self._on_the_loop() else self(_value(give))

    def _on_the_loop(self) -> bool:
        return asyncio._get_running_loop() is self._loop

    def _refusal(self) -> str:
        if self._loop.is_closed():
            return "the gateway has been stopped"
        if self._on_the_loop():
            return (
                "gateway.sync waits, and the gateway's own event loop, which runs this code, cannot: "
                "write `await gateway.handset(...).dial(...)` here, or call plain code by `await asyncio.to_thread(...)`"
            )
        return ""


class SyncHandset:
    """A phone in the hands of plain code: what ScriptedHandset does, without await."""

    def __init__(self, handset: ScriptedHandset, call: Caller) -> None:
        self._handset = handset
        self._call = call

    @property
    def msisdn(self) -> str:
        """The number of the SIM."""
        return self._handset.msisdn

    @property
    def screen(self) -> Screen | None:
        """What the phone shows now."""
        return self._handset.screen

    @property
    def inbox(self) -> list[InboxSms]:
        """Every message that the phone remembers, read or not."""
        return self._call.at_once(lambda: self._handset.inbox)

    def dial(self, code: str) -> Screen:
        """Dial a code; the first screen that asks or ends."""
        return self._call(self._handset.dial(code))

    def answer(self, text: str) -> Screen:
        """Type an answer; the next screen."""
        return self._call(self._handset.answer(text))

    def hang_up(self) -> None:
        """Cancel the dialogue."""
        self._call(self._handset.hang_up())

    def send(
        self,
        to: str,
        text: str,
        *,
        long: LongForm = LongForm.UDH8,
        alphabet: Alphabet | None = None,
        language: Language | None = None,
    ) -> None:
        """Send an SMS; docs/encodings.md tells what the options do."""
        self._call(self._handset.send(to, text, long=long, alphabet=alphabet, language=language))

    def turn_off(self) -> None:
        """Leave the network: what is sent is kept."""
        self._call(self._handset.turn_off())

    def turn_on(self) -> None:
        """Register in the network again: what was kept arrives."""
        self._call(self._handset.turn_on())

    def receive(self, *, sender: str = "", match: str = "", within: float = 5.0) -> ReceivedSms:
        """The next SMS that fits, as ScriptedHandset.receive gives it; NotReceivedError, an AssertionError, for none."""
        return self._call(self._handset.receive(sender=sender, match=match, within=within))

    def receive_none(self, *, sender: str = "", match: str = "", seconds: float = 5.0) -> None:
        """Let time pass; UnexpectedSmsError when an SMS comes that fits."""
        self._call(self._handset.receive_none(sender=sender, match=match, seconds=seconds))


class SyncGateway:
    """A gateway for plain code.

    gateway  the one whose methods are awaited
    call     runs a coroutine on the gateway's loop, for what has no method here: gateway.call(something(...))
    """

    def __init__(self, gateway: Operator, loop: asyncio.AbstractEventLoop) -> None:
        self.gateway = gateway
        self.call = Caller(loop)

    @property
    def http_url(self) -> str:
        """Where the HTTP API is, such as "http://127.0.0.1:40001"."""
        return self.gateway.http_url

    @property
    def smpp(self) -> str:
        """Where ESMEs bind, as host:port."""
        return self.gateway.smpp

    @property
    def smpps(self) -> str | None:
        """Where ESMEs bind over TLS, as host:port; None where there is no certificate."""
        return self.gateway.smpps

    def now(self) -> float:
        """The clock's moment, in seconds since the epoch."""
        return self.gateway.now()

    def handset(self, msisdn: str) -> SyncHandset:
        """A phone in the hands of a program; the number need not be configured."""
        return SyncHandset(self.call.at_once(lambda: self.gateway.handset(msisdn)), self.call)

    def attach_function(self, service_code: str, function: str | Callable[..., Any]) -> None:
        """A Python function, or what an import string names, answers the code; it runs on the gateway's loop."""
        self.call.at_once(lambda: self.gateway.attach_function(service_code, function))

    def wait(self, seconds: float) -> None:
        """Let `seconds` pass: a virtual clock is moved, a real one is waited for."""
        self.call(self.gateway.wait(seconds))

    def settle(self) -> None:
        """Returns when nothing is under way inside the gateway any more, or after a few real seconds."""
        self.call(self.gateway.settle())

    def reset(self) -> None:
        """Sessions, messages, faults and self-care back to what the config says."""
        self.call(self.gateway.reset())


async def _value(give: Callable[[], Answer]) -> Answer:
    return give()
