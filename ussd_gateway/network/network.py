"""The operator: one door for every message. Pure: `now` comes in, deliveries go out, the record writes it down."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import chain, count

from ussd_gateway.network.deadlines import soonest
from ussd_gateway.network.dialogues import Dialogues
from ussd_gateway.network.directory import Directory
from ussd_gateway.network.message import Alert, Delivery, Endpoint, Message, MessageState, Receipt, Sms, Ussd
from ussd_gateway.network.messages import Messages, Retry
from ussd_gateway.network.outcomes import Chance, Rule
from ussd_gateway.network.party import Party, UnderWay
from ussd_gateway.network.record import Record
from ussd_gateway.network.session import Outcome, Timeouts

_ID_DIGITS = 10
_IDS_AT_ONCE = 100  # made together, they cost a third of what each would alone


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """What an operator decides."""

    timeouts: Timeouts = field(default_factory=Timeouts)
    validity: float = 72 * 3600.0  # seconds that an SMS is kept when its sender names no validity_period
    auto_provision: bool = True  # a handset that nobody provisioned becomes a subscriber when it dials or sends
    second_dial: str = "busy"  # "busy" refuses a dial while a session is open, "replace" ends that session (R171)
    retry: Retry = field(default_factory=Retry)
    rules: tuple[Rule, ...] = ()  # what becomes of SMS when a tester decides it
    waiting_limit: int = 100_000  # messages and receipts that may wait for one party
    under_way_limit: int = 1_000_000  # messages that the network keeps in all


class Network:
    """Addresses, sessions and messages of one operator.

    record       takes what has to be written down
    new_handset  makes the endpoint of a number that the network meets for the first time
    first_id     the first number of messages and sessions
    language     the language of a SIM's texts, by msisdn: ru, en or latin
    chance       draws a number from 0.0 up to, and without, 1.0, for the rules of the settings
    failed       is told of an application whose `secrets` raised
    """

    def __init__(
        self,
        settings: NetworkSettings,
        record: Record,
        new_handset: Callable[[str], Endpoint],
        first_id: int = 1,
        language: Callable[[str], str] = lambda msisdn: "ru",
        chance: Chance = lambda: 0.0,
        failed: Callable[[Endpoint, Exception], None] = lambda application, error: None,
    ) -> None:
        # Also for what is no message, and has an id that nothing else may have
        new_id = self.new_id = chain.from_iterable(map(_ids, count(10**_ID_DIGITS + first_id, _IDS_AT_ONCE))).__next__
        self.directory = Directory(new_handset, auto_provision=settings.auto_provision)
        self.dialogues = Dialogues(
            self.directory,
            record,
            settings.timeouts,
            new_id,
            language,
            replace=settings.second_dial == "replace",
            failed=failed,
        )
        self.messages = Messages(
            self.directory,
            record,
            new_id,
            validity=settings.validity,
            retry=settings.retry,
            rules=settings.rules,
            chance=chance,
            waiting_limit=settings.waiting_limit,
            under_way_limit=settings.under_way_limit,
        )

    def submit(self, message: Message, now: float) -> list[Delivery]:
        """A message from an endpoint; SessionError when it does not belong to its dialogue, QueueFullError for an SMS."""
        if isinstance(message, Sms):
            return self.messages.submit(message, now)
        if isinstance(message, Ussd):
            return self.dialogues.submit(message, now)
        raise TypeError(f"the network makes each {type(message).__name__}; nobody submits one")

    def push(self, message: Ussd, application: Endpoint, now: float) -> list[Delivery]:
        """The network begins a dialogue for an application, with an ASK or a NOTIFY."""
        return self.dialogues.push(message, application, now)

    def confirm(self, sms: Sms, state: MessageState, now: float, error: int = 0) -> list[Delivery]:
        """An ESME says what became of a message that was handed to it."""
        return self.messages.confirm(sms, state, now, error)

    def postpone(self, sms: Sms, error: int, now: float) -> list[Delivery]:
        """An ESME cannot take a message now that was handed to it, and is handed it again."""
        return self.messages.postpone(sms, error, now)

    def hand_back(self, system_id: str, messages: Iterable[Sms | Receipt | Alert]) -> None:
        """An ESME lost its bind before these messages arrived."""
        self.messages.hand_back(system_id, messages)

    def query(self, message_id: str, account: str, *, source: str | None = None) -> list[UnderWay]:
        """The messages under way that the account knows by this id; see `Messages.query`."""
        return self.messages.query(message_id, account, source=source)

    def cancel(self, message_id: str, account: str, now: float, *, source: str | None = None) -> list[Delivery]:
        """The account takes a message back; NotUnderWayError, TooLateError."""
        return self.messages.cancel(message_id, account, now, source=source)

    def cancel_between(
        self, account: str, source: str, destination: str, now: float, *, service_type: str = ""
    ) -> list[Delivery]:
        """The account takes back all it submitted from one address to the other; NotUnderWayError."""
        return self.messages.cancel_between(account, source, destination, now, service_type=service_type)

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
        """The account rewrites a message under way; NotUnderWayError, TooLateError. See `Messages.replace`."""
        self.messages.replace(
            message_id,
            account,
            octets,
            now,
            source=source,
            registered_delivery=registered_delivery,
            expires_at=expires_at,
            scheduled_at=scheduled_at,
        )

    def want_alert(self, msisdn: str, account: str) -> bool:
        """The account is told when the handset can be reached again; False when it can be reached now."""
        return self.messages.want_alert(msisdn, account)

    def attach(self, party: Party, now: float) -> list[Delivery]:
        """A handset registers in the network, or an account is bound to receive: what waited is handed over."""
        party.attached = True
        return list(self.messages.reachable(party, now))

    def detach(self, party: Party, now: float) -> list[Delivery]:
        """A handset leaves the network, or an account's last receiving bind ends."""
        party.attached = False
        return self.dialogues.release_party(party, Outcome.ABSENT_SUBSCRIBER, now)

    def memory_full(self, party: Party, full: bool, now: float) -> list[Delivery]:
        """A handset has no memory left for SMS, or has some again."""
        party.memory_full = full
        return list(self.messages.reachable(party, now))

    def busy(self, party: Party, busy: bool, now: float) -> list[Delivery]:
        """A handset is in a call and takes no SMS now, or takes some again."""
        party.busy = busy
        return list(self.messages.reachable(party, now))

    def tick(self, now: float) -> list[Delivery]:
        """What the passing of time does."""
        return [*self.dialogues.tick(now), *self.messages.tick(now)]

    def next_deadline(self) -> float | None:
        """When `tick` has something to do, in seconds since the epoch."""
        return soonest(self.dialogues.deadlines.next(), self.messages.deadlines.next())

    def release(self, party: Party, now: float) -> list[Delivery]:
        """A party has room for what waits for it."""
        return list(self.messages.release(party, now))

    def clear(self) -> list[Delivery]:
        """Forget the sessions and messages under way; only applications are told."""
        self.messages.clear()
        return self.dialogues.clear()


def _ids(first: int) -> list[str]:
    """The next ids. `first` has a one in front of its zeros, which is cut off: quicker than to format."""
    return [str(number)[1:] for number in range(first, first + _IDS_AT_ONCE)]
