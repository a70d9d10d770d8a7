"""The walk: what a person sees who goes through a menu with everything in it: input, lists, prices, routes, calls, SMS, resuming."""

import datetime

import pytest

from ussd_gateway.menu.advance import End, SendSms, Show, ask_to_resume, go_on
from ussd_gateway.menu.load import parse

WALLET = parse(
    """
title = "Mini wallet"
codes = ["*334#"]
languages = ["en"]
profile = "safaricom"
navigation = { exit = "000" }
variables = { balance = 125000, plans = [ { name = "Daily", price = 2000 }, { name = "Weekly", price = 9900 } ], empty = [] }
remember = ["name"]
resume = "ask"

[screens.main]
text = "Wallet"
choices = [
    { key = "1", label = "Send money", to = "amount" },
    { key = "2", label = "Plans", to = "plans" },
    { key = "3", label = "Loan", to = "loan", if = "balance < 1000" },
    { key = "4", label = "Rate", to = "rate" },
    { key = "5", label = "Name", to = "name" },
    { key = "6", label = "Gifts", to = "gifts" },
    { key = "7", label = "Balance", to = "balance" },
    { key = "8", label = "Birthday", to = "birthday" },
]

[screens.amount]
text = "Amount?"
input = { name = "amount", kind = "amount", min = 10, max = "balance", to = "pin", error = "10 to {{ balance | money }}, please.", tries = 3, exhausted = "sorry" }

[screens.pin]
text = "Your PIN?"
input = { name = "pin", pattern = "[0-9]{4}", secret = true, to = "check", tries = 2 }

[screens.check]
compute = { fee = "100 if amount > 100000 else 0", total = "amount + fee" }
route = "total > balance"
on = { true = "poor", false = "confirm" }

[screens.poor]
text = "You need {{ total | money }}."
choices = [{ key = "1", label = "Less", to = "amount" }]

[screens.confirm]
text = "Send {{ amount | money }}?"
confirm = { price = "fee", to = "send" }

[screens.send]
handler = "wallet.send"
on = { done = "done" }
otherwise = "sorry"

[screens.done]
text = "Sent. PIN {{ pin }} is safe."
end = true
sms = { from = "WALLET", text = "You sent {{ amount | money }}." }

[screens.loan]
text = "A loan"
end = true

[screens.plans]
text = "Plans"
choices = [{ key = "2", label = "What is a plan?", to = "help" }]
list = { of = "plans", as = "plan", label = "{{ plan.name }} {{ plan.price | money }}", to = "plan" }

[screens.plan]
text = "Buy {{ plan.name }}?"
confirm = { price = "plan.price", to = "bought", cancel = "main" }

[screens.bought]
handler = "wallet.buy"
text = "{{ plan.name }} is yours until {{ until | date }}."
choices = [{ key = "1", label = "More", to = "plans" }]
sms = { from = "5000", text = "Thank you.", to = "0712 345678" }

[screens.help]
text = "A plan is a package."
choices = [{ key = "1", label = "Main", to = "main" }]

[screens.rate]
http = { url = "https://api.example.org/rates/{{ msisdn }}", query = { of = "{{ balance }}" }, fields = { rate = "rate" }, error = "no_rate" }
text = "The rate is {{ rate }}."
end = true

[screens.no_rate]
text = "No rate now."
choices = [{ key = "1", label = "Again", to = "rate" }]

[screens.name]
text = "Your name?"
input = { name = "name", to = "named", min = 2 }

[screens.named]
text = "Hello, {{ name }}!"
choices = [{ key = "1", label = "Give", to = "friend" }]

[screens.friend]
text = "Whom?"
input = { name = "friend", kind = "msisdn", to = "given" }

[screens.given]
text = "Given."
end = true
push = { to = "{{ friend }}", screen = "gift" }

[screens.gift]
text = "A gift from {{ name | default('nobody') }}"
end = true

[screens.gifts]
text = "Gifts"
list = { of = "empty", as = "gift", label = "{{ gift }}", to = "main", empty = "No gifts today." }

[screens.balance]
handler = "wallet.balance"
text = "You have {{ sum }}."
fresh = true
choices = [{ key = "1", label = "Details", to = "help" }]

[screens.birthday]
text = "When?"
input = { name = "day", kind = "date", min = "today", to = "day" }

[screens.day]
text = "In {{ (day - today).days }} {{ (day - today).days | plural('day', 'days') }}, on {{ day | date }}."
end = true

[screens.sorry]
text = "Sorry."
choices = [{ key = "1", label = "Main", to = "main" }]
""",
    "wallet.toml",
)

