"""A recording as people read it: names, and what was guessed."""

from ussd_gateway.scenario import model
from ussd_gateway.scenario.drafting import BY_ANOTHER, drafted
from ussd_gateway.scenario.model import EXACTLY, Expected, Text
from ussd_gateway.scenario.parse import parse
from ussd_gateway.scenario.pauses import Item

SAID = {"line": 0, "sentence": ""}


def items(*steps):
    return [Item(step, 0.0, 0) for step in steps]


def dials(phone):
    return model.Dial(phone=phone, code=Text("*100#"), **SAID)


def binds(esme, **more):
    return model.Bind(esme=esme, **more, **SAID)


def test_phones_are_called_by_names_and_then_by_numbers():
    script = drafted("x.ussd", items(*(dials(str(70001000000 + number)) for number in range(12))), None, 0).script
    names = list(script.scenarios[0].phones)
    assert (names[:3], names[10:]) == (["anna", "boris", "vera"], ["phone_11", "phone_12"])


def test_esmes_are_called_by_their_system_ids_where_that_is_a_name_that_nobody_has():
    made = drafted(
        "x.ussd",
        items(binds("anna"), binds("a-b"), binds("wait"), binds("anna" + BY_ANOTHER), dials("70001000001")),
        None,
        0,
    )
    (scenario,) = parse(made.text, "x.ussd").scenarios
    assert {name: (account.system_id, account.password) for name, account in scenario.esmes.items()} == {
        "anna": ("anna", "anna"),
        "a_b": ("a-b", "a-b"),
        "wait2": ("wait", "wait"),
        "anna2": ("anna", "wrong"),
    }
    assert scenario.phones == {"anna3": "70001000001"}
    assert "# ESMEs bind with their system_id as password; write `with password` where it is another.\n" in made.text


def test_a_guess_names_the_line_where_the_value_comes_from():
    text = "Code 4711"
    received = model.Receive(phone="70001000001", expected=Expected(EXACTLY, Text(text)), **SAID)
    answers = model.Answer(phone="70001000001", answer=Text("4711"), **SAID)
    assert drafted("code.ussd", items(received, answers), 1524840600.5, 3).text == (
        "# Recorded. Look through it: what was guessed is told above the line.\n"
        "version 1\n"
        "starts at 2018-04-27 17:50\n"
        "\n"
        "phone anna is 70001000001\n"
        "\n"
        'scenario "code"\n'
        r"    anna receives sms matching /^Code (?P<code>\d+)$/" + "\n"
        "    # guessed: {code} is the one of the SMS in line 8\n"
        "    anna answers {code}\n"
    )


def test_what_differs_each_time_and_what_was_left_out_is_told():
    text = "Заказ 123456789"
    received = model.Receive(phone="70001000001", expected=Expected(EXACTLY, Text(text)), **SAID)
    item = Item(received, 0.0, 0, guesses=["so it was"])
    made = drafted("x.ussd", [item], None, 0, unrecorded=["a call"])
    assert made.unrecorded == ("a call",)
    assert made.text.startswith(
        "# Recorded. Look through it: what was guessed is told above the line.\n# Not recorded: a call.\n"
    )
    assert '    # guessed: so it was\n    # guessed: "123456789" is another one each time\n' in made.text


def test_a_fault_is_written_without_what_goes_without_saying():
    rule = {
        "effect": "throttle",
        "account": "shop",
        "command": ["submit_sm"],
        "sent_by": "esme",
        "rate": 1.0,
        "status": "ESME_RTHROTTLED",
    }
    made = drafted("x.ussd", items(model.Fault(rule=rule, **SAID)), None, 0)
    assert made.text.endswith("    fault throttle 1 account shop\n")
