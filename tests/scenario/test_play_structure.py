"""Blocks, setup and teardown, variables, tables and used files: played at home, and over HTTP."""

import pytest

from ussd_gateway.scenario.parse import parse
from ussd_gateway.scenario.play import play
from ussd_gateway.scenario.remote import remote_driver
from ussd_gateway.scenario.report import as_json, failure_report, told_steps

PHONES = "phone anna is 70001000001\nphone boris is 70002000001\n"


@pytest.fixture(params=["local", "remote"])
async def driver(request, local, operator):
    if request.param == "local":
        yield local
    else:
        async with remote_driver(operator.http_url) as remote:
            yield remote


@pytest.fixture
def results(driver, tmp_path):
    """Plays a text as script.ussd in a folder that has these other files."""

    async def results(text, **files):
        for name, body in files.items():
            (tmp_path / name.replace("_", ".")).write_text(body, encoding="utf-8")
        return await play(parse(PHONES + text, str(tmp_path / "script.ussd")), driver)

    return results


def failures(results):
    return "\n".join(failure_report(result).plain for result in results if not result.passed)


def done(result):
    """What was done in a scenario: the phone, and what."""
    return [f"{event.phone} {event.text}".strip() for event in result.events if event.kind == "done"]


async def test_setup_and_teardown_surround_each_scenario(results):
    played = await results(
        """\
setup
    boris turns off
    boris turns on
    boris sends sms "key 7" to anna
    anna receives sms /key (?P<key>.)/
teardown
    anna sends sms "{key}" to boris
scenario "first"
    anna dials *100#
scenario "second"
    check {key} is 7
"""
    )
    assert failures(played) == ""
    before, after = (
        ["boris turns off", "boris turns on", "boris sends sms to 70001000001: key 7"],
        "anna sends sms to 70002000001: 7",
    )
    assert done(played[0]) == [*before, "anna dials *100#", after]
    assert done(played[1]) == [*before, after]


async def test_a_teardown_is_played_also_after_a_failure_and_tells_its_own(results):
    (result,) = await results(
        """\
teardown
    anna dials *100#
    anna sees "no such text"
scenario "fails"
    anna answers 1
"""
    )
    assert (result.failure.line, result.failure.where) == (7, ())
    (later,) = result.failure.later
    assert (later.line, later.where) == (5, ("teardown",))
    assert done(result) == ["anna answers 1", "anna dials *100#"]
    told = failure_report(result).plain
    assert "script.ussd:7: fails\n" in told
    assert "  and afterwards:\n" in told
    assert 'script.ussd:5: fails\n    anna sees "no such text"\n  in teardown\n' in told
    (program,) = as_json([("script.ussd", [result])])["files"][0]["scenarios"]
    assert program["failure"]["later"][0]["where"] == ["teardown"]


async def test_a_failure_in_teardown_alone_fails_the_scenario(results):
    first, second = await results('teardown\n    anna answers 1\nscenario "a"\n    wait 1\nscenario "b"\n    wait 1\n')
    assert (first.failure.line, first.failure.where, first.failure.later) == (4, ("teardown",), ())
    assert not second.passed


async def test_after_a_failed_setup_the_scenario_is_not_played_and_the_teardown_is(results):
    (result,) = await results(
        """\
setup
    anna dials *100#
    anna sees /no (?P<such>text)/
teardown
    boris dials *100#
    boris sends sms "{such}" to anna
scenario "a"
    anna dials *111#
"""
    )
    assert (result.failure.line, result.failure.where) == (5, ("setup",))
    assert result.failure.later[0].problem == "{such} has no value: what was to find it was not played"
    assert done(result) == ["anna dials *100#", "boris dials *100#"]


async def test_variables_stand_for_their_text_and_secrets_among_them_are_masked(results):
    played = await results(
        """\
let sum be 150.00
let screen be "Ваш баланс: {sum} р."
let secret_code be *100#
let number be 70001000002
phone vera is {number}
scenario "a"
    anna dials {secret_code}
    anna sees exactly "{screen}"
    let sum be 7
    anna sends sms "{sum}" to vera
    vera receives sms exactly "7"
scenario "b"
    anna dials {secret_code}
    anna sees "{sum}"
    let pin be "a12345"
    boris sends sms "{pin}" to anna
    anna receives sms "a123456"
"""
    )
    assert played[0].failure is None
    assert done(played[0])[0] == "anna dials ********"
    assert played[1].failure.line == 19
    assert "a12345" not in repr(played).replace("a123456", "")


