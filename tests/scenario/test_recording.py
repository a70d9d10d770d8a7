"""Events become steps: what the stream says, and what a script says of it."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.scenario.parse import parse
from ussd_gateway.scenario.recording import Place, Recording

START = datetime(2018, 4, 27, 14, 50, tzinfo=UTC).timestamp()
ANNA, BORIS = "70001000001", "70002000001"


def at(seconds):
    return datetime.fromtimestamp(START + seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def ussd(operation, text="", seconds=0, *, phone=ANNA, session="1", code="*111#", outcome=None, **more):
    told = {"at": at(seconds), "session": session, "msisdn": phone, "service_code": code, "operation": operation}
    return f"ussd.{operation}", told | {"text": text, "data_coding": 15, "outcome": outcome} | more


def sms(text, seconds=0, *, number="1", sender=ANNA, to=BORIS, esme=None, state="DELIVERED", part=None, **more):
    told = {"at": at(seconds), "id": number, "from": sender, "to": to, "esme": esme, "text": text, "part": part}
    usual = {"data_coding": 0 if text.isascii() else 8, "registered_delivery": 0, "to_esme": None}
    return "sms", told | usual | {"state": state, "masked": False} | more


def state(number, seconds, name="DELIVERED"):
    return "sms.state", {"at": at(seconds), "id": number, "state": name, "error": 0}


def event(kind, seconds=0, account=None, **facts):
    return kind, {"at": at(seconds), "account": account, "facts": facts}


def page(path="/cabinet", seconds=0, *, secrets=None, **facts):
    usual = {"behind": 99, "browser": "b1", "method": "GET", "status": 200, "form": {}, "json": None, "location": None}
    kind, told = event("page.requested", seconds, **usual | {"path": path, "sees": None} | facts)
    return kind, told | ({"secrets": secrets} if secrets else {})


def part(sequence, total=2):
    return {"reference": 7, "sequence": sequence, "total": total}


MOVED = {"from": "", "seconds": 0}


def draft(events, **place):
    recording = Recording(Place(**{"virtual": True, "utc_offset": 3} | place), pauses=60)
    for number, (kind, told) in enumerate(events, 1):
        recording.take(number, kind, told)
    return recording.draft("session.ussd")


def steps(events, **place):
    """The sentences of the scenario, without comments; what is written is a script."""
    text = draft(events, **place).text
    parse(text, "session.ussd")
    _, _, below = text.partition('scenario "session"\n')
    return [row[4:] for row in below.splitlines() if not row.lstrip().startswith("#")]


ROWS = {
    "a dialogue": (
        [ussd("begin", "*111#"), ussd("ask", "1 Баланс"), ussd("answer", "1"), ussd("end", "150 р.")],
        [
            "anna dials *111#",
            'anna sees awaiting screen exactly "1 Баланс"',
            "anna answers 1",
            'anna sees final screen exactly "150 р."',
        ],
    ),
    "a time-out": (
        [
            ussd("begin", "*111#"),
            ussd("ask", "?"),
            event("clock.moved", to=at(31), **MOVED),
            ussd("release", "Поздно.", 30, outcome="timeout"),
        ],
        [
            "anna dials *111#",
            'anna sees awaiting screen exactly "?"',
            "wait 31s",
            'anna sees final screen exactly "Поздно."',
            "anna sees outcome timeout",
        ],
    ),
    "hanging up": (
        [ussd("begin", "*1#"), ussd("ask"), ussd("hang_up")],
        [
            "anna dials *1#",
            "anna sees awaiting screen",
            "anna hangs up",
        ],
    ),
    "a notice within a dialogue is covered by the next screen": (
        [ussd("begin", "*1#"), ussd("notify", "Минуту"), ussd("end", "Всё")],
        ["anna dials *1#", 'anna sees final screen exactly "Всё"'],
    ),
    "an application that gives up": (
        [ussd("begin", "*1#"), ussd("abort"), ussd("release", "Сбой", outcome="abort_app")],
        ["anna dials *1#", 'anna sees final screen exactly "Сбой"', "anna sees outcome abort_app"],
    ),
    "a dial that is refused leaves the dialogue on the screen": (
        [
            ussd("begin", "*1#"),
            ussd("ask", "?"),
            ussd("begin", "*2#", session="2"),
            ussd("release", "Занято", session="2", outcome="busy"),
            ussd("answer", "5"),
            ussd("end", "!"),
        ],
        [
            "anna dials *1#",
            'anna sees awaiting screen exactly "?"',
            "anna dials *2#",
            "anna answers 5",
            'anna sees final screen exactly "!"',
        ],
    ),
    "a push that somebody asked for": (
        [
            ussd("notify", "Привет"),
            ussd("release", outcome="success"),
            event("network.pushed", session="1", msisdn=ANNA, service_code="*111#", asks=False, text="Привет"),
        ],
        ['network pushes "Привет" to anna from *111#', 'anna sees final screen exactly "Привет"'],
    ),
    "a question, and its answer": (
        [
            ussd("ask", "Сумма?"),
            event("network.pushed", session="1", msisdn=ANNA, service_code="*111#", asks=True, text="Сумма?"),
            ussd("answer", "10"),
            ussd("end", ""),
        ],
        [
            'network asks anna "Сумма?" from *111#',
            'anna sees awaiting screen exactly "Сумма?"',
            "anna answers 10",
            "anna sees final screen",
        ],
    ),
    "a push that does not get there": (
        [
            ussd("ask", "?"),
            ussd("release", "Нет сети", outcome="absent_subscriber"),
            event("network.pushed", session="1", msisdn=ANNA, service_code="*111#", asks=True, text="?"),
        ],
        ['network asks anna "?" from *111#'],
    ),
    "a screen of a menu that was pushed": (
        [
            ussd("ask", "Купить?"),
            event("network.pushed", session="1", msisdn=ANNA, service_code="*111#", screen="offer", variables=[]),
        ],
        [
            'web posts /api/v1/handsets/{number_of_anna}/push json from "*111#", screen "offer"',
            'anna sees awaiting screen exactly "Купить?"',
        ],
    ),
    "a menu's own push only arrives": (
        [ussd("begin", "*1#", phone=BORIS), ussd("notify", "Вам перевод", session="2"), ussd("end", "ОК", phone=BORIS)],
        [
            "anna dials *1#",
            'boris sees final screen exactly "Вам перевод"',
            'anna sees final screen exactly "ОК"',
        ],
    ),
    "an SMS": ([sms("Hi")], ['anna sends sms "Hi" to boris', 'boris receives sms from anna exactly "Hi"']),
    "an SMS in parts, to a phone that was off": (
        [
            event("handset.detached", msisdn=BORIS),
            sms("Не влезет, ", number="1", state="ENROUTE", part=part(1)),
            sms("совсем.", number="2", state="ENROUTE", part=part(2)),
            event("handset.attached", 60, msisdn=BORIS),
            state("1", 60),
            state("2", 60),
        ],
        [
            "anna turns off",
            'boris sends sms "Не влезет, совсем." to anna',
            "wait 1min",
            "anna turns on",
            'anna receives sms from boris in 2 parts exactly "Не влезет, совсем."',
        ],
    ),
    "an SMS in another encoding": (
        [sms("Hi", data_coding=8)],
        ['anna sends sms "Hi" to boris encoded ucs2', 'boris receives sms from anna exactly "Hi"'],
    ),
    "an SMS of a menu only arrives": (
        [sms("Тариф", sender="111", to=ANNA)],
        ['anna receives sms from 111 exactly "Тариф"'],
    ),
    "an SMS of self-care only arrives": (
        [
            sms("Hi", sender="3339", to=ANNA, esme="selfcare"),
            ("receipt", {"at": at(0), "id": "1", "state": "DELIVERED", "esme": "selfcare"}),
        ],
        ['anna receives sms from 3339 exactly "Hi"'],
    ),
    "an SMS to self-care is only sent": ([sms("25", to="111", to_esme="selfcare")], ['anna sends sms "25" to 111']),
    "an SMS to an ESME": (
        [
            event("esme.bound", account="shop", mode="receiver", bind=1),
            sms("СТОП", to="5000", to_esme="shop", state="ENROUTE"),
            state("1", 0),
            event("esme.unbound", account="shop"),
        ],
        [
            "shop binds as receiver",
            'anna sends sms "СТОП" to 5000',
            'shop receives exactly "СТОП" from anna',
            "shop unbinds",
        ],
    ),
    "an ESME that was bound before, and its receipt": (
        [
            sms("x", sender="SHOP", to=ANNA, esme="shop", registered_delivery=1, state="ENROUTE", number="7"),
            state("7", 5),
            ("receipt", {"at": at(5), "id": "7", "state": "DELIVERED", "esme": "shop"}),
        ],
        [
            "shop binds",
            'shop submits "x" to anna with receipt from "SHOP" keeping id as message',
            "wait 5s",
            'anna receives sms from "SHOP" exactly "x"',
            "shop gets receipt DELIVRD for {message}",
        ],
    ),
    "parts of an ESME": (
        [
            sms("b", sender="shop", to=ANNA, esme="shop", part=part(2), number="1"),
            sms("b", sender="shop", to=ANNA, esme="shop", part=part(2), number="2"),
            sms("a", sender="shop", to=ANNA, esme="shop", part=part(1), number="3"),
        ],
        [
            "shop binds",
            *['shop submits part 2 of 2 "b" to anna'] * 2,
            'shop submits part 1 of 2 "a" to anna',
            'anna receives sms from shop in 2 parts exactly "ab"',
        ],
    ),
    "what an ESME is refused": (
        [
            event("esme.bind_refused", account="shop", command_status="ESME_RBINDFAIL"),
            event("esme.bind_refused", account="shop", command_status="ESME_RINVPASWD"),
            event("esme.bound", account="shop", mode="transceiver", bind=1),
            event(
                "esme.refused",
                account="shop",
                command="submit_sm",
                command_status="ESME_RTHROTTLED",
                data_coding=0,
                registered_delivery=0,
                text="x",
                **{"from": "shop", "to": ANNA},
            ),
        ],
        [
            "shop binds answered ESME_RBINDFAIL",
            "shop2 binds answered ESME_RINVPASWD",
            "shop binds",
            'shop submits "x" to 70001000001 answered ESME_RTHROTTLED',
        ],
    ),
    "a response that never comes": (
        [
            event("esme.fault", account="shop", fault="no_response", command="submit_sm"),
            sms("x", sender="shop", to=ANNA, esme="shop"),
        ],
        ["shop binds", 'shop submits "x" to anna answered nothing', 'anna receives sms from shop exactly "x"'],
    ),
    "an ESME that binds again": (
        [event("esme.bound", account="shop", mode="transmitter", bind=number) for number in (1, 2)],
        ["shop binds as transmitter", "shop unbinds", "shop binds as transmitter"],
    ),
    "what a phone can be": (
        [
            event("handset.memory_full", msisdn=ANNA, full=True),
            event("handset.memory_full", msisdn=ANNA, full=False),
            event("handset.language", msisdn=ANNA, language="latin", channel="web"),
            event("handset.language", msisdn=ANNA, language="ru", channel="ussd"),
        ],
        ["anna memory is full", "anna memory has room", "anna speaks latin"],
    ),
    "a phone that was off when it began": (
        [event("handset.attached", msisdn=ANNA), event("handset.memory_full", msisdn=ANNA, full=False)],
        ["anna turns off", "anna memory is full", "anna turns on", "anna memory has room"],
    ),
    "faults": (
        [
            event("faults.replaced", rules=[{"effect": "queue_full", "command": ["submit_sm"], "sent_by": "esme"}]),
            event(
                "faults.replaced",
                rules=[
                    {"effect": "throttle", "rate": 1.0},
                    {"effect": "queue_full", "command": ["submit_sm"], "sent_by": "esme"},
                ],
            ),
            event("faults.replaced", rules=[{"effect": "slow", "seconds": 3.0}]),
            event("faults.replaced", rules=[]),
        ],
        ["fault queue_full", "fault throttle 1", "fault off", "fault slow 3s", "fault off"],
    ),
    "pages": (
        [
            page(sees="Личный кабинет"),
            page(method="POST", form={"number": ANNA, "password": "********"}, secrets={"password": "s1"}, status=401),
            page("/api/v1/handsets"),
            page("/x", browser="b2", status=404),
        ],
        [
            "web gets /cabinet",
            "web sees status 200",
            'web sees "Личный кабинет"',
            'web posts /cabinet with number "70001000001", password {secret}',
            "web sees status 401",
            "web2 gets /x",
            "web2 sees status 404",
        ],
    ),
    "a redirection is followed by itself": (
        [page(method="POST", status=303, location="/cabinet/in"), page("/cabinet/in", sees="Баланс")],
        ["web posts /cabinet", "web sees status 200", 'web sees "Баланс"'],
    ),
    "what a page brings about comes behind it": (
        [sms("Hi", sender="3339", to=ANNA, esme="selfcare"), page(method="POST", behind=0, json={"a": 1, "b": "x"})],
        [
            'web posts /cabinet json a 1, b "x"',
            'anna receives sms from 3339 exactly "Hi"',
            "web sees status 200",
        ],
    ),
    "an address that hides something": (
        [
            page("/cabinet/in", method="POST", form={"code": "********"}, secrets={"code": "s1"}),
            page("/cabinet/in?code=********&old=********", secrets={"code": "s1"}),
        ],
        [
            "web posts /cabinet/in with code {secret}",
            "web sees status 200",
            "web gets /cabinet/in?code={secret}&old={secret_2}",
            "web sees status 200",
        ],
    ),
    "JSON of any shape, with what is hidden in it": (
        [
            page(method="POST", json=[1, {"n": "{name}, {}"}]),
            page(method="PUT", json={"a": {"password": "********"}, "b": None}, secrets={"password": "s1"}),
            page(method="PATCH", json={}),
        ],
        [
            "web posts /cabinet json:",
            '    [1, {"n": "\\u007bname}, {}"}]',
            "web sees status 200",
            "web puts /cabinet json:",
            '    {"a": {"password": "{secret}"}, "b": null}',
            "web sees status 200",
            "web patches /cabinet json:",
            "    {}",
            "web sees status 200",
        ],
    ),
    "an application behind a URL": (
        [
            event("application.added", service_code="*5#", dialect="hubtel"),
            ussd("begin", "*5#", code="*5#"),
            ussd("ask", "Fruit?", code="*5#"),
            ussd("answer", "2", code="*5#"),
            ussd("release", "Долго", 10, code="*5#", outcome="app_timeout"),
            ussd("begin", "*5#", 10, code="*5#", session="2"),
            ussd("end", "Bye", 19, code="*5#", session="2"),
        ],
        [
            'app will answer "CON Fruit?"',
            "anna dials *5#",
            'anna sees awaiting screen exactly "Fruit?"',
            'app will answer "END " after 11s',
            "anna answers 2",
            'anna sees final screen exactly "Долго"',
            "anna sees outcome app_timeout",
            'app will answer "END Bye" after 9s',
            "anna dials *5#",
            'anna sees final screen exactly "Bye"',
        ],
    ),
    "a reset begins anew": (
        [ussd("begin", "*1#"), event("gateway.reset"), ussd("begin", "*2#", session="2")],
        ["anna dials *2#"],
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_events_become_steps(name):
    events, sentences = ROWS[name]
    assert steps(events) == sentences


@pytest.mark.parametrize(
    ("events", "sentence"),
    [
        ([("gap", {"missing": 3})], "3 events are kept no more"),
        ([event("handset.busy", msisdn=ANNA, busy=True)], "a phone was in a call"),
        ([event("menu.reloaded", file="portal.toml")], "a menu was changed meanwhile"),
        ([ussd("answer", "1", session="9")], "a dialogue was open when the recording began"),
        ([state("9", 0)], "a message arrived that was sent before the recording began"),
        ([state("9", 0, "DELETED")], "a message was cancelled (cancel_sm)"),
        ([sms("x", to="12")], "an SMS to 12, which is no number of a phone"),
        ([sms("x", data_coding=4)], "data_coding 4"),
        (
            [event("esme.refused", account="shop", command="query_sm", command_status="ESME_RQUERYFAIL")],
            "shop was refused query_sm (ESME_RQUERYFAIL)",
        ),
        (
            [event("esme.fault", account="shop", fault="drop", command="submit_sm")],
            "shop sent submit_sm, and the fault drop swallowed it",
        ),
        ([page(method="POST", form={"a": ["1", "2"]})], "a form with several values of one field"),
        ([page(form={"a": "1"})], "the body of a GET"),
        ([page(method="DELETE", json=[])], "the body of a DELETE"),
        (
            [event("network.pushed", session=None, msisdn=ANNA, service_code="*1#", screen="s", variables=["price"])],
            "the screen s was pushed with variables",
        ),
        ([event("gateway.reset")], "the gateway was reset; what was before is left out"),
    ],
)
def test_what_no_sentence_tells_is_told(events, sentence):
    made = draft([*events, ussd("begin", "*1#", session="8")])
    assert made.unrecorded == (sentence,)
    assert f"# Not recorded: {sentence}.\n" in made.text


def test_a_dialogue_with_an_esme_is_left_out_unless_it_says_nothing():
    spoken = [ussd("begin", "*5#", code="*5#"), ussd("ask", "?", code="*5#"), ussd("answer", "1", code="*5#")]
    silent = [
        ussd("begin", "*5#", code="*5#", session="2"),
        ussd("release", "Долго", 10, session="2", outcome="app_timeout"),
    ]
    made = draft([*spoken, *silent], answers={"*5#": "esme"})
    assert made.unrecorded == ("a dialogue with the ESME that answers *5#",)
    assert steps([*spoken, *silent], answers={"*5#": "esme"})[0:2] == [
        "anna dials *5#",
        'anna sees final screen exactly "Долго"',
    ]


def test_an_esme_that_gives_up_is_left_out_and_one_that_is_not_there_is_not():
    gave_up = [
        ussd("begin", "*5#", code="*5#"),
        ussd("abort", code="*5#"),
        ussd("release", "Сбой", code="*5#", outcome="abort_app"),
    ]
    failed = {"code": "*5#", "session": "2", "outcome": "system_failure"}
    absent = [
        ussd("begin", "*5#", code="*5#", session="2"),
        ussd("abort", **failed),
        ussd("release", "Ошибка", **failed),
    ]
    assert steps([*gave_up, *absent], answers={"*5#": "esme"}) == [
        "anna dials *5#",
        'anna sees final screen exactly "Ошибка"',
        "anna sees outcome system_failure",
    ]


def test_what_is_behind_a_url_of_the_config_has_to_be_there():
    made = draft([ussd("begin", "*5#", code="*5#"), ussd("end", "!", code="*5#")], answers={"*5#": "url"})
    assert made.unrecorded == ("what is behind the URL at *5#: it has to be there when the script is played",)


def test_it_begins_with_how_things_were():
    handsets = {
        ANNA: {"attached": False, "memory_full": True, "language": "en"},
        BORIS: {"attached": False, "memory_full": False, "language": "ru"},
    }
    assert steps([event("handset.attached", msisdn=ANNA)], handsets=handsets, faults=[{"effect": "queue_full"}]) == [
        "fault queue_full",
        "anna speaks en",
        "anna memory is full",
        "anna turns off",
        "anna turns on",
    ]


_JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 99) | st.text('ab4{}\\"/#\n«\t', max_size=8),
    lambda some: (
        st.lists(some, max_size=3) | st.dictionaries(st.text('ab{}" ', min_size=1, max_size=4), some, max_size=3)
    ),
)


@given(_JSON_VALUES.filter(lambda value: value is not None))
def test_json_is_sent_again_as_it_was(value):
    text = draft([page(method="POST", json=value)]).text
    request, _ = parse(text, "session.ussd").scenarios[0].steps
    body = request.body
    if body.raw is not None:
        assert json.loads(body.raw.fill({})) == value
    else:
        sent = {field.name: field.value.fill({}) for field in body.fields}
        assert sent == {name: told if isinstance(told, str) else json.dumps(told) for name, told in value.items()}


def test_nothing_is_no_script():
    with pytest.raises(ValueError, match="nothing was recorded"):
        Recording(Place(virtual=True), pauses=60).draft("x.ussd")


def test_its_length_is_told_at_any_time():
    recording = Recording(Place(virtual=True), pauses=60)
    assert len(recording) == 0
    recording.take(1, *ussd("begin", "*1#"))
    assert len(recording) == 1


def test_under_a_real_clock_it_begins_at_any_moment_and_long_pauses_are_kept():
    events = [ussd("begin", "*1#"), ussd("end", "в 17:50", 2), ussd("begin", "*1#", 100.4, session="2")]
    made = draft(events, virtual=False)
    assert "starts at" not in made.text
    assert steps(events, virtual=False) == [
        "anna dials *1#",
        r"anna sees final screen matching /^в \d+:\d+$/",
        "wait 98s",
        "anna dials *1#",
    ]
