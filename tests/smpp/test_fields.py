"""Kinds of mandatory parameters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.smpp.commands import SubmitSm
from ussd_gateway.smpp.errors import PduError
from ussd_gateway.smpp.fields import CString, Octet, OctetString


def test_a_field_of_the_class_describes_itself_and_of_a_pdu_is_its_value():
    assert isinstance(SubmitSm.source_addr, CString)
    assert isinstance(SubmitSm.esm_class, Octet)
    assert isinstance(SubmitSm.short_message, OctetString)
    assert SubmitSm(source_addr="1").source_addr == "1"


def test_the_layout_is_the_rows_in_wire_order():
    names = [field.name for field in SubmitSm.layout]
    assert (names[0], names[3], names[-1]) == ("service_type", "source_addr", "short_message")
    assert [field.index for field in SubmitSm.layout] == [
        *range(len(names) - 1),
        -1,
    ]  # octets stand behind their length


@given(st.binary(max_size=254))
def test_octets_are_never_changed(octets):
    assert SubmitSm(short_message=octets).short_message == octets


@given(st.text(st.characters(max_codepoint=255, exclude_characters="\0"), max_size=20))
def test_a_string_is_read_as_it_was_written(text):
    assert SubmitSm(destination_addr=text).destination_addr == text


@given(st.integers())
def test_an_octet_takes_0_to_255(value):
    if 0 <= value <= 255:
        assert SubmitSm(priority_flag=value).priority_flag == value
    else:
        with pytest.raises(PduError, match="an octet takes 0 to 255"):
            SubmitSm(priority_flag=value)
