"""What is kept of the wires, and what is hidden in it."""

import asyncio

import pytest

from ussd_gateway.applications.smsc.capture import Capture, Chunk, Line, without_password, without_text
from ussd_gateway.smpp.commands import BindTransmitter, EnquireLink, SubmitSm
from ussd_gateway.smpp.pdu import decode

LINE = Line(1, ("127.0.0.1", 40000), ("127.0.0.1", 2775))


def test_the_oldest_go_when_the_memory_is_used_up():
    capture = Capture(1000)
    for number in range(10):
        capture.add(Chunk(float(number), LINE, False, b"x" * 100))
    assert [chunk.at for chunk in capture.since(0)] == [7.0, 8.0, 9.0]
    assert [chunk.at for chunk in capture.since(9)] == [9.0]
    capture.clear()
    assert not list(capture.since(0))


def test_a_password_is_hidden_wherever_it_stands_in_the_stream():
    bind = BindTransmitter(sequence_number=0x100, system_id="test", password="secret", system_type="x")
    hidden = without_password(EnquireLink(sequence_number=1).encode() + bind.encode() + b"rest")
    assert b"secret" not in hidden
    assert decode(hidden[16:-4]) == BindTransmitter(
        sequence_number=0x100, system_id="test", password="******", system_type="x"
    )
    assert hidden[-4:] == b"rest"


TEXTS = {
    "GSM 7-bit": (SubmitSm(short_message=b"Parol: Ab3dE9xZ."), SubmitSm(short_message=b"*" * 16)),
    "UCS-2": (
        SubmitSm(data_coding=8, short_message="Да".encode("utf-16-be")),
        SubmitSm(data_coding=8, short_message="**".encode("utf-16-be")),
    ),
    "behind a header": (
        SubmitSm(esm_class=0x40, short_message=b"\x05\x00\x03\x01\x02\x01Ab"),
        SubmitSm(esm_class=0x40, short_message=b"\x05\x00\x03\x01\x02\x01**"),
    ),
    "message_payload": (SubmitSm(tlvs=((0x0424, b"Ab"),)), SubmitSm(tlvs=((0x0424, b"**"),))),
    "nothing to hide": (EnquireLink(sequence_number=7), EnquireLink(sequence_number=7)),
}


@pytest.mark.parametrize(("pdu", "shown"), TEXTS.values(), ids=TEXTS)
def test_a_text_is_hidden_and_the_pdu_stays_whole(pdu, shown):
    assert decode(without_text(pdu.encode())) == shown


async def test_both_directions_are_kept_and_the_password_is_not(site):
    site.handset()
    esme = await site.bound()
    assert (await esme.ask(SubmitSm(sequence_number=2, destination_addr="70001000001"))).command_status == 0
    chunks = list(site.capture.since(0))
    assert [chunk.to_esme for chunk in chunks] == [False, True, False, True]
    assert decode(chunks[0].octets).password == "****"
    assert decode(chunks[2].octets).destination_addr == "70001000001"
    assert {chunk.line.smsc[1] for chunk in chunks} == {site.address[1]}


async def test_who_watches_is_told_of_each_pdu(site):
    seen = []
    site.capture.watchers.append(
        lambda line, system_id, to_esme, octets: seen.append((system_id, to_esme, decode(octets).command))
    )
    esme = await site.bound()
    await esme.ask(EnquireLink(sequence_number=2))
    assert seen == [
        ("", False, "bind_transceiver"),
        ("test", True, "bind_transceiver_resp"),
        ("test", False, "enquire_link"),
        ("test", True, "enquire_link_resp"),
    ]


BINDS = {
    "as it should be": BindTransmitter(system_id="test", password="secret").encode(),
    "with a command_status": BindTransmitter(system_id="test", password="secret", command_status=8).encode(),
    "with a system_id that is too long": BindTransmitter(password="secret")
    .encode()
    .replace(b"\0secret", b"x" * 40 + b"\0secret"),
}


@pytest.mark.parametrize("bind", BINDS.values(), ids=BINDS)
async def test_a_password_that_comes_in_pieces_is_hidden_in_each(site, bind):
    bind = len(bind).to_bytes(4) + bind[4:]
    esme = await site.connect()
    for octet in bind:
        await esme.send(bytes((octet,)))
        for _ in range(5):
            await asyncio.sleep(0)
    await esme.receive()
    seen = [chunk.octets for chunk in site.capture.since(0) if not chunk.to_esme]
    assert len(seen) > 5
    assert b"".join(seen) == bind.replace(b"secret", b"******")


async def test_a_password_is_hidden_also_of_who_is_bound_already(site):
    esme = await site.bound()
    await esme.bind(password="secret")
    assert b"secret" not in b"".join(chunk.octets for chunk in site.capture.since(0))


def test_of_what_cannot_be_parsed_no_text_is_shown():
    twice = SubmitSm(short_message=b"Parol: Ab3dE9xZ.").encode() * 2
    assert b"Ab3dE9xZ" not in without_text(twice)
    assert len(without_text(twice)) == len(twice)
