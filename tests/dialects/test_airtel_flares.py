"""Airtel's gateway: a word in a header, and a call that asks to clean up."""

import re

import pytest

from ussd_gateway.dialects.airtel_flares import AirtelFlares
from ussd_gateway.dialects.model import AnswerError, Call, CallError, Kind, Reply, Request, Response, Turn, Wrong

AIRTEL = AirtelFlares({"user_id": "shop", "password": "s3cret", "msc": "254"})
LOGGED_IN = {"userid": "shop", "password": "s3cret"}


def turn(kind=Kind.ANSWER, text="", **more):
    at = {"session": "s1", "msisdn": "254731000001", "service_code": "*384*77#", "dialled": "*384*77#"}
    return Turn(kind, text=text, **at | more)


CALLS = {
    "somebody dials": (turn(Kind.NEW), "384*77", Call(None, "s1", "254731000001", "", "384*77", dialled=True)),
    "a direct dial": (
        turn(Kind.NEW, dialled="*384*77*2#", inputs=("2",)),
        "384*77*2",
        Call(None, "s1", "254731000001", "", "384*77*2", dialled=True),
    ),
    "an answer": (
        turn(text='Аня & "co"*1\n'),
        'Аня & "co"*1\n',
        Call(None, "s1", "254731000001", "", 'Аня & "co"*1\n', dialled=True),
    ),
}


@pytest.mark.parametrize(("told", "golden", "call"), CALLS.values(), ids=CALLS)
def test_a_call_is_a_get(told, golden, call):
    request = AIRTEL.call(told)

    fields = {"SessionID": "s1", "MSISDN": "254731000001", "MSC": "254", "input": golden}
    assert request == Request("GET", query=fields | LOGGED_IN)
    assert AIRTEL.read_call(request) == call


@pytest.mark.parametrize("kind", [Kind.ABORT, Kind.TIMEOUT, Kind.FAILED])
def test_an_end_is_a_request_to_clean_up(kind):
    request = AIRTEL.call(turn(kind))

    fields = {"SessionID": "s1", "msisdn": "254731000001", "clean": "clean-session", "error": "522"}
    assert request == Request("GET", query=fields | LOGGED_IN)
    assert AIRTEL.read_call(request) == Call(Kind.ABORT, "s1", "254731000001")


def test_an_end_by_the_application_is_not_told():
    assert AIRTEL.call(turn(Kind.END)) is None


def test_a_request_to_clean_up_needs_the_session():
    with pytest.raises(CallError, match='"SessionID" is missing; Airtel sends it'):
        AIRTEL.read_call(Request("GET", query={"clean": "clean-session", "msisdn": "254"} | LOGGED_IN))


@pytest.mark.parametrize("login", [{}, {"userid": "shop"}, {"userid": "shop", "password": "s3cre\u0442"}])
def test_a_call_without_the_password_is_refused_and_the_password_not_told(login):
    query = {"SessionID": "s1", "MSISDN": "254731000001", "input": "1"}
    assert AirtelFlares({}).read_call(Request("GET", query=query | login)).text == "1"

    with pytest.raises(
        CallError, match=r'^the field "(userid|password)" is not what the settings of this dialect have$'
    ):
        AIRTEL.read_call(Request("GET", query=query | login))


@pytest.mark.parametrize(("ends", "word"), [(False, "FC"), (True, "FB")])
def test_a_header_says_whether_it_goes_on(ends, word):
    response = AIRTEL.write_reply(Reply("Сумма?", ends), Call(None, "s1", "254731000001"))

    headers = {"content-type": "text/plain; charset=utf-8", "freeflow": word, "charge": "N", "amount": "0"}
    assert response == Response(200, headers, "Сумма?".encode())
    assert AIRTEL.read_reply(response, turn()) == Reply("Сумма?", ends)


WANTED = '; Airtel ends the session unless it is "FC" to go on, or "FB" to end'
WRONG_ANSWERS = {
    "no header": (Response(body=b"Pay?"), Wrong.BAD, f"the header Freeflow is missing{WANTED}"),
    "another word": (
        *(Response(headers={"freeflow": "fc"}, body=b"Pay?"), Wrong.BAD),
        f'the header Freeflow is "fc"{WANTED}',
    ),
    "nothing": (
        *(Response(headers={"freeflow": "FB"}), Wrong.EMPTY),
        "the answer is empty; Airtel ends the session when there is nothing to show",
    ),
}


@pytest.mark.parametrize(("response", "wrong", "sentence"), WRONG_ANSWERS.values(), ids=WRONG_ANSWERS)
def test_a_wrong_answer_is_explained_in_a_sentence(response, wrong, sentence):
    with pytest.raises(AnswerError, match=f"^{re.escape(sentence)}$") as caught:
        AIRTEL.read_reply(response, turn())
    assert caught.value.wrong is wrong
