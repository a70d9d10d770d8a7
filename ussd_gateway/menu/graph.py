"""A menu as a graph of screens, and the graph as Mermaid text; `picture` draws it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from ussd_gateway.menu.model import Expression, Input, Menu, Screen


class Kind(StrEnum):
    """What a node is, and so its shape; the value is what people read."""

    CODES = "codes"
    SCREEN = "choices"
    INPUT = "input"
    LIST = "list"
    CONFIRM = "confirm"
    HANDLER = "handler"
    HTTP = "HTTP"
    ROUTE = "route"
    END = "end"


@dataclass(frozen=True, slots=True)
class Node:
    """A screen; or the codes that are dialled, or a phrase with which the dialogue ends.

    name     the screen's, or what is dialled
    text     the first line of what it says in the menu's first language, variables as {name}; or ""
    details  what it does besides, a line each: "runs selfcare.balance", "sends an SMS from 1500"
    start    whether dialogues begin here
    reached  whether any way leads here from the codes
    """

    name: str
    kind: Kind
    text: str = ""
    details: tuple[str, ...] = ()
    start: bool = False
    reached: bool = True


@dataclass(frozen=True, slots=True)
class Edge:
    """A way from a node to another, by their places in `Graph.nodes`.

    labels  what leads there: "1 Balance", "input", "yes", a handler's word; those of hidden choices come last, in brackets
    push    whether it is somebody else's dialogue that begins there
    """

    source: int
    target: int
    labels: tuple[str, ...] = ()
    push: bool = False

    @property
    def label(self) -> str:
        """The labels in one line."""
        return " · ".join(self.labels)


@dataclass(frozen=True, slots=True)
class Graph:
    """A menu to be drawn. The first node is the codes; ways of back, home and exit are not in it, nor are those of faults.

    title   the menu's
    source  its file's name
    """

    title: str
    source: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def graph(menu: Menu) -> Graph:
    """The menu as a graph, in the order of the file. Targets that do not exist are left out."""
    nodes = [Node("  ".join(menu.codes), Kind.CODES, menu.title)]
    nodes += (_node(menu, screen) for screen in menu.screens.values())
    numbers = {name: number for number, name in enumerate(menu.screens, start=1)}
    ways = [(0, numbers.get(menu.start), "", False)]
    for screen in menu.screens.values():
        source = numbers[screen.name]
        ways += ((source, numbers.get(target), label, push) for target, label, push in _ways(menu, screen))
        for phrase, label in _last_words(screen):
            ways.append((source, len(nodes), label, False))
            words = menu.phrases.get(phrase, {}).get(menu.languages[0], phrase)
            nodes.append(Node(phrase, Kind.END, words))
    edges = tuple(_edges(ways))
    reached = _reached(edges)
    nodes = [node if number in reached else replace(node, reached=False) for number, node in enumerate(nodes)]
    return Graph(menu.title, menu.source, tuple(nodes), edges)


def _reached(edges: tuple[Edge, ...]) -> set[int]:
    """The nodes to which the codes lead."""
    following: dict[int, list[int]] = {}
    for edge in edges:
        following.setdefault(edge.source, []).append(edge.target)
    reached, waiting = {0}, [0]
    while waiting:
        new = set(following.get(waiting.pop(), ())) - reached
        reached |= new
        waiting += new
    return reached


def _edges(ways: list[tuple[int, int | None, str, bool]]) -> Iterator[Edge]:
    labels: dict[tuple[int, int, bool], list[str]] = {}
    for source, target, label, push in ways:
        if target is not None:
            labels.setdefault((source, target, push), []).extend([label] if label else [])
    for (source, target, push), found in labels.items():
        yield Edge(source, target, tuple(found), push)


def _node(menu: Menu, screen: Screen) -> Node:
    text = screen.texts.get(menu.languages[0])
    return Node(
        screen.name,
        _kind(screen),
        first_line(text.source) if text else "",
        tuple(_details(screen)),
        screen.name == menu.start,
    )


def _kind(screen: Screen) -> Kind:
    kinds = {
        Kind.INPUT: screen.input,
        Kind.CONFIRM: screen.confirm,
        Kind.LIST: screen.listing,
        Kind.SCREEN: screen.choices,
        Kind.END: screen.end,
        Kind.HANDLER: screen.handler,
        Kind.HTTP: screen.fetch,
        Kind.ROUTE: screen.on or screen.otherwise,
    }
    return next((kind for kind, there in kinds.items() if there), Kind.SCREEN)


def first_line(template: str) -> str:
    """The first line of a template that says something: "{{ name }}, you have {{ sum | money }}" -> "{name}, you have {sum}"."""
    shown = re.sub(r"\{%.*?%\}|\{#.*?#\}", "", template, flags=re.DOTALL)
    shown = re.sub(r"\{\{-?\s*(.*?)\s*-?\}\}", lambda found: f"{{{found[1].split('|')[0].strip()}}}", shown)
    return next((line.strip() for line in shown.splitlines() if line.strip()), "")


def _details(screen: Screen) -> Iterator[str]:
    if screen.handler:
        yield f"runs {screen.handler}"
    if screen.fetch:
        yield f"{screen.fetch.method} {first_line(screen.fetch.url.source)}"
    for name, value in screen.computed.items():
        yield f"{name} = {value.source}"
    if screen.sms:
        to = f" to {first_line(screen.sms.to.source)}" if screen.sms.to else ""
        yield f"sends an SMS from {screen.sms.source}{to}"
    if screen.route:
        yield f"goes by {screen.route.source}"
    if screen.listing:
        yield f"each {screen.listing.name} of {screen.listing.of.source}"
    if screen.input:
        yield _wanted(screen.input)
    if screen.confirm and screen.confirm.price:
        yield f"price: {screen.confirm.price.source}"
    if screen.language:
        yield f"language: {screen.language}"


def _wanted(wanted: Input) -> str:
    words = [f"{wanted.name}: {'secret ' * wanted.secret}{wanted.kind}"]
    least, most = (_bound(bound) for bound in (wanted.least, wanted.most))
    if least and most:
        words.append(f"{least} to {most}")
    elif least or most:
        words.append(f"from {least}" if least else f"up to {most}")
    if wanted.pattern:
        words.append(wanted.pattern)
    return ", ".join(words)


def _bound(bound: object) -> str:
    match bound:
        case None:
            return ""
        case Expression():
            return bound.source
        case Decimal():
            return f"{bound:f}"
    return str(bound)


def _ways(menu: Menu, screen: Screen) -> Iterator[tuple[str, str, bool]]:
    """Where the screen leads, by what, and whether it is a push."""
    language = menu.languages[0]
    for choice in sorted(screen.choices, key=lambda choice: choice.hidden):
        label = first_line(choice.labels[language].source) if language in choice.labels else ""
        condition = f" if {choice.when.source}" if choice.when else ""
        yield choice.to, f"({choice.key})" if choice.hidden else f"{choice.key} {label}".strip() + condition, False
    if screen.listing:
        yield screen.listing.to, f"each {screen.listing.name}", False
    if screen.input:
        yield screen.input.to, "input", False
        if screen.input.exhausted:
            yield screen.input.exhausted, _tries(screen.input), False
    if screen.confirm:
        yield screen.confirm.to, "yes", False
        if screen.confirm.cancel:
            yield screen.confirm.cancel, "no", False
    for word, target in screen.on.items():
        yield target, word, False
    if screen.otherwise:
        yield screen.otherwise, "otherwise", False
    if screen.fetch and screen.fetch.error:
        yield screen.fetch.error, "error", False
    if screen.push:
        yield screen.push.screen, "push", True


def _last_words(screen: Screen) -> Iterator[tuple[str, str]]:
    """The phrases with which the dialogue may end here, and by what."""
    if screen.confirm and not screen.confirm.cancel:
        yield "cancelled", "no"
    if screen.input and screen.input.tries and not screen.input.exhausted:
        yield "too_many", _tries(screen.input)


def _tries(wanted: Input) -> str:
    return f"{wanted.tries} wrong answers" if wanted.tries != 1 else "a wrong answer"


# Mermaid

_SHAPES = {
    Kind.CODES: ('(["', '"])'),
    Kind.SCREEN: ('("', '")'),
    Kind.INPUT: ('[/"', '"/]'),
    Kind.LIST: ('[("', '")]'),
    Kind.CONFIRM: ('{{"', '"}}'),
    Kind.HANDLER: ('[["', '"]]'),
    Kind.HTTP: ('[\\"', '"\\]'),
    Kind.ROUTE: ('{"', '"}'),
    Kind.END: ('(["', '"])'),
}

# Mermaid reads quotes, brackets, HTML, Markdown (a list "1. ..." too) and entities in a quoted text: what is not a letter,
# a digit or harmless is written by its number.
_UNSAFE = re.compile(r"(?<=\d)\.|[^\w .,?!:'/=+-]|_|^[+-]|(?<=\s)[+-]|:(?=fa-)")
# It reads line breaks, formulas and icons even in that: "\n", "$$ ... $$", "fa:fa-ban". A space without width parts them.
_PARTED = ("\\", "$", ":")


def mermaid(drawn: Graph) -> str:
    """The graph as a Mermaid flow chart, https://mermaid.js.org/syntax/flowchart.html. Any text in it is safe."""
    # JSON is YAML, and without its other characters nobody mistakes a word in it for a directive.
    lines = ["---", f"title: {json.dumps(_plain(drawn.title))}", "---", "flowchart LR"]
    for number, node in enumerate(drawn.nodes):
        opening, closing = _SHAPES[node.kind]
        parts = [f"<b>{_escaped(node.name)}</b>", *map(_escaped, filter(None, (node.text, *node.details)))]
        lines.append(f"    n{number}{opening}{'<br>'.join(parts)}{closing}")
    for edge in drawn.edges:
        arrow = "-.->" if edge.push else "-->"
        label = f'|"{_escaped(edge.label)}"|' if edge.label else ""
        lines.append(f"    n{edge.source} {arrow}{label} n{edge.target}")
    for style, kinds in _STYLES.items():
        numbers = [f"n{number}" for number, node in enumerate(drawn.nodes) if node.kind in kinds]
        if numbers:
            lines += [f"    classDef {style}", f"    class {','.join(numbers)} {style.split()[0]}"]
    lines += [f"    style n{number} stroke-width:3px" for number, node in enumerate(drawn.nodes) if node.start]
    return "\n".join(lines) + "\n"


_STYLES = {
    "codes fill:#3b5bdb,stroke:#3b5bdb,color:#fff": (Kind.CODES,),
    "ends fill:#ebfbee,stroke:#2b8a3e,color:#123": (Kind.END,),
    "works fill:#fff4e6,stroke:#e8590c,color:#321": (Kind.HANDLER, Kind.HTTP, Kind.ROUTE),
}


def _escaped(text: str) -> str:
    return _UNSAFE.sub(lambda found: f"#{ord(found[0])};{'#8203;' * (found[0] in _PARTED)}", _plain(text))


def _plain(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()
