"""The aggregators that are rows: golden bodies, read and written on both sides."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ussd_gateway.dialects.description import mistakes
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
    json_body,
)
from ussd_gateway.dialects.rows import AIRTEL_FLARES, ROWS, described, generic, regular
from ussd_gateway.dialects.table import speaker

JSON = {"content-type": "application/json"}
FEW = settings(max_examples=40)  # for each dialect
PLAIN = {"content-type": "text/plain; charset=utf-8"}


def turn(kind=Kind.ANSWER, text="", inputs=(), **more):
    at = {"session": "s1", "msisdn": "233540000001", "service_code": "*384*77#", "dialled": "*384*77#"}
    return Turn(kind, text=text, inputs=inputs, **at | more)


NEW = turn(Kind.NEW)
DIRECT = turn(Kind.NEW, dialled="*384*77*2*100#", inputs=("2", "100"))
ANSWER = turn(text='Аня & "co"\n', inputs=("2", 'Аня & "co"\n'), number=2)
STAR = turn(text="1*2", inputs=("1*2",), number=2)
ABORT = turn(Kind.ABORT, number=3)
TIMEOUT = turn(Kind.TIMEOUT, number=3)
TURNS = {"new": NEW, "direct": DIRECT, "answer": ANSWER, "star": STAR, "abort": ABORT, "timeout": TIMEOUT}

# For each dialect: the fields that all calls have; then for each turn the fields of its own, or None where it is not
# told, and what the application reads: kind, text, and whether the text is what was dialled.
CALLS = {
    "hubtel": (
        {"SessionId": "s1", "Mobile": "233540000001", "ServiceCode": "*384*77#", "Operator": "mtn", "Platform": "USSD"}
        | {"ClientState": ""},
        {
            "new": ({"Type": "Initiation", "Message": "*384*77#", "Sequence": 1}, Kind.NEW, "*384*77#", True),
            "direct": (
                {"Type": "Initiation", "Message": "*384*77*2*100#", "Sequence": 1},
                Kind.NEW,
                "*384*77*2*100#",
                True,
            ),
            "answer": ({"Type": "Response", "Message": ANSWER.text, "Sequence": 2}, Kind.ANSWER, ANSWER.text, False),
            "star": ({"Type": "Response", "Message": "1*2", "Sequence": 2}, Kind.ANSWER, "1*2", False),
            "abort": ({"Type": "Release", "Message": "", "Sequence": 3}, Kind.ABORT, "", False),
            "timeout": ({"Type": "Timeout", "Message": "", "Sequence": 3}, Kind.TIMEOUT, "", False),
        },
    ),
    "nalo": (
        {"SESSIONID": "s1", "MSISDN": "233540000001", "USERID": "USERID", "NETWORK": "MTN"},
        {
            "new": ({"MSGTYPE": True, "USERDATA": "*384*77"}, Kind.NEW, "*384*77", True),
            "direct": ({"MSGTYPE": True, "USERDATA": "*384*77*2*100"}, Kind.NEW, "*384*77*2*100", True),
            "answer": ({"MSGTYPE": False, "USERDATA": ANSWER.text}, Kind.ANSWER, ANSWER.text, False),
            "star": ({"MSGTYPE": False, "USERDATA": "1*2"}, Kind.ANSWER, "1*2", False),
            "abort": None,
            "timeout": None,
        },
    ),
    "arkesel": (
        {"sessionID": "s1", "msisdn": "233540000001", "userID": "USERID", "network": "MTN"},
        {
            "new": ({"newSession": True, "userData": "*384*77#"}, Kind.NEW, "*384*77#", True),
            "direct": ({"newSession": True, "userData": "*384*77*2*100#"}, Kind.NEW, "*384*77*2*100#", True),
            "answer": ({"newSession": False, "userData": ANSWER.text}, Kind.ANSWER, ANSWER.text, False),
            "star": ({"newSession": False, "userData": "1*2"}, Kind.ANSWER, "1*2", False),
            "abort": None,
            "timeout": None,
        },
    ),
    "korba": (
        {"sessionID": "s1", "msisdn": "+233540000001", "code": "*384*77#", "network": "01"},
        {
            "new": ({"ussdServiceOp": "1", "ussdString": "*384*77#"}, Kind.NEW, "*384*77#", True),
            "direct": ({"ussdServiceOp": "1", "ussdString": "*384*77*2*100#"}, Kind.NEW, "*384*77*2*100#", True),
            "answer": ({"ussdServiceOp": "18", "ussdString": ANSWER.text}, Kind.ANSWER, ANSWER.text, False),
            "star": ({"ussdServiceOp": "18", "ussdString": "1*2"}, Kind.ANSWER, "1*2", False),
            "abort": ({"ussdServiceOp": "29", "ussdString": ""}, Kind.ABORT, "", False),
            "timeout": ({"ussdServiceOp": "29", "ussdString": ""}, Kind.ABORT, "", False),
        },
    ),
    "nsano": (
        {"UserSessionID": "s1", "msisdn": "233540000001", "network": "MTN"},
        {
            "new": ({"msg": "*384*77#"}, None, "*384*77#", True),
            "direct": ({"msg": "*384*77*2*100#"}, None, "*384*77*2*100#", True),
            "answer": ({"msg": ANSWER.text}, None, ANSWER.text, True),
            "star": ({"msg": "1*2"}, None, "1*2", True),
            "abort": None,
            "timeout": None,
        },
    ),
    "moolre": (
        {"sessionid": "s1", "msisdn": "233540000001", "extension": 77, "network": 1},
        {
            "new": ({"new": True, "message": "", "data": ""}, Kind.NEW, "", False),
            "direct": ({"new": True, "message": "", "data": "2*100"}, Kind.NEW, "2*100", False),
            "answer": ({"new": False, "message": ANSWER.text, "data": ""}, Kind.ANSWER, ANSWER.text, False),
            "star": ({"new": False, "message": "1*2", "data": ""}, Kind.ANSWER, "1*2", False),
            "abort": None,
            "timeout": None,
        },
    ),
    "safaricom": (
        {"SESSION_ID": "s1", "ORIG": "233540000001", "DEST": "384*77"},
        {
            "new": ({"USSD_PARAMS": ""}, None, "", False),
            "direct": ({"USSD_PARAMS": "2*100"}, None, "2*100", False),
            "answer": ({"USSD_PARAMS": f"2*{ANSWER.text}"}, None, f"2*{ANSWER.text}", False),
            "star": ({"USSD_PARAMS": "1*2"}, None, "1*2", False),
            "abort": None,
            "timeout": None,
        },
    ),
    "hollatags": (
        {"session_id": "s1", "session_msisdn": "233540000001", "session_from": "*384*77#", "session_mno": "MTN"},
        {
            "new": (
                *({"session_operation": "begin", "session_type": "1", "session_msg": "*384*77#"}, Kind.NEW),
                *("*384*77#", True),
            ),
            "direct": (
                *({"session_operation": "begin", "session_type": "1", "session_msg": "*384*77*2*100#"}, Kind.NEW),
                *("*384*77*2*100#", True),
            ),
            "answer": (
                *({"session_operation": "continue", "session_type": "3", "session_msg": ANSWER.text}, Kind.ANSWER),
                *(ANSWER.text, False),
            ),
            "star": (
                *({"session_operation": "continue", "session_type": "3", "session_msg": "1*2"}, Kind.ANSWER),
                *("1*2", False),
            ),
            "abort": ({"session_operation": "end", "session_msg": ""}, Kind.ABORT, "", False),
            "timeout": ({"session_operation": "end", "session_msg": ""}, Kind.ABORT, "", False),  # told alike
        },
    ),
}
CALLS["uzo"] = (CALLS["korba"][0] | {"country": "GH"}, CALLS["korba"][1])

CODES = {"nalo": "", "arkesel": "", "nsano": "", "moolre": ""}
"""What a call says of the service code, where that is not the code."""

CASES = [(name, told) for name in CALLS for told in TURNS]


@pytest.mark.parametrize(("name", "told"), CASES, ids=[f"{name}-{told}" for name, told in CASES])
def test_a_call_is_golden_and_read_back(name, told):
    made = regular(name, {})
    common, own = CALLS[name]
    request = made.call(TURNS[told])
    if own[told] is None:
        assert request is None
        return
    fields, kind, text, dialled = own[told]
    if ROWS[name].description.method == "GET":
        assert request == Request("GET", query=common | fields)
    else:
        assert (request.method, request.path, request.query, request.headers) == ("POST", "", {}, JSON)
        assert json.loads(request.body) == common | fields
        assert "Аня".encode() in request.body or "Аня" not in TURNS[told].text
    call = made.read_call(request)
    cumulative = ROWS[name].description.cumulative
    code = CODES.get(name, "*384*77#")
    number = (common | fields).get("Sequence", 0)
    assert call == Call(kind, "s1", "233540000001", code, text, cumulative, dialled, call.carried, number)
    assert set(call.carried) == set(ROWS[name].description.echo)


# For each dialect: what an answer has besides, then what it has where it goes on and where it ends.
ANSWERS = {
    "hubtel": (
        {"Label": "", "FieldType": "text"},
        {"Type": "Response", "Message": "Сумма?", "DataType": "input"},
        {"Type": "Release", "Message": "Сумма?", "DataType": "display"},
    ),
    "nalo": (
        {"USERID": "USERID", "MSISDN": "233540000001", "MSG": "Сумма?"},
        {"MSGTYPE": True},
        {"MSGTYPE": False},
    ),
    "arkesel": (
        {"sessionID": "s1", "userID": "USERID", "msisdn": "233540000001", "message": "Сумма?"},
        {"continueSession": True},
        {"continueSession": False},
    ),
    "korba": ({"message": "Сумма?"}, {"ussdServiceOp": 2}, {"ussdServiceOp": 17}),
    "uzo": ({"message": "Сумма?"}, {"ussdServiceOp": 2}, {"ussdServiceOp": 17}),
    "nsano": (
        {},
        {"USSDResp": {"action": "input", "menus": "", "title": "Сумма?"}},
        {"USSDResp": {"action": "prompt", "menus": "", "title": "Сумма?"}},
    ),
    "moolre": ({"message": "Сумма?"}, {"reply": True}, {"reply": False}),
    "safaricom": ({}, b"CON ", b"END "),
    "hollatags": (
        {"session_id": "s1", "session_msg": "Сумма?"},
        {"session_operation": "continue", "session_type": 1},
        {"session_operation": "end", "session_type": 4},
    ),
}


@pytest.mark.parametrize("ends", [False, True], ids=["goes on", "ends"])
@pytest.mark.parametrize("name", ROWS)
def test_an_answer_is_golden_and_read_back(name, ends):
    made = regular(name, {})
    common, *own = ANSWERS[name]
    response = made.write_reply(Reply("Сумма?", ends), made.read_call(made.call(ANSWER)))

    if ROWS[name].description.answers_json:
        assert (response.status, response.headers) == (200, JSON)
        assert json.loads(response.body) == common | own[ends]
    else:
        assert response == Response(200, PLAIN, own[ends] + "Сумма?".encode())
    assert made.read_reply(response, ANSWER) == Reply("Сумма?", ends)


@pytest.mark.parametrize("name", ROWS)
def test_any_text_goes_both_ways(name):
    made = regular(name, {})

    @FEW
    @given(st.text(min_size=1, max_size=70), st.booleans())
    def both_ways(text, ends):
        call = made.read_call(made.call(turn(text=text, inputs=(text,))))
        assert call.text == text
        assert made.read_reply(made.write_reply(Reply(text, ends), call), ANSWER) == Reply(text, ends)

    both_ways()


def test_the_state_of_a_hubtel_client_comes_back():
    made = regular("hubtel", {})
    response = Response(body=b'{"Type": "RESPONSE", "Message": "Pay?", "ClientState": {"step": 2}}')

    reply = made.read_reply(response, NEW)

    assert reply == Reply("Pay?", ends=False, carried={"ClientState": {"step": 2}})
    assert json.loads(made.call(turn(text="1", carried=reply.carried)).body)["ClientState"] == {"step": 2}
    written = made.write_reply(reply, Call(Kind.ANSWER, "s1", "1"))
    assert json.loads(written.body)["ClientState"] == {"step": 2}


@pytest.mark.parametrize(
    ("word", "ends"), [("response", False), ("release", True), ("addtocart", True), ("AddToCart", True)]
)
def test_hubtel_does_not_care_for_capitals_and_a_cart_ends(word, ends):
    body = json_body({"Type": word, "Message": "Pay"})[1]
    assert regular("hubtel", {}).read_reply(Response(body=body), NEW).ends is ends


@pytest.mark.parametrize(
    ("word", "kind"), [("initiation", Kind.NEW), ("RESPONSE", Kind.ANSWER), ("timeout", Kind.TIMEOUT)]
)
def test_a_call_of_hubtel_may_have_any_capitals(word, kind):
    body = json_body({"Type": word, "Message": "1", "SessionId": "s", "Mobile": "233", "ServiceCode": "*1#"})[1]
    assert regular("hubtel", {}).read_call(Request(body=body)).kind is kind


@pytest.mark.parametrize("value", ["30", 29, 45, "29"])
def test_korba_ends_with_any_number_from_29(value):
    body = json_body({"sessionID": "s", "msisdn": "+233", "ussdServiceOp": value})[1]
    assert regular("korba", {}).read_call(Request(body=body)).kind is Kind.ABORT


@pytest.mark.parametrize(
    ("menus", "text"),
    [(["1. Pay", "2. Ask"], "Pick\n1. Pay\n2. Ask"), ([], "Pick"), ("", "Pick"), ("1. Pay", "Pick\n1. Pay")],
)
def test_nsano_shows_the_menus_below_the_title(menus, text):
    body = json_body({"USSDResp": {"action": "showMenu", "title": "Pick", "menus": menus}})[1]
    assert regular("nsano", {}).read_reply(Response(body=body), NEW) == Reply(text, ends=False)


@pytest.mark.parametrize("code", ["384*77", "*384*77#", "*384*77"])
def test_a_code_comes_back_as_it_is_dialled(code):
    query = {"SESSION_ID": "s", "ORIG": "254", "DEST": code, "USSD_PARAMS": ""}
    assert regular("safaricom", {}).read_call(Request("GET", query=query)).service_code == "*384*77#"


def json_answer(**fields):
    return Response(body=json_body(fields)[1])


GOES_ON = "true to go on, or false to end"
WRONG_ANSWERS = {
    "no JSON": (
        *("nalo", Response(body=b"CON Welcome"), Wrong.BAD),
        'the answer begins with "CON Welcome"; Nalo ends the session unless it is a JSON object',
    ),
    "a JSON list": (
        *("nalo", Response(body=b'["a"]'), Wrong.BAD),
        'the answer begins with "[\\"a\\"]"; Nalo ends the session unless it is a JSON object',
    ),
    "no text": (
        *("nalo", json_answer(MSGTYPE=True), Wrong.BAD),
        'the answer has no "MSG"; Nalo ends the session unless it is the text to show',
    ),
    "a text that is none": (
        *("nalo", json_answer(MSGTYPE=True, MSG={"a": 1}), Wrong.BAD),
        'the "MSG" of the answer is an object; Nalo ends the session unless it is the text to show',
    ),
    "no flag": (
        *("nalo", json_answer(MSG="Pay?"), Wrong.BAD),
        f'the answer has no "MSGTYPE"; Nalo ends the session unless it is {GOES_ON}',
    ),
    "a string for a boolean": (
        *("moolre", json_answer(message="Pay?", reply="true"), Wrong.BAD),
        f'the "reply" of the answer is "true"; Moolre ends the session unless it is {GOES_ON}',
    ),
    "a number for a boolean": (
        *("moolre", json_answer(message="Pay?", reply=1), Wrong.BAD),
        f'the "reply" of the answer is 1; Moolre ends the session unless it is {GOES_ON}',
    ),
    "a number of another operation": (
        *("korba", json_answer(message="Pay?", ussdServiceOp=1), Wrong.BAD),
        'the "ussdServiceOp" of the answer is 1; Korba ends the session unless it is 2 to go on, or 17 to end',
    ),
    "a word of another type": (
        *("hubtel", json_answer(Message="Pay?", Type="Continue"), Wrong.BAD),
        'the "Type" of the answer is "Continue"; Hubtel ends the session unless it is "Response" to go on, or "Release" or'
        ' "AddToCart" to end',
    ),
    "a path that ends early": (
        *("nsano", json_answer(USSDResp="Pay?"), Wrong.BAD),
        'the answer has no "USSDResp.title"; Nsano ends the session unless it is the text to show',
    ),
    "menus that are none": (
        *("nsano", json_answer(USSDResp={"title": "Pay?", "menus": 5, "action": "input"}), Wrong.BAD),
        'the "USSDResp.menus" of the answer is 5; Nsano ends the session unless it is a list of further lines, or empty',
    ),
    "no echo": (
        *(
            "arkesel",
            json_answer(message="Pay?", continueSession=True, sessionID="s1", msisdn="233540000001"),
            Wrong.BAD,
        ),
        'the answer has no "userID"; Arkesel ends the session unless it is that of the call, "USERID"',
    ),
    "the echo of another session": (
        *("arkesel", json_answer(message="Pay?", continueSession=True, sessionID="s2"), Wrong.BAD),
        'the "sessionID" of the answer is "s2"; Arkesel ends the session unless it is that of the call, "s1"',
    ),
    "a prefix in lower case": (
        *("safaricom", Response(body=b"con Pay?"), Wrong.BAD),
        'the answer begins with "con Pay?"; Safaricom ends the session unless it begins with "CON " to go on, or "END " to end',
    ),
    "an error": (
        *("hubtel", Response(404, body=b"{}"), Wrong.STATUS),
        "the application answered with status 404; Hubtel ends the session unless it is 2xx",
    ),
    "nothing": (
        *("hubtel", Response(), Wrong.EMPTY),
        "the answer is empty; Hubtel ends the session when there is nothing to show",
    ),
    "an empty text": (
        *("moolre", json_answer(message="", reply=True), Wrong.EMPTY),
        "the answer has no text; Moolre ends the session when there is nothing to show",
    ),
    "too many octets": (
        *("moolre", json_answer(message="я" * 81, reply=True), Wrong.TOO_LONG),
        f'the text "{"я" * 60}..." takes 162 octets; Moolre ends the session where it takes more than 160',
    ),
    "too many characters": (
        *("hollatags", json_answer(session_msg="x" * 161, session_operation="end", session_id="s1"), Wrong.TOO_LONG),
        f'the text "{"x" * 60}..." has 161 characters; Hollatags ends the session where it has more than 160',
    ),
}


@pytest.mark.parametrize(("name", "response", "wrong", "sentence"), WRONG_ANSWERS.values(), ids=WRONG_ANSWERS)
def test_a_wrong_answer_is_explained_in_a_sentence(name, response, wrong, sentence):
    with pytest.raises(AnswerError, match=f"^{re.escape(sentence)}$") as caught:
        regular(name, {}).read_reply(response, NEW)
    assert caught.value.wrong is wrong


def test_nalo_does_not_ask_for_the_echo():
    reply = regular("nalo", {}).read_reply(json_answer(MSG="Pay?", MSGTYPE=False), NEW)
    assert reply == Reply("Pay?", ends=True)


HUBTEL = {"SessionId": "s", "Mobile": "233", "Type": "Response", "Message": "1"}
WRONG_CALLS = {
    "no JSON": ("nalo", b"MSISDN=1", "the body is no JSON object; Nalo sends one with each call"),
    "no session": (
        *("nalo", json_body({"MSISDN": "1", "MSGTYPE": True})[1]),
        'the field "SESSIONID" is missing; Nalo sends it with each call',
    ),
    "no input": (
        *("hubtel", json_body({k: v for k, v in HUBTEL.items() if k != "Message"})[1]),
        'the field "Message" is missing; Hubtel sends it with each call',
    ),
    "no kind": (
        *("hubtel", json_body({k: v for k, v in HUBTEL.items() if k != "Type"})[1]),
        'the field "Type" is missing; Hubtel sends it with each call',
    ),
    "a kind that is none of ours": (
        *("hubtel", json_body(HUBTEL | {"Type": "Query"})[1]),
        'the field "Type" is "Query"; Hubtel sends one of "Initiation", "Response", "Release", "Timeout"',
    ),
    "an object for a kind": ("hubtel", json_body(HUBTEL | {"Type": {}})[1], 'the field "Type" is no text'),
}


@pytest.mark.parametrize(("name", "body", "sentence"), WRONG_CALLS.values(), ids=WRONG_CALLS)
def test_a_wrong_call_is_explained_too(name, body, sentence):
    with pytest.raises(CallError, match=f"^{re.escape(sentence)}$"):
        regular(name, {}).read_call(Request(body=body))


def test_settings_are_fields_of_the_calls():
    made = speaker("hubtel", {"operator": "vodafone"})
    assert json.loads(made.call(NEW).body)["Operator"] == "vodafone"
    with pytest.raises(
        ValueError, match=r'"operator" of the dialect hubtel is "MTN"; allowed: tigo, airtel, mtn, vodafone'
    ):
        speaker("hubtel", {"operator": "MTN"})


@pytest.mark.parametrize("row", [*ROWS.values(), AIRTEL_FLARES], ids=[*ROWS, "airtel_flares"])
def test_each_row_fits_together(row):
    assert list(mistakes(described("any", row, {})[0])) == []


def anything():
    """JSON of any kind, and such as has the fields of an answer or a call."""
    names = [*HUBTEL, "USSDResp", "MSG", "MSGTYPE", "message", "reply", "continueSession", "sessionID"]
    leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.just("Response")
    values = st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner)
    )
    objects = st.dictionaries(st.sampled_from(names), values)
    return objects.map(lambda fields: json.dumps(fields).encode()) | st.binary(max_size=60)


@pytest.mark.parametrize("name", [*ROWS, "airtel_flares"])
def test_any_answer_is_a_reply_or_an_answer_error(name):
    made = speaker(name, {})

    @FEW
    @given(anything(), st.integers(100, 599) | st.just(200), st.dictionaries(st.just("freeflow"), st.text()))
    def read(body, status, headers):
        try:
            reply = made.read_reply(Response(status, headers, body), NEW)
        except AnswerError:
            return
        assert isinstance(reply, Reply)
        made.call(turn(carried=reply.carried))

    read()


@pytest.mark.parametrize("name", [*ROWS, "airtel_flares"])
def test_any_request_is_a_call_or_a_call_error(name):
    made = speaker(name, {})
    names = sorted({*made.call(NEW).query, "clean", "msisdn"})

    @FEW
    @given(anything(), st.dictionaries(st.sampled_from(names), st.text(max_size=5) | st.just("5")))
    def read(body, query):
        for request in (Request(body=body), Request("GET", query=query), Request(body=form_body(query)[1])):
            try:
                call = made.read_call(request)
            except CallError:
                continue
            assert isinstance(call, Call)
            made.write_reply(Reply("Pay?", ends=False), call)

    read()


def test_a_dialect_can_be_described():
    made = generic(
        {"session": "id", "msisdn": "from", "text": "input", "signal": "prefix"} | {"continues": ["+"], "ends": ["-"]}
    )
    assert made.name == "generic"
    assert made.call(NEW).body == b"id=s1&from=233540000001&input="


@pytest.mark.parametrize("name", ["a string for a boolean", "too many characters"])
def test_the_page_about_aggregators_shows_sentences_as_they_are(name):
    page = Path(__file__).parents[2] / "docs" / "aggregators.md"
    assert f"\n{WRONG_ANSWERS[name][-1]}\n" in page.read_text(encoding="utf-8")
