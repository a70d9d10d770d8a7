"""Kinds of mandatory parameters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.smpp.commands import (
    BindTransceiver,
    DistributionList,
    SmeAddress,
    SubmitMulti,
    SubmitSm,
    UnsuccessSme,
)
from ussd_gateway.smpp.errors import PduError
from ussd_gateway.smpp.fields import CString, Integer, ListOf, Octet, OctetString


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
        with pytest.raises(PduError, match="it takes 0 to 255"):
            SubmitSm(priority_flag=value)


@given(st.integers())
def test_an_integer_takes_what_its_octets_hold(value):
    assert isinstance(UnsuccessSme.error_status_code, Integer)
    if 0 <= value <= 0xFFFFFFFF:
        assert UnsuccessSme(error_status_code=value).error_status_code == value
    else:
        with pytest.raises(PduError, match=r"error_status_code is -?\d+; it takes 0 to 4294967295"):
            UnsuccessSme(error_status_code=value)


def test_a_list_is_a_tuple_of_its_entries():
    assert isinstance(SubmitMulti.dest_address, ListOf)
    entries = (SmeAddress(destination_addr="1"), DistributionList(dl_name="all"))
    pdu = SubmitMulti(dest_address=list(entries))
    assert pdu.dest_address == entries
    assert pdu.values[SubmitMulti.dest_address.index].hex(" ") == "02 01 00 00 31 00 02 61 6c 6c 00"


def test_entries_are_equal_by_kind_and_rows():
    assert len({SmeAddress(destination_addr="1"), SmeAddress(destination_addr="1"), SmeAddress()}) == 2
    assert DistributionList() != SmeAddress()
    assert repr(DistributionList(dl_name="all")) == "DistributionList(dl_name='all')"


def test_an_entry_knows_its_rows_only():
    with pytest.raises(TypeError, match="DistributionList has no colour"):
        DistributionList(colour="red")


def test_a_secret_that_does_not_fit_is_not_told():
    for password in ("topsecret", "секрет"):
        with pytest.raises(PduError) as refused:
            BindTransceiver(password=password)
        assert password not in refused.value.seen
        assert "password" in refused.value.seen
