"""Data coding: which octet means which alphabet, in SMPP and in USSD, and text there and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.coding import data_coding as codings
from ussd_gateway.coding import gsm7
from ussd_gateway.coding.data_coding import Alphabet

GSM7, OCTETS, UCS2 = Alphabet.GSM7, Alphabet.OCTETS, Alphabet.UCS2
SUNGLASSES = "\N{SMILING FACE WITH SUNGLASSES}"

# first and last data_coding of a range, alphabet
SMS_ALPHABETS = [
    (0x00, 0x00, GSM7),
    (0x01, 0x01, Alphabet.ASCII),
    (0x02, 0x02, OCTETS),
    (0x03, 0x03, Alphabet.LATIN1),
    (0x04, 0x04, OCTETS),
    (0x05, 0x05, Alphabet.JIS),
    (0x06, 0x06, Alphabet.CYRILLIC),
    (0x07, 0x07, Alphabet.HEBREW),
    (0x08, 0x08, UCS2),
    (0x09, 0x09, OCTETS),
    (0x0A, 0x0A, Alphabet.ISO_2022_JP),
    (0x0B, 0x0C, GSM7),
    (0x0D, 0x0D, Alphabet.EXTENDED_JIS),
    (0x0E, 0x0E, Alphabet.KOREAN),
    (0x0F, 0x0F, GSM7),
    (0x10, 0x13, GSM7),
    (0x14, 0x17, OCTETS),
    (0x18, 0x1B, UCS2),
    (0x1C, 0x1F, GSM7),
    (0x20, 0x3F, OCTETS),
    (0x44, 0x47, OCTETS),
    (0x48, 0x4B, UCS2),
    (0x60, 0x7F, OCTETS),
    (0x80, 0xDF, GSM7),
    (0xE0, 0xEF, UCS2),
    (0xF0, 0xF3, GSM7),
    (0xF4, 0xF7, OCTETS),
    (0xF8, 0xFB, GSM7),
    (0xFC, 0xFF, OCTETS),
]

USSD_ALPHABETS = [
    (0x00, 0x10, GSM7),
    (0x11, 0x11, UCS2),
    (0x12, 0x43, GSM7),
    (0x44, 0x47, OCTETS),
    (0x48, 0x4B, UCS2),
    (0x4C, 0x53, GSM7),
    (0x58, 0x5B, UCS2),
    (0x60, 0x7F, OCTETS),
    (0x80, 0x93, GSM7),
    (0x94, 0x97, OCTETS),
    (0x98, 0x9B, UCS2),
    (0x9C, 0xCF, GSM7),
    (0xD0, 0xEF, OCTETS),
    (0xF0, 0xF3, GSM7),
    (0xF4, 0xF7, OCTETS),
]

# data_coding, octets, text
SMS = [
    (0, "48 69 00 1b 65", "Hi@€"),
    (1, "48 69 40 e9", "Hi@\ufffd"),
    (2, "00 ff", "00 ff"),  # no text
    (4, "48 69 e9 0a", "Hié\n"),  # said to be no text, but it is,
    (3, "48 69 e9", "Hié"),
    (6, "bf e0 d8 d2 d5 e2", "Привет"),
    (8, "041f 0440 0438", "При"),
    (8, "d83d de0e", SUNGLASSES),
    (8, "0041 d83d 0042", "A\ufffdB"),  # half a surrogate pair
    (8, "0041 de0e", "A\ufffd"),
    (8, "0041 04", "A\ufffd"),  # an octet too many
    (8, "", ""),
    (0x0F, "48 69", "Hi"),
    (0x18, "0041", "A"),
    (0x48, "0041", "A"),
    (0xF0, "48 69 00", "Hi@"),
    (0xF5, "48 e9", "Hé"),
]

# data coding scheme, octets, text
USSD = [
    (0x0F, "2a 31 30 30 23", "*100#"),
    (0x00, "48 69", "Hi"),
    (0x10, "72 75 0d 48 69", "Hi"),
    (0x10, "48 69", "Hi"),  # the prefix is missing
    (0x11, "f2 3a 041f 0440", "Пр"),
    (0x11, "72 75 0a 041f 0440", "Пр"),  # as one SS7 stack writes it
    (0x11, "f2", ""),
    (0x48, "0411", "Б"),
    (0x44, "e9", "é"),
    (0xFF, "e9", "é"),
]

# text, data coding scheme, octets of a packed USSD string
LENGTHS = [
    ("", 15, 0),
    ("*100#", 15, 5),
    ("1234567", 15, 7),
    ("12345678", 15, 7),
    ("1234567\r", 15, 8),  # a real CR on an octet boundary takes another
    ("a{b}", 15, 6),
    ("a" * 182, 15, 160),
    ("a" * 183, 15, 161),
    ("€" * 91, 15, 160),
    ("Ж", 72, 2),
    ("Ж" * 80, 72, 160),
    ("Ж" * 81, 72, 162),
    ("a" * 79 + "Ж", 72, 160),  # one letter beyond GSM 7-bit costs all of them
    (SUNGLASSES * 40, 72, 160),
]


@pytest.mark.parametrize(("first", "last", "alphabet"), SMS_ALPHABETS)
def test_sms_alphabets(first, last, alphabet):
    assert {codings.sms_alphabet(data_coding) for data_coding in range(first, last + 1)} == {alphabet}


@pytest.mark.parametrize(("first", "last", "alphabet"), USSD_ALPHABETS)
def test_ussd_alphabets(first, last, alphabet):
    assert {codings.ussd_alphabet(data_coding) for data_coding in range(first, last + 1)} == {alphabet}


@pytest.mark.parametrize(("data_coding", "hexadecimal", "text"), SMS)
def test_sms_octets_as_text(data_coding, hexadecimal, text):
    assert codings.decode_sms(bytes.fromhex(hexadecimal), data_coding) == text


# what data_coding 0 means, data_coding, octets, text
DEFAULTS = [
    (Alphabet.GSM7, 0, "00 40", "@¡"),
    (Alphabet.GSM7_PACKED, 0, "c8 32 9b fd 06", "Hello"),
    (Alphabet.GSM7_PACKED, 0xF1, "e1 0d 4a bc 49 01", "a{b}"),
    (Alphabet.GSM7_PACKED, 1, "48 69", "Hi"),
    (Alphabet.LATIN1, 0, "40 e9", "@é"),
    (Alphabet.LATIN1, 0xF1, "00 05", "@é"),
    (Alphabet.ASCII, 0, "40", "@"),
    (Alphabet.UCS2, 0, "04 16", "Ж"),
    (Alphabet.UTF8, 0, "d0 96", "Ж"),
    (Alphabet.CP1252, 0, "80 e9", "€é"),
]


@pytest.mark.parametrize(("default", "data_coding", "hexadecimal", "text"), DEFAULTS)
def test_data_coding_0_means_what_was_agreed_on(default, data_coding, hexadecimal, text):
    octets = bytes.fromhex(hexadecimal)
    assert codings.decode_sms(octets, data_coding, default) == text
    if data_coding == 0:
        assert codings.encode_sms(text, default) == (0, octets)


def test_the_defaults_that_can_be_agreed_on_are_those_of_the_table():
    assert {row[0] for row in DEFAULTS} == set(codings.DEFAULT_ALPHABETS)


@pytest.mark.parametrize("default", [Alphabet.GSM7, Alphabet.LATIN1, Alphabet.ASCII, Alphabet.CP1252])
def test_what_the_default_alphabet_lacks_goes_as_ucs_2(default):
    assert codings.encode_sms("Ж", default) == (8, bytes.fromhex("0416"))


@pytest.mark.parametrize("alphabet", Alphabet)
def test_every_alphabet_has_a_data_coding_that_means_it(alphabet):
    data_coding = codings.SMS_DATA_CODINGS[alphabet]
    assert codings.sms_alphabet(data_coding, alphabet) is alphabet


def test_a_character_that_an_alphabet_lacks_is_named():
    with pytest.raises(gsm7.UnencodableError, match=r"'€' \(U\+20AC\) at position 2 is not in latin1"):
        codings.encode("5 €", Alphabet.LATIN1)


@pytest.mark.parametrize(
    ("hexadecimal", "shown"),
    [("", ""), ("48 69", "Hi"), ("48 e9 0d 0a 09", "Hé\r\n\t"), ("48 07", "48 07"), ("48 7f", "48 7f"), ("85", "85")],
)
def test_octets_that_are_no_text_show_in_hexadecimal(hexadecimal, shown):
    assert codings.show_octets(bytes.fromhex(hexadecimal)) == shown


@pytest.mark.parametrize(("data_coding", "hexadecimal", "text"), USSD)
def test_ussd_octets_as_text(data_coding, hexadecimal, text):
    assert codings.decode_ussd(bytes.fromhex(hexadecimal), data_coding) == text


@pytest.mark.parametrize(
    ("text", "data_coding", "hexadecimal"),
    [
        ("Hi€", 0, "48691b65"),
        ("Привет", 8, "041f04400438043204350442"),
        (SUNGLASSES, 8, "d83dde0e"),
        ("", 0, ""),
        ("\ud83d", 8, "d83d"),
    ],
)
def test_an_sms_is_gsm_7_bit_if_it_can_be_and_ucs_2_if_not(text, data_coding, hexadecimal):
    assert codings.encode_sms(text) == (data_coding, bytes.fromhex(hexadecimal))


@pytest.mark.parametrize(("text", "data_coding", "octets"), LENGTHS)
def test_ussd_text_has_a_data_coding_and_a_length(text, data_coding, octets):
    assert codings.ussd_data_coding(text) == data_coding
    assert codings.ussd_octets(text) == octets


@pytest.mark.parametrize(
    ("text", "data_coding", "hexadecimal"),
    [
        ("*100#", 15, "2a31303023"),
        ("Б", 72, "0411"),
        ("Hi", 0x10, "656e0d4869"),
        ("Б", 0x11, "65370411"),
        ("é", 68, "e9"),
    ],
)
def test_ussd_text_as_octets(text, data_coding, hexadecimal):
    assert codings.encode_ussd(text, data_coding) == bytes.fromhex(hexadecimal)
    assert codings.decode_ussd(bytes.fromhex(hexadecimal), data_coding) == text


@pytest.mark.parametrize("data_coding", [15, 68])
def test_a_character_that_the_chosen_alphabet_lacks_goes_out_as_a_question_mark(data_coding):
    assert codings.encode_ussd("1. Ба\ufffd", data_coding) == b"1. ???"


@given(st.binary(), st.integers(0, 255))
def test_any_octets_in_any_data_coding_are_text(octets, data_coding):
    assert isinstance(codings.decode_sms(octets, data_coding), str)
    text = codings.decode_ussd(octets, data_coding)
    assert isinstance(codings.encode_ussd(text, data_coding), bytes)


@given(st.text(), st.sampled_from(codings.DEFAULT_ALPHABETS))
def test_an_sms_comes_back_as_it_was(text, default):
    data_coding, octets = codings.encode_sms(text, default)
    if default is Alphabet.GSM7_PACKED and text.endswith("@"):
        text += "."  # which may end on an octet boundary
        data_coding, octets = codings.encode_sms(text, default)
    assert codings.decode_sms(octets, data_coding, default) == text


@given(st.text())
def test_a_ussd_text_comes_back_as_it_was(text):
    data_coding = codings.ussd_data_coding(text)
    assert codings.decode_ussd(codings.encode_ussd(text, data_coding), data_coding) == text


@given(st.text(), st.characters(codec="utf-16"))
def test_the_length_is_the_length_of_the_packed_string(text, character):
    octets = codings.encode_ussd(text, codings.ussd_data_coding(text))
    packed = gsm7.pack_ussd(octets) if gsm7.is_encodable(text) else octets
    assert codings.ussd_octets(text) == len(packed)
    assert codings.ussd_octets(text + character) >= codings.ussd_octets(text)
