from datetime import date

import pytest

from ussd_gateway.menu.load import parse
from ussd_gateway.menu.longest import Known, Longest
from ussd_gateway.menu.templates import compile_expression, compile_text

MENU = parse(
    """
title = "T"
codes = ["*1#", "*100#"]
languages = ["en"]
currency = "KES"
variables = { plan = "basic", items = [{ n = "Daily", p = 2000 }, { n = "Weekly", p = 100 }] }
[screens.main]
text = "Hi"
choices = [{ key = "1", label = "x", to = "name", set = { plan = "unlimited" } }]
[screens.name]
text = "Name?"
input = { name = "name", max = 3, to = "sum" }
[screens.sum]
text = "Sum?"
input = { name = "sum", kind = "amount", min = 1, max = 5000, to = "items" }
[screens.items]
text = "Items"
list = { of = "items", as = "item", label = "{{ item.n }}", to = "news" }
[screens.news]
handler = "a:b"
text = "{{ news }}"
end = true
""",
    "x.toml",
)

TEXTS = {
    "plain": Known("plain"),
    "{{ plan }}": Known("unlimited"),
    "{{ plan | upper }}, {{ code }}": Known("UNLIMITED, *100#"),
    "{{ name }}": Known("ЖЖЖ"),
    "{{ sum | money }}": Known("KES 5000.00"),
    "{{ item.n }}": Known("Weekly"),
    "{{ today | date }}": Known("28.12.2018"),
    "{% if plan == 'basic' %}cheap{% else %}expensive{% endif %}": Known("expensive"),
    "{% for item in items %}{{ item.n }} {% endfor %}": Known("Daily Weekly"),
    "News: {{ news }}": Known("News:", sure=False),
    "{% for each in news %}{{ each }}{% endfor %}.": Known(".", sure=False),
    "{{ plan | money }}": Known("", sure=False),
    "{% if news %}yes{% else %}no{{ news }}{% endif %}": Known("yes", sure=False),
}


@pytest.mark.parametrize("source", TEXTS)
def test_the_longest_of_a_text(source):
    text = compile_text(source, "en", "KES")
    longest = Longest(MENU)

    assert longest.text(text) == TEXTS[source]
    assert longest.text(text) == TEXTS[source]  # as it is kept


def test_values_beside_those_of_the_menu():
    text = compile_text("{{ item.n }}, {{ plan }}", "en")
    longest = Longest(MENU)

    assert longest.text(text, {"item": ({"n": "A"},)}) == Known("A, unlimited")
    assert longest.text(text, {"item": ({"n": "BB"},)}) == Known("BB, unlimited")


@pytest.mark.parametrize(
    ("source", "values"),
    [
        ("item.p", [2000, 100]),
        ("item.p * 2", [4000, 200]),
        ("1 // 0", []),
        ("news", []),
        ("today", [date(2018, 12, 28)]),
    ],
)
def test_what_an_expression_can_be(source, values):
    assert list(Longest(MENU).values(compile_expression(source))) == values
