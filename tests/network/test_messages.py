"""SMS: delivered, kept, expired, receipted."""

import pytest

from ussd_gateway.network.message import MessageState, Receipt, Sms
from ussd_gateway.network.messages import QueueFullError

ANNA = "70001000001"


def sms(destination=ANNA, **given):
    return Sms("3339", destination, b"Hi", **given)


@pytest.fixture
def anna(operator):
    return operator.handset(ANNA)


@pytest.fixture
def shop(operator):
    esme = operator.account("shop", "5000-5999", "777")
    esme.party.attached = True
    return esme


def test_a_message_is_delivered_at_once(operator, anna):
    message = operator.submit(sms())
    assert anna.got == [message]
    assert operator.written.kinds == ["sms DELIVERED"]
    assert message.message_id == "0000000001"


def test_each_message_has_its_own_id(operator, anna):
    assert len({operator.submit(sms()).message_id for _ in range(100)}) == 100


def test_a_handset_that_is_off_gets_its_messages_in_order_when_it_attaches(operator, anna):
    operator.network.detach(anna.party, 0)
    messages = [operator.submit(sms()) for _ in range(3)]
    assert anna.got == []
    operator.hand_over(operator.network.attach(anna.party, 5))
    assert anna.got == messages
    assert operator.written.kinds == ["sms ENROUTE", "attempt 6"] * 3 + ["state DELIVERED"] * 3


def test_what_waits_is_under_way_and_a_receipt_is_no_message(operator, anna, shop):
    operator.network.detach(anna.party, 0)
    operator.network.detach(shop.party, 0)
    waiting = [operator.submit(sms(account="shop", registered_delivery=1)), operator.submit(sms("777"))]
    operator.submit(sms("447700900123", account="shop", registered_delivery=1))
    assert list(operator.network.messages.under_way()) == waiting


def test_a_full_memory_keeps_messages_too(operator, anna):
    operator.network.memory_full(anna.party, True, 0)
    message = operator.submit(sms())
    assert anna.got == []
    operator.hand_over(operator.network.memory_full(anna.party, False, 0))
    assert anna.got == [message]


def test_a_message_expires_when_its_validity_period_ends(operator, anna):
    operator.network.detach(anna.party, 0)
    operator.submit(sms(expires_at=60.0))
    operator.submit(sms())
    operator.wait(60)
    assert operator.written.kinds[-1] == "state EXPIRED"
    operator.hand_over(operator.network.attach(anna.party, 61))
    assert len(anna.got) == 1
    operator.wait(4 * 86400)
    assert operator.written.kinds[-1] == "state DELIVERED"


def test_one_that_is_over_is_not_delivered_when_the_handset_comes_back_before_the_clock_ticks(operator, anna):
    operator.network.detach(anna.party, 0)
    operator.submit(sms(expires_at=60.0))
    operator.hand_over(operator.network.attach(anna.party, 61.0))
    assert anna.got == []
    assert operator.written.kinds[-1] == "state EXPIRED"


def test_a_full_memory_has_its_own_error_in_the_receipt(operator, anna, shop):
    operator.network.memory_full(anna.party, True, 0)
    operator.submit(sms(account="shop", registered_delivery=1, expires_at=10.0))
    operator.wait(10)
    assert [receipt.error for receipt in shop.got] == [32]


def test_an_account_is_handed_what_it_has_room_for_and_the_rest_waits_its_turn(operator, shop):
    shop.party.room = 2
    messages = [operator.submit(sms("5000")) for _ in range(4)]
    assert shop.got == messages[:2]
    shop.party.room = 1
    operator.hand_over(operator.network.release(shop.party, 1))
    assert shop.got == messages[:3]
    assert shop.party.room == 0


def test_what_is_handed_back_again_and_again_is_looked_at_once(operator, shop):
    message = operator.submit(sms("5000", expires_at=60.0))
    for _ in range(100):
        operator.network.hand_back("shop", [message])
        operator.hand_over(operator.network.release(shop.party, 1))
    operator.network.hand_back("shop", [message])
    assert len(operator.network.messages.deadlines._heap) == 1
    operator.wait(60)
    assert operator.written.kinds[-1] == "state EXPIRED"


