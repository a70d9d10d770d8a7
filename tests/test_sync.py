"""Phones for code that does not await: a gateway on a loop in one thread, its user in another."""

import asyncio
import inspect
from urllib.request import urlopen

import pytest

from tests.conftest import START
from ussd_gateway.alone import own_gateway, sync_gateway
from ussd_gateway.clock import VirtualClock
from ussd_gateway.handsets.scripted import NotReceivedError, ScriptedHandset, UnexpectedSmsError
from ussd_gateway.sync import SyncHandset

ANNA, BORIS = "70001000001", "70002000001"


@pytest.fixture
def gateway():
    with sync_gateway(clock=VirtualClock(START)) as gateway:
        yield gateway


def test_a_person_dials_answers_hangs_up_and_time_passes(gateway):
    anna = gateway.handset(ANNA)
    assert anna.msisdn == ANNA
    assert anna.dial("*111#").awaiting
    assert anna.answer("1") == "Ваш баланс: 150.00 р."
    assert anna.screen.outcome == "success"
    assert anna.dial("*111#").awaiting
    anna.hang_up()
    assert anna.screen.outcome == "dialog_user_abort"
    anna.dial("*111#")
    gateway.wait(31)
    assert anna.screen.outcome == "timeout"
    assert gateway.now() == START + 31


def test_sms_arrive_and_wait_for_phones_that_are_off(gateway):
    anna, boris = gateway.handset(ANNA), gateway.handset(BORIS)
    boris.turn_off()
    anna.send(BORIS, "Где ты?")
    boris.receive_none(seconds=600)
    boris.turn_on()
    assert boris.receive(sender=ANNA, match="Где (.*)").groups == ("ты?",)
    assert [sms.text for sms in boris.inbox] == ["Где ты?"]
    with pytest.raises(NotReceivedError):
        boris.receive(within=5)
    anna.send(BORIS, "Ау!")
    with pytest.raises(UnexpectedSmsError):
        boris.receive_none(seconds=1)


def test_a_function_of_the_test_answers_a_code_and_a_reset_forgets_what_happened(gateway):
    gateway.attach_function("*555#", lambda ussd: ussd.end(f"Hello, {ussd.msisdn}."))
    anna = gateway.handset(ANNA)
    assert anna.dial("*555#") == f"Hello, {ANNA}."
    gateway.settle()
    gateway.reset()
    assert anna.screen is None


def test_it_serves_those_who_block(gateway):
    with urlopen(f"{gateway.http_url}/healthz") as answer:
        assert answer.status == 200
    host, port = gateway.smpp.split(":")
    assert (host, int(port) > 0, gateway.smpps) == ("127.0.0.1", True, None)


def test_what_has_no_method_is_called_on_the_loop(gateway):
    async def twice(number):
        await asyncio.sleep(0)
        return 2 * number

    assert gateway.call(twice(21)) == 42


def test_a_gateway_that_was_stopped_says_so():
    with sync_gateway() as gateway:
        anna = gateway.handset(ANNA)
    with pytest.raises(RuntimeError, match="has been stopped"):
        anna.dial("*100#")


async def test_the_loop_itself_cannot_wait_for_its_own_work_but_a_thread_beside_it_can():
    async with own_gateway() as gateway:
        anna = gateway.sync.handset(ANNA)
        with pytest.raises(RuntimeError, match=r"write `await gateway.handset\(...\).dial"):
            anna.dial("*100#")
        assert await asyncio.to_thread(anna.dial, "*100#") == "Ваш баланс: 150.00 р."


def test_a_loop_that_stands_still_is_run_for_the_time_of_a_call():
    with asyncio.Runner() as runner:
        gateway = own_gateway()
        runner.run(gateway.start())
        assert gateway.sync.handset(ANNA).dial("*100#") == "Ваш баланс: 150.00 р."
        runner.run(gateway.stop())


async def test_before_the_start_there_is_no_loop():
    gateway = own_gateway()
    with pytest.raises(RuntimeError, match="has not been started"):
        _ = gateway.sync
    await gateway.stop()


def test_a_phone_has_everything_that_one_with_await_has():
    def said(kind):
        members = {name: member for name, member in vars(kind).items() if not name.startswith("_")}
        return {
            name: list(inspect.signature(member).parameters.values()) if callable(member) else "a property"
            for name, member in members.items()
        }

    assert said(SyncHandset) == said(ScriptedHandset)
