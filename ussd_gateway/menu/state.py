"""Where a dialogue is, and what the machine says is to be done about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ussd_gateway.menu.model import Variables

NOTHING: Mapping[str, int] = {}


@dataclass(frozen=True, slots=True)
class Frame:
    """A screen to go back to, as it was when it was left."""

    screen: str
    variables: Variables
    page: int


@dataclass(frozen=True, slots=True)
class State:
    """Where a dialogue is. A hundred thousand of them are kept: what does not change is shared from one to the next.

    screen     the name of the screen it stands on, or whose handler or call is under way
    language   one of menu.spoken
    variables  by name
    given      those that it began with, and begins with again at home
    history    the screens to go back to, the latest last
    pending    answers dialled in advance and not yet used
    page       of the screen, from 0
    tries      screen -> wrong answers to its input since the last right one, where it counts them
    secrets    names of variables to keep out of logs
    resuming   whether it shows the question whether to go on where it broke off
    """

    screen: str
    language: str
    variables: Variables
    given: Variables
    history: tuple[Frame, ...] = ()
    pending: tuple[str, ...] = ()
    page: int = 0
    tries: Mapping[str, int] = field(default_factory=lambda: NOTHING)
    secrets: tuple[str, ...] = ()
    resuming: bool = False


class Show(NamedTuple):
    """Show the text and wait for an answer. `secrets` are the secret values in it."""

    text: str
    secrets: tuple[str, ...] = ()


class End(NamedTuple):
    """Show the text; the dialogue is over. `error` says what went wrong, for the log, and quotes no value."""

    text: str
    secrets: tuple[str, ...] = ()
    error: str = ""


class Call(NamedTuple):
    """Run the handler of this name and come back with `resume`, or with `fail`."""

    handler: str


class CallOut(NamedTuple):
    """Make the HTTP request and come back with `resume`, or with `refused`.

    url      http or https, with what stands in the file as its query; `query` comes on top of it
    body     octets, b"" for none; `headers` say what they are
    timeout  seconds
    """

    method: str
    url: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    timeout: float


Action = Show | End | Call | CallOut


class SendSms(NamedTuple):
    """An SMS leaves."""

    source: str
    destination: str
    text: str


class Push(NamedTuple):
    """The network begins a dialogue with `msisdn`, on that screen, with these variables."""

    msisdn: str
    screen: str
    variables: Variables


Effect = SendSms | Push


class Step(NamedTuple):
    """The next state, what to do about it, and what leaves meanwhile: each effect exactly once, in this order."""

    state: State
    action: Action
    effects: tuple[Effect, ...] = ()
