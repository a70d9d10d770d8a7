"""The engine: plays scenarios on the phones that a driver gives. Knows no gateway and no report."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import Any

from ussd_gateway.coding.data_coding import ussd_octets
from ussd_gateway.patterns import search
from ussd_gateway.scenario import language, model
from ussd_gateway.scenario.difference import compare, fitting_part
from ussd_gateway.scenario.driver import (
    ActorError,
    Application,
    Browser,
    Driver,
    Esme,
    Page,
    Phone,
    PhoneError,
    Receipt,
    Screen,
    Sms,
)
from ussd_gateway.scenario.model import Action, Expected, Scenario, Script, Text
from ussd_gateway.scenario.result import Arrival, Event, Failure, Kind, Result, Timed
from ussd_gateway.scenario.secrets import Secrets


async def play(script: Script, driver: Driver) -> list[Result]:
    """Play the scenarios of a script one after the other, all on the driver's network.

    Each begins with phones that show nothing and have read everything, and ends with phones that are on and hung up;
    what else a scenario changed in the network, the next one finds changed. NoGatewayError when the network is gone.
    Where the clock cannot stand at the moment at which the file starts, every scenario fails with that.
    """
    if script.starts:
        try:
            await driver.start_at(_zoned(script.starts.moment, await driver.moment()))
        except ActorError as error:
            failure = Failure(script.starts.line, script.starts.sentence, problem=str(error))
            return [Result(script.name, one.name, one.line, 0.0, failure, ()) for one in script.scenarios]
    return [await _Player(script.name, scenario, driver).play() for scenario in script.scenarios]


def _zoned(moment: datetime, now: datetime) -> datetime:
    """The moment in its own zone, or in the operator's."""
    return moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)


