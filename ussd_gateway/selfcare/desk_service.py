"""The desk: the operator's people log in, decide requests, and serve who calls or comes (R033-R035, R158-R163)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any

from ussd_gateway.config import DeskAccount, SelfcareSection, Subscriber
from ussd_gateway.gateway import Gateway
from ussd_gateway.logs import logger
from ussd_gateway.network.address import AddressError, normalise_msisdn
from ussd_gateway.selfcare.hashing import Hasher
from ussd_gateway.selfcare.issuing import Issuing
from ussd_gateway.selfcare.number_texts import plain_reason
from ussd_gateway.selfcare.numbers import DESK, Numbers
from ussd_gateway.selfcare.records.desk import Entry, Ticket
from ussd_gateway.selfcare.records.links import LinkRequest
from ussd_gateway.selfcare.records.records import Records
from ussd_gateway.selfcare.service import Service
from ussd_gateway.selfcare.sim_states import SimStates
from ussd_gateway.selfcare.texts import NUMBERS
from ussd_gateway.subscribers import desk
from ussd_gateway.subscribers.desk import CHANNELS, SHOP, Person
from ussd_gateway.subscribers.guard import Guard, GuardRules, admits, after_failure, tries_left
from ussd_gateway.subscribers.identity import PassportError, matches, only_in_a_shop, passport_of
from ussd_gateway.subscribers.links import Line, objection
from ussd_gateway.subscribers.sims import CLOSED, EVENTS, after
from ussd_gateway.subscribers.working_days import CalendarError, counted

log = logger(__name__)

TICKET_LASTS = 30 * 60.0  # seconds for which somebody who was identified can be served

DECIDED_SHOWN = 20

_STRANGERS = 1000  # names that are nobody's, whose failures are remembered

LANGUAGES = ("ru", "en", "latin")


@dataclass(frozen=True, slots=True)
class DeskLogIn:
    """What became of a log-in.

    person        who is in now; None for who is not
    tries_left    int; wrong passwords that may follow
    locked_until  float; seconds since the epoch, 0.0 where the account is not locked
    """

    person: Person | None
    tries_left: int = 0
    locked_until: float = 0.0


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two numbers of a request, as a reviewer compares them; `services` as codes."""

    msisdn: str
    line: Line
    tariff: str
    services: tuple[str, ...]
    since: float
    has_passport: bool


@dataclass(frozen=True, slots=True)
class Case:
    """A request as a reviewer sees it.

    objection  why it cannot be approved as things stand, a word of `subscribers.links.objection`
    own        whether it is about the reviewer himself
    days       how its deadline was counted: each day, and whether it is worked
    """

    request: LinkRequest
    main: Side
    other: Side
    objection: str | None
    own: bool
    days: tuple[tuple[date, bool], ...]


@dataclass(frozen=True, slots=True)
class Opened:
    """What became of a call or a visit: "identified", with its ticket; else why not.

    "wrong_number", "not_identified", "only_shop", "own", "closed_now" or "not_allowed".
    """

    result: str
    ticket: int | None = None


