"""outbind: the SMSC calls an ESME for which something waits, on a real socket."""

import asyncio

import pytest

from tests.applications.smsc.conftest import PATIENCE, Esme
from ussd_gateway.applications.smsc.accounts import EsmeSettings
from ussd_gateway.applications.smsc.outbind import FIRST_PAUSE
from ussd_gateway.smpp.commands import BindReceiver, BindTransceiver, DeliverSmResp, EnquireLink, SubmitSm, Unbind
from ussd_gateway.smpp.status import Status


class Called:
    """An ESME that listens for the SMSC."""

    def __init__(self):
        self.calls = asyncio.Queue()

    async def __aenter__(self):
        self._server = await asyncio.start_server(
            lambda *streams: self.calls.put_nowait(Esme(*streams)), "127.0.0.1", 0
        )
        self.address = self._server.sockets[0].getsockname()[:2]
        return self

    async def __aexit__(self, *exc):
        self._server.close()

    async def call(self):
        async with asyncio.timeout(PATIENCE):
            return await self.calls.get()


def account(address):
    return EsmeSettings("called", "pw", ("8000",), outbind=address, outbind_password="secret")


async def noted(site, kind, times=1):
    """Returns once it is in the journal so often."""
    async with asyncio.timeout(PATIENCE):
        while [found for (found,) in site.journal()].count(kind) < times:
            await site.gateway.committed()


@pytest.mark.parametrize("bind", [BindReceiver, BindTransceiver])
async def test_the_smsc_calls_says_outbind_and_delivers_once_the_esme_has_bound(new_site, bind):
    async with Called() as called, new_site(accounts=[account(called.address)]) as site:
        site.handset().send("8000", "Hi")
        site.smsc.outbinds.check(0.0)
        esme = await called.call()
        outbind = await esme.receive()
        assert (outbind.command, outbind.system_id, outbind.password) == ("outbind", "ussd_gateway", "secret")
        assert (await esme.bind("called", "pw", bind)).command_status == 0
        delivered = await esme.receive()
        assert (delivered.command, delivered.short_message) == ("deliver_sm", b"Hi")
        await esme.ask(DeliverSmResp(sequence_number=delivered.sequence_number), EnquireLink(sequence_number=2))
        assert site.states() == {"0000000001": "DELIVERED"}
        assert not any(b"secret" in chunk.octets for chunk in site.capture.since(0))
        esme.close()


async def test_only_receiving_binds_answer_an_outbind(new_site):
    async with Called() as called, new_site(accounts=[account(called.address)]) as site:
        site.handset().send("8000", "Hi")
        site.smsc.outbinds.check(0.0)
        esme = await called.call()
        await esme.receive()
        assert (await esme.ask(SubmitSm(destination_addr="1"))).command_status == Status.ESME_RINVBNDSTS
        esme.close()


async def test_nobody_is_called_without_need(new_site):
    async with Called() as called, new_site(accounts=[account(called.address)]) as site:
        anna = site.handset()
        site.smsc.outbinds.check(0.0)  # nothing waits
        receiver = await site.bound("called", "pw")
        anna.send("8000", "Hi")
        site.smsc.outbinds.check(10.0)  # it is bound
        assert (await receiver.receive()).short_message == b"Hi"
        anna.send("5000", "Hi")
        site.smsc.outbinds.check(20.0)  # what waits is another account's, which has no address
        await site.gateway.committed()
        assert called.calls.empty()


async def test_one_call_at_a_time(new_site):
    async with Called() as called, new_site(accounts=[account(called.address)]) as site:
        site.handset().send("8000", "Hi")
        site.smsc.outbinds.check(0.0)
        esme = await called.call()
        await esme.receive()
        site.smsc.outbinds.check(1000.0)
        await noted(site, "esme.outbind")
        assert called.calls.empty()
        esme.close()


async def test_a_call_that_nobody_takes_is_tried_again_after_a_pause(new_site):
    async with Called() as called:
        address = called.address
    async with new_site(accounts=[account(address)]) as site:
        site.handset().send("8000", "Hi")
        site.smsc.outbinds.check(100.0)
        await noted(site, "esme.outbind_failed")
        site.smsc.outbinds.check(100.0 + FIRST_PAUSE / 2)  # too early
        site.smsc.outbinds.check(100.0 + FIRST_PAUSE)
        await noted(site, "esme.outbind_failed", times=2)
        pauses = [facts["again_in"] for kind, facts in site.journal("kind, facts") if kind == "esme.outbind_failed"]
        assert pauses == [FIRST_PAUSE, 2 * FIRST_PAUSE]


async def test_what_no_bind_wanted_calls_when_they_are_gone(new_site):
    async with Called() as called, new_site(accounts=[account(called.address)]) as site:
        receiver = await site.bound("called", "pw", address_range="^9")
        site.handset().send("8000", "Hi")
        second = await site.bound("called", "pw", address_range="^9")
        for esme in (receiver, second):
            await esme.ask(Unbind(sequence_number=2))
        await site.gateway.settle()
        site.smsc.outbinds.check(0.0)
        (await called.call()).close()
