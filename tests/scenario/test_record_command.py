"""`record`: a session on a live gateway becomes a script, and the script passes when it is played."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from ussd_gateway.clock import RealClock, VirtualClock
from ussd_gateway.scenario.local import ALONE, local_driver
from ussd_gateway.scenario.parse import parse, read
from ussd_gateway.scenario.play import play
from ussd_gateway.scenario.record_command import record_command, recorded
from ussd_gateway.scenario.remote import remote_driver
from ussd_gateway.scenario.report import failure_report
from ussd_gateway.serve import Gateway

HOUSE = Path(__file__).parents[2]
SCRIPTS = sorted(path for path in (HOUSE / "scripts").glob("*.ussd") if not path.name.startswith("cabinet_"))
START = "2018-04-27T17:50:00+03:00"
PATIENCE = 30

SESSION = """\
phone anna is 70001000001
phone sister is 70001000002
esme shop is test
browser web
browser other

# the portal, all the way, and once for too long
anna dials *111#
anna answers 6
anna answers 0
anna answers 1
anna dials *111#
wait 31s
wait 4min

# a password, and what it opens
web gets /cabinet
web sees /name="csrf" value="(?P<csrf>[^"]+)"/
web sees /name="captcha_id" value="(?P<id>[^"]+)"/
web sees /name="captcha-answer" content="(?P<code>[^"]+)"/
web posts /cabinet with number 70001000001, password "guessed", csrf {csrf}, captcha_id {id}, captcha {code}
anna dials *111*25#
anna receives sms from 3339 matching /Пароль: (?P<old>\\S+)\\./
web sees /name="csrf" value="(?P<csrf>[^"]+)"/
web sees /name="captcha_id" value="(?P<id>[^"]+)"/
web sees /name="captcha-answer" content="(?P<code>[^"]+)"/
web posts /cabinet with number "8 (000) 100-00-01", password {old}, csrf {csrf}, captcha_id {id}, captcha {code}
anna dials *111*25#
anna receives sms from 3339 matching /Пароль: (?P<password>\\S+)\\./
other gets /cabinet
other sees /name="csrf" value="(?P<csrf>[^"]+)"/
other sees /name="captcha_id" value="(?P<id>[^"]+)"/
other sees /name="captcha-answer" content="(?P<code>[^"]+)"/
other posts /cabinet with number 70001000001, password {old}, csrf {csrf}, captcha_id {id}, captcha {code}
other sees /name="csrf" value="(?P<csrf>[^"]+)"/
other sees /name="captcha_id" value="(?P<id>[^"]+)"/
other sees /name="captcha-answer" content="(?P<code>[^"]+)"/
other posts /cabinet with number 70001000001, password {password}, csrf {csrf}, captcha_id {id}, captcha 1
other sees /name="csrf" value="(?P<csrf>[^"]+)"/
other sees /name="captcha_id" value="(?P<id>[^"]+)"/
other sees /name="captcha-answer" content="(?P<code>[^"]+)"/
other posts /cabinet with number 70001000001, password {password}, csrf {csrf}, captcha_id {id}, captcha {code}
wait 20min

# a second number
sister dials *111*828*1#
anna dials *111*5#
anna answers 1
wait 100s

# a shop writes to a phone that is off
shop binds
sister turns off
shop submits "Заказ 4711 готов" to sister from "SHOP" with receipt keeping id as order
anna sends sms "Не следует, однако, забывать, что рамки и место обучения кадров требуют определения и уточнения" to sister
wait 30min
sister turns on
sister receives sms from "SHOP"
sister receives sms from anna
shop gets receipt DELIVRD for {order}
sister sends sms "Спасибо, 4711" to 5000
shop receives "4711" from sister
wait 3min

