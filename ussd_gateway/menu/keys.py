"""The grammar of a menu file: every key there is, as one table. `load` reads by it, and docs and JSON Schema are made of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ussd_gateway.menu.inputs import KINDS
from ussd_gateway.menu.model import LATIN, PHRASES
from ussd_gateway.menu.profiles import DEFAULT, POLICIES, PROFILES

RESUMES = ("start", "continue", "ask")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
MAX_SHOWN = DEFAULT.limits.shown  # octets of a USSD string
MAX_TYPED = DEFAULT.limits.typed  # characters of the GSM alphabet in them

TYPES: Mapping[str, str] = {
    "string": "string",
    "boolean": "true or false",
    "integer": "whole number",
    "seconds": "seconds",
    "text": "text",
    "words": "text; no variables",
    "template": "template",
    "expression": "expression",
    "bound": "number, date or expression",
    "pattern": "regular expression",
    "value": "anything",
    "tree": "table or array; its strings are templates",
    "path": "path in the answer",
    "code": "service code",
    "language": "language",
    "screen": "name of a screen",
    "variable": "name of a variable",
    "handler": "name of a handler",
    "key": "key",
    "table": "table",
}
"""What a value is, in words. "x[]" is an array of such, "x{}" a table of such under any names.

text, words  a string in a menu of one language, else a table of strings by language
template     one string, with variables, in every language
"""


class Key(NamedTuple):
    """One key of the file.

    path      where it stands: "screens.*.choices[].key"; * is any name, [] each element of an array
    kind      a key of TYPES, with [] or {} behind it for many
    about     what it says, in one line
    default   what stands in its place when it is left out, as the file would write it; None where nothing does
    required  whether it must be there
    allowed   the only strings there may be; empty for any
    least, most  the bounds of a number
    """

    path: str
    kind: str
    about: str
    default: object = None
    required: bool = False
    allowed: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None


_NAVIGATION, _LIMITS = DEFAULT.navigation, DEFAULT.limits

_WHEN_SAID: Mapping[str, str] = {
    "back": "the line that leads back",
    "home": "the line that leads home",
    "more": "the line that turns the page",
    "exit": "the line that ends the dialogue, where it is shown",
    "wrong": "an answer is no choice of the screen",
    "wrong_input": "an input is wrong and has no `error` of its own",
    "too_many": "an input was wrong `tries` times and has no `exhausted`",
    "failure": "a handler or call fails",
    "empty": "a list has no items and no `empty` of its own",
    "price": "what stands in front of a price",
    "yes": "1 of a confirm, or of the question whether to go on",
    "no": "2 of the same",
    "cancelled": "2 of a confirm without `cancel`",
    "goodbye": "the `exit` key was typed",
    "resume": 'with resume = "ask", after a dialogue that broke off',
}

KEYS: tuple[Key, ...] = (
    Key("title", "string", "what the menu is called in lists of menus", required=True),
    Key("codes", "code[]", 'what is dialled: `"*111#"`, `"*111*25#"`, `"#100#"`', required=True),
    Key("code_languages", "language{}", "the language of a code that fixes one, by code"),
    Key("languages", "string[]", f'the languages of the texts; "{LATIN}" is always made of ru', ["ru", "en"]),
    Key("start", "screen", "the first screen", "main"),
    Key("profile", "string", "an operator's keys, limits, numbers and currency", "default", allowed=tuple(PROFILES)),
    Key("navigation", "table", "keys that every screen understands; those of the profile where left out"),
    Key("navigation.back", "key", "one screen or page back", _NAVIGATION.back),
    Key("navigation.home", "key", "the first screen", _NAVIGATION.home),
    Key("navigation.more", "key", "the next page", _NAVIGATION.more),
    Key("navigation.exit", "key", 'the end of the dialogue; `""` for none', _NAVIGATION.exit),
    Key("limits", "table", "how much there can be; the profile's where left out"),
    Key("limits.shown", "integer", "octets of a screen", _LIMITS.shown, least=1, most=MAX_SHOWN),
    Key("limits.typed", "integer", "characters of an answer", _LIMITS.typed, least=1, most=MAX_TYPED),
    Key("limits.policy", "string", "what becomes of a longer text", _LIMITS.policy, allowed=POLICIES),
    Key("currency", "string", "ISO 4217, such as KES; the profile's where left out", DEFAULT.currency),
    Key("variables", "value{}", "what every dialogue begins with"),
    Key("remember", "variable[]", "variables that the next dialogue of the same number begins with"),
    Key("resume", "string", "after a broken dialogue", "start", allowed=RESUMES),
    Key("resume_within", "seconds", "after that it begins anew", 300, least=0),
    Key("phrases", "table", "the menu's own words"),
    *(Key(f"phrases.{name}", "words", _WHEN_SAID[name]) for name in PHRASES),
    Key("screens", "table{}", "by name", required=True),
    Key("screens.*.text", "text", "what it says; not needed where it only goes on"),
    Key("screens.*.choices", "table[]", "what can be picked, in the order shown"),
    Key("screens.*.choices[].key", "key", "what is typed", required=True),
    Key("screens.*.choices[].label", "text", "its line; none for a hidden one"),
    Key("screens.*.choices[].to", "screen", "where it leads", required=True),
    Key("screens.*.choices[].if", "expression", "shown and accepted only where true"),
    Key("screens.*.choices[].set", "value{}", "variables that picking it sets"),
    Key("screens.*.choices[].hidden", "boolean", "accepted and not shown", False),
    Key("screens.*.input", "table", "what may be typed instead of a choice"),
    Key("screens.*.input.name", "variable", "the variable that it sets", required=True),
    Key("screens.*.input.to", "screen", "where it leads", required=True),
    Key("screens.*.input.kind", "string", "what it is", "text", allowed=tuple(KINDS)),
    Key("screens.*.input.pattern", "pattern", "what all of it must look like"),
    Key("screens.*.input.min", "bound", "the least number, amount or date; the shortest text"),
    Key("screens.*.input.max", "bound", "the most, the last, the longest"),
    Key("screens.*.input.error", "text", "said when it is wrong, in place of the phrase `wrong_input`"),
    Key("screens.*.input.tries", "integer", "how often it may be wrong; 0 for any number", 0, least=0),
    Key("screens.*.input.exhausted", "screen", "where it leads then; the dialogue ends where left out"),
    Key("screens.*.input.secret", "boolean", "nobody may read it in a log or a journal", False),
    Key("screens.*.list", "table", "choices made of data, behind the others"),
    Key("screens.*.list.of", "expression", "the items", required=True),
    Key("screens.*.list.as", "variable", "the variable that holds one", required=True),
    Key("screens.*.list.label", "text", "its line", required=True),
    Key("screens.*.list.to", "screen", "where it leads", required=True),
    Key("screens.*.list.empty", "text", "said where there are none, in place of the phrase `empty`"),
    Key("screens.*.confirm", "table", "a question: the price, 1 yes, 2 no"),
    Key("screens.*.confirm.to", "screen", "where yes leads", required=True),
    Key("screens.*.confirm.price", "expression", "in kopecks or cents"),
    Key("screens.*.confirm.cancel", "screen", "where no leads; the dialogue ends where left out"),
    Key("screens.*.handler", "handler", "a Python function that runs first: `package.module:function`"),
    Key("screens.*.http", "table", "an HTTP call in place of a handler"),
    Key("screens.*.http.url", "template", "http:// or https://", required=True),
    Key("screens.*.http.method", "string", "how it is sent", "GET", allowed=METHODS),
    Key("screens.*.http.query", "template{}", "parameters behind the address"),
    Key("screens.*.http.headers", "template{}", "header fields"),
    Key("screens.*.http.json", "tree", "a body of JSON"),
    Key("screens.*.http.form", "template{}", "a body like that of a web form"),
    Key("screens.*.http.timeout", "seconds", "how long to wait", 5, least=0.1, most=60),
    Key("screens.*.http.fields", "path{}", "variable = `data.items[0].name`; every key of the answer where left out"),
    Key("screens.*.http.error", "screen", "where no usable answer leads; the dialogue ends where left out"),
    Key("screens.*.compute", "expression{}", "variables worked out, in order"),
    Key("screens.*.route", "expression", "the word to go on by, where no handler says it"),
    Key("screens.*.on", "screen{}", "where a word leads"),
    Key("screens.*.otherwise", "screen", "where every other word leads, and where there is none"),
    Key("screens.*.end", "boolean", "the dialogue is over after the text", False),
    Key("screens.*.sms", "table", "an SMS that leaves when the screen is entered"),
    Key("screens.*.sms.from", "string", "a short number, or up to 11 letters", required=True),
    Key("screens.*.sms.text", "text", "what it says", required=True),
    Key("screens.*.sms.to", "template", "the number; the one that dials where left out"),
    Key("screens.*.push", "table", "a dialogue that the network begins with somebody else"),
    Key("screens.*.push.to", "template", "the number", required=True),
    Key("screens.*.push.screen", "screen", "where it begins", required=True),
    Key("screens.*.fresh", "boolean", "coming back runs all of it again", False),
    Key("screens.*.secrets", "variable[]", "variables that nobody may read in a log or a journal"),
    Key("screens.*.language", "language", "the dialogue's from here on"),
    Key("screens.*.failure", "words", "said when something here fails, in place of the phrase"),
)

BY_PATH: Mapping[str, Key] = {key.path: key for key in KEYS}


def under(path: str) -> Iterator[Key]:
    """The keys of the table at `path`; "" is the file, "screens.*" any screen."""
    prefix = f"{path}." if path else ""
    for key in KEYS:
        if key.path.startswith(prefix) and "." not in key.path[len(prefix) :]:
            yield key


def names(path: str) -> tuple[str, ...]:
    """The names of the keys that the table at `path` may have."""
    return tuple(key.path.rpartition(".")[2] for key in under(path))


def keys_table() -> str:
    """Every key as a table in Markdown, for docs/menus.md."""
    rows = (f"| `{key.path.replace('*', 'NAME')}` | {_kind(key)} | {_default(key)} | {key.about} |" for key in KEYS)
    return "\n".join(("| key | is | left out | |", "|---|---|---|---|", *rows)) + "\n"


def _kind(key: Key) -> str:
    if key.allowed:
        return " ".join(f"`{word}`" for word in key.allowed)
    words = TYPES[key.kind.rstrip("[]{}")]
    if key.kind.endswith("[]"):
        return f"array of: {words}"
    return f"name = {words}" if key.kind.endswith("{}") else words


def _default(key: Key) -> str:
    if key.required:
        return "required"
    match key.default:
        case None:
            return ""
        case bool():
            return str(key.default).lower()
        case list():
            return f"`{json.dumps(key.default)}`"
        case str():
            return f'`"{key.default}"`'
    return str(key.default)
