"""Receipts as an account wants them, on the wire."""

import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.applications.smsc.receipts import Receipts
from ussd_gateway.coding import data_coding as codings
from ussd_gateway.coding.data_coding import Alphabet
from ussd_gateway.config import ReceiptSection
from ussd_gateway.network.message import MessageState, Receipt, Sms
from ussd_gateway.network.outcomes import Rule, fixed
from ussd_gateway.outcome_rule import OutcomeRule
from ussd_gateway.smpp.commands import BindReceiver, DataSm, DataSmResp, DeliverSm, EnquireLink, QuerySm, SubmitSm
from ussd_gateway.smpp.pdu import decode
from ussd_gateway.smpp.receipts import DEFAULT, ReceiptStyle
from ussd_gateway.smpp.status import Status
from ussd_gateway.smpp.tlv import Tag

NOW = 1_524_840_600.0
ANNA = "70001000001"


def a_receipt(octets=b"Hi", **given):
    sms = Sms("shop", ANNA, octets, message_id="0000004711", submitted_at=NOW, **given)
    return Receipt(sms, MessageState.DELIVERED, NOW)


def as_pdu(receipt, style=DEFAULT, alphabet=Alphabet.GSM7, **given):
    return decode(Receipts(style, alphabet=alphabet).octets(receipt, 7, **given))


def test_a_receipt_is_a_deliver_sm_from_the_recipient_to_the_sender():
    pdu = as_pdu(a_receipt())
    assert isinstance(pdu, DeliverSm)
    assert (pdu.sequence_number, pdu.esm_class, pdu.source_addr, pdu.destination_addr) == (7, 4, ANNA, "shop")
    assert pdu.short_message == (
        b"id:0000004711 sub:001 dlvrd:001 submit date:1804271450 done date:1804271450 stat:DELIVRD err:000 text:Hi"
    )
    assert pdu.tlvs == ((Tag.RECEIPTED_MESSAGE_ID, b"0000004711\0"), (Tag.MESSAGE_STATE, b"\2"))


def test_what_a_receipt_repeats_of_the_text_is_never_part_of_a_header_or_of_ucs2():
    for receipt in (
        a_receipt(b"\x04\x14", data_coding=8),
        a_receipt(bytes.fromhex("0500037f0301") + b"a", esm_class=0x40),
    ):
        assert as_pdu(receipt).short_message.endswith(b" text:")


def test_in_a_data_sm_the_text_is_the_message_payload():
    pdu = as_pdu(a_receipt(), ReceiptStyle(pdu="data_sm", text="{id} {stat}", id="%X"))
    assert isinstance(pdu, DataSm)
    assert (pdu.esm_class, pdu.source_addr, pdu.destination_addr) == (4, ANNA, "shop")
    assert pdu.tlvs == (
        (Tag.MESSAGE_PAYLOAD, b"1267 DELIVRD"),
        (Tag.RECEIPTED_MESSAGE_ID, b"1267\0"),
        (Tag.MESSAGE_STATE, b"\2"),
    )


def test_an_esme_of_before_3_4_knows_neither_data_sm_nor_tlvs():
    pdu = as_pdu(a_receipt(), ReceiptStyle(pdu="data_sm"), with_tlvs=False)
    assert (type(pdu), pdu.tlvs) == (DeliverSm, ())


def test_a_text_of_more_than_254_octets_is_the_message_payload():
    pdu = as_pdu(a_receipt(), ReceiptStyle(text="x" * 255))
    assert (pdu.short_message, pdu.tlv(Tag.MESSAGE_PAYLOAD)) == (b"", b"x" * 255)


@pytest.mark.parametrize(
    ("alphabet", "text"), [(Alphabet.GSM7, b"x" * 254), (Alphabet.UCS2, ("x" * 127).encode("utf-16-be"))]
)
def test_before_3_4_it_is_cut(alphabet, text):
    pdu = as_pdu(a_receipt(), ReceiptStyle(text="x" * 255), alphabet, with_tlvs=False)
    assert (pdu.short_message, pdu.tlvs) == (text, ())


ALPHABETS = {
    # what the account means by data_coding 0; the message, its data_coding -> text: of the receipt
    "ucs2": (Alphabet.UCS2, "Привет", 0, "Привет"),
    "no more than 20 characters": (Alphabet.UCS2, "Ж" * 21, 0, "Ж" * 20),
    "gsm7_packed": (Alphabet.GSM7_PACKED, "{5 €}", 0, "{5 €}"),
    "latin1": (Alphabet.LATIN1, "Grüße", 0, "Grüße"),
    "utf8": (Alphabet.UTF8, "Привет", 0, "Привет"),
    "another data_coding": (Alphabet.CP1252, "5 €", 8, "5 €"),
    "characters that the alphabet lacks": (Alphabet.LATIN1, "Привет", 8, ""),
    "binary": (Alphabet.UCS2, "Hi", 4, ""),
}


