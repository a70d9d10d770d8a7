"""ESMEs in scripts: binds, submissions, receipts and messages, at home and over HTTP alike."""

import asyncio

import aiohttp
import pytest

from ussd_gateway.clock import RealClock
from ussd_gateway.scenario.driver import ActorError, NoGatewayError
from ussd_gateway.scenario.esme import ScriptedEsme
from ussd_gateway.scenario.local import ALONE
from ussd_gateway.scenario.parse import ScriptError, parse
from ussd_gateway.scenario.remote import remote_driver
from ussd_gateway.scenario.report import failure_report
from ussd_gateway.serve import Gateway

SHOP = "esme shop is test\n"
LONG = "Счёт за апрель. " * 9  # 144 characters, three parts of UCS-2

PASSING = {
    "a message and its receipt": """\
shop binds
shop submits "Скидка 20%" to anna from "SHOP" with receipt keeping id as first
anna receives sms from "SHOP" exactly "Скидка 20%"
shop gets receipt DELIVRD for {first}
shop unbinds
""",
    "a sender that is not named is the system_id": """\
shop binds as transmitter
shop submits "Привет" to anna
anna receives sms from shop "Привет"
""",
    "receipts that wait for time": """\
shop binds
anna turns off
shop submits "Где ты?" to anna with receipt
shop gets no receipt for 1h
anna turns on
shop gets receipt DELIVRD within 1s
""",
    "a message that is never delivered": """\
shop binds
anna turns off
shop submits "Где ты?" to anna with receipt
shop gets receipt EXPIRED within 30d
""",
    "what phones send to it": f"""\
shop binds as receiver
anna sends sms "СТОП 17" to 5000
shop receives /СТОП (?P<number>\\d+)/ from anna
anna sends sms "{LONG}" to 5000
shop receives sms exactly "{LONG}" in 3 parts encoded ucs2
check {{number}} is 17
shop receives no sms for 1min
""",
    "a long text in one message": f"""\
shop binds
shop submits "{LONG * 3}" to anna encoded ucs2
anna receives sms exactly "{LONG * 3}" encoded ucs2
""",
    "a long text in parts, which come in any order": """\
shop binds
shop submits part 3 of 3 "три." to anna with receipt
shop submits part 1 of 3 "Раз, " to anna
shop submits part 1 of 3 "Раз, " to anna
anna receives no sms for 1min
shop submits part 2 of 3 "two, " to anna
anna receives sms from "test" in 3 parts exactly "Раз, two, три."
shop gets receipt DELIVRD
shop submits part 2 of 3 "B" to anna
shop submits part 1 of 3 "A" to anna
shop submits part 3 of 3 "C" to anna
anna receives sms in 3 parts exactly "ABC"
anna receives no sms for 1s
""",
    "a refused bind": """\
esme thief is test with password "guess"
thief binds answered ESME_RINVPASWD
thief binds as receiver answered ESME_RINVPASWD
""",
    "a refused message": """\
shop binds
shop submits "x" to "not a number" answered ESME_RINVDSTADR
shop submits "x" to anna
""",
    "an account that waits for its bind": """\
anna sends sms "СТОП" to 5000
shop binds
shop receives "СТОП" within 0.1s
shop unbinds
anna sends sms "ЕЩЁ" to 5000
shop binds
shop receives "ЕЩЁ"
""",
}


@pytest.mark.parametrize("said", PASSING)
async def test_it_passes(fails, said):
    assert await fails(SHOP + PASSING[said]) is None


FAILING = {
    "shop unbinds": ("", "it is not bound; it binds first"),
    "shop binds\nshop binds": ("", "it is bound already"),
    "shop binds answered ESME_RINVPASWD": ("the response ESME_RINVPASWD", "it is answered ESME_ROK"),
    'shop binds\nshop submits "x" to nobody': ("the response ESME_ROK", "it is answered ESME_RINVDSTADR"),
    'shop binds\nshop submits "Привет" to anna encoded latin1': ("", "'П' (U+041F) at position 0 is not in latin1"),
    'shop binds as receiver\nshop submits "x" to anna': ("the response ESME_ROK", "it is answered ESME_RINVBNDSTS"),
    'shop binds\nshop submits "x" to anna with receipt\nshop gets no receipt for 1s': (
        "no receipt for 1 s",
        "a receipt DELIVRD for {} came",
    ),
    'shop binds\nshop receives "СТОП" within 0.1s': ('an SMS containing "СТОП" within 0.1 s', ""),
    'shop binds\nanna sends sms "СТОП" to 5000\nshop receives no sms for 1s': (
        "no SMS for 1 s",
        "an SMS from 70001000001 came",
    ),
}


@pytest.mark.parametrize("text", FAILING)
async def test_it_fails_and_says_why(fails, text):
    told = await fails(SHOP + text.replace("to nobody", 'to "no number"'))
    expected, problem = FAILING[text]
    before, _, behind = problem.partition("{}")
    assert told.expected == expected
    assert told.problem.startswith(before)
    assert told.problem.endswith(behind)


async def test_a_receipt_with_another_word_fails_at_once_since_no_other_will_come(fails, operator):
    before = asyncio.get_running_loop().time()
    told = await fails(SHOP + 'shop binds\nshop submits "x" to anna with receipt\nshop gets receipt UNDELIV within 1h')
    assert told.expected == "a receipt UNDELIV within 3600 s"
    assert told.arrived[0].event.about.startswith("DELIVRD for ")
    assert told.arrived[0].event.text.startswith("id:")
    assert asyncio.get_running_loop().time() - before < 4


