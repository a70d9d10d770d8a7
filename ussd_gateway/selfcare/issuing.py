"""Passwords come about: generated ones, and the subscriber's own. At most one of a number is valid (R122)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from ussd_gateway.config import SelfcareSection
from ussd_gateway.gateway import Gateway, Timer
from ussd_gateway.logs import logger
from ussd_gateway.selfcare.channels import DAY, QUARTER, USSD, Send
from ussd_gateway.selfcare.hashing import Hasher
from ussd_gateway.selfcare.records.records import Records
from ussd_gateway.selfcare.service import Service
from ussd_gateway.selfcare.texts import password_sms
from ussd_gateway.subscribers.guard import OPEN
from ussd_gateway.subscribers.passwords import MOST_REMEMBERED, Chance, FloodRule, allowed, generate_unlike, tag
from ussd_gateway.subscribers.profiles import PROFILES, PasswordProfile

log = logger(__name__)

GENERATED, OWN = "generated", "own"

NewPassword = Callable[[str, int], None]
"""`listener(msisdn, issue)` is told that from now on only this issue's password is valid."""


@dataclass(frozen=True, slots=True)
class Issue:
    """What became of a request for a password.

    result    "sent" by SMS, "shown" where it was asked for, "set" where it is the subscriber's own, "wrong_password" of
              the old one, "not_allowed" with `mistakes`, "too_often", "refused", "held" while a
              new card is held back, or "unavailable": it went wrong, and no password is valid until the next one is
              asked for
    password  the password to show, with "shown"; None when it has been shown already
    mistakes  what is wrong with a password of one's own, as `PasswordRule.mistakes` says it; "same" for the old one
    number    its issue number, 0 where none was issued; a later one may have come since
    """

    result: str
    password: str | None = field(default=None, repr=False)
    mistakes: tuple[str, ...] = ()
    number: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class _Pending:
    """A password that has its number and not yet its hash. `resets` is how many there had been."""

    msisdn: str
    number: int
    password: str = field(repr=False)
    resets: int
    issue: Issue
    answer: asyncio.Future[Issue] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Issuing:
    """The use cases. Every method takes a number in international digits, as the network gives it.

    key  names a request within its channel; for a day the same key gives the same answer and one effect (R176)
    """

    def __init__(
        self,
        settings: SelfcareSection,
        records: Records,
        service: Service,
        gateway: Gateway,
        hasher: Hasher,
        send: Send,
        *,
        chance: Chance,
        is_held: Callable[[str], bool] = lambda msisdn: False,
    ) -> None:
        self._is_held = is_held
        self._settings = settings
        self._records = records
        self._service = service
        self._gateway = gateway
        self._hasher = hasher
        self._send = send
        self._chance = chance
        self._flood = (
            FloodRule(settings.password_requests_per_15_minutes, QUARTER),
            FloodRule(settings.password_requests_per_day, DAY),
        )
        self._remembered = min(settings.remembered_passwords, MOST_REMEMBERED)
        self._issuing: dict[tuple[str, str, str], asyncio.Future[Issue]] = {}
        self._delayed: set[Timer] = set()
        self._resets = 0
        self.listeners: list[NewPassword] = []

    @property
    def profile(self) -> PasswordProfile:
        """What `*111*25#` and the SMS do (2.1)."""
        return PROFILES[self._settings.password_profile]

    async def issue_password(self, msisdn: str, channel: str, key: str) -> Issue:
        """A new password for the number (R110, R115, R120), free (R118) and at any balance.

        The issue number is taken, and the former password dies, before this first waits (R121); of two requests at once
        the later one's password is valid (R122), and only that one is sent. The SMS leaves when the password can be used.
        A password that was shown is kept nowhere, so a repeat that comes after the answer gets None for it.
        """
        shown = channel == USSD and self._settings.password_reply != "sms"  # noqa: S105 - a channel
        return await self._once((msisdn, channel, key), "shown" if shown else "sent")

    async def set_password(self, msisdn: str, password: str, channel: str, key: str) -> Issue:
        """A password of the subscriber's own, from his SIM (2.1, `asks` and `by_sms`); "not_allowed" changes nothing."""
        if mistakes := self.profile.own.mistakes(password):
            return Issue("not_allowed", mistakes=mistakes)
        return await self._once((msisdn, channel, key), "set", password)

    async def change_password(self, msisdn: str, old: str, new: str, channel: str) -> Issue:
        """A password of one's own in place of the old one, which has to be said first (R125, R127, R128)."""
        hashed = self._records.passwords.password_hash(msisdn)
        right = await self._hasher.verify(hashed, old)
        if not right or self._records.passwords.password_hash(msisdn) != hashed:
            return Issue("wrong_password")
        mistakes = self.profile.own.mistakes(new) or (("same",) if new == old else ())
        if mistakes:
            return Issue("not_allowed", mistakes=mistakes)
        if not self._service.is_active(msisdn):
            return Issue("refused")
        return await asyncio.shield(self._issue((msisdn, channel, ""), "set", new))

    async def _once(self, request: tuple[str, str, str], result: str, password: str = "") -> Issue:
        if request not in self._issuing:
            if (before := self._records.passwords.answered(*request, self._gateway.now() - DAY)) is not None:
                return Issue(before)
            if (refusal := self._refusal(request[0])) is not None:
                return self._refuse(request, refusal)
            self._issuing[request] = answer = self._issue(request, result, password)
            answer.add_done_callback(lambda _: self._issuing.pop(request, None))
        return await asyncio.shield(self._issuing[request])

    def _refusal(self, msisdn: str) -> str | None:
        if not self._service.is_active(msisdn):
            return "refused"  # R119
        if self._is_held(msisdn):
            return "held"  # 3.4: the SIM was swapped yesterday
        now = self._gateway.now()
        issued = self._records.passwords.issued_since(msisdn, now - DAY)
        return None if allowed(issued, now, self._flood) else "too_often"

    def _refuse(self, request: tuple[str, str, str], result: str) -> Issue:
        msisdn, channel, key = request
        now = self._gateway.now()
        with self._records.changes.change("password.refused", now, who=msisdn, channel=channel, result=result):
            self._records.passwords.add_request(msisdn, channel, key, now, result, None, now - DAY)
        self._gateway.note("selfcare.password_refused", msisdn=msisdn, channel=channel, result=result)
        return Issue(result)

    def _issue(self, request: tuple[str, str, str], result: str, own: str = "") -> asyncio.Future[Issue]:
        """From here on no former password is valid. `own` is "" for one to be generated; a key "" names no request."""
        msisdn, channel, key = request
        now, passwords = self._gateway.now(), self._records.passwords
        password = own or generate_unlike(self._settings.password_length, passwords.tags(msisdn), msisdn, self._chance)
        issue, kind = passwords.next_issue(msisdn), OWN if own else GENERATED
        what = "password.changed" if own else "password.issued"
        with self._records.changes.change(what, now, who=msisdn, channel=channel, issue=issue):
            passwords.begin_issue(msisdn, issue, now, tag(password, msisdn), self._remembered, kind)
            if key:
                passwords.add_request(msisdn, channel, key, now, result, issue, now - DAY)
            self._records.guards.keep(msisdn, OPEN)  # a new password opens the cabinet at once (2.1)
            for listener in self.listeners:
                listener(msisdn, issue)
        self._gateway.note(f"selfcare.{what.replace('.', '_')}", msisdn=msisdn, channel=channel, issue=issue)
        shown = Issue(result, password if result == "shown" else None, number=issue)
        pending = _Pending(msisdn, issue, password, self._resets, shown)
        self._gateway.spawn(self._complete(pending))
        return pending.answer

    async def _complete(self, pending: _Pending) -> None:
        issue = pending.issue
        try:
            hashed = await self._hasher.hash(pending.password)
            if self._is_last(pending, hashed) and self._by_sms(issue):
                language = self._service.language(pending.msisdn)
                self._send_later(pending.msisdn, password_sms(pending.password, language))
        except Exception as error:
            # R178: neither the exception's words nor a traceback, which may show the variables around it
            log.error("selfcare.password_failed", msisdn=pending.msisdn, error=type(error).__name__)
            issue = Issue("unavailable")
        finally:
            if not pending.answer.done():
                pending.answer.set_result(issue)

    def _is_last(self, pending: _Pending, hashed: str) -> bool:
        """Makes the password valid, unless a later one or a reset came while argon2 was at work (R122)."""
        return pending.resets == self._resets and self._records.passwords.keep_hash(
            pending.msisdn, pending.number, hashed
        )

    def _by_sms(self, issue: Issue) -> bool:
        both = self._settings.password_reply == "both"  # noqa: S105 - a channel
        return issue.result == "sent" or (issue.result == "shown" and both)

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

    def forget(self) -> None:
        """Passwords that have not left yet never will, and no request is known any more."""
        self._resets += 1
        self._issuing.clear()
        for timer in self._delayed:
            timer.cancel()
        self._delayed.clear()
