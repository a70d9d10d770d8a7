"""A menu file's text to a Menu. Every mistake in it is found at once, with its line and key."""

from __future__ import annotations

import datetime
import math
import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from difflib import get_close_matches
from typing import NamedTuple

from jinja2 import TemplateSyntaxError

from ussd_gateway.coding.gsm7 import is_encodable
from ussd_gateway.menu.check import check
from ussd_gateway.menu.check_codes import check_together
from ussd_gateway.menu.check_texts import phrases_needed
from ussd_gateway.menu.lines import key_lines
from ussd_gateway.menu.mistakes import MenuError, Mistake, Mistakes, way_out
from ussd_gateway.menu.model import (
    LATIN,
    PHRASES,
    RUSSIAN,
    Bound,
    Choice,
    Confirm,
    Expression,
    Fetch,
    Input,
    Listing,
    Menu,
    PushTo,
    Screen,
    SmsText,
    Text,
    Texts,
    written,
)
from ussd_gateway.menu.node import Node
from ussd_gateway.menu.profiles import PROFILES, Limits, Navigation, Profile
from ussd_gateway.menu.sandbox import sandbox_for
from ussd_gateway.menu.templates import (
    compile_expression,
    compile_json,
    compile_text,
    compile_url,
    is_variable,
)
from ussd_gateway.patterns import TooLongError, compiled, matches

LANGUAGES = (RUSSIAN, "en")
LARGEST = 256 * 1024  # octets of a file: forty portals, and seconds to check while everybody waits

_TOML_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_TOML_WAYS_OUT = {  # by how tomllib begins to tell what is wrong
    "Cannot declare": "give one of them another name",
    "Cannot overwrite": "the key stands twice",
    "Expected '='": 'a line is key = "value"',
    "Expected ']'": "a name with anything but letters, digits, _ and - stands in quotes",
    "Expected newline": "what follows the value is too much, or a quote in a text wants a \\ in front of it",
    "Illegal character '\\n'": "the quote at the end of the line is missing",
    "Invalid initial character": "braces stand on one line, without a comma before the last of them",
    "Invalid value": 'a string stands in straight quotes, "..."; true and false are small',
    "Unclosed": "a comma or the closing bracket is missing here or above; braces stand on one line",
    "Unescaped '\\'": "write \\\\, or the string in single quotes",
    "Unterminated": "the quotes at its end are missing",
}
_CURRENCY = re.compile(r"[A-Z]{3}")
_ADDRESS = re.compile(r"https?://|\{\{")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_SINGLE_EQUALS = re.compile(r"(?<![=!<>])=(?!=)")
_NO_FILTER = re.compile(r"(No filter named '(\w+)')\.")
_ANSWER_PATH = re.compile(r"(?:[^.\[\]]+|\[\d+\])(?:\.[^.\[\]]+|\[\d+\])*")
_LONGEST = Limits().typed  # of answers
_MAX_LETTERS = 11  # of a sender that is no number

Imported = Callable[[str], str]
"""What is wrong with an import string "package.module:function", in a sentence; "" when nothing is."""


class Examined(NamedTuple):
    """What was found out about a file: its menu, None if it has errors, and all mistakes, warnings too, by line."""

    menu: Menu | None
    mistakes: tuple[Mistake, ...]


def text_of(octets: bytes, source: str) -> str:
    """What is in a file of this name. Raises MenuError where that is too much, or no text."""
    if len(octets) > LARGEST:
        raise MenuError([unreadable(source, f"has more than {LARGEST // 1024} KiB; make it several menus")])
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise MenuError([unreadable(source, "is not in UTF-8; save it so")]) from None


def unreadable(source: str, why: str) -> Mistake:
    """The mistake of a file that nobody can look into."""
    return Mistake(source, 1, "", why, "syntax")


def parse(toml_text: str, source: str, *, handlers: Collection[str] | None = None) -> Menu:
    """The menu that `toml_text` describes.

    source    the file's name, as mistakes shall call it
    handlers  the names that a screen's handler may have; None for any. An import string ("package.module:function") is
              never looked up here.

    Raises MenuError, which holds all mistakes; warnings are none.
    """
    menu, mistakes = examine(toml_text, source, handlers=handlers)
    if menu is None:
        raise MenuError(mistake for mistake in mistakes if not mistake.warning)
    return menu


