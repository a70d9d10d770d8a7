"""`play` from the command line: what it prints where, and its exit status."""

import asyncio
import contextlib
import json
import os
import re
import subprocess
import sys
import threading
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from ussd_gateway.scenario.command import play_command
from ussd_gateway.scenario.local import ALONE
from ussd_gateway.serve import Gateway

FORMS = ["--junit", "--json", "--html", "--tap"]
GOOD = "phone anna is 70001000001\nanna dials *100#\nanna sees final screen\n"
BAD = 'phone anna is 70001000001\nanna dials *100#\nanna sees "nothing like it"\n'
WRONG = "phone anna is 70001000001\nanna dails *100#\n"


@pytest.fixture
def play(tmp_path, monkeypatch):
    """Runs the command in a folder that has these files."""
    monkeypatch.chdir(tmp_path)

    def play(*arguments, **files):
        for name, text in files.items():
            (tmp_path / f"{name}.ussd").write_text(text, encoding="utf-8")
        return CliRunner().invoke(play_command, [str(argument) for argument in arguments], catch_exceptions=False)

    return play


@pytest.fixture
def running():
    """A gateway that runs elsewhere, as far as the command can tell."""
    started, loop, url = threading.Event(), asyncio.new_event_loop(), []

    async def serve():
        async with Gateway.from_config(flags=ALONE) as gateway:
            url.append(gateway.http_url)
            ended = asyncio.Event()
            url.append(ended)
            started.set()
            await ended.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert started.wait(10)
    yield url[0]
    loop.call_soon_threadsafe(url[1].set)
    thread.join(10)
    loop.close()


def test_scripts_that_pass(play):
    done = play("one.ussd", "two.ussd", one=GOOD, two=GOOD)
    assert done.exit_code == 0
    first, second, last = done.stdout.splitlines()
    assert first.startswith("passed  one.ussd  1 scenario, ")
    assert second.startswith("passed  two.ussd  1 scenario, ")
    assert last == "all passed: 2 scenarios in 2 files"
    assert done.stderr == ""


def test_a_script_that_fails_is_reported_and_the_others_are_played(play):
    done = play("bad.ussd", "good.ussd", bad=BAD, good=GOOD)
    assert done.exit_code == 1
    assert "FAILED  bad.ussd:3: bad\n" in done.stdout
    assert '  expected: a screen containing "nothing like it"\n' in done.stdout
    assert "passed  good.ussd" in done.stdout
    assert done.stdout.endswith("1 failed, 1 passed: 2 scenarios in 2 files\n")


def test_a_folder_stands_for_its_scripts(play):
    done = play(".", b=GOOD, a=GOOD)
    assert done.exit_code == 0
    assert [line.split()[1] for line in done.stdout.splitlines()[:2]] == ["a.ussd", "b.ussd"]


def test_a_folder_without_scripts_is_wrong(play, tmp_path):
    done = play(tmp_path)
    assert (done.exit_code, done.stdout, done.stderr) == (2, "", f"{tmp_path} holds no *.ussd file\n")


def test_a_file_that_is_not_there_is_wrong(play):
    done = play("nowhere.ussd")
    assert done.exit_code == 2
    assert "'nowhere.ussd' does not exist" in done.stderr


def test_wrong_files_are_told_together_and_nothing_is_played(play):
    done = play("good.ussd", "wrong.ussd", "other.ussd", good=GOOD, wrong=WRONG, other=WRONG)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == (
        """\
wrong.ussd:2:6: I do not know "dails"
    anna dails *100#
         ^^^^^
did you mean "dials"?

other.ussd:2:6: I do not know "dails"
    anna dails *100#
         ^^^^^
did you mean "dials"?
"""
    )


def test_scripts_can_be_checked_without_being_played(play):
    done = play("--check", "bad.ussd", bad=BAD)
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "1 file, 1 scenario: no mistakes.\n")
    assert play("--check", "wrong.ussd", wrong=WRONG).exit_code == 2


def test_results_are_written_for_programs(play, tmp_path):
    done = play("bad.ussd", "--junit", "out.xml", "--json", "out.json", bad=BAD)
    assert done.exit_code == 1
    assert ElementTree.parse(tmp_path / "out.xml").getroot().get("failures") == "1"
    assert json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["failed"] == 1


