"""One submit_sm to any SMSC."""

import asyncio

import pytest

from ussd_gateway.send import SendError, send


@pytest.fixture
def where(operator_on_sockets):
    host, port = operator_on_sockets.smpp_address
    return {"host": host, "port": port, "system_id": "test", "password": "test", "receipt": False}


async def test_a_message_is_sent_and_its_id_told(operator_on_sockets, where):
    anna = operator_on_sockets.handset("70001000001")
    sent = await send("bank", "+70001000001", "Hello", **where)
    sms = await anna.receive(sender="bank")
    assert (sms.id, sms.text, sent.receipt) == (sent.message_id, "Hello", None)


async def test_a_receipt_is_waited_for(where):
    assert (await send("5000", "70001000001", "Привет", **where | {"receipt": True})).receipt == "DELIVRD"


async def something_waits_for(gateway, phone):
    async with asyncio.timeout(10):
        while not gateway.directory.party(phone.msisdn).waiting:  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0)


async def test_the_receipt_of_an_older_message_is_not_taken_for_this_ones(operator_on_sockets, where):
    anna, boris = (operator_on_sockets.handset(number) for number in ("70001000001", "70002000001"))
    await anna.turn_off()
    await boris.turn_off()
    older = asyncio.ensure_future(send("bank", boris.msisdn, "older", **where | {"receipt": True}))
    await something_waits_for(operator_on_sockets, boris)
    older.cancel()
    await asyncio.gather(older, return_exceptions=True)
    await boris.turn_on()  # its receipt waits for the next bind of the account
    newer = asyncio.ensure_future(send("bank", anna.msisdn, "newer", **where | {"receipt": True}))
    await something_waits_for(operator_on_sockets, anna)
    assert not newer.done()
    await anna.turn_on()
    assert (await newer).receipt == "DELIVRD"


async def test_what_the_smsc_refuses_is_told_by_its_status(where):
    with pytest.raises(SendError, match=r"test cannot bind to .*: ESME_RINVPASWD"):
        await send("bank", "70001000001", "x", **where | {"password": "no"})


async def test_no_smsc_is_told_with_the_way_out():
    with pytest.raises(SendError, match=r"there is no SMSC at 127.0.0.1:1 .*ussd-gateway serve"):
        await send("a", "1", "x", host="127.0.0.1", port=1, system_id="a", password="a", receipt=False)
