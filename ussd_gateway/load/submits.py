"""Prebuilt submit_sm in one block of memory: to send some is to write their sequence_numbers into it. No I/O."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ussd_gateway.smpp.commands import SubmitSm

MOST = 1024  # how many one `take` gives
_SEQUENCE_NUMBER = 12  # where it stands in the header (3.2)
_MOST_NUMBERS = 1_000_000


@dataclass(frozen=True, slots=True)
class Numbers:
    """The handsets that receive: `count` numbers from `first` on, all with as many digits."""

    first: str
    count: int = 1

    def __iter__(self) -> Iterator[str]:
        width = len(self.first)
        return (f"{number:0{width}}" for number in range(int(self.first), int(self.first) + self.count))


def numbers_of(text: str, count: int | None = None) -> Numbers:
    """The numbers of "70001000001", or of "70001000001-70001000999"; `count` takes so many from the first on.

    ValueError says what is wrong with it.
    """
    first, dash, last = text.removeprefix("+").partition("-")
    if not (first.isascii() and first.isdigit() and (not dash or (last.isdigit() and len(last) == len(first)))):
        raise ValueError(f"{text!r} is no number; write one such as 70001000001, or a range 70001000001-70001000999")
    if dash and count:
        raise ValueError(f"{text!r} says how many numbers there are, and so does {count}; leave one out")
    count = count or (int(last) - int(first) + 1 if dash else 1)
    if not 1 <= count <= _MOST_NUMBERS or len(str(int(first) + count - 1)) > len(first):
        raise ValueError(
            f"{text!r} with {count} numbers: there have to be 1 to {_MOST_NUMBERS}, of as many digits each"
        )
    return Numbers(first, count)


class Submits:
    """Copies of one submit_sm, one for each number in turn.

    The PDUs all have `length` octets, and one number follows the other, round and round, over all binds together.
    """

    def __init__(self, numbers: Numbers, **parameters: Any) -> None:
        pdus = [SubmitSm(destination_addr=number, **parameters).encode() for number in numbers]
        self.length = len(pdus[0])
        rounds = -(-MOST // len(pdus))
        self._turn = len(pdus) * rounds
        # What follows the last one is the first ones again, so that a take never has to go round the corner.
        octets = b"".join(pdus * rounds)
        self._block = bytearray(octets + octets[: self.length * MOST])
        self._view = memoryview(self._block)
        self._next = 0

    def take(self, sequence_number: int, count: int) -> memoryview:
        """The next `count` PDUs, at most MOST, numbered from `sequence_number`; good until the next take."""
        length, block, pack = self.length, self._block, struct.Struct(">I").pack_into
        start = self._next * length
        end = start + count * length
        for place in range(start + _SEQUENCE_NUMBER, end, length):
            pack(block, place, sequence_number)
            sequence_number += 1
        self._next = (self._next + count) % self._turn
        return self._view[start:end]
