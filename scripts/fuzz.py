"""Fuzzes the SMSC: conversations of the corpus, mutated, on many connections to a gateway of its own.

    python3 scripts/dev.py fuzz [--seconds 60] [--seed N] [--corpus tests/corpus]

After each batch the gateway has to answer a well-behaved ESME in time; no request may go unanswered or be answered twice; every
PDU that it sends has to be sound; its log shows no fault; and its memory stays within a bound. The first failure is made as short
as it gets, written into the corpus, and ends the run with exit status 1 and the seed. tests/scripts/test_fuzz.py plays the corpus.

A file of the corpus: lines of `#` say what it is about; each other line is, in hexadecimal, what is written at once.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import random
import re
import struct
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Protocol

from ussd_gateway.smpp.commands import BindTransceiver, DataSm, EnquireLink, SubmitSm
from ussd_gateway.smpp.connection import LONGEST_PDU, Connection
from ussd_gateway.smpp.errors import LostStreamError
from ussd_gateway.smpp.pdu import HEADER, RESPONSE, Pdu, UnparsedPdu
from ussd_gateway.smpp.status import Status

ROOT = Path(__file__).parent.parent
BATCH = 32  # conversations at once
PATIENCE = 10.0  # seconds for a conversation, and for the answer to a well-behaved ESME
RESET_EVERY = 20  # batches after which the gateway forgets its messages
MEGABYTE = 1 << 20
GROWTH = (
    150 * MEGABYTE
)  # what a gateway may come to hold: a handset for each number that was ever written to, most of all
SHORTENING = 20.0  # seconds for making a failure short
FAULTS = re.compile(r"Traceback|_failed|Exception in|Error\b|never awaited|Fatal", re.IGNORECASE)
SILENT = {0x0000000B, 0x00000102}  # outbind and alert_notification have no response (4.1.7, 4.12)
UNBIND = 0x00000006

Conversation = tuple[bytes, ...]

WELL_BEHAVED: Conversation = (
    BindTransceiver(sequence_number=1, system_id="test", password="test", interface_version=0x34).encode(),  # noqa: S106 - a simulator's own
    EnquireLink(sequence_number=2).encode(),
    SubmitSm(sequence_number=3, source_addr="good", destination_addr="70001000001", short_message=b"Hi").encode(),
)


# The corpus ------------------------------------------------------------------------------------------------------------


def read_conversation(path: Path) -> Conversation:
    """What a file of the corpus writes, piece by piece; ValueError names the line that is not hexadecimal."""
    pieces = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line and not line.startswith("#"):
            try:
                pieces.append(bytes.fromhex(line))
            except ValueError as error:
                raise ValueError(f"{path}, line {number}: not hexadecimal; a comment begins with #") from error
    return tuple(pieces)


def read_corpus(folder: Path) -> dict[str, Conversation]:
    """Every conversation by the name of its file."""
    return {path.stem: read_conversation(path) for path in sorted(folder.glob("*.smpp"))}


def write_conversation(folder: Path, comment: str, conversation: Conversation) -> Path:
    """Keeps a failure; the file is named after its octets."""
    path = folder / f"found-{hashlib.sha256(b'|'.join(conversation)).hexdigest()[:8]}.smpp"
    lines = [*(f"# {line}" for line in comment.splitlines()), *(piece.hex() for piece in conversation if piece)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


# Mutations -------------------------------------------------------------------------------------------------------------


def split(octets: bytes) -> list[bytes]:
    """The PDUs, as far as their lengths can be true; what is left is the last one."""
    pdus, position = [], 0
    while len(octets) - position >= HEADER.size:
        length = int.from_bytes(octets[position : position + 4])
        if not HEADER.size <= length <= len(octets) - position:
            break
        pdus.append(octets[position : position + length])
        position += length
    return [*pdus, octets[position:]] if position < len(octets) else pdus


def relength(pdu: bytes) -> bytes:
    """With a command_length that is true."""
    return len(pdu).to_bytes(4) + pdu[4:] if len(pdu) >= HEADER.size else pdu


def _bit_flip(chance: random.Random, pdu: bytes) -> bytes:
    octets = bytearray(pdu)
    for _ in range(chance.randint(1, 4)):
        octets[chance.randrange(len(octets))] ^= 1 << chance.randrange(8)
    return bytes(octets)


def _body_flip(chance: random.Random, pdu: bytes) -> bytes:
    return pdu[: HEADER.size] + _bit_flip(chance, pdu[HEADER.size :]) if len(pdu) > HEADER.size else pdu


_ODD = (0, 1, 4, 8, 15, 16, 17, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 70_000, 70_001, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def _length(chance: random.Random, pdu: bytes) -> bytes:
    length = chance.choice((*_ODD, len(pdu) - 1, len(pdu) + 1, len(pdu) + 16))
    return length.to_bytes(4) + pdu[4:]


def _header(chance: random.Random, pdu: bytes) -> bytes:
    at = chance.choice((4, 8, 12))
    value = chance.choice((*_ODD, *range(0x16), 0x102, 0x103, 0x111, 0x112, 0x113)) | chance.choice((0, 0, 0, RESPONSE))
    return pdu[:at] + value.to_bytes(4) + pdu[at + 4 :] if len(pdu) >= HEADER.size else pdu


def _truncate(chance: random.Random, pdu: bytes) -> bytes:
    return relength(pdu[: chance.randint(min(HEADER.size, len(pdu)), len(pdu))])


def _lose_octets(chance: random.Random, pdu: bytes) -> bytes:
    return pdu[: chance.randrange(len(pdu) + 1)]


def _insert(chance: random.Random, pdu: bytes) -> bytes:
    at = chance.randint(min(HEADER.size, len(pdu)), len(pdu))
    more = chance.choice((b"\0", b"\xff", b"7", b"%n", b"\x1b", "Я".encode("utf-16-be"), chance.randbytes(5)))
    return relength(pdu[:at] + more * chance.choice((1, 1, 2, 21, 65, 255)) + pdu[at:])


def _octet(chance: random.Random, pdu: bytes) -> bytes:
    at = chance.randrange(len(pdu))
    return pdu[:at] + bytes((chance.choice((0, 1, 0x40, 0x7F, 0x80, 0xFE, 0xFF)),)) + pdu[at + 1 :]


_TAGS = (0x0005, 0x001E, 0x0204, 0x020C, 0x020E, 0x020F, 0x0424, 0x0427, 0x0501, 0x130C, 0x1383, 0x1400, 0xFFFF)


def _tlv(chance: random.Random, pdu: bytes) -> bytes:
    value = chance.randbytes(chance.choice((0, 1, 2, 3, 4, 65, 256)))
    length = chance.choice((len(value), len(value), len(value), 0, len(value) + 1, 0xFFFF))
    return relength(pdu + struct.pack(">HH", chance.choice(_TAGS), length) + value)


PDU_MUTATIONS: dict[str, Callable[[random.Random, bytes], bytes]] = {
    "bit flips": _bit_flip,
    "bit flips in the body": _body_flip,
    "an odd length": _length,
    "an odd header": _header,
    "a cut": _truncate,
    "lost octets": _lose_octets,
    "an insertion": _insert,
    "an odd octet": _octet,
    "a TLV": _tlv,
}
"""What happens to one PDU, which has at least one octet."""


def _duplicate(chance: random.Random, pdus: list[bytes], other: list[bytes]) -> list[bytes]:
    at = chance.randrange(len(pdus))
    return [*pdus[:at], *[pdus[at]] * chance.choice((2, 3, 20)), *pdus[at + 1 :]]


def _drop(chance: random.Random, pdus: list[bytes], other: list[bytes]) -> list[bytes]:
    at = chance.randrange(len(pdus))
    return pdus[:at] + pdus[at + 1 :] if len(pdus) > 1 else pdus


def _shuffle(chance: random.Random, pdus: list[bytes], other: list[bytes]) -> list[bytes]:
    return chance.sample(pdus, len(pdus))


def _splice(chance: random.Random, pdus: list[bytes], other: list[bytes]) -> list[bytes]:
    return pdus[: chance.randint(1, len(pdus))] + other[chance.randrange(len(other)) :]


def _cross(chance: random.Random, pdus: list[bytes], other: list[bytes]) -> list[bytes]:
    at, mate = chance.randrange(len(pdus)), chance.choice(other)
    crossed = pdus[at][: chance.randint(0, len(pdus[at]))] + mate[chance.randint(0, len(mate)) :]
    return [*pdus[:at], relength(crossed), *pdus[at + 1 :]]


CONVERSATION_MUTATIONS: tuple[Callable[[random.Random, list[bytes], list[bytes]], list[bytes]], ...] = (
    _duplicate,
    _drop,
    _shuffle,
    _splice,
    _cross,
)
"""What happens to the PDUs of a conversation, by another one."""


def mutate(chance: random.Random, corpus: list[Conversation]) -> Conversation:
    """A conversation of the corpus, changed in one to five places and written in pieces; the bind stays most of the time."""
    pdus = split(b"".join(chance.choice(corpus)))
    first = pdus[:1] if chance.random() < 0.8 else []
    rest = pdus[len(first) :] or [EnquireLink(sequence_number=5).encode()]
    for _ in range(chance.randint(1, 5)):
        if chance.random() < 0.3:
            other = split(b"".join(chance.choice(corpus)))
            rest = chance.choice(CONVERSATION_MUTATIONS)(chance, rest, other)
        else:
            at = chance.randrange(len(rest))
            if rest[at]:
                rest[at] = chance.choice(list(PDU_MUTATIONS.values()))(chance, rest[at])
    return pieces(chance, b"".join(first + rest))


def pieces(chance: random.Random, octets: bytes) -> Conversation:
    """The octets as they may be written: at once, in two, in many, or one by one."""
    kind = chance.randrange(8)
    if kind == 0 and len(octets) < 300:
        return tuple(octets[at : at + 1] for at in range(len(octets)))
    if kind < 3 and len(octets) > 1:
        cuts = [0, *sorted(chance.choices(range(len(octets)), k=chance.choice((1, 5)))), len(octets)]
        return tuple(octets[begin:end] for begin, end in pairwise(cuts) if begin < end)
    return (octets,)


# One conversation ------------------------------------------------------------------------------------------------------


def requests(octets: bytes) -> tuple[list[tuple[int, int]], bool]:
    """The requests (command_id, sequence_number) in octets, and whether each of them has to be answered.

    When the SMSC closes before the end of what is sent, because the stream is lost or behind an unbind, TCP may drop what
    it has said last.
    """
    found: list[tuple[int, int]] = []
    position, unbound = 0, False
    while len(octets) - position >= 4:
        length = int.from_bytes(octets[position : position + 4])
        if not HEADER.size <= length <= LONGEST_PDU:
            return found, False
        if length > len(octets) - position:
            break
        _, command_id, _, sequence_number = HEADER.unpack_from(octets, position)
        position += length
        if not command_id & RESPONSE:
            found.append((command_id, sequence_number))
        unbound = unbound or (command_id == UNBIND and position < len(octets))
    return found, not unbound


def _in_transaction_mode(octets: bytes) -> Counter[int]:
    """The messages whose response comes with their final state: the end of the connection may come before it."""
    found: Counter[int] = Counter()
    with suppress(LostStreamError):
        for pdu in Connection().receive_data(octets):
            if isinstance(pdu, SubmitSm | DataSm) and pdu.esm_class & 3 == 2:
                found[pdu.sequence_number] += 1
    return found


def complaint(conversation: Conversation, received: bytes) -> str:
    """What is wrong with what the SMSC said; nothing, as a rule."""
    asked, all_of_them = requests(b"".join(conversation))
    answers: list[Pdu | UnparsedPdu] = []
    try:
        answers += Connection().receive_data(received)
    except LostStreamError as error:
        return f"it lost its own stream: {error.seen}"
    for answer in answers:
        if isinstance(answer, UnparsedPdu):
            return f"it sent a PDU that breaks its layout: {answer.error.seen}"
    responses = [pdu for pdu in answers if pdu.command_id & RESPONSE]
    lost = any(pdu.command == "generic_nack" and pdu.command_status == Status.ESME_RINVCMDLEN for pdu in responses)  # type: ignore[union-attr]
    got = Counter(pdu.sequence_number for pdu in responses)
    most = Counter(number for _, number in asked)
    least = Counter(number for command_id, number in asked if all_of_them and command_id not in SILENT)
    most[0] += lost
    least -= _in_transaction_mode(b"".join(conversation))
    for number in got:
        if got[number] > most[number]:
            return f"sequence_number {number}: {most[number]} requests and {got[number]} responses"
    for number in least:
        if got[number] < least[number]:
            return f"sequence_number {number}: {least[number]} requests and {got[number]} responses"
    kinds = {(command_id | RESPONSE, number) for command_id, number in asked}
    for pdu in responses:
        if pdu.command_id != RESPONSE and (pdu.command_id, pdu.sequence_number) not in kinds:
            return f"{pdu.command} answers sequence_number {pdu.sequence_number}, which asked something else"  # type: ignore[union-attr]
    return ""


class Peer(asyncio.Protocol):
    """Hears the SMSC out."""

    def __init__(self) -> None:
        self.heard = bytearray()
        self.closed = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        """It says something."""
        self.heard += data

    def connection_lost(self, exc: Exception | None) -> None:
        """It has closed."""
        self.closed.set_result(None)


async def play(address: tuple[str, int], conversation: Conversation) -> bytes:
    """Writes the pieces, says that no more will come, and returns all that the SMSC says until it closes.

    TimeoutError when it does not close in time, OSError when it takes no connection.
    """
    transport, peer = await asyncio.get_running_loop().create_connection(Peer, *address)
    try:
        async with asyncio.timeout(PATIENCE):
            for piece in conversation:
                if transport.is_closing():
                    break
                transport.write(piece)
                await asyncio.sleep(0)
            with suppress(OSError):  # it has closed already
                transport.write_eof()
            await peer.closed
    finally:
        transport.abort()
    return bytes(peer.heard)


async def trial(target: Target, conversations: list[Conversation]) -> str:
    """What went wrong with conversations at once, and with a well-behaved ESME behind them; nothing, as a rule."""
    try:
        heard = await asyncio.gather(*(play(target.address, each) for each in conversations))
        good = await play(target.address, WELL_BEHAVED)
    except TimeoutError:
        return f"it did not close a connection within {PATIENCE:g} s after the end of what was sent"
    except OSError as error:
        return f"it takes no connections: {error}"
    for conversation, received in zip(conversations, heard, strict=True):
        if said := complaint(conversation, received):
            return said
    answers = [pdu for pdu in Connection().receive_data(good) if pdu.command_id & RESPONSE]
    statuses = [pdu.command_status for pdu in answers if isinstance(pdu, Pdu)]
    if statuses != [Status.ESME_ROK] * len(WELL_BEHAVED):
        return f"a well-behaved ESME got {answers}"
    return target.fault()


# The gateway -----------------------------------------------------------------------------------------------------------


class Target(Protocol):
    """Who is fuzzed."""

    address: tuple[str, int]

    async def start(self) -> None:
        """Begin, or begin afresh."""

    async def stop(self) -> None:
        """End."""

    async def reset(self) -> None:
        """Forget all messages."""

    def fault(self) -> str:
        """The first line of the log that tells of a fault."""

    def memory(self) -> int:
        """Octets it holds; 0 where nobody can tell."""


class GatewayProcess:
    """`ussd-gateway serve` on free ports, with its store in memory."""

    def __init__(self) -> None:
        self.address = ("", 0)
        self._http = ""
        self._process: asyncio.subprocess.Process | None = None
        self._listening: asyncio.Task[None] | None = None
        self._fault = ""

    async def start(self) -> None:
        """Returns when it listens."""
        await self.stop()
        self._fault = ""
        with tempfile.TemporaryDirectory(prefix="ussd-gateway-fuzz-") as folder:
            ready = Path(folder) / "ready.json"
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "ussd_gateway", "serve", "--store", ":memory:"),
                *("--http-port", "0", "--smpp-port", "0", "--ready-file", str(ready)),
                stderr=asyncio.subprocess.PIPE,
                cwd=folder,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )
            self._listening = asyncio.create_task(self._listen())
            async with asyncio.timeout(60):
                while not (ready.exists() and ready.read_text()):
                    if self._process.returncode is not None:
                        raise RuntimeError(f"the gateway did not start: {self._fault or 'it said nothing'}")
                    await asyncio.sleep(0.05)
            found = json.loads(ready.read_text())
        host, _, port = found["smpp"].rpartition(":")
        self.address, self._http = (host, int(port)), found["http"]

    async def stop(self) -> None:
        """Ends the process, if there is one."""
        if self._process is None or self._listening is None:
            return
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        await self._listening
        self._process = None

    async def reset(self) -> None:
        """POST /reset."""
        request = urllib.request.Request(f"{self._http}/api/v1/reset", data=b"", method="POST")  # noqa: S310 - our own
        await asyncio.to_thread(lambda: urllib.request.urlopen(request, timeout=PATIENCE).close())  # noqa: S310

    async def _listen(self) -> None:
        assert self._process
        assert self._process.stderr
        async for line in self._process.stderr:
            if not self._fault and FAULTS.search(line.decode(errors="replace")):
                self._fault = line.decode(errors="replace").strip()

    def fault(self) -> str:
        """The first line of the log that tells of one, or that the process is gone."""
        gone = self._process is not None and self._process.returncode is not None
        return self._fault or ("the gateway has ended" if gone else "")

    def memory(self) -> int:
        """The resident set; 0 where there is no /proc."""
        with suppress(OSError):
            assert self._process
            pages = Path(f"/proc/{self._process.pid}/statm").read_text(encoding="ascii").split()[1]
            return int(pages) * os.sysconf("SC_PAGE_SIZE")
        return 0


# The campaign ----------------------------------------------------------------------------------------------------------


async def shortest(target: Target, batch: list[Conversation]) -> tuple[list[Conversation], str]:
    """The fewest conversations, with the fewest PDUs, that still fail on a fresh gateway; as far as the time goes."""
    end = time.monotonic() + SHORTENING

    async def fails(tried: list[Conversation]) -> str:
        await target.start()
        return await trial(target, tried)

    found, said = batch, ""
    for each in batch:
        if said := await fails([each]):
            found = [each]
            break
    if len(found) > 1:
        return found, said
    smaller = True
    while smaller and time.monotonic() < end:
        smaller = False
        for fewer in shorter(found[0]):
            if time.monotonic() < end and (now := await fails([fewer])):
                found, said, smaller = [fewer], now, True
                break
    return found, said


def shorter(conversation: Conversation) -> Iterator[Conversation]:
    """The conversation at once, and without each half, then each one, of its PDUs."""
    pdus = split(b"".join(conversation))
    if len(conversation) > 1:
        yield (b"".join(conversation),)
    size = len(pdus) // 2
    while size:
        for at in range(0, len(pdus), size):
            yield (b"".join(pdus[:at] + pdus[at + size :]),)
        size //= 2


async def campaign(target: Target, corpus: Mapping[str, Conversation], seed: int, seconds: float, folder: Path) -> int:
    """Fuzzes for so long; the exit status."""
    chance = random.Random(seed)  # noqa: S311 - it has to be repeatable
    seeds = list(corpus.values())
    begun = told = time.monotonic()
    await target.start()
    settled, batches, pdus, last = 0, 0, 0, target.memory()
    try:
        while (now := time.monotonic()) < begun + seconds:
            batch = [mutate(chance, seeds) for _ in range(BATCH)]
            said = await trial(target, batch)
            batches += 1
            pdus += sum(len(split(b"".join(each))) for each in batch)
            if not said and batches % RESET_EVERY == 0:
                await target.reset()
                last = target.memory()
                settled = settled or last  # what it holds once it is warm
                if last > settled + GROWTH:
                    said = f"it has grown from {settled // MEGABYTE} to {last // MEGABYTE} MB"
            if said:
                return await _failed(target, batch, said, seed, folder)
            if now > told + 10:
                told = now
                print(f"{now - begun:.0f} s, {pdus:,} PDUs, {last // MEGABYTE} MB", file=sys.stderr, flush=True)
    finally:
        await target.stop()
    took = time.monotonic() - begun
    print(
        f"fuzz: seed {seed}, {batches * BATCH:,} conversations, {pdus:,} PDUs in {took:.0f} s; nothing found; "
        f"memory {settled // MEGABYTE} to {last // MEGABYTE} MB"
    )
    return 0


async def _failed(target: Target, batch: list[Conversation], said: str, seed: int, folder: Path) -> int:
    print(f"{said}; looking for the shortest conversation that shows it ...", file=sys.stderr, flush=True)
    found, again = await shortest(target, batch)
    why = again or f"{said} (not seen again with the same conversations)"
    paths = [write_conversation(folder, f"Found with seed {seed}: {why}", each) for each in found]
    print(f"fuzz: seed {seed}: {why}; kept as {', '.join(path.name for path in paths)}")
    # An answer that was missed once, and never again with the same conversations, is told and kept, and ends no CI
    return 0 if not again and said.startswith("sequence_number") else 1


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 0 nothing found that can be seen again, 1 something found, 2 there is no corpus."""
    parser = argparse.ArgumentParser(description="Fuzzes the SMSC.")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=None, help="repeats a run; another one each time without it")
    parser.add_argument("--corpus", type=Path, default=ROOT / "tests" / "corpus")
    given = parser.parse_args(arguments)
    corpus = read_corpus(given.corpus)
    if not corpus:
        print(f"fuzz: {given.corpus} holds no *.smpp file", file=sys.stderr)
        return 2
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(1 << 32)
    print(f"fuzz: seed {seed}, {len(corpus)} conversations in the corpus", file=sys.stderr, flush=True)
    return asyncio.run(campaign(GatewayProcess(), corpus, seed, given.seconds, given.corpus))


if __name__ == "__main__":
    sys.exit(main())
