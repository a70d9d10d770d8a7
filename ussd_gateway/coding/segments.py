"""Concatenated SMS: one text into segments and segments back into one (3GPP 23.040 9.2.3.24.1 and 9.2.3.24.8).

Octets are as SMPP carries them: one septet an octet, or UCS-2 big-endian. Nothing here decodes text, keeps time or
sends anything.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final, NamedTuple

from ussd_gateway.coding import data_coding as codings
from ussd_gateway.coding import gsm7

SMS_OCTETS: Final = 140
"""The room for user data in one SMS, header included (23.040 9.2.3.24)."""

MAX_SEGMENTS: Final = 255
"""The header counts segments in one octet."""

_CONCATENATION_8 = 0x00
_CONCATENATION_16 = 0x08


class Segment(NamedTuple):
    """One short message of a text.

    data_coding  int; SMPP data_coding, 0 or 8
    udh          bytes; the user data header with its length octet, b"" for a text that needs one segment only
    octets       bytes; the text behind the header, one septet an octet or UCS-2
    """

    data_coding: int
    udh: bytes
    octets: bytes

    @property
    def user_data(self) -> bytes:
        """Header and text, as SMPP's short_message has them when esm_class bit 6 (UDHI) is set."""
        return self.udh + self.octets


class Concatenation(NamedTuple):
    """What the header says of a segment's place.

    reference       int; the same in all segments of one text
    total           int; how many segments there are
    sequence        int; which of them this is, from 1
    reference_bits  int; 8 or 16: the two kinds of reference never mix
    """

    reference: int
    total: int
    sequence: int
    reference_bits: int = 8


def split(text: str, *, reference: int, reference_bits: int = 8) -> list[Segment]:
    """The text as one segment without a header if it fits, else as many as it takes, each with one.

    GSM 7-bit: 160 septets alone, 153 behind an 8-bit reference, 152 behind a 16-bit one; UCS-2: 70, 67 and 66
    characters. No cut falls inside an escape sequence or a surrogate pair. The reference is taken modulo 2 to the
    power of reference_bits, so a plain counter will do.

    ValueError: reference_bits is neither 8 nor 16, or the text takes more than 255 segments.
    """
    if reference_bits not in (8, 16):
        raise ValueError(f"reference_bits is {reference_bits}; it can be 8 or 16")
    coding, octets = codings.encode_sms(text)
    if len(octets) <= _room(coding, 0):
        return [Segment(coding, b"", octets)]
    parts = _cut(octets, coding, _room(coding, len(_header(0, 0, 0, reference_bits))))
    if len(parts) > MAX_SEGMENTS:
        raise ValueError(f"the text takes {len(parts)} segments; there can be {MAX_SEGMENTS}")
    return [
        Segment(coding, _header(reference, len(parts), sequence, reference_bits), part)
        for sequence, part in enumerate(parts, 1)
    ]


def segments_needed(octets: bytes, data_coding: int) -> int:
    """How many short messages text of this length takes; what one PDU carried whole may need several on the air."""
    coding = codings.SMS_GSM7 if codings.sms_alphabet(data_coding) is codings.GSM7 else codings.SMS_UCS2
    if len(octets) <= _room(coding, 0):
        return 1
    return len(_cut(octets, coding, _room(coding, len(_header(0, 0, 0, 8)))))


def parse_udh(user_data: bytes) -> tuple[Concatenation | None, int]:
    """(concatenation, length of the header) of user data that begins with a header (23.040 9.2.3.24).

    The length counts the length octet and is never more than there is. Unknown elements are passed over; a header
    cut short gives what is whole. The last of repeated elements counts; one with an impossible total or sequence is
    ignored, as 9.2.3.24.1 asks. None when no usable concatenation element is there.
    """
    if not user_data:
        return None, 0
    end = min(1 + user_data[0], len(user_data))
    found = None
    at = 1
    while at + 2 <= end:
        identifier, length = user_data[at], user_data[at + 1]
        at += 2 + length
        if at > end:
            break
        found = _concatenation(identifier, user_data[at - length : at]) or found
    return found, end


