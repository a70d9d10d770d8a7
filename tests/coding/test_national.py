"""The national language tables: how many letters each has, and where the first, the odd and the last of them stand."""

import unicodedata

import pytest

from ussd_gateway.coding.national import LACKING, LOCKING, SINGLE, Language

# language: how many places hold a character, some of these places
LOCKING_TABLES = {
    Language.TURKISH: (127, {0x04: "€", 0x07: "ı", 0x0B: "Ğ", 0x0C: "ğ", 0x1C: "Ş", 0x1D: "ş", 0x40: "İ", 0x60: "ç"}),
    Language.PORTUGUESE: (
        127,
        {0x04: "ê", 0x09: "ç", 0x12: "ª", 0x15: "∞", 0x18: "€", 0x1A: "|", 0x24: "º", 0x5B: "Ã", 0x60: "~", 0x7D: "`"},
    ),
    Language.BENGALI: (114, {0x00: "\u0981", 0x0F: "এ", 0x22: "ট", 0x50: "\u09be", 0x60: "ৎ", 0x7F: "ৱ"}),
    Language.GUJARATI: (120, {0x00: "\u0a81", 0x0C: "ઍ", 0x22: "ટ", 0x5F: "\u0acd", 0x60: "ૐ", 0x7F: "\u0af1"}),
    Language.HINDI: (127, {0x00: "\u0901", 0x12: "ऒ", 0x3C: "ऩ", 0x5F: "\u094d", 0x60: "ॐ", 0x7E: "ॾ"}),
    Language.KANNADA: (120, {0x01: "\u0c82", 0x24: "ಡ", 0x3D: "ಪ", 0x5F: "\u0ccd", 0x60: "\u0cd5", 0x7F: "\u0ce3"}),
    Language.MALAYALAM: (120, {0x01: "\u0d02", 0x45: "റ", 0x4F: "ഽ", 0x5F: "\u0d4d", 0x60: "\u0d57", 0x7F: "൹"}),
    Language.ORIYA: (116, {0x00: "\u0b01", 0x22: "ଟ", 0x3D: "ପ", 0x60: "\u0b56", 0x7B: "\u0b57", 0x7F: "\u0b63"}),
    Language.PUNJABI: (110, {0x00: "\u0a01", 0x08: "ਊ", 0x47: "\u0a33", 0x4E: "\u0a3c", 0x60: "\u0a51", 0x7F: "ੴ"}),
    Language.TAMIL: (102, {0x01: "\u0b82", 0x22: "ட", 0x3C: "ன", 0x4A: "ஶ", 0x60: "ௐ", 0x7F: "௹"}),
    Language.TELUGU: (120, {0x00: "\u0c01", 0x0E: "ఎ", 0x45: "ఱ", 0x4F: "ఽ", 0x60: "\u0c55", 0x7F: "\u0c63"}),
    Language.URDU: (127, {0x00: "ا", 0x0B: "ٹ", 0x1A: "د", 0x1C: "ڌ", 0x3E: "ش", 0x40: "ص", 0x5B: "ے", 0x7F: "\u0670"}),
}

