"""A repeated request has the same answer and one effect."""

import pytest

from tests.selfcare.conftest import ANNA, BORIS
from ussd_gateway.selfcare.once import once


async def test_invariant_14_a_repeat_is_answered_and_not_acted_upon(desk):
    done = []

    def act():
        done.append(1)
        return {"result": "done", "number": len(done)}

    answers = [once(desk.records, number, "key", 0.0, act) for number in (ANNA, ANNA, BORIS)]

    assert [answer["number"] for answer in answers] == [1, 1, 2]


async def test_what_failed_has_no_answer_and_no_effect(desk):
    def fail():
        desk.records.ledger.enter(ANNA, 0.0, 5, "top_up")
        raise RuntimeError("full")

    with pytest.raises(RuntimeError, match="full"):
        once(desk.records, ANNA, "key", 0.0, fail)

    assert desk.entries() == []
    assert once(desk.records, ANNA, "key", 0.0, lambda: {"result": "done"}) == {"result": "done"}
