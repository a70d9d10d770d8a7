"""One ESME's connection: the shell around smpp.connection. Plain calls from its octets to the network and back.

What one read brought is handled whole; the answers leave in one write, after the turn's commit.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any, ClassVar

from msgspec import structs

from ussd_gateway.applications.smsc.accounts import Accounts, EsmeAccount, Limits
from ussd_gateway.applications.smsc.address_range import AddressRange
from ussd_gateway.applications.smsc.capture import Capture, Chunk, Line, without_password, without_text
from ussd_gateway.applications.smsc.counters import Counters
from ussd_gateway.applications.smsc.faulty import carry_out
from ussd_gateway.applications.smsc.requests import (
    REQUESTS,
    SUBMISSIONS,
    Services,
    after_response,
    answer,
    at_once,
    submit_at_once,
)
from ussd_gateway.applications.smsc.translate import alert_notification, data_sm, deliver_sm, sms_from
from ussd_gateway.applications.smsc.ussd import UssdCodes
from ussd_gateway.coding.data_coding import GSM7
from ussd_gateway.gateway import Gateway
from ussd_gateway.logs import logger, told
from ussd_gateway.network.faults import Effect, Fault, Faults, Side
from ussd_gateway.network.message import Alert, MessageState, Receipt, Sms
from ussd_gateway.network.messages import QueueFullError
from ussd_gateway.smpp.commands import (
    BindReceiver,
    BindTransceiver,
    BindTransmitter,
    DataSm,
    DataSmResp,
    DeliverSmResp,
    EnquireLink,
    GenericNack,
    Outbind,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
)
from ussd_gateway.smpp.connection import BOUND, Connection, State
from ussd_gateway.smpp.errors import LostStreamError, PduError
from ussd_gateway.smpp.pdu import PDUS, RESPONSE, Pdu, UnparsedPdu, decode
from ussd_gateway.smpp.status import Status, status_name
from ussd_gateway.smpp.timers import Due, Timers
from ussd_gateway.smpp.tlv import Tag, encode_tlvs
from ussd_gateway.smpp.version import Version, negotiated

log = logger(__name__)

SMSC_SYSTEM_ID = "ussd_gateway"
# Octets that a read may bring: some 200 messages, so that one who floods keeps the others waiting for a millisecond
_READ = 16 * 1024

_RESPONSE_BIT = RESPONSE >> 24  # in the first octet of a command_id
# l_onoff, l_linger: close throws away what is unsent, and the peer gets ECONNRESET
_LINGER = struct.pack("ii", 1, 0)

_pack_submit_sm_resp = SubmitSmResp.packer("message_id")

Answered = Callable[[int | None], None]
"""Is called with the command_status of the response to a request of ours, or None when the bind ended before it."""


@dataclass(slots=True)
class Shared:
    """What the connections of one SMSC have in common.

    window       how many deliver_sm a bind may leave unanswered
    connections  those that are open
    buffer       where every read lands: it is copied out before the next one
    numbers      each connection takes the next one
    closed       how many have ended
    past         what those had counted, by system_id, "" where it is no account's
    """

    gateway: Gateway
    accounts: Accounts
    timers: Timers
    window: int
    faults: Faults
    capture: Capture
    services: Services
    connections: set[EsmeConnection] = field(default_factory=set)
    buffer: memoryview = field(default_factory=lambda: memoryview(bytearray(_READ)))
    real_time: Callable[[], float] = time.monotonic
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    closed: int = 0
    past: dict[str, Counters] = field(default_factory=dict)

    def account_of(self, connection: EsmeConnection) -> str:
        """Whose a connection is; not for what anybody makes up as a system_id."""
        return connection.system_id if self.accounts.get(connection.system_id) else ""


class EsmeConnection(asyncio.BufferedProtocol):
    """An asyncio protocol; the server makes one for each connection it accepts."""

    def __init__(self, shared: Shared, outbind: EsmeAccount | None = None) -> None:
        """`outbind`: the account whom the SMSC has called, and asks to bind."""
        self._shared = shared
        self._outbind = outbind
        self.gateway = shared.gateway
        self.number = next(shared.numbers)
        self.counters = Counters()
        self.address_range: AddressRange | None = None
        self._tls = False
        self._since = shared.gateway.now()
        self._window = shared.window
        self._answered_id: Callable[[str], bytes] | None = None
        self._limits: Limits | None = None  # of the account, where it has any
        self._codes: UssdCodes | None = None  # the same
        self._now = shared.gateway.clock.now
        self._predefined = shared.services.default_messages
        # Responses that leave with this turn, those that leave later, and those that a fault has swallowed
        self._owed = self._to_come = self._swallowed = 0
        self.services = shared.services
        self.version = Version.V3_4
        self._congestion = b""  # a TLV behind responses, of 5.0 binds
        self._deliver: Callable[..., bytes] = deliver_sm
        self._connection = Connection()
        self._transport: asyncio.Transport | None = None
        self._account: EsmeAccount | None = None
        self.system_id = ""
        self.outgoing: list[bytes] = []
        self.held: list[bytes] = []
        self._late_faults: dict[int, Fault] = {}  # by sequence_number, of responses that are still to come
        self._frozen = False  # a fault has ended the connection, or left it half open
        self._last = 0  # how many of `outgoing` leave once it is frozen
        self._heard: Chunk | None = None  # what the last read brought, and is in no capture yet
        self._private = False  # whether the operator's own service speaks here
        # Our requests: what each carried, or whom to tell of its response, and when it was sent
        self._unanswered: dict[int, tuple[Sms | Receipt | Answered, float]] = {}
        self._takes_tlvs = True
        self.default_alphabet = GSM7
        self._writable = True
        self._opened_at = self._heard_at = shared.real_time()
        self._enquired_at = 0.0
        self._finishing = False  # the close waits for the responses that were put off
        self._unbinding_since: float | None = None  # our unbind waits for its response
        self._active_at, self._activity = self._opened_at, 0

    # asyncio -------------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The ESME has connected."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        own = transport.get_extra_info("sockname")
        peer = transport.get_extra_info("peername") or own  # none where the ESME has gone already
        self._line = Line(self.number, peer[:2], own[:2])
        self._tls = transport.get_extra_info("ssl_object") is not None
        self._shared.connections.add(self)
        if self._outbind:
            self._connection.outbind()
            settings = self._outbind.settings
            self.write(
                Outbind(system_id=SMSC_SYSTEM_ID, password=settings.outbind_password, sequence_number=1).encode()
            )

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the next read lands."""
        return self._shared.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Handle every PDU that the read has completed."""
        self._heard_at = self._shared.real_time()
        self.counters.octets_in += nbytes
        if self._frozen:
            return
        self.gateway.enter()
        try:
            octets = bytes(self._shared.buffer[:nbytes])
            if not self._private:
                shown = octets if self._account else without_password(octets, self._connection.rest)
                self._heard = Chunk(time.time(), self._line, False, shown)
            self._receive(octets)
        finally:
            self.gateway.leave()
            self._record()
            if self.gateway.stuck and self._transport:  # what cannot be kept would only grow
                self._transport.pause_reading()
                self.gateway.after_commit(self._read_on)

    def _read_on(self) -> None:
        if self._transport and self._writable and not self._transport.is_closing():
            self._transport.resume_reading()

    def _receive(self, octets: bytes) -> None:
        if self.version.takes_congestion_state:
            self._congestion = encode_tlvs(self._congestion_state())
        pdus = self._connection.receive_data(octets)
        try:
            if self._shared.faults.counted or self.held or self._shared.capture.watchers or self._private:
                for pdu in pdus:
                    self._show(pdu.raw, to_esme=False)
                    try:
                        self._handle_guarded(pdu)
                    except Exception as error:
                        self._failed(pdu, error)
                    if self._frozen:
                        return
            else:
                for pdu in pdus:
                    try:
                        self._handlers.get(type(pdu), EsmeConnection._unexpected)(self, pdu)
                    except Exception as error:
                        self._failed(pdu, error)
        except LostStreamError as error:
            self._lose(error)

    def _failed(self, pdu: Pdu | UnparsedPdu, error: Exception) -> None:
        """Whatever it is, the bind and its other messages go on."""
        log.error("esme.pdu_failed", account=self.system_id, pdu=type(pdu).__name__, error=told(error))
        if isinstance(pdu, Pdu) and not pdu.command_id & RESPONSE:
            self._reply(pdu, Status.ESME_RSYSERR)

    def eof_received(self) -> bool:
        """The ESME will send no more: close, once it has the responses that it waits for."""
        if self._tls or self._frozen or not (self._to_come or self.held or self.outgoing):
            return False
        self._finish()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone, for whatever reason."""
        shared = self._shared
        shared.connections.discard(self)
        shared.closed += 1
        shared.past.setdefault(shared.account_of(self), Counters()).add(self.counters)
        self._leave()

    def pause_writing(self) -> None:
        """The ESME reads slower than it makes us write: stop reading from it."""
        self._writable = False
        if self._transport:
            self._transport.pause_reading()
        if self._account:
            self._account.changed()

    def resume_writing(self) -> None:
        """The ESME has caught up."""
        self._writable = True
        if self._transport and not self._transport.is_closing():
            self._transport.resume_reading()
            if self._account:
                self._account.changed()

    # What the account and the server ask -----------------------------------------------------------------------------

    @property
    def bound(self) -> bool:
        """Whether it is bound."""
        return self._connection.state in BOUND

    @property
    def receives(self) -> bool:
        """Whether it is bound to receive."""
        return self._connection.receives

    @property
    def unanswered(self) -> int:
        """How many deliver_sm wait for their response."""
        return len(self._unanswered)

    @property
    def room(self) -> int:
        """How many more deliver_sm fit the window."""
        return self._window - len(self._unanswered) if self._writable and not self._frozen else 0

    def send(self, message: Sms | Receipt) -> None:
        """Hand a message or a receipt to the ESME."""
        sequence_number = self._connection.next_sequence_number()
        self._unanswered[sequence_number] = message, self._shared.real_time()
        if isinstance(message, Receipt):
            assert self._account
            self.counters.receipts += 1
            octets = self._account.receipts.octets(message, sequence_number, with_tlvs=self._takes_tlvs)
        else:
            self.counters.messages += 1
            octets = self._deliver(
                message, sequence_number, with_tlvs=self._takes_tlvs, default_alphabet=self.default_alphabet
            )
        if self._shared.faults.counted or self.held:
            self._send_with_faults(octets)
        else:
            self.write(octets)  # the hot road

    def request(self, encode: Callable[[int], bytes], answered: Answered) -> None:
        """Send another request; `encode` makes its octets with the sequence_number, `answered` hears of its response."""
        sequence_number = self._connection.next_sequence_number()
        self._unanswered[sequence_number] = answered, self._shared.real_time()
        self._send_with_faults(encode(sequence_number))

    def alert(self, alert: Alert, esme_addr: str) -> None:
        """Tell the ESME that a handset is back; one of before 3.4 has no such command."""
        if self._takes_tlvs:
            self._send_with_faults(alert_notification(alert, esme_addr, self._connection.next_sequence_number()))

    def forget(self) -> None:
        """Expect no response any more; of what a fault holds back only responses still leave."""
        self._unanswered.clear()
        self.held = [octets for octets in self.held if octets[4] & _RESPONSE_BIT]
        self._release_held(len(self.held))

    def shown(self) -> dict[str, Any]:
        """As `GET /esmes` answers it."""
        host, port = self._line.esme
        shown: dict[str, Any] = {
            "id": self.number,
            "address": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
            "since": self._since,
            "tls": self._tls,
        }
        if self.bound:
            shown |= {
                "mode": self._connection.state.value,
                "interface_version": str(self.version),
                "address_range": self.address_range.written if self.address_range else "",
                "window": {"size": self._window, "unanswered": self.unanswered},
            }
        return shown | {"counters": self.counters.shown()}

    def check(self, now: float) -> None:
        """Do what the timers call for; `now` is real time."""
        if self._transport is None or self._transport.is_closing():
            self.abort()  # it was told to close, and the ESME does not read what is left for it
            return
        if self._frozen:
            return
        if self._unbinding_since is not None:
            if now - self._unbinding_since >= self._shared.timers.response:
                self._close_transport()
            return
        if self._connection.state is State.UNBOUND:
            return  # its last responses were put off
        if (activity := self.counters.activity) != self._activity:
            self._active_at, self._activity = now, activity
        due = self._shared.timers.due(
            now,
            bound=self._connection.state in BOUND,
            opened_at=self._opened_at,
            heard_at=self._heard_at,
            enquired_at=self._enquired_at,
            active_at=self._active_at,
        )
        if due is Due.CLOSE or self._waited(now) >= self._shared.timers.response:
            self._note("esme.silent")
            self.close()
        elif due is Due.UNBIND:
            self._note("esme.inactive")
            self.unbind()
        elif due is Due.ENQUIRE_LINK:
            self._enquired_at = now
            self._send_with_faults(EnquireLink(sequence_number=self._connection.next_sequence_number()).encode())

    def _waited(self, now: float) -> float:
        """How long the oldest deliver_sm has waited for its response."""
        return now - next(iter(self._unanswered.values()))[1] if self._unanswered else 0.0

    def unbind(self) -> None:
        """End the bind politely, and close when the ESME has answered, or has had the time to."""
        if self._connection.state not in BOUND:
            self.close()
            return
        self.write(Unbind(sequence_number=self._connection.next_sequence_number()).encode())
        self._unbinding_since = self._shared.real_time()
        self._connection.unbind()
        self._handlers = type(self)._handlers
        self._leave()

    def close(self) -> None:
        """End the bind without waiting for an answer, behind what this turn has still to say, and the connection."""
        if self._transport is None or self._transport.is_closing() or self._connection.state is State.UNBOUND:
            self.gateway.after_commit(self._close_transport)
            return
        if self._connection.state in BOUND:
            self.write(Unbind(sequence_number=self._connection.next_sequence_number()).encode())
        self._end()

    def abort(self) -> None:
        """Drop the connection, read or not."""
        if self._transport:
            self._transport.abort()

    def abort_unless_read(self) -> None:
        """Drop the connection of an ESME that does not read what it is sent, or need not agree to the end of TLS."""
        if self._transport and (self._tls or self._transport.get_write_buffer_size()):
            self.abort()

    def drop(self, *, reset: bool) -> None:
        """End the connection without a goodbye, for a fault: behind what this turn has answered so far."""
        self._mute()
        self._end(self._reset if reset else self._close_transport)

    def freeze(self) -> None:
        """Read and write nothing any more, for a fault; the socket stays until the ESME or the gateway ends."""
        self._mute()
        if self._account:
            self._account.changed()

    def _mute(self) -> None:
        """Nothing more is handled, and of what is written only that leaves which is there already."""
        if not self._frozen:
            self._frozen, self._last = True, len(self.outgoing)
            self.gateway.after_commit(self._flush)  # before the close

    # Faults --------------------------------------------------------------------------------------------------------

    def _handle_guarded(self, pdu: Pdu | UnparsedPdu) -> None:
        """Handle a PDU as the rules in force want it."""
        handle = partial(self._handlers.get(type(pdu), EsmeConnection._unexpected), self, pdu)
        if not isinstance(pdu, Pdu) or pdu.command_id & RESPONSE:
            return handle()
        fault = self._find(pdu, getattr(pdu, "system_id", self.system_id), Side.ESME)
        held = len(self.held)
        if fault is None:
            place = len(self.outgoing)
            handle()
            if self.held and len(self.outgoing) > place:
                self._release_held(held)
        elif fault.effect is Effect.STATUS:
            self._note_fault(fault, pdu)
            self._reject(pdu, fault.status)
            self._release_held(held)
        else:
            self._note_fault(fault, pdu)
            owed, place = self._owed, len(self.outgoing)
            if not carry_out(fault, self, handle):
                self._late_faults[pdu.sequence_number] = fault
            elif len(self.outgoing) > place and not self.outgoing[place]:
                self._owed = owed  # the response does not leave with this turn
            elif fault.effect is Effect.REORDER:
                self._owed += held  # they leave behind this one
        return None

    def put_off(self, octets: bytes, seconds: float) -> None:
        """The PDU leaves so much later, for a fault."""
        if octets[4] & _RESPONSE_BIT:
            self._to_come += 1
        self.gateway.call_later(seconds, partial(self._write_late, octets))

    def _write_late(self, octets: bytes) -> None:
        self._write_and_release(octets)
        if octets[4] & _RESPONSE_BIT:
            self._came()

    def swallow(self, response: bytes) -> None:
        """The response never leaves, for a fault: its request stays unanswered."""
        self._swallowed += 1
        self.counters.swallowed(int.from_bytes(response[8:12]))

    def _write_and_release(self, octets: bytes) -> None:
        held = len(self.held)
        self.write(octets)
        self._release_held(held)

    def _release_held(self, count: int) -> None:
        for octets in self.held[:count]:
            self._owed += bool(octets[4] & _RESPONSE_BIT)
            self.write(octets)
        del self.held[:count]

    def _send_with_faults(self, octets: bytes) -> None:
        """Write a request of ours, as the rules in force want it."""
        if not (self._shared.faults.counted or self.held):
            self.write(octets)
            return
        pdu = decode(octets)
        assert isinstance(pdu, Pdu)
        fault = self._find(pdu, self.system_id, Side.SMSC)
        if fault is None:
            self._write_and_release(octets)
        else:
            self._note_fault(fault, pdu)
            carry_out(fault, self, partial(self.write, octets))

    def _find(self, pdu: Pdu, account: str, sent_by: Side) -> Fault | None:
        destination = getattr(pdu, "destination_addr", None)
        return self._shared.faults.find(
            pdu.command, account=account, destination=destination, now=self.gateway.now(), sent_by=sent_by
        )

    # PDUs ----------------------------------------------------------------------------------------------------------

    def _bind(self, pdu: Any) -> None:
        if refusal := self._connection.refusal(pdu):
            if self._heard:  # of who is bound nobody expects a password
                shown = without_password(self._heard.octets, self._connection.rest)
                self._heard = structs.replace(self._heard, octets=shown)
            return self._reply(pdu, refusal)
        try:
            account, self.address_range = self._shared.accounts.admit(pdu)
        except PduError as error:
            self.system_id = pdu.system_id
            self._note("esme.bind_refused", command_status=error.status.name, seen=error.seen)
            return self._reply(pdu, error.status)
        self._connection.bind(pdu)
        self._window = account.settings.deliver_window or self._shared.window
        self._answered_id = account.receipts.answered_id
        self._limits = account.limits or None
        self._codes = account.codes
        if self._connection.submits:
            self._handlers = self._submitting
        self._account, self.system_id = account, pdu.system_id
        self._private = account.settings.inner
        self.default_alphabet = account.settings.default_alphabet
        self.version = negotiated(pdu.interface_version)
        self._takes_tlvs = self.version.takes_tlvs
        if account.settings.deliver_by == "data_sm" and self._takes_tlvs:  # 3.3 has no data_sm
            self._deliver = data_sm
        self._note("esme.bound", mode=self._connection.state.value, bind=self.number)
        self._reply(pdu, Status.ESME_ROK, system_id=SMSC_SYSTEM_ID, tlvs=self.version.bind_tlvs)
        self._active_at, self._activity = self._shared.real_time(), self.counters.activity
        account.opened(self)
        return None

    def _unbind(self, pdu: Pdu) -> None:
        if refusal := self._connection.refusal(pdu):
            return self._reply(pdu, refusal)
        self._reply(pdu)
        self._note("esme.unbound")
        self._finishing = True
        self._end(self._close_behind)
        return None

    def _unbind_resp(self, pdu: Pdu) -> None:
        if self._unbinding_since is not None:
            self._finish()

    def _submit_sm(self, pdu: SubmitSm) -> None:
        # USSD has a TLV or a service_type
        if (pdu.tlvs or pdu.values[0]) and self._codes is not None and self._codes.takes(pdu):
            return self._submit_ussd(pdu)
        if self._limits is not None and (refusal := self._beyond(self._limits)):
            return self._reject(pdu, refusal)
        try:
            sms = sms_from(pdu, self.system_id, self._now(), self.default_alphabet, self._predefined)
        except PduError as error:
            return self._refuse(pdu, error)
        sms.origin = self.number
        if sms.esm_class and at_once(sms):
            return self._answer(pdu, partial(submit_at_once, sms=sms))
        self._owed += 1
        outgoing = self.outgoing
        if not outgoing:
            self.gateway.after_commit(self._flush)
        place = len(outgoing)
        outgoing.append(b"")  # the response takes its place before the receipt, which may come within `submit`
        try:
            self.gateway.submit(sms)
        except QueueFullError as error:
            self._note_refusal(pdu, Status.ESME_RMSGQFUL, str(error))
            self.counters.answered(pdu.command, Status.ESME_RMSGQFUL)
            outgoing[place] = self._congested(pdu.reply(Status.ESME_RMSGQFUL)).encode()
            return None
        answered_id = self._answered_id
        message_id = sms.message_id.encode() if answered_id is None else answered_id(sms.message_id)
        outgoing[place] = _pack_submit_sm_resp(pdu.sequence_number, (message_id,), self._congestion)
        self.counters.submitted += 1
        return None

    def _request(self, pdu: Pdu) -> None:
        if self._limits is not None and type(pdu) in SUBMISSIONS and (refusal := self._beyond(self._limits)):
            return self._reject(pdu, refusal)
        return self._answer(pdu, answer)

    def _answer(self, pdu: Any, answered: Callable[[Any, Any], Pdu | None]) -> None:
        """The response leaves before what the request brings about, such as receipts; None comes later."""
        outgoing = self.outgoing
        place = len(outgoing)
        try:
            response = answered(self, pdu)
        except PduError as error:
            return self._refuse(pdu, error)
        if response is None:
            self._to_come += 1
            return None
        self._owed += 1
        if self._frozen:
            self._last += 1  # what the request brought about has frozen it; the request came before
        self.counters.answered(pdu.command, response.command_status)
        octets = self._congested(response).encode()
        if len(outgoing) == place:
            self.write(octets)
        else:
            outgoing.insert(place, octets)
        return None

    def _beyond(self, limits: Limits) -> Status | None:
        """The command_status that refuses one more submission."""
        unanswered = self._owed + self._to_come + self._swallowed
        if self.held:
            unanswered += sum(bool(octets[4] & _RESPONSE_BIT) for octets in self.held)
        return limits.refusal(self.gateway.now(), unanswered)

    def _data_sm(self, pdu: DataSm) -> None:
        if self._codes is not None and self._codes.takes(pdu):
            self._submit_ussd(pdu)
        else:
            self._request(pdu)

    def _submit_ussd(self, pdu: SubmitSm | DataSm) -> None:
        codes = self._codes
        assert codes
        if self._limits is not None and (refusal := self._beyond(self._limits)):
            self._reject(pdu, refusal)
            return
        self._answer(pdu, lambda line, pdu: pdu.reply(message_id=codes.submit(pdu)))

    def _deliver_sm_resp(self, pdu: DeliverSmResp | DataSmResp) -> None:
        self._answered(pdu.sequence_number, pdu.command_status)

    def _answered(self, sequence_number: int, command_status: int) -> None:
        """One of our requests has its response."""
        carried, _ = self._unanswered.pop(sequence_number, (None, 0.0))
        if carried is None:
            return
        if command_status:
            self.counters.refuse(command_status)
        if isinstance(carried, Sms):
            if command_status:
                after_response(self.gateway, carried, command_status)
            else:
                self.gateway.confirm(carried, MessageState.DELIVERED)
        elif not isinstance(carried, Receipt):
            carried(command_status)
        if self._account and self._writable:
            self._account.answered()

    def _enquire_link(self, pdu: Pdu) -> None:
        self._reply(pdu)

    def _generic_nack(self, pdu: Pdu) -> None:
        self._note("esme.generic_nack", command_status=status_name(pdu.command_status))
        self._answered(pdu.sequence_number, pdu.command_status or Status.ESME_RUNKNOWNERR)

    def _unparsed(self, pdu: UnparsedPdu) -> None:
        self._note("esme.unparsed_pdu", command_id=f"0x{pdu.command_id:08X}", seen=pdu.error.seen)
        if reply := pdu.reply():
            known = PDUS.get(pdu.command_id)
            self.counters.answered(known.command if known else "unknown", pdu.error.status)
            self.write(reply.encode())
        else:  # a response, however broken, is the answer to its request
            self._answered(pdu.sequence_number, pdu.error.status)

    def _unexpected(self, pdu: Pdu | UnparsedPdu) -> None:
        """What the state has no room for, an SMSC is never sent, such as deliver_sm, or needs no further step."""
        if pdu.command_id & RESPONSE:
            return
        assert isinstance(pdu, Pdu)
        refusal = self._connection.refusal(pdu) or Status.ESME_RINVCMDID
        if self.bound:
            self._reject(pdu, refusal)
        else:  # anybody may be there
            self._reply(pdu, refusal)

    _handlers: Mapping[type, Callable[[EsmeConnection, Any], None]] = {
        BindTransmitter: _bind,
        BindReceiver: _bind,
        BindTransceiver: _bind,
        Unbind: _unbind,
        UnbindResp: _unbind_resp,
        DeliverSmResp: _deliver_sm_resp,
        DataSmResp: _deliver_sm_resp,
        EnquireLink: _enquire_link,
        GenericNack: _generic_nack,
        UnparsedPdu: _unparsed,
    }
    # Its place in a table of its own asks the state once, at the bind, and not of every message.
    _submitting: ClassVar[Mapping[type, Callable[[EsmeConnection, Any], None]]] = {
        **_handlers,
        **dict.fromkeys(REQUESTS, _request),
        SubmitSm: _submit_sm,
        DataSm: _data_sm,
    }

    # What requests ask (see `requests.Line`) ---------------------------------------------------------------------------

    @property
    def origin(self) -> int:
        """The number of the connection."""
        return self.number

    def number_of(self, message_id: str) -> str | None:
        """The network's message_id of what the ESME calls it; None for what it never was given."""
        return self._account.number_of(message_id) if self._account else None

    def shown_id(self, message_id: str) -> str:
        """What the ESME is told for the network's message_id."""
        return message_id if self._answered_id is None else self._answered_id(message_id).decode()

    def alert_as(self, msisdn: str, source: str) -> None:
        """The alert of this handset goes to this address of the ESME."""
        if self._account:
            self._account.alert_addresses[msisdn] = source

    def _congestion_state(self) -> tuple[tuple[int, bytes], ...]:
        load = self.gateway.network.messages.load(self.system_id)
        return ((Tag.CONGESTION_STATE, bytes((min(99, load),))),)

    def _congested(self, response: Pdu) -> Pdu:
        """The response, with how busy the SMSC is where the ESME speaks 5.0."""
        if self.version.takes_congestion_state:
            response.tlvs = (*response.tlvs, *self._congestion_state())
        return response

    # Writing -------------------------------------------------------------------------------------------------------

    def _reply(self, pdu: Pdu, status: int = Status.ESME_ROK, **given: Any) -> None:
        self.counters.answered(pdu.command, status)
        self.write(pdu.reply(status, **given).encode())

    def _reject(self, pdu: Pdu, status: int) -> None:
        """Refuse what nothing is wrong with."""
        self._note_refusal(pdu, status)
        self._reply(pdu, status)

    def _note_refusal(self, pdu: Pdu, status: int, seen: str = "") -> None:
        """Write down what was refused, with what a message would have said; no log repeats texts."""
        name = status_name(status)
        if isinstance(pdu, BindTransmitter | BindReceiver | BindTransceiver):
            self.gateway.record("esme.bind_refused", account=pdu.system_id, command_status=name)
            return
        facts: dict[str, Any] = {"command": pdu.command, "command_status": name, "seen": seen or None}
        self.gateway.record("esme.refused", account=self.system_id, **facts, **self._would_have_said(pdu))
        if seen:
            log.info("esme.refused", account=self.system_id, command=pdu.command, command_status=name, seen=seen)

    def _note_fault(self, fault: Fault, pdu: Pdu) -> None:
        """Write down what befell a request; where it is not carried out and has no answer, also what it said."""
        facts: dict[str, Any] = {"fault": fault.name, "command": pdu.command}
        said = self._would_have_said(pdu) if fault.effect in (Effect.DROP, Effect.HALF_OPEN) else {}
        self.gateway.record("esme.fault", account=self.system_id or None, **facts, **said)
        log.info("esme.fault", account=self.system_id, **facts)

    def _would_have_said(self, pdu: Pdu) -> dict[str, Any]:
        if not isinstance(pdu, SubmitSm | DataSm):
            return {}
        payload = pdu.tlv(Tag.MESSAGE_PAYLOAD)
        octets = payload or (pdu.short_message if isinstance(pdu, SubmitSm) else b"")
        source, destination = pdu.source_addr.removeprefix("+"), pdu.destination_addr.removeprefix("+")
        sms = Sms(source, destination, octets, pdu.data_coding, pdu.esm_class, default_alphabet=self.default_alphabet)
        return {
            "from": source,
            "to": destination,
            "text": None if self._private else self.gateway.journal.shown(source, destination, sms.text),
            "data_coding": pdu.data_coding,
            "registered_delivery": pdu.registered_delivery,
        }

    def _refuse(self, pdu: Pdu, error: PduError) -> None:
        self._note_refusal(pdu, error.status, error.seen)
        self.counters.answered(pdu.command, error.status)
        self.write(self._congested(pdu.reply(error.status)).encode())

    def respond(self, response: Pdu) -> None:
        """Write the response to a request that was put off."""
        self.counters.answered(response.command.removesuffix("_resp"), response.command_status)
        self._congested(response)
        fault = self._late_faults.pop(response.sequence_number, None)
        if fault:
            carry_out(fault, self, partial(self.write, response.encode()))
        else:
            self._write_and_release(response.encode())
        self._came()

    def _came(self) -> None:
        """A response that was put off leaves."""
        self._to_come -= 1
        if self._finishing:
            self.gateway.after_commit(self._close_behind)  # behind what was just written

    def write(self, octets: bytes) -> None:
        """The octets leave at the end of this turn."""
        if not self.outgoing:
            self.gateway.after_commit(self._flush)
        self.outgoing.append(octets)

    def _flush(self) -> None:
        outgoing, capture = self.outgoing, self._shared.capture
        self.outgoing = []  # the write itself may bring about something to say, where it fills the buffer
        if self._frozen:
            del outgoing[self._last :]
            self._last = 0
        octets = b"".join(outgoing)
        self.counters.octets_out += len(octets)
        if octets and self._transport and not self._transport.is_closing():
            self._transport.write(octets)  # first of all: the ESME waits for it
            self._record()
            if self._private or capture.watchers:
                for pdu in outgoing:
                    self._show(pdu, to_esme=True)
            if not self._private:
                shown = octets if self._account else without_password(octets)
                capture.add(Chunk(time.time(), self._line, True, shown))
        self._owed = 0

    def _record(self) -> None:
        """What was read goes into the capture, before what it was answered."""
        if self._heard:
            self._shared.capture.add(self._heard)
            self._heard = None

    def _show(self, pdu: bytes, *, to_esme: bool) -> None:
        """Tell those who watch of a PDU, without its secrets; of the operator's own service also the capture."""
        if not pdu:
            return
        capture = self._shared.capture
        if self._private:
            pdu = without_text(pdu)
            capture.add(Chunk(time.time(), self._line, to_esme, pdu))
        elif not self._account:
            pdu = without_password(pdu)
        for watcher in capture.watchers:
            watcher(self._line, self.system_id, to_esme, pdu)

    # Endings -------------------------------------------------------------------------------------------------------

    def _lose(self, error: LostStreamError) -> None:
        self._note("esme.lost_stream", seen=error.seen)
        # 4.3: the header cannot be trusted, so neither can its sequence_number
        self.write(GenericNack(command_status=error.status).encode())
        self._end()

    def _end(self, close: Callable[[], None] | None = None) -> None:
        """Nothing is left but to write what is to be written, and the close."""
        self._connection.unbind()
        self._handlers = type(self)._handlers
        self._leave()
        self.gateway.after_commit(close or self._close_transport)

    def _finish(self) -> None:
        """Close behind all responses that were put off."""
        self._finishing = True
        self.gateway.after_commit(self._close_behind)

    def _close_behind(self) -> None:
        if self._to_come:
            return  # the last of them comes back here
        if self.held:
            self._release_held(len(self.held))
            self.gateway.after_commit(self._close_transport)
        else:
            self._close_transport()

    def _reset(self) -> None:
        if self._transport:
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
            self._transport.abort()

    def _leave(self) -> None:
        account, self._account = self._account, None
        if account:
            if not self._finishing:
                self._note("esme.lost", bind=self.number)
            unanswered = [carried for carried, _ in self._unanswered.values()]
            self._unanswered.clear()
            account.closed(self, [message for message in unanswered if isinstance(message, Sms | Receipt)])
            for answered in unanswered:
                if not isinstance(answered, Sms | Receipt):
                    answered(None)

    def _close_transport(self) -> None:
        # Closed twice, a TLS transport of Python 3.11 forgets its protocol, and cannot be aborted any more
        if self._transport and not self._transport.is_closing():
            self._transport.close()

    def _note(self, kind: str, **facts: object) -> None:
        self.gateway.note(kind, account=self.system_id or None, **facts)
