"""What the octet named data_coding says about text: the SMPP and SMS values, and the CBS values that USSD uses.

The two value spaces are different: UCS-2 is 8 in SMPP and 72 in USSD. Text is never compressed here. Septets are one an
octet, unless the alphabet is GSM7_PACKED; `gsm7.pack_ussd` packs those of USSD for the air. No I/O.

data_coding 0 is "the SMSC default alphabet" (SMPP 3.4 5.2.19), and what that is, ESME and SMSC agree on beside the
protocol: `default`, one of DEFAULT_ALPHABETS, says it.
"""

from __future__ import annotations

import re
from enum import StrEnum

from ussd_gateway.coding import gsm7

USSD_OCTETS = 160
"""The longest USSD string (3GPP 29.002, maxUSSD-StringLength): 182 septets or 80 UCS-2 characters."""

USSD_GSM7 = 0x0F
"""CBS data coding scheme: GSM 7-bit, language unspecified (23.038 section 5)."""

USSD_UCS2 = 0x48
"""CBS data coding scheme: UCS-2, no message class (23.038 section 5)."""

SMS_GSM7 = 0
"""SMPP data_coding: the SMSC default alphabet (SMPP 3.4 5.2.19), GSM 7-bit unpacked where nothing else is agreed."""

SMS_UCS2 = 8
"""SMPP data_coding: UCS-2 (SMPP 3.4 5.2.19)."""


class Alphabet(StrEnum):
    """How octets are to be read as text."""

    GSM7 = "gsm7"  # one septet an octet
    GSM7_PACKED = "gsm7_packed"  # eight septets in seven octets
    ASCII = "ascii"  # which SMPP calls IA5 too
    OCTETS = "octets"  # not text: pictures, ring tones, compressed text
    LATIN1 = "latin1"
    JIS = "jis"
    CYRILLIC = "cyrillic"
    HEBREW = "hebrew"
    UCS2 = "ucs2"
    ISO_2022_JP = "iso_2022_jp"
    EXTENDED_JIS = "extended_jis"
    KOREAN = "korean"
    UTF8 = "utf8"  # this and the next have no data_coding of their own: some SMSCs mean them by 0
    CP1252 = "cp1252"


GSM7, GSM7_PACKED, OCTETS, UCS2 = Alphabet.GSM7, Alphabet.GSM7_PACKED, Alphabet.OCTETS, Alphabet.UCS2

DEFAULT_ALPHABETS = (
    *(GSM7, GSM7_PACKED, Alphabet.LATIN1, Alphabet.ASCII),
    *(UCS2, Alphabet.UTF8, Alphabet.CP1252),
)
"""What data_coding 0 can mean."""

# Python's codec for each alphabet but the GSM ones. SMPP names the Japanese and Korean character sets but not how they
# are written; these are the usual ways.
CODECS = {
    Alphabet.ASCII: "ascii",
    Alphabet.OCTETS: "latin-1",
    Alphabet.LATIN1: "latin-1",
    Alphabet.JIS: "shift_jis",
    Alphabet.CYRILLIC: "iso8859-5",
    Alphabet.HEBREW: "iso8859-8",
    Alphabet.UCS2: "utf-16-be",
    Alphabet.ISO_2022_JP: "iso2022_jp",
    Alphabet.EXTENDED_JIS: "euc_jp",
    Alphabet.KOREAN: "euc_kr",
    Alphabet.UTF8: "utf-8",
    Alphabet.CP1252: "cp1252",
}

# Bits 3-2 of a coding group, in the order 0, 1, 2, 3. Whatever 23.038 reserves is read as the default alphabet.
_GENERAL = (GSM7, OCTETS, UCS2, GSM7)
_COMPRESSED = (OCTETS, OCTETS, OCTETS, OCTETS)
_CLASS = (GSM7, OCTETS, GSM7, OCTETS)  # bit 3 is reserved, bit 2 decides
_ALL_GSM7 = (GSM7, GSM7, GSM7, GSM7)
_ALL_OCTETS = (OCTETS, OCTETS, OCTETS, OCTETS)
_ALL_UCS2 = (UCS2, UCS2, UCS2, UCS2)

