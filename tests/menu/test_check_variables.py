import pytest

from ussd_gateway.menu.load import examine

HEAD = 'title = "T"\ncodes = ["*1#"]\nlanguages = ["en"]\n'
END = '[screens.end]\ntext = "Bye"\nend = true\n'


def told(body, head=HEAD):
    _, mistakes = examine(head + body, "m.toml")
    return [f"{mistake.key}: {mistake.message}" for mistake in mistakes]


def shown(text, way, head=HEAD):
    """What is told of a text behind a screen that leads there."""
    return told(f'[screens.main]\n{way}\n[screens.shown]\ntext = "{text}"\nend = true\n', head)


# A screen, and the variables that a screen behind it has.
SET = {
    'text = "Hi"\ninput = { name = "x", to = "shown" }': "x",
    'text = "Hi"\nchoices = [{ key = "1", label = "1", to = "shown", set = { x = 1 } }]': "x",
    'text = "Hi"\nlist = { of = "[1, 2]", as = "x", label = "{{ x }}", to = "shown" }': "x",
    'compute = { x = "1", y = "x + 1" }\nroute = "\'a\'"\non = { a = "shown" }': "y",
    'http = { url = "http://x", fields = { x = "data.x", result = "data.word" } }\non = { a = "shown" }': "x",
    'http = { url = "http://x" }\non = { a = "shown" }': "anything",
    'handler = "a:b"\non = { a = "shown" }': "anything",
    'text = "Hi"\nchoices = [{ key = "1", label = "1", to = "shown" }]': "msisdn",
    'text = "Hi"\nend = true\npush = { to = "1", screen = "shown" }': "dialled",
}


@pytest.mark.parametrize("way", SET)
def test_what_a_screen_sets_is_there_behind_it(way):
    assert shown(f"{{{{ {SET[way]} }}}}", way) == []


@pytest.mark.parametrize("way", [way for way, name in SET.items() if name != "anything"])
def test_what_nobody_sets_is_not(way):
    (mistake,) = shown("{{ unheard }}", way)

    assert mistake.startswith('screens.shown.text: nobody sets "unheard"; known: ')


def test_the_nearest_variable_is_named():
    way = 'text = "Hi"\ninput = { name = "amount", to = "shown" }'

    assert shown("{{ amuont }}", way) == ['screens.shown.text: nobody sets "amuont"; did you mean "amount"?']


def test_a_failed_call_sets_nothing():
    way = 'http = { url = "http://x", fields = { x = "x" }, error = "shown" }\ntext = "{{ x }}"\nend = true'

    assert shown("{{ x }}", way) == ['screens.shown.text: nobody sets "x"; known: code, dialled, msisdn, today']


TWO_WAYS = """text = "Hi"
choices = [
    { key = "1", label = "1", to = "shown", set = { x = 1 } },
    { key = "2", label = "2", to = "shown" },
]"""


def test_a_variable_that_a_way_leaves_out_is_a_warning():
    assert shown("{{ x }}", TWO_WAYS) == [
        'screens.shown.text: "x" is not set on every way here, as from "main"; '
        "begin with it in variables, or write x | default('')"
    ]


@pytest.mark.parametrize("text", ["{{ x | default('') }}", "{% if x is defined %}{{ x }}{% endif %}"])
def test_a_text_may_ask_first_whether_it_is_set(text):
    assert shown(text, TWO_WAYS) == []


def test_a_choice_may_ask_first_whether_it_is_set():
    asking = TWO_WAYS.replace('key = "2"', 'key = "2", if = "x is defined"')

    assert shown("{{ x }}", asking) == []


def test_what_is_remembered_is_not_there_the_first_time():
    way = 'text = "{{ x }}"\ninput = { name = "x", to = "shown" }'

    assert shown("{{ x }}", way, HEAD + 'remember = ["x"]\n') == [
        "screens.main.text: \"x\" is not set on every way here; begin with it in variables, or write x | default('')"
    ]
    assert shown("{{ x }}", way, HEAD + 'remember = ["x"]\nvariables.x = ""\n') == []


