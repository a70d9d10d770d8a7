"""What the fields of a step hold in a JSON document, by the slots of sentences: schema, told, read. No I/O."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from math import isfinite
from typing import Any, NamedTuple

from pydantic import ValidationError

from ussd_gateway.coding.segments import MAX_SEGMENTS
from ussd_gateway.dialects.table import DIALECTS
from ussd_gateway.fault_rule import FaultRule
from ussd_gateway.network.directory import SERVICE_CODE
from ussd_gateway.scenario import model
from ussd_gateway.scenario.language import (
    EFFECTS,
    ENCODINGS,
    LANGUAGES,
    MODES,
    NAME,
    NOTHING,
    OUTCOMES,
    RULE_KEYS,
    STATS,
    VERSION,
    number_of,
    reply,
    way_out,
)
from ussd_gateway.scenario.model import NUMBER_OF, Expected, Field, Text
from ussd_gateway.scenario.writing import Names, moment, named
from ussd_gateway.smpp.status import status_name

Json = Any
Schema = dict[str, Any]

_HOWS = (model.CONTAINING, model.EXACTLY, model.MATCHING)
_BODIES = ("form", "json", "raw")
_STANDS = "bare"  # what stands in the JSON of a request as it is: a number that was captured, say
_SENDER = "sender"
_MOST = 999_999  # that a count can be
_LONGEST = 10**12  # seconds
_CAPTURE = re.compile(r"\{[^\W\d]\w*\}")
_ALONE = re.compile(rf"\d+|{_CAPTURE.pattern}")
_TAG = re.compile(r"\w[\w-]*")
_STATUS = re.compile(r"\w+")
_HALF = re.compile("[\ud800-\udfff]")


class FieldError(Exception):
    """A value cannot be used; `path` is the place in it."""

    def __init__(self, message: str, hint: str = "", path: str = "") -> None:
        super().__init__(message)
        self.message, self.hint, self.path = message, hint, path


class Known(NamedTuple):
    """The names that steps can speak of."""

    phones: Mapping[str, object]
    esmes: Mapping[str, object]
    browsers: Mapping[str, object]
    services: Mapping[str, object]


class Kind(NamedTuple):
    """What a field holds: its schema, how a step's value is told in it, and how it is read."""

    schema: Schema
    told: Callable[[Any, Names], Json]
    read: Callable[[Json, Known], object]


STRING: Schema = {"type": "string"}
NAMED: Schema = {"type": "string", "pattern": r"^[^\W\d]\w*$"}
_JSON_WORDS = {
    str: "text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "an object",
}


def is_a(value: Json, kind: type, what: str) -> Any:
    """The value, if it is of this kind; `what` says so to a person. FieldError otherwise."""
    if type(value) is not kind:
        told = _JSON_WORDS.get(type(value), "null")
        raise FieldError(f"this is {told}, and {what} is to be here")
    return value


def string(value: Json, what: str = "a text in quotes") -> str:
    """A string that a file of UTF-8 can hold."""
    text: str = is_a(value, str, what)
    if _HALF.search(text):
        raise FieldError("this holds half of a character", r"write both halves, such as \ud83d\ude00")
    return text


def a_name(value: Json) -> str:
    """A name as scripts have them."""
    name = string(value, "a name")
    if not NAME.fullmatch(name):
        raise FieldError(f'"{name}" is no name', "a name is one word of letters, digits and _")
    return name


def _as_it_is(value: Any, names: Names) -> Json:
    return value


def _source(text: Text, names: Names) -> Json:
    return text.source


def one_of(words: tuple[str, ...]) -> Kind:
    """One of these words."""

    def read(value: Json, known: Known) -> str:
        word = string(value)
        if word not in words:
            raise FieldError(f'I do not know "{word}"', way_out(word, words))
        return word

    return Kind({"enum": list(words)}, _as_it_is, read)


def _word(pattern: re.Pattern[str], what: str) -> Callable[[Json, Known], str]:
    def read(value: Json, known: Known) -> str:
        word = string(value)
        if not pattern.fullmatch(word):
            raise FieldError(f'"{word}" is no {what}')
        return word

    return read


