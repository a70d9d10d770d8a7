"""What one number asked of another."""

from tests.selfcare.conftest import ANNA, BORIS, START
from tests.selfcare.records.conftest import audit


def test_requests_are_counted_by_kind_number_and_time(store, records):
    records.requests.ask("call_me_back", ANNA, BORIS, START, "ussd")
    records.requests.ask("call_me_back", ANNA, BORIS, START + 5, "ussd")
    records.requests.ask("top_up_request", ANNA, BORIS, START + 5, "ussd")

    assert records.requests.asked_since("call_me_back", ANNA, START) == 1
    assert records.requests.asked_since("call_me_back", BORIS, START - 1) == 0
    assert audit(store)[-1] == (ANNA, "ussd", "top_up_request", {"other": BORIS})
