"""The dialects of USSD over SMPP: what each writes, octet by octet, and that each side reads what the other wrote."""

import re
from contextlib import suppress
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.smpp.commands import DataSm, DeliverSm, SubmitSm
from ussd_gateway.smpp.errors import PduError
from ussd_gateway.smpp.pdu import decode
from ussd_gateway.smpp.status import Status
from ussd_gateway.smpp.tlv import Tag
from ussd_gateway.smpp.ussd import (
    ABORT,
    ANSWER,
    ASK,
    BEGIN,
    DIALECTS,
    END,
    FROM_SMSC,
    NOTIFIED,
    NOTIFY,
    RELEASE,
    USSD_SESSION_ID,
    Dialect,
    Event,
    Key,
    Marker,
    Unit,
    is_ussd,
    next_sequence,
    read_from_esme,
    read_from_smsc,
    write,
)

ANNA = "70001000001"
STANDARD = DIALECTS["standard"]
OP, INFO, REFERENCE, SESSION_ID = (
    Tag.USSD_SERVICE_OP,
    Tag.ITS_SESSION_INFO,
    Tag.USER_MESSAGE_REFERENCE,
    USSD_SESSION_ID,
)


def unit(event, *, session=0x2A, **given):
    return Unit(event, ANNA, "500", session=session, **given)


def read(dialect, pdu, event):
    pdu = decode(pdu.encode())
    return read_from_smsc(dialect, pdu) if event in FROM_SMSC else read_from_esme(dialect, pdu)


def test_the_standard_dialect_is_what_a_protocol_analyser_reads_as_ussd():
    octets = (
        "000000470000000500000000000000015553534400010132353437303030303030303100000031313100000000000000000f0008"
        "2a3131312a3235230501000101138300022a00"  # tshark names every field of it
    )
    said = Unit(BEGIN, "254700000001", "111", b"*111*25#", 15, 0x2A, 0)
    assert write(STANDARD, said, 1).encode().hex() == octets
    assert read_from_smsc(STANDARD, decode(bytes.fromhex(octets))) == said


WRITTEN = {
    # dialect: op and session parameters of BEGIN, ANSWER, RELEASE, ASK and END, the session being the 42nd
    "standard": ("01 2A00", "12 2A04", "12 2A05", "02 2A02", "11 2A07"),
    "nowsms": ("01 2A00", "12 2A04", "12 2A05", "02 2A02", "11 2A07"),
    "vumi": ("01 2A00", "12 2A00", "11 2A01", "02 2A00", "02 2A01"),
    "vumi_6d": ("01 2A00", "12 2A00", "81 2A01", "02 2A00", "17 2A01"),
    "vumi_6d_destination": ("01 2A00", "12 2A00", "81 2A01", "02 2A00", "17 2A01"),
    "vumi_mica": ("01 002A", "12 002A", "81 002A", "02 002A", "17 002A"),
    "huawei": ("01", "12", "81", "02", "11"),
    "php_smpp": ("01 0000002A", "12 0000002A", "81 0000002A", "02 0000002A", "11 0000002A"),
    "last_value": ("01 2A00", "12 2A04", "81 2A04", "02 2A02", "11 2A06"),
}
SEQUENCES = {BEGIN: 0, ASK: 2, ANSWER: 4, RELEASE: 4, END: 6}
EVENTS = (BEGIN, ANSWER, RELEASE, ASK, END)
PLACES = {
    Key.OCTET: INFO,
    Key.INFO: INFO,
    Key.REFERENCE: REFERENCE,
    Key.SESSION_ID: SESSION_ID,
}


@pytest.mark.parametrize("name", DIALECTS)
def test_each_dialect_writes_its_own_values(name):
    dialect = DIALECTS[name]
    written = []
    for event in EVENTS:
        pdu = write(dialect, unit(event, session=dialect.session(41), sequence=SEQUENCES[event]))
        written.append(" ".join(value.hex().upper() for _, value in pdu.tlvs))
        assert [tag for tag, _ in pdu.tlvs] == [OP, *([PLACES[dialect.key]] if dialect.key in PLACES else [])]
        assert pdu.service_type == "USSD"
    assert tuple(written) == WRITTEN[name]


