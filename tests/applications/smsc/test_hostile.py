"""What a broken or hostile peer sends, row by row: the answer it gets, and that nobody else is the worse for it.

All rows meet one server. After each a well-behaved ESME binds, submits and gets its answer, and the gateway keeps nothing more
than before. The rows about truncation, over-long strings and wrong states are made from the catalogue of PDUs: a new command has
its rows by being there.
"""

import asyncio
import contextlib
import gc
import random
import socket
import struct
import sys
from dataclasses import dataclass

import pytest
import pytest_asyncio

from tests.applications.smsc.conftest import Esme, Site
from ussd_gateway.smpp.commands import (
    BindReceiver,
    BindTransceiver,
    BindTransmitter,
    DeliverSm,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    SubmitSm,
    Unbind,
)
from ussd_gateway.smpp.connection import LONGEST_PDU
from ussd_gateway.smpp.fields import CString, OctetString
from ussd_gateway.smpp.pdu import HEADER, PDUS, RESPONSE, Pdu
from ussd_gateway.smpp.status import Status
from ussd_gateway.smpp.tlv import Tag

ANNA = "70001000001"
SENTINEL = 0x7ABBCCDD  # the sequence_number of the question whether the connection still understands
PATIENCE = 10.0
DAYS = 86_400.0

LIVES, CLOSES, WAITS = "lives", "closes", "waits"
OPEN, TX, RX, TRX = None, BindTransmitter, BindReceiver, BindTransceiver
ANY = frozenset(range(0x500))  # a status that the rows leave open
REFUSED = ANY - {Status.ESME_ROK}
CONNECTS = 5_000


@dataclass(frozen=True)
class Row:
    """One conversation.

    octets   what is sent, at once or in the pieces given
    answers  for each response its command and the command_status, or the set of those that will do; in order
    then     what becomes of the connection: it lives, the SMSC closes it, or the SMSC waits for the rest of a PDU
    mode     the bind before, if any
    """

    octets: bytes | tuple[bytes, ...]
    answers: tuple[tuple[str, int | frozenset[int]], ...] = ()
    then: str = LIVES
    mode: type[Pdu] | None = TRX


# Octets ----------------------------------------------------------------------------------------------------------------


def submit(sequence_number=2, **given):
    values = {"source_addr": "shop", "destination_addr": ANNA, "short_message": b"Hi"} | given
    return SubmitSm(sequence_number=sequence_number, **values).encode()


def framed(command_id, body=b"", sequence_number=7, status=0):
    """A PDU whose length is right, whatever its body is."""
    return HEADER.pack(HEADER.size + len(body), command_id, status, sequence_number) + body


def length_says(length, octets):
    return length.to_bytes(4) + octets[4:]


def submitted(short_message=b"Hi", sm_length=None, tail=b"", **given):
    """A submit_sm whose sm_length says what it likes."""
    values = {"source_addr": "shop", "destination_addr": ANNA} | given
    pdu = SubmitSm(sequence_number=7, **values).encode()[HEADER.size : -1]
    length = len(short_message) if sm_length is None else sm_length
    return framed(SubmitSm.command_id, pdu + bytes((length,)) + short_message + tail)


def tlv(tag, value, length=None):
    return struct.pack(">HH", tag, len(value) if length is None else length) + value


REQUESTS = {command_id: cls for command_id, cls in PDUS.items() if not command_id & RESPONSE}


def answer_to(cls):
    """The command that answers a request, also one that nobody can read."""
    response = PDUS.get(cls.command_id | RESPONSE, GenericNack)
    return response.command


def example(cls):
    """A request of the catalogue with its strings filled, and where each field of its body begins and ends."""
    given = {row.name: "7" * (row.size - 1) for row in cls.layout if isinstance(row, CString)}
    given |= {row.name: b"seven" for row in cls.layout if isinstance(row, OctetString)}
    body = cls(**given).encode()[HEADER.size :]
    places, position = [], 0
    for row in cls.layout:
        end = row.explain(body, position)
        places.append((row, position, end))
        position = end
    return body, places


# Rows from the catalogue -----------------------------------------------------------------------------------------------


