"""A script as a JSON document and back, and the JSON Schema of such documents: for programs that write tests.

A step is an object with `step`, the name of its dataclass in `model`, and that one's fields: what a field holds is said by
the row of its slot in `json_fields.KINDS`, and which fields go together by `language.SENTENCES`. No I/O but that of
`parse`: the tables that steps name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import MISSING, dataclass, field
from typing import Any

from ussd_gateway.scenario import model
from ussd_gateway.scenario.json_fields import (
    KINDS,
    NAMED,
    STRING,
    FieldError,
    Json,
    Known,
    Schema,
    a_name,
    is_a,
    keyed,
    one_of,
    string,
)
from ussd_gateway.scenario.language import SENTENCES, SLOTS, VERSION, Sentence, parts, way_out
from ussd_gateway.scenario.model import Account, Action, Block, Scenario, Script, Service, Step, Text
from ussd_gateway.scenario.parse import ScriptError, parse
from ussd_gateway.scenario.tokens import Mistake
from ussd_gateway.scenario.writing import Names, defaults, escaped, pieces, row_of, rows, shared, table_of

FILE = "script.schema.json"
_KEYS = (
    "version",
    "starts",
    "phones",
    "esmes",
    "browsers",
    "applications",
    "variables",
    "setup",
    "teardown",
    "scenarios",
)
_ALLOWED_KEYS = ("$schema", *_KEYS)
_SCENARIO_KEYS = ("name", "tags", "steps")
_ACCOUNT_KEYS = ("system_id", "password")
_SERVICE_KEYS = ("code", "dialect")
_LINE = re.compile(r'(?<!")\bline (\d+)')
_Rows = list[tuple[str, Step | None]]


class InterchangeError(ValueError):
    """A document is no script; `mistakes` has all that is wrong with it, each with the place in the document."""

    def __init__(self, mistakes: Iterable[str]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n\n".join(self.mistakes))


def to_json(script: Script) -> dict[str, Json]:
    """The script as a document, as `json` writes it. What it has from other files by `use` is in it; tables are not.

    ValueError for what no file can say, as `writing.write`.
    """
    common = shared(script)

    def told(steps: Iterable[Action]) -> list[Json]:
        return [_told(step, common.names, script.name, told) for step in steps]

    values = (
        VERSION,
        script.starts and KINDS["MOMENT"].told(script.starts.moment, common.names),
        dict(common.phones),
        {name: _account_told(account) for name, account in common.esmes.items()},
        list(common.browsers),
        {name: service._asdict() for name, service in common.services.items()},
        {name: escaped(value) for name, value in common.variables.items()},
        told(common.setup),
        told(common.teardown),
        [
            {"name": scenario.name}
            | ({"tags": list(scenario.tags)} if scenario.tags else {})
            | {"steps": told(scenario.steps)}
            for scenario in script.scenarios
        ],
    )
    return {key: value for key, value in zip(_KEYS, values, strict=True) if value}


def json_text(script: Script) -> str:
    """The document as a file."""
    return json.dumps(to_json(script), ensure_ascii=False, indent=2) + "\n"


def from_json(document: Json, source: str) -> str:
    """The script of a document, in the form of `script fmt`. Tables are looked for beside `source`, the script's name.

    InterchangeError for what cannot be played: what has the wrong shape first, then what makes no sense.
    """
    reader = _Reader()
    try:
        script = reader.script(document, source)
        if reader.mistakes:
            raise InterchangeError(reader.mistakes)
        written = list(rows(script))
        text = "".join(f"{row}\n" for row, _ in written)
        parse(text, source)
    except RecursionError:
        raise InterchangeError(["blocks stand too deep in one another"]) from None
    except ScriptError as error:
        raise InterchangeError(reader.told(mistake, source, written) for mistake in error.mistakes) from None
    return text


# Steps by their names ----------------------------------------------------------------------------------------------


def step_name(step: type[Step]) -> str:
    """As documents have it: hang_up for HangUp."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", step.__name__).lower()


STEPS: Mapping[str, tuple[Sentence, ...]] = {
    step_name(step): tuple(row for row in SENTENCES if row.step is step)
    for step in dict.fromkeys(row.step for row in SENTENCES)
    if issubclass(step, Action)
}
"""The sentences of each step by its name."""


def _slots(row: Sentence) -> Iterator[tuple[str, bool]]:
    """Each slot of a sentence, and whether it may be left out."""
    for elements, optional in parts(row.pattern):
        yield from ((element, optional) for element in elements if element.isupper())