def test_all_reports_are_written_at_once(play, tmp_path):
    names = ["out.xml", "out.json", "out.html", "out.tap"]
    done = play("bad.ussd", *sum(zip(FORMS, names, strict=True), ()), "--shuffle", "7", bad=BAD)
    assert done.exit_code == 1
    xml, data, html, tap = ((tmp_path / name).read_text(encoding="utf-8") for name in names)
    assert '<property name="seed" value="7" />' in xml
    assert json.loads(data)["facts"]["seed"] == "7"
    assert "seed: 7" in html
    assert tap.startswith("TAP version 14\n1..1\nnot ok 1 - bad.ussd: bad\n")


@pytest.mark.parametrize("form", FORMS)
def test_a_report_tells_no_secret(play, form):
    text = """\
phone anna is 70001000001
anna dials *111*25#
anna receives sms from 3339 matching /Пароль: (?P<password>\\S+)\\./
anna answers {password}
"""
    done = play("x.ussd", form, "-", x=text)
    assert "Пароль: ********." in done.stdout
    assert not re.search(r"Пароль: [^*(]", done.stdout)


def test_a_report_does_not_tell_the_password_of_a_gateway(play, running):
    done = play("good.ussd", "--gateway", running.replace("//", "//me:hidden@"), "--json", "-", good=GOOD)
    assert json.loads(done.stdout)["facts"]["played on"] == running


def test_data_on_standard_output_is_alone_there(play):
    done = play("good.ussd", "--json", "-", good=GOOD)
    assert json.loads(done.stdout)["passed"] == 1
    assert done.stderr.endswith("all passed: 1 scenario in 1 file\n")
    done = play("good.ussd", "--junit", "-", good=GOOD)
    assert ElementTree.fromstring(done.stdout.encode()).get("tests") == "1"
    assert play("good.ussd", "--junit", "-", "--json", "-").exit_code == 2


def test_a_result_that_cannot_be_written_is_told(play):
    done = play("good.ussd", "--json", "no/such/folder.json", good=GOOD)
    assert (done.exit_code, done.stderr) == (2, "no/such/folder.json: No such file or directory\n")


def test_settings_are_those_of_a_file(play, tmp_path):
    (tmp_path / "mine.toml").write_text('[[subscriber]]\nmsisdn = "70001000001"\nbalance = "7.00"\n')
    text = 'phone anna is 70001000001\nanna dials *100#\nanna sees "7.00"\n'
    assert play("mine.ussd", "--config", "mine.toml", mine=text).exit_code == 0
    (tmp_path / "wrong.toml").write_text("[server]\nprot = 1\n")
    done = play("mine.ussd", "--config", "wrong.toml")
    assert done.exit_code == 2
    assert "server.prot" in done.stderr


def test_scripts_are_played_on_a_gateway_that_runs_elsewhere(play, running):
    assert play("good.ussd", "--gateway", running, good=GOOD).exit_code == 0
    assert play("bad.ussd", "--gateway", running, bad=BAD).exit_code == 1
    assert play("bad.ussd", "--gateway", running, "--config", "x.toml").exit_code == 2


def test_no_gateway_there_has_an_exit_status_of_its_own(play, unused_tcp_port):
    done = play("good.ussd", "--gateway", f"http://127.0.0.1:{unused_tcp_port}", good=GOOD)
    assert (done.exit_code, done.stdout) == (3, "")
    assert done.stderr.startswith(f"no gateway answers at http://127.0.0.1:{unused_tcp_port} (")


def test_no_line_is_cut_at_the_terminals_edge(play):
    text = "x" * 200
    done = play("long.ussd", long=f'phone anna is 70001000001\nanna dials *100#\nanna sees "{text}"\n')
    assert f'  expected: a screen containing "{text}"\n' in done.stdout


TWO = """\
phone anna is 70001000001
scenario "reads" tagged smoke
    anna dials *100#
    anna sees "баланс"
scenario "fails" tagged slow
    anna dials *100#
    anna sees "nothing like it"
"""