MAIN = "Wallet\n1 Send money\n2 Plans\n4 Rate\n5 Name\n6 Gifts\n7 Balance\n8 Birthday"
BACK, HOME = "\n0 Back", "\n0 Back\n00 Home"
TODAY = datetime.date(2018, 4, 27)
SUBSCRIBER = {"msisdn": "254712000001", "today": TODAY}


@pytest.fixture
def dial(person):
    def dialled(*inputs, variables=SUBSCRIBER, **options):
        return person(WALLET, *inputs, variables=variables, **options)

    return dialled


# conditional choices


def test_a_conditional_choice_is_shown_and_accepted_only_where_it_is_true(dial):
    rich, poor = dial(), dial(variables={**SUBSCRIBER, "balance": 999})

    assert rich.text == MAIN
    assert rich.answer("3") == f"There is no such choice.\n{MAIN}"
    assert "3 Loan" in poor.text
    assert poor.answer("3") == "A loan"


# input


def test_money_is_sent_from_the_first_question_to_the_sms(dial):
    caller = dial(answers={"wallet.send": "done"})

    assert caller.answer("1") == "Amount?" + BACK
    assert caller.answer("12,50") == "Your PIN?" + HOME
    assert caller.answer("1234") == "Send KES 12.50?\nPrice: KES 0.00\n1 Yes\n2 No" + HOME
    assert caller.answer("1") == "Sent. PIN 1234 is safe."
    assert caller.over
    assert caller.action.secrets == ("1234",)
    assert caller.sent == [SendSms("WALLET", "254712000001", "You sent KES 12.50.")]


def test_a_wrong_input_is_told_in_the_screens_own_words_and_then_it_gives_up(dial):
    caller = dial("1")
    told = "10 to KES 1250.00, please.\nAmount?" + BACK

    assert caller.types("9.99") == told
    assert caller.types("1250.01") == told
    assert caller.types("ten") == "Sorry.\n1 Main" + BACK
    assert caller.types("0") == MAIN, "the input that was given up is not gone back to"


def test_tries_are_counted_on_when_somebody_goes_back_and_comes_again(dial):
    caller = dial("1", "100")

    assert caller.types("x") == "This cannot be taken.\nYour PIN?" + HOME
    assert caller.types("0", "100") == "Your PIN?" + HOME
    assert caller.types("y") == "Too many attempts."
    assert caller.over


def test_tries_are_counted_anew_after_a_right_answer(dial):
    caller = dial("1", "100", "x")
    caller.types("1234", "0")

    assert caller.types("y") == "This cannot be taken.\nYour PIN?" + HOME


@pytest.mark.parametrize("answer", ["x" * 81, "x", ""])
def test_an_answer_that_is_too_long_or_too_short_is_wrong(dial, answer):
    assert dial("5").types(answer) == "This cannot be taken.\nYour name?" + BACK


def test_a_key_that_leads_nowhere_is_an_answer(dial):
    assert dial("1").types("98") == "Your PIN?" + HOME, "there is no page to turn to: 98 shillings"


def test_a_date_may_be_bounded_by_today(dial):
    caller = dial("8")

    assert caller.types("26.04.2018") == "This cannot be taken.\nWhen?" + BACK
    assert caller.types("28042018") == "In 1 day, on 28.04.2018."


# computed values and routes


