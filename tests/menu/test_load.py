import contextlib
import json
import tomllib
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ussd_gateway.menu.keys import names
from ussd_gateway.menu.load import examine, parse
from ussd_gateway.menu.mistakes import RULES, MenuError
from ussd_gateway.menu.profiles import Limits, Navigation
from ussd_gateway.menu.templates import render_json, render_text

SOUND = (Path(__file__).parent / "every_key.toml").read_text(encoding="utf-8")

PORTAL = """\
title = "Portal"
codes = ["*111#"]

[screens.main]
text = { ru = "Портал", en = "Portal" }
choices = [
    { key = "1", label = { ru = "Баланс", en = "Balance" }, to = "balance" },
    { key = "2", label = { ru = "Выход", en = "Exit" }, to = "bye" },
    { key = "25", to = "password", hidden = true },
]

[screens.balance]
handler = "selfcare.balance"
text = { ru = "{{ balance | money }}", en = "{{ balance | money }}" }
end = true

[screens.password]
handler = "selfcare.password"
on = { sent = "bye" }
secrets = ["password"]
failure = { ru = "Пароля нет.", en = "No password." }

[screens.bye]
text = { ru = "До свидания!", en = "Bye!" }
end = true
"""

HANDLERS = {"selfcare.balance", "selfcare.password"}


def load(text):
    return parse(text, "portal.toml", handlers=HANDLERS)


def mistakes(text):
    with pytest.raises(MenuError) as raised:
        load(text)
    return str(raised.value).splitlines()


def changed(old, new):
    assert old in PORTAL
    return PORTAL.replace(old, new, 1)


def test_a_file_becomes_a_menu():
    menu = load(PORTAL)

    assert menu.title == "Portal"
    assert menu.codes == ("*111#",)
    assert menu.start == "main"
    assert menu.source == "portal.toml"
    assert list(menu.screens) == ["main", "balance", "password", "bye"]
    assert [(choice.key, choice.to, choice.hidden) for choice in menu.screens["main"].choices] == [
        ("1", "balance", False),
        ("2", "bye", False),
        ("25", "password", True),
    ]
    assert menu.screens["main"].texts["ru"].source == "Портал"
    assert menu.screens["password"].secrets == ("password",)
    assert menu.screens["password"].on == {"sent": "bye"}
    assert menu.screens["password"].failure == {"ru": "Пароля нет.", "en": "No password."}
    assert menu.screens["bye"].end


def test_templates_are_compiled_when_the_file_is_loaded():
    menu = load(PORTAL)

    assert menu.screens["balance"].texts["ru"].template is not None
    assert menu.screens["bye"].texts["ru"].template is None


def test_what_a_file_leaves_out_has_usual_values():
    menu = load(PORTAL)

    assert menu.languages == ("ru", "en")
    assert menu.navigation.keys == ("0", "00", "9")
    assert menu.phrases["back"] == {"ru": "Назад", "en": "Back"}
    assert menu.code_languages == {}


def test_navigation_and_phrases_can_be_the_operators_own():
    menu = load(
        changed("[screens.main]", '[navigation]\nmore = "98"\n[phrases]\nmore = { en = "Next" }\n[screens.main]')
    )

    assert menu.navigation.keys == ("0", "00", "98")
    assert menu.phrases["more"] == {"ru": "Далее", "en": "Next"}


def test_a_menu_of_one_language_writes_plain_texts():
    menu = parse(
        """
        title = "Airtime"
        codes = ["*131#"]
        languages = ["en"]
        [screens.main]
        text = "You have 5.00."
        end = true
        """,
        "airtime.toml",
    )

    assert menu.screens["main"].texts["en"].source == "You have 5.00."
    assert menu.spoken == ("en",)


def test_handlers_may_be_anything_where_none_are_given_and_import_strings_always():
    parse(changed("selfcare.balance", "someone.else"), "portal.toml")
    load(changed("selfcare.balance", "package.module:function"))


def every_key():
    return parse(SOUND, "every_key.toml")


def test_the_head_of_a_file_becomes_the_head_of_a_menu():
    menu = every_key()

    assert menu.navigation == Navigation("0", "00", "98", "000")
    assert menu.limits == Limits(160, 80, "page")
    assert (menu.numbers.country, menu.currency) == ("254", "KES")
    assert menu.variables["packages"][1] == {"name": "Weekly", "price": 9900}
    assert menu.remembered == ("name",)
    assert (menu.resume, menu.resume_within) == ("ask", 300)
    assert menu.phrases["goodbye"] == {"ru": "До свидания!", "en": "Bye!"}


