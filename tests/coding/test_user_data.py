"""User data as text: headers, packing and national tables, parts that differ, and another default alphabet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.coding import gsm7
from ussd_gateway.coding.data_coding import DEFAULT_ALPHABETS, GSM7, GSM7_PACKED, OCTETS, UCS2, Alphabet
from ussd_gateway.coding.segments import Concatenation, split
from ussd_gateway.coding.user_data import UserData, recoded, septets_or_octets, text_of


def part(hexadecimal, data_coding=0, *, header=False, default=GSM7):
    return UserData(bytes.fromhex(hexadecimal), data_coding, header, default)


# what arrived, its text
TEXTS = {
    "plain": ([part("48 69 1b65")], "Hi€"),
    "a header": ([part("050003070101 48 69", header=True)], "Hi"),
    "a header that is not announced is text": ([part("02 70 00 48 69")], "$p@Hi"),
    "packed": ([part("c8329bfd06", default=GSM7_PACKED)], "Hello"),
    "packed behind a header, one fill bit": (
        [part("050003070101 90 65 36 fb 0d", header=True, default=GSM7_PACKED)],
        "Hello",
    ),
    "packed behind a header of seven octets, no fill bit": (
        [part("06080400070101 c8 32 9b fd 06", header=True, default=GSM7_PACKED)],
        "Hello",
    ),
    "a single shift table": ([part("03240101 67 1b67", header=True)], "gğ"),
    "a locking shift table": ([part("03250101 0c 67", header=True)], "ğg"),
    "both tables and a place, packed": (
        [part("0b 0003070101 240103 250103" + gsm7.pack(b"\x09\x1b\x41", 2).hex(), header=True, default=GSM7_PACKED)],
        "çÀ",
    ),
    "national tables do not concern UCS-2": ([part("03240101 011f", 8, header=True)], "ğ"),
    "an escape cut from its septet": ([part("48 1b"), part("65")], "H€"),
    "a surrogate pair cut in two": ([part("d83d", 8), part("de0e", 8)], "😎"),
    "a UTF-8 character cut in two": ([part("d0", default=Alphabet.UTF8), part("96", default=Alphabet.UTF8)], "Ж"),
    "packed parts, each with its own fill bits": (
        [
            part("050003070201" + gsm7.pack(b"ab\x1b", 1).hex(), header=True, default=GSM7_PACKED),
            part("0608040007 0202" + gsm7.pack(b"ecd", 0).hex(), header=True, default=GSM7_PACKED),
        ],
        "ab€cd",
    ),
    "parts of different data_coding": ([part("48 69"), part("0416", 8), part("48 69", 3)], "HiЖHi"),
    "parts by different tables": ([part("03240101 1b67", header=True), part("1b67")], "ğg"),
    "no text": ([part("0a ff 00", 4)], "0a ff 00"),
    "nothing": ([], ""),
    "nothing but a header": ([part("0500030701", header=True)], ""),
    "octets beyond GSM 7-bit": ([part("48 e9")], "H\ufffd"),
}


@pytest.mark.parametrize(("parts", "text"), TEXTS.values(), ids=TEXTS)
def test_what_arrived_is_one_text(parts, text):
    assert text_of(parts) == text


def test_user_data_knows_its_header_and_its_alphabet():
    data = part("0b 00 03 07 02 01 24 01 01 25 01 03 48", header=True, default=GSM7_PACKED)
    assert data.header == (Concatenation(7, 2, 1), 12, 1, 3)
    assert (data.alphabet, part("", 8).alphabet, part("", 4).alphabet) == (GSM7_PACKED, UCS2, OCTETS)
    assert part("48").header.length == 0


def test_packed_septets_can_be_counted():
    assert septets_or_octets(part("050003070101 90 65 36 fb 0d", header=True, default=GSM7_PACKED)) == b"Hello"
    assert septets_or_octets(part("0416", 8)) == bytes.fromhex("0416")


# what arrived, what data_coding 0 means to the receiver, what it gets: octets, data_coding
RECODED = {
    "the same": (part("48 69"), GSM7, "48 69", 0),
    "not data_coding 0": (part("0416", 8), Alphabet.LATIN1, "0416", 8),
    "to Latin-1": (part("00 05"), Alphabet.LATIN1, "40 e9", 0),
    "from Latin-1": (part("40 e9", default=Alphabet.LATIN1), GSM7, "00 05", 0),
    "a character that the other one lacks": (part("10"), Alphabet.LATIN1, "03 94", 8),
    "packed": (part("48 65 6c 6c 6f"), GSM7_PACKED, "c8 32 9b fd 06", 0),
    "unpacked": (part("c8 32 9b fd 06", default=GSM7_PACKED), GSM7, "48 65 6c 6c 6f", 0),
    "packed behind its header": (
        part("050003070101 48 65 6c 6c 6f", header=True),
        GSM7_PACKED,
        "050003070101 90 65 36 fb 0d",
        0,
    ),
    "an escape at the end stays one": (part("48 1b"), GSM7_PACKED, gsm7.pack(b"H\x1b").hex(), 0),
    "packing concerns every GSM value": (part("48 65 6c 6c 6f", 0xF1), GSM7_PACKED, "c8 32 9b fd 06", 0xF1),
    "a header with tables": (
        part("03240101 011f", header=True, default=UCS2),
        GSM7_PACKED,
        "03240101" + gsm7.pack(b"\x1bg", 3).hex(),
        0,
    ),
}


@pytest.mark.parametrize(("data", "default", "hexadecimal", "data_coding"), RECODED.values(), ids=RECODED)
def test_another_account_gets_the_text_in_its_own_default_alphabet(data, default, hexadecimal, data_coding):
    result = recoded(data, default)
    assert (result.octets, result.data_coding, result.default) == (bytes.fromhex(hexadecimal), data_coding, default)
    assert result.has_header == data.has_header


@given(st.text(max_size=60), st.sampled_from(DEFAULT_ALPHABETS), st.sampled_from(DEFAULT_ALPHABETS))
def test_a_text_stays_the_same_whoever_gets_it(text, sent_as, wanted):
    try:
        (segment,) = split(text + ".", reference=1, alphabet=sent_as)
    except ValueError:  # the alphabet lacks a character, or the text has two parts
        return
    data = UserData(
        segment.user_data, segment.data_coding, bool(segment.udh), sent_as if not segment.data_coding else GSM7
    )
    assert text_of((recoded(data, wanted),)) == text + "."


@given(
    st.binary(),
    st.integers(0, 255),
    st.booleans(),
    st.sampled_from(DEFAULT_ALPHABETS),
    st.sampled_from(DEFAULT_ALPHABETS),
)
def test_anything_can_arrive(octets, data_coding, header, default, wanted):
    data = UserData(octets, data_coding, header, default)
    assert isinstance(text_of((data, data)), str)
    assert isinstance(recoded(data, wanted).octets, bytes)
