"""What a menu file gets wrong between its parts: targets that do not exist, keys that collide, dead ends, long texts."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from ussd_gateway.coding.pages import fits
from ussd_gateway.menu.mistakes import way_out
from ussd_gateway.menu.model import Menu, Screen
from ussd_gateway.menu.node import Node
from ussd_gateway.menu.render import failure, phrase, render

MAX_PAGES = 20  # nobody turns more

CODE = re.compile(r"[*#]{1,3}[0-9]+([*#][0-9]+)*#")
KEY = re.compile(r"[^\s*#]+")  # what can be typed as one answer, and dialled as one field of a code
IMPORT_STRING = re.compile(r"\w+(\.\w+)*:\w+(\.\w+)*")


def check(menu: Menu, file: Node, handlers: Collection[str] | None) -> None:
    """Note every mistake between the parts of `menu`, which was read from `file`."""
    _codes(menu, file)
    _navigation(menu, file["navigation"])
    if file["screens"].value == {}:
        file["screens"].wrong("is empty")
    elif menu.screens and menu.start not in menu.screens:
        file["start"].wrong(f'there is no screen "{menu.start}"{way_out(menu.start, menu.screens)}')
    for screen in menu.screens.values():
        _screen(menu, screen, file["screens"][screen.name], handlers)
    if not file.mistakes.within(()):
        _circles(menu, file)
        _lengths(menu, file)


def _codes(menu: Menu, file: Node) -> None:
    for node in file["codes"].elements():
        if isinstance(node.value, str) and not CODE.fullmatch(node.value):
            node.wrong(f'"{node.value}" is not a service code such as *111# or *111*25#')
        elif menu.codes.count(str(node.value)) > 1:
            node.wrong(f'"{node.value}" stands here twice')
    for code, node in file["code_languages"].items():
        if code not in menu.codes:
            node.wrong(f"is not among the codes{way_out(code, menu.codes)}")
        _language(menu, node)


def _language(menu: Menu, node: Node) -> None:
    if isinstance(node.value, str) and node.value not in menu.spoken:
        node.wrong(f'"{node.value}" is no language of this menu{way_out(node.value, menu.spoken)}')


def _navigation(menu: Menu, node: Node) -> None:
    keys = menu.navigation.keys
    for key in keys:
        if not KEY.fullmatch(key):
            node.wrong(f'"{key}" cannot be dialled: no spaces, no * and no #')
    if len(set(keys)) < len(keys):
        node.wrong(f"back, home and more must differ: {', '.join(keys)}")


def _screen(menu: Menu, screen: Screen, node: Node, handlers: Collection[str] | None) -> None:
    _keys(menu, node["choices"])
    for place in _targets(node):
        if isinstance(place.value, str) and place.value not in menu.screens:
            place.wrong(f'there is no screen "{place.value}"{way_out(place.value, menu.screens)}')
    _handler(screen, node, handlers)
    _language(menu, node["language"])
    if not node.mistakes.within(node.path):
        _ends(screen, node)


def _targets(node: Node) -> Iterator[Node]:
    yield from (choice["to"] for choice in node["choices"].elements())
    yield from (target for _, target in node["on"].items())


def _keys(menu: Menu, node: Node) -> None:
    taken: dict[object, str] = dict(zip(menu.navigation.keys, ("back", "home", "more"), strict=True))
    for index, choice in enumerate(node.elements()):
        key = choice["key"]
        if not isinstance(key.value, str):
            continue
        if not KEY.fullmatch(key.value):
            key.wrong(f'"{key.value}" cannot be dialled: no spaces, no * and no #')
        elif key.value in taken:
            key.wrong(f'"{key.value}" is already taken by {taken[key.value]}')
        taken.setdefault(key.value, f"choices[{index}]")


def _handler(screen: Screen, node: Node, handlers: Collection[str] | None) -> None:
    name = screen.handler
    if screen.on and not name:
        node["on"].wrong("needs a handler whose answer it can go by")
    if ":" in name and not IMPORT_STRING.fullmatch(name):
        node["handler"].wrong(f'"{name}" is not an import string such as package.module:function')
    elif name and handlers is not None and ":" not in name and name not in handlers:
        node["handler"].wrong(f'there is no handler "{name}"{way_out(name, handlers)}')


def _ends(screen: Screen, node: Node) -> None:
    """Every screen leads on or ends, and says something unless its handler always goes on."""
    if screen.end and screen.choices:
        node["choices"].wrong("a screen that ends the dialogue has no choices")
    elif not screen.texts and (screen.end or screen.choices or not screen.on):
        node["text"].wrong("is missing; only a screen that always goes on by its handler's answer has none")
    elif screen.texts and not (screen.end or screen.choices):
        node.wrong("is a dead end: it has neither choices nor end = true")


def _circles(menu: Menu, file: Node) -> None:
    """Screens that go on to each other by their handlers could do so for ever, and the user would wait."""
    for screen in menu.screens.values():
        for word, target in screen.on.items():
            if screen.name in _reached(menu, target):
                file["screens"][screen.name]["on"][word].wrong("may come back here without asking the user anything")


def _reached(menu: Menu, start: str) -> set[str]:
    """The screens that handlers' answers alone may lead to from `start`, itself included."""
    reached, waiting = {start}, [start]
    while waiting:
        targets = set(menu.screens[waiting.pop()].on.values()) - reached
        reached |= targets
        waiting += targets
    return reached


def _lengths(menu: Menu, file: Node) -> None:
    for language in menu.spoken:
        keys = menu.navigation
        turning = f"{keys.more} {phrase(menu, 'more', language)}\n{keys.back} {phrase(menu, 'back', language)}"
        if not fits(f"\N{SLIGHTLY SMILING FACE}\n{turning}"):
            file["phrases"].wrong(f"in {language}, more and back leave no room for a text on a page")
            return
        for name in ("wrong", "failure"):
            if not fits(phrase(menu, name, language)):
                file["phrases"][name].wrong(f"in {language}, is longer than a screen")
        for screen in menu.screens.values():
            _length(menu, screen, file["screens"][screen.name], language)


def _length(menu: Menu, screen: Screen, node: Node, language: str) -> None:
    if screen.failure and not fits(failure(menu, screen, language)):
        node["failure"].wrong(f"in {language}, is longer than a screen")
    spoken_here = screen.language in ("", language)
    if screen.texts and screen.static and spoken_here:
        pages = render(menu, screen, language, {}).pages
        if len(pages) > MAX_PAGES:
            node["text"].wrong(f"in {language}, takes {len(pages)} pages; {MAX_PAGES} are the most")