async def test_a_block_is_repeated_and_a_failure_names_its_round(results):
    played = await results(
        """\
scenario "counts"
    repeat 2 times
        repeat 2 times
            anna dials *100#
        boris sends sms "x" to anna
    anna receives sms "x"
    anna receives sms "x"
scenario "fails"
    boris sends sms "once" to anna
    repeat 3 times
        anna receives sms "once" within 0.1s
"""
    )
    assert played[0].failure is None
    assert done(played[0]).count("anna dials *100#") == 4
    assert (played[1].failure.line, played[1].failure.where) == (13, ("round 2 of 3",))
    assert "  in round 2 of 3\n" in failures(played)


async def test_what_a_repeated_block_has_captured_is_there_behind_it(results):
    assert (
        failures(
            await results("repeat 2 times\n    anna dials *100#\n    anna sees /(?P<sum>\\d+)/\ncheck {sum} is 150")
        )
        == ""
    )


async def test_phones_act_together_each_in_its_order(results):
    played = await results(
        """\
together
    anna dials *111#
    boris dials *100#
    anna sees awaiting screen /(?P<key>\\d) Баланс/
    repeat 2 times
        boris dials *100#
    anna answers {key}
    boris sees final screen /(?P<sum>\\d+)/
    anna sees final screen "баланс"
    boris sends sms "ok" to anna
check {key} is 1
check {sum} differs from {key}
anna receives sms "ok" from boris
"""
    )
    assert failures(played) == ""
    of = {
        name: [line.removeprefix(f"{name} ") for line in done(played[0]) if line.startswith(name)]
        for name in ("anna", "boris")
    }
    assert of == {
        "anna": ["dials *111#", "answers 1"],
        "boris": ["dials *100#", "dials *100#", "dials *100#", "sends sms to 70001000001: ok"],
    }


async def test_together_means_at_the_same_time(results):
    """Anna's SMS comes only if boris sends it while she waits: his steps stand below hers."""
    played = await results(
        """\
boris turns off
together
    anna receives sms "from boris"
    boris turns on
    boris sends sms "from boris" to anna
"""
    )
    assert failures(played) == ""


async def test_a_failure_in_together_names_its_step_and_the_others_come_to_their_end(results):
    (result,) = await results(
        """\
together
    anna answers 1
    boris dials *111#
    boris sees awaiting screen
    boris hangs up
anna dials *100#
"""
    )
    assert (result.failure.line, result.failure.phone) == (4, "anna (70001000001)")
    assert done(result) == ["anna answers 1", "boris dials *111#", "boris hangs up"]


USERS = "msisdn,name,pin\n70001000001,Anna,4711\n8 (000) 200-00-01,Boris,pin-0815\n"


async def test_each_phone_that_failed_in_together_is_told(results):
    (result,) = await results("together\n    anna answers 1\n    boris answers 2\n    boris dials *100#\n")
    first, (second,) = result.failure, result.failure.later
    assert {first.line, second.line} == {4, 5}
    assert "and afterwards:" in failures([result])


async def test_a_teardown_finds_what_the_setup_and_the_file_have_said_whatever_the_scenario_says(results):
    played = await results(
        """\
let name be file
setup
    anna dials *100#
    anna sees /(?P<sum>\\d+)/
teardown
    check {name} is file
    check {sum} is 150
scenario "a"
    let name be scenario
    let sum be 0
    check {sum} is 0
    for each row in users.csv
        check {name} is "nobody"
""",
        users_csv=USERS,
    )
    assert (played[0].failure.line, played[0].failure.later) == (15, ())


async def test_each_row_of_a_table_is_played_with_a_phone_of_its_own(results):
    (result,) = await results(
        """\
let name be Nobody
for each row in users.csv
    phone user is {msisdn}
    boris sends sms "Hi {name}: {pin}" to user
    user receives sms "Hi {name}" from boris
    user turns off
    user receives no sms "Hi" for 1s
check {name} is "Nobody"
""",
        users_csv=USERS,
    )
    assert failures([result]) == ""
    assert done(result)[:3] == [
        "row 1 of users.csv, line 2: msisdn 70001000001, name Anna, pin ********",
        "boris sends sms to 70001000001: Hi Anna: ********",
        "user turns off",
    ]
    assert "pin-0815" not in repr(result)


async def test_a_failure_names_the_row_and_the_round(results):
    (result,) = await results(
        """\
for each row in users.csv
    repeat 2 times
        check {name} is "Anna"
""",
        users_csv=USERS,
    )
    assert result.failure.where == (
        "row 2 of users.csv, line 3: msisdn 8 (000) 200-00-01, name Boris, pin ********",
        "round 1 of 2",
    )
    assert (result.failure.line, result.failure.problem) == (5, '"Boris" is not "Anna"')


