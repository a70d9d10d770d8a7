"""A phone for a Python program: what `gateway.handset(number)` gives (docs/phones.md).

It remembers which messages were looked at, so that each `receive` sees only what is newer.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from ussd_gateway.clock import VirtualClock
from ussd_gateway.coding.data_coding import Alphabet
from ussd_gateway.coding.national import Language
from ussd_gateway.coding.segments import LongForm
from ussd_gateway.gateway import PATIENCE, Gateway
from ussd_gateway.handsets.handset import Handset, InboxSms, Screen
from ussd_gateway.patterns import search


class NotReceivedError(AssertionError):
    """No SMS came that fits; the message tells what was expected, `arrived` holds what did come."""

    def __init__(self, expected: str, arrived: list[InboxSms]) -> None:
        came = "".join(f"\n  from {sms.sender}: {sms.text}" for sms in arrived) or "\n  nothing"
        super().__init__(f"{expected}\narrived:{came}")
        self.arrived = arrived


class UnexpectedSmsError(AssertionError):
    """`sms` came, and was not to come."""

    def __init__(self, msisdn: str, sms: ReceivedSms) -> None:
        super().__init__(f"{msisdn}: an SMS from {sms.sender} came: {sms.text}")
        self.sms = sms


@dataclass(frozen=True, slots=True)
class ReceivedSms:
    """An SMS as its reader sees it; `groups` and `named` are what the pattern captured."""

    id: str
    sender: str
    text: str
    data_coding: int
    parts: int
    received_at: float
    groups: tuple[str | None, ...] = ()
    named: dict[str, str | None] | None = None


class ScriptedHandset:
    """A phone in the hands of a program."""

    def __init__(self, handset: Handset, gateway: Gateway) -> None:
        self._handset = handset
        self._gateway = gateway
        self._seen = handset.arrived  # messages that a receive has matched or passed

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
        return list(self._handset.inbox)

    async def dial(self, code: str) -> Screen:
        """Dial a code; the first screen that asks or ends."""
        return await self._handset.dial(code)

    async def answer(self, text: str) -> Screen:
        """Type an answer; the next screen."""
        return await self._handset.answer(text)

    async def hang_up(self) -> None:
        """Cancel the dialogue."""
        self._handset.hang_up()

    async def send(
        self,
        to: str,
        text: str,
        *,
        long: LongForm = LongForm.UDH8,
        alphabet: Alphabet | None = None,
        language: Language | None = None,
    ) -> None:
        """Send an SMS; docs/encodings.md tells what the options do."""
        self._handset.send(to, text, long=long, alphabet=alphabet, language=language)

    async def turn_off(self) -> None:
        """Leave the network: what is sent is kept."""
        self._gateway.detach(self._handset.party)

    async def turn_on(self) -> None:
        """Register in the network again: what was kept arrives."""
        self._gateway.attach(self._handset.party)

    async def receive(self, *, sender: str = "", match: str = "", within: float = 5.0) -> ReceivedSms:
        """The next SMS from `sender` whose text `match`, a regular expression, finds.

        Waits until it comes, for `within` seconds of the gateway's clock: a virtual one is moved when nothing is under
        way any more. NotReceivedError, an AssertionError, when it does not come.
        """
        if found := await self._wait(sender, match, within):
            return found
        raise NotReceivedError(
            f"{self.msisdn}: no SMS"
            + (f" from {sender}" if sender else "")
            + (f" matching {match}" if match else "")
            + f" within {within:g} s",
            self._unseen(),
        )

    async def receive_none(self, *, sender: str = "", match: str = "", seconds: float = 5.0) -> None:
        """Let time pass; UnexpectedSmsError when an SMS comes that fits."""
        await self._gateway.wait(seconds)
        await self._gateway.settle()
        if found := self._find(sender, match):
            raise UnexpectedSmsError(self.msisdn, found)

    async def _wait(self, sender: str, match: str, within: float) -> ReceivedSms | None:
        if found := self._find(sender, match):
            return found
        await self._gateway.settle()
        if isinstance(self._gateway.clock, VirtualClock):
            if found := await self._pass_time(sender, match, within):
                return found
            within = min(within, PATIENCE)  # a program outside the gateway may still be about to send it
        return await self._listen(sender, match, within)

    async def _pass_time(self, sender: str, match: str, within: float) -> ReceivedSms | None:
        """Move the clock from deadline to deadline until the message comes or the time is over."""
        end = self._gateway.now() + within
        while (found := self._find(sender, match)) is None:
            due = self._gateway.next_deadline()
            if due is None or due > end:
                await self._gateway.advance(end - self._gateway.now())
                return self._find(sender, match)
            await self._gateway.advance(due - self._gateway.now())
        return found

    async def _listen(self, sender: str, match: str, seconds: float) -> ReceivedSms | None:
        try:
            async with asyncio.timeout(seconds):
                while (found := self._find(sender, match)) is None:
                    await self._handset.changed()
        except TimeoutError:
            return None
        return found

    def _unseen(self) -> list[InboxSms]:
        inbox = self._handset.inbox
        return list(inbox)[max(0, len(inbox) - (self._handset.arrived - self._seen)) :]

    def _find(self, sender: str, match: str) -> ReceivedSms | None:
        unseen = self._unseen()
        for position, sms in enumerate(unseen, self._handset.arrived - len(unseen)):
            if sender and sms.sender != sender:
                continue
            found = search(match, sms.text)
            if found:
                self._seen = position + 1
                return ReceivedSms(
                    sms.id,
                    sms.sender,
                    sms.text,
                    sms.data_coding,
                    sms.parts,
                    sms.received_at,
                    found.groups(),
                    found.groupdict(),
                )
        return None
