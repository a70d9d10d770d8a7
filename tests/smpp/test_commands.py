"""Every command: its octets as the specification has them, read and written."""

import pytest

from ussd_gateway.smpp.commands import (
    BindReceiver,
    BindTransceiver,
    BindTransceiverResp,
    BindTransmitter,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
)
from ussd_gateway.smpp.pdu import PDUS, RESPONSE, decode
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


def test_every_request_has_its_response():
    requests = [command_id for command_id in PDUS if not command_id & RESPONSE]
    assert all(command_id | RESPONSE in PDUS for command_id in requests)


def test_a_reply_takes_the_sequence_number():
    assert SubmitSm(sequence_number=8).reply(message_id="1") == SubmitSmResp(sequence_number=8, message_id="1")
