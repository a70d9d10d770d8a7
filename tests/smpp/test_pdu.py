"""PDUs: each row is read and written, and what breaks a layout says where."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.smpp.commands import (
    BindTransceiver,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    GenericNack,
    Outbind,
    SubmitSm,
    SubmitSmResp,
)
from ussd_gateway.smpp.errors import PduError
from ussd_gateway.smpp.pdu import HEADER, PDUS, Pdu, UnparsedPdu, decode
from ussd_gateway.smpp.status import Status


def test_octets_beyond_ascii_in_a_string_are_kept():
    pdu = SubmitSm(source_addr="\xe9t\xe9", destination_addr="1")
    assert decode(pdu.encode()).source_addr == "\xe9t\xe9"


def submit_sm_body(**changes: str) -> str:
    rows = {
        "service_type": "00",
        "source": "0000 00",
        "destination": "0101 3700",
        "middle": "00 00 00",
        "schedule_delivery_time": "00",
        "validity_period": "00",
        "end": "00 00 00 00",
        "sm": "02 4869",
        "tlvs": "",
    }
    return " ".join((rows | changes).values())


BROKEN = {
    "service_type of 6 characters": (
        submit_sm_body(service_type="41414141414100"),
        Status.ESME_RINVSERTYP,
        "service_type is 6 octets; it takes 5",
    ),
    "source_addr of 21 digits": (
        submit_sm_body(source="0000" + "37" * 21 + "00"),
        Status.ESME_RINVSRCADR,
        "source_addr is 21 octets; it takes 20",
    ),
    "destination_addr of 21 digits": (
        submit_sm_body(destination="0101" + "37" * 21 + "00"),
        Status.ESME_RINVDSTADR,
        "destination_addr is 21 octets; it takes 20",
    ),
    "a time of 17 characters": (
        submit_sm_body(validity_period="31" * 17 + "00"),
        Status.ESME_RINVEXPIRY,
        "validity_period is 17 octets; it takes 16",
    ),
    "fewer octets than sm_length says": (
        submit_sm_body(sm="09 48690000"),
        Status.ESME_RINVMSGLEN,
        "sm_length is 9 but 4 octets follow",
    ),
    "an sm_length of 255": (
        submit_sm_body(sm="ff" + "00" * 255),
        Status.ESME_RINVMSGLEN,
        "sm_length is 255; it goes to 254",
    ),
    "no sm_length": (submit_sm_body(sm=""), Status.ESME_RINVCMDLEN, "the body ends before sm_length"),
    "cut inside a string": ("00 0000 3132", Status.ESME_RINVCMDLEN, "the body ends inside source_addr, before its NUL"),
    "cut before an octet": ("00 00", Status.ESME_RINVCMDLEN, "the body ends before source_addr_npi"),
    "empty": ("", Status.ESME_RINVCMDLEN, "the body ends inside service_type, before its NUL"),
    "half a TLV header": (
        submit_sm_body(tlvs="0424 00"),
        Status.ESME_RINVOPTPARSTREAM,
        "3 octets are left where a TLV header needs 4",
    ),
    "a TLV longer than the PDU": (
        submit_sm_body(tlvs="0424 0005 01"),
        Status.ESME_RINVPARLEN,
        "TLV 0x0424 says 5 octets but 1 follow",
    ),
}


def with_header(command_id: int, body: str, sequence_number: int = 5) -> bytes:
    octets = bytes.fromhex(body)
    return HEADER.pack(16 + len(octets), command_id, 0, sequence_number) + octets


@pytest.mark.parametrize(("body", "status", "seen"), BROKEN.values(), ids=BROKEN)
def test_a_broken_body_is_an_unparsed_pdu_that_knows_its_answer(body, status, seen):
    unparsed = decode(with_header(SubmitSm.command_id, body))
    assert isinstance(unparsed, UnparsedPdu)
    assert (unparsed.error.status, unparsed.error.seen) == (status, seen)
    reply = unparsed.reply()
    assert isinstance(reply, SubmitSmResp)
    assert (reply.sequence_number, reply.command_status) == (5, status)


def test_an_unknown_command_is_answered_with_generic_nack():
    unparsed = decode(with_header(0x77, "00"))
    assert unparsed.error.seen == "command_id 0x00000077 is unknown"
    assert unparsed.reply() == GenericNack(sequence_number=5, command_status=Status.ESME_RINVCMDID)


def test_a_broken_response_is_not_answered():
    assert decode(with_header(0x80000077, "")).reply() is None


def test_a_response_that_reports_an_error_may_come_without_its_body():
    pdu = decode(HEADER.pack(16, SubmitSmResp.command_id, Status.ESME_RTHROTTLED, 9))
    assert isinstance(pdu, SubmitSmResp)
    assert (pdu.command_status, pdu.message_id) == (Status.ESME_RTHROTTLED, "")


REFUSED = {
    "a password of 9 characters": lambda: BindTransceiver(password="123456789"),
    "a NUL in a string": lambda: SubmitSm(source_addr="1\0002"),
    "Cyrillic in an address": lambda: SubmitSm(source_addr="банк"),
    "an octet of 256": lambda: SubmitSm(data_coding=256),
    "a short_message of 255 octets": lambda: SubmitSm(short_message=bytes(255)),
}


@pytest.mark.parametrize("make", REFUSED.values(), ids=REFUSED)
def test_what_does_not_fit_a_field_is_not_written(make):
    with pytest.raises(PduError):
        make()


def test_a_field_that_the_pdu_lacks_is_a_mistake_of_the_program():
    with pytest.raises(TypeError, match="enquire_link has no colour"):
        EnquireLink(colour="red")


@given(st.sampled_from(sorted(PDUS)), st.binary(max_size=120))
def test_any_body_is_a_pdu_or_an_unparsed_pdu(command_id, body):
    raw = HEADER.pack(16 + len(body), command_id, 0, 1) + body
    pdu = decode(raw)
    assert isinstance(pdu, Pdu | UnparsedPdu)
    if isinstance(pdu, Pdu) and body:
        assert pdu.encode() == raw


@given(st.binary(min_size=16, max_size=200))
def test_any_octets_are_a_pdu_or_an_unparsed_pdu(octets):
    assert isinstance(decode(octets), Pdu | UnparsedPdu)


@pytest.mark.parametrize("kind", [BindTransceiver, Outbind], ids=lambda kind: kind.command)
def test_a_broken_bind_does_not_show_its_password(kind):
    raw = kind(system_id="shop", password="topsecr").encode()[:-1].replace(b"topsecr", b"topsecretpassword")
    unparsed = decode(len(raw).to_bytes(4) + raw[4:])
    assert isinstance(unparsed, UnparsedPdu)
    assert unparsed.shown == unparsed.raw[:16]
    assert b"topsecret".hex() not in repr(unparsed)
    assert "topsecret" not in repr(unparsed)
    assert decode(with_header(0x77, "00aa")).shown[16:].hex() == "00aa"  # of others everything is


def test_a_packer_writes_what_varies_and_keeps_what_does_not():
    pack = DeliverSm.packer("source_addr", "short_message", service_type="50%", esm_class=4)
    expected = DeliverSm(service_type="50%", esm_class=4, sequence_number=7, source_addr="1", short_message=b"Hi")
    assert pack(7, (b"1", b"\2", b"Hi")) == expected.encode()
    tail = bytes.fromhex("001e000200")
    assert pack(7, (b"1", b"\2", b"Hi"), tail)[16:] == expected.encode()[16:] + tail


@pytest.mark.parametrize(
    ("body", "message_id", "tlvs"),
    [("00", "", ()), ("", "", ()), ("3100", "1", ()), ("00 00 1e 00 00", "", ((0x1E, b""),))],
)
def test_an_answer_to_a_receipt_is_read_like_any_other(body, message_id, tlvs):
    raw = HEADER.pack(16 + len(bytes.fromhex(body)), DeliverSmResp.command_id, 0, 7) + bytes.fromhex(body)
    found = decode(raw)
    assert (found.message_id, found.tlvs, found.sequence_number, found.raw) == (message_id, tlvs, 7, raw)
