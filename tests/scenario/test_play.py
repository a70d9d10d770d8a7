"""The engine, on a real gateway: what passes, what fails, and what a failure tells."""

from ussd_gateway.scenario import model
from ussd_gateway.scenario.language import SENTENCES
from ussd_gateway.scenario.play import PERFORM
from ussd_gateway.scenario.result import Kind


def events(result):
    return [(event.phone, event.line, event.kind.value, event.text, event.about) for event in result.events]


def test_each_step_that_a_sentence_makes_is_performed():
    steps = {sentence.step for sentence in SENTENCES}
    assert {step for step in steps if issubclass(step, model.Action)} == set(PERFORM)


async def test_a_dialogue_passes_and_leaves_a_transcript(results):
    (result,) = await results(
        """\
anna dials *111#
anna sees awaiting screen matching /(?P<key>\\d) Баланс/
anna answers {key}
anna sees final screen exactly "Ваш баланс: 150.00 р."
anna sees outcome success
anna sees no "Ошибка"
"""
    )
    assert result.passed
    assert (result.file, result.name, result.line) == ("script.ussd", "script", 3)
    assert events(result) == [
        ("anna", 3, "done", "dials *111#", ""),
        ("anna", 3, "screen", result.events[1].text, "awaiting an answer"),
        ("anna", 5, "done", "answers 1", ""),
        ("anna", 5, "screen", "Ваш баланс: 150.00 р.", "final, success"),
    ]
    assert result.events[1].text.startswith("Портал\n1 Баланс\n")


async def test_what_is_seen_is_the_screen_now_also_one_that_the_network_pushed(failure):
    assert not await failure(
        """\
network pushes "Скидка" to anna from *111#
anna sees exactly "Скидка"
network asks anna "Сумма?" from *111#
anna sees awaiting screen exactly "Сумма?"
anna answers 10
anna sees final screen exactly ""
"""
    )


async def test_time_passes_when_it_is_waited_for(failure):
    assert not await failure("anna dials *111#\nwait 29s\nanna sees awaiting screen\nwait 2\nanna sees outcome timeout")


async def test_who_hangs_up_has_ended_the_dialogue(failure):
    assert not await failure("anna dials *111#\nanna hangs up\nanna sees outcome dialog_user_abort")


async def test_an_sms_goes_from_phone_to_phone_once_both_are_on(failure):
    assert not await failure(
        """\
anna turns off
boris sends sms "Ты где?" to anna
anna receives no sms for 1h
anna turns on
anna receives sms from boris exactly "Ты где?"
"""
    )


async def test_an_sms_is_read_once_and_those_before_it_with_it(failure):
    told = await failure(
        """\
boris sends sms "one" to anna
boris sends sms "two" to anna
anna receives sms "two"
anna receives sms within 0.1s
"""
    )
    assert told.line == 6
    assert told.expected == "an SMS within 0.1 s"
    assert [(arrival.event.text, arrival.remark) for arrival in told.arrived] == [
        ("two", "an earlier step has read it"),
        ("one", "an earlier step has read it"),
    ]


async def test_an_sms_that_must_not_come_fails_also_when_it_came_before(failure):
    text = 'boris sends sms "Привет" to anna\nanna receives no sms {} for 1s'
    assert not await failure(text.format("from 3339"))
    told = await failure(text.format("from boris"))
    assert (told.line, told.expected) == (4, "no SMS from 70002000001 for 1 s")
    assert told.problem == "an SMS from 70002000001 came"
    assert [arrival.event.text for arrival in told.arrived] == ["Привет"]


async def test_captures_are_compared(failure):
    text = 'boris sends sms "7 7 8" to anna\nanna receives sms /(?P<a>.) (?P<b>.) (?P<c>.)/\ncheck {} {} {}'
    assert not await failure(text.format("{a}", "is", "{b}"))
    assert not await failure(text.format("{a}", "differs from", "{c}"))
    assert (await failure(text.format("{a}", "is", "{c}"))).problem == '"7" is not "8"'
    assert (await failure(text.format("{a}", "differs from", "{b}"))).problem == 'both are "7"'


async def test_a_failure_tells_everything_that_arrived_nearest_first_and_where_it_differs(failure):
    told = await failure(
        """\
boris sends sms "Перезвони мне, пожалуйста." to anna
boris sends sms "Встретимся в пять." to anna
anna dials *100#
anna receives sms from boris within 0.1s containing "Встретимся в шесть."
"""
    )
    assert told.line == 6
    assert told.sentence == 'anna receives sms from boris within 0.1s containing "Встретимся в шесть."'
    assert told.expected == 'an SMS from 70002000001 containing "Встретимся в шесть." within 0.1 s'
    assert told.phone == "anna (70001000001)"
    first, second, third = told.arrived
    assert (first.event.text, first.difference) == ("Встретимся в пять.", "Встретимся в [-шес-]{+пя+}ть.")
    assert (second.event.kind, second.event.text) == (Kind.SMS, "Перезвони мне, пожалуйста.")
    assert (third.event.kind, third.event.text) == (Kind.SCREEN, "Ваш баланс: 150.00 р.")


