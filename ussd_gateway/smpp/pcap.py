"""A capture file (libpcap) of TCP connections of which only the octets are known: Wireshark reads it unaided. Pure."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address

Address = tuple[str, int]

_GLOBAL = struct.Struct("<IHHiIII")
_RECORD = struct.Struct("<IIII")
_TCP = struct.Struct(">HHIIBBHHH")
_MAGIC_MICROSECONDS = 0xA1B2C3D4
_LINKTYPE_RAW = 101  # packets begin with their IP header
_SNAPSHOT = 0x40000

_PSH_ACK = 0x18
_TCP_SIZE = 20
_TCP_PROTOCOL = 6
_LARGEST = 32 * 1024  # octets of one packet; more than any Ethernet takes, as on a loopback


def header() -> bytes:
    """What a file begins with."""
    return _GLOBAL.pack(_MAGIC_MICROSECONDS, 2, 4, 0, 0, _SNAPSHOT, _LINKTYPE_RAW)


def packets(chunks: Iterable[tuple[float, Address, Address, bytes]]) -> Iterator[bytes]:
    """The records of chunks, each (moment in seconds since the epoch, source, destination, octets).

    Each becomes one TCP segment or more, with the sequence numbers of its direction from 1 on and right checksums.
    """
    sent: dict[tuple[Address, Address], int] = {}
    for at, source, destination, octets in chunks:
        for start in range(0, len(octets), _LARGEST):
            part = octets[start : start + _LARGEST]
            number = sent.get((source, destination), 1)
            acknowledged = sent.get((destination, source), 1)
            sent[source, destination] = (number + len(part)) & 0xFFFFFFFF
            packet = _packet(source, destination, number, acknowledged, part)
            seconds, fraction = divmod(round(at * 1_000_000), 1_000_000)
            yield _RECORD.pack(seconds, fraction, len(packet), len(packet)) + packet


def _packet(source: Address, destination: Address, number: int, acknowledged: int, octets: bytes) -> bytes:
    ends = ip_address(source[0]), ip_address(destination[0])
    addresses = ends[0].packed + ends[1].packed
    length = _TCP_SIZE + len(octets)

    def tcp(checksum: int) -> bytes:
        fields = (source[1], destination[1], number, acknowledged, _TCP_SIZE // 4 << 4, _PSH_ACK, 0xFFFF, checksum, 0)
        return _TCP.pack(*fields) + octets

    pseudo = addresses + struct.pack(">II", length, _TCP_PROTOCOL)  # 9293 section 3.1; the same sum for both versions
    return _ip(ends, addresses, length) + tcp(_checksum(pseudo + tcp(0)))


def _ip(ends: tuple[IPv4Address | IPv6Address, ...], addresses: bytes, length: int) -> bytes:
    if ends[0].version == 6:
        return struct.pack(">IHBB", 6 << 28, length, _TCP_PROTOCOL, 64) + addresses

    def ip(checksum: int) -> bytes:
        return struct.pack(">BBHHHBBH", 0x45, 0, 20 + length, 0, 0x4000, 64, _TCP_PROTOCOL, checksum) + addresses

    return ip(_checksum(ip(0)))


def _checksum(octets: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    if len(octets) % 2:
        octets += b"\0"
    total: int = sum(struct.unpack(f">{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
