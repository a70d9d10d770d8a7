"""Concatenated SMS: one text into segments and segments back into one (3GPP 23.040 9.2.3.24.1 and 9.2.3.24.8).

Octets are as SMPP carries them: in the alphabet that data_coding names, GSM 7-bit one septet an octet or packed.
Nothing here keeps time or sends anything; `user_data` reads what arrived.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from enum import StrEnum
from operator import eq
from typing import Final, Generic, NamedTuple, TypeVar

from ussd_gateway.coding import data_coding as codings
from ussd_gateway.coding import gsm7
from ussd_gateway.coding.data_coding import CODECS, GSM7, GSM7_PACKED, OCTETS, Alphabet
from ussd_gateway.coding.national import LOCKING, SINGLE, Language

SMS_OCTETS: Final = 140
"""The room for user data in one SMS, header included (23.040 9.2.3.24)."""

MAX_SEGMENTS: Final = 255
"""The header counts segments in one octet."""

MAX_PAYLOAD: Final = 65535
"""The length of message_payload is two octets."""

_CONCATENATION_8 = 0x00
_CONCATENATION_16 = 0x08
_SINGLE_SHIFT = 0x24
_LOCKING_SHIFT = 0x25

_GSM = (GSM7, GSM7_PACKED)


class LongForm(StrEnum):
    """How a text that is too long for one SMS travels."""

    UDH8 = "udh8"  # in parts, each with a user data header with an 8-bit reference
    UDH16 = "udh16"
    SAR = "sar"  # in parts, whose place the SAR parameters of SMPP tell
    MESSAGE_PAYLOAD = "message_payload"  # whole


class Segment(NamedTuple):
    """One short message of a text.

    data_coding    int; SMPP data_coding
    udh            bytes; the user data header with its length octet, b"" where there is none
    octets         bytes; the text behind the header; packed septets with the fill bits that the header calls for
    concatenation  its place in the text, by its header or for the SAR parameters; None for a whole text
    alphabet       the alphabet of the octets
    """

    data_coding: int
    udh: bytes
    octets: bytes
    concatenation: Concatenation | None = None
    alphabet: Alphabet = GSM7

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


def split(
    text: str,
    *,
    reference: int,
    long: LongForm = LongForm.UDH8,
    alphabet: Alphabet | None = None,
    language: Language | None = None,
    default: Alphabet = GSM7,
) -> list[Segment]:
    """The text as one segment without a header if it fits, else as many as it takes.

    GSM 7-bit: 160 septets alone, 153 behind an 8-bit reference, 152 behind a 16-bit one or with SAR parameters; UCS-2:
    70, 67 and 66 characters. No cut falls inside an escape sequence, a surrogate pair or a character of several
    octets. The reference is taken modulo 2 to the power of its bits, so a plain counter will do.

    alphabet  None: the default alphabet if it has every character, else UCS-2
    language  the text is GSM 7-bit with those of the national tables of the language that make it shortest, none if
              it needs none; the header names them
    default   what data_coding 0 means to the receiver

    ValueError: the text takes more than 255 segments, or more than 65,535 octets as message_payload; the alphabet
    lacks a character (UnencodableError); the alphabet cannot be written or has no national tables; SAR parameters
    and a header for the tables would both be there.
    """
    if language is None:
        alphabet, coding, octets = _encoded(text, alphabet, default)
        return _split(octets, b"", alphabet, coding, reference, long)
    alphabet = alphabet or (default if default in _GSM else GSM7)
    if alphabet not in _GSM:
        raise ValueError(f"language {language.name.lower()} has tables for gsm7 and gsm7_packed, not for {alphabet}")
    if gsm7.is_encodable(text):
        return _split(gsm7.encode(text), b"", alphabet, codings.SMS_GSM7, reference, long)
    single = language if language in SINGLE else 0
    locking = language if language in LOCKING else 0
    ways = [
        _split(
            gsm7.encode(text, single=one, locking=other),
            _shifts(one, other),
            alphabet,
            codings.SMS_GSM7,
            reference,
            long,
        )
        for one, other in ((single, 0), (0, locking), (single, locking))
        if gsm7.is_encodable(text, single=one, locking=other)
    ]
    if not ways:
        gsm7.encode(text, single=single, locking=locking)  # raises, and names the character
    return min(ways, key=lambda segments: (len(segments), sum(len(segment.user_data) for segment in segments)))


def _split(
    octets: bytes, elements: bytes, alphabet: Alphabet, coding: int, reference: int, long: LongForm
) -> list[Segment]:
    """The text, GSM 7-bit not packed yet; `elements` of the header name its national tables."""
    if elements and long is LongForm.SAR:
        raise ValueError("with sar there is no header to name the tables of a language; write udh8 or udh16")
    alone = _udh(elements)
    if long is LongForm.MESSAGE_PAYLOAD or len(octets) <= _room(alphabet, len(alone)):
        segment = Segment(coding, alone, _filled(octets, alphabet, alone), None, alphabet)
        if len(segment.user_data) > MAX_PAYLOAD:
            raise ValueError(f"the text takes {len(segment.user_data)} octets; message_payload holds {MAX_PAYLOAD}")
        return [segment]
    bits = 8 if long is LongForm.UDH8 else 16
    reference %= 1 << bits
    room = _room(alphabet, len(_udh(_place(Concatenation(0, 0, 0, bits)) + elements)))
    parts = _cut(octets, alphabet, room)
    if len(parts) > MAX_SEGMENTS:
        raise ValueError(f"the text takes {len(parts)} segments; there can be {MAX_SEGMENTS}")
    segments = []
    for sequence, part in enumerate(parts, 1):
        place = Concatenation(reference, len(parts), sequence, bits)
        udh = b"" if long is LongForm.SAR else _udh(_place(place) + elements)
        segments.append(Segment(coding, udh, _filled(part, alphabet, udh), place, alphabet))
    return segments


def _encoded(text: str, alphabet: Alphabet | None, default: Alphabet) -> tuple[Alphabet, int, bytes]:
    """The alphabet, its data_coding, and the octets, GSM 7-bit not packed yet."""
    if alphabet is None:
        try:
            return default, codings.SMS_GSM7, codings.encode(text, GSM7 if default in _GSM else default)
        except gsm7.UnencodableError:
            alphabet = codings.UCS2
    if alphabet is OCTETS:
        raise ValueError("octets are no text; write them in hexadecimal, with their data_coding")
    return alphabet, codings.SMS_DATA_CODINGS[alphabet], codings.encode(text, GSM7 if alphabet in _GSM else alphabet)


def _filled(octets: bytes, alphabet: Alphabet, udh: bytes) -> bytes:
    return gsm7.pack(octets, fill_bits(len(udh))) if alphabet is GSM7_PACKED else octets


def segments_needed(octets: bytes, alphabet: Alphabet, udh_length: int = 0) -> int:
    """How many short messages text of this length takes; what one PDU carried whole may need several on the air.

    octets      the text without a header, GSM 7-bit one septet an octet
    udh_length  int; how long the header is that each of them repeats
    """
    if len(octets) <= _room(alphabet, udh_length):
        return 1
    concatenation = len(_place(Concatenation(0, 0, 0))) + (0 if udh_length else 1)
    return len(_cut(octets, alphabet, max(_room(alphabet, udh_length + concatenation), 4)))


class Header(NamedTuple):
    """What a user data header says.

    concatenation  None when no usable element of that kind is there
    length         int; in octets, the length octet included
    single         int; the national language identifier of the single shift table, 0 without one
    locking        int; the same of the locking shift table
    """

    concatenation: Concatenation | None = None
    length: int = 0
    single: int = 0
    locking: int = 0


def parse_udh(user_data: bytes) -> tuple[Concatenation | None, int]:
    """(concatenation, length of the header) of user data that begins with a header (23.040 9.2.3.24).

    The length counts the length octet and is never more than there is. Unknown elements are passed over; a header
    cut short gives what is whole. The last of repeated elements counts; one with an impossible total or sequence is
    ignored, as 9.2.3.24.1 asks. None when no usable concatenation element is there.
    """
    found = None
    for identifier, value in _elements(user_data):
        found = _concatenation(identifier, value) or found
    return found, _udh_length(user_data)


def parse_header(user_data: bytes) -> Header:
    """The header that user data begins with: what `parse_udh` tells, and the national tables (23.040 9.2.3.24.15, 16)."""
    concatenation, length = parse_udh(user_data)
    shifts = {identifier: value[0] for identifier, value in _elements(user_data) if len(value) == 1}
    return Header(concatenation, length, shifts.get(_SINGLE_SHIFT, 0), shifts.get(_LOCKING_SHIFT, 0))


def _udh_length(user_data: bytes) -> int:
    return min(1 + user_data[0], len(user_data)) if user_data else 0


def _elements(user_data: bytes) -> list[tuple[int, bytes]]:
    """(identifier, value) of each whole element."""
    end = _udh_length(user_data)
    elements = []
    at = 1
    while at + 2 <= end:
        identifier, length = user_data[at], user_data[at + 1]
        at += 2 + length
        if at > end:
            break
        elements.append((identifier, user_data[at - length : at]))
    return elements


def fill_bits(udh_length: int) -> int:
    """How many bits, 0-6, stand between a header of that many octets and the first packed septet (23.040 9.2.3.24)."""
    return -8 * udh_length % 7


PART = TypeVar("PART")


class Reassembler(Generic[PART]):
    """Collects the segments of texts until one is whole. Holds at most `limit` unfinished texts.

    A text is known by the caller's key (say, sender and receiver), its reference and its total. So segments that
    disagree about the total belong to different texts and spoil none. Beyond the limit the oldest unfinished text is
    dropped; `dropped` counts those. A segment can be anything; `same` tells whether one only came twice.
    """

    def __init__(self, limit: int = 1000, same: Callable[[PART, PART], bool] = eq) -> None:
        if limit < 1:
            raise ValueError(f"limit is {limit}; it must be 1 or more")
        self.limit = limit
        self.dropped = 0
        self._same = same
        self._unfinished: dict[tuple[Hashable, int, int, int], dict[int, PART]] = {}

    def add(self, key: Hashable, concatenation: Concatenation | None, part: PART) -> list[PART] | None:
        """The segments of the whole text, in order, if this one completes it; else None.

        Segments may come in any order, and one may come twice; another one in its place begins a new text. Without a
        concatenation, or with one that makes no sense (sequence 0 or beyond the total), the segment is a text of its
        own. Join what is returned before it is decoded: other senders do cut surrogate pairs.
        """
        if concatenation is None or not _is_possible(concatenation):
            return [part]
        reference, total, sequence, bits = concatenation
        identity = (key, reference, total, bits)
        parts = self._unfinished.setdefault(identity, {})
        if sequence in parts and not self._same(parts[sequence], part):
            parts.clear()  # the sender uses the reference again, and what is left is an older text's
        parts[sequence] = part
        if len(parts) == total:
            del self._unfinished[identity]
            return [parts[number] for number in range(1, total + 1)]
        if len(self._unfinished) > self.limit:
            del self._unfinished[next(iter(self._unfinished))]
            self.dropped += 1
        return None

    def unfinished(self) -> Iterator[tuple[int, dict[int, PART]]]:
        """(total, segments by their sequence, in the order of their arrival) of each text, the oldest first."""
        for (_, _, total, _), parts in self._unfinished.items():
            yield total, parts

    def __len__(self) -> int:
        return len(self._unfinished)


def _room(alphabet: Alphabet, udh_length: int) -> int:
    """How many octets of text, one septet an octet, one SMS carries behind a header."""
    octets = SMS_OCTETS - udh_length
    if alphabet in _GSM:
        return octets * 8 // 7
    return octets // 2 * 2 if alphabet is codings.UCS2 else octets


def _cut(octets: bytes, alphabet: Alphabet, room: int) -> list[bytes]:
    parts = []
    start = 0
    while start < len(octets):
        end = start + room
        if end < len(octets):
            end -= _overhang(octets[start:end], alphabet)
        parts.append(octets[start:end])
        start = end
    return parts


def _overhang(octets: bytes, alphabet: Alphabet) -> int:
    """How many of the last octets belong to what follows them."""
    if alphabet in _GSM:
        return 1 if octets[-1] == gsm7.ESCAPE else 0
    for length in range(4):  # no character takes more than four octets
        if _is_text(octets[: len(octets) - length], alphabet):
            return length
    return 0


def _is_text(octets: bytes, alphabet: Alphabet) -> bool:
    try:
        octets.decode(CODECS[alphabet])
    except UnicodeDecodeError:
        return False
    return True


def concatenation_header(place: Concatenation) -> bytes:
    """The user data header, with its length octet, of a part (23.040 9.2.3.24.1 and 9.2.3.24.8)."""
    return _udh(_place(place))


def _udh(elements: bytes) -> bytes:
    return bytes((len(elements),)) + elements if elements else b""


def _place(place: Concatenation) -> bytes:
    width = place.reference_bits // 8
    identifier = _CONCATENATION_8 if width == 1 else _CONCATENATION_16
    return (
        bytes((identifier, width + 2)) + place.reference.to_bytes(width, "big") + bytes((place.total, place.sequence))
    )


def _shifts(single: int, locking: int) -> bytes:
    shifts = ((_SINGLE_SHIFT, single), (_LOCKING_SHIFT, locking))
    return b"".join(bytes((identifier, 1, language)) for identifier, language in shifts if language)


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
