"""Sentences said from Python, on a gateway that is there."""

import asyncio
import re

import pytest

from ussd_gateway import script_on, sync_gateway
from ussd_gateway.alone import own_gateway
from ussd_gateway.clock import RealClock
from ussd_gateway.scenario import model
from ussd_gateway.scenario.parse import ScriptError
from ussd_gateway.scenario.stage import StepFailedError

ANNA = "70001000001"


@pytest.fixture
async def script(operator):
    async with script_on(operator, name="a try") as script:
        await script("phone anna is 70001000001")
        yield script


async def test_what_is_found_comes_back_and_is_kept_from_call_to_call(script):
    found = await script(r"""
        anna dials *111*25#
        anna receives sms from 3339 /Пароль: (?<password>\S+)\./
    """)
    password = found["password"]
    assert password
    assert await script('let greeting be "Привет"\ncheck {password} differs from {greeting}') == {
        "password": password,
        "greeting": "Привет",
    }
    assert script.found["greeting"] == "Привет"


async def test_the_phones_are_those_of_the_gateway(script, operator):
    anna = operator.handset(ANNA)
    assert (await anna.dial("*111#")).awaiting
    await script("anna answers 1")
    assert anna.screen == "Ваш баланс: 150.00 р."
    await script("anna sees final screen\nanna hangs up")
    assert anna.screen is None


async def test_a_phone_has_read_what_came_before_it_got_its_name_and_nothing_that_comes_after(script, operator):
    await operator.handset(ANNA).send("70002000001", "before")
    await script("phone boris is 70002000001")
    await operator.handset(ANNA).send("70002000001", "after")
    await script("boris receives sms exactly after\nboris receives no sms for 1min")


async def test_names_hold_over_several_calls(script):
    await script("esme shop is test\nbrowser web")
    await script("shop binds")
    await script('shop submits "Скидка" to anna with receipt keeping id as first')
    await script('anna receives sms "Скидка"\nshop gets receipt DELIVRD for {first}')
    await script("web gets /cabinet")
    await script("web sees status 200")
    await script("application fruit at *384*77#")
    await script('fruit will answer "END Thank you."')
    await script('anna dials *384*77#\nanna sees final screen exactly "Thank you."')


async def test_a_failure_is_the_report_with_the_transcript_of_all_calls(script):
    await script("anna dials *111#")
    with pytest.raises(AssertionError) as raised:
        await script("""
            anna answers 1
            anna sees exactly "Ваш баланс: 105.00 р."
            anna dials *100#
        """)
    told, transcript = str(raised.value).split("  transcript of anna (70001000001):\n")
    assert told.splitlines()[:8] == [
        "FAILED  call 3:3: a try",
        '    anna sees exactly "Ваш баланс: 105.00 р."',
        '  expected: a screen exactly "Ваш баланс: 105.00 р."',
        "  arrived on anna (70001000001), nearest first:",
        "    screen (final, success)",
        "        Ваш баланс: 150.00 р.",
        "      difference:",
        "        Ваш баланс: 1{+5+}0[-5-].00 р.",
    ]
    assert [line for line in transcript.splitlines() if line.startswith("call")] == [
        "call 2:1  dials *111#",
        "call 2:1  <- screen (awaiting an answer)",
        "call 3:2  answers 1",
        "call 3:2  <- screen (final, success)",
    ]
    assert raised.value.result.failure.line == 3
    await script("anna sees final screen")  # it goes on


async def test_secrets_are_masked_in_the_report(script):
    found = await script(r"""
        anna dials *111*25#
        anna receives sms /Пароль: (?P<password>\S+)\./
    """)
    with pytest.raises(StepFailedError) as raised:
        await script('anna sees "{password}"')
    assert found["password"] not in str(raised.value)


async def test_a_mistake_has_its_place_and_is_forgotten(script):
    with pytest.raises(ScriptError) as raised:
        await script("phone boris is 70002000001\nboris dails *100#")
    assert str(raised.value).splitlines() == [
        'call 2:2:7: I do not know "dails"',
        "    boris dails *100#",
        "          ^^^^^",
        'did you mean "dials"?',
    ]
    await script("phone boris is 70002000001")


