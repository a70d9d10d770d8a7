"""Many phones that dial and answer at once, over the HTTP API of a gateway.

Closed loop: each user begins the next dialogue when one is over. Open loop (`rate`): a dialogue is due at its moment,
whether or not a user is free, and the time of its first screen runs from that moment.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import aiohttp

from ussd_gateway.load.figures import SECOND, LoadError, Tally, Used, figures
from ussd_gateway.load.submits import Numbers
from ussd_gateway.load.usage import cpu_seconds, resident_mib

_SECONDS = 10.0  # a run takes so long when nobody says how long
_ENDED_EARLY = "ended before the answer"


@dataclass(frozen=True, slots=True)
class UssdPlan:
    """What is to be dialled.

    answers     what each user types, one for each screen that asks
    numbers     the users; each has one dialogue at a time
    rate        dialogues a second, all users together; None is a closed loop
    count       end after so many dialogues
    seconds     begin no dialogue after so many; with neither, after 10
    patience    seconds for each screen
    pid         the gateway's process, where it runs on this machine
    """

    gateway: str = "http://127.0.0.1:8080"
    code: str = "*111#"
    answers: tuple[str, ...] = ()
    numbers: Numbers = Numbers("70009000001", 10)  # noqa: RUF009 - frozen
    rate: float | None = None
    count: int | None = None
    seconds: float | None = None
    patience: float = 30.0
    pid: int | None = None


class UssdLoad:
    """One run; `run` returns its figures. A message is a screen: sent when its phone dials or answers."""

    def __init__(self, plan: UssdPlan, say: Callable[[str], None] = lambda words: None) -> None:
        self._plan = plan
        self._say = say
        self._tally = Tally(0, Used(0.0))
        self._begun = self._ended = 0  # dialogues

    def run(self) -> dict[str, object]:
        """Dial until the plan is done; LoadError when there is no gateway."""
        return asyncio.run(self._run())

    async def _run(self) -> dict[str, object]:
        plan, tally = self._plan, self._tally
        timeout = aiohttp.ClientTimeout(total=plan.patience)
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=timeout) as session:
            await self._find(session)
            began = tally.last_answer = time.monotonic_ns()
            tally.measure_from(began, self._used())
            progress = asyncio.create_task(self._tell(began))
            try:
                await asyncio.gather(*(self._user(session, number, began) for number in plan.numbers))
            finally:
                progress.cancel()
            seconds = max(tally.last_answer - began, 1) / SECOND
            dialogues = {"dialogues": self._ended, "dialogues_per_s": round(self._ended / seconds, 1)}
            return dialogues | figures(tally, time.monotonic_ns(), self._used())

    async def _find(self, session: aiohttp.ClientSession) -> None:
        try:
            async with session.get(f"{self._plan.gateway}/healthz") as response:
                if response.status != HTTPStatus.OK:
                    raise LoadError(f"what answers at {self._plan.gateway} is no ussd-gateway")
        except (aiohttp.ClientError, TimeoutError) as error:
            raise LoadError(
                f"no gateway answers at {self._plan.gateway} ({str(error) or 'no answer in time'});"
                " start one with `ussd-gateway serve`, or name it with --gateway"
            ) from error

    def _used(self) -> Used:
        pid = self._plan.pid
        return Used(time.process_time(), cpu_seconds(pid) if pid else None, resident_mib(pid) if pid else None)

    async def _tell(self, began: int) -> None:
        while True:
            await asyncio.sleep(1)
            seconds = (time.monotonic_ns() - began) // SECOND
            self._say(f"{seconds} s: {self._ended} dialogues, {self._tally.accepted} screens")

    # A user -----------------------------------------------------------------------------------------------------------

    async def _user(self, session: aiohttp.ClientSession, number: str, began: int) -> None:
        """One dialogue after the other, until the plan is done."""
        url = f"{self._plan.gateway}/api/v1/handsets/{number}/ussd"
        while (due := self._next_due(began)) is not None:
            now = time.monotonic_ns()
            if due > now:
                await asyncio.sleep((due - now) / SECOND)
            if self._plan.rate:
                self._tally.lateness.record(time.monotonic_ns() - due)
            await self._dialogue(session, url, due)
            self._ended += 1

    def _next_due(self, began: int) -> int | None:
        """When the next dialogue is to begin, which is then nobody else's; None when there is no next one."""
        plan = self._plan
        due = began + int(self._begun * SECOND / plan.rate) if plan.rate else time.monotonic_ns()
        seconds = plan.seconds or (None if plan.count else _SECONDS)
        if self._begun >= (plan.count or self._begun + 1) or (seconds and due - began >= seconds * SECOND):
            return None
        self._begun += 1
        return due

    async def _dialogue(self, session: aiohttp.ClientSession, url: str, due: int) -> None:
        screen = await self._ask(session, url, {"dial": self._plan.code}, due)
        for answer in self._plan.answers:
            if screen.get("outcome") == "success":  # any other outcome is an error already
                self._tally.statuses[_ENDED_EARLY] += 1
            if screen.get("state") != "awaiting_answer":
                break
            screen = await self._ask(session, url, {"answer": answer}, time.monotonic_ns())
        if screen.get("state") != "ended":  # it still asks, or nobody knows
            await self._hang_up(session, url)

    async def _ask(self, session: aiohttp.ClientSession, url: str, body: dict[str, str], due: int) -> dict[str, Any]:
        """The next screen; {} where there is none. What went wrong is counted."""
        tally = self._tally
        tally.sent += 1
        try:
            async with session.post(url, json=body) as response:
                said: dict[str, Any] = await response.json(content_type=None)
        except TimeoutError:
            tally.unanswered += 1
            return {}
        except (aiohttp.ClientError, ValueError) as error:
            tally.statuses[type(error).__name__] += 1
            return {}
        now = tally.last_answer = time.monotonic_ns()
        tally.answered += 1
        tally.durations.record(now - due)
        if response.status != HTTPStatus.OK:
            tally.statuses[str(said.get("title") or f"HTTP {response.status}")] += 1
            return {}
        if said["state"] == "ended" and said["outcome"] != "success":
            tally.statuses[str(said["outcome"])] += 1
        else:
            tally.accepted += 1
        return said

    async def _hang_up(self, session: aiohttp.ClientSession, url: str) -> None:
        try:
            async with session.delete(url):
                pass
        except (aiohttp.ClientError, TimeoutError) as error:
            self._tally.statuses[type(error).__name__] += 1
