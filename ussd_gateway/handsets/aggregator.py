"""Phones behind an aggregator: it calls us over HTTP in its dialect, and who dials there reaches the applications here.

Each of them is a handset of this network. A session of the aggregator is one dialogue here, and is forgotten with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import cast

from aiohttp import web

from ussd_gateway.client import Client, UnreachableError, answer, received, shown
from ussd_gateway.dialects.model import (
    AnswerError,
    Asynchronous,
    Call,
    CallError,
    Dialect,
    Kind,
    Reply,
    Request,
    Response,
    Turn,
)
from ussd_gateway.dialects.settings import quoted
from ussd_gateway.dialects.table import ASYNCHRONOUS, speaker
from ussd_gateway.gateway import Gateway
from ussd_gateway.handsets.handset import Handset
from ussd_gateway.http.problem import problem
from ussd_gateway.logs import logger
from ussd_gateway.network.message import ANSWER, ASK, BEGIN, HANG_UP, NOTIFY, Ussd
from ussd_gateway.network.session import Outcome, SessionError

log = logger(__name__)

SEND = 10.0  # real seconds that an asynchronous aggregator has to take an answer
_REMEMBERED = 1000  # sessions that have ended, so that a call that comes too late is told so and begins none
_MASK_DIGITS = 15


@dataclass(frozen=True, slots=True)
class AggregatorSettings:
    """One aggregator.

    path      str; where it calls us, below /aggregators/
    dialect   a key of `dialects.table.DIALECTS` or ASYNCHRONOUS
    code      str; the code that is dialled here where the dialect does not say it; "" where it always does
    settings  what the dialect wants to be told
    send_url  str; where an asynchronous aggregator takes our answers, without the path that its dialect has
    """

    path: str
    dialect: str = "africas_talking"
    code: str = ""
    settings: Mapping[str, object] = field(default_factory=dict)
    send_url: str = ""


class _Dialogue:
    """A session of the aggregator."""

    __slots__ = ("answers", "first", "number", "screen", "session", "told")

    def __init__(self, call: Call, first: Ussd, screen: asyncio.Future[Reply]) -> None:
        self.session = call.session
        self.first = first
        self.screen = screen  # what the call that came last is answered with
        self.told = call.text  # what the call that came last said: the input so far, where it is cumulative
        self.number = call.number
        self.answers = 1 if call.text else 0  # how many it has


class Aggregator:
    """The way between an aggregator and the handsets behind it.

    ValueError with a sentence where the dialect or one of its settings is wrong, or it needs send_url.
    """

    def __init__(self, settings: AggregatorSettings, gateway: Gateway, client: Client) -> None:
        self.settings = settings
        self._gateway = gateway
        self._client = client
        self._dialect = speaker(settings.dialect, settings.settings)
        self._asynchronous = cast(Asynchronous, self._dialect) if settings.dialect in ASYNCHRONOUS else None
        if self._asynchronous and not settings.send_url:
            raise ValueError(f"the dialect {settings.dialect} needs send_url: it takes our answers there")
        self._dialogues: dict[str, _Dialogue] = {}  # by the aggregator's session
        self._phones: dict[str, _Dialogue] = {}  # the same by msisdn
        # The last words of those that ended, by the aggregator's session; None where the user left it
        self._ended: dict[str, Reply | None] = {}

    def __len__(self) -> int:
        return len(self._dialogues)

    def routes(self) -> Sequence[web.RouteDef]:
        """Where it calls us, and below where its dialect does."""
        turns = (Turn(kind, "1", "70001000001", "*1#", dialled="*1#") for kind in Kind)
        calls = [request for turn in turns if (request := self._dialect.call(turn))]
        asks = hasattr(self._dialect, "asked_status")
        methods = {request.method for request in calls} | ({"GET", "POST"} if asks else set())
        rest = "{rest:/.*}" if any(request.path for request in calls) else ""
        return [web.route(method, self.settings.path + rest, self.handle) for method in sorted(methods)]

    def clear(self) -> None:
        """Forget every session; who waits for a screen is refused. `POST /reset` and the end of the gateway ask for it."""
        for dialogue in list(self._dialogues.values()):
            self._forget(dialogue, None)
            if not dialogue.screen.done():
                dialogue.screen.set_exception(CallError("the gateway was reset or stopped; dial again"))
        self._ended.clear()

    # What the aggregator says ----------------------------------------------------------------------------------------

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One call, and the answer of the dialect to it; 400 and a sentence for what is wrong."""
        told = await received(request, request.match_info.get("rest", ""))
        try:
            if asked := getattr(self._dialect, "asked_status", _nothing)(told):
                return answer(self._dialect.write_status(active=asked in self._dialogues))  # type: ignore[union-attr]
            call = self._dialect.read_call(told)
            reply = self._take(call)
            if self._asynchronous:
                return await self._acknowledge(request, call, reply)
            return answer(cast(Dialect, self._dialect).write_reply(await reply, call))
        except (CallError, SessionError) as error:
            log.warning("aggregator.refused", path=request.path, why=str(error))
            refuse: Callable[[str], Response] | None = getattr(self._dialect, "refuse", None)
            return answer(refuse(str(error))) if refuse else problem(400, str(error))

    def _take(self, call: Call) -> asyncio.Future[Reply]:
        """What the call does here; the screen that answers it, now or later. Raises CallError and SessionError."""
        dialogue = self._dialogues.get(call.session)
        known = dialogue is not None or call.session in self._ended
        kind = call.kind or (Kind.ANSWER if known else Kind.NEW)
        if kind is Kind.NEW:
            return self._begin(call)
        if kind is Kind.ANSWER:
            return self._answer(call, dialogue)
        if dialogue:
            self._hang_up(dialogue)
        return _now(Reply("", ends=True))

    def _begin(self, call: Call) -> asyncio.Future[Reply]:
        msisdn = _number(call.msisdn)
        first = Ussd(BEGIN, dialled_code(call, self.settings.code), msisdn=msisdn)
        if again := self._dialogues.get(call.session):
            self._hang_up(again)
        if left := self._phones.get(msisdn):
            self._hang_up(left)  # who dials again has left the dialogue before; not all aggregators tell it
        handset = self._handset(msisdn)
        way, handset.remote = handset.remote, self.show
        self._ended.pop(call.session, None)
        dialogue = _Dialogue(call, first, asyncio.get_running_loop().create_future())
        self._dialogues[call.session] = self._phones[msisdn] = dialogue
        try:
            self._gateway.submit(first)
        except SessionError:
            del self._dialogues[call.session], self._phones[msisdn]
            raise
        finally:
            if not self._is_open(dialogue):  # the phone may have a dialogue that somebody else shows
                handset.remote = way
        return dialogue.screen

    def _answer(self, call: Call, dialogue: _Dialogue | None) -> asyncio.Future[Reply]:
        if dialogue is None:
            if call.session not in self._ended:
                raise CallError(f"there is no session {quoted(call.session)} here; it has ended, or never began")
            if last := self._ended[call.session]:
                return _now(last)
            raise _left(call.session)
        if _is_repeated(call, dialogue):
            return dialogue.screen
        if not self._is_open(dialogue):
            self._forget(dialogue, None)
            raise _left(call.session)
        if not dialogue.screen.done():
            raise CallError(f"the session {quoted(call.session)} has a call that is not answered yet")
        answered, before = Ussd(ANSWER, _typed(call, dialogue), msisdn=dialogue.first.msisdn), dialogue.screen
        dialogue.screen = asyncio.get_running_loop().create_future()
        try:
            self._gateway.submit(answered)
        except SessionError:
            dialogue.screen = before
            raise
        dialogue.told, dialogue.number, dialogue.answers = call.text, call.number, dialogue.answers + 1
        return dialogue.screen

    def _handset(self, msisdn: str) -> Handset:
        directory = self._gateway.directory
        endpoint = (directory.subscriber(msisdn) or directory.recipient(msisdn)).endpoint
        if not isinstance(endpoint, Handset):
            raise CallError(f"{msisdn} is not a handset's number here")
        return endpoint

    def _is_open(self, dialogue: _Dialogue) -> bool:
        """Whether it is the one that the phone has: its user may have hung up here, and dialled anew."""
        party = self._gateway.directory.party(dialogue.first.msisdn)
        return party is not None and party.session is not None and party.session.id == dialogue.first.session

    def _hang_up(self, dialogue: _Dialogue) -> None:
        self._forget(dialogue, None)
        if not dialogue.screen.done():
            dialogue.screen.set_result(Reply("", ends=True))  # nobody sees it any more
        if self._is_open(dialogue):
            self._gateway.submit(Ussd(HANG_UP, msisdn=dialogue.first.msisdn))

    def _forget(self, dialogue: _Dialogue, last: Reply | None) -> None:
        del self._dialogues[dialogue.session]
        del self._phones[dialogue.first.msisdn]
        self._ended[dialogue.session] = last
        if len(self._ended) > _REMEMBERED:
            del self._ended[next(iter(self._ended))]

    # What the network says -------------------------------------------------------------------------------------------

    def show(self, message: Ussd) -> None:
        """A message of the network to the phone; a notice has no place in an answer, and stays with the phone here."""
        dialogue = self._phones.get(message.msisdn)
        if dialogue is None or dialogue.first.session != message.session or message.operation is NOTIFY:
            return
        reply = Reply(message.text, ends=message.operation is not ASK)
        left = message.outcome == Outcome.DIALOG_USER_ABORT
        if reply.ends:
            self._forget(dialogue, None if left else reply)
        if dialogue.screen.done():
            return
        if left:
            dialogue.screen.set_exception(_left(dialogue.session))
        else:
            dialogue.screen.set_result(reply)

    # Asynchronous aggregators ----------------------------------------------------------------------------------------

    async def _acknowledge(self, request: web.Request, call: Call, reply: asyncio.Future[Reply]) -> web.StreamResponse:
        """The call is answered first; the screen follows as a request of our own."""
        assert self._asynchronous
        response = answer(self._asynchronous.acknowledge(call))
        await response.prepare(request)
        await response.write_eof()
        self._gateway.spawn(self._send(call, reply))
        return response

    async def _send(self, call: Call, screen: asyncio.Future[Reply]) -> None:
        assert self._asynchronous
        try:
            request = self._asynchronous.write_send(await screen, call)
            async with asyncio.timeout(SEND):
                self._asynchronous.read_sent(await self._client.call(self.settings.send_url, request))
        except (CallError, AnswerError, UnreachableError, TimeoutError) as error:
            why = str(error) or f"no answer within {SEND:g} s"
            log.warning("aggregator.not_sent", url=shown(self.settings.send_url), why=why)
            if dialogue := self._dialogues.get(call.session):  # it cannot be shown, so nobody will answer
                self._hang_up(dialogue)


