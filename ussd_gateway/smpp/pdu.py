"""SMPP PDUs: octets to Pdu and back. No I/O, no state. What the commands are is in `commands.py`.

A PDU is a class whose rows are its mandatory parameters in wire order; nothing else is written for it. At import
each class compiles its rows into one regular expression that reads a body and one format that writes it.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable
from typing import Any, ClassVar, Protocol, Self

from ussd_gateway.smpp.errors import PduError
from ussd_gateway.smpp.fields import LONGEST_SHORT_MESSAGE, MASK, Reader, Rows, reader
from ussd_gateway.smpp.status import Status, status_name
from ussd_gateway.smpp.tlv import Tag, Tlvs, encode_tlvs, parse_tlvs

HEADER = struct.Struct(">IIII")  # command_length, command_id, command_status, sequence_number (3.2)
_HEADER_SIZE = HEADER.size
_new = object.__new__
RESPONSE = 0x80000000  # the bit of command_id that makes a response
GENERIC_NACK = 0x80000000  # answers what has no response of its own (4.3.1)

PDUS: dict[int, type[Pdu]] = {}
"""Every class by its command_id."""


class Packer(Protocol):
    """Makes the octets of a PDU: sequence_number, values as octets in the order of the rows, its TLVs as octets."""

    def __call__(self, sequence_number: int, values: tuple[bytes, ...], tail: bytes = b"") -> bytes:
        """Header and body."""


class Pdu(Rows):
    """A request or a response: header, mandatory parameters as attributes, TLVs. Not changed once made."""

    __slots__ = ("command_status", "raw", "sequence_number", "tlvs")

    command_id: ClassVar[int]
    command: ClassVar[str]  # "submit_sm"
    mandatory_tlvs: ClassVar[tuple[Tag, ...]] = ()  # what the specification asks for besides the rows
    _match: ClassVar[Reader]

    def __init__(
        self, *, sequence_number: int = 0, command_status: int = 0, tlvs: Iterable[tuple[int, bytes]] = (), **given: Any
    ) -> None:
        self.sequence_number = sequence_number
        self.command_status = command_status
        self.tlvs: Tlvs = tuple(tlvs)
        self.raw: bytes = b""
        self._fill(given, self.command)

    def __init_subclass__(cls, command_id: int | None = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if command_id is None:
            return
        cls.command_id = command_id
        cls.command = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", cls.__name__).lower()
        cls._match = reader(cls.layout)
        PDUS[command_id] = cls

    @classmethod
    def from_octets(cls, raw: bytes, command_status: int, sequence_number: int) -> Self:
        """The PDU that `raw`, header and body, is; PduError when the body breaks the layout."""
        found = cls._match(raw, _HEADER_SIZE)
        if found is None:
            return cls._from_odd_body(raw, command_status, sequence_number)
        pdu = _new(cls)
        pdu.values = values = found.groups()
        pdu.tlvs = ()
        if cls._counted:
            (length,), message = values[-2:]
            if length != len(message) or length > LONGEST_SHORT_MESSAGE:
                if length > min(len(message), LONGEST_SHORT_MESSAGE):
                    cls._explain(raw)
                pdu.values = *values[:-1], message[:length]
                pdu.tlvs = parse_tlvs(message[length:])
        elif found.end() < len(raw):
            pdu.tlvs = parse_tlvs(raw[found.end() :])
        pdu.raw = raw
        pdu.command_status = command_status
        pdu.sequence_number = sequence_number
        return pdu

    @classmethod
    def _from_odd_body(cls, raw: bytes, command_status: int, sequence_number: int) -> Self:
        # 4.4.2: a response that reports an error comes without its body; peers leave it out of others too.
        if cls.command_id & RESPONSE and len(raw) == HEADER.size:
            pdu = cls(sequence_number=sequence_number, command_status=command_status)
            pdu.raw = raw
            return pdu
        cls._explain(raw)
        raise AssertionError(f"{cls.command}: the layout and its regular expression disagree on {raw.hex()}")

    @classmethod
    def _explain(cls, raw: bytes) -> None:
        body = raw[HEADER.size :]
        position = 0
        for field in cls.layout:
            position = field.explain(body, position)

    @classmethod
    def pack(cls, sequence_number: int, values: tuple[bytes, ...], command_status: int = 0, tail: bytes = b"") -> bytes:
        """The octets of a PDU whose values are octets already, one for each %b of its rows; `tail` is its TLVs."""
        body = cls._template % values + tail
        return HEADER.pack(HEADER.size + len(body), cls.command_id, command_status, sequence_number) + body

    @classmethod
    def template(cls, *varying: str, **constant: Any) -> bytes:
        """The format of such a body, with a %b for each octet string of the `varying` parameters."""
        template = b""
        for field in cls.layout:
            if field.name in varying:
                template += field.template
            else:
                value = field.encode(constant[field.name]) if field.name in constant else field.default
                template += field.template.replace(b"%b", value.replace(b"%", b"%%"))
        return template

    @classmethod
    def packer(cls, *varying: str, **constant: Any) -> Packer:
        """What `pack` is to PDUs that differ in the `varying` parameters only; all others are `constant`, or empty."""
        template = cls.template(*varying, **constant)
        command_id, pack_header = cls.command_id, HEADER.pack

        def pack(sequence_number: int, values: tuple[bytes, ...], tail: bytes = b"") -> bytes:
            body = template % values + tail
            return pack_header(_HEADER_SIZE + len(body), command_id, 0, sequence_number) + body

        return pack

    def encode(self) -> bytes:
        """The octets, header included."""
        return self.pack(self.sequence_number, self.values, self.command_status, encode_tlvs(self.tlvs))

    def tlv(self, tag: int) -> bytes | None:
        """The value of the first TLV with this tag, or None."""
        for found, value in self.tlvs:
            if found == tag:
                return value
        return None

    def missing_tlvs(self) -> tuple[Tag, ...]:
        """The mandatory TLVs that are not there; ESME_RMISSINGOPTPARAM answers them."""
        return tuple(tag for tag in self.mandatory_tlvs if self.tlv(tag) is None)

    def reply(self, command_status: int = Status.ESME_ROK, **given: Any) -> Pdu:
        """The response to this request, with its sequence_number; generic_nack where a request has none of its own."""
        response = PDUS.get(self.command_id | RESPONSE) or PDUS[GENERIC_NACK]
        return response(sequence_number=self.sequence_number, command_status=command_status, **given)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pdu) and self.encode() == other.encode()

    def __hash__(self) -> int:
        return hash(self.encode())

    def __repr__(self) -> str:
        facts = [f"sequence_number={self.sequence_number}"]
        if self.command_status:
            facts.append(f"command_status={status_name(self.command_status)}")
        for field in self.layout:
            value = self.values[field.index]
            if value != field.default:
                facts.append(f"{field.name}={MASK if field.secret else repr(field.decode(value))}")
        facts += [f"tlv 0x{tag:04X}={value.hex()}" for tag, value in self.tlvs]
        return f"{type(self).__name__}({', '.join(facts)})"


class UnparsedPdu:
    """A sound header with a body or command that is not: answered with `error.status`, and the connection lives."""

    __slots__ = ("command_id", "error", "raw", "sequence_number")

    def __init__(self, raw: bytes, error: PduError) -> None:
        _, self.command_id, _, self.sequence_number = HEADER.unpack_from(raw)
        self.raw = raw
        self.error = error

    def reply(self) -> Pdu | None:
        """The response with the right command_status; None for a response, which nobody answers."""
        if self.command_id & RESPONSE:
            return None
        response = PDUS.get(self.command_id | RESPONSE) or PDUS[GENERIC_NACK]
        return response(sequence_number=self.sequence_number, command_status=self.error.status)

    @property
    def shown(self) -> bytes:
        """The octets that anybody may see: of a command with a secret, whose place nobody knows, only the header."""
        known = PDUS.get(self.command_id)
        hidden = known is not None and any(field.secret for field in known.layout)
        return self.raw[: HEADER.size] if hidden else self.raw

    def __repr__(self) -> str:
        return f"UnparsedPdu({self.error.seen!r}, {self.shown.hex()})"


def decode(raw: bytes) -> Pdu | UnparsedPdu:
    """One whole PDU, header and body, whose command_length is the length of `raw`. Never raises."""
    return decode_body(raw, *HEADER.unpack_from(raw)[1:])


def decode_body(raw: bytes, command_id: int, command_status: int, sequence_number: int) -> Pdu | UnparsedPdu:
    """The same for somebody who has read the header already."""
    found = PDUS.get(command_id)
    if found is None:
        return UnparsedPdu(raw, PduError(f"command_id 0x{command_id:08X} is unknown", Status.ESME_RINVCMDID))
    try:
        return found.from_octets(raw, command_status, sequence_number)
    except PduError as error:
        return UnparsedPdu(raw, error)