def test_choices_have_conditions_and_set_variables():
    send, loan, packages, *_ = every_key().screens["main"].choices

    assert (send.when, send.sets) == (None, {})
    assert loan.when.evaluate({"balance": 999})
    assert packages.sets == {"plan": "daily"}


def test_an_input_becomes_an_input():
    screens = every_key().screens
    amount, pin, day = (screens[name].input for name in ("amount", "pin", "date"))

    assert (amount.name, amount.kind, amount.to) == ("amount", "amount", "friend")
    assert (amount.least, amount.most) == (Decimal(10), Decimal(5000))
    assert (amount.tries, amount.exhausted) == (3, "sorry")
    assert amount.errors["en"].source == "10 to 5,000, please."
    assert (pin.kind, pin.pattern, pin.secret) == ("text", "[0-9]{4}", True)
    assert day.least.evaluate({"today": date(2018, 4, 27)}) == date(2018, 4, 27)
    assert day.most == date(2030, 12, 31)


def test_a_list_and_a_confirm_become_their_parts():
    menu = every_key()
    listing, confirm = menu.screens["packages"].listing, menu.screens["buy"].confirm

    assert listing.of.evaluate(menu.variables) == menu.variables["packages"]
    assert (listing.name, listing.to, listing.empty["en"].source) == ("package", "buy", "No packages today.")
    assert confirm.price.evaluate({"package": {"price": 2000}}) == 2000
    assert (confirm.to, confirm.cancel) == ("bought", "main")


def test_a_call_becomes_its_templates():
    rate, old = (every_key().screens[name].fetch for name in ("rate", "old_rate"))

    assert render_text(rate.url, {"msisdn": "254712345678"}) == "https://api.example.org/rates/254712345678"
    assert (rate.method, rate.timeout, rate.error) == ("POST", 3, "old_rate")
    assert rate.fields == {"rate": "data.items[0].rate"}
    assert rate.headers["Accept"].source == "application/json"
    assert render_json(rate.json, {"plan": "daily", "code": "*334#"}) == {"plan": "daily", "lines": [1, "*334#"]}
    assert rate.form is None
    assert old.form["plan"].source == "{{ plan }}"
    assert (old.json, old.timeout, old.fields) == (None, 5, {})


def test_what_is_computed_and_where_it_leads():
    check, bought = every_key().screens["check"], every_key().screens["bought"]
    variables = {"amount": 1000, "fee": 100, "balance": 1000}
    total = check.computed["total"].evaluate(variables)

    assert total == 1100
    assert check.route.evaluate({**variables, "total": total}) == "poor"
    assert check.on == {"poor": "sorry", "ok": "gift"}
    assert (bought.handler, bought.otherwise, bought.failure["en"]) == ("airtime:buy", "sorry", "Sorry.")


def test_what_leaves_when_a_screen_is_entered():
    gift, password = every_key().screens["gift"], every_key().screens["password"]

    assert (gift.sms.source, gift.sms.to.source) == ("MPESA", "{{ friend }}")
    assert render_text(gift.sms.texts["en"], {"amount": 2000}) == "KES 20.00 for you."
    assert (gift.push.to.source, gift.push.screen) == ("{{ friend }}", "received")
    assert (password.secrets, password.fresh) == (("password",), True)


SWAHILI = """title = "x"
codes = ["*1#"]
languages = ["sw"]
[phrases]
back = "Nyuma"
home = "Nyumbani"
more = "Zaidi"
wrong = "Hapana"
failure = "Samahani"
"""

# What a menu without usual words is asked for beside the five that any menu can say.
WORDS = {
    'text = "Karibu"\nend = true': [],
    'text = "Jina?"\ninput = { name = "x", to = "end" }': ["wrong_input"],
    'text = "Jina?"\ninput = { name = "x", to = "end", tries = 3 }': ["wrong_input", "too_many"],
    'text = "Jina?"\ninput = { name = "x", to = "end", tries = 3, exhausted = "end" }': ["wrong_input"],
    'text = "x"\nlist = { of = "[1]", as = "x", label = "x", to = "end" }': ["empty"],
    'text = "x"\nlist = { of = "[1]", as = "x", label = "x", to = "end", empty = "Hakuna" }': [],
    'text = "x"\nconfirm = { to = "end" }': ["yes", "no", "cancelled"],
    'text = "x"\nconfirm = { to = "end", price = "100", cancel = "end" }': ["price", "yes", "no"],
}


