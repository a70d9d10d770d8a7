"""What waits for the SMSC: sent once it can be, again when it has to be, and given up only for a reason."""

import asyncio

import pytest
from aiosmpplib.state import TON, SmppCommandStatus
from structlog.testing import capture_logs

from ussd_gateway.selfcare.outbox import GIVEN_UP, WINDOW, Outbox, Outgoing

SECRET = "Пароль: Ab3dE9xZ."


@pytest.fixture
async def outbox(plain_gateway):
    outbox = Outbox(plain_gateway)
    yield outbox
    outbox.clear()


def put(outbox, *texts):
    for text in texts:
        outbox.put("3339", "70001000001", text)


async def dequeue(outbox):
    async with asyncio.timeout(1):
        return await outbox.dequeue()


async def is_empty(outbox):
    """Nothing can be sent now."""
    task = asyncio.ensure_future(outbox.dequeue())
    done, _ = await asyncio.wait({task}, timeout=0.01)
    task.cancel()
    return not done


def under_way(gateway):
    return gateway._under_way


async def test_messages_leave_in_their_order_and_ask_for_a_receipt(outbox):
    put(outbox, "1", "2")

    first, second = await dequeue(outbox), await dequeue(outbox)

    assert [first.short_message, second.short_message] == ["1", "2"]
    assert first.registered_delivery == 1
    assert (first.source.number, first.source.ton) == ("3339", TON.NETWORK_SPECIFIC)
    assert (first.destination.number, first.destination.ton) == ("70001000001", TON.INTERNATIONAL)


async def test_the_window_keeps_the_rest_back_until_a_response(outbox):
    put(outbox, *map(str, range(WINDOW + 1)))
    sent = [await dequeue(outbox) for _ in range(WINDOW)]
    assert await is_empty(outbox)

    outbox.answered(sent[0].log_id, SmppCommandStatus.ESME_ROK)

    assert (await dequeue(outbox)).short_message == str(WINDOW)


async def test_a_message_is_kept_until_it_is_taken(outbox, plain_gateway):
    put(outbox, "1")
    assert under_way(plain_gateway) == 1
    message = await dequeue(outbox)
    assert outbox.waiting == 1

    outbox.answered(message.log_id, SmppCommandStatus.ESME_ROK)

    assert outbox.waiting == 0
    assert under_way(plain_gateway) == 0


async def test_a_lost_connection_sends_again_at_once_in_the_same_order(outbox, plain_gateway):
    put(outbox, "1", "2", "3")
    await dequeue(outbox)
    await dequeue(outbox)

    outbox.lost()

    assert under_way(plain_gateway) == 0, "settle does not wait for a second attempt"
    assert [(await dequeue(outbox)).short_message for _ in range(3)] == ["1", "2", "3"]


async def test_each_further_attempt_waits_longer(outbox):
    put(outbox, "1")
    await dequeue(outbox)
    outbox.lost()
    await dequeue(outbox)
    outbox.lost()

    assert await is_empty(outbox)
    assert (await dequeue(outbox)).short_message == "1"


@pytest.mark.parametrize("status", sorted(set(SmppCommandStatus) - GIVEN_UP - {SmppCommandStatus.ESME_ROK}))
async def test_a_refusal_that_may_pass_is_tried_again_after_a_while(outbox, plain_gateway, status):
    put(outbox, SECRET)
    message = await dequeue(outbox)
    with capture_logs() as logs:
        outbox.answered(message.log_id, status)

    assert outbox.waiting == 1
    assert under_way(plain_gateway) == 0
    assert await is_empty(outbox)
    assert logs[0]["command_status"] == status.name
    assert "Ab3dE9xZ" not in repr(logs)


async def test_and_the_attempt_is_a_pdu_of_its_own(outbox):
    put(outbox, "1")
    first = await dequeue(outbox)
    outbox.answered(first.log_id, SmppCommandStatus.ESME_RTHROTTLED)

    second = await dequeue(outbox)

    assert second is not first
    assert second.short_message == "1"


@pytest.mark.parametrize("status", sorted(GIVEN_UP))
async def test_a_refusal_for_good_is_given_up_and_noted_without_the_text(outbox, plain_gateway, status):
    put(outbox, SECRET)
    outbox.answered((await dequeue(outbox)).log_id, status)

    assert outbox.waiting == 0
    assert under_way(plain_gateway) == 0
    ((kind, facts),) = plain_gateway.written("kind, facts")
    assert kind == "selfcare.sms_given_up"
    assert status.name in str(facts)
    assert "Ab3dE9xZ" not in str(facts)


async def test_an_answer_that_nobody_waits_for_is_let_go(outbox):
    put(outbox, "1")
    message = await dequeue(outbox)
    outbox.lost()

    outbox.answered(message.log_id, SmppCommandStatus.ESME_ROK)
    outbox.answered("", SmppCommandStatus.ESME_ROK)

    assert outbox.waiting == 1


async def test_no_answer_at_all_is_a_failure_too(plain_gateway):
    outbox = Outbox(plain_gateway, response=0.01)
    put(outbox, "1")
    await dequeue(outbox)

    assert (await dequeue(outbox)).short_message == "1"
    assert under_way(plain_gateway) == 0
    outbox.clear()


@pytest.mark.parametrize("destination", ["7" * 21])
async def test_an_address_that_smpp_cannot_carry_is_given_up_and_the_next_goes_on(outbox, destination):
    outbox.put("3339", destination, "1")
    put(outbox, "2")

    assert (await dequeue(outbox)).short_message == "2"
    assert outbox.waiting == 1


async def test_what_cannot_be_made_a_pdu_is_given_up(outbox):
    put(outbox, "1")
    message = await dequeue(outbox)

    outbox.unsendable(message.log_id)
    outbox.unsendable(message.log_id)

    assert outbox.waiting == 0


async def test_forgetting_leaves_nothing(outbox, plain_gateway):
    put(outbox, "1", "2", "3")
    outbox.answered((await dequeue(outbox)).log_id, SmppCommandStatus.ESME_RTHROTTLED)
    await dequeue(outbox)

    outbox.clear()

    assert outbox.waiting == 0
    assert under_way(plain_gateway) == 0
    assert await is_empty(outbox)


async def test_r178_the_text_shows_in_no_representation():
    assert "Ab3dE9xZ" not in repr(Outgoing(1, "3339", "70001000001", SECRET))


async def test_there_is_one_way_in(outbox):
    with pytest.raises(NotImplementedError):
        await outbox.enqueue(None)


async def test_an_empty_outbox_is_true_since_aiosmpplib_would_take_another(outbox):
    assert outbox
