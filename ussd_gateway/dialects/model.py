"""What all dialects are about: a turn that the gateway tells an application, and the application's reply. No I/O.

Every dialect maps to (session, msisdn, code, input, kind) -> (text, continue | end). It is read and written on both sides:
as the gateway that calls a developer's application, and as the application that a real gateway calls.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol
from urllib.parse import parse_qsl, urlencode

from ussd_gateway.dialects.settings import Setting

_CHARSET = re.compile(r";\s*charset=\"?([\w-]+)", re.IGNORECASE)
_CHARSETS = {"us-ascii", "iso-8859-1", "iso-8859-15", "windows-1251", "windows-1252", "koi8-r", "utf-16"}


class Kind(StrEnum):
    """What a turn is."""

    NEW = "new"  # somebody dialled
    ANSWER = "answer"  # and typed an answer
    END = "end"  # the application ended the dialogue; the last three are only told where a dialect tells them
    ABORT = "abort"  # the user or the network ended it
    TIMEOUT = "timeout"  # the user did not answer in time
    FAILED = "failed"  # the application did not answer, or not in a way that the gateway understands


@dataclass(frozen=True, slots=True)
class Turn:
    """What the gateway tells the application.

    session       str; the gateway's id of the dialogue
    msisdn        str; digits in international form, without "+"
    service_code  str; "*384*77#"
    dialled       str; the whole string that was dialled, "*384*77*1#"
    text          str; what was typed in this turn; "" for NEW
    inputs        tuple of str; every answer so far: those that were dialled with the code, then those that were typed
    number        int; of the turn within the dialogue, from 1; the one that tells of the end counts too
    carried       what the application's last reply asked to get back, by the dialect's own names
    started_at    float; seconds since the epoch, when the dialogue began
    at            float; the same of this turn
    last_reply    str; the application's last reply as it came, for those who are told of it at the end
    outcome       str; how the dialogue ended, where it has: a word of network.session.Outcome
    reason        str; one sentence on what was wrong with the application's answer, for FAILED
    """

    kind: Kind
    session: str
    msisdn: str
    service_code: str
    dialled: str = ""
    text: str = ""
    inputs: tuple[str, ...] = ()
    number: int = 1
    carried: Mapping[str, object] = field(default_factory=dict)
    started_at: float = 0.0
    at: float = 0.0
    last_reply: str = ""
    outcome: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the application says.

    ends     bool; whether the dialogue is over with this text
    carried  what it wants back with the next turn, by the dialect's own names
    """

    text: str
    ends: bool
    carried: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """A gateway's call as an application reads it.

    kind          None where the dialect does not tell a new dialogue from an answer: new is whose session is unknown
    msisdn        str; digits without "+"
    service_code  str; as the gateway says it, or "" where it does not
    text          str; the input of this turn, or where `cumulative` every input so far, joined by "*"
    cumulative    bool
    dialled       bool; whether the `text` of a new dialogue is the string that was dialled, as it was or without its * and #
    carried       what the reply has to repeat, by the dialect's own names
    number        the number of the call in its session, from 1; 0 where the dialect does not say it
    """

    kind: Kind | None
    session: str
    msisdn: str
    service_code: str = ""
    text: str = ""
    cumulative: bool = False
    dialled: bool = False
    carried: Mapping[str, object] = field(default_factory=dict)
    number: int = 0


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request, apart from where it goes; names of headers are in lower case.

    path   str; what follows the application's URL, such as "/session/start", or ""
    query  the parameters of the query
    """

    method: str = "POST"
    path: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def form(self) -> dict[str, str]:
        """The parameters of the query, and those of a body of application/x-www-form-urlencoded."""
        return {**self.query, **dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))}


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response; names of headers are in lower case."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def text(self) -> str:
        """The body in the charset that its content-type names, or in UTF-8 where that is none of those in use."""
        named = _CHARSET.search(self.headers.get("content-type", ""))
        charset = named[1].lower() if named else ""
        return self.body.decode(charset if charset in _CHARSETS else "utf-8", "replace")


class Wrong(StrEnum):
    """What can be wrong with an application's answer."""

    STATUS = "http_error"  # a status that is no success
    EMPTY = "empty_answer"  # nothing to show
    TOO_LONG = "text_too_long"  # more than the aggregator carries
    BAD = "bad_answer"  # anything else that is not as the dialect has it


