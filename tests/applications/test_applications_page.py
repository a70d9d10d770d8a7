"""docs/applications.md says nothing that is not so: its functions are dialled, changed and broken."""

import re
import sys
from pathlib import Path

import pytest

from tests.conftest import CHEAP, FREE_PORTS, START
from ussd_gateway.clock import VirtualClock
from ussd_gateway.config import Config
from ussd_gateway.network.message import Ussd
from ussd_gateway.serve import Gateway

HOUSE = Path(__file__).parents[2]
PAGE = (HOUSE / "docs" / "applications.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
BALANCE, TOP_UP, TRANSFER, TEST = [body for kind, body in BLOCKS if kind == "python"]
(CONFIG,) = [body for kind, body in BLOCKS if kind == "toml"]
((COMMAND, SCREEN),) = [body.strip().split("\n") for kind, body in BLOCKS if kind == "console"]
ANNA = "70001000001"

knows_applications = pytest.mark.skipif(
    "application" not in Config.model_fields, reason="the settings have no [[application]]"
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder of a config.toml; what is imported from it is forgotten at the end."""
    monkeypatch.setattr(sys, "path", sys.path[:])
    yield tmp_path
    sys.modules.pop("airtime", None)


@pytest.fixture
async def beside(folder):
    """A folder with airtime.py, and a gateway of its config.toml."""
    (folder / "airtime.py").write_text(BALANCE + TOP_UP + TRANSFER)
    config = folder / "config.toml"
    config.write_text(CONFIG if "application" in Config.model_fields else "")
    async with Gateway.from_config(config, clock=VirtualClock(START), flags=FREE_PORTS | CHEAP) as gateway:
        gateway.attach_function("*501#", "airtime:top_up")
        gateway.attach_function("*502#", "airtime:transfer")
        yield folder, gateway, gateway.handset(ANNA)


def facts(gateway, kind):
    gateway.journal.commit()
    return [entry.facts for _, entry in gateway.journal.after(0) if entry.kind == kind]


@knows_applications
async def test_the_first_function_answers_the_code_of_the_config(beside):
    _, _, alice = beside
    code = re.search(r"dial '(.*?)' --from", COMMAND)[1]
    assert await alice.dial(code) == SCREEN


async def test_a_function_asks_and_can_be_dialled_directly(beside):
    _, _, alice = beside
    assert await alice.dial("*501#") == "Top up\n1 100\n2 500"
    assert await alice.answer("2") == "500: 1 Yes, 2 No"
    assert await alice.answer("1") == "Done."
    assert "`*501*1*1#`" in PAGE
    assert await alice.dial("*501*1*1#") == "Done."
    assert await alice.dial("*501*3#") == "Goodbye."


async def test_every_name_of_the_table_is_there(beside):
    _, gateway, alice = beside
    seen = []

    def looks(ussd):
        seen.append(ussd)
        return ussd.end("!")

    gateway.attach_function("*503#", looks)
    await alice.dial("*503#")
    rows = re.findall(r"^\| (`.*?) \|", PAGE.split("| `ussd.` |")[1].split("\n\n")[0], re.MULTILINE)
    names = re.findall(r"`(\w+)", " ".join(rows))
    assert len(names) >= 11
    for name in names:
        assert hasattr(seen[0], name), name
    assert (seen[0].operation, seen[0].language) == ("begin", "ru")


async def test_a_pin_is_in_no_record(beside):
    _, gateway, alice = beside
    await alice.dial("*502#")
    assert await alice.answer("100") == "PIN?"
    assert await alice.answer("2580") == "100 sent."
    gateway.journal.commit()
    assert [entry.octets for _, entry in gateway.journal.after(0)] == [
        b"*502#",
        b"How much?",
        b"100",
        b"PIN?",
        b"********",
        b"100 sent.",
    ]


async def test_a_reply_names_its_own_secrets(beside):
    _, gateway, alice = beside
    given = {"ussd": Ussd("begin")}
    reply, naming = re.search(r"`(reply = .*?)`, then `(.*?)`", PAGE).groups()

    def shows(ussd):
        given["ussd"] = ussd
        exec(f"{reply}\n{naming}", given)
        return given["reply"]

    gateway.attach_function("*503#", shows)
    assert await alice.dial("*503#") == "Your PIN: 2580"
    gateway.journal.commit()
    assert [entry.octets for _, entry in gateway.journal.after(0)][-1] == b"Your PIN: ********"


FAULTY = {
    "raises": "async def balance(ussd):\n    raise KeyError\n",
    "returns something else": 'async def balance(ussd):\n    return "150.00"\n',
    "returns a text that does not fit": 'async def balance(ussd):\n    return ussd.end("Д" * 81)\n',
}


@pytest.mark.parametrize("fault", FAULTY)
async def test_each_fault_is_explained_as_the_page_has_it(beside, fault):
    folder, gateway, alice = beside
    (folder / "airtime.py").write_text(FAULTY[fault] + TOP_UP + TRANSFER)
    gateway.attach_function("*503#", "airtime:balance")
    assert (await alice.dial("*503#")).outcome == "abort_app"
    (row,) = re.findall(rf"^\| {fault} \| `(.*)` \|$", PAGE, re.MULTILINE)
    assert [told["why"] for told in facts(gateway, "application.failed")] == [row]


async def test_a_saved_file_runs_and_a_broken_one_is_told(beside):
    folder, gateway, alice = beside
    (folder / "airtime.py").write_text((BALANCE + TOP_UP + TRANSFER).replace("Top up", "Add money"))
    assert await alice.dial("*501#") == "Add money\n1 100\n2 500"
    assert facts(gateway, "application.reloaded") == [{"module": "airtime"}]
    await alice.hang_up()
    (folder / "airtime.py").write_text("async def balance(ussd)\n")
    assert await alice.dial("*501#") == "Add money\n1 100\n2 500"
    (told,) = facts(gateway, "application.not_reloaded")
    assert f"`{told['why']}`" in PAGE


MENU = """
title = "Airtime"
codes = ["*504#"]
languages = ["en"]

[screens.main]
handler = "airtime:cents"
text = "{{ cents }}"
end = true
"""


async def test_handlers_of_menus_are_found_and_read_again_in_the_same_way(folder):
    handler = 'async def cents(ussd):\n    return {"cents": 100}\n'
    (folder / "airtime.py").write_text(handler)
    (folder / "config.toml").write_text('[menus]\ndirectory = "menus"\n')
    (folder / "menus").mkdir()
    (folder / "menus" / "airtime.toml").write_text(MENU)
    flags = FREE_PORTS | CHEAP
    async with Gateway.from_config(folder / "config.toml", clock=VirtualClock(START), flags=flags) as gateway:
        alice = gateway.handset(ANNA)
        assert await alice.dial("*504#") == "100"
        (folder / "airtime.py").write_text(handler.replace("100", "200"))
        assert await alice.dial("*504#") == "200"
        (folder / "airtime.py").write_text("async def cents(ussd)\n")
        assert await alice.dial("*504#") == "200"
        assert len(facts(gateway, "application.not_reloaded")) == 1


def test_the_test_of_the_page_passes(pytester, monkeypatch):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    pytester.makepyfile(airtime=BALANCE, test_airtime=TEST)
    result = pytester.runpytest_inprocess("-p", "pytest_asyncio.plugin", "-p", "ussd_gateway.pytest_plugin")
    result.assert_outcomes(passed=1)
