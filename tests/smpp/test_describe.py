"""PDUs in words."""

import json

from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.smpp.commands import (
    BindTransceiver,
    DeliverSm,
    DistributionList,
    EnquireLink,
    Outbind,
    SmeAddress,
    SubmitMulti,
    SubmitSm,
    SubmitSmResp,
)
from ussd_gateway.smpp.describe import command_name, described
from ussd_gateway.smpp.pdu import HEADER, PDUS, Pdu, decode
from ussd_gateway.smpp.status import Status


def test_a_ussd_request_in_words():
    pdu = DeliverSm(
        sequence_number=1,
        service_type="USSD",
        source_addr_ton=1,
        source_addr_npi=1,
        source_addr="70001000001",
        destination_addr="111",
        data_coding=15,
        short_message=b"*111#",
        tlvs=((0x0501, b"\1"), (0x1383, b"\x2a\1"), (0x1501, b"\0\1"), (0x0204, b"\7")),
    )
    assert described(pdu) == {
        "command": "deliver_sm",
        "command_id": "0x00000005",
        "sequence_number": 1,
        "command_status": "ESME_ROK",
        "parameters": {
            "service_type": "USSD",
            "source_addr_ton": 1,
            "source_addr_npi": 1,
            "source_addr": "70001000001",
            "dest_addr_ton": 0,
            "dest_addr_npi": 0,
            "destination_addr": "111",
            "esm_class": 0,
            "protocol_id": 0,
            "priority_flag": 0,
            "schedule_delivery_time": "",
            "validity_period": "",
            "registered_delivery": 0,
            "replace_if_present_flag": 0,
            "data_coding": 15,
            "sm_default_msg_id": 0,
            "short_message": {"hex": "2a31313123", "text": "*111#"},
        },
        "tlvs": [
            {"tag": "0x0501", "name": "ussd_service_op", "value": 1, "means": "PSSR indication"},
            {
                "tag": "0x1383",
                "name": "its_session_info",
                "value": {"session_number": 42, "sequence_number": 0, "end_of_session": True},
            },
            {"tag": "0x1501", "name": "0x1501", "value": {"hex": "0001"}},
            {
                "tag": "0x0204",
                "name": "user_message_reference",
                "value": {"hex": "07"},
                "error": "user_message_reference is 1 octets; it takes 2",
            },
        ],
    }


def test_a_text_in_ucs_2_is_read_and_octets_that_are_no_text_are_not():
    octets = "Да,\nнет".encode("utf-16-be")
    assert described(SubmitSm(data_coding=8, short_message=octets))["parameters"]["short_message"] == {
        "hex": octets.hex(),
        "text": "Да,\nнет",
    }
    binary = SubmitSm(data_coding=4, short_message=b"\x05\x00\x03")
    assert described(binary)["parameters"]["short_message"] == {"hex": "050003"}


def test_destinations_are_listed():
    pdu = SubmitMulti(dest_address=(SmeAddress(dest_addr_ton=1, destination_addr="7"), DistributionList(dl_name="all")))
    assert described(pdu)["parameters"]["dest_address"] == [
        {"dest_addr_ton": 1, "dest_addr_npi": 0, "destination_addr": "7"},
        {"dl_name": "all"},
    ]


def test_an_error_has_its_name():
    assert described(SubmitSmResp(command_status=Status.ESME_RTHROTTLED))["command_status"] == "ESME_RTHROTTLED"


def test_an_unparsed_pdu_says_what_was_wrong():
    raw = HEADER.pack(18, 0x77, 0, 5) + b"\0\1"
    assert described(decode(raw)) == {
        "command": "0x00000077",
        "command_id": "0x00000077",
        "sequence_number": 5,
        "error": {"command_status": "ESME_RINVCMDID", "seen": "command_id 0x00000077 is unknown"},
        "octets": raw.hex(),
    }


def test_a_password_is_in_no_description():
    for kind in (BindTransceiver, Outbind):
        pdu = kind(system_id="shop", password="topsecr")
        assert described(pdu)["parameters"]["password"] == "********"
        broken = pdu.encode() + b"\1"
        shown = json.dumps(described(decode(len(broken).to_bytes(4) + broken[4:])))
        assert b"topsecr".hex() not in shown
        assert "topsecr" not in shown


def test_a_command_has_its_name():
    assert [command_name(command_id) for command_id in (4, 0x80000004, 0x99)] == [
        "submit_sm",
        "submit_sm_resp",
        "0x00000099",
    ]


@given(st.from_type(Pdu))
def test_any_pdu_is_described_in_json(pdu):
    shown = described(decode(pdu.encode()))
    assert json.loads(json.dumps(shown)) == shown
    assert list(shown["parameters"]) == [field.name for field in pdu.layout]
    assert len(shown["tlvs"]) == len(pdu.tlvs)


@given(st.sampled_from(sorted(PDUS)) | st.integers(0, 0xFFFFFFFF), st.binary(max_size=150))
def test_any_octets_are_described_in_json(command_id, body):
    shown = described(decode(HEADER.pack(16 + len(body), command_id, 0, 1) + body))
    assert json.loads(json.dumps(shown)) == shown
    assert shown["command"] == command_name(command_id)


def test_a_pdu_without_parameters_is_short():
    assert described(EnquireLink(sequence_number=3)) == {
        "command": "enquire_link",
        "command_id": "0x00000015",
        "sequence_number": 3,
        "command_status": "ESME_ROK",
        "parameters": {},
        "tlvs": [],
    }
