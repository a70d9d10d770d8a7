"""What pages are put on: routes, templates, texts, sections; and what happens before and after each of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVar

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from yarl import URL

from ussd_gateway.config import SelfcareSection
from ussd_gateway.gateway import Gateway
from ussd_gateway.logs import logger
from ussd_gateway.selfcare.records.records import Records
from ussd_gateway.selfcare.records.web_sessions import Session
from ussd_gateway.selfcare.web import shown
from ussd_gateway.selfcare.web.captcha import TEXT, Captchas, Challenge
from ussd_gateway.selfcare.web.catalogue import LANGUAGES, Catalogue
from ussd_gateway.selfcare.web.forms import FormError, is_own_form, read_form
from ussd_gateway.selfcare.web.headers import headers, is_loopback, is_own_host
from ussd_gateway.selfcare.web.profile import Colours, load_profile
from ussd_gateway.selfcare.web.sessions import Realm, Sessions

log = logger(__name__)

LANGUAGE = "lang"
"""The cookie, and the parameter of the address, that say in which language a browser reads."""

_YEAR = 365 * 24 * 3600
_HERE = Path(__file__).parent

Values = Mapping[str, Any]
Handler = Callable[["Visit"], Awaitable[web.StreamResponse]]
HandlerT = TypeVar("HandlerT", bound=Callable[..., Awaitable[web.StreamResponse]])


class PageError(Exception):
    """Shows the error page: `status`, and the texts error.<name>_title and error.<name>."""

    def __init__(self, status: HTTPStatus, name: str) -> None:
        super().__init__(name)
        self.status, self.name = status, name


class NotFoundError(PageError):
    """There is no such page, or not for this person."""

    def __init__(self) -> None:
        super().__init__(HTTPStatus.NOT_FOUND, "not_found")


NOT_FOUND = NotFoundError
"""For `raise NOT_FOUND`: a new one each time, or its traceback would grow."""


def authorised(handler: HandlerT) -> HandlerT:
    """For a handler that is called only when somebody is logged in (R003): others are sent to the log-in page."""
    handler.is_authorised = True  # type: ignore[attr-defined]
    return handler


@dataclass(slots=True)
class Visit:
    """One request of a browser, and what its answer is made of.

    session   the browser's; `who` is None before log-in
    language  "ru" or "en"
    fields    of the form that was sent; its CSRF token has been checked
    cookie    the session's; "" where there is none yet
    mistakes  what was wrong with the form, in words, for a section that shows it again
    """

    site: Site
    realm: Realm
    request: web.Request
    session: Session
    language: str
    fields: Mapping[str, str] = field(default_factory=dict)
    cookie: str = field(default="", repr=False)
    mistakes: list[str] = field(default_factory=list)

    @property
    def who(self) -> str:
        """Who is logged in; for authorised pages."""
        assert self.session.who is not None, "the page is not marked as authorised"
        return self.session.who

    @property
    def msisdn(self) -> str:
        """The number that is shown; for authorised pages of the cabinet."""
        assert self.session.msisdn is not None, "the page is not marked as authorised"
        return self.session.msisdn

    @property
    def address(self) -> str:
        """Of the peer."""
        return self.request.remote or ""

    @property
    def is_near(self) -> bool:
        """Whether the peer is on this machine."""
        return is_loopback(self.request.remote)

    def in_language(self, language: str) -> str:
        """The same page in another language; the realm's first page where a form was sent."""
        url = self.request.rel_url if self.request.method == "GET" else URL(self.realm.place)
        return str(url.update_query({LANGUAGE: language}))

    def t(self, key: str, /, **facts: object) -> str:
        """A text of the catalogue."""
        return self.site.texts.text(key, self.language, **facts)

    def page(self, template: str, status: HTTPStatus = HTTPStatus.OK, /, **values: object) -> web.Response:
        """The page of a template, with what every page knows beside `values`."""
        return self.site.render(self, template, status, values)

    def go(self, place: str) -> web.Response:
        """To another page: 303, so that a page that is loaded again sends no form again."""
        return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": place})

    def ask(self) -> Challenge | None:
        """A new check code for this browser; hand it to the template as `captcha`."""
        return self.site.captchas.ask(self.session.key)

    def captcha_is_right(self) -> bool:
        """Whether the form's check code was; each can be answered once (R108)."""
        return self.site.captchas.right(
            self.session.key, self.fields.get("captcha_id", ""), self.fields.get("captcha", "")
        )

    def log_in(self, place: str, who: str, channel: str, *, msisdn: str | None = None, issue: int = 0) -> web.Response:
        """Begin a session and go there."""
        cookie, self.session = self.site.sessions.begin(
            self.realm,
            who,
            channel,
            msisdn=msisdn,
            issue=issue,
            address=self.address,
            agent=self.request.headers.get("User-Agent", ""),
        )
        response = self.go(place)
        self.set_cookie(response, self.realm.name, cookie)
        return response

    def log_out(self, place: str, channel: str) -> web.Response:
        """End the session and go there."""
        self.site.sessions.end(self.session, channel)
        response = self.go(place)
        response.del_cookie(self.realm.name, path=self.realm.place)
        return response

    def set_cookie(
        self, response: web.StreamResponse, name: str, value: str, *, path: str = "", max_age: int | None = None
    ) -> None:
        """A cookie that no script reads and no other site sends along with a form."""
        response.set_cookie(
            name,
            value,
            path=path or self.realm.place,
            max_age=max_age,
            httponly=True,
            samesite="Lax",
            secure=self.request.secure,
        )


