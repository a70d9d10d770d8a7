"""The cabinet's log-in in its plainest form: a number, a password, a page with the balance. Works without JavaScript."""

from __future__ import annotations

import base64
import hashlib
from http import HTTPStatus
from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ussd_gateway.logs import logger
from ussd_gateway.network.address import AddressError
from ussd_gateway.selfcare.channels import WEB
from ussd_gateway.selfcare.log_in import LogIn, Refused
from ussd_gateway.selfcare.service import Account, Service
from ussd_gateway.selfcare.texts import service_name

log = logger(__name__)

WRONG_FORMAT = "Неверный формат номера. Введите 10 цифр номера телефона, например 000 100-00-01."
WRONG = "Неверный номер или пароль. Если пароля ещё нет, наберите *111*25#: он придёт в SMS."
UNAVAILABLE = "Личный кабинет временно недоступен. Попробуйте позже."

_TEMPLATES = Path(__file__).parent / "templates"
_STYLE = (_TEMPLATES / "cabinet.css").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def routes(service: Service, log_in: LogIn) -> list[web.RouteDef]:
    """For aiohttp's router: `GET /cabinet` is the form, `POST /cabinet` logs in with its fields `number`, `password`.

    200 with the account; 400 for what is no number (R106); 401 with one text for an unknown number, a wrong password and
    none issued yet (3.4, enumeration). No answer repeats the password.
    """
    cabinet = _Cabinet(service, log_in)
    return [web.get("/cabinet", cabinet.form), web.post("/cabinet", cabinet.log_in)]


class _Cabinet:
    def __init__(self, service: Service, log_in: LogIn) -> None:
        self._service = service
        self._log_in = log_in

    async def form(self, request: web.Request) -> web.Response:
        return _form()

    async def log_in(self, request: web.Request) -> web.Response:
        try:
            fields = await request.post()
        except (ValueError, LookupError, AssertionError):  # whatever was sent, it was not this form
            return _form("", WRONG_FORMAT, HTTPStatus.BAD_REQUEST)
        number, password = (
            value if isinstance(value := fields.get(name), str) else "" for name in ("number", "password")
        )
        try:
            admitted = await self._log_in.log_in(number, password, channel=WEB)
            if isinstance(admitted, Refused):
                return _form(number, WRONG, HTTPStatus.UNAUTHORIZED)
            account = self._service.account(admitted.msisdn)
        except AddressError:
            return _form(number, WRONG_FORMAT, HTTPStatus.BAD_REQUEST)
        except Exception as error:
            # R178: neither the exception's words nor a traceback, which may show the variables around it
            log.error("selfcare.log_in_failed", error=type(error).__name__)
            return _form(number, UNAVAILABLE, HTTPStatus.SERVICE_UNAVAILABLE)
        return _page("cabinet.html", account=account, services=[service_name(code, "ru") for code in account.services])


def money(kopecks: int) -> str:
    """15000 -> "150.00 р.", as the menus write it."""
    roubles, rest = divmod(abs(kopecks), 100)
    return f"{'-' * (kopecks < 0)}{roubles}.{rest:02} р."


def shown_number(msisdn: str) -> str:
    """70001000001 -> "+7 000 100-00-01"."""
    return f"+{msisdn[0]} {msisdn[1:4]} {msisdn[4:7]}-{msisdn[7:9]}-{msisdn[9:]}"


_environment = Environment(
    loader=FileSystemLoader(_TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters |= {"money": money, "number": shown_number}


def _form(number: str = "", error: str = "", status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    return _page("log_in.html", status, number=number, error=error)


def _page(template: str, status: HTTPStatus = HTTPStatus.OK, **values: str | Account | list[str]) -> web.Response:
    text = _environment.get_template(template).render(style=_STYLE, **values)
    return web.Response(text=text, status=status, content_type="text/html", charset="utf-8", headers=HEADERS)
