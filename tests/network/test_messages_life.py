"""The life of an SMS: every state it can come to, and what its sender can ask for on the way."""

import pytest

from ussd_gateway.coding.segments import Concatenation
from ussd_gateway.network.message import Alert, MessageState, Receipt, Sms
from ussd_gateway.network.messages import NotUnderWayError, QueueFullError, Retry, TooLateError
from ussd_gateway.network.outcomes import Rule, fixed, uniform

ANNA, BORIS = "70001000001", "70002000001"
S = MessageState
RECEIPT, INTERMEDIATE = 0x01, 0x11


def sms(destination=ANNA, octets=b"Hi", **given):
    return Sms("3339", destination, octets, **{"account": "shop"} | given)


@pytest.fixture
def anna(operator):
    return operator.handset(ANNA)


@pytest.fixture
def shop(operator):
    return operator.bound("shop")


def states(operator):
    """What was written down, without the receipts."""
    return [kind for kind in operator.written.kinds if not kind.startswith("receipt")]


# Every state --------------------------------------------------------------------------------------------------------


def arrives(operator, anna):
    operator.submit(sms())


def waits(operator, anna):
    operator.detach(anna)
    operator.submit(sms())


def is_scheduled(operator, anna):
    operator.submit(sms(scheduled_at=60.0))


def expires(operator, anna):
    operator.detach(anna)
    operator.submit(sms(expires_at=60.0))
    operator.wait(60)


def is_cancelled(operator, anna):
    operator.detach(anna)
    operator.cancel(operator.submit(sms()).message_id, "shop")


def fails(operator, anna):
    operator.detach(anna)
    operator.submit(sms())
    operator.wait(100)


def forges(operator, anna):
    operator.bound("bank", "5000")
    operator.submit(Sms(ANNA, "5000", b"", account="shop"))


def is_read_by_the_operator(operator, anna):
    operator.network.messages.rules = (Rule(states={S.ACCEPTED: 1}),)
    operator.submit(sms())


def gets_lost(operator, anna):
    operator.network.messages.rules = (Rule(states={S.UNKNOWN: 1}),)
    operator.submit(sms())


REACHED = {
    arrives: ["sms DELIVERED"],
    waits: ["sms ENROUTE", "attempt 6"],
    is_scheduled: ["sms SCHEDULED"],
    expires: ["sms ENROUTE", "attempt 6", "state EXPIRED"],
    is_cancelled: ["sms ENROUTE", "attempt 6", "state DELETED"],
    fails: ["sms ENROUTE", "attempt 6", "attempt 6", "state UNDELIVERABLE"],
    forges: ["sms REJECTED"],
    is_read_by_the_operator: ["sms ENROUTE", "state ACCEPTED"],
    gets_lost: ["sms ENROUTE", "state UNKNOWN"],
}


