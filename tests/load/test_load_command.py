"""`ussd-gateway load`, as somebody types it."""

import asyncio
import json
import socket

import pytest
from click.testing import CliRunner

from ussd_gateway.cli import main


@pytest.fixture
def load(operator_on_sockets):
    """Runs `load sms` against the gateway of this event loop."""

    async def run(*arguments):
        port = str(operator_on_sockets.smpp_address[1])
        return await asyncio.to_thread(CliRunner().invoke, main, ["load", "sms", "--port", port, *arguments])

    return run


async def test_a_table_on_standard_output(load):
    done = await load("--count", "200", "--binds", "2", "--receipts", "--users", "3")
    assert done.exit_code == 0
    assert "response p99.9" in done.stdout
    assert "receipts lost" in done.stdout


async def test_one_line_of_json(load):
    done = await load("--count", "200", "--json", "--threshold", "errors==0", "--threshold", "p99<60s")
    assert done.exit_code == 0
    (line,) = done.stdout.splitlines()
    assert json.loads(line)["accepted"] == 200
    assert json.loads(line)["missed"] == []


async def test_a_missed_threshold_and_one_without_data_are_told_and_end_with_1(load):
    done = await load("--count", "20", "--json", "--threshold", "sent>100", "--threshold", "lost==0")
    assert done.exit_code == 1
    missed = ["sent>100: it is 20", "lost==0: there is no data"]
    assert done.stderr.splitlines() == missed
    assert json.loads(done.stdout)["missed"] == missed


MISTAKES = {
    ("--threshold", "p98<1ms"): "known: msg_per_s, p50",
    ("--to", "anna"): "write one such as 70001000001",
    ("--text", "x" * 255): "short_message",
    ("--system-id", "x" * 16): "system_id",
    ("--from", "5" * 30): "source_addr",
}


@pytest.mark.parametrize(("arguments", "words"), MISTAKES.items(), ids=lambda part: str(part)[:20])
async def test_a_mistake_is_told_before_anything_is_sent(load, arguments, words):
    done = await load(*arguments)
    assert done.exit_code == 2
    assert words in done.stderr


def test_no_server_there_ends_with_3():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    done = CliRunner().invoke(main, ["load", "sms", "--port", str(port)])
    assert done.exit_code == 3
    assert "ussd-gateway serve" in done.stderr


async def test_a_refused_bind_ends_with_3(load):
    done = await load("--password", "wrong")
    assert done.exit_code == 3
    assert "ESME_RINVPASWD" in done.stderr


@pytest.fixture
def load_ussd(operator_on_sockets):
    """Runs `load ussd` against the gateway of this event loop."""

    async def run(*arguments):
        words = ["load", "ussd", "--gateway", operator_on_sockets.http_url, *arguments]
        return await asyncio.to_thread(CliRunner().invoke, main, words)

    return run


async def test_users_dial_and_answer(load_ussd):
    done = await load_ussd("--users", "3", "--count", "12", "--answer", "1", "--json", "--threshold", "errors==0")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["dialogues"] == 12
    assert "dialogues a second" in (await load_ussd("--count", "3")).stdout


async def test_ussd_s_mistakes_are_told(load_ussd):
    done = await load_ussd("--from", "anna")
    assert done.exit_code == 2
    assert "--from" in done.stderr


def test_no_gateway_there_ends_with_3():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    done = CliRunner().invoke(main, ["load", "ussd", "--gateway", f"http://127.0.0.1:{port}"])
    assert done.exit_code == 3
    assert "ussd-gateway serve" in done.stderr
