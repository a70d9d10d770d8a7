"""The client's side of OAuth 2.0: authorization code with PKCE, by oauthlib (RFC 6749 section 4.1, RFC 7636)."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import aiohttp
from oauthlib.oauth2 import OAuth2Error, WebApplicationClient
from oauthlib.oauth2.rfc6749.errors import AccessDeniedError
from yarl import URL

from ussd_gateway.client import LARGEST, Client, TooMuchError, UnreachableError, bounded
from ussd_gateway.logs import logger
from ussd_gateway.selfcare.socials import Network, Person
from ussd_gateway.selfcare.web.headers import is_own_host

log = logger(__name__)

LIFETIME = 600.0  # seconds on the gateway's clock in which somebody has to come back
PATIENCE = 10.0  # real seconds for each request to a network
MOST = 10_000
"""So many that went to a network are remembered; the oldest go first."""

_VERIFIER = 64  # characters; RFC 7636 section 4.1 has 43 to 128
_SECURE = "https://self"  # oauthlib takes no http, also of loopback; the real address takes its place


_FAILURES = (OAuth2Error, UnreachableError, TooMuchError, aiohttp.ClientError, OSError, ValueError)


class SocialError(Exception):
    """Somebody does not come in: "stale", "cancelled" by himself, or "failed" by the network."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Begun:
    """Somebody was sent to a network.

    session  the key of the browser's session, which alone may come back
    who      whose cabinet the account is to be bound to; None for a log-in
    """

    network: str
    session: str = field(repr=False)
    who: str | None
    redirect_uri: str
    verifier: str = field(repr=False)
    expires: float


def callback(network: str) -> str:
    """The path to which a network sends back."""
    return f"/cabinet/social/{network}/callback"


def is_callback(network: str, hosts: Collection[str], uri: str) -> bool:
    """Whether a redirect_uri is self-care's own, on this machine or under one of its names."""
    try:
        url = URL(uri)
        return (
            url.scheme in ("http", "https")
            and is_own_host(url.authority, hosts)
            and uri == f"{url.origin()}{callback(network)}"
        )
    except ValueError:
        return False


class OAuth:
    """Sends people to networks and hears who they are. What is under way is in memory: a restart makes it stale.

    own_url  gives the address of the gateway, once it listens: codes are redeemed there
    """

    def __init__(self, client: Client, own_url: Callable[[], str], now: Callable[[], float]) -> None:
        self._client = client
        self._own_url = own_url
        self._now = now
        self._begun: OrderedDict[str, Begun] = OrderedDict()

    def begin(self, network: Network, origin: str, session: str, who: str | None, language: str) -> str:
        """Where the browser is to go; `origin` is the address by which it reaches the cabinet."""
        oauth = WebApplicationClient(network.client_id)
        verifier, state = oauth.create_code_verifier(_VERIFIER), secrets.token_urlsafe(32)
        back = f"{origin}{callback(network.name)}"
        self._begun[state] = Begun(network.name, session, who, back, verifier, self._now() + LIFETIME)
        if len(self._begun) > MOST:
            self._begun.popitem(last=False)
        address: str = oauth.prepare_request_uri(
            f"{_SECURE}{network.place}/authorize",
            redirect_uri=back,
            state=state,
            code_challenge=oauth.create_code_challenge(verifier, "S256"),
            code_challenge_method="S256",
            ui_locales=language,
        )
        return address.removeprefix(_SECURE)

    async def finish(self, network: Network, query: str, session: str) -> tuple[Begun, Person]:
        """Who came back to this browser with this query; each state is good for one time. Raises SocialError."""
        state = URL(f"{_SECURE}/?{query}", encoded=True).query.get("state", "")
        begun = self._begun.pop(state, None)
        if begun is None or begun.session != session or begun.network != network.name or self._now() >= begun.expires:
            raise SocialError("stale")
        try:
            async with asyncio.timeout(PATIENCE):
                return begun, await self._person(network, query, state, begun)
        except AccessDeniedError:
            raise SocialError("cancelled") from None
        except (*_FAILURES, AttributeError) as error:  # the last is oauthlib's, of JSON that is no object
            # R178: not the exception's words, which may quote what was sent
            log.warning("selfcare.social_failed", network=network.name, error=type(error).__name__)
            raise SocialError("failed") from None

    def clear(self) -> None:
        """Nobody is under way any more."""
        self._begun.clear()

    async def _person(self, network: Network, query: str, state: str, begun: Begun) -> Person:
        oauth = WebApplicationClient(network.client_id)
        oauth.parse_request_uri_response(f"{_SECURE}/?{query}", state=state)
        form = oauth.prepare_request_body(redirect_uri=begun.redirect_uri, code_verifier=begun.verifier)
        basic = base64.b64encode(f"{network.client_id}:{network.secret}".encode()).decode()
        asked = {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"}
        _, answer = await self._call("POST", f"{network.place}/token", asked, form)
        token = oauth.parse_request_body_response(answer)["access_token"]
        status, answer = await self._call("GET", f"{network.place}/userinfo", {"Authorization": f"Bearer {token}"})
        return _person(status, answer)

    async def _call(self, method: str, path: str, headers: Mapping[str, str], body: str = "") -> tuple[int, str]:
        async with self._client.session().request(
            method, f"{self._own_url()}{path}", headers=headers, data=body or None, allow_redirects=False
        ) as answer:
            return answer.status, (await bounded(answer.content, LARGEST)).decode()


def _person(status: int, answer: str) -> Person:
    said: Any = json.loads(answer) if status == HTTPStatus.OK else {}
    if not isinstance(said, dict) or not isinstance(said.get("sub"), str) or not said["sub"]:
        raise ValueError("nobody")
    return Person(said["sub"], str(said.get("name", "")))
