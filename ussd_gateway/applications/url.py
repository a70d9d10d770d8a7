"""An application behind a URL, called as a gateway or aggregator calls it, in a dialect of `ussd_gateway.dialects`.

A wrong answer ends the session as the aggregator would. Each fault has an outcome of its own, which the phone shows, and a
sentence in the journal (application.failed).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from typing import Literal, cast

from aiohttp import web

from ussd_gateway.client import Client, UnreachableError, answer, received, shown
from ussd_gateway.coding.data_coding import USSD_OCTETS
from ussd_gateway.coding.pages import fits, truncate
from ussd_gateway.dialects.model import (
    AnswerError,
    Asynchronous,
    CallError,
    Dialect,
    Kind,
    Reply,
    Request,
    Response,
    Turn,
    Wrong,
)
from ussd_gateway.dialects.table import ASYNCHRONOUS, speaker
from ussd_gateway.gateway import Gateway, Timer
from ussd_gateway.logs import logger, told
from ussd_gateway.network.message import ANSWER, BEGIN, HANG_UP, RELEASE, Message, Ussd
from ussd_gateway.network.session import Outcome

log = logger(__name__)

_ENDS = {
    Outcome.TIMEOUT: Kind.TIMEOUT,
    Outcome.DIALOG_TIMEOUT: Kind.TIMEOUT,
    Outcome.APP_TIMEOUT: Kind.FAILED,
}
"""What the application is told of a dialogue that the network has ended; ABORT for any other outcome."""


@dataclass(frozen=True, slots=True)
class UrlSettings:
    """One application.

    url       str; http or https
    dialect   a key of `dialects.table.DIALECTS` or ASYNCHRONOUS
    settings  what the dialect wants to be told
    end_url   str; where the end of a dialogue is told, for dialects that tell it elsewhere; "" tells nobody
    timeout   float; real seconds for an answer; 0 takes the dialect's
    too_long  what becomes of a text that the aggregator does not carry: "error", as there, or "truncate"
    clock_waits  float; real seconds for which a virtual clock stands still for an answer
    """

    url: str
    dialect: str = "africas_talking"
    settings: Mapping[str, object] = field(default_factory=dict)
    end_url: str = ""
    timeout: float = 0.0
    too_long: Literal["error", "truncate"] = "error"
    clock_waits: float = inf


class _FailedError(Exception):
    """The application did not answer as it has to; the message is the sentence for the journal."""

    def __init__(self, outcome: Outcome, why: str) -> None:
        super().__init__(why)
        self.outcome = outcome


class _Dialogue:
    """One dialogue, by its first message."""

    __slots__ = (
        "calling",
        "carried",
        "end",
        "first",
        "inputs",
        "last_reply",
        "limit",
        "number",
        "refused",
        "sent",
        "started_at",
        "timer",
    )

    def __init__(self, first: Ussd, started_at: float) -> None:
        self.first = first
        self.started_at = started_at
        self.inputs = first.inputs
        self.number = 0
        self.carried: Mapping[str, object] = {}
        self.last_reply = ""
        self.calling = False
        self.limit: asyncio.Timeout | None = None  # of the call that is under way
        self.sent: asyncio.Future[Reply] | None = None  # what an asynchronous application will send
        self.refused = ""  # ... and what was wrong with what it sent, as the end of a sentence
        self.end: Turn | None = None  # what is told when no call is under way any more
        self.timer: Timer | None = None  # the aggregator's patience with the user


class UrlApplication:
    """An endpoint of the network; at most one call of a dialogue is under way, and that is a task of its own.

    client   who calls
    longest  real seconds that no application gets more than, whatever its dialect and settings say
    run      stands before the session ids that the application is told, so that a gateway that begins at 1 again does not
             repeat them; digits

    The time for an answer is real, as the socket is, and the network's own time-out is on the gateway's clock; whichever
    is over first ends the dialogue with app_timeout. Under a virtual clock, too, a late application ends it.

    ValueError with a sentence where the dialect or one of its settings is wrong.
    """

    def __init__(
        self, settings: UrlSettings, gateway: Gateway, client: Client, *, longest: float, run: str = ""
    ) -> None:
        self.settings = settings
        self.last_error = ""  # the last sentence for the journal
        self._gateway = gateway
        self._client = client
        self._run = run
        self._dialect = speaker(settings.dialect, settings.settings)
        self._asynchronous = cast(Asynchronous, self._dialect) if settings.dialect in ASYNCHRONOUS else None
        self._limits = self._dialect.limits
        if settings.too_long == "truncate":
            self._dialect.limits = replace(self._limits, octets=0, characters=0)
        self._patience = min(settings.timeout or self._limits.answer_timeout or inf, longest)
        self._end_url = settings.end_url if self._dialect.notices_elsewhere else settings.url
        self._dialogues: dict[str, _Dialogue] = {}  # by session

    def deliver(self, message: Message) -> None:
        """A message for the application; returns at once. Anything but USSD is let go."""
        if not isinstance(message, Ussd):
            return
        if message.operation is BEGIN:
            opened = self._dialogues[message.session] = _Dialogue(message, self._gateway.now())
            self._ask(opened, Kind.NEW)
        elif message.operation is ANSWER:
            self._answer(message)
        elif message.operation in (HANG_UP, RELEASE) and (found := self._dialogues.get(message.session)):
            self._ended(found, Outcome(message.outcome or Outcome.DIALOG_USER_ABORT))

    def _answer(self, message: Ussd) -> None:
        dialogue = self._dialogues.get(message.session)
        if dialogue is None:
            log.warning("application.unknown_session", session=message.session)
            self._gateway.submit(message.abort())
            return
        self._stop_timer(dialogue)
        dialogue.inputs = (*dialogue.inputs, message.text)
        self._ask(dialogue, Kind.ANSWER, message.text)

    def _ask(self, dialogue: _Dialogue, kind: Kind, text: str = "") -> None:
        dialogue.calling = True
        self._gateway.spawn(self._call(dialogue, self._turn(dialogue, kind, text)), self.settings.clock_waits)

    def _turn(self, dialogue: _Dialogue, kind: Kind, text: str = "", outcome: str = "", reason: str = "") -> Turn:
        first = dialogue.first
        dialogue.number += 1
        return Turn(
            kind,
            self._run + first.session,
            first.msisdn,
            first.service_code,
            dialled=first.text,
            text=text,
            inputs=dialogue.inputs,
            number=dialogue.number,
            carried=dialogue.carried,
            started_at=dialogue.started_at,
            at=self._gateway.now(),
            last_reply=dialogue.last_reply,
            outcome=outcome,
            reason=reason,
        )

    # The call --------------------------------------------------------------------------------------------------------

    async def _call(self, dialogue: _Dialogue, turn: Turn) -> None:
        try:
            reply = await self._reply(dialogue, turn)
        except _FailedError as error:
            if self._is_open(dialogue):
                self._fail(dialogue, error.outcome, str(error))
        else:
            self._show(dialogue, reply)
        dialogue.calling = False
        if dialogue.end:
            await self._tell(dialogue.end)

    async def _reply(self, dialogue: _Dialogue, turn: Turn) -> Reply:
        """What the application answers, checked. Raises _FailedError."""
        place = shown(self.settings.url)
        try:
            request = self._dialect.call(turn)
            assert request is not None, "every dialect tells who dialled and who answered"
            dialogue.sent = asyncio.get_running_loop().create_future() if self._asynchronous else None
            dialogue.refused = ""
            async with asyncio.timeout(self._patience) as dialogue.limit:
                response = await self._client.call(self.settings.url, request)
                if self._asynchronous and dialogue.sent:
                    self._asynchronous.read_acknowledgement(response, turn)
                    reply = await dialogue.sent
                    dialogue.last_reply = reply.text
                else:
                    dialogue.last_reply = response.text
                    reply = cast(Dialect, self._dialect).read_reply(response, turn)
            return self._checked(reply)
        except TimeoutError:
            what = "sent nothing" if self._asynchronous else "did not answer"
            raise _FailedError(
                Outcome.APP_TIMEOUT, f"{place} {what} within {self._patience:g} s{dialogue.refused}"
            ) from None
        except UnreachableError as error:
            raise _FailedError(Outcome.UNREACHABLE, str(error)) from None
        except AnswerError as error:
            raise _FailedError(Outcome(error.wrong), str(error)) from None
        except Exception as error:
            log.error("application.dialect_failed", dialect=self._dialect.name, error=told(error))
            raise _FailedError(
                Outcome.SYSTEM_FAILURE, f"the gateway cannot speak to {place}; its log tells why"
            ) from None
        finally:
            dialogue.limit = dialogue.sent = None

    @property
    def send_path(self) -> str:
        """Where an application of an asynchronous dialect sends its answers; "" for any other dialect."""
        return self._asynchronous.send_path if self._asynchronous else ""

    def take(self, request: Request) -> tuple[CallError | None, Response]:
        """What an application of an asynchronous dialect sent; what is wrong with it, if anything, and the answer."""
        assert self._asynchronous
        wrong: CallError | None = None
        try:
            session, reply = self._asynchronous.read_send(request)
            dialogue = self._dialogues.get(session.removeprefix(self._run))
            if dialogue is None or dialogue.sent is None or dialogue.sent.done():
                raise CallError(f"the session {session} is not open, or it is the user's turn")
            dialogue.sent.set_result(reply)
        except CallError as error:
            wrong = error
        return wrong, self._asynchronous.answer_send(wrong, self._gateway.now())

    def refused(self, request: Request, why: str) -> None:
        """What came was not taken: whoever waits for it will hear why, rather than that nothing came."""
        waiting = [dialogue for dialogue in self._dialogues.values() if dialogue.sent and not dialogue.sent.done()]
        named = [dialogue for dialogue in waiting if (self._run + dialogue.first.session).encode() in request.body]
        for dialogue in named or (waiting if len(waiting) == 1 else ()):
            dialogue.refused = f"; what came to {self.send_path} was refused: {why}"

    def _checked(self, reply: Reply) -> Reply:
        """The reply with a text that fits a screen. Raises AnswerError."""
        octets = min(self._limits.octets or USSD_OCTETS, USSD_OCTETS)
        text = reply.text
        if self.settings.too_long == "truncate":
            text = truncate(text[: self._limits.characters or None], octets)
        elif not fits(text, octets):
            raise AnswerError(Wrong.TOO_LONG, f"the text does not fit the {octets} octets of a USSD string")
        try:
            text.encode()
        except UnicodeEncodeError:
            raise AnswerError(Wrong.BAD, "the text has half a character in it, which no alphabet has") from None
        return replace(reply, text=text)

    def _show(self, dialogue: _Dialogue, reply: Reply) -> None:
        if not self._is_open(dialogue):
            log.warning("application.late_answer", url=shown(self.settings.url), session=dialogue.first.session)
            return
        dialogue.carried = reply.carried
        first = dialogue.first
        if reply.ends:
            self._close(dialogue, Kind.END, Outcome.SUCCESS)
            self._gateway.submit(first.end(reply.text))
        else:
            self._gateway.submit(first.ask(reply.text))
            self._start_timer(dialogue)

    # The end ---------------------------------------------------------------------------------------------------------

    def _is_open(self, dialogue: _Dialogue) -> bool:
        return self._dialogues.get(dialogue.first.session) is dialogue

    def _close(self, dialogue: _Dialogue, kind: Kind, outcome: Outcome, reason: str = "") -> None:
        del self._dialogues[dialogue.first.session]
        self._stop_timer(dialogue)
        dialogue.end = self._turn(dialogue, kind, outcome=outcome.value, reason=reason)

    def _fail(self, dialogue: _Dialogue, outcome: Outcome, why: str) -> None:
        """The application has failed: the sentence for the journal, and the end for the phone."""
        self._explain(dialogue, outcome, why)
        self._close(dialogue, Kind.FAILED, outcome, why)
        self._gateway.submit(dialogue.first.abort(outcome))

    def _explain(self, dialogue: _Dialogue, outcome: Outcome, why: str) -> None:
        first = dialogue.first
        self.last_error = why
        self._gateway.warn(
            "application.failed",
            session=first.session,
            msisdn=first.msisdn,
            service_code=first.service_code,
            outcome=outcome.value,
            why=why,
        )

    def _ended(self, dialogue: _Dialogue, outcome: Outcome) -> None:
        """The user or the network has ended the dialogue. What is under way is waited for, and told of the end then."""
        reason = ""
        if outcome is Outcome.APP_TIMEOUT:
            reason = f"{shown(self.settings.url)} did not answer within network.application_timeout{dialogue.refused}"
            self._explain(dialogue, outcome, reason)
        self._close(dialogue, _ENDS.get(outcome, Kind.ABORT), outcome, reason)
        if not dialogue.calling:
            self._gateway.spawn(self._tell(dialogue.end), self.settings.clock_waits)
        elif outcome is Outcome.APP_TIMEOUT and dialogue.limit and not dialogue.limit.expired():
            dialogue.limit.reschedule(asyncio.get_running_loop().time())

    async def _tell(self, end: Turn | None) -> None:
        """Tell the application of the end, where its dialect does; the answer is nobody's business."""
        request: Request | None = self._dialect.call(end) if end and self._end_url else None
        if request is None:
            return
        try:
            async with asyncio.timeout(self._patience):
                await self._client.call(self._end_url, request)
        except (TimeoutError, UnreachableError, AnswerError) as error:
            why = str(error) or f"no answer within {self._patience:g} s"
            log.warning("application.not_told", url=shown(self._end_url), why=why)

    # The aggregator's patience with the user -------------------------------------------------------------------------

    def _start_timer(self, dialogue: _Dialogue) -> None:
        """The user has the dialect's time for an answer, and for the whole; the network's own may end before."""
        user, whole = self._limits.user_timeout, self._limits.session_timeout
        left = dialogue.started_at + whole - self._gateway.now() if whole else inf
        outcome = Outcome.TIMEOUT if user and user <= left else Outcome.DIALOG_TIMEOUT
        seconds = min(user or inf, left)
        if seconds < inf:
            dialogue.timer = self._gateway.call_later(max(0.0, seconds), lambda: self._give_up(dialogue, outcome))

    def _stop_timer(self, dialogue: _Dialogue) -> None:
        if dialogue.timer:
            dialogue.timer.cancel()
            dialogue.timer = None

    def _give_up(self, dialogue: _Dialogue, outcome: Outcome) -> None:
        self._close(dialogue, Kind.TIMEOUT, outcome)
        self._gateway.spawn(self._tell(dialogue.end), self.settings.clock_waits)
        self._gateway.submit(dialogue.first.abort(outcome))


def send_routes(applications: Iterable[UrlApplication]) -> Sequence[web.RouteDef]:
    """Where applications of asynchronous dialects send their answers. One that several share finds whose session it is."""
    by_path: dict[str, list[UrlApplication]] = {}
    for application in applications:
        if application.send_path:
            by_path.setdefault(application.send_path, []).append(application)
    return [web.post(path, _taker(sharers)) for path, sharers in by_path.items()]


def _taker(applications: Sequence[UrlApplication]) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def take(request: web.Request) -> web.StreamResponse:
        told = await received(request)
        refusals = []
        for application in applications:
            wrong, response = application.take(told)
            if wrong is None:
                return answer(response)
            refusals.append((wrong, response))
            application.refused(told, str(wrong))
        wrong, response = refusals[0]
        log.warning("application.refused", path=request.path, why=str(wrong))
        return answer(response)

    return take
