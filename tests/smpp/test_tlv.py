"""Optional parameters: cut out of a body, and each by its type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.smpp.errors import PduError
from ussd_gateway.smpp.status import Status
from ussd_gateway.smpp.tlv import (
    TLVS,
    BroadcastArea,
    BroadcastContentType,
    BroadcastFrequency,
    CallbackNumber,
    ItsSessionInfo,
    NetworkErrorCode,
    Tag,
    Text,
    check_tlvs,
    decode_value,
    encode_tlvs,
    encode_value,
    parse_tlvs,
    tag_from,
    tlv_name,
    value_name,
)


@given(st.lists(st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=40))).map(tuple))
def test_unknown_ones_and_repeated_ones_are_kept_in_their_order(tlvs):
    assert parse_tlvs(encode_tlvs(tlvs)) == tlvs


def test_tags_are_those_of_the_specification():
    assert encode_tlvs(((Tag.MESSAGE_PAYLOAD, b"a"),)).hex() == "0424000161"


VALUES = {
    # the octets, the value, its name
    "ussd_service_op": ("12", 18, "USSR confirm"),
    "its_session_info": ("2a07", ItsSessionInfo(0x2A, 3, True), None),
    "its_reply_type": ("00", 0, "digit"),
    "network_error_code": ("030006", NetworkErrorCode(3, 6), "GSM"),
    "congestion_state": ("63", 99, "nearing congestion"),
    "message_state": ("02", 2, "DELIVERED"),
    "receipted_message_id": ("303100", "01", None),
    "message_payload": ("00ff", b"\x00\xff", None),
    "user_message_reference": ("ffff", 65535, None),
    "qos_time_to_live": ("00000e10", 3600, None),
    "alert_on_message_delivery": ("", None, None),
    "sc_interface_version": ("34", 0x34, "3.4"),
    "callback_num": ("01010137373737", CallbackNumber(1, 1, 1, b"7777"), None),
    "broadcast_area_identifier": ("004d6f73636f77", BroadcastArea(0, b"Moscow"), "alias"),
    "broadcast_content_type": ("010001", BroadcastContentType(1, 1), "GSM"),
    "broadcast_frequency_interval": ("090005", BroadcastFrequency(9, 5), "minutes"),
    "broadcast_rep_num": ("0003", 3, None),
    "broadcast_error_status": ("00000107", 0x107, "ESME_RINVBCASTFREQINT"),
    "broadcast_area_success": ("ff", 255, "not available"),
    "broadcast_end_time": ("3138303432373134353030303030302b00", "180427145000000+", None),
    "0x1501": ("00000001", b"\0\0\0\1", None),
}


@pytest.mark.parametrize(("name", "octets", "value", "means"), [(name, *row) for name, row in VALUES.items()])
def test_a_value_is_read_and_written_by_its_type(name, octets, value, means):
    tag = tag_from(name)
    assert tlv_name(tag) == name
    assert decode_value(tag, bytes.fromhex(octets)) == value
    assert encode_value(tag, value).hex() == octets
    assert value_name(tag, value) == means


def test_every_tag_has_its_type():
    assert set(TLVS) == set(Tag)


@given(st.sampled_from(Tag) | st.integers(0, 0xFFFF), st.binary(max_size=70))
def test_any_octets_are_a_value_or_have_a_wrong_length(tag, octets):
    kind = TLVS.get(tag)
    if kind is None or kind.least <= len(octets) <= kind.most:
        check_tlvs(((tag, octets),))
        value = decode_value(tag, octets)
        assert isinstance(kind, Text) or encode_value(tag, value) == octets
    else:
        for read in (lambda: check_tlvs(((tag, octets),)), lambda: decode_value(tag, octets)):
            with pytest.raises(PduError, match="octets; it takes") as refused:
                read()
            assert refused.value.status is Status.ESME_RINVPARLEN


@given(st.text(st.characters(max_codepoint=255, exclude_characters="\0"), max_size=64))
def test_a_text_is_read_as_it_was_written(text):
    octets = encode_value(Tag.RECEIPTED_MESSAGE_ID, text)
    assert decode_value(Tag.RECEIPTED_MESSAGE_ID, octets) == text
    assert octets.endswith(b"\0")
    assert decode_value(Tag.RECEIPTED_MESSAGE_ID, octets[:-1] or b"\0") == text  # without its NUL, too


@pytest.mark.parametrize("tag", Tag)
def test_a_length_just_outside_is_refused_and_the_ends_are_taken(tag):
    kind = TLVS[tag]
    for length in (kind.least, kind.most):
        check_tlvs(((tag, bytes(length)),))
    for length in {kind.least - 1, kind.most + 1} - {-1}:
        with pytest.raises(PduError, match=f"{tag.name.lower()} is {length} octets; it takes"):
            check_tlvs(((tag, bytes(length)),))


def test_vendors_tags_take_any_length():
    check_tlvs(((0x1501, b""), (0x1501, bytes(300))))


REFUSED = {
    "a number that is too large": (Tag.USSD_SERVICE_OP, 256),
    "a text where a number stands": (Tag.USSD_SERVICE_OP, "PSSR"),
    "a text with a NUL": (Tag.RECEIPTED_MESSAGE_ID, "a\0b"),
    "a text that is too long": (Tag.RECEIPTED_MESSAGE_ID, "x" * 65),
    "octets that are too many": (Tag.SOURCE_NODE_ID, bytes(7)),
    "a number where octets stand": (Tag.MESSAGE_PAYLOAD, 5),
    "too few parts": (Tag.NETWORK_ERROR_CODE, (3,)),
    "a part that is too large": (Tag.ITS_SESSION_INFO, (1, 128, False)),
    "an area whose details are a text": (Tag.BROADCAST_AREA_IDENTIFIER, (0, "Moscow")),
    "a value where there is none": (Tag.ALERT_ON_MESSAGE_DELIVERY, 256),
}


@pytest.mark.parametrize(("tag", "value"), REFUSED.values(), ids=REFUSED)
def test_what_a_type_does_not_hold_is_not_written(tag, value):
    with pytest.raises(PduError) as refused:
        encode_value(tag, value)
    assert refused.value.status is Status.ESME_RINVOPTPARAMVAL
    assert tlv_name(tag) in refused.value.seen


@given(st.integers(0, 0xFFFF))
def test_a_tag_is_found_by_the_name_it_is_shown_with(tag):
    assert tag_from(tlv_name(tag)) == tag


@pytest.mark.parametrize("name", ["colour", "", "0x12345", "1501"])
def test_a_name_that_is_none_is_refused(name):
    with pytest.raises(ValueError, match="is no TLV"):
        tag_from(name)
