"""A graph of a menu as an SVG picture: one file that loads nothing, light or dark as its reader's screen is.

A screen is a card: its name, what it says, what it does, and a row for each way out, from which an arrow leaves. A screen
that many others lead to is tied to the nearest of them; the rows of the others name it, or nobody could follow the arrows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ussd_gateway.menu.graph import Edge, Graph, Kind, Node
from ussd_gateway.menu.layout import Box, Layout, Point, Tie, distances, layout
from ussd_gateway.svg import look, opening, safe

SHARED = 4  # a screen to which so many lead is named by all of them but the nearest

_WIDTH, _SLIM = 236.0, 148.0  # of a screen's card; of the codes'
_PAD = 14.0
_HEAD = 32.0  # the name and what it is
_LINE, _DETAIL, _FIELD, _ROW = 18.0, 16.0, 30.0, 24.0  # heights
_ENTRY = 20.0  # where arrows arrive, below the top
_MARGIN, _TITLE = 32.0, 74.0
_TEXT_LINES, _DETAIL_LINES = 4, 2

_NARROW = frozenset("ijlItfr.,:;'|!()[]{} \"-1/\\*·")
_WIDE = frozenset("mwMW@%ЖМФШЩЮжмфшщюы")


@dataclass(frozen=True, slots=True)
class _Row:
    """A way out of a card; `tied` says whether an arrow is drawn, or only the other screen's name."""

    edge: Edge
    tied: bool


@dataclass(frozen=True, slots=True)
class _Card:
    """A node with its lines broken and its ways out."""

    node: Node
    lines: tuple[str, ...]
    details: tuple[str, ...]
    rows: tuple[_Row, ...]

    @property
    def width(self) -> float:
        return _width(self.node)

    @property
    def body(self) -> float:
        """The height of what stands between the name and the rows."""
        field = _FIELD if self.node.kind is Kind.INPUT else 0
        return _LINE * len(self.lines) + _DETAIL * len(self.details) + field

    @property
    def height(self) -> float:
        if self.slim:
            return 2 * _ENTRY + _LINE * (len(self.lines) - 1)
        rows = _ROW * len(self.rows)
        return _HEAD + self.body + (8 if self.body else 4) + rows + (8 if rows else 4)

    @property
    def slim(self) -> bool:
        """Whether it has no rows, only one arrow."""
        return self.node.kind is Kind.CODES

    def row(self, index: int) -> float:
        """The middle of a row, below the top."""
        return _ENTRY if self.slim else _HEAD + self.body + (8 if self.body else 4) + _ROW * (index + 0.5)


def svg(drawn: Graph) -> str:
    """The graph as an SVG document. Any text in it is safe; it holds no script and refers to nothing elsewhere."""
    cards = _cards(drawn)
    arrows = [(card, index, row.edge) for card in cards for index, row in enumerate(card.rows) if row.tied]
    placed = layout(
        [Box(card.width, card.height, _ENTRY) for card in cards],
        [Tie(edge.source, edge.target, card.row(index)) for card, index, edge in arrows],
    )
    return "\n".join(_document(drawn, cards, [edge for _, _, edge in arrows], placed)) + "\n"


def wrapped(text: str, width: float, size: float, most: int) -> list[str]:
    """The text in at most so many lines that are about `width` pixels long in letters of `size` pixels."""
    lines: list[str] = []
    for word in text.split():
        whole = f"{lines[-1]} {word}" if lines else word
        if lines and _long(whole, size) <= width:
            lines[-1] = whole
            continue
        while _long(word, size) > width:
            cut = next(end for end in range(len(word), 0, -1) if end == 1 or _long(word[:end], size) <= width)
            lines.append(word[:cut])
            word = word[cut:]
        if word:
            lines.append(word)
    if len(lines) > most:
        lines = [*lines[: most - 1], _shortened(" ".join(lines[most - 1 :]), width, size)]
    return lines


def _shortened(text: str, width: float, size: float) -> str:
    if _long(text, size) <= width:
        return text
    while text and _long(f"{text}…", size) > width:
        text = text[:-1]
    return f"{text.rstrip()}…"


def _long(text: str, size: float) -> float:
    """About how long a text is in a usual sans-serif; rather too long than too short."""
    return size * sum(
        0.34
        if letter in _NARROW
        else 0.92
        if letter in _WIDE or ord(letter) > 0x10FF
        else 0.7
        if letter.isupper()
        else 0.59
        for letter in text
    )


def _width(node: Node) -> float:
    return _SLIM if node.kind is Kind.CODES else _WIDTH


