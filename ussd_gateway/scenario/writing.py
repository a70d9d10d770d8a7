"""Steps and scripts as sentences: what `language.match` reads, the other way round. No I/O.

Steps that a program made need no `sentence` and no `line`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, replace
from datetime import datetime
from decimal import Decimal
from os.path import dirname, join, relpath
from pathlib import PurePath
from typing import Any, NamedTuple, TypeVar

from ussd_gateway.fault_rule import FaultRule
from ussd_gateway.scenario import model
from ussd_gateway.scenario.language import NOTHING, OWN_KEYS, RULE_KEYS, SENTENCES, VERSION, Sentence, parts
from ussd_gateway.scenario.model import (
    NUMBER_OF,
    Account,
    Action,
    Expected,
    Field,
    Scenario,
    Script,
    Service,
    Step,
    Text,
)
from ussd_gateway.scenario.tokens import OTHER_QUOTES, is_block, quoted, slashed
from ussd_gateway.scenario.tokens import rows as rows_of
from ussd_gateway.smpp.status import status_name

DEEPER = "    "
TOP = 0
"""The key of the comment that stands above everything."""

Names = Mapping[str, str]
Comments = Mapping[int, str]

_NO_NAMES: Names = {}
_NO_COMMENTS: Comments = {}
_PLAIN = re.compile(r"(?!#$)(?:[\d*#]|\{[^\W\d]\w*\})+")
_ALONE = re.compile(r"\d+|\{[^\W\d]\w*\}")
_BARE = re.compile(rf'(?:[^\s"/#{OTHER_QUOTES}]\S*|#\S+)(?<![:,])')
_ADDRESS = re.compile(r"[/h{]\S*(?<![:,])")
_NUMBER_OF = re.compile(rf"\{{{NUMBER_OF}(\w+)\}}")
_UNITS = (("d", 86400), ("h", 3600), ("min", 60))
_PLACES = frozenset(place.name for place in fields(Step)) | {"steps", "rows"}  # fields that no slot fills
_Value = TypeVar("_Value")


class Piece(NamedTuple):
    """A word of a sentence, or what fills a slot of it; `field` is then the step's field, "" for a word."""

    text: str
    field: str = ""


def escaped(text: str) -> str:
    """The source of a `model.Text` that is exactly this text: a brace stands for itself."""
    return text.replace("{", "{{")


def written(step: Step, names: Names = _NO_NAMES) -> str:
    """The sentence of a step; that of a block without its steps, a text of several lines below it, deeper.

    names  the phones and ESMEs by their numbers and system_ids: where one stands, the name is written

    ValueError for a step that no sentence makes.
    """
    sentence = " ".join(piece.text for piece in pieces(step, names))
    for text in model.texts(step):
        in_quotes = quoted(text.source)
        if sentence.endswith(in_quotes) and ("\n" in text.source or text.json) and is_block(text.source):
            below = [f"{DEEPER}{row}".rstrip() for row in text.source.split("\n")]
            return "\n".join([f"{sentence.removesuffix(in_quotes).rstrip()}:", *below])
    return sentence


def write(script: Script, comments: Comments = _NO_COMMENTS) -> str:
    """The script as a file, in the form that `script fmt` leaves unchanged.

    comments  what is told above the step, or above the scenario, that has this `line`, and above all of the file under
              `TOP`. A program gives the steps that it makes lines of its own choice to tell of them.

    What the script has from other files by `use` is written in full. ValueError for what no file can say: a step that
    no sentence makes, or scenarios of one file with other phones, variables or setup each.
    """
    return "".join(f"{row}\n" for row, _ in rows(script, comments))


def rows(script: Script, comments: Comments = _NO_COMMENTS) -> Iterator[tuple[str, Step | None]]:
    """Each line of the file, and the step that it tells; see `write`."""
    common = shared(script)

    def told(steps: Iterable[Step], indent: str = "") -> Iterator[tuple[str, Step | None]]:
        for step in steps:
            if step.line:
                yield from _remarks(comments, step.line, indent)
            if isinstance(step, model.ForEach):
                step = replace(step, table=table_of(script.name, step))
            yield from ((f"{indent}{row}" if row else "", step) for row in written(step, common.names).split("\n"))
            if isinstance(step, model.Block):
                yield from told(step.steps, indent + DEEPER)

    def part(opener: Step, steps: Iterable[Step]) -> Iterator[tuple[str, Step | None]]:
        yield "", None
        yield from told([opener])
        yield from told(steps, DEEPER)

    yield from _remarks(comments, TOP, "")
    yield from told([_said(model.Version, version=VERSION), *filter(None, [script.starts])])
    header = [
        *(_said(model.Phone, name=name, msisdn=Text(number)) for name, number in common.phones.items()),
        *(_esme(name, account) for name, account in common.esmes.items()),
        *(_said(model.Browser, name=name) for name in common.browsers),
        *(
            _said(model.Application, name=name, service_code=service.code, dialect=service.dialect)
            for name, service in common.services.items()
        ),
        *(_said(model.Let, variable=name, text=Text(escaped(value))) for name, value in common.variables.items()),
    ]
    if header:
        yield "", None
        yield from told(header)
    if common.setup:
        yield from part(_said(model.Setup), common.setup)
    if common.teardown:
        yield from part(_said(model.Teardown), common.teardown)
    for scenario in script.scenarios:
        title = model.Title(line=scenario.line, sentence="", title=scenario.name, tags=scenario.tags)
        yield from part(title, scenario.steps)