def _actor(what: str, known_by: Callable[[Known], Mapping[str, object]]) -> Kind:
    def read(value: Json, known: Known) -> str:
        name = a_name(value)
        if name not in known_by(known):
            raise FieldError(f'there is no {what} "{name}"', way_out(name, known_by(known)) or f'name it in "{what}s"')
        return name

    return Kind(NAMED, _as_it_is, read)


def _count(least: int, most: int) -> Kind:
    def read(value: Json, known: Known) -> int:
        count: int = is_a(value, int, "a whole number")
        if not least <= count <= most:
            raise FieldError(f"{count} is too {'small' if count < least else 'large'}", f"write {least} to {most}")
        return count

    return Kind({"type": "integer", "minimum": least, "maximum": most}, _as_it_is, read)


def _seconds(value: Json, known: Known) -> float:
    if type(value) not in (int, float):
        is_a(value, float, "a number of seconds")
    if not 0 <= value <= _LONGEST:
        raise FieldError(f"{value} is no number of seconds")
    return float(value)


def _seconds_told(seconds: float, names: Names) -> Json:
    return int(seconds) if seconds.is_integer() else seconds


def _moment(value: Json, known: Known) -> datetime:
    written = string(value, "a moment in quotes")
    day, _, rest = written.partition(" ")
    try:
        return datetime.fromisoformat(f"{day} {rest.replace(' ', '')}".rstrip())
    except ValueError:
        hint = "it looks like 2018-05-03 11:00, or 2018-05-03 11:00 +03:00"
        raise FieldError(f'"{written}" is no moment', hint) from None


def _number(value: Json, known: Known) -> Text:
    if type(value) is dict:
        return Text(string(_only(value, (_SENDER,)), "the name of a sender"))
    written = string(value, "a number in quotes")
    if written in known.phones or written in known.esmes:
        return Text(f"{{{NUMBER_OF}{written}}}")  # is written as the name
    if not (number_of(written) or written.isdecimal() or _CAPTURE.fullmatch(written)):
        near = way_out(written, [*known.phones, *known.esmes])
        sender = f"the name of a sender is {json.dumps({_SENDER: written}, ensure_ascii=False)}"
        raise FieldError(f'there is no phone "{written}"', near if near.startswith("did") else sender)
    return Text(written)


def _number_told(number: Text, names: Names) -> Json:
    if name := named(number, names):
        return name
    source = number.source
    return source if number_of(source) or source.isdecimal() or _CAPTURE.fullmatch(source) else {_SENDER: source}


def _only(value: Json, keys: tuple[str, ...]) -> Json:
    """The value of an object's only key, which is one of these."""
    found = keyed(value, keys, "an object")
    if len(found) != 1:
        raise FieldError(f"this has {len(found)} keys", f"write one of {', '.join(keys)}")
    return next(iter(found.values()))


def keyed(value: Json, keys: Iterable[str], what: str) -> dict[str, Json]:
    """An object that has no other keys than these."""
    found: dict[str, Json] = is_a(value, dict, what)
    for key in found:
        if key not in keys:
            raise FieldError(f'I do not know "{key}"', way_out(key, keys), f".{key}")
    return found


def _expected(value: Json, known: Known) -> Expected:
    said = _only(value, _HOWS)
    (how,) = value
    try:
        return Expected(how, Text(string(said), pattern=how == model.MATCHING))
    except FieldError as wrong:
        raise FieldError(wrong.message, wrong.hint, f".{how}") from None


def _expected_told(expected: Expected, names: Names) -> Json:
    return {expected.how: expected.text.source}


_TEXTS = frozenset[type]({str})
_VALUES = frozenset[type]({str, bool, int, float, type(None), dict})


def _fields(value: Json, known: Known) -> tuple[Field, ...]:
    return tuple(_field(name, said, _TEXTS) for name, said in _filled(value).items())


def _filled(value: Json) -> dict[str, Json]:
    found: dict[str, Json] = is_a(value, dict, "an object")
    if not found:
        raise FieldError("this is empty", "leave it out")
    for name in found:
        string(name)
    return found


