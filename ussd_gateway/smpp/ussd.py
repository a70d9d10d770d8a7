"""USSD over SMPP: how each message of a dialogue is written in each dialect, and read by either side.

Equipment agrees on the optional parameters and on little else, so a dialect is a row of a table. What one side writes
the other side reads as the same `Unit`; reading is more liberal than writing. Text stays octets. No I/O.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from ussd_gateway.smpp.commands import DataSm, DeliverSm, SubmitSm
from ussd_gateway.smpp.errors import PduError
from ussd_gateway.smpp.pdu import Pdu
from ussd_gateway.smpp.status import Status
from ussd_gateway.smpp.tlv import Tag, tlv_name

SERVICE_TYPE = "USSD"
USSD_SESSION_ID = 0x1501  # no standard parameter, but one client's own
LONGEST_ADDRESS = 20  # 5.2.9: destination_addr, without its NUL
LAST_SESSION = 0x7F  # session numbers stay below 0x80, for clients that read parameters as ASCII

_END = 0x01  # bit 0 of the second octet of its_session_info: end of session
_SEQUENCE = 0xFE  # its other bits: the number of the dialogue unit
_LAST_SEQUENCE = 0x7E


class Event(StrEnum):
    """What one message does to its dialogue."""

    BEGIN = "begin"  # SMSC: the user dialled
    ANSWER = "answer"  # SMSC: the user typed an answer
    NOTIFIED = "notified"  # SMSC: a notice was shown
    RELEASE = "release"  # SMSC: the user hung up, or the network ended the dialogue
    ASK = "ask"  # ESME: a text, and an answer is wanted
    NOTIFY = "notify"  # ESME: a text, and none is wanted
    END = "end"  # ESME: the final text
    ABORT = "abort"  # ESME: gives the dialogue up


BEGIN, ANSWER, NOTIFIED, RELEASE = Event.BEGIN, Event.ANSWER, Event.NOTIFIED, Event.RELEASE
ASK, NOTIFY, END, ABORT = Event.ASK, Event.NOTIFY, Event.END, Event.ABORT

FROM_SMSC = frozenset((BEGIN, ANSWER, NOTIFIED, RELEASE))
"""The events that an SMSC tells an ESME; the others go the other way."""


class Key(StrEnum):
    """What tells one dialogue of an msisdn from another."""

    OCTET = "its_session_info octet 1"  # octet 2 counts the messages
    INFO = "its_session_info without bit 0"  # both octets stay the same throughout
    REFERENCE = "user_message_reference"
    SESSION_ID = "ussd_session_id"
    MSISDN = "msisdn alone"


class Dialled(StrEnum):
    """Where the dialled string is."""

    SHORT_MESSAGE = "short_message"
    DESTINATION_ADDR = "destination_addr"  # as far as it fits; otherwise short_message


class Marker(StrEnum):
    """By what a message of an ESME is known to be USSD."""

    EITHER = "either"
    SERVICE_OP = "ussd_service_op"
    SERVICE_TYPE = "service_type"


@dataclass(frozen=True, slots=True)
class Dialect:
    """One row of the table: the ussd_service_op of each event, and what stands around it.

    begin to release   what the SMSC writes
    ask to abort       what the ESME writes; where there is no `abort` it writes `end` without a text
    last_*             the same with the notice that the application's own dialogue is over; None where there is none
    key                what tells dialogues apart, beside the msisdn
    end_bit            whether bit 0 of its_session_info ends the dialogue
    dialled_in         where the dialled string is
    data_sm            whether both sides use data_sm; otherwise deliver_sm and submit_sm
    """

    begin: int = 0x01
    answer: int = 0x12
    notified: int = 0x13
    release: int = 0x12
    ask: int = 0x02
    notify: int = 0x03
    end: int = 0x11
    abort: int | None = None
    last_answer: int | None = None
    last_ask: int | None = None
    last_notify: int | None = None
    key: Key = Key.OCTET
    end_bit: bool = True
    dialled_in: Dialled = Dialled.SHORT_MESSAGE
    data_sm: bool = False

    @property
    def has_info(self) -> bool:
        """Whether its_session_info is written."""
        return self.key in (Key.OCTET, Key.INFO)

    def op(self, event: Event, *, last: bool = False) -> int:
        """The ussd_service_op that says so."""
        op: int | None = getattr(self, f"last_{event}", None) if last else None
        if op is None:
            op = getattr(self, event)
        return self.end if op is None else op

    def session(self, number: int) -> int | None:
        """The session that the `number`-th dialogue gets, from 0; None where dialogues have no name."""
        if self.key is Key.MSISDN:
            return None
        number = number % LAST_SESSION + 1
        return number << 8 if self.key is Key.INFO else number


_HANG_UP = 0x81  # a vendor's value that many gateways share: the user or the gateway has aborted
_HEX_17 = 0x17  # what a library makes of a decimal 17 that it takes for hexadecimal

_6D = Dialect(release=_HANG_UP, end=_HEX_17, key=Key.INFO)

DIALECTS: dict[str, Dialect] = {
    "standard": Dialect(),
    "nowsms": Dialect(),
    "vumi": Dialect(release=0x11, end=0x02, key=Key.INFO, dialled_in=Dialled.DESTINATION_ADDR),
    "vumi_6d": _6D,
    "vumi_6d_destination": replace(_6D, dialled_in=Dialled.DESTINATION_ADDR),
    "vumi_mica": Dialect(release=_HANG_UP, end=_HEX_17, key=Key.REFERENCE, end_bit=False),
    "huawei": Dialect(release=_HANG_UP, key=Key.MSISDN, end_bit=False),
    "php_smpp": Dialect(release=_HANG_UP, key=Key.SESSION_ID, end_bit=False),
    "last_value": Dialect(
        release=_HANG_UP, abort=0x80, last_answer=0x92, last_ask=0x82, last_notify=0x83, end_bit=False, data_sm=True
    ),
}
"""Every dialect by the name that `ussd_dialect` takes."""

# What each op means, whoever wrote it in whichever dialect: no two dialects contradict each other. With "last".
_READ_FROM_SMSC: dict[int, tuple[Event, bool]] = {
    0x00: (BEGIN, False),  # PSSD, of phase 1
    0x01: (BEGIN, False),
    0x02: (ANSWER, False),
    0x12: (ANSWER, False),
    0x92: (ANSWER, True),
    0x13: (NOTIFIED, False),
    **dict.fromkeys((0x11, 0x41, 0x42, 0x43, _HANG_UP), (RELEASE, False)),
}
_READ_FROM_ESME: dict[int, tuple[Event, bool]] = {
    0x02: (ASK, False),
    0x82: (ASK, True),
    0x03: (NOTIFY, False),
    0x83: (NOTIFY, True),
    **dict.fromkeys((0x10, 0x11, _HEX_17), (END, False)),  # PSSD, PSSR, and PSSR as decimal digits
    **dict.fromkeys((0x44, 0x80, _HANG_UP), (ABORT, False)),
}


@dataclass(frozen=True, slots=True)
class Unit:
    """One message of a dialogue, whichever PDU carries it.

    msisdn        str of digits
    service_code  str; the code as the address field has it: "500", "*500#" or ""
    octets        bytes; the text
    data_coding   int; as the PDU has it: SMPP's 0 and 8, and 15 and 72 of the CBS values from some ESMEs
    session       int or None; what the dialect's key says, None where it says nothing
    sequence      int; even, 0 to 126: the second octet of its_session_info without bit 0, for Key.OCTET
    last          bool; nothing more is to come in this dialogue
    """

    event: Event
    msisdn: str
    service_code: str
    octets: bytes = b""
    data_coding: int = 0
    session: int | None = None
    sequence: int = 0
    last: bool = False


def next_sequence(sequence: int) -> int:
    """The sequence of the dialogue's next message; after the last one comes 0."""
    return sequence + 2 & _LAST_SEQUENCE


