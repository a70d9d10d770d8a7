"""Whose balance is shown to whom."""

from tests.selfcare.conftest import ANNA, BORIS, START


def test_who_asks_may_look_once_the_other_has_said_yes_until_it_is_over(records):
    records.consents.ask(BORIS, ANNA, START)
    assert records.consents.asked(BORIS, ANNA, START - 1)
    assert not records.consents.asked(BORIS, ANNA, START)
    assert not records.consents.allows(BORIS, ANNA, START)

    records.consents.allow(BORIS, ANNA, START + 10, START, "ussd")

    assert records.consents.allows(BORIS, ANNA, START + 9)
    assert not records.consents.allows(BORIS, ANNA, START + 10)
    assert not records.consents.allows(ANNA, BORIS, START)


def test_a_number_that_is_another_persons_is_forgotten_on_both_sides(records):
    for msisdn, asker in ((ANNA, BORIS), (BORIS, ANNA)):
        records.consents.ask(msisdn, asker, START)
        records.consents.allow(msisdn, asker, START + 10, START, "ussd")

    records.consents.forget(ANNA)

    assert not records.consents.allows(ANNA, BORIS, START)
    assert not records.consents.allows(BORIS, ANNA, START)
