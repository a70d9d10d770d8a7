"""What nobody may record: of what a user types, told before the machine has seen it, and of what a screen shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ussd_gateway.menu.model import Menu, Screen
from ussd_gateway.menu.options import NO, YES
from ussd_gateway.menu.render import Rendered, shown
from ussd_gateway.menu.state import State


def secrets_in(menu: Menu, state: State | None, typed: str | Iterable[str]) -> tuple[str, ...]:
    """The parts of what was typed that are secret: an answer to what `state` shows, or the inputs of a dialled code.

    The inputs are walked without running anything. Where it cannot be known which screen one of them answers (a handler
    decides, or a condition), it and all behind it count as secret, if anything in the menu is.
    """
    if state is not None:
        typed = (typed,) if isinstance(typed, str) else tuple(typed)
        screen = menu.screens[state.screen]
        secret = screen.input and screen.input.secret and not state.resuming
        return tuple(filter(None, map(str.strip, typed))) if secret else ()
    if not any(screen.input and screen.input.secret for screen in menu.screens.values()):
        return ()
    return tuple(filter(None, _dialled(menu, [each.strip() for each in typed])))


def secrets_on(state: State, rendered: Rendered, page: str) -> tuple[str, ...]:
    """The values of secret variables on the page; the whole page when one of them was cut in two."""
    found = []
    for value in _values_of(state):
        words = shown(value, state.language)
        if words in page:
            found.append(words)
        elif value in rendered.text and not any(words in other for other in rendered.pages):
            found.append(page)
    return tuple(found)


def secret_words(state: State) -> Iterator[str]:
    """The values of secret variables as the dialogue's texts show them."""
    return (shown(value, state.language) for value in _values_of(state))


def _values_of(state: State) -> Iterator[str]:
    return _values([state.variables.get(name) for name in state.secrets])


def _values(value: object) -> Iterator[str]:
    """All that can be read in the value, also inside tables and lists."""
    match value:
        case Mapping():
            yield from _values(list(value.values()))
        case list() | tuple():
            for each in value:
                yield from _values(each)
        case None | "" | bool():
            return
        case _:
            yield str(value)


def _dialled(menu: Menu, inputs: list[str]) -> list[str]:
    secrets: list[str] = []
    screen = menu.screens[menu.start]
    for place, answer in enumerate(inputs):
        target = _target(screen, answer)
        if target is None:
            return secrets + inputs[place:]
        if screen.input and screen.input.secret and not any(choice.key == answer for choice in screen.choices):
            secrets.append(answer)
        screen = menu.screens[target]
    return secrets


def _target(screen: Screen, answer: str) -> str | None:
    """Where the answer leads whatever happens, None if that cannot be known."""
    if screen.works or screen.route or screen.end:
        return None
    choices = [choice for choice in screen.choices if choice.key == answer]
    if choices:
        return None if any(choice.when for choice in choices) else choices[0].to
    if screen.listing:
        return None if screen.input else screen.listing.to
    if screen.confirm:
        return {YES: screen.confirm.to, NO: screen.confirm.cancel}.get(answer) or None
    return screen.input.to if screen.input else None
