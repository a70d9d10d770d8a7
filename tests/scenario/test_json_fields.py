"""What a field holds in a document is read as the same value, fits its schema, and is told well when it is wrong."""

from datetime import UTC, datetime

import pytest
from jsonschema import Draft202012Validator

from ussd_gateway.fault_rule import FaultRule
from ussd_gateway.scenario.json_fields import KINDS, FieldError, Known
from ussd_gateway.scenario.language import SLOTS
from ussd_gateway.scenario.model import Body, Expected, Field, Part, Text

KNOWN = Known({"anna": "70001000001"}, {"shop": "test"}, {"web": True}, {"fruit": ()})
NAMES = {"70001000001": "anna", "test": "shop"}


def rule(**said):
    return FaultRule.model_validate(said).model_dump(mode="json", exclude_none=True)


ROWS = [
    ("VERSION", "1", "1"),
    ("NAME", "vera", "vera"),
    ("VARIABLE", "сумма", "сумма"),
    ("CAPTURE", "first", "first"),
    ("TITLE", 'A "title"', 'A "title"'),
    ("TAGS", ("smoke", "a-b"), ["smoke", "a-b"]),
    ("PHONE", "anna", "anna"),
    ("ESME", "shop", "shop"),
    ("BROWSER", "web", "web"),
    ("APPLICATION", "fruit", "fruit"),
    ("SERVICE_CODE", "*384*77#", "*384*77#"),
    ("DIALECT", "hubtel", "hubtel"),
    ("REPLY", Text("CON {fruit}?"), "CON {fruit}?"),
    ("REPLY", Text('{"end": true}', json=True), '{"end": true}'),
    ("PART", Part(2, 3), {"number": 2, "total": 3}),
    ("SYSTEM_ID", "test", "test"),
    ("PASSWORD", "s3cret", "s3cret"),
    ("MSISDN", Text("70001000001"), "70001000001"),
    ("CODE", Text("*111*{n}#"), "*111*{n}#"),
    ("ANSWER", Text("1"), "1"),
    ("SENDER", Text("SHOP"), "SHOP"),
    ("ID", Text("{first}"), "{first}"),
    ("URL", Text("/cabinet"), "/cabinet"),
    ("TEXT", Text("a {{ b"), "a {{ b"),
    ("FIRST", Text("{a}"), "{a}"),
    ("SECOND", Text("2"), "2"),
    ("TABLE", "users.csv", "users.csv"),
    ("HEADER", "Location", "Location"),
    ("PATH", "messages.0.text", "messages.0.text"),
    ("MODE", "receiver", "receiver"),
    ("STAT", "DELIVRD", "DELIVRD"),
    ("OUTCOME", "timeout", "timeout"),
    ("ENCODING", "ucs2", "ucs2"),
    ("LANGUAGE", "ru", "ru"),
    ("STATUS", "ESME_RTHROTTLED", "ESME_RTHROTTLED"),
    ("STATUS", "", "nothing"),
    ("COUNT", 3, 3),
    ("PARTS", 1, 1),
    ("HTTP_STATUS", 404, 404),
    ("TIME", 181.0, 181),
    ("TIME", 0.5, 0.5),
    ("MOMENT", datetime(2018, 5, 3, 11), "2018-05-03 11:00"),
    ("MOMENT", datetime(2018, 5, 3, 11, tzinfo=UTC), "2018-05-03 11:00 +00:00"),
    ("NUMBER", Text("3339"), "3339"),
    ("NUMBER", Text("{number}"), "{number}"),
    ("NUMBER", Text("{_number_of_anna}"), "anna"),
    ("NUMBER", Text("MegaBank"), {"sender": "MegaBank"}),
    ("NUMBER", Text("anna"), {"sender": "anna"}),
    ("EXPECTED", Expected("containing", Text("a")), {"containing": "a"}),
    ("EXPECTED", Expected("exactly", Text("a\nb")), {"exactly": "a\nb"}),
    ("EXPECTED", Expected("matching", Text(r"\d{3}", pattern=True)), {"matching": r"\d{3}"}),
    ("HEADERS", (Field("Accept", Text("text/plain")), Field("Key", Text("{k}"), bare=True)),
     {"Accept": "text/plain", "Key": "{k}"}),
    ("BODY", Body((Field("number", Text("8 (000)")), Field("code", Text("17"), bare=True))),
     {"form": {"number": "8 (000)", "code": "17"}}),
    ("BODY", Body((Field("name", Text("20")), Field("age", Text("20"), bare=True), Field("ok", Text("true"), bare=True),
                   Field("no", Text("null"), bare=True), Field("id", Text("{id}"), bare=True),
                   Field("x", Text("1.50"), bare=True)), json=True),
     {"json": {"name": "20", "age": 20, "ok": True, "no": None, "id": {"bare": "{id}"}, "x": {"bare": "1.50"}}}),
    ("BODY", Body(json=True, raw=Text('{"a": {b}}', json=True)), {"raw": '{"a": {b}}'}),
    ("RULE", rule(effect="status", status=0x58, nth=2), {"effect": "status", "status": "ESME_RTHROTTLED", "nth": 2}),
    ("RULE", rule(effect="slow", seconds=3, command="submit_sm"),
     {"effect": "slow", "seconds": 3, "command": ["submit_sm"]}),
]  # fmt: skip


