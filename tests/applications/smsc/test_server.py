"""The listener."""

import asyncio

import pytest

from ussd_gateway.smpp.commands import EnquireLink, SubmitSm
from ussd_gateway.smpp.timers import Timers


async def test_it_takes_a_free_port_and_lets_it_go_again(new_site):
    async with new_site() as site:
        host, port = site.address
        assert host == "127.0.0.1"
        assert port > 0
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(host, port)


async def test_people_see_every_bind_and_what_it_did(site):
    anna = site.handset()
    await site.connect()
    esme = await site.bound(address_range="^50", interface_version=0x50)
    await esme.ask(SubmitSm(sequence_number=2, destination_addr="70001000001", short_message=b"Hi"))
    await esme.ask(SubmitSm(sequence_number=3, destination_addr="x"))
    anna.send("5001", "Hello")
    await esme.receive()
    test, other, *_ = site.smsc.accounts()
    assert (test["system_id"], test["numbers"], other["binds"]) == ("test", ["5000-5999"], [])
    (bind,) = test["binds"]
    assert (bind["mode"], bind["interface_version"], bind["address_range"]) == ("transceiver", "5.0", "^50")
    assert (bind["window"], bind["tls"]) == ({"size": 500, "unanswered": 1}, False)
    assert bind["address"].startswith("127.0.0.1:")
    counters = bind["counters"]
    assert counters["requests"] == {"bind_transceiver": 1, "submit_sm": 2}
    assert counters["responses"] == {"ESME_ROK": 2, "ESME_RINVDSTADR": 1}
    assert (counters["messages_in"], counters["messages_out"], counters["receipts"]) == (1, 1, 0)
    assert counters["octets_in"] > 100 < counters["octets_out"]
    (unbound,) = site.smsc.unbound()
    assert "mode" not in unbound


async def test_somebody_ends_one_bind_or_all_of_an_account(site):
    esmes = [await site.bound() for _ in range(3)]
    assert site.smsc.unbind("test", 2) == [2]
    assert (await esmes[1].receive()).command == "unbind"
    assert site.smsc.unbind("test", 2) == []
    assert site.smsc.unbind("test") == [1, 3]
    for esme in (esmes[0], esmes[2]):
        assert await esme.is_unbound()
    assert site.smsc.unbind("test") == site.smsc.unbind("nobody") == []
    assert site.smsc.account("nobody") is None


async def test_a_bind_without_messages_is_unbound(new_site):
    async with new_site(timers=Timers(enquire_link=0, inactivity=60)) as site:
        idle, busy = await site.bound(), await site.bound()

        def look(after):
            for connection in list(site.smsc.connections):
                connection.check(begun + after)

        begun = site.smsc.real_time()
        look(30)
        await idle.ask(EnquireLink(sequence_number=2))
        await busy.ask(SubmitSm(sequence_number=2, destination_addr="70001000001"))
        look(31)
        look(62)
        assert await idle.is_unbound()
        assert (await busy.ask(EnquireLink(sequence_number=3))).command == "enquire_link_resp"
        assert "esme.inactive" in [kind for (kind,) in site.journal()]
