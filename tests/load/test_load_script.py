"""A script as load: every dialogue is played once, each user with numbers of his own."""

import asyncio
import gc

import aiohttp
import pytest

from ussd_gateway.clock import RealClock
from ussd_gateway.load.figures import LoadError
from ussd_gateway.load.script import Progress, ScriptLoad, ScriptPlan, phones_of
from ussd_gateway.load.submits import numbers_of
from ussd_gateway.scenario.local import ALONE
from ussd_gateway.scenario.parse import parse
from ussd_gateway.serve import Gateway

BALANCE = """\
phone anna is 70001000001

scenario "balance"
    anna dials *111#
    anna sees awaiting screen "1 Баланс"
    anna answers 1
    anna sees final screen "Ваш баланс"
"""
TWO = """\
phone anna is 70001000001
phone boris is 70002000001
let greeting be "Привет, 70002000001"

setup
    anna dials *100#

teardown
    boris hangs up

scenario "one"
    anna sends sms "{greeting}" to boris
    boris receives sms from anna exactly "{greeting}"

scenario "two"
    boris dials *100#
    boris sees "Ваш баланс"
"""


class Silent:
    def deliver(self, message):
        """It never answers."""


WRONG = BALANCE.replace("Ваш баланс", "Ваша погода")


@pytest.fixture
async def gateway():
    async with Gateway.from_config(clock=RealClock(), flags=ALONE) as gateway:
        yield gateway


@pytest.fixture
def load(gateway):
    """Plays a text as load against a gateway in real time; the figures."""

    async def run(text, users=3, say=lambda progress: None, **plan):
        script = parse(text, "load.ussd")
        numbers = tuple(numbers_of("70009000001", users * len(phones_of(script))))
        whole = ScriptPlan(script, numbers, gateway.http_url, users=users, **plan)
        return await asyncio.to_thread(ScriptLoad(whole, say).run)

    return run


@pytest.fixture
def dialled(gateway):
    """The numbers that have dialled, once for each dialogue."""

    async def dialled():
        async with aiohttp.ClientSession() as session, session.get(f"{gateway.http_url}/api/v1/sessions") as answer:
            return [one["msisdn"] for one in (await answer.json())["sessions"]]

    return dialled


@pytest.mark.parametrize("rate", [None, 200.0], ids=["closed loop", "open loop"])
async def test_so_many_dialogues_are_played_as_the_plan_has(load, dialled, rate):
    figures = await load(BALANCE, count=12, rate=rate)
    assert (figures["dialogues"], figures["due"], figures["failed"], figures["timeouts"]) == (12, 12, 0, 0)
    assert [row["played"] for row in figures["steps"]] == [12] * 4
    assert 0 < figures["p50_ms"] <= figures["p99_ms"] <= figures["max_ms"] <= figures["dialogue_max_ms"]
    numbers = await dialled()
    assert len(numbers) == 12
    assert {*numbers} <= {"70009000001", "70009000002", "70009000003"}


async def test_a_run_ends_after_its_seconds(load):
    figures = await load(BALANCE, seconds=0.05)
    assert figures["dialogues"] > 0
    assert figures["failed"] == 0


async def test_each_user_has_a_number_of_his_own_for_each_phone(load, dialled):
    figures = await load(TWO, users=4, count=8, rate=200.0)
    assert figures["failures"] == []
    assert figures["dialogues"] == 8
    annas, borises = ({f"7000900000{user * 2 + phone}" for user in range(4)} for phone in (1, 2))
    assert annas <= {*await dialled()} <= annas | borises


async def test_scenarios_take_turns_with_setup_and_teardown(load):
    figures = await load(TWO, users=1, count=6)
    assert {row["line"]: row["played"] for row in figures["steps"]} == {6: 6, 12: 3, 13: 3, 16: 3, 17: 3, 9: 6}
    assert figures["scenarios"] == ["one", "two"]


async def test_a_dialogue_that_finds_no_user_waits_and_its_first_step_takes_longer(load):
    figures = await load(BALANCE + "    wait 0.05s\n", users=1, rate=1000.0, count=4)
    first, *_, last = figures["steps"]
    assert figures["dialogues"] == 4
    assert figures["waited"] >= 3
    assert first["max_ms"] >= 3 * 50  # the last one has waited for three others
    assert last["max_ms"] < first["max_ms"]
    assert figures["late_p99_ms"] < first["max_ms"]


async def test_failures_are_told_by_their_line_with_a_report(load):
    figures = await load(WRONG, count=4)
    assert figures["failed"] == 4
    (failure,) = figures["failures"]
    assert (failure["line"], failure["times"]) == (7, 4)
    assert "Ваша погода" in failure["example"]
    assert figures["steps"][-1]["failed"] == 4


async def test_a_dialogue_after_a_failed_one_is_as_any_other(load):
    text = BALANCE.replace("    anna answers 1", '    anna sees "nothing of the kind"\n    anna answers 1')
    figures = await load(text, users=1, count=3)
    assert {failure["line"] for failure in figures["failures"]} == {6}
    assert figures["steps"][1]["failed"] == 0


async def test_an_answer_that_does_not_come_in_time_is_counted(load, gateway):
    gateway.directory.attach_code("*123#", Silent())
    figures = await load("phone anna is 70001000001\nanna dials *123#\n", users=1, count=2, patience=0.3)
    assert (figures["timeouts"], figures["failed"]) == (2, 2)


async def test_where_nothing_answers_nothing_is_played():
    nothing = ScriptLoad(ScriptPlan(parse(BALANCE, "load.ussd"), ("70009000001",), "http://127.0.0.1:1"))
    with pytest.raises(LoadError, match="--gateway"):
        await asyncio.to_thread(nothing.run)


async def test_each_second_is_told(load):
    figures = await load(BALANCE, count=5)
    assert sum(row["done"] for row in figures["per_second"]) == 5
    assert sum(row["begun"] for row in figures["per_second"]) == 5


async def test_esmes_and_browsers_are_each_user_s_own(load):
    text = """\
phone anna is 70001000001
esme shop is test
browser web

scenario "all of them"
    shop binds
    shop submits "Скидка" to anna with receipt keeping id as first
    anna receives sms "Скидка"
    web gets /api/v1/handsets/70001000001/sms
    web sees "Скидка"
    shop unbinds
"""
    figures = await load(text, users=2, count=4)
    assert figures["failures"] == []


async def test_a_virtual_clock_is_refused(operator_on_sockets):
    plan = ScriptPlan(parse(BALANCE, "load.ussd"), ("70009000001",), operator_on_sockets.http_url, users=1, count=1)
    with pytest.raises(LoadError, match="without --virtual-clock"):
        await asyncio.to_thread(ScriptLoad(plan).run)


async def test_a_number_that_is_no_phone_s_is_told_before_the_start(gateway):
    plan = ScriptPlan(parse(BALANCE, "load.ussd"), ("5000",), gateway.http_url, users=1, count=1)
    with pytest.raises(LoadError, match="5000 belongs to an ESME"):
        await asyncio.to_thread(ScriptLoad(plan).run)


async def test_nothing_stays_frozen_behind_a_run(load):
    before = gc.get_freeze_count()
    await load(BALANCE, count=1)
    assert gc.get_freeze_count() <= before


def test_progress_reads_as_a_sentence():
    assert str(Progress(12, 600, 598, 2, 4.21, None)) == "12 s: 600 due, 598 done, 2 failed, p99 4.2 ms"
    assert str(Progress(1, 0, 0, 0, None, 0.04)) == "1 s: 0 due, 0 done, 0 failed, late p99 0.0 ms"
