"""A phone in the hands of a program."""

import asyncio

import pytest

from ussd_gateway.coding.data_coding import GSM7_PACKED
from ussd_gateway.coding.national import Language
from ussd_gateway.coding.segments import LongForm
from ussd_gateway.handsets.scripted import NotReceivedError, ScriptedHandset, UnexpectedSmsError
from ussd_gateway.network.message import Sms


@pytest.fixture
def anna(plain_gateway):
    return ScriptedHandset(plain_gateway.phone(), plain_gateway)


@pytest.fixture
def send(plain_gateway):
    def send(text, source="3339"):
        plain_gateway.submit(Sms(source, "70001000001", text.encode()))

    return send


async def test_each_receive_sees_only_what_is_newer(anna, send):
    for text in ("code 1", "code 2"):
        send(text)
    first = await anna.receive(sender="3339", match=r"code (?P<code>\d)")
    assert (first.text, first.groups, first.named, first.parts) == ("code 1", ("1",), {"code": "1"}, 1)
    assert (await anna.receive()).text == "code 2"
    with pytest.raises(NotReceivedError):
        await anna.receive(within=0.01)


async def test_a_message_that_comes_later_in_virtual_time_takes_no_real_time(plain_gateway, anna, send):
    plain_gateway.call_later(300, lambda: send("late"))
    assert (await anna.receive(within=301)).text == "late"


async def test_a_receive_that_fails_has_taken_the_time_that_it_was_given_and_no_more(plain_gateway, anna, send):
    plain_gateway.call_later(300, lambda: send("late"))
    start = plain_gateway.now()
    with pytest.raises(NotReceivedError):
        await anna.receive(within=0.01)
    assert plain_gateway.now() == pytest.approx(start + 0.01)


async def test_in_real_time_it_is_waited_for(real_time_gateway):
    anna = ScriptedHandset(real_time_gateway.phone(), real_time_gateway)
    real_time_gateway.call_later(0.03, lambda: real_time_gateway.submit(Sms("1", anna.msisdn, b"now")))
    assert (await anna.receive(within=5)).text == "now"


async def test_what_a_program_outside_sends_is_waited_for_under_a_virtual_clock_too(anna, send):
    asyncio.get_running_loop().call_later(0.03, send, "from outside")
    assert (await anna.receive(within=5)).text == "from outside"


async def test_a_failure_shows_what_came_instead(anna, send):
    send("something else", "bank")
    with pytest.raises(NotReceivedError) as failure:
        await anna.receive(sender="3339", match="x", within=0.01)
    assert str(failure.value) == (
        "70001000001: no SMS from 3339 matching x within 0.01 s\narrived:\n  from bank: something else"
    )


async def test_receiving_none_lets_time_pass_and_fails_when_one_comes(plain_gateway, anna, send):
    await anna.receive_none(seconds=100)
    plain_gateway.call_later(50, lambda: send("surprise"))
    with pytest.raises(UnexpectedSmsError, match="an SMS from 3339 came: surprise"):
        await anna.receive_none(seconds=100)


async def test_off_and_on(plain_gateway, anna, send):
    await anna.turn_off()
    send("kept")
    assert (await anna.dial("*1#")).outcome == "absent_subscriber"
    await anna.turn_on()
    assert (await anna.receive()).text == "kept"


async def test_a_phone_sends_to_another(plain_gateway, anna):
    boris = ScriptedHandset(plain_gateway.phone("70002000001"), plain_gateway)
    await anna.send("70002000001", "Привет")
    sms = await boris.receive(sender=anna.msisdn)
    assert (sms.text, sms.data_coding) == ("Привет", 8)


async def test_a_phone_sends_in_another_way(plain_gateway, anna):
    boris = ScriptedHandset(plain_gateway.phone("70002000001"), plain_gateway)
    await anna.send("70002000001", "ş" * 160, long=LongForm.UDH16, alphabet=GSM7_PACKED, language=Language.TURKISH)
    assert (await boris.receive()).text == "ş" * 160
    assert [part.alphabet for part in boris.inbox] == [GSM7_PACKED]


async def test_screens(anna):
    screen = await anna.dial("*777#")
    assert (screen.outcome, anna.screen) == ("no_route", screen)
    await anna.hang_up()
    assert anna.screen is None


async def test_it_remembers_where_it_was_when_the_inbox_is_full(anna, send):
    for _ in range(1005):
        send("old")
    for _ in range(1000):
        await anna.receive(match="old")
    send("new")
    assert (await anna.receive(match="new")).text == "new"
