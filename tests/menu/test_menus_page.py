"""docs/menus.md says nothing that is not so: its examples are loaded and dialled."""

import asyncio
import re
from pathlib import Path

import pytest

from ussd_gateway.menu.advance import Call, End, Show, advance, begin, resume
from ussd_gateway.menu.load import parse
from ussd_gateway.menu.mistakes import MenuError

PAGE = (Path(__file__).parents[2] / "docs" / "menus.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
EXAMPLES = [body for kind, body in BLOCKS if kind == "toml"]
SMALLEST, CHOICES, NAVIGATION, LANGUAGES, HANDLERS = [
    parse(example, f"example-{number}.toml") for number, example in enumerate(EXAMPLES)
]
(PYTHON,) = [body for kind, body in BLOCKS if kind == "python"]
SHOWN, MISTAKES = [body for kind, body in BLOCKS if kind == "text"]


def test_the_smallest_menu_says_its_text():
    assert begin(SMALLEST).action == End("Dial 0890 for help.")


def test_the_phone_shows_what_the_page_shows():
    assert begin(CHOICES).action == Show(SHOWN.strip())


def test_direct_dial_and_hidden_choices_work_as_told():
    assert begin(CHOICES, ("1", "1")).action == End("Dial 0890.")
    assert begin(CHOICES, ("77",)).action == End("Goodbye!")


def test_a_file_may_have_its_own_navigation():
    assert NAVIGATION.navigation.more == "98"
    assert NAVIGATION.phrases["wrong"]["en"] == "Try again."
    assert NAVIGATION.phrases["back"]["en"] == "Back"


def test_a_screen_changes_the_language():
    state, *_ = begin(LANGUAGES, (), "en")

    assert advance(LANGUAGES, state, "1").action == End("Gotovo.")


def test_the_handlers_of_the_page_serve_its_menu():
    functions = {}
    exec(PYTHON, functions)

    def run(choice):
        state, action, _ = begin(HANDLERS, (choice,))
        assert isinstance(action, Call)
        _, name = action.handler.split(":")
        return resume(HANDLERS, state, asyncio.run(functions[name](None))).action

    assert run("1") == End("Anna, you have RUB 150.00.")
    assert run("2") == End("The password is on its way.")


def test_mistakes_read_as_on_the_page():
    wrong = """\
title = "Airtime"
codes = ["*131#"]
languages = ["en"]

[screens.main]
text = "Airtime"
choices = [
    { key = "1", label = "Balance", to = "balanse" },
]

[screens.balance]
text = "You have 5.00."
end = true


[screens.bye]
text = "Goodbye!"
"""
    with pytest.raises(MenuError) as raised:
        parse(wrong, "airtime.toml")

    assert str(raised.value) == MISTAKES.strip()
