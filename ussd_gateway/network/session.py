"""A USSD dialogue: its states as a table, its time-outs, and the words for how it can end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ussd_gateway.coding.transliteration import to_latin
from ussd_gateway.network.message import ABORT, ANSWER, ASK, BEGIN, END, HANG_UP, NOTIFY, Endpoint, Operation, discreet


class SessionError(Exception):
    """A party said something the session does not allow at this point."""


class TextTooLongError(SessionError):
    """A text does not fit a USSD string."""


class State(StrEnum):
    """Whom the dialogue waits for."""

    NEW = "new"
    AWAITING_APPLICATION = "awaiting_application"
    AWAITING_ANSWER = "awaiting_answer"
    ENDED = "ended"


NEW, AWAITING_APPLICATION, AWAITING_ANSWER, ENDED = (
    State.NEW,
    State.AWAITING_APPLICATION,
    State.AWAITING_ANSWER,
    State.ENDED,
)

TRANSITIONS: dict[tuple[State, Operation], State] = {
    # 3GPP 23.090: the handset begins
    (NEW, BEGIN): AWAITING_APPLICATION,
    (AWAITING_APPLICATION, ASK): AWAITING_ANSWER,
    (AWAITING_APPLICATION, NOTIFY): AWAITING_APPLICATION,
    (AWAITING_APPLICATION, END): ENDED,
    (AWAITING_APPLICATION, ABORT): ENDED,
    (AWAITING_APPLICATION, HANG_UP): ENDED,
    (AWAITING_ANSWER, ANSWER): AWAITING_APPLICATION,
    (AWAITING_ANSWER, HANG_UP): ENDED,
    (AWAITING_ANSWER, ABORT): ENDED,
    # 3GPP 23.090: the network begins
    (NEW, ASK): AWAITING_ANSWER,
    (NEW, NOTIFY): ENDED,
}
"""What each operation makes of each state; what has no row is a SessionError."""


class Outcome(StrEnum):
    """How a dialogue ended."""

    SUCCESS = "success"
    NO_ROUTE = "no_route"
    BUSY = "busy"
    TIMEOUT = "timeout"  # the user did not answer
    APP_TIMEOUT = "app_timeout"  # the application did not answer
    DIALOG_TIMEOUT = "dialog_timeout"  # the dialogue as a whole took too long
    DIALOG_USER_ABORT = "dialog_user_abort"
    ABORT_APP = "abort_app"
    ABSENT_SUBSCRIBER = "absent_subscriber"
    UNKNOWN_SUBSCRIBER = "unknown_subscriber"
    SYSTEM_FAILURE = "system_failure"


CDR_RESULTS = {
    Outcome.SUCCESS: "success",
    Outcome.NO_ROUTE: "failed_no_sc_rule_found",
    Outcome.BUSY: "failed_ussd_busy",
    Outcome.TIMEOUT: "failed_invoke_timeout",
    Outcome.APP_TIMEOUT: "failed_app_timeout",
    Outcome.DIALOG_TIMEOUT: "failed_dialog_timeout",
    Outcome.DIALOG_USER_ABORT: "failed_dialog_user_abort",
    Outcome.ABORT_APP: "abort_app",
    Outcome.ABSENT_SUBSCRIBER: "failed_absent_subscriber",
    Outcome.UNKNOWN_SUBSCRIBER: "failed_illegal_subscriber",
    Outcome.SYSTEM_FAILURE: "failed_system_failure",
}
"""The same as the CDRs of USSD gateways in the field name it (RestComm's list, in lower case)."""

TEXTS = {
    # outcome: Russian, English
    Outcome.NO_ROUTE: ("Неверная команда. Проверьте номер запроса.", "Unknown code. Check what you dialled."),
    Outcome.BUSY: ("Завершите текущий USSD-сеанс и повторите запрос.", "End the open USSD session and try again."),
    Outcome.TIMEOUT: ("Время ожидания ответа истекло.", "The time for an answer is over."),
    Outcome.APP_TIMEOUT: ("Сервис не ответил. Повторите запрос позже.", "The service did not answer. Try again later."),
    Outcome.DIALOG_TIMEOUT: ("Время сеанса истекло. Повторите запрос.", "The time of the session is over. Try again."),
    Outcome.ABORT_APP: ("Сервис прервал сеанс. Повторите запрос позже.", "The service gave up. Try again later."),
    Outcome.ABSENT_SUBSCRIBER: ("Нет регистрации в сети.", "Not registered in the network."),
    Outcome.UNKNOWN_SUBSCRIBER: ("Номер не обслуживается.", "The number is not served."),
    Outcome.SYSTEM_FAILURE: ("Ошибка сети. Повторите запрос позже.", "Network error. Try again later."),
}
"""What the network shows on the phone when it ends a dialogue itself; each fits 80 characters."""


def text_of(outcome: Outcome, language: str) -> str:
    """The network's text in the language of a SIM: "ru", "en", or "latin", which is Russian in Latin letters."""
    russian, english = TEXTS.get(outcome, ("", ""))
    if language == "en":
        return english
    return to_latin(russian) if language == "latin" else russian


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long the network waits, in seconds."""

    application: float = 10.0  # for the application's next message
    user: float = 30.0  # for the user's answer
    session: float = 180.0  # for the dialogue as a whole


class Session:
    """One dialogue between one handset and one application."""

    __slots__ = ("alarm", "application", "deadline", "discreet", "id", "msisdn", "service_code", "started_at", "state")

    def __init__(
        self, session_id: str, msisdn: str, service_code: str, application: Endpoint, started_at: float
    ) -> None:
        self.id = session_id
        self.msisdn = msisdn
        self.service_code = service_code
        self.application = application
        self.discreet = discreet(application)  # the same once more where it has to be asked before each answer
        self.started_at = started_at
        self.state = NEW
        self.deadline = 0.0
        self.alarm = 0.0  # when the heap of deadlines asks next

    def step(self, operation: Operation, now: float, timeouts: Timeouts) -> None:
        """Go to the state that the operation leads to; SessionError where the table has no row."""
        state = TRANSITIONS.get((self.state, operation))
        if state is None:
            raise SessionError(f"session {self.id} is {self.state}: {operation} does not belong there")
        self.state = state
        patience = timeouts.user if state is AWAITING_ANSWER else timeouts.application
        self.deadline = min(now + patience, self.started_at + timeouts.session)

    def overdue(self, timeouts: Timeouts) -> Outcome:
        """The outcome when the deadline passes."""
        if self.deadline >= self.started_at + timeouts.session:
            return Outcome.DIALOG_TIMEOUT
        return Outcome.TIMEOUT if self.state is AWAITING_ANSWER else Outcome.APP_TIMEOUT
