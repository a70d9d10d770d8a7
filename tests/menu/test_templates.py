import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import TemplateSyntaxError

from ussd_gateway.menu.templates import (
    MAX_TEXT,
    RenderError,
    clean,
    compile_expression,
    compile_json,
    compile_text,
    compile_url,
    names_in,
    names_in_expression,
    render_json,
    render_text,
)


def rendered(source, language="ru", **variables):
    return render_text(compile_text(source, language), variables)


def test_a_text_without_braces_needs_no_template():
    assert compile_text(" Баланс \n", "ru").template is None
    assert rendered(" Баланс \n") == "Баланс"


def test_money_is_kopecks_as_the_language_writes_them():
    assert rendered("{{ sum | money }}", "ru", sum=15000) == "150.00 р."
    assert rendered("{{ sum | money }}", "en", sum=15000) == "RUB 150.00"
    assert rendered("{{ sum | money }}", "ru", sum=-5) == "-0.05 р."
    assert rendered("{{ sum | money }}", "ru", sum=0) == "0.00 р."


@pytest.mark.parametrize("sum", [1.5, "150", None, True])
def test_money_is_whole_kopecks_and_nothing_else(sum):
    with pytest.raises(RenderError, match="TypeError"):
        rendered("{{ sum | money }}", sum=sum)


def test_a_variable_that_is_not_there_is_an_error_that_names_it():
    with pytest.raises(RenderError, match="'balance' is undefined"):
        rendered("{{ balance }}")


@pytest.mark.parametrize("source", ["{{ table[password] }}", "{{ password | int / 0 }}", "{{ password() }}"])
def test_an_error_never_quotes_a_value(source):
    with pytest.raises(RenderError) as raised:
        rendered(source, table={}, password="Secret123")

    assert "Secret123" not in str(raised.value)
    assert raised.value.__cause__ is None


@pytest.mark.parametrize(
    "source",
    ["{{ ''.__class__.__mro__ }}", "{{ xs.append(1) }}", "{{ xs.__init__.__globals__ }}"],
)
def test_a_template_cannot_reach_into_python_nor_change_a_variable(source):
    with pytest.raises(RenderError):
        rendered(source, xs=[])


def test_a_text_that_never_ends_is_cut():
    text = rendered("{% for i in range(999) %}{{ i }}{% endfor %}")

    assert len(text) == MAX_TEXT
    assert text.endswith("...")


def test_a_mistake_in_a_template_shows_when_the_file_is_loaded():
    with pytest.raises(TemplateSyntaxError):
        compile_text("{{ balance", "ru")


def test_lines_come_from_the_text_and_never_from_a_value():
    name = clean("Anna\r\n1 Free money\u2028\x1b[0m\u202e\ud800")

    assert name == "Anna 1 Free money [0m"
    assert rendered("{{ names | join('\\n') }}", names=clean(["a\nb", "c"])) == "a b\nc"


def test_values_inside_lists_and_tables_are_cleaned_too():
    assert clean({"a\n": ["b\x00", ("c\t",)], "n": 1}) == {"a ": ["b", ["c "]], "n": 1}


def test_a_value_that_was_not_cleaned_still_shows_no_control_characters():
    assert rendered("{{ x }}", x="a\x07\u200eb") == "ab"


@given(st.text())
def test_no_value_puts_a_control_character_or_a_line_on_a_screen(value):
    text = rendered("{{ value }}", value=clean(value))

    assert text.isprintable() or not any(letter < " " or "\x7f" <= letter < "\xa0" for letter in text)
    text.encode("utf-16-be")


# expressions


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("balance < 1000", False),
        ("'poor' if total > balance else 'ok'", "ok"),
        ("'poor' if total > balance", None),
        ("items | length", 2),
        ("items[1].price + total", 109),
        ("nothing | default(5)", 5),
        ("nothing is defined", False),
        ("'' if nothing is defined else none", None),
    ],
)
def test_an_expression_is_worked_out_and_keeps_its_type(source, value):
    variables = {"balance": 1000, "total": 9, "items": [{}, {"price": 100}]}

    assert compile_expression(source).evaluate(variables) == value


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("balanse < 1000", "'balanse' is undefined"),
        ("balanse", "'balanse' is undefined"),
        ("balance.amount", "'int object' has no attribute 'amount'"),
        ("item.prise", "'dict object' has no attribute 'prise'"),
        ("item[word]", "UndefinedError"),
        ("balance + word", "TypeError"),
        ("balance / 0", "ZeroDivisionError"),
        ("'a' * 10 ** 9", "* makes more than 2000 of it"),
    ],
)
def test_what_an_expression_lacks_is_named_but_for_values(source, words):
    with pytest.raises(RenderError) as raised:
        compile_expression(source).evaluate({"balance": 5, "item": {}, "word": "Secret123"})

    assert str(raised.value) == words


def test_a_mistake_in_an_expression_shows_when_the_file_is_loaded():
    for source in ("1 +", "", "a b", "{% if %}"):
        with pytest.raises(TemplateSyntaxError):
            compile_expression(source)


def test_the_variables_that_a_text_or_an_expression_needs_are_known():
    assert names_in("{{ a | money }} {% for b in c %}{{ b.d }}{% endfor %} {% set e = 1 %}{{ e }}") == {"a", "c"}
    assert names_in_expression("today + days(n) if range(3) else x.y") == {"today", "n", "x"}


def test_each_language_and_currency_writes_its_own():
    assert render_text(compile_text("{{ 5 | money }}", "en", "KES"), {}) == "KES 0.05"
    assert rendered("{{ 21 }} {{ 21 | plural('день', 'дня', 'дней') }}") == "21 день"
    assert rendered("{{ 21 | plural('day', 'days') }}", "en") == "days"


# what is sent


def test_values_in_an_address_are_encoded():
    assert render_text(compile_url("https://x/{{ a }}?b={{ b }}"), {"a": "ё/", "b": "&"}) == "https://x/%D1%91%2F?b=%26"


def test_json_keeps_its_shape_and_its_types():
    body = compile_json({"a": ["{{ n }}", "{{ n }}{{ n }}", {"b": "x"}], "c": 1.5})

    assert render_json(body, {"n": 7}) == {"a": [7, "77", {"b": "x"}], "c": 1.5}


def test_an_answer_that_is_too_deep_is_refused():
    deep = []
    for _ in range(100):
        deep = [deep]

    with pytest.raises(ValueError, match="deeper than 20"):
        clean(deep)
