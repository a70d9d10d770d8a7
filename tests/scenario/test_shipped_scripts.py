"""The scripts that come along: they pass wherever and in whatever order they are played, and the page lists them."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from ussd_gateway.scenario.command import play_command
from ussd_gateway.scenario.formatting import formatted
from ussd_gateway.scenario.local import ALONE
from ussd_gateway.scenario.parse import parse, read
from ussd_gateway.scenario.play import play
from ussd_gateway.scenario.remote import remote_driver
from ussd_gateway.scenario.report import failure_report
from ussd_gateway.scenario.selection import rounds, tagged
from ussd_gateway.serve import Gateway

HOUSE = Path(__file__).parents[2]
SCRIPTS = sorted((HOUSE / "scripts").glob("*.ussd"))
PAGE = (HOUSE / "docs" / "scripts.md").read_text(encoding="utf-8")


def failures(results):
    return "".join(failure_report(result).plain for result in results)


def test_there_are_twelve():
    assert len(SCRIPTS) == 12


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
async def test_each_passes_and_leaves_a_network_on_which_it_passes_again(local, path):
    assert failures(await play(read(path), local)) == ""
    await local.wait(86400)  # passwords are so many a day
    assert failures(await play(read(path), local)) == ""


@pytest.mark.parametrize("seed", [None, "1", "2"])
async def test_all_pass_on_one_gateway_over_http_in_any_order(operator, seed):
    async with remote_driver(operator.http_url) as driver:
        results = [await play(script, driver) for script, _ in rounds([read(path) for path in SCRIPTS], 1, seed)]
    assert failures(result for of_file in results for result in of_file) == ""


@pytest.mark.parametrize("options", [["--jobs", "2"], ["--shuffle", "1"]])
def test_the_folder_passes_from_the_command_line(options, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(play_command, [str(HOUSE / "scripts"), *options], catch_exceptions=False)
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, "all passed: 66 scenarios in 12 files")


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_each_is_in_its_one_form_and_begins_with_what_it_is_about(path):
    text = path.read_text(encoding="utf-8")
    assert formatted(text) == text
    assert text.startswith("# ")


def test_the_page_lists_them_with_a_line_each():
    assert re.findall(r"^\| \[`(\w+\.ussd)`\]\(\.\./scripts/\1\) \| .+ \|$", PAGE, re.MULTILINE) == [
        path.name for path in SCRIPTS
    ]


# In real time ------------------------------------------------------------------------------------------------------

SHORT = {"network.user_timeout": 1.0, "network.application_timeout": 0.5, "menus.reload": False}
SHORT_WAITS = """\
phone anna is 70001000001
phone boris is 70002000001
esme bank is test
application fruit at *384*77#

scenario "Who thinks for too long"
    anna dials *111#
    anna sees awaiting screen
    wait 1.2s
    anna sees outcome timeout

scenario "An application that says nothing"
    bank binds
    anna dials *500#
    anna sees outcome app_timeout

scenario "An application behind a URL that is slow"
    fruit will answer "CON Fruit?" after 0.1s
    fruit will answer "END Done." after 5s
    anna dials *384*77#
    anna sees awaiting screen "Fruit?"
    anna answers 1
    anna sees outcome app_timeout

scenario "Two at once, and time is everybody's"
    bank binds
    together
        anna receives sms from boris within 3s
        boris dials *100#
        boris receives no sms for 0.3s
        boris sends sms "Ты где?" to anna
        boris sends sms "СТОП" to 5000
        bank receives "СТОП" from boris within 3s
        bank submits "Хорошо" to boris with receipt
        bank gets receipt DELIVRD within 3s

scenario "A phone that comes back"
    bank binds
    anna turns off
    bank submits "Ждём Вас" to anna with receipt
    bank gets no receipt for 0.2s
    anna turns on
    anna receives sms "Ждём Вас"
    bank gets receipt DELIVRD

scenario "A slow SMSC"
    bank binds
    fault slow 0.2s account bank
    bank submits "Ждём Вас" to anna
    anna receives sms "Ждём Вас"
"""


async def in_real_time(scripts, **flags):
    """The failures of these scripts on a gateway with a real clock."""
    async with (
        Gateway.from_config(flags=ALONE | flags) as gateway,
        remote_driver(gateway.http_url) as driver,
    ):
        assert not driver.virtual
        return failures([result for script in scripts for result in await play(script, driver)])


async def test_what_takes_no_long_wait_passes_in_real_time():
    assert await in_real_time(tagged([read(path) for path in SCRIPTS], ["!long"])) == ""


async def test_short_waits_are_waited_for_in_real_time():
    assert await in_real_time([parse(SHORT_WAITS, "short.ussd")], **SHORT) == ""
