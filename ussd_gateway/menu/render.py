"""A screen as the phone shows it: text, choices and navigation, cut into pages that USSD can carry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from ussd_gateway.coding.pages import fits, split
from ussd_gateway.coding.transliteration import to_latin
from ussd_gateway.menu.model import LATIN, Menu, Screen, written
from ussd_gateway.menu.templates import RenderError, render_text


class Rendered(NamedTuple):
    """A screen in one language: `pages` as they are sent, `text` the whole before paging and transliteration."""

    pages: tuple[str, ...]
    text: str


def render(
    menu: Menu, screen: Screen, language: str, variables: Mapping[str, object], *, depth: int = 0, wrong: bool = False
) -> Rendered:
    """The screen in `language`, one of `menu.spoken`. Raises RenderError.

    depth   how many screens there are to go back to: none, one (which is home too), or more
    wrong   whether the last answer was no choice of this screen, and the user is told so
    """
    key = (screen.name, language, min(depth, 2), wrong)
    rendered = menu.rendered.get(key)
    if not isinstance(rendered, Rendered):
        rendered = _render(menu, screen, language, variables, depth, wrong)
        if screen.static:
            menu.rendered[key] = rendered
    return rendered


def phrase(menu: Menu, name: str, language: str) -> str:
    """The menu's own words for `name`, one of model.PHRASES, in `language`."""
    return _speaker(language)(menu.phrases[name][written(language)])


def failure(menu: Menu, screen: Screen, language: str) -> str:
    """What to say when the screen's handler fails."""
    words = screen.failure.get(written(language))
    return phrase(menu, "failure", language) if words is None else _speaker(language)(words)


def shown(value: object, language: str) -> str:
    """A variable's value as a screen in `language` shows it."""
    return _speaker(language)(str(value))


def _render(
    menu: Menu, screen: Screen, language: str, variables: Mapping[str, object], depth: int, wrong: bool
) -> Rendered:
    speak, source = _speaker(language), written(language)
    head = render_text(screen.texts[source], variables)
    choices = [
        f"{choice.key} {render_text(choice.labels[source], variables)}"
        for choice in screen.choices
        if not choice.hidden
    ]
    text = _lines(head, *choices)
    if not text:
        raise RenderError("an empty text")
    back, home = _ways_out(menu, language, 0 if screen.end else depth)
    pages = _pages(menu, language, speak(text), back, home, end=screen.end)
    if wrong:
        notice = phrase(menu, "wrong", language)
        short = _lines(notice, speak(_lines(*choices)), back, home) if choices and len(pages) == 1 else ""
        pages = [_noticed(page, notice, short) for page in pages]
    return Rendered(tuple(pages), text)


def _pages(menu: Menu, language: str, text: str, back: str, home: str, *, end: bool) -> list[str]:
    whole = _lines(text, back, home)
    if fits(whole):
        return [whole]
    turn_back = f"{menu.navigation.back} {phrase(menu, 'back', language)}"
    turn_on = f"{menu.navigation.more} {phrase(menu, 'more', language)}"
    pages = split(_lines(text, home), more=turn_on, back=turn_back)
    if end:  # the last page ends the dialogue: nothing leads back from it
        pages[-1] = pages[-1].removesuffix(f"\n{turn_back}")
    if back and fits(first := _lines(pages[0], back)):
        pages[0] = first
    return pages


def _noticed(page: str, notice: str, short: str) -> str:
    """The page with a notice in front, or the notice in place of the page's text, or the page as it is."""
    full = _lines(notice, page)
    return next((candidate for candidate in (full, short) if candidate and fits(candidate)), page)


def _ways_out(menu: Menu, language: str, depth: int) -> tuple[str, str]:
    back = f"{menu.navigation.back} {phrase(menu, 'back', language)}" if depth else ""
    home = f"{menu.navigation.home} {phrase(menu, 'home', language)}" if depth > 1 else ""
    return back, home


def _lines(*parts: str) -> str:
    return "\n".join(part for part in parts if part)


def _speaker(language: str) -> Callable[[str], str]:
    return to_latin if language == LATIN else str