@pytest.mark.parametrize("event", list(Event))
@pytest.mark.parametrize("name", DIALECTS)
def test_what_one_side_writes_the_other_reads_as_the_same(name, event):
    dialect = DIALECTS[name]
    sequence = 6 if dialect.key is Key.OCTET else 0
    text = b"" if event in (NOTIFIED, RELEASE, ABORT) else b"*500*1#"
    said = unit(event, session=dialect.session(41), octets=text, sequence=sequence)
    read_back = read(dialect, write(dialect, said), event)
    if event is BEGIN and dialect.dialled_in == "destination_addr":
        assert read_back == Unit(BEGIN, ANNA, "*500*1#", text, 0, said.session, sequence)
    elif event is ABORT and dialect.abort is None:
        assert read_back == unit(END, session=said.session, sequence=sequence)  # an end without a text
    else:
        assert read_back == said


@pytest.mark.parametrize("event", [ANSWER, ASK, NOTIFY])
def test_a_dialogue_that_the_application_began_can_be_told_to_end(event):
    dialect = DIALECTS["last_value"]
    said = unit(event, octets=b"1", last=True)
    assert read(dialect, write(dialect, said), event) == said
    assert write(dialect, said).tlv(OP) == {ANSWER: b"\x92", ASK: b"\x82", NOTIFY: b"\x83"}[event]


def test_a_notice_with_bit_0_is_the_last_one():
    said = unit(NOTIFY, octets=b"Bye", last=True)
    assert write(STANDARD, said).tlv(INFO) == b"\x2a\x01"
    assert read(STANDARD, write(STANDARD, said), NOTIFY) == said


CARRIERS = [("standard", BEGIN, DeliverSm), ("standard", ASK, SubmitSm), ("last_value", BEGIN, DataSm)]


@pytest.mark.parametrize(("name", "event", "command"), [*CARRIERS, ("last_value", ASK, DataSm)])
def test_each_side_uses_the_pdu_of_the_dialect(name, event, command):
    assert type(write(DIALECTS[name], unit(event, octets=b"Hi"))) is command


def submitted(op, info=b"\x2a\x02", **given):
    tlvs = [(OP, op)] if op is not None else []
    tlvs += [(INFO, info)] if info is not None else []
    return SubmitSm(destination_addr=given.pop("to", ANNA), tlvs=tlvs, **given)


MEANINGS = {b"\x02": ASK, b"\x03": NOTIFY, b"\x10": END, b"\x11": END, b"\x17": END, b"\x44": ABORT, b"\x80": ABORT}


@pytest.mark.parametrize(("op", "event"), MEANINGS.items(), ids=lambda value: str(value))
def test_the_smsc_takes_a_decimal_17_a_hexadecimal_17_and_the_vendors_values_in_every_dialect(op, event):
    for dialect in DIALECTS.values():
        assert read_from_esme(dialect, submitted(op)).event is event


@pytest.mark.parametrize("op", [0x41, 0x42, 0x43, 0x81])
def test_the_esme_takes_every_vendors_value_of_an_end(op):
    pdu = DeliverSm(source_addr=ANNA, tlvs=[(OP, bytes((op,)))])
    assert read_from_smsc(STANDARD, pdu).event is RELEASE


def test_an_answer_of_the_first_vumi_dialect_may_be_a_2():
    pdu = DeliverSm(source_addr=f"+{ANNA}", short_message=b"1", tlvs=[(OP, b"\x02"), (INFO, b"\x2a\x00")])
    assert read_from_smsc(DIALECTS["vumi"], pdu) == Unit(ANSWER, ANNA, "", b"1", 0, 0x2A00)


