"""An application that answers by a menu: runs the state machine of `ussd_gateway.menu` and calls its handlers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from importlib import import_module
from pathlib import Path

import structlog

from ussd_gateway.logs import told
from ussd_gateway.menu.advance import Action, Call, End, Result, Show, State, Step, advance, begin, fail, resume
from ussd_gateway.menu.load import parse
from ussd_gateway.menu.mistakes import way_out
from ussd_gateway.menu.model import Menu
from ussd_gateway.network.message import Message, Operation, Ussd

Handler = Callable[[Ussd], Awaitable[Result]]
"""`async def handler(ussd)`: gets the message that led to it, answers a word or variables (a word as "result")."""

log = structlog.get_logger(__name__)


class HandlerError(LookupError):
    """A menu names a handler that cannot be had; the message says which, and what there is."""


class MenuApplication:
    """A menu behind one or more service codes; an endpoint of the network.

    menu      as `menu.load.parse` made it
    handlers  the functions that screens may name, by dotted name: {"selfcare.balance": balance}
    submit    takes the answers
    spawn     runs a coroutine in a task of its own: `asyncio.TaskGroup.create_task` will do
    language  gives the language of a subscriber's texts by msisdn: "ru", "en", "latin"

    Raises HandlerError at once when a screen's handler cannot be found.
    """

    def __init__(
        self,
        menu: Menu,
        *,
        handlers: Mapping[str, Handler],
        submit: Callable[[Ussd], object],
        spawn: Callable[[Coroutine[object, object, None]], object],
        language: Callable[[str], str],
    ) -> None:
        self.menu = menu
        self._handlers = {name: resolve(name, handlers) for name in menu.handlers()}
        self._submit, self._spawn, self._language = submit, spawn, language
        self._states: dict[str, State] = {}  # by session
        self._waiting: set[str] = set()  # sessions whose handler has not answered

    @property
    def sessions(self) -> Collection[str]:
        """The dialogues that are going on."""
        return self._states.keys()

    def deliver(self, message: Message) -> None:
        """A message for the menu; returns at once. Anything but USSD is not for a menu and is let go."""
        if not isinstance(message, Ussd):
            return
        match message.operation:
            case Operation.BEGIN:
                self._forget(message.session)
                self._follow(message, begin(self.menu, message.inputs, self._language_of(message)))
            case Operation.ANSWER:
                self._answer(message)
            case Operation.HANG_UP | Operation.RELEASE:
                self._forget(message.session)

    def _language_of(self, message: Ussd) -> str:
        return self.menu.code_languages.get(message.service_code) or self._language(message.msisdn)

    def _answer(self, message: Ussd) -> None:
        state = self._states.get(message.session)
        if state is None:
            log.warning("menu.unknown_session", menu=self.menu.source, session=message.session)
            self._submit(message.abort())
        elif message.session in self._waiting:  # the phone was asked nothing
            log.warning("menu.unexpected_answer", menu=self.menu.source, session=message.session)
        else:
            self._follow(message, advance(self.menu, state, message.text))

    def _follow(self, message: Ussd, step: Step) -> None:
        """Do what the step says, in reply to `message`."""
        state, action = step.state, step.action
        if isinstance(action, Call):
            self._states[message.session] = state
            self._waiting.add(message.session)
            self._spawn(self._call(message, state, action))
        elif isinstance(action, End):
            self._forget(message.session)
            self._report(message, state, action)
            self._reply(message.end(action.text), action.secrets)
        elif isinstance(action, Show):
            self._states[message.session] = state
            self._reply(message.ask(action.text), action.secrets)

    def _reply(self, reply: Ussd, secrets: tuple[str, ...]) -> None:
        reply.secrets = secrets  # the journal masks them
        self._submit(reply)

    async def _call(self, message: Ussd, state: State, action: Action) -> None:
        """Run the handler, and those its answer leads to, until there is something to say."""
        while isinstance(action, Call):
            before = state
            state, action, _ = await self._handled(message, state, action.handler)
            if self._states.get(message.session) is not before:
                log.info("menu.too_late", menu=self.menu.source, session=message.session)
                return
            self._states[message.session] = state
        self._waiting.discard(message.session)
        self._follow(message, Step(state, action))

    async def _handled(self, message: Ussd, state: State, handler: str) -> Step:
        try:
            return resume(self.menu, state, await self._handlers[handler](message))
        except Exception as error:
            return fail(self.menu, state, f"the handler raised {told(error)}")

    def _report(self, message: Ussd, state: State, action: End) -> None:
        if action.error:
            screen = self.menu.screens[state.screen]
            log.error(
                "menu.failed",
                menu=self.menu.source,
                screen=screen.name,
                handler=screen.handler,
                msisdn=message.msisdn,
                session=message.session,
                error=action.error,
            )

    def _forget(self, session: str) -> None:
        self._states.pop(session, None)
        self._waiting.discard(session)


def read_menu(path: Path, handlers: Collection[str] | None = None) -> Menu:
    """The menu in the file. Raises OSError, and MenuError for what is wrong in it; see `menu.load.parse`."""
    return parse(path.read_text(encoding="utf-8"), path.name, handlers=handlers)


def resolve(name: str, registry: Mapping[str, Handler]) -> Handler:
    """The handler called `name`: one of the registry, or an import string "package.module:function".

    Raises HandlerError.
    """
    if ":" not in name:
        if name not in registry:
            raise HandlerError(f'there is no handler "{name}"{way_out(name, registry)}')
        return registry[name]
    module, _, path = name.partition(":")
    try:
        found: object = import_module(module)
        for attribute in path.split("."):
            found = getattr(found, attribute)
    except (ImportError, AttributeError) as error:
        raise HandlerError(f'the handler "{name}" cannot be imported: {error}') from error
    if not callable(found):
        raise HandlerError(f'the handler "{name}" is not a function')
    handler: Handler = found
    return handler
