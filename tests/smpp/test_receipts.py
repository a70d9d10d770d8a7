"""The text and the TLVs of a delivery receipt, in the default style and in those of other SMSCs."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ussd_gateway.smpp.commands import DeliverSm
from ussd_gateway.smpp.receipts import (
    DEFAULT,
    NumberForm,
    id_writer,
    is_receipt,
    read_id,
    read_receipt,
    receipt_text,
    receipt_tlvs,
    text_writer,
    tlvs_writer,
)
from ussd_gateway.smpp.tlv import Tag, parse_tlvs

SUBMITTED = datetime(2018, 4, 27, 14, 50, 59, tzinfo=UTC).timestamp()
DONE = datetime(2018, 4, 27, 14, 51, 1, tzinfo=UTC).timestamp()
DELIVERED, EXPIRED = 2, 3


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


def test_who_says_nothing_gets_the_fast_writers():
    assert text_writer(DEFAULT) is receipt_text
    assert tlvs_writer(DEFAULT) is receipt_tlvs
    assert id_writer(DEFAULT.id) is str.encode


STYLES = [
    # what the style says, state, error -> the text
    ({"text": "id:{id} stat:{stat}"}, DELIVERED, 0, "id:7 stat:DELIVRD"),
    ({"text": "{stat} {id}"}, DELIVERED, 0, "DELIVRD 7"),
    ({"text": "100% {{{id}}}"}, DELIVERED, 0, "100% {7}"),
    ({"text": "{sub}/{dlvrd} {text}"}, EXPIRED, 6, "001/000 Hello, this text is "),
    ({"text": "done date:{done_date}", "date": "%Y-%m-%d %H:%M:%S"}, DELIVERED, 0, "done date:2018-04-27 14:51:01"),
    ({"text": "{submit_date}", "date": "%y%m%d%H%M%S"}, DELIVERED, 0, "180427145059"),
    ({"text": "{stat}", "words": {"DELIVERED": "DELIVERED"}}, DELIVERED, 0, "DELIVERED"),
    ({"text": "{stat}", "words": {"DELIVERED": "ok"}}, EXPIRED, 6, "EXPIRED"),
    ({"text": "err:{err}", "err": "%d"}, EXPIRED, 6, "err:6"),
    ({"text": "err:{err}", "err": "%04X"}, EXPIRED, 27, "err:001B"),
    ({"text": "err:{err} x", "err": "none"}, EXPIRED, 27, "err: x"),
    ({"text": "id:{id} stat:{stat}", "id_in": "tlv"}, DELIVERED, 0, "id: stat:DELIVRD"),
    ({"text": "id:{id} stat:{stat}", "id_in": "none"}, DELIVERED, 0, "id: stat:DELIVRD"),
    ({"text": "", "id_in": "text"}, DELIVERED, 0, ""),
]


@pytest.mark.parametrize(("style", "state", "error", "text"), STYLES)
def test_a_style_writes_this_text(style, state, error, text):
    write = text_writer(replace(DEFAULT, **style))
    assert write(b"7", state, SUBMITTED, DONE, error, b"Hello, this text is longer than twenty") == text.encode()


@pytest.mark.parametrize("state", range(10))
def test_a_template_like_the_default_one_writes_what_the_fast_form_writes(state):
    slow = text_writer(replace(DEFAULT, text=DEFAULT.text + "!"))
    given = (b"0000000007", state, SUBMITTED, DONE, 27, b"Hello")
    assert slow(*given) == receipt_text(*given) + b"!"


ID, STATE, ERROR = (Tag.RECEIPTED_MESSAGE_ID, b"7\0"), (Tag.MESSAGE_STATE, b"\3"), (Tag.NETWORK_ERROR_CODE, b"\3\0\6")
TLVS = [
    ({"id_in": "both"}, (ID, STATE, ERROR)),
    ({"id_in": "tlv"}, (ID, STATE, ERROR)),
    ({"id_in": "text"}, (STATE, ERROR)),
    ({"id_in": "none"}, (STATE, ERROR)),
    ({"network_type": 2}, (ID, STATE, (Tag.NETWORK_ERROR_CODE, b"\2\0\6"))),
    ({"network_type": 0}, (ID, STATE)),
]


@pytest.mark.parametrize(("style", "tlvs"), TLVS)
def test_a_style_writes_these_tlvs(style, tlvs):
    assert parse_tlvs(tlvs_writer(replace(DEFAULT, **style))(b"7", EXPIRED, 6)) == tlvs


MISTAKES = [
    ({"text": "{nothing}"}, r"\{nothing\} is no field; known: \{id\}, \{sub\}"),
    ({"text": "{id!r}"}, "is no field"),
    ({"text": "{id:5}"}, "is no field"),
    ({"text": "{id"}, "expected '}'"),
    ({"text": "идентификатор {id}"}, "beyond ASCII"),
    ({"date": "%d мая"}, "beyond ASCII"),
    ({"words": {"DELIVRD": "x"}}, "DELIVRD is no state; known: SCHEDULED"),
    ({"words": {"DELIVERED": "да"}}, "beyond ASCII"),
    ({"err": "3"}, "'3' is no form of a number"),
]


@pytest.mark.parametrize(("style", "said"), MISTAKES)
def test_a_style_that_makes_no_sense_is_refused(style, said):
    with pytest.raises(ValueError, match=said):
        text_writer(replace(DEFAULT, **style))


FORMS = [("%d", "4711"), ("%010d", "0000004711"), ("%x", "1267"), ("%X", "1267"), ("%08x", "00001267")]


@pytest.mark.parametrize(("form", "written"), FORMS)
def test_an_id_is_written_and_read_back(form, written):
    assert id_writer(form)("0000004711") == written.encode()
    assert read_id(written, form) == 4711


@pytest.mark.parametrize("form", ["", "%", "%s", "d", "%5d", "%00d", "%065d", "%d%d", "%-5d", "%o"])
def test_what_is_no_form_is_refused(form):
    with pytest.raises(ValueError, match="is no form of a number; write %d"):
        NumberForm(form)


READ_BACK = [
    # text, the form of submit_sm_resp, the form of receipts -> the number
    ("1267", "%x", "%010d", 0x1267),
    ("0000004711", "%x", "%010d", 4711),  # exactly as in a receipt
    ("ABCD", "%x", "%d", 0xABCD),
    ("007", "%010d", "%010d", 7),
    ("ff", "%010d", "%d", None),
    ("", "%x", "%d", None),
    ("-1", "%x", "%d", None),
    ("1_0", "%x", "%d", None),
    (" 1", "%x", "%d", None),
    ("0x10", "%x", "%d", 16),
    ("٣", "%d", "%d", None),
]


@pytest.mark.parametrize(("text", "response", "receipt", "number"), READ_BACK)
def test_an_id_that_an_esme_names_is_read_in_the_form_of_the_response_or_the_receipt(text, response, receipt, number):
    assert read_id(text, response, receipt) == number
