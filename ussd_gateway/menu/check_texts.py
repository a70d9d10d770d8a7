"""Whether texts fit: every phrase a screen, every screen the pages that somebody turns, in every language.

The longest text that a menu can show is put together from what is known of its variables: what the file gives them, and
the bounds of inputs. What only a handler knows counts as nothing; the machine cuts it when it is there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import islice, product

from jinja2 import meta, nodes

from ussd_gateway.coding.data_coding import ussd_octets
from ussd_gateway.coding.pages import fits, split
from ussd_gateway.coding.transliteration import to_latin
from ussd_gateway.menu.check_targets import with_history
from ussd_gateway.menu.model import LATIN, Input, Menu, Screen, Text, Texts, Variables, written
from ussd_gateway.menu.node import Node
from ussd_gateway.menu.profiles import Navigation
from ussd_gateway.menu.sandbox import Sandbox
from ussd_gateway.menu.templates import RenderError, render_text
from ussd_gateway.menu.words import money
from ussd_gateway.patterns import matches

MAX_PAGES = 20  # nobody turns more

_COMBINATIONS = 64  # of values of the variables in one place that are tried
_DAY = date(2018, 12, 28)


def check_texts(menu: Menu, file: Node) -> None:
    """Note what does not fit in any language that the menu speaks."""
    for language in menu.spoken:
        lengths = Lengths(menu, language)
        if not lengths.room():
            words = f"in {language}, more and back leave no room for a text on a page"
            file["phrases"].wrong(words, "text-too-long")
            return
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

    def __init__(self, menu: Menu, language: str) -> None:
        self.menu, self.language, self.source = menu, language, written(language)
        self.samples = _samples(menu)
        self.history = with_history(menu)
        self.sure = True  # whether all of what was put together last is known

    def fits(self, text: str) -> bool:
        """Whether a text, in the language that is written, fits one screen."""
        return fits(self._spoken(text), self.menu.limits.shown)

    def room(self) -> bool:
        """Whether a page has room for a text above its navigation."""
        return self.fits(f"\N{SLIGHTLY SMILING FACE}\n{self._line('more')}\n{self._line('back')}")

    def phrase(self, name: str) -> str:
        """The menu's own words."""
        return self.menu.phrases[name][self.source]

    def pages(self, screen: Screen) -> list[str]:
        """The pages of the longest text that is known of the screen; one where it has none."""
        more, back = self._line("more"), self._line("back")
        limit = self.menu.limits.shown
        return split(self._spoken(self.whole(screen)), limit=limit, more=self._spoken(more), back=self._spoken(back))

    def may_page(self, screen: Screen) -> bool:
        """Whether the screen can take more than one page."""
        return len(self.pages(screen)) > 1 or not self.sure

    def whole(self, screen: Screen) -> str:
        """The screen on one page, however long."""
        self.sure = True
        lines = [self.longest(screen.texts), *self._choices(screen)]
        if screen.confirm:
            lines += self._confirm(screen)
        if screen.name in self.history and not screen.end:
            lines += [self._line("back"), self._line("home")]
        return "\n".join(line for line in lines if line)

    def longest(self, texts: Texts, **more: Sequence[object]) -> str:
        """The longest that a text can be; `more` are values of variables beside those of the menu."""
        text = texts.get(self.source)
        if text is None or text.template is None:
            return text.source if text else ""
        environment = text.template.environment
        assert isinstance(environment, Sandbox)
        return self._longest(environment, environment.parse(text.source).body, {**self.samples, **more}).strip()

    def _longest(self, environment: Sandbox, tree: Iterable[nodes.Node], samples: dict[str, Sequence[object]]) -> str:
        found = ""
        for node in tree:
            match node:
                case nodes.Output():
                    found += "".join(self._value(environment, each, samples) for each in node.nodes)
                case nodes.If():
                    branches = (node.body, *(branch.body for branch in node.elif_), node.else_)
                    found += max((self._longest(environment, each, samples) for each in branches), key=ussd_octets)
                case _:
                    found += self._rendered(environment, node, samples)
        return found

    def _value(self, environment: Sandbox, node: nodes.Expr, samples: dict[str, Sequence[object]]) -> str:
        if isinstance(node, nodes.TemplateData):
            return str(node.data)
        return self._rendered(environment, nodes.Output([node], lineno=node.lineno), samples)

    def _rendered(self, environment: Sandbox, node: nodes.Node, samples: dict[str, Sequence[object]]) -> str:
        """The longest of what a part of a template makes of the values that its variables can have."""
        tree = nodes.Template([node], lineno=1)
        tree.set_environment(environment)
        names = sorted(meta.find_undeclared_variables(tree) - environment.globals.keys())
        if not all(samples.get(name) for name in names):
            self.sure = False
            return ""
        text = Text("", environment.from_string(tree))
        values = islice(product(*(samples[name] for name in names)), _COMBINATIONS)
        return max((self._tried(text, dict(zip(names, each, strict=True))) for each in values), key=ussd_octets)

    def _tried(self, text: Text, variables: Variables) -> str:
        try:
            return render_text(text, variables)
        except RenderError:
            self.sure = False
            return ""

    def _choices(self, screen: Screen) -> Iterator[str]:
        labels: dict[str, str] = {}  # of choices with the same key only one is there
        for choice in screen.choices:
            if not choice.hidden:
                labels[choice.key] = max(labels.get(choice.key, ""), self.longest(choice.labels), key=ussd_octets)
        yield from (f"{key} {label}" for key, label in labels.items())
        if screen.listing:
            items = self.menu.variables.get(screen.listing.of.source.strip())
            if not isinstance(items, list):
                self.sure = False
                return
            for number, item in enumerate(items, 1):
                yield f"{number} {self.longest(screen.listing.labels, **{screen.listing.name: (item,)})}"
            if not items:
                yield self.longest(screen.listing.empty) or self.phrase("empty")

    def _confirm(self, screen: Screen) -> Iterator[str]:
        if screen.confirm and screen.confirm.price:
            yield self.phrase("price") + self._price(screen.confirm.price.source)
        yield from (f"1 {self.phrase('yes')}", f"2 {self.phrase('no')}")

    def _price(self, source: str) -> str:
        value = self.menu.variables.get(source.strip())
        self.sure = self.sure and type(value) is int
        whole = value if isinstance(value, int) else 0
        return money(whole, language=self.language, currency=self.menu.currency)

    def _line(self, name: str) -> str:
        return f"{getattr(self.menu.navigation, name)} {self.phrase(name)}"

    def _spoken(self, text: str) -> str:
        return to_latin(text) if self.language == LATIN else text


