"""Cabinets and the home cabinet's accounts."""

from tests.selfcare.conftest import ANNA, BORIS, START
from tests.selfcare.records.conftest import audit
from ussd_gateway.selfcare.records.cabinets import Cabinet


def test_r101_a_cabinet_is_made_once(records, store):
    assert records.cabinets.cabinet(ANNA) is None

    assert records.cabinets.create(ANNA, START, "web") == Cabinet(ANNA, START)
    assert records.cabinets.create(ANNA, START + 1, "app") == Cabinet(ANNA, START)
    assert audit(store)[-1] == (ANNA, "web", "cabinet.created", {})
    assert records.cabinets.cabinet(BORIS) is None


def test_its_settings_are_kept_with_their_audit_entries(records, store):
    records.cabinets.create(ANNA, START, "web")
    records.cabinets.set_log_in_sms(ANNA, False, START, "web")
    records.cabinets.set_language(ANNA, "en", START, "web")

    assert records.cabinets.cabinet(ANNA) == Cabinet(ANNA, START, log_in_sms=False, language="en")
    assert [entry[2:] for entry in audit(store)[-2:]] == [
        ("cabinet.log_in_sms", {"on": False}),
        ("cabinet.language", {"language": "en"}),
    ]


def test_r006_the_home_accounts_are_others(records, store):
    store.write("INSERT INTO home_accounts VALUES ('ivanova', 'hash')")

    assert records.cabinets.home_hash("ivanova") == "hash"
    assert records.cabinets.home_hash(ANNA) is None