class Shared(NamedTuple):
    """What all scenarios of a file have; `names` are those of phones and ESMEs by their numbers and system_ids."""

    phones: Mapping[str, str]
    esmes: Mapping[str, Account]
    browsers: Iterable[str]
    services: Mapping[str, Service]
    variables: Mapping[str, str]
    setup: tuple[Action, ...]
    teardown: tuple[Action, ...]
    names: Names


def shared(script: Script) -> Shared:
    """What stands above the scenarios; ValueError where they do not agree."""
    phones = _of_all(script, "the phones", lambda scenario: scenario.phones)
    esmes = _of_all(script, "the ESMEs", lambda scenario: scenario.esmes)
    services = _of_all(script, "the applications", lambda scenario: scenario.services)
    variables = _of_all(script, "the variables", lambda scenario: scenario.variables)
    first, *others = script.scenarios
    if any((other.setup, other.teardown) != (first.setup, first.teardown) for other in others):
        raise ValueError("scenarios of one file have the same setup and teardown")
    parts_of_all = (first.setup, first.teardown, *(scenario.steps for scenario in script.scenarios))
    steps = (step for steps in parts_of_all for step in model.walk(steps))
    browsers = dict.fromkeys(step.browser for step in steps if isinstance(step, model.BrowserAction))
    names = {account.system_id: name for name, account in esmes.items()}
    names |= {number: name for name, number in phones.items()}
    return Shared(phones, esmes, browsers, services, variables, first.setup, first.teardown, names)


def row_of(step: Step) -> Sentence:
    """The first row of the table that says all of the step; ValueError when there is none."""
    for row in SENTENCES:
        if type(step) is row.step and _fits(step, row):
            return row
    raise ValueError(f"no sentence says {step}")


def pieces(step: Step, names: Names = _NO_NAMES) -> list[Piece]:
    """The words of the step's sentence, each slot's as one piece; see `written`."""
    row, said = row_of(step), []
    for elements, optional in parts(row.pattern):
        if optional and not any(_filled(step, element) for element in elements):
            continue
        for element in elements:
            if element.islower():
                said.append(Piece(element))
            else:
                value = getattr(step, element.lower())
                said.append(Piece(WRITERS[element](value, names), element.lower()))
    return said


def defaults(step: type[Step]) -> Mapping[str, object]:
    """The fields that a sentence can say, and what each is where it does not; MISSING for what it has to say."""
    return {place.name: place.default for place in fields(step) if place.name not in _PLACES}


def _fits(step: Step, row: Sentence) -> bool:
    if any(getattr(step, name) != value for name, value in row.fixed.items()):
        return False
    elements = [(element, optional) for part, optional in parts(row.pattern) for element in part if element.isupper()]
    said = {element.lower() for element, _ in elements} | set(row.fixed)
    return all(name in said for name, default in defaults(row.step).items() if getattr(step, name) != default) and all(
        optional or _filled(step, element) for element, optional in elements
    )


def _filled(step: Step, slot: str) -> bool:
    """Whether the step has something to write in this slot; a word is no slot."""
    return slot.isupper() and getattr(step, slot.lower()) != defaults(type(step))[slot.lower()]


def _said(step: type[Step], **said: object) -> Step:
    return step(line=0, sentence="", **said)  # type: ignore[arg-type]


def _esme(name: str, account: Account) -> Step:
    password = "" if account.password == account.system_id else account.password
    return _said(model.Esme, name=name, system_id=account.system_id, password=password)


def _of_all(script: Script, what: str, part: Callable[[Scenario], Mapping[str, _Value]]) -> Mapping[str, _Value]:
    """What all the scenarios have, together."""
    together: dict[str, _Value] = {}
    for scenario in script.scenarios:
        for name, value in part(scenario).items():
            if together.setdefault(name, value) != value:
                raise ValueError(f"{what} of one file are the same in all its scenarios, and {name} is not")
    return together


def _remarks(comments: Comments, line: int, indent: str) -> Iterator[tuple[str, None]]:
    if line in comments:
        yield from ((f"{indent}# {row.strip()}".rstrip(), None) for row in rows_of(comments[line]))


def table_of(source: str, step: model.ForEach) -> str:
    """The table of a step as seen from the script; that of another file is looked for beside that."""
    if not step.file:
        return step.table
    return PurePath(relpath(join(dirname(step.file), step.table), dirname(source) or ".")).as_posix()


# What fills a slot -------------------------------------------------------------------------------------------------


