"""submit_sm to Sms, Sms and Receipt to deliver_sm."""

import pytest

from ussd_gateway.applications.smsc.translate import deliver_sm, sms_from
from ussd_gateway.coding.data_coding import Alphabet
from ussd_gateway.coding.segments import Concatenation, LongForm, split
from ussd_gateway.network.message import Sms
from ussd_gateway.smpp.commands import DeliverSm, SubmitSm
from ussd_gateway.smpp.errors import PduError
from ussd_gateway.smpp.pdu import decode
from ussd_gateway.smpp.status import Status
from ussd_gateway.smpp.tlv import Tag

NOW = 1_524_840_600.0


def taken(**given):
    pdu = decode(SubmitSm(**({"destination_addr": "70001000001"} | given)).encode())
    return sms_from(pdu, "test", NOW)


def given_back(sms):
    pdu = decode(deliver_sm(sms, 7))
    assert isinstance(pdu, DeliverSm)
    assert pdu.sequence_number == 7
    return pdu


def test_everything_that_the_network_needs_is_taken_over():
    sms = taken(
        source_addr="bank",
        esm_class=0x03,
        protocol_id=0x41,
        registered_delivery=1,
        data_coding=8,
        short_message=b"\x04\x14",
        validity_period="000001000000000R",
    )
    assert (sms.source, sms.destination, sms.account, sms.octets) == ("bank", "70001000001", "test", b"\x04\x14")
    assert (sms.esm_class, sms.protocol_id, sms.registered_delivery, sms.data_coding) == (3, 0x41, 1, 8)
    assert sms.expires_at == NOW + 86400


def test_a_plus_in_front_of_a_number_is_the_same_number():
    assert taken(destination_addr="+70001000001", source_addr="+1").destination == "70001000001"


def test_a_message_payload_is_the_text():
    assert taken(tlvs=((Tag.MESSAGE_PAYLOAD, b"x" * 400),)).octets == b"x" * 400


def test_a_part_is_known_by_its_header_or_by_its_sar_parameters():
    by_header = taken(esm_class=0x40, short_message=bytes.fromhex("0500037f0301") + b"a")
    assert by_header.concatenation == Concatenation(0x7F, 3, 1, 8)
    assert by_header.octets[:6].hex() == "0500037f0301"
    sar = ((Tag.SAR_MSG_REF_NUM, b"\1\2"), (Tag.SAR_TOTAL_SEGMENTS, b"\3"), (Tag.SAR_SEGMENT_SEQNUM, b"\1"))
    assert taken(short_message=b"a", tlvs=sar).concatenation == Concatenation(0x0102, 3, 1, 16)


def test_data_coding_0_is_what_the_account_means_by_it():
    sms = sms_from(
        decode(SubmitSm(destination_addr="70001000001", short_message=b"@\xe9").encode()), "test", NOW, Alphabet.LATIN1
    )
    assert (sms.text, sms.octets) == ("@é", b"@\xe9")


# who sent it, what data_coding 0 means to the sender and to the receiver, what the receiver gets
DEFAULTS = [
    ("shop", Alphabet.LATIN1, Alphabet.LATIN1, (0, b"@\xe9")),
    ("shop", Alphabet.LATIN1, Alphabet.GSM7, (0, b"\0\5")),
    ("shop", Alphabet.LATIN1, Alphabet.GSM7_PACKED, (0, b"\x80\2")),
    ("shop", Alphabet.LATIN1, Alphabet.ASCII, (8, b"\0@\0\xe9")),
    ("", Alphabet.LATIN1, Alphabet.GSM7, (0, b"@\xe9")),  # a tester's handset knows what it does
]


@pytest.mark.parametrize(("account", "sent_as", "wanted", "expected"), DEFAULTS)
def test_a_text_of_one_account_is_written_anew_for_another(account, sent_as, wanted, expected):
    sms = Sms("1", "5000", b"@\xe9", account=account, default_alphabet=sent_as)
    pdu = decode(deliver_sm(sms, 7, default_alphabet=wanted))
    assert (pdu.data_coding, pdu.short_message) == expected
    assert sms.octets == b"@\xe9"


def test_a_long_text_of_a_phone_leaves_in_the_form_that_its_sender_chose():
    for long, tags in (("udh8", []), ("sar", [0x20C, 0x20E, 0x20F]), ("message_payload", [0x424])):
        segment = split("x" * 300, reference=7, long=LongForm(long))[0]
        sms = Sms(
            "1",
            "5000",
            segment.user_data,
            segment.data_coding,
            0x40 if segment.udh else 0,
            concatenation=segment.concatenation,
        )
        pdu = given_back(sms)
        assert (pdu.esm_class, [tag for tag, _ in pdu.tlvs]) == (0x40 if long == "udh8" else 0, tags)


SAR = {"ref": (Tag.SAR_MSG_REF_NUM, b"\0\1"), "total": (Tag.SAR_TOTAL_SEGMENTS, b"\2")}


@pytest.mark.parametrize(
    ("tlvs", "status"),
    [
        ((SAR["ref"], SAR["total"]), Status.ESME_RMISSINGOPTPARAM),
        ((SAR["ref"], SAR["total"], (Tag.SAR_SEGMENT_SEQNUM, b"\3")), Status.ESME_RINVOPTPARAMVAL),
        ((SAR["ref"], SAR["total"], (Tag.SAR_SEGMENT_SEQNUM, b"\0")), Status.ESME_RINVOPTPARAMVAL),
        ((SAR["ref"], SAR["total"], (Tag.SAR_SEGMENT_SEQNUM, b"\0\1")), Status.ESME_RINVPARLEN),
    ],
)
def test_sar_parameters_that_make_no_sense_are_refused(tlvs, status):
    with pytest.raises(PduError) as refused:
        taken(tlvs=tlvs)
    assert refused.value.status is status


ADDRESSES = {"70001000001": (1, 1), "5000": (3, 0), "bank": (5, 0)}


@pytest.mark.parametrize(("address", "kind"), ADDRESSES.items())
def test_an_address_has_its_type_and_plan(address, kind):
    pdu = given_back(Sms(address, "5000", b""))
    assert (pdu.source_addr_ton, pdu.source_addr_npi, pdu.source_addr) == (*kind, address)


def test_a_long_text_goes_as_message_payload():
    pdu = given_back(Sms("1", "2", b"x" * 255))
    assert (pdu.short_message, pdu.tlv(Tag.MESSAGE_PAYLOAD)) == (b"", b"x" * 255)
    assert given_back(Sms("1", "2", b"x" * 254)).tlvs == ()


def test_a_part_that_came_with_sar_parameters_goes_on_with_them():
    pdu = given_back(Sms("1", "2", b"a", concatenation=Concatenation(258, 3, 1, 16)))
    assert pdu.tlv(Tag.SAR_MSG_REF_NUM) == b"\1\2"
    assert (pdu.tlv(Tag.SAR_TOTAL_SEGMENTS), pdu.tlv(Tag.SAR_SEGMENT_SEQNUM)) == (b"\3", b"\1")
