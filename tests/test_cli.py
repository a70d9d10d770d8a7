"""The command line, as somebody types it."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager

import pytest

PATIENCE = 20.0
SETTINGS = {
    "USSD_GATEWAY_SELFCARE_ARGON2_TIME_COST": "1",
    "USSD_GATEWAY_SELFCARE_ARGON2_MEMORY_KIB": "8",
}


def command(*arguments):
    return [sys.executable, "-m", "ussd_gateway", *arguments]


def run(*arguments, cwd=None):
    return subprocess.run(
        command(*arguments), capture_output=True, text=True, timeout=PATIENCE, cwd=cwd, env=os.environ | SETTINGS
    )


@contextmanager
def serving(folder, *arguments):
    """A gateway in a process of its own; gives what its ready file says."""
    ready_file = folder / "ready.json"
    process = subprocess.Popen(
        command("serve", "--http-port", "0", "--smpp-port", "0", "--ready-file", str(ready_file), *arguments),
        cwd=folder,
        env=os.environ | SETTINGS,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        said = []
        for line in process.stderr:  # the ready file is written right after the last line of the announcement
            said.append(line)
            if line.startswith("and log in"):
                break
        end = time.monotonic() + PATIENCE
        while not ready_file.exists() and time.monotonic() < end:
            os.sched_yield()
        yield json.loads(ready_file.read_text()) | {"process": process, "said": "".join(said)}
    finally:
        process.terminate()
        process.wait(PATIENCE)
        process.stderr.close()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("gateway"), "--store", ":memory:") as ready:
        yield ready


def test_the_start_tells_of_faults_while_any_is_on(gateway, tmp_path):
    assert "FAULTS" not in gateway["said"]
    (tmp_path / "config.toml").write_text("[[fault]]\neffect = 'drop'\n[[fault]]\neffect = 'duplicate'\n")
    with serving(tmp_path, "--store", ":memory:") as faulty:
        assert "\n  FAULTS drop on submit_sm; duplicate on deliver_sm\n" in faulty["said"]


def get(url):
    with urllib.request.urlopen(url, timeout=PATIENCE) as response:
        return json.load(response)


def test_dial_prints_each_screen_and_leaves_on_the_last_one(gateway):
    done = run("dial", "*111#", "--from", "70001000001", "--answer", "1", "--gateway", gateway["http"])
    assert done.returncode == 0
    assert "1 Баланс" in done.stdout
    assert done.stdout.splitlines()[-1] == "Ваш баланс: 150.00 р."


def test_dial_hangs_up_when_it_has_no_more_to_say(gateway):
    run("dial", "*111#", "--from", "70001000002", "--gateway", gateway["http"])
    assert get(f"{gateway['http']}/api/v1/handsets/70001000002")["session"] is None


def test_dial_as_json_and_its_mistakes(gateway):
    done = run("dial", "*777#", "--from", "+70001000001", "--json", "--gateway", gateway["http"])
    assert (done.returncode, json.loads(done.stdout)["outcome"]) == (1, "no_route")
    done = run("dial", "*777#", "--from", "70001000001", "--answer", "1", "--gateway", gateway["http"])
    assert (done.returncode, done.stderr) == (1, "the dialogue ended (no_route) before --answer '1'\n")
    done = run("dial", "*x#", "--from", "70001000001", "--gateway", gateway["http"])
    assert done.returncode == 1
    assert "x" in done.stderr
    assert (
        run("dial", "*1#", "--from", "anna").stderr
        == "--from anna: write the digits of a number, such as 70001000001\n"
    )


def test_dial_without_a_gateway_says_how_to_start_one():
    done = run("dial", "*100#", "--from", "70001000001", "--gateway", "http://127.0.0.1:1")
    assert done.returncode == 3
    assert done.stderr.startswith("no gateway answers at http://127.0.0.1:1 (")
    assert done.stderr.endswith("start one with `ussd-gateway serve`\n")


def test_send_prints_the_message_id_and_the_receipt(gateway):
    port = gateway["smpp"].rpartition(":")[2]
    done = run("send", "--from", "bank", "--to", "70002000001", "Привет", "--port", port, "--receipt", "--json")
    sent = json.loads(done.stdout)
    assert sent["receipt"] == "DELIVRD"
    inbox = get(f"{gateway['http']}/api/v1/handsets/70002000001/sms")["messages"]
    assert [(sms["id"], sms["text"]) for sms in inbox] == [(sent["message_id"], "Привет")]


def test_send_tells_what_went_wrong(gateway):
    port = gateway["smpp"].rpartition(":")[2]
    done = run("send", "--from", "bank", "--to", "1", "x", "--port", port, "--password", "wrong")
    assert (done.returncode, done.stderr) == (1, f"test cannot bind to 127.0.0.1:{port}: ESME_RINVPASWD\n")
    done = run("send", "--from", "bank", "--to", "1", "x", "--port", "1")
    assert done.returncode == 1
    assert done.stderr.startswith("there is no SMSC at 127.0.0.1:1 (")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_says_where_it_listens_and_ends_on_a_signal_within_two_seconds(tmp_path, number):
    with serving(tmp_path, "--store", "kept.db") as ready:
        assert ready["pid"] == ready["process"].pid
        assert get(f"{ready['http']}/readyz") == {"status": "ready"}
        begun = time.monotonic()
        ready["process"].send_signal(number)
        assert ready["process"].wait(PATIENCE) == 0
        assert time.monotonic() - begun < 2
    assert (tmp_path / "kept.db").exists()


def test_serve_tells_what_has_no_effect_yet(tmp_path):
    (tmp_path / "config.toml").write_text("[[modem]]\nmsisdn = '70003000001'\n")
    with serving(tmp_path, "--store", ":memory:", "--at-port", "0") as ready:
        notes = [ready["process"].stderr.readline() for _ in range(2)]
        assert notes == ["Note: config.toml: modem has no effect yet.\n", "Note: --at-port has no effect yet.\n"]
        assert (ready["smpps"], ready["at"], ready["pty"]) == (None, None, None)


def test_serve_with_a_virtual_clock_begins_where_it_is_told(tmp_path):
    with serving(tmp_path, "--store", ":memory:", "--virtual-clock=2018-04-27T17:50:00+03:00") as ready:
        assert get(f"{ready['http']}/api/v1/clock")["now"] == "2018-04-27T14:50:00.000Z"


MISTAKES = {
    "a wrong key": (("--config", "c.toml"), "c.toml: log.levle: there is no such key; did you mean level?\n"),
    "a wrong moment": (
        ("--virtual-clock=tomorrow", "--store", ":memory:"),
        "'tomorrow' is no moment; one looks like 2018-04-27T17:50:00+03:00\n",
    ),
    "a ready file nowhere": (
        ("--ready-file", "nowhere/ready.json"),
        "--ready-file nowhere/ready.json: there is no folder nowhere\n",
    ),
    "a store that is none": (
        ("--store", "c.toml"),
        "store c.toml: file is not a database; name another file with --store, or --store :memory: for none\n",
    ),
}


@pytest.mark.parametrize(("arguments", "said"), MISTAKES.values(), ids=MISTAKES)
def test_serve_tells_a_mistake_in_one_line_and_ends(tmp_path, arguments, said):
    (tmp_path / "c.toml").write_text("[log]\nlevle = 'info'\n")
    done = run("serve", *arguments, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, said)


def test_config_show_says_where_each_setting_comes_from_and_hides_passwords(tmp_path):
    done = run("config", "show")
    assert "selfcare.argon2_time_cost = 1  # environment (USSD_GATEWAY_SELFCARE_ARGON2_TIME_COST)" in done.stdout
    assert "selfcare.password = ********  # file" in done.stdout
    rows = json.loads(run("config", "show", "--json").stdout)
    assert rows["server.http_port"] == {"value": 8080, "from": "file"}
    assert rows["esme[0].password"]["value"] == "********"
    assert rows["desk[0].password"]["value"] == rows["subscriber[0].passport"]["value"] == "********"
    text = "[[application]]\ncode = '*1#'\nurl = 'http://u:secret@a/x'\ndialect = 'ideamart'\nsettings = { password = 'secret' }\n"
    (tmp_path / "c.toml").write_text(text)
    done = run("config", "show", "--config", str(tmp_path / "c.toml"))
    assert "application[0].settings = {'password': '********'}" in done.stdout
    assert "application[0].url = http://u:********@a/x  # file" in done.stdout


def test_config_check(tmp_path):
    assert run("config", "check").returncode == 0
    (tmp_path / "c.toml").write_text("[log]\nlevel = 'loud'\n")
    done = run("config", "check", "--config", str(tmp_path / "c.toml"))
    assert (done.returncode, done.stderr[:19]) == (2, "c.toml: log.level: ")
    (tmp_path / "c.toml").write_text("[[esme]]\nsystem_id = 'a'\npassword = ''\nnumbers = ['6000-5000']\n")
    done = run("config", "check", "--config", str(tmp_path / "c.toml"))
    assert (done.returncode, done.stderr[:35]) == (2, "esme[0].numbers: '6000-5000' is nei")


def test_help_is_everywhere_and_the_version_is_told():
    for words in (
        (),
        ("serve",),
        ("dial",),
        ("send",),
        ("play",),
        ("menu", "check"),
        ("menu", "graph"),
        ("menu", "schema"),
        ("config", "show"),
    ):
        done = run(*words, "--help")
        assert (done.returncode, done.stdout[:6]) == (0, "Usage:")
    assert run("--version").stdout.startswith("ussd-gateway, version ")
