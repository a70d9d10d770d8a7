import pytest

from ussd_gateway.menu.check_screens import said_by
from ussd_gateway.menu.load import examine
from ussd_gateway.menu.templates import compile_expression

HEAD = 'title = "T"\ncodes = ["*1#"]\nlanguages = ["en"]\n'
END = '[screens.end]\ntext = "Bye"\nend = true\n'


def told(body, head=HEAD, handlers=("known",)):
    _, mistakes = examine(head + body, "m.toml", handlers=handlers)
    return [f"{mistake.key}: {mistake.message}" for mistake in mistakes]


def choices(*keys, screen="main", text="Hi", to="end"):
    rows = "".join(f'    {{ key = "{key}", label = "x", to = "{to}"{rest} }},\n' for key, rest in keys)
    return f'[screens.{screen}]\ntext = "{text}"\nchoices = [\n{rows}]\n'


def test_one_key_means_one_choice():
    body = choices(("1", ""), ("1", "")) + END

    assert told(body) == ['screens.main.choices[1].key: "1" is already taken by choices[0]']


def test_one_key_may_mean_two_choices_that_are_there_at_different_times():
    assert told(choices(("1", ', if = "code"'), ("1", "")) + END) == []
    assert told(choices(("1", ', if = "code"'), ("1", ', if = "not code"')) + END) == []


@pytest.mark.parametrize("first", ["", ', if = "code"'])
def test_a_choice_that_another_always_takes_is_shadowed(first):
    body = choices(("1", first), ("1", ', if = "code"')) + END

    assert told(body) == [
        'screens.main.choices[1].key: "1" always means choices[0]; put this one first, or give that one an if'
    ]


# Keys of navigation are answers where they lead nowhere.
def test_back_and_home_shadow_where_there_is_history():
    body = choices(("0", "")) + END
    later = choices(("1", ""), to="next") + choices(("0", ""), ("00", ""), screen="next") + END

    assert told(body) == []
    assert told(later) == [
        'screens.next.choices[0].key: "0" is the key for back here; give the choice another, or navigation.back',
        'screens.next.choices[1].key: "00" is the key for home here; give the choice another, or navigation.home',
    ]


def test_more_shadows_where_there_may_be_another_page():
    on_nine = ("9", "")

    assert told(choices(on_nine) + END) == []
    assert len(told(choices(on_nine, text="word " * 60) + END)) == 1
    unknown = choices(on_nine, text="{{ news }}").replace("text =", 'handler = "known"\ntext =')
    assert len(told(unknown + END)) == 1


def test_exit_shadows_everywhere():
    assert len(told(choices(("5", "")) + END, HEAD + 'navigation.exit = "5"\n')) == 1


HANDLERS = {
    "nothing": [],
    "known": [],
    "knwon": ['screens.main.handler: there is no handler "knwon"; did you mean "known"?'],
    "package.module:function": [],
    "package:": ['screens.main.handler: "package:" is not an import string such as package.module:function'],
}


@pytest.mark.parametrize("name", HANDLERS)
def test_a_handler_is_known_or_an_import_string(name):
    body = f'[screens.main]\nhandler = "{name}"\non = {{ x = "end" }}\n{END}'

    assert told(body, handlers=("known", "nothing")) == HANDLERS[name]


SCREENS = {
    'text = "Hi"': "screens.main: is a dead end: it has neither choices nor end = true",
    "end = true": "screens.main.text: is missing; only a screen that always goes on by a word has none",
    'text = "Hi"\nend = true\nconfirm = { to = "end" }': (
        "screens.main.confirm: a screen that ends the dialogue has no confirm"
    ),
    'text = "Hi"\ninput = { name = "x", to = "end" }\nconfirm = { to = "end" }': (
        "screens.main.confirm: stands in place of input; ask on a screen of its own"
    ),
    'text = "Hi"\nend = true\nhandler = "known"\nhttp = { url = "http://x" }': (
        "screens.main.http: does not go with handler: a screen has one or the other"
    ),
    'otherwise = "end"': "screens.main.otherwise: needs a handler, http or route whose word it can go by",
    "route = \"'x'\"": "screens.main.route: leads nowhere: on and otherwise are missing",
    'text = "Hi"\ninput = { name = "x", to = "end", exhausted = "end" }': (
        "screens.main.input.exhausted: is never come to: tries is missing"
    ),
}


@pytest.mark.parametrize("screen", SCREENS)
def test_parts_of_a_screen_that_do_not_go_together(screen):
    reached = '[screens.more]\ntext = "More"\nchoices = [{ key = "1", label = "x", to = "end" }]\n'
    mistakes = told(f'start = "more"\n[screens.main]\n{screen}\n{reached.replace("end", "main")}{END}')

    assert mistakes[0] == SCREENS[screen]


@pytest.mark.parametrize(
    ("navigation", "message"),
    [
        ('back = "#"', 'navigation: "#" cannot be dialled: no spaces, no * and no #'),
        ('exit = "0"', "navigation: back, home, more and exit must differ: 0, 00, 9, 0"),
    ],
)
def test_keys_of_navigation_can_be_dialled_and_differ(navigation, message):
    assert told(choices(("1", "")) + END, HEAD + f"navigation = {{ {navigation} }}\n") == [message]


ROUTES = {
    "total > balance": {"true", "false"},
    "not total": {"true", "false"},
    "code is defined": {"true", "false"},
    "'poor' if total > balance else 'ok'": {"poor", "ok"},
    "'a' if x else ('b' if y else 'c')": {"a", "b", "c"},
    "x > 1 and y > 1": {"true", "false"},
    "'poor' if total > balance": None,
    "x and y > 1": None,
    "plan": None,
    "plan | lower": None,
}


@pytest.mark.parametrize("route", ROUTES)
def test_the_words_of_a_route_are_read_off_it_where_they_can_be(route):
    assert said_by(compile_expression(route)) == ROUTES[route]
