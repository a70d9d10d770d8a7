"""Optional parameters."""

from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.smpp.tlv import Tag, encode_tlvs, parse_tlvs


@given(st.lists(st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=40))).map(tuple))
def test_unknown_ones_and_repeated_ones_are_kept_in_their_order(tlvs):
    assert parse_tlvs(encode_tlvs(tlvs)) == tlvs


def test_tags_are_those_of_the_specification():
    assert encode_tlvs(((Tag.MESSAGE_PAYLOAD, b"a"),)).hex() == "0424000161"
