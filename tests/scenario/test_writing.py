"""What is written reads as the very same step, and a whole file as the same script."""

import re
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.dialects.table import DIALECTS
from ussd_gateway.fault_rule import FaultRule
from ussd_gateway.scenario import language, model
from ussd_gateway.scenario.formatting import formatted
from ussd_gateway.scenario.language import SENTENCES, SLOTS, Reader, match
from ussd_gateway.scenario.model import Account, Body, Expected, Field, Scenario, Script, Text
from ussd_gateway.scenario.parse import parse, read
from ussd_gateway.scenario.tokens import lines
from ussd_gateway.scenario.writing import WRITERS, duration, escaped, moment, write, written

HOUSE = Path(__file__).parents[2]
PAGE = (HOUSE / "docs" / "scripts.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```ussd\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
FILES = dict(re.findall(r"^```\w+ (\S+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE))
SCRIPTS = sorted((HOUSE / "scripts").glob("*.ussd"))

PHONES = {"anna": "70001000001", "boris": "70002000001", "user": "{_number_of_user}"}
ESMES = {"shop": Account("test", "test"), "bank": Account("bank-1", "secret")}
SERVICES = {"fruit": model.Service("*384*77#", "africas_talking")}
NAMES = {"70001000001": "anna", "70002000001": "boris", "test": "shop"}


def bare(step):
    """A step without its place in the file."""
    step = replace(step, line=0, sentence="", file="")
    if isinstance(step, model.ForEach):
        step = replace(step, rows=())
    return replace(step, steps=tuple(map(bare, step.steps))) if isinstance(step, model.Block) else step


def meaning(script):
    """What a script says, without the places of it."""
    told = [script.starts and script.starts.moment]
    for scenario in script.scenarios:
        values = {field.name: getattr(scenario, field.name) for field in fields(scenario)} | {"line": 0}
        for name in ("steps", "setup", "teardown"):
            values[name] = [bare(step) for step in values[name]]
        told.append(values)
    return told


def reads_the_same(script):
    text = write(script)
    assert formatted(text) == text
    assert meaning(parse(text, script.name)) == meaning(script)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_that_comes_along_is_the_same_when_it_is_written(path):
    reads_the_same(read(path))


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example_of_the_page_is_the_same_when_it_is_written(number, tmp_path):
    for name, body in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(body, encoding="utf-8")
    reads_the_same(parse(EXAMPLES[number], str(tmp_path / "example.ussd")))


# Every sentence with everything that can fill it

SIGNS = "ab1 \t\n\r\"'\\/#:,.{}*Ж№«»\u00a0\u2028😀"
NAME = st.sampled_from(["vera", "a1", "имя", "header", "with", "no"])
WORD = st.text(st.sampled_from(SIGNS), max_size=6)
FILLED = st.lists(st.one_of(WORD.map(escaped), NAME.map("{{{}}}".format)), max_size=3).map("".join)
TEXT = FILLED.map(Text)
NUMBER = st.one_of(
    st.sampled_from(["70001000001", "3339", "11", "test", "SHOP", "anna", "{_number_of_user}", "{a}"]), FILLED
).filter(lambda number: (language.number_of(number) or number) == number)
PATTERN = st.one_of(WORD.map(re.escape), st.sampled_from([r"(?P<x>\d{3})\.", "a/b", r"[/\\]", r"\\/", "{vera}|"]))
EXPECTED = st.one_of(
    st.builds(Expected, st.sampled_from(["containing", "exactly"]), TEXT),
    PATTERN.filter(lambda pattern: not re.search(r"[\n\r]", pattern)).map(
        lambda pattern: Expected("matching", Text(pattern, pattern=True))
    ),
)
FIELDS = st.lists(
    st.one_of(
        st.builds(Field, WORD, TEXT, st.just(False)),
        st.builds(Field, NAME, st.sampled_from(["20", "true", "{vera}", "a,b", "*100#"]).map(Text), st.just(True)),
    ),
    min_size=1,
    max_size=3,
).map(tuple)
JSON = st.sampled_from(['{"dial": "*111#"}', '{\n  "a": [1, "{vera}"]\n}', '[\n\n"b"]\n', "{vera}", ' "x"'])
MOMENTS = st.datetimes(
    min_value=datetime(1970, 1, 1), timezones=st.sampled_from([None, UTC, timezone(timedelta(hours=-3, minutes=-30))])
)
RULES = st.sampled_from(
    [
        {"effect": "throttle", "rate": 1, "account": "test"},
        {"effect": "slow", "seconds": 180, "command": ["submit_sm", "data_sm"], "destination": "^7/\\d{3}"},
        {"effect": "status", "status": "ESME_RSYSERR", "nth": 2, "account": "no such one"},
        {"effect": "status", "status": 0x0400, "probability": 0.25, "seed": 3},
        {"effect": "queue_full", "times": 1},
        {"effect": "drop", "kind": "reset", "every": 3},
        {"effect": "drop"},
        {"effect": "malformed", "kind": "missing_nul", "sent_by": "smsc"},
    ]
).map(lambda rule: FaultRule.model_validate(rule).model_dump(mode="json", exclude_none=True))

VALUES = {
    "VERSION": st.just("1"),
    "NAME": NAME,
    "MSISDN": st.sampled_from(["70003000001", "254700000001", "{vera}", "8{a} b"]).map(Text),
    "TITLE": WORD,
    "VARIABLE": NAME,
    "TABLE": WORD.filter(bool),
    "SCRIPT": WORD.filter(bool),
    "TAGS": st.lists(st.sampled_from(["smoke", "a-b", "1"]), min_size=1, unique=True).map(tuple),
    "PHONE": st.sampled_from(list(PHONES)),
    "ESME": st.sampled_from(list(ESMES)),
    "BROWSER": st.just("web"),
    "APPLICATION": st.just("fruit"),
    "SERVICE_CODE": st.sampled_from(["*384*77#", "#1#"]),
    "DIALECT": st.sampled_from(list(DIALECTS)),
    "REPLY": st.one_of(FILLED, JSON).map(language.reply),
    "PART": st.sampled_from([model.Part(1, 1), model.Part(2, 255)]),
    "SYSTEM_ID": st.sampled_from(["test", "a b", "x:", '"', "/"]),
    "PASSWORD": st.sampled_from(["s3cret", 'a" #', "\\"]),
    "MODE": st.sampled_from(language.MODES),
    "STATUS": st.sampled_from(["", "ESME_RTHROTTLED", "0x00000400", "ESME_ROK"]),
    "STAT": st.sampled_from(language.STATS),
    "SENDER": TEXT,
    "CAPTURE": NAME,
    "ID": TEXT,
    "URL": st.one_of(
        st.sampled_from(["/", "http://127.0.0.1:9/a?b=c", "{vera}/x", "/a:"]), FILLED.map("/".__add__)
    ).map(Text),
    "BODY": st.one_of(
        FIELDS.map(Body),
        FIELDS.map(lambda said: Body(said, json=True)).filter(lambda body: len(body.fields) > 1 or body.fields[0].name),
        JSON.map(lambda raw: Body(json=True, raw=Text(raw, json=True))),
    ),
    "HEADERS": FIELDS,
    "HTTP_STATUS": st.integers(100, 599),
    "HEADER": st.one_of(NAME, WORD),
    "PATH": st.one_of(st.sampled_from(["messages.0.text", "a"]), WORD),
    "CODE": st.sampled_from(["*111#", "*111*25#", "#100#", "*{vera}#", "{vera}"]).map(Text),
    "ANSWER": TEXT,
    "EXPECTED": EXPECTED,
    "OUTCOME": st.sampled_from(language.OUTCOMES),
    "MOMENT": MOMENTS,
    "RULE": RULES,
    "COUNT": st.integers(1, 999_999),
    "PARTS": st.integers(1, 9),
    "ENCODING": st.sampled_from(language.ENCODINGS),
    "LANGUAGE": st.sampled_from(language.LANGUAGES),
    "NUMBER": NUMBER.map(Text),
    "TIME": st.one_of(st.integers(0, 10**6).map(float), st.floats(0, 10**9)),
    "TEXT": TEXT,
    "FIRST": TEXT,
    "SECOND": TEXT,
}


def test_there_is_a_way_to_write_every_slot():
    assert set(WRITERS) == set(SLOTS) == set(VALUES)


@st.composite
def steps(draw, row):
    """A step of the row, each of its slots filled somehow, those in square brackets perhaps not."""
    said = dict(row.fixed)
    for elements, optional in language.parts(row.pattern):
        if not optional or draw(st.booleans()):
            said |= {slot.lower(): draw(VALUES[slot]) for slot in elements if slot.isupper()}
    return row.step(line=0, sentence="", **said)


@pytest.mark.parametrize("row", SENTENCES, ids=lambda row: row.pattern)
@given(st.data())
def test_a_step_of_any_sentence_reads_as_the_same_step(row, data):
    step = data.draw(steps(row))
    mistakes = []
    (line,) = lines(written(step, NAMES), mistakes)
    found = [
        fitting.step(line=0, sentence="", **said)
        for fitting in SENTENCES
        if fitting.step is row.step
        and (said := match(fitting, Reader(line.tokens, PHONES, ESMES, {"web": True}, SERVICES))) is not None
    ]
    assert found == [step]
    assert mistakes == []


def step(kind, **said):
    return kind(line=0, sentence="", **said)


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (step(model.Dial, phone="anna", code=Text("*111#")), "anna dials *111#"),
        (step(model.Answer, phone="anna", answer=Text("1")), "anna answers 1"),
        (step(model.Answer, phone="anna", answer=Text("Да")), 'anna answers "Да"'),
        (step(model.Answer, phone="anna", answer=Text("'s")), """anna answers "'s\""""),
        (step(model.See, phone="anna", expected=Expected("exactly", Text("1 A\n2 B"))),
         "anna sees exactly:\n    1 A\n    2 B"),
        (step(model.See, phone="anna", expected=Expected("containing", Text("A \nB"))), r'anna sees "A \nB"'),
        (step(model.See, phone="anna", expected=Expected("containing", Text("A\r\nB"))), r'anna sees "A\r\nB"'),
        (step(model.See, phone="anna", state="final"), "anna sees final screen"),
        (step(model.Receive, phone="anna", number=Text("3339"), time=90.0,
              expected=Expected("matching", Text(r"a/b (?P<code>\d+)", pattern=True))),
         r"anna receives sms from 3339 within 90s matching /a\/b (?P<code>\d+)/"),
        (step(model.Receive, phone="anna", number=Text("70002000001")), "anna receives sms from boris"),
        (step(model.Receive, phone="anna", number=Text("MegaBank")), 'anna receives sms from "MegaBank"'),
        (step(model.ReceiveNone, phone="anna", time=600.0), "anna receives no sms for 10min"),
        (step(model.Submit, esme="shop", text=Text("Hi"), number=Text("{_number_of_user}"), receipt=True, capture="id"),
         'shop submits "Hi" to user with receipt keeping id as id'),
        (step(model.Bind, esme="shop", status=""), "shop binds answered nothing"),
        (step(model.Request, browser="web", method="POST", url=Text("/cabinet"),
              body=Body((Field("number", Text("8 (000)")), Field("password", Text("{password}"), bare=True)))),
         'web posts /cabinet with number "8 (000)", password {password}'),
        (step(model.Request, browser="web", method="POST", url=Text("/x"),
              body=Body(json=True, raw=Text('{"dial": "*111#"}', json=True))),
         'web posts /x json:\n    {"dial": "*111#"}'),
        (step(model.Fault, rule={"effect": "slow", "account": "test", "command": ["submit_sm"], "seconds": 180.0}),
         "fault slow 3min account shop command submit_sm"),
        (step(model.WaitUntil, moment=datetime(2018, 5, 3, 11, tzinfo=UTC)), "wait until 2018-05-03 11:00 +00:00"),
        (step(model.Repeat, count=3), "repeat 3 times"),
        (step(model.Submit, esme="shop", text=Text("B"), number=Text("70001000001"), part=model.Part(2, 3)),
         'shop submits part 2 of 3 "B" to anna'),
        (step(model.Reply, application="fruit", reply=Text("CON Fruit?"), time=15.0, http_status=500),
         'fruit will answer "CON Fruit?" after 15s with status 500'),
        (step(model.Reply, application="fruit", reply=Text('{"end": true}', json=True)),
         'fruit will answer:\n    {"end": true}'),
        (step(model.Reply, application="fruit"), "fruit will close the connection"),
        (step(model.Asked, application="fruit", expected=Expected("containing", Text("text=2"))),
         'fruit was asked "text=2"'),
    ],
)  # fmt: skip
def test_sentences_are_what_a_person_would_write(made, sentence):
    assert written(made, NAMES) == sentence


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "0s"), (0.5, "0.5s"), (30, "30s"), (60, "1min"), (90, "90s"), (7200, "2h"), (86400.0 * 30, "30d"), (1e-7, "0.0000001s")],
)  # fmt: skip
def test_durations_are_as_people_write_them(seconds, told):
    assert duration(seconds) == told


