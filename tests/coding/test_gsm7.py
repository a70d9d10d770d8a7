"""GSM 7-bit: what is in the alphabet, what septets mean, and how they are packed."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ussd_gateway.coding import gsm7
from ussd_gateway.coding.national import LOCKING, SINGLE, Language

ALPHABET = gsm7.decode(bytes(septet for septet in range(128) if septet != gsm7.ESCAPE)) + "\f^{}\\[~]|€"

SEPTETS = {
    "": "",
    "@£$¥": "00 01 02 03",
    "Hello": "48 65 6c 6c 6f",
    "_Δ Ç§à": "11 10 20 09 5f 7f",
    "line\r\n": "6c 69 6e 65 0d 0a",
    "€": "1b 65",
    "a{b}": "61 1b 28 62 1b 29",
    "\f^{}\\[~]|": "1b 0a 1b 14 1b 28 1b 29 1b 2f 1b 3c 1b 3d 1b 3e 1b 40",
}

# Packed as USSD packs; produced by our own encoder and read correctly by tshark.
USSD_VECTORS = {
    "*100#": "aa180c3602",
    "*123*1#": "aa986ca68a8d1a",
    "*111*25#": "aa582ca692d546",
    "*111*828*1#": "aa582ca6c2c970aad808",
    "1": "31",
    "00": "3018",
    "Hello": "c8329bfd06",
    "a{b}": "e10d4abc4901",
    "1 OK\n2 No": "31d073a990819c6f",
    "Done": "c4b7bb0c",
}

UNENCODABLE = [
    ("Баланс", "Б", 0),
    ("balance: 5 ₽", "₽", 11),
    ("ç", "ç", 0),
    ("tab\t", "\t", 3),
    ("`", "`", 0),
    ("an escape \x1b is no character", "\x1b", 10),
    ("€\N{SMILING FACE WITH SUNGLASSES}", "\N{SMILING FACE WITH SUNGLASSES}", 1),
    ("\ud83d", "\ud83d", 0),
]

DECODED = [
    ("1b 41", "A", "an unknown extension shows the character of the default table"),
    ("1b 0d", "\r", "also where the extension table keeps a place for a control character"),
    ("1b 1b", " ", "two escapes show a space"),
    ("1b 1b 28", " (", "and what follows them is itself"),
    ("61 1b", "a ", "an escape with nothing behind it shows a space"),
    ("80 ff", "\ufffd\ufffd", "an octet beyond 0x7F is no septet"),
    ("1b c0", "\ufffd", "not even behind an escape"),
]


@pytest.mark.parametrize(("text", "hexadecimal"), SEPTETS.items())
def test_text_and_septets_are_the_same_thing(text, hexadecimal):
    septets = bytes.fromhex(hexadecimal)
    assert gsm7.encode(text) == septets
    assert gsm7.decode(septets) == text
    assert gsm7.septets(text) == len(septets)
    assert gsm7.is_encodable(text)


def test_the_alphabet_has_127_characters_and_10_more_behind_the_escape():
    assert len(set(ALPHABET)) == 137
    assert gsm7.is_encodable(ALPHABET)
    assert gsm7.septets(ALPHABET) == 127 + 2 * 10


@pytest.mark.parametrize(("text", "character", "position"), UNENCODABLE)
def test_the_first_character_that_the_alphabet_lacks_is_named(text, character, position):
    assert not gsm7.is_encodable(text)
    for refuse in (gsm7.encode, gsm7.septets):
        with pytest.raises(gsm7.UnencodableError, match=f"U\\+{ord(character):04X}.* at position {position} ") as error:
            refuse(text)
        assert (error.value.character, error.value.position) == (character, position)


def test_a_replacement_stands_for_characters_that_the_alphabet_lacks():
    assert gsm7.encode("5 ₽, {Да}", replacement="?") == gsm7.encode("5 ?, {??}")


@pytest.mark.parametrize(("hexadecimal", "text", "fact"), DECODED)
def test_odd_septets_show_what_the_specification_says(hexadecimal, text, fact):
    assert gsm7.decode(bytes.fromhex(hexadecimal)) == text, fact


TURKISH, SPANISH, PORTUGUESE = Language.TURKISH, Language.SPANISH, Language.PORTUGUESE

# text, single and locking shift table, septets
NATIONAL = [
    ("ğış €{", TURKISH, 0, "1b67 1b69 1b73 20 1b65 1b28"),
    ("ğış €{", 0, TURKISH, "0c 07 1d 20 04 1b28"),
    ("ğış €{", TURKISH, TURKISH, "0c 07 1d 20 04 1b28"),
    ("èìØ", TURKISH, 0, "04 07 0b"),  # the default alphabet is still there
    (
        "¿Qué día? Mañana, a las 7",
        SPANISH,
        0,
        "60 51 75 05 20 64 1b69 61 3f 20 4d 61 7d 61 6e 61 2c 20 61 20 6c 61 73 20 37",
    ),
    ("Ação às 9", PORTUGUESE, 0, "41 1b09 1b7b 6f 20 7f 73 20 39"),
    ("Ação às 9", PORTUGUESE, PORTUGUESE, "41 09 7b 6f 20 7f 73 20 39"),
    ("^|~", 0, PORTUGUESE, "16 1a 60"),
    ("हिन्दी, ABC", Language.HINDI, Language.HINDI, "4d 51 2f 5f 2b 52 2c 20 1b41 1b42 1b43"),
    ("اردو۔", Language.URDU, Language.URDU, "00 25 1a 53 1b3f"),
]

# octets, single and locking shift table, text, why
NATIONAL_ODD = [
    ("1b 62", TURKISH, 0, "b", "an unknown extension shows the character of the default alphabet"),
    ("1b 04", TURKISH, TURKISH, "€", "or of the locking shift table"),
    ("1b 1b 67", TURKISH, 0, " g", "two escapes show a space, and what follows is itself"),
    ("67 1b", TURKISH, 0, "g ", "an escape with nothing behind it shows a space"),
    ("80 1b 80 67", TURKISH, 0, "\ufffd\ufffdg", "an octet beyond 0x7F is no septet"),
    ("0d 0e", 0, Language.BENGALI, "\r\ufffd", "where the table has no letter"),
    ("04", SPANISH, SPANISH, "è", "there is no Spanish locking shift table"),
    ("1b 65 04", 99, 99, "€è", "a language that is not defined is passed over"),
]


@pytest.mark.parametrize(("text", "single", "locking", "hexadecimal"), NATIONAL)
def test_text_by_national_tables(text, single, locking, hexadecimal):
    septets = bytes.fromhex(hexadecimal)
    assert gsm7.encode(text, single=single, locking=locking) == septets
    assert gsm7.decode(septets, single=single, locking=locking) == text


@pytest.mark.parametrize(("hexadecimal", "single", "locking", "text", "fact"), NATIONAL_ODD)
def test_odd_septets_by_national_tables(hexadecimal, single, locking, text, fact):
    assert gsm7.decode(bytes.fromhex(hexadecimal), single=single, locking=locking) == text, fact


def test_a_character_that_the_national_tables_lack_is_named_or_replaced():
    assert not gsm7.is_encodable("şЖ", single=TURKISH)
    with pytest.raises(
        gsm7.UnencodableError, match=r"'Ж' \(U\+0416\) at position 1 is not in the GSM 7-bit alphabet with"
    ):
        gsm7.encode("şЖ", single=TURKISH)
    assert gsm7.encode("şЖ", "?", single=TURKISH) == b"\x1bs?"


@given(st.data(), st.sampled_from([0, *SINGLE]), st.sampled_from([0, *LOCKING]))
def test_encode_and_decode_are_each_others_reverse_by_any_tables(data, single, locking):
    characters = gsm7.decode(bytes(range(27)) + bytes(range(28, 128)), single=single, locking=locking)
    characters += "".join(
        gsm7.decode(bytes((gsm7.ESCAPE, septet)), single=single, locking=locking) for septet in range(128)
    )
    text = data.draw(st.text(characters.replace("\ufffd", "")))
    assert gsm7.is_encodable(text, single=single, locking=locking)
    assert gsm7.decode(gsm7.encode(text, single=single, locking=locking), single=single, locking=locking) == text


@given(st.binary(), st.integers(0, 255), st.integers(0, 255))
def test_any_octets_decode_by_any_tables(octets, single, locking):
    assert "\x1b" not in gsm7.decode(octets, single=single, locking=locking)


@pytest.mark.parametrize(
    ("hexadecimal", "fill_bits", "septets"),
    [
        ("c8329bfd06", 0, b"Hello"),
        ("31d98c56b3dd00", 0, b"1234567"),  # the seven bits left over are no "@"
        ("31d98c56b3dd70", 0, b"12345678"),
        ("9065361b", 1, b"Hell"),
        ("", 0, b""),
    ],
)
def test_packed_text_of_an_sms_ends_where_its_bits_end(hexadecimal, fill_bits, septets):
    assert gsm7.unpack_sms(bytes.fromhex(hexadecimal), fill_bits) == septets


@pytest.mark.parametrize(("text", "hexadecimal"), USSD_VECTORS.items())
def test_ussd_strings_are_packed_as_other_implementations_pack_them(text, hexadecimal):
    packed = bytes.fromhex(hexadecimal)
    assert gsm7.pack_ussd(gsm7.encode(text)) == packed
    assert gsm7.decode(gsm7.unpack_ussd(packed)) == text


def test_182_septets_fill_160_octets_and_183_are_too_many():
    assert len(gsm7.pack_ussd(b"a" * 182)) == 160
    packed = gsm7.pack_ussd(b"a" * 183)
    assert len(packed) == 161
    assert packed[-1] == 0x1B  # the CR that fills, and one bit of text


def test_seven_bits_left_over_are_filled_with_cr_and_not_with_an_at_sign():
    assert gsm7.unpack(gsm7.pack(b"1234567")) == b"1234567\0"
    assert gsm7.unpack(gsm7.pack_ussd(b"1234567")) == b"1234567\r"
    assert gsm7.unpack_ussd(gsm7.pack_ussd(b"1234567")) == b"1234567"


def test_a_real_cr_that_ends_on_an_octet_boundary_comes_back_doubled():
    """23.038 accepts this: CR CR does what CR does."""
    assert gsm7.unpack_ussd(gsm7.pack_ussd(b"1234567\r")) == b"1234567\r\r"


@pytest.mark.parametrize(
    ("septets", "fill_bits", "hexadecimal"),
    [
        (b"", 0, ""),
        (b"", 1, "00"),
        (b"\x01", 0, "01"),
        (b"\x01", 1, "02"),  # behind a header of 6 octets: 48 bits and 1 are 7 septets
        (b"\x7f", 6, "c01f"),
        (b"\xff", 0, "7f"),
    ],
)
def test_fill_bits_stand_in_front_of_the_first_septet(septets, fill_bits, hexadecimal):
    assert gsm7.pack(septets, fill_bits).hex() == hexadecimal


@pytest.mark.parametrize("fill_bits", [-1, 7])
def test_fill_bits_are_0_to_6(fill_bits):
    for function in (gsm7.pack, gsm7.unpack):
        with pytest.raises(ValueError, match="it can be 0 to 6"):
            function(b"1", fill_bits=fill_bits)


def test_a_count_beyond_what_is_there_gives_what_is_there():
    assert gsm7.unpack(b"\x31", 5) == b"1"
    assert gsm7.unpack(b"\x31", 0) == b""
    assert gsm7.unpack(b"\x31", fill_bits=3) == b""


@given(st.text(ALPHABET))
def test_encode_and_decode_are_each_others_reverse(text):
    assert gsm7.decode(gsm7.encode(text)) == text


@given(st.text())
def test_is_encodable_says_whether_encode_would_raise(text):
    if gsm7.is_encodable(text):
        assert gsm7.decode(gsm7.encode(text)) == text
        return
    with pytest.raises(gsm7.UnencodableError) as error:
        gsm7.encode(text)
    assert gsm7.is_encodable(text[: error.value.position])
    assert text[error.value.position] == error.value.character


@given(st.binary())
def test_any_octets_decode_to_something(octets):
    assert "\x1b" not in gsm7.decode(octets)


septets_of_any_length = st.binary(max_size=600).map(lambda octets: bytes(octet & 0x7F for octet in octets))


@given(septets_of_any_length, st.integers(0, 6))
@example(bytes(range(128)) * 4, 3)
def test_unpack_reverses_pack(septets, fill_bits):
    packed = gsm7.pack(septets, fill_bits)
    assert len(packed) == (7 * len(septets) + fill_bits + 7) // 8
    assert gsm7.unpack(packed, len(septets), fill_bits) == septets


@given(septets_of_any_length, st.integers(0, 6))
def test_pack_is_what_a_loop_over_bits_would_do(septets, fill_bits):
    bits = "0" * fill_bits + "".join(f"{septet:07b}"[::-1] for septet in septets)
    bits += "0" * (-len(bits) % 8)
    assert gsm7.pack(septets, fill_bits) == bytes(int(bits[at : at + 8][::-1], 2) for at in range(0, len(bits), 8))


@given(septets_of_any_length, st.integers(0, 6))
def test_packed_text_of_an_sms_comes_back_but_for_an_at_sign_that_ends_on_an_octet_boundary(septets, fill_bits):
    lost = septets.endswith(b"\0") and (7 * len(septets) + fill_bits) % 8 == 0
    assert gsm7.unpack_sms(gsm7.pack(septets, fill_bits), fill_bits) == (septets[:-1] if lost else septets)


@given(septets_of_any_length)
def test_ussd_septets_come_back_but_for_a_doubled_cr(septets):
    came_back = gsm7.unpack_ussd(gsm7.pack_ussd(septets))
    doubled = len(septets) % 8 == 0 and septets.endswith(b"\r")
    assert came_back == (septets + b"\r" if doubled else septets)


@given(st.binary(), st.none() | st.integers(-5, 300), st.integers(0, 6))
def test_any_octets_unpack_to_septets(octets, count, fill_bits):
    assert all(septet < 0x80 for septet in gsm7.unpack(octets, count, fill_bits))