async def test_everything_that_arrived_is_told_nearest_first(fails):
    told = await fails(
        SHOP
        + """\
shop binds
anna sends sms "СТОП" to 5000
boris sends sms "СТАРТ 7" to 5000
shop receives sms "СТАРТ 8" within 0.1s
"""
    )
    assert told.phone == "shop (test)"
    assert [arrival.event.text for arrival in told.arrived] == ["СТАРТ 7", "СТОП", "ESME_ROK"]
    assert told.arrived[0].difference == "СТАРТ [-8-]{+7+}"


async def test_nothing_is_left_behind(fails, operator):
    told = await fails(SHOP + 'shop binds\nshop submits "x" to anna\nanna sees "no such text"')
    assert told.problem == "the phone shows nothing"
    await operator.settle()
    receivers = [task for task in asyncio.all_tasks() if task.get_name() == "Receiver"]
    assert len(receivers) == 1  # of self-care
    async with aiohttp.ClientSession() as session, session.get(f"{operator.http_url}/api/v1/esmes") as response:
        esmes = (await response.json())["esmes"]
    assert {esme["system_id"]: len(esme["binds"]) for esme in esmes} == {"selfcare": 1, "test": 0}


async def test_nothing_is_left_behind_when_the_gateway_is_gone_either(play_on):
    before = asyncio.all_tasks()
    gateway = Gateway.from_config(flags=ALONE)
    await gateway.start()
    async with remote_driver(gateway.http_url) as driver:
        driver.wait = lambda seconds: gateway.stop()
        with pytest.raises(NoGatewayError):
            await play_on(driver, SHOP + "shop binds\nfault drop\nwait 1\nanna dials *100#")
    await asyncio.sleep(0)
    assert asyncio.all_tasks() <= before


async def test_a_gateway_that_closes_the_connection_is_noticed(local, operator, play_on):
    async def unbind(seconds):
        await operator._smsc.stop()

    local.wait = unbind
    (result,) = await play_on(local, SHOP + 'shop binds\nwait 1\nshop submits "x" to anna')
    assert result.failure.problem == "its connection was closed by the SMSC"


async def test_the_report_shows_what_arrived_there_and_its_transcript(local, play_on):
    (result,) = await play_on(
        local,
        SHOP + 'shop binds\nanna sends sms "СТОП 7" to 5000\nshop receives sms "СТОП 8" within 0.1s',
    )
    assert (
        failure_report(result).plain
        == """\
FAILED  script.ussd:6: script
    shop receives sms "СТОП 8" within 0.1s
  expected: an SMS containing "СТОП 8" within 0.1 s
  arrived on shop (test), nearest first:
    SMS from 70001000001
        СТОП 7
      difference:
        СТОП [-8-]{+7+}
    response
        ESME_ROK
  transcript of shop (test):
     4  binds as transceiver
     4  <- response
           ESME_ROK
     6  <- SMS from 70001000001
           СТОП 7
"""
    )


async def test_an_esme_lives_in_real_time_too(play_on):
    async with (
        Gateway.from_config(clock=RealClock(), flags=ALONE) as gateway,
        remote_driver(gateway.http_url) as driver,
    ):
        (result,) = await play_on(
            driver,
            SHOP
            + """\
shop binds
shop submits "x" to anna with receipt keeping id as first
shop gets receipt DELIVRD for {first} within 5s
anna sends sms "СТОП" to 5000
shop receives "СТОП" within 5s
shop receives no sms for 0.1s
shop unbinds
""",
        )
    assert result.failure is None


async def test_nobody_there_to_bind_to_is_told(unused_tcp_port):
    esme = ScriptedEsme("test", "test", ("127.0.0.1", unused_tcp_port), None)
    with pytest.raises(ActorError, match=f"^no bind at 127.0.0.1:{unused_tcp_port}: "):
        await esme.bind("transceiver")


MISTAKES = {
    "shop submit": 'I do not know "submit"',
    "shp binds": 'there is no esme "shp"',
    "bank submits": 'there is no esme "bank"',
    "shop binds as transciever": "I do not know the mode transciever",
    "shop binds answered ESME_RTHROTLED": "I do not know the command_status ESME_RTHROTLED",
    "shop gets receipt DELIVERED": "I do not know the stat DELIVERED",
    "esme shop is other": "there is an esme shop already",
    "esme anna is test": "there is a phone anna already",
    'esme bank is test with password "far too long"': "no password looks like this",
    "esme bank is a_system_id_of_some_length": "no system_id looks like this",
    'shop submits "x" to ana': 'there is no phone "ana"',
    'shop submits "x" to anna keeping id as 1st': "1st is no name",
    "shop gets receipt DELIVRD for {first}": "nothing above has captured {first}",
    "shop dials *100#": 'shop is an esme: "dials" is what a phone does',
}


@pytest.mark.parametrize("sentence", MISTAKES)
def test_a_mistake_is_told(sentence):
    with pytest.raises(ScriptError) as raised:
        parse(f"phone anna is 70001000001\n{SHOP}{sentence}", "shop.ussd")
    (mistake,) = raised.value.mistakes
    assert (mistake.line, mistake.message) == (3, MISTAKES[sentence])
    assert "^" in str(raised.value)


NEAREST = {
    "shp binds": 'did you mean "shop"?',
    "bank submits": 'name it above: "esme bank is test"',
    "shop binds as transciever": 'did you mean "transceiver"?',
    "shop binds answered ESME_RTHROTLED": 'did you mean "ESME_RTHROTTLED"?',
    "shop gets receipt DELIVERED": 'did you mean "DELIVRD"?',
    "shop submit": 'did you mean "submits"?',
}


@pytest.mark.parametrize("sentence", NEAREST)
def test_the_nearest_word_is_told(sentence):
    with pytest.raises(ScriptError) as raised:
        parse(f"phone anna is 70001000001\n{SHOP}{sentence}", "shop.ussd")
    assert str(raised.value).splitlines()[-1] == NEAREST[sentence]
