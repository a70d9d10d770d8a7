"""The journal as events: in words, by number, with what is missing."""

import re
from typing import get_args

import pytest

from ussd_gateway.coding.segments import Concatenation
from ussd_gateway.network.message import ASK, BEGIN, RELEASE, MessageState, Receipt, Sms, Ussd
from ussd_gateway.store import feed as feeds
from ussd_gateway.store.entries import Entry, StateEntry
from ussd_gateway.store.feed import SLICE, Feed, shown
from ussd_gateway.store.journal import Journal


@pytest.fixture
def journal(store):
    return Journal(store, most=3000)


@pytest.fixture
def feed(journal):
    return Feed(journal)


def sms(message_id="1", **given):
    return Sms("shop", "70001000001", "Да".encode("utf-16-be"), 8, message_id=message_id, **given)


def every(kind):
    return True


def events(feed, number=0, wanted=every):
    return [event for _, part in feed.after(number, wanted) for event in part]


def test_each_entry_says_what_happened(journal, feed):
    part = Concatenation(7, 3, 2)
    message = sms(account="test", registered_delivery=1, concatenation=part)
    journal.sms(message, MessageState.ENROUTE, 1.0)
    journal.state(message, MessageState.DELIVERED, 2.0)
    journal.receipt(Receipt(message, MessageState.DELIVERED, 2.0), 3.0)
    journal.ussd(Ussd(ASK, "1 Баланс", msisdn="70001000001", service_code="*111#", session="9"), 4.0)
    journal.ussd(Ussd(RELEASE, msisdn="70001000001", service_code="*111#", session="9", outcome="timeout"), 5.0)
    journal.event("esme.bound", 6.0, account="test", mode="receiver")
    journal.commit()
    said = events(feed)
    assert [(number, kind, told["at"]) for number, kind, told in said] == [
        (1, "sms", 1.0),
        (2, "sms.state", 2.0),
        (3, "receipt", 3.0),
        (4, "ussd.ask", 4.0),
        (5, "ussd.release", 5.0),
        (6, "esme.bound", 6.0),
    ]
    accepted, state, receipt, ask, release, bound = (told for _, _, told in said)
    assert accepted == {
        "at": 1.0,
        "id": "1",
        "from": "shop",
        "to": "70001000001",
        "esme": "test",
        "text": "Да",
        "data_coding": 8,
        "esm_class": 0,
        "registered_delivery": 1,
        "octets": "04140430",
        "part": {"reference": 7, "sequence": 2, "total": 3},
        "group": None,
        "state": "ENROUTE",
        "masked": False,
        "to_esme": None,
    }
    assert state == {"at": 2.0, "id": "1", "state": "DELIVERED", "error": 0}
    assert receipt == {"at": 3.0, "id": "1", "state": "DELIVERED", "esme": "test"}
    assert (ask["session"], ask["operation"], ask["text"], ask["outcome"]) == ("9", "ask", "1 Баланс", None)
    assert bytes.fromhex(ask["octets"]).decode("utf-16-be") == "1 Баланс"
    assert (release["operation"], release["outcome"]) == ("release", "timeout")
    assert bound == {"at": 6.0, "account": "test", "facts": {"mode": "receiver"}}


def test_what_becomes_of_a_message_that_waits_is_told(journal, feed):
    journal.attempt(sms(), 27, 1.0)
    journal.replaced(sms(account="test"), 2.0)
    journal.state(sms(), MessageState.EXPIRED, 3.0, 6)
    journal.commit()
    (_, attempt, failed), (_, replaced, rewritten), (_, _, expired) = events(feed)
    assert (attempt, failed) == ("sms.attempt", {"at": 1.0, "id": "1", "error": 27})
    assert (replaced, rewritten["at"], rewritten["text"], rewritten["state"]) == ("sms.replaced", 2.0, "Да", "ENROUTE")
    assert (expired["state"], expired["error"]) == ("EXPIRED", 6)


