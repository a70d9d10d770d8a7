"""The engine: plays scenarios on the phones that a driver gives. Knows no gateway and no report."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby
from typing import Any, Protocol

from ussd_gateway.patterns import Found, search
from ussd_gateway.scenario import language, model
from ussd_gateway.scenario.difference import compare, fitting_part
from ussd_gateway.scenario.model import Action, Expected, Scenario, Script, Text
from ussd_gateway.scenario.secrets import Secrets

# What a driver is -------------------------------------------------------------------------------------------------


class PhoneError(Exception):
    """The phone cannot do this now; the message says why. It fails the step."""


class NoGatewayError(Exception):
    """There is no gateway to play on; the message says where it was looked for."""


@dataclass(frozen=True, slots=True)
class Screen:
    """What a phone shows.

    text      str
    awaiting  bool; an answer is wanted
    outcome   str; how the dialogue ended, "" while it goes on
    session   str; the id of the dialogue, "" where there is none
    """

    text: str
    awaiting: bool
    outcome: str = ""
    session: str = ""

    @property
    def final(self) -> bool:
        """Whether the dialogue is over."""
        return bool(self.outcome) and not self.awaiting


@dataclass(frozen=True, slots=True)
class Sms:
    """An SMS that a phone has received; `id` differs from that of any other on this phone."""

    id: str
    sender: str
    text: str


class Phone(Protocol):
    """A phone in the hands of the engine. What it cannot do is a PhoneError."""

    @property
    def msisdn(self) -> str:
        """Its number."""

    async def begin(self) -> None:
        """Put every screen away, and take what has been received so far as read."""

    async def dial(self, code: str) -> Screen:
        """The first screen that asks or ends."""

    async def answer(self, text: str) -> Screen:
        """The next screen that asks or ends."""

    async def hang_up(self) -> None:
        """Cancel the dialogue, or put the last screen away."""

    async def screen(self) -> Screen | None:
        """What is shown now, None for nothing."""

    async def send(self, to: str, text: str) -> None:
        """Send an SMS."""

    async def turn(self, on: bool) -> None:
        """Join the network, or leave it."""

    async def receive(self, sender: str, match: str, within: float) -> Sms | None:
        """The next unread SMS from `sender` ("" for anybody) in which the regular expression `match` finds something.

        Waits for it for `within` seconds. It and all before it are read then. None when none comes.
        """

    async def receive_none(self, sender: str, match: str, seconds: float) -> Sms | None:
        """Let `seconds` pass; then the first unread SMS that fits, None when all is well."""

    async def inbox(self) -> Sequence[Sms]:
        """Every SMS received since `begin`, the oldest first."""


class Driver(Protocol):
    """A network to play on."""

    async def phone(self, msisdn: str) -> Phone:
        """The phone with this number; PhoneError when there cannot be one."""

    def now(self) -> float:
        """The network's time, in seconds since the epoch."""

    async def wait(self, seconds: float) -> None:
        """Let time pass."""

    async def push(self, msisdn: str, text: str, code: str, *, asks: bool) -> None:
        """Show a text on a phone, from a code."""


# What comes of it -------------------------------------------------------------------------------------------------


