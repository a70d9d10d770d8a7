"""A menu's picture: what stands in it, that any text is safe in it, and that it needs nothing from elsewhere."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.menu.graph import Edge, Graph, Kind, Node, graph
from ussd_gateway.menu.load import parse
from ussd_gateway.menu.picture import SHARED, svg, wrapped

HERE = Path(__file__).parent
WALLET = graph(parse((HERE / "wallet.toml").read_text(encoding="utf-8"), "wallet.toml"))
SHIPPED = sorted((HERE.parents[1] / "menus").glob("*.toml"))
SVG = "{http://www.w3.org/2000/svg}"


def texts(drawn, *names):
    """What elements of these names say, in the order of the picture."""
    return [
        "".join(element.itertext()) for element in ElementTree.fromstring(svg(drawn)).iter() if element.tag in names
    ]


def seen(drawn):
    return texts(drawn, f"{SVG}text")


def arrows(drawn):
    root = ElementTree.fromstring(svg(drawn))
    return [element for element in root.iter(f"{SVG}path") if "arrow" in element.get("class", "").split()]


def small(*edges, names="abcdef"):
    """Screens a, b, c ... and the codes."""
    return Graph("T", "", (Node("*1#", Kind.CODES), *(Node(name, Kind.SCREEN) for name in names)), edges)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_a_shipped_menu_has_its_title_codes_and_screens_in_its_picture(path):
    drawn = graph(parse(path.read_text(encoding="utf-8"), path.name))
    shown = seen(drawn)
    assert shown[:2] == [drawn.title, path.name]
    assert set(drawn.nodes[0].name.split()) <= set(shown)
    assert {node.name[:12] for node in drawn.nodes[1:]} <= {text[:12] for text in shown}


def test_a_card_has_name_kind_text_details_and_a_row_for_each_way_out():
    shown = seen(WALLET)
    at = shown.index("pin")
    assert shown[at : at + 6] == ["pin", "input", "Your PIN?", "pin: secret text, [0-9]{4}", "input", "a wrong answer"]
    assert {"start · choices", "unreachable · choices"} <= set(shown)


def test_every_way_is_an_arrow_or_is_named_in_its_row():
    named = [" ".join(text.split()) for text in texts(WALLET, f"{SVG}a")]
    assert len(arrows(WALLET)) + len(named) == len(WALLET.edges)
    assert named == [
        "buy to sorry by otherwise → sorry",
        "rate to sorry by error → sorry",
        "lend to sorry by refused · otherwise · error → sorry",
    ]


def test_a_screen_that_many_lead_to_is_tied_to_the_nearest_only():
    ways = [Edge(0, 1), *(Edge(1, target, (str(target),)) for target in (2, 3, 4))]
    few = small(*ways, *(Edge(source, 6, ("on",)) for source in range(2, 1 + SHARED)))
    many = small(*ways, Edge(1, 5, ("5",)), *(Edge(source, 6, ("on",)) for source in range(2, 2 + SHARED)))
    assert len(arrows(few)) == len(few.edges)
    assert len(arrows(many)) == len(many.edges) - SHARED + 1
    assert seen(many).count("→ f") == SHARED - 1


def test_a_push_is_dashed():
    assert [arrow.get("class") for arrow in arrows(small(Edge(0, 1), Edge(1, 2, ("push",), push=True)))] == [
        "arrow",
        "arrow push",
    ]


def test_every_kind_is_drawn_as_something_else():
    cards = {}
    for kind in Kind:
        drawn = svg(Graph("T", "", (Node("a", kind, "b"), Node("x", Kind.END)), ()))
        (group,) = re.findall(r'<g id="n0".*?</g>', drawn, re.DOTALL)
        shape = re.sub(r'<(text|title).*?</\1>|<g id="n0"[^>]*>|="\d[^"]*"', "", group, flags=re.DOTALL)
        cards.setdefault((shape, *re.findall(r'rx="\d+"', group)), []).append(kind)
    same = [kinds for kinds in cards.values() if len(kinds) > 1]
    assert same == [[Kind.CONFIRM, Kind.ROUTE], [Kind.HANDLER, Kind.HTTP]]  # HTTP is dashed; a question has yes and no


def test_a_screen_reader_is_told_each_screen_and_each_way():
    told = texts(WALLET, f"{SVG}title")
    assert told[0] == "Mini «wallet»"
    assert {"main (choices, start): Welcome, {name}.", "confirm to main by no", "done to gift by push"} <= set(told)


def test_it_is_one_file_without_scripts_that_is_light_or_dark():
    picture = svg(WALLET)
    assert "prefers-color-scheme: dark" in picture
    assert "<script" not in picture
    sorry = [node.name for node in WALLET.nodes].index("sorry")
    assert set(re.findall(r'(?:href="|url\()([^")]*)', picture)) == {"#tip", f"#n{sorry}"}
    assert picture.count(f'id="n{sorry}"') == 1
    assert re.findall(r"https?://[^\s\"<]+", picture)[0] == "http://www.w3.org/2000/svg"


@given(st.text(), st.text())
def test_any_text_makes_a_sound_document(name, text):
    nodes = (Node(name, Kind.CODES), Node(name, Kind.INPUT, text, (text,)), Node(text, Kind.END, name))
    root = ElementTree.fromstring(svg(Graph(text, name, nodes, (Edge(0, 1), Edge(1, 2, (name, text)), Edge(2, 2)))))
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        *("svg", "title", "desc", "style", "defs", "marker", "path", "rect", "text", "g", "a", "circle")
    }


@pytest.mark.parametrize(
    ("text", "width", "most", "lines"),
    [
        ("one two three", 60, 4, ["one two", "three"]),
        ("one two three four five", 60, 2, ["one two", "three f…"]),
        ("Достопримечательность", 80, 4, ["Достоприм", "ечательнос", "ть"]),
        ("", 60, 4, []),
        ("x", 1, 4, ["x"]),
    ],
)
def test_lines_break_at_words_and_end_with_dots_where_there_are_too_many(text, width, most, lines):
    assert wrapped(text, width, 13, most) == lines


@given(st.text(), st.integers(20, 300), st.integers(1, 5))
def test_wrapping_loses_no_letter_while_there_is_room(text, width, most):
    lines = wrapped(text, width, 13, most)
    assert len(lines) <= most
    assert "".join(wrapped(text, width, 13, 10**6)).replace(" ", "") == "".join(text.split())
