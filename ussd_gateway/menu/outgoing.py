"""What leaves a menu for others, as data: HTTP requests, SMS, pushes."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from urllib.parse import urlencode, urlsplit

from ussd_gateway.coding.transliteration import to_latin
from ussd_gateway.menu.inputs import msisdn
from ussd_gateway.menu.model import LATIN, Fetch, Menu, PushTo, SmsText, Text, Variables, written
from ussd_gateway.menu.state import CallOut, Push, SendSms
from ussd_gateway.menu.templates import RenderError, render_json, render_text

SCHEMES = ("http", "https")


def request(fetch: Fetch, variables: Variables) -> CallOut:
    """The request of a screen's `http`. Raises RenderError."""
    url = render_text(fetch.url, variables)
    _check(url)
    headers = _rendered(fetch.headers, variables)
    body, kind = b"", ""
    if fetch.json is not None:
        sent = json.dumps(render_json(fetch.json, variables), ensure_ascii=False, default=str)
        body, kind = sent.encode(), "application/json"
    elif fetch.form is not None:
        body, kind = urlencode(_rendered(fetch.form, variables)).encode(), "application/x-www-form-urlencoded"
    if kind and not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = kind
    return CallOut(fetch.method, url, _rendered(fetch.query, variables), headers, body, fetch.timeout)


def sms(menu: Menu, sms: SmsText, language: str, variables: Variables, dialling: object) -> SendSms:
    """The SMS of a screen, to the number `dialling` unless it says another one. Raises RenderError."""
    text = render_text(sms.texts[written(language)], variables)
    if not text:
        raise RenderError("an empty text")
    destination = str(dialling or "") if sms.to is None else render_text(sms.to, variables)
    return SendSms(sms.source, _number(menu, destination), to_latin(text) if language == LATIN else text)


def push(menu: Menu, push: PushTo, variables: Variables, secrets: Collection[str]) -> Push:
    """The push of a screen; secrets are not for somebody else. Raises RenderError."""
    told = {name: value for name, value in variables.items() if name not in secrets}
    return Push(_number(menu, render_text(push.to, variables)), push.screen, told)


def _number(menu: Menu, text: str) -> str:
    """A number in any form, also a short one or one of another country."""
    try:
        return msisdn(text, menu.numbers)
    except ValueError:
        digits = text.removeprefix("+")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 15):  # E.164: at most 15
        raise RenderError("the receiver is no number")
    return digits


def _rendered(texts: Mapping[str, Text], variables: Variables) -> dict[str, str]:
    # One line each: a value makes no header of its own.
    return {name: " ".join(render_text(text, variables).split()) for name, text in texts.items()}


def _check(url: str) -> None:
    try:
        parts = urlsplit(url)
        good = parts.scheme in SCHEMES and parts.hostname and not any(letter.isspace() for letter in url)
    except ValueError:
        good = False
    if not good:
        raise RenderError("the url is no address that begins with http:// or https://")