@pytest.mark.parametrize("screen", WORDS)
def test_a_language_without_usual_words_needs_those_that_the_menu_can_say(screen):
    _, found = examine(f'{SWAHILI}[screens.main]\n{screen}\n[screens.end]\ntext = "x"\nend = true\n', "x.toml")
    missing = [mistake.key for mistake in found if mistake.rule == "missing-translation"]

    assert sorted(missing) == sorted(f"phrases.{name}" for name in WORDS[screen])


def test_asking_to_resume_and_an_exit_key_need_words_too():
    head = SWAHILI.replace("[phrases]", 'resume = "ask"\nnavigation.exit = "000"\n[phrases]')
    _, found = examine(head + '[screens.main]\ntext = "x"\nend = true\n', "x.toml")

    assert [mistake.key for mistake in found] == [
        f"phrases.{name}" for name in ("exit", "yes", "no", "goodbye", "resume")
    ]


BOUNDS = {
    'kind = "number", min = 1, max = 5': [],
    'kind = "number", max = "items | length"': [],
    'kind = "number", min = 1.5': ["input.min: must be a whole number"],
    'kind = "amount", min = 0.5, max = "items"': [],
    'kind = "amount", min = 5, max = 0.5': ["input.max: is less than min, 5"],
    'kind = "amount", max = "items |"': [
        "input.max: is no expression: unexpected end of template, expected 'name'.",
    ],
    'kind = "date", min = 2018-04-27, max = "today + days(30)"': [],
    'kind = "date", max = 30': [
        'input.max: must be a date such as 2018-04-27, or an expression such as "today"',
    ],
    'kind = "date", min = 2018-04-27T07:30:00': [
        'input.min: must be a date such as 2018-04-27, or an expression such as "today"',
    ],
    'kind = "date", min = 2018-04-27, max = 2018-04-26': ["input.max: is less than min, 2018-04-27"],
    "min = 1, max = 20": [],
    'max = "20"': ["input.max: must be a number, not a string"],
    "min = -1": ["input.min: is the length of a text; it cannot be negative"],
    "min = 0.5": ["input.min: must be a whole number"],
    'kind = "msisdn", min = 10': ['input.min: does not go with kind = "msisdn"; use pattern'],
}


@pytest.mark.parametrize("bounds", BOUNDS)
def test_bounds_are_of_the_kind_of_the_input(bounds):
    body = f"""title = "x"
codes = ["*1#"]
languages = ["en"]
variables.items = 3
[screens.main]
text = "x"
input = {{ name = "x", to = "main", tries = 1, {bounds} }}
"""
    _, found = examine(body, "x.toml")

    assert [f"{mistake.key}: {mistake.message}" for mistake in found] == [
        f"screens.main.{each}" for each in BOUNDS[bounds]
    ]