class AnswerError(Exception):
    """The application's answer is not one; the message is a sentence on what was seen and what was expected."""

    def __init__(self, wrong: Wrong, message: str) -> None:
        super().__init__(message)
        self.wrong = wrong


class CallError(ValueError):
    """A gateway's call cannot be read; the message says which field is wrong and what is expected."""


class SendError(CallError):
    """A gateway refuses what an application of an asynchronous dialect sent; `code` is what it says to that."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Limits:
    """What an aggregator allows, as far as it is known; 0 or 0.0 where it is not.

    octets          of a text that it shows, packed as USSD
    characters      of the same
    answer_timeout  seconds that the application has for an answer
    user_timeout    seconds that the user has
    session_timeout seconds for the dialogue as a whole
    """

    octets: int = 160
    characters: int = 0
    answer_timeout: float = 10.0
    user_timeout: float = 0.0
    session_timeout: float = 0.0


class Dialect(Protocol):
    """One gateway's way to speak to applications. All four methods are pure.

    name               as the config has it
    limits             what the gateway allows
    notices_elsewhere  whether END, ABORT, TIMEOUT and FAILED are told to a second URL
    settings           what its settings are; it is made of a mapping of those that somebody wrote
    """

    name: str
    limits: Limits
    notices_elsewhere: bool
    settings: Mapping[str, Setting]

    def call(self, turn: Turn) -> Request | None:
        """The gateway's call for the turn; None where the dialect does not tell this kind."""

    def read_reply(self, response: Response, turn: Turn) -> Reply:
        """What the application answered to a NEW or ANSWER. Raises AnswerError."""

    def read_call(self, request: Request) -> Call:
        """What the gateway told. Raises CallError."""

    def write_reply(self, reply: Reply, call: Call) -> Response:
        """The application's answer to the gateway."""


class Asynchronous(Protocol):
    """A gateway whose applications answer by a request of their own. All methods are pure.

    name, limits, notices_elsewhere and settings are as those of a Dialect.
    send_path  where the gateway takes that request

    A gateway tells a turn by `call`, reads that it arrived by `read_acknowledgement`, later what is to be shown by
    `read_send`, and answers that by `answer_send`. An application does the opposite: `read_call`, `acknowledge`, then
    `write_send` and `read_sent`.
    """

    name: str
    limits: Limits
    notices_elsewhere: bool
    settings: Mapping[str, Setting]
    send_path: str

    def call(self, turn: Turn) -> Request | None:
        """The gateway's call for the turn; None where the dialect does not tell this kind."""

    def read_acknowledgement(self, response: Response, turn: Turn) -> None:
        """What the application answered to the call, which is not yet what it shows. Raises AnswerError."""

    def read_send(self, request: Request) -> tuple[str, Reply]:
        """The session and the reply of an application's request. Raises SendError, to be given to `answer_send`."""

    def answer_send(self, error: CallError | None, at: float) -> Response:
        """The gateway's answer to that request, at this time in seconds since the epoch.

        The error may be the gateway's own, as for a session that is not open: it has no code then.
        """

    def read_call(self, request: Request) -> Call:
        """What the gateway told. Raises CallError."""

    def acknowledge(self, call: Call) -> Response:
        """The application's answer to the call."""

    def write_send(self, reply: Reply, call: Call) -> Request:
        """The application's request; its path is that at the gateway."""

    def read_sent(self, response: Response) -> None:
        """What the gateway answered to it. Raises AnswerError."""


def form_body(fields: Mapping[str, str]) -> tuple[Mapping[str, str], bytes]:
    """The headers and the body of application/x-www-form-urlencoded."""
    return {"content-type": "application/x-www-form-urlencoded"}, urlencode(fields, errors="replace").encode()


def json_body(fields: Mapping[str, object]) -> tuple[Mapping[str, str], bytes]:
    """The headers and the body of application/json."""
    return {"content-type": "application/json"}, json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace")
