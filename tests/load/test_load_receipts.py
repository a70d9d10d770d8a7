import pytest

from ussd_gateway.load.receipts import Receipts, receipted_message_id
from ussd_gateway.smpp.commands import DeliverSm
from ussd_gateway.smpp.receipts import receipt_text, receipt_tlvs

TEXT = receipt_text(b"6f1c", 2, 1_524_840_600, 1_524_840_600, 0, b"Hello")

DELIVERED = {
    "a receipt of appendix B": ({"esm_class": 0x04, "short_message": TEXT}, b"6f1c"),
    "with a service_type and dates": (
        {"esm_class": 0x04, "short_message": TEXT, "service_type": "WAP", "schedule_delivery_time": "000000000500000R"},
        b"6f1c",
    ),
    "with other bits of esm_class": ({"esm_class": 0x44, "short_message": TEXT}, b"6f1c"),
    "only in a TLV": ({"esm_class": 0x04, "tlvs": [(0x001E, b"6f1c\0")]}, b"6f1c"),
    "an SMS with the words of a receipt": ({"esm_class": 0x00, "short_message": TEXT}, b""),
    "an intermediate notification": ({"esm_class": 0x20, "short_message": TEXT}, b""),
    "a receipt that names nothing": ({"esm_class": 0x04, "short_message": b"ok"}, b""),
}


@pytest.mark.parametrize(("given", "message_id"), DELIVERED.values(), ids=DELIVERED)
def test_the_message_that_a_deliver_sm_speaks_of(given, message_id):
    raw = DeliverSm(sequence_number=1, source_addr="70001000001", destination_addr="5000", **given).encode()
    assert receipted_message_id(b"before" + raw + b"after", 6 + 16, 6 + len(raw)) == message_id


def test_the_receipts_of_this_program_can_be_read():
    pdu = DeliverSm(esm_class=4, short_message=TEXT).encode() + receipt_tlvs(b"6f1c", 2, 0)
    assert receipted_message_id(pdu, 16, len(pdu)) == b"6f1c"


def test_each_message_has_its_receipt():
    receipts = Receipts()
    receipts.accepted(b"1", due=0)
    receipts.accepted(b"2", due=10)
    receipts.receipt(b"2", now=110)
    receipts.receipt(b"1", now=50)
    assert (receipts.came, receipts.lost, receipts.doubled) == (2, 0, 0)
    assert (receipts.durations.percentile(50), receipts.durations.most) == (50, 100)


def test_a_receipt_may_come_before_the_response():
    receipts = Receipts()
    receipts.receipt(b"1", now=50)
    assert receipts.came == 0
    receipts.accepted(b"1", due=10)
    assert (receipts.came, receipts.lost, receipts.doubled) == (1, 0, 0)
    assert receipts.durations.most == 40


def test_what_is_missing_is_lost():
    receipts = Receipts()
    receipts.accepted(b"1", due=0)
    assert receipts.lost == 1


def test_a_second_receipt_is_doubled_whenever_it_comes():
    receipts = Receipts()
    receipts.receipt(b"1", now=1)
    receipts.receipt(b"1", now=2)
    receipts.accepted(b"1", due=0)
    receipts.receipt(b"1", now=3)
    assert (receipts.came, receipts.lost, receipts.doubled) == (1, 0, 2)


def test_two_messages_of_one_message_id_cannot_both_have_a_receipt():
    receipts = Receipts()
    receipts.accepted(b"1", due=0)
    receipts.accepted(b"1", due=0)
    receipts.receipt(b"1", now=1)
    assert (receipts.came, receipts.lost) == (1, 1)