def counts(done):
    return done.stdout.splitlines()[-1]


def test_files_are_played_several_at_once_and_reported_in_their_order(play):
    done = play(".", "--jobs", "2", a=BAD, b=GOOD, c=GOOD)
    assert done.exit_code == 1
    lines = [line.split()[:2] for line in done.stdout.splitlines() if line.startswith(("passed", "FAILED"))]
    assert lines == [["FAILED", "a.ussd"], ["FAILED", "a.ussd:3:"], ["passed", "b.ussd"], ["passed", "c.ussd"]]
    assert play(".", "--jobs", "0").exit_code == 1


def test_files_on_one_gateway_are_not_played_at_once(play):
    done = play("good.ussd", "--gateway", "http://127.0.0.1:1", "--jobs", "2", good=GOOD)
    assert done.exit_code == 2
    assert "--jobs is for gateways of their own" in done.stderr


def test_tags_say_what_is_played(play):
    assert counts(play("two.ussd", "--tag", "smoke", two=TWO)) == "all passed: 1 scenario in 1 file"
    assert counts(play("two.ussd", "--tag", "!slow")) == "all passed: 1 scenario in 1 file"
    assert counts(play("two.ussd", "--tag", "slow")) == "1 failed, 0 passed: 1 scenario in 1 file"
    done = play("two.ussd", "--tag", "smok")
    assert (done.exit_code, done.stderr) == (2, 'no scenario has the tag "smok"\ndid you mean "smoke"?\n')
    done = play("two.ussd", "--tag", "!slow", "--tag", "!smoke")
    assert (done.exit_code, done.stderr) == (2, "no scenario is left by --tag !slow --tag !smoke\n")


def test_what_failed_is_played_again_until_it_passes(play):
    done = play("two.ussd", "--failed", two=TWO)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == "run/last-play.json tells of no play here yet; play once without --failed\n"
    assert counts(play("two.ussd")) == "1 failed, 1 passed: 2 scenarios in 1 file"
    assert counts(play("two.ussd", "--failed")) == "1 failed, 0 passed: 1 scenario in 1 file"
    mended = TWO.replace("nothing like it", "баланс")
    assert counts(play("./two.ussd", "--failed", two=mended)) == "all passed: 1 scenario in 1 file"
    done = play("two.ussd", "--failed")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "none of these failed when it was played last\n")


def test_a_play_is_repeated_each_time_on_new_gateways(play):
    text = GOOD + "anna dials *111*6*2#\n"  # it changes the language: the second time would differ
    done = play("x.ussd", "--repeat", "3", x=text.replace("final screen", '"баланс"'))
    assert done.exit_code == 0
    files = [line.split("  ")[1] for line in done.stdout.splitlines()[:3]]
    assert files == ["x.ussd (1 of 3)", "x.ussd (2 of 3)", "x.ussd (3 of 3)"]
    assert counts(done) == "all passed: 3 scenarios in 1 file"


def test_a_shuffled_play_tells_its_seed(play):
    leaning = """\
phone anna is 70001000001
scenario "first"
    anna dials *111*6*2#
scenario "leans on the first"
    anna dials *100#
    anna sees "balans"
"""
    assert play("x.ussd", x=leaning).exit_code == 0
    shuffled = [play("x.ussd", "--shuffle", str(seed)) for seed in range(8)]
    assert shuffled[3].stdout.startswith("shuffled with the seed 3\n")
    assert {done.exit_code for done in shuffled} == {0, 1}


@pytest.mark.skipif(sys.platform == "win32", reason="it has no pseudo-terminals")
def test_a_terminal_sees_a_bar_on_standard_error(tmp_path):
    import pty

    (tmp_path / "x.ussd").write_text(GOOD, encoding="utf-8")
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "ussd_gateway", "play", "x.ussd", "--repeat", "2"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=theirs,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TERM": "xterm"},
        check=True,
    )
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # Linux tells so that nobody holds the other end
        while part := os.read(ours, 100_000):
            shown += part
    os.close(ours)
    assert b"0/2" in shown
    assert b"2/2" in shown
    assert done.stdout.decode().splitlines()[-1] == "all passed: 2 scenarios in 1 file"
