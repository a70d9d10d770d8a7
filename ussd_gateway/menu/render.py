"""A screen as the phone shows it: text, choices and navigation, cut into pages that USSD can carry."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from ussd_gateway.coding.data_coding import ussd_octets
from ussd_gateway.coding.pages import cut, fits, split
from ussd_gateway.coding.transliteration import to_latin
from ussd_gateway.menu.model import LATIN, Menu, Screen, Texts, Variables, written
from ussd_gateway.menu.options import NO, YES, Option, options
from ussd_gateway.menu.templates import RenderError, render_text
from ussd_gateway.menu.words import money


class Rendered(NamedTuple):
    """A screen in one language.

    pages     as they are sent
    text      the whole before paging and transliteration
    brief     the page without its text, "" where there is more than one page, or nothing but the text
    leads_on  whether there is anything to answer, besides navigation
    """

    pages: tuple[str, ...]
    text: str
    brief: str
    leads_on: bool


def render(menu: Menu, screen: Screen, language: str, variables: Variables, *, depth: int = 0) -> Rendered:
    """The screen in `language`, one of `menu.spoken`. Raises RenderError.

    depth   how many screens there are to go back to: none, one (which is home too), or more
    """
    key = (screen.name, language, min(depth, 2))
    rendered = menu.rendered.get(key)
    if not isinstance(rendered, Rendered):
        rendered = _render(menu, screen, language, variables, depth)
        if screen.static:
            menu.rendered[key] = rendered
    return rendered


def noticed(menu: Menu, screen: Screen, language: str, rendered: Rendered, page: int, notice: str, depth: int) -> str:
    """The page with a notice in front; where that does not fit, the notice in place of the page's text.

    Where not even that fits, the page of a choice stands as it is, and what was wrong with free input stands alone.
    """
    whole, brief = _lines(notice, rendered.pages[page]), _lines(notice, rendered.brief)
    limit = menu.limits.shown
    if fits(whole, limit):
        return whole
    if rendered.brief and fits(brief, limit):
        return brief
    if not screen.input:
        return rendered.pages[page]
    alone = _lines(notice, *_ways_out(menu, language, depth))
    return alone if fits(alone, limit) else cut(notice, limit)


def question(menu: Menu, language: str, notice: str = "") -> str:
    """Whether to go on where the last dialogue broke off."""
    answers = "\n".join(f"{key} {phrase(menu, name, language)}" for key, name in ((YES, "yes"), (NO, "no")))
    words, limit = phrase(menu, "resume", language), menu.limits.shown
    asked = _truncated(words, answers, limit) if fits(f"{words[:1]}\n{answers}", limit) else cut(answers, limit)
    whole = _lines(notice, asked)
    return whole if fits(whole, limit) else asked


def parting(menu: Menu, name: str, language: str) -> str:
    """A phrase that a dialogue ends with."""
    return cut(phrase(menu, name, language), menu.limits.shown)


def phrase(menu: Menu, name: str, language: str) -> str:
    """The menu's own words for `name`, one of model.PHRASES, in `language`."""
    return speaker(language)(menu.phrases[name][written(language)])


def failure(menu: Menu, screen: Screen, language: str) -> str:
    """What to say when the screen's handler fails."""
    words = screen.failure.get(written(language))
    return parting(menu, "failure", language) if words is None else cut(speaker(language)(words), menu.limits.shown)


def shown(value: object, language: str) -> str:
    """A variable's value as a screen in `language` shows it."""
    return speaker(language)(str(value))


def speaker(language: str) -> Callable[[str], str]:
    """What a text in `written(language)` becomes for somebody who reads `language`."""
    return to_latin if language == LATIN else str


def _render(menu: Menu, screen: Screen, language: str, variables: Variables, depth: int) -> Rendered:
    offered = tuple(options(menu, screen, variables))
    head = _said(screen.texts, language, variables)
    shown = (_line(menu, language, option, variables) for option in offered if not option.hidden)
    lines = _lines(*_extra(menu, screen, language, variables, offered), *shown)
    text = _lines(head, lines)
    if not text:
        raise RenderError("an empty text")
    speak = speaker(language)
    ways = _ways_out(menu, language, 0 if screen.end else depth)
    pages = _pages(menu, screen, language, speak(head), speak(lines), ways)
    brief = _lines(speak(lines), *ways) if lines and len(pages) == 1 else ""
    return Rendered(tuple(pages), text, brief, bool(offered or screen.input))


def _extra(menu: Menu, screen: Screen, language: str, variables: Variables, offered: Iterable[Option]) -> Iterable[str]:
    """What stands above the choices: a price, or that a list has no items."""
    listing, confirm = screen.listing, screen.confirm
    source = written(language)
    if confirm and confirm.price:
        price = money(_minor(confirm.price.evaluate(variables)), language=source, currency=menu.currency)
        yield menu.phrases["price"][source] + price
    if listing and not any(option.labels is listing.labels for option in offered):
        yield _said(listing.empty, language, variables) or menu.phrases["empty"][source]


def _minor(price: object) -> int:
    if type(price) is not int:
        raise RenderError("confirm.price is no whole number of minor units")
    return price


def _line(menu: Menu, language: str, option: Option, variables: Variables) -> str:
    if isinstance(option.labels, str):
        label = menu.phrases[option.labels][written(language)]
    else:
        label = _said(option.labels, language, {**variables, **option.sets} if option.sets else variables)
    return f"{option.key} {label}"


def _said(texts: Texts, language: str, variables: Variables) -> str:
    return render_text(texts[written(language)], variables) if texts else ""


def _pages(menu: Menu, screen: Screen, language: str, head: str, lines: str, ways: tuple[str, str]) -> list[str]:
    text, limit = _lines(head, lines), menu.limits.shown
    whole = _lines(text, *ways)
    if fits(whole, limit):
        return [whole]
    try:
        match menu.limits.policy:
            case "truncate":
                return [_truncated(head, _lines(lines, *ways), limit)]
            case "page":
                return _split(menu, screen, language, text, ways)
    except ValueError as error:
        raise RenderError(str(error)) from None
    raise RenderError(f"it takes {ussd_octets(whole)} octets of the {limit} that are shown")


def _truncated(head: str, rest: str, limit: int) -> str:
    tail = f"\n{rest}" if rest else ""
    return cut(head, limit, tail) + tail


def _split(menu: Menu, screen: Screen, language: str, text: str, ways: tuple[str, str]) -> list[str]:
    (back, home), limit = ways, menu.limits.shown
    turn_back = _way(menu, language, "back")
    pages = split(_lines(text, home), limit=limit, more=_way(menu, language, "more"), back=turn_back)
    if screen.end and turn_back:  # the last page ends the dialogue: nothing leads back from it
        pages[-1] = pages[-1].removesuffix(f"\n{turn_back}")
    if back and fits(first := _lines(pages[0], back), limit):
        pages[0] = first
    return pages


def _ways_out(menu: Menu, language: str, depth: int) -> tuple[str, str]:
    return _way(menu, language, "back") if depth else "", _way(menu, language, "home") if depth > 1 else ""


def _way(menu: Menu, language: str, name: str) -> str:
    """A line of navigation; none for a key that there is not."""
    key = getattr(menu.navigation, name)
    return f"{key} {phrase(menu, name, language)}" if key else ""


def _lines(*parts: str) -> str:
    return "\n".join(part for part in parts if part)
