"""docs/ussd-over-smpp.md says nothing that is not so: its configuration is loaded, and its program answers a phone."""

import asyncio
import re
import threading
import tomllib
from pathlib import Path

import smpplib.command
import smpplib.exceptions

from ussd_gateway.config import load
from ussd_gateway.smpp.status import Status

PAGE = (Path(__file__).parents[3] / "docs" / "ussd-over-smpp.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
ACCOUNT, LINK = [body for kind, body in BLOCKS if kind == "toml"]
(PROGRAM,) = [body for kind, body in BLOCKS if kind == "python"]
(TERMINAL,) = [body for kind, body in BLOCKS if kind == ""]


def test_the_configuration_of_the_page_is_taken(tmp_path):
    (tmp_path / "config.toml").write_text(ACCOUNT + LINK)
    config = load(tmp_path / "config.toml", environment={}).config
    assert set(tomllib.loads(LINK)["link"][0]) == config.link[0].model_fields_set == set(config.link[0].model_dump())
    assert config.esme[0].codes == ("*500#", "*501*2#")


def test_every_status_of_the_page_is_one():
    assert set(re.findall(r"ESME_\w+", PAGE)) <= set(Status.__members__)


async def test_the_program_of_the_page_answers_a_phone(operator_on_sockets, monkeypatch):
    monkeypatch.setattr(smpplib.command.DeliverSM, "params", dict(smpplib.command.DeliverSM.params))
    host, port = operator_on_sockets.smpp_address
    program = PROGRAM.replace('"127.0.0.1", 2775', f'"{host}", {port}')
    *before, listen = program.strip().splitlines()
    names = {}

    def run():
        exec("\n".join(before), names)
        bound.set()
        try:
            exec(listen, names)
        except (smpplib.exceptions.ConnectionError, OSError):  # the gateway has stopped
            names["client"].disconnect()

    bound = threading.Event()
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    await asyncio.to_thread(bound.wait, 5)
    shown = TERMINAL.splitlines()[1:]
    anna = operator_on_sockets.handset("70001000001")
    assert [await anna.dial("*500#"), await anna.answer("Anna")] == shown
    await operator_on_sockets.stop()
    await asyncio.to_thread(thread.join, 5)
    assert not thread.is_alive()