def test_an_answer_without_its_session_is_read_all_the_same():
    assert read_from_esme(STANDARD, submitted(b"\x02", None)).session is None


REFUSED = {
    "no operation": (submitted(None), Status.ESME_RMISSINGOPTPARAM),
    "an operation of two octets": (submitted(b"\0\2"), Status.ESME_RINVPARLEN),
    "an operation of the other side": (submitted(b"\x12"), Status.ESME_RINVOPTPARAMVAL),
    "a reserved operation": (submitted(b"\x05"), Status.ESME_RINVOPTPARAMVAL),
    "a session of one octet": (submitted(b"\2", b"\x2a"), Status.ESME_RINVPARLEN),
    "a name as msisdn": (submitted(b"\2", to="anna"), Status.ESME_RINVDSTADR),
}


@pytest.mark.parametrize(("pdu", "status"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_read_is_refused_with_its_status(pdu, status):
    with pytest.raises(PduError) as refusal:
        read_from_esme(STANDARD, pdu)
    assert refusal.value.status is status


def test_a_dialled_string_too_long_for_an_address_goes_as_text():
    dialect = DIALECTS["vumi"]
    dialled = b"*500*1234567890123456#"
    pdu = write(dialect, unit(BEGIN, octets=dialled, session=0x2A00))
    assert (pdu.destination_addr, pdu.short_message) == ("500", dialled)
    assert read_from_smsc(dialect, pdu).octets == dialled


MARKED = {
    # service_type, has ussd_service_op: known by either, by the parameter, by service_type
    ("USSD", True): (True, True, True),
    ("USSD", False): (True, False, True),
    ("", True): (True, True, False),
    ("CMT", False): (False, False, False),
}


@pytest.mark.parametrize(("pdu", "known"), MARKED.items(), ids=str)
def test_ussd_is_known_by_its_parameter_or_its_service_type_as_one_likes(pdu, known):
    service_type, has_op = pdu
    found = SubmitSm(service_type=service_type, tlvs=[(OP, b"\2")] if has_op else [])
    assert tuple(is_ussd(found, marker) for marker in Marker) == known


TLVS = st.lists(
    st.tuples(st.sampled_from([OP, INFO, REFERENCE, SESSION_ID, Tag.MESSAGE_PAYLOAD]), st.binary(max_size=5))
)


@given(TLVS, st.sampled_from(sorted(DIALECTS)), st.text("0123456789*#+²x", max_size=20), st.binary(max_size=9))
def test_any_message_is_a_unit_or_a_refusal_and_nothing_else(tlvs, name, address, octets):
    given = {"source_addr": address, "destination_addr": address, "short_message": octets, "tlvs": tlvs}
    for read_it, pdu in ((read_from_esme, SubmitSm(**given)), (read_from_smsc, DeliverSm(**given))):
        with suppress(PduError):
            assert isinstance(read_it(DIALECTS[name], pdu), Unit)


def test_numbers_stay_below_0x80_and_begin_again():
    assert [STANDARD.session(number) for number in (0, 126, 127)] == [1, 127, 1]
    assert [next_sequence(sequence) for sequence in (-2, 0, 0x7C, 0x7E)] == [0, 2, 0x7E, 0]


PAGE = Path(__file__).parents[2] / "docs" / "ussd-over-smpp.md"


def drawn():
    """The table of the page."""
    names = [field.name for field in fields(Dialect)]
    rows = [("dialect", *names), ("---",) * (len(names) + 1)]
    rows += [(f"`{name}`", *(cell(getattr(row, column)) for column in names)) for name, row in DIALECTS.items()]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def cell(value):
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value is None else f"{value:02X}" if isinstance(value, int) else str(value)


def test_the_page_shows_the_dialects_as_they_are():
    page = PAGE.read_text(encoding="utf-8")
    assert re.search(r"^\| dialect .*?(?=\n\n)", page, re.DOTALL | re.MULTILINE)[0] + "\n" == drawn()