def _screen(screen: Screen, node: Node, lengths: Lengths) -> None:
    language, limits = lengths.language, lengths.menu.limits
    parts = [(node["failure"], screen.failure.get(lengths.source, ""))]
    if screen.input:
        parts.append((node["input"]["error"], lengths.longest(screen.input.errors)))
    for place, text in parts:
        if not lengths.fits(text):
            place.wrong(f"in {language}, is longer than a screen", "text-too-long")
    if not screen.texts:
        return
    whole = lengths.whole(screen)
    if limits.policy != "page" and not lengths.fits(whole):
        octets = ussd_octets(lengths._spoken(whole))
        what = "the dialogue ends there" if limits.policy == "error" else "its end is left out"
        words = f"in {language}, can take {octets} octets with its choices; a screen has {limits.shown}, and {what}"
        node["text"].wrong(
            f'{words}; shorten it, bound its inputs by max, or have limits.policy = "page"', "text-too-long"
        )
    elif limits.policy == "page" and len(pages := lengths.pages(screen)) > MAX_PAGES:
        words = f"in {language}, takes {len(pages)} pages; {MAX_PAGES} are the most"
        node["text"].wrong(words, "text-too-long")


def _samples(menu: Menu) -> dict[str, Sequence[object]]:
    """Values of each variable that are among its longest; none of one that only a handler or a call knows."""
    numbers = menu.numbers
    samples: dict[str, list[object]] = {
        "msisdn": [numbers.country + "9" * numbers.digits],
        "code": list(menu.codes),
        "today": [_DAY],
    }
    for name, value in menu.variables.items():
        samples.setdefault(name, []).append(value)
    for screen in menu.screens.values():
        for choice in screen.choices:
            for name, value in choice.sets.items():
                samples.setdefault(name, []).append(value)
        if screen.input:
            samples.setdefault(screen.input.name, []).extend(_typed(screen.input, menu))
        if screen.listing and isinstance(items := menu.variables.get(screen.listing.of.source.strip()), list):
            samples.setdefault(screen.listing.name, []).extend(items)
    return dict(samples)


def _typed(asked: Input, menu: Menu) -> Collection[object]:
    """The longest that can be typed."""
    most = asked.most if isinstance(asked.most, Decimal) else None
    least = asked.least if isinstance(asked.least, Decimal) else Decimal()
    match asked.kind:
        case "text":
            length = menu.limits.typed if most is None else min(int(most), menu.limits.typed)
            words = [letter * length for letter in ("\N{CYRILLIC CAPITAL LETTER ZHE}", "W", "0")]
            return [word for word in words if not asked.pattern or _matches(asked.pattern, word)][:1]
        case "number":
            return [int(least), 10**15 - 1 if most is None else int(most)]
        case "amount":
            return [int(least * 100), 10**14 - 1 if most is None else int(most * 100)]
        case "date":
            return [_DAY]
    return [menu.numbers.country + "9" * menu.numbers.digits]


def _matches(pattern: str, text: str) -> bool:
    try:
        return matches(pattern, text)
    except ValueError:
        return False
