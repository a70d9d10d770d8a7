"""An ESME in the hands of the engine: aiosmpplib connects, binds and runs the bind; PDUs are ours."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from secrets import randbelow
from typing import Any, Protocol, TypeVar

from aiosmpplib.retrytimer import AbstractRetryTimer
from aiosmpplib.state import BindMode, SmppError, SmppSessionState

from ussd_gateway.coding.data_coding import SMS_DATA_CODINGS, Alphabet, encode, encode_sms
from ussd_gateway.coding.segments import Concatenation, Reassembler, concatenation_header, parse_udh
from ussd_gateway.esme import NO_LOG, Esme, phone_number
from ussd_gateway.handsets.handset import InboxSms
from ussd_gateway.network.message import UDHI
from ussd_gateway.network.message import Sms as Message
from ussd_gateway.patterns import search
from ussd_gateway.scenario.driver import ActorError, Receipt, Sms
from ussd_gateway.scenario.model import Part
from ussd_gateway.smpp.commands import AlertNotification, DataSm, DeliverSm, EnquireLink, SubmitSm, Unbind
from ussd_gateway.smpp.connection import Connection
from ussd_gateway.smpp.errors import LostStreamError
from ussd_gateway.smpp.fields import LONGEST_SHORT_MESSAGE
from ussd_gateway.smpp.pdu import RESPONSE, Pdu, UnparsedPdu
from ussd_gateway.smpp.receipts import WORDS, is_receipt, read_receipt
from ussd_gateway.smpp.status import status_name
from ussd_gateway.smpp.tlv import Tag

ANSWER_TIME = 10.0  # seconds, of the gateway's clock, in which a response comes
_PATIENCE = 5.0  # real seconds that a program outside gets, under a virtual clock, to send what it is about to send
_GRACE = 0.5  # real seconds for what has left the gateway, when no answer tells that it has come
_TEXTS = 100  # long messages of which some parts have come
_READ = 64 * 1024
_REFERENCES = 256  # in the header of a part it has one octet
_UNDER_WAY = {b"ENROUTE", b"ACCEPTD"}  # a receipt with these is not the last one

T = TypeVar("T")


class Time(Protocol):
    """What an actor knows of the gateway's clock."""

    virtual: bool

    def passing(self, seconds: float) -> AsyncIterator[None]:
        """A virtual clock moves piece by piece, with an item behind each; nothing of a real one."""

    async def wait(self, seconds: float) -> None:
        """Let time pass."""