class Kind(StrEnum):
    """What an event is."""

    DONE = "done"  # the user, or the network, did something
    SCREEN = "screen"
    SMS = "sms"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened on a phone.

    phone  str; its name
    line   int; of the step during which it was noticed
    kind   Kind
    text   str; what was done, shown or received
    about  str; of a screen "final, success" or "awaiting an answer", of an SMS whom it is from
    at     float; when it was noticed, by the network's clock, in seconds since the epoch
    file   str; where the line is, "" for the script's own file
    """

    phone: str
    line: int
    kind: Kind
    text: str
    about: str = ""
    at: float = 0.0
    file: str = ""


@dataclass(frozen=True, slots=True)
class Timed:
    """A step that was played, or a round or row of a block.

    line, sentence, phone  as in the script; of a round or row which it is
    at       float; when it began, by the network's clock, in seconds since the epoch
    waited   float; seconds that it took by that clock
    seconds  float; of real time that it took
    before   int; how many events there were when it began
    file     str; where the line is, "" for the script's own file
    """

    line: int
    sentence: str
    phone: str
    at: float
    waited: float
    seconds: float
    before: int
    file: str = ""


@dataclass(frozen=True, slots=True)
class Arrival:
    """Something that arrived, as a failure tells it.

    event       Event
    similarity  float; 1 for what is as expected, 0 for what has nothing in common with it
    difference  str; where it differs, "" when nothing useful can be said
    remark      str; what else speaks against it, such as "read by an earlier step"
    """

    event: Event
    similarity: float
    difference: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a scenario failed.

    line      int; of the step
    sentence  str; as it was written
    expected  str; "an SMS from 3339 ... within 5 s", "" where nothing was expected
    problem   str; what is wrong, "" where the arrivals say it
    phone     str; "anna (70001000001)", "" when the step is about none
    arrived   tuple of Arrival; everything that arrived on that phone, nearest first
    file      str; where the line is, "" for the script's own file
    where     tuple of str; "setup" or "teardown", and the round and row of each block around the step
    later     tuple of Failure; what failed in the teardown after it
    """

    line: int
    sentence: str
    expected: str = ""
    problem: str = ""
    phone: str = ""
    arrived: tuple[Arrival, ...] = ()
    file: str = ""
    where: tuple[str, ...] = ()
    later: tuple[Failure, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """How one scenario went. Secrets are masked in all of it.

    seconds  float; of real time
    events   tuple of Event; the transcript, of all phones
    steps    tuple of Timed; as far as they were played, the one that failed is the last
    began    float; real time, in seconds since the epoch
    tags     tuple of str; the scenario's
    """

    file: str
    name: str
    line: int
    seconds: float
    failure: Failure | None
    events: tuple[Event, ...]
    steps: tuple[Timed, ...] = ()
    began: float = 0.0
    tags: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every step went as written."""
        return self.failure is None


async def play(script: Script, driver: Driver) -> list[Result]:
    """Play the scenarios of a script one after the other, all on the driver's network.

    Each begins with phones that show nothing and have read everything, and ends with phones that are on and hung up;
    what else a scenario changed in the network, the next one finds changed. NoGatewayError when the network is gone.
    """
    return [await _Player(script.name, scenario, driver).play() for scenario in script.scenarios]


# The engine -------------------------------------------------------------------------------------------------------


_NOT_FROM = "not from"


class _UnmetError(Exception):
    """A step did not go as written."""

    def __init__(
        self,
        *,
        expected: str = "",
        problem: str = "",
        looks_for: Expected | None = None,
        kind: Kind | None = None,
        sender: str = "",
    ) -> None:
        super().__init__(expected or problem)
        self.expected, self.problem = expected, problem
        self.looks_for, self.sender = looks_for, sender  # what is compared with what arrived
        self.kind = kind  # what kind of arrival comes first


class _FailedError(Exception):
    """A step failed, and with it all that is around it."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.sentence)
        self.failure = failure


class _Player:
    """Plays one scenario."""

    def __init__(self, file: str, scenario: Scenario, driver: Driver) -> None:
        self._file = file
        self._scenario = scenario
        self._driver = driver
        self._phones: dict[str, Phone] = {}
        self._captures: dict[str, str] = {}
        self._secrets = Secrets()
        self._set(scenario.variables)
        self._events: list[Event] = []
        self._steps: list[Timed] = []
        self._inboxes: dict[str, list[Sms]] = {}  # as far as they are among the events
        self._read: dict[str, int] = {}  # how many of them were read
        self._screens: dict[str, Screen | None] = {}  # the last one among the events
        self._off: set[str] = set()
        self._since: dict[str, int] = {}  # how many events there were when the phone got its number

    async def play(self) -> Result:
        began, started = time.time(), time.perf_counter()
        failure = await self._failure()
        await self._tidy_up()
        seconds = time.perf_counter() - started
        events = tuple(self._masked(event) for event in self._events)
        steps = tuple(replace(step, sentence=self._secrets.mask(step.sentence)) for step in self._steps)
        name, line, tags = self._scenario.name, self._scenario.line, self._scenario.tags
        return Result(self._file, name, line, seconds, failure, events, steps, began, tags)

    async def _failure(self) -> Failure | None:
        scenario = self._scenario
        for step in model.walk((*scenario.setup, *scenario.steps, *scenario.teardown)):
            if step.phone in scenario.phones and step.phone not in self._phones:
                try:
                    await self._take(step.phone, scenario.phones[step.phone])
                except PhoneError as error:
                    return await self._told(step, _UnmetError(problem=str(error)))
        failure = await self._failure_of(scenario.setup, "setup") or await self._failure_of(scenario.steps)
        for _, steps in groupby(scenario.teardown, lambda step: step.file):  # one file's does not hold up another's
            if later := await self._failure_of(steps, "teardown"):
                failure = replace(failure, later=(*failure.later, later)) if failure else later
        return failure

    async def _failure_of(self, steps: Iterable[Action], where: str = "") -> Failure | None:
        try:
            await self._play(steps, where)
        except _FailedError as failed:
            return failed.failure
        return None

    async def _play(self, steps: Iterable[Action], where: str = "") -> None:
        """One step after the other; _FailedError from the first that fails, which then happened in `where`, too."""
        try:
            for step in steps:
                await self._perform(step)
        except _FailedError as failed:
            if where:
                failed.failure = replace(failed.failure, where=(where, *failed.failure.where))
            raise

    async def _perform(self, step: Action) -> None:
        try:
            self._check_known(step)
            with nullcontext() if isinstance(step, model.Block) else self._timed(step):
                await PERFORM[type(step)](self, step)
                await self._collect(step)
        except (PhoneError, _UnmetError) as error:
            await self._collect(step)
            unmet = error if isinstance(error, _UnmetError) else _UnmetError(problem=str(error))
            raise _FailedError(await self._told(step, unmet)) from error

    @contextmanager
    def _timed(self, step: Action, sentence: str = "") -> Iterator[None]:
        at, started, before = self._driver.now(), time.perf_counter(), len(self._events)
        try:
            yield
        finally:
            waited, seconds = self._driver.now() - at, time.perf_counter() - started
            self._steps.append(
                Timed(step.line, sentence or step.sentence, step.phone, at, waited, seconds, before, step.file)
            )

    def _check_known(self, step: Action) -> None:
        """A teardown may speak of what a setup was to find, and did not."""
        names = (name for text in model.texts(step) for name in text.names)
        if unknown := next((name for name in names if name not in self._captures), ""):
            raise PhoneError(f"{{{unknown}}} has no value: what was to find it was not played")
        if step.phone and step.phone not in self._phones:
            raise PhoneError(f"{step.phone} has no number: what was to give it was not played")

    async def _take(self, name: str, msisdn: str) -> None:
        phone = await self._driver.phone(msisdn)
        await phone.begin()
        self._phones[name] = phone
        self._inboxes[name], self._read[name], self._screens[name] = [], 0, None
        self._since[name] = len(self._events)

    async def _tidy_up(self) -> None:
        for name in self._phones:
            await self._put_away(name)

    async def _put_away(self, name: str) -> None:
        phone = self._phones[name]
        try:
            if name in self._off:
                await phone.turn(True)
            screen = await phone.screen()
            if screen and screen.awaiting:
                await phone.hang_up()
        except PhoneError:  # it was asked for nothing; the scenario's own steps have told what is wrong
            return

    # Steps -------------------------------------------------------------------------------------------------------

    async def dial(self, step: model.Dial) -> None:
        code = self._fill(step.code)
        self._note(step, f"dials {code}")
        self._show(step, await self._phones[step.phone].dial(code))

    async def answer(self, step: model.Answer) -> None:
        text = self._fill(step.answer)
        self._note(step, f"answers {text}")
        self._show(step, await self._phones[step.phone].answer(text))

    async def hang_up(self, step: model.HangUp) -> None:
        self._note(step, "hangs up")
        await self._phones[step.phone].hang_up()

    async def send(self, step: model.Send) -> None:
        text, number = self._fill(step.text), self._fill(step.number)
        self._note(step, f"sends sms to {number}: {text}")
        await self._phones[step.phone].send(number, text)

    async def turn(self, step: model.Turn) -> None:
        self._note(step, "turns on" if step.on else "turns off")
        await self._phones[step.phone].turn(step.on)
        (self._off.discard if step.on else self._off.add)(step.phone)

    async def wait(self, step: model.Wait) -> None:
        self._note(step, f"wait {step.time:g} s")
        await self._driver.wait(step.time)

    async def push(self, step: model.Push) -> None:
        text, code = self._fill(step.text), self._fill(step.code)
        msisdn = self._phones[step.phone].msisdn
        self._note(step, f"is {'asked' if step.asks else 'shown'} from {code}: {text}")
        await self._driver.push(msisdn, text, code, asks=step.asks)

    async def check(self, step: model.Check) -> None:
        first, second = self._fill(step.first), self._fill(step.second)
        if (first == second) is not step.same:
            problem = f'"{first}" is not "{second}"' if step.same else f'both are "{first}"'
            raise _UnmetError(problem=problem)

    async def name_phone(self, step: model.Phone) -> None:
        written = self._fill(step.msisdn)
        msisdn = language.number_of(written)
        if msisdn is None:
            raise PhoneError(f"{written} is no number of a phone")
        if step.name in self._phones:
            await self._put_away(step.name)
            self._off.discard(step.name)
        await self._take(step.name, msisdn)
        self._captures[step.capture] = msisdn

    async def let(self, step: model.Let) -> None:
        self._set({step.variable: self._fill(step.text)})

    async def repeat(self, step: model.Repeat) -> None:
        for number in range(1, step.count + 1):
            await self._play_block(step, f"round {number} of {step.count}")

    async def for_each(self, step: model.ForEach) -> None:
        before = dict(self._captures)
        for number, row in enumerate(step.rows, 1):
            self._set(row.values)
            values = ", ".join(f"{name} {value}" for name, value in row.values.items())
            where = self._secrets.mask(f"row {number} of {step.table}, line {row.line}: {values}")
            await self._play_block(step, where)
        for name in step.rows[0].values:
            self._captures.pop(name)
            if name in before:
                self._captures[name] = before[name]

    async def _play_block(self, step: model.Block, where: str) -> None:
        with self._timed(step, where):
            self._note(step, where)
            await self._play(step.steps, where)

    async def together(self, step: model.Together) -> None:
        of_actor: dict[str, list[Action]] = {}
        for inner in step.steps:
            of_actor.setdefault(inner.actor, []).append(inner)
        failed: list[_FailedError] = []

        async def play(steps: list[Action]) -> None:
            try:
                await self._play(steps)
            except _FailedError as error:
                failed.append(error)

        # Each phone comes to its end, also when another one has failed: nothing is left under way.
        ended = await asyncio.gather(*map(play, of_actor.values()), return_exceptions=True)
        for error in (*filter(None, ended), *failed):
            raise error

    async def see(self, step: model.See) -> None:
        screen = await self._phones[step.phone].screen()
        if screen is not None and screen != self._screens[step.phone]:
            self._show(step, screen)
        if step.absent:
            if screen and step.expected and _search(step.expected.regex(self._captures), screen.text):
                raise self._unmet_screen(step)
            return
        if screen is None or not _fits(step, screen):
            raise self._unmet_screen(step)
        if step.expected:
            self._capture(step.expected, screen.text, self._unmet_screen(step))

    async def receive(self, step: model.Receive) -> None:
        sender, match = self._fill(step.number), self._regex(step.expected)
        sms = await self._phones[step.phone].receive(sender, match, step.time)
        if sms is None:
            expected = f"an SMS{self._told_sms(step)} within {step.time:g} s"
            raise _UnmetError(expected=expected, looks_for=step.expected, kind=Kind.SMS, sender=sender)
        await self._collect(step)
        self._read[step.phone] = 1 + max(
            (at for at, received in enumerate(self._inboxes[step.phone]) if received.id == sms.id), default=-1
        )
        if step.expected:
            self._capture(step.expected, sms.text, _UnmetError())

    async def receive_none(self, step: model.ReceiveNone) -> None:
        sender, match = self._fill(step.number), self._regex(step.expected)
        sms = await self._phones[step.phone].receive_none(sender, match, step.time)
        if sms is not None:
            expected = f"no SMS{self._told_sms(step)} for {step.time:g} s"
            raise _UnmetError(expected=expected, problem=f"an SMS from {sms.sender} came", kind=Kind.SMS)

    # Texts and captures --------------------------------------------------------------------------------------------

    def _fill(self, text: Text | None) -> str:
        return text.fill(self._captures) if text else ""

    def _regex(self, expected: Expected | None) -> str:
        return expected.regex(self._captures) if expected else ""

    def _capture(self, expected: Expected, text: str, unmet: _UnmetError) -> None:
        found = _search(expected.regex(self._captures), text)
        if found is None:
            raise unmet
        self._set(found.groupdict(default=""))

    def _set(self, values: Mapping[str, str]) -> None:
        for name, value in values.items():
            self._captures[name] = value
            self._secrets.add(name, value)

    def _told_sms(self, step: model.Receive | model.ReceiveNone) -> str:
        sender = f" from {self._fill(step.number)}" if step.number else ""
        return sender + (f" {step.expected.told(self._captures)}" if step.expected else "")

    def _unmet_screen(self, step: model.See) -> _UnmetError:
        words = "no screen" if step.absent else {"": "a screen", "final": "a final screen"}.get(step.state)
        words = words or "a screen that awaits an answer"
        if step.outcome:
            words += f" with the outcome {step.outcome}"
        if step.expected:
            words += f" {step.expected.told(self._captures)}"
        problem = "" if self._screens[step.phone] else "the phone shows nothing"
        return _UnmetError(expected=words, problem=problem, looks_for=step.expected, kind=Kind.SCREEN)

    # What happened -------------------------------------------------------------------------------------------------

    def _note(self, step: Action, text: str) -> None:
        self._event(step, Kind.DONE, text)

    def _show(self, step: Action, screen: Screen) -> None:
        self._screens[step.phone] = screen
        self._event(step, Kind.SCREEN, screen.text, _about(screen))

    def _event(self, step: Action, kind: Kind, text: str, about: str = "") -> None:
        self._events.append(Event(step.phone, step.line, kind, text, about, self._driver.now(), step.file))

    async def _collect(self, step: Action) -> None:
        """Put what has been received since among the events."""
        if step.phone not in self._phones:
            return
        known = self._inboxes[step.phone]
        ids = {sms.id for sms in known}
        for sms in await self._phones[step.phone].inbox():
            if sms.id not in ids:
                known.append(sms)
                self._event(step, Kind.SMS, sms.text, f"from {sms.sender}")

    async def _told(self, step: Action, unmet: _UnmetError) -> Failure:
        self._learn_secrets(unmet.looks_for)
        mask = self._secrets.mask
        return Failure(
            step.line,
            mask(step.sentence),
            mask(unmet.expected),
            mask(unmet.problem),
            f"{step.phone} ({self._number(step.phone)})" if step.phone else "",
            tuple(self._arrivals(step, unmet)),
            step.file,
        )

    def _number(self, name: str) -> str:
        return self._phones[name].msisdn if name in self._phones else self._scenario.phones.get(name, "no number")

    def _learn_secrets(self, expected: Expected | None) -> None:
        """A pattern that almost fits shows where the secret is that it was to capture."""
        if expected is None or expected.how != model.MATCHING:
            return
        pattern = expected.regex(self._captures)
        for event in self._events:
            part, found = fitting_part(pattern, event.text) if event.kind is not Kind.DONE else ("", None)
            if found and len(part) >= len(pattern) / 2:
                for name, value in found.groupdict(default="").items():
                    self._secrets.add(name, value)

    def _arrivals(self, step: Action, unmet: _UnmetError) -> list[Arrival]:
        since = self._events[self._since.get(step.phone, 0) :]
        arrived = [event for event in since if event.phone == step.phone and event.kind is not Kind.DONE]
        read, received = self._read.get(step.phone, 0), 0
        arrivals = []
        for event in arrived:
            remark = ""
            if event.kind is Kind.SMS:
                received += 1
                remark = self._remark(event, unmet, read=received <= read)
            arrivals.append(self._compared(self._masked(event), unmet, remark))
        # The latest of what is equally near comes first.
        nearness = [
            (arrival.event.kind is unmet.kind, not arrival.remark.startswith(_NOT_FROM), arrival.similarity)
            for arrival in arrivals
        ]
        order = sorted(range(len(arrivals)), key=lambda at: (*nearness[at], at), reverse=True)
        return [arrivals[at] for at in order]

    def _remark(self, event: Event, unmet: _UnmetError, *, read: bool) -> str:
        if unmet.sender and event.about != f"from {unmet.sender}":
            return f"{_NOT_FROM} {unmet.sender}"
        return "an earlier step has read it" if read else ""

    def _compared(self, event: Event, unmet: _UnmetError, remark: str) -> Arrival:
        if unmet.looks_for is None:
            return Arrival(event, 0.0, "", remark)
        how, text = unmet.looks_for.how, unmet.looks_for.text.fill(self._captures)
        similarity, difference = compare(how, self._secrets.mask(text), event.text)
        return Arrival(event, similarity, difference, remark)

    def _masked(self, event: Event) -> Event:
        return replace(event, text=self._secrets.mask(event.text))


def _fits(step: model.See, screen: Screen) -> bool:
    """Whether the screen's state and outcome are as the step says."""
    if step.state == model.FINAL and not screen.final:
        return False
    if step.state == model.AWAITING and not screen.awaiting:
        return False
    return not step.outcome or step.outcome == screen.outcome


def _about(screen: Screen) -> str:
    if screen.awaiting:
        return "awaiting an answer"
    return f"final, {screen.outcome}" if screen.outcome else ""


PERFORM: dict[type[Action], Callable[[_Player, Any], Awaitable[None]]] = {
    model.Dial: _Player.dial,
    model.Answer: _Player.answer,
    model.HangUp: _Player.hang_up,
    model.See: _Player.see,
    model.Receive: _Player.receive,
    model.ReceiveNone: _Player.receive_none,
    model.Send: _Player.send,
    model.Turn: _Player.turn,
    model.Push: _Player.push,
    model.Wait: _Player.wait,
    model.Check: _Player.check,
    model.Phone: _Player.name_phone,
    model.Let: _Player.let,
    model.Repeat: _Player.repeat,
    model.ForEach: _Player.for_each,
    model.Together: _Player.together,
}
"""What is done for each kind of step."""


def _search(pattern: str, text: str) -> Found | None:
    try:
        return search(pattern, text)
    except ValueError as error:  # it takes too long
        raise PhoneError(str(error)) from error