def dialled_code(call: Call, code: str) -> str:
    """What was dialled, as *code*input#, from what a NEW says. `code` is that of the config. Raises CallError."""
    if call.dialled and (call.text or not code):
        text = call.text if call.text[:1] in ("*", "#") else f"*{call.text}"
        if not call.text.strip("*#"):
            raise CallError(f"what was dialled is {quoted(call.text)}, which is no code")
        return text.removesuffix("#") + "#"
    base = (call.service_code or code).removesuffix("#")
    if not base.strip("*#"):
        raise CallError("the call does not say which code was dialled; write it as `code` of this [[aggregator]]")
    if base[0] not in "*#":
        base = f"*{base}"
    return f"{base}*{call.text}#" if call.text else f"{base}#"


def _is_repeated(call: Call, dialogue: _Dialogue) -> bool:
    """Whether the aggregator tells once more what it told before: an input that grows has not grown, or calls are numbered
    and this has the number and the text of the last."""
    if call.text != dialogue.told:
        return False
    if not call.cumulative:
        return 0 < call.number == dialogue.number
    return dialogue.answers > 0 or not dialogue.screen.done()  # "" is an empty answer to the first screen


def _typed(call: Call, dialogue: _Dialogue) -> str:
    """The answer of this turn. Its own "*" are kept: what was told before says where a cumulative input goes on."""
    if not call.cumulative or not dialogue.answers:
        return call.text
    before = f"{dialogue.told}*"
    if call.text.startswith(before):
        return call.text.removeprefix(before)
    if not dialogue.told:  # what looked like an empty answer was the first call once more
        return call.text
    # Without the texts, which a log shows and which may be a PIN
    raise CallError("the input has to be that of the call before, a * and the answer, and it does not begin so")


def _left(session: str) -> CallError:
    return CallError(f"the session {quoted(session)} has ended; its user hung up, or dialled elsewhere")


def _number(msisdn: str) -> str:
    """The phone's number here. A mask, as some aggregators send, becomes digits of its digest: the same mask, the same."""
    if msisdn.isascii() and msisdn.isdigit():
        return msisdn
    return f"{int(sha256(msisdn.encode()).hexdigest(), 16) % 10**_MASK_DIGITS:0{_MASK_DIGITS}}"


def _now(reply: Reply) -> asyncio.Future[Reply]:
    done = asyncio.get_running_loop().create_future()
    done.set_result(reply)
    return done


def _nothing(request: Request) -> None:
    """Most dialects do not ask whether a session is open."""
