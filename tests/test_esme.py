"""aiosmpplib's ESME, mended: it lets its socket go, whatever ended it."""

import asyncio
import logging

import pytest
from aiosmpplib.state import SmppError

from ussd_gateway.esme import LONGEST, NO_LOG, Esme, delay, phone_number
from ussd_gateway.smpp.commands import BindTransceiver
from ussd_gateway.smpp.connection import Connection
from ussd_gateway.smpp.status import Status


class Peer:
    """An SMSC that answers the bind and keeps whatever else it is sent, until the ESME closes."""

    def __init__(self):
        self.commands, self.closed = [], asyncio.Event()

    async def serve(self, reader, writer):
        connection = Connection()
        while octets := await reader.read(65536):
            for pdu in connection.receive_data(octets):
                self.commands.append(pdu.command)
                if isinstance(pdu, BindTransceiver):
                    right = pdu.password == "right"
                    writer.write(pdu.reply(Status.ESME_ROK if right else Status.ESME_RINVPASWD).encode())
        writer.close()
        self.closed.set()

    async def esme(self, password):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        host, port = self.server.sockets[0].getsockname()
        return Esme(host, port, "test", password, log_level=NO_LOG, log_handler=logging.NullHandler())


@pytest.fixture
async def peer():
    peer = Peer()
    yield peer
    async with asyncio.timeout(5):
        await peer.closed.wait()
    peer.server.close()


async def test_hanging_up_unbinds_and_closes_the_socket(peer):
    esme = await peer.esme("right")
    await esme.connect()
    esme.hang_up()
    esme.hang_up()  # the second time there is nothing to do
    await peer.closed.wait()
    assert peer.commands == ["bind_transceiver", "unbind"]


async def test_a_refused_bind_leaves_no_socket_behind(peer):
    esme = await peer.esme("wrong")
    with pytest.raises(SmppError):
        await esme.connect()
    esme.hang_up()
    await peer.closed.wait()
    assert peer.commands == ["bind_transceiver"]


async def test_cancelling_it_ends_all_its_tasks_at_once(peer):
    esme = await peer.esme("right")
    await esme.connect()
    running = asyncio.create_task(esme.start())
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    names = {task.get_name() for task in asyncio.all_tasks()}
    assert not names & {"Receiver", "Sender", "Connection keeper"}


ADDRESSES = {
    "70001000001": ("70001000001", "INTERNATIONAL", "ISDN"),
    "+70001000001": ("70001000001", "INTERNATIONAL", "ISDN"),
    "3339": ("3339", "NETWORK_SPECIFIC", "UNKNOWN"),
    "bank": ("bank", "ALPHANUMERIC", "UNKNOWN"),
}


@pytest.mark.parametrize(("address", "kind"), ADDRESSES.items())
def test_an_address_has_its_type_and_plan(address, kind):
    number = phone_number(address)
    assert (number.number, number.ton.name, number.npi.name) == kind


def test_each_further_attempt_waits_longer():
    assert [delay(attempts) for attempts in range(1, 9)] == [0.0, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, LONGEST]
    assert (delay(10**9), delay(10**9, 60.0)) == (LONGEST, 60.0)