def _cards(drawn: Graph) -> list[_Card]:
    count = len(drawn.nodes)
    away = distances(count, ((edge.source, edge.target) for edge in drawn.edges))
    leading: list[list[Edge]] = [[] for _ in range(count)]
    for edge in sorted(drawn.edges, key=lambda edge: (away[edge.source], edge.source)):
        leading[edge.target].append(edge)
    tied = {id(edge) for edges in leading for edge in edges[: 1 if len(edges) >= SHARED else None]}
    rows: list[list[_Row]] = [[] for _ in range(count)]
    for edge in drawn.edges:
        rows[edge.source].append(_Row(edge, id(edge) in tied))
    return [
        _Card(
            node,
            tuple(
                node.name.split()
                if node.kind is Kind.CODES
                else wrapped(node.text, _width(node) - 2 * _PAD, 13.5, _TEXT_LINES)
            ),
            tuple(
                line for detail in node.details for line in wrapped(detail, _width(node) - 2 * _PAD, 12, _DETAIL_LINES)
            ),
            tuple(rows[number]),
        )
        for number, node in enumerate(drawn.nodes)
    ]


# The document

_LIGHT = """--arrow: #8490a7; --shade: #1c233014;
  --codes: #3b5bdb; --choices: #4263eb; --input: #0b7285; --list: #6741d9; --confirm: #b35c00; --handler: #a61e4d;
  --http: #a61e4d; --route: #a61e4d; --end: #2b8a3e;"""
_DARK = """--arrow: #74829c; --shade: #0006;
  --codes: #4c6ef5; --choices: #91a7ff; --input: #66d9e8; --list: #b197fc; --confirm: #ffc078; --handler: #faa2c1;
  --http: #faa2c1; --route: #faa2c1; --end: #8ce99a;"""
_RULES = """\
.small, .detail, .kind { font-size: 12px; fill: var(--soft); }
.name { font-weight: 650; }
.kind { text-anchor: end; fill: var(--tone); font-size: 11.5px; }
.card { fill: var(--card); stroke: var(--tone); stroke-width: 1.5; }
.shade { fill: var(--shade); }
.behind { fill: var(--card); stroke: var(--tone); opacity: .7; }
.bar { stroke: var(--tone); stroke-width: 1.5; fill: none; }
.rule { stroke: var(--line); }
.http .card, .http .bar, .unreachable .card { stroke-dasharray: 5 3; }
.start .card { stroke-width: 3.5; }
.field { fill: var(--paper); stroke: var(--line); }
.codes .card { fill: var(--tone); }
.codes text { fill: #fff; }
.row { font-size: 12.5px; }
.reference { font-size: 12px; fill: var(--soft); text-anchor: end; }
a:hover .reference, a:focus .reference { fill: var(--ink); text-decoration: underline; }
.port { fill: var(--arrow); }
.arrow { fill: none; stroke: var(--arrow); stroke-width: 1.6; }
.push { stroke-dasharray: 6 5; }
.tip { fill: var(--arrow); }
g:hover > .arrow { stroke: var(--ink); stroke-width: 2.4; }
g:target .card { stroke: var(--ink); stroke-width: 3.5; }"""


def _document(drawn: Graph, cards: list[_Card], edges: list[Edge], placed: Layout) -> Iterator[str]:
    width = max(placed.width, _long(drawn.title, 24), 320) + 2 * _MARGIN
    height = placed.height + _TITLE + 2 * _MARGIN
    yield opening(width, height)
    yield f'<title id="title">{safe(drawn.title)}</title>'
    yield f'<desc id="about">{safe("; ".join(_said(drawn, edge) for edge in drawn.edges))}</desc>'
    yield look(_LIGHT, _DARK, _RULES)
    yield (
        '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto">'
        '<path class="tip" d="M0 0L10 5L0 10z"/></marker></defs>'
    )
    yield '<rect class="paper" width="100%" height="100%"/>'
    yield f'<text class="heading" x="{_MARGIN:.0f}" y="50">{safe(drawn.title)}</text>'
    yield f'<text class="small" x="{_MARGIN:.0f}" y="71">{safe(drawn.source)}</text>'
    yield f'<g transform="translate({_MARGIN:.0f} {_TITLE + _MARGIN:.0f})">'
    for edge, path in zip(edges, placed.paths, strict=True):
        style = "arrow push" if edge.push else "arrow"
        yield f'<g><title>{safe(_said(drawn, edge))}</title><path class="{style}" d="{path}" marker-end="url(#tip)"/></g>'
    for number, (card, corner) in enumerate(zip(cards, placed.corners, strict=True)):
        yield from _card(drawn, number, card, corner)
    yield "</g>"
    yield "</svg>"


