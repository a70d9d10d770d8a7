"""SMS: routing by number, keeping what cannot be delivered yet, expiry and receipts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ussd_gateway.network.deadlines import Deadlines
from ussd_gateway.network.directory import Directory, Party
from ussd_gateway.network.message import Delivery, MessageState, Receipt, Sms
from ussd_gateway.network.record import Record

# MAP user errors (3GPP 29.002) that a receipt reports for a message that expired
ABSENT_SUBSCRIBER_SM = 6
SM_DELIVERY_FAILURE = 32  # of which memoryCapacityExceeded is one


class Messages:
    """Every SMS that is under way."""

    def __init__(self, directory: Directory, record: Record, new_id: Callable[[], str], *, validity: float) -> None:
        self._directory = directory
        self._record = record
        self._new_id = new_id
        self._validity = validity
        self.deadlines: Deadlines[tuple[Party, Sms]] = Deadlines()

    def submit(self, sms: Sms, now: float) -> list[Delivery]:
        """Accepts an SMS, which gets its message_id; delivers it, or keeps it for a party that cannot take it."""
        sms.message_id = self._new_id()
        sms.submitted_at = now
        if not sms.expires_at:
            sms.expires_at = now + self._validity
        party = self._directory.recipient(sms.destination)
        if party.confirms:
            return self._to_account(party, sms, now)
        if not party.takes_messages:
            self._record.sms(sms, MessageState.ENROUTE, now)
            self._keep(party, sms)
            return []
        self._record.sms(sms, MessageState.DELIVERED, now)
        if sms.registered_delivery:
            return [(party.endpoint, sms), *self._receipt(sms, MessageState.DELIVERED, now)]
        return [(party.endpoint, sms)]

    def restore(self, sms: Sms) -> None:
        """Takes back a message that was under way when the gateway stopped; it waits for its party."""
        self._keep(self._directory.recipient(sms.destination), sms)

    def under_way(self) -> Iterator[Sms]:
        """Every message that waits for its party."""
        for party in self._directory.parties():
            yield from (message for message in party.waiting.values() if isinstance(message, Sms))

    def release(self, party: Party, now: float) -> Iterator[Delivery]:
        """Hands over what has waited, as far as the party can take it."""
        while party.waiting and party.takes_messages:
            message = party.waiting.pop(next(iter(party.waiting)))
            if isinstance(message, Receipt):
                party.room -= 1
                self._record.receipt(message, now)
                yield party.endpoint, message
            elif message.expires_at <= now:
                yield from self._expired(party, message, now)
            elif party.confirms:
                party.room -= 1
                yield party.endpoint, message
            else:
                yield party.endpoint, message
                yield from self._final(message, MessageState.DELIVERED, now)

    def confirm(self, sms: Sms, state: MessageState, now: float) -> list[Delivery]:
        """A party that confirms says what became of a message it was handed."""
        return list(self._final(sms, state, now))

    def hand_back(self, system_id: str, messages: Iterable[Sms | Receipt]) -> None:
        """An account lost its bind before these arrived; they go to the front of what waits for it."""
        party = self._directory.account(system_id)
        if party is None:
            return
        later, party.waiting = party.waiting, {}
        for message in messages:
            self._keep(party, message)
        party.waiting |= later

    def tick(self, now: float) -> Iterator[Delivery]:
        """Expires what has waited for longer than its validity period."""
        for party, sms in self.deadlines.due(now):
            sms.expiry_set = False  # should it come back from an ESME, it gets another look
            if party.waiting.pop(id(sms), None):
                yield from self._expired(party, sms, now)

    def clear(self) -> None:
        """Forget everything that waits."""
        for party in self._directory.parties():
            party.waiting.clear()
        self.deadlines.clear()

    def _to_account(self, party: Party, sms: Sms, now: float) -> list[Delivery]:
        if self._is_forged(sms):
            self._record.sms(sms, MessageState.REJECTED, now)
            return self._receipt(sms, MessageState.REJECTED, now)
        self._record.sms(sms, MessageState.ENROUTE, now)
        if not party.takes_messages:
            self._keep(party, sms)
            return []
        party.room -= 1
        return [(party.endpoint, sms)]

    def _is_forged(self, sms: Sms) -> bool:
        """Whether an ESME speaks to another one with the number of a subscriber, who alone may."""
        source = self._directory.party(sms.source) if sms.account else None
        return source is not None and source.home

    def _keep(self, party: Party, message: Sms | Receipt) -> None:
        party.waiting[id(message)] = message
        if isinstance(message, Sms) and not message.expiry_set:
            message.expiry_set = True
            self.deadlines.add(message.expires_at, (party, message))

    def _expired(self, party: Party, sms: Sms, now: float) -> Iterator[Delivery]:
        error = SM_DELIVERY_FAILURE if party.memory_full else ABSENT_SUBSCRIBER_SM
        yield from self._final(sms, MessageState.EXPIRED, now, error)

    def _final(self, sms: Sms, state: MessageState, now: float, error: int = 0) -> Iterator[Delivery]:
        self._record.state(sms, state, now)
        if sms.registered_delivery:
            yield from self._receipt(sms, state, now, error)

    def _receipt(self, sms: Sms, state: MessageState, now: float, error: int = 0) -> list[Delivery]:
        if not sms.wants_receipt(state):
            return []
        party = self._directory.account(sms.account)
        if party is None:
            return []
        receipt = Receipt(sms, state, now, error)
        if not party.takes_messages:
            self._keep(party, receipt)
            return []
        party.room -= 1
        self._record.receipt(receipt, now)
        return [(party.endpoint, receipt)]
