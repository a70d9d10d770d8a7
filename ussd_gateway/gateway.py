"""The gateway: a network with a clock and a journal, on the event loop. No sockets, no HTTP, no SQL.

`submit` and `deliver` are plain calls. Whatever one turn of the event loop accepted is committed to the journal once, at
its end; only then the edges write what they have to say, so that what was acknowledged is kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import contextmanager
from math import inf
from typing import Any, Protocol

from ussd_gateway.clock import Clock, VirtualClock, iso
from ussd_gateway.logs import logger, told
from ussd_gateway.network.deadlines import Deadlines, soonest
from ussd_gateway.network.directory import Directory
from ussd_gateway.network.message import Alert, Delivery, Endpoint, Message, MessageState, Receipt, Sms, Ussd
from ussd_gateway.network.network import Network, NetworkSettings
from ussd_gateway.network.outcomes import Chance
from ussd_gateway.network.party import Party, UnderWay
from ussd_gateway.network.record import Record

log = logger(__name__)

QUIET_TURNS = 3  # turns of the event loop without work after which nothing is taken to be under way
COMMIT_AGAIN = 0.1  # seconds after which a failed commit is tried again
_FEW_TIMERS = 1000
LONGEST_SLEEP = 60.0  # seconds between two looks at the clock while a deadline is to come
_NOTHING: Mapping[str, str] = {}
PATIENCE = 5.0  # real seconds that `settle` gives to what is under way


class Journal(Record, Protocol):
    """The record of all that passed, committed once per turn."""

    first_id: int

    def event(
        self, kind: str, now: float, *, account: str | None = None, hidden: Mapping[str, str], **facts: object
    ) -> None:
        """Something else happened, such as esme.bound; `hidden` are the secrets that its facts have masked."""

    def hide(self, source: str, text: str, secrets: tuple[str, ...]) -> None:
        """No record shows the secrets in an SMS with this text, or one part of such, that is submitted from now on."""

    def shown(self, source: str, destination: str, text: str) -> str:
        """The text of an SMS as a record may show it."""

    def keep(self) -> None:
        """Everything recorded so far is kept from now on."""

    def tell(self) -> None:
        """Those who watch the journal hear of what was kept."""

    def commit(self) -> None:
        """Both."""


class Timer:
    """A call that the gateway's clock will make."""

    __slots__ = ("callback",)

    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        """The call will not be made."""
        self.callback = None


