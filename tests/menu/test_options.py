"""What a screen offers, and what an answer picks of it."""

import pytest

from ussd_gateway.menu.model import Choice, Confirm, Listing, Menu, Screen
from ussd_gateway.menu.options import MAX_LISTED, options, picked
from ussd_gateway.menu.profiles import Navigation
from ussd_gateway.menu.templates import RenderError, compile_expression, compile_text

LABEL = {"en": compile_text("{{ item }}", "en")}
LISTING = Listing(compile_expression("items"), "item", LABEL, "picked")


def offered(screen, navigation=None, **variables):
    menu = Menu(("*1#",), "Test", "main", {}, navigation=navigation or Navigation())
    return [(option.key, option.to, dict(option.sets)) for option in options(menu, screen, variables)]


def keys(screen, navigation=None, **variables):
    return [key for key, _, _ in offered(screen, navigation, **variables)]


def test_choices_come_first_and_then_the_items():
    screen = Screen("main", choices=(Choice("3", "help"),), listing=LISTING)

    assert offered(screen, items=["a", "b", "c"]) == [
        ("3", "help", {}),
        ("1", "picked", {"item": "a"}),
        ("2", "picked", {"item": "b"}),
        ("4", "picked", {"item": "c"}),
    ]


@pytest.mark.parametrize(
    ("navigation", "left_out"),
    [(Navigation(), "9"), (Navigation("1", "2", "3"), "123"), (Navigation("0", "00", "98", "5"), "5")],
)
def test_numbers_that_are_keys_of_navigation_are_left_out(navigation, left_out):
    numbers = keys(Screen("main", listing=LISTING), navigation, items=list(range(8)))

    assert numbers == [str(number) for number in range(1, 12) if str(number) not in left_out][:8]


def test_a_number_stays_the_same_whether_a_conditional_choice_is_there_or_not():
    screen = Screen("main", choices=(Choice("1", "loan", when=compile_expression("poor")),), listing=LISTING)

    assert keys(screen, items=["a"], poor=True) == ["1", "2"]
    assert keys(screen, items=["a"], poor=False) == ["2"]


def test_of_two_choices_with_one_key_the_first_true_one_counts():
    screen = Screen("main", choices=(Choice("1", "loan", when=compile_expression("poor")), Choice("1", "save")))
    menu = Menu(("*1#",), "Test", "main", {})

    assert [to for _, to, _ in offered(screen, poor=True)] == ["loan"]
    assert [to for _, to, _ in offered(screen, poor=False)] == ["save"]
    assert picked(menu, screen, {"poor": True}, "1").to == "loan"
    assert picked(menu, screen, {"poor": False}, "1").to == "save"


def test_yes_and_no_lead_on_and_away():
    assert offered(Screen("main", confirm=Confirm("buy"))) == [("1", "buy", {}), ("2", "", {})]


def test_a_choice_sets_its_variables():
    assert offered(Screen("main", choices=(Choice("1", "buy", sets={"price": 5}),))) == [("1", "buy", {"price": 5})]


@pytest.mark.parametrize("answer", ["1", "2", "3", "4", "9", "0", "x", ""])
def test_an_answer_picks_what_is_offered_and_nothing_else(answer):
    screen = Screen("main", choices=(Choice("3", "help", hidden=True),), listing=LISTING)
    menu = Menu(("*1#",), "Test", "main", {})
    variables = {"items": ["a", "b", "c"]}
    option = picked(menu, screen, variables, answer)

    assert option in (None, *options(menu, screen, variables))
    assert (option is not None) == (answer in keys(screen, **variables))


@pytest.mark.parametrize("items", [5, None, "text", 1.5])
def test_a_list_is_made_of_a_list(items):
    with pytest.raises(RenderError, match="a list is wanted"):
        offered(Screen("main", listing=LISTING), items=items)


def test_nobody_turns_pages_for_ever():
    assert len(offered(Screen("main", listing=LISTING), items=list(range(10**4)))) == MAX_LISTED


def test_a_table_is_listed_by_its_values():
    assert [sets["item"] for _, _, sets in offered(Screen("main", listing=LISTING), items={"a": 1, "b": 2})] == [1, 2]