@pytest.mark.parametrize(("slot", "value", "told"), ROWS)
def test_a_value_is_told_and_read_again(slot, value, told):
    kind = KINDS[slot]
    assert kind.told(value, NAMES) == told
    assert kind.read(told, KNOWN) == value
    Draft202012Validator(kind.schema).validate(told)


def test_every_slot_has_its_row_but_that_of_use():
    assert set(KINDS) == set(SLOTS) - {"SCRIPT"}
    assert {slot for slot, _, _ in ROWS} == set(KINDS)


@pytest.mark.parametrize(
    ("slot", "value", "message", "hint"),
    [
        ("PHONE", "ana", 'there is no phone "ana"', 'did you mean "anna"?'),
        ("ESME", "bank", 'there is no esme "bank"', "known: shop"),
        ("BROWSER", 3, "this is a number, and a name is to be here", ""),
        ("PHONE", "anna dials", '"anna dials" is no name', "a name is one word of letters, digits and _"),
        ("NAME", None, "this is null, and a name is to be here", ""),
        ("OUTCOME", "time_out", 'I do not know "time_out"', 'did you mean "timeout"?'),
        ("ENCODING", "utf8", 'I do not know "utf8"', "known: gsm7, ucs2, ascii, latin1, cyrillic, hebrew"),
        ("STATUS", "a b", '"a b" is no command_status', ""),
        ("TAGS", "smoke", "this is text, and a list of tags is to be here", ""),
        ("TAGS", ["a b"], '"a b" is no tag', ""),
        ("COUNT", True, "this is true or false, and a whole number is to be here", ""),
        ("COUNT", 0, "0 is too small", "write 1 to 999999"),
        ("HTTP_STATUS", 2000, "2000 is too large", "write 100 to 599"),
        ("TIME", "5s", "this is text, and a number of seconds is to be here", ""),
        ("TIME", -1, "-1 is no number of seconds", ""),
        ("TIME", float("nan"), "nan is no number of seconds", ""),
        ("TIME", 10**13, "10000000000000 is no number of seconds", ""),
        ("BODY", {"json": {"a": float("inf")}}, "JSON has no inf", ""),
        ("MOMENT", "noon", '"noon" is no moment', "it looks like 2018-05-03 11:00, or 2018-05-03 11:00 +03:00"),
        ("NUMBER", "ana", 'there is no phone "ana"', 'did you mean "anna"?'),
        ("NUMBER", "MegaBank", 'there is no phone "MegaBank"', 'the name of a sender is {"sender": "MegaBank"}'),
        ("NUMBER", {"sendr": "x"}, 'I do not know "sendr"', 'did you mean "sender"?'),
        ("EXPECTED", "text", "this is text, and an object is to be here", ""),
        ("EXPECTED", {"contains": "a"}, 'I do not know "contains"', 'did you mean "containing"?'),
        ("EXPECTED", {}, "this has 0 keys", "write one of containing, exactly, matching"),
        ("EXPECTED", {"exactly": 150}, "this is a number, and a text in quotes is to be here", ""),
        ("BODY", {"form": {}}, "this is empty", "leave it out"),
        ("BODY", {"json": {"a": [1]}}, "this is a list, and a text in quotes is to be here", ""),
        ("HEADERS", {"a": 1}, "this is a number, and a text in quotes is to be here", ""),
        ("RULE", {"effect": "trottle"}, "I do not know the effect trottle", 'did you mean "throttle"?'),
        ("RULE", {"effect": "throttle", "rat": 1}, 'I do not know "rat"', 'did you mean "rate"?'),
        ("RULE", {"effect": "slow"}, "seconds is missing; slow needs it", "docs/faults.md tells the keys"),
        ("TEXT", "\ud83d", "this holds half of a character", r"write both halves, such as \ud83d\ude00"),
        ("TABLE", "", "this is empty", ""),
        ("SERVICE_CODE", "384", '"384" is no service code', "one looks like *384*77#"),
        ("APPLICATION", "fruits", 'there is no application "fruits"', 'did you mean "fruit"?'),
        ("PART", {"number": 4, "total": 3}, "there is no part 4 of 3", ""),
        ("PART", {"number": 1, "of": 3}, 'I do not know "of"', "known: number, total"),
    ],
)
def test_what_is_wrong_is_told_with_the_way_out(slot, value, message, hint):
    with pytest.raises(FieldError) as raised:
        KINDS[slot].read(value, KNOWN)
    assert (raised.value.message, raised.value.hint) == (message, hint)


@pytest.mark.parametrize(
    ("slot", "value", "path"),
    [
        ("EXPECTED", {"exactly": 150}, ".exactly"),
        ("BODY", {"json": {"a": {"bear": "1"}}}, ".json.a.bear"),
        ("BODY", {"form": {"a": None}}, ".form.a"),
        ("RULE", {"effect": "status", "status": "RTHROTTELD"}, ".status"),
        ("RULE", {"effect": "drop", "colour": 1}, ".colour"),
        ("PART", {"number": 1}, ".total"),
    ],
)
def test_the_place_in_a_value_is_told(slot, value, path):
    with pytest.raises(FieldError) as raised:
        KINDS[slot].read(value, KNOWN)
    assert raised.value.path == path
