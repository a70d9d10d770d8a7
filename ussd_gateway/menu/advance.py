"""The menu machine: a state and an answer in, the next state and what to do out. Nothing is ever replayed.

What a screen does (its handler or call, what it computes, its SMS and push) it does when somebody enters it: by a choice, an
item, an input, a confirmation, a word, or by going home, which enters the first screen. Nothing of that happens again when
a page is turned, when an answer is wrong, when a dialogue goes on where it broke off, or when somebody goes back: he finds
the screen as he left it, unless it is `fresh`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from ussd_gateway.menu import render
from ussd_gateway.menu.model import Menu, Variables
from ussd_gateway.menu.node import ALWAYS
from ussd_gateway.menu.options import NO, YES
from ussd_gateway.menu.secrets import secrets_in
from ussd_gateway.menu.state import (
    Action,
    Call,
    CallOut,
    Effect,
    End,
    Frame,
    Push,
    SendSms,
    Show,
    State,
    Step,
)
from ussd_gateway.menu.templates import clean
from ussd_gateway.menu.walk import Walk, word_of

__all__ = [
    "Action",
    "Call",
    "CallOut",
    "Effect",
    "End",
    "Frame",
    "Push",
    "Result",
    "SendSms",
    "Show",
    "State",
    "Step",
    "advance",
    "ask_to_resume",
    "begin",
    "fail",
    "go_on",
    "refused",
    "resume",
    "secrets_in",
]

Result = str | Mapping[str, object]  # what a handler answers: a word, or variables that may hold one as "result"

_NO_VARIABLES: Variables = {}


def begin(
    menu: Menu,
    inputs: Iterable[str] = (),
    language: str = "",
    *,
    variables: Variables = _NO_VARIABLES,
    screen: str = "",
) -> Step:
    """A dialogue starts, with `variables` on top of those of the menu, on `screen` where that is not the first one.

    `inputs` are the answers that were dialled with the code: *111*828*1# -> ("828", "1"). They pick choices and items, and
    are taken as input and as confirmation, without the screens between being shown. Those left over at an end are not used.
    """
    given = {**menu.variables, **variables}
    pending = tuple(answer.strip() for answer in inputs)
    state = State(screen or menu.start, menu.language(language), given, given, pending=pending)
    return Walk(menu, state).run(Walk.enter)


def advance(menu: Menu, state: State, answer: str) -> Step:
    """The user answers what `state` shows."""
    answer = answer.strip()
    walk = Walk(menu, state)
    if answer and answer == menu.navigation.exit:
        return walk.end("goodbye")
    if state.resuming:
        return _resumed(menu, state, answer)
    if answer in menu.navigation.keys and (way := walk.way(answer)):
        return walk.run(way)
    walk.state = replace(state, pending=(answer,))
    return walk.run(Walk.answer)


def resume(menu: Menu, state: State, result: Result) -> Step:
    """What `state` waits for has come: what the handler answered, or the fields of an HTTP answer.

    An API that answers a `code` or an `msisdn` means something else by it: those of the dialogue stay what they are.
    """
    if not isinstance(result, str | Mapping):
        return fail(menu, state, f"the handler answered {type(result).__name__}; a word or variables are wanted")
    screen = menu.screens[state.screen]
    called = screen.fetch is not None
    word = result if isinstance(result, str) else result.get("result")
    if isinstance(result, Mapping):
        try:
            kept = ALWAYS if called else ("result",)
            answered = {str(name): clean(value) for name, value in result.items() if name not in kept}
        except ValueError as error:
            return fail(menu, state, f"the answer cannot be used: {error}")
        state = replace(state, variables={**state.variables, **answered})
    if called and (screen.route or not screen.on):
        word = None  # a field that happens to have this name
    return Walk(menu, state).run(lambda walk: walk.worked(word_of(word)))


def refused(menu: Menu, state: State, error: str) -> Step:
    """The HTTP call that `state` waits for has brought nothing that can be used; `error` as for `fail`."""
    fetch = menu.screens[state.screen].fetch
    if fetch is None or not fetch.error:
        return fail(menu, state, error)
    return Walk(menu, replace(state, screen=fetch.error, page=0)).run(Walk.enter)


def fail(menu: Menu, state: State, error: str) -> Step:
    """The dialogue ends with the screen's words for a failure; `error` is for the log and must not hold a value."""
    return Walk(menu, state).fail(error)


def ask_to_resume(menu: Menu, state: State) -> Step:
    """A dialogue begins whose last one broke off in `state`: go on there?"""
    return Step(replace(state, resuming=True), Show(render.question(menu, state.language)))


def go_on(menu: Menu, state: State) -> Step:
    """A dialogue begins where the last one broke off. The screen is shown as it was, and nothing runs."""
    return Walk(menu, replace(state, resuming=False)).run(Walk.show)


def _resumed(menu: Menu, state: State, answer: str) -> Step:
    if answer == YES:
        return go_on(menu, state)
    if answer == NO:
        return Walk(menu, replace(state, resuming=False)).run(Walk.home)
    wrong = render.phrase(menu, "wrong", state.language)
    return Step(state, Show(render.question(menu, state.language, wrong)))
