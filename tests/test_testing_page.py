"""docs/testing.md says nothing that is not so: its tests are run, with the programs that they test."""

import inspect
import os
import re
import shlex
from pathlib import Path

import pytest

from ussd_gateway import pytest_plugin
from ussd_gateway.config import Config

HOUSE = Path(__file__).parent.parent
PAGE = (HOUSE / "docs" / "testing.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE))
INI = "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n"


def python_of(section):
    return re.findall(r"^```python\n(.*?)^```$", SECTIONS[section], re.DOTALL | re.MULTILINE)


@pytest.fixture
def passes(pytester, monkeypatch):
    """Runs a test of the page in a folder with other files of it; every warning is an error."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", str(HOUSE), prepend=os.pathsep)
    pytester.makeini(INI)

    def passes(number, test, *arguments, **beside):
        pytester.makepyfile(test_it=test, **beside)
        plugins = ("-p", "pytest_asyncio.plugin", "-p", "ussd_gateway.pytest_plugin")
        result = pytester.runpytest_subprocess(*plugins, "-W", "error", "--strict-markers", *arguments)
        result.assert_outcomes(passed=number)

    return passes


@pytest.mark.parametrize("kind", [0, 1], ids=["plain", "async"])
def test_the_first_tests_pass(passes, kind):
    passes(1, python_of("A test with phones")[kind])


@pytest.mark.parametrize("kind", [0, 1], ids=["plain", "async"])
def test_the_tests_in_sentences_pass(passes, kind):
    passes(1, python_of("A test in sentences")[kind])


def test_the_smpp_client_is_tested(passes):
    shop, test = python_of("Your SMPP client")
    passes(4, test, shop=shop)


def test_the_application_behind_a_url_is_tested(passes):
    parking, test = python_of("Your USSD application behind a URL")
    passes(3, test, parking=parking)


def test_the_phone_software_is_tested(passes):
    robot, test = python_of("Your phone software")
    passes(2, test, robot=robot)


def test_the_settings_hold(passes, pytester):
    (pytester.path / "shop.toml").write_text('[[subscriber]]\nmsisdn = "70001000001"\nbalance = "7.50"\n')
    (test,) = python_of("Settings")
    passes(1, test)


def test_the_settings_of_pytest_are_those_of_the_plugin():
    known = re.findall(r'addini\(\s*"(\w+)"', inspect.getsource(pytest_plugin.pytest_addoption))
    assert sorted(re.findall(r"^\| `(\w+)` \|", SECTIONS["Settings"], re.MULTILINE)) == sorted(known)


def test_every_setting_that_the_page_names_is_there():
    for section, key in re.findall(r'"([a-z]+)\.([a-z_0-9]+)": ', PAGE):
        assert key in getattr(Config(), section).model_dump(), (section, key)


@pytest.mark.parametrize(
    "command", re.findall(r"^\$ pytest (.*)$", SECTIONS["Scripts are tests"], re.MULTILINE), ids=lambda command: command
)
def test_scripts_are_run_as_the_page_runs_them(pytester, monkeypatch, command):
    if "-n" in shlex.split(command):
        pytest.importorskip("xdist")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", str(HOUSE), prepend=os.pathsep)
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    sessions = pytester.mkdir("sessions")
    (sessions / "password.ussd").write_text(
        'phone anna is 70001000001\n\nscenario "A new password" tagged smoke\n    anna dials *111*25#\n',
        encoding="utf-8",
    )
    plugins = ["-p", "ussd_gateway.pytest_plugin"]
    if "-n" in shlex.split(command):
        plugins += ["-p", "xdist.plugin", "-p", "xdist.looponfail"]
    pytester.runpytest_subprocess(*plugins, *shlex.split(command)).assert_outcomes(passed=1)


def test_the_same_without_pytest(capsys):
    for program, printed in zip(python_of("Without pytest"), ["Ваш баланс: 150.00 р.\n", "150.00\n"], strict=True):
        exec(program, {})
        assert capsys.readouterr().out == printed


def test_every_link_leads_somewhere():
    for page, anchor in re.findall(r"\]\((\S+?\.\w+)(#\S+)?\)", PAGE):
        if page.startswith("http"):
            continue
        linked = (HOUSE / "docs" / page).read_text(encoding="utf-8")
        headings = {
            "#" + heading.lower().replace(" ", "-") for heading in re.findall(r"^#+ (.*)$", linked, re.MULTILINE)
        }
        assert not anchor or anchor in headings, (page, anchor)