async def test_an_sms_of_another_sender_is_told_below_those_of_the_right_one(failure):
    told = await failure('boris sends sms "Код 1" to anna\nanna receives sms from 3339 within 0.1s "Код 1"')
    assert [(arrival.event.about, arrival.remark) for arrival in told.arrived] == [
        ("from 70002000001", "not from 3339")
    ]


async def test_a_screen_that_is_not_as_expected_is_told(failure):
    told = await failure('anna dials *100#\nanna sees awaiting screen "150.00"')
    assert (told.expected, told.problem) == ('a screen that awaits an answer containing "150.00"', "")
    assert told.arrived[0].event.about == "final, success"
    told = await failure("anna dials *100#\nanna sees outcome timeout")
    assert told.expected == "a screen with the outcome timeout"
    told = await failure('anna dials *100#\nanna sees no "баланс"')
    assert told.expected == 'no screen containing "баланс"'


async def test_a_phone_that_shows_nothing_is_told(failure):
    told = await failure('anna sees final screen "x"')
    assert (told.expected, told.problem) == ('a final screen containing "x"', "the phone shows nothing")
    assert told.arrived == ()


async def test_what_a_phone_cannot_do_fails_the_step(failure):
    told = await failure("anna answers 1")
    assert (told.line, told.problem) == (3, "70001000001 is asked nothing; dial first")
    told = await failure('anna turns off\nanna sends sms "x" to boris')
    assert told.problem == "70001000001 is not attached to the network; it cannot send"


async def test_a_code_is_put_together_from_captures(failure):
    assert not await failure(
        "anna dials *111#\nanna sees /(?P<key>\\d) Баланс/\nanna hangs up\nanna dials *111*{key}#\nanna sees final screen"
    )
    told = await failure("anna dials *111#\nanna sees /(?P<word>Баланс)/\nanna hangs up\nanna dials *{word}#")
    assert told.problem == "'*Баланс#' has the letter 'Б'"


async def test_a_scenario_stops_where_it_fails_and_the_next_one_is_played(results):
    first, second = await results('scenario "a"\nanna answers 1\nanna dials *100#\nscenario "b"\nanna dials *100#')
    assert not first.passed
    assert [event.text for event in first.events] == ["answers 1"]
    assert second.passed


async def test_each_scenario_begins_with_phones_that_are_on_show_nothing_and_have_read_everything(results):
    *_, last = await results(
        """\
scenario "leaves traces"
    boris sends sms "old" to anna
    boris sends sms "old" to anna
    anna dials *111#
    boris turns off
    anna sees "no such text"
scenario "finds none"
    anna receives no sms for 1s
    boris sends sms "new" to anna
    anna receives sms exactly "new"
    anna sees no "Портал"
    anna dials *100#
    anna sees final screen
"""
    )
    assert last.failure is None


async def test_secrets_are_masked_in_everything_that_is_told(results):
    (result,) = await results(
        """\
boris sends sms "Пароль: aB3+xY7." to anna
anna receives sms matching /Пароль: (?P<password>\\S+)\\./
boris sends sms "Пароль {password} принят" to anna
anna dials *111#
anna answers {password}
check {password} is "x"
"""
    )
    assert result.failure.problem == '"********" is not "x"'
    assert "aB3" not in repr(result)
    assert "answers ********" in [event.text for event in result.events]


async def test_a_secret_that_a_pattern_almost_captured_is_masked_too(results):
    (result,) = await results(
        'boris sends sms "Пароль: aB3xY7." to anna\nanna receives sms within 0.1s matching /Пароль: (?P<password>\\S+)!/'
    )
    assert "aB3xY7" not in repr(result)
    assert result.failure.arrived[0].event.text == "Пароль: ********"


async def test_each_step_tells_when_it_began_and_what_it_took(results, operator):
    began = operator.clock.now()
    (result,) = await results('anna dials *100#\nwait 90s\nanna sees "nothing like it"\nanna hangs up\n')
    assert [(step.line, step.sentence, step.phone, step.at - began, step.waited) for step in result.steps] == [
        (3, "anna dials *100#", "anna", 0.0, 0.0),
        (4, "wait 90s", "", 0.0, 90.0),
        (5, 'anna sees "nothing like it"', "anna", 90.0, 0.0),  # it failed; what follows was not played
    ]
    assert all(step.seconds > 0 for step in result.steps)
    assert 0 < sum(step.seconds for step in result.steps) <= result.seconds
    assert [event.at - began for event in result.events] == [0.0, 0.0, 0.0]
    assert [step.before for step in result.steps] == [0, 2, 3]


async def test_no_step_tells_a_secret(results):
    (result,) = await results(
        'anna dials *100#\nanna sees /баланс: (?P<pin>\\d+)/\nanna sees "150"\nanna sees "8150"\n'
    )
    assert [step.sentence for step in result.steps[2:]] == ['anna sees "********"', 'anna sees "8150"']
    assert result.failure.sentence == 'anna sees "8150"'