@pytest.mark.parametrize(("story", "written"), REACHED.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_every_state_is_reached(new_operator, story, written):
    operator = new_operator(retry=Retry(absent=(100.0,)))
    anna, _ = operator.handset(ANNA), operator.bound("shop")
    story(operator, anna)
    assert states(operator) == written


# Schedules ----------------------------------------------------------------------------------------------------------


def test_a_scheduled_message_arrives_at_its_moment_and_not_before(operator, anna, shop):
    message = operator.submit(sms(scheduled_at=60.0, registered_delivery=RECEIPT))
    operator.wait(59)
    assert anna.got == []
    operator.wait(1)
    assert anna.got == [message]
    assert operator.written.kinds == ["sms SCHEDULED", "state ENROUTE", "state DELIVERED", "receipt DELIVERED"]
    assert operator.network.query(message.message_id, "shop") == []


def test_a_schedule_in_the_past_means_at_once(operator, anna):
    operator.wait(100)
    operator.submit(sms(scheduled_at=60.0))
    assert len(anna.got) == 1


def test_a_scheduled_message_waits_for_a_handset_that_is_off(operator, anna):
    operator.submit(sms(scheduled_at=60.0))
    operator.detach(anna)
    operator.wait(60)
    assert states(operator) == ["sms SCHEDULED", "state ENROUTE", "attempt 6"]
    operator.attach(anna)
    assert len(anna.got) == 1


def test_validity_counts_from_the_schedule_where_the_sender_names_none(new_operator):
    operator = new_operator(validity=30.0)
    anna = operator.handset(ANNA)
    operator.detach(anna)
    message = operator.submit(sms(scheduled_at=60.0))
    assert message.expires_at == 90.0


@pytest.mark.parametrize("expires_at", [30.0, 59.9])
def test_one_that_expires_before_its_schedule_expires_then(operator, anna, shop, expires_at):
    operator.submit(sms(scheduled_at=60.0, expires_at=expires_at, registered_delivery=RECEIPT))
    operator.wait(100)
    assert operator.written[-2] == ("state EXPIRED", operator.written[0][1], expires_at)
    assert [receipt.error for receipt in shop.got] == [0]
    assert anna.got == []


def test_an_esme_gets_its_scheduled_messages_too(operator):
    bank = operator.bound("bank", "5000")
    message = operator.submit(sms("5000", scheduled_at=60.0))
    operator.wait(60)
    assert bank.got == [message]
    operator.confirm(message, S.DELIVERED)
    assert states(operator) == ["sms SCHEDULED", "state ENROUTE", "state DELIVERED"]


# Attempts -----------------------------------------------------------------------------------------------------------


def absent(operator, anna, on):
    operator.hand_over((operator.network.detach if on else operator.network.attach)(anna.party, operator.now))


def full(operator, anna, on):
    operator.hand_over(operator.network.memory_full(anna.party, on, operator.now))


def busy(operator, anna, on):
    operator.hand_over(operator.network.busy(anna.party, on, operator.now))


OBSTACLES = [(absent, 6, "absent"), (full, 32, "memory_full"), (busy, 31, "busy")]


@pytest.mark.parametrize(("obstacle", "error", "name"), OBSTACLES)
def test_a_profile_says_when_the_attempts_are_and_the_last_one_is_the_last(new_operator, obstacle, error, name):
    operator = new_operator(retry=Retry(**{name: (10.0, 20.0)}))
    anna, shop = operator.handset(ANNA), operator.bound("shop")
    obstacle(operator, anna, True)
    operator.submit(sms(registered_delivery=RECEIPT))
    operator.wait(1000)
    assert [(kind, now) for kind, _, now in operator.written] == [
        ("sms ENROUTE", 0.0),
        (f"attempt {error}", 0.0),
        (f"attempt {error}", 10.0),
        (f"attempt {error}", 30.0),
        ("state UNDELIVERABLE", 30.0),
        ("receipt UNDELIVERABLE", 30.0),
    ]
    assert [receipt.error for receipt in shop.got] == [error]
    assert not anna.party.waiting
    obstacle(operator, anna, False)
    assert anna.got == []


@pytest.mark.parametrize("profile", [(), (10.0, 500.0)])
@pytest.mark.parametrize(("obstacle", "error", "name"), OBSTACLES)
def test_a_handset_that_can_be_reached_again_gets_at_once_what_waits(new_operator, obstacle, error, name, profile):
    operator = new_operator(retry=Retry(**{name: profile}))
    anna = operator.handset(ANNA)
    obstacle(operator, anna, True)
    message = operator.submit(sms())
    operator.wait(15)
    obstacle(operator, anna, False)
    assert anna.got == [message]
    operator.wait(1000)
    assert operator.written.kinds[-1] == "state DELIVERED"


@pytest.mark.parametrize(("obstacle", "error", "name"), OBSTACLES)
def test_without_a_profile_it_waits_until_it_expires_with_the_error_of_its_attempt(
    operator, anna, shop, obstacle, error, name
):
    obstacle(operator, anna, True)
    operator.submit(sms(registered_delivery=RECEIPT))
    operator.wait(100 * 3600)
    assert states(operator) == ["sms ENROUTE", f"attempt {error}", "state EXPIRED"]
    assert [receipt.error for receipt in shop.got] == [error]


def test_the_reason_may_change_between_two_attempts(new_operator):
    operator = new_operator(retry=Retry(absent=(10.0, 10.0), memory_full=(10.0,)))
    anna = operator.handset(ANNA)
    operator.detach(anna)
    operator.submit(sms())
    full(operator, anna, True)
    operator.attach(anna)
    operator.wait(10)
    assert states(operator) == ["sms ENROUTE", "attempt 6", "attempt 32", "state UNDELIVERABLE"]


def test_validity_ends_before_the_last_attempt(new_operator):
    operator = new_operator(retry=Retry(absent=(10.0, 20.0)))
    operator.detach(operator.handset(ANNA))
    operator.submit(sms(expires_at=15.0))
    operator.wait(100)
    assert states(operator) == ["sms ENROUTE", "attempt 6", "attempt 6", "state EXPIRED"]


def test_an_attempt_at_the_last_moment_is_made(new_operator):
    operator = new_operator(retry=Retry(absent=(10.0, 20.0)))
    operator.detach(operator.handset(ANNA))
    operator.submit(sms(expires_at=10.0))
    operator.wait(100)
    assert states(operator) == ["sms ENROUTE", "attempt 6", "attempt 6", "state EXPIRED"]


def test_an_intermediate_notification_comes_once_when_the_first_attempt_fails(new_operator):
    operator = new_operator(retry=Retry(absent=(10.0, 10.0)))
    anna, shop = operator.handset(ANNA), operator.bound("shop")
    operator.detach(anna)
    operator.submit(sms(registered_delivery=INTERMEDIATE))
    assert [(receipt.state, receipt.error, receipt.intermediate) for receipt in shop.got] == [(S.ENROUTE, 6, True)]
    operator.wait(15)
    assert len(shop.got) == 1
    operator.attach(anna)
    assert [(receipt.state, receipt.intermediate) for receipt in shop.got[1:]] == [(S.DELIVERED, False)]


@pytest.mark.parametrize(("asked", "told"), [(0x00, []), (0x01, [S.DELIVERED]), (0x10, []), (0x12, [])])
def test_one_that_arrives_at_once_has_no_intermediate_notification(operator, anna, shop, asked, told):
    operator.submit(sms(registered_delivery=asked))
    assert [receipt.state for receipt in shop.got] == told


def test_an_esme_that_postpones_a_message_is_handed_it_again(operator):
    bank, shop = operator.bound("bank", "5000"), operator.bound("shop")
    message = operator.submit(sms("5000", registered_delivery=INTERMEDIATE))
    operator.hand_over(operator.network.postpone(message, 32, operator.now))
    assert [receipt.intermediate for receipt in shop.got] == [True]
    operator.wait(4)
    assert bank.got == [message]
    operator.wait(1)
    assert bank.got == [message, message]
    operator.confirm(message, S.DELIVERED)
    assert states(operator) == ["sms ENROUTE", "attempt 32", "state DELIVERED"]


def test_an_esme_that_postpones_too_often_has_had_its_chances(new_operator):
    operator = new_operator(retry=Retry(busy=(10.0,)))
    bank = operator.bound("bank", "5000")
    message = operator.submit(sms("5000"))
    operator.hand_over(operator.network.postpone(message, 31, operator.now))
    operator.wait(10)
    assert bank.got == [message, message]
    operator.hand_over(operator.network.postpone(message, 31, operator.now))
    assert operator.written.kinds[-1] == "state UNDELIVERABLE"
    assert operator.network.postpone(message, 31, operator.now) == []


def test_a_postponed_message_waits_for_an_esme_that_has_left(operator):
    bank = operator.bound("bank", "5000")
    message = operator.submit(sms("5000"))
    operator.hand_over(operator.network.postpone(message, 31, operator.now))
    operator.detach(bank)
    operator.wait(60)
    assert bank.got == [message]
    operator.attach(bank)
    assert bank.got == [message, message]


# Alerts -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("obstacle", "error", "name"), OBSTACLES)
def test_who_wants_to_know_is_told_once_that_a_handset_is_there_again(operator, anna, shop, obstacle, error, name):
    assert not operator.network.want_alert(ANNA, "shop")
    obstacle(operator, anna, True)
    assert operator.network.want_alert(ANNA, "shop")
    assert operator.network.want_alert(ANNA, "shop")
    assert shop.got == []
    obstacle(operator, anna, False)
    (alert,) = shop.got
    assert isinstance(alert, Alert)
    assert (alert.msisdn, alert.account) == (ANNA, "shop")
    obstacle(operator, anna, True)
    obstacle(operator, anna, False)
    assert len(shop.got) == 1


def test_an_alert_waits_for_the_account_to_bind_and_takes_no_room(operator, anna, shop):
    operator.detach(anna)
    operator.network.want_alert(ANNA, "shop")
    operator.detach(shop)
    operator.attach(anna)
    assert shop.got == []
    shop.party.room = 1
    operator.attach(shop)
    assert len(shop.got) == 1
    assert shop.party.room == 1


def test_the_numbers_of_esmes_have_no_alerts(operator, shop):
    operator.account("bank", "5000")
    assert not operator.network.want_alert("5000", "shop")


# Queries ------------------------------------------------------------------------------------------------------------


def test_a_query_finds_what_is_under_way(operator, anna):
    operator.detach(anna)
    waiting, scheduled = operator.submit(sms()), operator.submit(sms(scheduled_at=60.0))
    (found,) = operator.network.query(waiting.message_id, "shop")
    assert (found.sms, found.state, found.error) == (waiting, S.ENROUTE, 6)
    assert operator.network.query(scheduled.message_id, "shop")[0].state is S.SCHEDULED


NOT_FOUND = {
    "another account": {"account": "bank"},
    "another source": {"source": "3340"},
    "an id that nobody has": {"message_id": "9999999999"},
}


@pytest.mark.parametrize("changed", NOT_FOUND.values(), ids=NOT_FOUND)
def test_only_the_account_that_submitted_may_touch_a_message(operator, anna, changed):
    operator.detach(anna)
    message_id = operator.submit(sms()).message_id
    asked = {"message_id": message_id, "account": "shop", "source": "3339"} | changed
    assert operator.network.query(**asked) == []
    with pytest.raises(NotUnderWayError):
        operator.network.cancel(**asked, now=0)
    with pytest.raises(NotUnderWayError):
        operator.network.replace(**asked, octets=b"", now=0)
    operator.attach(anna)
    assert len(anna.got) == 1


def test_what_has_its_final_state_is_not_under_way_any_more(operator, anna):
    message = operator.submit(sms())
    assert operator.network.query(message.message_id, "shop") == []
    with pytest.raises(NotUnderWayError):
        operator.cancel(message.message_id, "shop")


def test_messages_that_were_submitted_as_one_are_asked_for_as_one(operator, anna, shop):
    boris = operator.handset(BORIS)
    operator.detach(anna)
    operator.detach(boris)
    first = operator.submit(sms(registered_delivery=RECEIPT))
    operator.submit(sms(BORIS, registered_delivery=RECEIPT, group_id=first.message_id))
    assert [found.sms.destination for found in operator.network.query(first.message_id, "shop")] == [ANNA, BORIS]
    operator.attach(anna)
    assert [found.sms.destination for found in operator.network.query(first.message_id, "shop")] == [BORIS]
    operator.cancel(first.message_id, "shop")
    assert [(receipt.sms.known_id, receipt.state) for receipt in shop.got] == [
        (first.message_id, S.DELIVERED),
        (first.message_id, S.DELETED),
    ]


# Cancelling ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [{}, {"scheduled_at": 60.0}, {"priority": 3}], ids=str)
def test_a_cancelled_message_never_arrives_and_its_sender_is_told(operator, anna, shop, given):
    operator.detach(anna)
    message = operator.submit(sms(registered_delivery=RECEIPT, **given))
    operator.cancel(message.message_id, "shop", source="3339")
    assert [receipt.state for receipt in shop.got] == [S.DELETED]
    operator.attach(anna)
    operator.wait(10 * 86400)
    assert anna.got == []
    with pytest.raises(NotUnderWayError):
        operator.cancel(message.message_id, "shop")


def test_what_an_esme_has_in_its_hands_cannot_be_cancelled(operator):
    bank = operator.bound("bank", "5000")
    message = operator.submit(sms("5000"))
    with pytest.raises(TooLateError, match="in the hands of bank"):
        operator.cancel(message.message_id, "shop")
    with pytest.raises(TooLateError):
        operator.network.replace(message.message_id, "shop", b"", 0)
    operator.detach(bank)
    operator.network.hand_back("bank", [message])
    operator.cancel(message.message_id, "shop")
    assert operator.written.kinds[-1] == "state DELETED"


def test_all_between_two_addresses_are_cancelled_at_once(operator, anna):
    operator.detach(anna)
    operator.submit(sms())
    operator.submit(sms(scheduled_at=60.0))
    kept = [
        operator.submit(sms(account="bank")),
        operator.submit(sms(BORIS, scheduled_at=60.0)),
        operator.submit(Sms("3340", ANNA, b"", account="shop")),
    ]
    operator.hand_over(operator.network.cancel_between("shop", "3339", ANNA, 0))
    assert operator.written.kinds[-2:] == ["state DELETED"] * 2
    assert [sms.message_id for sms in operator.network.messages.under_way()] == [sms.message_id for sms in kept]
    with pytest.raises(NotUnderWayError):
        operator.network.cancel_between("shop", "3339", ANNA, 0)


@pytest.mark.parametrize(("service_type", "left"), [("", 0), ("CMT", 1), ("WAP", 1)])
def test_or_only_those_of_a_service_type(operator, anna, service_type, left):
    operator.detach(anna)
    operator.submit(sms(service_type="CMT"))
    operator.submit(sms(service_type="WAP"))
    operator.hand_over(operator.network.cancel_between("shop", "3339", ANNA, 0, service_type=service_type))
    assert len(anna.party.waiting) == left


# Replacing ----------------------------------------------------------------------------------------------------------


def test_a_replaced_message_keeps_its_id_and_its_place(operator, anna, shop):
    operator.detach(anna)
    message = operator.submit(sms(octets=b"old"))
    other = operator.submit(sms(octets=b"other"))
    operator.network.replace(message.message_id, "shop", b"new", 0, registered_delivery=RECEIPT)
    assert (message.octets, operator.written.kinds[-1]) == (b"old", "replaced")  # what was submitted is never changed
    operator.attach(anna)
    assert [(sms.message_id, sms.octets) for sms in anna.got] == [
        (message.message_id, b"new"),
        (other.message_id, b"other"),
    ]
    assert [receipt.state for receipt in shop.got] == [S.DELIVERED]


def test_a_replaced_message_gets_another_validity(operator, anna):
    operator.detach(anna)
    sooner, later = operator.submit(sms()), operator.submit(sms(expires_at=10.0))
    operator.network.replace(sooner.message_id, "shop", b"new", 0, expires_at=20.0)
    operator.network.replace(later.message_id, "shop", b"new", 0, expires_at=30.0)
    operator.wait(100)
    expired = [(sms.message_id, now) for kind, sms, now in operator.written if kind == "state EXPIRED"]
    assert expired == [(sooner.message_id, 20.0), (later.message_id, 30.0)]


SCHEDULES = [
    # scheduled at first, by the replacement, the moment it arrives
    (60.0, 30.0, 30.0),
    (60.0, 90.0, 90.0),
    (60.0, 0.0, 60.0),
    (0.0, 90.0, 90.0),
]


@pytest.mark.parametrize(("first", "then", "arrives"), SCHEDULES)
def test_a_replaced_message_gets_another_schedule(new_operator, first, then, arrives):
    operator = new_operator(validity=50.0)
    anna = operator.handset(ANNA)
    operator.detach(anna)
    message = operator.submit(sms(scheduled_at=first))
    operator.network.replace(message.message_id, "shop", b"new", 0, scheduled_at=then)
    operator.attach(anna)
    operator.wait(1000)
    assert operator.written[-1][0] == "state DELIVERED"
    assert operator.written[-1][2] == arrives
    assert [sms.octets for sms in anna.got] == [b"new"]


def test_a_replaced_part_reads_its_new_header():
    part = sms(octets=bytes.fromhex("050003010201") + b"a", esm_class=0x40, concatenation=Concatenation(1, 2, 1))
    assert part.rewritten(bytes.fromhex("050003070302") + b"b").concatenation == Concatenation(7, 3, 2)


def test_replace_if_present_takes_the_place_of_what_waits(operator, anna, shop):
    operator.detach(anna)
    old = operator.submit(sms(octets=b"old", registered_delivery=RECEIPT))
    others = [
        operator.submit(sms(service_type="WAP")),
        operator.submit(sms(account="bank")),
        operator.submit(Sms("3340", ANNA, b"", account="shop")),
    ]
    new = operator.submit(sms(octets=b"new", replace_if_present=True))
    assert [(receipt.sms, receipt.state) for receipt in shop.got] == [(old, S.DELETED)]
    operator.attach(anna)
    assert anna.got == [*others, new]


def test_replace_if_present_with_nothing_present_is_an_ordinary_message(operator, anna):
    message = operator.submit(sms(replace_if_present=True))
    assert anna.got == [message]


def test_the_parts_of_a_long_message_do_not_replace_each_other(operator, anna):
    operator.detach(anna)
    for reference in (1, 2):
        for sequence in (1, 2):
            place = Concatenation(reference, 2, sequence)
            operator.submit(sms(concatenation=place, replace_if_present=True))
    operator.attach(anna)
    assert [sms.concatenation[:3] for sms in anna.got] == [(2, 2, 1), (2, 2, 2)]


# Priority -----------------------------------------------------------------------------------------------------------


def test_a_higher_priority_is_handed_over_first(operator, anna):
    operator.detach(anna)
    messages = [operator.submit(sms(priority=priority)) for priority in (0, 2, 0, 3, 2)]
    operator.attach(anna)
    assert anna.got == [messages[place] for place in (3, 1, 4, 0, 2)]


def test_and_so_it_is_when_an_esme_hands_back(operator):
    bank = operator.bound("bank", "5000")
    messages = [operator.submit(sms("5000", priority=priority)) for priority in (0, 1)]
    operator.detach(bank)
    messages.append(operator.submit(sms("5000", priority=1)))
    operator.network.hand_back("bank", messages[:2])
    bank.got.clear()
    operator.attach(bank)
    assert bank.got == [messages[place] for place in (1, 2, 0)]


# Outcomes by rule ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [S.EXPIRED, S.DELETED, S.UNDELIVERABLE, S.ACCEPTED, S.UNKNOWN, S.REJECTED])
def test_a_rule_brings_messages_to_a_final_state(new_operator, state):
    operator = new_operator(rules=(Rule(delay=fixed(5), states={state: 1}, errors={state: 99}),))
    anna, shop = operator.handset(ANNA), operator.bound("shop")
    operator.submit(sms(registered_delivery=RECEIPT))
    operator.wait(4)
    assert states(operator) == ["sms ENROUTE"]
    operator.wait(1)
    assert states(operator) == ["sms ENROUTE", f"state {state.name}"]
    assert [(receipt.state, receipt.error, receipt.done_at) for receipt in shop.got] == [(state, 99, 5.0)]
    assert anna.got == []


def test_delivered_by_rule_means_that_it_goes_its_ordinary_way_after_the_delay(new_operator):
    operator = new_operator(rules=(Rule(delay=uniform(4, 8)),))
    operator.chances = [0.25, 0.0]
    anna, bank = operator.handset(ANNA), operator.bound("bank", "5000")
    first = operator.submit(sms())
    operator.wait(5)
    assert anna.got == [first]
    operator.detach(anna)
    second = operator.submit(sms())
    third = operator.submit(sms("5000"))
    operator.wait(10)
    assert bank.got == [third]
    operator.attach(anna)
    assert anna.got == [first, second]


def test_delay_0_means_within_the_call(new_operator):
    operator = new_operator(rules=(Rule(states={S.REJECTED: 1}),))
    operator.bound("shop")
    operator.submit(sms(registered_delivery=RECEIPT))
    assert operator.written.kinds == ["sms ENROUTE", "state REJECTED", "receipt REJECTED"]
    operator.network.messages.rules = (Rule(),)
    operator.handset(ANNA)
    operator.submit(sms())
    assert operator.written.kinds[-1] == "state DELIVERED"


def test_validity_ends_before_a_delay_does(new_operator):
    operator = new_operator(rules=(Rule(delay=fixed(60)),))
    anna = operator.handset(ANNA)
    operator.submit(sms(expires_at=30.0))
    operator.wait(100)
    assert states(operator) == ["sms ENROUTE", "state EXPIRED"]
    assert anna.got == []


def test_rules_are_asked_when_a_schedule_is_due(new_operator):
    operator = new_operator(rules=(Rule(delay=fixed(5), states={S.UNKNOWN: 1}),))
    operator.submit(sms(scheduled_at=60.0))
    operator.wait(64)
    assert states(operator) == ["sms SCHEDULED", "state ENROUTE"]
    operator.wait(1)
    assert operator.written.kinds[-1] == "state UNKNOWN"


def test_a_message_that_no_rule_fits_arrives_at_once(new_operator):
    operator = new_operator(rules=(Rule(account="bank", states={S.REJECTED: 1}),))
    anna = operator.handset(ANNA)
    operator.submit(sms())
    operator.submit(sms(account="bank"))
    assert len(anna.got) == 1
    assert operator.written.kinds == ["sms DELIVERED", "sms ENROUTE", "state REJECTED"]


def test_a_delayed_message_can_be_cancelled(new_operator):
    operator = new_operator(rules=(Rule(delay=fixed(5)),))
    anna = operator.handset(ANNA)
    operator.cancel(operator.submit(sms()).message_id, "shop")
    operator.wait(100)
    assert states(operator) == ["sms ENROUTE", "state DELETED"]
    assert anna.got == []


def test_a_receipt_may_come_later_than_the_message(new_operator):
    operator = new_operator(rules=(Rule(receipt_delay=fixed(5)),))
    anna, shop = operator.handset(ANNA), operator.bound("shop")
    operator.submit(sms(registered_delivery=RECEIPT))
    assert len(anna.got) == 1
    assert shop.got == []
    operator.wait(5)
    assert [(receipt.state, receipt.done_at) for receipt in shop.got] == [(S.DELIVERED, 0.0)]
    assert operator.written[-1][0::2] == ("receipt DELIVERED", 5.0)


# Limits -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def small(new_operator):
    operator = new_operator(waiting_limit=3, under_way_limit=5)
    operator.anna, operator.shop = operator.handset(ANNA), operator.bound("shop")
    return operator


def test_so_much_waits_for_a_party_and_no_more(small):
    small.detach(small.anna)
    for _ in range(3):
        small.submit(sms())
    with pytest.raises(QueueFullError, match=f"3 messages wait for {ANNA}"):
        small.submit(sms())
    assert small.written.kinds.count("sms ENROUTE") == 3  # nothing is written down of what is refused
    small.submit(sms(BORIS))
    small.attach(small.anna)
    small.submit(sms())
    assert len(small.anna.got) == 4


def test_an_account_that_does_not_take_its_receipts_cannot_submit_for_more(small):
    small.shop.party.room = 0
    for _ in range(3):
        small.submit(sms(registered_delivery=RECEIPT))
    for destination in (ANNA, "5000"):
        with pytest.raises(QueueFullError, match="3 messages and receipts wait for shop"):
            small.submit(sms(destination, registered_delivery=RECEIPT))
    small.submit(sms())
    small.submit(sms(account="bank", registered_delivery=RECEIPT))
    small.shop.party.room = 3
    small.hand_over(small.network.release(small.shop.party, 1))
    assert len(small.shop.got) == 3
    small.shop.party.room = 1
    small.submit(sms(registered_delivery=RECEIPT))


@pytest.mark.parametrize("given", [{"scheduled_at": 60.0}, {"destination": "5000"}], ids=str)
def test_so_much_is_under_way_and_no_more(small, given):
    small.bound("bank", "5000")
    for _ in range(5):
        small.submit(sms(**given))
    with pytest.raises(QueueFullError, match="5 are under way in all"):
        small.submit(sms(**given))
    small.submit(sms())  # what arrives at once is never under way


def test_delayed_receipts_count_too(small):
    small.network.messages.rules = (Rule(receipt_delay=fixed(5)),)
    for _ in range(5):
        small.submit(sms(registered_delivery=RECEIPT))
    with pytest.raises(QueueFullError):
        small.submit(sms())
    small.wait(5)
    small.submit(sms())


def test_what_has_arrived_leaves_no_trace_in_memory(operator):
    bank = operator.bound("bank", "5000")
    for _ in range(5000):
        bank.party.room = 0
        message = operator.submit(sms("5000"))
        bank.party.room = 1
        operator.hand_over(operator.network.release(bank.party, operator.now))
        operator.confirm(message, S.DELIVERED)
        bank.got.clear()
    assert len(operator.network.messages.deadlines) <= 1001
    assert list(operator.network.messages.under_way()) == []


def test_replacing_again_and_again_takes_no_memory(operator, anna):
    operator.detach(anna)
    message = operator.submit(sms())
    for count in range(5000):
        operator.network.replace(message.message_id, "shop", b"", 0, expires_at=100_000.0 - count)
    assert len(operator.network.messages.deadlines) <= 1003
    operator.wait(95_001)
    assert operator.written.kinds[-1] == "state EXPIRED"


# Restart ------------------------------------------------------------------------------------------------------------


def test_what_was_under_way_comes_back_to_where_it_was(new_operator):
    before = new_operator(validity=1000.0)
    before.detach(before.handset(ANNA))
    before.submit(sms(priority=0))
    before.submit(sms(priority=3))
    before.submit(sms(scheduled_at=60.0))
    before.submit(sms(scheduled_at=5.0))
    after = new_operator()
    anna = after.handset(ANNA)
    after.now = 10.0
    for message in list(before.network.messages.under_way()):
        message.origin = 7
        after.network.messages.restore(message, after.now)
    after.attach(anna)
    assert [sms.message_id for sms in anna.got] == ["0000000002", "0000000001", "0000000004"]
    assert {sms.origin for sms in anna.got} == {0}
    after.wait(50)
    assert [sms.message_id for sms in anna.got[3:]] == ["0000000003"]
    assert after.written.kinds.count("state DELIVERED") == 4


def test_a_restored_message_takes_what_is_left_of_its_delay(new_operator):
    operator = new_operator(rules=(Rule(delay=fixed(60), states={S.UNDELIVERABLE: 1}),))
    operator.now = 50.0
    operator.network.messages.restore(sms(message_id="7", submitted_at=0.0, expires_at=1000.0), operator.now)
    operator.wait(10)
    assert operator.written[-1][0::2] == ("state UNDELIVERABLE", 60.0)


def test_clearing_forgets_all_of_it(new_operator):
    operator = new_operator(rules=(Rule(account="bank", receipt_delay=fixed(5)),), waiting_limit=1)
    anna, bank = operator.handset(ANNA), operator.bound("bank", "5000")
    operator.submit(sms(account="bank", registered_delivery=RECEIPT))
    handed = operator.submit(sms("5000"))
    operator.detach(anna)
    operator.network.want_alert(ANNA, "bank")
    operator.submit(sms(priority=1))
    operator.submit(sms(BORIS, scheduled_at=60.0))
    operator.network.clear()
    bank.got.clear()
    operator.attach(anna)
    operator.wait(1000)
    operator.confirm(handed, S.DELIVERED)
    assert (anna.got[1:], bank.got) == ([], [])
    assert operator.network.next_deadline() is None
    assert not [receipt for receipt in bank.got if isinstance(receipt, Receipt)]
    operator.detach(anna)
    operator.submit(sms())  # the queue is empty again


def test_those_who_follow_hear_of_each_final_state_on_the_long_road(operator, anna, shop):
    heard = []
    operator.network.messages.followers.append(lambda message, state, error: heard.append((state, error)))
    operator.detach(anna)
    operator.submit(sms(expires_at=60.0))
    operator.wait(60)
    operator.network.messages.clear()
    operator.submit(sms(expires_at=120.0))
    operator.wait(60)
    assert heard == [(S.EXPIRED, 6)]


def test_the_load_is_how_full_what_waits_is(new_operator):
    operator = new_operator(waiting_limit=4, under_way_limit=100)
    anna = operator.handset(ANNA)
    operator.detach(anna)
    for _ in range(3):
        operator.submit(sms())
    assert operator.network.messages.load("shop") == 3  # of 100 under way
