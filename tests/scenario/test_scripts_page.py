"""docs/scripts.md says nothing that is not so."""

import re
import shlex
from contextlib import nullcontext
from pathlib import Path

import pytest
from click.testing import CliRunner

from ussd_gateway.scenario.command import play_command
from ussd_gateway.scenario.language import SENTENCES, SLOTS
from ussd_gateway.scenario.local import local_driver
from ussd_gateway.scenario.parse import ScriptError, parse
from ussd_gateway.scenario.play import play
from ussd_gateway.scenario.report import failure_report

HOUSE = Path(__file__).parents[2]
PAGE = (HOUSE / "docs" / "scripts.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
FILES = dict(re.findall(r"^```\w+ (\S+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE))
EXAMPLES = [body for kind, body in BLOCKS if kind == "ussd"]
FAILURE, MISTAKE = [body for kind, body in BLOCKS if kind == "text"]
CONSOLE = "".join(body for kind, body in BLOCKS if kind == "console")
(PYTHON,) = [body for kind, body in BLOCKS if kind == "python"]


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
async def test_each_example_passes(local, number, tmp_path):
    for name, body in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(body, encoding="utf-8")
    script = parse(EXAMPLES[number], str(tmp_path / f"example-{number}.ussd"))
    async with local_driver(starts=script.starts.moment) if script.starts else nullcontext(local) as driver:
        results = await play(script, driver)
    assert "".join(failure_report(result).plain for result in results) == ""


async def test_a_failure_reads_as_on_the_page(local):
    wrong = EXAMPLES[0].replace('sees "Ваш баланс"', 'sees exactly "Ваш баланс: 105.00 р."')
    (result,) = await play(parse(wrong, "balance.ussd"), local)
    assert failure_report(result).plain == FAILURE


def test_a_mistake_reads_as_on_the_page():
    with pytest.raises(ScriptError) as raised:
        parse("# A new password.\n\nphone anna is 70001000001\n\nanna dails *111*25#\n", "password.ussd")
    assert str(raised.value) == MISTAKE.strip()


def test_the_smallest_script_is_played_as_on_the_page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "balance.ussd").write_text(EXAMPLES[0], encoding="utf-8")
    done = CliRunner().invoke(play_command, ["balance.ussd"], catch_exceptions=False)
    told = re.search(r"^\$ ussd-gateway play balance.ussd\n(.*\n.*\n)", CONSOLE)[1]
    assert re.sub(r"\d+\.\d s", "0.1 s", done.stdout) == told


@pytest.mark.parametrize("line", re.findall(r"^\$ ussd-gateway play (.*)$", CONSOLE, re.MULTILINE))
def test_each_command_of_the_page_has_options_that_there_are(line):
    arguments = [argument for argument in shlex.split(line, comments=True) if argument.startswith("--")]
    known = {name for parameter in play_command.params for name in parameter.opts}
    assert known >= set(arguments)


def test_the_page_tells_every_option():
    options = {name for parameter in play_command.params for name in parameter.opts if name.startswith("--")}
    assert {name for name in options if name not in PAGE} == set()


async def test_the_python_of_the_page_is_a_test_that_passes(operator):
    functions = {}
    exec(PYTHON, functions)
    await functions["test_balance"](operator)


def test_the_tables_of_the_page_are_the_tables_of_the_language():
    rows = [(row.pattern, row.says) for row in SENTENCES]
    assert re.findall(r"^\| `(.*?)` \| (.*) \|$", PAGE, re.MULTILINE) == rows
    assert re.findall(r"^\| ([A-Z_]+) \| (.*) \|$", PAGE, re.MULTILINE) == [
        (name, slot.written) for name, slot in SLOTS.items()
    ]
