"""What the journal can count of all that passes, once per turn: a list and a comparison for the many, a look at each of the rare."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any

from ussd_gateway.metric import LONG, SECONDS, SHORT, SIZES, Histogram, Metric, Values, one
from ussd_gateway.network.message import UNDER_WAY, MessageState, Operation, state_name
from ussd_gateway.network.session import Outcome
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

_state: Callable[[Any], int] = attrgetter("state")

_ENDINGS: Mapping[str, Outcome] = {Operation.END: Outcome.SUCCESS, Operation.HANG_UP: Outcome.DIALOG_USER_ABORT}
_ANSWERS = frozenset((Operation.ASK, Operation.NOTIFY, Operation.END, Operation.ABORT))


class Meter:
    """Counts of what passed since the program was started."""

    def __init__(self) -> None:
        self._accepted = 0
        self._replaced = 0
        self._states: Counter[int] = Counter(dict.fromkeys(map(int, MessageState), 0))
        self._receipts: Counter[int] = Counter()
        self._attempts: Counter[int] = Counter()
        self._outcomes: Counter[str] = Counter(dict.fromkeys(map(str, Outcome), 0))
        self._events: Counter[str] = Counter()
        self._asked: dict[str, float] = {}  # by session, since when its application is asked something
        self._answers = Histogram(SECONDS)
        self._lives = {state: Histogram(LONG) for state in MessageState if state not in UNDER_WAY}
        self._commits = Histogram(SHORT)
        self._turns = Histogram(SIZES)

    def count(self, entries: list[Entry]) -> None:
        """A turn's entries were written."""
        self._turns.observe(len(entries))
        kinds = list(map(type, entries))
        accepted, receipts = kinds.count(SmsEntry), kinds.count(ReceiptEntry)
        if accepted + receipts == len(kinds) and [*map(_state, entries)].count(MessageState.DELIVERED) == len(kinds):
            self._accepted += accepted
            self._states[MessageState.DELIVERED] += accepted
            self._receipts[MessageState.DELIVERED] += receipts
        else:
            for kind, entry in zip(kinds, entries, strict=True):
                self._COUNT[kind](self, entry)

    def committed(self, seconds: float) -> None:
        """A commit of something took so long."""
        self._commits.observe(seconds)

    def ended(self, state: MessageState, seconds: float) -> None:
        """An SMS that was under way came to its final state, so long after it was submitted."""
        self._lives[state].observe(seconds)

    def events(self, kind: str) -> int:
        """How often something happened, such as esme.bind_refused."""
        return self._events[kind]

    def metrics(self) -> list[Metric]:
        """For whoever monitors."""
        return [
            Metric("counter", "sms_accepted", "SMS that were accepted", (), one(lambda: self._accepted)),
            Metric(
                "counter",
                "sms_states",
                "SMS that came to a state, also at once when they were accepted",
                ("state",),
                lambda: {(state_name(state).lower(),): count for state, count in self._states.items()},
            ),
            Metric(
                "counter",
                "sms_attempts_failed",
                "Attempts to deliver an SMS that failed, by MAP user error",
                ("error",),
                lambda: {(str(error),): count for error, count in self._attempts.items()},
            ),
            Metric("counter", "sms_replaced", "SMS under way that were rewritten", (), one(lambda: self._replaced)),
            Metric(
                "counter",
                "receipts",
                "Receipts that left for an ESME, by the state they tell",
                ("state",),
                lambda: {(state_name(state).lower(),): count for state, count in self._receipts.items()},
            ),
            Metric(
                "counter",
                "ussd_sessions",
                "USSD sessions that ended, and dials that began none, by outcome",
                ("outcome",),
                lambda: {(outcome,): count for outcome, count in self._outcomes.items()},
            ),
            Metric(
                "counter",
                "events",
                "Anything else that happened, such as esme.bound, by kind",
                ("kind",),
                lambda: {(kind,): count for kind, count in self._events.items()},
            ),
            Metric(
                "histogram",
                "sms_delivery_duration_seconds",
                "From the submission of an SMS to its final state, without those that were delivered at once",
                ("state",),
                self._lives_by_state,
            ),
            Metric(
                "histogram",
                "ussd_answer_duration_seconds",
                "From what a handset dialled or answered to the application's next message",
                (),
                lambda: {(): self._answers},
            ),
            Metric(
                "histogram",
                "commit_duration_seconds",
                "How long writing and committing the entries of a turn took",
                (),
                lambda: {(): self._commits},
            ),
            Metric(
                "histogram",
                "commit_entries",
                "How many entries of the journal a turn of the event loop made",
                (),
                lambda: {(): self._turns},
            ),
        ]

    def _lives_by_state(self) -> Values:
        return {(state.name.lower(),): life for state, life in self._lives.items()}

    def _count_sms(self, entry: SmsEntry) -> None:
        self._accepted += 1
        self._states[entry.state] += 1

    def _count_state(self, entry: StateEntry) -> None:
        self._states[entry.state] += 1

    def _count_attempt(self, entry: AttemptEntry) -> None:
        self._attempts[entry.error] += 1

    def _count_replaced(self, entry: ReplacedEntry) -> None:
        self._replaced += 1

    def _count_receipt(self, entry: ReceiptEntry) -> None:
        self._receipts[entry.state] += 1

    def _count_ussd(self, entry: UssdEntry) -> None:
        operation = entry.operation
        if operation in (Operation.BEGIN, Operation.ANSWER):
            self._asked[entry.session] = entry.at
            return
        since = self._asked.pop(entry.session, None)
        if since is not None and operation in _ANSWERS:
            self._answers.observe(entry.at - since)
        if outcome := entry.outcome if operation == Operation.RELEASE else _ENDINGS.get(operation):
            self._outcomes[outcome] += 1

    def _count_event(self, entry: EventEntry) -> None:
        self._events[entry.kind] += 1
        if entry.kind == "gateway.reset":  # the network has forgotten its sessions
            self._asked.clear()

    _COUNT: Mapping[type, Callable[[Meter, Any], None]] = {
        SmsEntry: _count_sms,
        StateEntry: _count_state,
        AttemptEntry: _count_attempt,
        ReplacedEntry: _count_replaced,
        ReceiptEntry: _count_receipt,
        UssdEntry: _count_ussd,
        EventEntry: _count_event,
    }
