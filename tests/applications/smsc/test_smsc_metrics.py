"""What the SMSC counts, as somebody who monitors it sees it."""

import asyncio

from ussd_gateway.applications.smsc.counters import Counters
from ussd_gateway.applications.smsc.metrics import _known
from ussd_gateway.network.message import Sms
from ussd_gateway.smpp.commands import BindReceiver, DeliverSm, EnquireLink, SubmitSm, Unbind

SUBMIT = SubmitSm(sequence_number=2, destination_addr="70001000001", short_message=b"Hi", registered_delivery=1)


def read(site, name):
    """A metric as {labels joined by blanks: value}, without what is 0."""
    (found,) = [metric for metric in site.smsc.metrics() if metric.name == f"smpp_{name}"]
    return {" ".join(labels): value for labels, value in found.read().items() if value}


async def gone(site):
    async with asyncio.timeout(5):
        while site.smsc.connections:  # noqa: ASYNC110 - nothing tells of the end of a connection
            await asyncio.sleep(0)


async def test_requests_and_responses_are_counted_by_account(site):
    site.handset()
    esme = await site.bound()
    await esme.ask(SUBMIT)
    assert isinstance(await esme.receive(), DeliverSm)
    await esme.ask(SubmitSm(sequence_number=3, destination_addr="nobody"))
    await esme.ask(EnquireLink(sequence_number=4))
    assert read(site, "requests") == {"test bind_transceiver": 1, "test submit_sm": 2, "test enquire_link": 1}
    assert read(site, "responses") == {"test ESME_ROK": 3, "test ESME_RINVDSTADR": 1}
    assert read(site, "deliveries") == {"test receipt": 1}
    assert read(site, "unanswered") == {"test": 1}
    assert set(read(site, "octets")) == {"test to_smsc", "test to_esme"}


async def test_counters_outlive_their_connection(site):
    for _ in range(2):
        esme = await site.bound()
        await esme.ask(Unbind(sequence_number=2))
        esme.close()
    await gone(site)
    assert read(site, "requests") == {"test bind_transceiver": 2, "test unbind": 2}
    assert (read(site, "connections_opened"), read(site, "connections_closed")) == ({"": 2}, {"": 2})
    assert read(site, "connections") == read(site, "binds") == {}


async def test_binds_are_counted_by_account_and_mode(site):
    await site.bound()
    await site.bound(pdu=BindReceiver)
    await site.bound("other", "pw", pdu=BindReceiver)
    assert read(site, "binds") == {"test transceiver": 1, "test receiver": 1, "other receiver": 1}
    assert read(site, "connections_opened") == {"": 3}


async def test_what_waits_for_an_account_is_seen(site):
    site.gateway.submit(Sms("70001000001", "5000", b"Hi"))
    assert read(site, "waiting") == {"test": 1}


async def test_a_name_that_somebody_makes_up_is_no_label(site):
    esme = await site.connect()
    assert (await esme.bind("made-up", "test")).command_status != 0
    assert read(site, "requests") == {" bind_transceiver": 1}
    esme.close()
    await gone(site)
    assert read(site, "requests") == {" bind_transceiver": 1}


async def test_who_is_too_fast_is_throttled(new_site):
    async with new_site(test={"rate": 1.0}) as site:
        esme = await site.bound()
        for number in (2, 3, 4):
            await esme.ask(SubmitSm(sequence_number=number, destination_addr="70001000001"))
        assert read(site, "throttled") == {"test": 2}
        assert read(site, "responses") == {"test ESME_ROK": 2, "test ESME_RTHROTTLED": 2}


def test_statuses_that_an_esme_makes_up_are_one():
    counters = Counters()
    counters.refused.update({0x400: 1, 0x401: 2, 0x14: 3})
    assert _known(counters.shown()["refused"]) == {"other": 3, "ESME_RMSGQFUL": 3}
