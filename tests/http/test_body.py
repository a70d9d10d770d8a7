"""Bodies and parameters; what refuses them is tested where people meet it, in handsets/test_http.py."""

import json
from urllib.parse import parse_qsl

import pytest

from ussd_gateway.http import body


class Asked:
    """As much of a request as a query is read from."""

    def __init__(self, query):
        self.query = dict(parse_qsl(query, keep_blank_values=True))


def asked(query):
    return Asked(query)


@pytest.mark.parametrize(("query", "seconds"), [("", 0), ("wait=0", 0), ("wait=2.5", 2.5), ("wait=300", 300)])
def test_seconds_of_a_query(query, seconds):
    assert body.seconds(asked(query)) == seconds


@pytest.mark.parametrize("query", ["wait=-1", "wait=301", "wait=x", "wait=inf", "wait="])
def test_no_seconds(query):
    with pytest.raises(ValueError, match="write seconds from 0 to 300"):
        body.seconds(asked(query))


def test_a_count_has_a_default_and_an_end():
    assert body.count(asked(""), "limit", 100, 1000) == 100
    assert body.count(asked("limit=7"), "limit", 100, 1000) == 7
    for query in ("limit=0", "limit=1001", "limit=-1", "limit=x", "limit=٣"):
        with pytest.raises(ValueError, match="write a number from 1 to 1000"):
            body.count(asked(query), "limit", 100, 1000)


def test_a_query_that_is_true_or_false():
    assert [body.yes(asked(query), "all") for query in ("", "all=false", "all=true")] == [False, False, True]
    with pytest.raises(ValueError, match="all=1: write true or false"):
        body.yes(asked("all=1"), "all")


def test_letters_of_an_answer_stay_letters():
    response = body.answer({"text": "Да"}, status=202)
    assert (response.status, response.text) == (202, '{"text": "Да"}')
    assert json.loads(response.text) == {"text": "Да"}