def _field(name: str, said: Json, kinds: frozenset[type]) -> Field:
    try:
        if type(said) is dict and dict in kinds:
            return Field(name, Text(string(_only(said, (_STANDS,)))), bare=True)
        if type(said) is float and not isfinite(said):
            raise FieldError(f"JSON has no {said}")
        if type(said) in kinds - _TEXTS:
            return Field(name, Text(json.dumps(said)), bare=True)
        text = Text(string(said))
        return Field(name, text, bare=kinds is _TEXTS and bool(_ALONE.fullmatch(text.source)))
    except FieldError as wrong:
        raise FieldError(wrong.message, wrong.hint, f".{name}{wrong.path}") from None


def _fields_told(said: Iterable[Field], names: Names) -> Json:
    return {field.name: field.value.source for field in said}


def _body(value: Json, known: Known) -> model.Body:
    said = _only(value, _BODIES)
    (how,) = value
    try:
        if how == "raw":
            return model.Body(json=True, raw=Text(string(said), json=True))
        kinds = _VALUES if how == "json" else _TEXTS
        return model.Body(tuple(_field(*item, kinds) for item in _filled(said).items()), json=how == "json")
    except FieldError as wrong:
        raise FieldError(wrong.message, wrong.hint, f".{how}{wrong.path}") from None


def _body_told(body: model.Body, names: Names) -> Json:
    if body.raw is not None:
        return {"raw": body.raw.source}
    if not body.json:
        return {"form": _fields_told(body.fields, names)}
    return {"json": {field.name: _typed(field) for field in body.fields}}


def _typed(field: Field) -> Json:
    """A field of JSON: a value without quotes is itself where JSON has it so."""
    if not field.bare:
        return field.value.source
    try:
        value = json.loads(field.value.source)
    except ValueError:
        value = ""
    if isinstance(value, bool | int | float | None) and json.dumps(value) == field.value.source:
        return value
    return {_STANDS: field.value.source}


def _rule(value: Json, known: Known) -> Mapping[str, object]:
    said = keyed(value, ("effect", *RULE_KEYS), "an object with an effect and its keys")
    effect = string(said.get("effect"), "an effect")
    if effect not in EFFECTS:
        raise FieldError(f"I do not know the effect {effect}", way_out(effect, EFFECTS), ".effect")
    for key in said:
        if type(said[key]) is str:
            string(said[key])
    try:
        return FaultRule.model_validate(said).model_dump(mode="json", exclude_none=True)
    except ValidationError as error:
        first = error.errors()[0]
        path = f".{first['loc'][0]}" if first["loc"] else ""
        raise FieldError(first["msg"].removeprefix("Value error, "), "docs/faults.md tells the keys", path) from None


def _rule_told(rule: Mapping[str, Any], names: Names) -> Json:
    told = {
        key: int(value) if isinstance(value, float) and value.is_integer() else value
        for key, value in rule.items()
        if value != FaultRule.model_fields[key].default
    }
    if isinstance(status := told.get("status"), int):
        told["status"] = status_name(status)
    if "account" in told:
        told["account"] = names.get(str(told["account"]), told["account"])
    return told


def _tags(value: Json, known: Known) -> tuple[str, ...]:
    return tuple(_word(_TAG, "tag")(tag, known) for tag in is_a(value, list, "a list of tags"))


def _listed(tags: tuple[str, ...], names: Names) -> Json:
    return list(tags)


def _service_code(value: Json, known: Known) -> str:
    code = string(value)
    if not SERVICE_CODE.fullmatch(code):
        raise FieldError(f'"{code}" is no service code', "one looks like *384*77#")
    return code


def _count_of_parts(said: dict[str, Json], key: str) -> int:
    try:
        count: int = _count(1, MAX_SEGMENTS).read(said.get(key), Known({}, {}, {}, {}))  # type: ignore[assignment]
    except FieldError as wrong:
        raise FieldError(wrong.message, wrong.hint, f".{key}") from None
    return count


def _part(value: Json, known: Known) -> model.Part:
    said = keyed(value, model.Part._fields, "an object with number and total")
    part = model.Part(*(_count_of_parts(said, key) for key in model.Part._fields))
    if part.number > part.total:
        raise FieldError(f"there is no part {part.number} of {part.total}")
    return part