@pytest.mark.parametrize(("alphabet", "text", "data_coding", "shown"), ALPHABETS.values(), ids=ALPHABETS)
def test_a_receipt_is_written_in_the_alphabet_of_the_account(alphabet, text, data_coding, shown):
    octets = codings.encode(text, codings.sms_alphabet(data_coding, alphabet))
    pdu = as_pdu(a_receipt(octets, data_coding=data_coding, default_alphabet=alphabet), alphabet=alphabet)
    assert (pdu.data_coding, pdu.tlv(Tag.MESSAGE_PAYLOAD)) == (0, None)
    assert codings.decode(pdu.short_message, alphabet) == (
        f"id:0000004711 sub:001 dlvrd:001 submit date:1804271450 done date:1804271450 stat:DELIVRD err:000 text:{shown}"
    )


async def test_the_receipts_of_an_account_are_in_its_alphabet(new_site):
    async with new_site(test={"default_alphabet": Alphabet.UCS2}) as site:
        anna, esme = site.handset(), await site.bound()
        await esme.ask(
            SubmitSm(
                sequence_number=2,
                destination_addr=ANNA,
                short_message="Привет".encode("utf-16-be"),
                registered_delivery=1,
            )
        )
        receipt = await esme.receive()
        assert [sms.text for sms in anna.inbox] == ["Привет"]
        assert receipt.short_message.decode("utf-16-be").endswith(" err:000 text:Привет")


def test_an_intermediate_notification_says_so_in_its_esm_class():
    sms = Sms("shop", ANNA, b"Hi", message_id="0000004711", submitted_at=NOW)
    pdu = as_pdu(Receipt(sms, MessageState.ENROUTE, NOW, 6, intermediate=True))
    assert (pdu.esm_class, pdu.tlv(Tag.MESSAGE_STATE)) == (0x20, b"\1")
    assert b"stat:ENROUTE err:006" in pdu.short_message


def test_messages_that_were_submitted_as_one_have_one_id():
    pdu = as_pdu(a_receipt(group_id="0000004700"), ReceiptStyle(id="%d"))
    assert (pdu.short_message[:8], pdu.tlv(Tag.RECEIPTED_MESSAGE_ID)) == (b"id:4700 ", b"4700\0")


