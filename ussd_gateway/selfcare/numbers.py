"""Second numbers: what a cabinet asks for, what the desk decides, and when it ends (R150-R166)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any

from ussd_gateway.config import SelfcareSection
from ussd_gateway.gateway import Gateway, Timer
from ussd_gateway.network.address import AddressError, normalise_msisdn
from ussd_gateway.selfcare.channels import DAY, WEB, Send
from ussd_gateway.selfcare.number_texts import number_sms, plain_reason
from ussd_gateway.selfcare.records.links import LinkRequest
from ussd_gateway.selfcare.records.records import Records
from ussd_gateway.selfcare.texts import NUMBERS
from ussd_gateway.subscribers.desk import Person, is_own, needs_another
from ussd_gateway.subscribers.links import APPROVED, PENDING, Line, after, broken, is_overdue, lacks, objection, refusal
from ussd_gateway.subscribers.sims import CLOSED, held_until
from ussd_gateway.subscribers.working_days import Calendar, CalendarError, deadline

DESK, CORE = "desk", "core"
"""The channels besides those of subscribers: the operator's people, and the operator's own rules."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of an attempt to add a number.

    result   "requested", or why not: "wrong_number", "no_calendar", or a word of `subscribers.links.refusal`
    request  the number of the request that it became
    """

    result: str
    request: int | None = None


class Numbers:
    """Requests and links. Reads and writes at once.

    calendar     the production calendar by which requests are due; utc_offset the hours that the operator is ahead of UTC
    supervisors  the numbers of people who are told by SMS of what is overdue
    """

    def __init__(
        self,
        settings: SelfcareSection,
        records: Records,
        gateway: Gateway,
        send: Send,
        *,
        calendar: Calendar,
        utc_offset: float,
        supervisors: Sequence[str] = (),
    ) -> None:
        self._settings = settings
        self._records = records
        self._gateway = gateway
        self._send = send
        self._supervisors = tuple(supervisors)
        self._timers: dict[int, Timer] = {}
        self.calendar = calendar
        self.utc_offset = utc_offset

    # What the cabinet shows ----------------------------------------------------------------------------------------

    def line(self, msisdn: str) -> Line:
        """What a link needs to know of the number's SIM."""
        sim = self._records.sims.sim(msisdn)
        if sim is None:
            return Line(None)
        return Line(
            sim.status,
            sim.owner,
            NUMBERS in self._records.services.services(msisdn),
            held_until(self._records.sims.card(msisdn).replaced_at, self._settings.replaced_hold),
        )

    def requests(self, main: str) -> list[LinkRequest]:
        """The cabinet's requests, the newest first; none of a former owner's (3.2, invariant 12)."""
        return self._records.links.of_cabinet(main)

    def linked(self, main: str) -> list[str]:
        """The numbers that the cabinet shows beside its own, the first linked first: approved ones only (R160)."""
        return [link.number for link in self._records.links.linked(main)]

    def last_day(self, request: LinkRequest) -> date:
        """The day at whose end the request is due, in the operator's time."""
        return datetime.fromtimestamp(request.due - 1, timezone(timedelta(hours=self.utc_offset))).date()

    def may_manage(self, main: str, number: str) -> bool:
        """Whether the cabinet shows the number's data now: its own, or a linked one whose card is not held back."""
        return number == main or (
            number in self.linked(main)
            and lacks(self.line(main), self._gateway.now()) is None
            and lacks(self.line(number), self._gateway.now()) is None
        )

    # What the cabinet asks -----------------------------------------------------------------------------------------

    def request(self, main: str, typed: str, key: str = "") -> Asked:
        """Asks that a number be added to the cabinet (R156); free.

        Whoever is not refused at once waits for the desk (R158, R161), and the owner of the number hears of it (R164).

        key  for a day the same key has the same answer and one effect (3.2, invariant 14); "" is no key
        """
        now = self._gateway.now()
        if key and (before := self._records.links.answered(main, key, now - DAY)) is not None:
            return Asked(*before)
        try:
            number = normalise_msisdn(typed)
        except AddressError:
            return Asked("wrong_number")
        try:  # before anything is looked up, so that the answer is the same for whatever number
            due = deadline(now, self.calendar, utc_offset=self.utc_offset)
        except CalendarError as error:
            self._gateway.warn("selfcare.no_calendar", error=str(error))
            return Asked("no_calendar")
        result = self._refusal(main, number, now)
        if result is None:
            return self._submit(main, number, now, due, key)
        with self._records.changes.change("link.refused", now, who=main, channel=WEB, number=number, result=result):
            self._records.links.add_attempt(main, key, now, result, None, now - DAY)
        self._gateway.note("selfcare.link_refused", msisdn=main, number=number, result=result)
        return Asked(result)

    def _refusal(self, main: str, number: str, now: float) -> str | None:
        standing = self._records.links.standing(main, number)
        return refusal(
            main=self.line(main),
            other=self.line(number),
            own=number == main,
            linked=standing is not None and standing.state == APPROVED,
            pending=standing is not None and standing.state == PENDING,
            asked_today=self._records.links.attempts_since(main, now - DAY),
            most_a_day=self._settings.link_requests_per_day,
            now=now,
        )

    def _submit(self, main: str, number: str, now: float, due: float, key: str) -> Asked:
        with self._records.changes.change("link.requested", now, who=main, channel=WEB, number=number, due=due):
            id = self._records.links.add(main, number, now, due)
            self._records.links.add_attempt(main, key, now, "requested", id, now - DAY)
        self._gateway.note("selfcare.link_requested", request=id, msisdn=main, number=number, due=due)
        self._watch(id, due)
        self._tell("asked", number, main=f"+{main}")
        return Asked("requested", id)

    def cancel(self, main: str, id: int) -> str:
        """The subscriber takes a request back, or ends a link: "cancelled", "ended" or "unknown" (R162)."""
        request = self._records.links.request(id)
        if request is None or request not in self.requests(main) or after(request.state, "cancel") is None:
            return "unknown"
        return self._finish(request, "cancel", "by_subscriber", who=main, channel=WEB)

    # What the desk decides -----------------------------------------------------------------------------------------

    def approve(self, id: int, reviewer: Person) -> str:
        """A person approves (3.2, invariant 9): "approved", or "first" under four eyes.

        Or why not: "not_pending", "own", "same_person", or a word of `subscribers.links.objection`.
        """
        request = self._records.links.request(id)
        if (why := self._not_to_decide(request, reviewer)) is not None or request is None:
            return why or "not_pending"
        now = self._gateway.now()
        if why := objection(self.line(request.main), self.line(request.number), now):
            return why
        pause = needs_another(request.first_reviewer, reviewer, four_eyes=self._settings.desk_four_eyes)
        if pause == "first":
            with self._decision("link.approved_first", request, reviewer):
                self._records.links.approve_first(id, reviewer.name)
        if pause:
            return pause
        with self._decision("link.approved", request, reviewer):
            self._records.links.decide(id, APPROVED, now, reviewer=reviewer.name)
        self._gateway.note("selfcare.link_approved", request=id, msisdn=request.main, number=request.number)
        self._forget(id)
        self._tell("approved", request.main, id=id, number=f"+{request.number}")
        return "approved"

    def reject(self, id: int, reviewer: Person, reason: str) -> str:
        """A person rejects, and says why: "rejected", "no_reason", "not_pending" or "own"."""
        request = self._records.links.request(id)
        if (why := self._not_to_decide(request, reviewer)) is not None or request is None:
            return why or "not_pending"
        reason = plain_reason(reason)
        if not reason:
            return "no_reason"
        state = after(request.state, "reject")
        assert state is not None
        with self._decision("link.rejected", request, reviewer, reason=reason):
            self._records.links.decide(id, state, self._gateway.now(), reviewer=reviewer.name, reason=reason)
        self._gateway.note("selfcare.link_rejected", request=id, msisdn=request.main, number=request.number)
        self._forget(id)
        self._tell("rejected", request.main, id=id, number=f"+{request.number}", reason=reason)
        return "rejected"

    def _not_to_decide(self, request: LinkRequest | None, reviewer: Person) -> str | None:
        if request is None or request.state != PENDING:
            return "not_pending"
        numbers = {number: self.line(number) for number in (request.main, request.number)}
        return "own" if is_own(reviewer, numbers) else None

    def _decision(
        self, what: str, request: LinkRequest, reviewer: Person, **facts: object
    ) -> AbstractContextManager[None]:
        return self._records.changes.change(
            what,
            self._gateway.now(),
            who=reviewer.name,
            channel=DESK,
            request=request.id,
            main=request.main,
            number=request.number,
            **facts,
        )

    # What ends a link ----------------------------------------------------------------------------------------------

    def changed(self, msisdn: str) -> None:
        """Something about the number's SIM or service is different: ends what cannot stand any more (R165)."""
        for request in self._records.links.touching(msisdn):
            if why := broken(self.line(request.main), self.line(request.number)):
                self._finish(request, "lapse", why, who=msisdn, channel=CORE)

    def resold(self, msisdn: str) -> None:
        """The number is another person's: nothing of the former owner's links is left (R165; 3.2, invariant 12)."""
        for request in self._records.links.touching(msisdn):
            self._finish(request, "lapse", "resold", who=msisdn, channel=CORE, silent=request.main == msisdn)

    def _finish(
        self, request: LinkRequest, event: str, why: str, *, who: str, channel: str, silent: bool = False
    ) -> str:
        now, state = self._gateway.now(), after(request.state, event)
        assert state is not None
        facts: dict[str, Any] = {
            "request": request.id,
            "main": request.main,
            "number": request.number,
            "reason": why,
        }
        with self._records.changes.change(f"link.{state}", now, who=who, channel=channel, **facts):
            if request.state == APPROVED:
                self._records.links.end(request.id, state, now, why)
            else:
                self._records.links.decide(request.id, state, now, reason=why)
        self._gateway.note(f"selfcare.link_{state}", **facts)
        self._forget(request.id)
        if not silent and self.line(request.main).status != CLOSED:
            what = state if event == "cancel" or state == "ended" else "lapsed"
            self._tell(what, request.main, id=request.id, number=f"+{request.number}", why=why)
        return state

    # Deadlines -----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Marks what became overdue while nobody ran, and watches the rest."""
        for request in self._records.links.pending():
            if request.overdue_at is None:
                self._watch(request.id, request.due)

    def stop(self) -> None:
        """Watch nothing."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _watch(self, id: int, due: float) -> None:
        self._timers[id] = self._gateway.call_later(max(0.0, due - self._gateway.now()), lambda: self._check(id))

    def _forget(self, id: int) -> None:
        if timer := self._timers.pop(id, None):
            timer.cancel()

    def _check(self, id: int) -> None:
        """Past the deadline a request is marked and escalated, and stays pending for a person (R163)."""
        self._timers.pop(id, None)
        request, now = self._records.links.request(id), self._gateway.now()
        if request is None or not is_overdue(request.state, request.due, now):
            return
        facts = {"request": id, "main": request.main, "number": request.number, "due": request.due}
        with self._records.changes.change("link.overdue", now, who=request.main, channel=CORE, **facts):
            self._records.links.mark_overdue(id, now)
        self._gateway.warn("selfcare.link_overdue", **facts)
        for supervisor in self._supervisors:
            self._tell("escalated", supervisor, id=id, number=f"+{request.number}")

    def _tell(self, what: str, msisdn: str, **facts: object) -> None:
        sim = self._records.sims.sim(msisdn)
        text = number_sms(what, sim.language if sim else "ru", **facts)
        self._send(self._settings.command_number, msisdn, text)