# Where else a variable can be used, each on the screen main.
USES = {
    "text": 'text = "{{ u }}"\nend = true',
    "choices[0].label": 'text = "x"\nchoices = [{ key = "1", label = "{{ u }}", to = "end" }]',
    "choices[0].if": 'text = "x"\nchoices = [{ key = "1", label = "x", to = "end", if = "u" }]',
    "input.error": 'text = "x"\ninput = { name = "x", to = "end", error = "{{ u }}" }',
    "input.max": 'text = "x"\ninput = { name = "x", kind = "number", to = "end", max = "u" }',
    "list.of": 'text = "x"\nlist = { of = "u", as = "x", label = "{{ x }}", to = "end" }',
    "list.label": 'text = "x"\nlist = { of = "[1]", as = "x", label = "{{ u }}", to = "end" }',
    "list.empty": 'text = "x"\nlist = { of = "[1]", as = "x", label = "x", to = "end", empty = "{{ u }}" }',
    "confirm.price": 'text = "x"\nconfirm = { to = "end", price = "u" }',
    "http.url": 'http = { url = "http://x/{{ u }}" }\non = { a = "end" }',
    "http.query.q": 'http = { url = "http://x", query = { q = "{{ u }}" } }\non = { a = "end" }',
    "http.json": 'http = { url = "http://x", json = { a = ["{{ u }}"] } }\non = { a = "end" }',
    "compute.a": 'compute = { a = "u" }\nroute = "a"\non = { a = "end" }',
    "route": 'route = "u"\non = { a = "end" }',
    "sms.text": 'text = "x"\nend = true\nsms = { from = "x", text = "{{ u }}" }',
    "sms.to": 'text = "x"\nend = true\nsms = { from = "x", text = "x", to = "{{ u }}" }',
    "push.to": 'text = "x"\nend = true\npush = { to = "{{ u }}", screen = "end" }',
}


@pytest.mark.parametrize("key", USES)
def test_every_place_of_a_variable_is_looked_at(key):
    first = told(f"[screens.main]\n{USES[key]}\n{END}")[0]

    assert first.startswith(f'screens.main.{key}: nobody sets "u"')


SECRET = (
    '[screens.main]\ntext = "PIN?"\ninput = { name = "pin", secret = true, to = "sent" }\n'
    '[screens.sent]\ntext = "Sent {{ pin }}"\nend = true\npush = { to = "1", screen = "theirs" }\n'
    '[screens.theirs]\ntext = "Their PIN is {{ pin }}"\nend = true\n'
)


def test_a_push_tells_no_secret():
    assert told(SECRET) == [
        'screens.theirs.text: "pin" is not set on every way here, as from "sent"; '
        "begin with it in variables, or write pin | default('')"
    ]
    assert told(SECRET.replace("secret = true, ", "")) == []


def test_no_secret_is_remembered():
    screens = SECRET.replace("Their PIN is {{ pin }}", "Hi")

    assert told(screens, HEAD + 'remember = ["pin"]\n') == [
        'remember[0]: "pin" is secret, and no secret is remembered; take it out'
    ]
    assert told(screens.replace("secret = true, ", ""), HEAD + 'remember = ["pin"]\n') == []


AGE = '[screens.main]\ntext = "Age?"\ninput = {{ name = "age"{}, to = "shown" }}\n[screens.shown]\n{}\nend = true\n'


@pytest.mark.parametrize(
    ("kind", "shown", "key"),
    [
        ("", 'text = "{{ age + 1 }}"', "text"),
        ("", 'text = "{{ age | money }}"', "text"),
        ("", 'compute = { left = "limit - age" }\ntext = "{{ left }}"', "compute.left"),
        (', kind = "number"', 'text = "{{ age + 1 }}"', ""),
        ("", 'text = "{{ age | int + 1 }}"', ""),
        ("", 'text = "{{ age }} {{ age | length + 1 }}"', ""),
        ("", 'compute = { age = "age | int" }\ntext = "{{ age + 1 }}"', ""),  # it is a number from there on
    ],
)
def test_a_text_that_is_counted_with_wants_a_kind(kind, shown, key):
    words = 'counts with "age", which is a text as its input has it; give that input a kind'

    found = told(AGE.format(kind, shown), HEAD + "variables = { limit = 18 }\n")
    assert found == ([f"screens.shown.{key}: {words}"] if key else [])


def test_a_handler_may_make_a_number_of_a_text():
    screens = AGE.format("", 'text = "{{ age + 1 }}"')

    assert told(screens.replace("[screens.shown]", '[screens.shown]\nhandler = "a:b"')) == []
