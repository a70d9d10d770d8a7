"""Self-care's own ESME: aiosmpplib, bound to the SMSC over TCP as any customer's program is (docs/design.md, 4b and 5.5).

aiosmpplib 0.7.4 is used through what it offers for extension: a broker, a correlator, a hook, a retry timer, a throttle
handler. What it does not offer is in `ussd_gateway.esme`, with the reason for each line.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import ExitStack
from secrets import token_hex

from aiosmpplib.correlator import AbstractCorrelator, SegmentStatus
from aiosmpplib.hook import AbstractHook
from aiosmpplib.protocol import DeliverSm, GenericNack, SmppMessage, SubmitSm, SubmitSmResp
from aiosmpplib.state import OptionalParam

from ussd_gateway.esme import NO_LOG, Esme, NoThrottle, RetryTimer
from ussd_gateway.gateway import Gateway
from ussd_gateway.logs import logger
from ussd_gateway.selfcare.incoming import Incoming, Repeats
from ussd_gateway.selfcare.outbox import RESPONSE, Outbox

log = logger(__name__)

ENQUIRE_LINK = 30.0  # seconds of silence after which the SMSC is asked whether it lives
SOCKET = 5.0  # seconds for a connect, a bind and an enquire_link
REQUESTS = 30.0  # seconds for which a request waits to be told by its response

_USER_MESSAGE_REFERENCE = 0x0204  # SMPP 3.4 section 5.3.2.17
_ANY = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where a listener on every address is reached

Receive = Callable[[Incoming], None]


class SmsSender:
    """Sends SMS through the SMSC, and receives those to its account's numbers.

    address    gives (host, port) of the SMSC; asked before each connect, since the port may be known late
    system_id  the account's, with its password
    response   seconds until a response that has not come never will
    receive    takes an SMS that came, once however often the SMSC delivers it (R176); returns at once

    `start` binds in the background: an SMS to its numbers can only be received by who is bound. Whatever ends the bind,
    another follows: at once, then after 0.1 s and ever longer, up to 5 s.
    """

    def __init__(
        self,
        address: Callable[[], tuple[str, int]],
        system_id: str,
        password: str,
        gateway: Gateway,
        receive: Receive = lambda sms: None,
        *,
        response: float = RESPONSE,
    ) -> None:
        self._address = address
        self._system_id = system_id
        self._password = password
        self._gateway = gateway
        self._receive = receive
        self._outbox = Outbox(gateway, response)
        self._repeats = Repeats()
        self._timer = RetryTimer(self._bound, self._lost)
        self._esme: Esme | None = None
        self._task: asyncio.Task[None] | None = None
        self._first_attempt = ExitStack()
        self.bound = asyncio.Event()

    def start(self) -> None:
        """Bind, in the background; `settle` waits for the first attempt."""
        if self._task is None:
            self._first_attempt.enter_context(self._gateway.under_way())
            self._task = asyncio.get_running_loop().create_task(self._run(), name="selfcare ESME")

    def send(self, source: str, destination: str, text: str) -> None:
        """Send an SMS, with a receipt; returns at once. It is kept until the SMSC has taken it, or `stop`."""
        self._outbox.put(source, destination, text)
        self.start()
        self._timer.hurry()

    @property
    def waiting(self) -> int:
        """How many SMS the SMSC has not taken."""
        return self._outbox.waiting

    def forget(self) -> None:
        """Drop what waits."""
        self._outbox.clear()

    async def stop(self) -> None:
        """Leave; what waits is dropped. No task and no socket is left behind."""
        task, self._task = self._task, None
        if self._esme and self.bound.is_set():
            self._esme.hang_up()  # while it is still bound, so that the SMSC gets its unbind
        while task and not task.done():
            task.cancel()
            # again if need be: asyncio.wait_for of Python 3.11 can swallow a cancellation
            await asyncio.wait({task}, timeout=0.1)
        self._first_attempt.close()
        self._outbox.clear()
        await asyncio.sleep(0)  # a transport closes its socket one turn after it is told to

    async def _run(self) -> None:
        while self._task:
            host, port = self._address()
            self._esme = esme = Esme(
                smsc_host=_ANY.get(host, host),
                smsc_port=port,
                system_id=self._system_id,
                password=self._password,
                client_id=self._system_id,
                enquire_link_interval=ENQUIRE_LINK,
                socket_timeout=SOCKET,
                log_level=NO_LOG,
                log_handler=logging.NullHandler(),
                broker=self._outbox,
                correlator=_Correlator(),
                hook=_Hook(self),
                retry_timer=self._timer,
                throttle_handler=NoThrottle(),
            )
            try:
                await esme.start()
            except Exception as error:  # start() promises nothing about what ends it
                log.warning("selfcare.esme_failed", error=type(error).__name__)
            finally:
                esme.hang_up()
            await self._timer.wait()

    # What the ESME tells ---------------------------------------------------------------------------------------------

    def _bound(self) -> None:
        self._repeats.bound(_real_time())
        self.bound.set()
        self._first_attempt.close()

    def _lost(self) -> None:
        """A bind has ended, or an attempt to bind has failed."""
        self.bound.clear()
        self._repeats.lost(_real_time())
        self._outbox.lost()
        self._first_attempt.close()
        if self._esme:
            self._esme.hang_up()
            host, self._esme.smsc_port = self._address()
            self._esme.smsc_host = _ANY.get(host, host)

    def answered(self, response: SubmitSmResp | GenericNack) -> None:
        """The SMSC has answered a submit_sm."""
        self._outbox.answered(response.log_id, response.command_status)

    def unsendable(self, message: SubmitSm) -> None:
        """No PDU can be made of the message."""
        self._outbox.unsendable(message.log_id)

    def delivered(self, pdu: DeliverSm) -> None:
        """The SMSC has delivered a receipt or an SMS."""
        if pdu.is_receipt():
            receipt = pdu.parse_receipt()
            self._gateway.note(
                "selfcare.sms_receipt",
                account=self._system_id,
                destination=pdu.source.number,  # appendix B: a receipt comes from where the message went
                message_id=str(receipt.get("id", "")),
                state=str(receipt.get("stat", "")),
            )
            return
        sms = Incoming(
            pdu.source.number, pdu.destination.number, pdu.short_message or pdu.message_payload, key=token_hex(8)
        )
        if self._repeats.is_repeat(sms, pdu.sequence_num, _reference(pdu), _real_time()):
            self._gateway.note("selfcare.sms_repeated", source=sms.source, destination=sms.destination)
            return
        self._receive(sms)


class _Hook(AbstractHook):
    """Passes on what arrives."""

    def __init__(self, sender: SmsSender) -> None:
        self._sender = sender

    async def sending(self, smpp_message: SmppMessage, pdu: bytes, client_id: str) -> None:
        """Nothing to do before a PDU leaves."""

    async def received(self, smpp_message: SmppMessage | None, pdu: bytes, client_id: str) -> None:
        """A PDU has come; None for what is no message of its own. The response to it leaves after this."""
        if isinstance(smpp_message, DeliverSm):
            self._sender.delivered(smpp_message)
        elif isinstance(smpp_message, SubmitSmResp | GenericNack):
            self._sender.answered(smpp_message)

    async def send_error(self, smpp_message: SmppMessage, error: Exception, client_id: str) -> None:
        """A message could not be made a PDU; where the connection failed, `RetryTimer.wait` says so."""
        if isinstance(smpp_message, SubmitSm) and isinstance(error, ValueError):
            self._sender.unsendable(smpp_message)


class _Correlator(AbstractCorrelator):
    """Requests by sequence_number. Receipts need none: they name message and number themselves."""

    def __init__(self) -> None:
        self._requests: dict[int, tuple[float, SmppMessage]] = {}  # a dict keeps the order, so the oldest is first

    async def put(self, smpp_message: SmppMessage) -> None:
        """A request has left."""
        now = _real_time()
        while self._requests and now - next(iter(self._requests.values()))[0] > REQUESTS:
            del self._requests[next(iter(self._requests))]
        self._requests[smpp_message.sequence_num] = now, smpp_message

    async def get(self, response: SmppMessage) -> SmppMessage | None:
        """The request of a response."""
        _, request = self._requests.pop(response.sequence_num, (0.0, None))
        if isinstance(response, GenericNack) and isinstance(request, SubmitSm):
            response.log_id = request.log_id  # aiosmpplib does it for submit_sm_resp only
        return request

    async def expired(self, smpp_message: SmppMessage) -> None:
        """The outbox has timers of its own."""

    async def put_delivery(self, smsc_message_id: str, submit_sm: SubmitSm) -> None:
        """Nothing is kept: the message has a secret in it."""

    async def get_delivery(self, receipt: DeliverSm) -> SubmitSm | None:
        """Nothing was kept."""
        return None

    async def put_delivery_segmented(self, deliver_sm: DeliverSm) -> DeliverSm | None:
        """No command of self-care is longer than one SMS: parts of a long one are received and let go."""
        return None

    async def get_segmented(self, smpp_seq_num: int, remove: bool = False) -> tuple[SegmentStatus | None, int]:
        """Nothing that self-care sends is cut."""
        return None, 0

    def get_cumulated_status(self, ref_num: int) -> int:
        """Nothing that self-care sends is cut."""
        return 0


def _reference(pdu: DeliverSm) -> int | None:
    """The reference that the phone gave its message."""
    parameters: list[OptionalParam] = pdu.optional_params or []
    values = (parameter.value for parameter in parameters if parameter.tag == _USER_MESSAGE_REFERENCE)
    value = next(values, None)
    return value if isinstance(value, int) else None


def _real_time() -> float:
    return asyncio.get_running_loop().time()