def test_one_that_was_delivered_in_time_does_not_expire(operator, anna):
    operator.network.detach(anna.party, 0)
    operator.submit(sms(expires_at=60.0))
    operator.hand_over(operator.network.attach(anna.party, 5))
    operator.wait(100)
    assert operator.written.kinds[-1] == "state DELIVERED"


RECEIPTS = {
    # registered_delivery: receipt for a delivered message, for an expired one
    0: (False, False),
    1: (True, True),
    2: (False, True),
    3: (True, False),
}


@pytest.mark.parametrize(("asked", "wanted"), RECEIPTS.items())
def test_receipts_are_as_registered_delivery_asks(operator, anna, shop, asked, wanted):
    operator.submit(sms(account="shop", registered_delivery=asked))
    assert [receipt.state for receipt in shop.got] == [MessageState.DELIVERED] * wanted[0]
    shop.got.clear()
    operator.network.detach(anna.party, 0)
    operator.submit(sms(account="shop", registered_delivery=asked, expires_at=10.0))
    operator.wait(10)
    assert [receipt.state for receipt in shop.got] == [MessageState.EXPIRED] * wanted[1]
    assert all(receipt.error == 6 for receipt in shop.got)


def test_a_receipt_waits_for_the_account_to_bind(operator, anna, shop):
    shop.party.attached = False
    message = operator.submit(sms(account="shop", registered_delivery=1))
    assert shop.got == []
    operator.hand_over(operator.network.attach(shop.party, 1))
    assert [receipt.sms for receipt in shop.got] == [message]


def test_a_number_that_nobody_holds_gets_an_inbox_but_is_no_subscriber(operator):
    message = operator.submit(sms("447700900123"))
    party = operator.directory.party("447700900123")
    assert party.endpoint.got == [message]
    assert not party.home


@pytest.mark.parametrize("number", ["5000", "5999", "777"])
def test_an_account_receives_what_is_sent_to_its_numbers(operator, shop, number):
    message = operator.submit(sms(number))
    assert shop.got == [message]
    assert operator.written.kinds == ["sms ENROUTE"]
    operator.network.confirm(message, MessageState.DELIVERED, 1)
    assert operator.written.kinds[-1] == "state DELIVERED"


@pytest.mark.parametrize("number", ["4999", "6000", "05000", "50000", "٥٠٠٠"])
def test_and_nothing_else(operator, shop, number):
    operator.submit(sms(number))
    assert shop.got == []


def test_what_an_account_hands_back_comes_first_when_it_binds_again(operator, shop):
    first, second = operator.submit(sms("5000")), operator.submit(sms("5000"))
    operator.network.detach(shop.party, 0)
    third = operator.submit(sms("5000"))
    operator.network.hand_back("shop", [first, second])
    shop.got.clear()
    operator.hand_over(operator.network.attach(shop.party, 0))
    assert shop.got == [first, second, third]


def test_one_that_came_back_from_an_esme_after_its_time_expires(operator, shop):
    message = operator.submit(sms("5000", expires_at=60.0))
    operator.network.detach(shop.party, 0)
    operator.network.hand_back("shop", [message])
    operator.hand_over(operator.network.attach(shop.party, 10.0))
    operator.wait(70)  # its time passes while it is with the ESME
    operator.network.detach(shop.party, 70.0)
    operator.network.hand_back("shop", [message])
    operator.wait(1)
    assert operator.written.kinds[-1] == "state EXPIRED"


def test_a_refused_message_is_rejected_and_its_sender_told(operator, shop):
    other = operator.account("other")
    other.party.attached = True
    message = operator.submit(sms("5000", account="other", registered_delivery=1))
    operator.hand_over(operator.network.confirm(message, MessageState.REJECTED, 1))
    assert [receipt.state for receipt in other.got] == [MessageState.REJECTED]


