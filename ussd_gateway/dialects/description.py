"""A dialect described by what such dialects differ in; `regular.Regular` speaks it. No I/O.

What differs: whether the input grows, what the first input is, where an answer says that it goes on or ends, which ends
are told and how, what an answer has to repeat, and what the fields are called. The id of the session is always the
gateway's, and the answer is always the HTTP response: an answer that comes as a call of its own needs a module of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, cast

from ussd_gateway.dialects.model import Kind, Limits
from ussd_gateway.dialects.settings import Setting, quoted, read_settings, way_out

Scalar = str | int | float | bool

GET, FORM, JSON = METHODS = ("GET", "POST form", "POST JSON")
EMPTY, DIALLED, OPEN, BARE, REST = FIRSTS = ("empty", "dialled", "open", "bare", "rest")
LAST = "last"
PREFIX, HEADER, FIELD, PRESENCE = SIGNALS = ("prefix", "header", "field", "presence")


@dataclass(frozen=True, slots=True)
class Description:
    """How one gateway speaks; KEYS says what each of these is. A name in JSON may be a path: "USSDResp.title"."""

    session: str
    msisdn: str
    text: str
    method: str = FORM
    plus: bool = False
    cumulative: bool = False
    first: str = EMPTY
    code: str = ""
    code_form: str = DIALLED
    rest: str = ""
    kind: str = ""
    kinds: Mapping[str, Scalar] = field(default_factory=dict)
    other_kind: str = ""
    new_also: Mapping[str, Scalar] = field(default_factory=dict)
    answer_also: Mapping[str, Scalar] = field(default_factory=dict)
    sequence: str = ""
    constants: Mapping[str, Scalar] = field(default_factory=dict)
    signal: str = PREFIX
    signal_name: str = ""
    continues: tuple[Scalar, ...] = ("CON ",)
    ends: tuple[Scalar, ...] = ("END ",)
    ignore_case: bool = False
    answer_text: str = ""
    answer_lines: str = ""
    echo: tuple[str, ...] = ()
    echo_needed: bool = True
    carried: tuple[str, ...] = ()
    continue_also: Mapping[str, Scalar] = field(default_factory=dict)
    end_also: Mapping[str, Scalar] = field(default_factory=dict)
    answer_headers: Mapping[str, Scalar] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)

    @property
    def answers_json(self) -> bool:
        """Whether an answer is a JSON object, and not plain text."""
        return bool(self.answer_text)

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of everything that a call can have."""
        named = (self.session, self.msisdn, self.text, self.code, self.rest, self.kind, self.sequence)
        return (*filter(None, named), *self.constants, *self.carried)


_LIMITS = Limits()
_HEADER = re.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # RFC 9110 5.6.2

