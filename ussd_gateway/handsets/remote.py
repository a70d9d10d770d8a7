"""The gateway as an ESME of another SMSC or USSD gateway: handsets that are somewhere else.

Who dials there reaches the applications here; SMS to an allow-list leave through it, and SMS from there come in.
aiosmpplib connects, binds, keeps the bind alive and sends; PDUs are made and read by `ussd_gateway.smpp`, since its own
decoder knows neither data_sm nor the optional parameters of USSD.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiosmpplib.broker import AbstractBroker
from aiosmpplib.protocol import SmppMessage
from aiosmpplib.state import SmppError

from ussd_gateway.coding.data_coding import decode_sms, encode_sms
from ussd_gateway.coding.segments import Concatenation, parse_udh
from ussd_gateway.esme import NO_LOG, Esme, NoThrottle, RetryTimer, phone_number
from ussd_gateway.gateway import Gateway, Timer
from ussd_gateway.handsets.handset import Handset
from ussd_gateway.logs import logger, told
from ussd_gateway.network.address import candidates
from ussd_gateway.network.message import (
    ANSWER,
    ASK,
    BEGIN,
    END,
    HANG_UP,
    NOTIFY,
    RELEASE,
    UDHI,
    Message,
    MessageState,
    Receipt,
    Sms,
    Ussd,
)
from ussd_gateway.network.session import SessionError
from ussd_gateway.smpp import ussd as smpp
from ussd_gateway.smpp.commands import DataSm, DeliverSm, EnquireLink, GenericNack, SubmitSm, Unbind
from ussd_gateway.smpp.connection import Connection
from ussd_gateway.smpp.errors import PduError
from ussd_gateway.smpp.fields import LONGEST_SHORT_MESSAGE
from ussd_gateway.smpp.pdu import RESPONSE, Pdu, UnparsedPdu
from ussd_gateway.smpp.receipts import is_receipt, read_receipt
from ussd_gateway.smpp.status import Status, status_name
from ussd_gateway.smpp.tlv import Tag

log = logger(__name__)

WINDOW = 50  # submit_sm that may wait for their response
RESPONSE_TIMEOUT = 30.0  # real seconds after which a response that has not come ends the bind
ENQUIRE_LINK = 30.0  # seconds of silence after which the other side is asked whether it lives
SOCKET = 5.0  # seconds for a connect, a bind and an enquire_link
LONGEST_DELAY = 60.0  # seconds between two attempts to bind
THROTTLED = 1.0  # real seconds of silence after the other side has asked for less

_READ = 64 * 1024
_BUSY = frozenset((Status.ESME_RTHROTTLED, Status.ESME_RMSGQFUL))
_FINAL = frozenset(MessageState) - {MessageState.ENROUTE, MessageState.ACCEPTED}
_EVENTS = {ASK: smpp.ASK, NOTIFY: smpp.NOTIFY, END: smpp.END, RELEASE: smpp.END}
_SAR = (Tag.SAR_MSG_REF_NUM, Tag.SAR_TOTAL_SEGMENTS, Tag.SAR_SEGMENT_SEQNUM)

Answered = Callable[[int, str], None]
"""Takes the command_status of a response and its message_id; is not called where the bind ended before it came."""


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """One bind at other equipment.

    ussd          whether who dials there reaches the applications here
    ussd_dialect  a key of `smpp.ussd.DIALECTS`
    codes         the codes that may be dialled; none means all
    relay         the numbers, or ranges such as "79990000000-79990000009", to which SMS may leave; no other ever does
    """

    host: str
    port: int
    system_id: str
    password: str
    ussd: bool = False
    ussd_dialect: str = "standard"
    codes: tuple[str, ...] = ()
    relay: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name of the link in the journal, and of the network's entry for it."""
        return f"link {self.system_id}@{self.host}:{self.port}"


