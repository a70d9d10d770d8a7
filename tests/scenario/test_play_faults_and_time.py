"""What goes wrong on purpose, and moments of the clock; at home and over HTTP alike."""

from datetime import datetime

import pytest

from ussd_gateway.clock import RealClock, VirtualClock
from ussd_gateway.scenario.local import ALONE, local_driver
from ussd_gateway.scenario.parse import ScriptError, parse
from ussd_gateway.scenario.remote import remote_driver
from ussd_gateway.serve import Gateway

SHOP = "esme shop is test\n"

PASSING = {
    "a throttled submission": """\
shop binds
fault throttle 1 account shop
shop submits "one" to anna
shop submits "two" to anna answered ESME_RTHROTTLED
wait 1s
shop submits "two" to anna
""",
    "a refused one, and faults that are off": """\
shop binds
fault status ESME_RSYSERR
shop submits "one" to anna answered ESME_RSYSERR
fault off
shop submits "one" to anna
""",
    "a later rule is asked first": """\
shop binds
fault status ESME_RSYSERR
fault queue_full times 1
shop submits "one" to anna answered ESME_RMSGQFUL
shop submits "one" to anna answered ESME_RSYSERR
""",
    "no answer at all": """\
shop binds
fault no_response
shop submits "one" to anna answered nothing
anna receives sms "one"
""",
    "a slow answer": """\
shop binds
fault slow 3s
shop submits "one" to anna
""",
    "a refused bind": """\
fault bind_refused
shop binds answered ESME_RBINDFAIL
""",
    "a connection that drops": """\
shop binds
fault drop destination /^70001/
shop submits "one" to boris
""",
    "the next scenario has no faults": """\
scenario "faulty"
    fault bind_refused
scenario "sound"
    shop binds
""",
    "a moment": """\
starts at 2030-01-01 00:00
anna dials *111#
wait until 2030-01-01 00:00:29
anna sees awaiting screen
wait until 2029-12-31T21:00:31Z
anna sees outcome timeout
""",
}


@pytest.mark.parametrize("said", PASSING)
async def test_it_passes(fails, said):
    text = PASSING[said]
    assert await fails(SHOP + text if not text.startswith("starts") else text) is None


async def test_a_connection_that_drops_is_told(fails):
    told = await fails(SHOP + 'shop binds\nfault drop\nshop submits "one" to anna')
    assert told.problem == "its connection was closed by the SMSC"


async def test_the_faults_of_the_config_are_in_force_again_behind_the_scenario(driver, play_on, operator):
    before = [{"effect": "slow", "seconds": 0.001}]
    await driver.set_faults(before)
    (result,) = await play_on(driver, SHOP + 'fault off\nfault bind_refused\nanna sees "x"')
    assert result.failure.problem == "the phone shows nothing"
    (rule,) = operator.faults.counted
    assert (rule.rule.written["effect"], rule.rule.written["seconds"]) == ("slow", 0.001)


async def test_a_moment_that_is_over_cannot_be_waited_for(fails):
    told = await fails("wait until 2018-04-27 17:50")
    assert told.problem.startswith("it is 20")
    assert told.problem.endswith(" +0300 already")


async def test_a_clock_that_is_later_already_fails_every_scenario(driver, play_on):
    one, other = await play_on(
        driver, 'starts at 2018-04-27 17:50\nscenario "a"\nanna hangs up\nscenario "b"\nanna hangs up'
    )
    assert one.failure == other.failure
    assert (one.failure.line, one.failure.sentence) == (3, "starts at 2018-04-27 17:50")
    assert one.failure.problem.startswith("the gateway's clock stands at 20")


async def test_real_time_cannot_start_anywhere(play_on):
    async with (
        Gateway.from_config(clock=RealClock(), flags=ALONE) as gateway,
        remote_driver(gateway.http_url) as driver,
    ):
        (result,) = await play_on(driver, "starts at 2038-04-27 17:50\nanna hangs up")
    assert result.failure.problem.startswith("time is real there; start the gateway with --virtual-clock")


async def test_a_gateway_of_its_own_starts_there_in_the_operators_time():
    async with local_driver(starts=datetime(2018, 4, 27, 17, 50)) as driver:
        assert (await driver.moment()).isoformat() == "2018-04-27T17:50:00+03:00"


async def test_a_virtual_clock_elsewhere_is_moved_there(play_on):
    async with (
        Gateway.from_config(clock=VirtualClock("2018-04-27T12:00:00+03:00"), flags=ALONE) as gateway,
        remote_driver(gateway.http_url) as driver,
    ):
        (result,) = await play_on(driver, "starts at 2018-04-27 17:50\nanna hangs up")
        assert result.failure is None
        assert (await driver.moment()).isoformat() == "2018-04-27T17:50:00+03:00"


MISTAKES = {
    "fault trottle 1": ("I do not know the effect trottle", 7, 'did you mean "throttle"?'),
    "fault throttle 1 acount test": ("a fault has no key acount", 18, 'did you mean "account"?'),
    "fault slow": ("seconds is missing; slow needs it", 7, "docs/faults.md"),
    "fault slow long": ("Input should be a valid number", 12, "docs/faults.md"),
    "fault status ESME_RFOO": ("'ESME_RFOO' is no command_status", 14, "docs/faults.md"),
    "fault drop command deliver": ("command: the esme sends no 'deliver'", 7, "known: "),
    "fault throttle 1 nth": ("the sentence is not finished", 21, "here comes an effect"),
    "fault": ("the sentence is not finished", 6, "here comes"),
    "wait until tomorrow": ("tomorrow is no moment", 12, "it looks like 2018-05-03 11:00"),
    "wait until 2018-13-03 11:00": ("2018-13-03 11:00 is no moment", 12, "it looks like 2018-05-03 11:00"),
    "wait untl 2018-05-03 11:00": ('I do not know "untl"', 6, 'did you mean "until"?'),
    "wait 1\nstarts at 2018-05-03": ("this stands above the first step, for it is about all of them", 1, "move it above line 1"),
    "starts at 2018-05-03\nstarts at 2018-05-03\nwait 1": (
        "there is a moment to start at already",
        1,
        "write one of them",
    ),
}  # fmt: skip


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_is_told_with_its_line_a_caret_and_a_way_out(text):
    with pytest.raises(ScriptError) as raised:
        parse(text, "fault.ussd")
    message, column, hint = MISTAKES[text]
    (mistake,) = raised.value.mistakes
    assert mistake.message.startswith(message)
    assert mistake.column == column
    assert hint in str(raised.value)