class DeskService:
    """The use cases. Only what needs argon2 is a coroutine; each takes the person who does it."""

    def __init__(
        self,
        settings: SelfcareSection,
        accounts: Sequence[DeskAccount],
        records: Records,
        gateway: Gateway,
        *,
        service: Service,
        numbers: Numbers,
        sims: SimStates,
        hasher: Hasher,
        issuing: Issuing,
    ) -> None:
        self._settings = settings
        self._accounts = {account.name: account for account in accounts}
        self._records = records
        self._gateway = gateway
        self._service = service
        self._numbers = numbers
        self._sims = sims
        self._hasher = hasher
        self._issuing = issuing
        self._rules = GuardRules(settings.log_in_failures, settings.log_in_lock)
        self._hashes: dict[str, str] = {}
        self._strangers: dict[str, Guard] = {}
        self._opening = desk.hours(settings.desk_hours)

    # Who it is -----------------------------------------------------------------------------------------------------

    def person(self, name: str) -> Person | None:
        """The person of an account, with the owner of his own number."""
        account = self._accounts.get(name)
        if account is None:
            return None
        return Person(account.name, account.role, account.msisdn, self._numbers.line(account.msisdn).owner)

    async def log_in(self, name: str, password: str, *, address: str = "") -> DeskLogIn:
        """Lets one of the operator's people in; three wrong passwords lock the account, and that of nobody as well.

        Takes as long for a name that is nobody's.
        """
        if not admits(guard := self._guard(name), self._gateway.now()):
            return DeskLogIn(None, 0, guard.locked_until)
        await self._hash_passwords()
        right = await self._hasher.verify(self._hashes.get(name), password)
        now = self._gateway.now()
        if not admits(guard := self._guard(name), now):  # others have failed meanwhile
            return DeskLogIn(None, 0, guard.locked_until)
        if right:
            with self._records.changes.change("desk.logged_in", now, who=name, channel=DESK, address=address):
                self._records.desk.set_guard(name, 0, 0.0)
            self._gateway.note("selfcare.desk_logged_in", name=name)
            return DeskLogIn(self.person(name))
        guard = after_failure(guard, now, self._rules)
        known = name in self._accounts
        with self._records.changes.change(
            "desk.log_in_failed", now, who=name if known else "", channel=DESK, address=address
        ):
            self._keep_guard(name, guard, known=known)
        self._gateway.note("selfcare.desk_log_in_failed", known=known, locked=guard.locked_until > now)
        return DeskLogIn(None, tries_left(guard, now, self._rules), guard.locked_until)

    def _guard(self, name: str) -> Guard:
        return Guard(*self._records.desk.guard(name)) if name in self._accounts else self._strangers.get(name, Guard())

    def _keep_guard(self, name: str, guard: Guard, *, known: bool) -> None:
        if known:
            self._records.desk.set_guard(name, guard.failures, guard.locked_until)
            return
        self._strangers.pop(name, None)
        self._strangers[name] = guard
        if len(self._strangers) > _STRANGERS:
            del self._strangers[next(iter(self._strangers))]

    async def _hash_passwords(self) -> None:
        """The accounts' passwords become hashes at the first log-in, whoever it is: no start waits for argon2."""
        for name, account in self._accounts.items():
            if name not in self._hashes:
                given = account.password
                self._hashes[name] = given if given.startswith("$argon2") else await self._hasher.hash(given)

    def is_open(self) -> bool:
        """Whether the desk works now (R002); who is logged in can look at things at any hour."""
        moment = self.moment(self._gateway.now())
        return desk.is_open(moment.hour * 60 + moment.minute, self._opening)

    def moment(self, at: float) -> datetime:
        """A moment in the operator's time."""
        return datetime.fromtimestamp(at, timezone(timedelta(hours=self._numbers.utc_offset)))

    def last_day(self, request: LinkRequest) -> date:
        """The day at whose end a request is due."""
        return self._numbers.last_day(request)

    def now(self) -> float:
        """The gateway's moment."""
        return self._gateway.now()

    # Requests ------------------------------------------------------------------------------------------------------

    def queue(self, person: Person) -> list[Case]:
        """What waits, what is overdue first and else by its deadline."""
        return [self._case(request, person) for request in self._records.links.pending()]

    def decided(self, person: Person) -> list[Case]:
        """What was decided lately, the latest first."""
        return [self._case(request, person) for request in self._records.links.decided(DECIDED_SHOWN)]

    def case(self, person: Person, id: int) -> Case | None:
        """The request with this number."""
        request = self._records.links.request(id)
        return self._case(request, person) if request else None

    def _case(self, request: LinkRequest, person: Person) -> Case:
        main, other = self._side(request.main), self._side(request.number)
        try:
            days = counted(self.moment(request.created).date(), self._numbers.calendar)
        except CalendarError:  # the year was known when the request came, and its file is gone
            days = ()
        return Case(
            request,
            main,
            other,
            objection(main.line, other.line, self._gateway.now()),
            desk.is_own(person, {main.msisdn: main.line, other.msisdn: other.line}),
            days,
        )

    def _side(self, msisdn: str) -> Side:
        records = self._records
        return Side(
            msisdn,
            self._numbers.line(msisdn),
            self._service.tariff(msisdn),
            records.services.services(msisdn),
            records.sims.card(msisdn).since,
            records.sims.passport(msisdn) != "",
        )

    def approve(self, person: Person, id: int) -> str:
        """As `Numbers.approve`; also "not_allowed" by the role, or "closed_now" outside the desk's hours."""
        return self._barred(person, "decide") or self._numbers.approve(id, person)

    def reject(self, person: Person, id: int, reason: str) -> str:
        """As `Numbers.reject`, and as above."""
        return self._barred(person, "decide") or self._numbers.reject(id, person, reason)

    def _barred(self, person: Person, right: str) -> str | None:
        if not desk.may(person, right):
            return "not_allowed"
        return None if self.is_open() else "closed_now"

    # Calls and visits ----------------------------------------------------------------------------------------------

    def open(self, person: Person, channel: str, number: str, *passport: str) -> Opened:
        """Somebody calls or comes, and says his number and passport: free, whatever comes of it (R034).

        Everything has to match (R035). After three failures in a day only a shop can help; a number that is no
        subscriber fails in the same words.
        """
        if barred := self._barred(person, "identify"):
            return Opened(barred)
        if channel not in CHANNELS:
            return Opened("not_allowed")
        try:
            msisdn = normalise_msisdn(number)
        except AddressError:
            return Opened("wrong_number")
        if desk.is_own(person, {msisdn: self._numbers.line(msisdn)}):
            return Opened("own")
        now = self._gateway.now()
        midnight = self.moment(now).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
        if only_in_a_shop(self._records.desk.failures_since(msisdn, midnight), channel):
            with self._records.changes.change("desk.only_shop", now, who=person.name, channel=channel, msisdn=msisdn):
                pass
            return Opened("only_shop")
        result = "identified" if self._is_owner(msisdn, passport) else "not_identified"
        with self._records.changes.change(f"desk.{result}", now, who=person.name, channel=channel, msisdn=msisdn):
            id = self._records.desk.open(now, person.name, channel, msisdn, result)
        self._gateway.note(f"selfcare.desk_{result}", who=person.name, channel=channel, msisdn=msisdn)
        return Opened(result, id if result == "identified" else None)

    def _is_owner(self, msisdn: str, passport: Sequence[str]) -> bool:
        sim = self._records.sims.sim(msisdn)
        sealed = self._records.sims.passport(msisdn) if sim and sim.status != CLOSED else ""
        try:
            return matches(sealed, passport_of(*passport), msisdn)
        except PassportError:
            return False

    def ticket(self, person: Person, id: int) -> Ticket | None:
        """A ticket on which the person may still do something: his own, of somebody who was identified, and not old."""
        ticket = self._records.desk.ticket(id)
        if ticket is None or ticket.who != person.name or ticket.state != "identified":
            return None
        return ticket if self._gateway.now() - ticket.at < TICKET_LASTS else None

    def side(self, ticket: Ticket) -> Side:
        """What the desk knows of the number on the ticket."""
        return self._side(ticket.msisdn)

    def actions(self, person: Person, ticket: Ticket) -> tuple[str, ...]:
        """What the person can do for whom the ticket is about, as the number stands."""
        line = self._numbers.line(ticket.msisdn)
        impossible = {event for event in EVENTS if line.status is None or after(line.status, event) is None}
        if not line.service:
            impossible.add("disconnect")
        return tuple(what for what in desk.actions(person, ticket.channel) if what not in impossible)

    async def act(self, person: Person, ticket: Ticket, what: str, given: Mapping[str, str]) -> str:
        """Does something for somebody who was identified; the result is the use case's word, or "not_allowed",
        or "closed_now".

        given  what the form brought: "language", "iccid"
        """
        if what not in desk.actions(person, ticket.channel):
            return "not_allowed"
        if not self.is_open():
            return "closed_now"
        result = await self._do(person, ticket, what, given)
        facts: dict[str, Any] = {"ticket": ticket.id, "msisdn": ticket.msisdn, "action": what, "result": result}
        with self._records.changes.change(
            "desk.acted", self._gateway.now(), who=person.name, channel=ticket.channel, **facts
        ):
            pass
        self._gateway.note("selfcare.desk_acted", who=person.name, **facts)
        return result

    async def _do(self, person: Person, ticket: Ticket, what: str, given: Mapping[str, str]) -> str:
        msisdn = ticket.msisdn
        if what == "password":  # by SMS to the SIM, as ever; it opens a cabinet that is locked, too
            return (await self._issuing.issue_password(msisdn, DESK, f"ticket {ticket.id}")).result
        if what == "language":
            language = given.get("language", "")
            if language not in LANGUAGES:
                return "not_allowed"
            self._service.set_language(msisdn, language, DESK)
            return "done"
        if what == "disconnect":
            return self._service.disconnect(msisdn, NUMBERS, DESK)
        if what == "replace":
            iccid = "".join(given.get("iccid", "").split())
            return self._sims.replace(msisdn, iccid, who=person.name, channel=ticket.channel)
        return self._sims.change(msisdn, what, who=person.name, channel=ticket.channel)

    def finish(self, person: Person, ticket: Ticket) -> None:
        """The caller is served."""
        now = self._gateway.now()
        with self._records.changes.change(
            "desk.done", now, who=person.name, channel=ticket.channel, ticket=ticket.id, msisdn=ticket.msisdn
        ):
            self._records.desk.set_state(ticket.id, "done")

    def sell(self, person: Person, number: str, owner: str, iccid: str, *passport: str) -> str:
        """A closed number is sold in the shop: "done", or why not.

        "wrong_number", "no_owner", "wrong_passport", "wrong_iccid", "impossible", "in_quarantine", and what bars a person.
        """
        if barred := self._barred(person, "identify"):
            return barred
        try:
            msisdn, sealed = normalise_msisdn(number), passport_of(*passport)
        except AddressError:
            return "wrong_number"
        except PassportError:
            return "wrong_passport"
        if not (owner := plain_reason(owner)):
            return "no_owner"
        subscriber = Subscriber.model_construct(msisdn=msisdn, owner=owner, passport=sealed)
        return self._sims.resell(subscriber, "".join(iccid.split()), who=person.name, channel=SHOP)

    # The audit log -------------------------------------------------------------------------------------------------

    def audit(self, person: Person, *, word: str, who: str, before: int | None) -> list[Entry] | None:
        """Entries, the newest first; None for a role that may not read them. `who` is a name, or a number in any format."""
        if not desk.may(person, "audit"):
            return None
        who = who.strip()
        with suppress(AddressError):
            who = normalise_msisdn(who) if who else ""
        return self._records.desk.audit(word=word.strip(), who=who, before=before)

    def reset(self) -> None:
        """Nobody has failed."""
        self._strangers.clear()
