"""The accounts of ESMEs: who may bind, and the endpoint that stands for all binds of one."""

from __future__ import annotations

import hmac
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from ussd_gateway.applications.smsc.address_range import EVERYTHING, AddressRange
from ussd_gateway.applications.smsc.receipts import Receipts
from ussd_gateway.applications.smsc.ussd import UssdCodes
from ussd_gateway.coding.data_coding import GSM7, Alphabet
from ussd_gateway.gateway import Gateway
from ussd_gateway.network.bucket import Bucket
from ussd_gateway.network.message import Alert, Message, Receipt, Sms
from ussd_gateway.smpp.connection import BINDS, State
from ussd_gateway.smpp.errors import PduError
from ussd_gateway.smpp.receipts import DEFAULT, ReceiptStyle
from ussd_gateway.smpp.status import Status
from ussd_gateway.smpp.ussd import DIALECTS, Marker

MODES = tuple(state.value for state in BINDS.values())
"""What an account may bind as."""


class Bind(Protocol):
    """A connection that is bound, as an account sees it.

    number         of the connection, from 1 on
    address_range  which destinations it takes; None for all
    """

    number: int
    address_range: AddressRange | None

    @property
    def receives(self) -> bool:
        """Whether it is bound to receive."""

    @property
    def room(self) -> int:
        """How many more deliver_sm fit its window."""

    @property
    def unanswered(self) -> int:
        """How many deliver_sm wait for their response."""

    def send(self, message: Sms | Receipt) -> None:
        """Hand a message or a receipt to the ESME."""

    def request(self, encode: Callable[[int], bytes], answered: Callable[[int | None], None]) -> None:
        """Send a request of another kind; see `applications.smsc.ussd.Request`."""

    def alert(self, alert: Alert, esme_addr: str) -> None:
        """Tell the ESME that a handset is back; nobody answers it."""

    def forget(self) -> None:
        """Expect no response any more."""

    def unbind(self) -> None:
        """End the bind politely."""

    def shown(self) -> dict[str, Any]:
        """As `GET /esmes` answers it."""


@dataclass(frozen=True, slots=True)
class EsmeSettings:
    """One account.

    numbers           short numbers or ranges such as "5000-5999" whose messages are delivered to it
    inner             whether the ESME is a part of this gateway, so that `settle` waits for its answers
    default_alphabet  what data_coding 0 means to it, one of coding.data_coding.DEFAULT_ALPHABETS
    codes             USSD codes that it answers
    ussd_dialect      a key of `smpp.ussd.DIALECTS`
    ussd_marker       by what its messages are known to be USSD
    modes             what it may bind as: some of MODES
    max_binds         how many binds it may have at a time; 0 for any number
    when_bound        one more than that is refused, or replaces the oldest
    window            requests that each of its binds may have unanswered; 0 for any number
    rate              submissions a second, of all its binds together; 0 for any number
    deliver_window    requests of ours that each of its binds may leave unanswered; 0 for what the SMSC has
    sticky_receipts   a receipt goes to the bind that submitted, as long as that receives; otherwise to any
    response_id       the printf form of the message_id in responses
    receipt           how its receipts look
    deliver_by        the PDU that brings it messages
    outbind           host and port where the SMSC asks it to bind when something waits for it; None for nowhere
    outbind_password  what the SMSC says there
    """

    system_id: str
    password: str
    numbers: tuple[str, ...] = ()
    inner: bool = False
    default_alphabet: Alphabet = GSM7
    codes: tuple[str, ...] = ()
    ussd_dialect: str = "standard"
    ussd_marker: Marker = Marker.EITHER
    modes: tuple[str, ...] = MODES
    max_binds: int = 0
    when_bound: Literal["refuse", "replace"] = "refuse"
    window: int = 0
    rate: float = 0.0
    deliver_window: int = 0
    sticky_receipts: bool = False
    response_id: str = DEFAULT.id
    receipt: ReceiptStyle = field(default_factory=ReceiptStyle)
    deliver_by: Literal["deliver_sm", "data_sm"] = "deliver_sm"
    outbind: tuple[str, int] | None = None
    outbind_password: str = field(default="", repr=False)


class Limits:
    """How much an account may submit; false where nothing limits it, and nobody need ask.

    window  requests that one bind may have unanswered
    rate    submissions a second, of all binds together: as many at once, and then as time passes
    """

    __slots__ = ("_bucket", "window")

    def __init__(self, window: int = 0, rate: float = 0.0) -> None:
        self.window = window
        self._bucket = Bucket(rate) if rate else None

    def __bool__(self) -> bool:
        return bool(self.window or self._bucket)

    def refusal(self, now: float, in_flight: int) -> Status | None:
        """The command_status that refuses a submission at `now`, when so many before it are unanswered."""
        beyond_window = self.window and in_flight >= self.window
        return Status.ESME_RTHROTTLED if beyond_window or (self._bucket and self._bucket.overflows(now)) else None


