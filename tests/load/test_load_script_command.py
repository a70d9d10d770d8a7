"""`ussd-gateway load FILE.ussd`, as somebody types it."""

import asyncio
import csv
import io
import json
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from ussd_gateway.cli import main
from ussd_gateway.load.course import COLUMNS
from ussd_gateway.load.threshold import parse
from ussd_gateway.scenario.local import local_driver
from ussd_gateway.scenario.parse import read
from ussd_gateway.scenario.play import play

HOUSE = Path(__file__).parents[2]
SHIPPED = HOUSE / "scripts" / "load" / "balance.ussd"
PAGE = (HOUSE / "docs" / "scripts.md").read_text(encoding="utf-8").partition("## As load\n")[2].partition("\n## ")[0]
SCRIPT = """\
phone anna is 70001000001

scenario "balance" tagged smoke
    anna dials *100#
    anna sees final screen "Ваш баланс"

scenario "weather"
    anna dials *100#
    anna sees "Погода"
"""


@pytest.fixture
def script(tmp_path):
    (tmp_path / "x.ussd").write_text(SCRIPT, encoding="utf-8")
    return str(tmp_path / "x.ussd")


@pytest.fixture
def load(real_operator):
    """Runs `load` against the gateway of this event loop."""

    async def run(*arguments):
        words = ["load", *map(str, arguments), "--gateway", real_operator.url]
        return await asyncio.to_thread(CliRunner().invoke, main, words)

    return run


async def test_the_script_that_comes_along_passes_also_by_itself(load):
    done = await load(
        SHIPPED, "--count", 6, "--rate", 100, "--threshold", "failed==0", "--threshold", "each line p99<30s"
    )
    assert (done.exit_code, done.stderr) == (0, "")
    assert "anna sees final screen" in done.stdout
    assert "dialogues a second" in done.stdout
    async with local_driver() as driver:
        (result,) = await play(read(SHIPPED), driver)
    assert result.passed


async def test_one_line_of_json(load, script):
    done = await load("script", script, "--count", 4, "--users", 2, "--json")
    assert done.exit_code == 0
    (line,) = done.stdout.splitlines()
    told = json.loads(line)
    assert (told["dialogues"], told["failed"], told["users"], told["missed"]) == (4, 2, 2, [])
    assert [row["line"] for row in told["steps"]] == [4, 5, 8, 9]
    assert sum(row["done"] for row in told["per_second"]) == 4


async def test_missed_thresholds_and_those_without_data_end_with_1(load, script):
    words = ("--threshold", "failed==0", "--threshold", "line 9 failed==0", "--threshold", "receipt_p99<1s")
    done = await load(script, "--count", 2, *words)
    assert done.exit_code == 1
    missed = ["failed==0: it is 1", "line 9 failed==0: it is 1", "receipt_p99<1s: there is no data"]
    assert done.stderr.splitlines() == missed


async def test_failures_are_reported(load, script):
    done = await load(script, "--count", 4)
    assert f"2 failed at {script}:9; the first:" in done.stdout
    assert 'expected: a screen containing "Погода"' in done.stdout
    assert "Ваш баланс" in done.stdout


@pytest.mark.parametrize("chosen", [("--tag", "smoke"), ("--tag", "!smoke"), ("--scenario", "weather")])
async def test_scenarios_can_be_chosen(load, script, chosen):
    told = json.loads((await load(script, "--count", 2, "--json", *chosen)).stdout)
    assert told["scenarios"] == (["balance"] if "smoke" in chosen else ["weather"])
    assert told["dialogues"] == 2


async def test_csv_and_svg_are_written(load, script, tmp_path):
    done = await load(script, "--count", 2, "--csv", tmp_path / "x.csv", "--svg", tmp_path / "x.svg")
    assert done.exit_code == 0
    rows = list(csv.DictReader(io.StringIO((tmp_path / "x.csv").read_text())))
    assert tuple(rows[0]) == COLUMNS
    assert sum(int(row["done"]) for row in rows) == 2
    assert ElementTree.parse(tmp_path / "x.svg").getroot().tag.endswith("svg")


async def test_csv_can_take_standard_output(load, script):
    done = await load(script, "--count", 2, "--csv", "-")
    assert done.stdout.splitlines()[0] == ",".join(COLUMNS)
    assert "dialogues a second" in done.stderr