# 23.038 section 4, by the high half of the octet. SMPP reserves 0x10-0xBF and 0xE0-0xEF; since ESMEs send GSM values
# such as 0x18 (UCS-2, shown at once) and even the USSD value 0x48, they are read as GSM has them.
_SMS_GROUPS = (
    *(_ALL_GSM7, _GENERAL, _COMPRESSED, _COMPRESSED),  # 0x00-0x3F: 0x0_ is overlaid with SMPP's own values
    *(_GENERAL, _GENERAL, _COMPRESSED, _COMPRESSED),  # 0x40-0x7F: the same, marked for deletion
    *(_ALL_GSM7, _ALL_GSM7, _ALL_GSM7, _ALL_GSM7),  # 0x80-0xBF: reserved
    *(_ALL_GSM7, _ALL_GSM7, _ALL_UCS2, _CLASS),  # 0xC0-0xFF: message waiting three times, message class
)

# SMPP 3.4 5.2.19. 9 is pictograms; 11, 12 and 15 are reserved and read as the default alphabet (15 is what gateways
# that pass the USSD value through send).
_SMS_VALUES = {
    0: Alphabet.GSM7,
    1: Alphabet.ASCII,
    2: Alphabet.OCTETS,
    3: Alphabet.LATIN1,
    4: Alphabet.OCTETS,
    5: Alphabet.JIS,
    6: Alphabet.CYRILLIC,
    7: Alphabet.HEBREW,
    8: Alphabet.UCS2,
    9: Alphabet.OCTETS,
    10: Alphabet.ISO_2022_JP,
    13: Alphabet.EXTENDED_JIS,
    14: Alphabet.KOREAN,
}

# 23.038 section 5, by the high half of the octet.
_USSD_GROUPS = (
    *(_ALL_GSM7, _ALL_GSM7, _ALL_GSM7, _ALL_GSM7),  # 0x00-0x3F: languages, but see 0x11
    *(_GENERAL, _GENERAL, _COMPRESSED, _COMPRESSED),  # 0x40-0x7F: general
    *(_ALL_GSM7, _GENERAL, _ALL_GSM7, _ALL_GSM7),  # 0x80-0xBF: reserved, but 0x9_: with a user data header
    *(_ALL_GSM7, _ALL_OCTETS, _ALL_OCTETS, _CLASS),  # 0xC0-0xFF: reserved, I1 protocol, WAP, message class
)
_USSD_GSM7_WITH_LANGUAGE = 0x10
_USSD_UCS2_WITH_LANGUAGE = 0x11
_USSD_VALUES = {_USSD_UCS2_WITH_LANGUAGE: UCS2}

SMS_DATA_CODINGS = {alphabet: value for value, alphabet in reversed(_SMS_VALUES.items())} | dict.fromkeys(
    (GSM7_PACKED, Alphabet.UTF8, Alphabet.CP1252), SMS_GSM7
)
"""The SMPP data_coding by which a text in this alphabet goes; the lowest where there are several."""

_SMS_ALPHABETS = tuple(_SMS_VALUES.get(value, _SMS_GROUPS[value >> 4][value >> 2 & 3]) for value in range(256))
_USSD_ALPHABETS = tuple(_USSD_VALUES.get(value, _USSD_GROUPS[value >> 4][value >> 2 & 3]) for value in range(256))

_LANGUAGE = "en"  # Ussd has no field for it, and phones do not show it


def sms_alphabet(data_coding: int, default: Alphabet = GSM7) -> Alphabet:
    """The alphabet of an SMPP data_coding, 0-255 (SMPP 3.4 5.2.19; 3GPP 23.038 section 4 for the GSM groups).

    Reserved values are GSM 7-bit, as 23.038 asks; compressed text and pictograms are OCTETS. Whoever packs septets
    under data_coding 0 packs them under every other value that is GSM 7-bit.
    """
    if not data_coding:
        return default
    alphabet = _SMS_ALPHABETS[data_coding & 0xFF]
    return GSM7_PACKED if alphabet is GSM7 and default is GSM7_PACKED else alphabet


def decode_sms(octets: bytes, data_coding: int, default: Alphabet = GSM7) -> str:
    """The text of an SMS that SMPP carried, without a header; never raises. `user_data` reads those that have one.

    What is no character of its alphabet (an odd last octet of UCS-2, half a surrogate pair, an octet of 0x80 or more
    in a 7-bit alphabet) shows as U+FFFD. OCTETS show as `show_octets` has them.
    """
    return decode(octets, sms_alphabet(data_coding, default))


def encode_sms(text: str, default: Alphabet = GSM7) -> tuple[int, bytes]:
    """(data_coding, octets) for SMPP: (0, as the default alphabet has it) when that has every character, else (8, UCS-2).

    UCS-2 is big-endian, with surrogate pairs beyond U+FFFF; a lone surrogate goes out as it is. Never raises.
    """
    try:
        return SMS_GSM7, encode(text, default)
    except gsm7.UnencodableError:
        return SMS_UCS2, _encode_ucs2(text)


