"""Services by SIM."""

from tests.selfcare.conftest import ANNA, BORIS, START


def test_services_come_in_the_order_of_their_connection(records):
    records.services.connect(ANNA, "828", START + 1, "ussd")
    records.services.connect(ANNA, "111", START, "ussd")

    assert records.services.services(ANNA) == ("111", "828")
    assert records.services.services(BORIS) == ()