def examine(
    toml_text: str, source: str, *, handlers: Collection[str] | None = None, imported: Imported | None = None
) -> Examined:
    """The menu and everything that can be said against it. Arguments as for `parse`; `imported` tries import strings."""
    menu, file = _read(toml_text, source, handlers, imported)
    return Examined(None if menu is None or file.mistakes.within() else menu, file.mistakes.found)


def examine_all(
    texts: Mapping[str, str], *, handlers: Collection[str] | None = None, imported: Imported | None = None
) -> dict[str, Examined]:
    """Several files, by name, as one gateway would serve them: also what each does to the codes of the others."""
    read = {source: _read(text, source, handlers, imported) for source, text in texts.items()}
    check_together([(menu, file) for menu, file in read.values() if menu is not None])
    return {
        source: Examined(None if menu is None or file.mistakes.within() else menu, file.mistakes.found)
        for source, (menu, file) in read.items()
    }


def _read(
    toml_text: str, source: str, handlers: Collection[str] | None, imported: Imported | None
) -> tuple[Menu | None, Node]:
    """The menu, None where the file cannot be read at all, and the file with its mistakes."""
    try:
        return _menu(toml_text, source, handlers, imported)
    except RecursionError:
        return None, _no_toml(source, 1, "its arrays, tables or brackets stand too deep within each other")


def _menu(
    toml_text: str, source: str, handlers: Collection[str] | None, imported: Imported | None
) -> tuple[Menu | None, Node]:
    try:
        file = Node(tomllib.loads(toml_text), (), Mistakes(source, key_lines(toml_text)))
    except ValueError as error:  # TOMLDecodeError, and a number of thousands of digits
        message = str(error)
        place = _TOML_PLACE.search(message)
        line = int(place[1]) if place and place[1] else toml_text.count("\n") + 1
        return None, _no_toml(source, line, _with_way_out(_TOML_PLACE.sub("", message)))
    menu = _Reader(file).menu()
    check(menu, file, handlers, imported)
    return menu, file


def _no_toml(source: str, line: int, message: str) -> Node:
    file = Node({}, (), Mistakes(source, {(): line}))
    file.wrong(message, "syntax")
    return file


def _with_way_out(message: str) -> str:
    ways = (way for start, way in _TOML_WAYS_OUT.items() if message.startswith(start))
    return "; ".join((message, *ways))


