"""The GSM 7-bit default alphabet (3GPP 23.038): text to septets and back, and septets packed into octets.

Septets travel here as bytes, one septet an octet, which is also how SMPP carries them. `single` and `locking` are the
national language identifiers of the tables that take the place of the extension table and of the default alphabet
(6.2.1.2); 0, and a language without such a table, leave it. No I/O, and nothing about data coding schemes: see
`data_coding`.
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

from ussd_gateway.coding.national import LACKING, LOCKING, SINGLE

ESCAPE = 0x1B

# 6.2.1: row by row, 16 to a row; at 0x1B stands the escape itself, which is no character.
_DEFAULT = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)

# 6.2.1.1: the character, and the one of the default table that stands at the same place.
_EXTENSION = {
    "\f": "\n",
    "^": "Λ",
    "{": "(",
    "}": ")",
    "\\": "/",
    "[": "<",
    "~": "=",
    "]": ">",
    "|": "¡",
    "€": "e",
}

_ALPHABET = _DEFAULT.replace("\x1b", "") + "".join(_EXTENSION)

# Text to septets: characters below 0x80, so that ASCII makes one octet of each.
_TO_SEPTETS = {ord(character): chr(septet) for septet, character in enumerate(_DEFAULT) if septet != ESCAPE} | {
    ord(character): "\x1b" + chr(_DEFAULT.index(base)) for character, base in _EXTENSION.items()
}

# Septets to text: a charmap is what Python's own 8-bit codecs are made of; the upper half has no septets.
_FROM_SEPTETS = _DEFAULT + 128 * "\ufffd"

# What follows an escape, as the default table shows it. 6.2.1.1: a second escape is shown as a space. So is an escape
# with nothing behind it: 6.2.1 has it shown as a space by whoever can do nothing with it.
_AFTER_ESCAPE = {base: character for character, base in _EXTENSION.items()} | {"\x1b": " ", "": " "}

_LEADING_ENCODABLE = re.compile(f"[{re.escape(_ALPHABET)}]*")
_UNENCODABLE = re.compile(f"[^{re.escape(_ALPHABET)}]")
_SAME_AS_ASCII = re.compile(f"[{re.escape(''.join(c for i, c in enumerate(_DEFAULT) if ord(c) == i != ESCAPE))}]*")
_EXTENDED = re.compile(f"[{re.escape(''.join(_EXTENSION))}]")
_ESCAPED = re.compile("\x1b(.?)", re.DOTALL)


class UnencodableError(ValueError):
    """The text has a character that an alphabet lacks.

    character  str; the first such character
    position   int; its place in the text, from 0
    """

    def __init__(self, character: str, position: int, alphabet: str = "the GSM 7-bit default alphabet") -> None:
        self.character = character
        self.position = position
        code_point = f"U+{ord(character):04X}"
        super().__init__(f"{character!r} ({code_point}) at position {position} is not in {alphabet}")


def is_encodable(text: str, *, single: int = 0, locking: int = 0) -> bool:
    """Whether every character of the text is in the alphabet or its extension table (23.038 6.2.1)."""
    if single or locking:
        return _national(single, locking)[1].keys() >= set(text)
    return _LEADING_ENCODABLE.fullmatch(text) is not None


def encode(text: str, replacement: str = "", *, single: int = 0, locking: int = 0) -> bytes:
    """The text as septets, one an octet; an extension character is two, the first of them 0x1B (23.038 6.2.1).

    Raises UnencodableError at the first character that the alphabet lacks, unless there is a replacement such as "?".
    """
    if single or locking:
        return _encode_national(text, replacement, _national(single, locking)[1])
    if _SAME_AS_ASCII.fullmatch(text):
        return text.encode("ascii")
    if replacement:
        text = _UNENCODABLE.sub(replacement, text)
    _require_encodable(text)
    return text.translate(_TO_SEPTETS).encode("ascii")


def decode(septets: bytes, *, single: int = 0, locking: int = 0) -> str:
    """The text of septets that came one an octet; never raises (23.038 6.2.1 and 6.2.1.1).

    An escape before a septet that the extension table lacks shows the character of the default table; two escapes
    in a row show a space, and so does one at the end. An octet of 0x80 or more is no septet: it shows as U+FFFD,
    so that a sender's wrong data coding is seen and not guessed at.
    """
    if single or locking:
        return _decode_national(septets, _national(single, locking)[0])
    text = codecs.charmap_decode(septets, "strict", _FROM_SEPTETS)[0]
    if "\x1b" not in text:
        return text
    return _ESCAPED.sub(lambda escaped: _AFTER_ESCAPE.get(escaped[1], escaped[1]), text)


def septets(text: str) -> int:
    """How many septets the text takes, two for an extension character; raises UnencodableError as `encode` does."""
    _require_encodable(text)
    return len(text) + len(_EXTENDED.findall(text))


def _require_encodable(text: str) -> None:
    leading = _LEADING_ENCODABLE.match(text)
    position = leading.end() if leading else 0
    if position < len(text):
        raise UnencodableError(text[position], position)


_EXTENSION_SEPTETS = {_DEFAULT.index(base): character for character, base in _EXTENSION.items()}


@lru_cache(maxsize=32)  # some 30 kB each
def _national(single: int, locking: int) -> tuple[dict[bytes, str], dict[str, bytes]]:
    """The characters by their septets and back, for one pair of tables."""
    main = LOCKING.get(locking, _DEFAULT)
    extension = SINGLE.get(single, _EXTENSION_SEPTETS)
    decoding = {
        **{bytes((septet,)): character for septet, character in enumerate(main) if septet != ESCAPE},
        # 6.2.1.1: what the extension table lacks shows as the main table has it, and an escape as a space
        **{bytes((ESCAPE, septet)): character for septet, character in enumerate(main)},
        **{bytes((ESCAPE, septet)): character for septet, character in extension.items()},
        **dict.fromkeys((b"\x1b", b"\x1b\x1b"), " "),
    }
    encoding: dict[str, bytes] = {}
    for octets in (
        *(bytes((septet,)) for septet in range(0x80) if septet != ESCAPE),
        *(bytes((ESCAPE, septet)) for septet in sorted(extension)),
    ):
        encoding.setdefault(decoding[octets], octets)
    encoding.pop(LACKING, None)
    return decoding, encoding


_ONE_CHARACTER = re.compile(b"\x1b?.?", re.DOTALL)


def _decode_national(septets: bytes, decoding: dict[bytes, str]) -> str:
    return "".join(decoding.get(octets, LACKING) for octets in _ONE_CHARACTER.findall(septets)[:-1])


def _encode_national(text: str, replacement: str, encoding: dict[str, bytes]) -> bytes:
    out = []
    for position, character in enumerate(text):
        octets = encoding.get(character) or encoding.get(replacement)
        if octets is None:
            raise UnencodableError(character, position, "the GSM 7-bit alphabet with these national tables")
        out.append(octets)
    return b"".join(out)


# Packing works on one large integer whose lanes all move at once: 8 bits hold one septet, 16 hold two, 32 four,
# 64 eight. Each row: the low half of every lane, its high half, and by how many bits the high half closes up.
_BLOCK = 256  # septets at a time; a multiple of 8, so that every block but the last fills its octets


def _lanes(pattern: int, bits: int) -> int:
    return int.from_bytes(pattern.to_bytes(bits // 8, "little") * (_BLOCK * 8 // bits), "little")


_CLOSE_UP = (
    (_lanes(0x7F, 16), _lanes(0x7F << 8, 16), 1),
    (_lanes(0x3FFF, 32), _lanes(0x3FFF << 16, 32), 2),
    (_lanes(0xFFFFFFF, 64), _lanes(0xFFFFFFF << 32, 64), 4),
)
_SPREAD = tuple((low, high >> shift, shift) for low, high, shift in reversed(_CLOSE_UP))


def pack(septets: bytes, fill_bits: int = 0) -> bytes:
    """Septets (one an octet, the eighth bit ignored) packed into octets, least significant bit first (23.038 6.1.2.1.1).

    fill_bits, 0-6, are zero bits in front: behind a user data header of an SMS, text starts at the next whole septet.
    The bits left over in the last octet are 0. ValueError for other fill_bits.
    """
    _require_fill_bits(fill_bits)
    packed = b"".join(_pack_block(septets[start : start + _BLOCK]) for start in range(0, len(septets), _BLOCK))
    if not fill_bits:
        return packed
    length = (7 * len(septets) + fill_bits + 7) // 8
    return (int.from_bytes(packed, "little") << fill_bits).to_bytes(length, "little")


def unpack(octets: bytes, count: int | None = None, fill_bits: int = 0) -> bytes:
    """Packed octets as septets, one an octet: the reverse of `pack` (23.038 6.1.2.1.1).

    count is how many septets there are, since the octets alone cannot tell 8k-1 of them from 8k; without it, as many
    as there is room for. When count is more than that, the result is shorter than count. ValueError for fill_bits
    other than 0-6.
    """
    _require_fill_bits(fill_bits)
    room = max(8 * len(octets) - fill_bits, 0) // 7
    if fill_bits:
        octets = (int.from_bytes(octets, "little") >> fill_bits).to_bytes(len(octets), "little")
    size = _BLOCK * 7 // 8
    unpacked = b"".join(_unpack_block(octets[start : start + size]) for start in range(0, len(octets), size))
    return unpacked[: room if count is None else min(max(count, 0), room)]


def unpack_sms(octets: bytes, fill_bits: int = 0) -> bytes:
    """The septets of packed text whose number nobody told: SMPP counts octets, the air counts septets.

    Seven bits left over at the end are 0 and would read as one more septet, "@". They are taken for what is left over,
    so a real "@" that ends on an octet boundary is lost.
    """
    septets = unpack(octets, fill_bits=fill_bits)
    filled = (8 * len(octets) - fill_bits) % 7 == 0
    return septets[:-1] if filled and septets.endswith(b"\0") else septets


def pack_ussd(septets: bytes) -> bytes:
    """Septets packed as USSD packs them (23.038 6.1.2.3.1).

    Seven bits left over are filled with CR, for zeros would read as "@". A real CR that ends on an octet boundary
    would be taken for that filling, so another CR follows it.
    """
    left_over = len(septets) % 8
    if left_over == 7 or (left_over == 0 and septets.endswith(b"\r")):
        septets += b"\r"
    return pack(septets)


def unpack_ussd(octets: bytes) -> bytes:
    """The septets of a USSD string, without the CR that only fills the last octet (23.038 6.1.2.3.1)."""
    septets = unpack(octets)
    if len(octets) % 7 == 0 and septets.endswith(b"\r"):
        return septets[:-1]
    return septets


def _require_fill_bits(fill_bits: int) -> None:
    if not 0 <= fill_bits <= 6:
        raise ValueError(f"fill_bits is {fill_bits}; it can be 0 to 6")


def _pack_block(septets: bytes) -> bytes:
    lanes = int.from_bytes(septets, "little")
    for low, high, shift in _CLOSE_UP:
        lanes = lanes & low | (lanes & high) >> shift
    octets = bytearray(lanes.to_bytes((len(septets) + 7) // 8 * 8, "little"))
    del octets[7::8]  # eight septets now lie in the first seven octets of each eight
    return bytes(octets[: (7 * len(septets) + 7) // 8])


def _unpack_block(octets: bytes) -> bytes:
    groups = (len(octets) + 6) // 7
    octets = octets.ljust(7 * groups, b"\0")
    spread = bytearray(8 * groups)
    for place in range(7):
        spread[place::8] = octets[place::7]
    lanes = int.from_bytes(spread, "little")
    for low, high, shift in _SPREAD:
        lanes = lanes & low | (lanes & high) << shift
    return lanes.to_bytes(8 * groups, "little")
