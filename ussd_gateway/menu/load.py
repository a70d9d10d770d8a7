"""A menu file's text to a Menu. Every mistake in it is found at once, with its line and key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping

from jinja2 import TemplateSyntaxError

from ussd_gateway.menu.check import check
from ussd_gateway.menu.lines import key_lines
from ussd_gateway.menu.mistakes import MenuError, Mistake, Mistakes, way_out
from ussd_gateway.menu.model import LATIN, PHRASES, RUSSIAN, Choice, Menu, Screen, Text, Texts, written
from ussd_gateway.menu.node import Node
from ussd_gateway.menu.profiles import Navigation
from ussd_gateway.menu.templates import compile_text, is_variable

LANGUAGES = (RUSSIAN, "en")

_MENU = ("title", "codes", "code_languages", "languages", "start", "navigation", "phrases", "screens")
_SCREEN = ("text", "choices", "handler", "on", "end", "secrets", "language", "failure")
_CHOICE = ("key", "label", "to", "hidden")
_TOML_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


def parse(toml_text: str, source: str, *, handlers: Collection[str] | None = None) -> Menu:
    """The menu that `toml_text` describes.

    source    the file's name, as mistakes shall call it
    handlers  the names that a screen's handler may have; None for any. An import string ("package.module:function") is
              never looked up here.

    Raises MenuError, which holds all mistakes.
    """
    file = _file(toml_text, source)
    menu = _menu(file, source)
    check(menu, file, handlers)
    file.mistakes.raise_any()
    return menu


def _file(toml_text: str, source: str) -> Node:
    try:
        value = tomllib.loads(toml_text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        place = _TOML_PLACE.search(message)
        line = int(place[1]) if place and place[1] else toml_text.count("\n") + 1
        raise MenuError([Mistake(source, line, "", _TOML_PLACE.sub("", message))]) from None
    return Node(value, (), Mistakes(source, key_lines(toml_text)))


def _menu(file: Node, source: str) -> Menu:
    file.table(*_MENU)
    languages = _languages(file["languages"])
    return Menu(
        codes=file["codes"].strings(required=True),
        title=file["title"].string(required=True),
        start=file["start"].string("main"),
        screens={name: _screen(name, node, languages) for name, node in file["screens"].items(required=True)},
        source=source,
        languages=languages,
        navigation=_navigation(file["navigation"]),
        phrases=_phrases(file["phrases"], languages),
        code_languages=file["code_languages"].words(),
    )


def _languages(node: Node) -> tuple[str, ...]:
    languages = node.strings(LANGUAGES)
    if node.value == []:
        node.wrong("is empty")
    if LATIN in languages:
        node.wrong(f'"{LATIN}" is made of the Russian text; it is not written')
    return tuple(language for language in dict.fromkeys(languages) if language != LATIN) or LANGUAGES


def _navigation(node: Node) -> Navigation:
    node.table("back", "home", "more")
    usual = Navigation()
    return Navigation(node["back"].string(usual.back), node["home"].string(usual.home), node["more"].string(usual.more))


def _phrases(node: Node, languages: tuple[str, ...]) -> Mapping[str, Mapping[str, str]]:
    node.table(*PHRASES)
    phrases = {}
    for name, usual in PHRASES.items():
        own = _wordings(node[name], languages)
        phrases[name] = {**usual, **own}
        if missing := [language for language in languages if language not in phrases[name]]:
            node[name].wrong(f"has no words in {', '.join(missing)}")
    return phrases


def _screen(name: str, node: Node, languages: tuple[str, ...]) -> Screen:
    node.table(*_SCREEN)
    language = node["language"].string()
    # A screen that sets the language is read in no other.
    needed = (written(language),) if language and written(language) in languages else languages
    return Screen(
        name=name,
        texts=_texts(node["text"], languages, needed),
        choices=tuple(_choice(choice, languages, needed) for choice in node["choices"].elements()),
        handler=node["handler"].string(),
        on=node["on"].words(),
        end=node["end"].boolean(),
        secrets=node["secrets"].strings(),
        language=language,
        failure=_wordings(node["failure"], languages),
    )


def _choice(node: Node, languages: tuple[str, ...], needed: tuple[str, ...]) -> Choice:
    node.table(*_CHOICE)
    hidden = node["hidden"].boolean()
    label = node["label"]
    if isinstance(node.value, dict) and not hidden and not label.present:
        label.wrong("is missing; a choice without a label is hidden = true")
    return Choice(
        key=node["key"].string(required=isinstance(node.value, dict)),
        to=node["to"].string(required=isinstance(node.value, dict)),
        labels=_texts(label, languages, needed),
        hidden=hidden,
    )


def _texts(node: Node, languages: tuple[str, ...], needed: tuple[str, ...]) -> Texts:
    """A text in each of the languages, compiled; none when the file has nothing here."""
    sources = _by_language(node, languages)
    if isinstance(node.value, dict) and (missing := [language for language in needed if language not in node.value]):
        node.wrong(f"has no text in {', '.join(missing)}")
    return {language: _compiled(text, language) for language, text in sources.items() if text.string()}


def _compiled(node: Node, language: str) -> Text:
    source = node.string()
    try:
        return compile_text(source, language)
    except TemplateSyntaxError as error:
        node.wrong(f"line {error.lineno} of the text: {error.message}")
        return Text(source)


def _wordings(node: Node, languages: tuple[str, ...]) -> dict[str, str]:
    """Words by language that are shown as they are; the file may leave languages out."""
    words = {}
    for language, text in _by_language(node, languages).items():
        if word := text.string().strip():
            words[language] = word
        if is_variable(word):
            text.wrong("is shown as it is; it cannot have variables")
    return words


def _by_language(node: Node, languages: tuple[str, ...]) -> dict[str, Node]:
    """The node's texts: a table by language, or one string where the menu has one language."""
    if isinstance(node.value, str) and len(languages) == 1:
        return {languages[0]: node}
    if isinstance(node.value, str):
        node.wrong("must be a text in each language: { " + ", ".join(f'{each} = "..."' for each in languages) + " }")
        return {}
    texts = dict(node.items())
    for language in texts.keys() - set(languages):
        texts.pop(language).wrong(f"is no language of this menu{way_out(language, languages)}")
    return texts