def test_a_moment_has_seconds_only_where_there_are_some():
    assert moment(datetime(2018, 5, 3, 11)) == "2018-05-03 11:00"
    assert moment(datetime(2018, 5, 3, 11, 0, 5)) == "2018-05-03 11:00:05"


def test_what_no_sentence_says_is_told():
    with pytest.raises(ValueError, match="no sentence says See"):
        written(step(model.See, phone="anna"))


def test_a_pattern_that_a_row_cannot_hold_finds_the_same():
    made = step(model.See, phone="anna", expected=Expected("matching", Text(re.escape("a\nb/"), pattern=True)))
    assert written(made) == r"anna sees matching /a\nb\//"


# A whole file

DRAFT = Script(
    "draft.ussd",
    (
        Scenario(
            "Two phones",
            1,
            {"anna": "70001000001", "boris": "70002000001"},
            (
                model.Dial(line=2, sentence="", phone="anna", code=Text("*111#")),
                step(
                    model.Repeat,
                    count=2,
                    steps=(
                        model.See(line=3, sentence="", phone="anna", expected=Expected("exactly", Text("1 A\n\n2 B"))),
                    ),
                ),
                step(model.Request, browser="web", method="GET", url=Text("/cabinet")),
                step(model.Send, phone="boris", text=Text("{greeting}"), number=Text("70001000001")),
            ),
            ("smoke", "slow"),
            setup=(step(model.Bind, esme="shop"),),
            variables={"greeting": "a {brace}"},
            esmes={"shop": Account("test", "test"), "bank": Account("bank", "s3cret")},
        ),
        Scenario("The other", 4, {"vera": "70003000001"}, (step(model.HangUp, phone="vera"),), setup=(step(model.Bind, esme="shop"),)),
    ),
    step(model.Starts, moment=datetime(2018, 4, 27, 17, 50)),
)  # fmt: skip