class _Reader:
    """Reads one file; what its head says holds for all of its screens."""

    def __init__(self, file: Node) -> None:
        self.file = file.table()
        self.languages = _languages(file["languages"])
        self.profile = PROFILES[file["profile"].string()]
        self.currency = _currency(file["currency"], self.profile)

    def menu(self) -> Menu:
        file = self.file
        navigation, resume = _navigation(file["navigation"], self.profile), file["resume"].string()
        screens = {name: self.screen(name, node) for name, node in file["screens"].items()}
        needed = phrases_needed(navigation, resume, screens.values())
        return Menu(
            codes=file["codes"].strings(),
            title=file["title"].string(),
            start=file["start"].string(),
            screens=screens,
            source=file.mistakes.source,
            languages=self.languages,
            navigation=navigation,
            limits=_limits(file["limits"], self.profile),
            numbers=self.profile.numbers,
            currency=self.currency,
            variables=file["variables"].values(),
            remembered=file["remember"].variables(),
            resume=resume,
            resume_within=file["resume_within"].number(300),
            phrases=self.phrases(file["phrases"], needed),
            code_languages=file["code_languages"].words(),
        )

    def phrases(self, node: Node, needed: Collection[str]) -> Mapping[str, Mapping[str, str]]:
        node.table()
        phrases: dict[str, Mapping[str, str]] = {}
        unheard = [language for language in self.languages if language not in LANGUAGES]
        if unheard and not node.present:
            words = f"the gateway has words of its own in {' and '.join(LANGUAGES)} only; write [phrases] with "
            words += f"{', '.join(sorted(needed))} in {', '.join(unheard)}"
            self.file["languages"].wrong(words, "missing-translation")
        for name, usual in PHRASES.items():
            phrases[name] = {**usual, **self.wordings(node[name])}
            missing = [language for language in self.languages if language not in phrases[name]]
            if missing and name in needed and node.present:
                node[name].wrong(f"has no words in {', '.join(missing)}", "missing-translation")
        return phrases

    def screen(self, name: str, node: Node) -> Screen:
        node.table()
        language = node["language"].string()
        # A screen that sets the language is read in no other.
        here = written(language)
        needed = (here,) if language and here in self.languages else self.languages
        return Screen(
            name=name,
            texts=self.texts(node["text"], needed),
            choices=tuple(self.choice(choice, needed) for choice in node["choices"].elements()),
            listing=self.listing(node["list"], needed) if node["list"].present else None,
            input=self.input(node["input"], needed) if node["input"].present else None,
            confirm=self.confirm(node["confirm"]) if node["confirm"].present else None,
            handler=node["handler"].string(),
            fetch=self.fetch(node["http"]) if node["http"].present else None,
            computed=self.computed(node["compute"]),
            route=self.expression(node["route"]),
            on=node["on"].words(),
            otherwise=node["otherwise"].string(),
            sms=self.sms(node["sms"], needed) if node["sms"].present else None,
            push=self.push(node["push"]) if node["push"].present else None,
            fresh=node["fresh"].boolean(),
            end=node["end"].boolean(),
            secrets=node["secrets"].variables(),
            language=language,
            failure=self.wordings(node["failure"]),
        )

    def choice(self, node: Node, needed: tuple[str, ...]) -> Choice:
        node.table()
        hidden, label = node["hidden"].boolean(), node["label"]
        if label.inside and not hidden and not label.present:
            label.wrong("is missing; a choice without a label is hidden = true", "missing-key")
        return Choice(
            key=node["key"].string(),
            to=node["to"].string(),
            labels=self.texts(label, needed),
            hidden=hidden,
            when=self.expression(node["if"]),
            sets=node["set"].values(),
        )

    def input(self, node: Node, needed: tuple[str, ...]) -> Input:
        node.table()
        kind = node["kind"].string()
        least, most = self.bound(node["min"], kind), self.bound(node["max"], kind)
        if _upside_down(least, most):
            node["max"].wrong(f"is less than min, {least}", "bad-bounds")
        return Input(
            name=node["name"].variable(),
            to=node["to"].string(),
            kind=kind,
            pattern=_pattern(node["pattern"]),
            least=least,
            most=most,
            errors=self.texts(node["error"], needed),
            tries=node["tries"].integer(),
            exhausted=node["exhausted"].string(),
            secret=node["secret"].boolean(),
        )

    def bound(self, node: Node, kind: str) -> Bound:
        """What `min` or `max` may be depends on the kind of the input."""
        value = node.value
        match kind:
            case "msisdn" if node.present:
                node.wrong('does not go with kind = "msisdn"; use pattern', "bad-bounds")
            case "number" | "amount" | "date" if isinstance(value, str):
                return self.expression(node)
            case "date" if node.present and type(value) is not datetime.date:
                node.wrong('must be a date such as 2018-04-27, or an expression such as "today"', "bad-bounds")
            case "date":
                return value
            case "text" | "number" if isinstance(value, float):
                node.wrong("must be a whole number", "bad-bounds")
            case "text" if isinstance(value, int) and value < 0:
                node.wrong("is the length of a text; it cannot be negative", "bad-bounds")
            case "text" | "number" | "amount":
                return node.decimal()
        return None

    def listing(self, node: Node, needed: tuple[str, ...]) -> Listing:
        node.table()
        return Listing(
            of=self.expression(node["of"]) or _NOTHING,
            name=node["as"].variable(),
            labels=self.texts(node["label"], needed),
            to=node["to"].string(),
            empty=self.texts(node["empty"], needed),
        )

    def confirm(self, node: Node) -> Confirm:
        node.table()
        return Confirm(node["to"].string(), self.expression(node["price"]), node["cancel"].string())

    def fetch(self, node: Node) -> Fetch:
        node.table()
        if node["json"].present and node["form"].present:
            node["form"].wrong("does not go with json: a call has one body", "conflict")
        url = node["url"]
        if (address := url.string()) and not _ADDRESS.match(address):
            url.wrong(f'"{address}" begins neither with http:// nor with https://', "bad-value")
        for name, header in node["headers"].items():
            if not _HEADER.fullmatch(name):
                header.wrong(f'"{name}" is no name of a header field', "bad-value")
        return Fetch(
            url=self.template(url, compile_url) or Text(""),
            method=node["method"].string(),
            query=self.templates(node["query"]),
            headers=self.templates(node["headers"]),
            json=self.body(node["json"]) if node["json"].present else None,
            form=self.templates(node["form"]) if node["form"].present else None,
            timeout=node["timeout"].number(5),
            fields=_fields(node["fields"]),
            error=node["error"].string(),
        )

    def body(self, node: Node) -> object:
        if not isinstance(node.value, dict | list):
            node.wrong("must be a table or an array", "wrong-type")
        return self.tree(node)

    def tree(self, node: Node) -> object:
        """What is sent as JSON: its strings are templates, and its dates are written as strings."""
        match node.value:
            case str():
                try:
                    return compile_json(node.value, self.languages[0], self.currency, self.profile.numbers)
                except _NOT_COMPILED as error:
                    node.wrong(_reason(error), "bad-template")
            case dict():
                return {key: self.tree(below) for key, below in node.items()}
            case list():
                return [self.tree(below) for below in node.elements()]
            case datetime.date() | datetime.time():
                return node.value.isoformat()
            case float() if not math.isfinite(node.value):
                node.wrong("cannot be written as JSON", "bad-value")
        return node.value

    def sms(self, node: Node, needed: tuple[str, ...]) -> SmsText:
        node.table()
        source = node["from"].string()
        letters = len(source) <= _MAX_LETTERS and is_encodable(source)
        number = source.isascii() and source.isdecimal() and len(source) <= 15
        if source and not number and not letters:
            node["from"].wrong(f'"{source}" is no sender: a number, or up to {_MAX_LETTERS} letters', "bad-value")
        return SmsText(source, self.texts(node["text"], needed), self.template(node["to"]))

    def push(self, node: Node) -> PushTo:
        node.table()
        return PushTo(self.template(node["to"]) or Text(""), node["screen"].string())

    def computed(self, node: Node) -> dict[str, Expression]:
        found = ((name, self.expression(each)) for name, each in node.items() if each.named(name))
        return {name: expression for name, expression in found if expression}

    def texts(self, node: Node, needed: tuple[str, ...]) -> Texts:
        """A text in each of the languages, compiled; none when the file has nothing here."""
        sources = self.by_language(node)
        missing = [language for language in needed if language not in sources]
        if isinstance(node.value, dict) and missing:
            node.wrong(f"has no text in {', '.join(missing)}", "missing-translation")
        return {language: self.compiled(text, language) for language, text in sources.items() if text.string()}

    def template(self, node: Node, compile: Callable[..., Text] = compile_text) -> Text | None:
        """One string for all languages."""
        return self.compiled(node, self.languages[0], compile) if node.string() else None

    def compiled(self, node: Node, language: str, compile: Callable[..., Text] = compile_text) -> Text:
        source = node.string()
        try:
            return compile(source, language, self.currency, self.profile.numbers)
        except _NOT_COMPILED as error:
            line = error.lineno if isinstance(error, TemplateSyntaxError) else 1
            node.wrong(f"line {line} of the text: {_reason(error)}", "bad-template")
            return Text(source)

    def templates(self, node: Node) -> dict[str, Text]:
        return {name: text for name, each in node.items() if (text := self.template(each))}

    def expression(self, node: Node) -> Expression | None:
        source = node.string()
        try:
            return (
                compile_expression(source, self.languages[0], self.currency, self.profile.numbers) if source else None
            )
        except _NOT_COMPILED as error:
            equals = "; to compare, write ==" if _SINGLE_EQUALS.search(source) else ""
            node.wrong(f"is no expression: {_reason(error)}{equals}", "bad-expression")
            return None

    def wordings(self, node: Node) -> dict[str, str]:
        """Words by language that are shown as they are; the file may leave languages out."""
        words = {}
        for language, text in self.by_language(node).items():
            if word := text.string().strip():
                words[language] = word
            if is_variable(word):
                text.wrong("is shown as it is; it cannot have variables", "bad-value")
        return words

    def by_language(self, node: Node) -> dict[str, Node]:
        """The node's texts: a table by language, or one string where the menu has one language."""
        if isinstance(node.value, str) and len(self.languages) == 1:
            return {self.languages[0]: node}
        if isinstance(node.value, str):
            each = ", ".join(f'{language} = "..."' for language in self.languages)
            node.wrong(f"must be a text in each language: {{ {each} }}", "wrong-type")
            return {}
        texts = {language: Node(text.value, text.path, text.mistakes) for language, text in node.items()}
        for language in texts.keys() - set(self.languages):
            texts.pop(language).wrong(
                f"is no language of this menu{way_out(language, self.languages)}", "unknown-language"
            )
        return texts


