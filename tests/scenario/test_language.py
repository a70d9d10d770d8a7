"""Each row of the table is read by an example, and the page of the language tells each."""

import pytest

from ussd_gateway.network.session import Outcome
from ussd_gateway.scenario import model
from ussd_gateway.scenario.language import OUTCOMES, SENTENCES, SLOTS, UNITS, VERBS, Reader, match, way_out
from ussd_gateway.scenario.model import Expected, Text
from ussd_gateway.scenario.tokens import lines

PHONES = {"anna": "70001000001", "boris": "70002000001"}

EXAMPLES = {
    "version VERSION": ("version 1", {"version": "1"}),
    "phone NAME is MSISDN": ("phone vera is +70003000001", {"name": "vera", "msisdn": Text("70003000001")}),
    "use SCRIPT": ("use shared/phones.ussd", {"script": "shared/phones.ussd"}),
    "let VARIABLE be TEXT": ('let sum be "1 {a}"', {"variable": "sum", "text": Text("1 {a}")}),
    "setup": ("setup", {}),
    "teardown": ("teardown", {}),
    "tags TAGS": ("tags smoke, slow smoke", {"tags": ("smoke", "slow")}),
    "scenario TITLE [tagged TAGS]": (
        'scenario "A new {password}" tagged smoke,needs-sms',
        {"title": "A new {password}", "tags": ("smoke", "needs-sms")},
    ),
    "PHONE dials CODE": ("anna dials *111*25#", {"phone": "anna", "code": Text("*111*25#")}),
    "PHONE answers ANSWER": ('anna answers "12 34"', {"phone": "anna", "answer": Text("12 34")}),
    "PHONE sees EXPECTED": (
        'anna sees exactly "Готово."',
        {"phone": "anna", "expected": Expected("exactly", Text("Готово."))},
    ),
    "PHONE sees no EXPECTED": (
        "anna sees no /Ошибка/",
        {"phone": "anna", "absent": True, "expected": Expected("matching", Text("Ошибка", pattern=True))},
    ),
    "PHONE sees final screen [EXPECTED]": ("anna sees final screen", {"phone": "anna", "state": "final"}),
    "PHONE sees awaiting screen [EXPECTED]": (
        'anna sees awaiting screen "1"',
        {"phone": "anna", "state": "awaiting", "expected": Expected("containing", Text("1"))},
    ),
    "PHONE sees outcome OUTCOME": ("anna sees outcome no_route", {"phone": "anna", "outcome": "no_route"}),
    "PHONE hangs up": ("anna hangs up", {"phone": "anna"}),
    "PHONE receives sms [from NUMBER] [within TIME] [EXPECTED]": (
        r"anna receives sms matching /(\d+)/ within 2 min from boris",
        {
            "phone": "anna",
            "number": Text("70002000001"),
            "time": 120.0,
            "expected": Expected("matching", Text(r"(\d+)", pattern=True)),
        },
    ),
    "PHONE receives no sms (for TIME) [from NUMBER] [EXPECTED]": (
        "anna receives no sms from 3339 for 10s",
        {"phone": "anna", "number": Text("3339"), "time": 10.0},
    ),
    "PHONE sends sms TEXT to NUMBER": (
        'anna sends sms "ПАРОЛЬ" to 3339',
        {"phone": "anna", "text": Text("ПАРОЛЬ"), "number": Text("3339")},
    ),
    "PHONE turns off": ("anna turns off", {"phone": "anna", "on": False}),
    "PHONE turns on": ("anna turns on", {"phone": "anna", "on": True}),
    "network pushes TEXT to PHONE from CODE": (
        'network pushes "Скидка" to anna from *111#',
        {"phone": "anna", "text": Text("Скидка"), "code": Text("*111#"), "asks": False},
    ),
    "network asks PHONE TEXT from CODE": (
        'network asks anna "Сумма?" from *111#',
        {"phone": "anna", "text": Text("Сумма?"), "code": Text("*111#"), "asks": True},
    ),
    "wait TIME": ("wait 181s", {"time": 181.0}),
    "repeat COUNT times": ("repeat 3 times", {"count": 3}),
    "together": ("together", {}),
    "for each row in TABLE": ('for each row in "the users.csv"', {"table": "the users.csv"}),
    "check FIRST is SECOND": ("check {a} is 12", {"first": Text("{a}"), "second": Text("12"), "same": True}),
    "check FIRST differs from SECOND": (
        'check {a} differs from "b"',
        {"first": Text("{a}"), "second": Text("b"), "same": False},
    ),
}  # fmt: skip