KEYS: Mapping[str, Setting] = {
    "title": Setting("what errors call the gateway", "the gateway"),
    "method": Setting("how a call goes out", FORM, METHODS),
    "session": Setting("the name of the field with the id of the session", None),
    "msisdn": Setting("the name of the field with the subscriber's number", None),
    "plus": Setting('whether a "+" stands before the number', default=False),
    "text": Setting("the name of the field with the input", None),
    "cumulative": Setting(
        'whether the input is every answer so far, joined by "*"; needs first = "rest"', default=False
    ),
    "first": Setting(
        'the first input when *384*77*1# was dialled: "empty"; "dialled" as it was; "open" *384*77*1;'
        ' "bare" 384*77*1; "rest" 1',
        EMPTY,
        FIRSTS,
    ),
    "code": Setting("the name of the field with the service code", ""),
    "code_form": Setting(
        'how the service code *384*77# is written: "dialled"; "open" *384*77; "bare" 384*77; "last" 77',
        DIALLED,
        (DIALLED, OPEN, BARE, LAST),
    ),
    "rest": Setting("the name of a field with what was dialled beyond the service code, in the first call", ""),
    "kind": Setting("the name of the field that says what a call is; without one, new is whose session is unknown", ""),
    "kinds": Setting(
        f"what that field is for each kind of call: {', '.join(Kind)}; the last four are told where they stand here", {}
    ),
    "other_kind": Setting(
        "the kind of a call where that field is anything else; without it, such a call is a mistake", ""
    ),
    "new_also": Setting("further fields of the first call", {}),
    "answer_also": Setting("further fields of a call with an answer of the user", {}),
    "sequence": Setting("the name of a field with the number of the call, from 1", ""),
    "constants": Setting("further fields of each call, and their values", {}),
    "signal": Setting(
        'where an answer says that it goes on or ends: "prefix" of the text, "header", "field" of the JSON,'
        ' or "presence" of one, which goes on',
        None,
        SIGNALS,
    ),
    "signal_name": Setting("the name of that header or field", ""),
    "continues": Setting("the values there that go on; what we answer has the first of them", ()),
    "ends": Setting("the values there that end", ()),
    "ignore_case": Setting("whether capitals do not matter in those values", default=False),
    "answer_text": Setting(
        "the name of the field with the text, where an answer is JSON; without one it is plain text", ""
    ),
    "answer_lines": Setting("the name of a field with a list of further lines of the text", ""),
    "echo": Setting("the names of the fields of a call that the answer has to repeat", ()),
    "echo_needed": Setting("whether the gateway ends the session where an answer does not repeat them", default=True),
    "carried": Setting("the names of fields of an answer that come back with the next call", ()),
    "continue_also": Setting("further fields of an answer of ours that goes on", {}),
    "end_also": Setting("further fields of an answer of ours that ends", {}),
    "answer_headers": Setting("further headers of an answer of ours", {}),
    "octets": Setting("the most octets of a text, packed as USSD; 0 for any", _LIMITS.octets),
    "characters": Setting("the most characters of a text; 0 for any", _LIMITS.characters),
    "answer_timeout": Setting("seconds that an application has for its answer", _LIMITS.answer_timeout),
    "user_timeout": Setting("seconds that the user has; 0 where it is not known", _LIMITS.user_timeout),
    "session_timeout": Setting("seconds for the dialogue as a whole; 0 where it is not known", _LIMITS.session_timeout),
}
"""The keys of a description in the config."""

_LIMIT_KEYS = ("octets", "characters", "answer_timeout", "user_timeout", "session_timeout")


def folded(value: object) -> str:
    """A value for comparisons that do without types and capitals."""
    return str(value).casefold()


def read_description(dialect: str, given: Mapping[str, object]) -> tuple[str, Description]:
    """The title and the description that somebody wrote. Raises ValueError with a sentence on the first mistake."""
    values: dict[str, Any] = read_settings(dialect, KEYS, given)
    title = cast(str, values.pop("title"))
    limits = Limits(**{key: values.pop(key) for key in _LIMIT_KEYS})
    description = Description(**values, limits=limits)
    for mistake in mistakes(description):
        raise ValueError(f"the dialect {dialect}: {mistake}")
    return title, description


def mistakes(of: Description) -> Iterable[str]:
    """What does not fit together in a description, each in a sentence."""
    yield from _mistakes_of_a_call(of)
    yield from _mistakes_of_an_answer(of)
    for key in _LIMIT_KEYS:
        if getattr(of.limits, key) < 0:
            yield f'"{key}" is {getattr(of.limits, key)}, but has to be 0 or more'
    if not of.limits.answer_timeout:
        yield '"answer_timeout" is 0, but an application needs some time'


