"""What the journal counts of all that passes."""

import sqlite3

import pytest

from ussd_gateway.metric import Histogram
from ussd_gateway.network.message import (
    ABORT,
    ANSWER,
    ASK,
    BEGIN,
    END,
    HANG_UP,
    NOTIFY,
    RELEASE,
    MessageState,
    Receipt,
    Sms,
    Ussd,
)
from ussd_gateway.store.journal import Journal
from ussd_gateway.store.store import Store

DELIVERED, ENROUTE, EXPIRED = MessageState.DELIVERED, MessageState.ENROUTE, MessageState.EXPIRED
SMS = Sms("shop", "70001000001", b"Hi", account="test", message_id="1", submitted_at=1.0)


@pytest.fixture
def journal(store):
    return Journal(store)


@pytest.fixture
def on_disk(tmp_path):
    store = Store(tmp_path / "store.db")
    yield store, Journal(store)
    store.close()


def read(journal, name):
    """A metric as {labels joined by a blank: value}, without what is 0; of a histogram how many it counted."""
    (found,) = [metric for metric in journal.meter.metrics() if metric.name == name]
    values = {" ".join(labels): value for labels, value in found.read().items()}
    counted = {
        labels: value.buckets[-1][1] if isinstance(value, Histogram) else value for labels, value in values.items()
    }
    return {labels: count for labels, count in counted.items() if count}


def at_once(journal, times=3):
    for _ in range(times):
        journal.sms(SMS, DELIVERED, 1.0)
        journal.receipt(Receipt(SMS, DELIVERED, 1.0), 1.0)
    journal.commit()


def test_what_is_delivered_at_once_is_accepted_and_delivered(journal):
    at_once(journal)
    assert read(journal, "sms_accepted") == {"": 3}
    assert read(journal, "sms_states") == {"delivered": 3}
    assert read(journal, "receipts") == {"delivered": 3}
    assert read(journal, "sms_delivery_duration_seconds") == {}


def test_a_turn_with_anything_else_in_it_is_counted_one_by_one(journal):
    journal.sms(SMS, ENROUTE, 1.0)
    journal.attempt(SMS, 6, 1.0)
    journal.replaced(SMS, 2.0)
    at_once(journal)
    journal.state(SMS, EXPIRED, 90.0, 6)
    journal.receipt(Receipt(SMS, EXPIRED, 90.0), 90.0)
    journal.commit()
    assert read(journal, "sms_accepted") == {"": 4}
    assert read(journal, "sms_states") == {"enroute": 1, "delivered": 3, "expired": 1}
    assert read(journal, "receipts") == {"delivered": 3, "expired": 1}
    assert read(journal, "sms_attempts_failed") == {"6": 1}
    assert read(journal, "sms_replaced") == {"": 1}


def test_a_message_that_was_under_way_has_a_life(journal):
    journal.sms(SMS, MessageState.SCHEDULED, 1.0)
    journal.state(SMS, ENROUTE, 61.0)
    journal.state(SMS, DELIVERED, 91.0)
    journal.commit()
    (metric,) = [metric for metric in journal.meter.metrics() if metric.name == "sms_delivery_duration_seconds"]
    life = metric.read()[("delivered",)]
    assert (life.sum, dict(life.buckets)["60.0"], dict(life.buckets)["300.0"]) == (90.0, 0, 1)
    assert read(journal, "sms_delivery_duration_seconds") == {"delivered": 1}


def ussd(journal, at, operation, **given):
    journal.ussd(Ussd(operation, msisdn="70001000001", service_code="*111#", session="7", **given), at)


SESSIONS = {
    # operation and moment of each message; the outcome, and how long the application took each time
    "to its end": (((BEGIN, 1.0), (ASK, 1.5), (ANSWER, 20.0), (END, 22.0)), "success", 2, 2.5),
    "a notification first": (((BEGIN, 1.0), (NOTIFY, 2.0), (END, 9.0)), "success", 1, 1.0),
    "given up by the user": (((BEGIN, 1.0), (ASK, 1.5), (HANG_UP, 9.0)), "dialog_user_abort", 1, 0.5),
    "given up by the application": (((BEGIN, 1.0), (ABORT, 3.0), (RELEASE, 3.0)), "abort_app", 1, 2.0),
    "without an answer": (((BEGIN, 1.0), (RELEASE, 11.0)), "app_timeout", 0, 0.0),
    "pushed": (((ASK, 1.0), (ANSWER, 9.0), (END, 9.5)), "success", 1, 0.5),
}


@pytest.mark.parametrize(("turns", "outcome", "answers", "seconds"), SESSIONS.values(), ids=SESSIONS)
def test_a_session_has_one_outcome_and_the_times_of_its_application(journal, turns, outcome, answers, seconds):
    for operation, at in turns:
        ussd(journal, at, operation, outcome=outcome if operation is RELEASE else "")
    journal.commit()
    assert read(journal, "ussd_sessions") == {outcome: 1}
    (metric,) = [metric for metric in journal.meter.metrics() if metric.name == "ussd_answer_duration_seconds"]
    assert (metric.read()[()].buckets[-1][1], metric.read()[()].sum) == (answers, seconds)


def test_a_reset_forgets_whom_somebody_waits_for(journal):
    ussd(journal, 1.0, BEGIN)
    journal.clear(2.0)
    ussd(journal, 3.0, END)
    journal.commit()
    assert read(journal, "ussd_answer_duration_seconds") == {}
    assert read(journal, "events") == {"gateway.reset": 1}


def test_each_turn_is_one_commit_of_so_many_entries(journal):
    at_once(journal, 3)
    at_once(journal, 1)
    journal.commit()
    (turns,) = [metric for metric in journal.meter.metrics() if metric.name == "commit_entries"]
    assert (turns.read()[()].sum, turns.read()[()].buckets[-1][1]) == (8.0, 2)
    assert read(journal, "commit_duration_seconds") == {"": 2}


@pytest.mark.parametrize("failure", ["the entries", "the commit"])
def test_of_a_turn_whose_commit_failed_each_entry_is_counted_once(on_disk, failure):
    store, journal = on_disk
    journal.sms(SMS, DELIVERED, 1.0)
    if failure == "the entries":
        store.own("CREATE TEMP TRIGGER full BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    else:
        store.own("PRAGMA foreign_keys = ON")
        store.own("CREATE TEMP TABLE owner (id INTEGER PRIMARY KEY)")
        store.own("CREATE TEMP TABLE owned (id INTEGER REFERENCES owner (id) DEFERRABLE INITIALLY DEFERRED)")
        store.write("INSERT INTO owned VALUES (1)")  # SQLite refuses the COMMIT until its owner is there
    with pytest.raises(sqlite3.IntegrityError):
        journal.commit()
    if failure == "the entries":
        store.own("DROP TRIGGER full")
    else:
        store.write("INSERT INTO owner VALUES (1)")
    journal.commit()
    assert read(journal, "sms_accepted") == {"": 1}
