"""kill -9: what was answered ESME_ROK is in the store when the gateway is started again."""

import os
import signal
import socket
import subprocess
import sys

import pytest

from ussd_gateway.smpp.commands import BindTransmitter, SubmitSm, SubmitSmResp
from ussd_gateway.smpp.connection import Connection
from ussd_gateway.store.journal import Journal
from ussd_gateway.store.store import Store

MESSAGES = 1000
PATIENCE = 20.0


@pytest.mark.parametrize("killed_after", [1, 437, 999])
def test_every_message_that_was_acknowledged_survives_kill_9(tmp_path, killed_after):
    path = tmp_path / "gateway.db"
    arguments = ("serve", "--http-port", "0", "--smpp-port", "0", "--store", str(path))
    process = subprocess.Popen(
        [sys.executable, "-m", "ussd_gateway", *arguments], stderr=subprocess.PIPE, text=True, cwd=tmp_path
    )
    try:
        port = next(int(line.split(":")[1].split()[0]) for line in process.stderr if line.startswith("  smpp"))
        acknowledged = submit_until_killed(process, port, killed_after)
    finally:
        process.kill()
        process.wait(PATIENCE)
        process.stderr.close()
    assert len(acknowledged) >= killed_after
    store = Store(path)
    kept = {entry.sms.message_id for _, entry in Journal(store).after(0) if entry.kind == "sms"}
    store.close()
    assert acknowledged <= kept


def submit_until_killed(process, port, killed_after):
    """Submits all messages, kills the gateway once so many are answered, and reads what was still under way."""
    connection, acknowledged = Connection(), set()
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as esme:
        esme.sendall(BindTransmitter(sequence_number=1, system_id="test", password="test").encode())
        stream = b"".join(
            SubmitSm(sequence_number=number + 2, destination_addr="70001000001", short_message=b"%d" % number).encode()
            for number in range(MESSAGES)
        )
        esme.sendall(stream)
        while octets := received(esme):
            for pdu in connection.receive_data(octets):
                if isinstance(pdu, SubmitSmResp):
                    acknowledged.add(pdu.message_id)
            if len(acknowledged) >= killed_after and process.poll() is None:
                os.kill(process.pid, signal.SIGKILL)
                process.wait(PATIENCE)
    return acknowledged


def received(esme):
    try:
        return esme.recv(2048)
    except ConnectionResetError:
        return b""