_SHOWN = 20  # fields that are named
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

    _anew = True  # a phone that gets its name begins with nothing shown

    def __init__(self, file: str, scenario: Scenario, driver: Driver) -> None:
        self._file = file
        self._scenario = scenario
        self._driver = driver
        self._phones: dict[str, Phone] = {}
        self._esmes: dict[str, Esme] = {}
        self._browsers: dict[str, Browser] = {}
        self._applications: dict[str, Application] = {}
        self._pages: dict[str, Page] = {}  # the last one of each browser
        self._captures: dict[str, str] = {}
        self._secrets = Secrets()
        self._set(scenario.variables)
        self._events: list[Event] = []
        self._steps: list[Timed] = []
        self._inboxes: dict[str, list[Sms | Receipt]] = {}  # as far as they are among the events
        self._read: dict[tuple[str, Kind], int] = {}  # how many of them were read
        self._screens: dict[str, Screen | None] = {}  # the last one among the events
        self._off: set[str] = set()
        self._full: set[str] = set()
        self._faults: tuple[Sequence[Mapping[str, object]], ...] = ()  # those of before, and those of now
        self._since: dict[str, int] = {}  # how many events there were when the phone got its number

    async def play(self) -> Result:
        began, started = time.time(), time.perf_counter()
        try:
            failure = await self._failure()
        finally:
            await self._leave()
        await self._tidy_up()
        return self._result(failure, began, time.perf_counter() - started)

    def _result(self, failure: Failure | None, began: float, seconds: float) -> Result:
        events = tuple(self._masked(event) for event in self._events)
        steps = tuple(replace(step, sentence=self._secrets.mask(step.sentence)) for step in self._steps)
        name, line, tags = self._scenario.name, self._scenario.line, self._scenario.tags
        return Result(self._file, name, line, seconds, failure, events, steps, began, tags)

    async def _meet(self, steps: Iterable[Action]) -> Failure | None:
        """Get hold of whom the steps are about."""
        scenario = self._scenario
        for step in model.walk(steps):
            if step.phone in scenario.phones and step.phone not in self._phones:
                try:
                    await self._take(step.phone, scenario.phones[step.phone])
                except PhoneError as error:
                    return await self._told(step, _UnmetError(problem=str(error)))
            if isinstance(step, model.EsmeAction) and step.esme not in self._esmes:
                account = scenario.esmes[step.esme]
                self._esmes[step.esme] = await self._driver.esme(account.system_id, account.password)
                self._inboxes[step.esme] = []
            if isinstance(step, model.BrowserAction) and step.browser not in self._browsers:
                self._browsers[step.browser] = await self._driver.browser()
            if isinstance(step, model.ApplicationAction) and step.application not in self._applications:
                service = scenario.services[step.application]
                try:
                    started = await self._driver.application(service.code, service.dialect)
                except ActorError as error:
                    return await self._told(step, _UnmetError(problem=str(error)))
                self._applications[step.application] = started
        return None

    async def _failure(self) -> Failure | None:
        scenario = self._scenario
        if failure := await self._meet((*scenario.setup, *scenario.steps, *scenario.teardown)):
            return failure
        failure = await self._failure_of(scenario.setup, "setup")
        found = dict(self._captures)
        failure = failure or await self._failure_of(scenario.steps)
        self._captures = found  # a teardown finds what it would find after any other scenario
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
        except (ActorError, _UnmetError) as error:
            await self._collect(step)
            unmet = error if isinstance(error, _UnmetError) else _UnmetError(problem=str(error))
            raise _FailedError(await self._told(step, unmet)) from error

    @contextmanager
    def _timed(self, step: Action, sentence: str = "") -> Iterator[None]:
        at, started, before, failed = self._driver.now(), time.perf_counter(), len(self._events), False
        try:
            yield
        except (ActorError, _UnmetError, _FailedError):
            failed = True
            raise
        finally:
            waited, seconds = self._driver.now() - at, time.perf_counter() - started
            self._steps.append(
                Timed(step.line, sentence or step.sentence, step.actor, at, waited, seconds, before, step.file, failed)
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
        if self._anew:
            await phone.begin()
        self._phones[name] = phone
        self._inboxes[name], self._screens[name] = [], None
        self._read.pop((name, Kind.SMS), None)
        self._since[name] = len(self._events)

    async def _leave(self) -> None:
        """Nothing of what the scenario brought along stays, whatever became of it."""
        for esme in self._esmes.values():
            await esme.close()
        for browser in self._browsers.values():
            await browser.close()
        for application in self._applications.values():
            await application.close()
        if self._faults:
            await self._driver.set_faults(self._faults[0])

    async def _tidy_up(self) -> None:
        for name in self._phones:
            await self._put_away(name)

    async def _put_away(self, name: str) -> None:
        phone = self._phones[name]
        try:
            if name in self._off:
                await phone.turn(True)
            if name in self._full:
                await phone.fill_memory(False)
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
        await self._phones[step.phone].send(number, text, step.encoding)

    async def turn(self, step: model.Turn) -> None:
        self._note(step, "turns on" if step.on else "turns off")
        await self._phones[step.phone].turn(step.on)
        (self._off.discard if step.on else self._off.add)(step.phone)

    async def memory(self, step: model.Memory) -> None:
        self._note(step, "memory is full" if step.full else "memory has room")
        await self._phones[step.phone].fill_memory(step.full)
        (self._full.add if step.full else self._full.discard)(step.phone)

    async def speak(self, step: model.Speak) -> None:
        self._note(step, f"speaks {step.language}")
        await self._phones[step.phone].speak(step.language)

    async def wait(self, step: model.Wait) -> None:
        self._note(step, f"wait {step.time:g} s")
        await self._driver.wait(step.time)

    async def wait_until(self, step: model.WaitUntil) -> None:
        now = await self._driver.moment()
        moment = _zoned(step.moment, now)
        self._note(step, f"wait until {moment:%Y-%m-%d %H:%M:%S %z}")
        if moment < now:
            raise _UnmetError(problem=f"it is {now:%Y-%m-%d %H:%M:%S %z} already")
        await self._driver.wait((moment - now).total_seconds())

    async def fault(self, step: model.Fault) -> None:
        self._note(step, f"fault {step.rule['effect']}")
        before, now = self._faults or (await self._driver.faults(),) * 2
        self._faults = before, (step.rule, *now)
        await self._driver.set_faults(self._faults[1])

    async def fault_off(self, step: model.FaultOff) -> None:
        self._note(step, "fault off")
        self._faults = (self._faults or (await self._driver.faults(),))[0], ()
        await self._driver.set_faults(())

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
            self._full.discard(step.name)
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
            await self._play_block(step, self._secrets.mask(f"row {number} of {step.table}, line {row.line}: {values}"))
        for name in step.rows[0].values:
            self._captures.pop(name)
            if name in before:
                self._captures[name] = before[name]

    async def _play_block(self, step: model.Block, where: str) -> None:
        with self._timed(step, where):
            self._events.append(Event("", step.line, Kind.DONE, where, "", self._driver.now(), step.file))
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
        for error in filter(None, ended):
            raise error
        if failed:
            first, *others = (error.failure for error in failed)
            raise _FailedError(replace(first, later=(*first.later, *others)))

    async def _look(self, step: Action) -> Screen | None:
        screen = await self._phones[step.phone].screen()
        if screen is not None and screen != self._screens[step.phone]:
            self._show(step, screen)
        return screen

    async def measure(self, step: model.Measure) -> None:
        screen = await self._look(step)
        at_most = f" of at most {step.count} {step.unit}" if step.count else ""
        encoded = f" encoded {step.encoding}" if step.encoding else ""
        expected = f"a screen{at_most}{encoded}"
        if screen is None:
            raise _UnmetError(expected=expected, problem="the phone shows nothing")
        length = ussd_octets(screen.text) if step.unit == "octets" else len(screen.text)
        if step.count and length > step.count:
            raise _UnmetError(expected=expected, problem=f"it has {length} {step.unit}", kind=Kind.SCREEN)
        if step.encoding not in ("", screen.encoding):
            raise _UnmetError(expected=expected, problem=f"it is encoded {screen.encoding}", kind=Kind.SCREEN)

    async def see(self, step: model.See) -> None:
        screen = await self._look(step)
        if step.absent:
            if screen and step.expected and _search(step.expected, self._captures, screen.text) is not None:
                raise self._unmet_screen(step)
            return
        if screen is None or not _fits(step, screen):
            raise self._unmet_screen(step)
        if step.expected:
            self._capture(step.expected, screen.text, self._unmet_screen(step))

    async def receive(self, step: model.Receive | model.EsmeReceive) -> None:
        sender, match = self._fill(step.number), self._regex(step.expected)
        sms = await self._receiver(step).receive(sender, match, step.time)
        if sms is None:
            expected = f"an SMS{self._told_sms(step)} within {step.time:g} s"
            raise _UnmetError(expected=expected, looks_for=step.expected, kind=Kind.SMS, sender=sender)
        await self._mark_read(step, sms, Kind.SMS)
        if step.parts not in (0, sms.parts):
            raise self._unlike(step, f"it came in {_counted(sms.parts, 'part')}")
        if step.encoding not in ("", sms.encoding):
            raise self._unlike(step, f"it came encoded {sms.encoding}")
        if step.expected:
            self._capture(step.expected, sms.text, _UnmetError())

    def _receiver(self, step: Action) -> Phone | Esme:
        return self._phones[step.phone] if step.phone else self._esmes[step.actor]

    async def _mark_read(self, step: Action, arrived: Sms | Receipt, kind: Kind) -> None:
        await self._collect(step)
        ids = [known.id for known in self._inboxes[step.actor] if type(known) is type(arrived)]
        self._read[step.actor, kind] = ids.index(arrived.id) + 1 if arrived.id in ids else 0

    def _unlike(self, step: model.Receive | model.EsmeReceive, problem: str) -> _UnmetError:
        return _UnmetError(
            expected=f"an SMS{self._told_sms(step)}",
            problem=problem,
            looks_for=step.expected,
            kind=Kind.SMS,
            sender=self._fill(step.number),
        )

    async def receive_none(self, step: model.ReceiveNone | model.EsmeReceiveNone) -> None:
        sender, match = self._fill(step.number), self._regex(step.expected)
        sms = await self._receiver(step).receive_none(sender, match, step.time)
        if sms is not None:
            expected = f"no SMS{self._told_sms(step)} for {step.time:g} s"
            raise _UnmetError(expected=expected, problem=f"an SMS from {sms.sender} came", kind=Kind.SMS)

    async def bind(self, step: model.Bind) -> None:
        self._note(step, f"binds as {step.mode}")
        self._check_status(step, await self._esmes[step.esme].bind(step.mode))

    async def submit(self, step: model.Submit) -> None:
        text, number, sender = self._fill(step.text), self._fill(step.number), self._fill(step.sender)
        part = f"part {step.part.number} of {step.part.total} " if step.part else ""
        self._note(step, f"submits {part}to {number}: {text}")
        status, message_id = await self._esmes[step.esme].submit(
            text, number, sender, receipt=step.receipt, encoding=step.encoding, part=step.part
        )
        self._check_status(step, status, message_id)
        if step.capture:
            self._captures[step.capture] = message_id

    def _check_status(self, step: model.Bind | model.Submit, status: str, message_id: str = "") -> None:
        if status:
            self._event(step, Kind.RESPONSE, status, f"message_id {message_id}" if message_id else "")
        if status != step.status:
            raise _UnmetError(
                expected=f"the response {step.status}" if step.status else "no response",
                problem=f"it is answered {status}" if status else "no response comes",
                kind=Kind.RESPONSE,
            )

    async def get_receipt(self, step: model.GetReceipt) -> None:
        message_id = self._fill(step.id)
        receipt = await self._esmes[step.esme].receipt(step.stat, message_id, step.time)
        if receipt is None:
            told = f" for {message_id}" if step.id else ""
            raise _UnmetError(expected=f"a receipt {step.stat}{told} within {step.time:g} s", kind=Kind.RECEIPT)
        await self._mark_read(step, receipt, Kind.RECEIPT)

    async def get_no_receipt(self, step: model.GetNoReceipt) -> None:
        receipt = await self._esmes[step.esme].receipt_none(step.time)
        if receipt is not None:
            problem = f"a receipt {receipt.stat} for {receipt.message_id} came"
            raise _UnmetError(expected=f"no receipt for {step.time:g} s", problem=problem, kind=Kind.RECEIPT)

    async def leave(self, step: model.Leave) -> None:
        self._note(step, "unbinds")
        await self._esmes[step.esme].unbind()

    async def request(self, step: model.Request) -> None:
        url, headers = self._fill(step.url), self._filled(step.headers)
        form = json_text = None
        if step.body.raw:
            json_text = self._fill(step.body.raw)
        elif step.body.json:
            filled = self._filled(step.body.fields)
            typed = {field.name: _typed(filled[field.name], field.bare) for field in step.body.fields}
            json_text = json.dumps(typed, ensure_ascii=False)
        elif step.body.fields:
            form = self._filled(step.body.fields)
        sent = json_text or "&".join(f"{name}={value}" for name, value in (form or {}).items())
        self._learn_fields(_json_of(json_text or ""))
        self._note(step, f"{step.method} {url}" + (f": {sent}" if sent else ""))
        page = await self._browsers[step.browser].request(step.method, url, headers, form=form, json=json_text)
        self._pages[step.browser] = page
        self._learn_fields(_json_of(page.text))
        about = f"{page.status} {page.headers.get('content-type', '').partition(';')[0]}".rstrip()
        self._event(step, Kind.PAGE, page.text, about)

    async def see_status(self, step: model.SeeStatus) -> None:
        status = self._page(step).status
        if status != step.http_status:
            raise _UnmetError(expected=f"the status {step.http_status}", problem=f"it is {status}", kind=Kind.PAGE)

    async def see_page(self, step: model.SeePage) -> None:
        page = self._page(step)
        where = f"header {step.header} " if step.header else f"field {step.path} " if step.path else "page "
        told = step.expected.told(self._captures)
        unmet = _UnmetError(expected=f"{'no' if step.absent else 'a'} {where}{told}", kind=Kind.PAGE)
        text = page.text
        if step.header:
            text = page.headers.get(step.header.lower(), "")
            unmet.problem = f'it is "{text}"' if text else "there is no such header"
        elif step.path:
            text = _field(page.text, step.path)
            unmet.problem = f'it is "{text}"'
        else:
            unmet.looks_for = step.expected
        if step.absent:
            if _search(step.expected, self._captures, text) is not None:
                raise unmet
            return
        self._capture(step.expected, text, unmet)

    async def reply(self, step: model.Reply) -> None:
        text = self._fill(step.reply) if step.reply else None
        self._note(step, "will close the connection" if text is None else f"will answer {text}")
        self._applications[step.application].reply(text, step.time, step.http_status)

    async def asked(self, step: model.Asked) -> None:
        asked = self._applications[step.application].asked()
        if asked is None:
            raise ActorError("nobody has called it yet")
        self._event(step, Kind.CALL, asked)
        expected = f"a call {step.expected.told(self._captures)}"
        self._capture(step.expected, asked, _UnmetError(expected=expected, looks_for=step.expected, kind=Kind.CALL))

    def _page(self, step: model.BrowserAction) -> Page:
        if step.browser not in self._pages:
            raise ActorError("it has asked for nothing yet")
        return self._pages[step.browser]

    def _filled(self, fields: Sequence[model.Field]) -> dict[str, str]:
        filled = {field.name: self._fill(field.value) for field in fields}
        for name, value in filled.items():
            self._secrets.add(name, value)
        return filled

    def _learn_fields(self, value: object, name: str = "") -> None:
        """What stands in JSON under the name of a secret is one."""
        if isinstance(value, dict):
            for key, inner in value.items():
                self._learn_fields(inner, str(key))
        elif isinstance(value, list):
            for inner in value:
                self._learn_fields(inner, name)
        elif isinstance(value, str):
            self._secrets.add(name, value)

    # Texts and captures --------------------------------------------------------------------------------------------

    def _fill(self, text: Text | None) -> str:
        return text.fill(self._captures) if text else ""

    def _regex(self, expected: Expected | None) -> str:
        return expected.regex(self._captures) if expected else ""

    def _capture(self, expected: Expected, text: str, unmet: _UnmetError) -> None:
        found = _search(expected, self._captures, text)
        if found is None:
            raise unmet
        self._set(found)

    def _set(self, values: Mapping[str, str]) -> None:
        for name, value in values.items():
            self._captures[name] = value
            self._secrets.add(name, value)

    def _told_sms(self, step: model.Receive | model.ReceiveNone | model.EsmeReceive | model.EsmeReceiveNone) -> str:
        words = f" from {self._fill(step.number)}" if step.number else ""
        if isinstance(step, model.Receive | model.EsmeReceive):
            words += f" in {_counted(step.parts, 'part')}" if step.parts else ""
            words += f" encoded {step.encoding}" if step.encoding else ""
        return words + (f" {step.expected.told(self._captures)}" if step.expected else "")

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
        self._events.append(Event(step.actor, step.line, kind, text, about, self._driver.now(), step.file))

    async def _collect(self, step: Action) -> None:
        """Put what has been received since among the events."""
        if step.phone in self._phones:
            received: Sequence[Sms | Receipt] = await self._phones[step.phone].inbox()
        elif step.actor in self._esmes:
            received = self._esmes[step.actor].inbox()
        else:
            return
        known = self._inboxes[step.actor]
        ids = {arrived.id for arrived in known}
        for arrived in received:
            if arrived.id not in ids:
                known.append(arrived)
                self._event(step, *_arrived(arrived))

    async def _told(self, step: Action, unmet: _UnmetError) -> Failure:
        self._learn_secrets(unmet.looks_for)
        mask = self._secrets.mask
        return Failure(
            step.line,
            mask(step.sentence),
            mask(unmet.expected),
            mask(unmet.problem),
            self._whom(step),
            tuple(self._arrivals(step, unmet)),
            step.file,
        )

    def _whom(self, step: Action) -> str:
        if step.phone:
            return f"{step.phone} ({self._number(step.phone)})"
        if step.actor in self._scenario.esmes:
            return f"{step.actor} ({self._scenario.esmes[step.actor].system_id})"
        if step.actor in self._scenario.services:
            return f"{step.actor} ({self._scenario.services[step.actor].code})"
        return step.actor

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
        since = self._events[self._since.get(step.actor, 0) :]
        arrived = [event for event in since if event.phone == step.actor and event.kind is not Kind.DONE]
        received = Counter[Kind]()
        arrivals = []
        for event in arrived:
            remark = ""
            if event.kind in (Kind.SMS, Kind.RECEIPT):
                received[event.kind] += 1
                read = self._read.get((step.actor, event.kind), 0)
                remark = self._remark(event, unmet, read=received[event.kind] <= read)
            arrivals.append(self._compared(self._masked(event), unmet, remark))
        # The latest of what is equally near comes first.
        nearness = [
            (arrival.event.kind is unmet.kind, not arrival.remark.startswith(_NOT_FROM), arrival.similarity)
            for arrival in arrivals
        ]
        order = sorted(range(len(arrivals)), key=lambda at: (*nearness[at], at), reverse=True)
        return [arrivals[at] for at in order]

    def _remark(self, event: Event, unmet: _UnmetError, *, read: bool) -> str:
        if unmet.sender and event.kind is Kind.SMS and event.about != f"from {unmet.sender}":
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


class PlayInPieces(_Player):
    """Plays a scenario piece by piece: each goes on where the last one ended, with its phones, captures and events.

    A phone is taken as it is, and what has come before it got its name counts as read.
    """

    _anew = False

    def __init__(self, driver: Driver) -> None:
        super().__init__("", Scenario("", 1, {}, ()), driver)

    @property
    def found(self) -> dict[str, str]:
        """The captures and variables by name, secrets too."""
        return {name: value for name, value in self._captures.items() if not name.startswith(model.NUMBER_OF)}

    async def go_on(self, file: str, piece: Scenario) -> Result:
        """Play the steps of the next piece. The result has all events and steps so far."""
        self._file, self._scenario = file, piece
        self._set({name: value for name, value in piece.variables.items() if name not in self._captures})
        began, started = time.time(), time.perf_counter()
        for name in piece.phones.keys() - self._phones.keys():
            with suppress(PhoneError):  # the first step about it tells
                await self._take(name, piece.phones[name])
        failure = await self._meet(piece.steps) or await self._failure_of(piece.steps)
        return self._result(failure, began, time.perf_counter() - started)

    async def end(self) -> None:
        """ESMEs, browsers and applications are gone, and faults as they were before; phones stay as they are."""
        await self._leave()


def _fits(step: model.See, screen: Screen) -> bool:
    """Whether the screen's state and outcome are as the step says."""
    if step.state == model.FINAL and not screen.final:
        return False
    if step.state == model.AWAITING and not screen.awaiting:
        return False
    return not step.outcome or step.outcome == screen.outcome


def _arrived(arrived: Sms | Receipt) -> tuple[Kind, str, str]:
    if isinstance(arrived, Receipt):
        return Kind.RECEIPT, arrived.text, f"{arrived.stat} for {arrived.message_id}"
    return Kind.SMS, arrived.text, f"from {arrived.sender}"


def _json_of(text: str) -> object:
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found


def _typed(value: str, bare: bool) -> object:
    """5, true and null without quotes are what JSON calls so; the rest is text."""
    found = _json_of(value) if bare else None
    return found if isinstance(found, int | float) or (bare and value == "null") else value


def _field(text: str, path: str) -> str:
    """The field of a JSON document, as text; ActorError, with what there is, for one that is not there."""
    value = _json_of(text)
    if value is None:
        raise ActorError("the answer is no JSON")
    for name in path.split("."):
        known = list(map(str, range(len(value)))) if isinstance(value, list) else []
        known = list(value) if isinstance(value, dict) else known
        if name not in known:
            there = f"there are {', '.join(known[:_SHOWN])}" if known else "there are none"
            raise ActorError(f"there is no field {name}; {there}")
        value = value[name] if isinstance(value, dict) else value[int(name)] if isinstance(value, list) else value
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _about(screen: Screen) -> str:
    if screen.awaiting:
        return "awaiting an answer"
    return f"final, {screen.outcome}" if screen.outcome else ""


PERFORM: dict[type[Action], Callable[[_Player, Any], Awaitable[None]]] = {
    model.Dial: _Player.dial,
    model.Answer: _Player.answer,
    model.HangUp: _Player.hang_up,
    model.See: _Player.see,
    model.Measure: _Player.measure,
    model.Receive: _Player.receive,
    model.ReceiveNone: _Player.receive_none,
    model.Send: _Player.send,
    model.Turn: _Player.turn,
    model.Memory: _Player.memory,
    model.Speak: _Player.speak,
    model.Push: _Player.push,
    model.Bind: _Player.bind,
    model.Submit: _Player.submit,
    model.GetReceipt: _Player.get_receipt,
    model.GetNoReceipt: _Player.get_no_receipt,
    model.EsmeReceive: _Player.receive,
    model.EsmeReceiveNone: _Player.receive_none,
    model.Leave: _Player.leave,
    model.Request: _Player.request,
    model.SeeStatus: _Player.see_status,
    model.SeePage: _Player.see_page,
    model.Reply: _Player.reply,
    model.Asked: _Player.asked,
    model.Wait: _Player.wait,
    model.WaitUntil: _Player.wait_until,
    model.Fault: _Player.fault,
    model.FaultOff: _Player.fault_off,
    model.Check: _Player.check,
    model.Phone: _Player.name_phone,
    model.Let: _Player.let,
    model.Repeat: _Player.repeat,
    model.ForEach: _Player.for_each,
    model.Together: _Player.together,
}
"""What is done for each kind of step."""


def _search(expected: Expected, captures: Mapping[str, str], text: str) -> Mapping[str, str] | None:
    """What a text that fits captures; None for one that does not fit."""
    if expected.how == model.CONTAINING:
        return {} if expected.text.fill(captures) in text else None
    if expected.how == model.EXACTLY:
        return {} if expected.text.fill(captures) == text else None
    try:
        found = search(expected.regex(captures), text)
        return None if found is None else found.groupdict(default="")
    except ValueError as error:  # it takes too long
        raise PhoneError(str(error)) from error
