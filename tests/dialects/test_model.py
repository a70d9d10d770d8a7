"""What all dialects share."""

import pytest

from ussd_gateway.dialects.model import Request, Response, form_body, json_body


def test_a_form_is_read_as_it_was_written():
    headers, body = form_body({"text": "1*2 & 3", "phoneNumber": "+254700000001", "empty": ""})

    assert headers == {"content-type": "application/x-www-form-urlencoded"}
    assert Request(query={"token": "a"}, body=body).form() == {
        "token": "a",
        "text": "1*2 & 3",
        "phoneNumber": "+254700000001",
        "empty": "",
    }


def test_json_keeps_its_letters():
    assert json_body({"message": "Привет", "new": True})[1].decode() == '{"message": "Привет", "new": true}'


def test_a_body_that_is_no_utf_8_is_shown_all_the_same():
    assert Response(body=b"CON \xff").text == "CON \N{REPLACEMENT CHARACTER}"


CHARSETS = [
    ("text/plain; charset=ISO-8859-1", b"Caf\xe9", "Café"),
    ('text/plain;Charset="windows-1251"', b"\xc4\xe0", "Да"),
    ("text/plain; charset=utf-8", "Да".encode(), "Да"),
    ("text/plain", "Да".encode(), "Да"),
    ("text/plain; charset=punycode", "Да".encode(), "Да"),
]


@pytest.mark.parametrize(("content_type", "body", "text"), CHARSETS)
def test_a_text_is_read_in_the_charset_that_it_names(content_type, body, text):
    assert Response(headers={"content-type": content_type}, body=body).text == text


def test_half_a_surrogate_pair_is_no_reason_to_fail():
    assert form_body({"text": "a\ud83d"})[1] == b"text=a%3F"
    assert json_body({"text": "a\ud83d"})[1] == b'{"text": "a?"}'
