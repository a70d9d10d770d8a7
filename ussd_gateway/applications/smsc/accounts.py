"""The accounts of ESMEs: who may bind, and the endpoint that stands for all binds of one."""

from __future__ import annotations

import hmac
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ussd_gateway.applications.smsc.ussd import UssdCodes
from ussd_gateway.coding.data_coding import GSM7, Alphabet
from ussd_gateway.gateway import Gateway
from ussd_gateway.network.message import Message, Receipt, Sms
from ussd_gateway.smpp.status import Status
from ussd_gateway.smpp.ussd import DIALECTS, Marker


class Bind(Protocol):
    """A connection that is bound to receive, as an account sees it."""

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

    def forget(self) -> None:
        """Expect no response any more."""


@dataclass(frozen=True, slots=True)
class EsmeSettings:
    """One account.

    numbers           short numbers or ranges such as "5000-5999" whose messages are delivered to it
    inner             whether the ESME is a part of this gateway, so that `settle` waits for its answers
    default_alphabet  what data_coding 0 means to it, one of coding.data_coding.DEFAULT_ALPHABETS
    codes             USSD codes that it answers
    ussd_dialect      a key of `smpp.ussd.DIALECTS`
    ussd_marker       by what its messages are known to be USSD
    """

    system_id: str
    password: str
    numbers: tuple[str, ...] = ()
    inner: bool = False
    default_alphabet: Alphabet = GSM7
    codes: tuple[str, ...] = ()
    ussd_dialect: str = "standard"
    ussd_marker: Marker = Marker.EITHER


class EsmeAccount:
    """An endpoint: what the network delivers goes to the binds in turn.

    The network knows how much room their windows have together, and keeps the rest.
    """

    def __init__(self, settings: EsmeSettings, gateway: Gateway) -> None:
        self.settings = settings
        self._gateway = gateway
        self._party = gateway.directory.attach_account(settings.system_id, self, settings.numbers)
        self._party.default_alphabet = settings.default_alphabet
        self._binds: deque[Bind] = deque()  # those that receive
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
        """Hands an Sms or a Receipt to the next bind that has room."""
        assert isinstance(message, Sms | Receipt)
        binds = self._binds
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

    def opened(self, bind: Bind) -> None:
        """A bind can receive from now on."""
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
        if bind not in self._binds:
            return
        self._binds.remove(bind)
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
        self._measure()

    def _measure(self) -> None:
        self._party.room = sum(bind.room for bind in self._binds)


class Accounts:
    """All accounts by system_id."""

    def __init__(self, accounts: list[EsmeAccount]) -> None:
        self._accounts = {account.settings.system_id: account for account in accounts}

    def authenticate(self, system_id: str, password: str) -> EsmeAccount | Status:
        """The account, or the command_status that refuses the bind."""
        account = self._accounts.get(system_id)
        if account is None:
            return Status.ESME_RINVSYSID
        if not hmac.compare_digest(account.settings.password.encode(), password.encode()):
            return Status.ESME_RINVPASWD
        return account

    def forget(self) -> None:
        """Expect no responses to what was sent to any account."""
        for account in self._accounts.values():
            account.forget()
