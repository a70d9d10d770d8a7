"""The bindings in the store."""

import sqlite3

import pytest

from ussd_gateway.selfcare.records.socials import Binding

ANNA, BORIS, AT = "70001000001", "70002000001", 1_524_840_600.0


def bind(records, network, external_id, msisdn):
    with records.changes.change("social.bound", AT, who=msisdn, channel="web"):
        records.socials.bind(Binding(network, external_id, msisdn, "Анна", AT))


def test_a_binding_is_found_by_account_and_by_cabinet(records):
    bind(records, "vmeste", "101", ANNA)
    bind(records, "krug", "501", ANNA)

    assert records.socials.of_account("vmeste", "101") == Binding("vmeste", "101", ANNA, "Анна", AT)
    assert records.socials.of_account("krug", "101") is None
    assert set(records.socials.of_cabinet(ANNA)) == {"vmeste", "krug"}
    assert records.socials.of_cabinet(BORIS) == {}


@pytest.mark.parametrize(("network", "external_id", "msisdn"), [("vmeste", "101", BORIS), ("vmeste", "102", ANNA)])
def test_r133_the_store_keeps_no_second_binding(records, network, external_id, msisdn):
    bind(records, "vmeste", "101", ANNA)
    with pytest.raises(sqlite3.IntegrityError):
        bind(records, network, external_id, msisdn)

    assert list(records.socials.of_cabinet(ANNA)) == ["vmeste"]
    assert records.socials.of_cabinet(BORIS) == {}


def test_an_unbound_network_is_gone(records):
    bind(records, "vmeste", "101", ANNA)
    bind(records, "krug", "501", ANNA)
    with records.changes.change("social.unbound", AT, who=ANNA, channel="web"):
        records.socials.unbind(ANNA, "vmeste")

    assert list(records.socials.of_cabinet(ANNA)) == ["krug"]
