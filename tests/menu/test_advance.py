"""The machine's scripts: what is answered, what is shown, which handlers run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.coding.pages import fits
from ussd_gateway.menu.advance import (
    Call,
    End,
    SendSms,
    Show,
    advance,
    ask_to_resume,
    begin,
    fail,
    resume,
)
from ussd_gateway.menu.load import parse
from ussd_gateway.menu.model import PHRASES, Choice, Menu, Screen, Text
from ussd_gateway.menu.templates import compile_expression
from ussd_gateway.menu.walk import MAX_HISTORY

MENU = parse(
    """
title = "Test"
codes = ["*111#"]
languages = ["en"]
phrases.failure = "Please call us."

[screens.main]
text = "Main"
choices = [
    { key = "1", label = "Balance", to = "balance" },
    { key = "2", label = "Password", to = "password" },
    { key = "3", label = "More", to = "more" },
    { key = "4", label = "Exit", to = "bye" },
    { key = "828", to = "more", hidden = true },
    { key = "1111", to = "main", hidden = true },
]

[screens.balance]
handler = "balance"
text = "You have {{ sum }}"
on = { refused = "refused" }
choices = [{ key = "1", label = "Details", to = "details" }]

[screens.details]
text = "Of which {{ sum }} is yours"
choices = [{ key = "1", label = "Exit", to = "bye" }]

[screens.password]
handler = "password"
on = { sent = "bye", shown = "password_shown", check = "check" }
secrets = ["password"]
failure = "No password today."

[screens.check]
handler = "check"
on = { passed = "bye" }

[screens.password_shown]
text = "Your password is {{ password }}, {{ name }}. {{ rest }}"
end = true

[screens.more]
text = "A"
choices = [
    { key = "1", label = "On", to = "latinless" },
    { key = "2", label = "Back to main", to = "main" },
    { key = "3", label = "A long text", to = "long" },
    { key = "5", label = "A long end", to = "long_end" },
]

[screens.latinless]
text = "B"
choices = [{ key = "1", label = "Exit", to = "bye" }]

[screens.long]
text = "{{ 'forty characters are what this line has\\n' * 12 }}"
choices = [{ key = "1", label = "Exit", to = "bye" }]

[screens.long_end]
text = "{{ 'forty characters are what this line has\\n' * 8 }}"
end = true

[screens.refused]
text = "Refused"
end = true

