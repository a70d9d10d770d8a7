"""What a screen offers: its choices, the items of its list, yes and no. What is shown is what is accepted."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, islice
from typing import NamedTuple

from ussd_gateway.menu.model import Choice, Menu, Screen, Texts, Variables
from ussd_gateway.menu.templates import RenderError

YES, NO = "1", "2"
MAX_LISTED = 200  # items of a list; nobody turns more pages

_NOTHING: Variables = {}


class Option(NamedTuple):
    """A line of a screen that leads on.

    to      a screen, or "": the dialogue ends, cancelled
    labels  what it says; a key of PHRASES instead, for yes and no
    sets    variables, which its label may use too
    """

    key: str
    to: str
    labels: Texts | str
    sets: Variables = _NOTHING
    hidden: bool = False


def options(menu: Menu, screen: Screen, variables: Variables) -> Iterator[Option]:
    """Everything that the screen offers now, in order; each key once. Raises RenderError."""
    taken = set()
    for choice in screen.choices:
        if choice.key not in taken and _there(choice, variables):
            taken.add(choice.key)
            yield _option(choice)
    if screen.listing:
        yield from _listed(menu, screen, variables)
    if screen.confirm:
        yield Option(YES, screen.confirm.to, "yes")
        yield Option(NO, screen.confirm.cancel, "no")


def picked(menu: Menu, screen: Screen, variables: Variables, answer: str) -> Option | None:
    """What `answer` picks, hidden choices included. Raises RenderError."""
    for choice in screen.choices:
        if choice.key == answer and _there(choice, variables):
            return _option(choice)
    if screen.listing or screen.confirm:
        return next((option for option in options(menu, screen, variables) if option.key == answer), None)
    return None


def _listed(menu: Menu, screen: Screen, variables: Variables) -> Iterator[Option]:
    listing = screen.listing
    assert listing is not None
    items = listing.of.evaluate(variables)
    if isinstance(items, dict):
        items = list(items.values())
    if not isinstance(items, list | tuple | range):
        raise RenderError(f"list.of is {type(items).__name__}; a list is wanted")
    # The keys of all choices, also of those that are not there now: a number shall mean the same every time.
    taken = {*menu.navigation.keys, *(choice.key for choice in screen.choices)}
    numbers = (key for key in map(str, count(1)) if key not in taken)
    for key, item in zip(numbers, islice(items, MAX_LISTED), strict=False):
        yield Option(key, listing.to, listing.labels, {listing.name: item})


def _there(choice: Choice, variables: Variables) -> bool:
    return choice.when is None or bool(choice.when.evaluate(variables))


def _option(choice: Choice) -> Option:
    return Option(choice.key, choice.to, choice.labels, choice.sets, choice.hidden)
