"""The journal as events for whoever follows it: read by number, in slices, put into words for those who want them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ussd_gateway.coding import data_coding as codings
from ussd_gateway.network.message import Sms, state_name
from ussd_gateway.store.entries import (
    AttemptEntry,
    Entry,
    EventEntry,
    ReceiptEntry,
    ReplacedEntry,
    SmsEntry,
    StateEntry,
    UssdEntry,
)
from ussd_gateway.store.journal import Committed, Journal

SLICE = 100  # entries put into words at a time; 1 ms
GAP = "gap"

Event = tuple[int, str, dict[str, Any]]
"""The number of an entry, its kind, and what it says; `at` in seconds since the epoch."""


class Feed:
    """The events of a journal, numbered as its entries are.

    holder  says which ESME's account has a number, by its system_id; None for a handset's
    """

    def __init__(self, journal: Journal, holder: Callable[[str], str | None] = lambda number: None) -> None:
        self._journal = journal
        self._holder = holder

    @property
    def last(self) -> int:
        """The number of the newest event."""
        return self._journal.last

    @property
    def watchers(self) -> list[Committed]:
        """Whoever has to be told that there is something new."""
        return self._journal.watchers

    def after(self, number: int, wanted: Callable[[str], object]) -> Iterator[tuple[int, list[Event]]]:
        """What is kept behind `number`, in slices: the number that each reaches, and the events of wanted kinds in it.

        Where entries are kept no more, the event "gap" has the number of the last one missing, and says how many are.
        """
        for block in self._journal.blocks(number):
            for start in range(0, len(block), SLICE):
                part = block[start : start + SLICE]
                first = part[0][0]
                events: list[Event] = [(first - 1, GAP, {"missing": first - 1 - number})] if first > number + 1 else []
                events += ((place, entry.kind, self._told(place, entry)) for place, entry in part if wanted(entry.kind))
                number = part[-1][0]
                yield number, events

    def _told(self, number: int, entry: Entry) -> dict[str, Any]:
        """What the entry says, and what is known of it besides."""
        told = shown(entry)
        if isinstance(entry, SmsEntry | ReplacedEntry):
            told["to_esme"] = self._holder(told["to"])
        if references := self._journal.references(number):
            told["secrets"] = references
        return told


def shown(entry: Entry) -> dict[str, Any]:
    """What an entry says, ready for JSON; octets as hexadecimal digits."""
    return {"at": entry.at, **_SHOWN[type(entry)](entry)}


def _sms(entry: SmsEntry) -> dict[str, Any]:
    return {**_message(entry.sms), "state": state_name(entry.state), "masked": entry.masked}


def _message(sms: Sms) -> dict[str, Any]:
    part = sms.concatenation
    return {
        "id": sms.message_id,
        "from": sms.source,
        "to": sms.destination,
        "esme": sms.account or None,
        "text": sms.text,
        "data_coding": sms.data_coding,
        "esm_class": sms.esm_class,
        "registered_delivery": sms.registered_delivery,
        "octets": sms.octets.hex(),
        "part": part and {"reference": part.reference, "sequence": part.sequence, "total": part.total},
        "group": sms.group_id or None,
    }


def _state(entry: StateEntry) -> dict[str, Any]:
    return {"id": entry.message_id, "state": state_name(entry.state), "error": entry.error}


def _attempt(entry: AttemptEntry) -> dict[str, Any]:
    return {"id": entry.message_id, "error": entry.error}


def _replaced(entry: ReplacedEntry) -> dict[str, Any]:
    return _sms(entry.new)


def _receipt(entry: ReceiptEntry) -> dict[str, Any]:
    return {"id": entry.message_id, "state": state_name(entry.state), "esme": entry.account}


def _ussd(entry: UssdEntry) -> dict[str, Any]:
    return {
        "session": entry.session,
        "msisdn": entry.msisdn,
        "service_code": entry.service_code,
        "operation": entry.operation,
        "text": codings.decode_ussd(entry.octets, entry.data_coding),
        "data_coding": entry.data_coding,
        "octets": entry.octets.hex(),
        "outcome": entry.outcome or None,
    }


def _event(entry: EventEntry) -> dict[str, Any]:
    return {"account": entry.account, "facts": entry.facts}


_SHOWN: Mapping[type, Callable[[Any], dict[str, Any]]] = {
    SmsEntry: _sms,
    StateEntry: _state,
    AttemptEntry: _attempt,
    ReplacedEntry: _replaced,
    ReceiptEntry: _receipt,
    UssdEntry: _ussd,
    EventEntry: _event,
}