async def test_the_phone_of_a_later_row_has_received_nothing_of_an_earlier_ones(results):
    (result,) = await results(
        """\
for each row in users.csv
    phone user is {msisdn}
    anna sends sms "Hi {name}" to user
    user receives sms "Hi {name}"
    anna sends sms "{name}" to user
    user receives sms "Anna" within 0.1s
""",
        users_csv=USERS,
    )
    assert result.failure.where[0].startswith("row 2 of users.csv, line 3: ")
    assert result.failure.phone == "user (70002000001)"
    assert [arrival.event.text for arrival in result.failure.arrived] == ["Boris", "Hi Boris"]


async def test_a_number_that_a_pattern_captured_can_name_a_phone(results):
    played = await results(
        """\
boris sends sms "call 70001000002" to anna
anna receives sms /call (?P<number>\\d+)/
phone vera is {number}
boris sends sms "Hi" to vera
vera receives sms "Hi"
vera sends sms "{number}" to anna
anna receives sms "7" from vera
boris sends sms "no number" to anna
anna receives sms /(?P<word>\\w+)/
phone otto is {word}
"""
    )
    assert (played[0].failure.line, played[0].failure.problem) == (12, "no is no number of a phone")


SHARED = """\
phone vera is 70001000002
let sum be 150
setup
    vera dials *100#
    vera sees /(?P<amount>[\\d.]+) р/
teardown
    vera hangs up
    vera sees "nothing of the kind"
    vera hangs up
"""


async def test_a_used_file_brings_phones_variables_setup_and_teardown_and_tells_its_own_lines(results, tmp_path):
    (result,) = await results(
        """\
use shared.ussd
setup
    anna dials *100#
teardown
    anna hangs up
scenario "a"
    vera sends sms "{sum} {amount}" to boris
    boris receives sms exactly "150 20.00"
""",
        shared_ussd=SHARED,
    )
    shared = str(tmp_path / "shared.ussd")
    assert done(result) == [
        "vera dials *100#",
        "anna dials *100#",
        "vera sends sms to 70002000001: 150 20.00",
        "anna hangs up",
        "vera hangs up",
    ]
    assert [event.file for event in result.events if event.text == "dials *100#"] == [shared, ""]
    assert (result.failure.file, result.failure.line, result.failure.where) == (shared, 8, ("teardown",))
    told = failure_report(result).plain
    assert f"FAILED  {shared}:8: a\n" in told
    assert f"{shared}:4  dials *100#\n" in told


async def test_a_failed_teardown_of_one_file_does_not_keep_another_file_from_its_own(results):
    (result,) = await results(
        'use shared.ussd\nteardown\n    anna answers 1\nscenario "a"\n    wait 1\n', shared_ussd=SHARED
    )
    assert [failure.line for failure in (result.failure, *result.failure.later)] == [5, 8]


async def test_each_round_and_each_step_in_it_has_its_time(results):
    (result,) = await results("teardown\n    wait 1s\nrepeat 2 times\n    wait 5s\n    anna dials *100#\n")
    told = [(step.sentence, step.at - result.steps[0].at, step.waited) for step in result.steps]
    once = [("wait 5s", 0.0, 5.0), ("anna dials *100#", 5.0, 0.0), ("round 1 of 2", 0.0, 5.0)]
    again = [("wait 5s", 5.0, 5.0), ("anna dials *100#", 10.0, 0.0), ("round 2 of 2", 5.0, 5.0)]
    assert told == [*once, *again, ("wait 1s", 10.0, 1.0)]


async def test_the_step_that_failed_is_marked_whatever_is_played_after_it(results):
    (result,) = await results(
        'teardown\n    wait 1s\ntogether\n    anna sees "nothing"\n    boris dials *100#\n    boris sees final screen\n'
    )
    assert [step.sentence for step in result.steps if step.failed] == ['anna sees "nothing"']
    assert result.steps[-1].sentence == "wait 1s"


async def test_the_chronicle_tells_rounds_and_the_steps_of_phones_at_once(results):
    (result,) = await results(
        """\
repeat 2 times
    together
        anna dials *100#
        boris hangs up
"""
    )
    assert [(step.line, step.sentence) for step, _ in told_steps(result)] == [
        (3, "round 1 of 2"),
        (5, "anna dials *100#"),
        (6, "boris hangs up"),
        (3, "round 2 of 2"),
        (5, "anna dials *100#"),
        (6, "boris hangs up"),
    ]


async def test_an_esme_of_a_used_file_acts_together_with_a_phone(results):
    played = await results(
        """\
use shared.ussd
scenario "a"
    together
        shop submits "Hi" to anna
        anna receives sms "Hi"
        boris dials *100#
""",
        shared_ussd="esme shop is test\nsetup\n    shop binds\nteardown\n    shop unbinds\n",
    )
    assert failures(played) == ""
    assert done(played[0]) == [
        "shop binds as transceiver",
        "shop submits to 70001000001: Hi",
        "boris dials *100#",
        "shop unbinds",
    ]
