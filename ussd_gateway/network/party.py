"""A holder of numbers, and a message on its way to one. They know each other, so they live together."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from math import inf

import msgspec

from ussd_gateway.coding.data_coding import GSM7
from ussd_gateway.network.message import Alert, Endpoint, MessageState, Receipt, Sms
from ussd_gateway.network.session import Session
from ussd_gateway.network.waiting import Waiting


class Stage(Enum):
    """Where a message is, and what happens to it at `UnderWay.due_at`."""

    SCHEDULED = "scheduled"  # its delivery begins
    DELAYED = "delayed"  # the outcome of its rule
    WAITING = "waiting"  # with its party; the next attempt of the retry profile
    POSTPONED = "postponed"  # an ESME could not take it: it is handed over again
    HANDED = "handed"  # in the hands of an ESME: nothing


SCHEDULED, DELAYED, WAITING, POSTPONED, HANDED = Stage


class UnderWay(msgspec.Struct, eq=False):
    """One message under way.

    party     who receives it
    due_at    float; when something happens to it other than its expiry
    alarm     float; when the network looks at it; never later than it has to
    attempts  int; how many failed
    error     int; why the last one failed, 0 when none has
    """

    sms: Sms
    party: Party
    stage: Stage = HANDED
    due_at: float = inf
    alarm: float = inf
    attempts: int = 0
    error: int = 0

    @property
    def state(self) -> MessageState:
        """The state that a query shows."""
        return MessageState.SCHEDULED if self.stage is SCHEDULED else MessageState.ENROUTE


Waits = UnderWay | Receipt | Alert
_NOTHING: Waiting[Waits] = Waiting()  # what waits for each of a million parties for which nothing ever has to wait


class Party:
    """A holder of numbers: a handset, or the account of an ESME.

    name       str; the msisdn, or the account's system_id
    home       bool; a subscriber of this operator, who may dial and send
    attached   bool; registered in the network; of an account: bound to receive
    default_alphabet  what data_coding 0 means to it
    memory_full, busy  bool; why a handset that is attached takes no SMS now
    room       float; how many more messages it can take now; without end for a handset
    confirms   bool; says itself when a message has arrived (`Messages.confirm`); otherwise handing it over delivers it
    waiting    the messages kept until the party can take them; `keep` puts them there
    takes      of an account whose binds differ: whether one of them takes this message now (and is then to get it), has
               to have room for it first, or, None, no bind will ever want it; None where all binds are alike
    unwanted   the messages that no bind wants, until the account has other binds
    session    Session or None; its open USSD dialogue
    """

    __slots__ = (
        "attached",
        "busy",
        "confirms",
        "default_alphabet",
        "endpoint",
        "home",
        "memory_full",
        "name",
        "room",
        "session",
        "takes",
        "unwanted",
        "waiting",
    )

    def __init__(self, name: str, endpoint: Endpoint, *, home: bool, attached: bool, confirms: bool) -> None:
        self.name = name
        self.endpoint = endpoint
        self.home = home
        self.attached = attached
        self.confirms = confirms
        self.default_alphabet = GSM7
        self.memory_full = False
        self.busy = False
        self.room = inf
        self.waiting = _NOTHING
        self.takes: Callable[[Sms | Receipt], bool | None] | None = None
        self.unwanted = _NOTHING
        self.session: Session | None = None

    @property
    def takes_messages(self) -> bool:
        """Whether an SMS can be handed over now."""
        return self.attached and not self.memory_full and not self.busy and self.room > 0

    def keep(self, thing: Waits, *, first: bool = False) -> None:
        """It waits behind, or in front of, all others of its priority."""
        if self.waiting is _NOTHING:
            self.waiting = Waiting()
        put = self.waiting.put_first if first else self.waiting.put
        put(thing, thing.sms.priority if isinstance(thing, UnderWay) else 0)

    def set_aside(self, way: UnderWay) -> None:
        """No bind wants it: it waits without being looked at."""
        if self.unwanted is _NOTHING:
            self.unwanted = Waiting()
        self.unwanted.put(way, way.sms.priority)

    def want_again(self) -> None:
        """What was set aside waits as the first again: the account has other binds."""
        ways = [self.unwanted.take() for _ in range(len(self.unwanted))]
        for way in reversed(ways):
            self.keep(way, first=True)

    def forget(self) -> None:
        """Nothing waits any more."""
        self.waiting.clear()
        self.unwanted.clear()

    def drop(self, way: UnderWay) -> None:
        """It waits no more."""
        self.waiting.drop(way, way.sms.priority)
        self.unwanted.drop(way, way.sms.priority)
