"""The menu machine: a state and an answer in, the next state and what to do out. Nothing is ever replayed.

A handler runs when its screen is entered: by a choice, by another handler's word, by going back or home (the user asked for
the screen again, and its figures may have changed). It does not run again when a page is turned or a wrong choice is
answered. A handler that does something rather than looks something up belongs on a screen that goes on by `on`: nobody
stands on such a screen, so nobody comes back to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from ussd_gateway.menu import render
from ussd_gateway.menu.model import Menu, Screen
from ussd_gateway.menu.templates import RenderError, clean

MAX_HISTORY = 16  # screens to go back to; home is always one answer away

Result = str | Mapping[str, object]  # what a handler answers: a word, or variables that may hold one as "result"


@dataclass(frozen=True, slots=True)
class State:
    """Where a dialogue is.

    screen     the name of the screen it stands on, or whose handler runs
    language   one of menu.spoken
    variables  what handlers have answered since the dialogue was last at home
    history    the screens to go back to, the latest last
    pending    answers dialled in advance and not yet used
    page       of the screen, from 0
    secrets    names of variables to keep out of logs
    """

    screen: str
    language: str
    variables: Mapping[str, object]
    history: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    page: int = 0
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Show:
    """Show the text and wait for an answer. `secrets` are the secret values in it."""

    text: str
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class End:
    """Show the text; the dialogue is over. `error` says what went wrong, for the log, and quotes no value."""

    text: str
    secrets: tuple[str, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """Run the handler of this name and come back with `resume`."""

    handler: str


Action = Show | End | Call


class Step(NamedTuple):
    """The next state, and what to do about it."""

    state: State
    action: Action


def begin(menu: Menu, inputs: Iterable[str] = (), language: str = "") -> Step:
    """A dialogue starts; `inputs` are the answers that were dialled with the code: *111*828*1# -> ("828", "1").

    They pick choices without the screens between being shown. Those left over at an end screen are not used.
    """
    state = State(menu.start, menu.language(language), {}, pending=tuple(answer.strip() for answer in inputs))
    return _walk(menu, state)


def advance(menu: Menu, state: State, answer: str) -> Step:
    """The user answers what `state` shows."""
    answer, keys = answer.strip(), menu.navigation
    if answer == keys.more:
        return _show(menu, replace(state, page=state.page + 1))
    if answer == keys.home:
        return _walk(menu, State(menu.start, state.language, {}))
    if answer == keys.back and state.page:
        return _show(menu, replace(state, page=state.page - 1))
    if answer == keys.back and state.history:
        *history, screen = state.history
        return _walk(menu, replace(state, screen=screen, history=tuple(history)))
    return _walk(menu, replace(state, pending=(answer,)), ready=True)


def resume(menu: Menu, state: State, result: Result) -> Step:
    """The handler that `state` waits for has answered."""
    screen = menu.screens[state.screen]
    if not isinstance(result, str | Mapping):
        return fail(menu, state, f"the handler answered {type(result).__name__}; a word or variables are wanted")
    word = result if isinstance(result, str) else result.get("result")
    if isinstance(result, Mapping):
        state = replace(state, variables={**state.variables, **_variables(result)})
    if word is None and screen.texts:
        return _walk(menu, state, ready=True)
    target = screen.on.get(word) if isinstance(word, str) else None
    if target is None:
        return fail(menu, state, f"the handler answered {_quoted(word)}; on knows: {', '.join(screen.on) or 'nothing'}")
    return _walk(menu, replace(state, screen=target))


def fail(menu: Menu, state: State, error: str) -> Step:
    """The dialogue ends with the screen's words for a failure; `error` is for the log and must not hold a value."""
    text = render.failure(menu, menu.screens[state.screen], state.language)
    return Step(state, End(text, error=error))


def _walk(menu: Menu, state: State, *, ready: bool = False) -> Step:
    """Go on from the state's screen while answers are pending; `ready` says that its handler needs not run."""
    while True:
        screen = menu.screens[state.screen]
        if not ready:
            state = _entered(state, screen)
            if screen.handler:
                return Step(state, Call(screen.handler))
        if screen.end or not state.pending:
            return _show(menu, replace(state, pending=()))
        answer, *pending = state.pending
        choice = screen.choice(answer)
        if choice is None:
            return _show(menu, replace(state, pending=()), wrong=True)
        state = replace(state, screen=choice.to, history=_left(state, choice.to), pending=tuple(pending), page=0)
        ready = False


def _entered(state: State, screen: Screen) -> State:
    if screen.language:
        state = replace(state, language=screen.language)
    if screen.secrets:
        state = replace(state, secrets=tuple(dict.fromkeys((*state.secrets, *screen.secrets))))
    return state


def _left(state: State, target: str) -> tuple[str, ...]:
    """The history of somebody who goes on to `target`."""
    if target == state.screen:
        return state.history
    return (*state.history, state.screen)[-MAX_HISTORY:]


def _show(menu: Menu, state: State, *, wrong: bool = False) -> Step:
    screen = menu.screens[state.screen]
    try:
        rendered = _rendered(menu, state, screen, wrong)
        if state.page >= len(rendered.pages):  # there is no more to turn to
            state = replace(state, page=len(rendered.pages) - 1)
            rendered = _rendered(menu, state, screen, True)
    except RenderError as error:
        return fail(menu, state, f"the text in {state.language} cannot be shown: {error}")
    text, secrets = rendered.pages[state.page], _secrets(state, rendered)
    if screen.end and state.page == len(rendered.pages) - 1:
        return Step(state, End(text, secrets))
    return Step(state, Show(text, secrets))


def _rendered(menu: Menu, state: State, screen: Screen, wrong: bool) -> render.Rendered:
    return render.render(menu, screen, state.language, state.variables, depth=len(state.history), wrong=wrong)


def _secrets(state: State, rendered: render.Rendered) -> tuple[str, ...]:
    """The secret values on the state's page; the whole page when one of them was cut in two."""
    page, found = rendered.pages[state.page], []
    for name in state.secrets:
        value = str(state.variables.get(name, ""))
        if not value or value not in rendered.text:
            continue
        value = render.shown(value, state.language)
        if value in page:
            found.append(value)
        elif not any(value in other for other in rendered.pages):
            found.append(page)
    return tuple(found)


def _variables(result: Mapping[str, object]) -> dict[str, object]:
    return {str(name): clean(value) for name, value in result.items() if name != "result"}


def _quoted(word: object) -> str:
    # A handler that answers a password in place of a word must not see it in the log.
    if word is None:
        return "no word"
    plain = isinstance(word, str) and word.replace("_", "a").isalpha() and word.islower()
    return f'"{word}"' if plain else "something that is no word"
