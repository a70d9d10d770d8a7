"""Gateways of their own, for tests: free ports, a store in memory, a virtual clock; nothing is left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

from ussd_gateway.clock import Clock, VirtualClock
from ussd_gateway.scenario.local import ALONE
from ussd_gateway.serve import Gateway
from ussd_gateway.sync import Caller, SyncGateway

Entered = TypeVar("Entered")


def own_gateway(
    config: str | Path | None = None, *, clock: Clock | None = None, flags: Mapping[str, Any] | None = None
) -> Gateway:
    """A gateway that any number of others can run beside; it is not started. Arguments as of `Gateway.from_config`.

    clock  a virtual one that begins now, unless another is given
    """
    return Gateway.from_config(config, clock=clock or VirtualClock(), flags={**ALONE, **(flags or {})})


@contextmanager
def sync_gateway(
    config: str | Path | None = None, *, clock: Clock | None = None, flags: Mapping[str, Any] | None = None
) -> Iterator[SyncGateway]:
    """A gateway of its own for code that does not await: `with sync_gateway() as gateway:`.

    It serves HTTP and SMPP meanwhile. Arguments as of `own_gateway`; raises ConfigError and ListenError.
    """
    with in_a_thread(lambda: own_gateway(config, clock=clock, flags=flags)) as (gateway, _):
        yield gateway.sync


@contextmanager
def in_a_thread(make: Callable[[], AbstractAsyncContextManager[Entered]]) -> Iterator[tuple[Entered, Caller]]:
    """What `make` makes, entered on an event loop in a thread of its own, and who runs coroutines there."""
    started: Future[tuple[Entered, Caller, Callable[[], object]]] = Future()
    ended: Future[None] = Future()

    async def live() -> None:
        async with make() as entered:
            over = asyncio.Event()
            loop = asyncio.get_running_loop()
            started.set_result((entered, Caller(loop), lambda: loop.call_soon_threadsafe(over.set)))
            await over.wait()

    def run() -> None:
        try:
            asyncio.run(live())
        except BaseException as error:
            (ended if started.done() else started).set_exception(error)
        else:
            ended.set_result(None)

    thread = Thread(target=run, name="ussd_gateway", daemon=True)  # a program that is killed does not wait for it
    thread.start()
    entered, call, stop = started.result()
    try:
        yield entered, call
    finally:
        stop()
        thread.join()
        ended.result()
