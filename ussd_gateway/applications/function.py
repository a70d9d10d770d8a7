"""An application that is a Python function: `async def balance(ussd): return ussd.end("...")`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Coroutine
from inspect import isawaitable

from ussd_gateway.applications.imports import FAULTS, Function, Imported, awaited
from ussd_gateway.applications.turn import Turn
from ussd_gateway.logs import logger, told
from ussd_gateway.network.message import ABORT, ANSWER, ASK, END, Message, Operation, Ussd
from ussd_gateway.network.session import CDR_RESULTS, Outcome, SessionError

_WAY_OUT = "return ussd.ask(...) or ussd.end(...)"

log = logger(__name__)


class _Dialogue:
    """What is kept of a dialogue while it is open."""

    __slots__ = ("function", "inputs", "language", "secret_answer", "secrets", "variables", "waiting")

    def __init__(self, function: Function, language: str, inputs: tuple[str, ...]) -> None:
        self.function = function  # it stays with this version of the code
        self.language = language
        self.inputs = inputs
        self.variables: dict[str, object] = {}
        self.waiting = False  # for the function
        self.secret_answer = False  # the answer that comes next is one
        self.secrets: tuple[str, ...] = ()  # those that came


class FunctionApplication:
    """A function behind one or more service codes; an endpoint of the network.

    function  `Imports.function("airtime:balance")`, or a function itself. It is called with a Turn for the dial and for
              each answer, returns ussd.ask(...) or ussd.end(...), and is a coroutine function where it has to wait
    submit    takes the replies
    spawn     runs a coroutine in a task of its own: `gateway.spawn`
    warn      takes (kind, **facts) of what went wrong: `gateway.warn`
    language  gives the language of a subscriber's texts by msisdn: "ru", "en", "latin"

    What is wrong with a call (an exception, another value, a text that does not fit) ends its dialogue as abort_app, and
    application.failed in the journal and the log says in one sentence what it was.
    """

    def __init__(
        self,
        function: Imported | Function,
        *,
        submit: Callable[[Ussd], object],
        spawn: Callable[[Coroutine[object, object, None]], object],
        warn: Callable[..., object],
        language: Callable[[str], str],
    ) -> None:
        if isinstance(function, Imported):
            self.name, self._current = function.name, function.current
        else:
            self.name = f"{function.__module__}:{function.__qualname__}"
            self._current = lambda: function
        self._submit, self._spawn, self._warn, self._language = submit, spawn, warn, language
        self._dialogues: dict[str, _Dialogue] = {}  # by session
        self.last_error = ""  # the last sentence for the journal

    @property
    def sessions(self) -> Collection[str]:
        """The dialogues that are going on."""
        return self._dialogues.keys()

    def secrets(self, message: Ussd) -> tuple[str, ...]:
        """An answer that the function asked for as a secret one."""
        dialogue = self._dialogues.get(message.session)
        if message.operation is not ANSWER or dialogue is None or not dialogue.secret_answer:
            return ()
        return (message.text,)

    def deliver(self, message: Message) -> None:
        """A message for the function; returns at once. Anything but USSD is not for it and is let go."""
        if not isinstance(message, Ussd):
            return
        match message.operation:
            case Operation.BEGIN:
                dialogue = _Dialogue(self._current(), self._language(message.msisdn), message.inputs)
                self._dialogues[message.session] = dialogue
                self._call(message, dialogue)
            case Operation.ANSWER:
                self._answer(message)
            case Operation.HANG_UP | Operation.RELEASE:
                if self._dialogues.pop(message.session, None) and message.outcome == Outcome.APP_TIMEOUT:
                    self._explain(message, Outcome.APP_TIMEOUT, "did not answer within network.application_timeout")

    def _answer(self, message: Ussd) -> None:
        dialogue = self._dialogues.get(message.session)
        if dialogue is None:
            log.warning("function.unknown_session", function=self.name, session=message.session)
            self._submit(message.abort())
        elif dialogue.waiting:  # the phone was asked nothing
            log.warning("function.unexpected_answer", function=self.name, session=message.session)
        else:
            dialogue.inputs += (message.text,)
            if dialogue.secret_answer:
                dialogue.secrets += (message.text,)
            self._call(message, dialogue)

    def _call(self, message: Ussd, dialogue: _Dialogue) -> None:
        turn = Turn(message, dialogue.variables, dialogue.language, dialogue.inputs)
        dialogue.waiting = True
        try:
            reply = dialogue.function(turn)
        except FAULTS as error:
            self._failed(turn, dialogue, self._raised(dialogue, error))
            return
        if isawaitable(reply):
            self._spawn(self._awaited(turn, dialogue, reply))
        else:
            self._reply(turn, dialogue, reply)

    async def _awaited(self, turn: Turn, dialogue: _Dialogue, result: Awaitable[object]) -> None:
        try:
            reply = await awaited(result)
        except FAULTS as error:
            self._failed(turn, dialogue, self._raised(dialogue, error))
        else:
            self._reply(turn, dialogue, reply)

    def _reply(self, turn: Turn, dialogue: _Dialogue, reply: object) -> None:
        if self._dialogues.get(turn.session) is not dialogue:
            log.info("function.too_late", function=self.name, session=turn.session)
            return
        if not isinstance(reply, Ussd) or (why := _wrong(reply, turn)):
            self._failed(turn, dialogue, why if isinstance(reply, Ussd) else f"returned {_kind(reply)}; {_WAY_OUT}")
            return
        dialogue.waiting = False
        dialogue.secret_answer = turn.secret_answer
        reply.secrets = (*reply.secrets, *dialogue.secrets)
        try:
            self._submit(reply)
        except SessionError as error:
            self._failed(turn, dialogue, f"returned what cannot be shown: {error}")
        else:
            if reply.operation is not ASK:
                self._dialogues.pop(turn.session, None)

    def _raised(self, dialogue: _Dialogue, error: BaseException) -> str:
        if isinstance(error, TypeError) and error.__traceback__ and error.__traceback__.tb_next is None:
            return "cannot be called: it has to take one argument, the ussd"
        code = getattr(dialogue.function, "__code__", None)
        return f"raised {told(error, code.co_filename if code else '')}"

    def _failed(self, turn: Turn, dialogue: _Dialogue, why: str) -> None:
        """The dialogue ends here, if it has not ended yet."""
        self._explain(turn, Outcome.ABORT_APP, why)
        if self._dialogues.get(turn.session) is dialogue:
            del self._dialogues[turn.session]
            self._submit(turn.abort())

    def _explain(self, message: Ussd, outcome: Outcome, why: str) -> None:
        self.last_error = f"{self.name} {why}"
        self._warn(
            "application.failed",
            session=message.session,
            msisdn=message.msisdn,
            service_code=message.service_code,
            outcome=outcome.value,
            why=self.last_error,
        )


def _wrong(reply: Ussd, turn: Turn) -> str:
    """What is wrong with a message as the reply of this turn; "" for nothing."""
    if reply.operation not in (ASK, END, ABORT):
        return f"returned {_kind(reply)}; {_WAY_OUT}"
    if reply.session != turn.session:
        return f"returned the reply of another dialogue; {_WAY_OUT} of the ussd that it was called with"
    if not isinstance(reply.text, str):
        return f"returned a text that is of type {type(reply.text).__name__}; a text is a str"
    if any("\ud800" <= letter <= "\udfff" for letter in reply.text):
        return "returned a text with half a character in it, which no alphabet has"
    if reply.outcome and reply.outcome not in CDR_RESULTS:
        return f"gave up with an outcome that there is not; known: {', '.join(CDR_RESULTS)}"
    return ""


def _kind(value: object) -> str:
    if value is None:
        return "nothing"
    if type(value) is Ussd:
        return f"a message to {value.operation}"
    return f"a value of type {type(value).__name__}"
