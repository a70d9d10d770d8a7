"""Many phones at once: every dialogue and every screen is counted."""

import asyncio

import pytest

from ussd_gateway.load.figures import LoadError
from ussd_gateway.load.submits import numbers_of
from ussd_gateway.load.ussd import UssdLoad, UssdPlan


@pytest.fixture
def load(operator_on_sockets):
    async def run(**plan):
        return await asyncio.to_thread(UssdLoad(UssdPlan(operator_on_sockets.http_url, **plan)).run)

    return run


async def test_every_user_dials_and_answers_until_the_count_is_reached(load, api):
    figures = await load(answers=("1",), numbers=numbers_of("70009000001", 4), count=20)
    assert (figures["dialogues"], figures["sent"], figures["accepted"]) == (20, 40, 40)
    assert (figures["errors"], figures["unanswered"]) == (0, 0)
    assert 0 < figures["p50_ms"] <= figures["p99_ms"] <= figures["max_ms"]
    _, told = await api("GET", "/sessions")
    assert len(told["sessions"]) == 20
    assert len({session["msisdn"] for session in told["sessions"]}) == 4


async def test_a_dialogue_that_still_asks_is_hung_up(load, operator_on_sockets):
    await load(numbers=numbers_of("70009000001"), count=3)
    assert all(party.session is None for party in operator_on_sockets.directory.handsets())


async def test_an_open_loop_begins_dialogues_at_its_rate(load):
    figures = await load(numbers=numbers_of("70009000001", 20), rate=100, count=20)
    assert figures["dialogues"] == 20
    assert figures["dialogues_per_s"] <= 106  # the last one begins after 0.19 seconds, whatever the gateway can do
    assert figures["late_p99_ms"] is not None


async def test_a_run_ends_after_its_seconds(load):
    figures = await load(seconds=0.1)
    assert figures["dialogues"] > 0
    assert figures["errors"] == 0


ENDINGS = {
    "nobody answers the code": ({"code": "*999*999#"}, "no_route"),
    "it ends before the answer": ({"code": "*111*1#", "answers": ("1",)}, "ended before the answer"),
    "it is no code": ({"code": "anna"}, None),
}


@pytest.mark.parametrize(("plan", "status"), ENDINGS.values(), ids=ENDINGS)
async def test_what_does_not_end_well_is_counted_by_its_name(load, plan, status):
    figures = await load(numbers=numbers_of("70009000001"), count=2, **plan)
    assert figures["errors"] == 2
    assert status in (None, *figures["statuses"])


async def test_a_phone_that_nobody_answers_in_time_is_unanswered(load, operator_on_sockets):
    class Silent:
        def deliver(self, message):
            pass

    operator_on_sockets.directory.attach_code("*123#", Silent())
    figures = await load(code="*123#", numbers=numbers_of("70009000001"), count=2, patience=0.7)
    assert (figures["unanswered"], figures["errors"], figures["msg_per_s"]) == (2, 0, None)


async def test_what_is_no_gateway_is_told(operator_on_sockets):
    with pytest.raises(LoadError, match="no ussd-gateway"):
        await asyncio.to_thread(UssdLoad(UssdPlan(operator_on_sockets.http_url + "/nowhere")).run)