def _card(drawn: Graph, number: int, card: _Card, corner: Point) -> Iterator[str]:
    node = card.node
    styles = [node.kind.lower(), *(["start"] if node.start else []), *([] if node.reached else ["unreachable"])]
    yield (
        f'<g id="n{number}" class="{" ".join(styles)}" style="--tone: var(--{node.kind.lower()})"'
        f' transform="translate({corner.x:.1f} {corner.y:.1f})" role="graphics-symbol" aria-label="{safe(_called(node))}">'
    )
    yield f"<title>{safe(': '.join(filter(None, (_called(node), node.text))))}</title>"
    yield from _outline(node.kind, card.width, card.height)
    if card.slim:
        yield from _codes(card)
    else:
        yield from _inside(card)
        for index in range(len(card.rows)):
            yield from _way_out(drawn, card, index)
    yield "</g>"


def _outline(kind: Kind, width: float, height: float) -> Iterator[str]:
    """The shape that tells what the node is."""
    w, h = width, height
    if kind is Kind.LIST:  # cards behind each other
        for shift in (8, 4):
            yield f'<rect class="behind" x="{shift}" y="{shift}" width="{w:.0f}" height="{h:.0f}" rx="10"/>'
    else:
        yield f'<rect class="shade" x="1" y="3" width="{w:.0f}" height="{h:.0f}" rx="{_round(kind)}"/>'
    if kind in (Kind.CONFIRM, Kind.ROUTE):  # a rectangle on its way to the rhombus of a decision
        yield f'<path class="card" d="M12 0H{w - 12:.0f}L{w:.0f} 12V{h - 12:.0f}L{w - 12:.0f} {h:.0f}H12L0 {h - 12:.0f}V12z"/>'
    else:
        yield f'<rect class="card" width="{w:.0f}" height="{h:.0f}" rx="{_round(kind)}"/>'
    if kind in (Kind.HANDLER, Kind.HTTP):  # the bars of a subroutine
        yield f'<path class="bar" d="M7 0V{h:.0f}M{w - 7:.0f} 0V{h:.0f}"/>'


def _round(kind: Kind) -> int:
    return {Kind.END: 22, Kind.CODES: 22, Kind.HANDLER: 0, Kind.HTTP: 0}.get(kind, 10)


def _codes(card: _Card) -> Iterator[str]:
    for index, code in enumerate(card.lines):
        yield f'<text class="name" x="{card.width / 2:.0f}" y="{_ENTRY + 5 + _LINE * index:.0f}" text-anchor="middle">{safe(code)}</text>'


def _inside(card: _Card) -> Iterator[str]:
    node, y = card.node, 22.0
    kind = " · ".join([*(["start"] if node.start else []), *([] if node.reached else ["unreachable"]), node.kind])
    name = _shortened(node.name, card.width - 2 * _PAD - _long(kind, 11.5) - 8, 15.5)  # it is bold
    yield f'<text class="name" x="{_PAD:.0f}" y="{y:.0f}">{safe(name)}</text>'
    yield f'<text class="kind" x="{card.width - _PAD:.0f}" y="{y:.0f}">{kind}</text>'
    for style, height, lines in (("said", _LINE, card.lines), ("detail", _DETAIL, card.details)):
        for line in lines:
            y += height
            yield f'<text class="{style}" x="{_PAD:.0f}" y="{y + 2:.0f}">{safe(line)}</text>'
    if node.kind is Kind.INPUT:  # a field to type in
        top, width = y + 9, card.width - 2 * _PAD
        yield f'<rect class="field" x="{_PAD:.0f}" y="{top:.0f}" width="{width:.0f}" height="22" rx="4"/>'
        yield f'<path class="rule" d="M{_PAD + 8:.0f} {top + 5:.0f}v12"/>'


def _way_out(drawn: Graph, card: _Card, index: int) -> Iterator[str]:
    row, y, room = card.rows[index], card.row(index), card.width - 2 * _PAD
    if index == 0:
        yield f'<path class="rule" d="M{_PAD:.0f} {y - _ROW / 2:.0f}h{room:.0f}"/>'
    label = row.edge.label
    if not row.tied:
        name = drawn.nodes[row.edge.target].name
        label = "" if label == name else label
        shown = _shortened(f"→ {name}", room * (0.55 if label else 1), 12.5)
        room -= _long(shown, 12.5) + 8
        yield f'<a href="#n{row.edge.target}"><title>{safe(_said(drawn, row.edge))}</title>'
        yield f'<text class="reference" x="{card.width - _PAD:.0f}" y="{y + 4:.0f}">{safe(shown)}</text></a>'
    if label:
        yield f'<text class="row" x="{_PAD:.0f}" y="{y + 4:.0f}">{safe(_shortened(label, room, 13))}</text>'
    if row.tied:
        yield f'<circle class="port" cx="{card.width:.0f}" cy="{y:.1f}" r="3.5"/>'


def _said(drawn: Graph, edge: Edge) -> str:
    """The arrow in words."""
    by = f" by {edge.label}" if edge.label else ""
    return f"{drawn.nodes[edge.source].name} to {drawn.nodes[edge.target].name}{by}"


def _called(node: Node) -> str:
    return f"{node.name} ({node.kind}{', start' if node.start else ''})"