# and too fast
fault throttle 1 account shop
shop submits "one" to anna
shop submits "two" to anna answered ESME_RTHROTTLED
wait 1s
shop submits "two" to anna
fault off
anna memory is full
shop submits "three" to anna
wait 90s
anna memory has room
anna speaks latin
anna dials *100#
shop unbinds
"""


@asynccontextmanager
async def recording(gateway, *, after=None, pauses=60.0):
    """Records what happens in the block; `draft` of what it gives tells the script then."""
    stop, begun = asyncio.Event(), asyncio.Event()
    following = asyncio.create_task(recorded(gateway.http_url, after, pauses, stop, begun.set))
    await asyncio.wait({following, asyncio.create_task(begun.wait())}, return_when=asyncio.FIRST_COMPLETED)
    made = []
    yield made
    await gateway.committed()
    stop.set()
    made.append((await following).draft("session.ussd"))


def failures(results):
    return "".join(failure_report(result).plain for result in results)


async def recorded_session(text, clock=START, **how):
    """What becomes of a script that is played on a gateway elsewhere, under a virtual clock or None for a real one."""
    clock = VirtualClock(clock) if clock else RealClock()
    async with Gateway.from_config(clock=clock, flags=ALONE) as gateway, recording(gateway, **how) as made:
        async with remote_driver(gateway.http_url) as driver:
            assert failures(await play(text if not isinstance(text, str) else parse(text, "x.ussd"), driver)) == ""
        await gateway.settle()
    return made[0]


async def played(text, config=None):
    """The results of a script on a gateway of its own."""
    script = parse(text, "session.ussd")
    async with local_driver(config, script.starts.moment if script.starts else None) as driver:
        return await play(script, driver)


async def test_an_hour_of_phones_a_shop_and_a_cabinet_passes_at_once_and_is_the_same_when_it_is_recorded_again():
    draft, again = await recorded_session(SESSION), await recorded_session(SESSION)
    assert failures(await played(draft.text)) == ""
    assert draft.text == again.text
    assert draft.unrecorded == ()
    seconds = sum(step.time for step in draft.script.scenarios[0].steps if hasattr(step, "time") and not step.actor)
    assert seconds == 31 + 240 + 1200 + 100 + 1800 + 180 + 1 + 90 == 3642
    for sentence in (
        "starts at 2018-04-27 17:50",
        "phone boris is 70001000002",
        "    anna sees outcome timeout",
        r"    anna receives sms from 3339 matching /^Пароль: (?P<password>\S+)\. Вход в личный кабинет по номеру\.$/",
        '    web posts /cabinet with number "8 (000) 100-00-01", password {password}, csrf {csrf}, captcha_id {captcha_id},'
        " captcha {captcha}",
        "    web2 posts /cabinet with number {number_of_anna}, password {password_2}, csrf {csrf}, captcha_id {captcha_id},"
        " captcha {captcha}",
        '    web2 sees matching /name="csrf" value="(?P<csrf>[^"]+)"/',
        "    web sees status 401",
        '    test submits "Заказ 4711 готов" to boris with receipt from "SHOP" keeping id as message',
        "    wait 30min",
        "    boris turns on",
        "    test gets receipt DELIVRD for {message}",
        '    test submits "two" to anna answered ESME_RTHROTTLED',
        "    anna speaks latin",
    ):
        assert f"{sentence}\n" in draft.text


async def test_it_says_what_it_guessed_and_where_a_value_comes_from():
    draft = await recorded_session(SESSION)
    rows = draft.text.splitlines()
    used = next(number for number, row in enumerate(rows) if "password {password_2}" in row)
    origin = int(re.fullmatch(r" +# guessed: \{password_2\} is the one of the SMS in line (\d+)", rows[used - 1])[1])
    assert "(?P<password_2>" in rows[origin - 1]
    assert rows[origin - 2] == "    # guessed: what the journal hides here is {password_2}"
    assert "# The journal hides what {secret} stands for: write what was typed." in rows[:6]
    assert 'let secret be "not-the-password"' in rows


async def test_it_reads_as_on_the_page():
    draft = await recorded_session(
        r"""
