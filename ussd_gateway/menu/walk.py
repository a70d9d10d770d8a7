"""One step of a dialogue, which may lead through many screens: what they do, and where they and the user lead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from ussd_gateway.menu import outgoing, render
from ussd_gateway.menu.inputs import WrongError, value_of
from ussd_gateway.menu.model import Input, Menu, Screen, Variables, written
from ussd_gateway.menu.options import picked
from ussd_gateway.menu.secrets import secrets_on
from ussd_gateway.menu.state import NOTHING, Action, Call, Effect, End, Frame, Show, State, Step
from ussd_gateway.menu.templates import RenderError, render_text
from ussd_gateway.patterns import TooLongError

MAX_HISTORY = 16  # screens to go back to; home is always one answer away
MAX_ROUND = 100  # screens that lead to each other by themselves, before that is taken for a circle


class FailureError(Exception):
    """The dialogue cannot go on; the message is for the log."""


class Walk:
    """The state so far, and what leaves meanwhile. `run` one of its ways to make the step."""

    __slots__ = ("effects", "menu", "notice", "round", "state")

    def __init__(self, menu: Menu, state: State) -> None:
        self.menu, self.state = menu, state
        self.effects: list[Effect] = []
        self.notice = ""
        self.round = 0

    @property
    def screen(self) -> Screen:
        """The screen that it has come to."""
        return self.menu.screens[self.state.screen]

    def run(self, way: Callable[[Walk], Step]) -> Step:
        """The step that `way` makes, or the failure that comes of it."""
        try:
            return way(self)
        except (FailureError, RenderError) as error:
            return self.fail(str(error))

    # How a step ends

    def step(self, action: Action) -> Step:
        """The step, with all that left on the way."""
        return Step(self.state, action, tuple(self.effects))

    def end(self, phrase: str) -> Step:
        """The dialogue ends with a phrase of the menu."""
        return self.step(End(render.parting(self.menu, phrase, self.state.language)))

    def fail(self, error: str) -> Step:
        """The dialogue ends with the words for a failure."""
        return self.step(End(render.failure(self.menu, self.screen, self.state.language), error=error))

    def show(self) -> Step:
        """The screen is shown; where nothing leads on from it, the dialogue ends with it."""
        state, screen = self.state, self.screen
        if state.pending:
            self.state = state = replace(state, pending=())
        with _telling(f"the text in {state.language} cannot be shown"):
            rendered = self._rendered(screen)
        last = len(rendered.pages) - 1
        if state.page > last:
            self.state = state = replace(state, page=last)
        text = rendered.pages[state.page]
        if self.notice:
            depth = len(state.history)
            text = render.noticed(self.menu, screen, state.language, rendered, state.page, self.notice, depth)
        secrets = secrets_on(state, rendered, text) if state.secrets else ()
        over = screen.end or not (rendered.leads_on or state.history)
        return self.step(End(text, secrets) if over and state.page == last else Show(text, secrets))

    def _rendered(self, screen: Screen) -> render.Rendered:
        state = self.state
        return render.render(self.menu, screen, state.language, state.variables, depth=len(state.history))

    # What navigation does

    def way(self, key: str) -> Callable[[Walk], Step] | None:
        """What the key of navigation does here, None where it leads nowhere."""
        keys, state = self.menu.navigation, self.state
        if key == keys.more and self._has_more():
            return Walk.turn_on
        if key == keys.home and state.history:
            return Walk.home
        if key == keys.back and state.page:
            return Walk.turn_back
        return Walk.back if key == keys.back and state.history else None

    def _has_more(self) -> bool:
        try:
            return self.state.page + 1 < len(self._rendered(self.screen).pages)
        except RenderError:
            return False

    def turn_on(self) -> Step:
        """The next page."""
        self.state = replace(self.state, page=self.state.page + 1)
        return self.show()

    def turn_back(self) -> Step:
        """The page before."""
        self.state = replace(self.state, page=self.state.page - 1)
        return self.show()

    def home(self) -> Step:
        """The first screen is entered, with what the dialogue began with and what is remembered."""
        state, menu = self.state, self.menu
        kept = {name: state.variables[name] for name in menu.remembered if name in state.variables}
        variables = {**state.given, **kept} if kept else state.given
        self.state = State(menu.start, state.language, variables, state.given, tries=state.tries, secrets=state.secrets)
        return self.enter()

    def back(self) -> Step:
        """The screen before, as it was left; a fresh one is entered again."""
        *history, frame = self.state.history
        screen = self.menu.screens[frame.screen]
        self.state = replace(
            self.state,
            screen=frame.screen,
            language=screen.language or self.state.language,
            variables=frame.variables,
            page=frame.page,
            history=tuple(history),
        )
        return self.enter() if screen.fresh else self.show()

    # What leads from screen to screen

    def enter(self) -> Step:
        """Enter the screen, and those that it leads to, until there is something to do elsewhere or to say."""
        while True:
            screen = self._entered()
            if screen.handler:
                return self.step(Call(screen.handler))
            if screen.fetch:
                with _telling("the call cannot be made"):
                    return self.step(outgoing.request(screen.fetch, self.state.variables))
            answer = self._done(screen, None) or self._answered(screen)
            if isinstance(answer, Step):
                return answer
            if not answer:
                return self.show()

    def worked(self, word: str | None) -> Step:
        """Go on from a screen whose handler or call has answered."""
        return self._then(self._done(self.screen, word) or self._answered(self.screen))

    def answer(self) -> Step:
        """Go on from a screen that the user has answered."""
        return self._then(self._answered(self.screen))

    def _then(self, moved: bool | Step) -> Step:
        if isinstance(moved, Step):
            return moved
        return self.enter() if moved else self.show()

    def _entered(self) -> Screen:
        state, screen = self.state, self.screen
        self.round += 1
        if self.round > MAX_ROUND:
            raise FailureError(f"{MAX_ROUND} screens lead to each other, and nobody is asked anything")
        if screen.language or screen.secrets or state.page:
            self.state = replace(
                state,
                language=screen.language or state.language,
                secrets=tuple(dict.fromkeys((*state.secrets, *screen.secrets))),
                page=0,
            )
        return screen

    def _done(self, screen: Screen, word: str | None) -> bool:
        """Do what the screen does beside its handler; whether that has led to another screen.

        A word of the handler leads away from a text at once: what is computed and sent belongs to the text.
        """
        if word is None or not screen.texts:
            if screen.computed:
                self._compute(screen)
            if screen.sms or screen.push:
                self._send(screen)
            if word is None and screen.route:
                with _telling("route"):
                    word = word_of(screen.route.evaluate(self.state.variables))
        if word is None and (screen.texts or not (screen.works or screen.route)):
            return False
        target = screen.on.get(word or "") or screen.otherwise
        if not target:
            who = "the route says" if screen.route else "the call answered" if screen.fetch else "the handler answered"
            raise FailureError(f"{who} {_quoted(word)}; on knows: {', '.join(screen.on) or 'nothing'}")
        self.state = replace(self.state, screen=target, page=0)
        return True

    def _compute(self, screen: Screen) -> None:
        variables = dict(self.state.variables)
        for name, expression in screen.computed.items():
            with _telling(f"compute.{name}"):
                variables[name] = expression.evaluate(variables)
        self.state = replace(self.state, variables=variables)

    def _send(self, screen: Screen) -> None:
        state, menu = self.state, self.menu
        if screen.sms:
            with _telling("the SMS cannot be sent"):
                dialling = state.given.get("msisdn")
                self.effects.append(outgoing.sms(menu, screen.sms, state.language, state.variables, dialling))
        if screen.push:
            with _telling("the push cannot be sent"):
                self.effects.append(outgoing.push(menu, screen.push, state.variables, state.secrets))

    def _answered(self, screen: Screen) -> bool | Step:
        """Take the next pending answer: whether it has led to another screen, or the step that ends it all."""
        if screen.end or not self.state.pending:
            return False
        answer, *pending = self.state.pending
        option = picked(self.menu, screen, self.state.variables, answer)
        if option and not option.to:
            return self.end("cancelled")
        if option:
            return self._left(option.to, option.sets, pending)
        if screen.input:
            return self._typed(screen, screen.input, answer, pending)
        self.notice = render.phrase(self.menu, "wrong", self.state.language)
        return False

    def _typed(self, screen: Screen, asked: Input, answer: str, pending: list[str]) -> bool | Step:
        state, menu = self.state, self.menu
        try:
            value = value_of(asked, answer, state.variables, menu.limits, menu.numbers)
        except WrongError:
            return self._mistyped(screen, asked)
        except TooLongError as error:
            raise FailureError(str(error)) from None
        if asked.secret and asked.name not in state.secrets:
            self.state = replace(state, secrets=(*state.secrets, asked.name))
        self._count(screen, 0)
        return self._left(asked.to, {asked.name: value}, pending)

    def _mistyped(self, screen: Screen, asked: Input) -> bool | Step:
        wrong = self.state.tries.get(screen.name, 0) + 1
        if asked.tries and wrong >= asked.tries:
            self._count(screen, 0)
            if not asked.exhausted:
                return self.end("too_many")
            # It is not to be gone back to.
            self.state = replace(self.state, screen=asked.exhausted, pending=(), page=0)
            return True
        if asked.tries:
            self._count(screen, wrong)
        language = self.state.language
        if asked.errors:
            self.notice = render.shown(render_text(asked.errors[written(language)], self.state.variables), language)
        else:
            self.notice = render.phrase(self.menu, "wrong_input", language)
        return False

    def _count(self, screen: Screen, wrong: int) -> None:
        if wrong == self.state.tries.get(screen.name, 0):
            return
        tries = {name: count for name, count in self.state.tries.items() if name != screen.name}
        self.state = replace(self.state, tries=tries | {screen.name: wrong} if wrong else tries or NOTHING)

    def _left(self, target: str, sets: Variables, pending: list[str]) -> bool:
        """The user goes on to `target`."""
        state, self.round = self.state, 0
        history = state.history
        if target != state.screen:
            history = (*history, Frame(state.screen, state.variables, state.page))[-MAX_HISTORY:]
        variables = {**state.variables, **sets} if sets else state.variables
        self.state = replace(state, screen=target, variables=variables, history=history, pending=tuple(pending), page=0)
        return True


@contextmanager
def _telling(what: str) -> Iterator[None]:
    """Say what it was that could not be worked out."""
    try:
        yield
    except RenderError as error:
        raise FailureError(f"{what}: {error}") from None


def word_of(value: object) -> str | None:
    """What a handler or a route has come to, as a key of `on`."""
    if isinstance(value, bool):
        return str(value).lower()
    return value if value is None or isinstance(value, str) else repr(value)


def _quoted(word: str | None) -> str:
    # A handler that answers a password in place of a word must not see it in the log.
    if word is None:
        return "no word"
    plain = word.replace("_", "a").isalpha() and word.islower()
    return f'"{word}"' if plain else "something that is no word"