def tokens(written):
    (line,) = lines(written, [])
    return line.tokens


def read(written):
    """The rows that the sentence fits, each with its fields."""
    found = [(row, match(row, Reader(tokens(written), PHONES))) for row in SENTENCES]
    return [(row, fields) for row, fields in found if fields is not None]


@pytest.mark.parametrize("sentence", SENTENCES, ids=lambda sentence: sentence.pattern)
def test_a_sentence_is_read_by_its_own_row_only_and_fills_its_step(sentence):
    written, fields = EXAMPLES[sentence.pattern]
    assert read(written) == [(sentence, fields)]
    assert sentence.step(line=1, sentence=written, **fields).line == 1


def test_every_slot_of_a_sentence_is_in_the_table_of_slots_and_none_is_left_over():
    used = {word.strip("[]()") for row in SENTENCES for word in row.pattern.split()}
    assert {word for word in used if word.isupper()} == set(SLOTS)


@pytest.mark.parametrize(
    "clauses",
    [
        'from 3339 within 5s "x"',
        'from 3339 "x" within 5s',
        'within 5s from 3339 containing "x"',
        '"x" within 5s from 3339',
        'containing "x" from 3339 within 5',
    ],
)
def test_clauses_that_stand_side_by_side_come_in_any_order(clauses):
    ((_, fields),) = read(f"anna receives sms {clauses}")
    assert fields["number"] == Text("3339")
    assert fields["time"] == 5.0
    assert fields["expected"] == Expected("containing", Text("x"))


def test_clauses_in_square_brackets_may_be_left_out():
    assert read("anna receives sms")[0][1] == {"phone": "anna"}
    assert model.Receive(line=1, sentence="", phone="anna").time == 5.0


def test_a_clause_in_round_brackets_may_not():
    assert read("anna receives no sms") == []
    assert read("anna receives no sms from 3339") == []


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("5", 5), ("5s", 5), ("0.5s", 0.5), ("3min", 180), ("3 minutes", 180), ("2h", 7200), ("30d", 30 * 86400), ("1 day", 86400)],
)  # fmt: skip
def test_a_time_has_a_unit_or_is_in_seconds(written, seconds):
    assert read(f"wait {written}")[0][1] == {"time": seconds}


def test_the_units_are_what_people_write():
    assert set(UNITS.values()) == {1, 60, 3600, 86400}


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("boris", "70002000001"),
        ('"boris"', "boris"),
        ("3339", "3339"),
        ("+70002000001", "70002000001"),
        ('"8 (000) 200-00-01"', "70002000001"),
        ('"+254 700 000 001"', "254700000001"),
        ('"MegaBank"', "MegaBank"),
        ("11", "11"),
        ("{number}", "{number}"),
    ],
)
def test_a_number_is_digits_a_phones_name_or_the_name_of_a_sender(written, number):
    assert read(f"anna receives sms from {written}")[0][1]["number"] == Text(number)


@pytest.mark.parametrize(
    ("written", "msisdn"),
    [("70001000001", "70001000001"), ("8 (000) 100-00-01", "70001000001"), ("+233 24 000 0001", "233240000001")],
)
def test_a_phone_has_a_number_of_any_country(written, msisdn):
    assert read(f'phone vera is "{written}"')[0][1]["msisdn"] == Text(msisdn)


def test_outcomes_are_those_of_the_network_and_what_a_phone_does_not_send():
    assert set(OUTCOMES) == {outcome.value for outcome in Outcome} | {"not_ussd"}


def test_the_verbs_of_a_phone_are_known_for_telling_an_unknown_phone():
    assert VERBS == ("dials", "answers", "sees", "hangs", "receives", "sends", "turns")


def test_the_way_out_is_the_nearest_word_or_all_of_them():
    assert way_out("dails", ["dials", "sees"]) == 'did you mean "dials"?'
    assert way_out("xyz", ["dials", "sees"]) == "known: dials, sees"
    assert way_out("xyz", []) == ""
