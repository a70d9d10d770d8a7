"""SMS that wait for the SMSC: each is kept until a submit_sm_resp takes it, or refuses it for good."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import ExitStack
from itertools import count

from aiosmpplib.broker import AbstractBroker
from aiosmpplib.protocol import SmppMessage, SubmitSm
from aiosmpplib.state import SmppCommandStatus

from ussd_gateway.esme import delay, phone_number
from ussd_gateway.gateway import Gateway
from ussd_gateway.logs import logger

log = logger(__name__)

WINDOW = 50  # submit_sm that may wait for their response
RESPONSE = 10.0

GIVEN_UP = frozenset(
    {
        SmppCommandStatus.ESME_RINVMSGLEN,
        SmppCommandStatus.ESME_RINVPRTFLG,
        SmppCommandStatus.ESME_RINVREGDLVFLG,
        SmppCommandStatus.ESME_RINVSRCADR,
        SmppCommandStatus.ESME_RINVDSTADR,
        SmppCommandStatus.ESME_RINVSERTYP,
        SmppCommandStatus.ESME_RINVESMCLASS,
        SmppCommandStatus.ESME_RINVSRCTON,
        SmppCommandStatus.ESME_RINVSRCNPI,
        SmppCommandStatus.ESME_RINVDSTTON,
        SmppCommandStatus.ESME_RINVDSTNPI,
        SmppCommandStatus.ESME_RINVREPFLAG,
        SmppCommandStatus.ESME_RINVEXPIRY,
        SmppCommandStatus.ESME_RX_P_APPN,
    }
)
"""What the SMSC would say to every further attempt (SMPP 3.4 section 5.1.3); after anything else it is tried again."""


class Outgoing:
    """One SMS and its attempts. Its text shows in no representation."""

    __slots__ = ("attempts", "destination", "id", "source", "text", "timer", "under_way")

    def __init__(self, number: int, source: str, destination: str, text: str) -> None:
        self.id = str(number)
        self.source = source
        self.destination = destination
        self.text = text
        self.attempts = 0
        self.timer: asyncio.TimerHandle | None = None
        self.under_way = ExitStack()

    def __repr__(self) -> str:
        return f"Outgoing({self.id}, {self.source!r} to {self.destination!r})"

    def submit_sm(self) -> SubmitSm:
        """A PDU of its own for each attempt; ValueError where SMPP cannot say it."""
        return SubmitSm(
            log_id=self.id,
            short_message=self.text,
            source=phone_number(self.source),
            destination=phone_number(self.destination),
            registered_delivery=1,  # 5.2.17: a receipt, whatever becomes of it
        )

    def rest(self) -> None:
        """No timer of it rings any more."""
        if self.timer:
            self.timer.cancel()
            self.timer = None


class Outbox(AbstractBroker):
    """A queue, and the window of what was sent and is not answered.

    response  seconds until a response that has not come never will

    While a message is on its first attempt, `gateway.under_way` holds, so that `settle` and a virtual clock wait for it.
    """

    def __init__(self, gateway: Gateway, response: float = RESPONSE) -> None:
        self._gateway = gateway
        self._response = response
        self._queue: deque[Outgoing] = deque()
        self._in_flight: dict[str, Outgoing] = {}
        self._resting: dict[str, Outgoing] = {}  # until their next attempt
        self._numbers = count(1)
        self._room = asyncio.Event()

    @property
    def waiting(self) -> int:
        """How many messages the SMSC has not taken."""
        # no __len__: aiosmpplib takes a broker that is false, and so an empty one, for none
        return len(self._queue) + len(self._in_flight) + len(self._resting)

    def put(self, source: str, destination: str, text: str) -> None:
        """Takes a message; returns at once."""
        outgoing = Outgoing(next(self._numbers), source, destination, text)
        outgoing.under_way.enter_context(self._gateway.under_way())
        self._queue.append(outgoing)
        self._room.set()

    async def enqueue(self, message: SmppMessage) -> None:
        """aiosmpplib's own way in, which is not used: `put` is a plain call."""
        raise NotImplementedError("use put")

    async def dequeue(self) -> SmppMessage:
        """The next message, as soon as the window has room for it."""
        while True:
            while not self._queue or len(self._in_flight) >= WINDOW:
                self._room.clear()
                await self._room.wait()
            outgoing = self._queue.popleft()
            try:
                submit_sm = outgoing.submit_sm()
            except ValueError:
                self._give_up(outgoing, "it has an address that SMPP cannot carry")
                continue
            outgoing.attempts += 1
            outgoing.timer = asyncio.get_running_loop().call_later(self._response, self._unanswered, outgoing)
            self._in_flight[outgoing.id] = outgoing
            return submit_sm

    def answered(self, number: str, status: SmppCommandStatus) -> None:
        """The SMSC has answered an attempt."""
        outgoing = self._in_flight.pop(number, None)
        if outgoing is None:  # it answers late: another attempt is on its way, or nothing any more
            return
        self._room.set()
        if status is SmppCommandStatus.ESME_ROK:
            outgoing.rest()
            outgoing.under_way.close()
        elif status in GIVEN_UP:
            self._give_up(outgoing, status.name)
        else:
            log.warning("selfcare.sms_refused", destination=outgoing.destination, command_status=status.name)
            self._again(outgoing, delay(outgoing.attempts + 1))

    def unsendable(self, number: str) -> None:
        """No PDU can be made of the message."""
        if outgoing := self._in_flight.pop(number, None):
            self._room.set()
            self._give_up(outgoing, "it cannot be encoded")

    def lost(self) -> None:
        """The connection is gone, or could not be made: what was sent and not answered has to be sent again."""
        in_flight, self._in_flight = self._in_flight, {}
        for outgoing in reversed(in_flight.values()):
            self._again(outgoing, delay(outgoing.attempts))
        for outgoing in self._queue:
            outgoing.under_way.close()

    def clear(self) -> None:
        """Forget every message."""
        for outgoing in (*self._queue, *self._in_flight.values(), *self._resting.values()):
            outgoing.rest()
            outgoing.under_way.close()
        self._queue.clear()
        self._in_flight.clear()
        self._resting.clear()

    def _unanswered(self, outgoing: Outgoing) -> None:
        if self._in_flight.pop(outgoing.id, None):
            self._room.set()
            log.warning("selfcare.sms_unanswered", destination=outgoing.destination)
            self._again(outgoing, delay(outgoing.attempts + 1))

    def _again(self, outgoing: Outgoing, seconds: float) -> None:
        outgoing.rest()
        outgoing.under_way.close()
        if not seconds:
            self._queue.appendleft(outgoing)
            self._room.set()
            return
        self._resting[outgoing.id] = outgoing
        outgoing.timer = asyncio.get_running_loop().call_later(seconds, self._rested, outgoing)

    def _rested(self, outgoing: Outgoing) -> None:
        outgoing.timer = None
        del self._resting[outgoing.id]
        self._queue.appendleft(outgoing)
        self._room.set()

    def _give_up(self, outgoing: Outgoing, reason: str) -> None:
        outgoing.rest()
        outgoing.under_way.close()
        self._gateway.note(
            "selfcare.sms_given_up", source=outgoing.source, destination=outgoing.destination, reason=reason
        )
