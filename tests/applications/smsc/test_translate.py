"""submit_sm to Sms, Sms and Receipt to deliver_sm."""

import pytest

from ussd_gateway.applications.smsc.translate import deliver_sm, sms_from
from ussd_gateway.coding.data_coding import Alphabet
from ussd_gateway.coding.national import Language
from ussd_gateway.coding.segments import Concatenation, LongForm, parse_udh, split
from ussd_gateway.coding.user_data import UserData, text_of
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


# On a socket, both ways -----------------------------------------------------------------------------------------------

RUSSIAN, LATIN = "Съешь ещё этих мягких булок. " * 8, "Lorem {ipsum} dolor sit amet, d'accord. " * 8
LONG = {
    # how it travels, in which alphabet, with which national tables, what data_coding 0 means to the account, the text
    "a header with an 8-bit reference": (LongForm.UDH8, None, None, Alphabet.GSM7, LATIN),
    "with a 16-bit reference": (LongForm.UDH16, None, None, Alphabet.GSM7, RUSSIAN),
    "SAR parameters": (LongForm.SAR, None, None, Alphabet.GSM7, LATIN),
    "SAR parameters, UCS-2": (LongForm.SAR, None, None, Alphabet.GSM7, RUSSIAN),
    "message_payload": (LongForm.MESSAGE_PAYLOAD, None, None, Alphabet.GSM7, RUSSIAN),
    "packed septets": (LongForm.UDH8, Alphabet.GSM7_PACKED, None, Alphabet.GSM7_PACKED, LATIN),
    "packed septets with SAR parameters": (LongForm.SAR, Alphabet.GSM7_PACKED, None, Alphabet.GSM7_PACKED, LATIN),
    "Latin-1 by its data_coding": (LongForm.UDH16, Alphabet.LATIN1, None, Alphabet.GSM7, "Déjà vu. " * 30),
    "Latin-1 as data_coding 0": (LongForm.UDH8, Alphabet.LATIN1, None, Alphabet.LATIN1, "Déjà vu. " * 30),
    "UCS-2": (LongForm.UDH8, Alphabet.UCS2, None, Alphabet.GSM7, "Hello 🙂. " * 30),
    "Turkish tables": (LongForm.UDH8, None, Language.TURKISH, Alphabet.GSM7, "Pijamalı hasta yağız şoföre. " * 9),
    "Spanish tables, packed": (
        LongForm.UDH16,
        Alphabet.GSM7_PACKED,
        Language.SPANISH,
        Alphabet.GSM7_PACKED,
        "El pingüino hizo kilómetros. " * 9,
    ),
    "Portuguese tables in message_payload": (
        LongForm.MESSAGE_PAYLOAD,
        None,
        Language.PORTUGUESE,
        Alphabet.GSM7,
        "À noite, vovô vê o ímã. " * 12,
    ),
}
ROWS = pytest.mark.parametrize(("long", "alphabet", "language", "default", "text"), LONG.values(), ids=LONG)


def as_submitted(segment, number, whole):
    """A part as an ESME submits it."""
    place, tlvs, text = segment.concatenation, (), segment.user_data
    if place and not segment.udh:
        values = (place.reference.to_bytes(2), bytes((place.total,)), bytes((place.sequence,)))
        tlvs = tuple(zip((Tag.SAR_MSG_REF_NUM, Tag.SAR_TOTAL_SEGMENTS, Tag.SAR_SEGMENT_SEQNUM), values, strict=True))
    if whole:
        tlvs, text = ((Tag.MESSAGE_PAYLOAD, text),), b""
    return SubmitSm(
        sequence_number=number,
        source_addr="shop",
        destination_addr="70001000001",
        esm_class=0x40 if segment.udh else 0,
        data_coding=segment.data_coding,
        short_message=text,
        tlvs=tlvs,
    )


@ROWS
async def test_a_phone_shows_the_text_and_the_octets_however_an_esme_sends_it(
    new_site, long, alphabet, language, default, text
):
    async with new_site(test={"default_alphabet": default}) as site:
        anna = site.handset()
        esme = await site.bound()
        parts = split(text, reference=7, long=long, alphabet=alphabet, language=language, default=default)
        for number, part in enumerate(parts, 2):
            assert (await esme.ask(as_submitted(part, number, long is LongForm.MESSAGE_PAYLOAD))).command_status == 0
        (sms,) = anna.inbox
        assert sms.text == text
        assert [part.octets for part in sms.segments] == [part.user_data for part in parts]


@ROWS
async def test_an_esme_gets_the_text_however_a_phone_sends_it(new_site, long, alphabet, language, default, text):
    async with new_site(test={"default_alphabet": default}) as site:
        anna = site.handset()
        esme = await site.bound()
        sent = anna.send("5000", text, long=long, alphabet=alphabet, language=language)
        came, places = [], []
        for part in sent:
            pdu = await esme.receive()
            octets = pdu.tlv(Tag.MESSAGE_PAYLOAD) or pdu.short_message
            assert octets == part.octets
            came.append(UserData(octets, pdu.data_coding, bool(pdu.esm_class & 0x40), default))
            if long is LongForm.SAR:
                places.append((pdu.tlv(Tag.SAR_TOTAL_SEGMENTS)[0], pdu.tlv(Tag.SAR_SEGMENT_SEQNUM)[0]))
            else:
                found = parse_udh(octets)[0] if pdu.esm_class & 0x40 else None
                places.append((found.total, found.sequence) if found else (1, 1))
        assert text_of(came) == text
        assert places == [(len(sent), number) for number in range(1, len(sent) + 1)]