@pytest.mark.parametrize(
    ("sentences", "mistake"),
    [
        ('scenario "One"', "this is about a whole file"),
        ("setup\n  anna hangs up", "this is about a whole file"),
        ("starts at 2018-04-27 17:50", "this is about a whole file"),
        ("phone anna is 70002000001", "there is a phone anna already"),
        ("boris dials *100#", 'there is no phone "boris"'),
        ('anna sees "{sum}"', "nothing above has captured {sum}"),
    ],
)
async def test_what_cannot_be_said_here(script, sentences, mistake):
    with pytest.raises(ScriptError, match=mistake):
        await script(sentences)


async def test_steps_can_be_made_in_python(script):
    await script("esme shop is test")
    keys = model.Expected(model.MATCHING, model.Text(r"(?P<key>\d) Баланс", pattern=True))
    found = await script.play(
        model.Dial(phone="anna", code=model.Text("*111#")),
        model.See(phone="anna", expected=keys),
        model.Together(steps=(model.Answer(phone="anna", answer=model.Text("{key}")), model.Bind(esme="shop"))),
    )
    assert found == {"key": "1"}
    await script('check {key} is 1\nanna sees final screen "Баланс"'.replace("Баланс", "баланс"))
    with pytest.raises(StepFailedError) as raised:
        await script.play(
            model.Repeat(count=2, steps=(model.Dial(phone="anna", code=model.Text("*111#")),)),
            model.See(phone="anna", state=model.FINAL),
        )
    assert str(raised.value).startswith("FAILED  call 5:3: a try\n    anna sees final screen\n")


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (model.HangUp(phone="boris"), 'there is no phone "boris"; first say "phone boris is 70001000001"'),
        (model.See(phone="anna", absent=True), "no sentence says"),
        (
            model.Reply(application="fruit"),
            'there is no application "fruit"; first say "application fruit at *384*77#"',
        ),
        (model.Bind(esme="shop"), 'there is no esme "shop"; first say "esme shop is test"'),
    ],
)
async def test_steps_that_mean_nothing_are_refused(script, step, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        await script.play(step)


async def test_other_files_are_looked_for_in_the_folder(operator, tmp_path):
    (tmp_path / "people.ussd").write_text("phone anna is 70001000001\nlet hello be Hello\n")
    (tmp_path / "users.csv").write_text("msisdn,balance\n70001000001,150.00\n70001000002,20.00\n")
    async with script_on(operator, folder=tmp_path) as script:
        await script("use people.ussd")
        await script('anna sends sms "{hello}" to anna\nanna receives sms "{hello}" from anna')
        await script("""
            for each row in users.csv
                phone user is {msisdn}
                user dials *100#
                user sees "{balance}"
        """)


async def test_in_the_end_faults_are_off_and_esmes_gone(operator):
    async with script_on(operator) as script:
        await script("esme shop is test\nfault throttle 1 account shop\nshop binds")
        await script('browser web\nweb gets /api/v1/esmes\nweb sees "transceiver"')
        assert operator.faults.counted
    assert not operator.faults.counted
    async with script_on(operator) as script:
        await script('browser web\nweb gets /api/v1/esmes\nweb sees no "TRANSCEIVER"')


async def test_calls_at_once_are_played_one_by_one(script):
    await asyncio.gather(script("anna dials *111#"), script("anna answers 1"), script("anna sees final screen"))


async def test_on_a_real_clock_time_is_waited_for():
    async with own_gateway(clock=RealClock()) as gateway, script_on(gateway) as script:
        await script("""
            phone anna is 70001000001
            esme shop is test
            shop binds
            wait 0.01s
            shop submits "Скидка" to anna with receipt
            anna receives sms "Скидка" within 5s
            shop gets receipt DELIVRD
        """)


def test_plain_code_says_the_same():
    with sync_gateway() as gateway, script_on(gateway) as script:
        script("phone anna is 70001000001\nanna dials *111#")
        assert gateway.handset(ANNA).screen.awaiting
        assert script.play(model.Answer(phone="anna", answer=model.Text("1"))) == {}
        assert script("anna sees /баланс: (?P<sum>.*) р/")["sum"] == "150.00"
        assert script.found == {"sum": "150.00"}
        with pytest.raises(StepFailedError, match="FAILED  call 4:1: script"):
            script("anna sees awaiting screen")