class _Dialogue:
    """A dialogue that was dialled at the other side."""

    __slots__ = ("address", "first", "sequence", "session")

    def __init__(self, first: Ussd, unit: smpp.Unit) -> None:
        self.first = first
        self.address = unit.service_code  # the code as the other side writes it
        self.session = unit.session
        self.sequence = unit.sequence


class Link:
    """An endpoint: its numbers are on the allow-list, its dialogues those that were dialled at the other side.

    ValueError where a number of the allow-list is none or is held by somebody already.
    """

    def __init__(self, settings: LinkSettings, gateway: Gateway, *, window: int = WINDOW) -> None:
        self.settings = settings
        self._gateway = gateway
        self._window = window
        self._dialect = smpp.DIALECTS[settings.ussd_dialect]
        if gateway.directory.account(settings.name):
            raise ValueError(f"{settings.name} is there twice; each can be there once")
        self._party = gateway.directory.attach_account(settings.name, self, settings.relay)
        self._parties = [self._party]  # and a party of its own for each number of the allow-list that dials
        self._dialogues: dict[str, _Dialogue] = {}  # by msisdn
        # What waits for its receipt, by the other side's message_id, and what gives it up
        self._relayed: dict[str, tuple[Sms, Timer]] = {}
        self._receipts_early: dict[str, MessageState] = {}
        # our requests: who waits for the response, the SMS that it carried, and when it is too late
        self._unanswered: dict[int, tuple[Answered, Sms | None, asyncio.TimerHandle]] = {}
        self._timer = RetryTimer(self._bound, self._lost, LONGEST_DELAY)
        self._task: asyncio.Task[None] | None = None
        self._esme: _LinkEsme | None = None
        self._outgoing: list[bytes] = []
        self._pause: asyncio.TimerHandle | None = None
        self.bound = asyncio.Event()

    def start(self) -> None:
        """Bind, in the background; whatever ends the bind, another follows, after ever longer waits."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run(), name=self.settings.name)

    async def stop(self) -> None:
        """Unbind and leave no task and no socket behind."""
        task, self._task = self._task, None
        if self._esme:
            self._esme.hang_up()
        while task and not task.done():
            task.cancel()
            # again if need be: asyncio.wait_for of Python 3.11 can swallow a cancellation
            await asyncio.wait({task}, timeout=0.1)
        self._lost()
        await asyncio.sleep(0)  # a transport closes its socket one turn after it is told to

    def clear(self) -> None:
        """Forget dialogues and messages under way; `POST /reset` asks for it."""
        for dialogue in list(self._dialogues.values()):
            self._say(dialogue, smpp.END, "")
        self._dialogues.clear()
        for _, timer in self._relayed.values():
            timer.cancel()
        self._relayed.clear()
        self._forget()
        self._measure()

    def _forget(self) -> list[Sms | Receipt]:
        """Expect no response any more; the messages that have none."""
        unanswered, self._unanswered = self._unanswered, {}
        for _, _, timer in unanswered.values():
            timer.cancel()
        if self._pause:
            self._pause.cancel()
            self._pause = None
        self._receipts_early.clear()
        return [sms for _, sms, _ in unanswered.values() if sms]

    async def _run(self) -> None:
        settings = self.settings
        while self._task:
            self._esme = esme = _LinkEsme(
                self._received,
                smsc_host=settings.host,
                smsc_port=settings.port,
                system_id=settings.system_id,
                password=settings.password,
                client_id=settings.name,
                enquire_link_interval=ENQUIRE_LINK,
                socket_timeout=SOCKET,
                log_level=NO_LOG,
                log_handler=logging.NullHandler(),
                broker=_NoBroker(),
                retry_timer=self._timer,
                throttle_handler=NoThrottle(),
            )
            try:
                await esme.start()
            except Exception as error:  # start() promises nothing about what ends it
                log.warning("link.failed", link=settings.name, error=told(error))
            finally:
                esme.hang_up()
            await self._timer.wait()

    def _bound(self) -> None:
        self.bound.set()
        self._gateway.note("link.bound", account=self.settings.name)
        self._measure()
        for party in self._parties:
            self._gateway.attach(party)

    def _lost(self) -> None:
        """A bind has ended, or an attempt to bind has failed."""
        if self._esme:
            self._esme.hang_up()
        if not self.bound.is_set():
            return
        self.bound.clear()
        self._gateway.note("link.lost", account=self.settings.name)
        self._outgoing = []
        self._gateway.hand_back(self.settings.name, self._forget())
        for party in self._parties:
            self._gateway.detach(party)
        for msisdn in list(self._dialogues):
            self._hang_up(msisdn)

    # What the network delivers ---------------------------------------------------------------------------------------

    def deliver(self, message: Message) -> None:
        """Relays an SMS, or shows a message of a dialogue to who dialled at the other side."""
        if isinstance(message, Sms):
            self._relay(message)
        elif isinstance(message, Ussd):
            self.show(message)

    def show(self, message: Ussd) -> None:
        """A message of the network to the phone; it leaves if the dialogue was dialled at the other side."""
        dialogue = self._dialogues.get(message.msisdn)
        if dialogue is None or dialogue.first.session != message.session:
            return
        if message.operation in (END, RELEASE):
            del self._dialogues[message.msisdn]
        self._say(dialogue, _EVENTS[message.operation], message.text)

    def _say(self, dialogue: _Dialogue, event: smpp.Event, text: str) -> None:
        dialogue.sequence = smpp.next_sequence(dialogue.sequence)
        data_coding, octets = encode_sms(text)
        msisdn = dialogue.first.msisdn
        unit = smpp.Unit(event, msisdn, dialogue.address, octets, data_coding, dialogue.session, dialogue.sequence)

        def answered(status: int, message_id: str) -> None:
            if status and self._dialogues.get(msisdn) is dialogue:  # it cannot be shown, so nobody will answer
                self._hang_up(msisdn)

        self._send(smpp.write(self._dialect, unit), answered)

    def _relay(self, sms: Sms) -> None:
        def answered(status: int, message_id: str) -> None:
            if status == Status.ESME_ROK:
                self._accepted(sms, message_id)
            elif status in _BUSY:
                self._rest(sms)
            else:
                log.warning("link.refused", link=self.settings.name, command_status=status_name(status))
                self._gateway.confirm(sms, MessageState.REJECTED)

        try:
            pdu = _submit_sm(sms)
        except PduError as error:
            log.warning("link.unsendable", link=self.settings.name, command_status=error.status.name)
            self._gateway.confirm(sms, MessageState.REJECTED)
            self._measure()
            return
        self._send(pdu, answered, sms)

    def _accepted(self, sms: Sms, message_id: str) -> None:
        """The other side has the message; its receipt, which may have been faster, says what became of it."""
        early = self._receipts_early.pop(message_id, None)
        if early is not None:
            self._gateway.confirm(sms, early)
            return

        def give_up() -> None:
            # other equipment that was started again may have given its number to a later one
            if self._relayed.get(message_id, (None,))[0] is sms:
                del self._relayed[message_id]
            self._gateway.confirm(sms, MessageState.UNKNOWN)

        timer = self._gateway.call_later(max(0.0, sms.expires_at - self._gateway.now()), give_up)
        self._relayed[message_id] = sms, timer

    def _rest(self, sms: Sms) -> None:
        """The other side asks for less: the message goes again after a while."""
        self._gateway.hand_back(self.settings.name, [sms])
        if self._pause is None:
            self._pause = asyncio.get_running_loop().call_later(THROTTLED, self._rested)

    def _rested(self) -> None:
        self._pause = None
        self._go_on()

    def _send(self, pdu: Pdu, answered: Answered, sms: Sms | None = None) -> None:
        """A request leaves with this turn's commit. Without a bind an SMS waits, and a screen has nobody to see it."""
        if self._esme is None or not self.bound.is_set():
            if sms:
                self._gateway.hand_back(self.settings.name, [sms])
            return
        pdu.sequence_number = self._esme.sequence_generator.next_sequence()
        late = asyncio.get_running_loop().call_later(RESPONSE_TIMEOUT, self._unheard)
        self._unanswered[pdu.sequence_number] = answered, sms, late
        self._write(pdu.encode())
        self._measure()

    def _write(self, octets: bytes) -> None:
        if not self._outgoing:
            self._gateway.after_commit(self._flush)
        self._outgoing.append(octets)

    def _flush(self) -> None:
        octets = b"".join(self._outgoing)
        self._outgoing.clear()
        if self._esme:
            self._esme.write(octets)

    def _measure(self) -> None:
        room = 0 if self._pause else self._window - len(self._unanswered)
        for party in self._parties:
            party.room = room

    def _go_on(self) -> None:
        self._measure()
        for party in self._parties:
            if party.waiting and party.room > 0 and self.bound.is_set():
                self._gateway.release(party)

    # What the other side says ----------------------------------------------------------------------------------------

    def _unheard(self) -> None:
        log.warning("link.unanswered", link=self.settings.name)
        if self._esme:
            self._esme.hang_up()

    def _received(self, pdu: Pdu | UnparsedPdu) -> None:
        if pdu.command_id & RESPONSE:
            self._answer(pdu)
            return
        self._write(b"")  # the response takes its place before what the network may say to the request
        place = len(self._outgoing) - 1
        if response := self._response(pdu):
            self._outgoing[place] = response.encode()

    def _response(self, pdu: Any) -> Pdu | None:
        if isinstance(pdu, UnparsedPdu | EnquireLink | Unbind):
            return pdu.reply()
        if not isinstance(pdu, DeliverSm | DataSm):
            return GenericNack(sequence_number=pdu.sequence_number, command_status=Status.ESME_RINVCMDID)
        try:
            self._take(pdu)
        except PduError as error:
            self._gateway.note(
                "link.refused", account=self.settings.name, command_status=error.status.name, seen=error.seen
            )
            return pdu.reply(error.status)
        except Exception as error:  # whatever it is, the bind and its other messages go on
            log.error("link.pdu_failed", link=self.settings.name, error=told(error))
            return pdu.reply(Status.ESME_RSYSERR)
        return pdu.reply()

    def _answer(self, pdu: Any) -> None:
        answered, _, timer = self._unanswered.pop(pdu.sequence_number, (None, None, None))
        if timer:
            timer.cancel()
        if answered:
            broken = isinstance(pdu, UnparsedPdu)
            status = Status.ESME_RUNKNOWNERR if broken else pdu.command_status
            answered(status, "" if broken or status else getattr(pdu, "message_id", ""))
            if not any(sms for _, sms, _ in self._unanswered.values()):
                self._receipts_early.clear()
            self._go_on()

    def _take(self, pdu: DeliverSm | DataSm) -> None:
        text = (b"" if isinstance(pdu, DataSm) else pdu.short_message) or pdu.tlv(Tag.MESSAGE_PAYLOAD) or b""
        if smpp.is_ussd(pdu):
            if not self.settings.ussd:
                raise PduError("this link takes no USSD; set link.ussd", Status.ESME_RX_R_APPN)
            self._ussd(smpp.read_from_smsc(self._dialect, pdu))
        elif is_receipt(pdu):
            self._receipt(pdu, text)
        else:
            self._message(pdu, text)

    def _receipt(self, pdu: Any, text: bytes) -> None:
        found = read_receipt(pdu, text)
        if found is None or found[1] not in _FINAL:
            return
        message_id, state = found[0], MessageState(found[1])
        relayed = self._relayed.pop(message_id, None)
        if relayed:
            sms, timer = relayed
            timer.cancel()
            self._gateway.confirm(sms, state)
        elif any(waiting for _, waiting, _ in self._unanswered.values()):
            self._receipts_early[message_id] = state

    def _message(self, pdu: Any, text: bytes) -> None:
        """An SMS from there; PduError for one that would leave through a link again."""
        destination = pdu.destination_addr.removeprefix("+")
        if not (destination.isascii() and destination.isdigit()):
            raise PduError("destination_addr is no number", Status.ESME_RINVDSTADR)
        holder = self._gateway.directory.party(destination)
        if holder and isinstance(holder.endpoint, Link):
            raise PduError("a message from a link never leaves through one", Status.ESME_RX_R_APPN)
        udhi = pdu.esm_class & UDHI
        sms = Sms(
            pdu.source_addr.removeprefix("+"),
            destination,
            text,
            pdu.data_coding,
            esm_class=udhi,
            concatenation=parse_udh(text)[0] if udhi else _sar(pdu),
        )
        self._gateway.submit(sms)

    def _ussd(self, unit: smpp.Unit) -> None:
        if unit.event is smpp.BEGIN:
            self._begin(unit)
            return
        dialogue = self._dialogues.get(unit.msisdn)
        if dialogue is None or unit.session not in (None, dialogue.session) or not self._is_open(dialogue):
            if unit.event in (smpp.ANSWER, smpp.NOTIFIED):
                raise PduError("there is no such dialogue", Status.ESME_RX_R_APPN)
            return
        if unit.session is not None:
            dialogue.sequence = unit.sequence
        if unit.event is smpp.RELEASE:
            self._hang_up(unit.msisdn)
        elif unit.event is smpp.ANSWER:
            self._submit(Ussd(ANSWER, decode_sms(unit.octets, unit.data_coding), msisdn=unit.msisdn))

    def _begin(self, unit: smpp.Unit) -> None:
        if not (unit.msisdn.isascii() and unit.msisdn.isdigit()):
            raise PduError("source_addr is no number", Status.ESME_RINVSRCADR)
        dialled = dialled_string(unit.service_code, decode_sms(unit.octets, unit.data_coding))
        codes = self.settings.codes
        if codes and not any(code in codes for code, _ in candidates(dialled)):
            raise PduError("what was dialled is none of the codes of this link", Status.ESME_RX_R_APPN)
        self._hang_up(unit.msisdn)  # who dials again has left the dialogue before
        self._settle_in(unit.msisdn)
        first = Ussd(BEGIN, dialled, msisdn=unit.msisdn)
        self._dialogues[unit.msisdn] = _Dialogue(first, unit)
        try:
            self._submit(first)
        except PduError:
            self._dialogues.pop(unit.msisdn, None)
            raise

    def _settle_in(self, msisdn: str) -> None:
        """Makes the link the way to the phone's screen."""
        directory = self._gateway.directory
        party = directory.party(msisdn)
        if party is self._party:  # on the allow-list: its SMS go on leaving through the link
            party = directory.attach_handset(msisdn, self)
            party.confirms = True
            self._parties.append(party)
            self._measure()
        endpoint = (directory.subscriber(msisdn) or directory.recipient(msisdn)).endpoint
        if isinstance(endpoint, Handset):
            endpoint.remote = self.show
        elif endpoint is not self:
            raise PduError(f"{msisdn} is not a handset's number here", Status.ESME_RX_R_APPN)

    def _submit(self, message: Ussd) -> None:
        try:
            self._gateway.submit(message)
        except SessionError as error:
            raise PduError(str(error), Status.ESME_RX_R_APPN) from error

    def _is_open(self, dialogue: _Dialogue) -> bool:
        """Whether it is the one that the phone has: its user may have hung up here, and dialled anew."""
        party = self._gateway.directory.party(dialogue.first.msisdn)
        return party is not None and party.session is not None and party.session.id == dialogue.first.session

    def _hang_up(self, msisdn: str) -> None:
        dialogue = self._dialogues.pop(msisdn, None)
        if dialogue and self._is_open(dialogue):
            self._gateway.submit(Ussd(HANG_UP, msisdn=msisdn))