MISTAKES = {
    "a target that does not exist": (
        changed('to = "balance"', 'to = "balanse"'),
        'portal.toml:7: screens.main.choices[0].to: there is no screen "balanse"; did you mean "balance"?',
    ),
    "a target of on that does not exist": (
        changed('sent = "bye"', 'sent = "good"'),
        'portal.toml:19: screens.password.on.sent: there is no screen "good"; known: balance, bye, main, password',
    ),
    "a start that does not exist": (
        changed("[screens.main]", 'start = "mian"\n[screens.main]'),
        'portal.toml:4: start: there is no screen "mian"; did you mean "main"?',
    ),
    "no start at all": (
        changed("[screens.main]", "[screens.first]"),
        'portal.toml:1: start: there is no screen "main"; known: balance, bye, first, password',
    ),
    "an unknown key of the file": (
        changed("title =", 'nmae = "x"\ntitle ='),
        "portal.toml:1: nmae: is unknown; known: code_languages, codes, currency, languages, limits, "
        "navigation, phrases, profile, remember, resume, resume_within, screens, start, title, variables",
    ),
    "an unknown key of a screen": (
        changed("secrets =", "secret ="),
        'portal.toml:20: screens.password.secret: is unknown; did you mean "secrets"?',
    ),
    "an unknown key of a choice": (
        changed("hidden = true", 'hidden = true, lable = "x"'),
        'portal.toml:9: screens.main.choices[2].lable: is unknown; did you mean "label"?',
    ),
    "a number for a key": (
        changed('key = "2"', "key = 2"),
        "portal.toml:8: screens.main.choices[1].key: must be a string, not a number",
    ),
    "a string for end": (
        changed("end = true", 'end = "yes"'),
        "portal.toml:15: screens.balance.end: must be true or false, not a string",
    ),
    "a screen that is no table": (
        changed("[screens.main]", "[screens]\nextra = 1\n[screens.main]"),
        "portal.toml:5: screens.extra: must be a table, not a number",
    ),
    "a choice that is no table": (
        changed("choices = [", 'choices = [ "x",'),
        "portal.toml:6: screens.main.choices[0]: must be a table, not a string",
    ),
    "a choice that leads nowhere": (
        changed(', to = "balance"', ""),
        "portal.toml:7: screens.main.choices[0].to: is missing",
    ),
    "a visible choice without a label": (
        changed(", hidden = true", ""),
        "portal.toml:9: screens.main.choices[2].label: is missing; a choice without a label is hidden = true",
    ),
    "no screens": (
        'title = "x"\ncodes = ["*1#"]\n[screens]',
        "portal.toml:3: screens: is empty",
    ),
    "no codes": (
        changed('"*111#"', ""),
        "portal.toml:2: codes: is empty",
    ),
    "a bad service code": (
        changed("*111#", "*111"),
        'portal.toml:2: codes[0]: "*111" is not a service code such as *111# or *111*25#',
    ),
    "a code twice": (
        changed('["*111#"]', '["*111#",\n"*111#"]').replace('"*111#"]', '"*111#"]', 1),
        'portal.toml:3: codes[1]: "*111#" stands here twice',
    ),
    "a language for another menu's code": (
        changed("[screens.main]", 'code_languages = { "#111#" = "latin" }\n[screens.main]'),
        'portal.toml:4: code_languages."#111#": is not among the codes; did you mean "*111#"?',
    ),
    "an unknown language for a code": (
        changed("[screens.main]", 'code_languages = { "*111#" = "latn" }\n[screens.main]'),
        'portal.toml:4: code_languages."*111#": "latn" is no language of this menu; did you mean "latin"?',
    ),
    "an unknown language of a screen": (
        changed("[screens.bye]", '[screens.bye]\nlanguage = "de"'),
        'portal.toml:24: screens.bye.language: "de" is no language of this menu; known: en, latin, ru',
    ),
    "Latin as a language to write": (
        changed("[screens.main]", 'languages = ["ru", "en", "latin"]\n[screens.main]'),
        'portal.toml:4: languages: "latin" is made of the Russian text; it is not written',
    ),
    "no languages": (
        changed("[screens.main]", "languages = []\n[screens.main]"),
        "portal.toml:4: languages: is empty",
    ),
    "a text missing in a language": (
        changed(', en = "Bye!"', ""),
        "portal.toml:24: screens.bye.text: has no text in en",
    ),
    "a label missing in a language": (
        changed('ru = "Выход", ', ""),
        "portal.toml:8: screens.main.choices[1].label: has no text in ru",
    ),
    "a text in no language": (
        changed('{ ru = "До свидания!", en = "Bye!" }', '"Bye!"'),
        'portal.toml:24: screens.bye.text: must be a text in each language: { ru = "...", en = "..." }',
    ),
    "a text in a language that the menu has not": (
        changed('en = "Bye!"', 'en = "Bye!", sw = "Kwaheri!"'),
        "portal.toml:24: screens.bye.text.sw: is no language of this menu; known: en, ru",
    ),
    "an empty text": (
        changed('"Bye!"', '" "'),
        "portal.toml:24: screens.bye.text.en: is empty",
    ),
    "no phrases in the menu's own language": (
        'title = "x"\ncodes = ["*1#"]\nlanguages = ["sw"]\n[screens.main]\ntext = "Karibu"\nend = true\n'
        '[phrases]\nback = "Nyuma"\nhome = "Nyumbani"\nmore = "Zaidi"\nwrong = "Hapana"\n',
        "portal.toml:7: phrases.failure: has no words in sw",
    ),
    "no phrases at all in the menu's own language": (
        'title = "x"\ncodes = ["*1#"]\nlanguages = ["sw"]\n[screens.main]\ntext = "Karibu"\nend = true\n',
        "portal.toml:3: languages: the gateway has words of its own in ru and en only; "
        "write [phrases] with back, failure, home, more, wrong in sw",
    ),
    "a template in a phrase": (
        changed("[screens.main]", '[phrases]\nfailure = { en = "{{ balance }}" }\n[screens.main]'),
        "portal.toml:5: phrases.failure.en: is shown as it is; it cannot have variables",
    ),
    "a mistake in a template": (
        changed('ru = "{{ balance | money }}"', 'ru = "{{ balance | money"'),
        "portal.toml:14: screens.balance.text.ru: line 1 of the text: unexpected end of template, "
        "expected 'end of print statement'.",
    ),
    "an unknown filter": (
        changed('ru = "{{ balance | money }}"', 'ru = "{{ balance | mony }}"'),
        "portal.toml:14: screens.balance.text.ru: line 1 of the text: No filter named 'mony'; did you mean \"money\"?",
    ),
    "an unknown handler": (
        changed('"selfcare.balance"', '"selfcare.balanse"'),
        'portal.toml:13: screens.balance.handler: there is no handler "selfcare.balanse"; '
        'did you mean "selfcare.balance"?',
    ),
    "a broken import string": (
        changed('"selfcare.balance"', '"selfcare:"'),
        'portal.toml:13: screens.balance.handler: "selfcare:" is not an import string such as package.module:function',
    ),
    "routes without a handler": (
        changed("[screens.bye]", '[screens.bye]\non = { done = "main" }'),
        "portal.toml:24: screens.bye.on: needs a handler, http or route whose word it can go by",
    ),
    "a key twice on a screen": (
        changed('key = "2"', 'key = "1"'),
        'portal.toml:8: screens.main.choices[1].key: "1" is already taken by choices[0]',
    ),
    "a key that cannot be dialled": (
        changed('key = "2"', 'key = "2*"'),
        'portal.toml:8: screens.main.choices[1].key: "2*" cannot be dialled: no spaces, no * and no #',
    ),
    "navigation that cannot be dialled": (
        changed("[screens.main]", '[navigation]\nback = "#"\n[screens.main]'),
        'portal.toml:4: navigation: "#" cannot be dialled: no spaces, no * and no #',
    ),
    "navigation that collides with itself": (
        changed("[screens.main]", '[navigation]\nback = "9"\n[screens.main]'),
        "portal.toml:4: navigation: back, home, more and exit must differ: 9, 00, 9",
    ),
    "a dead end": (
        changed(
            '[screens.bye]\ntext = { ru = "До свидания!", en = "Bye!" }\nend = true',
            '[screens.bye]\ntext = { ru = "До свидания!", en = "Bye!" }',
        ),
        "portal.toml:23: screens.bye: is a dead end: it has neither choices nor end = true",
    ),
    "a screen that says nothing": (
        changed('text = { ru = "До свидания!", en = "Bye!" }\n', ""),
        "portal.toml:23: screens.bye.text: is missing; only a screen that always goes on by a word has none",
    ),
    "an end with choices": (
        changed("[screens.bye]", '[screens.bye]\nchoices = [{ key = "1", to = "main", hidden = true }]'),
        "portal.toml:24: screens.bye.choices: a screen that ends the dialogue has no choices",
    ),
    "handlers that go on to each other for ever": (
        changed('sent = "bye"', 'sent = "bye", again = "password"'),
        "portal.toml:19: screens.password.on.again: may come back here without asking the user anything",
    ),
    "a text that nobody would page through": (
        changed("До свидания!", "До свидания! " * 200),
        "portal.toml:24: screens.bye.text: in ru, takes 40 pages; 20 are the most",
    ),
    "a failure that no screen can carry": (
        changed("Пароля нет.", "Пароля нет. " * 20),
        "portal.toml:21: screens.password.failure: in ru, is longer than a screen",
    ),
    "a notice that no screen can carry": (
        changed("[screens.main]", f'[phrases]\nwrong = {{ ru = "{"Нет. " * 40}" }}\n[screens.main]'),
        "portal.toml:5: phrases.wrong: in ru, is longer than a screen",
    ),
    "page keys that leave no room for a text": (
        changed("[screens.main]", f'[phrases]\nmore = {{ ru = "{"Д" * 70}" }}\n[screens.main]'),
        "portal.toml:4: phrases: in ru, more and back leave no room for a text on a page",
    ),
}