EXPIRED_AT = NOW + 3 * 86400
PAGE = (Path(__file__).parents[3] / "docs" / "smpp.md").read_text()
EXAMPLES = re.findall(r"^\| (\(nothing\)|`\w+ = .*`) \| `(.*)` \| (.*)\|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize(("written", "text", "in_tlv"), EXAMPLES)
def test_the_examples_of_the_page_are_what_comes(written, text, in_tlv):
    keys = "" if written == "(nothing)" else "\n".join(re.findall(r"`(.*?)`(?:, |$)", written))
    receipt = Receipt(a_receipt().sms, MessageState.EXPIRED, EXPIRED_AT, 6)
    pdu = as_pdu(receipt, ReceiptSection(**tomllib.loads(keys)).style())
    assert pdu.short_message == text.encode()
    assert pdu.tlv(Tag.RECEIPTED_MESSAGE_ID) == (in_tlv.strip().encode() + b"\0" if in_tlv.strip() else None)


def test_the_page_has_examples():
    assert len(EXAMPLES) == 6


def submit(number=2, **given):
    return SubmitSm(sequence_number=number, source_addr="shop", destination_addr=ANNA, short_message=b"Hi", **given)


IDS = [
    # what the account has, response -> id of the text, receipted_message_id
    ({}, "0000000001", "0000000001", b"0000000001\0"),
    ({"response_id": "%x"}, "1", "0000000001", b"0000000001\0"),
    ({"response_id": "%08X", "receipt": ReceiptStyle(id="%d")}, "00000001", "1", b"1\0"),
    ({"receipt": ReceiptStyle(id="%016X")}, "0000000001", "0000000000000001", b"0000000000000001\0"),
    ({"receipt": ReceiptStyle(id="%d", id_in="text")}, "0000000001", "1", None),
    ({"receipt": ReceiptStyle(id="%d", id_in="tlv")}, "0000000001", "", b"1\0"),
    ({"receipt": ReceiptStyle(id_in="none")}, "0000000001", "", None),
]


@pytest.mark.parametrize(("account", "response_id", "in_text", "in_tlv"), IDS)
async def test_the_id_of_the_response_and_of_the_receipt(new_site, account, response_id, in_text, in_tlv):
    async with new_site(test=account) as site:
        site.handset()
        esme = await site.bound()
        response = await esme.ask(submit(registered_delivery=1))
        receipt = await esme.receive()
        assert response.message_id == response_id
        assert receipt.short_message.startswith(b"id:%b sub:001 " % in_text.encode())
        assert receipt.tlv(Tag.RECEIPTED_MESSAGE_ID) == in_tlv
        account = site.accounts.get("test")
        assert account.number_of(response_id) == "0000000001"
        assert account.number_of(in_text or response_id) == "0000000001"


async def test_receipts_by_data_sm_are_answered_by_data_sm_resp_and_make_room(new_site):
    async with new_site(window=1, test={"receipt": ReceiptStyle(pdu="data_sm", text="{id}", id="%d")}) as site:
        site.handset()
        esme = await site.bound()
        await esme.send(submit(2, registered_delivery=1), submit(3, registered_delivery=1))
        received = [await esme.receive() for _ in range(3)]
        assert [pdu.command for pdu in received] == ["submit_sm_resp", "data_sm", "submit_sm_resp"]
        assert received[1].tlv(Tag.MESSAGE_PAYLOAD) == b"1"
        second = await esme.ask(DataSmResp(sequence_number=received[1].sequence_number))
        assert second.tlv(Tag.MESSAGE_PAYLOAD) == b"2"


async def test_accounts_have_each_their_own_style(new_site):
    async with new_site(test={"receipt": ReceiptStyle(text="{stat}", words={"DELIVERED": "OK"})}) as site:
        site.handset()
        for account, words in ((("test", "test"), b"OK"), (("other", "pw"), b"id:0000000002 sub:001")):
            esme = await site.bound(*account)
            await esme.ask(submit(registered_delivery=1))
            assert (await esme.receive()).short_message.startswith(words)


async def test_every_receipt_of_a_long_row_comes_with_no_time_passing(site):
    """Receipts keep pace: a thousand submissions, and time stands still."""
    site.handset()
    receiver = await site.bound(pdu=BindReceiver)
    transmitter = await site.bound()
    transmitter_count = receiver_count = 0
    await transmitter.send(*(submit(number, registered_delivery=1) for number in range(2, 802)))
    while transmitter_count < 800 + 400:
        pdu = await transmitter.receive()
        transmitter_count += 1
        if isinstance(pdu, DeliverSm):
            await transmitter.send(pdu.reply())
    while receiver_count < 400:
        pdu = await receiver.receive()
        receiver_count += 1
        await receiver.send(pdu.reply())
    assert site.gateway.now() == NOW


@given(
    st.sampled_from(MessageState),
    st.integers(0, 255),
    st.booleans(),
    st.binary(max_size=30),
    st.floats(1_500_000_000, 1_600_000_000),
    st.floats(0, 1e6),
)
def test_the_short_road_of_the_default_style_writes_what_the_long_one_does(state, error, intermediate, text, at, took):
    sms = Sms("shop%", "70001000001", text, account="test", message_id="0000000017", submitted_at=at)
    receipt = Receipt(sms, state, at + took, error, intermediate)
    short, long = Receipts(), Receipts()
    long._usual = False
    assert short.octets(receipt, 7) == long.octets(receipt, 7)


async def test_a_receipt_has_the_reference_that_the_esme_gave_its_message(site):
    site.handset()
    esme = await site.bound()
    reference = (Tag.USER_MESSAGE_REFERENCE, b"\x12\x34")
    await esme.send(
        SubmitSm(
            sequence_number=2,
            destination_addr="70001000001",
            registered_delivery=1,
            tlvs=(reference, (Tag.SOURCE_PORT, b"\0\7")),
        )
    )
    await esme.receive()
    receipt = await esme.receive()
    assert receipt.tlv(Tag.USER_MESSAGE_REFERENCE) == b"\x12\x34"
    assert receipt.tlv(Tag.RECEIPTED_MESSAGE_ID)
    assert receipt.tlv(Tag.SOURCE_PORT) is None


ASKED = {
    # registered_delivery: stat of what comes for a message that arrives at once, and for one that expires
    0x00: ([], []),
    0x01: (["DELIVRD"], ["EXPIRED"]),
    0x02: ([], ["EXPIRED"]),
    0x03: (["DELIVRD"], []),
    0x10: ([], ["ENROUTE"]),
    0x11: (["DELIVRD"], ["ENROUTE", "EXPIRED"]),
    0x13: (["DELIVRD"], ["ENROUTE"]),
}


@pytest.mark.parametrize(("asked", "told"), ASKED.items())
async def test_an_esme_gets_the_receipts_that_it_asked_for_and_no_others(site, asked, told):
    anna = site.handset()
    esme = await site.bound()
    for attached, wanted in zip((True, False), told, strict=True):
        if not attached:
            site.gateway.detach(anna.party)
        await esme.send(submit(registered_delivery=asked, validity_period="000000000100000R"))
        await site.gateway.settle()
        await site.gateway.advance(60)
        await esme.send(EnquireLink(sequence_number=3))
        came = []
        while (pdu := await esme.receive()).command != "enquire_link_resp":
            came.append(pdu)
        response, *receipts = came
        assert response.command == "submit_sm_resp"
        assert [(pdu.command, pdu.esm_class) for pdu in receipts] == [
            ("deliver_sm", 0x20 if word == "ENROUTE" else 4) for word in wanted
        ]
        assert [re.search(rb"stat:(\w+)", pdu.short_message)[1].decode() for pdu in receipts] == wanted


FINAL = {
    MessageState.DELIVERED: "DELIVRD",
    MessageState.EXPIRED: "EXPIRED",
    MessageState.DELETED: "DELETED",
    MessageState.UNDELIVERABLE: "UNDELIV",
    MessageState.ACCEPTED: "ACCEPTD",
    MessageState.UNKNOWN: "UNKNOWN",
    MessageState.REJECTED: "REJECTD",
}


@pytest.mark.parametrize(("state", "word"), FINAL.items())
async def test_every_final_state_is_told_by_its_receipt_and_by_query_sm(site, state, word):
    site.handset()
    site.gateway.network.messages.rules = (Rule(delay=fixed(5), states={state: 1}, errors={state: 27}),)
    esme = await site.bound()
    await esme.ask(submit(registered_delivery=1))
    await site.gateway.advance(5)
    receipt = await esme.receive()
    error = 0 if state is MessageState.DELIVERED else 27
    assert f" stat:{word} err:{error:03} ".encode() in receipt.short_message
    assert receipt.tlv(Tag.MESSAGE_STATE) == bytes((state,))
    assert receipt.tlv(Tag.NETWORK_ERROR_CODE) == (b"\3\0\x1b" if error else None)
    told = await esme.ask(QuerySm(sequence_number=3, message_id="0000000001", source_addr="shop"))
    assert (told.message_state, told.error_code, told.final_date) == (state, error, "180427145005000+")


async def test_rules_by_destination_have_their_own_delays(site):
    rules = [
        {"destination": "^7000", "delay": {"normal": [60, 1]}, "states": {"undeliverable": 1}},
        {"destination": "^7999", "receipt_delay": 30},
        {"account": "nobody", "states": {"rejected": 1}},
    ]
    site.gateway.network.messages.rules = tuple(OutcomeRule.model_validate(rule).rule() for rule in rules)
    esme = await site.bound()
    for number, destination in enumerate((ANNA, "79990000001", "4477009001"), 2):
        await esme.send(
            SubmitSm(sequence_number=number, destination_addr=destination, short_message=b"Hi", registered_delivery=1)
        )
    at_once = [await esme.receive() for _ in range(4)]
    assert [pdu.command for pdu in at_once] == ["submit_sm_resp"] * 3 + ["deliver_sm"]
    assert at_once[3].source_addr == "4477009001"
    for seconds, source, word in ((30, "79990000001", b"DELIVRD"), (40, ANNA, b"UNDELIV")):
        await site.gateway.advance(seconds)
        receipt = await esme.receive()
        assert (receipt.source_addr, word in receipt.short_message) == (source, True)


@pytest.mark.parametrize(("status", "word"), [(Status.ESME_ROK, b"DELIVRD"), (Status.ESME_RX_P_APPN, b"REJECTD")])
async def test_a_message_to_another_esme_has_its_receipt_when_that_one_has_answered(site, status, word):
    esme, other = await site.bound(), await site.bound("other", "pw")
    sent = SubmitSm(source_addr="bank", destination_addr="5001", short_message=b"Hi", registered_delivery=1)
    assert (await other.ask(sent)).command_status == 0
    delivered = await esme.receive()
    assert (delivered.source_addr, delivered.destination_addr, delivered.esm_class) == ("bank", "5001", 0)
    assert (await other.ask(EnquireLink(sequence_number=9))).command == "enquire_link_resp"  # and no receipt yet
    await esme.send(delivered.reply(status))
    receipt = await other.receive()
    assert (receipt.source_addr, receipt.destination_addr, word in receipt.short_message) == ("5001", "bank", True)