class EsmeAccount:
    """An endpoint: what the network delivers goes to the binds in turn.

    The network knows how much room their windows have together, and keeps the rest.
    """

    def __init__(self, settings: EsmeSettings, gateway: Gateway) -> None:
        self.settings = settings
        self.limits = Limits(settings.window, settings.rate)
        self.receipts = Receipts(settings.receipt, settings.response_id, settings.default_alphabet)
        self._gateway = gateway
        self._party = gateway.directory.attach_account(settings.system_id, self, settings.numbers)
        self._party.default_alphabet = settings.default_alphabet
        self._bound: dict[int, Bind] = {}  # all binds by the number of their connection, the oldest first
        self._binds: deque[Bind] = deque()  # those that receive, the next one first
        # For messages that the network is about to deliver, by identity; and how many of them each bind gets
        self._chosen: dict[int, Bind] = {}
        self._promised: Counter[Bind] = Counter()
        self.alert_addresses: dict[str, str] = {}  # where the alerts of handsets go, by msisdn
        self.codes: UssdCodes | None = None
        if settings.codes:
            dialect = DIALECTS[settings.ussd_dialect]
            self.codes = UssdCodes(
                gateway,
                dialect,
                settings.codes,
                self.request,
                marker=settings.ussd_marker,
                alphabet=settings.default_alphabet,
            )
        if settings.inner:
            gateway.busy_while(lambda: any(bind.unanswered for bind in self._binds))

    def deliver(self, message: Message) -> None:
        """Hands an Sms or a Receipt to the next bind that has room, and an Alert to the next bind."""
        binds = self._binds
        if isinstance(message, Alert):
            binds[0].alert(message, self.alert_addresses.pop(message.msisdn, ""))
            return
        assert isinstance(message, (Sms, Receipt))
        if self._chosen and (chosen := self._chosen.pop(id(message), None)):
            if chosen in binds:
                self._promised[chosen] -= 1
                chosen.send(message)
            else:  # it has ended since, and perhaps another one wants the message
                self._gateway.hand_back(self.settings.system_id, [message])
                self._measure()
                self._go_on()
            return
        for _ in range(len(binds)):
            bind = binds[0]
            binds.rotate(-1)  # the next message is another one's turn
            if bind.room > 0:
                bind.send(message)
                return
        # The network asks for room first; should the two ever disagree, nothing is lost.
        self._gateway.hand_back(self.settings.system_id, [message])

    def request(self, encode: Callable[[int], bytes], answered: Callable[[int | None], None]) -> bool:
        """Hands a request to the next bind that has room; False when none has."""
        binds = self._binds
        for _ in range(len(binds)):
            bind = binds[0]
            binds.rotate(-1)
            if bind.room > 0:
                self._party.room -= 1
                bind.request(encode, answered)
                return True
        return False

    def _takes(self, message: Sms | Receipt) -> bool | None:
        """`Party.takes`: chooses the bind that is to have the message. Asked only when binds are not all alike."""
        wanting = self._wanting(message)
        for bind in wanting:
            if bind.room > self._promised[bind]:
                self._chosen[id(message)] = bind
                self._promised[bind] += 1
                self._binds.remove(bind)
                self._binds.append(bind)  # the next message is another one's turn
                return True
        return False if wanting else None

    def _wanting(self, message: Sms | Receipt) -> list[Bind]:
        """Which binds may have it: of a receipt the one that submitted, or any; of a message those with its address."""
        if isinstance(message, Sms):
            destination = message.destination
            return [bind for bind in self._binds if not bind.address_range or bind.address_range.takes(destination)]
        submitter = self._bound.get(message.sms.origin) if self.settings.sticky_receipts else None
        return [submitter] if submitter and submitter.receives else list(self._binds)

    def number_of(self, message_id: str) -> str | None:
        """The network's message_id of the one that the ESME names, as in a response or a receipt; None for no such."""
        return self.receipts.number_of(message_id)

    def address_range(self, written: str) -> AddressRange | None:
        """The destinations that a bind wants, None for all; PduError for what is no regular expression."""
        if written in EVERYTHING:
            return None
        system_id = self.settings.system_id
        try:
            return AddressRange(
                written, lambda: self._gateway.note("esme.address_range_given_up", account=system_id, written=written)
            )
        except ValueError as error:
            # No status of 5.1.3 is about address_range; it is the bind that fails.
            raise PduError(
                f"address_range {written!r} is no regular expression: {error}", Status.ESME_RBINDFAIL
            ) from error

    def make_room(self) -> None:
        """One more bind is to come: PduError, or the end of the oldest, when there are as many as there may be."""
        most = self.settings.max_binds
        if not most or len(self._bound) < most:
            return
        if self.settings.when_bound == "refuse":
            raise PduError(f"{len(self._bound)} binds are open and max_binds is {most}", Status.ESME_RALYBND)
        oldest = next(iter(self._bound.values()))
        self._gateway.note("esme.replaced", account=self.settings.system_id, bind=oldest.number)
        oldest.unbind()

    @property
    def calls(self) -> bool:
        """Whether something waits for it while no bind receives."""
        return bool(self._party.waiting or self._party.unwanted) and not self._binds

    def opened(self, bind: Bind) -> None:
        """A bind is there from now on."""
        self._bound[bind.number] = bind
        if bind.receives:
            self._binds.append(bind)
            self._measure()
            self._gateway.attach(self._party)

    def answered(self) -> None:
        """A bind got an answer: there is room for one more."""
        self._party.room += 1
        self._go_on()

    def changed(self) -> None:
        """A bind can be written to again, or cannot."""
        self._measure()
        self._go_on()

    def _go_on(self) -> None:
        if self._party.waiting and self._party.room > 0:
            self._gateway.release(self._party)

    def closed(self, bind: Bind, unanswered: list[Sms | Receipt]) -> None:
        """A bind is gone; what it had not answered is delivered again, first of all."""
        self._bound.pop(bind.number, None)
        if bind not in self._binds:
            return
        self._binds.remove(bind)
        del self._promised[bind]
        self._gateway.hand_back(self.settings.system_id, unanswered)
        self._measure()
        if self._binds:
            self._gateway.attach(self._party)
            return
        self._gateway.detach(self._party)
        if self.codes:
            self.codes.unbound()

    def forget(self) -> None:
        """Expect no responses to what was sent; `POST /reset` asks for it."""
        for bind in self._binds:
            bind.forget()
        self._chosen.clear()
        self._promised.clear()
        self.alert_addresses.clear()
        self._measure()

    def _measure(self) -> None:
        self._party.room = sum(bind.room for bind in self._binds)
        alike = not self.settings.sticky_receipts and not any(bind.address_range for bind in self._binds)
        self._party.takes = None if alike else self._takes

    # What people see and do ----------------------------------------------------------------------------------------

    def shown(self) -> dict[str, Any]:
        """As `GET /esmes` answers it."""
        settings, style = self.settings, self.settings.receipt
        return {
            "system_id": settings.system_id,
            "numbers": list(settings.numbers),
            "codes": list(settings.codes),
            "modes": list(settings.modes),
            "limits": {
                "max_binds": settings.max_binds,
                "when_bound": settings.when_bound,
                "window": settings.window,
                "rate": settings.rate,
            },
            "response_id": settings.response_id,
            "sticky_receipts": settings.sticky_receipts,
            "receipt": {
                "pdu": style.pdu,
                "text": style.text,
                "date": style.date,
                "words": dict(style.words),
                "id": style.id,
                "id_in": style.id_in,
                "err": style.err,
                "network_type": style.network_type,
            },
            "waiting": len(self._party.waiting) + len(self._party.unwanted),
            "binds": [bind.shown() for bind in self._bound.values()],
        }

    def unbind(self, number: int | None = None) -> list[int]:
        """Ends all binds politely, or the one with this number; returns the numbers of those that it ended."""
        ending = [bind for bind in self._bound.values() if number in (None, bind.number)]
        for bind in ending:
            bind.unbind()
        return [bind.number for bind in ending]


