"""PDUs that are broken on purpose, each in one way: the octets of a sound PDU in, those of a broken one out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ussd_gateway.smpp import commands  # noqa: F401  # fills PDUS
from ussd_gateway.smpp.fields import CString, Field, OctetString
from ussd_gateway.smpp.pdu import HEADER, PDUS, RESPONSE

_NOBODYS_COMMAND = 0x0000F00D  # without and with the bit of a response
_NOBODYS_STATUS = 0x0000DEAD
_NOBODYS_TAG = b"\x3f\xff"  # of the vendors' range
_FAR_BIT = 0x40000000  # of a sequence_number; no peer counts so far


def truncated_body(octets: bytes) -> bytes:
    """The body ends in the middle of its mandatory parameters; command_length says so."""
    end = max((end for _, _, end in _fields(octets)), default=HEADER.size)
    return octets if end == HEADER.size else _with_length(octets[: (HEADER.size + end) // 2])


def missing_nul(octets: bytes) -> bytes:
    """The last C-Octet String that holds something has no NUL; command_length says so."""
    strings = [(end - begin, end) for field, begin, end in _fields(octets) if isinstance(field, CString)]
    if not strings:
        return octets
    filled = [end for length, end in strings if length > 1]
    end = filled[-1] if filled else strings[-1][1]
    return _with_length(octets[: end - 1] + octets[end:])


def sm_length_too_long(octets: bytes) -> bytes:
    """sm_length is 255, more than any message has."""
    for field, begin, _ in _fields(octets):
        if isinstance(field, OctetString):
            return octets[:begin] + b"\xff" + octets[begin + 1 :]
    return octets


def tlv_past_end(octets: bytes) -> bytes:
    """One more TLV, whose length is 255 and whose value 1 octet."""
    return _with_length(octets + _NOBODYS_TAG + b"\x00\xff\x00")


def tlv_cut(octets: bytes) -> bytes:
    """One more TLV that ends behind its tag."""
    return _with_length(octets + _NOBODYS_TAG)


def length_too_long(octets: bytes) -> bytes:
    """command_length counts 16 octets more than there are: the next PDU's header belongs to this one."""
    return _with_length(octets, len(octets) + HEADER.size)


def length_too_short(octets: bytes) -> bytes:
    """command_length counts one octet less than there are: the last one begins the next PDU."""
    return _with_length(octets, len(octets) - 1)


def length_below_header(octets: bytes) -> bytes:
    """command_length is 4; a header alone has 16 octets."""
    return _with_length(octets, 4)


def length_huge(octets: bytes) -> bytes:
    """command_length is 0xFFFFFFFF."""
    return _with_length(octets, 0xFFFFFFFF)


def unknown_command_id(octets: bytes) -> bytes:
    """A command_id of no PDU; a response still has the bit of one."""
    _, command_id, status, sequence_number = HEADER.unpack_from(octets)
    return _with_header(octets, command_id & RESPONSE | _NOBODYS_COMMAND, status, sequence_number)


def unknown_status(octets: bytes) -> bytes:
    """A command_status that the specification does not have."""
    _, command_id, _, sequence_number = HEADER.unpack_from(octets)
    return _with_header(octets, command_id, _NOBODYS_STATUS, sequence_number)


def wrong_sequence_number(octets: bytes) -> bytes:
    """A sequence_number that nobody asked with."""
    _, command_id, status, sequence_number = HEADER.unpack_from(octets)
    return _with_header(octets, command_id, status, sequence_number ^ _FAR_BIT)


def zero_sequence_number(octets: bytes) -> bytes:
    """sequence_number 0; the first one is 1."""
    _, command_id, status, _ = HEADER.unpack_from(octets)
    return _with_header(octets, command_id, status, 0)


def garbage(octets: bytes) -> bytes:
    """As many octets, which are no SMPP at all."""
    return (b"HTTP/1.1 400 Bad Request\r\n" * (len(octets) // 26 + 1))[: len(octets)]


KINDS: dict[str, Callable[[bytes], bytes]] = {
    function.__name__: function
    for function in (
        truncated_body,
        missing_nul,
        sm_length_too_long,
        tlv_past_end,
        tlv_cut,
        length_too_long,
        length_too_short,
        length_below_header,
        length_huge,
        unknown_command_id,
        unknown_status,
        wrong_sequence_number,
        zero_sequence_number,
        garbage,
    )
}
"""Every way to break a PDU by its name. One that cannot break a PDU, for want of a body, leaves it as it is."""


def breaks(kind: str, command_id: int) -> bool:
    """Whether the kind can break this command: a PDU without a string has no NUL to miss."""
    plain = PDUS[command_id](sequence_number=1).encode()
    return KINDS[kind](plain) != plain


def _fields(octets: bytes) -> Iterator[tuple[Field[Any], int, int]]:
    """Each mandatory parameter with where it begins and ends; none where an error's response has no body."""
    _, command_id, _, _ = HEADER.unpack_from(octets)
    position = HEADER.size
    for field in PDUS[command_id].layout if len(octets) > HEADER.size else ():
        end = field.explain(octets, position)
        yield field, position, end
        position = end


def _with_length(octets: bytes, length: int | None = None) -> bytes:
    return (len(octets) if length is None else length).to_bytes(4) + octets[4:]


def _with_header(octets: bytes, command_id: int, status: int, sequence_number: int) -> bytes:
    return HEADER.pack(len(octets), command_id, status, sequence_number) + octets[HEADER.size :]
