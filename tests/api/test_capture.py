"""GET /api/v1/capture.pcap."""

import asyncio
import struct
import time

import aiohttp

from ussd_gateway.smpp.commands import BindTransmitter, EnquireLink
from ussd_gateway.smpp.pdu import decode


async def speak(gateway):
    """One short SMPP session."""
    reader, writer = await asyncio.open_connection(*gateway.smpp_address)
    for pdu in (BindTransmitter(sequence_number=1, system_id="test", password="test"), EnquireLink(sequence_number=2)):
        writer.write(pdu.encode())
        await reader.read(1000)
    writer.close()
    return writer.get_extra_info("sockname")[1]


async def fetch(gateway, query=""):
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{gateway.http_url}/api/v1/capture.pcap{query}") as response,
    ):
        return response.status, response.content_type, await response.read()


def packets(file):
    place = 24
    while place < len(file):
        length = struct.unpack_from("<I", file, place + 8)[0]
        yield file[place + 16 : place + 16 + length]
        place += 16 + length


async def test_a_session_can_be_read_packet_by_packet(operator_on_sockets):
    port = await speak(operator_on_sockets)
    status, kind, file = await fetch(operator_on_sockets)
    assert (status, kind) == (200, "application/vnd.tcpdump.pcap")
    own = [packet for packet in packets(file) if port in struct.unpack_from(">HH", packet, 20)]
    assert [decode(packet[40:]).command for packet in own] == [
        "bind_transmitter",
        "bind_transmitter_resp",
        "enquire_link",
        "enquire_link_resp",
    ]


async def test_since_a_moment_only_what_came_later(operator_on_sockets):
    await speak(operator_on_sockets)
    _, _, file = await fetch(operator_on_sockets, f"?since={time.time() + 1}")
    assert not list(packets(file))


async def test_a_moment_that_is_none_is_told(operator_on_sockets):
    status, kind, body = await fetch(operator_on_sockets, "?since=yesterday")
    assert (status, kind) == (400, "application/problem+json")
    assert b"yesterday" in body


async def test_r178_no_password_of_selfcare_is_in_a_capture(operator_on_sockets):
    anna = operator_on_sockets.handset("70001000001")
    await anna.dial("*111*25#")
    password = (await anna.receive(match=r"Пароль: (\S+)\.")).groups[0]
    _, _, file = await fetch(operator_on_sockets)
    for encoding in ("ascii", "utf-16-be"):
        assert password.encode(encoding) not in file
