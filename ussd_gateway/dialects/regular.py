"""The dialects that a `Description` describes whole, spoken on both sides. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ussd_gateway.dialects import reading
from ussd_gateway.dialects.description import (
    BARE,
    FIELD,
    GET,
    HEADER,
    JSON,
    LAST,
    OPEN,
    PREFIX,
    PRESENCE,
    Description,
    Scalar,
    folded,
)
from ussd_gateway.dialects.description import DIALLED as AS_DIALLED
from ussd_gateway.dialects.model import (
    AnswerError,
    Call,
    CallError,
    Kind,
    Reply,
    Request,
    Response,
    Turn,
    form_body,
    json_body,
)
from ussd_gateway.dialects.settings import Setting, quoted, shown

PLAIN = {"content-type": "text/plain; charset=utf-8"}

_ALWAYS_TOLD = (Kind.NEW, Kind.ANSWER)


class Regular:
    """A dialect by its description.

    name, title  str; as the config has it, and as errors name the gateway
    settings     what somebody can set; their values are in the description already
    """

    notices_elsewhere = False

    def __init__(self, name: str, title: str, description: Description, settings: Mapping[str, Setting]) -> None:
        self.name, self.title, self.settings = name, title, settings
        self.limits = description.limits
        self._description = description
        # The first kind that has a value is the one that the value means.
        self._kinds = {folded(value): Kind(kind) for kind, value in reversed([*description.kinds.items()])}
        signals = [(value, False) for value in description.continues] + [(value, True) for value in description.ends]
        self._signals = sorted(signals, key=lambda signal: -len(str(signal[0])))  # the longest prefix wins

    def call(self, turn: Turn) -> Request | None:
        """The gateway's call for the turn; None for an end that has no value in the description."""
        if turn.kind not in _ALWAYS_TOLD and turn.kind not in self._description.kinds:
            return None
        fields = self._fields(turn)
        if self._description.method == JSON:
            headers, body = json_body(_nested(fields))
            return Request(headers=headers, body=body)
        texts = {name: _spelled(value) for name, value in fields.items()}
        if self._description.method == GET:
            return Request("GET", query=texts)
        headers, body = form_body(texts)
        return Request(headers=headers, body=body)

    def _fields(self, turn: Turn) -> dict[str, object]:
        of, new = self._description, turn.kind is Kind.NEW
        code = _in_form(turn.service_code, of.code_form)
        fields: dict[str, object] = {
            of.session: turn.session,
            of.msisdn: "+" * of.plus + turn.msisdn,
            of.kind: of.kinds.get(turn.kind),
            of.text: self._input(turn),
            of.code: int(code) if of.code_form == LAST and code.isdecimal() and of.method == JSON else code,
            of.rest: "*".join(turn.inputs) if new else "",
            of.sequence: turn.number,
            **of.constants,
            **(of.new_also if new else of.answer_also if turn.kind is Kind.ANSWER else {}),
            **{name: turn.carried.get(name, "") for name in of.carried},
        }
        fields.pop("", None)  # what the description has no name for
        return fields

    def _input(self, turn: Turn) -> str:
        of = self._description
        if of.cumulative:
            return "*".join(turn.inputs)
        if turn.kind is not Kind.NEW:
            return turn.text
        if of.first in (AS_DIALLED, OPEN, BARE):
            return _in_form(turn.dialled or turn.service_code, of.first)
        return "*".join(turn.inputs) if of.first == "rest" else ""

    def read_reply(self, response: Response, turn: Turn) -> Reply:
        """What the application answered, strictly as the description has it."""
        of = self._description
        body = reading.answered(response, self.title)
        answer = self._answer(response, body)
        text = self._text(answer) if of.answers_json else body
        ends, text = self._ends(response, answer, text)
        if of.echo and of.echo_needed:
            self._check_echo(answer, turn)
        carried = {name: value for name in of.carried if (value := _get(answer, name)) is not None}
        return Reply(reading.fitting(reading.whole(text), self.limits, self.title), ends, carried)

    def _answer(self, response: Response, body: str) -> Mapping[str, object]:
        if not self._description.answers_json:
            return {}
        try:
            return reading.json_object(response.body)
        except ValueError:
            raise self._bad(f"the answer begins with {quoted(body)}", "it is a JSON object") from None

    def _text(self, answer: Mapping[str, object]) -> str:
        of = self._description
        text = _get(answer, of.answer_text)
        if not isinstance(text, str):
            raise self._bad(reading.came(_get(answer, of.answer_text), of.answer_text), "it is the text to show")
        lines = _get(answer, of.answer_lines) if of.answer_lines else None
        if lines is None or lines == "":
            return text
        listed = [lines] if isinstance(lines, str) else lines
        if not isinstance(listed, list) or not all(isinstance(line, str) for line in listed):
            raise self._bad(
                reading.came(_get(answer, of.answer_lines), of.answer_lines), "it is a list of further lines, or empty"
            )
        return "\n".join([text, *listed])

    def _ends(self, response: Response, answer: Mapping[str, object], text: str) -> tuple[bool, str]:
        """Whether the answer ends the dialogue, and the text without what said so."""
        of = self._description
        match of.signal:
            case "prefix":
                for prefix, ends in self._signals:
                    begin = text[: len(str(prefix))]
                    if begin == prefix or (of.ignore_case and folded(begin) == folded(prefix)):
                        return ends, text[len(begin) :]
                raise self._bad(f"the answer begins with {quoted(text)}", f"it begins with {self._wanted()}")
            case "presence":
                return not _get(answer, of.signal_name), text
            case "header":
                value: object = response.headers.get(of.signal_name.lower())
                came = f"the header {of.signal_name} is {'missing' if value is None else shown(value)}"
            case _:
                value = _get(answer, of.signal_name)
                came = reading.came(_get(answer, of.signal_name), of.signal_name)
        for known, ends in self._signals:
            same = type(value) is type(known) and value == known
            if same or (of.ignore_case and isinstance(value, str) and folded(value) == folded(known)):
                return ends, text
        raise self._bad(came, f"it is {self._wanted()}")

    def _wanted(self) -> str:
        of = self._description
        go_on, end = (" or ".join(map(shown, values)) for values in (of.continues, of.ends))
        return f"{go_on} to go on, or {end} to end"

    def _check_echo(self, answer: Mapping[str, object], turn: Turn) -> None:
        fields = self._fields(turn)
        for name in self._description.echo:
            if folded(_get(answer, name)) != folded(fields[name]):
                raise self._bad(
                    reading.came(_get(answer, name), name), f"it is that of the call, {shown(fields[name])}"
                )

    def _bad(self, came: str, expected: str) -> AnswerError:
        return reading.bad(came, self.title, expected)

    def read_call(self, request: Request) -> Call:
        """What the gateway told; a service code comes back as it is dialled."""
        of = self._description
        fields = self._told(request)
        kind = self._kind(fields)
        ended = kind is not None and kind not in _ALWAYS_TOLD
        text = "" if (ended or kind is Kind.NEW) and fields.get(of.text) is None else self._field(fields, of.text)
        if of.rest and kind is not Kind.ANSWER and fields.get(of.rest) is not None:
            text = self._field(fields, of.rest) if kind is Kind.NEW else text or self._field(fields, of.rest)
        return Call(
            kind,
            reading.session(fields, of.session, self.title),
            reading.msisdn(fields, of.msisdn, self.title),
            self._code(fields),
            text,
            of.cumulative,
            dialled=of.first in (AS_DIALLED, OPEN, BARE) and kind in (Kind.NEW, None),
            number=_count(fields.get(of.sequence)),
            carried={name: fields[name] for name in of.echo if name in fields},
        )

    def _told(self, request: Request) -> Mapping[str, object]:
        if self._description.method != JSON:
            return request.form()
        try:
            fields = reading.json_object(request.body)
        except ValueError:
            raise CallError(f"the body is no JSON object; {self.title} sends one with each call") from None
        named = {name: _get(fields, name) for name in self._description.fields if "." in name}
        return {**fields, **named}

    def _kind(self, fields: Mapping[str, object]) -> Kind | None:
        of = self._description
        if not of.kind:
            return None
        value = fields.get(of.kind)
        told = self._field({of.kind: folded(value)} if isinstance(value, bool) else fields, of.kind)
        if kind := self._kinds.get(folded(told)):
            return kind
        if of.other_kind:
            return Kind(of.other_kind)
        known = ", ".join(dict.fromkeys(map(shown, of.kinds.values())))
        raise CallError(f'the field "{of.kind}" is {shown(value)}; {self.title} sends one of {known}')

    def _field(self, fields: Mapping[str, object], name: str) -> str:
        return reading.field(fields, name, self.title)

    def _code(self, fields: Mapping[str, object]) -> str:
        of = self._description
        if not of.code or of.code_form == LAST or fields.get(of.code) is None:
            return ""
        code = self._field(fields, of.code)
        return code if not code or code.endswith("#") else f"*{code.removeprefix('*')}#"

    def write_reply(self, reply: Reply, call: Call) -> Response:
        """The application's answer, with what the call wants back."""
        of = self._description
        signal: Scalar = of.ends[0] if reply.ends and of.ends else of.continues[0] if of.continues else True
        text = f"{signal}{reply.text}" if of.signal == PREFIX else reply.text
        headers = {name.lower(): _spelled(value) for name, value in of.answer_headers.items()}
        if of.signal == HEADER:
            headers[of.signal_name.lower()] = str(signal)
        if not of.answers_json:
            return Response(200, {**PLAIN, **headers}, text.encode("utf-8", "replace"))
        fields: dict[str, object] = {name: call.carried[name] for name in of.echo if name in call.carried}
        fields |= {of.answer_text: text, **(of.end_also if reply.ends else of.continue_also)}
        if of.signal == FIELD or (of.signal == PRESENCE and not reply.ends):
            fields[of.signal_name] = signal
        fields |= {name: reply.carried[name] for name in of.carried if name in reply.carried}
        content, body = json_body(_nested(fields))
        return Response(200, {**content, **headers}, body)


def _count(value: object) -> int:
    """The number of a call; 0 for anything else."""
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _get(fields: Mapping[str, object], path: str) -> object:
    """What stands at "a.b", or None."""
    value: object = fields
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _nested(fields: Mapping[str, object]) -> dict[str, object]:
    """The same with an object for each path: {"a.b": 1} is {"a": {"b": 1}}."""
    whole: dict[str, object] = {}
    for path, value in fields.items():
        *parents, name = path.split(".")
        inner: dict[str, Any] = whole
        for parent in parents:
            inner = inner.setdefault(parent, {})
        inner[name] = value
    return whole


def _in_form(dialled: str, form: str) -> str:
    """A dialled string "*384*77#" as it is, or "*384*77", "384*77", "77"."""
    if form == AS_DIALLED:
        return dialled
    opened = dialled.removesuffix("#")
    bare = opened.removeprefix("*")
    return {OPEN: opened, BARE: bare, LAST: bare.rpartition("*")[2]}[form]


def _spelled(value: object) -> str:
    """A value as a form or a header has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
