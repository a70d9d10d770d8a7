"""menu check finds each of a planted set of mistakes, at its line and under its rule, and nothing in menus that have none.

The sentences are in test_load.py and in the tests of the modules that write them.
"""

import tomllib
from pathlib import Path

import pytest

from ussd_gateway.menu.keys import KEYS
from ussd_gateway.menu.load import examine, examine_all, parse
from ussd_gateway.menu.mistakes import RULES, MenuError

HERE = Path(__file__).parent
SHIPPED = sorted((HERE.parents[1] / "menus").glob("*.toml"))
EVERY_KEY = (HERE / "every_key.toml").read_text(encoding="utf-8")

# A menu without a mistake; the planted ones put one of its lines in another's place, or a line behind it.
SOUND = """\
title = "Wallet"
codes = ["*334#"]
languages = ["en"]
currency = "KES"
variables = { balance = 125000, packages = [{ name = "Daily", price = 2000 }] }

[screens.main]
text = "Wallet"
choices = [
    { key = "1", label = "Send", to = "amount" },
    { key = "2", label = "Loan", to = "done", if = "balance < 1000" },
    { key = "3", label = "Packages", to = "packages", set = { plan = "daily" } },
    { key = "4", label = "Rate", to = "rate" },
]

[screens.amount]
text = "Amount?"
input = { name = "amount", kind = "amount", min = 10, max = 5000, to = "check", tries = 3, exhausted = "sorry" }

[screens.check]
compute = { total = "amount + 100" }
route = "total > balance"
on = { true = "sorry", false = "bought" }

[screens.packages]
text = "Packages"
list = { of = "packages", as = "package", label = "{{ package.name }}", to = "confirm" }

[screens.confirm]
text = "Buy {{ package.name }}?"
confirm = { price = "package.price", to = "buy", cancel = "main" }

[screens.buy]
handler = "airtime.buy"
on = { bought = "bought", poor = "sorry" }
otherwise = "sorry"

[screens.bought]
text = "Thank you."
sms = { from = "MPESA", text = "Thank you, {{ msisdn | phone }}." }
end = true

[screens.rate]
http = { url = "https://api.example.org/rates", fields = { rate = "data.rate" }, error = "sorry" }
text = "The rate is {{ rate }}."
end = true

[screens.done]
text = "Done."
end = true

[screens.sorry]
text = "Sorry."
end = true
"""


# Without a handler, which might set any variable.
SMALL = 'title = "Name"\ncodes = ["*335#"]\nlanguages = ["en"]\n'
ASKS = """\
[screens.main]
text = "Name?"
input = { name = "name", to = "done" }
[screens.done]
text = "Hello, {{ name }}."
end = true
"""


def planted(old, new, *found):
    assert old in SOUND
    return SOUND.replace(old, new, 1), list(found)


