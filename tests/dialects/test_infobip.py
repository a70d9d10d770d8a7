"""Infobip: golden bodies, read and written on both sides."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.dialects.infobip import Infobip
from ussd_gateway.dialects.model import AnswerError, Call, CallError, Kind, Reply, Request, Response, Turn, Wrong

DIALECT = Infobip({})
JSON = {"content-type": "application/json"}


def turn(kind=Kind.ANSWER, text="", **more):
    known = {"session": "0000000012", "msisdn": "385955363443", "service_code": "*123#", "dialled": "*123*1#"}
    return Turn(kind, text=text, **(known | more))


def told(text):
    return (
        f'{{"msisdn": "385955363443", "text": {text}, "shortCode": "*123#", "language": null, "ussdGwId": "live1"}}'
    ).encode()


def ended(code, reason):
    return f'{{"msisdn": "385955363443", "exitCode": {code}, "reason": "{reason}"}}'.encode()


def call(kind, text="", code="*123#"):
    return Call(kind, "0000000012", "385955363443", code, text, dialled=kind is Kind.NEW)


def end(kind):
    return call(kind, code="")


CALLS = {
    "somebody dials": (turn(Kind.NEW), "start", told('"*123*1#"'), call(Kind.NEW, "*123*1#")),
    "an answer": (turn(text="1"), "response", told('"1"'), call(Kind.ANSWER, "1")),
    "quotes, an ampersand and lines": (
        *(turn(text='Аня "a" & b\n'), "response"),
        *(told(r'"Аня \"a\" & b\n"'), call(Kind.ANSWER, 'Аня "a" & b\n')),
    ),
    "the application ended it": (turn(Kind.END), "end", ended(200, ""), end(Kind.END)),
    "the user hung up": (
        turn(Kind.ABORT, outcome="dialog_user_abort"),
        *("end", ended(400, "dialog_user_abort"), end(Kind.ABORT)),
    ),
    "the user did not answer": (turn(Kind.TIMEOUT), "end", ended(400, "timeout"), end(Kind.ABORT)),
    "the application failed": (
        turn(Kind.FAILED, outcome="abort_app", reason="the answer is empty"),
        *("end", ended(400, "the answer is empty"), end(Kind.ABORT)),
    ),
}


@pytest.mark.parametrize(("turn", "method", "golden", "read"), CALLS.values(), ids=CALLS)
def test_what_a_call_is_stands_in_its_path(turn, method, golden, read):
    request = DIALECT.call(turn)

    assert request == Request("POST", f"/0000000012/{method}", {}, JSON, golden)
    assert DIALECT.read_call(request) == read
    assert DIALECT.asked_status(request) is None


def test_an_end_needs_no_more_than_its_exit_code():
    request = Request(path="/12/end", body=b'{"exitCode": "200", "reason": ""}')

    assert DIALECT.read_call(request) == Call(Kind.END, "12", "")


def test_a_call_may_have_no_short_code_and_a_path_of_its_own():
    request = Request(path="/live/12/start", body=b'{"msisdn": "385955363443", "text": "*1#", "shortCode": null}')

    assert DIALECT.read_call(request) == Call(Kind.NEW, "12", "385955363443", text="*1#", dialled=True)


REPLIES = {
    "it goes on": (Reply("Pay?\n1. Yes", ends=False), r'"Pay?\n1. Yes", "shouldClose": false'),
    "it ends": (Reply('Готово & «всё» "так"', ends=True), r'"Готово & «всё» \"так\"", "shouldClose": true'),
}


@pytest.mark.parametrize(("reply", "golden"), REPLIES.values(), ids=REPLIES)
def test_a_reply_says_whether_the_session_closes(reply, golden):
    response = DIALECT.write_reply(reply, call(Kind.ANSWER))

    body = f'{{"ussdMenu": {golden}, "responseExitCode": 200, "responseMessage": ""}}'
    assert response == Response(200, JSON, body.encode())
    assert DIALECT.read_reply(response, turn()) == reply


def test_the_gateway_asks_whether_a_session_is_open():
    asked = Request("GET", "/12/status")

    assert DIALECT.asked_status(asked) == "12"
    with pytest.raises(CallError):
        DIALECT.read_call(asked)
    assert DIALECT.write_status(active=True) == Response(
        200, JSON, b'{"sessionActive": true, "responseExitCode": 200, "responseMessage": ""}'
    )


def answer(**more):
    fields = {"ussdMenu": "Pay?", "shouldClose": False, "responseExitCode": 200, "responseMessage": ""}
    return Response(body=json.dumps({k: v for k, v in (fields | more).items() if v is not None}).encode())


UNLESS = "; Infobip ends the session unless "
CODE = f"{UNLESS}it is the number 200"
CLOSE = f"{UNLESS}it is false, to go on, or true, to end"
WRONG_ANSWERS = {
    "an error": (Response(503), Wrong.STATUS, f"the application answered with status 503{UNLESS}it is 2xx"),
    "nothing": (Response(), Wrong.EMPTY, "the answer is empty; Infobip ends the session when there is nothing to show"),
    "no JSON": (Response(body=b"CON Pay?"), Wrong.BAD, f'the answer is "CON Pay?"{UNLESS}it is a JSON object'),
    "no object": (Response(body=b"[1]"), Wrong.BAD, f'the answer is "[1]"{UNLESS}it is a JSON object'),
    "JSON without a bottom": (
        Response(body=b"[" * 100_000),
        *(Wrong.BAD, f'the answer is "{"[" * 60}..."{UNLESS}it is a JSON object'),
    ),
    "a refusal": (
        DIALECT.refuse("no such session"),
        *(Wrong.BAD, f'the "responseExitCode" of the answer is 400, with the message "no such session"{CODE}'),
    ),
    "no code": (answer(responseExitCode=None), Wrong.BAD, f'the answer has no "responseExitCode"{CODE}'),
    "a code in quotes": (
        answer(responseExitCode="200"),
        *(Wrong.BAD, f'the "responseExitCode" of the answer is "200"{CODE}'),
    ),
    "a close in quotes": (answer(shouldClose="false"), Wrong.BAD, f'the "shouldClose" of the answer is "false"{CLOSE}'),
    "no close": (answer(shouldClose=None), Wrong.BAD, f'the answer has no "shouldClose"{CLOSE}'),
    "no menu": (
        answer(ussdMenu=None),
        Wrong.BAD,
        f'the answer has no "ussdMenu"{UNLESS}it is a string, the text to show',
    ),
    "a menu of lines": (
        answer(ussdMenu=["1. Pay"] * 10),
        Wrong.BAD,
        f'the "ussdMenu" of the answer is a list{UNLESS}it is a string, the text to show',
    ),
    "an empty menu": (
        answer(ussdMenu=""),
        Wrong.EMPTY,
        "the answer has no text; Infobip ends the session when there is nothing to show",
    ),
    "too long": (
        answer(ussdMenu="я" * 81),
        Wrong.TOO_LONG,
        f'the text "{"я" * 60}..." takes 162 octets; Infobip ends the session where it takes more than 160',
    ),
}


@pytest.mark.parametrize(("response", "wrong", "sentence"), WRONG_ANSWERS.values(), ids=WRONG_ANSWERS)
def test_a_wrong_answer_is_explained_in_a_sentence(response, wrong, sentence):
    with pytest.raises(AnswerError, match=f"^{re.escape(sentence)}$") as caught:
        DIALECT.read_reply(response, turn())
    assert caught.value.wrong is wrong


GOOD = b'{"msisdn": "385955363443", "text": "1"}'
WRONG_CALLS = {
    "no path": ("", GOOD, 'the path is ""; Infobip sends /<session>/ and what the call is'),
    "no session": ("//start", GOOD, 'the path is "//start"'),
    "another method": (
        *("/12/stop", GOOD),
        'the path "/12/stop" is no turn; Infobip sends /<session>/ and one of start, response, end, status',
    ),
    "no JSON": ("/12/start", b"msisdn=1", "the body is no JSON object; Infobip sends one with each start"),
    "no text": ("/12/response", b'{"msisdn": "1"}', 'the field "text" is missing'),
    "no number": ("/12/start", b'{"msisdn": "abc", "text": "1"}', 'the field "msisdn" is "abc"'),
}


@pytest.mark.parametrize(("path", "body", "sentence"), WRONG_CALLS.values(), ids=WRONG_CALLS)
def test_a_wrong_call_is_explained_too(path, body, sentence):
    with pytest.raises(CallError, match=f"^{re.escape(sentence)}"):
        DIALECT.read_call(Request(path=path, body=body))


def test_the_id_of_the_gateway_is_a_setting():
    assert b'"ussdGwId": "test7"' in Infobip({"ussd_gw_id": "test7"}).call(turn()).body
    with pytest.raises(ValueError, match='the dialect infobip has no setting "gw_id"; did you mean "ussd_gw_id"'):
        Infobip({"gw_id": "test7"})


VALUES = st.none() | st.booleans() | st.sampled_from([200, 400, 1.5, "", "200", "Pay?", "я" * 81, [], {}]) | st.text()
NAMES = ["ussdMenu", "shouldClose", "responseExitCode", "responseMessage", "msisdn", "text", "shortCode", "exitCode"]
OBJECTS = st.dictionaries(st.sampled_from(NAMES), VALUES).map(lambda fields: json.dumps(fields).encode())


@given(st.binary() | OBJECTS, st.integers(100, 599))
def test_any_answer_is_a_reply_or_an_answer_error(octets, status):
    try:
        reply = DIALECT.read_reply(Response(status, body=octets), turn())
    except AnswerError:
        return
    assert reply.text.encode()


PATHS = st.sampled_from(["/12/start", "/12/response", "/12/end", "/12/status"]) | st.text()


@given(st.binary() | OBJECTS, PATHS)
def test_any_request_is_a_call_or_a_call_error(octets, path):
    request = Request(path=path, body=octets)
    assert DIALECT.asked_status(request) != ""
    try:
        read = DIALECT.read_call(request)
    except CallError:
        return
    assert isinstance(read, Call)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(TEXTS, st.text(st.characters(codec="ascii", exclude_characters="/"), min_size=1), st.booleans())
def test_any_text_goes_both_ways(text, session, ends):
    read = DIALECT.read_call(DIALECT.call(turn(text=text, session=session)))
    assert (read.text, read.session) == (text, session)
    assert json.loads(DIALECT.write_reply(Reply(text, ends), read).body)["ussdMenu"] == text
