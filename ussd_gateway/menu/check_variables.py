"""Whether somebody sets the variables that texts and expressions use, on the ways that lead to their screens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from jinja2 import nodes

from ussd_gateway.menu.mistakes import way_out
from ussd_gateway.menu.model import Expression, Menu, Screen, Text, Texts
from ussd_gateway.menu.node import ALWAYS, Node
from ussd_gateway.menu.sandbox import sandbox_for
from ussd_gateway.menu.templates import RenderError, compile_text, is_variable, names_in, render_text

Names = frozenset[str] | None
"""Variables that are set; None for any: a handler, or a call without `fields`, may set whatever it likes."""


class _Use(NamedTuple):
    place: Node
    source: str
    names: Names  # those that are set there


class _Way(NamedTuple):
    to: str
    names: Names  # those that are set when it is gone


def check_variables(menu: Menu, file: Node) -> None:
    """Note every use of a variable that is set on no way to it, and warn of one that some way leaves out."""
    start = frozenset(menu.variables) | set(ALWAYS)
    secrets = _secrets(menu)
    certain = _entered(menu, start, _both, secrets)
    possible = _entered(menu, start | set(menu.remembered), _either)
    for name, names in possible.items():
        screen, node = menu.screens[name], file["screens"][name]
        for may, must in zip(_uses(screen, node, names), _uses(screen, node, certain[name]), strict=True):
            if may.names is None and must.names is None:
                continue
            for variable in sorted(_needed(may.source)):
                if may.names is not None and variable not in may.names:
                    may.place.wrong(f'nobody sets "{variable}"{way_out(variable, may.names)}', "unknown-variable")
                elif must.names is not None and variable not in must.names:
                    words = (
                        f'"{variable}" is not set on every way here{_left_out(menu, certain, secrets, name, variable)}; '
                        f"begin with it in variables, or write {variable} | default('')"
                    )
                    may.place.wrong(words, "unknown-variable", warning=True)
    _counted(menu, file, possible)
    _kept(menu, file)
    for place in file.places("remember[]"):
        if place.value in secrets:
            place.wrong(
                f'"{place.value}" is secret, and no secret is remembered; take it out', "conflict", warning=True
            )


def _counted(menu: Menu, file: Node, entered: Mapping[str, Names]) -> None:
    """Warn of a text that is counted with, whatever is typed: `kind` was forgotten, and the dialogue fails there."""
    screens = menu.screens.values()
    if any(_worked(screen, frozenset()) is None for screen in screens):
        return  # it may make a number of a text
    inputs = [screen.input for screen in screens if screen.input]
    texts = {asked.name for asked in inputs if asked.kind == "text"} - menu.variables.keys()
    texts -= {asked.name for asked in inputs if asked.kind != "text"}
    for screen in screens:
        listed = [screen.listing.name] if screen.listing else []
        texts -= {*screen.computed, *(screen.fetch.fields if screen.fetch else ()), *listed}
        texts -= {name for choice in screen.choices for name in choice.sets}
    known = {**menu.variables, "msisdn": "", "code": "", "dialled": "", "today": date.min}
    for name, names in entered.items():
        for use in _uses(menu.screens[name], file["screens"][name], names):
            used = names_in(use.source) if is_variable(use.source) else frozenset[str]()
            typed = sorted(used & texts)
            if typed and used <= texts | known.keys():
                text = compile_text(use.source, menu.languages[0], menu.currency, menu.numbers)
                if all(_confuses(text, known | dict.fromkeys(typed, word)) for word in ("0", "x")):
                    words = f'counts with "{typed[0]}", which is a text as its input has it; give that input a kind'
                    use.place.wrong(words, "bad-expression", warning=True)


def _confuses(text: Text, variables: Mapping[str, object]) -> bool:
    try:
        render_text(text, variables)
    except RenderError as error:
        return str(error) == "TypeError"
    return False


def _secrets(menu: Menu) -> frozenset[str]:
    """The variables that are secret, wherever it is that they become so."""
    typed = (screen.input.name for screen in menu.screens.values() if screen.input and screen.input.secret)
    return frozenset(typed).union(*(screen.secrets for screen in menu.screens.values()))


def _entered(
    menu: Menu, start: frozenset[str], join: Callable[[Names, Names], Names], kept_back: frozenset[str] = frozenset()
) -> dict[str, Names]:
    """What is set when each screen is entered, on any way from the start, or on all; screens never come to are left out.

    kept_back   what no push tells
    """
    entered: dict[str, Names] = {menu.start: start}
    waiting = [menu.start]
    while waiting:
        name = waiting.pop()
        for to, names in _ways(menu.screens[name], entered[name], kept_back):
            joined = join(entered[to], names) if to in entered else names
            if to not in entered or joined != entered[to]:
                entered[to] = joined
                waiting.append(to)
    return entered


def _either(one: Names, other: Names) -> Names:
    return None if one is None or other is None else one | other


def _both(one: Names, other: Names) -> Names:
    if one is None or other is None:
        return other if one is None else one
    return one & other


def _with(names: Names, more: Iterable[str]) -> Names:
    return None if names is None else names | set(more)


def _worked(screen: Screen, names: Names) -> Names:
    """What is set once the handler or the call has answered."""
    if screen.handler or (screen.fetch and not screen.fetch.fields):
        return None
    return _with(names, screen.fetch.fields) if screen.fetch else names


def _ways(screen: Screen, names: Names, kept_back: frozenset[str] = frozenset()) -> Iterator[_Way]:
    if screen.fetch and screen.fetch.error:
        yield _Way(screen.fetch.error, names)
    names = _with(_worked(screen, names), screen.computed)
    for target in (*screen.on.values(), screen.otherwise):
        if target:
            yield _Way(target, names)
    if screen.push:
        yield _Way(screen.push.screen, None if names is None else names - kept_back)
    for choice in screen.choices:
        guarded = _guarded(f"{{{{ {choice.when.source} }}}}") if choice.when else frozenset[str]()
        yield _Way(choice.to, _with(names, (*choice.sets, *guarded)))
    if screen.listing:
        yield _Way(screen.listing.to, _with(names, [screen.listing.name]))
    if screen.input:
        yield _Way(screen.input.to, _with(names, [screen.input.name]))
        if screen.input.exhausted:
            yield _Way(screen.input.exhausted, names)
    if screen.confirm:
        yield _Way(screen.confirm.to, names)
        if screen.confirm.cancel:
            yield _Way(screen.confirm.cancel, names)


def _uses(screen: Screen, node: Node, names: Names) -> Iterator[_Use]:
    """Everything on a screen that uses variables, with those that are set when it does; always in the same order."""
    if fetch := screen.fetch:
        call = node["http"]
        yield _Use(call["url"], fetch.url.source, names)
        for key, texts in (("query", fetch.query), ("headers", fetch.headers), ("form", fetch.form or {})):
            for name, text in texts.items():
                yield _Use(call[key][name], text.source, names)
        for source in _sources(fetch.json):
            yield _Use(call["json"], source, names)
    names = _worked(screen, names)
    for name, expression in screen.computed.items():
        yield _use(node["compute"][name], expression, names)
        names = _with(names, [name])
    if screen.sms:
        yield from _texts(node["sms"]["text"], screen.sms.texts, names)
        if screen.sms.to:
            yield _Use(node["sms"]["to"], screen.sms.to.source, names)
    if screen.push:
        yield _Use(node["push"]["to"], screen.push.to.source, names)
    if screen.route:
        yield _use(node["route"], screen.route, names)
    yield from _texts(node["text"], screen.texts, names)
    for choice, place in zip(screen.choices, node["choices"].elements(), strict=True):
        yield from _texts(place["label"], choice.labels, names)
        if choice.when:
            yield _use(place["if"], choice.when, names)
    if listing := screen.listing:
        yield _use(node["list"]["of"], listing.of, names)
        yield from _texts(node["list"]["label"], listing.labels, _with(names, [listing.name]))
        yield from _texts(node["list"]["empty"], listing.empty, names)
    if screen.input:
        yield from _texts(node["input"]["error"], screen.input.errors, names)
        for key, bound in (("min", screen.input.least), ("max", screen.input.most)):
            if isinstance(bound, Expression):
                yield _use(node["input"][key], bound, names)
    if screen.confirm and screen.confirm.price:
        yield _use(node["confirm"]["price"], screen.confirm.price, names)


def _use(place: Node, expression: Expression, names: Names) -> _Use:
    return _Use(place, f"{{{{ {expression.source} }}}}", names)


def _texts(node: Node, texts: Texts, names: Names) -> Iterator[_Use]:
    for language, text in texts.items():
        yield _Use(node[language] if isinstance(node.value, dict) else node, text.source, names)


def _sources(body: object) -> Iterator[str]:
    """The templates in a body that is sent as JSON."""
    match body:
        case Text():
            yield body.source
        case Expression():
            yield f"{{{{ {body.source} }}}}"
        case Mapping():
            for each in body.values():
                yield from _sources(each)
        case list():
            for each in body:
                yield from _sources(each)


def _needed(source: str) -> frozenset[str]:
    """The variables that a text cannot do without: not those of which it asks first whether they are set."""
    return names_in(source) - _guarded(source) if is_variable(source) else frozenset()


def _guarded(source: str) -> frozenset[str]:
    tree = sandbox_for().parse(source)
    tests = (test.node for test in tree.find_all(nodes.Test) if test.name in ("defined", "undefined"))
    defaults = (each.node for each in tree.find_all(nodes.Filter) if each.name in ("default", "d"))
    return frozenset(each.name for each in (*tests, *defaults) if isinstance(each, nodes.Name))


def _left_out(menu: Menu, certain: Mapping[str, Names], kept_back: frozenset[str], name: str, variable: str) -> str:
    """Which screen leads here without setting the variable."""
    for before, names in certain.items():
        for way in _ways(menu.screens[before], names, kept_back):
            if way.to == name and way.names is not None and variable not in way.names:
                return f', as from "{before}"'
    return ""


def _kept(menu: Menu, file: Node) -> None:
    """Note names to remember or to keep secret that no variable ever has."""
    known: Names = frozenset(menu.variables)
    for screen in menu.screens.values():
        for way in _ways(screen, _worked(screen, frozenset())):
            known = _either(known, way.names)
    if known is None:
        return
    for place in (*file.places("remember[]"), *file.places("screens.*.secrets[]")):
        if isinstance(place.value, str) and place.value not in known:
            place.wrong(f'nobody sets "{place.value}"{way_out(place.value, known)}', "unknown-variable", warning=True)
