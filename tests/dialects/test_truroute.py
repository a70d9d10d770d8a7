"""TruRoute: golden documents, read and written on both sides."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.dialects import xml
from ussd_gateway.dialects.model import AnswerError, Call, CallError, Kind, Reply, Request, Response, Turn, Wrong
from ussd_gateway.dialects.truroute import TruRoute

DIALECT = TruRoute({})
XML = {"content-type": "text/xml; charset=utf-8"}
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def turn(kind=Kind.ANSWER, text="", **more):
    known = {"session": "0000000012", "msisdn": "265881234567", "service_code": "*384#", "dialled": "*384*1#"}
    return Turn(kind, text=text, **(known | more))


def ussd(told, message):
    head = "<ussd><msisdn>265881234567</msisdn><sessionid>0000000012</sessionid>"
    return f"{HEAD}{head}<type>{told}</type><msg>{message}</msg></ussd>".encode()


def call(kind, text=""):
    return Call(kind, "0000000012", "265881234567", text=text, dialled=kind is Kind.NEW)


CALLS = {
    "somebody dials": (turn(Kind.NEW), ussd(1, "*384*1#"), call(Kind.NEW, "*384*1#")),
    "an answer": (turn(text="1"), ussd(2, "1"), call(Kind.ANSWER, "1")),
    "quotes, an ampersand and lines": (
        turn(text='Аня "a" & <b>\n\r'),
        ussd(2, 'Аня "a" &amp; &lt;b&gt;\n&#13;'),
        call(Kind.ANSWER, 'Аня "a" & <b>\n\r'),
    ),
    "what XML cannot hold": (turn(text="a\x00\x0c"), ussd(2, "a??"), call(Kind.ANSWER, "a??")),
    "an empty answer": (turn(), ussd(2, ""), call(Kind.ANSWER)),
    "the user hung up": (turn(Kind.ABORT), ussd(3, ""), call(Kind.ABORT)),
    "the user did not answer": (turn(Kind.TIMEOUT), ussd(4, ""), call(Kind.TIMEOUT)),
}


@pytest.mark.parametrize(("told", "golden", "read"), CALLS.values(), ids=CALLS)
def test_a_turn_is_a_document_with_a_type(told, golden, read):
    request = DIALECT.call(told)

    assert request == Request("POST", headers=XML, body=golden)
    assert DIALECT.read_call(request) == read


@pytest.mark.parametrize("kind", [Kind.END, Kind.FAILED])
def test_an_application_is_not_told_of_its_own_end(kind):
    assert DIALECT.call(turn(kind)) is None


def test_a_charge_that_failed_is_an_end():
    assert DIALECT.read_call(Request(body=ussd(10, "No credit"))) == call(Kind.ABORT, "No credit")


def test_a_document_may_be_laid_out_and_in_another_order():
    body = b"""<ussd>
      <type> 2 </type>
      <msg>1</msg>
      <msg>2</msg>
      <sessionid>0000000012</sessionid>
      <msisdn>+265881234567</msisdn>
    </ussd>"""
    assert DIALECT.read_call(Request(body=body)) == call(Kind.ANSWER, "1")


REPLIES = {
    "it goes on": (Reply("Pay?\n1. Yes", ends=False), "<ussd><type>2</type><msg>Pay?\n1. Yes</msg></ussd>"),
    "it ends": (
        Reply('Готово & «всё» "так"', ends=True),
        '<ussd><type>3</type><msg>Готово &amp; «всё» "так"</msg></ussd>',
    ),
    "it charges": (
        Reply("Paid.", ends=True, carried={"cost": "150", "ref": "order-7"}),
        "<ussd><type>3</type><msg>Paid.</msg><premium><cost>150</cost><ref>order-7</ref></premium></ussd>",
    ),
}


@pytest.mark.parametrize(("reply", "golden"), REPLIES.values(), ids=REPLIES)
def test_a_reply_is_type_2_or_3(reply, golden):
    response = DIALECT.write_reply(reply, call(Kind.ANSWER))

    assert response == Response(200, XML, (HEAD + golden).encode())
    assert DIALECT.read_reply(response, turn()) == reply


def test_a_charge_does_not_come_back():
    assert DIALECT.call(turn(text="1", carried={"cost": "150"})) == DIALECT.call(turn(text="1"))


def answer(text):
    return Response(body=text.encode())


UNLESS = "; TruRoute ends the session unless "
TYPE = f"{UNLESS}it is 2, to go on, or 3, to end"
WRONG_ANSWERS = {
    "an error": (Response(404), Wrong.STATUS, f"the application answered with status 404{UNLESS}it is 2xx"),
    "nothing": (
        Response(),
        Wrong.EMPTY,
        "the answer is empty; TruRoute ends the session when there is nothing to show",
    ),
    "no XML": (
        answer("CON Pay?"),
        Wrong.BAD,
        f'the answer "CON Pay?" is no XML: line 1: syntax error{UNLESS}it is a <ussd>',
    ),
    "an ampersand alone": (
        answer("<ussd><type>3</type><msg>Bed & breakfast</msg></ussd>"),
        Wrong.BAD,
        f'the answer "<ussd><type>3</type><msg>Bed & breakfast</msg></ussd>" is no XML: line 1: '
        f"not well-formed (invalid token){UNLESS}it is a <ussd>",
    ),
    "a page": (
        answer("<!DOCTYPE html><html/>"),
        Wrong.BAD,
        f'the answer "<!DOCTYPE html><html/>" is no XML: it has a DOCTYPE{UNLESS}it is a <ussd>',
    ),
    "another element": (answer("<dialog/>"), Wrong.BAD, f'the answer is an element "dialog"{UNLESS}it is "ussd"'),
    "no type": (answer("<ussd><msg>Pay?</msg></ussd>"), Wrong.BAD, f'the type is ""{TYPE}'),
    "a type of a call": (answer("<ussd><type>1</type><msg>Pay?</msg></ussd>"), Wrong.BAD, f'the type is "1"{TYPE}'),
    "no text": (
        answer("<ussd><type>3</type></ussd>"),
        Wrong.EMPTY,
        "the answer has no text; TruRoute ends the session when there is nothing to show",
    ),
    "too long": (
        answer(f"<ussd><type>2</type><msg>{'я' * 81}</msg></ussd>"),
        Wrong.TOO_LONG,
        f'the text "{"я" * 60}..." takes 162 octets; TruRoute ends the session where it takes more than 160',
    ),
}


@pytest.mark.parametrize(("response", "wrong", "sentence"), WRONG_ANSWERS.values(), ids=WRONG_ANSWERS)
def test_a_wrong_answer_is_explained_in_a_sentence(response, wrong, sentence):
    with pytest.raises(AnswerError, match=f"^{re.escape(sentence)}$") as caught:
        DIALECT.read_reply(response, turn())
    assert caught.value.wrong is wrong


WRONG_CALLS = {
    "no XML": ("session", "the body is no XML: line 1: syntax error; TruRoute sends a <ussd>"),
    "another element": ("<dialog/>", 'the element is "dialog"; TruRoute sends "ussd"'),
    "no type": ("<ussd><msg>1</msg></ussd>", 'the field "type" is missing'),
    "another type": (
        "<ussd><type>5</type></ussd>",
        'the field "type" is "5"; TruRoute sends one of 1, 2, 3, 4, 10',
    ),
    "no session": (
        "<ussd><type>1</type><sessionid/><msisdn>1</msisdn></ussd>",
        'the field "sessionid" is empty',
    ),
    "no number": (
        "<ussd><type>1</type><sessionid>1</sessionid><msisdn>abc</msisdn></ussd>",
        'the field "msisdn" is "abc"',
    ),
}


@pytest.mark.parametrize(("body", "sentence"), WRONG_CALLS.values(), ids=WRONG_CALLS)
def test_a_wrong_call_is_explained_too(body, sentence):
    with pytest.raises(CallError, match=f"^{re.escape(sentence)}"):
        DIALECT.read_call(Request(body=body.encode()))


def test_it_has_no_settings():
    with pytest.raises(ValueError, match='the dialect truroute has no setting "cost"; it has none'):
        TruRoute({"cost": 1})


NAMES = ["type", "msg", "sessionid", "msisdn", "premium", "cost"]
WORDS = ["1", "2", "3", "10", "", "+265", "я" * 81, "Pay?"]
FIELDS = st.lists(st.builds(xml.text_element, st.sampled_from(NAMES), st.sampled_from(WORDS)), max_size=6)
DOCUMENTS = st.builds(lambda inner: xml.element("ussd", {}, *inner).encode(), FIELDS)


@given(st.binary() | DOCUMENTS, st.integers(100, 599))
def test_any_answer_is_a_reply_or_an_answer_error(octets, status):
    try:
        reply = DIALECT.read_reply(Response(status, body=octets), turn())
    except AnswerError:
        return
    assert isinstance(reply, Reply)


@given(st.binary() | DOCUMENTS)
def test_any_request_is_a_call_or_a_call_error(octets):
    try:
        read = DIALECT.read_call(Request(body=octets))
    except CallError:
        return
    assert isinstance(read, Call)


@given(st.text(), st.booleans())
def test_any_text_goes_both_ways(text, ends):
    assert DIALECT.read_call(DIALECT.call(turn(text=text))).text == xml.holdable(text)
    written = xml.parse(DIALECT.write_reply(Reply(text, ends), call(Kind.ANSWER)).body)
    assert written.findtext("msg") == xml.holdable(text)
