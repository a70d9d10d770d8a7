"""What self-care does, whoever asks: a phone by USSD or SMS, a browser. Time and chance are the gateway's and its maker's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ussd_gateway.config import SelfcareSection, Subscriber
from ussd_gateway.gateway import Gateway, Timer
from ussd_gateway.logs import logger
from ussd_gateway.network.address import normalise_msisdn
from ussd_gateway.selfcare.hashing import Hasher
from ussd_gateway.selfcare.password import MOST_REMEMBERED, SECURE, Chance, FloodRule, allowed, generate_unlike, tag
from ussd_gateway.selfcare.repository import Repository, Sim
from ussd_gateway.selfcare.texts import password_sms

log = logger(__name__)

QUARTER, DAY = 15 * 60.0, 24 * 3600.0

USSD, SMS, WEB = "ussd", "sms", "web"
"""The channels."""

REQUESTS_A_DAY = 5
"""How often one number may ask others to call back, and as often to top up its account (2.3)."""

Send = Callable[[str, str, str], None]
"""`send(source, destination, text)`: an SMS leaves; returns at once."""


@dataclass(frozen=True, slots=True)
class Issue:
    """What became of a request for a password.

    result    "sent" by SMS, "shown" where it was asked for, "too_often", "refused", or "unavailable": it went wrong, and
              no password is valid until the next one is asked for
    password  the password to show, with "shown"; None when it has been shown already
    """

    result: str
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Account:
    """What the cabinet shows. `balance` in kopecks, `services` as codes."""

    msisdn: str
    owner: str
    balance: int
    tariff: str
    services: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Pending:
    """A password that has its number and not yet its hash. `resets` is how many there had been."""

    msisdn: str
    number: int
    password: str = field(repr=False)
    resets: int
    issue: Issue
    answer: asyncio.Future[Issue] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Service:
    """The use cases. Reads and writes at once; only what needs argon2 is a coroutine.

    Every method takes a number in international digits, as the network gives it; `log_in` takes what a person types.
    """

    def __init__(
        self,
        settings: SelfcareSection,
        subscribers: Iterable[Subscriber],
        repository: Repository,
        gateway: Gateway,
        send: Send,
        *,
        chance: Chance = SECURE,
    ) -> None:
        self._settings = settings
        self._subscribers = tuple(subscribers)
        self._repository = repository
        self._gateway = gateway
        self._send = send
        self._chance = chance
        self._hasher = Hasher(
            time_cost=settings.argon2_time_cost,
            memory_kib=settings.argon2_memory_kib,
            parallelism=settings.argon2_parallelism,
        )
        self._flood = (
            FloodRule(settings.password_requests_per_15_minutes, QUARTER),
            FloodRule(settings.password_requests_per_day, DAY),
        )
        self._remembered = min(settings.remembered_passwords, MOST_REMEMBERED)
        self._issuing: dict[tuple[str, str, str], asyncio.Future[Issue]] = {}
        self._delayed: set[Timer] = set()
        self._resets = 0
        repository.add_missing(self._subscribers, gateway.now())

    # The SIM -------------------------------------------------------------------------------------------------------

    def ensure(self, msisdn: str, channel: str = USSD) -> Sim:
        """The subscriber of a number that dials or sends; it becomes one by doing so (R100)."""
        return self._repository.ensure(msisdn, self._gateway.now(), channel)

    def is_active(self, msisdn: str) -> bool:
        """Whether the number is a subscriber that is neither blocked nor closed."""
        sim = self._repository.sim(msisdn)
        return sim is not None and sim.status == "active"

    def language(self, msisdn: str) -> str:
        """The language of the SIM's service texts: "ru", "en" or "latin"; "ru" for a number that is no subscriber."""
        sim = self._repository.sim(msisdn)
        return sim.language if sim else "ru"

    def set_language(self, msisdn: str, language: str, channel: str = WEB) -> None:
        """Every later text of the SIM is in this language (2.2)."""
        if self.ensure(msisdn, channel).language != language:
            self._repository.set_language(msisdn, language, self._gateway.now(), channel)
            self._gateway.note("handset.language", msisdn=msisdn, language=language, channel=channel)

    def balance(self, msisdn: str) -> int:
        """Kopecks."""
        return self._repository.balance(msisdn)

    def tariff(self, msisdn: str) -> str:
        """The tariff's name; "" for a number that is no subscriber."""
        sim = self._repository.sim(msisdn)
        return sim.tariff if sim else ""

    # Services ------------------------------------------------------------------------------------------------------

    def services(self, msisdn: str) -> tuple[str, ...]:
        """The codes of the services that are on."""
        return self._repository.services(msisdn)

    def connect(self, msisdn: str, service: str, channel: str) -> str:
        """Switches a service on, free (R153, R154): "connected", "already_connected" (R155), or "refused" (R151)."""
        if not self.is_active(msisdn):
            return "refused"
        if service in self._repository.services(msisdn):
            return "already_connected"
        self._repository.connect(msisdn, service, self._gateway.now(), channel)
        self._gateway.note("selfcare.service_connected", msisdn=msisdn, service=service, channel=channel)
        return "connected"

    def disconnect(self, msisdn: str, service: str, channel: str) -> str:
        """Switches a service off: "disconnected", "not_connected" or "refused"."""
        if not self.is_active(msisdn):
            return "refused"
        if service not in self._repository.services(msisdn):
            return "not_connected"
        self._repository.disconnect(msisdn, service, self._gateway.now(), channel)
        self._gateway.note("selfcare.service_disconnected", msisdn=msisdn, service=service, channel=channel)
        return "disconnected"

    # Requests to other subscribers ---------------------------------------------------------------------------------

    def ask(self, what: str, msisdn: str, other: str, channel: str) -> str:
        """One number asks another for something, such as "call_me_back": "sent", "own", "too_often" or "refused" (2.3).

        Free; at most REQUESTS_A_DAY of a kind leave from one number. Whoever calls this sends the SMS.
        """
        if not self.is_active(msisdn):
            return "refused"
        if other == msisdn:
            return "own"
        now = self._gateway.now()
        if self._repository.asked_since(what, msisdn, now - DAY) >= REQUESTS_A_DAY:
            return "too_often"
        self._repository.ask(what, msisdn, other, now, channel)
        self._gateway.note("selfcare.asked", what=what, msisdn=msisdn, other=other, channel=channel)
        return "sent"

    # The password --------------------------------------------------------------------------------------------------

    async def issue_password(self, msisdn: str, channel: str, key: str) -> Issue:
        """A new password for the number (R110, R115, R120), free (R118) and at any balance.

        The issue number is taken, and the former password dies, before this first waits (R121); of two requests at once
        the later one's password is valid (R122), and only that one is sent. The SMS leaves when the password can be used.

        key  names the request within its channel; for a day the same key gives the same answer and one effect (R176). A
             password that was shown is kept nowhere, so a repeat that comes after the answer gets None for it.
        """
        request = (msisdn, channel, key)
        if request not in self._issuing:
            if (result := self._repository.answered(*request, self._gateway.now() - DAY)) is not None:
                return Issue(result)
            if (result := self._refusal(msisdn)) is not None:
                return self._refuse(request, result)
            self._issue(request)
        return await asyncio.shield(self._issuing[request])

    async def log_in(self, number: str, password: str) -> Account | None:
        """The account, or None: the same for an unknown number, a wrong password, and none issued yet (R103, R106).

        Takes as long in each case. AddressError for what is no number of this operator, in any format (R105).
        """
        msisdn = normalise_msisdn(number)
        hashed = self._repository.password_hash(msisdn)
        valid = await self._hasher.verify(hashed, password)
        sim = self._repository.sim(msisdn)
        # 3.2, invariant 3: another password may have been issued while argon2 was at work
        if not valid or sim is None or sim.status == "closed" or self._repository.password_hash(msisdn) != hashed:
            return None
        with self._repository.change("cabinet.logged_in", self._gateway.now(), who=msisdn, channel=WEB):
            pass
        self._gateway.note("selfcare.logged_in", msisdn=msisdn)
        return Account(
            msisdn,
            sim.owner,
            self._repository.balance(msisdn),
            sim.tariff,
            self._repository.services(msisdn),
        )

    def _refusal(self, msisdn: str) -> str | None:
        if not self.is_active(msisdn):
            return "refused"  # R119
        now = self._gateway.now()
        return None if allowed(self._repository.issued_since(msisdn, now - DAY), now, self._flood) else "too_often"

    def _refuse(self, request: tuple[str, str, str], result: str) -> Issue:
        msisdn, channel, key = request
        now = self._gateway.now()
        with self._repository.change("password.refused", now, who=msisdn, channel=channel, result=result):
            self._repository.add_request(msisdn, channel, key, now, result, None, now - DAY)
        self._gateway.note("selfcare.password_refused", msisdn=msisdn, channel=channel, result=result)
        return Issue(result)

    def _issue(self, request: tuple[str, str, str]) -> None:
        msisdn, channel, key = request
        now, repository = self._gateway.now(), self._repository
        shown = channel == USSD and self._settings.password_reply != "sms"  # noqa: S105 - a channel
        result = "shown" if shown else "sent"
        password = generate_unlike(self._settings.password_length, repository.tags(msisdn), msisdn, self._chance)
        issue = repository.next_issue(msisdn)
        with repository.change("password.issued", now, who=msisdn, channel=channel, issue=issue):
            repository.begin_issue(msisdn, issue, now, tag(password, msisdn), self._remembered)
            repository.add_request(msisdn, channel, key, now, result, issue, now - DAY)
        self._gateway.note("selfcare.password_issued", msisdn=msisdn, channel=channel, issue=issue)
        pending = _Pending(msisdn, issue, password, self._resets, Issue(result, password if shown else None))
        pending.answer.add_done_callback(lambda _: self._issuing.pop(request, None))
        self._issuing[request] = pending.answer
        self._gateway.spawn(self._complete(pending))

    async def _complete(self, pending: _Pending) -> None:
        issue = pending.issue
        try:
            hashed = await self._hasher.hash(pending.password)
            if self._is_last(pending, hashed) and self._by_sms(issue):
                text = password_sms(pending.password, self.language(pending.msisdn))
                self._send_later(pending.msisdn, text)
        except Exception as error:
            # R178: neither the exception's words nor a traceback, which may show the variables around it
            log.error("selfcare.password_failed", msisdn=pending.msisdn, error=type(error).__name__)
            issue = Issue("unavailable")
        finally:
            if not pending.answer.done():
                pending.answer.set_result(issue)

    def _is_last(self, pending: _Pending, hashed: str) -> bool:
        """Makes the password valid, unless a later one or a reset came while argon2 was at work (R122)."""
        return pending.resets == self._resets and self._repository.keep_hash(pending.msisdn, pending.number, hashed)

    def _by_sms(self, issue: Issue) -> bool:
        return issue.result == "sent" or self._settings.password_reply == "both"  # noqa: S105 - a channel

    def _send_later(self, msisdn: str, text: str) -> None:
        """R113: after the delay of the settings, on the gateway's clock."""
        if not self._settings.sms_delay:
            self._send(self._settings.password_sender, msisdn, text)
            return

        def leave() -> None:
            self._delayed.discard(timer)
            self._send(self._settings.password_sender, msisdn, text)

        timer = self._gateway.call_later(self._settings.sms_delay, leave)
        self._delayed.add(timer)

    # All of it -----------------------------------------------------------------------------------------------------

    def reset(self) -> None:
        """Everything back to what the config says; passwords that have not left yet never will."""
        self._forget()
        self._repository.clear()
        self._repository.add_missing(self._subscribers, self._gateway.now())

    def stop(self) -> None:
        """Nothing more is started."""
        self._forget()
        self._hasher.close()

    def _forget(self) -> None:
        self._resets += 1
        self._issuing.clear()
        for timer in self._delayed:
            timer.cancel()
        self._delayed.clear()