def test_a_route_leads_on_by_what_was_computed(dial):
    assert dial("1", "1250", "1234").text == "You need KES 1251.00.\n1 Less" + HOME


def test_nobody_comes_back_to_a_screen_that_only_leads_on(dial):
    assert dial("1", "1250", "1234").types("0") == "Your PIN?" + HOME


# lists and prices


def test_a_list_leaves_out_the_numbers_that_mean_something_else(dial):
    assert dial("2").text == "Plans\n2 What is a plan?\n1 Daily KES 20.00\n3 Weekly KES 99.00" + BACK


def test_the_picked_item_is_a_variable_from_there_on(dial):
    caller = dial("2", answers={"wallet.buy": {"until": "2018-05-27"}})

    assert caller.types("3") == "Buy Weekly?\nPrice: KES 99.00\n1 Yes\n2 No" + HOME
    assert caller.types("1") == "Weekly is yours until 27.05.2018.\n1 More" + HOME
    assert caller.sent == [SendSms("5000", "254712345678", "Thank you.")]


def test_no_takes_to_the_screen_for_it_or_ends(dial):
    assert dial("2", "1").types("2") == MAIN + HOME
    assert dial("1", "100", "1234").types("2") == "Cancelled."


def test_an_empty_list_says_so_and_can_be_left(dial):
    assert dial("6").action == Show("Gifts\nNo gifts today." + BACK)


def test_a_screen_without_a_way_on_ends(dial):
    assert dial(screen="gifts").action == End("Gifts\nNo gifts today.")


# calls


def test_a_call_is_made_with_the_variables_and_its_answer_is_shown(dial):
    url = "https://api.example.org/rates/254712000001"
    caller = dial("4", answers={url: {"rate": 12.5}})

    assert caller.action == End("The rate is 12.5.")
    assert (caller.call.method, caller.call.query, caller.call.timeout) == ("GET", {"of": "125000"}, 5)


def test_a_call_without_an_answer_takes_the_route_for_errors(dial):
    url = "https://api.example.org/rates/254712000001"
    caller = dial("4", answers={url: TimeoutError()})

    assert caller.text == "No rate now.\n1 Again" + BACK


# words


def test_any_other_word_takes_the_other_way(dial):
    assert dial("1", "100", "1234", "1", answers={"wallet.send": "Broken 7"}).text.startswith("Sorry.")


# history


def test_back_goes_to_each_screen_as_it_was_and_runs_nothing(dial):
    caller = dial("2", "3", "1", answers={"wallet.buy": {"until": "2018-05-27"}})
    bought = caller.text
    caller.types("1", "1")

    assert caller.types("0").startswith("Plans\n")
    assert caller.types("0") == bought
    assert caller.types("0").startswith("Buy Weekly?")
    assert caller.types("0").startswith("Plans\n")
    assert caller.types("0") == MAIN
    assert caller.runs == ["wallet.buy"]
    assert len(caller.sent) == 1


def test_variables_are_as_they_were_too(dial):
    caller = dial("2", "1")

    assert caller.types("0", "3").startswith("Buy Weekly?")
    assert caller.types("0", "1").startswith("Buy Daily?")


def test_a_fresh_screen_runs_its_handler_again(dial):
    caller = dial("7", answers={"wallet.balance": {"sum": 1}})
    caller.types("1")
    caller.answers["wallet.balance"] = {"sum": 2}

    assert caller.types("0") == "You have 2.\n1 Details" + BACK
    assert caller.runs == ["wallet.balance"] * 2


def test_home_begins_anew_and_keeps_what_is_remembered(dial):
    caller = dial("5", "Anna")

    assert caller.types("00") == MAIN
    assert caller.state.variables["name"] == "Anna"
    assert caller.state.history == ()


def test_exit_ends_everywhere(dial):
    for inputs in ((), ("1",), ("2", "1")):
        assert dial(*inputs).types("000") == "Goodbye!"


# pushes