def _told(step: Action, names: Names, source: str, told: Callable[[Iterable[Action]], list[Json]]) -> Json:
    found: dict[str, Json] = {"step": step_name(type(step))}
    for _, name in pieces(step, names):
        if name:
            found[name] = KINDS[name.upper()].told(getattr(step, name), names)
    found |= row_of(step).fixed
    if isinstance(step, model.ForEach):
        found["table"] = table_of(source, step)
    return found | ({"steps": told(step.steps)} if isinstance(step, Block) else {})


def _account_told(account: Account) -> Json:
    password = {} if account.password == account.system_id else {"password": account.password}
    return {"system_id": account.system_id} | password


# Reading a document ------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Reader:
    """Reads one document. A step's line is the number of its place in `places`, from 1: mistakes find it by that."""

    mistakes: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    known: Known = field(default_factory=lambda: Known({}, {}, {}, {}))

    def script(self, document: Json, source: str) -> Script:
        """The script; what is wrong in the document is in `mistakes`, and left out."""
        found = self._object(document, "", _ALLOWED_KEYS)
        self._field(found, "version", "", "VERSION")
        phones = self._each(found, "phones", lambda value: string(value, "a number in quotes"))
        esmes = self._each(found, "esmes", _account)
        browsers = [
            self._checked(f"browsers[{number}]", a_name, name) or ""
            for number, name in enumerate(self._list(found.get("browsers", []), "browsers"))
        ]
        services = self._each(found, "applications", _service)
        variables: dict[str, str] = {}
        for name, text in self._each(found, "variables", string).items():
            filled = None if text is None else self._checked(f"variables.{name}", _value, Text(text), variables)
            variables[name] = filled or ""
        self.known = Known(dict.fromkeys([*phones, *_phones_in(found)]), esmes, dict.fromkeys(browsers), services)
        starts = None
        if moment := self._field(found, "starts", "", "MOMENT"):
            starts = model.Starts(line=self._place("starts"), sentence="", moment=moment)
        setup, teardown = (self._steps(found.get(part, []), part) for part in ("setup", "teardown"))
        scenarios = []
        for number, scenario in enumerate(self._list(found.get("scenarios", []), "scenarios")):
            path = f"scenarios[{number}]"
            said = self._object(scenario, path, _SCENARIO_KEYS)
            line = self._place(path)
            title, tags = self._field(said, "name", path, "TITLE"), self._field(said, "tags", path, "TAGS")
            if "name" not in said:
                self._wrong(path, "name is missing")
            steps = self._steps(said.get("steps", []), f"{path}.steps")
            scenarios.append(
                Scenario(title, line, phones, steps, tags or (), setup, teardown, variables, esmes, services)
            )
        if not (scenarios or self.mistakes):
            self._wrong("", "there is nothing to play", 'write "scenarios", each with a name and steps')
        return Script(source, tuple(scenarios), starts)

    def told(self, mistake: Mistake, source: str, written: _Rows) -> str:
        """A mistake in the script that was written of the document, with its place there."""
        if mistake.file:  # a table
            return mistake.told(source)

        def place(found: re.Match[str]) -> str:
            line = int(found[1])
            return self._place_of(*written[line - 1]) if 0 < line <= len(written) else found[0]

        whole = mistake.width >= len(mistake.written.strip())
        path = self._place_of(*written[mistake.line - 1], 0 if whole else mistake.column)
        return _told_at(path, _LINE.sub(place, mistake.message), _LINE.sub(place, mistake.hint))

    def _place_of(self, row: str, step: Step | None, column: int = 0) -> str:
        """Where in the document a row comes from; the very field, if a column is given."""
        match step:
            case model.Phone(line=0):
                return f"phones.{step.name}"
            case model.Esme():
                return f"esmes.{step.name}"
            case model.Application():
                return f"applications.{step.name}"
            case model.Let(line=0):
                return f"variables.{step.variable}"
            case model.Browser():
                return "browsers"
            case None | model.Version() | model.Setup() | model.Teardown():
                return row
        path, name = self.places[step.line - 1], ""
        begins = len(row) - len(row.lstrip()) + 1
        for piece in pieces(step) if column and isinstance(step, Action) else ():
            if begins <= column:
                name = piece.field
            begins += len(piece.text) + 1
        return f"{path}.{name}" if name else path

    def _steps(self, value: Json, path: str) -> tuple[Action, ...]:
        steps = (self._step(step, f"{path}[{number}]") for number, step in enumerate(self._list(value, path)))
        return tuple(step for step in steps if step)

    def _step(self, value: Json, path: str) -> Action | None:
        """The step; None, with the mistakes, for what is none."""
        line, before = self._place(path), len(self.mistakes)
        found = self._object(value, path)
        if len(self.mistakes) > before:
            return None
        if "step" not in found:
            self._wrong(path, "step is missing", f"known: {', '.join(STEPS)}")
            return None
        name = self._checked(f"{path}.step", one_of(tuple(STEPS)).read, found["step"], self.known)
        if not name:
            return None
        sentences = STEPS[name]
        kind = sentences[0].step
        keys = _keys(sentences)
        self._unknown_keys(found, keys, path)
        if "steps" in keys and not found.get("steps"):
            self._wrong(path, "this block has no steps", 'write them in "steps"')
        said: dict[str, Any] = {}
        for key in (key for key in keys[1:] if key in found):
            if key == "steps":
                said[key] = self._steps(found[key], f"{path}.steps")
            elif key.upper() in KINDS:
                said[key] = self._field(found, key, path)
            else:
                said[key] = self._checked(f"{path}.{key}", _fixed, found[key], key, sentences)
        if found.keys() <= set(keys):  # what is spelt wrong is missing, too
            for key, default in defaults(kind).items():
                if default is MISSING and key not in found:
                    self._wrong(path, f"{key} is missing", f"{name} has {', '.join(keys[1:])}")
        if len(self.mistakes) > before:
            return None
        step: Any = kind(line=line, sentence="", **said)
        try:
            row_of(step)
        except ValueError:
            known = ", or ".join(row.pattern for row in sentences)
            self._wrong(path, f"these fields of {name} make no sentence together", f"known: {known}")
        return step  # type: ignore[no-any-return]

    def _object(self, value: Json, path: str, keys: Iterable[str] = ()) -> dict[str, Json]:
        """The value, {} with a mistake for what is no object; also a mistake for other keys than these, if any."""
        found: dict[str, Json] = self._checked(path, is_a, value, dict, "an object") or {}
        if keys:
            self._unknown_keys(found, keys, path)
        return found

    def _list(self, value: Json, path: str) -> list[Json]:
        return self._checked(path, is_a, value, list, "a list") or []

    def _each(self, found: dict[str, Json], key: str, read: Callable[[Json], Any]) -> dict[str, Any]:
        """What stands under each name of an object, None where that is wrong."""
        values = {}
        for name, value in self._object(found.get(key, {}), key).items():
            self._checked(f"{key}.{name}", a_name, name)
            values[name] = self._checked(f"{key}.{name}", read, value)
        return values

    def _field(self, found: dict[str, Json], key: str, path: str, slot: str = "") -> Any:
        """What stands in a field, None where there is none."""
        if key not in found:
            return None
        return self._checked(_below(path, key), KINDS[slot or key.upper()].read, found[key], self.known)

    def _place(self, path: str) -> int:
        self.places.append(path)
        return len(self.places)

    def _unknown_keys(self, found: dict[str, Json], keys: Iterable[str], path: str) -> None:
        for key in found:
            if key not in keys:
                self._wrong(_below(path, key), f'I do not know "{key}"', way_out(key, keys))

    def _checked(self, path: str, read: Callable[..., Any], *arguments: Any) -> Any:
        """What is read; None, with a mistake, for what cannot be."""
        try:
            return read(*arguments)
        except FieldError as wrong:
            self._wrong(f"{path}{wrong.path}", wrong.message, wrong.hint)
            return None

    def _wrong(self, path: str, message: str, hint: str = "") -> None:
        self.mistakes.append(_told_at(path, message, hint))


