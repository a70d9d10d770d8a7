"""Each row of the table is read by an example, and the page of the language tells each."""

from datetime import datetime, timedelta, timezone

import pytest

from ussd_gateway.network.session import Outcome
from ussd_gateway.scenario import model
from ussd_gateway.scenario.language import OUTCOMES, SENTENCES, SLOTS, UNITS, VERBS, Reader, match, way_out
from ussd_gateway.scenario.model import Body, Expected, Field, Part, Text
from ussd_gateway.scenario.tokens import lines

PHONES = {"anna": "70001000001", "boris": "70002000001"}

ESMES = {"shop": model.Account("test", "test")}

SERVICES = {"fruit": model.Service("*384*77#", "africas_talking")}

EXAMPLES = {
    "version VERSION": ("version 1", {"version": "1"}),
    "starts at MOMENT": ("starts at 2018-04-27 17:50", {"moment": datetime(2018, 4, 27, 17, 50)}),
    "phone NAME is MSISDN": ("phone vera is +70003000001", {"name": "vera", "msisdn": Text("70003000001")}),
    "esme NAME is SYSTEM_ID [with password PASSWORD]": (
        'esme bank is test with password "s3cret"',
        {"name": "bank", "system_id": "test", "password": "s3cret"},
    ),
    "browser NAME": ("browser phone_shop", {"name": "phone_shop"}),
    "application NAME at SERVICE_CODE [speaking DIALECT]": (
        "application kiosk at *384*77# speaking hubtel",
        {"name": "kiosk", "service_code": "*384*77#", "dialect": "hubtel"},
    ),
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
    "PHONE sees screen of at most COUNT octets": (
        "anna sees screen of at most 160 octets",
        {"phone": "anna", "count": 160, "unit": "octets"},
    ),
    "PHONE sees screen of at most COUNT characters": (
        "anna sees screen of at most 80 characters",
        {"phone": "anna", "count": 80, "unit": "characters"},
    ),
    "PHONE sees screen encoded ENCODING": ("anna sees screen encoded ucs2", {"phone": "anna", "encoding": "ucs2"}),
    "PHONE hangs up": ("anna hangs up", {"phone": "anna"}),
    "PHONE receives sms [from NUMBER] [within TIME] [in PARTS] [encoded ENCODING] [EXPECTED]": (
        r"anna receives sms matching /(\d+)/ within 2 min in 3 parts encoded ucs2 from boris",
        {
            "phone": "anna",
            "number": Text("70002000001"),
            "time": 120.0,
            "parts": 3,
            "encoding": "ucs2",
            "expected": Expected("matching", Text(r"(\d+)", pattern=True)),
        },
    ),
    "PHONE receives no sms (for TIME) [from NUMBER] [EXPECTED]": (
        "anna receives no sms from 3339 for 10s",
        {"phone": "anna", "number": Text("3339"), "time": 10.0},
    ),
    "PHONE sends sms TEXT to NUMBER [encoded ENCODING]": (
        'anna sends sms "ПАРОЛЬ" to 3339 encoded ucs2',
        {"phone": "anna", "text": Text("ПАРОЛЬ"), "number": Text("3339"), "encoding": "ucs2"},
    ),
    "PHONE turns off": ("anna turns off", {"phone": "anna", "on": False}),
    "PHONE turns on": ("anna turns on", {"phone": "anna", "on": True}),
    "PHONE memory is full": ("anna memory is full", {"phone": "anna", "full": True}),
    "PHONE memory has room": ("anna memory has room", {"phone": "anna", "full": False}),
    "PHONE speaks LANGUAGE": ("anna speaks en", {"phone": "anna", "language": "en"}),
    "network pushes TEXT to PHONE from CODE": (
        'network pushes "Скидка" to anna from *111#',
        {"phone": "anna", "text": Text("Скидка"), "code": Text("*111#"), "asks": False},
    ),
    "network asks PHONE TEXT from CODE": (
        'network asks anna "Сумма?" from *111#',
        {"phone": "anna", "text": Text("Сумма?"), "code": Text("*111#"), "asks": True},
    ),
    "ESME binds [as MODE] [answered STATUS]": (
        "shop binds answered RINVPASWD as receiver",
        {"esme": "shop", "mode": "receiver", "status": "ESME_RINVPASWD"},
    ),
    "ESME submits [part PART] TEXT to NUMBER [from SENDER] [encoded ENCODING] [answered STATUS]"
    " [keeping id as CAPTURE]": (
        'shop submits "Скидка" to anna from "SHOP" answered nothing keeping id as first',
        {
            "esme": "shop",
            "text": Text("Скидка"),
            "number": Text("70001000001"),
            "sender": Text("SHOP"),
            "status": "",
            "capture": "first",
        },
    ),
    "ESME submits [part PART] TEXT to NUMBER (with receipt) [from SENDER] [encoded ENCODING] [answered STATUS]"
    " [keeping id as CAPTURE]": (
        'shop submits part 2 of 3 "Скидка" to anna encoded ucs2 with receipt',
        {
            "esme": "shop",
            "part": Part(2, 3),
            "text": Text("Скидка"),
            "number": Text("70001000001"),
            "encoding": "ucs2",
            "receipt": True,
        },
    ),
    "ESME gets receipt STAT [for ID] [within TIME]": (
        "shop gets receipt DELIVRD within 5s for {first}",
        {"esme": "shop", "stat": "DELIVRD", "time": 5.0, "id": Text("{first}")},
    ),
    "ESME gets no receipt for TIME": ("shop gets no receipt for 1h", {"esme": "shop", "time": 3600.0}),
    "ESME receives (EXPECTED) [from NUMBER] [within TIME]": (
        'shop receives "СТОП" from anna',
        {"esme": "shop", "expected": Expected("containing", Text("СТОП")), "number": Text("70001000001")},
    ),
    "ESME receives sms [from NUMBER] [within TIME] [in PARTS] [encoded ENCODING] [EXPECTED]": (
        "shop receives sms in 2 parts",
        {"esme": "shop", "parts": 2},
    ),
    "ESME receives no sms (for TIME) [from NUMBER] [EXPECTED]": (
        "shop receives no sms for 1s",
        {"esme": "shop", "time": 1.0},
    ),
    "ESME unbinds": ("shop unbinds", {"esme": "shop"}),
    "BROWSER gets URL [header HEADERS]": (
        'web gets /cabinet header Accept "text/html", X-Key {key}',
        {
            "browser": "web",
            "method": "GET",
            "url": Text("/cabinet"),
            "headers": (Field("Accept", Text("text/html")), Field("X-Key", Text("{key}"), bare=True)),
        },
    ),
    "BROWSER posts URL [BODY] [header HEADERS]": (
        'web posts /cabinet with number "8 (000) 100-00-01", password {password}',
        {
            "browser": "web",
            "method": "POST",
            "url": Text("/cabinet"),
            "body": Body((Field("number", Text("8 (000) 100-00-01")), Field("password", Text("{password}"), bare=True))),
        },
    ),
    "BROWSER puts URL [BODY] [header HEADERS]": (
        'web puts http://127.0.0.1/x json "[{a}]"',
        {
            "browser": "web",
            "method": "PUT",
            "url": Text("http://127.0.0.1/x"),
            "body": Body(json=True, raw=Text("[{a}]", json=True)),
        },
    ),
    "BROWSER patches URL [BODY] [header HEADERS]": (
        'web patches /x json name "Anna", age 20',
        {
            "browser": "web",
            "method": "PATCH",
            "url": Text("/x"),
            "body": Body((Field("name", Text("Anna")), Field("age", Text("20"), bare=True)), json=True),
        },
    ),
    "BROWSER deletes URL [header HEADERS]": (
        "web deletes /x",
        {"browser": "web", "method": "DELETE", "url": Text("/x")},
    ),
    "BROWSER sees status HTTP_STATUS": ("web sees status 404", {"browser": "web", "http_status": 404}),
    "BROWSER sees EXPECTED": (
        'web sees "Баланс"',
        {"browser": "web", "expected": Expected("containing", Text("Баланс"))},
    ),
    "BROWSER sees no EXPECTED": (
        'web sees no "Ошибка"',
        {"browser": "web", "absent": True, "expected": Expected("containing", Text("Ошибка"))},
    ),
    "BROWSER sees header HEADER EXPECTED": (
        'web sees header Location exactly "/"',
        {"browser": "web", "header": "Location", "expected": Expected("exactly", Text("/"))},
    ),
    "BROWSER sees field PATH EXPECTED": (
        'web sees field messages.0.text "x"',
        {"browser": "web", "path": "messages.0.text", "expected": Expected("containing", Text("x"))},
    ),
    "APPLICATION will answer REPLY [after TIME] [with status HTTP_STATUS]": (
        'fruit will answer "CON {fruit}?" with status 500 after 15s',
        {"application": "fruit", "reply": Text("CON {fruit}?"), "time": 15.0, "http_status": 500},
    ),
    "APPLICATION will close the connection [after TIME]": (
        "fruit will close the connection",
        {"application": "fruit"},
    ),
    "APPLICATION was asked EXPECTED": (
        'fruit was asked "text=1*2"',
        {"application": "fruit", "expected": Expected("containing", Text("text=1*2"))},
    ),
    "wait TIME": ("wait 181s", {"time": 181.0}),
    "wait until MOMENT": (
        "wait until 2018-05-03 11:00 +03:00",
        {"moment": datetime(2018, 5, 3, 11, 0, tzinfo=timezone(timedelta(hours=3)))},
    ),
    "fault RULE": (
        "fault slow 3min account shop command submit_sm destination /^7/",
        {
            "rule": {
                "effect": "slow",
                "account": "test",
                "command": ["submit_sm"],
                "destination": "^7",
                "seconds": 180.0,
            }
        },
    ),
    "fault off": ("fault off", {}),
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
    found = [(row, match(row, Reader(tokens(written), PHONES, ESMES, {"web": True}, SERVICES))) for row in SENTENCES]
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
        ("shop", "test"),
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
    assert VERBS["PHONE"] == ("dials", "answers", "sees", "hangs", "receives", "sends", "turns", "memory", "speaks")


def test_the_way_out_is_the_nearest_word_or_all_of_them():
    assert way_out("dails", ["dials", "sees"]) == 'did you mean "dials"?'
    assert way_out("xyz", ["dials", "sees"]) == "known: dials, sees"
    assert way_out("xyz", []) == ""
