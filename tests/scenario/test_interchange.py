"""Scripts as JSON documents: the same script comes back, the schema knows each, and mistakes have their place."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from ussd_gateway.scenario import model
from ussd_gateway.scenario.formatting import formatted
from ussd_gateway.scenario.interchange import (
    STEPS,
    InterchangeError,
    from_json,
    json_text,
    schema,
    schema_text,
    to_json,
)
from ussd_gateway.scenario.language import SENTENCES
from ussd_gateway.scenario.local import local_driver
from ussd_gateway.scenario.parse import parse, read
from ussd_gateway.scenario.play import play
from ussd_gateway.scenario.report import failure_report

HOUSE = Path(__file__).parents[2]
PAGE = (HOUSE / "docs" / "scripts.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```ussd\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
FILES = dict(re.findall(r"^```\w+ (\S+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE))
(DOCUMENT,) = re.findall(r"^```json\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
SCRIPTS = sorted((HOUSE / "scripts").glob("*.ussd"))
VALIDATOR = Draft202012Validator(schema())

EVERYTHING = """\
version 1
starts at 2018-04-27 17:50

phone anna is 70001000001
phone boris is 70002000001
esme shop is test
esme bank is bank with password "s3cret"
browser web
application fruit at *384*77# speaking nalo
let greeting be "a {{brace} \\\\ \\r\\n"

setup
    anna turns on

teardown
    anna memory has room

scenario "Phones" tagged smoke, a-b
    anna dials *111#
    anna sees exactly:
        1 A
        2 "B"
    anna sees no "x"
    anna sees final screen
    anna sees awaiting screen matching /(?P<key>\\d) a\\/b/
    anna sees outcome timeout
    anna sees screen of at most 160 octets
    anna sees screen of at most 80 characters
    anna sees screen encoded ucs2
    anna answers {key}
    anna hangs up
    anna receives sms
    anna receives sms from boris within 2min in 3 parts encoded ucs2 "a"
    anna receives no sms for 10s from "boris"
    anna sends sms "{greeting}" to 3339 encoded gsm7
    anna turns off
    anna memory is full
    anna speaks en
    network pushes "a" to anna from *111#
    network asks anna "a" from *111#
    let other be "b"
    repeat 2 times
        together
            anna hangs up
            boris hangs up
    check {key} is 1
    check {key} differs from "b"
    wait 0.5s
    wait until 2018-05-03 11:00 +03:00

scenario "Programs"
    shop binds
    bank binds as receiver answered nothing
    shop submits "a" to anna from "SHOP" encoded ucs2 answered ESME_RTHROTTLED keeping id as first
    shop submits "a" to shop with receipt
    shop gets receipt DELIVRD for {first} within 1h
    shop gets no receipt for 1s
    shop receives "a" from anna
    shop receives sms in 2 parts
    shop receives no sms for 1s "a"
    shop unbinds
    web gets / header Accept "text/html", Key {first}
    web posts /x with a "x", b 2 header Accept "x"
    web puts /x json a "1", b 2, c true, d {first}
    web patches /x json:
        {"a": [{first}]}
    web deletes /x
    web sees status 200
    web sees "a"
    web sees no "b"
    web sees header Location exactly "/"
    web sees field messages.0.text "x"
    shop submits part 2 of 3 "b" to anna
    fruit will answer "CON {first}?" after 15s with status 500
    fruit will answer:
        {"text": "{first}"}
    fruit will close the connection after 1s
    fruit was asked "text=2"
    fault throttle 1 account shop
    fault slow 3s command submit_sm,data_sm destination /^7/
    fault off
