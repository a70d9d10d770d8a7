import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.scenario.difference import compare, fitting_part


@pytest.mark.parametrize(
    ("how", "expected", "arrived", "words"),
    [
        ("exactly", "Услуга подключена.", "Услуга отключена.", "Услуга [-п-]о[-д-]{+т+}ключена."),
        ("exactly", "Готово.", "Готово!", "Готово[-.-]{+!+}"),
        ("exactly", "Готово", "Готово.", "Готово{+.+}"),
        ("containing", "Парол:", "Ваш Пароль: x", "Парол{+ь+}:"),
        ("containing", "отправлен", "Неверная команда", ""),
        ("matching", r"Пароль: (\S+)!", "Пароль: x.", r"the pattern fits as far as /Пароль: (\S+)/, and not on with /!/"),
        ("matching", "Код", "Пароль", ""),
    ],
)  # fmt: skip
def test_where_two_texts_differ_is_marked_when_they_have_much_in_common(how, expected, arrived, words):
    assert compare(how, expected, arrived).words == words


def test_what_stands_around_a_text_that_is_contained_does_not_matter():
    assert compare("containing", "b", "aaabaaa").similarity == 1
    assert compare("exactly", "b", "aaabaaa").similarity < 1


def test_the_nearer_text_is_more_similar():
    near, far = "Пароль отправлен в SMS", "Слишком много запросов"
    assert compare("containing", "Пароль выслан", near) > compare("containing", "Пароль выслан", far)


def test_the_longest_beginning_of_a_pattern_that_fits_is_found_past_open_groups():
    part, found = fitting_part(r"Пароль: (?P<password>\w+); (?:до|от)", "Пароль: abc.")
    assert part == r"Пароль: (?P<password>\w+)"
    assert found["password"] == "abc"
    assert fitting_part("x", "y") == ("", None)
    assert fitting_part("Код: [^[[]]!", "Код: 1")[0] == "Код: [^[[]"


@given(st.sampled_from(["exactly", "containing"]), st.text(), st.text())
def test_any_two_texts_can_be_compared(how, expected, arrived):
    assert 0 <= compare(how, expected, arrived).similarity <= 1