[screens.bye]
text = "Bye"
end = true
""",
    "test.toml",
)

MAIN = "Main\n1 Balance\n2 Password\n3 More\n4 Exit"
WRONG = "There is no such choice.\n"


class Dialogue:
    """A user and the handlers; `calls` are the handlers that ran, `texts` what was shown."""

    def __init__(self, *inputs, **answers):
        self.answers, self.calls = answers, []
        self.follow(begin(MENU, inputs))

    def answer(self, text):
        self.follow(advance(MENU, self.state, text))
        return self.action.text

    def follow(self, step):
        while isinstance(step.action, Call):
            self.calls.append(step.action.handler)
            step = resume(MENU, step.state, self.answers[step.action.handler])
        self.state, self.action, self.effects = step

    @property
    def text(self):
        return self.action.text


def test_a_dialogue_begins_with_the_start_screen():
    dialogue = Dialogue()

    assert dialogue.action == Show(MAIN)


def test_a_choice_leads_to_its_screen_and_an_exit_ends():
    dialogue = Dialogue()

    assert dialogue.answer("3") == "A\n1 On\n2 Back to main\n3 A long text\n5 A long end\n0 Back"
    assert dialogue.answer("1") == "B\n1 Exit\n0 Back\n00 Home"
    assert dialogue.answer("1") == "Bye"
    assert isinstance(dialogue.action, End)


@pytest.mark.parametrize("answer", [" 3", "3 ", "\t3\n", "\u00a03"])
def test_spaces_around_an_answer_do_not_matter(answer):
    assert Dialogue().answer(answer).startswith("A\n")
    assert Dialogue(answer).text.startswith("A\n")


@pytest.mark.parametrize("answer", ["5", "", "0", "9", "3 1", "33", "\u0663", "\U0001f600" * 100])
def test_a_wrong_choice_shows_the_screen_again_with_a_notice(answer):
    dialogue = Dialogue()

    assert dialogue.answer(answer) == WRONG + MAIN
    assert dialogue.answer("4") == "Bye"


def test_back_goes_through_the_screens_that_were_there():
    dialogue = Dialogue()
    for answer in ("3", "1"):
        dialogue.answer(answer)

    assert dialogue.answer("0").startswith("A\n")
    assert dialogue.answer("0") == MAIN
    assert dialogue.answer("0") == WRONG + MAIN


def test_home_is_the_start_with_nothing_to_go_back_to():
    dialogue = Dialogue("3", "1")

    assert dialogue.answer("00") == MAIN
    assert dialogue.state.history == ()


def test_going_round_and_round_does_not_make_the_history_grow():
    dialogue = Dialogue()
    for answer in ("3", "2") * 50:
        dialogue.answer(answer)

    assert len(dialogue.state.history) == MAX_HISTORY


def test_a_choice_of_the_screen_itself_is_no_step_to_go_back_from():
    assert Dialogue("1111").text == MAIN


# direct dial


def test_inputs_dialled_in_advance_show_only_the_last_screen():
    assert Dialogue("828", "1").action == Show("B\n1 Exit\n0 Back\n00 Home")
    assert Dialogue("828", "1", "1").action == End("Bye")


def test_after_direct_dial_the_way_back_leads_through_the_screens_between():
    dialogue = Dialogue("828", "1")

    assert dialogue.answer("0").startswith("A\n")
    assert dialogue.answer("0") == MAIN


def test_a_wrong_input_shows_the_screen_where_it_went_wrong_and_the_rest_is_forgotten():
    dialogue = Dialogue("828", "7", "1")

    assert dialogue.text.startswith(f"{WRONG}A\n")
    assert dialogue.answer("1").startswith("B\n")


@pytest.mark.parametrize("key", ["0", "00", "9", ""])
def test_navigation_is_not_dialled_in_advance(key):
    assert Dialogue("828", key).text.startswith(f"{WRONG}A\n")


def test_inputs_left_over_at_an_end_are_not_used():
    assert Dialogue("4", "1", "1").action == End("Bye")


def test_any_number_of_inputs_is_walked():
    assert Dialogue(*("828", "2") * 2000).text.startswith("Main\n")


# handlers


def test_a_handler_runs_when_its_screen_is_entered_and_fills_the_text():
    dialogue = Dialogue(balance={"sum": 7})

    assert dialogue.answer("1") == "You have 7\n1 Details\n0 Back"
    assert dialogue.calls == ["balance"]


def test_a_handler_runs_once_on_the_way_to_a_later_screen():
    dialogue = Dialogue("1", "1", balance={"sum": 7})

    assert dialogue.text == "Of which 7 is yours\n1 Exit\n0 Back\n00 Home"
    assert dialogue.calls == ["balance"]


def test_a_wrong_choice_does_not_run_the_handler_again():
    dialogue = Dialogue("1", balance={"sum": 7})

    assert dialogue.answer("5") == f"{WRONG}You have 7\n1 Details\n0 Back"
    assert dialogue.calls == ["balance"]


def test_going_back_shows_the_screen_as_it_was_and_runs_no_handler():
    dialogue = Dialogue("1", "1", balance={"sum": 7})
    dialogue.answers["balance"] = {"sum": 8}

    assert dialogue.answer("0") == "You have 7\n1 Details\n0 Back"
    assert dialogue.calls == ["balance"]


def test_a_handlers_word_leads_on_from_a_screen_that_nobody_comes_back_to():
    dialogue = Dialogue("2", password="sent")

    assert dialogue.action == End("Bye")
    assert [frame.screen for frame in dialogue.state.history] == ["main"]


def test_one_handler_may_lead_to_another():
    dialogue = Dialogue("2", password="check", check="passed")

    assert dialogue.action == End("Bye")
    assert dialogue.calls == ["password", "check"]


def test_a_word_may_replace_the_screens_own_text():
    assert Dialogue("1", balance="refused").action == End("Refused")


@pytest.mark.parametrize("does", ['handler = "rate"', 'http = { url = "http://x", fields = { rate = "rate" } }'])
def test_where_there_is_no_word_otherwise_leads_on(person, menu_of, does):
    menu = menu_of(f"""