class Accounts:
    """All accounts by system_id."""

    def __init__(self, accounts: Iterable[EsmeAccount]) -> None:
        self._accounts = {account.settings.system_id: account for account in accounts}

    def __iter__(self) -> Iterator[EsmeAccount]:
        return iter(self._accounts.values())

    def get(self, system_id: str) -> EsmeAccount | None:
        """The account."""
        return self._accounts.get(system_id)

    def admit(self, request: Any) -> tuple[EsmeAccount, AddressRange | None]:
        """The account that a bind request is for, and the destinations that it wants, None for all.

        PduError with the command_status that refuses it. A bind may have ended to make room for this one.
        """
        account = self._authenticate(request.system_id, request.password)
        mode: State = BINDS[request.command_id]
        if mode.value not in account.settings.modes:
            raise PduError(
                f"{mode.value} is none of {', '.join(account.settings.modes)} (modes)", Status.ESME_RBINDFAIL
            )
        address_range = account.address_range(request.address_range)
        account.make_room()
        return account, address_range

    def _authenticate(self, system_id: str, password: str) -> EsmeAccount:
        account = self._accounts.get(system_id)
        if account is None:
            raise PduError("there is no such account", Status.ESME_RINVSYSID)
        if not hmac.compare_digest(account.settings.password.encode(), password.encode()):
            raise PduError("the password is another one", Status.ESME_RINVPASWD)
        return account

    def forget(self) -> None:
        """Expect no responses to what was sent to any account."""
        for account in self:
            account.forget()
