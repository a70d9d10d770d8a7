"""A request that costs money has one effect, however often it comes."""

from __future__ import annotations

from collections.abc import Callable

from ussd_gateway.selfcare.records.ledger import Answer
from ussd_gateway.selfcare.records.records import Records


def once(records: Records, msisdn: str, key: str, now: float, act: Callable[[], Answer]) -> Answer:
    """What `act` answers, kept together with what it does; a repeat of the key gets the same, and nothing is done.

    An answer that refuses is kept, too (3.2, invariant 14).
    """
    if (before := records.ledger.answered(msisdn, key)) is not None:
        return before
    with records.changes.together():
        answer = act()
        records.ledger.keep_answer(msisdn, key, now, answer)
    records.changes.changed()
    return answer
