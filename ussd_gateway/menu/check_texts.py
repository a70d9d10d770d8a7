"""Whether texts fit: every phrase a screen, every screen the pages that somebody turns, in every language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count

from ussd_gateway.coding.data_coding import ussd_octets
from ussd_gateway.coding.pages import fits, split
from ussd_gateway.coding.transliteration import to_latin
from ussd_gateway.menu.check_targets import with_history
from ussd_gateway.menu.longest import Known, Longest, Samples
from ussd_gateway.menu.model import LATIN, Listing, Menu, Screen, Texts, written
from ussd_gateway.menu.node import Node
from ussd_gateway.menu.options import MAX_LISTED, NO, YES
from ussd_gateway.menu.profiles import Navigation
from ussd_gateway.menu.words import money

MAX_PAGES = 20  # nobody turns more


def check_texts(menu: Menu, file: Node) -> None:
    """Note what does not fit in any language that the menu speaks."""
    longest = Longest(menu)
    for language in menu.spoken:
        lengths = Lengths(menu, language, longest)
        if not lengths.room():
            words = f"in {language}, more and back leave no room for a text on a page"
            file["phrases"].wrong(words, "text-too-long")
            return
        if menu.resume == "ask" and not lengths.room_to_ask():
            words = f"in {language}, yes and no leave no room for the question whether to go on"
            file["phrases"].wrong(words, "text-too-long")
        for name in sorted(phrases_needed(menu.navigation, menu.resume, menu.screens.values())):
            if not lengths.fits(lengths.phrase(name)):
                file["phrases"][name].wrong(f"in {language}, is longer than a screen", "text-too-long")
        for screen in menu.screens.values():
            if written(screen.language) in ("", written(language)):
                _screen(screen, file["screens"][screen.name], lengths)


def phrases_needed(navigation: Navigation, resume: str, screens: Iterable[Screen]) -> set[str]:
    """The phrases that a menu can come to say."""
    needed = {"back", "home", "more", "wrong", "failure"}
    if navigation.exit:
        needed |= {"exit", "goodbye"}
    if resume == "ask":
        needed |= {"resume", "yes", "no"}
    for screen in screens:
        if screen.input:
            needed.add("wrong_input")
            if screen.input.tries and not screen.input.exhausted:
                needed.add("too_many")
        if screen.listing and not screen.listing.empty:
            needed.add("empty")
        if screen.confirm:
            needed |= {"yes", "no"}
            if screen.confirm.price:
                needed.add("price")
            if not screen.confirm.cancel:
                needed.add("cancelled")
    return needed


class Lengths:
    """How long the texts of a menu can become in one language."""

    def __init__(self, menu: Menu, language: str, longest: Longest) -> None:
        self.menu, self.language, self.source = menu, language, written(language)
        self.longest, self.history = longest, with_history(menu)

    def fits(self, text: str) -> bool:
        """Whether a text, in the language that is written, fits one screen."""
        return fits(self._spoken(text), self.menu.limits.shown)

    def room(self) -> bool:
        """Whether a page has room for a text above its navigation."""
        return self.fits(f"\N{SLIGHTLY SMILING FACE}\n{self._line('more')}\n{self._line('back')}")

    def room_to_ask(self) -> bool:
        """Whether a question fits above yes and no."""
        answers = f"{YES} {self.phrase('yes')}\n{NO} {self.phrase('no')}"
        return self.fits(f"\N{SLIGHTLY SMILING FACE}\n{answers}")

    def phrase(self, name: str) -> str:
        """The menu's own words."""
        return self.menu.phrases[name][self.source]

    def pages(self, whole: str) -> list[str]:
        """The pages that a text on one page becomes."""
        more, back = self._line("more"), self._line("back")
        limit = self.menu.limits.shown
        return split(self._spoken(whole), limit=limit, more=self._spoken(more), back=self._spoken(back))

    def may_page(self, screen: Screen) -> bool:
        """Whether the screen can take more than one page."""
        whole, sure = self.whole(screen)
        return not (sure and self.fits(whole))

    def octets(self, text: str) -> int:
        """What a text, in the language that is written, takes as it is shown."""
        return ussd_octets(self._spoken(text))

    def whole(self, screen: Screen, text: str = "") -> Known:
        """The screen on one page, however long; with another text where there is one."""
        lines = [Known(text) if text else self.said(screen.texts), *self._choices(screen), *self._confirm(screen)]
        if screen.name in self.history and not screen.end:
            lines += [Known(self._line("back")), Known(self._line("home"))]
        return Known("\n".join(line.text for line in lines if line.text), all(line.sure for line in lines))

    def said(self, texts: Texts, more: Samples | None = None) -> Known:
        """The longest that one of the screens' texts can be."""
        text = texts.get(self.source)
        return self.longest.text(text, more) if text else Known("")

    def _choices(self, screen: Screen) -> Iterator[Known]:
        labels: dict[str, Known] = {}  # of choices with the same key only one is there
        for choice in screen.choices:
            if not choice.hidden:
                found = (labels.get(choice.key, Known("")), self.said(choice.labels))
                labels[choice.key] = max(found, key=lambda known: ussd_octets(known.text))
        yield from (Known(f"{key} {text}", sure) for key, (text, sure) in labels.items())
        if screen.listing:
            yield from self._items(screen, screen.listing)

    def _items(self, screen: Screen, listing: Listing) -> Iterator[Known]:
        items = self.menu.variables.get(listing.of.source.strip())
        if not isinstance(items, list):
            yield Known("", sure=False)
            return
        taken = {*self.menu.navigation.keys, *(choice.key for choice in screen.choices)}
        numbers = (key for key in map(str, count(1)) if key not in taken)
        for number, item in zip(numbers, items[:MAX_LISTED], strict=False):
            text, sure = self.said(listing.labels, {listing.name: (item,)})
            yield Known(f"{number} {text}", sure)
        if not items:
            yield self.said(listing.empty) if listing.empty else Known(self.phrase("empty"))

    def _confirm(self, screen: Screen) -> Iterator[Known]:
        if screen.confirm and screen.confirm.price:
            prices = [price for price in self.longest.values(screen.confirm.price) if type(price) is int]
            price = money(max(prices, default=0), language=self.source, currency=self.menu.currency)
            yield Known(self.phrase("price") + price, bool(prices))
        if screen.confirm:
            yield from (Known(f"{YES} {self.phrase('yes')}"), Known(f"{NO} {self.phrase('no')}"))

    def _line(self, name: str) -> str:
        return f"{getattr(self.menu.navigation, name)} {self.phrase(name)}"

    def _spoken(self, text: str) -> str:
        return to_latin(text) if self.language == LATIN else text


