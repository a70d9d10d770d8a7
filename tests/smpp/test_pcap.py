"""Capture files: every field that a reader of packets looks at."""

import struct

import pytest

from ussd_gateway.smpp import pcap

ESME, SMSC = ("127.0.0.1", 40000), ("127.0.0.1", 2775)


def records(chunks):
    """(moment, packet) of each record."""
    file = pcap.header() + b"".join(pcap.packets(chunks))
    assert struct.unpack_from("<IHHiIII", file) == (0xA1B2C3D4, 2, 4, 0, 0, 0x40000, 101)
    found, place = [], 24
    while place < len(file):
        seconds, micro, kept, length = struct.unpack_from("<IIII", file, place)
        assert kept == length
        found.append((seconds + micro / 1e6, file[place + 16 : place + 16 + length]))
        place += 16 + length
    return found


def test_octets_become_segments_whose_numbers_go_on_in_each_direction():
    found = records([(1.5, ESME, SMSC, b"abc"), (2.0, SMSC, ESME, b"de"), (2.25, ESME, SMSC, b"f")])
    assert [at for at, _ in found] == [1.5, 2.0, 2.25]
    headers = [struct.unpack_from(">HHII", packet, 20) for _, packet in found]
    assert headers == [(40000, 2775, 1, 1), (2775, 40000, 1, 4), (40000, 2775, 4, 3)]
    assert [packet[40:] for _, packet in found] == [b"abc", b"de", b"f"]


@pytest.mark.parametrize("octets", [b"a", b"ab", bytes(range(256))])
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_checksums_add_up(host, octets):
    for _, packet in records([(1.0, (host, 1), (host, 2), octets)]):
        start, addresses = (20, packet[12:20]) if packet[0] >> 4 == 4 else (40, packet[8:40])
        pseudo = addresses + struct.pack(">II", len(packet) - start, 6)
        assert pcap._checksum(pseudo + packet[start:]) == 0
        if start == 20:
            assert pcap._checksum(packet[:20]) == 0
            assert struct.unpack_from(">H", packet, 2) == (len(packet),)


def test_a_long_write_is_several_packets():
    found = records([(1.0, ESME, SMSC, b"x" * 70_000), (1.0, ESME, SMSC, b"y")])
    assert [len(packet) - 40 for _, packet in found] == [32768, 32768, 4464, 1]
    assert struct.unpack_from(">I", found[-1][1], 24) == (70_001,)