def duration(seconds: float) -> str:
    """As people write it: 30s, 5min, 2h, 30d."""
    for unit, length in _UNITS:
        if seconds and not seconds % length:
            return f"{_digits(seconds / length)}{unit}"
    return f"{_digits(seconds)}s"


def _digits(number: float) -> str:
    digits = f"{Decimal(repr(number)):f}"
    return digits.rstrip("0").removesuffix(".") if "." in digits else digits


def moment(at: datetime) -> str:
    """A day, a time of day, and an offset if the moment has one, with spaces between them."""
    told = at.replace(tzinfo=None).isoformat(" ", "auto" if at.second or at.microsecond else "minutes")
    return f"{told} {at.isoformat()[len(at.replace(tzinfo=None).isoformat()) :]}".rstrip()


def _word(value: object, names: Names) -> str:
    return str(value)


def _bare(text: str) -> str:
    """Without quotes, where that reads the same."""
    return text if _BARE.fullmatch(text) else quoted(text)


def _plain(text: Text, names: Names) -> str:
    """Without quotes where it is a number, a code or a capture alone."""
    return text.source if _PLAIN.fullmatch(text.source) else quoted(text.source)


def _number(number: Text, names: Names) -> str:
    source = number.source
    return named(number, names) or (source if _ALONE.fullmatch(source) else quoted(source))


def named(number: Text, names: Names) -> str:
    """The name of the phone or ESME that the number is, "" when it has none."""
    found = _NUMBER_OF.fullmatch(number.source)
    return found[1] if found else names.get(number.source, "")


def _expected(expected: Expected, names: Names) -> str:
    if expected.how == model.MATCHING:
        return f"{model.MATCHING} {slashed(expected.text.source)}"
    text = quoted(expected.text.source)
    return text if expected.how == model.CONTAINING else f"{expected.how} {text}"


def _url(url: Text, names: Names) -> str:
    return url.source if _ADDRESS.fullmatch(url.source) else quoted(url.source)


def _fields(said: tuple[Field, ...], names: Names = _NO_NAMES) -> str:
    return ", ".join(
        f"{_bare(field.name)} {_bare(field.value.source) if field.bare else quoted(field.value.source)}"
        for field in said
    )


def _body(body: model.Body, names: Names) -> str:
    if body.raw is not None:
        return f"json {quoted(body.raw.source)}"
    return f"{'json' if body.json else 'with'} {_fields(body.fields)}"


def _rule(rule: Mapping[str, Any], names: Names) -> str:
    effect = rule["effect"]
    own = OWN_KEYS.get(effect, "")
    said = {
        key: _value_of_rule(key, rule[key], names)
        for key in RULE_KEYS
        if rule.get(key, FaultRule.model_fields[key].default) != FaultRule.model_fields[key].default
    }
    if own in said and said[own] not in RULE_KEYS:
        said = {"": said.pop(own)} | said
    return " ".join([effect, *(f"{key} {value}".lstrip() for key, value in said.items())])


def _value_of_rule(key: str, value: Any, names: Names) -> str:
    match key:
        case "account":
            return _bare(names.get(value, value))
        case "command":
            return value if isinstance(value, str) else ",".join(value)
        case "destination":
            return slashed(value)
        case "seconds":
            return duration(value)
        case "status":
            return value if isinstance(value, str) else status_name(value)
        case _:
            return _digits(value) if isinstance(value, float) else _bare(str(value))


WRITERS: Mapping[str, Callable[[Any, Names], str]] = {
    **dict.fromkeys(("VERSION", "NAME", "VARIABLE", "CAPTURE", "PHONE", "ESME", "BROWSER"), _word),
    **dict.fromkeys(("APPLICATION", "SERVICE_CODE", "DIALECT"), _word),
    **dict.fromkeys(("MODE", "STAT", "OUTCOME", "ENCODING", "LANGUAGE", "COUNT", "HTTP_STATUS"), _word),
    **dict.fromkeys(("MSISDN", "SENDER", "ID", "CODE", "ANSWER", "FIRST", "SECOND"), _plain),
    **dict.fromkeys(("TABLE", "SCRIPT", "SYSTEM_ID", "HEADER", "PATH"), lambda text, names: _bare(text)),
    **dict.fromkeys(("TITLE", "PASSWORD"), lambda text, names: quoted(text)),
    **dict.fromkeys(("TEXT", "REPLY"), lambda text, names: quoted(text.source)),
    "TAGS": lambda tags, names: ", ".join(tags),
    "STATUS": lambda status, names: status or NOTHING,
    "NUMBER": _number,
    "EXPECTED": _expected,
    "URL": _url,
    "BODY": _body,
    "HEADERS": _fields,
    "MOMENT": lambda at, names: moment(at),
    "RULE": _rule,
    "PART": lambda part, names: f"{part.number} of {part.total}",
    "PARTS": lambda count, names: f"{count} part{'' if count == 1 else 's'}",
    "TIME": lambda seconds, names: duration(seconds),
}
"""How the value of a step's field is written in its slot; `language.SLOTS` reads it."""
