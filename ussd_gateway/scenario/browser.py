"""A browser in the hands of the engine: requests with cookies, to the gateway and to what else a script names."""

from __future__ import annotations

from collections.abc import Mapping

import aiohttp
from yarl import URL

from ussd_gateway.client import TooMuchError, bounded
from ussd_gateway.scenario.driver import ActorError, Page

LONGEST_BODY = 2**20  # octets of an answer that are read
_ANSWER_TIME = 30.0  # real seconds in which an answer comes
_REDIRECTS = 5  # that are followed one after the other
_SEE_OTHER = frozenset((301, 302, 303))
_REPEAT = frozenset((307, 308))


class ScriptedBrowser:
    """One browser with its cookies; `home` is the URL of the gateway, to which a path belongs.

    connector  connections that it shares with others; it makes its own without
    """

    def __init__(self, home: str, connector: aiohttp.BaseConnector | None = None) -> None:
        self._home = URL(home)
        # An address in digits may set cookies too: test services live on 127.0.0.1.
        jar = aiohttp.CookieJar(unsafe=True)
        self._session = aiohttp.ClientSession(cookie_jar=jar, connector=connector, connector_owner=connector is None)

    async def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        *,
        form: Mapping[str, str] | None = None,
        json: str | None = None,
    ) -> Page:
        """The answer; a redirection to the same server is followed. ActorError when none comes, or one too long.

        json  the body as it stands, sent as application/json
        """
        target = self._home.join(URL(url))
        headers = dict(headers)
        if json is not None:
            headers.setdefault("Content-Type", "application/json")
        body: object = form if json is None else json.encode()
        try:
            for _ in range(_REDIRECTS + 1):
                page = await self._answer(method, target, headers, body)
                location = page.headers.get("location", "")
                place = target.join(URL(location))
                follows = location and page.status in _SEE_OTHER | _REPEAT and place.origin() == target.origin()
                if not follows:
                    return page
                target = place
                if page.status in _SEE_OTHER:  # RFC 9110 section 15.4.4: what is there is to be looked at
                    method, body = "GET", None
        except (aiohttp.ClientError, TimeoutError, ValueError, OSError) as error:
            raise ActorError(f"{method} {target}: {error or 'no answer in time'}") from error
        raise ActorError(f"{method} {target}: it redirects more than {_REDIRECTS} times")

    async def close(self) -> None:
        """Leave no connection behind."""
        await self._session.close()

    async def _answer(self, method: str, url: URL, headers: Mapping[str, str], body: object) -> Page:
        timeout = aiohttp.ClientTimeout(total=_ANSWER_TIME)
        async with self._session.request(
            method, url, headers=headers, data=body, timeout=timeout, allow_redirects=False
        ) as response:
            try:
                octets = await bounded(response.content, LONGEST_BODY)
            except TooMuchError:
                raise ActorError(f"{method} {url}: the answer is longer than {LONGEST_BODY} octets") from None
            text = _decoded(octets, response.charset or "utf-8")
            kept = {name.lower(): value for name, value in response.headers.items()}
            return Page(response.status, text, kept)


def _decoded(octets: bytes, charset: str) -> str:
    try:
        return octets.decode(charset, "replace")
    except LookupError:
        return octets.decode("utf-8", "replace")
