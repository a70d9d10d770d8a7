"""USSD: the session table. A message goes in, deliveries come out, and every ending has an outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ussd_gateway.coding.data_coding import USSD_OCTETS, ussd_octets
from ussd_gateway.network.deadlines import Deadlines
from ussd_gateway.network.directory import Directory
from ussd_gateway.network.message import (
    ABORT,
    ANSWER,
    BEGIN,
    HANG_UP,
    RELEASE,
    Delivery,
    Discreet,
    Endpoint,
    Operation,
    Ussd,
    discreet,
)
from ussd_gateway.network.party import Party
from ussd_gateway.network.record import Record
from ussd_gateway.network.session import ENDED, Outcome, Session, SessionError, TextTooLongError, Timeouts, text_of


class Dialogues:
    """The open USSD sessions, by id and by handset."""

    def __init__(
        self,
        directory: Directory,
        record: Record,
        timeouts: Timeouts,
        new_id: Callable[[], str],
        language: Callable[[str], str],
        *,
        replace: bool,
        failed: Callable[[Endpoint, Exception], None],
    ) -> None:
        self._directory = directory
        self._record = record
        self._timeouts = timeouts
        self._new_id = new_id
        self._language = language
        self._replace = replace  # a second dial ends the first dialogue; otherwise it is refused as busy
        self._failed = failed  # is told of an application that could not say what is secret
        self._sessions: dict[str, Session] = {}
        self.deadlines: Deadlines[Session] = Deadlines()

    def submit(self, message: Ussd, now: float) -> list[Delivery]:
        """One message from a handset or an application; SessionError when it does not belong there."""
        _require_fit(message)
        match message.operation:
            case Operation.BEGIN:
                return self._begin(message, now)
            case Operation.ANSWER | Operation.HANG_UP:
                return self._from_handset(message, now)
            case Operation.ASK | Operation.NOTIFY | Operation.END | Operation.ABORT if message.session:
                return self._from_application(message, now)
            case _:
                raise SessionError(f"{message.operation} needs a session")

    def push(self, message: Ussd, application: Endpoint, now: float) -> list[Delivery]:
        """The network begins: an ASK or a NOTIFY of `application` to the handset with message.msisdn."""
        _require_fit(message)
        message.session = self._new_id()
        self._record.ussd(message, now)
        party = self._directory.party(message.msisdn)
        outcome = _push_refusal(party)
        if party is None or outcome:
            return [(application, self._release(message, outcome or Outcome.UNKNOWN_SUBSCRIBER, now))]
        session = Session(message.session, message.msisdn, message.service_code, application, now)
        session.step(message.operation, now, self._timeouts)
        if session.state is not ENDED:
            self._open(session, party)
            return [(party.endpoint, message)]
        return [(party.endpoint, message), (application, self._release(message, Outcome.SUCCESS, now))]

    def release_party(self, party: Party, outcome: Outcome, now: float) -> list[Delivery]:
        """The network ends the dialogue that a party has, if any."""
        return self._end(party.session, outcome, now) if party.session else []

    def tick(self, now: float) -> Iterator[Delivery]:
        """Ends the dialogues whose deadline has passed."""
        for session in self.deadlines.due(now):
            if session.state is ENDED:
                continue
            if session.deadline > now:  # it has moved on since; the heap learns it now, unless it asks again anyway
                if session.alarm <= now:
                    self._set_alarm(session)
                continue
            yield from self._end(session, session.overdue(self._timeouts), now)

    def clear(self) -> list[Delivery]:
        """Forget every dialogue; the applications are told, the handsets and the record are not."""
        releases: list[Delivery] = []
        for session in list(self._sessions.values()):
            self._close(session)
            releases.append((session.application, self._released(session, Outcome.SYSTEM_FAILURE)))
        self.deadlines.clear()
        return releases

    def __len__(self) -> int:
        return len(self._sessions)

    def _begin(self, message: Ussd, now: float) -> list[Delivery]:
        deliveries: list[Delivery] = []
        message.session = self._new_id()
        subscriber = self._directory.subscriber(message.msisdn)
        party = subscriber or self._directory.recipient(message.msisdn)
        if party.session and self._replace:
            deliveries += self._hung_up(party.session, now)
        found = self._directory.application(message.text)
        if found:
            application, message.service_code, message.inputs = found
            if asked := discreet(application):
                self._hide(message, asked)
        self._record.ussd(message, now)
        refusal = _begin_refusal(party, found is not None) if subscriber else Outcome.UNKNOWN_SUBSCRIBER
        if refusal:
            return [*deliveries, (party.endpoint, self._release(message, refusal, now))]
        assert found is not None
        session = Session(message.session, party.name, found[1], found[0], now)
        session.step(BEGIN, now, self._timeouts)
        self._open(session, party)
        return [*deliveries, (session.application, message)]

    def _from_handset(self, message: Ussd, now: float) -> list[Delivery]:
        party = self._directory.party(message.msisdn)
        if party is None or party.session is None:
            raise SessionError(f"{message.msisdn} has no open session to {message.operation}")
        return self._step(party.session, message, now, to_application=True)

    def _from_application(self, message: Ussd, now: float) -> list[Delivery]:
        session = self._sessions.get(message.session)
        if session is None:
            raise SessionError(f"session {message.session} is not open: {message.operation} comes too late")
        return self._step(session, message, now, to_application=False)

    def _step(self, session: Session, message: Ussd, now: float, *, to_application: bool) -> list[Delivery]:
        session.step(message.operation, now, self._timeouts)
        message.session, message.msisdn = session.id, session.msisdn
        message.service_code = session.service_code
        if session.discreet and message.operation is ANSWER:
            self._hide(message, session.discreet)
        self._record.ussd(message, now)
        if session.state is ENDED:
            self._close(session)
        elif session.deadline < session.alarm:
            self._set_alarm(session)
        if to_application:
            return [(session.application, message)]
        party = self._directory.recipient(session.msisdn)
        if message.operation is ABORT:
            return [(party.endpoint, self._release(message, Outcome(message.outcome or Outcome.ABORT_APP), now))]
        return [(party.endpoint, message)]

    def _hide(self, message: Ussd, application: Discreet) -> None:
        """What no record may show of what a user typed; all of it when the application cannot say."""
        try:
            message.secrets = (*message.secrets, *application.secrets(message))
        except Exception as error:
            message.secrets = (message.text,)
            self._failed(application, error)

    def _open(self, session: Session, party: Party) -> None:
        party.session = session
        self._sessions[session.id] = session
        self._set_alarm(session)

    def _set_alarm(self, session: Session) -> None:
        session.alarm = session.deadline
        self.deadlines.add(session.deadline, session)

    def _close(self, session: Session) -> None:
        session.state = ENDED
        del self._sessions[session.id]
        if party := self._directory.party(session.msisdn):
            party.session = None

    def _hung_up(self, session: Session, now: float) -> list[Delivery]:
        """The user's next dial ends the dialogue; the handset is told, for whoever still waits for its next screen."""
        handset = self._directory.recipient(session.msisdn).endpoint
        told = self._step(session, Ussd(HANG_UP, msisdn=session.msisdn), now, to_application=True)
        return [*told, (handset, self._released(session, Outcome.DIALOG_USER_ABORT))]

    def _end(self, session: Session, outcome: Outcome, now: float) -> list[Delivery]:
        """The network ends the dialogue, and tells both sides."""
        self._close(session)
        release = self._release(session, outcome, now)
        handset = self._directory.recipient(session.msisdn).endpoint
        return [(handset, release), (session.application, release)]

    def _release(self, of: Session | Ussd, outcome: Outcome, now: float) -> Ussd:
        """The network's last word in a dialogue, or to a message that never became one; written down."""
        release = self._released(of, outcome)
        self._record.ussd(release, now)
        return release

    def _released(self, of: Session | Ussd, outcome: Outcome) -> Ussd:
        """The same where it is no event of its own: the user's hanging up is written down already, a reset never is."""
        return Ussd(
            RELEASE,
            text_of(outcome, self._language(of.msisdn)),
            msisdn=of.msisdn,
            service_code=of.service_code,
            session=of.id if isinstance(of, Session) else of.session,
            outcome=outcome.value,
        )


def _require_fit(message: Ussd) -> None:
    if (octets := ussd_octets(message.text)) > USSD_OCTETS:
        raise TextTooLongError(f"this text takes {octets} octets, and a USSD string takes {USSD_OCTETS}")


def _begin_refusal(party: Party, routed: bool) -> Outcome | None:
    if not party.attached:
        return Outcome.ABSENT_SUBSCRIBER
    if party.session:
        return Outcome.BUSY
    return None if routed else Outcome.NO_ROUTE


def _push_refusal(party: Party | None) -> Outcome | None:
    if party is None or party.confirms:
        return Outcome.UNKNOWN_SUBSCRIBER
    if not party.attached:
        return Outcome.ABSENT_SUBSCRIBER
    return Outcome.BUSY if party.session else None