phone anna is 70001000001
phone boris is 70002000001
browser web
anna dials *111*25#
anna receives sms /Пароль: (?P<password>\S+)\./
web gets /cabinet
web sees /name="csrf" value="(?P<csrf>[^"]+)"/
web sees /name="captcha_id" value="(?P<id>[^"]+)"/
web sees /name="captcha-answer" content="(?P<code>[^"]+)"/
web posts /cabinet with number 70001000001, password {password}, csrf {csrf}, captcha_id {id}, captcha {code}
boris turns off
anna sends sms "Код двери 4711" to boris
wait 20min
boris turns on
boris receives sms
boris sends sms "4711 не подходит" to anna
anna receives sms from boris
"""
    )
    assert f"```ussd\n{draft.text}```\n" in (HOUSE / "docs" / "scripts.md").read_text(encoding="utf-8")


async def test_a_menu_that_has_changed_makes_it_fail_and_shows_where(tmp_path):
    draft = await recorded_session(
        "phone anna is 70001000001\nanna dials *111#\nanna answers 6\nanna answers 0\nanna answers 1"
    )
    shutil.copytree(HOUSE / "menus", tmp_path / "menus")
    shutil.copy(HOUSE / "config.toml", tmp_path)
    portal = tmp_path / "menus" / "portal.toml"
    original = portal.read_text(encoding="utf-8")
    assert failures(await played(draft.text, tmp_path / "config.toml")) == ""

    portal.write_text(original.replace('ru = "Ваш баланс: {{', 'ru = "Баланс счёта: {{'), encoding="utf-8")
    (result,) = await played(draft.text, tmp_path / "config.toml")
    assert (result.failure.sentence, result.failure.expected) == (
        'anna sees final screen exactly "Ваш баланс: 150.00 р."',
        'a final screen exactly "Ваш баланс: 150.00 р."',
    )
    report = failure_report(result).plain
    assert "Баланс счёта: 150.00 р." in report
    assert "{+" in report and "[-" in report  # noqa: PT018 - one difference

    portal.write_text(
        original.replace('{ key = "6", to = "language"', '{ key = "8", to = "language"'), encoding="utf-8"
    )
    (result,) = await played(draft.text, tmp_path / "config.toml")
    assert result.failure.sentence.startswith("anna sees awaiting screen exactly")
    assert re.search(r"\{\+8\+\}\[-6-\] Язык|\[-6-\]\{\+8\+\} Язык", failure_report(result).plain)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
async def test_a_script_that_comes_along_is_recorded_while_it_is_played_and_the_recording_passes(path):
    draft = await recorded_session(read(path))
    assert failures(await played(draft.text)) == ""
    assert draft.unrecorded == ()


async def test_in_real_time_it_has_no_beginning_and_waits_for_what_waited():
    draft = await recorded_session(
        """\
phone anna is 70001000001
phone boris is 70002000001
browser web
anna dials *111*25#
anna receives sms /Пароль: (?P<password>\\S+)\\./
web gets /cabinet
web sees /name="csrf" value="(?P<csrf>[^"]+)"/
web sees /name="captcha_id" value="(?P<id>[^"]+)"/
web sees /name="captcha-answer" content="(?P<code>[^"]+)"/
web posts /cabinet with number 70001000001, password {password}, csrf {csrf}, captcha_id {id}, captcha {code}
boris turns off
anna sends sms "Буду в 18:30, 27.04.2018" to boris
wait 1.1s
boris turns on
boris receives sms "Буду"
""",
        clock=None,
        pauses=1.0,
    )
    assert "starts at" not in draft.text
    assert "    wait 1s\n    boris turns on\n" in draft.text
    assert '    boris receives sms from anna exactly "Буду в 18:30, 27.04.2018"\n' in draft.text  # it was sent so
    assert failures(await played(draft.text)) == ""


async def test_it_begins_now_with_how_things_stand():
    async with (
        Gateway.from_config(clock=VirtualClock(START), flags=ALONE) as gateway,
        remote_driver(gateway.http_url) as driver,
    ):
        phone = await driver.phone("70001000001")
        await phone.speak("latin")
        await phone.dial("*100#")
        await driver.set_faults([{"effect": "queue_full"}])
        async with recording(gateway) as made:
            await phone.dial("*100#")
    assert "".join(made[0].text.partition("scenario")[1:]) == (
        'scenario "session"\n'
        "    # guessed: it was so when the recording began\n"
        "    fault queue_full\n"
        "    # guessed: it was so when the recording began\n"
        "    anna speaks latin\n"
        "    anna dials *100#\n"
        '    anna sees final screen exactly "Vash balans: 150.00 r."\n'
    )


async def test_it_can_begin_with_what_is_kept():
    async with Gateway.from_config(clock=VirtualClock(START), flags=ALONE) as gateway:
        phone = gateway.handset("70001000001")
        await phone.dial("*100#")
        await gateway.committed()
        async with recording(gateway, after=0) as made:
            pass
    assert "    anna dials *100#\n" in made[0].text


# The command -------------------------------------------------------------------------------------------------------


async def test_it_stops_when_it_is_to_however_much_goes_on_happening():
    async with Gateway.from_config(clock=RealClock(), flags=ALONE) as gateway:
        anna, stop, begun = gateway.handset("70001000001"), asyncio.Event(), asyncio.Event()
        following = asyncio.create_task(recorded(gateway.http_url, None, 60, stop, begun.set))
        await begun.wait()
        await anna.dial("*100#")
        stop.set()
        async with asyncio.timeout(PATIENCE):
            while not following.done():
                await anna.dial("*100#")
        assert (await following).draft("session.ussd").script.scenarios[0].steps


def run(*arguments):
    return CliRunner().invoke(record_command, [str(argument) for argument in arguments], catch_exceptions=False)


def test_no_gateway_there_is_told_and_nothing_is_written(tmp_path, unused_tcp_port):
    done = run("--gateway", f"http://127.0.0.1:{unused_tcp_port}", tmp_path / "x.ussd")
    assert done.exit_code == 3
    assert done.stderr.startswith(f"no gateway answers at http://127.0.0.1:{unused_tcp_port} (")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_stays_unless_it_is_forced(tmp_path, unused_tcp_port):
    file = tmp_path / "x.ussd"
    file.write_text("mine")
    done = run("--gateway", f"http://127.0.0.1:{unused_tcp_port}", file)
    assert (done.exit_code, done.stderr) == (2, f"{file} is there already; --force writes over it\n")
    assert run("--gateway", f"http://127.0.0.1:{unused_tcp_port}", file, "--force").exit_code == 3
    assert file.read_text() == "mine"
    missing = tmp_path / "no" / "x.ussd"
    done = run(missing)
    assert (done.exit_code, done.stderr) == (2, f"{missing}: there is no folder {missing.parent}\n")


@asynccontextmanager
async def program(gateway, file, *options):
    """The command in a process of its own, once it records."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "ussd_gateway", "record", "--gateway", gateway.http_url, str(file), *options),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(HOUSE)},
    )
    try:
        assert await asyncio.wait_for(process.stderr.readline(), PATIENCE) == b"Recording; Ctrl-C ends it.\n"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_ctrl_c_writes_what_was_recorded_so_far(tmp_path, operator, number):
    file = tmp_path / "session.ussd"
    async with program(operator, file) as process:
        await operator.handset("70001000001").dial("*100#")
        await operator.committed()
        assert await asyncio.wait_for(process.stderr.readline(), PATIENCE) == b"1 step so far\n"
        process.send_signal(number)
        said = (await asyncio.wait_for(process.stderr.read(), PATIENCE)).decode()
        assert await process.wait() == 0
    assert said == f"{file}: 2 steps. `ussd-gateway play {file}` plays it.\n"
    assert [found.name for found in tmp_path.iterdir()] == ["session.ussd"]
    assert failures(await played(file.read_text(encoding="utf-8"))) == ""