@pytest.mark.parametrize(
    ("pattern", "slow"),
    [("(a|aa)+$", True), ("(0|00)+1", True), ("[0-9]{4}", False), ("(a+)+b", False), ("[^@ ]+@[^@ ]+", False)],
)
def test_a_pattern_that_would_hold_the_gateway_up_is_told_before_anybody_types(pattern, slow):
    screens = f"[screens.main]\ntext = 'x'\ninput = {{ name = 'x', pattern = '{pattern}', to = 'end' }}\n"
    head = 'title = "x"\ncodes = ["*1#"]\nlanguages = ["en"]\n'
    _, found = examine(f'{head}{screens}[screens.end]\ntext = "x"\nend = true\n', "x.toml")

    assert [mistake.key for mistake in found] == ["screens.main.input.pattern"] * slow
    assert all("takes too long" in mistake.message for mistake in found)


# What people write who meet TOML for the first time, and what tomllib does not tell them.
WAYS_OUT = {
    "title = “Air”": "straight quotes",
    "title = Air": "straight quotes",
    "hidden = True": "true and false are small",
    'title = "Air': "the quotes at its end are missing",
    'title = "Air\ncodes = []': "the quote at the end of the line is missing",
    'title: "Air"': 'a line is key = "value"',
    'pattern = "\\d{4}"': "in single quotes",
    'choices = [{ key = "1" }\n{ key = "2" }]': "a comma or the closing bracket is missing here or above",
    'choices = [{ key = "1",\nto = "a" }]': "braces stand on one line",
    'text = { en = "Hi", }': "without a comma before the last of them",
    "[screens.my pin]": "in quotes",
    "[screens.a]\n[screens.a]": "give one of them another name",
    'title = "a"\ntitle = "b"\n': "the key stands twice",
    'text = "The "Air" menu"': r"a quote in a text wants a \ in front of it",
}