_NOTHING = Expression("", lambda variables: ())
_NOT_COMPILED = (TemplateSyntaxError, SyntaxError, RecursionError, MemoryError, ValueError, OverflowError)
"""What comes of a text that Jinja2, or the Python that Jinja2 makes of it, cannot take."""


def _reason(error: Exception) -> str:
    if isinstance(error, TemplateSyntaxError):
        words = str(error.message)
        unknown = _NO_FILTER.fullmatch(words)
        return f"{unknown[1]}{way_out(unknown[2], _near(unknown[2]))}" if unknown else words
    return "its brackets are too deep" if isinstance(error, RecursionError | MemoryError) else str(error)


def _near(name: str) -> list[str]:
    """The filters whose names are like it; there are too many to name them all."""
    return get_close_matches(name, sandbox_for().filters, n=1)


def _languages(node: Node) -> tuple[str, ...]:
    languages = node.strings(LANGUAGES)
    if node.value == []:
        node.wrong("is empty", "empty")
    if LATIN in languages:
        node.wrong(f'"{LATIN}" is made of the Russian text; it is not written', "unknown-language")
    return tuple(language for language in dict.fromkeys(languages) if language != LATIN) or LANGUAGES


def _currency(node: Node, profile: Profile) -> str:
    currency = node.string(profile.currency)
    if not _CURRENCY.fullmatch(currency):
        node.wrong(f'"{currency}" is no currency such as "KES"', "bad-value")
        return profile.currency
    return currency


