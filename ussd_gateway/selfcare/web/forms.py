"""What a form sends."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from aiohttp import web

LONGEST_FORM = 64 * 1024  # octets
_FORM = "application/x-www-form-urlencoded"


class FormError(Exception):
    """What was sent is no form of ours."""


async def read_form(request: web.Request) -> dict[str, str]:
    """The fields of a form, the first value of each; FormError for what is none, or too long."""
    if request.content_type != _FORM or (request.content_length or 0) > LONGEST_FORM:
        raise FormError
    try:
        fields = await request.post()
    except (ValueError, LookupError, web.HTTPRequestEntityTooLarge) as error:  # its charset, its length
        raise FormError from error
    return {name: fields.getone(name) for name in fields if isinstance(fields.getone(name), str)}  # type: ignore[misc]


def is_own_form(fields: Mapping[str, str], csrf: str) -> bool:
    """Whether the form came from a page of this session (CSRF)."""
    return secrets.compare_digest(fields.get("csrf", "").encode(), csrf.encode())
