"""What requests and answers carry: JSON and query parameters, checked; a mistake is a ValueError that names it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

MODEL = TypeVar("MODEL", bound=BaseModel)
KIND = TypeVar("KIND")
LONGEST_WAIT = 300.0  # seconds; a client that wants more asks again


class Body(BaseModel):
    """A JSON body; keys that it does not know are refused."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


def answer(value: object, status: int = 200) -> web.Response:
    """A JSON answer; letters stay letters, for people who read it with curl."""
    return web.json_response(text=json.dumps(value, ensure_ascii=False), status=status)


async def read(request: web.Request, model: type[MODEL]) -> MODEL:
    """The body as `model`; ValueError that says what is wrong in one sentence."""
    values = await _json(request)
    if not isinstance(values, dict):
        raise ValueError("the body has to be a JSON object")
    return _checked(model.model_validate, values, model)


async def read_list(request: web.Request, model: type[MODEL]) -> list[MODEL]:
    """The body as a list of `model`; ValueError that names every mistake with its index and key."""
    values = await _json(request)
    if not isinstance(values, list):
        raise ValueError("the body has to be a JSON list; [] is an empty one")
    return _checked(TypeAdapter(list[model]).validate_python, values, model)  # type: ignore[valid-type]


async def _json(request: web.Request) -> Any:
    try:
        text = await request.text()
        values: Any = json.loads(text or "{}")
        if "\\u" in text or not text.isascii():  # half a surrogate pair, which JSON can spell, is no text
            json.dumps(values, ensure_ascii=False).encode()
    except (json.JSONDecodeError, UnicodeError, LookupError, RecursionError, HttpProcessingError) as error:
        raise ValueError(f"the body is no JSON: {error}") from error
    return values


def _checked(validate: Callable[[Any], KIND], values: Any, model: type[BaseModel]) -> KIND:
    try:
        return validate(values)
    except ValidationError as error:
        raise ValueError("; ".join(_said(mistake, model) for mistake in error.errors())) from error


def seconds(request: web.Request, name: str = "wait") -> float:
    """A query parameter in seconds; 0 where it is not given."""
    text = request.query.get(name, "0")
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 <= value <= LONGEST_WAIT:
        raise ValueError(f"{name}={text}: write seconds from 0 to {LONGEST_WAIT:g}")
    return value


def yes(request: web.Request, name: str) -> bool:
    """A query parameter that is true or false; false where it is not given."""
    text = request.query.get(name, "false")
    if text not in {"true", "false"}:
        raise ValueError(f"{name}={text}: write true or false")
    return text == "true"


def count(request: web.Request, name: str, default: int, most: int) -> int:
    """A query parameter that counts, from 1 to `most`."""
    text = request.query.get(name, str(default))
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
        raise ValueError(f"{name}={text}: write a number from 1 to {most}")
    return int(text)


def _said(mistake: Any, model: type[BaseModel]) -> str:
    key = ".".join(f"[{step}]" if isinstance(step, int) else step for step in mistake["loc"]).replace(".[", "[")
    message = str(mistake["msg"]).removeprefix("Value error, ").removesuffix(".")
    if mistake["type"] == "extra_forbidden":
        known = ", ".join(field.alias or name for name, field in model.model_fields.items())
        return f"{key}: there is no such key; known: {known}"
    if mistake["type"] == "missing":
        return f"{key} is missing"
    return f"{key}: {message}" if key else message
