"""What the engine plays on: a driver, and whom it gives. Knows no gateway."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ussd_gateway.scenario import model


class ActorError(Exception):
    """Whom the step is about cannot do this now; the message says why. It fails the step."""


class PhoneError(ActorError):
    """A phone cannot do this now."""


class NoGatewayError(Exception):
    """There is no gateway to play on; the message says where it was looked for."""


@dataclass(frozen=True, slots=True)
class Screen:
    """What a phone shows.

    text      str
    awaiting  bool; an answer is wanted
    outcome   str; how the dialogue ended, "" while it goes on
    session   str; the id of the dialogue, "" where there is none
    encoding  str; the alphabet in which the text came, "" where nobody knows
    """

    text: str
    awaiting: bool
    outcome: str = ""
    session: str = ""
    encoding: str = ""

    @property
    def final(self) -> bool:
        """Whether the dialogue is over."""
        return bool(self.outcome) and not self.awaiting


@dataclass(frozen=True, slots=True)
class Sms:
    """An SMS that a phone has received; `id` differs from that of any other on this phone.

    parts     int; in so many it came
    encoding  str; the alphabet in which it came
    """

    id: str
    sender: str
    text: str
    parts: int = 1
    encoding: str = "gsm7"


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt that an ESME has got; `id` differs from that of anything else that arrived there.

    message_id  str; what it is about
    stat        str; what became of it, as DELIVRD
    text        str; as it was written
    """

    id: str
    message_id: str
    stat: str
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """What a browser was answered; the names of the headers are in small letters."""

    status: int
    text: str
    headers: Mapping[str, str]


class Phone(Protocol):
    """A phone in the hands of the engine. What it cannot do is a PhoneError."""

    @property
    def msisdn(self) -> str:
        """Its number."""

    async def begin(self) -> None:
        """Put every screen away, and take what has been received so far as read."""

    async def dial(self, code: str) -> Screen:
        """The first screen that asks or ends."""

    async def answer(self, text: str) -> Screen:
        """The next screen that asks or ends."""

    async def hang_up(self) -> None:
        """Cancel the dialogue, or put the last screen away."""

    async def screen(self) -> Screen | None:
        """What is shown now, None for nothing."""

    async def send(self, to: str, text: str, encoding: str = "") -> None:
        """Send an SMS, in an alphabet or in the one that it needs."""

    async def turn(self, on: bool) -> None:
        """Join the network, or leave it."""

    async def fill_memory(self, full: bool) -> None:
        """Leave no room for SMS, or make some."""

    async def speak(self, language: str) -> None:
        """Choose the language of the operator's texts."""

    async def receive(self, sender: str, match: str, within: float) -> Sms | None:
        """The next unread SMS from `sender` ("" for anybody) in which the regular expression `match` finds something.

        Waits for it for `within` seconds. It and all before it are read then. None when none comes.
        """

    async def receive_none(self, sender: str, match: str, seconds: float) -> Sms | None:
        """Let `seconds` pass; then the first unread SMS that fits, None when all is well."""

    async def inbox(self) -> Sequence[Sms]:
        """Every SMS received since `begin`, the oldest first."""


class Esme(Protocol):
    """An ESME in the hands of the engine. What it cannot do is an ActorError."""

    async def bind(self, mode: str) -> str:
        """The command_status of the response."""

    async def submit(
        self, text: str, to: str, source: str, *, receipt: bool, encoding: str, part: model.Part | None = None
    ) -> tuple[str, str]:
        """The command_status and the message_id, "" for what does not come. `part` tells the text's place in a message."""

    async def receive(self, sender: str, match: str, within: float) -> Sms | None:
        """As a phone."""

    async def receive_none(self, sender: str, match: str, seconds: float) -> Sms | None:
        """As a phone."""

    async def receipt(self, stat: str, message_id: str, within: float) -> Receipt | None:
        """The next unread receipt that fits; waits for it. It and all before it are read then."""

    async def receipt_none(self, seconds: float) -> Receipt | None:
        """Let `seconds` pass; then the first unread receipt, None when all is well."""

    def inbox(self) -> Sequence[Sms | Receipt]:
        """Everything that has arrived, the oldest first."""

    async def unbind(self) -> None:
        """Unbind."""

    async def close(self) -> None:
        """Leave nothing behind, whatever there is."""


class Browser(Protocol):
    """A browser in the hands of the engine."""

    async def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        *,
        form: Mapping[str, str] | None = None,
        json: str | None = None,
    ) -> Page:
        """The answer; a path belongs to the gateway. ActorError when none comes."""

    async def close(self) -> None:
        """Leave nothing behind."""


class Application(Protocol):
    """An application behind a URL in the hands of the engine."""

    def reply(self, text: str | None, after: float, status: int) -> None:
        """How one more call is answered; None closes the connection."""

    def asked(self) -> str | None:
        """What the last call said, None before the first."""

    async def close(self) -> None:
        """Leave nothing behind."""


async def start_at(driver: Driver, moment: datetime) -> None:
    """Move a virtual clock to where a file starts; ActorError when it is later already."""
    now = await driver.moment()
    if moment < now:
        raise ActorError(f"the gateway's clock stands at {now.isoformat(timespec='seconds')} already")
    await driver.wait((moment - now).total_seconds())


class Driver(Protocol):
    """A network to play on."""

    async def phone(self, msisdn: str) -> Phone:
        """The phone with this number; PhoneError when there cannot be one."""

    async def esme(self, system_id: str, password: str) -> Esme:
        """An ESME that can bind as this account."""

    async def browser(self) -> Browser:
        """A browser without cookies."""

    async def application(self, code: str, dialect: str) -> Application:
        """An application that answers the code from now on; ActorError where it cannot."""

    async def moment(self) -> datetime:
        """The moment of the gateway's clock, in the operator's time."""

    async def start_at(self, moment: datetime) -> None:
        """The clock stands at this moment from now on; ActorError where that cannot be."""

    async def faults(self) -> Sequence[Mapping[str, object]]:
        """The rules of what goes wrong."""

    async def set_faults(self, rules: Sequence[Mapping[str, object]]) -> None:
        """From now on these rules hold, and no others."""

    def now(self) -> float:
        """The network's time, in seconds since the epoch."""

    async def wait(self, seconds: float) -> None:
        """Let time pass."""

    async def push(self, msisdn: str, text: str, code: str, *, asks: bool) -> None:
        """Show a text on a phone, from a code."""
