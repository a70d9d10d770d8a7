"""An application that answers by a menu: runs the state machine of `ussd_gateway.menu` and does what it says.

The machine says what happens; here it happens, once: handlers and HTTP calls run in a task of their dialogue, SMS and
pushes leave, and what a broken dialogue or a remembered variable left behind waits for the next dialogue of the number.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from inspect import isawaitable
from typing import NamedTuple, TypeVar

from ussd_gateway.applications.callout import Caller, CallOutError
from ussd_gateway.applications.imports import FAULTS, Imports, awaited, resolve
from ussd_gateway.applications.turn import Turn
from ussd_gateway.coding.data_coding import GSM7
from ussd_gateway.coding.segments import split
from ussd_gateway.gateway import Gateway
from ussd_gateway.logs import logger, told
from ussd_gateway.menu.advance import (
    Action,
    Call,
    CallOut,
    Effect,
    End,
    Result,
    SendSms,
    State,
    Step,
    advance,
    ask_to_resume,
    begin,
    fail,
    go_on,
    refused,
    resume,
    secrets_in,
)
from ussd_gateway.menu.mistakes import way_out
from ussd_gateway.menu.model import Menu
from ussd_gateway.menu.secrets import secret_words
from ussd_gateway.menu.templates import clean
from ussd_gateway.network.message import ANSWER, ASK, BEGIN, HANG_UP, NOTIFY, RELEASE, UDHI, Message, Sms, Ussd
from ussd_gateway.network.messages import QueueFullError
from ussd_gateway.network.session import Outcome

Handler = Callable[[Turn], Awaitable[Result] | Result]
"""`async def handler(turn)`, or without `async`: gets the message that led to it, with the dialogue's variables and
language; answers a word or variables (a word as "result"). What it puts into `turn.variables` is not kept."""

KEPT = 10_000  # broken dialogues, and numbers with remembered variables, of one menu; the oldest go
PUSHES = 3  # dialogues that may begin one after the other by pushes that nobody has answered

_NOTHING: Mapping[str, object] = {}

_PASSWORD = re.compile("//[^/@]*@")  # of a URL, with the user's name

log = logger(__name__)


class ScreenError(ValueError):
    """A screen cannot be pushed: there is no such menu or screen, or its variables are wrong; the message says which."""


class _NotSentError(Exception):
    """Something that a menu sends cannot leave; the message says why and quotes no value."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What menus have around them.

    gateway   takes messages, gives the time and runs tasks
    language  gives the language of a subscriber's texts by msisdn: "ru", "en", "latin"
    caller    makes HTTP calls
    today     gives the date where the operator is
    patience  seconds that the network gives an application for an answer
    """

    gateway: Gateway
    language: Callable[[str], str]
    caller: Caller
    today: Callable[[], date]
    patience: float


class Version:
    """A menu with the handlers that it names; a dialogue ends on the version it began with.

    Raises HandlerError at once when a screen's handler cannot be found.
    """

    __slots__ = ("handlers", "menu", "secretive")

    def __init__(self, menu: Menu, registry: Mapping[str, Handler], imports: Imports) -> None:
        self.menu = menu
        self.handlers: dict[str, Handler] = {name: resolve(name, registry, imports) for name in menu.handlers()}
        self.secretive = any(screen.input and screen.input.secret for screen in menu.screens.values())


class _Dialogue:
    """One dialogue.

    state  where it is
    shown  the last state that asked the user something, None before the first
    task   what runs for it
    chain  pushes that led to it without anybody's answer in between
    open   False once nothing may be said in it any more
    """

    __slots__ = ("chain", "open", "shown", "state", "task", "version")

    def __init__(self, version: Version, chain: int = 0) -> None:
        self.version = version
        self.state: State | None = None
        self.shown: State | None = None
        self.task: asyncio.Task[None] | None = None
        self.chain = chain
        self.open = True


class _Pushed(_Dialogue):
    """One that the network began: the endpoint of its session, since nobody knows the session before it has begun."""

    __slots__ = ("_application", "outcome", "session")

    def __init__(self, version: Version, chain: int, application: MenuApplication) -> None:
        super().__init__(version, chain)
        self._application = application
        self.session = ""
        self.outcome = ""

    def deliver(self, message: Message) -> None:
        """What the handset says, or how the network ended it."""
        if isinstance(message, Ussd):
            self.outcome = message.outcome or self.outcome
            self._application.register(message.session, self)
            self._application.deliver(message)

    def secrets(self, message: Ussd) -> tuple[str, ...]:
        """What no record may show of an answer."""
        self._application.register(message.session, self)
        return self._application.secrets(message)


class Pushing(NamedTuple):
    """What became of a push: the session, "" for none, and how it has ended already, "" while it goes on."""

    session: str
    outcome: str


class _Broken(NamedTuple):
    """A dialogue that broke off: what it showed last, and when that was, in the gateway's seconds."""

    state: State
    at: float


