"""What numbers have, and until when it is paid."""

from tests.selfcare.conftest import ANNA, BLOCKED, BORIS, START
from ussd_gateway.selfcare.records.subscriptions import TARIFF, Due, Subscription


def test_a_number_has_a_tariff_and_options(records):
    records.subscriptions.keep(ANNA, "sms", START + 1, None)
    records.subscriptions.keep(ANNA, TARIFF, START, START + 9)
    records.subscriptions.keep(ANNA, TARIFF, START, START + 99)
    assert list(records.subscriptions.all(ANNA).values()) == [
        Subscription(TARIFF, START, START + 99),
        Subscription("sms", START + 1, None),
    ]

    records.subscriptions.end(ANNA, "sms")

    assert list(records.subscriptions.all(ANNA)) == [TARIFF]
    assert records.subscriptions.all(BORIS) == {}


def test_what_is_due_comes_in_its_order_and_what_waits_for_money_never(records):
    assert records.subscriptions.soonest() is None
    records.subscriptions.keep(ANNA, "late", START, START + 9)
    records.subscriptions.keep(ANNA, "waits", START, None)
    records.subscriptions.keep(BORIS, "soon", START, START + 5)

    assert records.subscriptions.soonest() == START + 5
    assert records.subscriptions.due(START + 5) == [Due(BORIS, Subscription("soon", START, START + 5))]
    assert [due.msisdn for due in records.subscriptions.due(START + 10)] == [BORIS, ANNA]


def test_who_is_new_and_has_money(records):
    assert sorted(records.subscriptions.without_months()) == [(ANNA, "Смарт"), (BLOCKED, "Смарт")]

    records.subscriptions.keep(ANNA, "sms", START, None)
    records.subscriptions.keep(BLOCKED, TARIFF, START, None)

    assert records.subscriptions.without_months() == [(ANNA, "Смарт")]


def test_notices_are_wanted_or_not(records):
    for on in (True, True, False):
        records.subscriptions.set_notices(ANNA, on, START, "ussd")
        assert records.subscriptions.wants_notices(ANNA) is on
    assert records.subscriptions.wants_notices(BORIS) is False


def test_a_tariff_is_the_sims_and_a_number_can_be_forgotten(records):
    records.subscriptions.set_tariff(ANNA, "Супер")
    records.subscriptions.keep(ANNA, "sms", START, None)
    records.subscriptions.set_notices(ANNA, True, START, "ussd")

    records.subscriptions.forget(ANNA)

    assert records.sims.sim(ANNA).tariff == "Супер"
    assert records.subscriptions.all(ANNA) == {}
    assert not records.subscriptions.wants_notices(ANNA)