"""


def document(text=EVERYTHING, name="x.ussd"):
    return json.loads(json_text(parse(text, name)))


def test_every_sentence_comes_back_from_its_document_and_the_schema_knows_it():
    assert formatted(EVERYTHING) == EVERYTHING
    told = document()
    VALIDATOR.validate(told)
    assert from_json(told, "x.ussd") == EVERYTHING
    used = {type(step) for scenario in parse(EVERYTHING, "x.ussd").scenarios for step in model.walk(scenario.steps)}
    assert {row.step for row in SENTENCES if issubclass(row.step, model.Action)} - used == {model.Phone, model.ForEach}


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_each_example_of_the_page_comes_back_and_fits_the_schema(number, tmp_path):
    for name, body in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(body, encoding="utf-8")
    name = str(tmp_path / "example.ussd")
    told = document(EXAMPLES[number], name)
    VALIDATOR.validate(told)
    assert document(from_json(told, name), name) == told


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
async def test_a_script_that_comes_along_passes_after_the_journey(path):
    text = from_json(to_json(read(path)), path.name)
    script = parse(text, path.name)
    async with local_driver(starts=script.starts.moment if script.starts else None) as driver:
        results = await play(script, driver)
    assert "".join(failure_report(result).plain for result in results) == ""


async def test_the_document_of_the_page_passes(local):
    told = json.loads(DOCUMENT)
    VALIDATOR.validate(told)
    (result,) = await play(parse(from_json(told, "x.ussd"), "x.ussd"), local)
    assert result.passed
    assert to_json(parse(from_json(told, "x.ussd"), "x.ussd")) == told


def test_the_schema_in_the_docs_is_drawn_from_the_table_of_sentences():
    assert (HOUSE / "docs" / "script.schema.json").read_text(encoding="utf-8") == schema_text()
    Draft202012Validator.check_schema(schema())
    titles = [step["title"] for step in schema()["$defs"]["step"]["anyOf"]]
    assert sorted(titles) == sorted(row.pattern for row in SENTENCES if issubclass(row.step, model.Action))


def test_names_of_steps():
    assert {"dial", "hang_up", "see", "receive_none", "for_each", "esme_receive", "fault_off"} <= set(STEPS)


def test_a_table_stays_a_reference_and_a_used_file_is_written_in_full(tmp_path):
    (tmp_path / "people.ussd").write_text("phone anna is 70001000001\nteardown\n    anna hangs up\n")
    (tmp_path / "users.csv").write_text("msisdn\n70001000001\n")
    name = str(tmp_path / "x.ussd")
    told = document(
        "use people.ussd\nfor each row in users.csv\n    phone user is {msisdn}\n    anna sends sms a to user\n", name
    )
    assert told == {
        "version": "1",
        "phones": {"anna": "70001000001"},
        "teardown": [{"step": "hang_up", "phone": "anna"}],
        "scenarios": [
            {
                "name": "x",
                "steps": [
                    {
                        "step": "for_each",
                        "table": "users.csv",
                        "steps": [
                            {"step": "phone", "name": "user", "msisdn": "{msisdn}"},
                            {"step": "send", "phone": "anna", "text": "a", "number": "user"},
                        ],
                    }
                ],
            }
        ],
    }
    assert 'sms "a" to user\n' in from_json(told, name)


# Mistakes


def small(*steps, **also):
    return {
        "phones": {"anna": "70001000001"},
        "esmes": {"shop": {"system_id": "test"}},
        "browsers": ["web"],
        "scenarios": [{"name": "One", "steps": list(steps)}],
    } | also


DIAL = {"step": "dial", "phone": "anna", "code": "*111#"}

MISTAKES = [
    ([], "this is a list, and an object is to be here"),
    ({}, 'there is nothing to play\nwrite "scenarios", each with a name and steps'),
    ({"scenarios": {}}, "scenarios: this is an object, and a list is to be here"),
    (small(DIAL, version="2"), 'version: I do not know "2"\nknown: 1'),
    (small(DIAL, phone={}), 'phone: I do not know "phone"\ndid you mean "phones"?'),
    (small(DIAL, phones={"anna": 7}), "phones.anna: this is a number, and a number in quotes is to be here"),
    (small(DIAL, phones={"anna": "70001000001", "a b": "70001000002"}),
     'phones.a b: "a b" is no name\na name is one word of letters, digits and _'),
    (small(DIAL, phones={"anna": "12"}),
     "phones.anna: 12 is no number of a phone\nwrite its digits, such as 70001000001"),
    (small(DIAL, phones={"anna": "70001000001", "wait": "70001000002"}),
     "phones.wait: wait cannot be a name: a sentence begins with it\ntake another word"),
    (small(DIAL, esmes={"shop": {"system": "test"}}), 'esmes.shop.system: I do not know "system"\ndid you mean "system_id"?'),
    (small(DIAL, esmes={"shop": {}}), "esmes.shop: this is null, and a system_id is to be here"),
    (small(DIAL, esmes={"shop": {"system_id": "test", "password": "123456789"}}),
     "esmes.shop: no password looks like this\nit has 1 to 8 characters of ASCII"),
    (small(DIAL, applications={"fruit": {}}), "applications.fruit: this is null, and a text in quotes is to be here"),
    (small(DIAL, applications={"fruit": {"code": "*1#", "dialect": "hubtle"}}),
     'applications.fruit: I do not know "hubtle"\ndid you mean "hubtel"?'),
    (small(DIAL, applications={"anna": {"code": "*1#"}}),
     "applications.anna: there is a phone anna already\nit is 70001000001"),
    (small(DIAL, browsers=["a b"]), 'browsers[0]: "a b" is no name\na name is one word of letters, digits and _'),
    (small(DIAL, variables={"a": "{b}", "b": "1"}), "variables.a: no variable above is named {b}"),
    (small(DIAL, variables={"a": "{"}),
     "variables.a: a { begins no name\nwrite {name} for a variable above, {{ for the sign itself"),
    (small(DIAL, starts="noon"),
     'starts: "noon" is no moment\nit looks like 2018-05-03 11:00, or 2018-05-03 11:00 +03:00'),
    (small(DIAL, setup=[{"step": "hang_up", "phone": "ana"}]),
     'setup[0].phone: there is no phone "ana"\ndid you mean "anna"?'),
    (small(), 'scenarios[0]: the scenario "One" has no steps\nsay what somebody does in it'),
    ({"scenarios": [{"steps": []}]}, "scenarios[0]: name is missing"),
    ({"scenarios": [{"name": "One", "step": []}]}, 'scenarios[0].step: I do not know "step"\ndid you mean "steps"?'),
    (small(DIAL, scenarios=[{"name": "One", "steps": [{"step": "wait", "time": 1}]}] * 2),
     "scenarios[1]: there is a scenario with this title already\nit is in scenarios[0]"),
    (small("dial"), "scenarios[0].steps[0]: this is text, and an object is to be here"),
    (small({"phone": "anna"}), f"scenarios[0].steps[0]: step is missing\nknown: {', '.join(STEPS)}"),
    (small({"step": "dail"}), 'scenarios[0].steps[0].step: I do not know "dail"\ndid you mean "dial"?'),
    (small({"step": "dial", "phone": "anna", "cod": "*1#"}),
     'scenarios[0].steps[0].cod: I do not know "cod"\ndid you mean "code"?'),
    (small({"step": "dial", "phone": "anna"}), "scenarios[0].steps[0]: code is missing\ndial has phone, code"),
    (small({"step": "dial", "phone": "anna", "code": "*1x"}),
     "scenarios[0].steps[0].code: '*1x' has the letter 'x'\na code looks like *111# or *111*25#"),
    (small({"step": "turn", "phone": "anna", "on": 1}),
     "scenarios[0].steps[0].on: 1 cannot stand here\nknown: false, true"),
    (small({"step": "see", "phone": "anna"}),
     "scenarios[0].steps[0]: these fields of see make no sentence together\nknown: PHONE sees EXPECTED, or"
     " PHONE sees no EXPECTED, or PHONE sees final screen [EXPECTED], or PHONE sees awaiting screen [EXPECTED], or"
     " PHONE sees outcome OUTCOME"),
    (small({"step": "see", "phone": "anna", "expected": {"matching": "("}}),
     "scenarios[0].steps[0].expected: this is no regular expression: missing ) at position 1\n"
     r"a sign that means something in patterns, such as (, is written \(; docs/scripts.md tells more"),
    (small({"step": "repeat", "count": 2, "steps": [DIAL, DIAL | {"code": "*111*{x}#"}]}),
     "scenarios[0].steps[0].steps[1].code: nothing above has captured {x}\na pattern captures it: matching /(?P<x>...)/"),
    (small({"step": "together", "steps": []}),
     'scenarios[0].steps[0]: this block has no steps\nwrite them in "steps"'),
    (small({"step": "bind", "esme": "shop", "status": "RTHROTTELD"}),
     "scenarios[0].steps[0].status: I do not know the command_status RTHROTTELD\ndid you mean \"ESME_RTHROTTLED\"?"),
    (small({"step": "request", "browser": "web", "method": "GET", "url": "x"}),
     "scenarios[0].steps[0].url: x is no address\nwrite a path of the gateway such as /cabinet, or"
     " http://127.0.0.1:9000/path"),
    (small({"step": "request", "browser": "web", "method": "GTE", "url": "/"}),
     'scenarios[0].steps[0].method: "GTE" cannot stand here\ndid you mean "GET"?'),
    (small({"step": "for_each", "table": "no.csv", "steps": [DIAL]}),
     'scenarios[0].steps[0].table: there is no file "no.csv"\nlooked for no.csv'),
    (small({"step": "for_each", "table": "a line 9999", "steps": [DIAL]}),
     'scenarios[0].steps[0].table: there is no file "a line 9999"\nlooked for a line 9999'),
    (small({"step": "together", "steps": [
        {"step": "see", "phone": name, "expected": {"matching": "(?P<x>1)"}} for name in ("anna", "boris")
     ]}, phones={"anna": "70001000001", "boris": "70002000001"}),
     "scenarios[0].steps[0].steps[1]: scenarios[0].steps[0].steps[0] captures {x} at the same time\nrename one"),
    (small({"step": "together", "steps": [DIAL, {"step": "wait", "time": 1}]}),
     "scenarios[0].steps[0].steps[1]: what stands in together is about one phone, ESME, browser or application\n"
     "move this above or below the block"),
    (small({"step": "send", "phone": "anna", "text": "a", "number": "SHOP"}),
     'scenarios[0].steps[0].number: there is no phone "SHOP"\nthe name of a sender is {"sender": "SHOP"}'),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "told"), MISTAKES)
def test_a_mistake_has_its_place_and_the_way_out(wrong, told):
    with pytest.raises(InterchangeError) as raised:
        from_json(wrong, "x.ussd")
    assert str(raised.value) == told


def test_a_mistake_reads_as_on_the_page():
    told = json.loads(DOCUMENT)
    told["scenarios"][0]["steps"][3]["phone"] = "ana"
    with pytest.raises(InterchangeError) as raised:
        from_json(told, "x.ussd")
    assert f"$ ussd-gateway script from-json wrong.json\nwrong.json: {raised.value}\n```" in PAGE


def test_all_mistakes_are_told_at_once():
    with pytest.raises(InterchangeError) as raised:
        from_json(small({"step": "dail"}, DIAL | {"phone": "ana"}, DIAL | {"colour": 1}), "x.ussd")
    assert [mistake.partition(":")[0] for mistake in raised.value.mistakes] == [
        "scenarios[0].steps[0].step",
        "scenarios[0].steps[1].phone",
        "scenarios[0].steps[2].colour",
    ]


def test_blocks_deeper_than_a_person_writes_them_are_told():
    step = DIAL
    for _ in range(5000):
        step = {"step": "together", "steps": [step]}
    with pytest.raises(InterchangeError, match="blocks stand too deep in one another"):
        from_json(small(step), "x.ussd")


def test_false_may_be_said_where_it_is_meant_anyway():
    told = small(
        {"step": "see", "phone": "anna", "expected": {"exactly": "a"}, "absent": False},
        {"step": "submit", "esme": "shop", "text": "a", "number": "anna", "receipt": False},
    )
    VALIDATOR.validate(told)
    assert 'sees exactly "a"\n    shop submits "a" to anna\n' in from_json(told, "x.ussd")


# Whatever the document is, it is a script or it is told why not


JUNK = st.sampled_from(
    ["null", "true", "0", "-1", "1.5", '""', '"anna"', '"a b"', '"{"', '"{x}"', r'"\ud800"', "[]", "{}", '["a"]', '{"a": 1}', "1e30"]
).map(json.loads)  # fmt: skip


def places(value):
    """Every object and list in a document, with each key or index of it."""
    for key, item in list(value.items() if isinstance(value, dict) else enumerate(value)):
        yield value, key
        if isinstance(item, dict | list):
            yield from places(item)


WHOLE = json.dumps(document())


@st.composite
def broken(draw):
    """The document of everything, with some values replaced, taken away or renamed."""
    told = json.loads(WHOLE)
    for _ in range(draw(st.integers(1, 3))):
        holder, key = draw(st.sampled_from(list(places(told))))
        value = holder.pop(key)
        how = draw(st.sampled_from(["replaced", "replaced", "taken away", "renamed"]))
        if isinstance(holder, dict):
            if how != "taken away":
                holder[key + "x" * (how == "renamed")] = value if how == "renamed" else draw(JUNK)
        elif how == "replaced":
            holder.insert(key, draw(JUNK))
    return told


@settings(max_examples=50)
@given(broken())
def test_any_document_is_a_script_or_has_mistakes(told):
    """And what is taken fits the schema."""
    mistakes = ()
    try:
        text = from_json(told, "x.ussd")
    except InterchangeError as error:
        mistakes = error.mistakes
    assert mistakes or (document(text) and VALIDATOR.is_valid(told))
