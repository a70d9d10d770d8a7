"""What went over the wires lately, kept in memory: for captures and for those who watch PDUs."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec

from ussd_gateway.coding.data_coding import SMS_UCS2
from ussd_gateway.coding.segments import parse_udh
from ussd_gateway.network.message import UDHI
from ussd_gateway.smpp.commands import SubmitSm
from ussd_gateway.smpp.pdu import HEADER, UnparsedPdu, decode
from ussd_gateway.smpp.tlv import Tag, encode_tlvs

Address = tuple[str, int]


class Line(NamedTuple):
    """One SMPP connection: its number, and the addresses of the two ends."""

    number: int
    esme: Address
    smsc: Address


class Chunk(msgspec.Struct, frozen=True, gc=False):
    """Octets that one read brought or one write sent.

    at     float; seconds since the epoch by the machine's clock, which is what a capture shows
    to_esme  bool; whether the SMSC sent them
    """

    at: float
    line: Line
    to_esme: bool
    octets: bytes


Watcher = Callable[[Line, str, bool, bytes], None]
"""Is told of each PDU: the line, the system_id or "", whether the SMSC sent it, and its octets with secrets hidden."""


class Capture:
    """The last chunks of all connections, up to `most` octets of memory.

    watchers  who is told of each PDU while it passes; nothing is decoded for nobody
    """

    def __init__(self, most: int) -> None:
        self.watchers: list[Watcher] = []
        self._most = most
        self._chunks: deque[Chunk] = deque()
        self._size = 0

    def add(self, chunk: Chunk) -> None:
        """Keep the chunk; the oldest ones go."""
        self._chunks.append(chunk)
        self._size += len(chunk.octets) + _OVERHEAD
        while self._size > self._most:
            self._size -= len(self._chunks.popleft().octets) + _OVERHEAD

    def since(self, moment: float) -> Iterator[Chunk]:
        """The chunks from a moment on, in seconds since the epoch, in the order in which they passed."""
        return (chunk for chunk in list(self._chunks) if chunk.at >= moment)

    def clear(self) -> None:
        """Forget everything."""
        self._chunks.clear()
        self._size = 0


_OVERHEAD = 200  # octets that a chunk takes beside its content

_BIND = re.compile(
    rb"(\0\0..\0\0\0[\x01\x02\x09\x0b].{8}[^\0]*\0)([^\0]+)", re.DOTALL
)  # the header and system_id of a bind or an outbind, and its password


def without_password(octets: bytes, before: bytes = b"") -> bytes:
    """What a peer sends before it is bound, with stars in place of the password; `before` is the PDU's beginning."""
    return _BIND.sub(lambda found: found[1] + b"*" * len(found[2]), before + octets)[len(before) :]


def without_text(octets: bytes) -> bytes:
    """A PDU with stars in place of its text: those of the operator's own service hold passwords (R178)."""
    pdu = decode(octets)
    if isinstance(pdu, UnparsedPdu):  # where its text is nobody knows
        return octets[: HEADER.size] + b"*" * (len(octets) - HEADER.size)
    if not isinstance(pdu, SubmitSm):
        return octets
    star = b"\0*" if pdu.data_coding == SMS_UCS2 else b"*"
    header = parse_udh(pdu.short_message)[1] if pdu.esm_class & UDHI else 0
    *values, _, text = pdu.values
    hidden = text[:header] + (star * len(text))[: len(text) - header]
    tlvs = [(tag, star * (len(value) // len(star)) if tag == Tag.MESSAGE_PAYLOAD else value) for tag, value in pdu.tlvs]
    return pdu.pack(
        pdu.sequence_number, (*values, bytes((len(hidden),)), hidden), pdu.command_status, encode_tlvs(tlvs)
    )
