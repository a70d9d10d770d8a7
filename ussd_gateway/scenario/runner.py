"""Plays many scripts, each on a gateway of its own or all on one that runs elsewhere; one at a time or several at once.

Playing on a virtual clock waits for nothing but the processor, so what is played at once is played in processes:
two files take as long in two tasks as one after the other.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from multiprocessing.connection import wait

from ussd_gateway.logs import quietly
from ussd_gateway.scenario.driver import Driver
from ussd_gateway.scenario.model import Script
from ussd_gateway.scenario.play import play
from ussd_gateway.scenario.result import Result

# A fork is there at once; elsewhere than on Linux it cannot be relied on, and a new interpreter takes its second.
_CONTEXT = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")


@dataclass(frozen=True, slots=True)
class Place:
    """Where scripts are played: the gateway at a URL, or gateways of their own with the settings of a file."""

    gateway: str | None = None
    config: str | None = None

    def driver(self, script: Script) -> AbstractAsyncContextManager[Driver]:
        """A driver there, for this script."""
        if self.gateway:
            from ussd_gateway.scenario.remote import remote_driver

            return remote_driver(self.gateway)
        from ussd_gateway.scenario.local import local_driver

        return local_driver(self.config, script.starts.moment if script.starts else None)


def play_all(
    scripts: Sequence[Script], place: Place, jobs: int = 1, done: Callable[[], object] = lambda: None
) -> Generator[list[Result], None, None]:
    """The results of each script, in the order of the scripts, as soon as they and those before them are there.

    jobs  how many are played at once, each in a process; 1 plays in this one
    done  is called when a script has been played, whatever its place in the order

    Raises what playing raises: NoGatewayError, ConfigError, ListenError. Whoever stops listening, ends it all.
    """
    if jobs == 1 or len(scripts) < 2:
        with quietly():
            for script in scripts:
                results = asyncio.run(_played(script, place))
                done()
                yield results
        return
    others = set(multiprocessing.active_children())
    # Each process gets all scripts at its start and is told numbers: what is large would block the queue to processes
    # that are gone, and with it the end of this one; CPython 3.11.2 does
    with ProcessPoolExecutor(
        min(jobs, len(scripts)), mp_context=_CONTEXT, initializer=_begin, initargs=(scripts, place)
    ) as pool:
        try:
            futures = [pool.submit(_play, number) for number in range(len(scripts))]
            for future in futures:
                future.add_done_callback(lambda _: done())
            for future in futures:
                yield future.result()
        except BaseException:  # an interrupt, too, ends all of them at once
            pool.shutdown(wait=False, cancel_futures=True)
            for child in set(multiprocessing.active_children()) - others:
                child.terminate()
            raise


async def _played(script: Script, place: Place) -> list[Result]:
    async with place.driver(script) as driver:
        return await play(script, driver)


_given: tuple[Sequence[Script], Place]  # in a process that plays: what there is to play, and where


def _play(number: int) -> list[Result]:
    scripts, place = _given
    with quietly():
        return asyncio.run(_played(scripts[number], place))


def _begin(scripts: Sequence[Script], place: Place) -> None:
    """A process that plays lets its parent decide about interrupts, and ends with it, however that ended."""
    global _given
    _given = scripts, place
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def end_with_parent() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=end_with_parent, daemon=True).start()
