from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ussd_gateway.coding.data_coding import decode_ussd, encode_ussd, ussd_data_coding
from ussd_gateway.coding.pages import fits
from ussd_gateway.menu.load import parse
from ussd_gateway.menu.model import Choice, Confirm, Input, Menu, Screen, Text
from ussd_gateway.menu.profiles import Limits, Navigation
from ussd_gateway.menu.render import failure, phrase, question, render, shown
from ussd_gateway.menu.render import noticed as render_noticed
from ussd_gateway.menu.templates import RenderError, compile_expression

MENU = """
title = "Test"
codes = ["*1#"]
variables = { fish = "", nothing = "" }
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


# limits


def screen_of(words, labels=(), **parts):
    choices = tuple(Choice(str(key), "main", {"en": Text(label)}) for key, label in enumerate(labels, 1))
    return Screen("main", {"en": Text(words)}, choices, **parts)


def limited(shown, policy="page", **navigation):
    return Menu(
        ("*1#",),
        "Test",
        "main",
        {},
        languages=("en",),
        navigation=Navigation(**navigation),
        limits=Limits(shown=shown, policy=policy),
    )


def rendered(menu, screen, depth=0):
    return render(menu, screen, "en", {}, depth=depth).pages


def test_a_screen_is_paged_by_the_operators_limit():
    assert rendered(limited(40), screen_of("One two three four five six seven eight nine ten."), depth=1) == (
        "One two three four five six seven\n9 More",
        "eight nine ten.\n0 Back",
    )


def test_a_text_that_is_too_long_may_be_an_error():
    with pytest.raises(RenderError, match="it takes 43 octets of the 40 that are shown"):
        rendered(limited(40, "error"), screen_of("One two three four five six seven eight nine ten."))


def test_a_text_may_be_cut_and_its_choices_and_navigation_stand():
    screen = screen_of("One two three four five six seven.", ["Yes", "No"])

    assert rendered(limited(40, "truncate"), screen, depth=1) == ("One two three four five six\n1 Yes\n2 No\n0 Back",)


def test_a_price_is_not_cut():
    screen = screen_of("Do you really want it? Really?", confirm=Confirm("main", compile_expression("123456")))

    assert rendered(limited(40, "truncate"), screen) == ("Do you really\nPrice: RUB 1234.56\n1 Yes\n2 No",)


def test_choices_that_leave_no_room_for_a_text_are_not_cut():
    with pytest.raises(RenderError, match="leaves no room for text"):
        rendered(
            limited(40, "truncate"), screen_of("One two", ["A label that is long enough", "And another one of them"])
        )


def test_a_key_that_there_is_not_has_no_line():
    assert rendered(limited(160, back="", home=""), screen_of("Text"), depth=2) == ("Text",)


def test_one_cyrillic_letter_makes_two_pages_of_one_and_latin_letters_one_again():
    words = "Vash balans i vse vashi uslugi podrobno, s cenami za mesyac, i esche podskazka: ж"
    menu = Menu(("*1#",), "Test", "main", {}, languages=("ru",))
    screen = Screen("main", {"ru": Text(words)}, end=True)

    assert [len(render(menu, screen, language, {}).pages) for language in ("ru", "latin")] == [2, 1]


def test_a_wrong_input_is_told_even_where_its_question_is_long():
    menu = limited(40)
    screen = screen_of("A long question " * 5, input=Input("it", "main"))
    whole = render(menu, screen, "en", {}, depth=1)

    assert render_noticed(menu, screen, "en", whole, 0, "Wrong.", 1) == "Wrong.\n0 Back"
    assert (
        render_noticed(menu, screen, "en", whole, 0, "Wrong, and why " * 5, 1)
        == "Wrong, and why Wrong, and why Wrong, and why"
    )


@pytest.mark.parametrize("notice", ["", "Wrong. " * 20])
def test_a_question_that_is_too_long_keeps_its_answers(notice):
    usual = limited(160)
    menu = replace(usual, phrases={**usual.phrases, "resume": {"en": "words " * 30}})
    asked = question(menu, "en", notice)
    assert asked.endswith("words\n1 Yes\n2 No")
    assert fits(asked)


words = st.text("abc dЖю{}[]^~|\\€\n😎👨‍👩‍👧é0", max_size=400)
labels = st.lists(st.text("ab Ж€[😎", min_size=1, max_size=60), max_size=9)


@settings(deadline=None)
@given(
    words, labels, st.integers(40, 160), st.sampled_from(["page", "truncate"]), st.integers(0, 2), words, st.booleans()
)
def test_every_page_with_every_notice_fits_and_cuts_no_character(text, names, limit, policy, depth, notice, typed):
    menu = limited(limit, policy)
    screen = screen_of(text.strip(), names, input=Input("it", "main") if typed else None)
    try:
        whole = render(menu, screen, "en", {}, depth=depth)
    except RenderError:
        assert policy == "truncate" or not (text.strip() or names)
        return
    assert len(whole.pages) == 1 or policy == "page"
    notice = notice.strip() or "Wrong."
    for number, page in enumerate(whole.pages):
        shown = render_noticed(menu, screen, "en", whole, number, notice, depth)
        for each in (page, shown):
            assert fits(each, limit)
            data_coding = ussd_data_coding(each)
            assert decode_ussd(encode_ussd(each, data_coding), data_coding) == each
    if policy == "page" and depth < 2:
        lines = "\n".join(whole.pages).split("\n")
        kept = "".join(line for line in lines if line not in ("9 More", "0 Back"))
        assert "".join(kept.split()) == "".join(whole.text.split()), "all of the text is on one of the pages"
