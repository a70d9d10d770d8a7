"""`import-dialoguss` from the command line."""

import re
import shlex
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from ussd_gateway.scenario.import_command import INSTALL, import_command
from ussd_gateway.scenario.parse import read

APP = """\
url: http://127.0.0.1:9000/ussd
dial: "*1234*77#"
phoneNumber: 265888123456
timeout: 30
sessions:
  - steps:
      - expect: "Your name?"
"""
LINES = '[[application]]\ncode = "*1234*77#"\nurl = "http://127.0.0.1:9000/ussd"\ndialect = "africas_talking"\n'
NOTE = "app.yml:4: timeout 30: the gateway has network.user_timeout for that, in seconds\n"


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app.yml").write_text(APP)
    return lambda *arguments: CliRunner().invoke(import_command, arguments, catch_exceptions=False)


def test_the_script_goes_to_a_file_and_the_lines_for_the_config_to_standard_output(run, tmp_path):
    done = run("app.yml", "-o", "app.ussd")
    assert (done.exit_code, done.stdout, done.stderr) == (0, LINES, NOTE)
    (scenario,) = read(tmp_path / "app.ussd").scenarios
    assert scenario.phones == {"caller": "265888123456"}


def test_without_a_file_the_script_goes_to_standard_output(run, tmp_path):
    done = run("app.yml")
    run("app.yml", "-o", "app.ussd")
    assert (done.exit_code, done.stdout, done.stderr) == (0, (tmp_path / "app.ussd").read_text(), NOTE)


def test_it_is_as_on_the_page(run):
    page = (Path(__file__).parents[2] / "docs" / "scripts.md").read_text(encoding="utf-8")
    section = page.partition("## Files of dialoguss\n")[2]
    command, _, target = re.search(r"^\$ ussd-gateway import-dialoguss (.*) (>>) (.*)$", section, re.MULTILINE).groups()
    assert target == "config.toml"
    done = run(*shlex.split(command.replace("app.yaml", "app.yml")))
    assert tomllib.loads(done.stdout) == tomllib.loads(re.search(r"```toml\n(.*?)```", section, re.DOTALL)[1])
    assert f"$ {INSTALL}\n" in section


def test_truroute(run):
    assert 'dialect = "truroute"' in run("app.yml", "--truroute", "-o", "app.ussd").stdout


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (APP.replace("dial", "dail").encode(), 'app.yml:2:1: a file has no key "dail"'),
        (b"\xff", "app.yml: this is no UTF-8"),
    ],
)
def test_a_wrong_file_writes_nothing(run, tmp_path, octets, words):
    (tmp_path / "app.yml").write_bytes(octets)
    done = run("app.yml", "-o", "app.ussd")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(words)
    assert not (tmp_path / "app.ussd").exists()


def test_where_nothing_can_be_written(run):
    done = run("app.yml", "-o", "nowhere/app.ussd")
    assert (done.exit_code, done.stdout, done.stderr) == (2, "", "nowhere/app.ussd: No such file or directory\n")


def test_a_gateway_without_a_reader_of_yaml_says_how_to_get_one(run, monkeypatch):
    monkeypatch.delitem(sys.modules, "ussd_gateway.scenario.dialoguss", raising=False)
    monkeypatch.setitem(sys.modules, "yaml", None)
    import ussd_gateway.scenario as house

    monkeypatch.delattr(house, "dialoguss", raising=False)
    done = run("app.yml")
    assert (done.exit_code, done.stderr) == (2, f"this needs a reader of YAML: {INSTALL}\n")