SINGLE_TABLES = {
    Language.TURKISH: (17, {0x47: "Ğ", 0x49: "İ", 0x53: "Ş", 0x63: "ç", 0x65: "€", 0x67: "ğ", 0x69: "ı", 0x73: "ş"}),
    Language.SPANISH: (19, {0x09: "ç", 0x41: "Á", 0x49: "Í", 0x55: "Ú", 0x61: "á", 0x6F: "ó", 0x75: "ú"}),
    Language.PORTUGUESE: (37, {0x05: "ê", 0x12: "Φ", 0x1F: "Ê", 0x41: "À", 0x5C: "Õ", 0x61: "Â", 0x7F: "â"}),
    Language.BENGALI: (82, {0x00: "@", 0x19: "০", 0x1A: "১", 0x1C: "২", 0x23: "৯", 0x24: "\u09df", 0x34: "৺"}),
    Language.GUJARATI: (70, {0x19: "।", 0x1A: "॥", 0x1C: "૦", 0x25: "૯", 0x41: "A"}),
    Language.HINDI: (88, {0x19: "।", 0x1C: "०", 0x26: "\u0951", 0x2E: "\u095a", 0x30: "\u095b", 0x3A: "ॱ"}),
    Language.KANNADA: (73, {0x1C: "೦", 0x26: "ೞ", 0x27: "ೱ", 0x2A: "ೲ", 0x5A: "Z"}),
    Language.MALAYALAM: (82, {0x1C: "൦", 0x27: "൱", 0x2E: "ൺ", 0x30: "ൻ", 0x34: "ൿ"}),
    Language.ORIYA: (75, {0x1C: "୦", 0x26: "\u0b5c", 0x2C: "ୱ"}),
    Language.PUNJABI: (76, {0x1C: "੦", 0x26: "\u0a59", 0x2C: "\u0a5e", 0x2D: "\u0a75"}),
    Language.TAMIL: (77, {0x1C: "௦", 0x26: "௳", 0x2E: "௺"}),
    Language.TELUGU: (78, {0x1C: "౦", 0x26: "ౘ", 0x2A: "౸", 0x30: "౽", 0x32: "౿", 0x65: "€"}),
    Language.URDU: (90, {0x19: "\u0600", 0x1C: "۰", 0x26: "،", 0x33: "؟", 0x3B: "ۍ", 0x3F: "۔"}),
}

INDIC = range(Language.BENGALI, Language.URDU)


@pytest.mark.parametrize("language", LOCKING_TABLES, ids=lambda language: language.name.lower())
def test_a_locking_shift_table_has_its_letters_at_their_places(language):
    table = LOCKING[language]
    letters, places = LOCKING_TABLES[language]
    assert len(table) == 128
    assert (table[0x0A], table[0x0D], table[0x1B], table[0x20], table[0x30:0x3A]) == (
        "\n",
        "\r",
        "\x1b",
        " ",
        "0123456789",
    )
    assert {place: table[place] for place in places} == places
    assert 127 - table.count(LACKING) == letters
    assert len(set(table) - {LACKING}) == letters + 1  # no letter stands twice


@pytest.mark.parametrize("language", SINGLE_TABLES, ids=lambda language: language.name.lower())
def test_a_single_shift_table_has_its_letters_at_their_places(language):
    table = SINGLE[language]
    letters, places = SINGLE_TABLES[language]
    assert {place: table[place] for place in places} == places
    assert len(table) == letters
    assert (
        "".join(table[place] for place in (0x0A, 0x14, 0x28, 0x29, 0x2F, 0x3C, 0x3D, 0x3E, 0x40, 0x65))
        == "\f^{}\\[~]|€"
    )
    assert 0x1B not in table


def test_every_language_has_a_single_shift_table_and_all_but_spanish_a_locking_one():
    assert set(SINGLE) == set(Language) == set(SINGLE_TABLES)
    assert set(LOCKING) == set(Language) - {Language.SPANISH} == set(LOCKING_TABLES)


@pytest.mark.parametrize("language", INDIC)
def test_an_indic_table_holds_letters_of_its_own_script(language):
    """The names of Unicode know nothing of where our table got its letters from."""
    script = Language(language).name.replace("PUNJABI", "GURMUKHI").replace("HINDI", "DEVANAGARI")
    names = {unicodedata.name(letter) for letter in LOCKING[language] if letter != LACKING and ord(letter) > 0xFF}
    assert {name.split()[0] for name in names} == {script}
    digits = [letter for letter in SINGLE[language].values() if ord(letter) > 0xFF and letter.isdecimal()]
    assert [unicodedata.decimal(digit) for digit in digits] == list(range(10))
