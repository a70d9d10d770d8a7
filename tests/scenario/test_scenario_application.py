"""Applications that a script runs: what they answer, when, and what they were asked, at home and over HTTP alike."""

import asyncio

import aiohttp
import pytest

from ussd_gateway.scenario.application import ScriptedApplication
from ussd_gateway.scenario.parse import ScriptError, parse
from ussd_gateway.scenario.report import failure_report

FRUIT = "application fruit at *384*77#\n"

PASSING = {
    "a dialogue": """\
fruit will answer "CON Fruit?"
fruit will answer "END Done."
anna dials *384*77*2#
anna sees awaiting screen exactly "Fruit?"
fruit was asked /phoneNumber=(?P<number>[+0-9]+)&.*text=2$/
anna answers 50
anna sees final screen exactly "Done."
fruit was asked "text=2*50"
check {number} is +70001000001
""",
    "another dialect, in JSON": """\
application shop at *384*78# speaking nalo
let fruit be "\\"Mango\\""
shop will answer:
    {"USERID": "NALOTest", "MSISDN": "{fruit}", "MSG": "Fruit {fruit}?", "MSGTYPE": true}
anna dials *384*78#
anna sees awaiting screen exactly "Fruit \\"Mango\\"?"
shop was asked "MSISDN"
""",
    "slow, but in time": """\
fruit will answer "CON Fruit?" after 9s
anna dials *384*77#
anna sees awaiting screen "Fruit?"
""",
    "too slow": """\
fruit will answer "CON Fruit?" after 11s
anna dials *384*77#
anna sees outcome app_timeout
""",
    "too slow for an answer": """\
fruit will answer "CON Fruit?"
fruit will answer "END Done." after 1min
anna dials *384*77#
anna answers 1
anna sees outcome app_timeout
""",
    "an error": """\
fruit will answer "oops" with status 500
anna dials *384*77#
anna sees outcome http_error
""",
    "an answer that is none": """\
fruit will answer "Fruit?"
anna dials *384*77#
anna sees outcome bad_answer
""",
    "no answer at all": """\
fruit will close the connection
anna dials *384*77#
anna sees outcome unreachable
""",
    "a call that the script has no answer to": """\
fruit will answer "CON Fruit?"
anna dials *384*77#
anna answers 1
anna sees outcome http_error
""",
}


@pytest.mark.parametrize("text", PASSING.values(), ids=PASSING)
async def test_what_applications_do(play_on, driver, text):
    (result,) = await play_on(driver, FRUIT + text)
    assert failure_report(result).plain == ""


async def test_its_code_is_nobodys_again_when_the_scenario_ends(play_on, driver):
    results = await play_on(
        driver,
        FRUIT
        + """\
scenario "one"
    fruit will answer "END One"
    anna dials *384*77#
    anna sees "One"
scenario "two"
    anna dials *384*77#
    anna sees outcome no_route
""",
    )
    assert [result.passed for result in results] == [True, True]


async def test_it_ends_well_where_a_reset_has_taken_its_code_from_it(play_on, driver):
    (result,) = await play_on(
        driver,
        FRUIT
        + """\
browser web
fruit will answer "END One"
anna dials *384*77#
web posts /api/v1/reset
web sees status 204
""",
    )
    assert failure_report(result).plain == ""


async def test_a_call_that_is_not_as_expected_is_shown(fails):
    failure = await fails(
        FRUIT + 'fruit will answer "END Done."\nanna dials *384*77*2#\nfruit was asked "text=3"\n',
    )
    assert failure.phone == "fruit (*384*77#)"
    assert failure.expected == 'a call containing "text=3"'
    assert failure.arrived[0].event.text.endswith("serviceCode=*384*77#&text=2")


async def test_who_was_not_called_was_asked_nothing(fails):
    failure = await fails(FRUIT + 'fruit was asked "text="\n')
    assert failure.problem == "nobody has called it yet"


async def test_a_code_that_somebody_else_answers_fails_the_scenario(fails):
    failure = await fails('application portal at *111#\nportal will answer "END Mine"\n')
    assert failure.problem == "*111# is answered by another application already"


MISTAKES = {
    "application fruit at 384": (22, "384 is no service code", "one looks like *384*77#"),
    "application fruit at *384*77# speaking hubtle": (
        40,
        "I do not know the dialect hubtle",
        'did you mean "hubtel"?',
    ),
    'application anna at *384*77#\nanna will answer "x"': (13, "there is a phone anna already", "it is 70001000001"),
    'shop will answer "x"': (1, 'there is no application "shop"', 'name it above: "application shop at *384*77#"'),
    'application fruit at *384*77#\nfruits will answer "x"': (
        1,
        'there is no application "fruits"',
        'did you mean "fruit"?',
    ),
    'application fruit at *384*77#\napplication fruit at *384*78#\nfruit will answer "x"': (
        13,
        "there is an application fruit already",
        "it is at *384*77#",
    ),
    'application fruit at *384*77#\nfruit will answer "CON {fruit"': (
        24,
        "this { begins no capture",
        "write {name} for what a pattern has captured, {{ for the sign itself",
    ),
}


@pytest.mark.parametrize(("text", "told"), MISTAKES.items())
def test_mistakes(text, told):
    with pytest.raises(ScriptError) as raised:
        parse(f"phone anna is 70001000001\n{text}\nanna dials *100#\n", "script.ussd")
    assert [(one.column, one.message, one.hint) for one in raised.value.mistakes] == [told]


class RealTime:
    virtual = False

    def now(self):
        return 0.0


async def test_in_real_time_it_waits_and_ends_at_once():
    application = ScriptedApplication(RealTime())
    url = await application.start()
    application.reply("late", 0.01, 200)
    application.reply("never", 60, 200)
    async with aiohttp.ClientSession() as session:
        async with session.get(url) as answer:
            assert await answer.text() == "late"
        asking = asyncio.create_task(session.get(url, params={"text": "1 2"}))
        await application.called(asking)
        assert application.asked() == "text=1 2"
        await application.close()
        with pytest.raises(aiohttp.ClientError):
            await asking
