"""The items of a recording as a script that people read: names, captures, and what was guessed. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import chain, count
from math import floor
from pathlib import PurePath
from typing import Any

from pydantic import ValidationError

from ussd_gateway.fault_rule import FaultRule
from ussd_gateway.scenario import model
from ussd_gateway.scenario.language import FIRST_WORDS, NAME
from ussd_gateway.scenario.model import Account, Action, Body, Expected, Field, Scenario, Script, Service, Text
from ussd_gateway.scenario.pauses import Item
from ussd_gateway.scenario.values import Values
from ussd_gateway.scenario.writing import TOP, escaped, rows, write

BY_ANOTHER = "\n"
"""Behind the system_id of an ESME that binds with another password than its own."""

_PHONES = ("anna", "boris", "vera", "grigory", "darya", "yegor", "zhanna", "zakhar", "irina", "konstantin")
_HEADLINE = "Recorded. Look through it: what was guessed is told above the line."
_PASSWORDS = "ESMEs bind with their system_id as password; write `with password` where it is another."
_DIALECT = "africas_talking"
_HEARD = {
    model.See: "screen",
    model.Receive: "SMS",
    model.EsmeReceive: "message",
    model.SeePage: "page",
}
_SAID = ("code", "answer", "text", "url")
"""Fields that hold what somebody typed or wrote."""
_TYPED, _FILLED_IN = "1234", "not-the-password"  # for what a person typed, or put into a form, and the journal hides
_JOINED = (model.Dial, model.Answer, model.Send, model.Submit, model.Push, model.Request)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a recording has become.

    script      Script; one scenario
    text        str; as it is written into a file, with its comments
    unrecorded  tuple of str; what happened and is not in it, a sentence each
    """

    script: Script
    text: str
    unrecorded: tuple[str, ...]


def drafted(
    name: str,
    items: Sequence[Item],
    starts: float | None,
    utc_offset: float,
    *,
    constant: Iterable[str] = (),
    unrecorded: Sequence[str] = (),
) -> Draft:
    """The draft of items in the order in which they are to be played.

    name        of the file
    starts      when the clock of the script begins, seconds since the epoch; None for any moment
    utc_offset  hours
    constant    short numbers and the like, which texts may name
    """
    names = _Names(items)
    values = Values(
        {number: f"number_of_{phone}" for number, phone in names.phones.items()}, constant, starts is not None
    )
    for item in items:
        if isinstance(item.step, model.Submit) and item.step.capture:
            values.take_name(item.step.capture)
    for taken in dict.fromkeys(chain.from_iterable(item.taken for item in items)):
        values.take_name(taken)
    for place, item in enumerate(items):
        if (expected := _heard(item)) is not None:
            values.hear(place, expected.text.source)
        for text in _said(item):
            invented = _TYPED if isinstance(item.step, model.Dial | model.Answer) else _FILLED_IN
            values.say(place, text.source, item.step.actor, invented)
    steps = tuple(_written(place, item, names, values) for place, item in enumerate(items))
    variables = {
        f"number_of_{names.phones[number]}": number for number in names.phones if number in values.used_numbers
    }
    scenario = Scenario(
        name=PurePath(name).stem,
        line=0,
        phones={phone: number for number, phone in names.phones.items()},
        steps=steps,
        variables=variables | values.invented,
        esmes=names.accounts,
        services={name: Service(code, _DIALECT) for code, name in names.applications.items()},
    )
    script = Script(name, (scenario,), _starts(starts, utc_offset))
    lines: dict[int, int] = {}
    for _ in range(2):  # what is told of another line names it once all lines have their places
        comments = _comments(items, values, lines, unrecorded, bool(names.accounts))
        for number, (_, step) in enumerate(rows(script, comments), 1):
            if step and step.line:
                lines.setdefault(step.line, number)
    return Draft(script, write(script, comments), tuple(unrecorded))


