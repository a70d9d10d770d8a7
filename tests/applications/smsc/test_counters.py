"""What one connection has sent and received."""

from ussd_gateway.applications.smsc.counters import Counters
from ussd_gateway.smpp.status import Status


def test_accepted_messages_are_counted_by_themselves_and_shown_with_the_others():
    counters = Counters()
    counters.submitted = 5
    counters.answered("submit_sm", Status.ESME_RINVDSTADR)
    counters.answered("enquire_link", Status.ESME_ROK)
    counters.refused[0x400] += 1
    counters.messages, counters.receipts, counters.octets_in, counters.octets_out = 2, 3, 100, 200
    assert counters.shown() == {
        "requests": {"enquire_link": 1, "submit_sm": 6},
        "responses": {"ESME_ROK": 6, "ESME_RINVDSTADR": 1},
        "messages_in": 5,
        "messages_out": 2,
        "receipts": 3,
        "refused": {"0x00000400": 1},
        "octets_in": 100,
        "octets_out": 200,
    }


def test_signs_of_life_are_no_activity():
    counters = Counters()
    counters.answered("enquire_link", Status.ESME_ROK)
    assert counters.activity == 0
    counters.answered("query_sm", Status.ESME_ROK)
    counters.submitted += 1
    counters.receipts += 1
    assert counters.activity == 3


def test_nothing_shows_nothing():
    shown = Counters().shown()
    assert (shown["requests"], shown["responses"]) == ({}, {})


def test_statuses_that_a_peer_makes_up_take_no_more_memory():
    counters, sums = Counters(), Counters()
    for status in range(0x400, 0x400 + 10_000):
        counters.refuse(status)
    sums.add(counters)
    for counted in (counters, sums):
        assert len(counted.refused) <= 201
        assert counted.refused.total() == 10_000
