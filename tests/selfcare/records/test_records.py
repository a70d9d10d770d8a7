"""All tables in one hand."""

from tests.selfcare.conftest import ANNA, START
from tests.selfcare.records.conftest import issue


def test_clearing_forgets_every_table(store, records):
    issue(records)
    records.services.connect(ANNA, "828", START, "ussd")

    records.clear()

    for table in ("subscribers", "ledger", "passwords", "former_passwords", "password_requests", "services", "audit"):
        assert store.own(f"SELECT count(*) FROM {table}") == [(0,)], table


def test_who_was_identified_at_the_desk_is_not_the_numbers_next_owner(records):
    with records.changes.together():
        records.desk.open(START, "irina", "shop", ANNA, "identified")
        records.leave_owner(ANNA)

    assert records.desk.ticket(1).state == "done"
