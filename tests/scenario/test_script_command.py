"""`script check` and `script fmt` from the command line."""

import pytest
from click.testing import CliRunner

from ussd_gateway.scenario.script_command import script_command

TIDY = "phone anna is 70001000001\nanna dials *100#\n"
UNTIDY = "phone  anna is 70001000001\r\n  anna dials *100#"
WRONG = "phone anna is 70001000001\nanna dails *100#\n"


@pytest.fixture
def script(tmp_path, monkeypatch):
    """Runs the command in a folder with a tidy and an untidy script."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tidy.ussd").write_bytes(TIDY.encode())
    (tmp_path / "untidy.ussd").write_bytes(UNTIDY.encode())
    return lambda *arguments: CliRunner().invoke(script_command, arguments, catch_exceptions=False)


@pytest.fixture
def untidy(tmp_path):
    return tmp_path / "untidy.ussd"


def test_mistakes_are_told(script, untidy):
    done = script("check", ".")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "2 files, 2 scenarios: no mistakes.\n")
    untidy.write_text(WRONG)
    done = script("check", ".")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith('untidy.ussd:2:6: I do not know "dails"\n')


def test_scripts_are_written_in_their_one_form(script, untidy):
    done = script("fmt", ".")
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == "untidy.ussd: written anew\n1 file of 2 changed.\n"
    assert untidy.read_bytes() == TIDY.encode()
    assert script("fmt", ".").stderr == "0 files of 2 changed.\n"


def test_a_build_server_asks_whether_they_are_in_it(script, untidy):
    done = script("fmt", ".", "--check")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == "untidy.ussd: would change\n1 file of 2 would change.\n"
    assert untidy.read_bytes() == UNTIDY.encode()
    assert script("fmt", "tidy.ussd", "--check").exit_code == 0


def test_what_would_change_is_shown(script, untidy):
    done = script("fmt", ".", "--diff")
    assert done.exit_code == 0
    assert done.stdout.startswith("--- untidy.ussd\n+++ untidy.ussd (formatted)\n@@ -1,2 +1,2 @@\n-phone  anna")
    assert done.stdout.endswith("+anna dials *100#\n")
    assert untidy.read_bytes() == UNTIDY.encode()
    assert script("fmt", ".", "--diff", "--check").exit_code == 1


def test_nothing_is_written_when_a_script_is_wrong(script, untidy, tmp_path):
    (tmp_path / "wrong.ussd").write_text(WRONG)
    done = script("fmt", ".")
    assert done.exit_code == 2
    assert "wrong.ussd:2:6" in done.stderr
    assert untidy.read_bytes() == UNTIDY.encode()