PLANTED = {
    # what is written wrong
    "no TOML": planted('title = "Wallet"', 'title = "Wallet', (1, "", "syntax")),
    "an unknown key": planted("currency =", "curency =", (4, "curency", "unknown-key")),
    "an unknown key of an input": planted("tries = 3", "trys = 3", (18, "screens.amount.input.trys", "unknown-key")),
    "an unknown key of a call": planted("fields =", "field =", (44, "screens.rate.http.field", "unknown-key")),
    "a number for a text": planted('text = "Done."', "text = 1", (49, "screens.done.text", "wrong-type")),
    "a fraction of tries": planted("tries = 3", "tries = 1.5", (18, "screens.amount.input.tries", "wrong-type")),
    "tries below none": planted("tries = 3", "tries = -1", (18, "screens.amount.input.tries", "bad-value")),
    "an input that leads nowhere": planted('to = "check", ', "", (18, "screens.amount.input.to", "missing-key")),
    "a list of nothing": planted('of = "packages", ', "", (27, "screens.packages.list.of", "missing-key")),
    "an SMS from nobody": planted('from = "MPESA", ', "", (40, "screens.bought.sms.from", "missing-key")),
    "a sender that is too long": planted("MPESA", "MPESA COMPANY", (40, "screens.bought.sms.from", "bad-value")),
    "a call to nowhere": planted('"https://', '"ftp://', (44, "screens.rate.http.url", "bad-value")),
    "a way of calling that is none": planted("fields =", 'method = "LOAD", fields =', (44, "screens.rate.http.method", "bad-value")),
    "a path that is none": planted('"data.rate"', '"data..rate"', (44, "screens.rate.http.fields.rate", "bad-value")),
    "an empty title": planted('"Wallet"', '""', (1, "title", "empty")),
    "no codes": planted('codes = ["*334#"]', "", (1, "codes", "missing-key")),
    "an unknown profile": planted('currency = "KES"', 'profile = "safaricon"', (4, "profile", "bad-value")),
    "a currency that is none": planted('"KES"', '"shillings"', (4, "currency", "bad-value")),
    "an unknown policy": planted('currency = "KES"', 'limits.policy = "cut"', (4, "limits.policy", "bad-value")),
    "more octets than there are": planted('currency = "KES"', "limits = { shown = 182 }", (4, "limits.shown", "bad-value")),
    "a kind of input that is none": planted('kind = "amount"', 'kind = "money"', (18, "screens.amount.input.kind", "bad-value")),
    "bounds upside down": planted("max = 5000", "max = 5", (18, "screens.amount.input.max", "bad-bounds")),
    "a bound of another type": planted("max = 5000", "max = 2030-12-31", (18, "screens.amount.input.max", "wrong-type")),
    "a pattern that is none": planted("tries = 3", 'pattern = "[0-9", tries = 3', (18, "screens.amount.input.pattern", "bad-pattern")),
    "a name that is no variable's": planted('name = "amount"', 'name = "the amount"', (18, "screens.amount.input.name", "bad-name")),
    "a name that is taken": planted("plan =", "msisdn =", (12, "screens.main.choices[2].set.msisdn", "bad-name")),
    "a template that does not end": planted("{{ rate }}", "{{ rate", (45, "screens.rate.text", "bad-template")),
    "an expression that is none": planted("balance < 1000", "balance <", (11, "screens.main.choices[1].if", "bad-expression")),
    # languages
    "a text without a translation": planted('text = "Done."', 'text = { sw = "Tayari." }', (49, "screens.done.text.sw", "unknown-language"), (49, "screens.done.text", "missing-translation")),
    "phrases without a translation": planted('["en"]', '["sw"]', (3, "languages", "missing-translation")),
    "a screen in an unknown language": planted('text = "Done."', 'text = "Done."\nlanguage = "fr"', (50, "screens.done.language", "unknown-language")),
    # screens
    "a choice to no screen": planted('label = "Send", to = "amount"', 'label = "Send", to = "amuont"', (10, "screens.main.choices[0].to", "unknown-target")),
    "a list to no screen": planted('to = "confirm"', 'to = "conform"', (27, "screens.packages.list.to", "unknown-target")),
    "a confirm to no screen": planted('cancel = "main"', 'cancel = "home"', (31, "screens.confirm.confirm.cancel", "unknown-target")),
    "too many tries to no screen": planted('exhausted = "sorry"', 'exhausted = "sory"', (18, "screens.amount.input.exhausted", "unknown-target")),
    "a failed call to no screen": planted('error = "sorry"', 'error = "late"', (44, "screens.rate.http.error", "unknown-target")),
    "otherwise to no screen": planted('otherwise = "sorry"', 'otherwise = "other"', (36, "screens.buy.otherwise", "unknown-target")),
    "a push to no screen": planted('text = "Done."', 'push = { to = "{{ msisdn }}", screen = "gift" }\ntext = "Done."', (49, "screens.done.push.screen", "unknown-target")),
    "a dead end": planted('text = "Done."\nend = true', 'text = "Done."', (48, "screens.done", "dead-end")),
    "a screen that nobody comes to": planted("[screens.sorry]", '[screens.help]\ntext = "Help"\nend = true\n[screens.sorry]', (52, "screens.help", "unreachable-screen")),
    "a loop that asks nobody": planted('poor = "sorry"', 'poor = "buy"', (35, "screens.buy.on.poor", "endless-loop")),
    "a loop by the word of a route": planted('true = "sorry"', 'true = "check"', (23, "screens.check.on.true", "endless-loop")),
    "screens that nobody leaves": planted('text = "Done."\nend = true', 'text = "Done."\nchoices = [{ key = "1", label = "Again", to = "done" }]', (48, "screens.done", "no-exit")),
    "a handler that is none": planted('"airtime.buy"', '"airtime.bye"', (34, "screens.buy.handler", "missing-handler")),
    "an import string that is none": planted('"airtime.buy"', '"airtime:"', (34, "screens.buy.handler", "missing-handler")),
    "an end with a list": planted('text = "Packages"', 'text = "Packages"\nend = true', (28, "screens.packages.list", "conflict")),
    "a confirm among choices": planted("confirm = {", 'choices = [{ key = "3", label = "Maybe", to = "main" }]\nconfirm = {', (32, "screens.confirm.confirm", "conflict")),
    "a handler and a call": planted("http = {", 'handler = "airtime.buy"\nhttp = {', (45, "screens.rate.http", "conflict")),
    "two bodies of a call": planted("fields =", "json = {}, form = {}, fields =", (44, "screens.rate.http.form", "conflict")),
    "a route without ways": planted('on = { true = "sorry", false = "bought" }', "", (22, "screens.check.route", "missing-key")),
    "a word of a route without a way": planted('true = "sorry", ', "", (22, "screens.check.route", "unknown-word")),
    "a way that no word leads": planted('true = "sorry", ', 'true = "sorry", yes = "sorry", ', (23, "screens.check.on.yes", "unknown-word")),
    "an input that is longer than anybody can type": (SMALL + ASKS.replace('name = "name"', 'name = "name", min = 183'), [(6, "screens.main.input.min", "bad-bounds")]),
    "a navigation key that answers a confirm": planted('currency = "KES"', 'navigation.more = "2"', (4, "navigation.more", "shadowed-choice")),
    "a call without a word": planted('text = "The rate is {{ rate }}."\nend = true', 'on = { up = "done" }', (45, "screens.rate.on", "missing-key")),
    "a sender that no phone writes": planted("MPESA", "\u0661\u0662\u0663", (40, "screens.bought.sms.from", "bad-value")),
    "yes and no without a question": planted('currency = "KES"', f'resume = "ask"\nphrases.yes = "{"Yes. " * 30}"', (5, "phrases", "text-too-long")),
    "words without anybody to say them": planted('handler = "airtime.buy"\n', "", (34, "screens.buy.on", "missing-key")),
    # keys and codes
    "a key twice": planted('key = "2", label = "Loan", to = "done", if = "balance < 1000"', 'key = "1", label = "Loan", to = "done"', (11, "screens.main.choices[1].key", "duplicate-choice")),
    "a key that always means another choice": planted('key = "2"', 'key = "1"', (11, "screens.main.choices[1].key", "shadowed-choice")),
    "a key that ends the dialogue": planted('currency = "KES"', 'navigation.exit = "4"', (13, "screens.main.choices[3].key", "shadowed-choice")),
    "a key that leads home": planted('key = "4"', 'key = "00"', (13, "screens.main.choices[3].key", "shadowed-choice")),
    "a key that nobody can type": planted('key = "4"', 'key = "4 "', (13, "screens.main.choices[3].key", "bad-key")),
    "navigation keys that are the same": planted('currency = "KES"', 'navigation = { back = "0", home = "0" }', (4, "navigation", "duplicate-choice")),
    "a code that nobody can dial": planted("*334#", "334#", (2, "codes[0]", "bad-code")),
    "a code twice": planted('["*334#"]', '["*334#",\n"*334#"]', (3, "codes[1]", "duplicate-code")),
    "a code of call barring": planted("*334#", "*331*1#", (2, "codes[0]", "reserved-code")),
    "a code of the phone": planted("*334#", "*#06#", (2, "codes[0]", "reserved-code")),
    "a code that hides a choice": planted('["*334#"]', '["*334#", "*334*1#"]', (2, "codes[1]", "shadowed-code")),
    # variables and lengths
    "a variable that nobody sets": planted("{{ rate }}", "{{ rat }}", (45, "screens.rate.text", "unknown-variable")),
    "a misspelt variable of an expression": planted("total > balance", "totl > balance", (22, "screens.check.route", "unknown-variable")),
    "a variable that only some ways set": planted("Done.", "Done with {{ plan }}.", (49, "screens.done.text", "unknown-variable")),
    "a variable to remember that there is not": (SMALL + 'remember = ["naem"]\n' + ASKS, [(4, "remember[0]", "unknown-variable")]),
    "a secret that there is not": (SMALL + ASKS.replace("end =", 'secrets = ["pni"]\nend ='), [(9, "screens.done.secrets[0]", "unknown-variable")]),
    "a text that takes too many pages": planted("Done.", "Done. " * 700, (49, "screens.done.text", "text-too-long")),
    "a text that exceeds a screen": planted('currency = "KES"\n', 'limits = { shown = 40, policy = "error" }\n', (8, "screens.main.text", "text-too-long"), (30, "screens.confirm.text", "text-too-long")),
    "an error that exceeds a screen": planted("tries = 3", f'error = "{"No. " * 50}", tries = 3', (18, "screens.amount.input.error", "text-too-long")),
    "a phrase that exceeds a screen": planted('currency = "KES"', f'phrases.wrong = "{"Wrong. " * 30}"', (4, "phrases.wrong", "text-too-long")),
}  # fmt: skip