[screens.main]
{does}
otherwise = "rate"
[screens.rate]
text = "The rate is {{{{ rate }}}}."
end = true
""")
    assert person(menu, answers={"rate": {"rate": 92}, "http://x": {"rate": 92}}).action == End("The rate is 92.")


def test_variables_and_a_word_may_come_together():
    answer = {"result": "shown", "password": "Ab1", "name": "Anna", "rest": ""}

    assert Dialogue("2", password=answer).text == "Your password is Ab1, Anna."


def test_home_forgets_what_handlers_answered():
    dialogue = Dialogue("1", balance={"sum": 7})
    dialogue.answer("00")

    assert dialogue.state.variables == {}


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ("unheard_of", 'the handler answered "unheard_of"; on knows: sent, shown, check'),
        ("Passw0rd", "the handler answered something that is no word; on knows: sent, shown, check"),
        ({"result": 5}, "the handler answered something that is no word; on knows: sent, shown, check"),
        ({}, "the handler answered no word; on knows: sent, shown, check"),
        (None, "the handler answered NoneType; a word or variables are wanted"),
    ],
)
def test_an_answer_that_the_screen_cannot_use_ends_with_its_words_for_a_failure(answers, error):
    assert Dialogue("2", password=answers).action == End("No password today.", error=error)


def test_a_text_without_its_variable_ends_with_the_menus_words_for_a_failure():
    error = "the text in en cannot be shown: 'sum' is undefined"

    assert Dialogue("1", balance={"some": 7}).action == End("Please call us.", error=error)


def test_a_dialogue_can_be_failed_from_outside():
    dialogue = Dialogue("1", balance={"sum": 7})

    assert fail(MENU, dialogue.state, "boom").action == End("Please call us.", error="boom")


# what a screen does, and in which order


DOING = """
[screens.main]
text = "Main"
choices = [
    { key = "1", label = "Shop", to = "shop" },
    { key = "2", label = "Till", to = "till" },
    { key = "3", label = "Call", to = "call" },
    { key = "5", label = "Unsent", to = "unsent" },
    { key = "6", label = "Routed", to = "routed" },
]
[screens.shop]
handler = "shop"
compute = { double = "sum * 2", more = "double + 1" }
text = "{{ sum }} {{ double }} {{ more }}"
sms = { from = "SHOP", text = "You have {{ more }}." }
on = { poor = "poor" }
end = true
[screens.till]
handler = "shop"
compute = { double = "sum * 2" }
sms = { from = "TILL", text = "You have {{ double }}." }
on = { poor = "poor", rich = "rich" }
[screens.call]
http = { url = "https://api.example.org/", error = "poor" }
text = "{{ sum }} {{ result | default('-') }}"
end = true
[screens.end]
text = "End"
end = true
[screens.unsent]
sms = { from = "SHOP", text = "Sent" }
push = { to = "none", screen = "end" }
text = "Unsent"
end = true
[screens.routed]
handler = "shop"
route = "sum > 5"
text = "Neither"
end = true
on = { true = "rich" }
otherwise = "poor"
[screens.poor]
text = "Poor"
choices = [{ key = "1", label = "Main", to = "main" }]
[screens.rich]
text = "Rich {{ double | default(0) }}"
end = true
"""


@pytest.fixture
def doing(person, menu_of):
    menu = menu_of(DOING)
    return lambda *inputs, **answers: person(menu, *inputs, answers=answers)


def test_what_is_computed_uses_what_was_computed_before_and_what_leaves_uses_all(doing):
    shopper = doing("1", shop={"sum": 5})

    assert shopper.text == "5 10 11"
    assert shopper.sent == [SendSms("SHOP", "79261234567", "You have 11.")]


def test_a_word_leads_away_from_a_text_before_anything_of_it_is_computed_or_sent(doing):
    shopper = doing("1", shop="poor")

    assert shopper.text == "Poor\n1 Main\n0 Back"
    assert shopper.sent == []


def test_a_screen_without_a_text_does_all_it_has_to_and_then_goes_on_by_the_word(doing):
    shopper = doing("2", shop={"result": "rich", "sum": 5})

    assert shopper.text == "Rich 10"
    assert shopper.sent == [SendSms("TILL", "79261234567", "You have 10.")]


@pytest.mark.parametrize(
    ("answer", "text"),
    [({"sum": 6}, "Rich 0"), ({"sum": 5}, "Poor\n1 Main\n0 Back"), ("other", "Poor\n1 Main\n0 Back")],
)
def test_where_the_handler_says_no_word_the_route_says_it(doing, answer, text):
    assert doing("6", shop=answer).text == text


def test_a_field_of_an_answer_that_is_called_result_is_a_variable(doing):
    assert doing("3", **{"https://api.example.org/": {"sum": 5, "result": "poor"}}).text == "5 poor"


def test_an_answer_does_not_change_whose_dialogue_it_is(person, menu_of):
    menu = menu_of(
        '[screens.main]\nhttp = { url = "https://api.example.org/" }\ntext = "{{ msisdn }} {{ sum }}"\nend = true'
    )
    answer = {"sum": 5, "msisdn": "79267654321", "code": 0, "dialled": "", "today": "27.04"}
    dialled = person(menu, answers={"https://api.example.org/": answer})

    assert dialled.text == "79261234567 5"
    assert dialled.state.variables.keys() == {"msisdn", "sum"}


def test_what_could_not_be_computed_is_named_in_the_log(doing):
    assert doing("1", shop={}).action.error == "compute.double: 'sum' is undefined"


def test_an_answer_does_not_send_an_sms_to_somebody_else(doing):
    assert doing("1", shop={"sum": 5, "msisdn": "79267654321"}).sent[0].destination == "79261234567"


def test_what_left_before_a_failure_has_left(doing):
    failed = doing("5")

    assert failed.action.error == "the push cannot be sent: the receiver is no number"
    assert failed.sent == [SendSms("SHOP", "79261234567", "Sent")]


def test_a_circle_of_routes_ends():
    screens = {name: Screen(name, route=compile_expression("'on'"), on={"on": other}) for name, other in ("ab", "ba")}
    step = begin(Menu(("*1#",), "Test", "a", screens, languages=("en",)))

    assert step.action == End(
        "Please try again later.", (), "100 screens lead to each other, and nobody is asked anything"
    )


def test_a_long_list_is_numbered_on_over_its_pages(person, menu_of):
    menu = menu_of(
        """
