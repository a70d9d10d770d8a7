"""The longest that the texts of a menu can become, from what is known of its variables.

Known is what the file gives them, and what an input lets through. What only a handler or a call knows counts as nothing,
and the text is then not known for sure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from decimal import Decimal
from itertools import islice, product
from typing import NamedTuple

from jinja2 import meta, nodes

from ussd_gateway.coding.data_coding import ussd_octets
from ussd_gateway.menu.model import Expression, Input, Menu, Text, Variables
from ussd_gateway.menu.sandbox import Sandbox
from ussd_gateway.menu.templates import RenderError, names_in_expression, render_text
from ussd_gateway.patterns import matches

Samples = Mapping[str, Sequence[object]]
"""Values of variables, by name, that are among the longest to be shown."""

_COMBINATIONS = 64  # of values of the variables in one place that are tried
_DAY = date(2018, 12, 28)


class Known(NamedTuple):
    """What is known of a text, and whether that is all of it."""

    text: str
    sure: bool = True


class Longest:
    """Finds the longest texts of one menu; what it has once taken apart it keeps."""

    def __init__(self, menu: Menu) -> None:
        self._samples = _samples(menu)
        self._found: dict[int, Known] = {}
        self._trees: dict[int, nodes.Template] = {}
        self._parts: dict[int, tuple[nodes.Node, frozenset[str], Text]] = {}

    def text(self, text: Text, more: Samples | None = None) -> Known:
        """The longest that a text can be; `more` are values of variables beside those of the menu."""
        if text.template is None:
            return Known(text.source)
        if more is None and (found := self._found.get(id(text))):
            return found
        environment = text.template.environment
        assert isinstance(environment, Sandbox)
        if id(text) not in self._trees:
            self._trees[id(text)] = environment.parse(text.source)
        samples = {**self._samples, **more} if more else self._samples
        words, sure = self._joined(environment, self._trees[id(text)].body, samples)
        found = Known(words.strip(), sure)
        if more is None:
            self._found[id(text)] = found
        return found

    def values(self, expression: Expression) -> Iterator[object]:
        """What an expression can be, as far as its variables are known."""
        for variables in _combined(names_in_expression(expression.source), self._samples):
            with suppress(RenderError):
                yield expression.evaluate(variables)

    def _joined(self, environment: Sandbox, tree: Iterable[nodes.Node], samples: Samples) -> Known:
        found = [self._node(environment, node, samples) for node in tree]
        return Known("".join(each.text for each in found), all(each.sure for each in found))

    def _node(self, environment: Sandbox, node: nodes.Node, samples: Samples) -> Known:
        match node:
            case nodes.TemplateData():
                return Known(str(node.data))
            case nodes.Output():
                return self._joined(environment, node.nodes, samples)
            case nodes.If():
                branches = (node.body, *(branch.body for branch in node.elif_), node.else_)
                found = [self._joined(environment, each, samples) for each in branches]
                return Known(_longest(each.text for each in found), all(each.sure for each in found))
        return self._rendered(environment, node, samples)

    def _rendered(self, environment: Sandbox, node: nodes.Node, samples: Samples) -> Known:
        """The longest of what a part of a template makes of the values that its variables can have."""
        if id(node) not in self._parts:
            statement = nodes.Output([node], lineno=node.lineno) if isinstance(node, nodes.Expr) else node
            tree = nodes.Template([statement], lineno=1)
            tree.set_environment(environment)
            names = frozenset(meta.find_undeclared_variables(tree) - environment.globals.keys())
            self._parts[id(node)] = node, names, Text("", environment.from_string(tree))
        _, names, part = self._parts[id(node)]
        tried = [_tried(part, variables) for variables in _combined(names, samples)]
        return Known(_longest(each.text for each in tried), bool(tried) and all(each.sure for each in tried))


def _tried(part: Text, variables: Variables) -> Known:
    try:
        return Known(render_text(part, variables))
    except RenderError:
        return Known("", sure=False)


def _longest(texts: Iterable[str]) -> str:
    return max(texts, key=ussd_octets, default="")


def _combined(names: Collection[str], samples: Samples) -> Iterator[dict[str, object]]:
    """The variables with each of their values, so many of them as is reasonable; none where one has no value."""
    values = product(*(samples.get(name, ()) for name in names))
    return (dict(zip(names, each, strict=True)) for each in islice(values, _COMBINATIONS))


def _samples(menu: Menu) -> Samples:
    samples: dict[str, list[object]] = {
        "msisdn": [menu.numbers.country + "9" * menu.numbers.digits],
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
    return samples


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