def _told_at(path: str, message: str, hint: str) -> str:
    return "\n".join(filter(None, [f"{path}: {message}" if path else message, hint]))


def _below(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _keys(sentences: tuple[Sentence, ...]) -> list[str]:
    """The keys of a step: `step`, its slots, what words alone say, and the steps of a block."""
    slots = [slot.lower() for row in sentences for slot, _ in _slots(row)]
    fixed = [key for row in sentences for key in row.fixed]
    steps = ["steps"] if issubclass(sentences[0].step, Block) else []
    return list(dict.fromkeys(["step", *slots, *fixed, *steps]))


def _account(value: Json) -> Account:
    found = keyed(value, _ACCOUNT_KEYS, "an object with a system_id")
    system_id = string(found.get("system_id"), "a system_id")
    return Account(system_id, string(found.get("password", system_id), "a password"))


def _service(value: Json) -> Service:
    found = keyed(value, _SERVICE_KEYS, "an object with a code")
    known = Known({}, {}, {}, {})
    usual = defaults(model.Application)["dialect"]
    code, dialect = (
        KINDS[slot].read(said, known)
        for slot, said in (("SERVICE_CODE", found.get("code")), ("DIALECT", found.get("dialect", usual)))
    )
    return Service(str(code), str(dialect))


def _value(text: Text, variables: Mapping[str, str]) -> str:
    """Of a variable, which may speak of those above it."""
    if text.stray_brace is not None:
        raise FieldError("a { begins no name", "write {name} for a variable above, {{ for the sign itself")
    for name in text.names:
        if name not in variables:
            raise FieldError(f"no variable above is named {{{name}}}", way_out(name, variables))
    return text.fill(variables)


def _fixed(value: Json, key: str, sentences: tuple[Sentence, ...]) -> Json:
    allowed = _allowed(key, sentences)
    if not any(type(value) is type(one) and value == one for one in allowed):
        words = [one if isinstance(one, str) else json.dumps(one) for one in allowed]
        raise FieldError(f"{json.dumps(value, ensure_ascii=False)} cannot stand here", way_out(str(value), words))
    return value


def _allowed(key: str, sentences: tuple[Sentence, ...]) -> list[Json]:
    """What the words of these sentences alone say about a field; false where none says it, for a program's ease."""
    allowed = [row.fixed[key] for row in sentences if key in row.fixed]
    usual = defaults(sentences[0].step)[key]
    return list(dict.fromkeys([*allowed, *([usual] if usual is False else [])]))


def _phones_in(value: Json) -> Iterator[str]:
    """The names that steps give to phones, wherever they stand."""
    if type(value) is dict:
        if value.get("step") == step_name(model.Phone) and type(value.get("name")) is str:
            yield value["name"]
        value = list(value.values())
    if type(value) is list:
        for item in value:
            yield from _phones_in(item)


# The schema --------------------------------------------------------------------------------------------------------


def schema() -> Schema:
    """The JSON Schema (2020-12) of documents, drawn from the table of sentences."""
    steps: Schema = {"type": "array", "items": {"$ref": "#/$defs/step"}}
    some_steps = steps | {"minItems": 1}
    named: Schema = {"type": "object", "propertyNames": NAMED}
    scenario = _object({"name": _slot("TITLE"), "tags": _slot("TAGS"), "steps": some_steps}, ["name", "steps"])
    service = _object({"code": _slot("SERVICE_CODE"), "dialect": _slot("DIALECT")}, ["code"])
    account = _object({"system_id": _slot("SYSTEM_ID"), "password": _slot("PASSWORD")}, ["system_id"])
    properties: Schema = {
        "$schema": STRING,
        "version": _slot("VERSION"),
        "starts": _slot("MOMENT"),
        "phones": named | {"additionalProperties": _slot("MSISDN")},
        "esmes": named | {"additionalProperties": account},
        "browsers": {"type": "array", "items": NAMED},
        "applications": named | {"additionalProperties": service},
        "variables": named | {"additionalProperties": _slot("TEXT")},
        "setup": steps,
        "teardown": steps,
        "scenarios": {"type": "array", "minItems": 1, "items": scenario},
    }
    sentences = [_sentence(name, row, some_steps) for name in STEPS for row in STEPS[name]]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A script of ussd_gateway",
        **_object(properties, ["scenarios"]),
        "$defs": {slot: {"description": SLOTS[slot].what} | kind.schema for slot, kind in KINDS.items()}
        | {"step": {"anyOf": sentences}},
    }


def schema_text() -> str:
    """The schema as a file."""
    return json.dumps(schema(), ensure_ascii=False, indent=2) + "\n"


def _slot(slot: str) -> Schema:
    return {"$ref": f"#/$defs/{slot}"}


def _object(properties: Schema, required: list[str]) -> Schema:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _sentence(name: str, row: Sentence, steps: Schema) -> Schema:
    properties: Schema = {"step": {"const": name}}
    properties |= {slot.lower(): _slot(slot) for slot, _ in _slots(row)}
    properties |= {key: {"const": value} for key, value in row.fixed.items()}
    for key in (key for other in STEPS[name] for key in other.fixed if key not in row.fixed):
        if False in _allowed(key, STEPS[name]):
            properties[key] = {"const": False}
    required = ["step", *(slot.lower() for slot, optional in _slots(row) if not optional), *row.fixed]
    if issubclass(row.step, Block):
        properties["steps"], required = steps, [*required, "steps"]
    return {"title": row.pattern, "description": row.says, **_object(properties, required)}
