"""The one valid password, and the requests for it."""

from tests.selfcare.conftest import ANNA, BORIS, START
from tests.selfcare.records.conftest import issue


def test_r121_from_the_issue_on_the_former_password_is_gone(records):
    issue(records)
    assert records.passwords.keep_hash(ANNA, 1, "hash 1")
    assert records.passwords.password_hash(ANNA) == "hash 1"

    issue(records, 2)

    assert records.passwords.password_hash(ANNA) is None
    assert records.passwords.next_issue(ANNA) == 3


def test_r122_a_hash_that_comes_after_a_later_issue_is_not_kept(records):
    issue(records)
    issue(records, 2)

    assert records.passwords.keep_hash(ANNA, 2, "hash 2")
    assert not records.passwords.keep_hash(ANNA, 1, "hash 1")
    assert records.passwords.password_hash(ANNA) == "hash 2"


def test_r116_the_last_tags_are_remembered(records):
    for number in range(1, 5):
        issue(records, number, tag=number * 10, remembered=2)

    assert records.passwords.tags(ANNA) == {30, 40}


def test_nothing_is_remembered_when_the_settings_want_nothing(records):
    issue(records, remembered=0)

    assert not records.passwords.tags(ANNA)


def test_r176_a_request_is_known_by_its_number_channel_and_key(records):
    issue(records)

    assert records.passwords.answered(ANNA, "ussd", "1", START - 1) == "sent"
    assert records.passwords.answered(ANNA, "ussd", "1", START) is None
    assert records.passwords.answered(BORIS, "ussd", "1", START - 1) is None
    assert records.passwords.answered(ANNA, "sms", "1", START - 1) is None
    assert records.passwords.answered(ANNA, "ussd", "2", START - 1) is None


def test_old_requests_are_forgotten(store, records):
    issue(records, 1, at=START)
    issue(records, 2, at=START + 100)

    assert store.own("SELECT issue FROM password_requests") == [(2,)]


def test_only_issues_count_and_only_recent_ones(records):
    issue(records, 1, at=START)
    issue(records, 2, at=START + 5)
    records.passwords.add_request(ANNA, "ussd", "refused", START + 6, "too_often", None, START - 1)

    assert records.passwords.issued_since(ANNA, START) == [START + 5]