@pytest.mark.parametrize("text", WAYS_OUT)
def test_what_is_no_toml_has_a_way_out_too(text):
    (mistake,) = examine(text, "m.toml").mistakes

    assert mistake.rule == "syntax"
    assert WAYS_OUT[text] in mistake.message


@pytest.mark.parametrize(
    ("route", "asked"),
    [("kind = 'a'", True), ("(kind = 'a')", True), ("kind == 'a' b", False), ("kind >= 'a' b", False)],
)
def test_one_sign_of_equality_is_asked_about(route, asked):
    _, found = examine(changed('handler = "selfcare.password"', f'route = "{route}"'), "portal.toml")

    assert any(mistake.message.endswith("; to compare, write ==") for mistake in found) is asked
    assert "bad-expression" in {mistake.rule for mistake in found}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_file_line_and_key(name):
    text, told = MISTAKES[name]

    assert told in mistakes(text)


# What is too long in Russian is too long in Latin.
ALONE = MISTAKES.keys() - {"a notice that no screen can carry", "a failure that no screen can carry"}


@pytest.mark.parametrize("name", sorted(ALONE))
def test_one_mistake_is_told_once(name):
    text, told = MISTAKES[name]

    assert mistakes(text) == [told]


def test_all_mistakes_of_a_file_are_told_at_once_in_its_order():
    text = changed('to = "balance"', 'to = "balanse"').replace('key = "2"', "key = 2").replace("Bye!", "")

    assert [line.split(": ")[1] for line in mistakes(text)] == [
        "screens.main.choices[0].to",
        "screens.main.choices[1].key",
        "screens.bye.text.en",
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [('title = "x"\ncodes = [\n"a" "b"]', 3), ('title = "x"\ncodes = [', 2), ("a = 1\n\na = 2", 3)],
)
def test_text_that_is_no_toml_has_its_line(text, line):
    with pytest.raises(MenuError) as raised:
        load(text)

    assert raised.value.line == line
    assert " line " not in raised.value.message


