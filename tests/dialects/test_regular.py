"""What a description can say beyond what the aggregators need."""

import json

import pytest

from ussd_gateway.dialects.description import KEYS, Description
from ussd_gateway.dialects.model import AnswerError, Call, Kind, Reply, Request, Response, Turn
from ussd_gateway.dialects.regular import Regular

FORM = {"content-type": "application/x-www-form-urlencoded"}
NAMES = {"session": "id", "msisdn": "from", "text": "input"}


def made(**description):
    return Regular("generic", "the gateway", Description(**NAMES | description), KEYS)


def turn(kind=Kind.ANSWER, text="", inputs=(), **more):
    at = {"session": "s1", "msisdn": "254711000001", "service_code": "*384*77#", "dialled": "*384*77*2*100#"}
    return Turn(kind, text=text, inputs=inputs, **at | more)


DIRECT = turn(Kind.NEW, inputs=("2", "100"))


@pytest.mark.parametrize(
    ("first", "text", "dialled"),
    [
        ("empty", "", False),
        ("dialled", "*384*77*2*100#", True),
        ("open", "*384*77*2*100", True),
        ("bare", "384*77*2*100", True),
        ("rest", "2*100", False),
    ],
)
def test_the_first_input_is_one_of_five(first, text, dialled):
    dialect = made(first=first)
    request = dialect.call(DIRECT)

    assert request.form() == {"id": "s1", "from": "254711000001", "input": text}
    assert request.headers == FORM
    assert dialect.read_call(request) == Call(None, "s1", "254711000001", "", text, dialled=dialled)


@pytest.mark.parametrize(
    ("form", "code", "read"),
    [
        ("dialled", "*384*77#", "*384*77#"),
        ("open", "*384*77", "*384*77#"),
        ("bare", "384*77", "*384*77#"),
        ("last", "77", ""),
    ],
)
def test_the_service_code_is_written_in_one_of_four_ways(form, code, read):
    dialect = made(code="to", code_form=form)
    request = dialect.call(DIRECT)

    assert request.form()["to"] == code
    assert dialect.read_call(request).service_code == read


def test_a_form_has_booleans_and_numbers_as_words():
    dialect = made(kind="new", kinds={"new": True, "answer": False}, sequence="n", constants={"net": 63902}, plus=True)

    request = dialect.call(turn(text="1", number=2))

    assert request.body == b"id=s1&from=%2B254711000001&new=false&input=1&n=2&net=63902"
    assert dialect.read_call(request).kind is Kind.ANSWER
    assert dialect.read_call(Request("GET", query=request.form() | {"new": "True"})).kind is Kind.NEW


def test_an_end_is_told_where_it_has_a_value():
    dialect = made(kind="event", kinds={"new": "N", "answer": "A", "timeout": "T"})

    assert dialect.call(turn(Kind.TIMEOUT)).form()["event"] == "T"
    assert dialect.call(turn(Kind.ABORT)) is None
    assert dialect.read_call(Request(body=b"id=s1&from=254&event=t")) == Call(Kind.TIMEOUT, "s1", "254")


def test_json_can_be_nested_on_both_sides():
    dialect = made(
        method="POST JSON",
        msisdn="user.msisdn",
        session="user.id",
        text="body.text",
        signal="field",
        signal_name="screen.last",
        continues=(False,),
        ends=(True,),
        answer_text="screen.text",
        end_also={"screen.kind": "note"},
    )
    request = dialect.call(turn(text="1"))
    assert json.loads(request.body) == {"user": {"id": "s1", "msisdn": "254711000001"}, "body": {"text": "1"}}
    assert dialect.read_call(request) == Call(None, "s1", "254711000001", "", "1")

    response = dialect.write_reply(Reply("Bye", ends=True), Call(None, "s1", "254"))
    assert json.loads(response.body) == {"screen": {"text": "Bye", "kind": "note", "last": True}}
    assert dialect.read_reply(response, turn()) == Reply("Bye", ends=True)


@pytest.mark.parametrize(
    ("body", "ends"),
    [
        (b'{"text": "Pick", "links": ["1"]}', False),
        (b'{"text": "Pick", "links": []}', True),
        (b'{"text": "Pick", "links": null}', True),
        (b'{"text": "Pick"}', True),
    ],
)
def test_the_presence_of_a_field_goes_on(body, ends):
    dialect = made(method="POST JSON", signal="presence", signal_name="links", continues=("*",), answer_text="text")

    assert dialect.read_reply(Response(body=body), turn()) == Reply("Pick", ends)
    written = dialect.write_reply(Reply("Pick", ends), Call(None, "s1", "254"))
    assert json.loads(written.body) == {"text": "Pick"} | ({} if ends else {"links": "*"})


def test_a_prefix_may_stand_in_json_and_have_any_capitals():
    dialect = made(method="POST JSON", answer_text="text", ignore_case=True)

    assert dialect.read_reply(Response(body=b'{"text": "end Bye"}'), turn()) == Reply("Bye", ends=True)
    assert json.loads(dialect.write_reply(Reply("Bye", ends=True), Call(None, "s", "2")).body) == {"text": "END Bye"}


def test_a_header_has_any_capitals_in_its_name():
    dialect = made(signal="header", signal_name="X-USSD-Session", continues=("1",), ends=("0",))

    response = dialect.write_reply(Reply("Bye", ends=True), Call(None, "s", "2"))
    assert response.headers["x-ussd-session"] == "0"
    assert dialect.read_reply(response, turn()) == Reply("Bye", ends=True)


def test_half_a_surrogate_pair_does_not_reach_the_phone():
    dialect = made(method="POST JSON", answer_text="text")
    assert dialect.read_reply(Response(body=b'{"text": "CON a\\ud83d"}'), turn()).text == "a\N{REPLACEMENT CHARACTER}"


def test_the_longest_prefix_wins():
    dialect = made(continues=("+",), ends=("++",))
    assert dialect.read_reply(Response(body=b"++a"), turn()) == Reply("a", ends=True)


def test_the_echo_of_an_object_is_no_echo():
    dialect = made(method="POST JSON", answer_text="text", echo=("id",))
    with pytest.raises(AnswerError, match='the "id" of the answer is an object'):
        dialect.read_reply(Response(body=b'{"text": "CON a", "id": {}}'), turn())