[screens.main]
text = "Which?"
list = { of = "range(30)", as = "number", label = "the number {{ number }}", to = "picked" }
[screens.picked]
text = "{{ number }} it is."
end = true
"""
    )
    someone = person(menu)
    first = someone.text

    assert first.endswith("8 the number 7\n10 the number 8\n11 the number 9\n12 the number 10\n9 More")
    assert someone.types("9").startswith("13 the number 11\n")
    assert someone.types("0") == first
    assert someone.types("25") == "23 it is.", "9 is a key of navigation"


def test_the_same_words_end_a_dialogue_in_every_language_and_fit():
    phrases = {name: {"en": "Much too long. " * 30} for name in PHRASES}
    menu = Menu(
        ("*1#",),
        "Test",
        "a",
        {"a": Screen("a", {"en": Text("A")}, (Choice("1", "a"),))},
        languages=("en",),
        phrases=phrases,
    )
    state = begin(menu).state

    for text in (fail(menu, state, "boom").action.text, ask_to_resume(menu, state).action.text):
        assert fits(text)


# secrets


def shown_password(**variables):
    return Dialogue("2", password={"result": "shown", "name": "", "rest": "", **variables})


def test_secret_values_on_a_screen_are_told_also_after_going_on_from_where_they_were_named():
    assert shown_password(password="Ab1xyz").action.secrets == ("Ab1xyz",)


def test_other_values_and_other_screens_are_no_secret():
    assert Dialogue("2", password={"result": "sent", "password": "Ab1xyz"}).action.secrets == ()


def test_a_page_without_the_secret_has_none():
    dialogue = shown_password(password="Ab1xyz", rest="word " * 60)
    secrets = [dialogue.action.secrets]
    while isinstance(dialogue.action, Show):
        dialogue.answer("9")
        secrets.append(dialogue.action.secrets)

    assert secrets == [("Ab1xyz",), ()]


def test_of_a_secret_that_pages_cut_in_two_the_whole_page_is_secret():
    dialogue = shown_password(password="x" * 300)

    assert dialogue.action.secrets == (dialogue.text,)


# pages


def test_pages_turn_on_and_back():
    dialogue = Dialogue("828", "3")
    first = dialogue.text
    second = dialogue.answer("9")

    assert first.endswith("\n9 More\n0 Back")
    assert second.endswith("\n9 More\n0 Back")
    assert dialogue.answer("0") == first
    assert dialogue.answer("0").startswith("A\n")


def test_there_is_no_page_behind_the_last():
    dialogue = Dialogue("828", "3")
    pages = [dialogue.text, *(dialogue.answer("9") for _ in range(10))]

    assert len(set(pages)) == len(set(pages[:5]))
    assert "1 Exit" in pages[-1]
    assert dialogue.answer("1") == "Bye"


def test_a_choice_of_a_later_page_works_on_the_first():
    assert Dialogue("828", "3").answer("1") == "Bye"


def test_a_wrong_choice_keeps_the_page():
    dialogue = Dialogue("828", "3")
    second = dialogue.answer("9")

    assert dialogue.answer("77").endswith(second)


def test_a_long_end_asks_to_be_turned_and_its_last_page_ends():
    dialogue = Dialogue("828", "5")

    assert isinstance(dialogue.action, Show)
    dialogue.answer("9")
    assert isinstance(dialogue.action, End)
    assert "0 Back" not in dialogue.text


# languages


BILINGUAL = parse(
    """
