"""What a record has to offer."""

from ussd_gateway.network.message import BEGIN, MessageState, Receipt, Sms, Ussd
from ussd_gateway.network.record import Record
from ussd_gateway.store.journal import Journal


def test_the_journal_takes_everything_that_the_network_writes_down(store):
    sms = Sms("1", "70001000001", b"Hi", message_id="1")
    entries = {
        "ussd": (Ussd(BEGIN, "*111#"),),
        "sms": (sms, MessageState.ENROUTE),
        "state": (sms, MessageState.DELIVERED),
        "attempt": (sms, 6),
        "replaced": (sms,),
        "receipt": (Receipt(sms, MessageState.DELIVERED, 1.0),),
    }
    assert {name for name in vars(Record) if not name.startswith("_")} == set(entries)
    record: Record = Journal(store)
    for name, what in entries.items():
        getattr(record, name)(*what, 1.0)
    record.commit()
    kinds = [entry.kind for _, entry in record.after(0)]
    assert kinds == ["ussd.begin", "sms", "sms.state", "sms.attempt", "sms.replaced", "receipt"]
