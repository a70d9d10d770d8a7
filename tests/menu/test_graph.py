"""A menu as a graph: a node for each screen, an edge for each way on; and as Mermaid, whatever its texts hold."""

import re
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.menu.graph import Edge, Graph, Kind, Node, first_line, graph, mermaid
from ussd_gateway.menu.load import parse

WALLET = graph(parse((Path(__file__).parent / "wallet.toml").read_text(encoding="utf-8"), "wallet.toml"))
NODES = {node.name: node for node in WALLET.nodes}

KINDS = {
    "*334#  *335*1#": Kind.CODES,
    "main": Kind.SCREEN,
    "number": Kind.INPUT,
    "packages": Kind.LIST,
    "confirm": Kind.CONFIRM,
    "buy": Kind.HANDLER,
    "rate": Kind.END,
    "lend": Kind.HTTP,
    "check": Kind.ROUTE,
    "done": Kind.END,
    "cancelled": Kind.END,
}


@pytest.mark.parametrize(("name", "kind"), KINDS.items())
def test_what_a_screen_is_decides_its_kind(name, kind):
    assert NODES[name].kind is kind


TEXTS = {"main": "Welcome, {name}.", "done": "Done, {name}.", "buy": "", "cancelled": "Cancelled."}


@pytest.mark.parametrize(("name", "text"), TEXTS.items())
def test_a_node_has_the_first_line_of_its_text(name, text):
    assert NODES[name].text == text


DETAILS = {
    "number": ("friend: msisdn",),
    "amount": ("amount: amount, 10 to balance",),
    "pin": ("pin: secret text, [0-9]{4}",),
    "packages": ("each package of packages",),
    "confirm": ("price: package.price",),
    "buy": ("runs airtime:buy",),
    "rate": ("GET https://api.example.org/rates/{msisdn}",),
    "check": ("total = amount + fee", "goes by 'poor' if total > balance else 'ok'"),
    "done": ("sends an SMS from WALLET to {msisdn}",),
    "bye": (),
}


@pytest.mark.parametrize(("name", "details"), DETAILS.items())
def test_a_node_tells_what_else_the_screen_does(name, details):
    assert NODES[name].details == details


WAYS = {
    "*334#  *335*1#": {"main": ""},
    "main": {
        "number": "1 Send money",
        "packages": "2 Buy a package · (25)",
        "rate": "3 Rates",
        "check": "4 A loan if balance < 200000",
    },
    "number": {"amount": "input", "sorry": "3 wrong answers"},
    "pin": {"check": "input", "too_many": "a wrong answer"},
    "packages": {"confirm": "each package"},
    "confirm": {"buy": "yes", "main": "no"},
    "loan": {"lend": "yes", "cancelled": "no"},
    "buy": {"done": "bought", "loan": "poor", "sorry": "otherwise"},
    "lend": {"done": "given", "sorry": "refused · otherwise · error"},
    "check": {"loan": "poor", "done": "ok"},
    "done": {"gift": "push"},
}


@pytest.mark.parametrize(("name", "ways"), WAYS.items())
def test_an_edge_says_what_leads_on(name, ways):
    source = WALLET.nodes.index(NODES[name])
    assert {WALLET.nodes[edge.target].name: edge.label for edge in WALLET.edges if edge.source == source} == ways


def test_only_a_push_is_drawn_as_one():
    assert [edge.label for edge in WALLET.edges if edge.push] == ["push"]


def test_the_start_and_what_nobody_reaches_are_marked():
    assert [node.name for node in WALLET.nodes if node.start] == ["main"]
    assert [node.name for node in WALLET.nodes if not node.reached] == ["forgotten"]


def test_the_text_is_that_of_the_first_language():
    text = 'title = "T"\ncodes = ["*1#"]\n[screens.main]\ntext = { en = "Hello", ru = "Привет" }\nend = true\n'
    assert graph(parse(text, "t.toml")).nodes[1].text == "Привет"


