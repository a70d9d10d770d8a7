"""Africa's Talking: golden bodies, read and written on both sides."""

import re
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.dialects.africas_talking import HOP_METADATA, AfricasTalking
from ussd_gateway.dialects.model import (
    AnswerError,
    Call,
    CallError,
    Kind,
    Reply,
    Request,
    Response,
    Turn,
    Wrong,
    form_body,
)

DIALECT = AfricasTalking({})
FORM = {"content-type": "application/x-www-form-urlencoded"}
PLAIN = {"content-type": "text/plain; charset=utf-8"}


def turn(kind=Kind.ANSWER, text="", inputs=(), **more):
    more = {"session": "s1", "msisdn": "254711000001", "service_code": "*384*77#"} | more
    return Turn(kind, text=text, inputs=inputs, **more)


def body(text):
    return f"sessionId=ATUid_s1&phoneNumber=%2B254711000001&networkCode=99999&serviceCode=%2A384%2A77%23&text={text}".encode()


CALLS = {
    "somebody dials": (turn(Kind.NEW), b"", ""),
    "a direct dial": (turn(Kind.NEW, inputs=("2", "100")), b"2%2A100", "2*100"),
    "an answer": (turn(text="Петя & co", inputs=("2", "Петя & co")), None, "2*Петя & co"),
    "an answer with a star": (turn(text="1*2", inputs=("1*2",)), b"1%2A2", "1*2"),
    "quotes and lines": (turn(text='"a"\nb', inputs=('"a"\nb',)), b"%22a%22%0Ab", '"a"\nb'),
}


@pytest.mark.parametrize(("told", "golden", "text"), CALLS.values(), ids=CALLS)
def test_a_call_is_a_form_whose_text_grows(told, golden, text):
    request = DIALECT.call(told)

    assert (request.method, request.path, request.query, request.headers) == ("POST", "", {}, FORM)
    if golden is not None:
        assert request.body == body(golden.decode())
    assert DIALECT.read_call(request) == Call(None, "ATUid_s1", "254711000001", "*384*77#", text, cumulative=True)


REPLIES = {
    "it goes on": (Reply("Pay?\n1. Yes", ends=False), "CON Pay?\n1. Yes"),
    "it ends": (Reply("Готово & «всё»", ends=True), "END Готово & «всё»"),
    "a text that begins as the prefix does": (Reply("END of the line", ends=False), "CON END of the line"),
}


@pytest.mark.parametrize(("reply", "golden"), REPLIES.values(), ids=REPLIES)
def test_a_reply_begins_with_con_or_end(reply, golden):
    response = DIALECT.write_reply(reply, Call(None, "s1", "254711000001"))

    assert response == Response(200, PLAIN, golden.encode())
    assert DIALECT.read_reply(response, turn()) == reply


def test_the_label_of_a_hop_comes_back_with_the_next_call():
    reply = Reply("Pay?", ends=False, carried={HOP_METADATA: "pay"})
    response = DIALECT.write_reply(reply, Call(None, "s1", "254711000001"))
    assert response.headers == {**PLAIN, HOP_METADATA: "pay"}

    read = DIALECT.read_reply(response, turn())
    request = DIALECT.call(turn(text="1", inputs=("1",), carried=read.carried))
    assert request.headers == {**FORM, HOP_METADATA: "pay"}
    assert DIALECT.read_call(request).carried == {HOP_METADATA: "pay"}


def test_a_label_comes_back_once_and_all_of_them_with_the_notice():
    carried = {}
    for label in ("start", "pay"):
        response = Response(200, {HOP_METADATA: label}, b"CON Pay?")
        carried = DIALECT.read_reply(response, turn(carried=carried)).carried
    carried = DIALECT.read_reply(Response(body=b"CON Pay?"), turn(carried=carried)).carried

    assert DIALECT.call(turn(carried=carried)).headers == FORM
    notice = DIALECT.call(turn(Kind.ABORT, carried=carried))
    assert notice.form()["hopsMetadata"] == "start|pay"


