"""Each kind breaks a sound PDU in its own way, and in no other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.smpp.commands import BindTransceiverResp, DeliverSm, EnquireLink, EnquireLinkResp, SubmitSmResp
from ussd_gateway.smpp.connection import Connection
from ussd_gateway.smpp.errors import LostStreamError
from ussd_gateway.smpp.malformed import KINDS, breaks
from ussd_gateway.smpp.pdu import HEADER, PDUS, UnparsedPdu, decode

RESPONSE = SubmitSmResp(sequence_number=7, message_id="0000000001").encode()
BOUND = BindTransceiverResp(sequence_number=1, system_id="ussd_gateway", tlvs=((0x0210, b"\x34"),)).encode()
DELIVER = DeliverSm(sequence_number=5, source_addr="70001000001", destination_addr="5000", short_message=b"Hi").encode()
RECEIPT = DeliverSm(
    sequence_number=6,
    source_addr="5000",
    destination_addr="70001000001",
    esm_class=4,
    short_message=b"id:1 stat:DELIVRD",
    tlvs=((0x001E, b"1\0"), (0x0427, b"\2")),
).encode()
ALIVE = EnquireLinkResp(sequence_number=9).encode()


def read(octets):
    """What our own reader makes of a stream: PDUs and what is wrong with them."""
    connection, seen = Connection(), []
    try:
        for pdu in connection.receive_data(octets):
            seen.append(pdu.error.seen if isinstance(pdu, UnparsedPdu) else pdu)
    except LostStreamError as error:
        seen.append(error.seen)
    return seen


SEEN = [
    # kind, PDU, what a reader says of it
    ("truncated_body", RESPONSE, "the body ends inside message_id, before its NUL"),
    ("truncated_body", BOUND, "the body ends inside system_id, before its NUL"),
    ("truncated_body", DELIVER, "the body ends inside destination_addr, before its NUL"),
    ("truncated_body", RECEIPT, "the body ends before priority_flag"),
    ("missing_nul", RESPONSE, "the body ends inside message_id, before its NUL"),
    ("missing_nul", BOUND, "2 octets are left where a TLV header needs 4"),
    ("missing_nul", DELIVER, "sm_length is 72 but 1 octets follow"),
    ("sm_length_too_long", DELIVER, "sm_length is 255; it goes to 254"),
    ("sm_length_too_long", RECEIPT, "sm_length is 255; it goes to 254"),
    ("tlv_past_end", RESPONSE, "TLV 0x3FFF says 255 octets but 1 follow"),
    ("tlv_past_end", RECEIPT, "TLV 0x3FFF says 255 octets but 1 follow"),
    ("tlv_past_end", ALIVE, "TLV 0x3FFF says 255 octets but 1 follow"),
    ("tlv_cut", BOUND, "2 octets are left where a TLV header needs 4"),
    ("length_below_header", ALIVE, "command_length is 4; a PDU has 16 to 70000 octets"),
    ("length_huge", DELIVER, "command_length is 4294967295; a PDU has 16 to 70000 octets"),
    ("unknown_command_id", RESPONSE, "command_id 0x8000F00D is unknown"),
    ("unknown_command_id", DELIVER, "command_id 0x0000F00D is unknown"),
    ("garbage", RESPONSE, "command_length is 1213486160; a PDU has 16 to 70000 octets"),
]


@pytest.mark.parametrize(("kind", "octets", "seen"), SEEN, ids=lambda value: value if isinstance(value, str) else "")
def test_a_reader_sees_that_one_thing_is_wrong(kind, octets, seen):
    assert read(octets) == [decode(octets)]
    assert read(KINDS[kind](octets)) == [seen]


@pytest.mark.parametrize("octets", [RESPONSE, DELIVER, ALIVE])
def test_a_length_too_long_swallows_the_next_header(octets):
    (swallowed,) = read(KINDS["length_too_long"](octets) + ALIVE)
    raw = swallowed.raw if not isinstance(swallowed, str) else None
    assert raw is None or raw.endswith(ALIVE)
    assert read(KINDS["length_too_long"](octets)) == []


def test_a_length_too_short_shifts_whatever_follows():
    seen = read(KINDS["length_too_short"](RESPONSE) + ALIVE)
    assert seen[0] == "the body ends inside message_id, before its NUL"
    assert read(RESPONSE + ALIVE)[1] not in seen


SOUND = [
    # kind, PDU, what differs in the header
    ("unknown_status", RESPONSE, {"command_status": 0xDEAD}),
    ("wrong_sequence_number", RESPONSE, {"sequence_number": 0x40000007}),
    ("zero_sequence_number", RESPONSE, {"sequence_number": 0}),
    ("zero_sequence_number", DELIVER, {"sequence_number": 0}),
]


@pytest.mark.parametrize(("kind", "octets", "differs"), SOUND)
def test_a_header_that_says_something_odd_is_read_as_such(kind, octets, differs):
    before, after = decode(octets), decode(KINDS[kind](octets))
    assert {name: getattr(after, name) for name in differs} == differs
    unchanged = {"command_id", "command_status", "sequence_number", "values", "tlvs"} - set(differs)
    assert all(getattr(after, name) == getattr(before, name) for name in unchanged)


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"truncated_body", "missing_nul", "sm_length_too_long"}))
@pytest.mark.parametrize("octets", [RESPONSE, BOUND, DELIVER, RECEIPT, ALIVE])
def test_a_kind_about_header_or_tlvs_breaks_every_pdu(kind, octets):
    assert KINDS[kind](octets) != octets


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"length_too_long", "length_too_short", "length_below_header"}))
@pytest.mark.parametrize("octets", [RESPONSE, BOUND, DELIVER, RECEIPT, ALIVE])
def test_the_stream_goes_on_behind_a_pdu_whose_length_is_true(kind, octets):
    broken = KINDS[kind](octets)
    if kind not in {"length_huge", "garbage"}:
        assert int.from_bytes(broken[:4]) == len(broken)
        assert read(broken + ALIVE)[1:] == [decode(ALIVE)]


@pytest.mark.parametrize(
    ("kind", "command", "fits"),
    [
        ("missing_nul", SubmitSmResp, True),
        ("missing_nul", EnquireLink, False),
        ("truncated_body", EnquireLinkResp, False),
        ("truncated_body", DeliverSm, True),
        ("sm_length_too_long", SubmitSmResp, False),
        ("sm_length_too_long", DeliverSm, True),
        ("garbage", EnquireLink, True),
    ],
)
def test_a_kind_fits_only_a_command_that_has_what_it_breaks(kind, command, fits):
    assert breaks(kind, command.command_id) is fits


@given(st.sampled_from(sorted(KINDS)), st.sampled_from(sorted(PDUS)), st.integers(1, 0x3FFFFFFF))
def test_no_pdu_is_too_short_to_be_broken(kind, command_id, sequence_number):
    octets = PDUS[command_id](sequence_number=sequence_number).encode()
    for given_ in (octets, octets[: HEADER.size]):
        KINDS[kind](given_)


def test_an_error_response_without_a_body_keeps_what_it_has():
    refused = HEADER.pack(16, SubmitSmResp.command_id, 0x58, 7)
    assert KINDS["missing_nul"](refused) == refused
    assert KINDS["unknown_status"](refused) == HEADER.pack(16, SubmitSmResp.command_id, 0xDEAD, 7)
