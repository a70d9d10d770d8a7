"""Functions by import string: found beside the config, and new when their file is."""

import asyncio
import asyncio.queues
import sys
from pathlib import Path

import pytest

from ussd_gateway.applications.imports import HandlerError, Imports, resolve


async def balance(ussd):
    return {"balance": 15000}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder of a config file; what is imported from it is forgotten at the end."""
    monkeypatch.setattr(sys, "path", sys.path[:])
    yield tmp_path
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(str(tmp_path)):
            del sys.modules[name]


class Notes(list):
    """What was noted: (kind, facts)."""

    def __call__(self, kind, **facts):
        self.append((kind, facts))


@pytest.fixture
def notes():
    return Notes()


@pytest.fixture
def imports(folder, notes):
    return Imports(folder, notes)


def write(folder, text, name="airtime.py"):
    file = folder / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def says(word):
    return f"def balance(ussd):\n    return {word!r}\n"


def test_a_handler_is_found_in_the_registry_or_imported(imports):
    assert resolve("selfcare.balance", {"selfcare.balance": balance}, imports) is balance
    assert resolve("asyncio:sleep", {}, imports).current() is asyncio.sleep
    assert resolve("asyncio.queues:Queue.get", {}, imports).current() is asyncio.Queue.get


def test_a_handler_that_is_in_no_registry_is_told_by_name(imports):
    with pytest.raises(HandlerError) as raised:
        resolve("selfcare.balanse", {"selfcare.balance": balance}, imports)
    assert str(raised.value) == 'there is no handler "selfcare.balanse"; did you mean "selfcare.balance"?'


def test_a_function_is_found_beside_the_config_and_so_is_what_its_module_imports(folder, imports):
    write(folder, "RATE = 5\n", "rates_of_today.py")
    write(folder, "import rates_of_today\ndef balance(ussd):\n    return ussd * rates_of_today.RATE\n")
    function = imports.function("airtime:balance")
    assert function.name == "airtime:balance"
    assert function(3) == 15
    assert sys.modules["airtime"].balance is function.current()


def test_a_module_of_a_package_and_a_method_are_found(folder, imports):
    write(folder, "", "shop/__init__.py")
    write(folder, "class Account:\n    def balance(ussd):\n        return ussd\n", "shop/airtime.py")
    assert imports.function("shop.airtime:Account.balance")(7) == 7


FAULTY = [
    # import string, airtime.py, the message
    ("airtime", "", '"airtime" is no import string; one looks like airtime:balance, a module and its function'),
    ("airtime:", "", '"airtime:" is no import string'),
    (":balance", "", '":balance" is no import string'),
    (
        "airtame:balance",
        "",
        '"airtame:balance" cannot be imported: there is no module airtame; write airtame.py into {folder}, or install',
    ),
    (
        "airtime.py:f",
        "",
        '"airtime.py:f" cannot be imported: there is no module airtime.py; leave out .py',
    ),
    ("airtime.deep:f", "", '"airtime.deep:f" cannot be imported: there is no module airtime.deep'),
    (
        "airtime:balanse",
        "def balance(): pass",
        '"airtime:balanse" cannot be imported: airtime.py has no balanse; did you mean "balance"?',
    ),
    ("airtime:a.b", "def a(): pass", '"airtime:a.b" cannot be imported: airtime.py has no a.b'),
    ("airtime:RATE", "RATE = 5", "RATE in airtime.py is no function, it is a value of type int"),
    ("airtime:f", "\ndef f(:\n", '"airtime:f" cannot be imported: invalid syntax at airtime.py:2'),
    ("airtime:f", "import no_such_thing", "cannot be imported: No module named 'no_such_thing' at airtime.py:1"),
    ("airtime:f", "\npin = '1234'\nint('PIN' + pin)", "cannot be imported: ValueError at airtime.py:3"),
    ("airtime:f", "raise SystemExit(1)", "cannot be imported: SystemExit at airtime.py:1"),
    ("sys:path", "", '"sys:path" cannot be imported: path in sys is no function, it is a value of type list'),
]


@pytest.mark.parametrize(("name", "text", "message"), FAULTY)
def test_a_function_that_cannot_be_had_is_told_with_the_way_out(folder, imports, name, text, message):
    write(folder, text)
    with pytest.raises(HandlerError) as raised:
        imports.function(name)
    assert message.format(folder=folder) in str(raised.value)
    assert "1234" not in str(raised.value)
    assert "airtime" not in sys.modules or text in ("", "def balance(): pass", "def a(): pass", "RATE = 5")


def test_a_file_that_would_hide_a_module_of_python_is_refused(folder, imports):
    write(folder, says("1"), "calendar.py")
    with pytest.raises(HandlerError, match="calendar beside the config has the name of a module of Python's own"):
        imports.function("calendar:balance")


def test_python_itself_may_live_in_a_folder_of_the_config(folder):
    home = Path(asyncio.__file__).parents[2]
    assert Imports(home).function("asyncio:sleep").current() is asyncio.sleep


def test_a_changed_file_is_read_again_and_an_old_function_stays_what_it_was(folder, imports, notes):
    write(folder, "WORD = 'old'\ndef balance(ussd):\n    return WORD\n")
    function = imports.function("airtime:balance")
    old = function.current()
    write(folder, "WORD = 'new'\ndef balance(ussd):\n    return WORD\n")
    assert function(None) == "new"
    assert old(None) == "old"
    assert sys.modules["airtime"].WORD == "new"
    assert notes == [("application.reloaded", {"module": "airtime"})]


def test_each_of_many_changes_within_a_second_is_seen(folder, imports):
    write(folder, says("0"))
    function = imports.function("airtime:balance")
    for number in range(1, 10):  # always of the same size
        write(folder, says(str(number)))
        assert function(None) == str(number)
    assert not (folder / "__pycache__").exists()


def test_a_file_that_did_not_change_is_not_read_again(folder, imports, notes):
    write(folder, says("1"))
    function = imports.function("airtime:balance")
    assert function.current() is function.current()
    assert imports.function("airtime:balance").current() is function.current()
    assert notes == []


BROKEN = [
    ("def balance(ussd)\n", "expected ':' at airtime.py:1"),
    ("\n\n1 / 0\n", "ZeroDivisionError at airtime.py:3"),
    ("from asyncio import slep\n", "cannot import name 'slep' from 'asyncio'"),
    ("def balanse(ussd): pass\n", 'airtime.py has no balance; did you mean "balanse"?'),
    ("exit()\n", "SystemExit at"),
    ("", "airtime.py has no balance"),
    (None, "airtime.py is gone"),
]


@pytest.mark.parametrize(("text", "why"), BROKEN)
def test_a_file_that_cannot_be_run_leaves_the_last_version_and_is_told_once(folder, imports, notes, text, why):
    file = write(folder, says("old"))
    function = imports.function("airtime:balance")
    if text is None:
        file.unlink()
    else:
        write(folder, text)
    assert [function(None), function(None)] == ["old", "old"]
    ((kind, facts),) = notes
    assert (kind, facts["module"]) == ("application.not_reloaded", "airtime")
    assert facts["why"].startswith(why)
    assert facts["why"].endswith("; its last version goes on")
    assert sys.modules["airtime"].balance is function.current()

    write(folder, says("mended"))
    assert function(None) == "mended"
    assert [kind for kind, _ in notes] == ["application.not_reloaded", "application.reloaded"]


def test_a_file_that_cannot_be_run_is_a_warning_and_one_that_can_is_none(folder):
    noted, warned = [], []
    imports = Imports(folder, lambda kind, **facts: noted.append(kind), lambda kind, **facts: warned.append(kind))
    write(folder, says("old"))
    function = imports.function("airtime:balance")
    write(folder, "def")
    assert function(None) == "old"
    write(folder, says("mended"))
    assert function(None) == "mended"
    assert (noted, warned) == (["application.reloaded"], ["application.not_reloaded"])


def test_a_new_version_has_to_have_every_function_in_use(folder, imports, notes):
    write(folder, says("old") + "def top_up(ussd): return 'old'\n")
    functions = [imports.function("airtime:balance"), imports.function("airtime:top_up")]
    write(folder, says("new"))
    assert [function(None) for function in functions] == ["old", "old"]
    write(folder, says("new") + "def top_up(ussd): return 'new'\n")
    assert [function(None) for function in functions] == ["new", "new"]
    assert [kind for kind, _ in notes] == ["application.not_reloaded", "application.reloaded"]


def test_a_function_that_the_file_has_only_now_is_found(folder, imports):
    write(folder, says("old"))
    imports.function("airtime:balance")
    write(folder, says("new") + "def top_up(ussd): return 'new'\n")
    assert imports.function("airtime:top_up")(None) == "new"


def test_only_the_module_that_is_named_is_read_again(folder, imports):
    write(folder, "RATE = 1\n", "rates_of_today.py")
    write(folder, "from rates_of_today import RATE\ndef balance(ussd): return RATE\n")
    function = imports.function("airtime:balance")
    write(folder, "RATE = 2\n", "rates_of_today.py")
    assert function(None) == 1


def test_what_a_test_has_imported_is_the_same_module(folder, imports, monkeypatch):
    write(folder, says("1"))
    monkeypatch.syspath_prepend(folder)
    import airtime

    function = imports.function("airtime:balance")
    assert function.current() is airtime.balance


def test_two_gateways_have_each_its_own_module_of_one_name(folder):
    for place in ("one", "two"):
        write(folder, says(place), f"{place}/airtime.py")
    one, two = (Imports(folder / place).function("airtime:balance") for place in ("one", "two"))
    assert (one(None), two(None)) == ("one", "two")


def test_a_gateway_that_starts_later_has_the_file_as_it_is_then(folder):
    write(folder, says("1"))
    assert Imports(folder).function("airtime:balance")(None) == "1"
    write(folder, says("2"))
    assert Imports(folder).function("airtime:balance")(None) == "2"


def test_a_dataclass_and_what_else_looks_itself_up_can_be_in_the_file(folder, imports):
    write(
        folder,
        "from __future__ import annotations\nfrom dataclasses import dataclass\n"
        "@dataclass(slots=True)\nclass Money:\n    kopecks: int = 5\n"
        "def balance(ussd): return Money().kopecks\n",
    )
    assert imports.function("airtime:balance")(None) == 5
