"""Concatenated SMS: where texts are cut, what headers say, and how segments become a text again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.coding import data_coding as codings
from ussd_gateway.coding.segments import Concatenation, Reassembler, fill_bits, parse_udh, split

SUNGLASSES = "\N{SMILING FACE WITH SUNGLASSES}"

# text, bits of the reference, octets of text in each segment
CUTS = [
    ("", 8, [0]),
    ("a" * 160, 8, [160]),
    ("a" * 161, 8, [153, 8]),
    ("a" * 161, 16, [152, 9]),
    ("a" * 306, 8, [153, 153]),
    ("€" * 80, 8, [160]),
    ("€" * 81, 8, [152, 10]),  # 153 would cut an escape from its septet
    ("Ж" * 70, 8, [140]),
    ("Ж" * 71, 8, [134, 8]),
    ("Ж" * 71, 16, [132, 10]),
    ("Ж" * 66 + SUNGLASSES + "Ж" * 3, 8, [132, 10]),  # 67 characters would cut a surrogate pair
    (SUNGLASSES * 36, 16, [132, 12]),
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


@pytest.mark.parametrize(("text", "bits", "lengths"), CUTS)
def test_where_a_text_is_cut(text, bits, lengths):
    segments = split(text, reference=1, reference_bits=bits)
    assert [len(segment.octets) for segment in segments] == lengths


def test_a_text_that_fits_one_sms_has_no_header():
    [segment] = split("Hi", reference=7)
    assert segment == (0, b"", b"Hi")
    assert segment.user_data == b"Hi"


def test_headers_carry_reference_total_and_sequence():
    first, second = split("Ж" * 71, reference=0x12A)
    assert (first.data_coding, first.udh.hex()) == (8, "0500032a0201")
    assert second.user_data.startswith(bytes.fromhex("0500032a02020416"))
    first, second = split("Ж" * 71, reference=0x1012A, reference_bits=16)
    assert [first.udh.hex(), second.udh.hex()] == ["060804012a0201", "060804012a0202"]


def test_255_segments_are_the_most():
    assert len(split("a" * 153 * 255, reference=1)) == 255
    with pytest.raises(ValueError, match="takes 256 segments; there can be 255"):
        split("a" * (153 * 255 + 1), reference=1)


def test_a_reference_has_8_or_16_bits():
    with pytest.raises(ValueError, match="it can be 8 or 16"):
        split("Hi", reference=1, reference_bits=7)


@pytest.mark.parametrize(("hexadecimal", "concatenation", "length"), HEADERS)
def test_what_a_header_says(hexadecimal, concatenation, length):
    assert parse_udh(bytes.fromhex(hexadecimal)) == (concatenation, length)


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
    assert texts.add("alice", Concatenation(1, 3, 1), b"Hel") == b"Hello Bob"
    assert len(texts) == 0


def test_a_segment_without_concatenation_is_a_text():
    assert Reassembler().add("alice", None, b"Hi") == b"Hi"
    assert Reassembler().add("alice", Concatenation(1, 1, 1), b"Hi") == b"Hi"


@pytest.mark.parametrize(("total", "sequence"), [(2, 0), (2, 3), (0, 0), (0, 1)])
def test_a_segment_with_an_impossible_place_is_a_text(total, sequence):
    assert Reassembler().add("alice", Concatenation(1, total, sequence), b"Hi") == b"Hi"


def test_a_segment_may_come_twice():
    texts = Reassembler()
    texts.add("alice", Concatenation(1, 2, 1), b"Hel")
    assert texts.add("alice", Concatenation(1, 2, 1), b"Hel") is None
    assert texts.add("alice", Concatenation(1, 2, 2), b"lo") == b"Hello"


def test_what_is_left_of_an_older_text_does_not_spoil_a_new_one_with_its_reference():
    texts = Reassembler()
    texts.add("alice", Concatenation(1, 2, 1), b"old")
    assert texts.add("alice", Concatenation(1, 2, 1), b"Hel") is None
    assert texts.add("alice", Concatenation(1, 2, 2), b"lo") == b"Hello"


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
    assert texts.add("alice", Concatenation(1, 2, 2), b"lo") == b"Hello"


def test_beyond_the_limit_the_oldest_unfinished_text_is_dropped():
    texts = Reassembler(limit=2)
    for reference in (1, 2, 3):
        assert texts.add("alice", Concatenation(reference, 2, 1), b"Hel") is None
    assert (len(texts), texts.dropped) == (2, 1)
    assert texts.add("alice", Concatenation(3, 2, 2), b"lo") == b"Hello"
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


@given(long_texts, st.integers(), st.sampled_from([8, 16]), st.data())
def test_segments_in_any_order_are_the_text_again(text, reference, bits, data):
    segments = data.draw(st.permutations(split(text, reference=reference, reference_bits=bits)))
    texts = Reassembler()
    results = []
    for segment in segments:
        concatenation, header = parse_udh(segment.user_data) if segment.udh else (None, 0)
        results.append(texts.add("alice", concatenation, segment.user_data[header:]))
    *before, whole = results
    assert not any(before)
    assert codings.decode_sms(whole, segments[0].data_coding) == text


@given(long_texts, st.sampled_from([8, 16]))
def test_every_segment_fits_an_sms_and_can_be_read_alone(text, bits):
    segments = split(text, reference=1, reference_bits=bits)
    for segment in segments:
        text_octets = len(segment.octets) * 7 / 8 if segment.data_coding == 0 else len(segment.octets)
        assert len(segment.udh) + text_octets <= 140
    assert "".join(codings.decode_sms(segment.octets, segment.data_coding) for segment in segments) == text