@pytest.mark.parametrize(
    ("template", "line"),
    [
        ("\n  Hello \nthere", "Hello"),
        ("{% if services %}\nYes\n{% endif %}", "Yes"),
        ("{# a\nnote #}{{- sum | money -}} left", "{sum} left"),
        ("{{ f('}') }}", "{f('}')}"),
        ("", ""),
    ],
)
def test_the_first_line_of_a_template_is_readable(template, line):
    assert first_line(template) == line


# Mermaid


def told(text):
    """What Mermaid shows of a quoted text: entities by their number are put in last of all."""
    return unescape(re.sub(r"#(\d+);", r"&#\1;", text)).replace("\u200b", "")


def test_a_small_menu_as_mermaid():
    nodes = (Node("*1#", Kind.CODES), Node("main", Kind.SCREEN, "Hi", start=True), Node("bye", Kind.END, "Bye"))
    edges = (Edge(0, 1), Edge(1, 2, ("1 Out", "(9)")), Edge(1, 1, ("push",), push=True))
    assert mermaid(Graph("Т", "t.toml", nodes, edges)).splitlines() == [
        "---",
        'title: "\\u0422"',
        "---",
        "flowchart LR",
        '    n0(["<b>#42;1#35;</b>"])',
        '    n1("<b>main</b><br>Hi")',
        '    n2(["<b>bye</b><br>Bye"])',
        "    n0 --> n1",
        '    n1 -->|"1 Out #183; #40;9#41;"| n2',
        '    n1 -.->|"push"| n1',
        "    classDef codes fill:#3b5bdb,stroke:#3b5bdb,color:#fff",
        "    class n0 codes",
        "    classDef ends fill:#ebfbee,stroke:#2b8a3e,color:#123",
        "    class n2 ends",
        "    style n1 stroke-width:3px",
    ]


def test_every_kind_has_a_shape_of_its_own():
    lines = {
        kind: mermaid(Graph("t", "", (Node("x", kind),), ())).splitlines()[4].replace("<b>x</b>", "") for kind in Kind
    }
    assert len(set(lines.values())) == len(Kind) - 1  # the codes and an end are both stadiums; colours part them


# Each was looked at in a browser with mermaid 11, where one that is not escaped is read as something else.
NASTY = [
    '"quoted"',
    "[a] (b) {c} <d> </d> & &amp; #35; #quot;",
    "`code` **bold** _it_",
    "1. item",
    "- item",
    "+ item",
    "%%{init: {}}%%",
    "a|b-->c; end",
    "\\n",
    "$$x$$",
    "fa:fa-ban",
    "Ёлки №5 «да»",
    "😀 中文",
    "<script>alert(1)</script>",
    ":::class @{ shape: x }",
]


@pytest.mark.parametrize("text", NASTY)
def test_any_text_is_shown_as_it_is(text):
    drawn = mermaid(
        Graph(text, "", (Node(text, Kind.SCREEN, text, (text,)), Node("b", Kind.END)), (Edge(0, 1, (text,)),))
    )
    _, title, _, _, node, _, edge, *_ = drawn.splitlines()
    assert told(re.fullmatch(r' +n0\("<b>([^"<>]*)</b><br>\1<br>\1"\)', node)[1]) == text
    assert told(re.fullmatch(r' +n0 -->\|"([^"<>|]*)"\| n1', edge)[1]) == text
    assert title.isascii()


@given(st.text())
def test_no_text_leaves_its_quotes_or_its_line(text):
    drawn = mermaid(Graph(text, "", (Node(text, Kind.CONFIRM, text),), (Edge(0, 0, (text,)),)))
    node, edge = drawn.split("\n")[4:6]
    assert re.fullmatch(
        r""" +n0\{\{"<b>[^\[\]{}()<>"`$\\|]*</b>(<br>[^\[\]{}()<>"`$\\|]*)?"\}\}""", node.replace("#36;", "")
    )
    assert re.fullmatch(r""" +n0 -->(\|"[^\[\]{}()<>"`|]*"\|)? n0""", edge)