def test_an_esme_cannot_speak_to_another_one_with_the_number_of_a_subscriber(operator, anna, shop):
    forger = operator.account("forger")
    forger.party.attached = True
    operator.submit(Sms(ANNA, "5000", b"1", account="forger", registered_delivery=1))
    assert shop.got == []
    assert operator.written.kinds[0] == "sms REJECTED"
    assert [receipt.state for receipt in forger.got] == [MessageState.REJECTED]
    shop.party.attached = False
    operator.submit(Sms(ANNA, "5000", b"1", account="forger"))
    assert not shop.party.waiting
    shop.party.attached = True
    operator.submit(Sms(ANNA, "5000", b"1"))
    operator.submit(Sms("bank", "5000", b"1", account="forger"))
    assert len(shop.got) == 2


def test_a_restored_message_waits_like_before(operator, anna):
    operator.network.messages.restore(sms(message_id="7", expires_at=100.0), 0)
    operator.hand_over(operator.network.attach(anna.party, 1))
    assert [message.message_id for message in anna.got] == ["7"]


def test_nobody_submits_a_receipt(operator):
    with pytest.raises(TypeError):
        operator.submit(Receipt(sms(), MessageState.DELIVERED, 0))


def test_clearing_forgets_what_waits(operator, anna, shop):
    operator.network.detach(anna.party, 0)
    operator.submit(sms())
    operator.network.clear()
    assert operator.network.attach(anna.party, 1) == []
    assert operator.network.next_deadline() is None


# Binds that are not alike ------------------------------------------------------------------------------------------


@pytest.fixture
def choosy(operator):
    """An account whose binds want 50xx, have no room for 5000, and do not want the rest."""
    esme = operator.bound("shop", "5000-5999")
    esme.party.takes = lambda message: {"0": True, "9": None}.get(message.destination[1], False)
    return esme


def test_what_no_bind_wants_waits_and_keeps_nobody_waiting(operator, choosy):
    unwanted, full, wanted = (operator.submit(sms(number)) for number in ("5900", "5500", "5001"))
    assert choosy.got == [wanted]
    operator.hand_over(operator.network.release(choosy.party, 1))
    assert [way.sms for way in choosy.party.waiting.values()] == [full]
    assert [way.sms for way in choosy.party.unwanted.values()] == [unwanted]


def test_it_is_offered_again_in_its_order_when_the_account_has_other_binds(operator, choosy):
    messages = [operator.submit(sms(number)) for number in ("5900", "5500", "5901", "5501")]
    operator.hand_over(operator.network.release(choosy.party, 1))
    assert choosy.got == []
    choosy.party.takes = lambda message: True
    operator.attach(choosy)
    assert {message.destination: message for message in messages} == {got.destination: got for got in choosy.got}
    assert [got for got in choosy.got if got.destination[1] == "9"] == messages[::2]
    assert [got for got in choosy.got if got.destination[1] == "5"] == messages[1::2]
    assert not choosy.party.unwanted


def test_it_expires_and_can_be_cancelled(operator, choosy):
    operator.submit(sms("5900", expires_at=60.0))
    late = operator.submit(sms("5900", account="bank"))
    operator.hand_over(operator.network.release(choosy.party, 1))
    operator.cancel(late.message_id, "bank")
    operator.wait(60)
    assert operator.written.kinds[2:] == ["state DELETED", "state EXPIRED"]
    assert not choosy.party.unwanted


def test_it_counts_among_what_waits(new_operator):
    operator = new_operator(waiting_limit=2)
    esme = operator.bound("shop", "5000-5999")
    esme.party.takes = lambda message: None
    for number in ("5900", "5901"):
        operator.submit(sms(number))
        operator.hand_over(operator.network.release(esme.party, 1))
    with pytest.raises(QueueFullError):
        operator.submit(sms("5902"))
    operator.network.clear()
    assert not esme.party.unwanted
    operator.submit(sms("5902"))


def test_a_receipt_waits_for_its_bind_and_nobody_behind_it(operator, anna, choosy):
    choosy.party.takes = lambda message: isinstance(message, Sms)
    message = operator.submit(sms(account="shop", registered_delivery=1))
    other = operator.submit(sms("5001"))
    assert (anna.got, choosy.got) == ([message], [other])
    choosy.party.takes = None
    operator.hand_over(operator.network.release(choosy.party, 1))
    assert [type(got) for got in choosy.got] == [Sms, Receipt]