def is_ussd(pdu: Any, marker: Marker = Marker.EITHER) -> bool:
    """Whether a submit_sm, deliver_sm or data_sm is a message of USSD."""
    if marker is not Marker.SERVICE_OP and pdu.service_type == SERVICE_TYPE:
        return True
    return marker is not Marker.SERVICE_TYPE and pdu.tlv(Tag.USSD_SERVICE_OP) is not None


def write(dialect: Dialect, unit: Unit, sequence_number: int = 0) -> Pdu:
    """The PDU that carries the unit: of the SMSC for its events, of the ESME for the others.

    PduError for an address that no field takes.
    """
    from_smsc = unit.event in FROM_SMSC
    code, text = unit.service_code, unit.octets
    if unit.event is BEGIN and dialect.dialled_in is Dialled.DESTINATION_ADDR and len(text) <= LONGEST_ADDRESS:
        code, text = text.decode("latin-1"), b""
    phone, service = (1, 1, unit.msisdn), (0, 0, code)  # 5.2.5, 5.2.6: international and ISDN; a code is neither
    source, destination = (phone, service) if from_smsc else (service, phone)
    tlvs = [(int(Tag.USSD_SERVICE_OP), bytes((dialect.op(unit.event, last=unit.last),))), *_session_tlvs(dialect, unit)]
    given: dict[str, Any] = {
        "service_type": SERVICE_TYPE,
        **_address("source", source),
        **_address("dest", destination),
        "data_coding": unit.data_coding,
        "sequence_number": sequence_number,
    }
    if dialect.data_sm:
        payload = [(int(Tag.MESSAGE_PAYLOAD), text)] if text else []
        return DataSm(**given, tlvs=[*tlvs, *payload])
    command = DeliverSm if from_smsc else SubmitSm
    return command(**given, short_message=text, tlvs=tlvs)