def _text(value: Json, known: Known) -> Text:
    return Text(string(value))


def _line(value: Json, known: Known) -> str:
    if not (text := string(value)):
        raise FieldError("this is empty")
    return text


def _some(items: Schema) -> Schema:
    return {"type": "object", "minProperties": 1, "additionalProperties": items}


_TEXT = Kind(STRING, _source, _text)
_LINE_OF_TEXT = Kind({"type": "string", "minLength": 1}, _as_it_is, _line)
_NEW_NAME = Kind(NAMED, _as_it_is, lambda value, known: a_name(value))
_PLACE: Schema = {
    "type": "object",
    "properties": {key: {"type": "integer", "minimum": 1, "maximum": MAX_SEGMENTS} for key in model.Part._fields},
    "required": list(model.Part._fields),
    "additionalProperties": False,
}
_PART: Schema = {"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": False}

KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(("NAME", "VARIABLE", "CAPTURE"), _NEW_NAME),
    "VERSION": one_of((VERSION,)),
    "TITLE": Kind(STRING, _as_it_is, lambda value, known: string(value)),
    "TAGS": Kind({"type": "array", "items": {"type": "string", "pattern": r"^\w[\w-]*$"}}, _listed, _tags),
    "PHONE": _actor("phone", lambda known: known.phones),
    "ESME": _actor("esme", lambda known: known.esmes),
    "BROWSER": _actor("browser", lambda known: known.browsers),
    **dict.fromkeys(("MSISDN", "CODE", "ANSWER", "SENDER", "ID", "URL", "TEXT", "FIRST", "SECOND"), _TEXT),
    **dict.fromkeys(("TABLE", "HEADER", "PATH", "SYSTEM_ID", "PASSWORD"), _LINE_OF_TEXT),
    "APPLICATION": _actor("application", lambda known: known.services),
    "SERVICE_CODE": Kind({"type": "string", "pattern": SERVICE_CODE.pattern}, _as_it_is, _service_code),
    "DIALECT": one_of(tuple(DIALECTS)),
    "REPLY": Kind(STRING, _source, lambda value, known: reply(string(value))),
    "PART": Kind(_PLACE, lambda part, names: part._asdict(), _part),
    "MODE": one_of(MODES),
    "STAT": one_of(STATS),
    "OUTCOME": one_of(OUTCOMES),
    "ENCODING": one_of(ENCODINGS),
    "LANGUAGE": one_of(LANGUAGES),
    "STATUS": Kind(
        {"type": "string", "pattern": r"^\w+$"},
        lambda status, names: status or NOTHING,
        lambda value, known: "" if value == NOTHING else _word(_STATUS, "command_status")(value, known),
    ),
    "COUNT": _count(1, _MOST),
    "PARTS": _count(1, _MOST),
    "HTTP_STATUS": _count(100, 599),
    "TIME": Kind({"type": "number", "minimum": 0, "maximum": _LONGEST}, _seconds_told, _seconds),
    "MOMENT": Kind(STRING, lambda at, names: moment(at), _moment),
    "NUMBER": Kind(
        {"anyOf": [STRING, _PART | {"properties": {_SENDER: STRING}}]},
        _number_told,
        _number,
    ),
    "EXPECTED": Kind(_PART | {"properties": dict.fromkeys(_HOWS, STRING)}, _expected_told, _expected),
    "HEADERS": Kind(_some(STRING), _fields_told, _fields),
    "BODY": Kind(
        _PART
        | {
            "properties": {
                "form": _some(STRING),
                "json": _some(
                    {
                        "anyOf": [
                            {"type": ["string", "number", "boolean", "null"]},
                            _PART | {"properties": {_STANDS: STRING}},
                        ]
                    }
                ),
                "raw": STRING,
            }
        },
        _body_told,
        _body,
    ),
    "RULE": Kind(
        {
            "type": "object",
            "properties": {"effect": {"enum": list(EFFECTS)}} | {key: {} for key in RULE_KEYS},
            "required": ["effect"],
            "additionalProperties": False,
        },
        _rule_told,
        _rule,
    ),
}
"""What stands in a field, by the slot of its name."""
