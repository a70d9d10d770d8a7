"""What a record has to offer."""

from ussd_gateway.network.record import Record
from ussd_gateway.store.journal import Journal


def test_the_journal_offers_everything_that_the_network_writes_down():
    wanted = {name for name in vars(Record) if not name.startswith("_")}
    assert wanted == {"ussd", "sms", "state", "receipt"}
    assert all(callable(getattr(Journal, name)) for name in wanted)
