"""Ideamart: golden bodies, read and written on both sides, and the two requests that make a turn."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.dialects.ideamart import Ideamart
from ussd_gateway.dialects.model import (
    AnswerError,
    Call,
    CallError,
    Kind,
    Limits,
    Reply,
    Request,
    Response,
    SendError,
    Turn,
    Wrong,
)

DIALECT = Ideamart({})
JSON = {"content-type": "application/json"}
AT = 1_700_000_000.25
ACCEPTED = Response(200, JSON, b'{"statusCode": "S1000", "statusDetail": "Success"}')


def turn(kind=Kind.ANSWER, text="", **more):
    known = {"session": "0000000012", "msisdn": "94771234567", "service_code": "*141#", "dialled": "*141*1#"}
    return Turn(kind, text=text, **(known | {"number": 1 if kind is Kind.NEW else 2} | more))


def told(message, operation, request_id):
    return (
        f'{{"message": {message}, "ussdOperation": "{operation}", "requestId": "{request_id}", '
        '"sessionId": "0000000012", "encoding": "440", "sourceAddress": "tel:94771234567", '
        '"applicationId": "APP_000001", "version": "1.0"}'
    ).encode()


def call(kind, text="", msisdn="94771234567", address="tel:94771234567"):
    carried = {"destinationAddress": address}
    return Call(kind, "0000000012", msisdn, text=text, dialled=kind is Kind.NEW, carried=carried)


CALLS = {
    "somebody dials": (
        turn(Kind.NEW),
        told('"*141*1#"', "mo-init", "0000000012001"),
        call(Kind.NEW, "*141*1#"),
    ),
    "an answer": (turn(text="1"), told('"1"', "mo-cont", "0000000012002"), call(Kind.ANSWER, "1")),
    "quotes, an ampersand and lines": (
        turn(text='Аня "a" & b\n', number=3),
        *(told(r'"Аня \"a\" & b\n"', "mo-cont", "0000000012003"), call(Kind.ANSWER, 'Аня "a" & b\n')),
    ),
}


@pytest.mark.parametrize(("told", "golden", "read"), CALLS.values(), ids=CALLS)
def test_a_turn_is_an_operation_of_the_subscribers(told, golden, read):
    request = DIALECT.call(told)

    assert request == Request("POST", "", {}, JSON, golden)
    assert DIALECT.read_call(request) == read


@pytest.mark.parametrize("kind", [Kind.END, Kind.ABORT, Kind.TIMEOUT, Kind.FAILED])
def test_no_end_is_told(kind):
    assert DIALECT.call(turn(kind)) is None


def test_a_masked_number_is_what_the_answer_goes_to():
    masked = Request(body=told('"1"', "mo-cont", "1").replace(b"tel:94771234567", b"tel: 5C74B588F97"))
    read = DIALECT.read_call(masked)

    assert read == call(Kind.ANSWER, "1", "5C74B588F97", "tel: 5C74B588F97")
    sent = json.loads(DIALECT.write_send(Reply("Pay?", ends=False), read).body)
    assert sent["destinationAddress"] == "tel: 5C74B588F97"


def test_the_answer_to_a_call_only_says_that_it_arrived():
    assert DIALECT.acknowledge(call(Kind.NEW)) == ACCEPTED
    assert DIALECT.read_acknowledgement(ACCEPTED, turn()) is None


def sent(message, operation, more=', "encoding": "440"'):
    return (
        f'{{"applicationId": "APP_000001", "password": "password", "version": "1.0", "message": {message}, '
        f'"sessionId": "0000000012", "ussdOperation": "{operation}", "destinationAddress": "tel:94771234567"{more}}}'
    ).encode()


REPLIES = {
    "it goes on": (Reply("Pay?\n1. Yes", ends=False), sent(r'"Pay?\n1. Yes"', "mt-cont")),
    "it ends": (Reply("Done.", ends=True), sent('"Done."', "mt-fin")),
    "letters beyond ASCII": (
        Reply('Готово & «всё» "так"', ends=True),
        sent(r'"Готово & «всё» \"так\""', "mt-fin", more=""),
    ),
}


@pytest.mark.parametrize(("reply", "golden"), REPLIES.values(), ids=REPLIES)
def test_what_is_shown_is_a_request_of_the_applications(reply, golden):
    request = DIALECT.write_send(reply, call(Kind.ANSWER))

    assert request == Request("POST", "/ussd/send", {}, JSON, golden)
    assert DIALECT.read_send(request) == ("0000000012", reply)


def test_the_gateway_says_that_it_took_it():
    response = DIALECT.answer_send(None, AT)

    assert response == Response(
        200,
        JSON,
        b'{"statusCode": "S1000", "timeStamp": "2311142213", "statusDetail": "Success", '
        b'"requestId": "231114221320250", "version": "1.0"}',
    )
    assert DIALECT.read_sent(response) is None


def test_a_dialogue_from_both_ends():
    shown = []
    for number, (typed, reply) in enumerate(
        [("", Reply("Pay?\n1. Yes", ends=False)), ("1", Reply("Оплачено.", ends=True))], start=1
    ):
        kind = Kind.ANSWER if typed else Kind.NEW
        read = DIALECT.read_call(DIALECT.call(turn(kind, typed, number=number)))
        assert (read.kind, read.text) == (kind, typed or "*141*1#")
        DIALECT.read_acknowledgement(DIALECT.acknowledge(read), turn(kind))
        shown.append(DIALECT.read_send(DIALECT.write_send(reply, read)))
        DIALECT.read_sent(DIALECT.answer_send(None, AT))

    assert shown == [("0000000012", Reply("Pay?\n1. Yes", ends=False)), ("0000000012", Reply("Оплачено.", ends=True))]


FIELDS = {
    "applicationId": "APP_000001",
    "password": "password",
    "message": "Pay?",
    "sessionId": "12",
    "ussdOperation": "mt-cont",
    "destinationAddress": "tel:94771234567",
}
WRONG_KEY = "the applicationId or the password is not the one of the settings application_id and password"
WRONG_SENDS = {
    "another application": ({"applicationId": "APP_000002"}, "E1313", f"{WRONG_KEY}; Ideamart shows nothing"),
    "another password": ({"password": "s3cret"}, "E1313", f"{WRONG_KEY}; Ideamart shows nothing"),
    "no password": (
        *({"password": None}, "E1312"),
        'the field "password" is missing; Ideamart sends it with each call',
    ),
    "no session": (
        *({"sessionId": ""}, "E1312"),
        'the field "sessionId" is empty; Ideamart sends the id of the session in it',
    ),
    "a push": (
        *({"ussdOperation": "mt-init"}, "E1383"),
        "ussdOperation is mt-init; an application may only answer a dialogue here",
    ),
    "an operation of the subscriber's": (
        *({"ussdOperation": "mo-cont"}, "E1312"),
        'the field "ussdOperation" is "mo-cont"; Ideamart takes mt-cont, to go on, or mt-fin, to end',
    ),
    "a bare number": (
        *({"destinationAddress": "94771234567"}, "E1325"),
        'the field "destinationAddress" is "94771234567"; Ideamart takes "tel:" and the number or its mask',
    ),
    "no text": (
        *({"message": ""}, "E1312"),
        'the field "message" is empty; Ideamart shows nothing',
    ),
    "too long": (
        *({"message": "я" * 81}, "E1334"),
        f'the text "{"я" * 60}..." takes 162 octets; Ideamart shows none that takes more than 160',
    ),
    "a list of lines": ({"message": ["Pay?"]}, "E1312", 'the field "message" is no text'),
}


@pytest.mark.parametrize(("more", "code", "sentence"), WRONG_SENDS.values(), ids=WRONG_SENDS)
def test_a_wrong_request_is_refused_with_a_code_and_a_sentence(more, code, sentence):
    body = json.dumps({k: v for k, v in (FIELDS | more).items() if v is not None}).encode()

    with pytest.raises(SendError, match=f"^{re.escape(sentence)}") as caught:
        DIALECT.read_send(Request(body=body))
    assert caught.value.code == code
    told = json.loads(DIALECT.answer_send(caught.value, AT).body)
    assert (told["statusCode"], told["statusDetail"]) == (code, str(caught.value))
    with pytest.raises(AnswerError, match=code):
        DIALECT.read_sent(DIALECT.answer_send(caught.value, AT))


def test_a_request_that_comes_too_late_is_refused_by_the_gateway_itself():
    told = json.loads(DIALECT.answer_send(CallError("session 12 is not open"), AT).body)

    assert (told["statusCode"], told["statusDetail"]) == ("E1312", "session 12 is not open")


def test_an_application_is_told_why_nothing_is_shown():
    refused = DIALECT.answer_send(SendError("E1334", "too long"), AT)
    sentence = 'the "statusCode" of the gateway\'s answer is "E1334", with the detail "too long"; Ideamart shows nothing unless it is S1000'

    with pytest.raises(AnswerError, match=f"^{re.escape(sentence)}$"):
        DIALECT.read_sent(refused)


def test_a_request_that_is_no_json_is_refused():
    with pytest.raises(SendError, match='the request "message=Pay" is no JSON object') as caught:
        DIALECT.read_send(Request(body=b"message=Pay"))
    assert caught.value.code == "E1312"


def test_a_sentence_never_has_the_password():
    body = json.dumps(FIELDS | {"password": "s3cret"}).encode()
    with pytest.raises(SendError) as caught:
        Ideamart({"password": "pa55"}).read_send(Request(body=body))
    assert "s3cret" not in str(caught.value)
    assert "pa55" not in str(caught.value)


def test_who_truncates_takes_a_text_of_any_length():
    dialect = Ideamart({})
    dialect.limits = Limits(octets=0)

    body = json.dumps(FIELDS | {"message": "я" * 200}).encode()
    assert dialect.read_send(Request(body=body)) == ("12", Reply("я" * 200, ends=False))


UNLESS = "; Ideamart ends the session unless it is "
WRONG_ACKNOWLEDGEMENTS = {
    "an error": (Response(500), Wrong.STATUS, f"the acknowledgement has the HTTP status 500{UNLESS}2xx"),
    "nothing": (
        Response(),
        *(Wrong.EMPTY, f"the acknowledgement is empty{UNLESS}JSON whose statusCode is S1000"),
    ),
    "a menu": (
        Response(body=b"CON Pay?"),
        *(Wrong.BAD, f'the acknowledgement is "CON Pay?"{UNLESS}JSON whose statusCode is S1000'),
    ),
    "another code": (
        Response(body=b'{"statusCode": "E1601", "statusDetail": "Try later"}'),
        *(Wrong.BAD, f'the "statusCode" of the acknowledgement is "E1601", with the detail "Try later"{UNLESS}S1000'),
    ),
    "no code": (
        Response(body=b'{"message": "Pay?"}'),
        *(Wrong.BAD, f'the acknowledgement has no "statusCode"{UNLESS}S1000'),
    ),
}


@pytest.mark.parametrize(("response", "wrong", "sentence"), WRONG_ACKNOWLEDGEMENTS.values(), ids=WRONG_ACKNOWLEDGEMENTS)
def test_a_wrong_acknowledgement_is_explained_in_a_sentence(response, wrong, sentence):
    with pytest.raises(AnswerError, match=f"^{re.escape(sentence)}$") as caught:
        DIALECT.read_acknowledgement(response, turn())
    assert caught.value.wrong is wrong


GOOD = {"sessionId": "12", "ussdOperation": "mo-init", "sourceAddress": "tel:1", "message": "*141#"}
WRONG_CALLS = {
    "no JSON": (b"sessionId=12", "the body is no JSON object; Ideamart sends one with each call"),
    "no session": (GOOD | {"sessionId": ""}, 'the field "sessionId" is empty'),
    "another operation": (
        GOOD | {"ussdOperation": "mt-cont"},
        'the field "ussdOperation" is "mt-cont"; Ideamart sends mo-init or mo-cont',
    ),
    "a bare number": (GOOD | {"sourceAddress": "1"}, 'the field "sourceAddress" is "1"; Ideamart sends "tel:" and'),
    "no message": ({k: v for k, v in GOOD.items() if k != "message"}, 'the field "message" is missing'),
}


@pytest.mark.parametrize(("body", "sentence"), WRONG_CALLS.values(), ids=WRONG_CALLS)
def test_a_wrong_call_is_explained_too(body, sentence):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(CallError, match=f"^{re.escape(sentence)}"):
        DIALECT.read_call(Request(body=body))


def test_who_may_send_is_a_setting():
    dialect = Ideamart({"application_id": "APP_9", "password": "пароль"})

    request = dialect.write_send(Reply("Pay?", ends=False), call(Kind.ANSWER))
    assert json.loads(request.body)["applicationId"] == "APP_9"
    assert dialect.read_send(request) == ("0000000012", Reply("Pay?", ends=False))
    with pytest.raises(SendError):
        DIALECT.read_send(request)
    with pytest.raises(ValueError, match=r'the setting "password" of the dialect ideamart has to be a string$'):
        Ideamart({"password": 5})


VALUES = st.sampled_from([None, True, 5, "", "S1000", "tel:1", "mt-cont", "mo-init", "я" * 81, [], {}]) | st.text()
OBJECTS = st.fixed_dictionaries(
    {}, optional={name: st.just(value) | VALUES for name, value in (FIELDS | {"sourceAddress": "tel:1"}).items()}
).map(lambda fields: json.dumps(fields).encode())


@given(st.binary() | OBJECTS)
def test_any_request_is_a_reply_or_a_send_error(octets):
    try:
        session, reply = DIALECT.read_send(Request(body=octets))
    except SendError as error:
        assert DIALECT.answer_send(error, AT).status == 200  # noqa: PT017  # every error can be told
        return
    assert session
    assert reply.text.encode()


@given(st.binary() | OBJECTS)
def test_any_request_is_a_call_or_a_call_error(octets):
    try:
        read = DIALECT.read_call(Request(body=octets))
    except CallError:
        return
    assert isinstance(read, Call)
    assert DIALECT.write_send(Reply("Done.", ends=True), read).body


@given(st.binary() | OBJECTS, st.integers(100, 599))
def test_any_answer_is_an_acknowledgement_or_an_answer_error(octets, status):
    try:
        DIALECT.read_acknowledgement(Response(status, body=octets), turn())
    except AnswerError:
        return
    assert json.loads(octets)["statusCode"] == "S1000"


TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(TEXTS, TEXTS, st.booleans())
def test_any_text_goes_both_ways(text, shown, ends):
    read = DIALECT.read_call(DIALECT.call(turn(text=text)))
    assert read.text == text
    assert json.loads(DIALECT.write_send(Reply(shown, ends), read).body)["message"] == shown