NAMES = ["main", "x", "latin", "selfcare.balance", "a:b", "*1#", "1", "0", "balance", "[1, 2]", "today", "http://x"]
ODD = [
    *(True, 3, 0, -1, 1.5, float("inf"), 16**5000, date(2018, 4, 27), datetime(2018, 4, 27, 7, 30), time(7, 30)),
    *("", " ", *NAMES, "{{ x }}", "{% if", "{{ x", "1 <", "1 +" * 1000 + "1", "(" * 1000, "[0-9", "\x00", "x" * 500),
    *([], ["x"], ["ru"], ["sw"], [3], [[]], [{}], [{"key": "1", "to": "main"}]),
    *(
        [{"key": 1, "label": 2, "to": 3, "hidden": 4}],
        {},
        {"ru": "x"},
        {"ru": "x", "en": "{{ x"},
        {"ru": "x", "en": "y"},
    ),
    *({"ru": {}, "en": 1}, {"done": "main"}, {"": ""}, {"back": "0", "home": "x"}, {"back": {"ru": "x" * 200}}),
    *({"more": "x"}, {"*1#": "latin"}, {"name": "x", "to": "main"}, {"of": "[1]", "as": "x", "to": "main"}),
    *({"price": "1 // 0", "to": "main"}, {"url": "http://{{ x }}", "error": "main"}, {"shown": 20, "policy": "error"}),
]
values = st.sampled_from(ODD)


def toml(value):
    match value:
        case bool():
            return str(value).lower()
        case int():
            return hex(value) if value >= 0 else str(value)
        case float():
            return str(value)
        case date() | time():
            return value.isoformat()
        case str():
            return json.dumps(value, ensure_ascii=True)
        case list():
            return f"[{', '.join(map(toml, value))}]"
    return "{" + ", ".join(f"{json.dumps(key)} = {toml(inner)}" for key, inner in value.items()) + "}"


def a_table(grammar):
    """A table with any of its keys, each with anything or, where the grammar has a table, with another such one."""
    below = dict.fromkeys(names(grammar), values)
    for name in below:
        inner = f"{grammar}.{name}" if grammar else name
        if name != "screens" and names(inner):
            below[name] = values | a_table(inner)
    return st.fixed_dictionaries({}, optional=below)


@settings(deadline=None)
@given(a_table(""), st.dictionaries(st.sampled_from(["main", "x"]), values | a_table("screens.*")))
def test_any_toml_is_a_menu_or_a_menu_error(file, screens):
    file.setdefault("screens", screens)
    text = "".join(f"{key} = {toml(value)}\n" for key, value in file.items())
    tomllib.loads(text)

    with contextlib.suppress(MenuError):
        load(text)


def paths(value, path=()):
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*path, key)
        yield from paths(inner, (*path, key))


@settings(deadline=None)
@given(st.sampled_from(list(paths(tomllib.loads(SOUND)))), values)
def test_a_sound_menu_with_anything_in_one_place_is_a_menu_or_has_mistakes_in_lines_that_it_has(path, value):
    file = tomllib.loads(SOUND)
    *around, last = path
    place = file
    for key in around:
        place = place[key]
    place[last] = value
    text = "".join(f"{key} = {toml(value)}\n" for key, value in file.items())

    menu, mistakes = examine(text, "every_key.toml")

    assert menu is not None or [mistake for mistake in mistakes if not mistake.warning]
    assert all(1 <= mistake.line <= len(file) for mistake in mistakes)
    assert all(mistake.rule in RULES for mistake in mistakes)


@given(st.text())
def test_any_text_is_a_menu_or_a_menu_error(text):
    with contextlib.suppress(MenuError):
        load(text)


@pytest.mark.parametrize("text", ["x = " + "[" * 5000, "x = " + "9" * 5000, "x." * 3000 + "x = 1", "\x00"])
def test_a_text_that_is_too_much_for_toml_is_a_menu_error(text):
    with pytest.raises(MenuError):
        load(text)


@pytest.mark.parametrize("depth", range(20, 500, 20))
def test_however_deep_it_is_it_is_a_menu_or_a_menu_error(depth):
    deep = "[" * depth + "]" * depth
    sums = "(" * depth + "1" + ")" * depth
    http = f'http = {{ url = "http://x", json = {deep} }}'

    for screen in (http, f'compute = {{ x = "{sums}" }}', f'text = "{{{{ {sums} }}}}"', f"text = {deep}"):
        with contextlib.suppress(MenuError):
            parse(f'title = "x"\ncodes = ["*1#"]\nvariables = {{ x = {deep} }}\n[screens.main]\n{screen}\n', "x.toml")
