"""`st.from_type(Pdu)` draws any PDU that can be written: every command, every kind of field, any TLVs."""

from hypothesis import strategies as st

from ussd_gateway.smpp.fields import CString, Integer, ListOf, OctetString
from ussd_gateway.smpp.pdu import PDUS, Pdu
from ussd_gateway.smpp.tlv import Tag


def values(field):
    match field:
        case CString():
            characters = st.characters(max_codepoint=255, exclude_characters="\0")
            return st.text(characters, max_size=field.size - 1)
        case Integer():
            return st.integers(0, 256**field.size - 1)
        case OctetString():
            return st.binary(max_size=254)
        case ListOf():
            entry = st.sampled_from(field.kinds).flatmap(lambda kind: st.builds(kind, **rows(kind)))
            return st.lists(entry, min_size=field.least, max_size=4).map(tuple)


def rows(kind):
    return {field.name: values(field) for field in kind.layout}


TLVS = st.lists(st.tuples(st.sampled_from(Tag) | st.integers(0, 0xFFFF), st.binary(max_size=20)), max_size=4).map(tuple)


def pdus(kind):
    numbers = {"sequence_number": st.integers(0, 0xFFFFFFFF), "command_status": st.integers(0, 0xFFFFFFFF)}
    return st.builds(kind, tlvs=TLVS, **numbers, **rows(kind))


st.register_type_strategy(Pdu, st.sampled_from(list(PDUS.values())).flatmap(pdus))
