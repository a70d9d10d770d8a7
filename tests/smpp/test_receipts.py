"""The text and the TLVs of a delivery receipt."""

from datetime import UTC, datetime

import pytest

from ussd_gateway.smpp.commands import DeliverSm
from ussd_gateway.smpp.receipts import is_receipt, read_receipt, receipt_text, receipt_tlvs
from ussd_gateway.smpp.tlv import Tag, parse_tlvs

SUBMITTED = datetime(2018, 4, 27, 14, 50, 59, tzinfo=UTC).timestamp()
DONE = datetime(2018, 4, 27, 14, 51, 1, tzinfo=UTC).timestamp()


def test_a_delivered_message_reads_as_in_appendix_b():
    assert receipt_text(b"0000000007", 2, SUBMITTED, DONE, 0, b"Hello, this text is longer than twenty") == (
        b"id:0000000007 sub:001 dlvrd:001 submit date:1804271450 done date:1804271451"
        b" stat:DELIVRD err:000 text:Hello, this text is "
    )


def test_an_expired_message_says_so_with_its_error():
    text = receipt_text(b"7", 3, SUBMITTED, DONE, 27, b"")
    assert b"dlvrd:000" in text
    assert b"stat:EXPIRED err:027 text:" in text


def test_the_tlvs_say_the_same():
    assert parse_tlvs(receipt_tlvs(b"7", 2, 0)) == ((Tag.RECEIPTED_MESSAGE_ID, b"7\0"), (Tag.MESSAGE_STATE, b"\2"))
    assert parse_tlvs(receipt_tlvs(b"7", 3, 27))[2] == (Tag.NETWORK_ERROR_CODE, b"\3\0\x1b")


READ = {
    "by its TLVs": ([(Tag.RECEIPTED_MESSAGE_ID, b"a1\0"), (Tag.MESSAGE_STATE, b"\5")], b"", ("a1", 5)),
    "by its words": ([], b"id:a1 sub:001 dlvrd:001 stat:DELIVRD err:000 text:stat:EXPIRED", ("a1", 2)),
    "in small letters, with blanks": ([], b"ID: a1 stat: undelivered", ("a1", 5)),
    "the TLVs win": (
        [(Tag.RECEIPTED_MESSAGE_ID, b"b2\0"), (Tag.MESSAGE_STATE, b"\3")],
        b"id:a1 stat:DELIVRD",
        ("b2", 3),
    ),
    "without an id": ([], b"stat:DELIVRD", None),
    "with a word that is none": ([], b"id:a1 stat:LOST", None),
    "empty": ([(Tag.MESSAGE_STATE, b"")], b"", None),
}


@pytest.mark.parametrize(("tlvs", "text", "said"), READ.values(), ids=READ)
def test_a_receipt_of_another_smsc_is_read(tlvs, text, said):
    pdu = DeliverSm(esm_class=0x04, tlvs=tlvs)
    assert is_receipt(pdu)
    assert read_receipt(pdu, text) == said


def test_a_message_is_no_receipt():
    assert not is_receipt(DeliverSm(esm_class=0x40))
