"""The user data of short messages as text: header, alphabet, packing and national tables; and many parts as one text.

User data is what short_message or message_payload carries: a header (3GPP 23.040 9.2.3.24) where esm_class says so, and
text. No I/O.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import NamedTuple

from ussd_gateway.coding import data_coding as codings
from ussd_gateway.coding import gsm7
from ussd_gateway.coding.data_coding import GSM7, GSM7_PACKED, Alphabet
from ussd_gateway.coding.segments import Header, fill_bits, parse_header

_NO_HEADER = Header()


class UserData(NamedTuple):
    """The user data of one short message, and what says how to read it.

    octets       bytes; the header in front where there is one
    data_coding  int; as in SMPP 3.4 section 5.2.19
    has_header   bool; esm_class bit 6 (UDHI)
    default      what data_coding 0 means, one of data_coding.DEFAULT_ALPHABETS
    """

    octets: bytes
    data_coding: int = 0
    has_header: bool = False
    default: Alphabet = GSM7

    @property
    def header(self) -> Header:
        """What the header says; of length 0 where there is none."""
        return parse_header(self.octets) if self.has_header else _NO_HEADER

    @property
    def alphabet(self) -> Alphabet:
        """The alphabet of the octets behind the header."""
        return codings.sms_alphabet(self.data_coding, self.default)


def text_of(parts: Iterable[UserData]) -> str:
    """The one text of all parts in this order, or what they show of it; never raises.

    Each part is read by its own data_coding, header and packing. Neighbours that are alike are joined before they are
    decoded, since senders do cut escape sequences and surrogate pairs.
    """
    pieces = map(_unpacked, parts)
    return "".join(
        _decoded(b"".join(octets for _, octets in run), *how)
        for how, run in groupby(pieces, key=lambda piece: piece[0])
    )


def septets_or_octets(part: UserData) -> bytes:
    """What is behind the header, packed septets unpacked."""
    return _unpacked(part)[1]


def recoded(part: UserData, default: Alphabet) -> UserData:
    """The same text for whom data_coding 0 means something else: an ESME whose account says so.

    What is the same in both is left as it is. A text of which the other alphabet lacks a character goes as UCS-2; the
    header stays.
    """
    alphabet = codings.sms_alphabet(part.data_coding, default)
    if alphabet is part.alphabet:
        return part._replace(default=default)
    header = part.header
    front = part.octets[: header.length]
    data_coding = part.data_coding
    if {alphabet, part.alphabet} == {GSM7, GSM7_PACKED}:
        octets = _unpacked(part)[1]
    else:
        try:
            octets = _encoded(text_of((part,)), alphabet, header)
        except gsm7.UnencodableError:
            alphabet, data_coding = codings.UCS2, codings.SMS_UCS2
            octets = codings.encode(text_of((part,)), alphabet)
    if alphabet is GSM7_PACKED:
        octets = gsm7.pack(octets, fill_bits(header.length))
    return UserData(front + octets, data_coding, part.has_header, default)


_How = tuple[Alphabet, int, int]
"""The alphabet and the national tables; GSM7 also for what was packed."""


def _unpacked(part: UserData) -> tuple[_How, bytes]:
    alphabet, header = part.alphabet, part.header
    octets = part.octets[header.length :]
    if alphabet is GSM7_PACKED:
        alphabet, octets = GSM7, gsm7.unpack_sms(octets, fill_bits(header.length))
    return (alphabet, header.single, header.locking) if alphabet is GSM7 else (alphabet, 0, 0), octets


def _decoded(octets: bytes, alphabet: Alphabet, single: int, locking: int) -> str:
    if alphabet is GSM7:
        return gsm7.decode(octets, single=single, locking=locking)
    return codings.decode(octets, alphabet)


def _encoded(text: str, alphabet: Alphabet, header: Header) -> bytes:
    if alphabet in (GSM7, GSM7_PACKED):
        return gsm7.encode(text, single=header.single, locking=header.locking)
    return codings.encode(text, alphabet)