DRAFT_TEXT = """\
# recorded from a live gateway
version 1
starts at 2018-04-27 17:50

phone anna is 70001000001
phone boris is 70002000001
phone vera is 70003000001
esme shop is test
esme bank is bank with password "s3cret"
browser web
let greeting be "a {{brace}"

setup
    shop binds

scenario "Two phones" tagged smoke, slow
    # guessed: the code
    #
    # in two lines
    anna dials *111#
    repeat 2 times
        # as it was
        anna sees exactly:
            1 A

            2 B
    web gets /cabinet
    boris sends sms "{greeting}" to anna

# the rest
scenario "The other"
    vera hangs up
"""


def test_a_draft_is_written_with_what_it_says_of_itself():
    comments = {
        0: "recorded from a live gateway",
        2: "guessed: the code\n\n in two lines",
        3: "as it was",
        4: "the rest",
    }
    assert write(DRAFT, comments) == DRAFT_TEXT
    assert formatted(DRAFT_TEXT) == DRAFT_TEXT
    assert write(parse(DRAFT_TEXT, "draft.ussd")) == write(DRAFT)


def test_scenarios_of_a_file_agree_on_their_phones_and_setup():
    first, other = DRAFT.scenarios
    with pytest.raises(ValueError, match="the phones of one file are the same in all its scenarios, and anna is not"):
        write(Script("x.ussd", (first, replace(other, phones={"anna": "70001000009"}))))
    with pytest.raises(ValueError, match="same setup"):
        write(Script("x.ussd", (first, replace(other, setup=()))))


def test_a_table_of_a_file_that_is_used_is_named_as_seen_from_the_script(tmp_path):
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "all.csv").write_text("msisdn\n70001000001\n")
    (tmp_path / "shared" / "all.ussd").write_text(
        "setup\n    for each row in all.csv\n        phone user is {msisdn}\n        user hangs up\n"
    )
    script = parse("use shared/all.ussd\nphone anna is 70001000001\nanna hangs up\n", str(tmp_path / "x.ussd"))
    text = write(script)
    assert "    for each row in shared/all.csv\n        phone user is {msisdn}\n        user hangs up\n" in text
    assert write(parse(text, str(tmp_path / "x.ussd"))) == text