class MenuApplication:
    """A menu behind one or more service codes; an endpoint of the network."""

    def __init__(self, version: Version, around: Surroundings) -> None:
        self._version = version
        self._around, self._gateway = around, around.gateway
        self._dialogues: dict[str, _Dialogue] = {}  # by session
        self._broken: OrderedDict[str, _Broken] = OrderedDict()  # by msisdn
        self._remembered: OrderedDict[str, dict[str, object]] = OrderedDict()  # by msisdn
        self._reference = 0  # of long SMS
        self.last_error = ""  # what was wrong with a screen last

    @property
    def menu(self) -> Menu:
        """The version that new dialogues get."""
        return self._version.menu

    @property
    def sessions(self) -> Collection[str]:
        """The dialogues that are going on."""
        return self._dialogues.keys()

    def serve(self, version: Version) -> None:
        """New dialogues get another version of the menu; those that are open end on their own."""
        self._version = version
        self._broken.clear()

    def forget(self) -> None:
        """Forget what is kept from one dialogue to the next."""
        self._broken.clear()
        self._remembered.clear()

    # What arrives ----------------------------------------------------------------------------------------------------

    def deliver(self, message: Message) -> None:
        """A message for the menu; returns at once. Anything but USSD is not for a menu and is let go."""
        if not isinstance(message, Ussd):
            return
        operation = message.operation
        if operation is BEGIN:
            self._begin(message)
        elif operation is ANSWER:
            self._answer(message)
        elif operation in (HANG_UP, RELEASE):
            self._broken_off(message)

    def secrets(self, message: Ussd) -> tuple[str, ...]:
        """What no record may show of what a user dials or answers."""
        dialogue = self._dialogues.get(message.session)
        version = dialogue.version if dialogue else self._version
        if not version.secretive:
            return ()
        if message.operation is BEGIN:
            return secrets_in(self.menu, None, message.inputs)
        if dialogue is None or dialogue.state is None:
            return (message.text,)
        return secrets_in(version.menu, dialogue.state, message.text)

    def _begin(self, message: Ussd) -> None:
        self._close(message.session)
        dialogue = self._dialogues[message.session] = _Dialogue(self._version)
        menu = self._version.menu
        if broken := self._to_resume(message):
            dialogue.shown = broken.state
            step = (go_on if menu.resume == "continue" else ask_to_resume)(menu, broken.state)
        else:
            language = menu.code_languages.get(message.service_code) or self._around.language(message.msisdn)
            variables = self._variables(message.msisdn, message.service_code, message.text)
            step = begin(menu, message.inputs, language, variables=variables)
        self._follow(dialogue, message, step)

    def _to_resume(self, message: Ussd) -> _Broken | None:
        """What this number's last dialogue left, if it can go on there."""
        broken = self._broken.pop(message.msisdn, None)
        if broken is None or message.inputs:
            return None
        return broken if self._gateway.now() - broken.at <= self.menu.resume_within else None

    def _variables(
        self, msisdn: str, code: str, dialled: str = "", pushed: Mapping[str, object] = _NOTHING
    ) -> dict[str, object]:
        """What a dialogue begins with, beside what its menu says; `pushed` came with the push that began it."""
        return {
            **self._remembered.get(msisdn, _NOTHING),
            **pushed,
            "msisdn": msisdn,
            "code": code,
            "dialled": dialled,
            "today": self._around.today(),
        }

    def _answer(self, message: Ussd) -> None:
        dialogue = self._dialogues.get(message.session)
        if dialogue is None or dialogue.state is None:
            log.warning("menu.unknown_session", menu=self.menu.source, session=message.session)
            self._gateway.submit(message.abort())
        elif dialogue.task:  # the phone was asked nothing
            log.warning("menu.unexpected_answer", menu=self.menu.source, session=message.session)
        else:
            dialogue.chain = 0
            self._follow(dialogue, message, advance(dialogue.version.menu, dialogue.state, message.text))

    def _broken_off(self, message: Ussd) -> None:
        dialogue = self._dialogues.get(message.session)
        if dialogue is None:
            return
        pushed = isinstance(dialogue, _Pushed)  # nobody dialled it
        if dialogue.version is self._version and self.menu.resume != "start" and dialogue.shown and not pushed:
            _keep(self._broken, message.msisdn, _Broken(dialogue.shown, self._gateway.now()))
        self._remember(dialogue, message.msisdn)
        task = dialogue.task
        self._close(message.session)
        if task and message.operation is HANG_UP:  # what has begun, such as a purchase, is not cut in two by that
            self._gateway.call_later(self._around.patience, partial(_cancel, task))
        elif task:
            task.cancel()

    def _remember(self, dialogue: _Dialogue, msisdn: str) -> None:
        if state := dialogue.state:
            names = [name for name in dialogue.version.menu.remembered if name not in state.secrets]
            values = {name: state.variables[name] for name in names if name in state.variables}
            if isinstance(dialogue, _Pushed):  # what came with the push is not this number's own
                said = {name: value for name, value in values.items() if value is not state.given.get(name)}
                values = {**self._remembered.get(msisdn, _NOTHING), **said}
            if values:
                _keep(self._remembered, msisdn, values)

    def _close(self, session: str) -> None:
        if dialogue := self._dialogues.pop(session, None):
            dialogue.open = False

    # What the machine says -------------------------------------------------------------------------------------------

    def _follow(self, dialogue: _Dialogue, message: Ussd, step: Step) -> None:
        """Do what the step says, in reply to `message`."""
        dialogue.state = step.state
        if isinstance(step.action, Call | CallOut):
            self._emit(dialogue, message, step)
            dialogue.task = self._gateway.spawn(self._work(dialogue, message, step.action))
        else:
            self._say(dialogue, message, step, step.action)

    async def _work(self, dialogue: _Dialogue, message: Ussd, action: Action) -> None:
        """Run the handler or the call, and those that its answer leads to, until there is something to say."""
        while isinstance(action, Call | CallOut):
            if isinstance(action, Call):
                step = await self._handled(dialogue, message, action)
            else:
                step = await self._called(dialogue, message, action)
            if not dialogue.open:
                log.info("menu.too_late", menu=dialogue.version.menu.source, session=message.session)
                return
            dialogue.state, action = step.state, step.action
            if isinstance(action, Call | CallOut):
                self._emit(dialogue, message, step)
        dialogue.task = None
        self._say(dialogue, message, step, action)

    async def _handled(self, dialogue: _Dialogue, message: Ussd, action: Call) -> Step:
        menu, state = dialogue.version.menu, dialogue.state
        assert state is not None
        turn = Turn(message, {name: _own(value) for name, value in state.variables.items()}, state.language)
        try:
            result = dialogue.version.handlers[action.handler](turn)
            return resume(menu, state, await awaited(result) if isawaitable(result) else result)
        except FAULTS as error:
            return fail(menu, state, f"the handler raised {told(error)}")

    async def _called(self, dialogue: _Dialogue, message: Ussd, action: CallOut) -> Step:
        menu, state = dialogue.version.menu, dialogue.state
        assert state is not None
        fetch = menu.screens[state.screen].fetch
        assert fetch is not None
        try:
            return resume(menu, state, await self._around.caller.call(action, fetch.fields))
        except CallOutError as error:
            # As the file has it, before a variable has come into it
            why = f"{_PASSWORD.sub('//', fetch.url.source.partition('?')[0])} {error}"
            self._gateway.warn(
                "menu.call_failed", menu=menu.source, screen=state.screen, session=message.session, why=why
            )
            return refused(menu, state, why)

    def _say(self, dialogue: _Dialogue, message: Ussd, step: Step, action: Action) -> None:
        """Show or end, and then let leave what the step sends: who is told "done" hears of it first."""
        assert not isinstance(action, Call | CallOut)
        if isinstance(action, End):
            self._remember(dialogue, message.msisdn)
            self._close(message.session)
            dialogue.open = False
            if action.error:
                self._report(dialogue, message, step.state, action.error)
            reply = message.end(action.text)
        else:
            dialogue.shown = step.state
            reply = message.ask(action.text)
        reply.secrets = action.secrets  # the journal masks them
        if message.session:
            self._gateway.submit(reply)
        elif isinstance(dialogue, _Pushed) and not (isinstance(action, End) and action.error):
            self._begin_push(dialogue, reply)
        self._emit(dialogue, message, step)

    def _report(self, dialogue: _Dialogue, message: Ussd, state: State, error: str) -> None:
        screen = dialogue.version.menu.screens[state.screen]
        facts = {"handler": screen.handler} if screen.handler else {}
        self.last_error = f"{screen.name}: {error}"
        self._gateway.warn(
            "menu.failed",
            menu=dialogue.version.menu.source,
            screen=screen.name,
            **facts,
            msisdn=message.msisdn,
            session=message.session,
            error=error,
        )

    # What it sends ---------------------------------------------------------------------------------------------------

    def _emit(self, dialogue: _Dialogue, message: Ussd, step: Step) -> None:
        for effect in step.effects:
            try:
                self._let_leave(dialogue, message, step.state, effect)
            except Exception as error:  # the dialogue goes on without it
                self._gateway.warn(
                    "menu.not_sent",
                    menu=dialogue.version.menu.source,
                    screen=step.state.screen,
                    session=message.session,
                    why=str(error) if isinstance(error, _NotSentError | QueueFullError) else told(error),
                )

    def _let_leave(self, dialogue: _Dialogue, message: Ussd, state: State, effect: Effect) -> None:
        if isinstance(effect, SendSms):
            self._send(effect, state)
        elif dialogue.chain >= PUSHES:
            raise _NotSentError("a push led to a push again and again, and nobody answered in between")
        else:
            code = message.service_code
            self._push(effect.msisdn, effect.screen, effect.variables, code, dialogue.version, dialogue.chain + 1)

    def _send(self, effect: SendSms, state: State) -> None:
        """Submit an SMS in as many parts as it takes. Raises QueueFullError."""
        self._reference = self._reference % 255 + 1
        receiver = self._gateway.directory.party(effect.destination)
        default = receiver.default_alphabet if receiver else GSM7
        parts = [
            Sms(
                effect.source,
                effect.destination,
                segment.user_data,
                segment.data_coding,
                esm_class=UDHI if segment.udh else 0,
                concatenation=segment.concatenation,
                default_alphabet=GSM7 if segment.data_coding else segment.alphabet,
            )
            for segment in split(effect.text, reference=self._reference, default=default)
        ]
        if secrets := tuple(secret for secret in secret_words(state) if secret in effect.text):
            for part in parts:  # a secret may be cut in two, and then no record shows anything of a part
                whole = all(any(secret in each.text for each in parts) for secret in secrets)
                self._gateway.journal.hide(effect.source, part.text, secrets if whole else (part.text,))
        for part in parts:
            self._gateway.submit(part)

    async def push(self, msisdn: str, screen: str, variables: Mapping[str, object], code: str) -> Pushing:
        """The network begins a dialogue with `msisdn` on the screen; returns when its handlers have run.

        Raises ScreenError where there is no such screen, and for variables that stand too deep within each other.
        """
        if screen not in self.menu.screens:
            raise ScreenError(
                f'the menu {self.menu.source} has no screen "{screen}"{way_out(screen, self.menu.screens)}'
            )
        try:
            given = {name: clean(value) for name, value in variables.items()}
        except ValueError as error:
            raise ScreenError(f"the variables cannot be used: {error}") from None
        pushed = self._push(msisdn, screen, given, code, self._version, 1)
        if pushed.task:
            await asyncio.wait((pushed.task,))
        return Pushing(pushed.session, pushed.outcome or ("" if pushed.session else Outcome.SYSTEM_FAILURE.value))

    def _push(
        self, msisdn: str, screen: str, variables: Mapping[str, object], code: str, version: Version, chain: int
    ) -> _Pushed:
        pushed = _Pushed(version, chain, self)
        begun_with = self._variables(msisdn, code, pushed=variables)
        step = begin(version.menu, (), self._around.language(msisdn), variables=begun_with, screen=screen)
        message = Ussd(ASK, msisdn=msisdn, service_code=code)
        self._follow(pushed, message, step)
        if pushed.task:  # there is no session yet whose time could be over
            self._gateway.call_later(self._around.patience, partial(self._give_up, pushed, pushed.task, message))
        return pushed

    def _give_up(self, pushed: _Pushed, task: asyncio.Task[None], message: Ussd) -> None:
        if not task.done() and pushed.state:
            pushed.open = False
            task.cancel()
            self._report(pushed, message, pushed.state, "nothing came in time, and nobody saw the screen")

    def _begin_push(self, dialogue: _Pushed, screen: Ussd) -> None:
        """The first screen, which the network may refuse."""
        if screen.operation is not ASK:
            screen.operation = NOTIFY
        self._gateway.push(screen, dialogue)
        dialogue.session = screen.session
        self.register(screen.session, dialogue)

    def register(self, session: str, dialogue: _Dialogue) -> None:
        """The dialogue has this session, unless it is over already."""
        if dialogue.open:
            self._dialogues[session] = dialogue


T = TypeVar("T")


def _keep(kept: OrderedDict[str, T], msisdn: str, value: T) -> None:
    kept[msisdn] = value
    kept.move_to_end(msisdn)
    if len(kept) > KEPT:
        kept.popitem(last=False)


def _own(value: object) -> object:
    """The value for somebody who may change it: the dialogue's tables and lists are shared, its menu's with all others."""
    if isinstance(value, dict):
        return {name: _own(each) for name, each in value.items()}
    return [_own(each) for each in value] if isinstance(value, list) else value


def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