async def test_ctrl_c_with_nothing_recorded_writes_nothing(tmp_path, operator):
    file = tmp_path / "session.ussd"
    async with program(operator, file) as process:
        process.send_signal(signal.SIGINT)
        said = (await asyncio.wait_for(process.stderr.read(), PATIENCE)).decode()
        assert await process.wait() == 1
    assert said == f"nothing was recorded; {file} is not written\n"
    assert list(tmp_path.iterdir()) == []


async def test_a_gateway_that_ends_ends_the_recording_and_it_is_written(tmp_path):
    file = tmp_path / "session.ussd"
    gateway = Gateway.from_config(clock=VirtualClock(START), flags=ALONE)
    await gateway.start()
    try:
        async with program(gateway, file) as process:
            await gateway.handset("70001000001").dial("*100#")
            await gateway.committed()
            await asyncio.wait_for(process.stderr.readline(), PATIENCE)
            await gateway.stop()
            said = (await asyncio.wait_for(process.stderr.read(), PATIENCE)).decode()
            assert await process.wait() == 0
    finally:
        await gateway.stop()
    assert "the gateway has ended\n" in said
    assert "anna dials *100#" in file.read_text(encoding="utf-8")


async def test_where_it_cannot_be_written_in_the_end_it_goes_to_standard_output(tmp_path, operator):
    file = tmp_path / "gone" / "session.ussd"
    file.parent.mkdir()
    async with program(operator, file) as process:
        file.parent.rmdir()
        await operator.handset("70001000001").dial("*100#")
        await operator.committed()
        await asyncio.wait_for(process.stderr.readline(), PATIENCE)
        process.send_signal(signal.SIGINT)
        script, said = await asyncio.wait_for(process.communicate(), PATIENCE)
        assert process.returncode == 2
    assert said.decode() == f"{file}: No such file or directory; the script went to standard output\n"
    assert failures(await played(script.decode())) == ""


async def test_a_file_that_has_come_into_being_meanwhile_stays(tmp_path, operator):
    file = tmp_path / "session.ussd"
    async with program(operator, file) as process:
        file.write_text("mine")
        await operator.handset("70001000001").dial("*100#")
        await operator.committed()
        await asyncio.wait_for(process.stderr.readline(), PATIENCE)
        process.send_signal(signal.SIGINT)
        await asyncio.wait_for(process.wait(), PATIENCE)
    assert file.read_text() == "mine"
    assert "anna dials *100#" in (tmp_path / "session.ussd.part").read_text(encoding="utf-8")
