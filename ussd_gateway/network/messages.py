"""SMS: routing by number, keeping what cannot be delivered yet, attempts, expiry, outcomes by rule, and receipts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from math import inf

from ussd_gateway.network.deadlines import Deadlines
from ussd_gateway.network.directory import Directory
from ussd_gateway.network.message import INTERMEDIATE, Alert, Delivery, MessageState, Receipt, Sms
from ussd_gateway.network.outcomes import Chance, Rule, rule_for
from ussd_gateway.network.party import DELAYED, HANDED, POSTPONED, SCHEDULED, WAITING, Party, Stage, UnderWay
from ussd_gateway.network.record import Record
from ussd_gateway.network.under_way import Index

# MAP user errors (3GPP 29.002) of attempts that failed
ABSENT_SUBSCRIBER_SM = 6
SUBSCRIBER_BUSY_FOR_MT_SMS = 31
SM_DELIVERY_FAILURE = 32  # of which memoryCapacityExceeded is one

POSTPONEMENT = 5.0  # seconds before an ESME that could not take a message is handed it again, without a profile
_PASSED_OVER = 1000  # messages whose binds are full; what waits behind so many waits for them
_MOOT = 1000  # deadlines of messages that arrived; so many may wait for their time

DELIVERED, EXPIRED, DELETED = MessageState.DELIVERED, MessageState.EXPIRED, MessageState.DELETED
ENROUTE, REJECTED, UNDELIVERABLE = MessageState.ENROUTE, MessageState.REJECTED, MessageState.UNDELIVERABLE


class QueueFullError(Exception):
    """So much waits already that the message is not accepted; nothing is written down of it."""


class NotUnderWayError(LookupError):
    """The account has no such message under way: it never had, or the message has come to its final state."""


class TooLateError(Exception):
    """The message is in the hands of an ESME, which alone decides now."""


Follower = Callable[[Sms, MessageState, int], None]
"""Is told of a message that comes to its final state on the long road, and of the error behind it."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Seconds between the attempts to reach a handset; when the last one failed too, the message is UNDELIVERABLE.

    Empty: it waits for the handset, as long as it is valid. A handset that can be reached again gets what waits at once.
    `busy` holds for an ESME that postpones a message too.
    """

    absent: tuple[float, ...] = ()
    busy: tuple[float, ...] = ()
    memory_full: tuple[float, ...] = ()


class Messages:
    """Every SMS that is under way.

    rules             what becomes of messages when a tester decides it; the first that fits counts
    waiting_limit     how many messages and receipts may wait for one party
    under_way_limit   how many messages and delayed receipts the network holds in all
    followers         who is told of final states
    """

    def __init__(
        self,
        directory: Directory,
        record: Record,
        new_id: Callable[[], str],
        *,
        validity: float,
        retry: Retry,
        rules: Sequence[Rule],
        chance: Chance,
        waiting_limit: int,
        under_way_limit: int,
    ) -> None:
        self._directory = directory
        self._record = record
        self._new_id = new_id
        self._validity = validity
        self._profiles = {
            ABSENT_SUBSCRIBER_SM: retry.absent,
            SUBSCRIBER_BUSY_FOR_MT_SMS: retry.busy,
            SM_DELIVERY_FAILURE: retry.memory_full,
        }
        self._chance = chance
        self._waiting_limit = waiting_limit
        self._under_way_limit = under_way_limit
        self.rules = rules
        self._index = Index()
        self._delayed_receipts = 0
        self.followers: list[Follower] = []
        self._alerts: dict[str, dict[str, None]] = {}  # by msisdn, the accounts that want to be told
        self.deadlines: Deadlines[UnderWay | Receipt] = Deadlines()

    def __len__(self) -> int:
        return len(self._index)

    # What comes in -------------------------------------------------------------------------------------------------

    def submit(self, sms: Sms, now: float) -> list[Delivery]:
        """Accepts an SMS, which gets its message_id; delivers it, or keeps it. QueueFullError when too much is kept."""
        party = self._directory.recipient(sms.destination)
        if (
            party.confirms
            or not party.attached
            or party.memory_full
            or party.busy
            or sms.scheduled_at
            or sms.replace_if_present
            or (self.rules and rule_for(self.rules, sms))
        ):
            return self._accept(sms, party, now)
        if sms.registered_delivery:
            self._require_room_for_receipt(sms)
        sms.message_id = self._new_id()
        sms.submitted_at = now
        self._record.sms(sms, DELIVERED, now)
        if sms.registered_delivery:
            return [(party.endpoint, sms), *self._receipt(sms, DELIVERED, now)]
        return [(party.endpoint, sms)]

    def restore(self, sms: Sms, now: float) -> None:
        """Takes back a message that was under way when the gateway stopped; the delay of a rule is drawn anew."""
        sms.origin = 0  # that connection is gone
        way = UnderWay(sms, self._directory.recipient(sms.destination))
        self._index.add(way)
        if sms.scheduled_at > now:
            self._put_off(way, SCHEDULED, sms.scheduled_at)
        elif rule := rule_for(self.rules, sms):
            self._put_off(way, DELAYED, max(sms.submitted_at, sms.scheduled_at) + rule.delay(self._chance))
        else:
            self._wait(way)

    def under_way(self) -> Iterator[Sms]:
        """The messages without a final state; what `restore` wants back."""
        return (way.sms for way in self._index.values())

    def receipts_owed(self) -> Iterator[Receipt]:
        """The receipts of final states that wait for an ESME, or for their delay; what `restore_receipt` wants back."""
        waiting = (
            thing
            for party in self._directory.parties()
            if party.confirms
            for queue in (party.waiting, party.unwanted)
            for thing in queue.values()
        )
        yield from (
            thing for thing in chain(waiting, self.deadlines) if isinstance(thing, Receipt) and not thing.intermediate
        )

    def restore_receipt(self, receipt: Receipt) -> None:
        """Takes back a receipt that had not left when the gateway stopped; it leaves as soon as its account is bound."""
        receipt.sms.origin = 0  # that connection is gone
        if account := self._directory.account(receipt.sms.account):
            account.keep(receipt)

    def confirm(self, sms: Sms, state: MessageState, now: float, error: int = 0) -> list[Delivery]:
        """A party that confirms says what became of a message it was handed; one that it does not hold is ignored."""
        way = self._handed(sms)
        return self._final(way, state, now, error) if way else []

    def postpone(self, sms: Sms, error: int, now: float) -> list[Delivery]:
        """A party that confirms cannot take a message now; it is handed over again later, as `Retry.busy` says."""
        way = self._handed(sms)
        if way is None:
            return []
        self._put_off(way, POSTPONED, now + POSTPONEMENT)
        return self._failed(way, error, now, self._profiles[SUBSCRIBER_BUSY_FOR_MT_SMS])

    def hand_back(self, system_id: str, messages: Iterable[Sms | Receipt | Alert]) -> None:
        """An account lost its bind before these arrived; they go to the front of what waits for it."""
        party = self._directory.account(system_id)
        if party is None:
            return
        for message in reversed(list(messages)):
            if not isinstance(message, Sms):
                party.keep(message, first=True)
            elif way := self._handed(message):
                self._wait(way, first=True)

    def release(self, party: Party, now: float) -> Iterator[Delivery]:
        """Hands over what has waited, as far as the party can take it."""
        passed_over: list[UnderWay | Receipt] = []  # their binds are full
        while party.waiting and party.takes_messages and len(passed_over) < _PASSED_OVER:
            thing = party.waiting.take()
            if isinstance(thing, UnderWay) and thing.sms.expires_at <= now:
                yield from self._final(thing, EXPIRED, now, thing.error or ABSENT_SUBSCRIBER_SM)
            elif (
                party.takes
                and not isinstance(thing, Alert)
                and not (taken := party.takes(thing.sms if isinstance(thing, UnderWay) else thing))
            ):
                if taken is None and isinstance(thing, UnderWay):
                    party.set_aside(thing)
                else:
                    passed_over.append(thing)
            elif isinstance(thing, UnderWay):
                yield from self._hand_over(thing, now)
            else:
                yield self._send(party, thing, now)
        for thing in reversed(passed_over):
            party.keep(thing, first=True)

    def reachable(self, party: Party, now: float) -> Iterator[Delivery]:
        """Something about the party has changed: who wanted to know is told, and what waited is handed over."""
        if party.unwanted:
            party.want_again()
        if self._alerts and party.takes_messages:
            for system_id in self._alerts.pop(party.name, {}):
                yield from self._tell(system_id, Alert(party.name, system_id), now)
        yield from self.release(party, now)

    def want_alert(self, msisdn: str, account: str) -> bool:
        """The account is sent an Alert when the handset can be reached again; False when it can be reached now."""
        party = self._directory.recipient(msisdn)
        if party.confirms or party.takes_messages:
            return False
        self._alerts.setdefault(party.name, {})[account] = None
        return True

    def load(self, system_id: str) -> int:
        """How full what waits is, for the account or in all: 0 to 100 percent."""
        account = self._directory.account(system_id)
        waiting = len(account.waiting) / self._waiting_limit if account else 0.0
        kept = (len(self._index) + self._delayed_receipts) / self._under_way_limit
        return min(100, int(100 * max(waiting, kept)))

    # What the ESME that submitted may ask --------------------------------------------------------------------------

    def query(self, message_id: str, account: str, *, source: str | None = None) -> list[UnderWay]:
        """What the account knows by this id and is still under way: none, one, or what is left of a group."""
        ways = self._index.known_as(message_id, account)
        return [way for way in ways if source in (None, way.sms.source)]

    def cancel(self, message_id: str, account: str, now: float, *, source: str | None = None) -> list[Delivery]:
        """DELETED before it arrived. NotUnderWayError, or TooLateError for what an ESME has in its hands."""
        ways = self._changeable(message_id, account, source)
        return [delivery for way in ways for delivery in self._give_up(way, DELETED, now)]

    def cancel_between(
        self, account: str, source: str, destination: str, now: float, *, service_type: str = ""
    ) -> list[Delivery]:
        """The same for all from one address to the other; `service_type` "" means any (SMPP 3.4 section 4.9)."""
        ways = [
            way
            for way in self._index.between(account, source, destination)
            if way.stage is not HANDED and service_type in ("", way.sms.service_type)
        ]
        if not ways:
            raise NotUnderWayError(f"{account} has nothing under way from {source} to {destination}")
        return [delivery for way in ways for delivery in self._give_up(way, DELETED, now)]

    def replace(
        self,
        message_id: str,
        account: str,
        octets: bytes,
        now: float,
        *,
        source: str | None = None,
        registered_delivery: int | None = None,
        expires_at: float = 0.0,
        scheduled_at: float = 0.0,
    ) -> None:
        """Rewrites a message before it arrived, and keeps its id (SMPP 3.4 section 4.10); raises what `cancel` does.

        expires_at, scheduled_at   0.0 leaves the time as it is
        """
        for way in self._changeable(message_id, account, source):
            sms = way.sms.rewritten(
                octets, registered_delivery=registered_delivery, expires_at=expires_at, scheduled_at=scheduled_at
            )
            if not expires_at and sms.expires_at <= scheduled_at:
                sms.expires_at = scheduled_at + self._validity
            way.sms = sms
            self._record.replaced(sms, now)
            if scheduled_at > now and way.stage is not SCHEDULED:
                self._record.state(sms, MessageState.SCHEDULED, now)
                self._leave_queue(way)
                way.stage = SCHEDULED
            if scheduled_at and way.stage is SCHEDULED:
                way.due_at = scheduled_at
            self._watch(way)

    # Time ----------------------------------------------------------------------------------------------------------

    def tick(self, now: float) -> Iterator[Delivery]:
        """Does what is due: begins scheduled deliveries, draws outcomes, attempts, expires, sends delayed receipts."""
        for thing in self.deadlines.due(now):
            if isinstance(thing, Receipt):
                self._delayed_receipts -= 1
                yield from self._tell(thing.sms.account, thing, now)
            elif self._index.holds(thing):
                thing.alarm = inf
                yield from self._look(thing, now)

    def clear(self) -> None:
        """Forget everything that is under way; who follows a message hears that it is deleted."""
        if self.followers:
            for way in list(self._index.values()):
                self._tell_followers(way.sms, DELETED, 0)
        for party in self._directory.parties():
            if party.waiting or party.unwanted:
                party.forget()
        self._index.clear()
        self.followers.clear()
        self._alerts.clear()
        self._delayed_receipts = 0
        self.deadlines.clear()

    def _look(self, way: UnderWay, now: float) -> list[Delivery]:
        deliveries: list[Delivery] = []
        if way.due_at <= min(now, way.sms.expires_at):
            way.due_at = inf
            deliveries = self._due(way, now)
        elif way.stage is not HANDED and way.sms.expires_at <= now:
            waited = way.stage in (WAITING, POSTPONED)
            deliveries = self._give_up(way, EXPIRED, now, way.error or (ABSENT_SUBSCRIBER_SM if waited else 0))
        if way.stage is not HANDED and self._index.holds(way):  # an ESME's is looked at again when it comes back
            self._watch(way)
        return deliveries

    def _due(self, way: UnderWay, now: float) -> list[Delivery]:
        match way.stage:
            case Stage.SCHEDULED:
                self._record.state(way.sms, ENROUTE, now)
                return self._begin(way, now)
            case Stage.DELAYED:
                return self._decide(way, rule_for(self.rules, way.sms), now)
            case Stage.POSTPONED:
                return self._arrive(way, now)
        error = _obstacle(way.party)
        return self._failed(way, error, now, self._profiles[error]) if error else []

    def _watch(self, way: UnderWay) -> None:
        """The heap has a look at the message in time."""
        when = min(way.due_at, way.sms.expires_at)
        if when < way.alarm:
            way.alarm = when
            if len(self.deadlines) > _MOOT + 2 * (len(self._index) + self._delayed_receipts):
                self.deadlines.retain(self._matters)
            self.deadlines.add(when, way)

    def _matters(self, when: float, thing: UnderWay | Receipt) -> bool:
        return isinstance(thing, Receipt) or (thing.alarm == when and self._index.holds(thing))

    # A message's life ----------------------------------------------------------------------------------------------

    def _accept(self, sms: Sms, party: Party, now: float) -> list[Delivery]:
        """The long road of `submit`: for what is not delivered at once, or not without a look at its conditions."""
        kept = len(self._index) + self._delayed_receipts
        if len(party.waiting) + len(party.unwanted) >= self._waiting_limit or kept >= self._under_way_limit:
            raise _queue_full(party, kept)
        if sms.registered_delivery:
            self._require_room_for_receipt(sms)
        sms.message_id = self._new_id()
        sms.submitted_at = now
        if not sms.expires_at:
            sms.expires_at = max(now, sms.scheduled_at) + self._validity
        if party.confirms and self._is_forged(sms):
            self._record.sms(sms, REJECTED, now)
            self._tell_followers(sms, REJECTED, 0)
            return self._receipt(sms, REJECTED, now)
        scheduled = sms.scheduled_at > now
        self._record.sms(sms, MessageState.SCHEDULED if scheduled else ENROUTE, now)
        deliveries: list[Delivery] = []
        if sms.replace_if_present:
            for other in self._replaced_by(sms):
                deliveries += self._give_up(other, DELETED, now)
        way = UnderWay(sms, party)
        self._index.add(way)
        if scheduled:
            self._put_off(way, SCHEDULED, sms.scheduled_at)
            return deliveries
        begun = self._begin(way, now) if self.rules else self._arrive(way, now)
        return deliveries + begun if deliveries else begun

    def _replaced_by(self, sms: Sms) -> list[UnderWay]:
        """5.2.18: what waits with the same addresses and service_type; the parts of one long message stay together."""
        return [
            way
            for way in self._index.between(sms.account, sms.source, sms.destination)
            if way.stage is not HANDED and way.sms.service_type == sms.service_type and not _parts_of_one(way.sms, sms)
        ]

    def _begin(self, way: UnderWay, now: float) -> list[Delivery]:
        """Delivery begins: by a rule, or at once."""
        rule = rule_for(self.rules, way.sms)
        if rule and (delay := rule.delay(self._chance)) > 0:
            self._put_off(way, DELAYED, now + delay)
            return []
        return self._decide(way, rule, now)

    def _decide(self, way: UnderWay, rule: Rule | None, now: float) -> list[Delivery]:
        state, error = rule.draw(self._chance) if rule else (DELIVERED, 0)
        return self._arrive(way, now) if state is DELIVERED else self._final(way, state, now, error)

    def _arrive(self, way: UnderWay, now: float) -> list[Delivery]:
        """The party gets it, or it waits."""
        party = way.party
        if not party.takes_messages or (party.takes and not party.takes(way.sms)):
            self._wait(way)
            error = _obstacle(party)
            if not error:
                return []
            return self._failed(way, error, now, () if party.confirms else self._profiles[error])
        return self._hand_over(way, now)

    def _hand_over(self, way: UnderWay, now: float) -> list[Delivery]:
        party = way.party
        if party.confirms:
            party.room -= 1
            way.stage = HANDED
            return [(party.endpoint, way.sms)]
        return [(party.endpoint, way.sms), *self._final(way, DELIVERED, now)]

    def _failed(self, way: UnderWay, error: int, now: float, profile: Sequence[float]) -> list[Delivery]:
        """An attempt failed; the profile says when the next one is, or that there is none."""
        deliveries: list[Delivery] = []
        sms = way.sms
        way.attempts += 1
        way.error = error
        self._record.attempt(sms, error, now)
        if way.attempts == 1 and sms.registered_delivery & INTERMEDIATE:
            deliveries = self._tell(sms.account, Receipt(sms, ENROUTE, now, error, intermediate=True), now)
        if way.attempts <= len(profile):
            way.due_at = now + profile[way.attempts - 1]
            self._watch(way)
        elif profile:
            deliveries += self._give_up(way, UNDELIVERABLE, now, error)
        return deliveries

    def _wait(self, way: UnderWay, *, first: bool = False) -> None:
        way.stage = WAITING
        way.due_at = inf
        way.party.keep(way, first=first)
        self._watch(way)

    def _put_off(self, way: UnderWay, stage: Stage, until: float) -> None:
        way.stage = stage
        way.due_at = until
        self._watch(way)

    def _leave_queue(self, way: UnderWay) -> None:
        if way.stage is WAITING:
            way.party.drop(way)

    def _give_up(self, way: UnderWay, state: MessageState, now: float, error: int = 0) -> list[Delivery]:
        self._leave_queue(way)
        return self._final(way, state, now, error)

    def _final(self, way: UnderWay, state: MessageState, now: float, error: int = 0) -> list[Delivery]:
        self._index.remove(way)
        self._record.state(way.sms, state, now, error)
        if self.followers:
            self._tell_followers(way.sms, state, error)
        return self._receipt(way.sms, state, now, error) if way.sms.registered_delivery else []

    def _tell_followers(self, sms: Sms, state: MessageState, error: int) -> None:
        for follower in tuple(self.followers):
            follower(sms, state, error)

    # Receipts ------------------------------------------------------------------------------------------------------

    def _receipt(self, sms: Sms, state: MessageState, now: float, error: int = 0) -> list[Delivery]:
        if not sms.wants_receipt(state):
            return []
        receipt = Receipt(sms, state, now, error)
        rule = rule_for(self.rules, sms) if self.rules else None
        if rule and (delay := rule.receipt_delay(self._chance)) > 0:
            self._delayed_receipts += 1
            self.deadlines.add(now + delay, receipt)
            return []
        return self._tell(sms.account, receipt, now)

    def _tell(self, system_id: str, message: Receipt | Alert, now: float) -> list[Delivery]:
        """The account gets it, or it waits. An Alert takes no room, since no ESME answers it."""
        account = self._directory.account(system_id)
        if account is None:
            return []
        if account.takes_messages and (
            account.takes is None or not isinstance(message, Receipt) or account.takes(message)
        ):
            return [self._send(account, message, now)]
        account.keep(message)
        return []

    def _send(self, account: Party, message: Receipt | Alert, now: float) -> Delivery:
        if isinstance(message, Receipt):
            account.room -= 1
            self._record.receipt(message, now)
        return account.endpoint, message

    # Limits and lookups --------------------------------------------------------------------------------------------

    def _require_room_for_receipt(self, sms: Sms) -> None:
        """An account that does not take its receipts cannot ask for more of them."""
        account = self._directory.account(sms.account)
        if account is not None and (waiting := len(account.waiting)) >= self._waiting_limit:
            raise QueueFullError(f"{waiting} messages and receipts wait for {sms.account} (network.waiting_limit)")

    def _is_forged(self, sms: Sms) -> bool:
        """Whether an ESME speaks to another one with the number of a subscriber, who alone may."""
        source = self._directory.party(sms.source) if sms.account else None
        return source is not None and source.home

    def _handed(self, sms: Sms) -> UnderWay | None:
        """The message, if an ESME holds it."""
        way = self._index.get(sms.message_id)
        return way if way and way.stage is HANDED else None

    def _changeable(self, message_id: str, account: str, source: str | None) -> list[UnderWay]:
        ways = self.query(message_id, account, source=source)
        if not ways:
            raise NotUnderWayError(f"{account} has no message {message_id} under way")
        changeable = [way for way in ways if way.stage is not HANDED]
        if not changeable:
            raise TooLateError(f"message {message_id} is in the hands of {ways[0].party.name}")
        return changeable


def _queue_full(party: Party, kept: int) -> QueueFullError:
    return QueueFullError(
        f"{len(party.waiting) + len(party.unwanted)} messages wait for {party.name}, and {kept} are under way in all; more are not accepted"
        " (network.waiting_limit, network.under_way_limit)"
    )


def _obstacle(party: Party) -> int:
    """Why the party takes no SMS, as a MAP user error; 0 when it could."""
    if not party.attached:
        return ABSENT_SUBSCRIBER_SM
    if party.memory_full:
        return SM_DELIVERY_FAILURE
    return SUBSCRIBER_BUSY_FOR_MT_SMS if party.busy else 0


def _parts_of_one(first: Sms, second: Sms) -> bool:
    part, other = first.concatenation, second.concatenation
    return part is not None and other is not None and part[:2] == other[:2]
