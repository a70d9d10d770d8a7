"""Russian in Latin letters, for phones that show no others. One way only; not a transliteration standard.

The spelling is the one operators write service texts in: without diacritics and, but for the soft sign, without
apostrophes: "Vash balans: 100 rub". Every character it makes is in the GSM 7-bit default alphabet.
"""

from __future__ import annotations

import re

_LETTERS = {
    "а": "a",
    "б": "b",
    "в": "v",
    "г": "g",
    "д": "d",
    "е": "e",
    "ё": "e",
    "ж": "zh",
    "з": "z",
    "и": "i",
    "й": "y",
    "к": "k",
    "л": "l",
    "м": "m",
    "н": "n",
    "о": "o",
    "п": "p",
    "р": "r",
    "с": "s",
    "т": "t",
    "у": "u",
    "ф": "f",
    "х": "kh",
    "ц": "ts",
    "ч": "ch",
    "ш": "sh",
    "щ": "sch",
    "ъ": "",
    "ы": "y",
    "ь": "'",
    "э": "e",
    "ю": "yu",
    "я": "ya",
}

# What Russian typography adds and GSM 7-bit lacks.
_TYPOGRAPHY = {
    **dict.fromkeys("«»“”„‟", '"'),
    **dict.fromkeys("‘’‚‛‹›", "'"),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    **dict.fromkeys("\t\u00a0\u2002\u2003\u2007\u2009\u200a\u202f", " "),
    **dict.fromkeys("\u00ad\u200b\u2060\ufeff\u0301", ""),  # soft hyphen, zero-width spaces, stress mark
    "…": "...",
    "№": "No",
    "₽": "rub",
    "•": "*",
    "×": "x",
}

_TABLE = str.maketrans(
    _LETTERS | {letter.upper(): latin.capitalize() for letter, latin in _LETTERS.items()} | _TYPOGRAPHY
)

# й and ё as a letter and a separate mark, which is how some systems give them out.
_DECOMPOSED = {"и\u0306": "й", "И\u0306": "Й", "е\u0308": "ё", "Е\u0308": "Ё"}

# A capital that makes several letters, in a word of capitals: another stands behind it, or before it at a word's end.
_AMONG_CAPITALS = re.compile(r"[ЖХЦЧШЩЮЯ](?=[А-ЯЁ])|(?<=[А-ЯЁ])[ЖХЦЧШЩЮЯ](?![а-яё])")


def to_latin(text: str) -> str:
    """The text with Russian letters and typography in characters of the GSM 7-bit default alphabet; others untouched.

    Any Russian text becomes encodable. "Щука" is "Schuka" and "ЩУКА" is "SCHUKA"; ё is written as е is, ъ is left out.
    """
    for pair, letter in _DECOMPOSED.items():
        text = text.replace(pair, letter)
    return _AMONG_CAPITALS.sub(lambda capital: capital[0].translate(_TABLE).upper(), text).translate(_TABLE)
