"""What every dialect checks in an application's answer and in a gateway's call, and the sentences about it. No I/O."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from xml.etree.ElementTree import Element

from ussd_gateway.coding.data_coding import ussd_octets
from ussd_gateway.dialects import xml
from ussd_gateway.dialects.model import AnswerError, CallError, Limits, Response, Wrong
from ussd_gateway.dialects.settings import quoted, shown, way_out

_DEEPEST = 50  # more than any dialect has

_MSISDN = re.compile(r"[0-9]{1,20}")


def answered(response: Response, title: str) -> str:
    """The body of an answer whose status is a success, as text. AnswerError for any other, and for one without a body."""
    if not 200 <= response.status < 300:
        raise AnswerError(
            Wrong.STATUS,
            f"the application answered with status {response.status}; {title} ends the session unless it is 2xx",
        )
    if not response.body.strip():
        raise AnswerError(Wrong.EMPTY, f"the answer is empty; {title} ends the session when there is nothing to show")
    return response.text


def fitting(text: str, limits: Limits, title: str) -> str:
    """The text, if the aggregator can show it. AnswerError where it is empty or too long."""
    if not text:
        raise AnswerError(
            Wrong.EMPTY, f"the answer has no text; {title} ends the session when there is nothing to show"
        )
    if limits.characters and len(text) > limits.characters:
        raise AnswerError(
            Wrong.TOO_LONG,
            f"the text {quoted(text)} has {len(text)} characters; {title} ends the session where it has more than {limits.characters}",
        )
    if limits.octets and (octets := ussd_octets(text)) > limits.octets:
        raise AnswerError(
            Wrong.TOO_LONG,
            f"the text {quoted(text)} takes {octets} octets; {title} ends the session where it takes more than {limits.octets}",
        )
    return text


def bad(came: str, title: str, expected: str) -> AnswerError:
    """The error for an answer that is not as the dialect has it: "the answer begins with ...", and what was expected."""
    return AnswerError(Wrong.BAD, f"{came}; {title} ends the session unless {expected}")


def json_object(body: bytes) -> dict[str, object]:
    """The JSON object that the body is. Raises ValueError, and no other, where it is not one."""
    try:
        value = json.loads(body)
    except RecursionError:
        raise ValueError("JSON nested too deeply") from None
    if not isinstance(value, dict) or not _within(value, _DEEPEST):
        raise ValueError("no JSON object, or one nested too deeply")
    return value


def _within(value: object, depth: int) -> bool:
    """Whether the value nests no deeper. What is read can be written again and compared, without a RecursionError."""
    if not isinstance(value, dict | list):
        return True
    return depth > 0 and all(
        _within(inner, depth - 1) for inner in (value.values() if isinstance(value, dict) else value)
    )


def element_answered(response: Response, name: str, title: str) -> Element:
    """The XML element of this name that an answer is. AnswerError for anything else."""
    body = answered(response, title)
    try:
        root = xml.parse(response.body)
    except ValueError as error:
        raise bad(f"the answer {quoted(body)} is no XML: {error}", title, f"it is a <{name}>") from None
    if root.tag != name:
        raise bad(f"the answer is an element {quoted(root.tag)}", title, f'it is "{name}"')
    return root


def element_told(body: bytes, name: str, title: str) -> Element:
    """The XML element of this name that the body of a call is. CallError for anything else."""
    try:
        root = xml.parse(body)
    except ValueError as error:
        raise CallError(f"the body is no XML: {error}; {title} sends a <{name}>") from None
    if root.tag != name:
        raise CallError(f'the element is {quoted(root.tag)}; {title} sends "{name}"')
    return root


def whole(text: str) -> str:
    """The text without halves of surrogate pairs, which JSON can bring: each becomes U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def came(value: object, name: str, what: str = "answer") -> str:
    """What a JSON object has by this name, None for nothing, as the beginning of a sentence."""
    return (
        f'the {what} has no "{name}"' if value is None else f'the "{name}" of the {what} is {shown(value, "an object")}'
    )


def field(fields: Mapping[str, object], name: str, title: str) -> str:
    """A field of a gateway's call as text, a number as its digits. CallError where it is missing or neither."""
    value = fields.get(name)
    if value is None:
        known = [name for name in fields if name.isidentifier()]  # a body of another kind parses to odd names
        out = way_out(name, known) if known else ""
        raise CallError(f'the field "{name}" is missing; {title} sends it with each call{out if "mean" in out else ""}')
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise CallError(f'the field "{name}" is no text')
    return whole(value) if isinstance(value, str) else str(value)


def session(fields: Mapping[str, object], name: str, title: str) -> str:
    """The id of the dialogue. CallError where it is missing or empty."""
    if not (value := field(fields, name, title)):
        raise CallError(f'the field "{name}" is empty; {title} sends the id of the session in it')
    return value


def msisdn(fields: Mapping[str, object], name: str, title: str) -> str:
    """The subscriber's number as digits. A "+" may stand before them, or the blank that an unescaped one becomes in a form."""
    value = field(fields, name, title)
    digits = value.removeprefix("+").removeprefix(" ")
    if not _MSISDN.fullmatch(digits):
        raise CallError(f'the field "{name}" is {quoted(value)}; {title} sends the subscriber\'s number in digits')
    return digits