def _screen(screen: Screen, node: Node, lengths: Lengths) -> None:
    language, limits = lengths.language, lengths.menu.limits
    parts = [(node["failure"], screen.failure.get(lengths.source, ""))]
    if screen.input:
        parts.append((node["input"]["error"], lengths.said(screen.input.errors).text))
    for place, text in parts:
        if not lengths.fits(text):
            place.wrong(f"in {language}, is longer than a screen", "text-too-long")
    if not screen.texts:
        return
    whole, _ = lengths.whole(screen)
    if limits.policy != "page" and not lengths.fits(whole):
        octets, cut = (
            lengths.octets(whole),
            limits.policy == "truncate" and lengths.fits(lengths.whole(screen, "x").text),
        )
        what = "the end of the text is left out" if cut else "the dialogue ends there"
        words = f"in {language}, can take {octets} octets with its choices; a screen has {limits.shown}, and {what}"
        words += '; shorten it, bound its inputs by max, or have limits.policy = "page"'
        node["text"].wrong(words, "text-too-long", warning=cut)
    elif limits.policy == "page" and len(pages := lengths.pages(whole)) > MAX_PAGES:
        words = f"in {language}, takes {len(pages)} pages; {MAX_PAGES} are the most"
        node["text"].wrong(words, "text-too-long")
