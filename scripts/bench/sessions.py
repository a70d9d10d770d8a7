"""What open USSD sessions take: a gateway with the shipped menus in this process, and phones that do nothing but dial.

    python scripts/bench/sessions.py 100000

Prints one JSON object: memory of an open session, CPU of a step of the portal with its commit, of a time-out, and of
taking as many deadlines from a heap and nothing else.
"""

from __future__ import annotations

import asyncio
import gc
import heapq
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import structlog

from ussd_gateway.clock import VirtualClock
from ussd_gateway.load.usage import resident_mib
from ussd_gateway.network.message import ANSWER, BEGIN, Message, Ussd
from ussd_gateway.serve import Gateway

TURN = 100  # messages that one turn of the event loop brings
STEPS = ("5", "0", "6", "0")  # of the portal: number management and back, language and back
FIRST = 79_000_000_000


class Phone:
    """A handset that shows nothing."""

    __slots__ = ()

    def deliver(self, message: Message) -> None:
        """Takes what comes."""


async def say(gateway: Gateway, messages: list[Ussd]) -> float:
    """CPU seconds that it takes to submit the messages, answers and commits included."""
    began = time.process_time()
    for start in range(0, len(messages), TURN):
        for message in messages[start : start + TURN]:
            gateway.submit(message)
        await asyncio.sleep(0)
    await gateway.committed()
    return time.process_time() - began


async def measure(count: int, folder: Path) -> dict[str, float]:
    """The figures of `count` sessions."""
    flags = {"server.http_port": 0, "server.smpp_port": 0, "store.path": str(folder / "bench.db")}
    clock = VirtualClock(0.0)
    async with Gateway.from_config(clock=clock, flags=flags) as gateway:
        numbers = [str(FIRST + place) for place in range(count)]
        phone = Phone()
        for number in numbers:
            gateway.directory.attach_handset(number, phone)
        await say(gateway, [Ussd(BEGIN, "*111#", msisdn=numbers[0])])  # what the first one loads counts for none
        gc.collect()
        before = resident_mib(os.getpid())
        dialled = await say(gateway, [Ussd(BEGIN, "*111#", msisdn=number) for number in numbers[1:]])
        gc.collect()
        after = resident_mib(os.getpid())
        opened = len(gateway.network.dialogues)
        steps = 0.0
        for answer in STEPS:
            steps += await say(gateway, [Ussd(ANSWER, answer, msisdn=number) for number in numbers])
        alive = len(gateway.network.dialogues)
        deadlines = len(gateway.network.dialogues.deadlines)
        clock.move_to(3600.0)
        began = time.process_time()
        gateway.tick()
        ended = time.process_time() - began
        left = len(gateway.network.dialogues)
        await gateway.committed()
    return {
        "sessions": opened,
        "session_octets": round(((after or 0) - (before or 0)) * 2**20 / max(opened - 1, 1)),
        "dial_us": round(dialled * 1e6 / count, 2),
        "step_us": round(steps * 1e6 / (count * len(STEPS)), 2),
        "kept": alive,
        "heap_entries": deadlines / alive,
        "timeout_us": round(ended * 1e6 / count, 2),
        "heap_us": round(popping(count) * 1e6 / count, 2),
        "left": left,
    }


def popping(count: int) -> float:
    """CPU seconds of taking so many deadlines from a heap."""
    heap = [(float(number * 7919 % count), number) for number in range(count)]
    heapq.heapify(heap)
    began = time.process_time()
    while heap:
        heapq.heappop(heap)
    return time.process_time() - began


def main() -> None:
    """Measure and print."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))  # errors only
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        print(json.dumps(asyncio.run(measure(int(sys.argv[1]), Path(folder)))))


if __name__ == "__main__":
    main()
