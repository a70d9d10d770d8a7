"""What visitors do with the web pages, as events: each request with its form, and what the page said (docs/http.md).

Nothing of it is a secret: what stands in a secret field is a mask, and so is a value that the journal hides elsewhere.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping
from hashlib import blake2b
from html.parser import HTMLParser
from secrets import token_bytes
from typing import Any, NamedTuple, Protocol

from aiohttp import web
from aiohttp.typedefs import Middleware
from multidict import MultiMapping
from yarl import URL

from ussd_gateway.gateway import Gateway
from ussd_gateway.http.problem import Handler
from ussd_gateway.logs import logger, told

log = logger(__name__)

MASK = "********"
LONGEST = 500  # characters of a value, or of an address; of the rest the event says nothing
MOST = 50  # fields of a form
VISITORS = 10_000  # that are remembered, the newest ones
_LONGEST_PAGE = 65_536  # octets in which a heading is looked for
_LONGEST_SEEN = 200
_WORD = re.compile(r"\w{6,}")  # what may be a secret of somebody; shorter ones are words and numbers of everybody
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_JSON = "application/json"


class Secrets(Protocol):
    """Where hidden values are known; the journal."""

    @property
    def newest(self) -> int:
        """The number of the newest entry, written or not."""

    def hides(self, value: str) -> bool:
        """Whether some entry has this value masked."""


class Pages:
    """Writes down what is asked of the pages.

    places         the paths below which they are, such as "/cabinet"
    secret_fields  the names of fields that no record shows
    """

    def __init__(
        self, gateway: Gateway, secrets: Secrets, places: Collection[str], secret_fields: Collection[str]
    ) -> None:
        self._gateway = gateway
        self._secrets = secrets
        self._places = tuple(places)
        self._secret_fields = frozenset(secret_fields)
        self._visitors = Visitors()

    def middleware(self) -> Middleware:
        """Sees every request, and writes down those for pages once they are answered."""

        @web.middleware
        async def written_down(request: web.Request, handler: Handler) -> web.StreamResponse:
            if not any(request.path == place or request.path.startswith(f"{place}/") for place in self._places):
                return await handler(request)
            behind = self._secrets.newest
            try:
                response = await handler(request)
            except web.HTTPException as answer:
                await self._write(request, answer, behind)
                raise
            except Exception:
                await self._write(request, web.Response(status=500), behind)
                raise
            await self._write(request, response, behind)
            return response

        return written_down

    async def _write(self, request: web.Request, response: web.StreamResponse, behind: int) -> None:
        try:
            hidden: dict[str, str] = {}
            facts = await self._facts(request, response, hidden)
            self._gateway.record("page.requested", hidden=hidden, behind=behind, **facts)
        except Exception as error:  # a page is answered whatever becomes of its event
            log.error("page.not_written_down", error=told(error))

    async def _facts(
        self, request: web.Request, response: web.StreamResponse, hidden: dict[str, str]
    ) -> dict[str, Any]:
        form, json = await self._sent(request, hidden)
        page = read(response)
        return {
            "browser": self._visitors.of(request, response),
            "method": request.method[:LONGEST],
            "path": self._address(str(request.rel_url), hidden),
            "content_type": request.content_type[:LONGEST] if request.body_exists else None,
            "form": form,
            "json": json,
            "status": response.status,
            "location": self._address(response.headers["Location"], hidden) if "Location" in response.headers else None,
            "answer_type": response.content_type if "Content-Type" in response.headers else None,
            "sees": self._clean(page.seen),
            "carries": page.carries,
        }

    async def _sent(self, request: web.Request, hidden: dict[str, str]) -> tuple[object, object]:
        """The fields of the form, and the JSON, that the request brought; nothing where it has not come whole."""
        if not (request.body_exists and request.content.is_eof()):
            return {}, None
        try:
            if request.content_type in _FORMS:
                return self._fields(await request.post(), hidden), None
            if request.content_type == _JSON:
                return {}, self._shown(await request.json(), hidden)
        except Exception:  # whatever was sent, it was not what it said it was: the page has answered that
            return {}, None
        return {}, None

    def _fields(self, fields: MultiMapping[Any], hidden: dict[str, str]) -> dict[str, object]:
        shown: dict[str, object] = {}
        for name in list(dict.fromkeys(fields))[:MOST]:
            values = [self._value(name, _text(value), hidden) for value in fields.getall(name)[:MOST]]
            shown[self._short(name)] = values[0] if len(values) == 1 else values
        return shown

    def _shown(self, value: object, hidden: dict[str, str], name: str = "") -> object:
        """JSON as an event may show it."""
        if isinstance(value, dict):
            of_secret = name in self._secret_fields  # whatever stands below it is one, too
            keys = list(value)[:MOST]
            return {self._short(key): self._shown(value[key], hidden, name if of_secret else key) for key in keys}
        if isinstance(value, list):
            return [self._shown(each, hidden, name) for each in value[:MOST]]
        if name in self._secret_fields and value not in (None, "", True, False):
            return self._value(name, str(value), hidden)
        return self._value(name, value, hidden) if isinstance(value, str) else value

    def _value(self, name: str, value: str, hidden: dict[str, str]) -> str:
        """What may be shown of a field; a value that is masked goes among those hidden, by the field's name."""
        if value and (name in self._secret_fields or (_WORD.fullmatch(value) and self._secrets.hides(value))):
            hidden[name] = value
            return MASK
        return self._short(value)

    def _address(self, written: str, hidden: dict[str, str]) -> str:
        """A path with its query, or a URL."""
        url = URL(written)
        if url.query:
            url = url.with_query(
                [(name, self._value(name, value, hidden)) for name, value in list(url.query.items())[:MOST]]
            )
        return self._short(str(url))

    def _short(self, text: str) -> str:
        return (self._clean(text) or "")[:LONGEST]

    def _clean(self, text: str | None) -> str | None:
        """The text without what is known to be somebody's secret."""
        return text and _WORD.sub(lambda word: MASK if self._secrets.hides(word[0]) else word[0], text)


