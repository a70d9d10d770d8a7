"""Every command: its octets as the specification has them, read and written."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.smpp.commands import (
    AlertNotification,
    BindReceiver,
    BindReceiverResp,
    BindTransceiver,
    BindTransceiverResp,
    BindTransmitter,
    BindTransmitterResp,
    BroadcastSm,
    BroadcastSmResp,
    CancelBroadcastSm,
    CancelBroadcastSmResp,
    CancelSm,
    CancelSmResp,
    DataSm,
    DataSmResp,
    DeliverSm,
    DeliverSmResp,
    DistributionList,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Outbind,
    QueryBroadcastSm,
    QueryBroadcastSmResp,
    QuerySm,
    QuerySmResp,
    ReplaceSm,
    ReplaceSmResp,
    SmeAddress,
    SubmitMulti,
    SubmitMultiResp,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
    UnsuccessSme,
)
from ussd_gateway.smpp.errors import PduError
from ussd_gateway.smpp.pdu import HEADER, PDUS, RESPONSE, Pdu, UnparsedPdu, decode
from ussd_gateway.smpp.status import Status
from ussd_gateway.smpp.tlv import Tag

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
    "bind_transmitter_resp": (
        BindTransmitterResp(sequence_number=1, system_id="gw"),
        "00000013 80000002 00000000 00000001 677700",
    ),
    "bind_receiver_resp": (
        BindReceiverResp(sequence_number=1, system_id="gw"),
        "00000013 80000001 00000000 00000001 677700",
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
    "outbind": (
        Outbind(sequence_number=1, system_id="gw", password="pw"),
        "00000016 0000000b 00000000 00000001 677700 707700",
    ),
    "submit_multi": (
        SubmitMulti(
            sequence_number=2,
            source_addr="777",
            dest_address=(
                SmeAddress(dest_addr_ton=1, dest_addr_npi=1, destination_addr="70001000001"),
                DistributionList(dl_name="all"),
            ),
            registered_delivery=1,
            short_message=b"Hi",
        ),
        "00000038 00000021 00000000 00000002 00 00 00 37373700"
        " 02 01 01 01 373030303130303030303100 02 616c6c00 00 00 00 00 00 01 00 00 00 02 4869",
    ),
    "submit_multi_resp": (
        SubmitMultiResp(
            sequence_number=2,
            message_id="7",
            unsuccess_sme=(
                UnsuccessSme(
                    dest_addr_ton=1,
                    dest_addr_npi=1,
                    destination_addr="70001000001",
                    error_status_code=Status.ESME_RINVDSTADR,
                ),
            ),
        ),
        "00000025 80000021 00000000 00000002 3700 01 01 01 373030303130303030303100 0000000b",
    ),
    "submit_multi_resp without any": (
        SubmitMultiResp(sequence_number=2, message_id="7"),
        "00000013 80000021 00000000 00000002 3700 00",
    ),
    "data_sm": (
        DataSm(
            sequence_number=3,
            service_type="WAP",
            source_addr="777",
            dest_addr_ton=1,
            dest_addr_npi=1,
            destination_addr="70001000001",
            registered_delivery=1,
            data_coding=4,
            tlvs=((0x0424, b"Hi"),),
        ),
        "00000031 00000103 00000000 00000003 57415000 00 00 37373700 01 01 373030303130303030303100"
        " 00 01 04 0424 0002 4869",
    ),
    "data_sm_resp": (
        DataSmResp(sequence_number=3, message_id="7"),
        "00000012 80000103 00000000 00000003 3700",
    ),
    "query_sm": (
        QuerySm(sequence_number=4, message_id="7", source_addr_ton=5, source_addr="bank"),
        "00000019 00000003 00000000 00000004 3700 05 00 62616e6b00",
    ),
    "query_sm_resp": (
        QuerySmResp(sequence_number=4, message_id="7", final_date="180427145000000+", message_state=2, error_code=6),
        "00000025 80000003 00000000 00000004 3700 3138303432373134353030303030302b00 02 06",
    ),
    "cancel_sm": (
        CancelSm(
            sequence_number=5,
            message_id="7",
            source_addr="777",
            dest_addr_ton=1,
            dest_addr_npi=1,
            destination_addr="70001000001",
        ),
        "00000027 00000008 00000000 00000005 00 3700 00 00 37373700 01 01 373030303130303030303100",
    ),
    "cancel_sm_resp": (
        CancelSmResp(sequence_number=5),
        "00000010 80000008 00000000 00000005",
    ),
    "replace_sm": (
        ReplaceSm(
            sequence_number=6,
            message_id="7",
            source_addr="777",
            validity_period="000001000000000R",
            registered_delivery=1,
            short_message=b"Ho",
        ),
        "0000002f 00000007 00000000 00000006 3700 00 00 37373700 00 3030303030313030303030303030305200 01 00 02 486f",
    ),
    "replace_sm_resp": (
        ReplaceSmResp(sequence_number=6),
        "00000010 80000007 00000000 00000006",
    ),
    "alert_notification": (
        AlertNotification(
            sequence_number=7,
            source_addr_ton=1,
            source_addr_npi=1,
            source_addr="70001000001",
            esme_addr="777",
            tlvs=((0x0422, b"\0"),),
        ),
        "00000029 00000102 00000000 00000007 01 01 373030303130303030303100 00 00 37373700 0422 0001 00",
    ),
    "broadcast_sm": (
        BroadcastSm(
            sequence_number=8,
            source_addr="777",
            tlvs=((0x0606, b"\0A1"), (0x0601, b"\1\0\1"), (0x0604, b"\0\3"), (0x0605, b"\x09\0\5")),
        ),
        "00000039 00000111 00000000 00000008 00 00 00 37373700 00 00 00 00 00 00 00"
        " 0606 0003 004131 0601 0003 010001 0604 0002 0003 0605 0003 090005",
    ),
    "broadcast_sm_resp": (
        BroadcastSmResp(sequence_number=8, message_id="9"),
        "00000012 80000111 00000000 00000008 3900",
    ),
    "query_broadcast_sm": (
        QueryBroadcastSm(sequence_number=9, message_id="9", source_addr="777"),
        "00000018 00000112 00000000 00000009 3900 00 00 37373700",
    ),
    "query_broadcast_sm_resp": (
        QueryBroadcastSmResp(
            sequence_number=9, message_id="9", tlvs=((0x0427, b"\1"), (0x0606, b"\0A1"), (0x0608, b"\x64"))
        ),
        "00000023 80000112 00000000 00000009 3900 0427 0001 01 0606 0003 004131 0608 0001 64",
    ),
    "cancel_broadcast_sm": (
        CancelBroadcastSm(sequence_number=10, message_id="9", source_addr="777"),
        "00000019 00000113 00000000 0000000a 00 3900 00 00 37373700",
    ),
    "cancel_broadcast_sm_resp": (
        CancelBroadcastSmResp(sequence_number=10),
        "00000010 80000113 00000000 0000000a",
    ),
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


def test_every_command_has_an_example():
    assert {type(pdu) for pdu, _ in EXAMPLES.values()} == set(PDUS.values())


@pytest.mark.parametrize("kind", PDUS.values(), ids=lambda kind: kind.command)
def test_a_pdu_of_which_nothing_is_said_can_be_read(kind):
    assert decode(kind(sequence_number=1).encode()) == kind(sequence_number=1)


@given(st.from_type(Pdu))
def test_what_is_written_is_read_again_as_the_same(pdu):
    decoded = decode(pdu.encode())
    assert type(decoded) is type(pdu)
    assert decoded.encode() == pdu.encode()
    assert decoded.tlvs == pdu.tlvs
    assert (decoded.sequence_number, decoded.command_status) == (pdu.sequence_number, pdu.command_status)
    for field in pdu.layout:
        assert getattr(decoded, field.name) == getattr(pdu, field.name)


@given(st.from_type(Pdu), st.integers(1, 200))
def test_a_pdu_that_is_cut_short_says_what_is_missing(pdu, cut):
    raw = pdu.encode()
    body = raw[HEADER.size : -cut]
    unparsed = decode(HEADER.pack(HEADER.size + len(body), *HEADER.unpack_from(raw)[1:]) + body)
    if isinstance(unparsed, UnparsedPdu):
        assert re.search("the body ends|follow|are left", unparsed.error.seen)


WITHOUT_RESPONSE = {"outbind", "alert_notification"}


def test_every_other_request_has_its_response():
    requests = [pdu for command_id, pdu in PDUS.items() if not command_id & RESPONSE]
    assert {pdu.command for pdu in requests if pdu.command_id | RESPONSE not in PDUS} == WITHOUT_RESPONSE


@pytest.mark.parametrize("request_", [Outbind(sequence_number=4), AlertNotification(sequence_number=4)], ids=str)
def test_a_request_without_a_response_is_answered_with_generic_nack(request_):
    status = Status.ESME_RINVBNDSTS
    assert request_.reply(status) == GenericNack(sequence_number=4, command_status=status)
    raw = HEADER.pack(18, request_.command_id, 0, 4) + b"AA"
    assert decode(raw).reply() == GenericNack(sequence_number=4, command_status=Status.ESME_RINVCMDLEN)


def destinations(*entries: str, count: int | None = None) -> str:
    number = len(entries) if count is None else count
    return f"00 00 00 37373700 {number:02x} {' '.join(entries)} 00 00 00 00 00 01 00 00 00 02 4869"


ALICE = "01 01 01 3700"
BROKEN_LISTS = {
    "no destination": (
        destinations(),
        Status.ESME_RINVNUMDESTS,
        "number_of_dests is 0; it goes from 1 to 255",
    ),
    "an unknown kind": (
        destinations(ALICE, "03 3700"),
        Status.ESME_RINVDESTFLAG,
        "dest_address 2 of 2: dest_flag is 3; it is 1 or 2",
    ),
    "an address of 21 digits": (
        destinations(ALICE, "01 01 01" + "37" * 21 + "00"),
        Status.ESME_RINVDSTADR,
        "dest_address 2 of 2: destination_addr is 21 octets; it takes 20",
    ),
    "a list with a name of 21 octets": (
        destinations("02" + "41" * 21 + "00"),
        Status.ESME_RINVDLNAME,
        "dest_address 1 of 1: dl_name is 21 octets; it takes 20",
    ),
    "the body ends before the count": (
        "00 00 00 37373700",
        Status.ESME_RINVCMDLEN,
        "the body ends before number_of_dests",
    ),
    "the body ends before an entry": (
        f"00 00 00 37373700 03 {ALICE} {ALICE}",
        Status.ESME_RINVCMDLEN,
        "dest_address 3 of 3: the body ends before dest_flag",
    ),
    "the body ends inside an entry": (
        f"00 00 00 37373700 02 {ALICE} 01 01 01 37",
        Status.ESME_RINVCMDLEN,
        "dest_address 2 of 2: the body ends inside destination_addr, before its NUL",
    ),
    "sm_length behind a list": (
        f"00 00 00 37373700 01 {ALICE} 00 00 00 00 00 01 00 00 00 09 4869",
        Status.ESME_RINVMSGLEN,
        "sm_length is 9 but 2 octets follow",
    ),
}


@pytest.mark.parametrize(("body", "status", "seen"), BROKEN_LISTS.values(), ids=BROKEN_LISTS)
def test_a_broken_list_names_the_entry_and_is_answered(body, status, seen):
    octets = bytes.fromhex(body)
    unparsed = decode(HEADER.pack(HEADER.size + len(octets), SubmitMulti.command_id, 0, 5) + octets)
    assert (unparsed.error.status, unparsed.error.seen) == (status, seen)
    assert unparsed.reply() == SubmitMultiResp(sequence_number=5, command_status=status)


def test_a_list_takes_255_entries_and_no_more():
    many = (SmeAddress(destination_addr="1"),) * 255
    assert len(decode(SubmitMulti(dest_address=many).encode()).dest_address) == 255
    with pytest.raises(PduError, match="number_of_dests is 256; it goes from 1 to 255") as refused:
        SubmitMulti(dest_address=(*many, many[0]))
    assert refused.value.status is Status.ESME_RINVNUMDESTS


def test_a_broadcast_says_which_of_its_tlvs_are_missing():
    pdu, _ = EXAMPLES["broadcast_sm"]
    assert pdu.missing_tlvs() == ()
    assert BroadcastSm(tlvs=pdu.tlvs[:2]).missing_tlvs() == (Tag.BROADCAST_REP_NUM, Tag.BROADCAST_FREQUENCY_INTERVAL)


def test_a_reply_takes_the_sequence_number():
    assert SubmitSm(sequence_number=8).reply(message_id="1") == SubmitSmResp(sequence_number=8, message_id="1")
