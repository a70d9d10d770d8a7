"""The tables: every change with its audit entry, both or neither."""

import contextlib
import json

import pytest

from tests.selfcare.conftest import ANNA, BLOCKED, BORIS, START, SUBSCRIBERS
from ussd_gateway.config import Subscriber
from ussd_gateway.selfcare.repository import Repository, Sim


@pytest.fixture
def changes():
    return []


@pytest.fixture
def repository(store, changes):
    repository = Repository(store, lambda: changes.append(1))
    repository.add_missing(SUBSCRIBERS, START)
    return repository


def audit(store):
    return [
        (who, channel, what, json.loads(facts))
        for who, channel, what, facts in store.own("SELECT who, channel, what, facts FROM audit ORDER BY id")
    ]


def issue(repository, number=1, tag=7, remembered=5, at=START):
    with repository.change("password.issued", at, who=ANNA, channel="ussd", issue=number):
        repository.begin_issue(ANNA, number, at, tag, remembered)
        repository.add_request(ANNA, "ussd", str(number), at, "sent", number, at - 100)


def test_r100_everybody_in_the_config_is_a_subscriber(repository):
    assert repository.sim(ANNA) == Sim(ANNA, "anna", "ru", "Смарт", "active")
    assert repository.sim(BLOCKED).status == "blocked"
    assert repository.sim("70009999999") is None


def test_an_opening_balance_is_one_entry_and_none_where_there_is_nothing(store, repository):
    repository.add_missing([Subscriber(msisdn="70001000009")], START)

    assert repository.balance(ANNA) == 15000
    assert repository.balance(BORIS) == -750
    assert repository.balance("70001000009") == 0
    assert store.own("SELECT msisdn, kopecks, kind FROM ledger ORDER BY id") == [
        (ANNA, 15000, "opening"),
        (BORIS, -750, "opening"),
        (BLOCKED, 100, "opening"),
    ]


def test_at_the_next_start_those_who_are_there_keep_what_they_have(store, repository):
    repository.set_language(ANNA, "latin", START, "ussd")

    repository.add_missing(SUBSCRIBERS, START + 100)

    assert repository.sim(ANNA).language == "latin"
    assert repository.balance(ANNA) == 15000


def test_subscribers_are_committed_at_once(store, repository):
    assert store.read("SELECT count(*) FROM subscribers") == [(3,)]
    assert not store._writer.in_transaction


def test_a_number_becomes_a_subscriber_once(store, repository, changes):
    first = repository.ensure("70005000001", START, "ussd")

    assert (
        repository.ensure("70005000001", START + 1, "sms") == first == Sim("70005000001", "", "ru", "Смарт", "active")
    )
    assert audit(store)[-1] == ("70005000001", "ussd", "subscriber.added", {})
    assert changes == [1]


def test_every_change_has_its_audit_entry(store, repository):
    repository.set_language(ANNA, "latin", START, "ussd")
    repository.connect(ANNA, "828", START, "sms")
    repository.disconnect(ANNA, "828", START, "web")

    assert audit(store)[3:] == [
        (ANNA, "ussd", "language.chosen", {"language": "latin"}),
        (ANNA, "sms", "service.connected", {"service": "828"}),
        (ANNA, "web", "service.disconnected", {"service": "828"}),
    ]


def test_a_change_that_fails_leaves_neither_itself_nor_its_entry(store, repository):
    before = audit(store)

    with (
        contextlib.suppress(ZeroDivisionError),
        repository.change("x", START, who=ANNA, channel="ussd"),
    ):
        repository.begin_issue(ANNA, 1, START, 7, 5)
        raise ZeroDivisionError

    assert repository.next_issue(ANNA) == 1
    assert audit(store) == before


def test_r121_from_the_issue_on_the_former_password_is_gone(repository):
    issue(repository)
    assert repository.keep_hash(ANNA, 1, "hash 1")
    assert repository.password_hash(ANNA) == "hash 1"

    issue(repository, 2)

    assert repository.password_hash(ANNA) is None
    assert repository.next_issue(ANNA) == 3


def test_r122_a_hash_that_comes_after_a_later_issue_is_not_kept(repository):
    issue(repository)
    issue(repository, 2)

    assert repository.keep_hash(ANNA, 2, "hash 2")
    assert not repository.keep_hash(ANNA, 1, "hash 1")
    assert repository.password_hash(ANNA) == "hash 2"


def test_r116_the_last_tags_are_remembered(repository):
    for number in range(1, 5):
        issue(repository, number, tag=number * 10, remembered=2)

    assert repository.tags(ANNA) == {30, 40}


def test_nothing_is_remembered_when_the_settings_want_nothing(repository):
    issue(repository, remembered=0)

    assert not repository.tags(ANNA)


def test_r176_a_request_is_known_by_its_number_channel_and_key(repository):
    issue(repository)

    assert repository.answered(ANNA, "ussd", "1", START - 1) == "sent"
    assert repository.answered(ANNA, "ussd", "1", START) is None
    assert repository.answered(BORIS, "ussd", "1", START - 1) is None
    assert repository.answered(ANNA, "sms", "1", START - 1) is None
    assert repository.answered(ANNA, "ussd", "2", START - 1) is None


def test_old_requests_are_forgotten(store, repository):
    issue(repository, 1, at=START)
    issue(repository, 2, at=START + 100)

    assert store.own("SELECT issue FROM password_requests") == [(2,)]


def test_only_issues_count_and_only_recent_ones(repository):
    issue(repository, 1, at=START)
    issue(repository, 2, at=START + 5)
    repository.add_request(ANNA, "ussd", "refused", START + 6, "too_often", None, START - 1)

    assert repository.issued_since(ANNA, START) == [START + 5]


def test_services_come_in_the_order_of_their_connection(repository):
    repository.connect(ANNA, "828", START + 1, "ussd")
    repository.connect(ANNA, "111", START, "ussd")

    assert repository.services(ANNA) == ("111", "828")
    assert repository.services(BORIS) == ()


def test_clearing_forgets_every_table(store, repository):
    issue(repository)
    repository.connect(ANNA, "828", START, "ussd")

    repository.clear()

    for table in ("subscribers", "ledger", "passwords", "former_passwords", "password_requests", "services", "audit"):
        assert store.own(f"SELECT count(*) FROM {table}") == [(0,)], table
