"""All tables in one hand."""

from tests.selfcare.conftest import ANNA, START
from tests.selfcare.records.conftest import issue


def test_clearing_forgets_every_table(store, records):
    issue(records)
    records.services.connect(ANNA, "828", START, "ussd")

    records.clear()

    for table in ("subscribers", "ledger", "passwords", "former_passwords", "password_requests", "services", "audit"):
        assert store.own(f"SELECT count(*) FROM {table}") == [(0,)], table