def truncated():
    """Every request, cut at the beginning of each field and in the middle of it."""
    for command_id, cls in REQUESTS.items():
        body, places = example(cls)
        for row, begin, end in places:
            for cut in sorted({begin, (begin + end) // 2, end - 1}):
                name = f"{cls.command} ends {cut - begin} of {end - begin} octets into {row.name}"
                yield name, Row(framed(command_id, body[:cut]), ((answer_to(cls), REFUSED),))


def over_long():
    """Every request, with each C-octet string one octet and many octets too long, and with no NUL at its end."""
    for command_id, cls in REQUESTS.items():
        body, places = example(cls)
        for row, _, end in places:
            if not isinstance(row, CString):
                continue
            for more in (1, 500):
                octets = framed(command_id, body[: end - 1] + b"7" * more + body[end - 1 :])
                yield (
                    f"{cls.command} with {row.name} {more} octets too long",
                    Row(octets, ((answer_to(cls), row.status),)),
                )
            octets = framed(command_id, body[: end - 1])
            yield (
                f"{cls.command} without the NUL of {row.name}",
                Row(octets, ((answer_to(cls), Status.ESME_RINVCMDLEN),)),
            )


def with_bad_tlvs():
    """Every request, with optional parameters that end too early."""
    for command_id, cls in REQUESTS.items():
        body, _ = example(cls)
        for name, tail in (
            ("one octet where a TLV should be", b"\x02"),
            ("three octets where a TLV should be", b"\x02\x04\x00"),
            ("a TLV length past the end", tlv(0x0204, b"\0", 2)),
            ("a TLV length of 65535", tlv(0x0424, b"Hi", 0xFFFF)),
            ("a good TLV before a bad one", tlv(0x0204, b"\0\1") + tlv(0x020C, b"", 9)),
        ):
            yield f"{cls.command} with {name}", Row(framed(command_id, body + tail), ((answer_to(cls), REFUSED),))


ALWAYS_ANSWERED = {EnquireLink.command_id}
BINDS = {mode.command_id for mode in (TX, RX, TRX)}


def in_wrong_states():
    """Every request where table 2-1 does not let an ESME send it."""
    for command_id, cls in REQUESTS.items():
        body, _ = example(cls)
        octets = framed(command_id, body)
        for word, mode in (("an open", OPEN), ("a transmitter's", TX), ("a receiver's", RX), ("a transceiver's", TRX)):
            name = f"{cls.command} on {word} connection"
            if command_id in BINDS and mode:
                yield name, Row(octets, ((answer_to(cls), Status.ESME_RALYBND),), mode=mode)
            elif mode is OPEN and command_id not in BINDS | ALWAYS_ANSWERED:
                yield name, Row(octets, ((answer_to(cls), REFUSED),), mode=mode)
            elif cls is DeliverSm or (cls is SubmitSm and mode is RX):
                yield name, Row(octets, ((answer_to(cls), Status.ESME_RINVBNDSTS),), mode=mode)


def unasked():
    """Every response, although nothing was asked: no word is said about it."""
    for command_id, cls in PDUS.items():
        if command_id & RESPONSE:
            body = cls().encode()[HEADER.size :]
            for word, mode in (("open", OPEN), ("bound", TRX)):
                for status in (0, 8, 0xFFFFFFFF):
                    yield (
                        f"{cls.command} with status {status:#x} out of nowhere, {word}",
                        Row(framed(command_id, body, 1, status), mode=mode),
                    )
            yield f"{cls.command} with garbage as its body", Row(framed(command_id, b"\xff" * 99, 1))


# Rows by hand ----------------------------------------------------------------------------------------------------------

LOST = (("generic_nack", Status.ESME_RINVCMDLEN),)
TAKEN = (("submit_sm_resp", Status.ESME_ROK),)
ANSWERED = (("submit_sm_resp", ANY),)


def refused(status):
    return (("submit_sm_resp", status),)


def lost(octets):
    return Row(octets, LOST, CLOSES)


def sar(reference=b"\0\1", total=b"\2", sequence=b"\1"):
    return tlv(Tag.SAR_MSG_REF_NUM, reference) + tlv(Tag.SAR_TOTAL_SEGMENTS, total) + tlv(0x020F, sequence)


def with_header(*octets, more=b"Hi"):
    """A submit_sm whose text begins with this user data header."""
    return submitted(bytes(octets) + more, esm_class=0x40)


OTHER_PROTOCOLS = {
    "an HTTP request": b"GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: curl/8\r\n\r\n",
    "an HTTP POST": b"POST /api/v1/x HTTP/1.1\r\nContent-Length: 100000\r\n\r\n" + b"x" * 1000,
    "HTTP/2 with prior knowledge": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9),
    "a TLS client hello": bytes.fromhex("160301020001 0001fc0303") + bytes(range(256)) * 2,
    "an old SSL hello": bytes.fromhex("802e010002001500000010"),
    "an SSH banner": b"SSH-2.0-OpenSSH_9.2\r\n",
    "an SMTP greeting": b"EHLO localhost\r\n",
    "a Telnet negotiation": b"\xff\xfd\x18\xff\xfd\x20\xff\xfd\x23\xff\xfd\x27",
    "a PROXY header": b"PROXY TCP4 192.0.2.1 192.0.2.2 40000 2775\r\n",
    "a PROXY header of version 2": b"\r\n\r\n\0\r\nQUIT\n" + bytes(16),
    "a Redis command": b"*1\r\n$4\r\nPING\r\n",
    "empty lines": b"\r\n\r\n\r\n\r\n",
    "a UCP message": b"\x0201/00050/O/30/66677789///1//////68656C6C6F/CE\x03",
    "a Diameter request": bytes.fromhex("010000c8 80000101 00000000 00000000 00000000"),
    "an AT command": b"AT+CMGS=17\r",
    "SMPP with the octets of each word turned round": bytes.fromhex("21000000 09000000 00000000 01000000"),
    "zeros": bytes(1000),
    "ones": b"\xff" * 1000,
}

LENGTHS = (0, 1, 4, 8, 15, LONGEST_PDU + 1, 1 << 24, (1 << 31) - 1, 1 << 31, (1 << 32) - 1)

HEADERS = {  # of a user text: length of the header, then elements
    "of no length": with_header(0),
    "longer than the text": with_header(200, 0, 3, 1, 2, 1),
    "of 255 octets": submitted(b"\xff" * 254, esm_class=0x40),
    "alone": with_header(5, 0, 3, 1, 2, 1, more=b""),
    "with an element past its end": with_header(5, 0, 99, 1, 2, 1),
    "with a half element": with_header(1, 0),
    "with many elements": submitted(bytes((140,)) + b"\x70\0" * 70, esm_class=0x40),
    "with a header in its header": with_header(10, 0x24, 8, 5, 0, 3, 1, 2, 1, 0, 3),
    "with part 0 of 2": with_header(5, 0, 3, 1, 2, 0),
    "with part 3 of 2": with_header(5, 0, 3, 1, 2, 3),
    "with part 1 of 0": with_header(5, 0, 3, 1, 0, 1),
    "with part 255 of 255": with_header(5, 0, 3, 1, 255, 255),
    "with two places among parts": with_header(11, 0, 3, 1, 2, 1, 8, 4, 0, 1, 3, 2),
    "where nothing is": submitted(b"", esm_class=0x40),
}

SARS = {
    "alone": (tlv(Tag.SAR_MSG_REF_NUM, b"\0\1"), Status.ESME_RMISSINGOPTPARAM),
    "without a number": (
        tlv(Tag.SAR_TOTAL_SEGMENTS, b"\2") + tlv(Tag.SAR_SEGMENT_SEQNUM, b"\1"),
        Status.ESME_RMISSINGOPTPARAM,
    ),
    "with part 0": (sar(sequence=b"\0"), REFUSED),
    "with part 3 of 2": (sar(sequence=b"\3"), REFUSED),
    "with no parts": (sar(total=b"\0"), REFUSED),
    "of a long total": (sar(total=b"\0\2"), REFUSED),
    "of a short reference": (sar(reference=b"\1"), REFUSED),
    "of empty values": (sar(b"", b"", b""), REFUSED),
    "twice": (sar() + sar(), ANY),
}

SEQUENCE_NUMBERS = (0, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)

BY_HAND = {
    **{f"{name} on the SMPP port": lost(octets) for name, octets in OTHER_PROTOCOLS.items()},
    **{f"{name} before a bind": Row(octets, LOST, CLOSES, OPEN) for name, octets in OTHER_PROTOCOLS.items()},
    **{f"command_length {length}": lost(length_says(length, submit())) for length in LENGTHS},
    **{
        f"command_length {length} behind a good PDU": Row(submit() + length.to_bytes(4), TAKEN + LOST, CLOSES)
        for length in LENGTHS
    },
    "command_length alone": Row(b"\0\0\0\x10", (), WAITS),
    "one octet": Row(b"\0", (), WAITS),
    "a header without its last octet": Row(EnquireLink().encode()[:-1], (), WAITS),
    "a PDU without its last octet": Row(submit()[:-1], (), WAITS),
    "command_length one too long": Row(length_says(len(submit()) + 1, submit()), (), WAITS),
    "the longest command_length and nothing behind it": Row(length_says(LONGEST_PDU, submit()), (), WAITS),
    "a command_length that takes the next PDU in": Row(
        length_says(len(submit()) + 16, submit()) + EnquireLink(sequence_number=9).encode(), ANSWERED
    ),
    "command_length 16 of a submit_sm, and its body as the next PDU": Row(
        length_says(16, submit()), refused(REFUSED), WAITS
    ),
    **{
        f"sequence_number {number:#x}": Row(
            submit(number) + EnquireLink(sequence_number=number).encode(),
            (("submit_sm_resp", ANY), ("enquire_link_resp", ANY)),
        )
        for number in SEQUENCE_NUMBERS
    },
    "the same sequence_number 100 times": Row(submit(2) * 100, TAKEN * 100),
    "a request with a command_status": Row(framed(SubmitSm.command_id, submit()[16:], 7, 0xFFFFFFFF), ANSWERED),
    "an unknown command": Row(framed(0x0BAD), (("generic_nack", Status.ESME_RINVCMDID),)),
    "an unknown command before a bind": Row(framed(0x0BAD), (("generic_nack", Status.ESME_RINVCMDID),), mode=OPEN),
    "an unknown command with a body": Row(framed(0x00010200, b"x" * 999), (("generic_nack", Status.ESME_RINVCMDID),)),
    "command_id 0": Row(framed(0), (("generic_nack", Status.ESME_RINVCMDID),)),
    "command_id 0x7FFFFFFF": Row(framed(0x7FFFFFFF), (("generic_nack", Status.ESME_RINVCMDID),)),
    "an unknown response": Row(framed(0xFFFFFFFF)),
    "an unknown response with a body": Row(framed(0x80000BAD, bytes(50))),
    "1,000 unknown commands": Row(framed(0x0BAD) * 1000, (("generic_nack", Status.ESME_RINVCMDID),) * 1000),
    "1,000 generic_nacks": Row(GenericNack(sequence_number=1, command_status=3).encode() * 1000),
    "1,000 enquire_links": Row(EnquireLink(sequence_number=3).encode() * 1000, (("enquire_link_resp", 0),) * 1000),
    "enquire_link with a body": Row(framed(EnquireLink.command_id, b"Are you there?"), (("enquire_link_resp", ANY),)),
    "unbind with a body": Row(framed(Unbind.command_id, b"\xff" * 9), (("unbind_resp", REFUSED),)),
    "unbind twice": Row(Unbind(sequence_number=7).encode() * 2, (("unbind_resp", 0), ("unbind_resp", REFUSED)), CLOSES),
    "submit_sm behind an unbind": Row(
        Unbind(sequence_number=7).encode() + submit(), (("unbind_resp", 0), *refused(Status.ESME_RINVBNDSTS)), CLOSES
    ),
    "an unbind in the middle of a batch": Row(
        submit() * 50 + Unbind(sequence_number=7).encode() + submit() * 50,
        (*TAKEN * 50, ("unbind_resp", 0), *refused(Status.ESME_RINVBNDSTS) * 50),
        CLOSES,
    ),
    "a bind behind an unbind": Row(
        Unbind(sequence_number=7).encode() + TRX(sequence_number=8, system_id="test", password="test").encode(),
        (("unbind_resp", 0), ("bind_transceiver_resp", REFUSED)),
        CLOSES,
    ),
    "three binds at once": Row(
        b"".join(mode(sequence_number=7, system_id="test", password="test").encode() for mode in (TX, RX, TRX)),
        (
            ("bind_transmitter_resp", 0),
            ("bind_receiver_resp", Status.ESME_RALYBND),
            ("bind_transceiver_resp", Status.ESME_RALYBND),
        ),
        mode=OPEN,
    ),
    "100 binds with a wrong password": Row(
        TRX(sequence_number=7, system_id="test", password="wrong").encode() * 100,
        (("bind_transceiver_resp", Status.ESME_RINVPASWD),) * 100,
        mode=OPEN,
    ),
    "a bind of all octets but NUL": Row(
        framed(TRX.command_id, bytes(range(1, 16)) + b"\0" + bytes(range(200, 208)) + b"\0\0\x34\0\0\0"),
        (("bind_transceiver_resp", Status.ESME_RINVSYSID),),
        mode=OPEN,
    ),
    "a bind with octets behind it": Row(
        TRX(sequence_number=7, system_id="test", password="test").encode() + b"\0" * 3 + b"\1",
        (("bind_transceiver_resp", 0), *LOST),
        CLOSES,
        OPEN,
    ),
    "a bind with every TLV": Row(
        framed(TRX.command_id, b"test\0test\0\0\x34\0\0\0" + b"".join(tlv(tag, b"x") for tag in range(0, 0x1500, 7))),
        (("bind_transceiver_resp", ANY),),
        mode=OPEN,
    ),
    "sm_length 0": Row(submitted(b""), ANSWERED),
    "sm_length 0 with text behind it": Row(submitted(b"Hello", sm_length=0), refused(REFUSED)),
    "sm_length one too many": Row(submitted(b"Hi", sm_length=3), refused(Status.ESME_RINVMSGLEN)),
    "sm_length one too few": Row(submitted(b"Hi", sm_length=1), refused(REFUSED)),
    "sm_length 254": Row(submitted(b"x" * 254), ANSWERED),
    "sm_length 255": Row(submitted(b"x" * 255), refused(Status.ESME_RINVMSGLEN)),
    "sm_length 255 and nothing behind it": Row(submitted(b"", sm_length=255), refused(Status.ESME_RINVMSGLEN)),
    "a payload of 65,535 octets": Row(submitted(b"", tail=tlv(Tag.MESSAGE_PAYLOAD, b"x" * 65535)), ANSWERED),
    "an empty payload": Row(submitted(b"", tail=tlv(Tag.MESSAGE_PAYLOAD, b"")), ANSWERED),
    "two payloads": Row(submitted(b"", tail=tlv(0x0424, b"one") + tlv(0x0424, b"two")), ANSWERED),
    "a payload and a text": Row(submitted(tail=tlv(0x0424, b"Hi")), refused(REFUSED)),
    "a payload with a header longer than itself": Row(
        submitted(b"", tail=tlv(0x0424, b"\xff\0\3"), esm_class=0x40), ANSWERED
    ),
    "10,000 TLVs": Row(submitted(tail=tlv(0x1400, b"") * 10_000), ANSWERED),
    "every tag": Row(submitted(tail=b"".join(tlv(tag, b"") for tag in range(0x600, 0x1500))), ANSWERED),
    "the receipt's TLVs in a submit_sm": Row(
        submitted(tail=tlv(0x001E, b"no such message\0") + tlv(0x0427, b"\xff")), ANSWERED
    ),
    "text without its NUL in TLVs": Row(submitted(tail=tlv(0x001E, b"7" * 500) + tlv(0x0381, b"\xff" * 99)), ANSWERED),
    **{f"a header {name}": Row(octets, ANSWERED) for name, octets in HEADERS.items()},
    **{f"SAR {name}": Row(submitted(tail=tail), refused(status)) for name, (tail, status) in SARS.items()},
    "SAR and a header": Row(submitted(b"\5\0\3\1\2\1Hi", esm_class=0x40, tail=sar(sequence=b"\2")), ANSWERED),
    "parts of one message that never end": Row(
        b"".join(submitted(bytes((5, 0, 3, number, 255, 1)) + b"x", esm_class=0x40) for number in range(256)),
        ANSWERED * 256,
    ),
    "all data_codings": Row(b"".join(submit(data_coding=number) for number in range(256)), ANSWERED * 256),
    "all data_codings of an odd number of octets": Row(
        b"".join(submit(data_coding=number, short_message=b"\xd8\x3d\xff") for number in range(256)), ANSWERED * 256
    ),
    "all esm_classes": Row(b"".join(submit(esm_class=number) for number in range(256)), ANSWERED * 256),
    "all protocol_ids": Row(b"".join(submit(protocol_id=number) for number in range(256)), ANSWERED * 256),
    "all registered_deliveries": Row(
        b"".join(submit(registered_delivery=number) for number in range(256)), ANSWERED * 256
    ),
    "all priorities": Row(b"".join(submit(priority_flag=number) for number in range(256)), ANSWERED * 256),
    "all kinds of numbers": Row(
        b"".join(
            submit(source_addr_ton=number, source_addr_npi=255 - number, dest_addr_ton=number, dest_addr_npi=number)
            for number in range(256)
        ),
        ANSWERED * 256,
    ),
    "all default messages": Row(b"".join(submit(sm_default_msg_id=number) for number in range(1, 256)), ANSWERED * 255),
    "all flags of replacement": Row(
        b"".join(submit(replace_if_present_flag=number) for number in range(2, 256)), ANSWERED * 254
    ),
    "a text of all octets": Row(submit(short_message=bytes(range(254))), ANSWERED),
    "a GSM text that ends with an escape": Row(submit(short_message=b"Hi\x1b"), ANSWERED),
    "half a surrogate": Row(submit(short_message=b"\xd8\x00", data_coding=8), ANSWERED),
    "a sender of control characters": Row(submit(source_addr="\x01\x02\x1b[2J\x7f\xff"), ANSWERED),
    "a sender of a quotation mark": Row(submit(source_addr="';DROP TABLE x--"), ANSWERED),
    "no sender": Row(submit(source_addr=""), ANSWERED),
    "a destination of pluses": Row(submit(destination_addr="+++"), refused(Status.ESME_RINVDSTADR)),
    "a plus alone": Row(submit(destination_addr="+"), refused(Status.ESME_RINVDSTADR)),
    "a destination of superscripts": Row(submit(destination_addr="\xb2\xb3\xb9"), refused(Status.ESME_RINVDSTADR)),
    "a USSD code as destination": Row(submit(destination_addr="*111#"), refused(REFUSED)),
    "day 99 of month 99": Row(submit(validity_period="999999999999999+"), refused(Status.ESME_RINVEXPIRY)),
    "a validity of 99 years": Row(submit(validity_period="991231235959000R"), ANSWERED),
    "a validity that is no text": Row(submit(validity_period="\xff" * 16), refused(Status.ESME_RINVEXPIRY)),
    "a validity that is too short": Row(submit(validity_period="0001"), refused(Status.ESME_RINVEXPIRY)),
    "a schedule of signs": Row(submit(schedule_delivery_time="----------------"), refused(Status.ESME_RINVSCHED)),
    "a service_type of octets": Row(submit(service_type="\xff\xfe\xfd"), ANSWERED),
    "octet by octet": Row(tuple(bytes((octet,)) for octet in submit() * 3), TAKEN * 3),
    "octet by octet before the bind": Row(
        tuple(bytes((octet,)) for octet in EnquireLink(sequence_number=3).encode() * 5),
        (("enquire_link_resp", 0),) * 5,
        mode=OPEN,
    ),
    "in pieces that end within the length": Row((submit()[:3], submit()[3:] + submit()[:1], submit()[1:]), TAKEN * 2),
    "octet by octet into nonsense": Row(tuple(bytes((octet,)) for octet in b"GET "), LOST, CLOSES),
    "10,000 submit_sm at once": Row(submit() * 10_000, TAKEN * 10_000),
    "bad and good ones in turn": Row(
        (submit() + submitted(b"Hi", sm_length=9) + framed(0x0BAD)) * 300,
        (*TAKEN, *refused(Status.ESME_RINVMSGLEN), ("generic_nack", Status.ESME_RINVCMDID)) * 300,
    ),
}

ROWS = {
    **BY_HAND,
    **dict(truncated()),
    **dict(over_long()),
    **dict(with_bad_tlvs()),
    **dict(in_wrong_states()),
    **dict(unasked()),
}


def test_the_table_is_as_long_as_it_says():
    assert len(BY_HAND) >= 80
    assert len(ROWS) >= 250
    assert all(any(name.startswith(cls.command) for name in ROWS) for cls in PDUS.values())


# The server that meets them all ----------------------------------------------------------------------------------------


class Target(Site):
    """The one server, and what it keeps."""

    async def __aenter__(self):
        await super().__aenter__()
        self.anna = self.handset(ANNA)
        self.asked = 0
        return self

    def kept(self):
        """What grows when something is forgotten: connections, waiting and unanswered messages, rooms, work to do."""
        parties = list(self.gateway.directory.parties())
        return {
            "connections": len(self.smsc.connections),
            "parties": len(parties),
            "waiting": sum(len(party.waiting) for party in parties),
            "unanswered": sum(connection.unanswered for connection in self.smsc.connections),
            "bound": [party.name for party in parties if party.confirms and party.attached],
            "room": sum(party.room for party in parties if party.confirms),
            "tasks": len(self.gateway._tasks),
            "to do after the commit": len(self.gateway._after_commit),
        }

    def on_its_way(self):
        """How many messages an ESME that reads has still to take."""
        unanswered = (connection.unanswered for connection in self.smsc.connections if connection._writable)
        return self.kept()["waiting"] + sum(unanswered)

    async def back_to(self, before):
        """Returns when nothing more is kept than before; the connections that have gone may still be closing."""
        async with asyncio.timeout(PATIENCE):
            while self.kept() != before:  # noqa: ASYNC110 - nobody tells when a socket has gone
                await asyncio.sleep(0)

    async def meets(self, row):
        """Plays the row."""
        esme = await Talk.open(self.address)
        try:
            if row.mode:
                await esme.bind_as(row.mode)
            await esme.plays(row)
        finally:
            await esme.gone()

    async def answers_a_well_behaved_esme(self):
        """Another ESME binds, submits and gets its answer, takes what waits for it, and leaves."""
        self.asked += 1
        text = f"All is well, {self.asked}"
        esme = await Talk.open(self.address)
        try:
            await esme.bind_as(TRX)
            esme.write(submit(5, source_addr="good", short_message=text.encode()))
            assert (await esme.response()).command == "submit_sm_resp"
            assert await esme.understands()
            while self.on_its_way():
                assert await esme.understands()
            assert text in [sms.text for sms in self.anna.received(sender="good")]
            esme.write(Unbind(sequence_number=6).encode())
            assert (await esme.response()).command == "unbind_resp"
            assert await esme.response() is None
        finally:
            await esme.gone()


class Talk(Esme):
    """A connection that answers what it is asked and keeps the responses to what it said."""

    @classmethod
    async def open(cls, address):
        return cls(*await asyncio.open_connection(*address))

    async def bind_as(self, mode):
        self.write(mode(sequence_number=1, system_id="test", password="test", interface_version=0x34).encode())
        assert (await self.response()).command_status == Status.ESME_ROK

    def write(self, octets):
        self._writer.write(octets)

    async def response(self):
        """The next response; None when the SMSC has closed. What the SMSC asks is answered on the way."""
        while True:
            try:
                pdu = await self.receive()
            except ConnectionError:  # it closed while octets of ours were under way
                return None
            if pdu is None or pdu.command_id & RESPONSE:
                return pdu
            if pdu.command_id | RESPONSE in PDUS:
                self.write(pdu.reply().encode())

    async def understands(self):
        """Whether an enquire_link is the next thing that is answered."""
        self.write(EnquireLink(sequence_number=SENTINEL).encode())
        return await self.response() == EnquireLinkResp(sequence_number=SENTINEL)

    async def plays(self, row):
        pieces = (row.octets,) if isinstance(row.octets, bytes) else row.octets
        for piece in pieces:
            self.write(piece)
            for _ in range(3 if len(pieces) > 1 else 0):
                await asyncio.sleep(0)  # the SMSC reads before the next piece comes
        answers = [await self.response() for _ in row.answers]
        seen = [(pdu.command, pdu.command_status) if pdu else None for pdu in answers]
        wanted = [
            (command, found[1] if found and isinstance(status, frozenset) and found[1] in status else status)
            for (command, status), found in zip(row.answers, seen, strict=True)
        ]
        assert seen == wanted
        if row.then == LIVES:
            assert await self.understands()
        elif row.then == CLOSES:
            assert await self.response() is None

    async def gone(self):
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def target():
    async with Target() as target:
        await target.answers_a_well_behaved_esme()
        yield target


with_one_server = pytest.mark.asyncio(loop_scope="module")


@with_one_server
@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
async def test_it_gets_its_answer_and_nobody_is_the_worse_for_it(target, row):
    before = target.kept()
    await target.meets(row)
    await target.answers_a_well_behaved_esme()
    await target.back_to(before)


@with_one_server
async def test_memory_is_flat_however_often_all_of_it_comes(target):
    async def all_of_it():
        for row in ROWS.values():
            await target.meets(row)
        await target.answers_a_well_behaved_esme()
        await target.back_to(before)
        target.anna.empty()
        await target.gateway.advance(30 * DAYS)  # what waits for its time is over
        gc.collect()
        return sys.getallocatedblocks()

    await target.answers_a_well_behaved_esme()
    before = target.kept()
    await all_of_it()
    once, again = await all_of_it(), await all_of_it()
    # A connection that is forgotten is dozens of blocks, a message ten.
    assert again - once < len(ROWS)


# Peers that behave in ways which are no octets -------------------------------------------------------------------------


CROWDS = {
    "close": lambda plain: plain.close(),
    "say nonsense and reset": lambda plain: (plain.send(b"GET / HTTP/1.0\r\n\r\n"), reset(plain)),
    "reset": lambda plain: reset(plain),
    "say half a PDU and close": lambda plain: (plain.send(submit()[:20]), plain.close()),
    "bind and reset": lambda plain: (
        plain.send(TRX(sequence_number=1, system_id="test", password="test").encode()),
        reset(plain),
    ),
}


def reset(plain):
    """Closes with an RST."""
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    plain.close()


@with_one_server
@pytest.mark.parametrize("leaves", CROWDS.values(), ids=CROWDS)
async def test_5000_connects_are_let_go(target, leaves):
    before = target.kept()
    loop = asyncio.get_running_loop()
    for _ in range(CONNECTS // len(CROWDS) // 50):
        crowd = []
        for _ in range(50):
            plain = socket.socket()
            plain.setblocking(False)
            await loop.sock_connect(plain, target.address)
            crowd.append(plain)
        for plain in crowd:
            leaves(plain)
    await target.answers_a_well_behaved_esme()
    await target.back_to(before)


@with_one_server
async def test_a_crowd_that_stays_keeps_nobody_out(target):
    before = target.kept()
    crowd = [await Talk.open(target.address) for _ in range(200)]
    for esme in crowd[::2]:
        await esme.bind_as(TRX)
    await target.answers_a_well_behaved_esme()
    for esme in crowd:
        assert await esme.understands()
    for esme in crowd:
        esme.reset()
    await target.back_to(before)


@with_one_server
async def test_an_esme_that_has_gone_without_a_word_is_let_go_when_its_time_is_up(target):
    before = target.kept()
    plain = await Talk.open(target.address)
    bound = await Talk.open(target.address)
    await bound.bind_as(TRX)
    now = target.smsc.real_time()
    for later in (31, 62):
        for connection in list(target.smsc.connections):
            connection.check(now + later)
    await target.back_to(before)
    await target.answers_a_well_behaved_esme()
    for esme in (plain, bound):
        await esme.gone()


@with_one_server
async def test_an_esme_that_never_reads_is_not_read_for_ever(target):
    """What it is owed stays within bounds, and is forgotten with it."""
    before = target.kept()
    deaf = await Talk.open(target.address)
    await deaf.bind_as(TRX)
    (connection,) = target.smsc.connections
    for transport, buffer in ((deaf._writer.transport, socket.SO_RCVBUF), (connection._transport, socket.SO_SNDBUF)):
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, buffer, 4096)
    deaf._reader._transport.pause_reading()
    deaf.write(submit(registered_delivery=1) * 1000)
    while connection.room or deaf._writer.transport.get_write_buffer_size() < 1_000_000:
        deaf.write(submit() * 1000)
        await asyncio.sleep(0)
    assert connection._transport.get_write_buffer_size() < 1_000_000
    await target.answers_a_well_behaved_esme()
    deaf.reset()
    await target.answers_a_well_behaved_esme()
    await target.back_to(before)


@with_one_server
async def test_10000_submits_and_a_reset(target):
    before = target.kept()
    esme = await Talk.open(target.address)
    await esme.bind_as(TRX)
    esme.write(submit(registered_delivery=1) * 10_000)
    await esme._writer.drain()
    esme.reset()
    await target.answers_a_well_behaved_esme()
    await target.back_to(before)


@with_one_server
async def test_an_esme_that_closes_its_half_gets_its_answers_first(target):
    before = target.kept()
    esme = await Talk.open(target.address)
    await esme.bind_as(TX)
    esme.write(submit() * 100)
    esme._writer.write_eof()
    for _ in range(100):
        assert (await esme.response()).command == "submit_sm_resp"
    assert await esme.response() is None
    await esme.gone()
    await target.back_to(before)


@with_one_server
async def test_a_slow_one_keeps_nobody_waiting(target):
    """An octet of the slow one, a whole conversation of another, and so on."""
    slow = await Talk.open(target.address)
    await slow.bind_as(TX)
    for octet in submit():
        slow.write(bytes((octet,)))
        await target.answers_a_well_behaved_esme()
    assert (await slow.response()).command == "submit_sm_resp"
    await slow.gone()


@with_one_server
@pytest.mark.parametrize("seed", range(10))
async def test_any_octets_are_answered_or_the_stream_is_lost(target, seed):
    """Random PDUs with sound lengths and random bodies, then noise: each request has one answer, then the stream is lost."""
    before = target.kept()
    chance = random.Random(seed)
    known = [*PDUS, 0x0BAD, 0x80000BAD]
    known.remove(Unbind.command_id)
    pdus = [framed(chance.choice(known), chance.randbytes(chance.randrange(80)), number) for number in range(500)]
    esme = await Talk.open(target.address)
    esme.write(b"".join(pdus) + b"\xff" * 16)
    wanted = [number for number, pdu in enumerate(pdus) if not pdu[4] & 0x80]
    seen = [(await esme.response()).sequence_number for _ in wanted]
    assert seen == wanted
    assert await esme.response() == GenericNack(command_status=Status.ESME_RINVCMDLEN)
    assert await esme.response() is None
    await esme.gone()
    await target.answers_a_well_behaved_esme()
    await target.back_to(before)