class ScriptedEsme:
    """One ESME: its account, the bind it has, and what has arrived there."""

    def __init__(self, system_id: str, password: str, address: tuple[str, int], time: Time) -> None:
        self.system_id = system_id
        self._password = password
        self._address = address
        self._time = time
        self._link: _Link | None = None
        self._arrived: list[Sms | Receipt] = []
        self._read = {Sms: 0, Receipt: 0}  # how many of those that arrived are read, the ones before them included
        self._awaited: set[str] = set()  # messages whose last receipt is to come
        self._parts: Reassembler[InboxSms] = Reassembler(_TEXTS)
        self._changed = asyncio.Event()
        self._reference = randbelow(_REFERENCES)  # of the last message in parts; others on this account have theirs
        self._unfinished: dict[tuple[str, str, int], tuple[int, set[int]]] = {}  # its reference, and the parts to come

    async def bind(self, mode: str) -> str:
        """The command_status of the response; ActorError when there is none, or a bind already."""
        if self._link:
            raise ActorError("it is bound already")
        host, port = self._address
        link = _Link(host, port, self.system_id, self._password, BindMode[mode.upper()], self._take, self._changed.set)
        try:
            await asyncio.wait_for(link.connect(), ANSWER_TIME)
        except SmppError as error:
            link.hang_up()
            return error.command_status.name
        except (OSError, TimeoutError, ValueError, EOFError) as error:
            link.hang_up()
            raise ActorError(f"no bind at {host}:{port}: {error or 'no answer in time'}") from error
        link.run()
        self._link = link
        return "ESME_ROK"

    async def submit(
        self, text: str, to: str, source: str, *, receipt: bool, encoding: str, part: Part | None = None
    ) -> tuple[str, str]:
        """The command_status and the message_id; ("", "") when no response comes. ActorError without a bind."""
        if encoding:
            data_coding, octets = SMS_DATA_CODINGS[Alphabet(encoding)], _encoded(text, encoding)
        else:
            data_coding, octets = encode_sms(text)
        sender, receiver = phone_number(source or self.system_id), phone_number(to)
        if part:
            octets = self._header(sender.number, receiver.number, part) + octets
        long = len(octets) > LONGEST_SHORT_MESSAGE
        pdu = SubmitSm(
            source_addr_ton=sender.ton,
            source_addr_npi=sender.npi,
            source_addr=sender.number,
            dest_addr_ton=receiver.ton,
            dest_addr_npi=receiver.npi,
            destination_addr=receiver.number,
            esm_class=UDHI if part else 0,
            registered_delivery=int(receipt),
            data_coding=data_coding,
            short_message=b"" if long else octets,
            tlvs=[(Tag.MESSAGE_PAYLOAD, octets)] if long else [],
        )
        response = await self._response(pdu, ANSWER_TIME)
        if response is None:
            self._bound()
            return "", ""
        if isinstance(response, UnparsedPdu):
            raise ActorError(f"the response cannot be read: {response.error}")
        message_id = "" if response.command_status else str(getattr(response, "message_id", ""))
        if receipt and message_id:
            self._awaited.add(message_id)
            for arrived in self._arrived:  # it was faster than the response
                self._settle(arrived)
        return status_name(response.command_status), message_id

    def _header(self, source: str, to: str, part: Part) -> bytes:
        """The user data header of a part. Parts of one length between two addresses are of one message until all were there."""
        message = (source, to, part.total)
        reference, left = self._unfinished.get(message, (0, set[int]()))
        if not left:
            self._reference = reference = (self._reference + 1) % _REFERENCES
            left = set(range(1, part.total + 1))
        self._unfinished[message] = (reference, left - {part.number})
        return concatenation_header(Concatenation(reference, part.total, part.number))

    async def unbind(self) -> None:
        """Unbind, and close the connection; ActorError without a bind."""
        link = self._bound()
        await self._answered(link, link.request(Unbind()), _GRACE)
        await self.close()

    async def receive(self, sender: str, match: str, within: float) -> Sms | None:
        """The next unread message from `sender` ("" for anybody) in which `match` finds something; waits for it."""

        def fits(arrived: Sms | Receipt) -> bool:
            return isinstance(arrived, Sms) and sender in ("", arrived.sender) and bool(search(match, arrived.text))

        found = await self._until(lambda: self._next(Sms, fits), within)
        return found if isinstance(found, Sms) else None

    async def receive_none(self, sender: str, match: str, seconds: float) -> Sms | None:
        """Let `seconds` pass; then the first unread message that fits, None when all is well."""
        await self._time.wait(seconds)
        return await self.receive(sender, match, 0)

    async def receipt(self, stat: str, message_id: str, within: float) -> Receipt | None:
        """The next unread receipt with this word, for this message ("" for any); waits for it.

        Not any longer once the last receipts of all the messages in question have come.
        """

        def fits(arrived: Sms | Receipt) -> bool:
            return isinstance(arrived, Receipt) and arrived.stat == stat and message_id in ("", arrived.message_id)

        def over() -> bool:
            unread = any(isinstance(arrived, Receipt) for arrived in self._arrived[self._read[Receipt] :])
            return unread and not (self._awaited if not message_id else self._awaited & {message_id})

        found = await self._until(lambda: self._next(Receipt, fits), within, over)
        return found if isinstance(found, Receipt) else None

    async def receipt_none(self, seconds: float) -> Receipt | None:
        """Let `seconds` pass; then the first unread receipt, None when all is well."""
        await self._time.wait(seconds)
        found = await self._until(lambda: self._next(Receipt, lambda arrived: isinstance(arrived, Receipt)), 0)
        return found if isinstance(found, Receipt) else None

    def inbox(self) -> Sequence[Sms | Receipt]:
        """Everything that has arrived, the oldest first."""
        return self._arrived

    async def close(self) -> None:
        """Leave nothing behind."""
        link, self._link = self._link, None
        if link:
            await link.close()

    # Answers and arrivals -------------------------------------------------------------------------------------------

    def _bound(self) -> _Link:
        if self._link is None:
            raise ActorError("it is not bound; it binds first")
        if self._link.lost:
            raise ActorError("its connection was closed by the SMSC")
        return self._link

    async def _response(self, pdu: Pdu, seconds: float) -> Any:
        link = self._bound()
        response = link.request(pdu)
        return await self._until(lambda: _result(response), seconds, lambda: link.lost, patience=_GRACE)

    async def _until(
        self,
        find: Callable[[], T | None],
        within: float,
        over: Callable[[], bool] = lambda: False,
        patience: float = _PATIENCE,
    ) -> T | None:
        """What is found once it is there; for `within` seconds at most, or until it is over.

        patience  real seconds that are left to the rest of the world once a virtual clock has been moved
        """
        await self._arrive()
        async for _ in self._time.passing(within):
            if (found := find()) is not None or over():
                return found
            await self._arrive()
        try:
            async with asyncio.timeout(min(within, patience) if self._time.virtual else within):
                while (found := find()) is None and not over():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return find()
        return found

    async def _arrive(self) -> None:
        """Returns when what the SMSC has written so far is here: it answers in the order of its writing."""
        if self._link and not self._link.lost:
            await self._answered(self._link, self._link.request(EnquireLink()), _GRACE)

    async def _answered(self, link: _Link, response: asyncio.Future[Any], seconds: float) -> None:
        await asyncio.wait({response, link.ended}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        response.cancel()

    def _next(self, kind: type[Sms] | type[Receipt], fits: Callable[[Sms | Receipt], bool]) -> Sms | Receipt | None:
        for at in range(self._read[kind], len(self._arrived)):
            if fits(self._arrived[at]):
                self._read[kind] = at + 1
                return self._arrived[at]
        return None

    def _take(self, pdu: Any) -> None:
        octets = (b"" if isinstance(pdu, DataSm) else pdu.short_message) or pdu.tlv(Tag.MESSAGE_PAYLOAD) or b""
        udhi = pdu.esm_class & UDHI
        place = parse_udh(octets)[0] if udhi else None
        message = Message(
            pdu.source_addr, pdu.destination_addr, octets, pdu.data_coding, esm_class=udhi, concatenation=place
        )
        number = str(len(self._arrived))
        if is_receipt(pdu):
            message_id, state = read_receipt(pdu, octets) or ("", 0)
            stat = WORDS.get(state, b"UNKNOWN").decode()
            self._arrived.append(Receipt(number, message_id, stat, message.text))
            self._settle(self._arrived[-1])
        elif parts := self._parts.add(message.source, place, InboxSms(message, 0.0)):
            whole = InboxSms(message, 0.0, tuple(part.sms for part in parts))
            self._arrived.append(Sms(number, message.source, whole.text, whole.parts, whole.alphabet.value))

    def _settle(self, arrived: Sms | Receipt) -> None:
        if isinstance(arrived, Receipt) and arrived.stat.encode() not in _UNDER_WAY:
            self._awaited.discard(arrived.message_id)


class _Link(Esme):
    """aiosmpplib's ESME with our PDUs on it. A connection that is lost stays lost."""

    def __init__(
        self,
        host: str,
        port: int,
        system_id: str,
        password: str,
        mode: BindMode,
        take: Callable[[Any], None],
        wake: Callable[[], None],
    ) -> None:
        super().__init__(
            smsc_host=host,
            smsc_port=port,
            system_id=system_id,
            password=password,
            bind_mode=mode,
            log_level=NO_LOG,
            log_handler=logging.NullHandler(),
            retry_timer=_Once(self._ended),
        )
        self._take, self._wake = take, wake
        self._responses: dict[int, asyncio.Future[Any]] = {}
        self._running: asyncio.Task[None] | None = None
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def lost(self) -> bool:
        """Whether the connection is gone."""
        return self.ended.done()

    def run(self) -> None:
        """Read what comes, until the connection is lost."""
        self._running = asyncio.get_running_loop().create_task(self.start())

    async def close(self) -> None:
        """Unbind where it is bound still, and leave no task and no socket."""
        if self._running:
            self._running.cancel()
            await asyncio.wait({self._running})
        self.hang_up()
        self._ended()
        await asyncio.sleep(0)  # a transport closes its socket one turn after it is told to

    def request(self, pdu: Pdu) -> asyncio.Future[Any]:
        """The PDU leaves; its response."""
        response = asyncio.get_running_loop().create_future()
        pdu.sequence_number = self.sequence_generator.next_sequence()
        self._responses[pdu.sequence_number] = response
        self._write(pdu.encode())
        return response

    def _ended(self) -> None:
        if not self.ended.done():
            self.ended.set_result(None)
        self._wake()

    def _write(self, octets: bytes) -> None:
        if self._writer and not self._writer.transport.is_closing():
            self._writer.write(octets)

    async def _connection_keeper(self) -> None:
        # Each step asks with an enquire_link, and aiosmpplib's keeper would leave a task asleep behind a lost bind.
        await asyncio.Event().wait()

    async def _receive_data(self) -> None:
        connection = Connection()
        reader = self._reader
        assert reader is not None
        while octets := await reader.read(_READ):
            try:
                for pdu in connection.receive_data(octets):
                    self._received(pdu)
            except LostStreamError:
                return
            self._wake()
            if self._session_state is SmppSessionState.CLOSED:
                return

    def _received(self, pdu: Any) -> None:
        if pdu.command_id & RESPONSE:
            response = self._responses.pop(pdu.sequence_number, None)
            if response and not response.done():
                response.set_result(pdu)
            if pdu.command_id == Unbind.command_id | RESPONSE:
                self._session_state = SmppSessionState.CLOSED  # there is nothing left to unbind
            return
        if not isinstance(pdu, UnparsedPdu) and isinstance(pdu, DeliverSm | DataSm):
            self._take(pdu)
        if isinstance(pdu, Unbind):
            self._session_state = SmppSessionState.CLOSED
        if not isinstance(pdu, AlertNotification) and (reply := pdu.reply()):
            self._write(reply.encode())


class _Once(AbstractRetryTimer):
    """Tells that the connection is gone, and lets nobody make another."""

    def __init__(self, lost: Callable[[], None]) -> None:
        self._lost = lost

    def reset(self) -> None:
        """A bind was made."""

    def next_delay(self) -> float:
        """Nobody asks."""
        return 0.0

    async def wait(self) -> None:
        """Until the task is cancelled."""
        self._lost()
        await asyncio.Event().wait()


def _result(response: asyncio.Future[Any]) -> Any:
    return response.result() if response.done() and not response.cancelled() else None


def _encoded(text: str, encoding: str) -> bytes:
    try:
        return encode(text, Alphabet(encoding))
    except ValueError as error:
        raise ActorError(str(error)) from error