def _mistakes_of_a_call(of: Description) -> Iterable[str]:
    yield from _mistakes_of_names(of.fields)
    for also in (of.new_also, of.answer_also):
        yield from _mistakes_of_names((*of.fields, *also))
    for key in ("session", "msisdn", "text"):
        if not getattr(of, key):
            yield f'"{key}" is empty, but has to be the name of a field'
    if of.cumulative and of.first != REST:
        yield f'"cumulative" needs first = "{REST}", since the input is what was dialled beyond the code, and then the answers'
    if of.rest and of.first not in (EMPTY, REST):
        yield f'"rest" and first = "{of.first}" say the same twice; with "rest" the first input is "{EMPTY}"'
    if of.kind and not {Kind.NEW, Kind.ANSWER} <= set(of.kinds):
        yield '"kinds" needs a value for new and one for answer'
    if not of.kind and (of.kinds or of.other_kind):
        yield '"kinds" and "other_kind" need "kind", the name of the field that has them'
    for name in filter(None, (*of.kinds, of.other_kind)):
        if name not in set(Kind):
            yield f"{quoted(name)} is no kind of call{way_out(name, Kind)}"
    for one, other in product((Kind.NEW, Kind.ANSWER), of.kinds):
        if one != other and folded(of.kinds.get(one)) == folded(of.kinds[other]):
            yield f'"kinds" has the same value for {one} and for {other}'
    for name in of.echo:
        if name not in of.fields:
            yield f'"echo" has {quoted(name)}, which no call has{way_out(name, of.fields)}'


def _mistakes_of_names(names: Sequence[str]) -> Iterable[str]:
    for number, name in enumerate(names):
        if name in names[:number]:
            yield f"the field {quoted(name)} has two meanings; each key has to name a field of its own"
        if inside := [other for other in names if other.startswith(f"{name}.")]:
            yield f"the field {quoted(name)} is a value, and {quoted(inside[0])} is inside it"


def _mistakes_of_headers(headers: Mapping[str, Scalar]) -> Iterable[str]:
    for name, value in headers.items():
        if name and not _HEADER.fullmatch(name):
            yield f"{quoted(name)} is no name of a header"
        if not str(value).isascii() or not str(value).isprintable():
            yield f"the header {quoted(name)} has a value that no header can have, {quoted(str(value))}"


def _mistakes_of_an_answer(of: Description) -> Iterable[str]:
    signals = (of.signal_name,) if of.signal in (FIELD, PRESENCE) else ()
    own = [name for name in (of.answer_text, *signals, *of.echo, *of.carried) if name]
    yield from _mistakes_of_names([*own, *filter(None, [of.answer_lines])])
    for also in (of.continue_also, of.end_also):
        yield from _mistakes_of_names([*own, *also])
        if also.get(of.answer_lines):
            yield f'{quoted(of.answer_lines)} is for a list of lines, and "" is the only value that stands for none'
    if of.signal == PRESENCE and of.continues and not of.continues[0]:
        yield f'signal = "{PRESENCE}" needs a first value in "continues" that is not empty, 0 or false'
    if of.signal == HEADER:
        yield from _mistakes_of_headers({of.signal_name: " ".join(map(str, (*of.continues, *of.ends)))})
    yield from _mistakes_of_headers(of.answer_headers)
    if of.signal != PREFIX and not of.signal_name:
        yield f'signal = "{of.signal}" needs "signal_name", the name of the {"header" if of.signal == HEADER else "field"}'
    if of.signal == PREFIX and of.signal_name:
        yield f'"signal_name" says nothing with signal = "{PREFIX}"'
    if of.signal in (FIELD, PRESENCE) and not of.answer_text:
        yield f'signal = "{of.signal}" needs "answer_text", since the answer is JSON then'
    for key in ("answer_lines", "echo", "carried", "continue_also", "end_also"):
        if getattr(of, key) and not of.answer_text:
            yield f'"{key}" needs "answer_text", since the answer is JSON then'
    if of.signal != PRESENCE and not (of.continues and of.ends):
        yield f'signal = "{of.signal}" needs "continues" and "ends", each a list of values'
    for value in (*of.continues, *of.ends):
        if of.signal in (PREFIX, HEADER) and (not isinstance(value, str) or not value):
            yield f'signal = "{of.signal}" needs strings in "continues" and "ends"'
        if value in of.continues and value in of.ends and isinstance(value, str):
            yield f'{quoted(value)} stands in "continues" and in "ends"'