def _navigation(node: Node, profile: Profile) -> Navigation:
    node.table()
    usual, leaving = profile.navigation, node["exit"]
    return Navigation(
        back=node["back"].string(usual.back),
        home=node["home"].string(usual.home),
        more=node["more"].string(usual.more),
        exit="" if leaving.value == "" else leaving.string(usual.exit),
    )


def _limits(node: Node, profile: Profile) -> Limits:
    node.table()
    usual = profile.limits
    return Limits(
        shown=node["shown"].integer(usual.shown),
        typed=node["typed"].integer(usual.typed),
        policy=node["policy"].string(usual.policy),
    )


def _pattern(node: Node) -> str:
    pattern = node.string()
    try:
        compiled(pattern)
        # A long answer of one of its letters, with something else at the end, is what makes a pattern try every way
        for letter in sorted({"a", "0", *re.findall(r"\w", pattern)}):
            matches(pattern, letter * (_LONGEST - 1) + "!")
    except TooLongError as error:
        node.wrong(str(error), "bad-pattern")
    except ValueError as error:
        node.wrong(f"is no regular expression: {error}", "bad-pattern")
        return ""
    return pattern


def _upside_down(least: Bound, most: Bound) -> bool:
    if isinstance(least, Decimal) and isinstance(most, Decimal):
        return most < least
    return isinstance(least, datetime.date) and isinstance(most, datetime.date) and most < least


def _fields(node: Node) -> dict[str, str]:
    fields = {}
    for name, each in node.items():
        path = each.string()
        if path and not _ANSWER_PATH.fullmatch(path):
            each.wrong(f'"{path}" is no path such as data.items[0].name', "bad-value")
        elif (name == "result" or each.named(name)) and path:
            fields[name] = path
    return fields
