"""What every dialect checks."""

import pytest

from ussd_gateway.dialects import reading
from ussd_gateway.dialects.model import AnswerError, CallError, Limits, Response, Wrong


def test_a_success_with_a_body_is_an_answer():
    assert reading.answered(Response(201, body=b"CON a"), "Us") == "CON a"


@pytest.mark.parametrize("status", [100, 199, 300, 302, 404, 500])
def test_any_other_status_is_wrong(status):
    with pytest.raises(AnswerError, match=f"status {status}; Us ends") as caught:
        reading.answered(Response(status, body=b"CON a"), "Us")
    assert caught.value.wrong is Wrong.STATUS


@pytest.mark.parametrize("body", [b"", b" \r\n"])
def test_an_answer_without_anything_is_empty(body):
    with pytest.raises(AnswerError, match="empty") as caught:
        reading.answered(Response(body=body), "Us")
    assert caught.value.wrong is Wrong.EMPTY


@pytest.mark.parametrize(
    ("limits", "text", "sentence"),
    [
        (Limits(), "x" * 183, "takes 161 octets; Us ends the session where it takes more than 160"),
        (
            Limits(octets=0, characters=160),
            "x" * 161,
            "has 161 characters; Us ends the session where it has more than 160",
        ),
    ],
)
def test_a_text_has_to_fit(limits, text, sentence):
    assert reading.fitting(text[:-1], limits, "Us") == text[:-1]
    with pytest.raises(AnswerError, match=sentence) as caught:
        reading.fitting(text, limits, "Us")
    assert caught.value.wrong is Wrong.TOO_LONG


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b"[" * 100_000, b'{"a":' * 51 + b"1" + b"}" * 51, b"\xff", b'"\xd8']
)
def test_what_is_no_json_object_is_a_value_error(body):
    with pytest.raises(ValueError):  # noqa: PT011  the words are those of the JSON module
        reading.json_object(body)


def test_what_came_begins_a_sentence():
    assert reading.came(None, "a") == 'the answer has no "a"'
    assert reading.came("b", "a") == 'the "a" of the answer is "b"'
    assert reading.came({}, "a", "call") == 'the "a" of the call is an object'


def test_half_a_surrogate_pair_becomes_one_character():
    assert reading.whole("a\ud83d") == "a\N{REPLACEMENT CHARACTER}"
    assert reading.whole("Привет \N{GRINNING FACE}") == "Привет \N{GRINNING FACE}"


def test_a_field_is_text_or_a_number():
    assert reading.field({"a": 5}, "a", "Us") == "5"
    for value in (True, [], {}, 1.5):
        with pytest.raises(CallError, match='"a" is no text'):
            reading.field({"a": value}, "a", "Us")
    with pytest.raises(CallError, match=r'^the field "a" is missing; Us sends it with each call$'):
        reading.field({}, "a", "Us")
