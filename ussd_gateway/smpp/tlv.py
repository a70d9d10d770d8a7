"""Optional parameters (SMPP 3.4 section 5.3): tag, length, value. Unknown ones are kept as they came."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from enum import IntEnum

from ussd_gateway.smpp.errors import PduError
from ussd_gateway.smpp.status import Status

_HEADER = struct.Struct(">HH")


class Tag(IntEnum):
    """The tags that the gateway itself reads or writes (SMPP 3.4 section 5.3.2)."""

    USER_MESSAGE_REFERENCE = 0x0204
    RECEIPTED_MESSAGE_ID = 0x001E
    SAR_MSG_REF_NUM = 0x020C
    SAR_TOTAL_SEGMENTS = 0x020E
    SAR_SEGMENT_SEQNUM = 0x020F
    SC_INTERFACE_VERSION = 0x0210
    NETWORK_ERROR_CODE = 0x0423
    MESSAGE_PAYLOAD = 0x0424
    MESSAGE_STATE = 0x0427


Tlvs = tuple[tuple[int, bytes], ...]


def parse_tlvs(octets: bytes) -> Tlvs:
    """Every (tag, value) in wire order; PduError where a header or value is cut short."""
    found = []
    position, end = 0, len(octets)
    while position < end:
        if end - position < _HEADER.size:
            raise PduError(f"{end - position} octets are left where a TLV header needs 4", Status.ESME_RINVOPTPARSTREAM)
        tag, length = _HEADER.unpack_from(octets, position)
        position += _HEADER.size
        if length > end - position:
            raise PduError(f"TLV 0x{tag:04X} says {length} octets but {end - position} follow", Status.ESME_RINVPARLEN)
        found.append((tag, octets[position : position + length]))
        position += length
    return tuple(found)


def encode_tlvs(tlvs: Iterable[tuple[int, bytes]]) -> bytes:
    """The octets of the TLVs, in the order given."""
    return b"".join([_HEADER.pack(tag, len(value)) + value for tag, value in tlvs])