title = "Test"
codes = ["*1#"]
[screens.main]
text = { ru = "Язык", en = "Language" }
choices = [{ key = "1", label = { ru = "Латинские", en = "Latin" }, to = "chosen" }]
[screens.chosen]
language = "latin"
text.ru = "Выбран"
choices = [{ key = "1", label.ru = "Готово", to = "main" }]
""",
    "test.toml",
)


def test_the_dialogue_is_in_the_language_it_began_with():
    assert begin(BILINGUAL, (), "en").action.text == "Language\n1 Latin"
    assert begin(BILINGUAL, (), "latin").action.text == "Yazyk\n1 Latinskie"
    assert begin(BILINGUAL, (), "unknown").action.text == "Язык\n1 Латинские"


def test_a_screen_may_change_the_language_from_there_on():
    state, action, _ = begin(BILINGUAL, ("1",), "en")

    assert action.text == "Vybran\n1 Gotovo\n0 Nazad"
    assert advance(BILINGUAL, state, "1").action.text == "Yazyk\n1 Latinskie\n0 Nazad\n00 V nachalo"


# always


answers = st.lists(st.sampled_from(["0", "00", "9", "1", "2", "3", "4", "5", "828", "x", " "]), max_size=30)
results = st.sampled_from(["sent", "shown", "check", "passed", "no", {"sum": 1}, {"password": "x"}, {}, {"result": 3}])


@given(answers, answers, st.lists(results, min_size=1))
def test_no_sequence_of_answers_raises_or_changes_an_earlier_state(inputs, typed, answered):
    step, turn = begin(MENU, inputs), 0
    for answer in typed:
        while isinstance(step.action, Call):
            step, turn = resume(MENU, step.state, answered[turn % len(answered)]), turn + 1
        if isinstance(step.action, End):
            break
        again, step = advance(MENU, step.state, answer), advance(MENU, step.state, answer)
        assert again == step


def test_what_is_typed_on_a_page_of_a_final_text_does_nothing_after_going_back():
    state, *_ = begin(MENU, ("828", "5"))
    state, action, _ = advance(MENU, state, "1")  # no choice of a final text
    assert isinstance(action, Show)
    state, action, _ = advance(MENU, state, "0")
    assert (state.screen, state.pending) == ("more", ())