class _Names:
    """What phones, ESMEs and browsers are called, by their numbers, system_ids and ids."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._taken: set[str] = set(FIRST_WORDS)
        steps = [item.step for item in items]
        esmes = dict.fromkeys(step.esme for step in steps if isinstance(step, model.EsmeAction))
        self.esmes = {key: self._new(_as_name(key.removesuffix(BY_ANOTHER))) for key in esmes}
        pages = dict.fromkeys(step.browser for step in steps if isinstance(step, model.BrowserAction))
        self.browsers = {key: self._new("web") for key in pages}
        answering = dict.fromkeys(step.application for step in steps if isinstance(step, model.ApplicationAction))
        self.applications = {code: self._new("app") for code in answering}
        given = chain(_PHONES, (f"phone_{number}" for number in count(len(_PHONES) + 1)))
        numbers = dict.fromkeys(step.phone for step in steps if step.phone)
        self.phones = {number: self._new(next(given)) for number in numbers}

    @property
    def accounts(self) -> Mapping[str, Account]:
        """The accounts of the ESMEs by name."""
        return {
            name: Account(key.removesuffix(BY_ANOTHER), "wrong" if key.endswith(BY_ANOTHER) else key)
            for key, name in sorted(self.esmes.items(), key=lambda pair: not pair[0].endswith(BY_ANOTHER))
        }

    def _new(self, wanted: str) -> str:
        names = chain([wanted], (f"{wanted}{number}" for number in count(2)))
        name = next(name for name in names if name not in self._taken)
        self._taken.add(name)
        return name


def _as_name(system_id: str) -> str:
    """One word that can be a name: 24-7 is esme_24_7."""
    word = re.sub(r"\W", "_", system_id)
    return word if NAME.fullmatch(word) else f"esme_{word}"


def _starts(at: float | None, utc_offset: float) -> model.Starts | None:
    if at is None:
        return None
    moment = datetime.fromtimestamp(floor(at), UTC).replace(tzinfo=None) + timedelta(hours=utc_offset)
    return model.Starts(line=0, sentence="", moment=moment)


def _heard(item: Item) -> Expected | None:
    """What arrived; a value that is looked for on a page is written already."""
    return None if item.taken else getattr(item.step, "expected", None)


def _said(item: Item) -> Iterator[Text]:
    """The texts of a step that its actor wrote."""
    step = item.step
    if isinstance(step, _JOINED):
        yield from (getattr(step, name) for name in _SAID if hasattr(step, name))
    if isinstance(step, model.Request):
        yield from (field.value for field in step.body.fields if field.name not in item.taken)
        yield from filter(None, [step.body.raw])


def _written(place: int, item: Item, names: _Names, values: Values) -> Action:
    """The step with names and captures; its line is its place, from 1."""
    step = item.step
    told: dict[str, Any] = {"line": place + 1}
    if step.phone:
        told["phone"] = names.phones[step.phone]
    if isinstance(step, model.EsmeAction):
        told["esme"] = names.esmes[step.esme]
    if isinstance(step, model.ApplicationAction):
        told["application"] = names.applications[step.application]
    if isinstance(step, model.Reply) and step.reply:
        told["reply"] = values.text(place, step.reply.source)
    if isinstance(step, model.BrowserAction):
        told["browser"] = names.browsers[step.browser]
    if isinstance(step, _JOINED):
        told |= {name: values.text(place, getattr(step, name).source) for name in _SAID if hasattr(step, name)}
    if isinstance(step, model.Request):
        told["body"] = _body(place, step.body, values, item.taken)
    if isinstance(step, model.Fault):
        told["rule"] = _fault(step.rule)
    if isinstance(step, model.Submit) and step.sender:
        told["sender"] = Text(escaped(step.sender.source))
    if isinstance(step, model.Receive | model.EsmeReceive) and step.number:
        told["number"] = Text(escaped(step.number.source))
    if (expected := _heard(item)) is not None:
        told["expected"] = values.expected(place, expected.text.source, expected.how)
    return replace(step, **told)


def _body(place: int, body: Body, values: Values, taken: Sequence[str]) -> Body:
    fields = tuple(
        _field(
            field,
            Text(f"{{{field.name}}}") if field.name in taken else values.text(place, field.value.source),
            json=body.json,
        )
        for field in body.fields
    )
    raw = body.raw and values.text(place, body.raw.source, json=True)
    return Body(fields, body.json, raw)


def _field(field: Field, value: Text, *, json: bool) -> Field:
    """A capture alone stands without quotes; in JSON it would be a number then."""
    alone = value.names == (value.source[1:-1],)
    return Field(field.name, value, field.bare or (alone and not json))


def _fault(rule: Mapping[str, object]) -> Mapping[str, object]:
    """The rule without what goes without saying."""
    meant = FaultRule.model_validate(rule).rule().written
    for key in (key for key in meant if key != "effect"):
        shorter = {name: value for name, value in rule.items() if name != key}
        try:
            same = FaultRule.model_validate(shorter).rule().written == meant
        except ValidationError:
            continue
        rule = shorter if same else rule
    return rule


def _comments(
    items: Sequence[Item], values: Values, lines: Mapping[int, int], unrecorded: Sequence[str], has_esmes: bool
) -> dict[int, str]:
    top = [_HEADLINE]
    top += [_PASSWORDS] * has_esmes
    top += [f"The journal hides what {{{name}}} stands for: write what was typed." for name in values.invented]
    top += [f"Not recorded: {sentence}." for sentence in unrecorded]
    comments = {TOP: "\n".join(top)}
    for place, item in enumerate(items):
        told = [f"guessed: {guess}" for guess in item.guesses]
        if expected := _heard(item):
            text = expected.text.source
            told += [f"guessed: what the journal hides here is {{{name}}}" for name in values.hidden(place, text)]
            told += [f'guessed: "{other}" is another one each time' for other in values.differs(place, text)]
        for name, origin in values.uses(place):
            noun = _HEARD[type(items[origin].step)]
            told.append(f"guessed: {{{name}}} is the one of the {noun} in line {lines.get(origin + 1, 0)}")
        if told:
            comments[place + 1] = "\n".join(told)
    return comments