class Gateway:
    """What a program starts: endpoints attach to it and submit; it delivers, and lets time pass."""

    def __init__(
        self,
        settings: NetworkSettings,
        *,
        clock: Clock,
        journal: Journal,
        new_handset: Callable[[str], Endpoint],
        language: Callable[[str], str] = lambda msisdn: "ru",
        chance: Chance = lambda: 0.0,
    ) -> None:
        self.clock = clock
        self.journal = journal
        self.network = Network(settings, journal, new_handset, journal.first_id, language, chance, _secrets_failed)
        self._timers: Deadlines[Timer] = Deadlines()
        self._many_timers = _FEW_TIMERS  # of more than so many those that were cancelled are forgotten
        self._tasks: dict[asyncio.Task[Any], float] = {}  # how long `settle` waits for each, by the loop's clock
        self._under_way = 0
        self._busy: list[Callable[[], bool]] = []
        self._after_commit: list[Callable[[], None]] = []
        self._turn_ends = False  # the end of this turn is scheduled, or an edge sees to it
        self._entered = False
        self.stuck = False  # the last commit failed: edges had better take nothing more
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at = 0.0
        self._closed = False

    @property
    def directory(self) -> Directory:
        """Who has which address."""
        return self.network.directory

    def now(self) -> float:
        """The clock's moment, in seconds since the epoch."""
        return self.clock.now()

    # What endpoints do ---------------------------------------------------------------------------------------------

    def submit(self, message: Message) -> None:
        """Hand a message to the network; SessionError when it does not belong to its dialogue."""
        self._deliver(self.network.submit(message, self.clock.now()))

    def push(self, message: Ussd, application: Endpoint) -> None:
        """The network begins a dialogue with message.msisdn for an application."""
        self._deliver(self.network.push(message, application, self.now()))

    def confirm(self, sms: Sms, state: MessageState, error: int = 0) -> None:
        """An ESME says what became of a message that it was handed."""
        self._deliver(self.network.confirm(sms, state, self.now(), error))

    def postpone(self, sms: Sms, error: int) -> None:
        """An ESME cannot take a message now that it was handed; `error` as a MAP user error (3GPP 29.002)."""
        self._deliver(self.network.postpone(sms, error, self.now()))

    def hand_back(self, system_id: str, messages: Iterable[Sms | Receipt | Alert]) -> None:
        """An ESME lost its bind before these arrived."""
        self.network.hand_back(system_id, messages)
        self.changed()

    def query(self, message_id: str, account: str, *, source: str | None = None) -> list[UnderWay]:
        """The messages under way that the account knows by this id."""
        return self.network.query(message_id, account, source=source)

    def cancel(self, message_id: str, account: str, *, source: str | None = None) -> None:
        """The account takes a message back; NotUnderWayError, TooLateError."""
        self._deliver(self.network.cancel(message_id, account, self.now(), source=source))

    def cancel_between(self, account: str, source: str, destination: str, *, service_type: str = "") -> None:
        """The account takes back all it submitted from one address to the other; NotUnderWayError."""
        now = self.now()
        self._deliver(self.network.cancel_between(account, source, destination, now, service_type=service_type))

    def replace(
        self,
        message_id: str,
        account: str,
        octets: bytes,
        *,
        source: str | None = None,
        registered_delivery: int | None = None,
        expires_at: float = 0.0,
        scheduled_at: float = 0.0,
    ) -> None:
        """The account rewrites a message under way; NotUnderWayError, TooLateError."""
        self.network.replace(
            message_id,
            account,
            octets,
            self.now(),
            source=source,
            registered_delivery=registered_delivery,
            expires_at=expires_at,
            scheduled_at=scheduled_at,
        )
        self.changed()

    def want_alert(self, msisdn: str, account: str) -> bool:
        """The account is told when the handset can be reached again; False when it can be reached now."""
        return self.network.want_alert(msisdn, account)

    def attach(self, party: Party) -> None:
        """A handset registers, or an account is bound to receive."""
        if not (party.attached or party.confirms):
            self.note("handset.attached", msisdn=party.name)
        self._deliver(self.network.attach(party, self.now()))

    def detach(self, party: Party) -> None:
        """A handset leaves, or an account's last receiving bind ends."""
        if party.attached and not party.confirms:
            self.note("handset.detached", msisdn=party.name)
        self._deliver(self.network.detach(party, self.now()))

    def release(self, party: Party) -> None:
        """A party has room for what waits for it."""
        self._deliver(self.network.release(party, self.now()))

    def memory_full(self, party: Party, full: bool) -> None:
        """A handset has no memory left for SMS, or has some again."""
        if party.memory_full is not full:
            self.note("handset.memory_full", msisdn=party.name, full=full)
        self._deliver(self.network.memory_full(party, full, self.now()))

    def busy(self, party: Party, busy: bool) -> None:
        """A handset is in a call and takes no SMS now, or takes some again."""
        if party.busy is not busy:
            self.note("handset.busy", msisdn=party.name, busy=busy)
        self._deliver(self.network.busy(party, busy, self.now()))

    def record(
        self, kind: str, *, account: str | None = None, hidden: Mapping[str, str] = _NOTHING, **facts: Any
    ) -> None:
        """Write down that something happened.

        facts   hold no secret
        hidden  the secrets that are masked in the facts, by the name of what holds them; they are written nowhere
        """
        self.journal.event(kind, self.now(), account=account, hidden=hidden, **facts)
        self.changed()

    def note(self, kind: str, *, account: str | None = None, **facts: Any) -> None:
        """Write it down and log it."""
        self.record(kind, account=account, **facts)
        log.info(kind, **({"account": account} if account else {}), **facts)

    def warn(self, kind: str, **facts: Any) -> None:
        """The same of what somebody had better look at."""
        self.record(kind, account=None, **facts)
        log.warning(kind, **facts)

    def _deliver(self, deliveries: list[Delivery]) -> None:
        for endpoint, message in deliveries:
            try:
                endpoint.deliver(message)
            except Exception as error:  # one endpoint's fault is no other's
                log.error("gateway.delivery_failed", endpoint=type(endpoint).__name__, error=told(error))
        if not self._turn_ends:
            self.changed()

    # The turn of the event loop ------------------------------------------------------------------------------------

    def changed(self) -> None:
        """Something has to be committed at the end of this turn."""
        if not self._turn_ends and not self._closed:
            self._turn_ends = True
            asyncio.get_running_loop().call_soon(self._end_turn)

    def enter(self) -> None:
        """An edge begins with what a read has brought; what it changes is committed after `leave`."""
        if not self._turn_ends:
            self._turn_ends = self._entered = True

    def leave(self) -> None:
        """The edge is done: the turn ends now if nobody else has anything to do in it, which saves a round of the loop."""
        if not self._entered:
            return
        self._entered = False
        loop = asyncio.get_running_loop()
        # asyncio has no public word for it; a loop without this attribute goes the long way
        if getattr(loop, "_ready", True):
            loop.call_soon(self._end_turn)
        else:
            self._end_turn()

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call back once this turn's work is committed."""
        self._after_commit.append(callback)
        self.changed()

    async def committed(self) -> None:
        """Returns once everything submitted so far is kept."""
        kept = asyncio.Event()
        self.after_commit(kept.set)
        await kept.wait()

    def _end_turn(self) -> None:
        if self._closed:
            return
        try:
            self.journal.keep()
        except Exception as error:  # nothing is acknowledged before it is kept: try again
            log.error("gateway.commit_failed", error=told(error))
            self.stuck = True
            asyncio.get_running_loop().call_later(COMMIT_AGAIN, self._end_turn)
            return
        self._turn_ends = self.stuck = False
        self._call_back()
        self._call(self.journal.tell)  # behind the answers: nobody waits for it
        self._arm()

    def _call_back(self) -> None:
        callbacks, self._after_commit = self._after_commit, []
        for callback in callbacks:
            self._call(callback)

    def _call(self, callback: Callable[[], None]) -> None:
        try:
            callback()
        except Exception as error:  # one edge's fault is no other's
            log.error("gateway.callback_failed", error=told(error))

    # Time ----------------------------------------------------------------------------------------------------------

    def call_later(self, delay: float, callback: Callable[[], None]) -> Timer:
        """Call back after `delay` seconds of the gateway's clock."""
        timer = Timer(callback)
        if len(self._timers) > self._many_timers:
            self._timers.retain(lambda when, timer: timer.callback is not None)
            self._many_timers = 2 * len(self._timers) + _FEW_TIMERS
        self._timers.add(self.now() + delay, timer)
        self.changed()
        return timer

    def next_deadline(self) -> float | None:
        """When `tick` has something to do."""
        return soonest(self.network.next_deadline(), self._timers.next())

    def tick(self) -> None:
        """Does what the clock's moment makes due."""
        now = self.now()
        self._deliver(self.network.tick(now))
        for timer in self._timers.due(now):
            if timer.callback:
                self._call(timer.callback)

    async def advance(self, seconds: float) -> None:
        """Move a virtual clock; on the way everything happens in its order and at its moment."""
        if not isinstance(self.clock, VirtualClock):
            raise RuntimeError("only a virtual clock can be moved; start the gateway with --virtual-clock")
        end = self.now() + seconds
        await self.settle()
        if seconds:
            facts: dict[str, Any] = {"from": iso(self.now()), "to": iso(end), "seconds": seconds}
            self.record("clock.moved", **facts)
        while (due := self.next_deadline()) is not None and due <= end:
            self.clock.move_to(due)
            self.tick()
            await self.settle()
        self.clock.move_to(end)

    async def wait(self, seconds: float) -> None:
        """Let `seconds` pass: a virtual clock is moved, a real one is waited for."""
        if isinstance(self.clock, VirtualClock):
            await self.advance(seconds)
        else:
            await asyncio.sleep(seconds)

    def _arm(self) -> None:
        """One timer of the event loop for the soonest deadline of all."""
        due = None if isinstance(self.clock, VirtualClock) else self.next_deadline()
        if self._alarm is not None and (due is None or due != self._alarm_at):
            self._alarm.cancel()
            self._alarm = None
        if due is not None and self._alarm is None:
            self._alarm_at = due
            # The loop's clock stands still while a machine sleeps, and the gateway's does not: look again now and then
            wait = min(max(0.0, due - self.now()), LONGEST_SLEEP)
            self._alarm = asyncio.get_running_loop().call_later(wait, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        self.tick()
        self._arm()

    # Work under way ------------------------------------------------------------------------------------------------

    def spawn(self, work: Coroutine[Any, Any, None], patience: float = inf) -> asyncio.Task[None]:
        """Run what has to wait for something; `settle` waits for it, for `patience` real seconds, `close` ends it."""
        loop = asyncio.get_running_loop()
        task = loop.create_task(work)
        self._tasks[task] = loop.time() + patience
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.pop(task, None)
        if not task.cancelled() and (error := task.exception()):
            log.error("gateway.task_failed", task=task.get_name(), error=told(error))

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Marks work that is on a socket, so that `settle` waits for it."""
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1

    def busy_while(self, busy: Callable[[], bool]) -> None:
        """`settle` waits as long as `busy()` is true."""
        self._busy.append(busy)

    async def settle(self) -> None:
        """Returns when nothing is under way inside the gateway any more, or after a few real seconds."""
        loop = asyncio.get_running_loop()
        end = loop.time() + PATIENCE
        quiet = 0
        while quiet < QUIET_TURNS and loop.time() < end:
            waiting = any(until > loop.time() for until in self._tasks.values())
            elsewhere = waiting or self._under_way or any(busy() for busy in self._busy)
            quiet = 0 if elsewhere or self._turn_ends else quiet + 1
            await asyncio.sleep(0.001 if elsewhere else 0)

    async def close(self) -> None:
        """End what is under way and keep what was accepted."""
        if self._alarm:
            self._alarm.cancel()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._closed = True
        self.journal.commit()
        self._call_back()


def _secrets_failed(application: Endpoint, error: Exception) -> None:
    log.error("gateway.secrets_failed", endpoint=type(application).__name__, error=told(error))
