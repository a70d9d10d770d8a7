"""An ESME that submits as fast as the SMSC takes, or at a rate, over plain sockets: one read and one write a turn.

Closed loop: each bind keeps its window full. Open loop (`rate`): a message is due at its moment whether or not the SMSC
has answered the ones before, and its time runs from that moment, so that a stall cannot hide behind messages that were
not sent.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from ussd_gateway.load.figures import SECOND, LoadError, Tally, Used, figures
from ussd_gateway.load.receipts import Receipts, receipted_message_id
from ussd_gateway.load.submits import MOST, Numbers, Submits
from ussd_gateway.load.usage import cpu_seconds, resident_mib
from ussd_gateway.smpp.commands import (
    BindTransceiver,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    SubmitSmResp,
    Unbind,
    UnbindResp,
)
from ussd_gateway.smpp.connection import LAST_SEQUENCE_NUMBER
from ussd_gateway.smpp.pdu import HEADER
from ussd_gateway.smpp.status import status_name

_PATIENCE = 10.0  # seconds for a connection and its bind
_GOODBYE = 1.0  # seconds for the answer to unbind
_READ = 256 * 1024  # octets a read may bring
_SECONDS = 10.0  # a run takes so long when nobody says how long
_IDLE = 0.1  # seconds between two looks at the time when nothing comes
_IN_BULK = 16  # up to so many binds of a closed loop have their answers gathered
_GATHERED_FOR = SECOND // 1000  # ... for so long at most
_RESPONSE = 32  # octets of a submit_sm_resp, more or less
_FEW = 500  # binds whose sockets fit select(2), which takes FD_SETSIZE, 1,024, file descriptors

_UNPACK = HEADER.unpack_from
_SUBMIT_SM_RESP = SubmitSmResp.command_id
_DELIVER_SM = DeliverSm.command_id
_DELIVER_SM_RESP = DeliverSmResp().encode()[:12] + b"%b\0"  # between them its sequence_number
_REPLIES = {EnquireLink.command_id: EnquireLinkResp, Unbind.command_id: UnbindResp}


@dataclass(frozen=True, slots=True)
class SmsPlan:
    """What is to be sent.

    window      submit_sm that a bind may leave unanswered; None in an open loop is no bound
    rate        messages a second, all binds together; None is a closed loop
    count       end after so many messages
    seconds     end after so many seconds behind the warm-up; with neither, after 10
    warmup      seconds at the start that do not count in speed and durations
    receipts    ask for receipts and wait for all of them
    patience    seconds without any answer after which what is outstanding counts as lost
    pid         a process on this machine whose CPU time and memory are to be told, the SMSC's
    """

    host: str = "127.0.0.1"
    port: int = 2775
    system_id: str = "test"
    password: str = "test"  # noqa: S105 - the account of a simulator
    binds: int = 1
    window: int | None = 10
    rate: float | None = None
    count: int | None = None
    seconds: float | None = None
    warmup: float = 0.0
    receipts: bool = False
    data_coding: int = 0
    short_message: bytes = b"Hello"
    source: str = "5000"
    numbers: Numbers = Numbers("70001000001")  # noqa: RUF009 - frozen
    patience: float = 10.0
    pid: int | None = None


class _Bind:
    """One connection: what it has been sent, and what is still to be."""

    __slots__ = ("closed", "due", "rest", "sequence_number", "socket", "unsent", "waiting")

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.sequence_number = 2  # the bind itself was 1
        self.waiting: dict[int, int] = {}  # sequence_number: the moment at which the message was due
        self.due: list[int] = []  # moments of messages that the window holds back
        self.rest = b""  # a PDU of which a part has come
        self.unsent = bytearray()
        self.closed = False


class SmsLoad:
    """One run; `run` returns its figures. `say` gets a line about the progress each second."""

    def __init__(self, plan: SmsPlan, say: Callable[[str], None] = lambda words: None) -> None:
        self._plan = plan
        self._say = say
        ton_npi = (1, 1) if plan.source.isdigit() else (5, 0)  # 5.2.5, 5.2.6: international and E.164, or alphanumeric
        self._submits = Submits(
            plan.numbers,
            source_addr_ton=ton_npi[0],
            source_addr_npi=ton_npi[1],
            source_addr=plan.source,
            dest_addr_ton=1,
            dest_addr_npi=1,
            registered_delivery=int(plan.receipts),
            data_coding=plan.data_coding,
            short_message=plan.short_message,
        )
        self._window = plan.window or LAST_SEQUENCE_NUMBER
        self._left = plan.count or LAST_SEQUENCE_NUMBER  # messages still to be sent
        self._scheduled = 0  # messages that have become due, in an open loop
        self._buffer = memoryview(bytearray(_READ))
        # An open loop needs a selector that can wait for less than a millisecond.
        fine = plan.rate is not None and plan.binds <= _FEW
        self._selector = selectors.SelectSelector() if fine else selectors.DefaultSelector()
        # One answer a turn would cost more than the answer. Where many are outstanding, the kernel wakes us when about
        # half a window has come; what it holds back meanwhile is looked for once in a while.
        self._in_bulk = not plan.rate and (plan.window or 0) >= 8 and plan.binds <= _IN_BULK
        self._binds: list[_Bind] = []
        self._tally = Tally(0, Used(0.0), receipts=Receipts() if plan.receipts else None)

    def run(self) -> dict[str, object]:
        """Bind, submit until the plan is done, wait for what is outstanding; LoadError when nobody lets us bind."""
        try:
            for _ in range(self._plan.binds):
                self._binds.append(self._connect())
            for bind in self._binds:
                self._selector.register(bind.socket, selectors.EVENT_READ, bind)
            self._turns()
            self._tally.unanswered = sum(len(bind.waiting) + len(bind.due) for bind in self._binds)
            return figures(self._tally, time.monotonic_ns(), self._used())
        finally:
            for bind in self._binds:
                self._leave(bind)
            self._selector.close()

    # The bind ---------------------------------------------------------------------------------------------------------

    def _connect(self) -> _Bind:
        plan = self._plan
        where = f"{plan.host}:{plan.port}"
        request = BindTransceiver(
            sequence_number=1, system_id=plan.system_id, password=plan.password, interface_version=0x34
        )
        try:
            connection = socket.create_connection((plan.host, plan.port), timeout=_PATIENCE)
        except OSError as error:
            raise LoadError(
                f"there is no SMSC at {where} ({error}); start one with `ussd-gateway serve`,"
                " or name it with --host and --port"
            ) from error
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sendall(request.encode())
            length, _, command_status, _ = _UNPACK(_exactly(connection, HEADER.size))
            _exactly(connection, length - HEADER.size)
        except OSError as error:
            connection.close()
            raise LoadError(f"{where} does not answer bind_transceiver ({error}); is it an SMSC?") from error
        if command_status:
            connection.close()
            raise LoadError(f"{plan.system_id} cannot bind to {where}: {status_name(command_status)}")
        connection.setblocking(False)
        if self._in_bulk:
            with suppress(OSError):  # not every system has it
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, self._window // 2 * _RESPONSE)
        return _Bind(connection)

    def _leave(self, bind: _Bind) -> None:
        """Unbind, so that the SMSC need not take the end for a fault."""
        if bind.closed:
            return
        with bind.socket as connection, suppress(OSError):  # it may be gone already
            connection.settimeout(_GOODBYE)
            connection.sendall(bytes(bind.unsent) + Unbind(sequence_number=bind.sequence_number).encode())
            connection.shutdown(socket.SHUT_WR)
            end = time.monotonic() + _GOODBYE
            while time.monotonic() < end and connection.recv(_READ):
                pass

    # The turns --------------------------------------------------------------------------------------------------------

    def _turns(self) -> None:
        plan, clock, tally = self._plan, time.monotonic_ns, self._tally
        began = now = tally.last_answer = clock()
        tally.measure_from(now, self._used())
        measuring = not plan.warmup
        measures_at = began + int(plan.warmup * SECOND)
        seconds = plan.seconds or (None if plan.count else _SECONDS)
        ends_at = measures_at + int(seconds * SECOND) if seconds else None
        speaks_at = began + SECOND
        looks_at = now
        for bind in self._binds:
            self._more(bind, now)
        while tally.closed < len(self._binds):
            now = clock()
            if not measuring and now >= measures_at:
                measuring = True
                tally.measure_from(now, self._used())
            if now >= speaks_at:
                speaks_at += SECOND
                self._say(f"{(now - began) // SECOND} s: {tally.sent} sent, {tally.accepted} accepted")
            if ends_at is not None and now >= ends_at:
                self._left = 0
            wait = _IDLE
            if self._in_bulk:
                wait = _GATHERED_FOR / SECOND
                if now >= looks_at:
                    looks_at = now + _GATHERED_FOR
                    for bind in self._binds:
                        self._read(bind)
            if self._left and plan.rate:
                wait = min(_IDLE, max(self._submit_due(began, now, plan.rate) - clock(), 0) / SECOND)
            elif self._done() or now - max(tally.last_answer, tally.last_receipt) > plan.patience * SECOND:
                return
            for key, events in self._selector.select(wait):
                if events & selectors.EVENT_WRITE:
                    self._write(key.data)
                    self._more(key.data, clock())
                if events & selectors.EVENT_READ:
                    self._read(key.data)

    def _done(self) -> bool:
        """Whether nothing is to be sent and nothing outstanding."""
        receipts = self._tally.receipts
        if self._left or (receipts and receipts.lost):
            return False
        return not any((bind.waiting or bind.due) for bind in self._binds if not bind.closed)

    def _used(self) -> Used:
        pid = self._plan.pid
        return Used(time.process_time(), cpu_seconds(pid) if pid else None, resident_mib(pid) if pid else None)

    # What leaves ------------------------------------------------------------------------------------------------------

    def _submit_due(self, began: int, now: int, rate: float) -> int:
        """Open loop: submit what has become due by now; the moment at which the next message will be."""
        binds = [bind for bind in self._binds if not bind.closed]
        due = began + int(self._scheduled * SECOND / rate)
        while due <= now and self._left:
            binds[self._scheduled % len(binds)].due.append(due)
            self._left -= 1
            self._scheduled += 1
            due = began + int(self._scheduled * SECOND / rate)
        for bind in binds:
            if bind.due:
                self._more(bind, now)
        return due

    def _more(self, bind: _Bind, now: int, replies: bytes | bytearray = b"") -> None:
        """Send what fits the window, behind the replies; in a closed loop what fits is due."""
        waiting, due = bind.waiting, bind.due
        room = 0 if bind.unsent else self._window - len(waiting)
        if not self._plan.rate:
            count = min(room, self._left)
            self._left -= count
            due = [now] * count
        elif room < len(due):
            due, bind.due = due[:room], due[room:]
        else:
            bind.due = []
        if self._plan.rate:
            for moment in due:
                self._tally.lateness.record(now - moment)
        for start in range(0, len(due), MOST):
            some = due[start : start + MOST]
            first = bind.sequence_number
            if first > LAST_SEQUENCE_NUMBER - MOST:
                first = 1
            bind.sequence_number = first + len(some)
            waiting.update(zip(range(first, bind.sequence_number), some, strict=True))
            self._tally.sent += len(some)
            octets = self._submits.take(first, len(some))
            self._write(bind, replies + octets if replies else octets)
            replies = b""
        if replies:
            self._write(bind, replies)

    def _write(self, bind: _Bind, octets: bytes | bytearray | memoryview = b"") -> None:
        """Write, behind what an earlier write has left; what the kernel does not take now leaves later."""
        had = bool(bind.unsent)
        if had:
            bind.unsent += octets
            octets = bind.unsent
        try:
            sent = bind.socket.send(octets)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._lose(bind)
            return
        bind.unsent = bytearray(octets[sent:])
        if bool(bind.unsent) != had:
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if bind.unsent else 0)
            self._selector.modify(bind.socket, events, bind)

    # What comes -------------------------------------------------------------------------------------------------------

    def _read(self, bind: _Bind) -> None:
        """Take all that has come, and send what it makes room for."""
        if bind.closed:
            return
        try:
            size = bind.socket.recv_into(self._buffer)
        except BlockingIOError:
            return
        except OSError:
            size = 0
        now = time.monotonic_ns()  # everything that one read brings has come by now
        replies = self._take(bind, bind.rest + self._buffer[:size], now) if size else None
        if replies is None:
            self._lose(bind)
        else:
            self._more(bind, now, replies)

    def _take(self, bind: _Bind, octets: bytes, now: int) -> bytearray | None:
        """Count what has come; the replies that it asks for, or None where it is no SMPP."""
        tally, receipts, waiting = self._tally, self._tally.receipts, bind.waiting
        record = tally.durations.record
        replies = bytearray()
        position, end = 0, len(octets)
        answered = accepted = 0
        due = same = 0  # so many messages in a row were due at one moment: a block of a closed loop
        while position + 16 <= end:
            length, command_id, command_status, sequence_number = _UNPACK(octets, position)
            following = position + length
            if following > end or length < HEADER.size:
                if length < HEADER.size:
                    return None
                break
            if command_id == _SUBMIT_SM_RESP:
                moment = waiting.pop(sequence_number, 0)
                if moment != due:
                    if same:
                        record(now - due, same)
                    due, same = moment, 0
                if moment:  # else it was answered before
                    same += 1
                    answered += 1
                    if command_status:
                        tally.statuses[status_name(command_status)] += 1
                    else:
                        accepted += 1
                        if receipts:
                            message_id = octets[position + 16 : octets.find(b"\0", position + 16, following)]
                            receipts.accepted(message_id, moment)
            elif command_id == _DELIVER_SM:
                replies += _DELIVER_SM_RESP % sequence_number.to_bytes(4)
                message_id = receipted_message_id(octets, position + 16, following)
                if message_id and receipts:
                    receipts.receipt(message_id, now)
                    tally.last_receipt = now
                else:
                    tally.others += 1
            elif command_id == GenericNack.command_id:
                if waiting.pop(sequence_number, 0):
                    tally.statuses[status_name(command_status)] += 1
            elif reply := _REPLIES.get(command_id):
                replies += reply(sequence_number=sequence_number).encode()
            position = following
        if same:
            record(now - due, same)
        if answered:
            tally.answered += answered
            tally.accepted += accepted
            tally.last_answer = now
        bind.rest = octets[position:]
        return replies

    def _lose(self, bind: _Bind) -> None:
        """The SMSC has closed the connection: what waits for its answer is not answered any more."""
        if not bind.closed:
            bind.closed = True
            self._tally.closed += 1
            self._selector.unregister(bind.socket)
            bind.socket.close()


def _exactly(connection: socket.socket, size: int) -> bytes:
    """So many octets of a blocking socket; OSError where it ends before."""
    octets = b""
    while len(octets) < size:
        part = connection.recv(size - len(octets))
        if not part:
            raise ConnectionError("it closed the connection")
        octets += part
    return octets