def read_from_smsc(dialect: Dialect, pdu: Any) -> Unit:
    """What a deliver_sm or data_sm says to an ESME; PduError with the status that refuses it."""
    event, last = _event(pdu, _READ_FROM_SMSC)
    session, sequence, ended = _session(dialect, pdu)
    if ended and event is ANSWER:
        event = RELEASE
    code, octets, data_coding = pdu.destination_addr, _text(pdu), pdu.data_coding
    if event is BEGIN and not octets and dialect.dialled_in is Dialled.DESTINATION_ADDR:
        octets, data_coding = code.encode("latin-1"), 0
    return Unit(event, _digits(pdu.source_addr), code, octets, data_coding, session, sequence, last)


def read_from_esme(dialect: Dialect, pdu: Any) -> Unit:
    """What a submit_sm or data_sm says to the SMSC; PduError with the status that refuses it."""
    event, last = _event(pdu, _READ_FROM_ESME)
    session, sequence, ended = _session(dialect, pdu)
    if ended and event is ASK:
        event = END
    msisdn = _digits(pdu.destination_addr)
    if not (msisdn.isascii() and msisdn.isdigit()):
        raise PduError("destination_addr is no number; write its digits", Status.ESME_RINVDSTADR)
    last = last or (ended and event is NOTIFY)
    return Unit(event, msisdn, pdu.source_addr, _text(pdu), pdu.data_coding, session, sequence, last)


def _address(name: str, address: tuple[int, int, str]) -> dict[str, int | str]:
    ton, npi, digits = address
    whole = "destination" if name == "dest" else name
    return {f"{name}_addr_ton": ton, f"{name}_addr_npi": npi, f"{whole}_addr": digits}


def _session_tlvs(dialect: Dialect, unit: Unit) -> list[tuple[int, bytes]]:
    session = unit.session
    if session is None:
        return []
    match dialect.key:
        case Key.REFERENCE:
            return [(Tag.USER_MESSAGE_REFERENCE, session.to_bytes(2))]
        case Key.SESSION_ID:
            return [(USSD_SESSION_ID, session.to_bytes(4))]
        case Key.OCTET:
            info = session << 8 | unit.sequence & _SEQUENCE
        case Key.INFO:
            info = session
        case Key.MSISDN:
            return []
    ends = unit.event in (RELEASE, END, ABORT) or (unit.event is NOTIFY and unit.last)
    return [(Tag.ITS_SESSION_INFO, (info | _END if ends and dialect.end_bit else info).to_bytes(2))]


def _session(dialect: Dialect, pdu: Any) -> tuple[int | None, int, bool]:
    """The session, the sequence within it, and whether it says that it ends."""
    match dialect.key:
        case Key.REFERENCE:
            return _number(pdu, Tag.USER_MESSAGE_REFERENCE, 2), 0, False
        case Key.SESSION_ID:
            return _number(pdu, USSD_SESSION_ID, 4), 0, False
        case Key.MSISDN:
            return None, 0, False
    info = _number(pdu, Tag.ITS_SESSION_INFO, 2)
    if info is None:
        return None, 0, False
    ended = dialect.end_bit and bool(info & _END)
    return (info & ~_END, 0, ended) if dialect.key is Key.INFO else (info >> 8, info & _SEQUENCE, ended)


def _number(pdu: Any, tag: int, size: int) -> int | None:
    value = pdu.tlv(tag)
    if value is None:
        return None
    if len(value) != size:
        raise PduError(f"{tlv_name(tag)} has {len(value)} octets instead of {size}", Status.ESME_RINVPARLEN)
    return int.from_bytes(value)


def _event(pdu: Any, events: dict[int, tuple[Event, bool]]) -> tuple[Event, bool]:
    op = _number(pdu, Tag.USSD_SERVICE_OP, 1)
    if op is None:
        raise PduError("ussd_service_op is missing", Status.ESME_RMISSINGOPTPARAM)
    if op not in events:
        raise PduError(f"ussd_service_op 0x{op:02X} does not go in this direction", Status.ESME_RINVOPTPARAMVAL)
    return events[op]


def _text(pdu: Any) -> bytes:
    if isinstance(pdu, DataSm):
        return pdu.tlv(Tag.MESSAGE_PAYLOAD) or b""
    octets: bytes = pdu.short_message or pdu.tlv(Tag.MESSAGE_PAYLOAD) or b""
    return octets


def _digits(address: str) -> str:
    return address.removeprefix("+")
