"""The JSON Schema of a menu file, as an editor uses it: what is right is valid, and what is wrong is underlined at its place."""

import datetime
import json
import re
import tomllib
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from ussd_gateway.menu.keys import KEYS
from ussd_gateway.menu.load import parse
from ussd_gateway.menu.mistakes import MenuError, spelled
from ussd_gateway.menu.schema import FILE, schema, schema_text

ROOT = Path(__file__).parents[2]
MENUS = ROOT / "menus"
SHIPPED = sorted(MENUS.rglob("*.toml"))
PAGE = (ROOT / "docs" / "menus.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```toml\n(title.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
WALLET = (Path(__file__).parent / "wallet.toml").read_text(encoding="utf-8")
VALIDATOR = Draft202012Validator(schema())

SMALL = 'title = "T"\ncodes = ["*1#"]\nlanguages = ["en"]\n'
MAIN = SMALL + "[screens.main]\n"
SAYS = MAIN + 'text = "Hi"\n'


def plain(value):
    """The file as JSON: an editor takes TOML's dates for strings."""
    return json.loads(json.dumps(tomllib.loads(value), default=datetime.date.isoformat))


def underlined(text):
    """Where an editor shows mistakes."""
    return [spelled(tuple(error.absolute_path)) for error in VALIDATOR.iter_errors(plain(text))]


def test_it_is_a_schema_that_refers_to_nothing():
    Draft202012Validator.check_schema(schema())
    assert "$ref" not in schema_text()
    assert json.loads(schema_text()) == schema()


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_a_shipped_menu_is_valid_and_names_the_schema_that_lies_beside_it(path):
    text = path.read_text(encoding="utf-8")
    assert underlined(text) == []
    named = re.match(r"#:schema (\S+)\n", text)
    assert named
    assert (path.parent / named[1]).resolve() == MENUS / FILE


@pytest.mark.parametrize("text", [WALLET, *EXAMPLES])
def test_what_can_be_served_is_valid(text):
    parse(text, "menu.toml")
    assert underlined(text) == []


VALID = [
    SAYS + 'input = { name = "day", kind = "date", min = 2018-04-27, max = "today + days(30)", to = "main" }',
    SAYS + 'input = { name = "sum", kind = "amount", min = 0.5, max = 10, to = "main" }',
    SMALL + 'navigation = { exit = "" }\n[screens.main]\ntext = "Hi"\nend = true',
    MAIN + 'text = { en = "Hi", sw = "Habari" }\nend = true',
]


@pytest.mark.parametrize("text", VALID)
def test_what_the_language_allows_is_valid(text):
    assert underlined(text) == []


# What is wrong, and where it is underlined
MISTAKES = [
    ('codes = ["*1#"]\n[screens.main]\ntext = "Hi"', ""),
    ('title = " "\ncodes = ["*1#"]\n[screens.main]', "title"),
    ('title = "T"\ncodes = []\n[screens.main]', "codes"),
    ('title = "T"\ncodes = ["111"]\n[screens.main]', "codes[0]"),
    ('title = "T"\ncodes = ["*1#"]\nscreens = {}', "screens"),
    (SMALL + 'langauge = "en"\n[screens.main]', ""),
    (SMALL + 'resume = "sometimes"\n[screens.main]', "resume"),
    (SMALL + "resume_within = -1\n[screens.main]", "resume_within"),
    (SMALL + 'profile = "vodafone"\n[screens.main]', "profile"),
    (SMALL + 'navigation = { back = "" }\n[screens.main]', "navigation.back"),
    (SMALL + 'navigation = { up = "1" }\n[screens.main]', "navigation"),
    (SMALL + "limits = { shown = 161 }\n[screens.main]", "limits.shown"),
    (SMALL + 'limits = { policy = "cut" }\n[screens.main]', "limits.policy"),
    (SMALL + 'phrases = { wong = "x" }\n[screens.main]', "phrases"),
    (MAIN + 'text = ""', "screens.main.text"),
    (MAIN + "text = 5", "screens.main.text"),
    (MAIN + 'text = { ru = "x", latin = "y" }', "screens.main.text"),
    (MAIN + 'txet = "x"', "screens.main"),
    (SAYS + 'end = "yes"', "screens.main.end"),
    (SAYS + 'choices = [{ label = "x", to = "main" }]', "screens.main.choices[0]"),
    (SAYS + 'choices = [{ key = "1 2", label = "x", to = "main" }]', "screens.main.choices[0].key"),
    (SAYS + 'choices = [{ key = 1, label = "x", to = "main" }]', "screens.main.choices[0].key"),
    (SAYS + 'choices = { key = "1" }', "screens.main.choices"),
    (SAYS + 'input = { name = "a b", to = "main" }', "screens.main.input.name"),
    (SAYS + 'input = { name = "a" }', "screens.main.input"),
    (SAYS + 'input = { name = "a", to = "main", kind = "integer" }', "screens.main.input.kind"),
    (SAYS + 'input = { name = "a", to = "main", tries = 0.5 }', "screens.main.input.tries"),
    (SAYS + 'list = { of = "x", as = "y", label = "z" }', "screens.main.list"),
    (SAYS + 'confirm = { to = "main", price = 5 }', "screens.main.confirm.price"),
    (MAIN + 'http = { url = "https://example.org", method = "HEAD" }', "screens.main.http.method"),
    (MAIN + 'http = { url = "https://example.org", timeout = 600 }', "screens.main.http.timeout"),
    (MAIN + "on = { sent = 1 }", "screens.main.on.sent"),
    (SAYS + 'secrets = "pin"', "screens.main.secrets"),
    (SAYS + 'push = { to = "1" }', "screens.main.push"),
]


@pytest.mark.parametrize(("text", "place"), MISTAKES)
def test_a_mistake_is_underlined_at_its_place_and_the_gateway_finds_it_too(text, place):
    assert underlined(text) == [place]
    with pytest.raises(MenuError):
        parse(text, "menu.toml")


def tables(part):
    """Every table in the schema that names its keys."""
    if isinstance(part, dict):
        if "properties" in part:
            yield part
        for inner in part.values():
            yield from tables(inner)


def test_every_key_of_the_grammar_is_described_and_no_table_takes_others():
    found = [table for table in tables(schema()) if "propertyNames" not in table]  # texts by language aside
    assert all(table["additionalProperties"] is False for table in found)
    described = [key["description"] for table in found for key in table["properties"].values()]
    assert len(described) == len(KEYS)
    assert all(any(words.startswith(key.about) for words in described) for key in KEYS)
    assert schema()["properties"]["resume"]["default"] == "start"
