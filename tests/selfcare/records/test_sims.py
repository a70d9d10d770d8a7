"""Who has which number."""

from tests.selfcare.conftest import ANNA, BLOCKED, START, SUBSCRIBERS
from tests.selfcare.records.conftest import audit
from ussd_gateway.selfcare.records.sims import Sim


def test_r100_everybody_in_the_config_is_a_subscriber(records):
    assert records.sims.sim(ANNA) == Sim(ANNA, "anna", "ru", "Смарт", "active")
    assert records.sims.sim(BLOCKED).status == "voluntary_blocked"
    assert records.sims.sim("70009999999") is None


def test_at_the_next_start_those_who_are_there_keep_what_they_have(store, records):
    records.sims.set_language(ANNA, "latin", START, "ussd")

    records.sims.add_missing(SUBSCRIBERS, START + 100)

    assert records.sims.sim(ANNA).language == "latin"
    assert records.ledger.balance(ANNA) == 15000


def test_subscribers_are_committed_at_once(store, records):
    assert store.read("SELECT count(*) FROM subscribers") == [(3,)]
    assert not store._writer.in_transaction


def test_a_number_becomes_a_subscriber_once(store, records, changes):
    first = records.sims.ensure("70005000001", START, "ussd")

    assert (
        records.sims.ensure("70005000001", START + 1, "sms") == first == Sim("70005000001", "", "ru", "Смарт", "active")
    )
    assert audit(store)[-1] == ("70005000001", "ussd", "subscriber.added", {})
    assert changes == [1]
