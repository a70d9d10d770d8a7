import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import TemplateSyntaxError

from ussd_gateway.menu.templates import MAX_TEXT, RenderError, clean, compile_text, render_text


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
