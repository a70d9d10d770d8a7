"""The national language tables of GSM 7-bit (3GPP 23.038 annex A): which septet is which letter. Tables only.

A locking shift table takes the place of the default alphabet, a single shift table that of its extension table. A user
data header names them by the national language identifier; `gsm7` reads and writes by them. No I/O.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum


class Language(IntEnum):
    """The national language identifier (23.038 6.2.1.2.4)."""

    TURKISH = 1
    SPANISH = 2
    PORTUGUESE = 3
    BENGALI = 4
    GUJARATI = 5
    HINDI = 6
    KANNADA = 7
    MALAYALAM = 8
    ORIYA = 9
    PUNJABI = 10
    TAMIL = 11
    TELUGU = 12
    URDU = 13


LACKING = "\ufffd"
"""What a locking shift table shows where it has no letter."""

_ESCAPE = "\x1b"

# Annex A.3, row by row, 16 to a row. Spanish has none.
_LATIN_LOCKING = {
    Language.TURKISH: (
        "@£$¥€éùıòÇ\nĞğ\rÅå"
        f"Δ_ΦΓΛΩΠΨΣΘΞ{_ESCAPE}ŞşßÉ"
        " !\"#¤%&'()*+,-./"
        "0123456789:;<=>?"
        "İABCDEFGHIJKLMNO"
        "PQRSTUVWXYZÄÖÑÜ§"
        "çabcdefghijklmno"
        "pqrstuvwxyzäöñüà"
    ),
    Language.PORTUGUESE: (
        "@£$¥êéúíóç\nÔô\rÁá"
        f"Δ_ªÇÀ∞^\\€Ó|{_ESCAPE}ÂâÊÉ"
        " !\"#º%&'()*+,-./"
        "0123456789:;<=>?"
        "ÍABCDEFGHIJKLMNO"
        "PQRSTUVWXYZÃÕÚÜ§"
        "~abcdefghijklmno"
        "pqrstuvwxyzãõ`üà"
    ),
}

# The tables of the Indian subcontinent differ only in the letters that take the places marked _, in this order.
_LOCKING_FRAME = (
    "__________\n__\r__"
    f"___________{_ESCAPE}____"
    " !______)(__,_._"
    "0123456789:;___?"
    "________________"
    "________________"
    "_abcdefghijklmno"
    "pqrstuvwxyz_____"
)

# Unicode laid its Indic blocks out alike, and the tables follow the blocks.
_LETTERS = (*range(0x01, 0x04), *range(0x05, 0x3A), *range(0x3C, 0x4E))

# The block; which of _LETTERS it lacks; the six letters at 0x60 and 0x7B to 0x7F. Offsets from the block.
_INDIC_LOCKING = {
    Language.BENGALI: (0x0980, "0d 0e 11 12 29 31 33 34 35 45 46 49 4a", "4e 57 5c 5d 70 71"),
    Language.GUJARATI: (0x0A80, "0e 12 29 31 34 46 4a", "50 60 61 62 63 71"),
    Language.HINDI: (0x0900, "", "50 72 7b 7c 7e 7f"),
    Language.KANNADA: (0x0C80, "01 0d 11 29 34 45 49", "55 56 60 61 62 63"),
    Language.MALAYALAM: (0x0D00, "01 0d 11 29 3c 45 49", "57 60 61 62 63 79"),
    Language.ORIYA: (0x0B00, "0d 0e 11 12 29 31 34 45 46 49 4a", "56 57 60 61 62 63"),
    Language.PUNJABI: (0x0A00, "0b 0c 0d 0e 11 12 29 31 34 37 3d 43 44 45 46 49 4a", "51 70 71 72 73 74"),
    Language.TAMIL: (
        0x0B80,
        "01 0b 0c 0d 11 16 17 18 1b 1d 20 21 22 25 26 27 2b 2c 2d 3c 3d 43 44 45 49",
        "50 57 70 71 72 79",
    ),
    Language.TELUGU: (0x0C00, "0d 11 29 34 3c 45 49", "55 56 60 61 62 63"),
}

_URDU_LOCKING = (
    "اآبٻڀپڦتۂٿٹٽٺټثجځڄڃڅچڇحخدڌڈډڊڏڍذرڑړڙزږژښسشصضطظعفقکڪګگڳڱلمنںڻڼوۄەہھءیېے"
    "\u064d\u0650\u064f\u0657\u0654\u0655\u0651\u0653\u0656\u0670"
)


def _at(septets: str, letters: str) -> dict[int, str]:
    return dict(zip(bytes.fromhex(septets), letters, strict=True))


# Annex A.2: the septets behind the escape. These are at their place in every table.
_COMMON = _at("0a 14 28 29 2f 3c 3d 3e 40 65", "\f^{}\\[~]|€")

_LATIN_SINGLE = {
    Language.TURKISH: _at("47 49 53 63 67 69 73", "ĞİŞçğış"),
    Language.SPANISH: _at("09 41 49 4f 55 61 69 6f 75", "çÁÍÓÚáíóú"),
    Language.PORTUGUESE: _at(
        "05 09 0b 0c 0e 0f 12 13 15 16 17 18 19 1f 41 49 4f 55 5b 5c 61 69 6f 75 7b 7c 7f",
        "êçÔôÁáΦΓΩΠΨΣΘÊÀÍÓÚÃÕÂíóúãõâ",
    ),
}

# What the locking shift tables of the subcontinent have no place for.
_SUBCONTINENT = _at(
    "00 01 02 03 04 05 06 07 08 09 0b 0c 0e 0f 10 11 12 13 14 15 16 17 18", "@£$¥¿\"¤%&'*+-/<=>¡^¡_#*"
) | dict(enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 0x41))

_SINGLE_PLACES = (0x19, 0x1A, *range(0x1C, 0x28), *range(0x2A, 0x2F), *range(0x30, 0x3C), 0x3F)

# The letters at those places, in their order.
_DANDAS = "\u0964\u0965"
_SINGLE_LETTERS = {
    Language.BENGALI: "\u09e6\u09e7\u09e8\u09e9\u09ea\u09eb\u09ec\u09ed\u09ee\u09ef\u09df\u09e0\u09e1\u09e2\u09e3"
    "\u09f2\u09f3\u09f4\u09f5\u09f6\u09f7\u09f8\u09f9\u09fa",
    Language.GUJARATI: f"{_DANDAS}૦૧૨૩૪૫૬૭૮૯",
    Language.HINDI: f"{_DANDAS}०१२३४५६७८९\u0951\u0952\u0953\u0954\u0958\u0959\u095a"
    "\u095b\u095c\u095d\u095e\u095f\u0960\u0961\u0962\u0963\u0970\u0971",
    Language.KANNADA: f"{_DANDAS}೦೧೨೩೪೫೬೭೮೯\u0cde\u0cf1\u0cf2",
    Language.MALAYALAM: f"{_DANDAS}൦൧൨൩൪൫൬൭൮൯\u0d70\u0d71\u0d72\u0d73\u0d74\u0d75\u0d7a\u0d7b\u0d7c\u0d7d\u0d7e\u0d7f",
    Language.ORIYA: f"{_DANDAS}୦୧୨୩୪୫୬୭୮୯\u0b5c\u0b5d\u0b5f\u0b70\u0b71",
    Language.PUNJABI: f"{_DANDAS}੦੧੨੩੪੫੬੭੮੯\u0a59\u0a5a\u0a5b\u0a5c\u0a5e\u0a75",
    Language.TAMIL: f"{_DANDAS}௦௧௨௩௪௫௬௭௮௯\u0bf3\u0bf4\u0bf5\u0bf6\u0bf7\u0bf8\u0bfa",
    Language.TELUGU: f"{LACKING}{LACKING}౦౧౨౩౪౫౬౭౮౯\u0c58\u0c59\u0c78\u0c79\u0c7a\u0c7b\u0c7c\u0c7d\u0c7e\u0c7f",
    Language.URDU: "\u0600\u0601۰۱۲۳۴۵۶۷۸۹\u060c\u060d\u060e\u060f\u0610\u0611\u0612"
    "\u0613\u0614\u061b\u061f\u0640\u0652\u0658\u066b\u066c\u0672\u0673\u06cd\u06d4",
}


def _framed(letters: str) -> str:
    left = iter(letters)
    return "".join(next(left) if place == "_" else place for place in _LOCKING_FRAME)


def _indic(block: int, missing: str, last: str) -> str:
    lacking = bytes.fromhex(missing)
    letters = (LACKING if offset in lacking else chr(block + offset) for offset in _LETTERS)
    return _framed("".join(letters) + "".join(chr(block + offset) for offset in bytes.fromhex(last)))


def _single(letters: str) -> dict[int, str]:
    table = _COMMON | _SUBCONTINENT | dict(zip(_SINGLE_PLACES, letters, strict=False))
    return {septet: letter for septet, letter in table.items() if letter != LACKING}


LOCKING: Mapping[int, str] = {
    **{int(language): table for language, table in _LATIN_LOCKING.items()},
    **{int(language): _indic(*row) for language, row in _INDIC_LOCKING.items()},
    int(Language.URDU): _framed(_URDU_LOCKING),
}
"""By language, 128 characters in the order of their septets (23.038 A.3); LACKING where there is none."""

SINGLE: Mapping[int, Mapping[int, str]] = {
    **{int(language): _COMMON | letters for language, letters in _LATIN_SINGLE.items()},
    **{int(language): _single(letters) for language, letters in _SINGLE_LETTERS.items()},
}
"""By language, the character by the septet behind the escape (23.038 A.2)."""