def test_a_push_takes_the_variables_along_but_no_secrets(dial):
    caller = dial("5", "Anna", "1", "0712 345 678")

    assert caller.text == "Given."
    (push,) = caller.sent
    assert (push.msisdn, push.screen, push.variables["name"]) == ("254712345678", "gift", "Anna")


def test_a_dialogue_may_begin_on_another_screen(dial):
    assert dial(screen="gift", variables={**SUBSCRIBER, "name": "Anna"}).action == End("A gift from Anna")


# direct dial


def test_direct_dial_passes_choices_input_lists_and_confirmation(dial):
    assert dial("1", "12.50", "1234", "1", answers={"wallet.send": "done"}).text == "Sent. PIN 1234 is safe."
    assert dial("2", "3", "1", answers={"wallet.buy": {"until": "2018-05-27"}}).text.startswith("Weekly is yours")


@pytest.mark.parametrize(
    ("inputs", "shown"),
    [
        (("9", "1"), f"There is no such choice.\n{MAIN}"),
        (("1", "5", "1234"), "10 to KES 1250.00, please.\nAmount?" + BACK),
        (("1", "100", "12", "1"), "This cannot be taken.\nYour PIN?" + HOME),
        (
            ("2", "7"),
            "There is no such choice.\nPlans\n2 What is a plan?\n1 Daily KES 20.00\n3 Weekly KES 99.00" + BACK,
        ),
        (("2", "1", "3"), "There is no such choice.\nBuy Daily?\nPrice: KES 20.00\n1 Yes\n2 No" + HOME),
        (
            ("2", "00"),
            "There is no such choice.\nPlans\n2 What is a plan?\n1 Daily KES 20.00\n3 Weekly KES 99.00" + BACK,
        ),
    ],
)
def test_direct_dial_stops_where_it_goes_wrong(dial, inputs, shown):
    caller = dial(*inputs)

    assert caller.text == shown
    assert caller.state.pending == ()


# resuming


def test_whoever_broke_off_is_asked_whether_to_go_on(dial):
    caller = dial("2", "3")
    before = caller.text
    caller.follow(ask_to_resume(WALLET, caller.state))

    assert caller.text == "Go on where you stopped?\n1 Yes\n2 No"
    assert caller.types("7") == "There is no such choice.\nGo on where you stopped?\n1 Yes\n2 No"
    assert caller.types("1") == before


def test_whoever_does_not_want_to_go_on_begins_anew(dial):
    caller = dial("2", "3")
    caller.follow(ask_to_resume(WALLET, caller.state))

    assert caller.types("2") == MAIN
    assert caller.state.history == ()


def test_whoever_is_asked_can_leave(dial):
    caller = dial("2")
    caller.follow(ask_to_resume(WALLET, caller.state))

    assert caller.types("000") == "Goodbye!"


def test_going_on_shows_the_screen_and_runs_nothing(dial):
    caller = dial("7", answers={"wallet.balance": {"sum": 1}})
    caller.follow(go_on(WALLET, caller.state))

    assert caller.text == "You have 1.\n1 Details" + BACK
    assert caller.runs == ["wallet.balance"]


# failures


@pytest.mark.parametrize(
    ("variables", "inputs", "error"),
    [
        ({"plans": None}, ("2",), "the text in en cannot be shown: list.of is NoneType; a list is wanted"),
        ({"plans": [{"name": "A"}]}, ("2",), "the text in en cannot be shown: 'dict object' has no attribute 'price'"),
        ({"balance": "x"}, ("1", "100"), "a bound is of another kind than what it bounds"),
        ({"today": None}, ("8", "27042018"), None),
        ({"msisdn": ""}, ("1", "100", "1234", "1"), "the SMS cannot be sent: the receiver is no number"),
    ],
)
def test_what_cannot_be_worked_out_ends_with_words_for_the_user_and_others_for_the_log(dial, variables, inputs, error):
    caller = dial(*inputs, variables={**SUBSCRIBER, **variables}, answers={"wallet.send": "done"})

    assert caller.over
    assert caller.text == "Please try again later."
    assert caller.action.error
    assert error is None or caller.action.error == error