NOTICE = {
    "date": "2023-11-14 22:13:20",
    "sessionId": "ATUid_s1",
    "serviceCode": "*384*77#",
    "networkCode": "63902",
    "phoneNumber": "+254711000001",
    "status": "Success",
    "cost": "KES 0.00",
    "durationInMillis": "12500",
    "hopsCount": "2",
    "hopsMetadata": "",
    "input": "1*Аня",
    "lastAppResponse": "END Done.",
}
ENDS = {
    "the application ended it": (Kind.END, "", "Success", Kind.END),
    "the user hung up": (Kind.ABORT, "", "Incomplete", Kind.ABORT),
    "the user did not answer": (Kind.TIMEOUT, "", "Incomplete", Kind.ABORT),
    "the application failed": (Kind.FAILED, "the answer is empty", "Failed", Kind.FAILED),
}


@pytest.mark.parametrize(("kind", "reason", "status", "read"), ENDS.values(), ids=ENDS)
def test_the_end_is_told_to_a_second_url(kind, reason, status, read):
    dialect = AfricasTalking({"network_code": "63902"})
    times = {"started_at": 1_700_000_000.0 - 12.5, "at": 1_700_000_000.0}
    told = turn(kind, inputs=("1", "Аня"), number=3, last_reply="END Done.", reason=reason, **times)

    request = dialect.call(told)

    assert dialect.notices_elsewhere
    fields = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
    assert fields == NOTICE | {"status": status} | ({"errorMessage": reason} if reason else {})
    assert dialect.read_call(request) == Call(read, "ATUid_s1", "254711000001", "*384*77#", "1*Аня", cumulative=True)


STRICT = '; Africa\'s Talking ends the session unless it begins with "CON " or "END "'
LABEL = '; Africa\'s Talking ends the session unless it has at most 99 characters, and no "|" among them'
WRONG_ANSWERS = {
    "lower case": (Response(body=b"con We"), Wrong.BAD, f'the answer begins with "con We"{STRICT}'),
    "a leading blank": (Response(body=b" CON We"), Wrong.BAD, f'the answer begins with " CON We"{STRICT}'),
    "no blank": (Response(body=b"CONWe"), Wrong.BAD, f'the answer begins with "CONWe"{STRICT}'),
    "a line end for the blank": (Response(body=b"CON\nWe"), Wrong.BAD, f'the answer begins with "CON\\nWe"{STRICT}'),
    "only the word": (Response(body=b"CON"), Wrong.BAD, f'the answer begins with "CON"{STRICT}'),
    "a byte order mark": (
        Response(body=b"\xef\xbb\xbfCON We"),
        Wrong.BAD,
        f'the answer begins with "\\ufeffCON We"{STRICT}',
    ),
    "much else": (Response(body=b"x" * 70), Wrong.BAD, f'the answer begins with "{"x" * 60}..."{STRICT}'),
    "an error": (
        Response(500, body=b"CON We"),
        Wrong.STATUS,
        "the application answered with status 500; Africa's Talking ends the session unless it is 2xx",
    ),
    "nothing": (
        Response(),
        Wrong.EMPTY,
        "the answer is empty; Africa's Talking ends the session when there is nothing to show",
    ),
    "a prefix alone": (
        Response(body=b"CON "),
        Wrong.EMPTY,
        "the answer has no text; Africa's Talking ends the session when there is nothing to show",
    ),
    "too long": (
        Response(body=b"CON " + "я".encode() * 81),
        Wrong.TOO_LONG,
        f'the text "{"я" * 60}..." takes 162 octets; Africa\'s Talking ends the session where it takes more than 160',
    ),
    "a label with a bar": (
        Response(headers={HOP_METADATA: "a|b"}, body=b"CON We"),
        Wrong.BAD,
        f'the header at-ussd-hop-metadata is "a|b"{LABEL}',
    ),
    "a long label": (
        Response(headers={HOP_METADATA: "x" * 100}, body=b"CON We"),
        Wrong.BAD,
        f'the header at-ussd-hop-metadata is "{"x" * 60}..."{LABEL}',
    ),
}


