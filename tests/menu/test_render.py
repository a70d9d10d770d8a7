from itertools import product

import pytest

from ussd_gateway.coding.pages import fits
from ussd_gateway.menu.load import parse
from ussd_gateway.menu.render import failure, phrase, render, shown
from ussd_gateway.menu.render import noticed as render_noticed
from ussd_gateway.menu.templates import RenderError

MENU = """
title = "Test"
codes = ["*1#"]
[screens.main]
text = { ru = "Портал", en = "Portal" }
choices = [
    { key = "1", label = { ru = "Щука", en = "Pike" }, to = "long" },
    { key = "2", label = { ru = "{{ fish }}", en = "{{ fish }}" }, to = "end" },
    { key = "25", to = "end", hidden = true },
]
[screens.long]
text.ru = "Раз два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать."
text.en = "Short"
choices = [{ key = "1", label = { ru = "Дальше", en = "On" }, to = "end" }]
[screens.full]
text.ru = "Сорок одна буква в этой строке, не более."
text.en = "Short"
choices = [{ key = "1", label = { ru = "Тридцать шесть букв и цифр", en = "On" }, to = "end" }]
[screens.end]
text = { ru = "Конец. {{ 'слово ' * 20 }}", en = "The end" }
end = true
failure = { ru = "Беда" }
[screens.empty]
text = { ru = "{{ nothing }}", en = "x" }
end = true
"""


@pytest.fixture
def menu():
    return parse(MENU, "test.toml")


def pages(menu, name, language="ru", **options):
    return render(menu, menu.screens[name], language, {"fish": "Рак", "nothing": ""}, **options).pages


def test_a_screen_is_its_text_and_its_visible_choices(menu):
    assert pages(menu, "main") == ("Портал\n1 Щука\n2 Рак",)


def test_latin_is_the_russian_screen_in_latin_letters(menu):
    assert pages(menu, "main", "latin", depth=2) == ("Portal\n1 Schuka\n2 Rak\n0 Nazad\n00 V nachalo",)


def test_the_way_back_shows_when_there_is_one_and_home_when_it_is_further(menu):
    assert pages(menu, "main", "en", depth=1) == ("Portal\n1 Pike\n2 Рак\n0 Back",)
    assert pages(menu, "main", "en", depth=5) == ("Portal\n1 Pike\n2 Рак\n0 Back\n00 Home",)


def test_an_end_shows_no_way_back(menu):
    assert pages(menu, "end", "en", depth=2) == ("The end",)


def test_a_long_screen_is_paged_and_its_first_page_still_leads_back(menu):
    assert pages(menu, "long", depth=1) == (
        "Раз два три четыре пять шесть семь восемь девять десять одиннадцать\n9 Далее",
        "двенадцать.\n1 Дальше\n0 Назад",
    )


def test_the_last_page_of_an_end_leads_nowhere(menu):
    first, last = pages(menu, "end", depth=1)

    assert first.endswith("\n9 Далее")
    assert not last.endswith("0 Назад")


def noticed(menu, name, language="ru", depth=0, page=0, notice="Нет такого пункта."):
    screen = menu.screens[name]
    whole = render(menu, screen, language, {"fish": "Рак", "nothing": ""}, depth=depth)
    return render_noticed(menu, screen, language, whole, page, notice, depth)


def test_a_wrong_choice_is_told_in_front(menu):
    assert noticed(menu, "main") == "Нет такого пункта.\nПортал\n1 Щука\n2 Рак"


def test_where_the_notice_does_not_fit_it_takes_the_place_of_the_text(menu):
    assert noticed(menu, "full") == "Нет такого пункта.\n1 Тридцать шесть букв и цифр"


def test_where_there_is_no_room_at_all_the_page_stands_as_it_is(menu):
    assert noticed(menu, "long") == pages(menu, "long")[0]


@pytest.mark.parametrize("name", ["main", "long", "full", "end"])
def test_every_page_fits(menu, name):
    for language, depth in product(menu.spoken, range(3)):
        for number, page in enumerate(pages(menu, name, language, depth=depth)):
            assert fits(page)
            assert fits(noticed(menu, name, language, depth, number))


def test_a_static_screen_is_rendered_once(menu):
    screen = menu.screens["long"]

    assert render(menu, screen, "ru", {}) is render(menu, screen, "ru", {"fish": "other"})


def test_a_screen_with_variables_is_rendered_each_time(menu):
    screen = menu.screens["main"]

    assert "Рак" in render(menu, screen, "ru", {"fish": "Рак"}).text
    assert "Лещ" in render(menu, screen, "ru", {"fish": "Лещ"}).text


def test_a_screen_without_a_word_on_it_is_an_error(menu):
    with pytest.raises(RenderError, match="an empty text"):
        pages(menu, "empty")


def test_a_failure_is_told_in_the_screens_words_else_in_the_menus(menu):
    assert failure(menu, menu.screens["end"], "ru") == "Беда"
    assert failure(menu, menu.screens["end"], "latin") == "Beda"
    assert failure(menu, menu.screens["end"], "en") == "Please try again later."


def test_phrases_and_values_are_shown_as_the_language_writes_them(menu):
    assert phrase(menu, "back", "latin") == "Nazad"
    assert shown("Щ1", "latin") == "Sch1"
    assert shown(15, "ru") == "15"
