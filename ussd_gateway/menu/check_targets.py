"""Where screens lead: to screens that are there, to all of them, and to an end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from ussd_gateway.menu.keys import KEYS
from ussd_gateway.menu.mistakes import way_out
from ussd_gateway.menu.model import Menu, Screen
from ussd_gateway.menu.node import Node

_TARGETS = tuple(
    f"{key.path}.*" if key.kind.endswith("{}") else key.path for key in KEYS if key.kind.startswith("screen")
)


def check_targets(menu: Menu, file: Node) -> None:
    """Note every name of a screen that is none."""
    if file["screens"].value == {}:
        file["screens"].wrong("is empty", "empty")
    elif menu.screens and menu.start not in menu.screens:
        file["start"].wrong(f'there is no screen "{menu.start}"{way_out(menu.start, menu.screens)}', "unknown-target")
    if not menu.screens:
        return
    for path in _TARGETS:
        for place in file.places(path):
            name = place.value
            if path != "start" and isinstance(name, str) and name.strip() and name not in menu.screens:
                place.wrong(f'there is no screen "{name}"{way_out(name, menu.screens)}', "unknown-target")


def check_ways(menu: Menu, file: Node) -> None:
    """Note circles, screens that nobody comes to, and those that nobody leaves; `menu` has no unknown targets."""
    screens = file["screens"]
    for screen in menu.screens.values():
        for place, target in _going_on(screen, screens[screen.name]):
            if screen.name in reached(menu, [target], Screen.going_on):
                place.wrong("may come back here without asking the user anything", "endless-loop")
    found = reached(menu, [menu.start], everything_next)
    for name in menu.screens:
        if name not in found:
            words = "is never come to: no screen leads here from the start; lead to it, or take it out"
            screens[name].wrong(words, "unreachable-screen", warning=True)
    _no_exit(menu, screens, found)


def everything_next(screen: Screen) -> Iterator[str]:
    """Every screen that may be shown once this one has been entered, that of a push too."""
    yield from screen.targets()
    if screen.push:
        yield screen.push.screen


def with_history(menu: Menu) -> set[str]:
    """The screens on which a user can stand with a screen to go back to: what he has answered led there."""
    asked = (target for screen in menu.screens.values() for target in _asked(screen) if target != screen.name)
    return reached(menu, set(asked), _without_asking)


def _asked(screen: Screen) -> Iterator[str]:
    """The screens that an answer leads to, but for too many wrong ones: nobody goes back from there to try again."""
    asked = replace(screen.input, exhausted="") if screen.input else None
    yield from replace(screen, on={}, otherwise="", fetch=None, input=asked).targets()


def _without_asking(screen: Screen) -> Iterator[str]:
    yield from screen.going_on()
    if screen.input and screen.input.exhausted:
        yield screen.input.exhausted


def reached(menu: Menu, start: Iterable[str], following: Callable[[Screen], Iterable[str]]) -> set[str]:
    """The screens that `following` leads to from those of `start`, themselves included."""
    waiting = list(start)
    found = set(waiting)
    while waiting:
        targets = set(following(menu.screens[waiting.pop()])) - found
        found |= targets
        waiting += targets
    return found


def _going_on(screen: Screen, node: Node) -> Iterator[tuple[Node, str]]:
    for word, target in screen.on.items():
        yield node["on"][word], target
    if screen.otherwise:
        yield node["otherwise"], screen.otherwise
    if screen.fetch and screen.fetch.error:
        yield node["http"]["error"], screen.fetch.error


def _no_exit(menu: Menu, screens: Node, found: set[str]) -> None:
    """Told once for all the screens that lead to each other and to no end."""
    if menu.navigation.exit:
        return
    before: dict[str, list[str]] = {name: [] for name in menu.screens}
    for screen in menu.screens.values():
        for target in screen.targets():
            before[target].append(screen.name)
    ending = [name for name, screen in menu.screens.items() if _may_end(screen)]
    left = found - reached(menu, ending, lambda screen: before[screen.name])
    for name in menu.screens:
        if name in left:
            left -= reached(menu, [name], Screen.targets)
            words = "no end can be reached from here; lead to a screen with end = true, or have an exit key"
            screens[name].wrong(words, "no-exit", warning=True)


def _may_end(screen: Screen) -> bool:
    gives_up = screen.input and screen.input.tries and not screen.input.exhausted
    declines = screen.confirm and not screen.confirm.cancel
    return bool(screen.end or gives_up or declines)