class _LinkEsme(Esme):
    """aiosmpplib's ESME with a decoder that takes whatever other equipment sends, and a plain way to send."""

    def __init__(self, received: Callable[[Pdu | UnparsedPdu], None], **given: Any) -> None:
        super().__init__(**given)
        self._received = received

    async def connect(self) -> None:
        """Connect and bind; what prevents it is logged, since aiosmpplib's own log may say nothing."""
        try:
            await super().connect()
        except Exception as error:
            reason = error.command_status.name if isinstance(error, SmppError) else told(error)
            log.warning("link.not_bound", link=self.client_id, reason=reason)
            raise

    def write(self, octets: bytes) -> None:
        """The octets leave, unless the connection is gone."""
        if self._writer and not self._writer.transport.is_closing():
            self._writer.write(octets)

    async def _receive_data(self) -> None:
        connection = Connection()
        reader = self._reader
        assert reader is not None
        while octets := await reader.read(_READ):
            self._data_received.set()  # its enquire_link waits for it
            for pdu in connection.receive_data(octets):
                self._received(pdu)
                if isinstance(pdu, Unbind):
                    return


class _NoBroker(AbstractBroker):
    """Has nothing to send: `Link` sends itself, since a plain call keeps the order of the network's own."""

    async def enqueue(self, message: SmppMessage) -> None:
        """Nothing is sent this way."""
        raise NotImplementedError("use Link.deliver")

    async def dequeue(self) -> SmppMessage:
        """Never returns."""
        await asyncio.Event().wait()
        raise AssertionError("an event that nobody sets was set")


