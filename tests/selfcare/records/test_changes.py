"""Every change with its audit entry, both or neither."""

import contextlib

from tests.selfcare.conftest import ANNA, START
from tests.selfcare.records.conftest import audit


def test_every_change_has_its_audit_entry(store, records):
    records.sims.set_language(ANNA, "latin", START, "ussd")
    records.services.connect(ANNA, "828", START, "sms")
    records.services.disconnect(ANNA, "828", START, "web")

    assert audit(store)[3:] == [
        (ANNA, "ussd", "language.chosen", {"language": "latin"}),
        (ANNA, "sms", "service.connected", {"service": "828"}),
        (ANNA, "web", "service.disconnected", {"service": "828"}),
    ]


def test_a_change_that_fails_leaves_neither_itself_nor_its_entry(store, records):
    before = audit(store)

    with (
        contextlib.suppress(ZeroDivisionError),
        records.changes.change("x", START, who=ANNA, channel="ussd"),
    ):
        records.passwords.begin_issue(ANNA, 1, START, 7, 5, "generated")
        raise ZeroDivisionError

    assert records.passwords.next_issue(ANNA) == 1
    assert audit(store) == before
