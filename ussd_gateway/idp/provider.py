"""One social network as an aiohttp application: its pages, and the endpoints of OAuth 2.0."""

from __future__ import annotations

import base64
import hashlib
import secrets
import tomllib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from oauthlib.oauth2 import FatalClientError, OAuth2Error
from oauthlib.oauth2.rfc6749.errors import AccessDeniedError
from yarl import URL

from ussd_gateway.idp.grants import SCOPE, Client, Grants, remember
from ussd_gateway.idp.networks import Account, Network

LANGUAGES = ("ru", "en")
REQUEST_LIFETIME = 600.0  # seconds in which a person has to make up his mind
MOST = 1_000
"""So many browsers, and requests that wait for somebody's consent, are remembered; the oldest go first."""

_HERE = Path(__file__).parent
_JSON = {"Cache-Control": "no-store", "Content-Type": "application/json"}

Note = Callable[..., None]


@dataclass(slots=True)
class _Asked:
    """An authorization request that waits for its person.

    uri      the address with all its parameters, which were sound
    browser  who may answer it: the digest of its cookie
    """

    uri: str
    browser: str
    language: str
    expires: float


class Provider:
    """An authorization server with a page to log in, a page of consent, and the name of who has consented.

    note  `note(kind, **facts)` is told what happens; never a code or a token (R178)
    """

    def __init__(self, network: Network, clients: Sequence[Client], now: Callable[[], float], note: Note) -> None:
        self.network = network
        self._grants = Grants(clients, now)
        self._server = self._grants.server()
        self._now = now
        self._note = note
        self._asked: OrderedDict[str, _Asked] = OrderedDict()
        self._browsers: OrderedDict[str, Account] = OrderedDict()

    @property
    def pages(self) -> tuple[str, ...]:
        """The paths that people look at; the others are for programs."""
        return (f"{self.network.place}/authorize", f"{self.network.place}/log-in")

    def app(self) -> web.Application:
        """To be mounted at `network.place`."""
        app = web.Application()
        app.router.add_get("/authorize", self.authorize)
        app.router.add_post("/authorize", self.decide)
        app.router.add_get("/log-in", self.people)
        app.router.add_post("/log-in", self.log_in)
        app.router.add_post("/token", self.token)
        app.router.add_get("/userinfo", self.userinfo)
        return app

    def clear(self) -> None:
        """Nobody is logged in, and no code and no token is known any more."""
        self._grants.clear()
        self._asked.clear()
        self._browsers.clear()

    # Pages ---------------------------------------------------------------------------------------------------------

    async def authorize(self, request: web.Request) -> web.StreamResponse:
        """RFC 6749 section 4.1.1; with `request_id` the same request again, after the log-in."""
        cookie = request.cookies.get(self._cookie) or secrets.token_urlsafe(32)
        if id := request.query.get("request_id"):
            asked = self._waiting(id, cookie)
            return self._gone(request) if asked is None else self._consent(id, asked)
        uri = str(request.url)
        language = _language(request.query.get("ui_locales"))
        try:
            self._server.validate_authorization_request(uri)
        except FatalClientError as error:  # section 4.1.2.1: nobody is sent to an address that may be a thief's
            return self._error(language, "bad_request", what=error.description or error.error)
        except OAuth2Error as error:
            return _go(error.in_uri(error.redirect_uri))
        except ValueError:
            return self._error(language, "bad_request", what="no query")
        id = secrets.token_urlsafe(32)
        asked = _Asked(uri, _digest(cookie), language, self._now() + REQUEST_LIFETIME)
        remember(self._asked, id, asked, MOST)
        response = self._consent(id, asked) if asked.browser in self._browsers else self._people(id, asked)
        self._set_cookie(request, response, cookie)
        return response

    async def people(self, request: web.Request) -> web.StreamResponse:
        """The list of who can log in."""
        id = request.query.get("request_id", "")
        asked = self._waiting(id, request.cookies.get(self._cookie, ""))
        return self._gone(request) if asked is None else self._people(id, asked)

    async def log_in(self, request: web.Request) -> web.StreamResponse:
        """Somebody says who he is: the fields `request_id` and `account`."""
        fields = await request.post()
        id = str(fields.get("request_id", ""))
        asked = self._waiting(id, request.cookies.get(self._cookie, ""))
        if asked is None:
            return self._gone(request)
        account = self.network.people.get(str(fields.get("account", "")))
        if account is None:
            return self._people(id, asked, "nobody")
        self._browsers.pop(asked.browser, None)
        cookie = secrets.token_urlsafe(32)  # another one at each log-in
        asked.browser = _digest(cookie)
        remember(self._browsers, asked.browser, account, MOST)
        self._note("idp.logged_in", network=self.network.name, person=account.id)
        response = _go(f"{self.network.place}/authorize?request_id={id}")
        self._set_cookie(request, response, cookie)
        return response

    async def decide(self, request: web.Request) -> web.StreamResponse:
        """Consent or not: the fields `request_id`, which answers one time, and `decision`, allow or deny."""
        fields = await request.post()
        id = str(fields.get("request_id", ""))
        asked = self._waiting(id, request.cookies.get(self._cookie, ""))
        account = self._browsers.get(asked.browser) if asked else None
        if asked is None or account is None:
            return self._gone(request)
        del self._asked[id]
        scopes, known = self._server.validate_authorization_request(asked.uri)
        allowed = fields.get("decision") == "allow"
        self._note(
            "idp.allowed" if allowed else "idp.denied",
            network=self.network.name,
            person=account.id,
            client=known["client_id"],
        )
        if not allowed:
            return _go(AccessDeniedError(state=known["state"]).in_uri(known["redirect_uri"]))
        headers, _, _ = self._server.create_authorization_response(
            asked.uri, scopes=scopes, credentials={"user": account}
        )
        return _go(headers["Location"])

    # Endpoints for programs ----------------------------------------------------------------------------------------

    async def token(self, request: web.Request) -> web.StreamResponse:
        """RFC 6749 section 4.1.3."""
        try:
            headers, body, status = self._server.create_token_response(
                str(request.url), "POST", await request.text(), dict(request.headers)
            )
        except (FatalClientError, ValueError):  # what is no form
            headers, body, status = _JSON, '{"error": "invalid_request"}', HTTPStatus.BAD_REQUEST
        self._note("idp.token", network=self.network.name, status=int(status))
        return web.Response(text=body, status=status, headers=headers)

    async def userinfo(self, request: web.Request) -> web.StreamResponse:
        """Whose token it is: `sub`, the id, and `name`; 401 as RFC 6750 section 3 has it."""
        headers = {"Authorization": request.headers.get("Authorization", "")}
        valid, asked = self._server.verify_request(request.path, "GET", None, headers, [SCOPE])
        if not valid:
            refused = {"WWW-Authenticate": 'Bearer error="invalid_token"', "Cache-Control": "no-store"}
            return web.json_response({"error": "invalid_token"}, status=HTTPStatus.UNAUTHORIZED, headers=refused)
        account = asked.user
        return web.json_response({"sub": account.id, "name": account.name}, headers={"Cache-Control": "no-store"})

    # What pages are made of ----------------------------------------------------------------------------------------

    @property
    def _cookie(self) -> str:
        return f"idp_{self.network.name}"

    def _set_cookie(self, request: web.Request, response: web.StreamResponse, cookie: str) -> None:
        response.set_cookie(
            self._cookie, cookie, path=self.network.place, httponly=True, samesite="Lax", secure=request.secure
        )

    def _waiting(self, id: str, cookie: str) -> _Asked | None:
        """The request that waits in this browser under this id."""
        asked = self._asked.get(id)
        if asked is None or asked.browser != _digest(cookie) or self._now() >= asked.expires:
            return None
        return asked

    def _people(self, id: str, asked: _Asked, error: str = "") -> web.Response:
        status = HTTPStatus.BAD_REQUEST if error else HTTPStatus.OK
        text = _text(error, asked.language) if error else ""
        return self._page("idp_log_in.html", asked.language, status, request_id=id, error=text)

    def _consent(self, id: str, asked: _Asked) -> web.Response:
        account = self._browsers.get(asked.browser)
        if account is None:
            return self._people(id, asked)
        query = URL(asked.uri).query
        client = self._grants.client(query["client_id"])
        # Browsers hold the way back to the client against the form's policy too
        origin = URL(query["redirect_uri"]).origin()
        return self._page(
            "idp_consent.html",
            asked.language,
            form_action=f"'self' {origin}",
            request_id=id,
            person=account,
            client=client,
        )

    def _gone(self, request: web.Request) -> web.Response:
        return self._error(_language(request.query.get("ui_locales")), "gone")

    def _error(self, language: str, key: str, **facts: str) -> web.Response:
        return self._page("idp_error.html", language, HTTPStatus.BAD_REQUEST, error=_text(key, language, **facts))

    def _page(
        self,
        template: str,
        language: str,
        status: HTTPStatus = HTTPStatus.OK,
        form_action: str = "'self'",
        **values: object,
    ) -> web.Response:
        style = f":root {{ --accent: {self.network.accent}; }}\n{_style()}"
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        html = (
            _environment()
            .get_template(template)
            .render(
                network=self.network,
                language=language,
                style=Markup(style),  # noqa: S704 - files of ours
                t=lambda key, **facts: _text(key, language, **facts),
                **values,
            )
        )
        headers = {
            "Cache-Control": "no-store",
            "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{digest}'; form-action {form_action}; "
            "base-uri 'none'; frame-ancestors 'none'",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
        }
        return web.Response(text=html, status=status, content_type="text/html", headers=headers)


def _go(location: str) -> web.Response:
    """303, so that no form is sent along (RFC 9700 section 4.12)."""
    headers = {"Location": location, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return web.Response(status=HTTPStatus.SEE_OTHER, headers=headers)


def _language(wanted: str | None) -> str:
    return wanted if wanted in LANGUAGES else LANGUAGES[0]


def _digest(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()


@cache
def _style() -> str:
    return (_HERE / "style.css").read_text(encoding="utf-8")


@cache
def _texts() -> dict[str, dict[str, str]]:
    texts: dict[str, dict[str, str]] = tomllib.loads((_HERE / "texts.toml").read_text(encoding="utf-8"))["page"]
    return texts


def _text(key: str, language: str, **facts: object) -> str:
    return _texts()[key][language].format_map(facts)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
