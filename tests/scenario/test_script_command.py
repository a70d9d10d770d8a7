"""`script check` and `script fmt` from the command line."""

import json

import pytest
from click.testing import CliRunner

from ussd_gateway.scenario.script_command import script_command

TIDY = "phone anna is 70001000001\nanna dials *100#\n"
UNTIDY = "phone  anna is 70001000001\r\n  anna dials *100#"
TIDY_JSON = {
    "version": "1",
    "phones": {"anna": "70001000001"},
    "scenarios": [{"name": "tidy", "steps": [{"step": "dial", "phone": "anna", "code": "*100#"}]}],
}
FROM_JSON = 'version 1\n\nphone anna is 70001000001\n\nscenario "tidy"\n    anna dials *100#\n'
WRONG = "phone anna is 70001000001\nanna dails *100#\n"


@pytest.fixture
def script(tmp_path, monkeypatch):
    """Runs the command in a folder with a tidy and an untidy script."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tidy.ussd").write_bytes(TIDY.encode())
    (tmp_path / "untidy.ussd").write_bytes(UNTIDY.encode())
    return lambda *arguments, input=None: CliRunner().invoke(
        script_command, arguments, input=input, catch_exceptions=False
    )


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


def test_a_script_becomes_json_and_json_a_script(script, tmp_path):
    done = script("to-json", "tidy.ussd")
    assert (done.exit_code, done.stderr) == (0, "")
    assert json.loads(done.stdout) == TIDY_JSON
    assert script("from-json", "-", input=done.stdout).stdout == FROM_JSON
    assert script("to-json", "tidy.ussd", "-o", "tidy.json").stdout == ""
    assert script("from-json", "tidy.json", "--out", "again.ussd").stdout == ""
    assert (tmp_path / "again.ussd").read_text() == FROM_JSON
    assert script("fmt", "again.ussd", "--check").exit_code == 0


def test_standard_input_has_a_name_of_its_own(script):
    done = script("to-json", "-", input=TIDY)
    assert json.loads(done.stdout)["scenarios"][0]["name"] == "stdin"
    done = script("to-json", "-", input=WRONG)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith('stdin:2:6: I do not know "dails"\n')


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (json.dumps(TIDY_JSON | {"phones": {"ann": "70001000001"}}),
         'x.json: scenarios[0].steps[0].phone: there is no phone "anna"\ndid you mean "ann"?\n'),
        ('{\n  "scenarios": [}\n',
         'x.json:2:17: this is no JSON: Expecting value\n    "scenarios": [}\n                  ^\n'),
        ("", "x.json:1:1: this is no JSON: Expecting value\n    \n    ^\n"),
        ("[" * 100_000, "x.json: lists and objects stand too deep in one another\n"),
        ("1" * 5000, "x.json: Exceeds the limit (4300 digits) for integer string conversion: value has 5000 digits; use"
         " sys.set_int_max_str_digits() to increase the limit\n"),
        ('{"scenarios": [], "scenarios": []}', 'x.json: one object has the key "scenarios" twice; write it once\n'),
        (b"\xff", "x.json: this is no UTF-8\n"),
    ],
)  # fmt: skip
def test_a_document_that_is_wrong_writes_nothing(script, tmp_path, written, told):
    (tmp_path / "x.json").write_bytes(written if isinstance(written, bytes) else written.encode())
    done = script("from-json", "x.json", "-o", "x.ussd")
    assert (done.exit_code, done.stdout, done.stderr) == (2, "", told)
    assert not (tmp_path / "x.ussd").exists()


def test_a_table_is_looked_for_beside_the_script_that_is_written(script, tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "users.csv").write_text("code\n*100#\n")
    steps = [{"step": "for_each", "table": "users.csv", "steps": [{"step": "dial", "phone": "anna", "code": "{code}"}]}]
    (tmp_path / "x.json").write_text(json.dumps(TIDY_JSON | {"scenarios": [{"name": "One", "steps": steps}]}))
    assert script("from-json", "x.json").stderr == (
        'x.json: scenarios[0].steps[0].table: there is no file "users.csv"\nlooked for users.csv\n'
    )
    assert script("from-json", "x.json", "-o", "there/x.ussd").exit_code == 0
    assert script("check", "there/x.ussd").exit_code == 0