def decode(octets: bytes, alphabet: Alphabet) -> str:
    """Octets in this alphabet as text; never raises."""
    if alphabet is GSM7:
        return gsm7.decode(octets)
    if alphabet is GSM7_PACKED:
        return gsm7.decode(gsm7.unpack_sms(octets))
    if alphabet is OCTETS:
        return show_octets(octets)
    return octets.decode(CODECS[alphabet], "replace")


def encode(text: str, alphabet: Alphabet) -> bytes:
    """The text in this alphabet; UnencodableError at the first character that it lacks."""
    if alphabet is GSM7:
        return gsm7.encode(text)
    if alphabet is GSM7_PACKED:
        return gsm7.pack(gsm7.encode(text))
    if alphabet is UCS2:
        return _encode_ucs2(text)
    try:
        return text.encode(CODECS[alphabet])
    except UnicodeEncodeError as error:
        raise gsm7.UnencodableError(text[error.start], error.start, alphabet.value) from None


_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def show_octets(octets: bytes) -> str:
    """Octets that are said to be no text: in hexadecimal, "0a ff", unless all of them are printable Latin-1.

    ESMEs do send text as 8-bit data, and a picture has control characters.
    """
    text = octets.decode("latin-1")
    return octets.hex(" ") if _CONTROL.search(text) else text


def ussd_alphabet(data_coding: int) -> Alphabet:
    """The alphabet of a CBS data coding scheme, 0-255: GSM7, UCS2 or OCTETS (3GPP 23.038 section 5).

    Reserved values are the default alphabet; compressed text, I1 and WAP are OCTETS.
    """
    return _USSD_ALPHABETS[data_coding & 0xFF]


def ussd_data_coding(text: str) -> int:
    """The CBS data coding scheme that the text needs: 15 (GSM 7-bit) or 72 (UCS-2)."""
    return USSD_GSM7 if gsm7.is_encodable(text) else USSD_UCS2


def encode_ussd(text: str, data_coding: int) -> bytes:
    """The text as a CBS data coding scheme has it: septets one an octet, or UCS-2 big-endian.

    0x10 and 0x11 get their language prefix, "en". A character that the alphabet lacks, which `ussd_data_coding` never
    allows but another sender's choice may, goes out as "?". Never raises.
    """
    match ussd_alphabet(data_coding):
        case Alphabet.UCS2:
            packed = gsm7.pack(gsm7.encode(_LANGUAGE)) if data_coding == _USSD_UCS2_WITH_LANGUAGE else b""
            return packed + _encode_ucs2(text)
        case Alphabet.OCTETS:
            return text.encode("latin-1", "replace")
        case _:
            prefix = f"{_LANGUAGE}\r" if data_coding == _USSD_GSM7_WITH_LANGUAGE else ""
            return gsm7.encode(prefix + text, replacement="?")


def decode_ussd(octets: bytes, data_coding: int) -> str:
    """The text of USSD octets (septets one an octet, or UCS-2 big-endian), without a language prefix; never raises.

    0x11 has a prefix of two octets (23.038 section 5). One SS7 stack in use writes three, two letters and LF: known
    by the odd length. What is no character of the alphabet shows as U+FFFD.
    """
    if data_coding == _USSD_UCS2_WITH_LANGUAGE:
        octets = octets[3 if len(octets) % 2 and octets[2:3] == b"\n" else 2 :]
    elif data_coding == _USSD_GSM7_WITH_LANGUAGE and octets[2:3] == b"\r":
        octets = octets[3:]
    return decode(octets, ussd_alphabet(data_coding))


def ussd_octets(text: str) -> int:
    """How many octets of a USSD string the text takes, packed; USSD_OCTETS is the most there can be.

    160 octets are 182 septets or 80 UCS-2 characters; one character beyond GSM 7-bit turns the whole text to UCS-2.
    """
    if not gsm7.is_encodable(text):
        return len(_encode_ucs2(text))
    septets = gsm7.septets(text)
    # 23.038 6.1.2.3.1: a real CR that would end on an octet boundary is followed by another.
    doubled = septets % 8 == 0 and text.endswith("\r")
    return (7 * septets + 7) // 8 + doubled


def _encode_ucs2(text: str) -> bytes:
    return text.encode("utf-16-be", "surrogatepass")
