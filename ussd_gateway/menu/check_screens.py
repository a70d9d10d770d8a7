"""What is wrong with a screen by itself: keys of choices, parts that contradict each other, a handler that is none."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from decimal import Decimal

from jinja2 import nodes

from ussd_gateway.menu.check_targets import with_history
from ussd_gateway.menu.check_texts import Lengths
from ussd_gateway.menu.longest import Longest
from ussd_gateway.menu.mistakes import way_out
from ussd_gateway.menu.model import Choice, Expression, Menu, Screen
from ussd_gateway.menu.node import Node
from ussd_gateway.menu.options import NO, YES
from ussd_gateway.menu.sandbox import sandbox_for

KEY = re.compile(r"[^\s*#]+")  # what can be typed as one answer, and dialled as one field of a code
IMPORT_STRING = re.compile(r"\w+(\.\w+)*:\w+(\.\w+)*")

_NO_KEY = "cannot be dialled: no spaces, no * and no #"
_ASKING = ("choices", "list", "input", "confirm")


def check_navigation(menu: Menu, node: Node) -> None:
    """Note what is wrong with the keys that every screen understands."""
    keys = menu.navigation.keys
    for key in keys:
        if not KEY.fullmatch(key):
            node.wrong(f'"{key}" {_NO_KEY}', "bad-key")
    if len(set(keys)) < len(keys):
        node.wrong(f"back, home, more and exit must differ: {', '.join(keys)}", "duplicate-choice")
    asks = menu.resume == "ask" or any(screen.confirm for screen in menu.screens.values())
    for name in ("back", "home", "more", "exit"):
        if asks and (key := getattr(menu.navigation, name)) in (YES, NO):
            words = f'"{key}" answers a confirm too, or the question whether to go on; choose another key'
            node[name].wrong(words, "shadowed-choice", warning=True)


def check_screens(
    menu: Menu, file: Node, handlers: Collection[str] | None, imported: Callable[[str], str] | None
) -> None:
    """Note what is wrong with each screen."""
    for screen in menu.screens.values():
        node = file["screens"][screen.name]
        _keys(screen, node["choices"])
        _handler(screen.handler, node["handler"], handlers, imported)
        if not node.mistakes.within(node.path):
            _parts(menu, screen, node)
    for place in (*file.places("code_languages.*"), *file.places("screens.*.language")):
        if isinstance(place.value, str) and place.value.strip() and place.value not in menu.spoken:
            words = f'"{place.value}" is no language of this menu{way_out(place.value, menu.spoken)}'
            place.wrong(words, "unknown-language")


def check_shadows(menu: Menu, file: Node) -> None:
    """Warn of choices whose key is a key of navigation where that leads somewhere."""
    longest = Longest(menu)
    lengths = [Lengths(menu, language, longest) for language in menu.spoken]
    history = with_history(menu)
    names = {getattr(menu.navigation, name): name for name in ("back", "home", "more", "exit")}
    for screen in menu.screens.values():
        places = file["screens"][screen.name]["choices"].elements()
        for choice, place in zip(screen.choices, places, strict=True):
            name = names.get(choice.key, "")
            turned = name in ("back", "more") and any(each.may_page(screen) for each in lengths)
            gone_back = name in ("back", "home") and screen.name in history
            if name == "exit" or turned or gone_back:
                words = f'"{choice.key}" is the key for {name} here; give the choice another, or navigation.{name}'
                place["key"].wrong(words, "shadowed-choice", warning=True)


def _keys(screen: Screen, node: Node) -> None:
    for index, (choice, place) in enumerate(zip(screen.choices, node.elements(), strict=True)):
        if not choice.key:
            continue
        key = place["key"]
        if not KEY.fullmatch(choice.key):
            key.wrong(f'"{choice.key}" {_NO_KEY}', "bad-key")
            continue
        for before, other in enumerate(screen.choices[:index]):
            if other.key == choice.key and _always_first(other, choice):
                if choice.when is None:
                    key.wrong(f'"{choice.key}" is already taken by choices[{before}]', "duplicate-choice")
                else:
                    words = f'"{choice.key}" always means choices[{before}]; put this one first, or give that one an if'
                    key.wrong(words, "shadowed-choice", warning=True)
                break


def _always_first(first: Choice, second: Choice) -> bool:
    """Whether the second of two choices of one key can never be picked."""
    return first.when is None or first.when == second.when


def _handler(name: str, node: Node, handlers: Collection[str] | None, imported: Callable[[str], str] | None) -> None:
    if ":" in name and not IMPORT_STRING.fullmatch(name):
        node.wrong(f'"{name}" is not an import string such as package.module:function', "missing-handler")
    elif ":" in name:
        if imported and (reason := imported(name)):
            node.wrong(reason, "missing-handler")
    elif name and handlers is not None and name not in handlers:
        node.wrong(f'there is no handler "{name}"{way_out(name, handlers)}', "missing-handler")


def _parts(menu: Menu, screen: Screen, node: Node) -> None:
    """Every screen leads on or ends, and says something unless it always goes on."""
    asking = [name for name in _ASKING if node[name].present and node[name].value != []]
    leads = bool(screen.on or screen.otherwise)
    if screen.handler and screen.fetch:
        node["http"].wrong("does not go with handler: a screen has one or the other", "conflict")
    if screen.end and asking:
        node[asking[0]].wrong(f"a screen that ends the dialogue has no {asking[0]}", "conflict")
    elif screen.confirm and len(asking) > 1:
        node["confirm"].wrong(f"stands in place of {asking[0]}; ask on a screen of its own", "conflict")
    elif leads and not (screen.works or screen.route):
        node["on" if screen.on else "otherwise"].wrong(
            "needs a handler, http or route whose word it can go by", "missing-key"
        )
    elif screen.on and screen.fetch and not screen.route and "result" not in (screen.fetch.fields or ("result",)):
        node["on"].wrong("has no word to go by: name a field result in http.fields, or a route", "missing-key")
    elif screen.route and not leads:
        node["route"].wrong("leads nowhere: on and otherwise are missing", "missing-key")
    elif not screen.texts and (screen.end or screen.asks or not leads):
        node["text"].wrong("is missing; only a screen that always goes on by a word has none", "missing-key")
    elif screen.texts and not (screen.end or screen.asks):
        node.wrong("is a dead end: it has neither choices nor end = true", "dead-end")
    if screen.route and leads:
        _words(screen, node)
    asked = screen.input
    if asked and asked.kind == "text" and isinstance(asked.least, Decimal) and asked.least > menu.limits.typed:
        words = f"is more than the {menu.limits.typed} characters of limits.typed; nobody can answer"
        node["input"]["min"].wrong(words, "bad-bounds")
    if asked and asked.exhausted and not asked.tries:
        node["input"]["exhausted"].wrong("is never come to: tries is missing", "conflict", warning=True)


def _words(screen: Screen, node: Node) -> None:
    """A route whose words can be read off it has a way for each of them, and no others."""
    said = said_by(screen.route) if screen.route else None
    if said is None:
        return
    for word in sorted(said - screen.on.keys()):
        if not screen.otherwise:
            node["route"].wrong(f'"{word}" leads nowhere: on.{word} and otherwise are missing', "unknown-word")
    for word in screen.on:
        if word not in said and not screen.handler:
            words = f"the route never says it{way_out(word, said)}"
            node["on"][word].wrong(words, "unknown-word", warning=True)


def said_by(route: Expression) -> frozenset[str] | None:
    """The words that a route can come to, None where that depends on values."""
    tree = sandbox_for().parse(f"{{{{ {route.source} }}}}")
    return _said(next(tree.find_all(nodes.Output)).nodes[0])


def _said(node: nodes.Node | None) -> frozenset[str] | None:
    match node:
        case nodes.Const(value=str(word)):
            return frozenset({word})
        case nodes.Compare() | nodes.Not() | nodes.Test():
            return frozenset({"true", "false"})
        case nodes.CondExpr():
            one, other = _said(node.expr1), _said(node.expr2)
            return None if one is None or other is None else one | other
        case nodes.And() | nodes.Or():
            # Each gives one of its two sides, as it is.
            one, other = _said(node.left), _said(node.right)
            return None if one is None or other is None else one | other
    return None