def fill_bits(udh_length: int) -> int:
    """How many bits, 0-6, stand between a header of that many octets and the first packed septet (23.040 9.2.3.24)."""
    return -8 * udh_length % 7


class Reassembler:
    """Collects the segments of texts until one is whole. Holds at most `limit` unfinished texts.

    A text is known by the caller's key (say, sender and receiver), its reference and its total. So segments that
    disagree about the total belong to different texts and spoil none. Beyond the limit the oldest unfinished text is
    dropped; `dropped` counts those.
    """

    def __init__(self, limit: int = 1000) -> None:
        if limit < 1:
            raise ValueError(f"limit is {limit}; it must be 1 or more")
        self.limit = limit
        self.dropped = 0
        self._unfinished: dict[Hashable, dict[int, bytes]] = {}

    def add(self, key: Hashable, concatenation: Concatenation | None, octets: bytes) -> bytes | None:
        """The octets of the whole text, in order, if this segment (without its header) completes it; else None.

        Segments may come in any order, and one may come twice; another one in its place begins a new text. Without a concatenation, or with one that
        makes no sense (sequence 0 or beyond the total), the octets are a text of their own. Decode what is returned,
        never a segment: other senders do cut surrogate pairs.
        """
        if concatenation is None or not _is_possible(concatenation):
            return octets
        reference, total, sequence, bits = concatenation
        identity = (key, reference, total, bits)
        parts = self._unfinished.setdefault(identity, {})
        if parts.get(sequence, octets) != octets:
            parts.clear()  # the sender uses the reference again, and what is left is an older text's
        parts[sequence] = octets
        if len(parts) == total:
            del self._unfinished[identity]
            return b"".join(parts[number] for number in range(1, total + 1))
        if len(self._unfinished) > self.limit:
            del self._unfinished[next(iter(self._unfinished))]
            self.dropped += 1
        return None

    def __len__(self) -> int:
        return len(self._unfinished)


def _room(coding: int, udh_length: int) -> int:
    """How many octets of text, one septet an octet, one SMS carries behind a header."""
    octets = SMS_OCTETS - udh_length
    return octets * 8 // 7 if coding == codings.SMS_GSM7 else octets // 2 * 2


def _cut(octets: bytes, coding: int, room: int) -> list[bytes]:
    parts = []
    start = 0
    while start < len(octets):
        end = start + room
        if end < len(octets):
            end -= _overhang(octets, coding, end)
        parts.append(octets[start:end])
        start = end
    return parts


def _overhang(octets: bytes, coding: int, end: int) -> int:
    """How many octets before `end` belong to what follows it."""
    if coding == codings.SMS_GSM7:
        return 1 if octets[end - 1] == gsm7.ESCAPE else 0
    return 2 if 0xD8 <= octets[end - 2] <= 0xDB else 0  # the first half of a surrogate pair


def _header(reference: int, total: int, sequence: int, bits: int) -> bytes:
    width = bits // 8
    identifier = _CONCATENATION_8 if bits == 8 else _CONCATENATION_16
    place = (reference % (1 << bits)).to_bytes(width, "big") + bytes((total, sequence))
    element = bytes((identifier, len(place))) + place
    return bytes((len(element),)) + element


def _concatenation(identifier: int, value: bytes) -> Concatenation | None:
    if (identifier, len(value)) == (_CONCATENATION_8, 3):
        found = Concatenation(value[0], value[1], value[2], 8)
    elif (identifier, len(value)) == (_CONCATENATION_16, 4):
        found = Concatenation(value[0] << 8 | value[1], value[2], value[3], 16)
    else:
        return None
    return found if _is_possible(found) else None


def _is_possible(concatenation: Concatenation) -> bool:
    return 1 <= concatenation.sequence <= concatenation.total