def test_r178_the_same_secret_has_the_same_reference_in_an_sms_a_dialogue_and_an_event(store):
    journal = Journal(store, {"3339": re.compile(r"(?<=Password: )\S+")})
    feed = Feed(journal)
    journal.commit()
    journal.sms(Sms("3339", "70001000001", b"Password: Ab3dE9xZ", message_id="1"), MessageState.DELIVERED, 1.0)
    journal.sms(Sms("3339", "70001000001", b"No password", message_id="2"), MessageState.DELIVERED, 2.0)
    dialled = Ussd(BEGIN, "*1*77*Ab3dE9xZ#", service_code="*1#", session="9", secrets=("77", "Ab3dE9xZ"))
    journal.ussd(dialled, 3.0)
    journal.commit()
    journal.event("page.requested", 4.0, hidden={"password": "Ab3dE9xZ"}, form={"password": "********"})
    journal.replaced(Sms("3339", "70001000001", b"Password: 77", message_id="2"), 5.0)
    journal.commit()
    told = {number: told for number, _, told in events(feed)}
    assert {number: said.get("secrets") for number, said in told.items()} == {
        1: ["s1"],
        2: None,
        3: ["s2", "s1"],
        4: {"password": "s1"},
        5: ["s2"],
    }
    assert (told[1]["text"], told[3]["text"]) == ("Password: ********", "*1*********" + "*********#")
    later = Feed(Journal(store))
    assert all("secrets" not in said for _, _, said in events(later))


def test_an_sms_tells_which_esme_has_its_destination(journal):
    feed = Feed(journal, {"5000": "shop"}.get)
    journal.sms(Sms("70001000001", "5000", b"x", message_id="1"), MessageState.ENROUTE, 1.0)
    journal.replaced(Sms("70001000001", "5000", b"y", message_id="1"), 2.0)
    journal.sms(Sms("70001000001", "70002000001", b"x", message_id="2"), MessageState.ENROUTE, 3.0)
    journal.commit()
    assert [said["to_esme"] for _, _, said in events(feed)] == ["shop", "shop", None]


def test_every_kind_of_entry_can_be_told():
    assert set(feeds._SHOWN) == set(get_args(Entry))


def test_a_state_without_a_name_is_its_number():
    assert shown(StateEntry(1.0, "1", 77))["state"] == "77"


@pytest.mark.parametrize("number", [0, 1, SLICE, SLICE + 7, 2 * SLICE + 9])
def test_reading_goes_on_behind_any_number_in_slices(store, number):
    journal = Journal(store)
    for message_id in range(1, 2 * SLICE + 11):
        journal.sms(sms(str(message_id)), MessageState.DELIVERED, 1.0)
    journal.commit()
    parts = list(Feed(journal).after(number, every))
    assert max(len(part) for _, part in parts) <= SLICE
    assert [event[0] for _, part in parts for event in part] == list(range(number + 1, 2 * SLICE + 11))
    assert [reached for reached, _ in parts] == [part[-1][0] for _, part in parts]


def test_what_nobody_wants_is_passed_over_and_still_counts(journal, feed):
    journal.sms(sms(), MessageState.DELIVERED, 1.0)
    journal.event("esme.bound", 2.0)
    journal.sms(sms("2"), MessageState.DELIVERED, 3.0)
    journal.commit()
    ((reached, part),) = feed.after(0, lambda kind: kind == "esme.bound")
    assert (reached, [number for number, _, _ in part]) == (3, [2])


def test_what_is_kept_no_more_is_counted_and_nothing_else_is_missing(journal, feed):
    for message_id in range(1, 101):
        journal.sms(sms(str(message_id)), MessageState.DELIVERED, 1.0)
        journal.commit()
    assert 10 < journal.forgotten < 90
    gap, *rest = events(feed, 10, lambda kind: kind == "sms")
    assert gap == (journal.forgotten, "gap", {"missing": journal.forgotten - 10})
    assert [number for number, _, _ in rest] == list(range(journal.forgotten + 1, 101))
    assert events(feed, journal.forgotten) == rest  # nothing is missing behind the gap


def test_what_goes_while_somebody_reads_is_a_gap_too(journal, feed):
    journal.sms(sms(), MessageState.DELIVERED, 1.0)
    journal.commit()
    reading = feed.after(0, every)
    assert [number for number, _, _ in next(reading)[1]] == [1]
    for message_id in range(2, 101):
        journal.sms(sms(str(message_id)), MessageState.DELIVERED, 1.0)
        journal.commit()
    (gap, first) = next(reading)[1]
    assert gap == (journal.forgotten, "gap", {"missing": journal.forgotten - 1})
    assert first[0] == journal.forgotten + 1


def test_a_reset_goes_on_with_the_next_number(journal, feed):
    journal.sms(sms(), MessageState.DELIVERED, 1.0)
    journal.clear(2.0)
    assert [(number, kind) for number, kind, _ in events(feed, 1)] == [(2, "gateway.reset")]
    assert feed.last == 2
