"""What a script says, once it is read: scenarios made of steps. No I/O.

A step is a frozen dataclass with one field for each slot of its sentence in `language.SENTENCES`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import NamedTuple

SMS_PATIENCE = 5.0  # seconds in which an SMS is expected, when the sentence does not say
FINAL, AWAITING = "final", "awaiting"
NUMBER_OF = "_number_of_"  # and a phone's name: the capture that holds its number, if a scenario finds that out
CONTAINING, EXACTLY, MATCHING = "containing", "exactly", "matching"

_IN_TEXT = re.compile(r"\{\{|\{([^\W\d]\w*)\}|\{")
_IN_JSON = re.compile(r"\{([^\W\d]\w*)\}")
# In a regular expression {3} and {2,4} are repetitions and \{ is a brace; \N{BULLET} names a character.
_IN_PATTERN = re.compile(r"\\N\{[^}]*\}|\\.|\{([^\W\d]\w*)\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Text:
    """A text of a script, in which {name} stands for what a pattern has captured.

    pattern says that the text is a regular expression: {3} is a repetition there, and {name} stands for the very
    characters that were captured. json says that it is JSON: { is a brace there, and what stands for {name} is written
    as a string of JSON has it, without its quotes.
    """

    source: str
    pattern: bool = False
    json: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The captures it speaks of."""
        return tuple(found[1] for found in self._places() if found[1])

    @property
    def stray_brace(self) -> int | None:
        """Where a { begins no capture, counted from 0; None where all is well."""
        return next((found.start() for found in self._places() if found[0] == "{"), None)

    def fill(self, captures: Mapping[str, str]) -> str:
        """The text with every capture in its place; KeyError for one that is not there."""

        def value(found: re.Match[str]) -> str:
            if found[1] and self.json:
                return json.dumps(captures[found[1]], ensure_ascii=False)[1:-1]
            if found[1]:
                return re.escape(captures[found[1]]) if self.pattern else captures[found[1]]
            return "{" if found[0] == "{{" and not self.pattern else found[0]

        return self._regex.sub(value, self.source)

    @property
    def _regex(self) -> re.Pattern[str]:
        if self.json:
            return _IN_JSON
        return _IN_PATTERN if self.pattern else _IN_TEXT

    def _places(self) -> list[re.Match[str]]:
        return list(self._regex.finditer(self.source))


@dataclass(frozen=True, slots=True)
class Expected:
    """What a text is to be: `how` is containing, exactly or matching."""

    how: str
    text: Text

    def regex(self, captures: Mapping[str, str]) -> str:
        """A regular expression that finds exactly the texts that fit."""
        filled = self.text.fill(captures)
        match self.how:
            case "matching":
                return filled
            case "exactly":
                return rf"\A{re.escape(filled)}\Z"
            case _:
                return re.escape(filled)

    def told(self, captures: Mapping[str, str]) -> str:
        """The same for a person: containing "sent"."""
        filled = self.text.fill(captures)
        return f"{self.how} /{filled}/" if self.how == MATCHING else f'{self.how} "{filled}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One sentence: where it stands and how it was written.

    line      int; counted from 1, 0 for a step that was not written as a sentence
    sentence  str; without indentation and comment
    file      str; where the line is, "" for the script's own file
    """

    line: int = 0
    sentence: str = ""
    file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version(Step):
    """The version of the language that the file is written in."""

    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Starts(Step):
    """The moment at which the clock stands when the first scenario begins; without a zone in the operator's time."""

    moment: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Esme(Step):
    """An ESME gets its name; without a password it is the system_id."""

    name: str
    system_id: str
    password: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser(Step):
    """A browser gets its name."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Application(Step):
    """An application behind a URL gets its name; it speaks a dialect of docs/aggregators.md."""

    name: str
    service_code: str
    dialect: str = "africas_talking"


@dataclass(frozen=True, slots=True, kw_only=True)
class Title(Step):
    """A scenario begins."""

    title: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags(Step):
    """Words that all scenarios of the file are tagged with."""

    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Use(Step):
    """Phones, variables, setup and teardown of another file hold here too."""

    script: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup(Step):
    """What stands below it, deeper, is played before each scenario."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Teardown(Step):
    """What stands below it, deeper, is played after each scenario, whatever became of that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action(Step):
    """What a scenario is made of; `phone` is the name of the phone that it is about, "" for none."""

    phone: str = ""

    @property
    def actor(self) -> str:
        """Who does it, or to whom it happens: steps of one actor keep their order in `together`. "" for nobody."""
        return self.phone


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone(Action):
    """A phone gets its name; it is among a scenario's steps where its number is known only then."""

    name: str
    msisdn: Text

    @property
    def capture(self) -> str:
        """The capture under which other steps find the number."""
        return NUMBER_OF + self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Let(Action):
    """A variable gets its value."""

    variable: str
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Block(Action):
    """A sentence with steps of its own: those that stand below it, deeper."""

    steps: tuple[Action, ...] = ()

    @property
    def actor(self) -> str:
        """Whom all its steps are about, "" when there are several."""
        actors = {step.actor for step in self.steps}
        return actors.pop() if len(actors) == 1 else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat(Block):
    """The steps are played `count` times."""

    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Together(Block):
    """The steps of each phone are played in their order, all phones at once."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: its line in the file, and its values by the names of the columns."""

    line: int
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForEach(Block):
    """The steps are played once for each row; `table` is the file as the sentence names it."""

    table: str
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial(Action):
    """Dial a code and press the green key."""

    code: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Action):
    """Type an answer and send it."""

    answer: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUp(Action):
    """Cancel the dialogue, or put away the last screen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class See(Action):
    """What the phone shows now.

    expected  Expected or None; the text
    state     "final", "awaiting", or "" for either
    outcome   str; how the dialogue ended, "" for any way
    absent    bool; the text is not to be there
    """

    expected: Expected | None = None
    state: str = ""
    outcome: str = ""
    absent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure(Action):
    """How long the text on the screen is, and how it was encoded.

    count     int; so many at most, 0 for any number
    unit      "octets" or "characters"; of what there are so many
    encoding  str; "" for any
    """

    count: int = 0
    unit: str = ""
    encoding: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receive(Action):
    """An SMS that no earlier step has read has come, or comes within `time` seconds; `number` is whom it is from.

    That SMS has so many `parts` (0 for any number) and that encoding ("" for any).
    """

    number: Text | None = None
    time: float = SMS_PATIENCE
    parts: int = 0
    encoding: str = ""
    expected: Expected | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveNone(Action):
    """After `time` seconds there is no SMS that no earlier step has read; `number` is whom it would be from."""

    time: float
    number: Text | None = None
    expected: Expected | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Send(Action):
    """Send an SMS; `encoding` is "" for the one that the text needs."""

    text: Text
    number: Text
    encoding: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn(Action):
    """Switch the phone on or off."""

    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory(Action):
    """The memory for SMS is full, or has room again."""

    full: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Speak(Action):
    """Choose the language of the operator's texts."""

    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait(Action):
    """Let `time` seconds pass."""

    time: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitUntil(Action):
    """Let time pass until a moment, without a zone in the operator's time."""

    moment: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault(Action):
    """From now on this goes wrong; `rule` is a rule of docs/faults.md by its keys."""

    rule: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultOff(Action):
    """From now on nothing goes wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Push(Action):
    """The network shows a text on the phone, from a code; `asks` says that it wants an answer."""

    text: Text
    code: Text
    asks: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Check(Action):
    """Two texts are the same, or are not."""

    first: Text
    second: Text
    same: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EsmeAction(Action):
    """What an ESME does; `esme` is its name."""

    esme: str

    @property
    def actor(self) -> str:
        """Its name."""
        return self.esme


@dataclass(frozen=True, slots=True, kw_only=True)
class Bind(EsmeAction):
    """Connect and bind; `status` is the command_status of the response."""

    mode: str = "transceiver"
    status: str = "ESME_ROK"


class Part(NamedTuple):
    """Which part of a long message, counted from 1, and how many there are."""

    number: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Submit(EsmeAction):
    """Submit a message.

    part      Part or None; None for a message as a whole
    sender    Text or None; None for the system_id
    receipt   bool; a receipt is asked for
    encoding  str; "" for the one that the text needs
    status    str; the command_status of the response, "" for no response
    capture   str; the name under which the message_id is kept, "" for none
    """

    text: Text
    number: Text
    part: Part | None = None
    sender: Text | None = None
    receipt: bool = False
    encoding: str = ""
    status: str = "ESME_ROK"
    capture: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GetReceipt(EsmeAction):
    """A receipt that no earlier step has read has come, or comes within `time` seconds; `id` is its message_id."""

    stat: str
    id: Text | None = None
    time: float = SMS_PATIENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class GetNoReceipt(EsmeAction):
    """After `time` seconds there is no receipt that no earlier step has read."""

    time: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EsmeReceive(EsmeAction):
    """A message has come, or comes within `time` seconds; as `Receive`."""

    number: Text | None = None
    time: float = SMS_PATIENCE
    parts: int = 0
    encoding: str = ""
    expected: Expected | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EsmeReceiveNone(EsmeAction):
    """After `time` seconds there is no message; as `ReceiveNone`."""

    time: float
    number: Text | None = None
    expected: Expected | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave(EsmeAction):
    """Unbind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationAction(Action):
    """What an application behind a URL does; `application` is its name."""

    application: str

    @property
    def actor(self) -> str:
        """Its name."""
        return self.application


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply(ApplicationAction):
    """The next call that no reply is there for yet is answered so, `time` seconds after it came.

    reply  Text or None; the body as its dialect has it; None closes the connection
    """

    reply: Text | None = None
    time: float = 0.0
    http_status: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked(ApplicationAction):
    """What the last call said, without its escapes."""

    expected: Expected


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form or a header; `bare` says that the value stood without quotes."""

    name: str
    value: Text
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Body:
    """What a request carries: the fields of a form or of a JSON object, or JSON as it was written."""

    fields: tuple[Field, ...] = ()
    json: bool = False
    raw: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserAction(Action):
    """What a browser does; `browser` is its name."""

    browser: str

    @property
    def actor(self) -> str:
        """Its name."""
        return self.browser


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(BrowserAction):
    """Ask for a page."""

    method: str
    url: Text
    body: Body = Body()
    headers: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SeeStatus(BrowserAction):
    """The status of the last answer."""

    http_status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SeePage(BrowserAction):
    """What the last answer says: its text, a field of its JSON (`path`) or one of its headers.

    absent  bool; the text is not to be there
    """

    expected: Expected
    header: str = ""
    path: str = ""
    absent: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """Whom an ESME binds as."""

    system_id: str
    password: str


class Service(NamedTuple):
    """Which code an application answers, and how it speaks."""

    code: str
    dialect: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is played from beginning to end, and either passes or fails.

    name       str; unique in its file
    line       int; where it begins
    phones     dict; the number of each phone by name
    steps      tuple of Action
    tags       tuple of str; what it is tagged with, itself and by its file, each once
    setup      tuple of Action; played before it
    teardown   tuple of Action; played after it, whatever became of it
    variables  dict; the value of each variable by name
    esmes      dict; the Account of each ESME by name
    services   dict; the Service of each application by name
    """

    name: str
    line: int
    phones: Mapping[str, str]
    steps: tuple[Action, ...]
    tags: tuple[str, ...] = ()
    setup: tuple[Action, ...] = ()
    teardown: tuple[Action, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    esmes: Mapping[str, Account] = field(default_factory=dict)
    services: Mapping[str, Service] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Script:
    """A file: its name as it was given, its scenarios in order, and when its clock begins, None for any moment."""

    name: str
    scenarios: tuple[Scenario, ...]
    starts: Starts | None = None


def walk(steps: Iterable[Action]) -> Iterator[Action]:
    """All steps, each block before the steps in it."""
    for step in steps:
        yield step
        if isinstance(step, Block):
            yield from walk(step.steps)


def texts(step: Step) -> Iterator[Text]:
    """The texts of a step, in which captures may stand; not those of the steps in a block."""
    for place in fields(step):
        value = getattr(step, place.name)
        if isinstance(value, Expected):
            yield value.text
        elif isinstance(value, Text):
            yield value
        elif isinstance(value, Body):
            yield from (field.value for field in value.fields)
            yield from filter(None, [value.raw])
        elif isinstance(value, tuple):
            yield from (field.value for field in value if isinstance(field, Field))
