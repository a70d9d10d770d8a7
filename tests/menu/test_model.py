import dataclasses

import pytest

from ussd_gateway.menu.model import PHRASES, Choice, Menu, Screen, Text, written
from ussd_gateway.menu.templates import compile_text


def menu(languages=("ru", "en"), **screens):
    return Menu(("*1#",), "Test", "main", screens, languages=languages)


def test_a_choice_is_found_by_its_key_also_a_hidden_one():
    hidden = Choice("828", "numbers", hidden=True)
    screen = Screen("main", choices=(Choice("1", "balance"), hidden))

    assert screen.choice("828") is hidden
    assert screen.choice("2") is None


def test_a_screen_is_static_when_no_text_and_no_label_varies():
    variable = {"ru": compile_text("{{ x }}", "ru")}

    assert Screen("main", {"ru": Text("Привет")}).static
    assert not Screen("main", variable).static
    assert not Screen("main", {"ru": Text("Привет")}, (Choice("1", "main", variable),)).static


def test_the_targets_of_a_screen_are_those_of_its_choices_and_of_its_handlers_words():
    screen = Screen("main", choices=(Choice("1", "a"),), handler="x", on={"done": "b"})

    assert list(screen.targets()) == ["a", "b"]


def test_latin_is_spoken_where_there_is_russian_and_written_in_russian():
    assert menu().spoken == ("ru", "en", "latin")
    assert menu(languages=("en",)).spoken == ("en",)
    assert written("latin") == "ru"
    assert written("en") == "en"


def test_a_language_that_the_menu_has_not_becomes_its_first():
    assert menu().language("latin") == "latin"
    assert menu().language("sw") == "ru"
    assert menu(languages=("en",)).language("latin") == "en"


def test_handlers_are_named_once():
    screens = {"main": Screen("main", handler="b"), "x": Screen("x", handler="a"), "y": Screen("y", handler="b")}

    assert menu(**screens).handlers() == ("b", "a")


def test_nothing_of_a_menu_changes():
    with pytest.raises(dataclasses.FrozenInstanceError):
        menu().start = "other"


def test_every_phrase_is_there_in_russian_and_english():
    assert all(set(words) == {"ru", "en"} for words in PHRASES.values())
