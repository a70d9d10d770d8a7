"""A script played by many users at once, on a gateway that runs elsewhere in real time.

Open loop (`rate`): a dialogue is due at its moment, whether or not a user is free, and the time of its first step runs from
that moment. Closed loop: each user begins the next dialogue when one is over. A dialogue is one scenario, played by the
same engine as ever; scenarios take turns.
"""

from __future__ import annotations

import asyncio
import gc
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from ussd_gateway.load.course import Course
from ussd_gateway.load.figures import SECOND, LoadError, Used, durations, milliseconds, spent
from ussd_gateway.load.histogram import Histogram
from ussd_gateway.load.lines import Lines
from ussd_gateway.load.usage import cpu_seconds, resident_mib
from ussd_gateway.load.users import SharedApi, User, find
from ussd_gateway.scenario.driver import NoGatewayError, PhoneError
from ussd_gateway.scenario.model import Script
from ussd_gateway.scenario.numbers import with_numbers
from ussd_gateway.scenario.play import play
from ussd_gateway.scenario.secrets import without_password

_SECONDS = 10.0  # a run takes so long when nobody says how long
_AT_ONCE = 20  # users who take their phones in hand at the same time
_GRACE = 1.0  # seconds that dialogues which are under way get when the run is interrupted


@dataclass(frozen=True, slots=True)
class ScriptPlan:
    """What is to be played.

    script    one that many users can play at once (ussd_gateway.load.unfit)
    numbers   a number for each phone of each user, user by user
    users     so many; each plays one scenario at a time
    rate      dialogues a second, all users together; None is a closed loop
    count     end after so many dialogues
    seconds   begin no dialogue after so many; with neither, after 10
    patience  seconds for each answer of the gateway
    pid       the gateway's process, where it runs on this machine
    """

    script: Script
    numbers: Sequence[str]
    gateway: str = "http://127.0.0.1:8080"
    users: int = 10
    rate: float | None = None
    count: int | None = None
    seconds: float | None = None
    patience: float = 30.0
    pid: int | None = None