@pytest.mark.parametrize(("response", "wrong", "sentence"), WRONG_ANSWERS.values(), ids=WRONG_ANSWERS)
def test_a_wrong_answer_is_explained_in_a_sentence(response, wrong, sentence):
    with pytest.raises(AnswerError, match=f"^{re.escape(sentence)}$") as caught:
        DIALECT.read_reply(response, turn())
    assert caught.value.wrong is wrong


def test_a_screen_can_be_full():
    assert DIALECT.read_reply(Response(body=b"CON " + b"x" * 182), turn()).text == "x" * 182
    with pytest.raises(AnswerError, match="takes 161 octets"):
        DIALECT.read_reply(Response(body=b"CON " + b"x" * 183), turn())


FIELDS = {"sessionId": "s1", "phoneNumber": "+254711000001", "serviceCode": "*384#", "text": ""}
WRONG_CALLS = {
    "no session": (FIELDS | {"sessionId": ""}, 'the field "sessionId" is empty'),
    "a missing text": ({k: v for k, v in FIELDS.items() if k != "text"}, 'the field "text" is missing'),
    "a name spelled otherwise": (
        {"sessionID" if k == "sessionId" else k: v for k, v in FIELDS.items()},
        'the field "sessionId" is missing; Africa\'s Talking sends it with each call; did you mean "sessionID"?',
    ),
    "no number": (FIELDS | {"phoneNumber": "+abc"}, 'the field "phoneNumber" is "+abc"'),
    "an end of another kind": (FIELDS | {"status": "Gone"}, 'the field "status" is "Gone"'),
}


@pytest.mark.parametrize(("fields", "sentence"), WRONG_CALLS.values(), ids=WRONG_CALLS)
def test_a_wrong_call_is_explained_too(fields, sentence):
    with pytest.raises(CallError, match=re.escape(sentence)):
        DIALECT.read_call(Request(body=form_body(fields)[1]))


def test_a_body_of_json_gives_no_name_that_could_be_meant():
    with pytest.raises(CallError, match=r"sends it with each call$"):
        DIALECT.read_call(Request(body=b'{"sessionId": "1"}'))


def test_an_unescaped_plus_is_still_the_number():
    assert (
        DIALECT.read_call(Request(body=b"sessionId=s&phoneNumber=+254711&serviceCode=*1%23&text=")).msisdn == "254711"
    )


def test_settings_are_what_the_calls_have():
    dialect = AfricasTalking({"network_code": "63902", "session_prefix": ""})

    assert b"sessionId=s1&phoneNumber=%2B254711000001&networkCode=63902&" in dialect.call(turn()).body


@given(st.binary() | st.builds(lambda rest: b"CON " + rest, st.binary()), st.integers(100, 599), st.text(max_size=120))
def test_any_answer_is_a_reply_or_an_answer_error(octets, status, label):
    try:
        reply = DIALECT.read_reply(Response(status, {HOP_METADATA: label}, octets), turn())
    except AnswerError:
        return
    assert isinstance(reply, Reply)
    assert DIALECT.call(turn(carried=reply.carried))


@given(
    st.binary()
    | st.dictionaries(st.sampled_from([*FIELDS, "status"]), st.text(max_size=5)).map(lambda f: form_body(f)[1])
)
def test_any_request_is_a_call_or_a_call_error(octets):
    try:
        call = DIALECT.read_call(Request(body=octets))
    except CallError:
        return
    assert isinstance(call, Call)


@given(st.text(), st.lists(st.text()))
def test_any_text_goes_both_ways(text, inputs):
    call = DIALECT.read_call(DIALECT.call(turn(text=text, inputs=tuple(inputs))))
    assert call.text == "*".join(inputs)
    written = DIALECT.write_reply(Reply(text, ends=False), call)
    assert written.text == f"CON {text}"


@pytest.mark.parametrize("name", ["lower case", "an error", "nothing"])
def test_the_page_about_aggregators_shows_sentences_as_they_are(name):
    page = Path(__file__).parents[2] / "docs" / "aggregators.md"
    assert f"\n{WRONG_ANSWERS[name][-1]}\n" in page.read_text(encoding="utf-8")
