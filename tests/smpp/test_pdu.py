"""PDUs: each row is read and written, and what breaks a layout says where."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.smpp.errors import PduError
from ussd_gateway.smpp.pdu import (
    HEADER,
    PDUS,
    RESPONSE,
    BindReceiver,
    BindTransceiver,
    BindTransceiverResp,
    BindTransmitter,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Pdu,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
    UnparsedPdu,
    decode,
)
from ussd_gateway.smpp.status import Status

EXAMPLES = {
    "enquire_link": (EnquireLink(sequence_number=7), "00000010 00000015 00000000 00000007"),
    "enquire_link_resp": (EnquireLinkResp(sequence_number=7), "00000010 80000015 00000000 00000007"),
    "unbind": (Unbind(sequence_number=1), "00000010 00000006 00000000 00000001"),
    "unbind_resp": (UnbindResp(sequence_number=1), "00000010 80000006 00000000 00000001"),
    "generic_nack": (
        GenericNack(sequence_number=2, command_status=Status.ESME_RINVCMDID),
        "00000010 80000000 00000003 00000002",
    ),
    "bind_transceiver": (
        BindTransceiver(sequence_number=1, system_id="test", password="pw", interface_version=0x34),
        "0000001d 00000009 00000000 00000001 7465737400 707700 00 34 00 00 00",
    ),
    "bind_transmitter": (
        BindTransmitter(sequence_number=1, system_id="a", system_type="VMA", addr_ton=1, addr_npi=1),
        "0000001b 00000002 00000000 00000001 6100 00 564d4100 00 01 01 00",
    ),
    "bind_receiver": (
        BindReceiver(sequence_number=1, address_range="5"),
        "00000018 00000001 00000000 00000001 00 00 00 00 00 00 3500",
    ),
    "bind_transceiver_resp with a version": (
        BindTransceiverResp(sequence_number=1, system_id="gw", tlvs=((0x0210, b"\x34"),)),
        "00000018 80000009 00000000 00000001 677700 0210 0001 34",
    ),
    "submit_sm": (
        SubmitSm(
            sequence_number=3,
            source_addr_ton=5,
            source_addr="bank",
            dest_addr_ton=1,
            dest_addr_npi=1,
            destination_addr="70001000001",
            registered_delivery=1,
            data_coding=8,
            short_message="Да".encode("utf-16-be"),
        ),
        "00000034 00000004 00000000 00000003"
        " 00 05 00 62616e6b00 01 01 373030303130303030303100 00 00 00 00 00 01 00 08 00 04 04140430",
    ),
    "submit_sm_resp": (
        SubmitSmResp(sequence_number=3, message_id="0000000007"),
        "0000001b 80000004 00000000 00000003 3030303030303030303700",
    ),
    # The deliver_sm of the USSD fact sheet, section 16, which tshark decodes the same way.
    "deliver_sm with USSD TLVs": (
        DeliverSm(
            sequence_number=1,
            service_type="USSD",
            source_addr_ton=1,
            source_addr_npi=1,
            source_addr="254700000001",
            dest_addr_npi=1,
            destination_addr="111",
            data_coding=15,
            short_message=b"*111*25#",
            tlvs=((0x0501, b"\x01"), (0x1383, b"\x2a\x00")),
        ),
        "000000470000000500000000000000015553534400010132353437303030303030303100000131313100000000000000000f00"
        "082a3131312a3235230501000101138300022a00",
    ),
    "deliver_sm_resp": (DeliverSmResp(sequence_number=1), "00000011 80000005 00000000 00000001 00"),
}


@pytest.mark.parametrize(("pdu", "octets"), EXAMPLES.values(), ids=EXAMPLES)
def test_a_pdu_is_written_and_read_as_the_specification_has_it(pdu, octets):
    raw = bytes.fromhex(octets)
    assert pdu.encode().hex() == raw.hex()
    assert decode(raw) == pdu


def test_a_decoded_pdu_keeps_its_octets_and_shows_its_fields():
    pdu, octets = EXAMPLES["submit_sm"]
    decoded = decode(bytes.fromhex(octets))
    assert isinstance(decoded, SubmitSm)
    assert decoded == pdu
    assert decoded.raw == pdu.encode()
    assert (decoded.source_addr, decoded.source_addr_ton, decoded.short_message.decode("utf-16-be")) == (
        "bank",
        5,
        "Да",
    )


def test_a_password_is_not_shown():
    assert "pw" not in repr(EXAMPLES["bind_transceiver"][0])


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


def test_every_request_has_its_response():
    requests = [command_id for command_id in PDUS if not command_id & RESPONSE]
    assert all(command_id | RESPONSE in PDUS for command_id in requests)


def test_a_reply_takes_the_sequence_number():
    assert SubmitSm(sequence_number=8).reply(message_id="1") == SubmitSmResp(sequence_number=8, message_id="1")


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