def phones_of(script: Script) -> list[str]:
    """The numbers of the script's phones, each once: so many phones has a user."""
    return list(dict.fromkeys(number for scenario in script.scenarios for number in scenario.phones.values()))


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: seconds since it began, dialogues, and figures so far in milliseconds."""

    seconds: int
    due: int
    done: int
    failed: int
    p99_ms: float | None
    late_ms: float | None

    def __str__(self) -> str:
        p99 = "" if self.p99_ms is None else f", p99 {self.p99_ms:.1f} ms"
        late = "" if self.late_ms is None else f", late p99 {self.late_ms:.1f} ms"
        return f"{self.seconds} s: {self.due} due, {self.done} done, {self.failed} failed{p99}{late}"


class ScriptLoad:
    """One run; `run` returns its figures. `say` gets the progress each second."""

    def __init__(self, plan: ScriptPlan, say: Callable[[Progress], object] = lambda progress: None) -> None:
        self._plan = plan
        self._say = say
        self._lines = Lines(plan.script.scenarios)
        self._phones = phones_of(plan.script)
        self._begun = self._done = self._failed = self._waited = self._cut_off = 0  # dialogues
        self._due = 0
        self._idle = 0  # users who wait for a dialogue
        self._over = False  # no dialogue begins any more
        self._lateness = Histogram()
        self._dialogues = Histogram()
        self._waiting: asyncio.Queue[int | None] = asyncio.Queue()  # the moments of dialogues that wait for a user
        self._interrupted = asyncio.Event()
        self._api: SharedApi

    def run(self) -> dict[str, Any]:
        """Play until the plan is done, or somebody presses Ctrl-C; LoadError when there is no gateway to play on."""
        return asyncio.run(self._run())

    async def _run(self) -> dict[str, Any]:
        plan = self._plan
        try:
            found = await find(plan.gateway)
        except NoGatewayError as error:
            raise LoadError(f"{without_password(str(error))}, or name it with --gateway") from error
        if found.virtual:
            raise LoadError(
                f"the clock of {without_password(plan.gateway)} is virtual, and no time passes there; "
                "start the gateway without --virtual-clock"
            )
        self._api = SharedApi(plan.gateway, plan.patience)
        async with self._api:
            users = [User(self._api, found.smsc) for _ in range(plan.users)]
            scripts = [self._of_user(number) for number in range(plan.users)]
            await self._prepare(users)
            return await self._play(users, scripts)

    def _of_user(self, number: int) -> list[Script]:
        """The scenarios with the numbers of one user, each a script of its own."""
        script, numbers = self._plan.script, self._numbers(number)
        return [replace(script, scenarios=(with_numbers(scenario, numbers),)) for scenario in script.scenarios]

    def _numbers(self, number: int) -> dict[str, str]:
        """The numbers of one user's phones, by those of the script."""
        first = number * len(self._phones)
        return dict(zip(self._phones, self._plan.numbers[first : first + len(self._phones)], strict=True))

    async def _prepare(self, users: Sequence[User]) -> None:
        limit = asyncio.Semaphore(_AT_ONCE)

        async def prepare(number: int, user: User) -> None:
            async with limit:
                await user.prepare(list(self._numbers(number).values()))

        try:
            await asyncio.gather(*(prepare(*one) for one in enumerate(users)))
        except PhoneError as error:
            raise LoadError(f"the users' phones cannot begin: {error}") from error

    # The run ----------------------------------------------------------------------------------------------------------

    async def _play(self, users: Sequence[User], scripts: Sequence[Sequence[Script]]) -> dict[str, Any]:
        gc.collect()
        gc.freeze()  # what there is by now stays; the collector need not look at it again and again
        loop = asyncio.get_running_loop()
        with suppress(NotImplementedError, ValueError, RuntimeError):  # not everywhere, and in the main thread only
            loop.add_signal_handler(signal.SIGINT, self._interrupted.set)
        before = self._used()
        self._began = self._last = time.monotonic_ns()
        self._course = Course(self._began)
        playing = [asyncio.create_task(self._user(*one)) for one in zip(users, scripts, strict=True)]
        everybody = asyncio.create_task(_all_of(playing))
        interrupted = asyncio.create_task(self._interrupted.wait())
        others = [everybody, interrupted, asyncio.create_task(self._tell())]
        if self._plan.rate:
            others.append(asyncio.create_task(self._schedule(self._plan.rate)))
        try:
            await asyncio.wait((everybody, interrupted), return_when=asyncio.FIRST_COMPLETED)
            if self._interrupted.is_set():
                await self._break_off(everybody)
            else:
                await everybody
        finally:
            for task in (*playing, *others):
                task.cancel()
            await asyncio.gather(*playing, *others, return_exceptions=True)
            gc.unfreeze()
        now = time.monotonic_ns()
        figures = self._figures(now, before, self._used())
        if self._cut_off:
            await asyncio.wait([asyncio.create_task(_leave(user)) for user in users], timeout=_GRACE)
        return figures

    async def _break_off(self, everybody: asyncio.Task[None]) -> None:
        """No dialogue begins any more; those under way get a moment, and a second Ctrl-C takes that, too."""
        self._interrupted.clear()
        again = asyncio.create_task(self._interrupted.wait())
        self._over = True
        while not self._waiting.empty():
            self._waiting.get_nowait()
        for _ in range(self._plan.users):
            self._waiting.put_nowait(None)
        await asyncio.wait((everybody, again), timeout=_GRACE, return_when=asyncio.FIRST_COMPLETED)
        again.cancel()
        self._cut_off = self._begun - self._done

    async def _schedule(self, rate: float) -> None:
        """Put each dialogue among those that wait for a user when it is due, never more than the plan has."""
        number = 0
        while not self._over:
            now = time.monotonic_ns()
            while (due := self._moment(number, rate)) is not None and due <= now:
                self._lateness.record(now - due)
                self._course.due(now, now - due)
                self._waited += self._waiting.qsize() >= self._idle
                self._waiting.put_nowait(due)
                number += 1
            self._due = number
            if due is None:
                break
            await asyncio.sleep((due - now) / SECOND)
        for _ in range(self._plan.users):
            self._waiting.put_nowait(None)

    def _moment(self, number: int, rate: float | None = None) -> int | None:
        """When this dialogue is due, counted from 0; None when the plan has no such dialogue."""
        plan = self._plan
        due = self._began + int(number * SECOND / rate) if rate else time.monotonic_ns()
        seconds = plan.seconds or (None if plan.count else _SECONDS)
        if number >= (plan.count or number + 1) or (seconds and due - self._began >= seconds * SECOND):
            return None
        return due

    async def _user(self, user: User, scripts: Sequence[Script]) -> None:
        """One dialogue after the other, as they are due."""
        while (due := await self._next()) is not None:
            number, self._begun = self._begun, self._begun + 1
            await self._dialogue(user, scripts[number % len(scripts)], due)

    async def _next(self) -> int | None:
        """The moment of the next dialogue, which is then nobody else's; None when there is none."""
        if self._plan.rate:
            self._idle += 1
            try:
                return await self._waiting.get()
            finally:
                self._idle -= 1
        due = None if self._over else self._moment(self._begun)
        if due is not None:
            self._due += 1
            self._course.due(due, 0)
        return due

    async def _dialogue(self, user: User, script: Script, due: int) -> None:
        started = time.monotonic_ns()
        self._course.begun(started)
        (result,) = await play(script, user)
        now = self._last = time.monotonic_ns()
        self._done += 1
        self._failed += not result.passed
        self._dialogues.record(now - due)
        self._course.done(now, self._lines.count(result, started - due), failed=not result.passed)
        if not result.passed:
            with suppress(PhoneError):  # the next dialogue will tell
                await user.mend()

    # What is told -----------------------------------------------------------------------------------------------------

    def _used(self) -> Used:
        pid = self._plan.pid
        return Used(time.process_time(), cpu_seconds(pid) if pid else None, resident_mib(pid) if pid else None)

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(1)
            p99, late = (milliseconds(of.percentile(99)) for of in (self._lines.asking, self._lateness))
            seconds = (time.monotonic_ns() - self._began) // SECOND
            self._say(Progress(seconds, self._due, self._done, self._failed, p99, late))

    def _figures(self, now: int, before: Used, after: Used) -> dict[str, Any]:
        """By name; times are in milliseconds, None where there is no data."""
        plan, done = self._plan, self._done
        seconds = max(now - self._began, 1) / SECOND
        return {
            "script": plan.script.name,
            "scenarios": [scenario.name for scenario in plan.script.scenarios],
            "users": plan.users,
            "rate": plan.rate,
            "seconds": round(seconds, 3),
            "due": self._due,
            "dialogues": done,
            "dialogues_per_s": round(done / (max(self._last - self._began, 1) / SECOND), 1) if done else None,
            "failed": self._failed if done else None,
            "timeouts": self._api.timeouts if done else None,
            "cut_off": self._cut_off,
            **durations("", self._lines.asking),
            **durations("dialogue_", self._dialogues),
            "late_p99_ms": milliseconds(self._lateness.percentile(99)),
            "waited": self._waited if plan.rate and done else None,
            **spent(before, after, seconds, done),
            "steps": self._lines.figures(),
            "failures": self._lines.failures(),
            "per_second": self._course.rows(now),
        }


async def _all_of(tasks: Sequence[asyncio.Task[None]]) -> None:
    await asyncio.gather(*tasks)


async def _leave(user: User) -> None:
    with suppress(PhoneError):
        await user.leave()