def found(text, **options):
    _, mistakes = examine(text, "wallet.toml", **options)
    return [(mistake.line, mistake.key, mistake.rule) for mistake in mistakes]


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_mistake_is_found_at_its_line_and_nothing_else(name):
    text, expected = PLANTED[name]

    assert found(text, handlers={"airtime.buy"}) == expected


def test_the_planted_set_knows_every_rule():
    assert {rule for _, expected in PLANTED.values() for _, _, rule in expected} == set(RULES)


def test_the_menu_that_they_are_planted_in_has_none():
    assert found(SOUND, handlers={"airtime.buy"}) == []


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_nothing_is_found_in_a_shipped_menu(path):
    assert found(path.read_text(encoding="utf-8")) == []


def test_the_shipped_menus_go_together():
    every = examine_all({path.name: path.read_text(encoding="utf-8") for path in SHIPPED})

    assert [mistake for examined in every.values() for mistake in examined.mistakes] == []


def test_a_menu_of_every_key_has_no_mistake():
    assert found(EVERY_KEY) == []


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.path)
def test_the_menu_of_every_key_has_it(key):
    values = [tomllib.loads(EVERY_KEY)]
    for part in key.path.replace("[]", ".[]").split("."):
        if part == "[]":
            values = [below for value in values for below in value]
        elif part == "*":
            values = [below for value in values for below in value.values()]
        else:
            values = [value[part] for value in values if part in value]

    assert values


def test_warnings_do_not_stop_a_menu_and_errors_do():
    unreachable, _ = PLANTED["a screen that nobody comes to"]
    menu, mistakes = examine(unreachable, "wallet.toml")

    assert "help" in menu.screens
    assert [mistake.warning for mistake in mistakes] == [True]
    assert "help" in parse(unreachable, "wallet.toml").screens

    dead_end, _ = PLANTED["a dead end"]
    menu, mistakes = examine(dead_end, "wallet.toml")

    assert menu is None
    assert [mistake.warning for mistake in mistakes] == [False]
    with pytest.raises(MenuError):
        parse(dead_end, "wallet.toml")


def test_an_import_string_is_tried_by_whoever_asks():
    text = SOUND.replace("airtime.buy", "airtime:buy")

    assert found(text) == []
    assert found(text, imported=lambda name: f"{name} is not there") == [
        (34, "screens.buy.handler", "missing-handler"),
    ]
