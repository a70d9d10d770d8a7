"""The tables in memory, with the subscribers of the tests."""

import json

import pytest

from tests.selfcare.conftest import ANNA, START, SUBSCRIBERS
from ussd_gateway.selfcare.records.records import Records


@pytest.fixture
def changes():
    return []


@pytest.fixture
def records(store, changes):
    records = Records(store, lambda: changes.append(1))
    records.sims.add_missing(SUBSCRIBERS, START)
    return records


def audit(store):
    return [
        (who, channel, what, json.loads(facts))
        for who, channel, what, facts in store.own("SELECT who, channel, what, facts FROM audit ORDER BY id")
    ]


def issue(records, number=1, tag=7, remembered=5, at=START):
    with records.changes.change("password.issued", at, who=ANNA, channel="ussd", issue=number):
        records.passwords.begin_issue(ANNA, number, at, tag, remembered, "generated")
        records.passwords.add_request(ANNA, "ussd", str(number), at, "sent", number, at - 100)