class Visitors:
    """Tells browsers apart: by the cookies that they were given, before that by address and User-Agent."""

    def __init__(self, most: int = VISITORS) -> None:
        self._most = most
        self._key = token_bytes(32)
        self._names: OrderedDict[bytes, str] = OrderedDict()
        self._count = 0

    def of(self, request: web.Request, response: web.StreamResponse) -> str:
        """Such as "b1": the same for the same browser."""
        cookies = sorted(request.cookies.items())
        stranger = self._fingerprint(request.remote, request.headers.get("User-Agent"), cookies)
        marks = [self._fingerprint(*cookie) for cookie in cookies]
        name = next((self._names[mark] for mark in (*marks, stranger) if mark in self._names), None)
        if name is None:
            self._count += 1
            name = f"b{self._count}"
        given = [self._fingerprint(key, morsel.value) for key, morsel in response.cookies.items() if morsel.value]
        if given:  # from now on this tells it: who comes without is another one
            self._names.pop(stranger, None)
        known = given or [mark for mark in marks if mark in self._names] or [stranger]
        for mark in known:
            self._names[mark] = name
            self._names.move_to_end(mark)
        while len(self._names) > self._most:
            self._names.popitem(last=False)
        return name

    def _fingerprint(self, *parts: object) -> bytes:
        return blake2b(repr(parts).encode("utf-8", "surrogatepass"), key=self._key, digest_size=16).digest()


class Page(NamedTuple):
    """What a page says.

    seen     its alert or error, or else its heading, or its title; None for what is no page
    carries  the names of the hidden fields of its forms, without their values, each once
    """

    seen: str | None = None
    carries: tuple[str, ...] = ()


def read(response: web.StreamResponse) -> Page:
    """The page in a response."""
    body = response.body if isinstance(response, web.Response) and response.content_type == "text/html" else None
    if not isinstance(body, bytes | bytearray):
        return Page()
    reader = _Reader()
    reader.feed(body[:_LONGEST_PAGE].decode(response.charset or "utf-8", "replace"))
    found = reader.found
    text = next((found[what] for what in ("alert", "h1", "title") if found.get(what)), None)
    return Page(text and text[:_LONGEST_SEEN], tuple(reader.carries)[:MOST])


_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)


class _Reader(HTMLParser):
    """Finds the text of the first alert, heading and title of a page, and the hidden fields of its forms."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self.carries: dict[str, None] = {}
        self._inside: dict[str, int] = {}  # how many elements deep, in each that is being read

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "input" and attributes.get("type") == "hidden" and attributes.get("name"):
            self.carries[str(attributes["name"])] = None
        if tag in _VOID:
            return
        for what in self._inside:
            self._inside[what] += 1
        for what in _kinds(tag, attributes):
            if what not in self.found:
                self.found[what] = ""
                self._inside[what] = 1

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            self._inside = {what: deep - 1 for what, deep in self._inside.items() if deep > 1}

    def handle_data(self, data: str) -> None:
        for what in self._inside:
            self.found[what] = " ".join(f"{self.found[what]} {data}".split())


def _kinds(tag: str, attributes: Mapping[str, str | None]) -> Iterator[str]:
    if attributes.get("role") == "alert" or "error" in (attributes.get("class") or "").split():
        yield "alert"
    if tag in ("h1", "title"):
        yield tag


def _text(value: object) -> str:
    """A field of a form: its text, or the name of its file."""
    return value if isinstance(value, str) else str(getattr(value, "filename", ""))
