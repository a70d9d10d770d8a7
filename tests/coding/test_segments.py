"""Concatenated SMS: where texts are cut, what headers say, and how segments become a text again."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ussd_gateway.coding import gsm7
from ussd_gateway.coding.data_coding import CODECS, DEFAULT_ALPHABETS, GSM7, GSM7_PACKED, UCS2, Alphabet
from ussd_gateway.coding.national import Language
from ussd_gateway.coding.segments import (
    Concatenation,
    LongForm,
    Reassembler,
    concatenation_header,
    fill_bits,
    parse_header,
    parse_udh,
    segments_needed,
    split,
)
from ussd_gateway.coding.user_data import UserData, text_of

UDH8, UDH16, SAR, PAYLOAD = LongForm
SUNGLASSES = "\N{SMILING FACE WITH SUNGLASSES}"

# text, how it travels, its alphabet, octets of text in each segment
CUTS = [
    ("", UDH8, None, [0]),
    ("a" * 160, UDH8, None, [160]),
    ("a" * 161, UDH8, None, [153, 8]),
    ("a" * 161, UDH16, None, [152, 9]),
    ("a" * 161, SAR, None, [152, 9]),
    ("a" * 161, PAYLOAD, None, [161]),
    ("a" * 306, UDH8, None, [153, 153]),
    ("€" * 80, UDH8, None, [160]),
    ("€" * 81, UDH8, None, [152, 10]),  # 153 would cut an escape from its septet
    ("Ж" * 70, UDH8, None, [140]),
    ("Ж" * 71, UDH8, None, [134, 8]),
    ("Ж" * 71, UDH16, None, [132, 10]),
    ("Ж" * 71, SAR, None, [132, 10]),
    ("Ж" * 66 + SUNGLASSES + "Ж" * 3, UDH8, None, [132, 10]),  # 67 characters would cut a surrogate pair
    (SUNGLASSES * 36, UDH16, None, [132, 12]),
    ("a" * 160, UDH8, GSM7_PACKED, [140]),
    ("a" * 161, UDH8, GSM7_PACKED, [134, 8]),  # one fill bit and 153 septets are 134 octets
    ("a" * 161, UDH16, GSM7_PACKED, [133, 8]),
    ("a" * 161, SAR, GSM7_PACKED, [133, 8]),
    ("a" * 161, PAYLOAD, GSM7_PACKED, [141]),
    ("é" * 140, UDH8, Alphabet.LATIN1, [140]),
    ("é" * 141, UDH8, Alphabet.LATIN1, [134, 7]),
    ("é" * 141, UDH16, Alphabet.LATIN1, [133, 8]),
    ("a" + "é" * 70, UDH8, Alphabet.UTF8, [133, 8]),  # 134 would cut a character
    ("a" + SUNGLASSES * 40, UDH8, Alphabet.UTF8, [133, 28]),
    ("a" * 71, UDH8, UCS2, [134, 8]),
]

# user data, what its header says, length of the header
HEADERS = [
    ("", None, 0),
    ("00", None, 1),
    ("05 00 03 2a 02 01 48", Concatenation(0x2A, 2, 1), 6),
    ("06 08 04 01 2a 03 02 48", Concatenation(0x12A, 3, 2, 16), 7),
    ("0b 05 04 15 81 00 00 00 03 2a 02 01 48", Concatenation(0x2A, 2, 1), 12),  # ports stand in front
    ("0a 00 03 01 02 01 00 03 07 02 02 48", Concatenation(7, 2, 2), 11),  # of two the last counts
    ("0a 00 03 01 02 01 00 03 07 02 00 48", Concatenation(1, 2, 1), 11),  # unless it makes no sense
    ("05 00 03 2a 02 00", None, 6),  # segments are counted from 1
    ("05 00 03 2a 02 03", None, 6),  # the third of two
    ("05 00 03 2a 00 00", None, 6),
    ("04 00 02 2a 02 48", None, 5),  # an element of the wrong length
    ("05 00 03 2a", None, 4),  # cut short
    ("05", None, 1),
    ("02 00 03 2a 02 01", None, 3),  # the element is longer than the header
    ("ff 00 03 2a 02 01 70", Concatenation(0x2A, 2, 1), 7),
]


@pytest.mark.parametrize(("text", "long", "alphabet", "lengths"), CUTS)
def test_where_a_text_is_cut(text, long, alphabet, lengths):
    segments = split(text, reference=1, long=long, alphabet=alphabet)
    assert [len(segment.octets) for segment in segments] == lengths


def test_a_text_that_fits_one_sms_has_no_header():
    [segment] = split("Hi", reference=7)
    assert segment == (0, b"", b"Hi", None, GSM7)
    assert segment.user_data == b"Hi"


def test_headers_carry_reference_total_and_sequence():
    first, second = split("Ж" * 71, reference=0x12A)
    assert (first.data_coding, first.udh.hex()) == (8, "0500032a0201")
    assert second.user_data.startswith(bytes.fromhex("0500032a02020416"))
    first, second = split("Ж" * 71, reference=0x1012A, long=UDH16)
    assert [first.udh.hex(), second.udh.hex()] == ["060804012a0201", "060804012a0202"]


@pytest.mark.parametrize(("bits", "header"), [(8, "0500032a0201"), (16, "060804002a0201")])
def test_the_header_of_a_part_alone(bits, header):
    assert concatenation_header(Concatenation(0x2A, 2, 1, bits)).hex() == header


def test_255_segments_are_the_most():
    assert len(split("a" * 153 * 255, reference=1)) == 255
    with pytest.raises(ValueError, match="takes 256 segments; there can be 255"):
        split("a" * (153 * 255 + 1), reference=1)


def test_the_sar_parameters_carry_the_place_where_no_header_does():
    segments = split("a" * 161, reference=0x1012A, long=SAR)
    assert [segment.udh for segment in segments] == [b"", b""]
    assert [segment.concatenation for segment in segments] == [
        Concatenation(0x12A, 2, sequence, 16) for sequence in (1, 2)
    ]


# text, how it travels, alphabet, language, headers of the segments
LANGUAGES = [
    ("Hi €", UDH8, None, Language.TURKISH, [""]),  # needs no table
    ("ş", UDH8, None, Language.TURKISH, ["03 250101"]),  # one septet; two behind an escape
    ("èş", UDH8, None, Language.TURKISH, ["03 240101"]),  # the locking shift table has no è
    ("é" + "ó" * 9, UDH8, None, Language.SPANISH, ["03 240102"]),
    ("ş" * 155, UDH8, None, Language.TURKISH, ["03 250101"]),
    ("ş" * 156, UDH8, None, Language.TURKISH, ["08 0003 07 0201 250101", "08 0003 07 0202 250101"]),
    ("ş" * 156, UDH16, None, Language.TURKISH, ["09 0804 0007 0201 250101", "09 0804 0007 0202 250101"]),
    ("ş" * 200, PAYLOAD, None, Language.TURKISH, ["03 250101"]),
    ("हिन्दी ABC", UDH8, None, Language.HINDI, ["06 240106 250106"]),
    ("èş", UDH8, GSM7_PACKED, Language.TURKISH, ["03 240101"]),
]


@pytest.mark.parametrize(("text", "long", "alphabet", "language", "headers"), LANGUAGES)
def test_the_header_names_the_national_tables_that_make_the_text_shortest(text, long, alphabet, language, headers):
    segments = split(text, reference=7, long=long, alphabet=alphabet, language=language)
    assert [segment.udh for segment in segments] == [bytes.fromhex(header) for header in headers]
    default = alphabet or GSM7
    parts = [UserData(segment.user_data, 0, bool(segment.udh), default) for segment in segments]
    assert text_of(parts) == text


IMPOSSIBLE = [
    ({"alphabet": GSM7}, "Ж", "'Ж' .* at position 0 is not in the GSM 7-bit default alphabet"),
    ({"alphabet": GSM7_PACKED}, "aЖ", "position 1 is not in the GSM 7-bit default alphabet"),
    ({"alphabet": Alphabet.LATIN1}, "5 €", "'€' .* at position 2 is not in latin1"),
    ({"alphabet": Alphabet.ASCII}, "é", "is not in ascii"),
    ({"alphabet": Alphabet.OCTETS}, "a", "octets are no text; write them in hexadecimal"),
    ({"language": Language.TURKISH}, "şЖ", "position 1 is not in the GSM 7-bit alphabet with these national tables"),
    (
        {"language": Language.TURKISH, "alphabet": UCS2},
        "ş",
        "language turkish has tables for gsm7 and gsm7_packed, not",
    ),
    ({"language": Language.TURKISH, "long": SAR}, "ş", "with sar there is no header to name the tables"),
    ({"long": PAYLOAD}, "a" * 65536, "the text takes 65536 octets; message_payload holds 65535"),
]


@pytest.mark.parametrize(("how", "text", "mistake"), IMPOSSIBLE)
def test_what_cannot_be_sent_says_why(how, text, mistake):
    with pytest.raises(ValueError, match=mistake):
        split(text, reference=1, **how)


@pytest.mark.parametrize(
    ("octets", "alphabet", "udh_length", "parts"),
    [
        (b"a" * 160, GSM7, 0, 1),
        (b"a" * 161, GSM7, 0, 2),
        (b"a" * 155, GSM7, 4, 1),
        (b"a" * 156, GSM7, 4, 2),
        (b"\0a" * 71, UCS2, 0, 2),
        (b"\xd8" * 400, UCS2, 0, 3),
        (b"\xd8" * 400, Alphabet.OCTETS, 0, 3),
        (b"a" * 140, Alphabet.LATIN1, 0, 1),
        (b"a" * 1000, Alphabet.LATIN1, 139, 250),
    ],
)
def test_how_many_parts_a_text_that_came_whole_would_have_had(octets, alphabet, udh_length, parts):
    assert segments_needed(octets, alphabet, udh_length) == parts


@pytest.mark.parametrize(("hexadecimal", "concatenation", "length"), HEADERS)
def test_what_a_header_says(hexadecimal, concatenation, length):
    assert parse_udh(bytes.fromhex(hexadecimal)) == (concatenation, length)


@pytest.mark.parametrize(
    ("hexadecimal", "single", "locking"),
    [
        ("", 0, 0),
        ("05 00 03 2a 02 01", 0, 0),
        ("03 24 01 01", 1, 0),
        ("03 25 01 03", 0, 3),
        ("0b 00 03 2a 02 01 24 01 03 25 01 0d", 3, 13),
        ("06 24 01 01 24 01 02", 2, 0),  # of two the last counts
        ("04 24 02 01 02", 0, 0),  # an element of the wrong length
        ("03 24 01", 0, 0),  # cut short
    ],
)
def test_which_national_tables_a_header_names(hexadecimal, single, locking):
    header = parse_header(bytes.fromhex(hexadecimal))
    assert (header.single, header.locking) == (single, locking)
    assert (header.concatenation, header.length) == parse_udh(bytes.fromhex(hexadecimal))


@pytest.mark.parametrize(("udh_length", "bits"), [(0, 0), (6, 1), (7, 0), (12, 2)])
def test_text_starts_at_a_whole_septet(udh_length, bits):
    assert fill_bits(udh_length) == bits


@given(st.binary())
def test_any_octets_may_be_taken_for_a_header(user_data):
    concatenation, length = parse_udh(user_data)
    assert 0 <= length <= len(user_data)
    if concatenation:
        assert 1 <= concatenation.sequence <= concatenation.total


def test_a_text_is_whole_when_its_last_segment_is_there():
    texts = Reassembler()
    assert texts.add("alice", Concatenation(1, 3, 2), b"lo ") is None
    assert texts.add("alice", Concatenation(1, 3, 3), b"Bob") is None
    assert texts.add("alice", Concatenation(1, 3, 1), b"Hel") == [b"Hel", b"lo ", b"Bob"]
    assert len(texts) == 0


def test_a_segment_without_concatenation_is_a_text():
    assert Reassembler().add("alice", None, b"Hi") == [b"Hi"]
    assert Reassembler().add("alice", Concatenation(1, 1, 1), b"Hi") == [b"Hi"]


@pytest.mark.parametrize(("total", "sequence"), [(2, 0), (2, 3), (0, 0), (0, 1)])
def test_a_segment_with_an_impossible_place_is_a_text(total, sequence):
    assert Reassembler().add("alice", Concatenation(1, total, sequence), b"Hi") == [b"Hi"]


def test_a_segment_may_come_twice():
    texts = Reassembler()
    texts.add("alice", Concatenation(1, 2, 1), b"Hel")
    assert texts.add("alice", Concatenation(1, 2, 1), b"Hel") is None
    assert texts.add("alice", Concatenation(1, 2, 2), b"lo") == [b"Hel", b"lo"]


def test_what_is_the_same_segment_the_caller_can_say():
    texts = Reassembler(same=lambda one, other: one.lower() == other.lower())
    texts.add("alice", Concatenation(1, 2, 1), "HEL")
    texts.add("alice", Concatenation(1, 2, 1), "hel")
    assert texts.add("alice", Concatenation(1, 2, 2), "lo") == ["hel", "lo"]


def test_what_has_not_come_whole_can_be_looked_at():
    texts = Reassembler()
    texts.add("alice", Concatenation(1, 3, 3), b"Bob")
    texts.add("alice", Concatenation(1, 3, 1), b"Hel")
    texts.add("bob", Concatenation(1, 2, 2), b"lo")
    assert [(total, list(parts.items())) for total, parts in texts.unfinished()] == [
        (3, [(3, b"Bob"), (1, b"Hel")]),
        (2, [(2, b"lo")]),
    ]


def test_what_is_left_of_an_older_text_does_not_spoil_a_new_one_with_its_reference():
    texts = Reassembler()
    texts.add("alice", Concatenation(1, 2, 1), b"old")
    assert texts.add("alice", Concatenation(1, 2, 1), b"Hel") is None
    assert texts.add("alice", Concatenation(1, 2, 2), b"lo") == [b"Hel", b"lo"]


@pytest.mark.parametrize(
    ("key", "concatenation"),
    [
        ("bob", Concatenation(1, 2, 2)),
        ("alice", Concatenation(2, 2, 2)),
        ("alice", Concatenation(1, 3, 2)),
        ("alice", Concatenation(1, 2, 2, 16)),
    ],
    ids=["another sender", "another reference", "another total", "another kind of reference"],
)
def test_segments_of_different_texts_never_meet(key, concatenation):
    texts = Reassembler()
    texts.add("alice", Concatenation(1, 2, 1), b"Hel")
    assert texts.add(key, concatenation, b"---") is None
    assert texts.add("alice", Concatenation(1, 2, 2), b"lo") == [b"Hel", b"lo"]


def test_beyond_the_limit_the_oldest_unfinished_text_is_dropped():
    texts = Reassembler(limit=2)
    for reference in (1, 2, 3):
        assert texts.add("alice", Concatenation(reference, 2, 1), b"Hel") is None
    assert (len(texts), texts.dropped) == (2, 1)
    assert texts.add("alice", Concatenation(3, 2, 2), b"lo") == [b"Hel", b"lo"]
    assert texts.add("alice", Concatenation(1, 2, 2), b"lo") is None


def test_a_reassembler_holds_at_least_one_text():
    with pytest.raises(ValueError, match="must be 1 or more"):
        Reassembler(limit=0)


long_texts = st.one_of(
    st.text(max_size=400),
    st.text("a€{}", max_size=700),
    st.text("Ж" + SUNGLASSES, max_size=400),
    st.integers(140, 165).map(lambda count: "a" * count + "€" * 50),
    st.integers(60, 75).map(lambda count: "Ж" * count + SUNGLASSES * 40),
)


@given(long_texts, st.integers(), st.sampled_from([UDH8, UDH16]), st.data())
def test_segments_in_any_order_are_the_text_again(text, reference, long, data):
    segments = data.draw(st.permutations(split(text, reference=reference, long=long)))
    texts = Reassembler()
    results = []
    for segment in segments:
        concatenation = parse_udh(segment.user_data)[0] if segment.udh else None
        assert concatenation == segment.concatenation
        results.append(texts.add("alice", concatenation, segment))
    *before, whole = results
    assert not any(before)
    assert text_of(UserData(part.user_data, part.data_coding, bool(part.udh)) for part in whole) == text


@given(long_texts, st.sampled_from([UDH8, UDH16, SAR]))
def test_every_segment_fits_an_sms_and_can_be_read_alone(text, long):
    segments = split(text, reference=1, long=long)
    for segment in segments:
        text_octets = len(segment.octets) * 7 / 8 if segment.data_coding == 0 else len(segment.octets)
        assert len(segment.udh) + text_octets <= 140
    parts = [UserData(segment.user_data, segment.data_coding, bool(segment.udh)) for segment in segments]
    assert "".join(text_of((part,)) for part in parts) == text


def characters_of(alphabet):
    if alphabet in (GSM7, GSM7_PACKED):
        return st.sampled_from("aZ0 éßΩ€{}\n")
    if alphabet in (UCS2, Alphabet.UTF8):
        return st.characters(codec="utf-8")
    return st.sampled_from(bytes(range(0x20, 0x7F if alphabet is Alphabet.ASCII else 0x80)).decode() + "a")


@settings(deadline=None)
@given(st.sampled_from(LongForm), st.sampled_from([*DEFAULT_ALPHABETS, *CODECS]), st.data())
def test_a_text_in_any_alphabet_and_any_form_is_read_as_it_was_written(long, alphabet, data):
    if alphabet is Alphabet.OCTETS:
        return
    text = data.draw(st.text(characters_of(alphabet), max_size=500))
    try:
        segments = split(text, reference=1, long=long, alphabet=alphabet)
    except gsm7.UnencodableError:
        return
    parts = [UserData(part.user_data, part.data_coding, bool(part.udh), alphabet) for part in segments]
    if alphabet not in DEFAULT_ALPHABETS:
        parts = [part._replace(default=GSM7) for part in parts]
    assert text_of(parts) == text
    if long is not PAYLOAD:
        assert all(len(part.user_data) <= (160 if alphabet is GSM7 else 140) for part in segments)