def dialled_string(address: str, text: str) -> str:
    """What was dialled, as *code*input#, from what equipment makes of it.

    Some hand over the whole string, some without its signs, some only what follows the code, or nothing at all; the
    code itself is the address then.
    """
    if text[:1] in ("*", "#"):
        return text
    code, rest = address.strip("*#"), text.strip("*#")
    if not code or rest == code or rest.startswith(f"{code}*"):
        return f"*{rest}#"
    return f"*{code}*{rest}#" if rest else f"*{code}#"


def _submit_sm(sms: Sms) -> SubmitSm:
    """The message as it leaves; PduError where SMPP cannot say it."""
    source, destination = phone_number(sms.source), phone_number(sms.destination)
    tlvs: list[tuple[int, bytes]] = list(sms.tlvs)
    part, octets = sms.concatenation, sms.octets
    if part and not sms.esm_class & UDHI:
        values = (part.reference.to_bytes(2), bytes((part.total,)), bytes((part.sequence,)))
        tlvs += zip(_SAR, values, strict=True)
    if len(octets) > LONGEST_SHORT_MESSAGE:
        tlvs.append((Tag.MESSAGE_PAYLOAD, octets))
        octets = b""
    return SubmitSm(
        source_addr_ton=source.ton,
        source_addr_npi=source.npi,
        source_addr=source.number,
        dest_addr_ton=destination.ton,
        dest_addr_npi=destination.npi,
        destination_addr=destination.number,
        esm_class=sms.esm_class & UDHI,
        protocol_id=sms.protocol_id,
        registered_delivery=1,  # 5.2.17: a receipt, whatever becomes of it
        data_coding=sms.data_coding,
        short_message=octets,
        tlvs=tlvs,
    )


def _sar(pdu: Any) -> Concatenation | None:
    """The place among segments by the SAR parameters (SMPP 3.4 5.3.2.22 to 24)."""
    reference, total, sequence = (pdu.tlv(tag) or b"" for tag in _SAR)
    if (len(reference), len(total), len(sequence)) != (2, 1, 1):
        return None
    if not 1 <= sequence[0] <= total[0]:
        return None
    return Concatenation(int.from_bytes(reference), total[0], sequence[0], 16)