@dataclass(frozen=True, slots=True)
class Link:
    """A link of the menu that is seen when somebody is logged in."""

    order: int
    path: str
    key: str


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page that somebody else owns: its template, and what that needs."""

    order: int
    template: str
    values: Callable[[Visit], Values]


class Site:
    """Everything that is common to the pages; the pages themselves are added to it before `routes` is asked for."""

    def __init__(self, settings: SelfcareSection, records: Records, gateway: Gateway) -> None:
        self.settings = settings
        self.records = records
        self.gateway = gateway
        self.profile = load_profile(settings.operator)
        self.texts = Catalogue()
        self.captchas = Captchas(settings, gateway.now)
        if self.captchas.kind == TEXT and settings.captcha != TEXT:
            log.info("selfcare.captcha_in_words", hint="for pictures: pip install 'ussd-gateway[captcha]'")
        self.sessions = Sessions(settings, records.web_sessions, records.changes, gateway.now)
        self.language_of: Callable[[Session], str | None] = lambda session: None
        """The language that somebody who is logged in has chosen."""
        self.may_show: Callable[[str, str], bool] = lambda who, msisdn: who == msisdn
        """Whether a cabinet, by its own number, shows another number's data now."""
        self._folders: list[Path] = []
        self._realms: list[Realm] = []
        self._routes: list[web.RouteDef] = []
        self._links: dict[str, list[Link]] = {}
        self._sections: dict[str, list[Section]] = {}
        self._on_reset: list[Callable[[], None]] = []
        self.add_folder(_HERE)

    # What pages are made of ----------------------------------------------------------------------------------------

    def add_folder(self, folder: Path) -> None:
        """A part's texts.toml, templates/*.html and, if there is one, style.css. Names are those of the whole site."""
        self.texts.add(folder / "texts.toml")
        self._folders.append(folder)

    def add_realm(self, realm: Realm) -> None:
        """Pages with a log-in of their own."""
        self._realms.append(realm)
        self.get(f"{realm.place}/captcha/{{id}}.png", _picture)
        self.get(f"{realm.place}/captcha/{{id}}.wav", _sound)

    def get(self, path: str, handler: Handler) -> None:
        """A page; it belongs to the realm that its path begins with."""
        self._routes.append(web.get(path, self._wrapped(path, handler)))

    def post(self, path: str, handler: Handler) -> None:
        """What a form is sent to; without its CSRF token the handler is not called."""
        self._routes.append(web.post(path, self._wrapped(path, handler)))

    def add_link(self, path: str, key: str, order: int) -> None:
        """A link of the menu of the realm; `key` is its text's."""
        self._links.setdefault(self._realm(path).name, []).append(Link(order, path, key))

    def add_section(self, page: str, template: str, values: Callable[[Visit], Values], order: int) -> None:
        """A part of the page "overview" or "settings"; the lowest order is at the top."""
        self._sections.setdefault(page, []).append(Section(order, template, values))

    def sections(self, page: str, visit: Visit) -> list[Markup]:
        """The parts of a page, from top to bottom, for its template."""
        return [
            Markup(self._rendered(visit, section.template, section.values(visit)))  # noqa: S704 - a template's own escaping
            for section in sorted(self._sections.get(page, ()), key=lambda section: section.order)
        ]

    def routes(self) -> list[web.RouteDef]:
        """For aiohttp's router: every page, and below each realm's place the page that says there is none."""
        rest = [
            web.route("*", place, self._wrapped(realm.place, _not_found))
            for realm in self._realms
            for place in (realm.place, f"{realm.place}/{{rest:.*}}")
        ]
        return [*self._routes, *rest]

    # Around the pages ----------------------------------------------------------------------------------------------

    def on_reset(self, callback: Callable[[], None]) -> None:
        """Called when everything goes back to what the config says."""
        self._on_reset.append(callback)

    def reset(self) -> None:
        """Forget what is in memory only."""
        self.captchas.clear()
        for callback in self._on_reset:
            callback()

    def stop(self) -> None:
        """Nothing more is started."""
        self.captchas.close()

    def _realm(self, path: str) -> Realm:
        return next(realm for realm in self._realms if path == realm.place or path.startswith(f"{realm.place}/"))

    def _wrapped(self, path: str, handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        realm = self._realm(path)

        async def answer(request: web.Request) -> web.StreamResponse:
            visit = Visit(self, realm, request, self.sessions.stranger(realm), LANGUAGES[0])
            try:
                response = await self._handled(visit, handler)
            except PageError as error:
                response = self._error(visit, error)
            except Exception as error:
                # R178: neither the exception's words nor a traceback, which may show the variables around it
                log.error("selfcare.page_failed", page=path, error=type(error).__name__)
                response = self._error(visit, PageError(HTTPStatus.SERVICE_UNAVAILABLE, "failed"))
            self._finish(visit, response)
            return response

        return answer

    async def _handled(self, visit: Visit, handler: Handler) -> web.StreamResponse:
        request = visit.request
        if not is_own_host(request.host, self.settings.hosts):
            raise PageError(HTTPStatus.MISDIRECTED_REQUEST, "host")
        posted = request.method == "POST"
        # The whole form comes before the question whose it is: a session may end while somebody sends slowly
        fields = await _fields(request) if posted else None
        visit.cookie, visit.session = self.sessions.find(visit.realm, request.cookies.get(visit.realm.name))
        self._look_again(visit)
        visit.language = self._language(request, visit.session)
        if getattr(handler, "is_authorised", False) and visit.session.who is None:
            if posted:
                raise PageError(HTTPStatus.UNAUTHORIZED, "unauthorised")
            return visit.go(visit.realm.place)
        if posted:
            if fields is None:
                raise PageError(HTTPStatus.BAD_REQUEST, "form")
            visit.fields = fields
            if not is_own_form(visit.fields, visit.session.csrf):
                raise PageError(HTTPStatus.FORBIDDEN, "csrf")
        return await handler(visit)

    def _look_again(self, visit: Visit) -> None:
        """A number that is not linked any more is not shown: the cabinet's own takes its place (R160, R165)."""
        who, msisdn = visit.session.who, visit.session.msisdn
        if who is not None and msisdn is not None and not self.may_show(who, msisdn):
            visit.session = replace(visit.session, msisdn=who)

    def _finish(self, visit: Visit, response: web.StreamResponse) -> None:
        for name, value in headers(self._style()).items():
            response.headers.setdefault(name, value)
        request = visit.request
        kept = request.cookies.get(visit.realm.name) == visit.cookie or visit.realm.name in response.cookies
        if visit.cookie and not kept:
            visit.set_cookie(response, visit.realm.name, visit.cookie)
        if request.query.get(LANGUAGE) in LANGUAGES and LANGUAGE not in response.cookies:
            visit.set_cookie(response, LANGUAGE, request.query[LANGUAGE], path="/", max_age=_YEAR)

    def _language(self, request: web.Request, session: Session) -> str:
        """That of the address, of the browser, of who is logged in; else Russian."""
        wanted = (
            request.query.get(LANGUAGE),
            request.cookies.get(LANGUAGE),
            self.language_of(session) if session.who else None,
        )
        return next((language for language in wanted if language in LANGUAGES), LANGUAGES[0])

    def _error(self, visit: Visit, error: PageError) -> web.Response:
        return visit.page("error.html", error.status, name=error.name, way_back=visit.realm.place)

    # Templates -----------------------------------------------------------------------------------------------------

    def render(self, visit: Visit, template: str, status: HTTPStatus, values: Values) -> web.Response:
        """A page."""
        text = self._rendered(visit, template, values)
        return web.Response(text=text, status=status, content_type="text/html", charset="utf-8")

    def _rendered(self, visit: Visit, template: str, values: Values) -> str:
        captcha = values.get("captcha")
        known = {
            "visit": visit,
            "t": visit.t,
            "language": visit.language,
            "operator": self.profile,
            "csrf": visit.session.csrf,
            "links": self._menu(visit.realm),
            "style": Markup(self._style()),  # noqa: S704 - files of ours
            "revealed": captcha.answer if captcha and self.captchas.reveal and visit.is_near else None,
        }
        return _environment(tuple(self._folders)).get_template(template).render(known | dict(values))

    def _menu(self, realm: Realm) -> Iterable[Link]:
        return sorted(self._links.get(realm.name, ()), key=lambda link: link.order)

    def _style(self) -> str:
        return _style(tuple(self._folders), self.profile.colours)


async def _fields(request: web.Request) -> dict[str, str] | None:
    """Of the form; None for what is none."""
    try:
        return await read_form(request)
    except FormError:
        return None


@cache
def _environment(folders: tuple[Path, ...]) -> Environment:
    environment = Environment(
        loader=FileSystemLoader([folder / "templates" for folder in folders]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "money": shown.money,
        "number": shown.number,
        "moment": shown.moment,
        "machine_moment": shown.machine_moment,
    }
    return environment


@cache
def _style(folders: tuple[Path, ...], colours: Colours) -> str:
    """The operator's colours as variables, and every part's style."""
    light = {name: value for name, value in colours if not name.startswith("dark_")}
    dark = {name.removeprefix("dark_"): value for name, value in colours if name.startswith("dark_")}
    sheets = [path.read_text(encoding="utf-8") for folder in folders if (path := folder / "style.css").exists()]
    return "\n".join(
        (
            f":root {{ {_variables(light)} }}",
            f"@media (prefers-color-scheme: dark) {{ :root {{ {_variables(dark)} }} }}",
            *sheets,
        )
    )


def _variables(colours: Mapping[str, str]) -> str:
    return " ".join(f"--{name.replace('_', '-')}: {value};" for name, value in colours.items())


async def _not_found(visit: Visit) -> web.StreamResponse:
    raise NOT_FOUND


async def _picture(visit: Visit) -> web.StreamResponse:
    challenge = _challenge(visit)
    return _shown(visit, challenge, await visit.site.captchas.picture(challenge), "image/png")


async def _sound(visit: Visit) -> web.StreamResponse:
    challenge = _challenge(visit)
    return _shown(visit, challenge, await visit.site.captchas.sound(challenge), "audio/wav")


def _challenge(visit: Visit) -> Challenge:
    challenge = visit.site.captchas.waiting(visit.session.key, visit.request.match_info["id"])
    if challenge is None or challenge.terms:
        raise NOT_FOUND
    return challenge


def _shown(visit: Visit, challenge: Challenge, octets: bytes, kind: str) -> web.Response:
    response = web.Response(body=octets, content_type=kind)
    if visit.site.captchas.reveal and visit.is_near:
        response.headers["X-Captcha-Answer"] = challenge.answer
    return response