MISTAKES = {
    ("--threshold", "line 6 p99<1s"): "there are 4, 5, 8, 9",
    ("--threshold", "p98<1ms"): "known: msg_per_s, p50",
    ("--scenario", "ballance"): 'did you mean "balance"?',
    ("--tag", "smoked"): 'did you mean "smoke"?',
    ("--tag", "smoke", "--scenario", "weather"): "no scenario is left",
    ("--from", "anna"): "--from 'anna' is no number",
    ("--from", "99999999999", "--users", "2"): "of as many digits",
    ("--csv", "-", "--json"): "only one of --csv and --json",
    ("--svg", "/nowhere/x.svg"): "there is no folder /nowhere",
}


@pytest.mark.parametrize(("arguments", "words"), MISTAKES.items(), ids=lambda part: str(part)[:30])
async def test_a_mistake_is_told_before_anything_is_played(load, script, arguments, words):
    done = await load(script, *arguments)
    assert done.exit_code == 2
    assert words in done.stderr


async def test_a_sentence_that_cannot_be_load_is_told(load, tmp_path):
    (tmp_path / "x.ussd").write_text("phone anna is 70001000001\nfault throttle 1\nanna dails *100#\n")
    assert "I do not know" in (await load(tmp_path / "x.ussd")).stderr
    (tmp_path / "x.ussd").write_text("phone anna is 70001000001\nfault throttle 1\nwait 30d\n")
    done = await load(tmp_path / "x.ussd")
    assert done.exit_code == 2
    assert f"{tmp_path / 'x.ussd'}:2: a fault is everybody's" in done.stderr
    assert f"{tmp_path / 'x.ussd'}:3: time is real" in done.stderr


def test_no_gateway_there_ends_with_3(script):
    done = CliRunner().invoke(main, ["load", script, "--gateway", "http://me:geheim@127.0.0.1:1"])
    assert done.exit_code == 3
    assert "ussd-gateway serve" in done.stderr
    assert "geheim" not in done.output


@pytest.mark.parametrize("words", [["load"], ["load", "script"], ["load", "x.ussd"]])
def test_help_tells_both_forms(words):
    done = CliRunner().invoke(main, [*words, "--help"])
    assert done.exit_code == 0
    assert "FILE.ussd" in done.output


def test_options_may_stand_before_the_file(script):
    done = CliRunner().invoke(main, ["load", "--users", "3", script, "--gateway", "http://127.0.0.1:1"])
    assert done.exit_code == 3


WAITS = """\
phone anna is 70001000001
anna dials *111#
anna sees awaiting screen
wait 5min
"""


@pytest.mark.skipif(sys.platform == "win32", reason="it has other signals")
async def test_ctrl_c_ends_it_and_tells_what_there_is(real_operator, tmp_path):
    (tmp_path / "waits.ussd").write_text(WAITS)
    command = [sys.executable, "-m", "ussd_gateway", "load", str(tmp_path / "waits.ussd"), "--json", "--users", "2"]
    process = await asyncio.create_subprocess_exec(
        *command,
        "--gateway",
        real_operator.url,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    await process.stderr.readline()  # a second has passed
    process.send_signal(signal.SIGINT)
    out, err = await process.communicate()
    told = json.loads(out)
    assert (process.returncode, b"Traceback" in err) == (0, False)
    assert (told["cut_off"], told["dialogues"], told["failed"]) == (2, 0, None)
    _, phones = await real_operator("GET", "/handsets")
    assert [phone["session"] for phone in phones["handsets"] if phone["msisdn"].startswith("70009")] == [None, None]


@pytest.mark.parametrize("line", re.findall(r"^\$ ussd-gateway load (.*)$", PAGE, re.MULTILINE))
def test_each_command_of_the_page_is_one(line, monkeypatch, tmp_path):
    words = [str(HOUSE / word) if word.endswith(".ussd") else word for word in shlex.split(line)]
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["load", *words, "--gateway", "http://127.0.0.1:1"])
    assert done.exit_code == 3, done.stderr


def test_each_threshold_of_the_page_is_one():
    expressions = re.findall(r"`([^`\n]+(?:==|<|>=)[^`\n]+)`", PAGE)
    assert len(expressions) >= 9
    for expression in expressions:
        parse(expression, [("", 10), ("people.ussd", 3)])


def test_the_page_tells_every_option_that_is_not_every_load_s():
    (script,) = (command for name, command in main.commands["load"].commands.items() if name == "script")
    options = {name for parameter in script.params for name in parameter.opts if name.startswith("--")}
    assert {name for name in options - {"--pid"} if name not in PAGE} == set()


def test_the_rows_of_the_page_are_those_of_the_script():
    sentences = re.findall(r"^ +(\d+) +3,000 .*\d  (anna .*)$", PAGE, re.MULTILINE)
    lines = SHIPPED.read_text(encoding="utf-8").splitlines()
    assert [(number, lines[int(number) - 1].strip()) for number, _ in sentences] == sentences
    assert len(sentences) == 4
