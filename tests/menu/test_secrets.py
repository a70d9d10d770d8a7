"""What is typed and nobody may record."""

import pytest

from ussd_gateway.menu.advance import ask_to_resume, begin, secrets_in

MENU = """
[screens.main]
text = "Main"
choices = [
    { key = "1", label = "PIN", to = "pin" },
    { key = "2", label = "Amount", to = "amount" },
    { key = "3", label = "Checked", to = "checked" },
    { key = "4", label = "Routed", to = "routed" },
    { key = "5", label = "List", to = "list" },
    { key = "6", label = "Sometimes", to = "amount", if = "msisdn == '1'" },
    { key = "7", label = "End", to = "end" },
    { key = "8", label = "Sure?", to = "sure" },
]
[screens.pin]
text = "PIN?"
choices = [{ key = "7", label = "Forgotten", to = "end" }]
input = { name = "pin", pattern = "[0-9]{4}", secret = true, to = "amount" }
[screens.amount]
text = "Amount?"
input = { name = "amount", kind = "amount", to = "again" }
[screens.again]
text = "PIN again?"
input = { name = "again", secret = true, to = "end" }
[screens.checked]
handler = "check"
text = "PIN?"
input = { name = "pin", secret = true, to = "end" }
[screens.routed]
route = "'a' if msisdn else 'b'"
on = { a = "pin", b = "end" }
[screens.list]
text = "Which?"
list = { of = "[1, 2]", as = "item", label = "{{ item }}", to = "pin" }
[screens.sure]
text = "Sure?"
confirm = { to = "pin" }
[screens.end]
text = "End"
end = true
"""


@pytest.fixture
def menu(menu_of):
    return menu_of(MENU)


@pytest.mark.parametrize(
    ("inputs", "secrets"),
    [
        ((), ()),
        (("1",), ()),
        (("1", "1234"), ("1234",)),
        (("1", " 1234 "), ("1234",)),
        (("1", "12"), ("12",)),
        (("1", "7"), ()),
        (("1", "1234", "100"), ("1234",)),
        (("1", "1234", "100", "5678"), ("1234", "5678")),
        (("1", "1234", "100", "5678", "9"), ("1234", "5678", "9")),
        (("2", "100", "5678"), ("5678",)),
        (("5", "1", "1234"), ("1234",)),
        (("8", "1", "1234"), ("1234",)),
        (("3", "1234"), ("1234",)),  # its handler may lead elsewhere
        (("4", "1234", "100"), ("1234", "100")),
        (("6", "100", "5678"), ("6", "100", "5678")),  # the choice may not be there
        (("9", "1234"), ("9", "1234")),  # a wrong choice, and what was meant for a later screen
        (("7", "1234"), ("1234",)),
        (("8", "7", "1234"), ("7", "1234")),
        (("1", ""), ()),
    ],
)
def test_of_what_is_dialled_the_secret_parts_are_told_without_running_anything(menu, inputs, secrets):
    assert secrets_in(menu, None, inputs) == secrets


@pytest.mark.parametrize(
    ("inputs", "answer", "secrets"),
    [(("1",), "1234", ("1234",)), (("1",), " 12 ", ("12",)), (("2",), "100", ()), ((), "1", ()), (("1",), "", ())],
)
def test_an_answer_is_secret_where_the_screen_asks_for_a_secret(menu, inputs, answer, secrets):
    state = begin(menu, inputs, variables={"msisdn": "2"}).state

    assert secrets_in(menu, state, answer) == secrets


def test_the_answer_to_the_question_whether_to_go_on_is_none(menu):
    state = ask_to_resume(menu, begin(menu, ("1",), variables={"msisdn": "2"}).state).state

    assert secrets_in(menu, state, "1") == ()


def test_a_menu_without_secrets_has_none(menu_of):
    menu = menu_of('[screens.main]\ntext = "x"\nend = true')

    assert secrets_in(menu, None, ("9", "9")) == ()


def test_a_secret_that_was_typed_is_secret_on_later_screens(person, menu_of):
    menu = menu_of(
        """
[screens.main]
text = "PIN?"
input = { name = "pin", secret = true, to = "told" }
[screens.told]
text = "You typed {{ pin }}."
end = true
"""
    )
    someone = person(menu)
    someone.answer("1234")

    assert someone.action.secrets == ("1234",)


def test_what_stands_in_a_secret_table_is_secret_and_nothing_else(person, menu_of):
    menu = menu_of(
        """
[screens.main]
handler = "card"
secrets = ["card", "nothing"]
text = "{{ card.number }}, {{ card.codes | join(' ') }}, {{ card.active }}, {{ nothing }}."
end = true
"""
    )
    answer = {"card": {"number": 4276, "codes": ["111", "x1"], "active": True, "holder": "Anna"}, "nothing": None}

    assert person(menu, answers={"card": answer}).action.secrets == ("4276", "111", "x1")


def test_a_secret_in_a_notice_is_told_too(person, menu_of):
    menu = menu_of(
        """
[screens.main]
text = "PIN?"
input = { name = "pin", secret = true, max = 9, to = "again" }
[screens.again]
text = "Once more?"
input = { name = "again", pattern = "x", to = "end", error = "Not {{ pin }}?" }
[screens.end]
text = "End"
end = true
"""
    )
    someone = person(menu, "4321")

    assert someone.types("1234").startswith("Not 4321?")
    assert someone.action.secrets == ("4321",)
