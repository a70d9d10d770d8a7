"""What oauthlib asks of an authorization server: its clients, codes and tokens (RFC 6749, with PKCE as RFC 7636 has it)."""

from __future__ import annotations

import base64
import binascii
import logging
import re
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import unquote_plus

from oauthlib.common import Request
from oauthlib.oauth2 import RequestValidator, WebApplicationServer
from oauthlib.oauth2.rfc6749.errors import InvalidRequestError

from ussd_gateway.idp.networks import Account

logging.getLogger("oauthlib").setLevel(logging.WARNING)  # at DEBUG it writes codes into the log (R178)

KIND = TypeVar("KIND")

SCOPE = "profile"
CODE_LIFETIME = 60.0  # seconds; RFC 6749 section 4.1.2 wants at most ten minutes
TOKEN_LIFETIME = 600  # seconds
MOST = 10_000
"""So many codes and tokens are remembered; the oldest go first."""

_S256 = re.compile(r"[A-Za-z0-9_-]{43}")  # RFC 7636 section 4.2: SHA-256 in base64url


@dataclass(frozen=True, slots=True)
class Client:
    """An application that may send people here.

    title   in "ru" and "en": who asks, on the page of consent
    allows  whether a redirect_uri is its own (RFC 6749 section 3.1.2.2)
    """

    client_id: str
    secret: str = field(repr=False)
    title: Mapping[str, str]
    allows: Callable[[str], bool]


@dataclass(slots=True)
class _Code:
    """A code that was given out; it stays known after its use, so that a second one is noticed."""

    client_id: str
    redirect_uri: str
    challenge: str
    account: Account
    expires: float
    used: bool = False
    token: str = ""


@dataclass(frozen=True, slots=True)
class _Token:
    account: Account
    expires: float


class Grants(RequestValidator):  # type: ignore[misc]  # oauthlib has no types
    """Answers oauthlib's questions. Times are on the clock of `now`.

    Every client is confidential, says its secret as HTTP Basic (RFC 6749 section 2.3.1) and has to use PKCE with S256.
    """

    def __init__(self, clients: Sequence[Client], now: Callable[[], float]) -> None:
        super().__init__()
        self._clients = {client.client_id: client for client in clients}
        self._now = now
        self._codes: OrderedDict[str, _Code] = OrderedDict()
        self._tokens: OrderedDict[str, _Token] = OrderedDict()

    def server(self) -> WebApplicationServer:
        """The endpoints of RFC 6749 over these grants."""
        server = WebApplicationServer(self, token_expires_in=TOKEN_LIFETIME)
        server.catch_errors = False
        server.auth_grant.refresh_token = False
        server.auth_grant.custom_validators.pre_auth.append(_requires_s256)
        return server

    def client(self, client_id: str) -> Client:
        """A client that oauthlib has accepted."""
        return self._clients[client_id]

    def account(self, token: str) -> Account | None:
        """Whose token it is, as long as it lives."""
        known = self._tokens.get(token)
        return known.account if known and self._now() < known.expires else None

    def clear(self) -> None:
        """No code and no token is known any more."""
        self._codes.clear()
        self._tokens.clear()

    # The authorization request -------------------------------------------------------------------------------------

    def validate_client_id(self, client_id: str, request: Request, *args: Any, **kwargs: Any) -> bool:
        """Whether there is such a client."""
        request.client = self._clients.get(client_id)
        return request.client is not None

    def validate_redirect_uri(
        self, client_id: str, redirect_uri: str, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        """Whether the client may be answered there."""
        return self._clients[client_id].allows(redirect_uri)

    def get_default_redirect_uri(self, client_id: str, request: Request, *args: Any, **kwargs: Any) -> None:
        """There is none: each request says where it wants its answer."""
        return

    def validate_response_type(
        self, client_id: str, response_type: str, client: Client, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        """A code, and nothing else."""
        return response_type == "code"

    def get_default_scopes(self, client_id: str, request: Request, *args: Any, **kwargs: Any) -> list[str]:
        """Who somebody is."""
        return [SCOPE]

    def validate_scopes(
        self, client_id: str, scopes: Sequence[str], client: Client, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        """There is nothing else to ask for."""
        return set(scopes) <= {SCOPE}

    def is_pkce_required(self, client_id: str, request: Request) -> bool:
        """Always."""
        return True

    def save_authorization_code(
        self, client_id: str, code: Mapping[str, str], request: Request, *args: Any, **kwargs: Any
    ) -> None:
        """The code is bound to client, redirect_uri, code_challenge and person."""
        remember(
            self._codes,
            code["code"],
            _Code(client_id, request.redirect_uri, request.code_challenge, request.user, self._now() + CODE_LIFETIME),
            MOST,
        )

    # The token request ---------------------------------------------------------------------------------------------

    def client_authentication_required(self, request: Request, *args: Any, **kwargs: Any) -> bool:
        """Of every client."""
        return True

    def authenticate_client(self, request: Request, *args: Any, **kwargs: Any) -> bool:
        """By HTTP Basic."""
        client_id, secret = _basic(request.headers.get("Authorization", ""))
        client = self._clients.get(client_id)
        if client is None or not secrets.compare_digest(client.secret.encode(), secret.encode()):
            return False
        request.client = client
        return request.client_id in (None, client_id)

    def validate_grant_type(
        self, client_id: str, grant_type: str, client: Client, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        """A code, and nothing else."""
        return grant_type == "authorization_code"

    def validate_code(self, client_id: str, code: str, client: Client, request: Request, *args: Any, **kw: Any) -> bool:
        """Whether it is this client's, fresh and unused. One that comes again takes its token along (section 4.1.2)."""
        known = self._codes.get(code)
        if known is None or known.client_id != client_id:
            return False
        if known.used:
            self._tokens.pop(known.token, None)
            return False
        if self._now() >= known.expires:
            return False
        request.user, request.scopes = known.account, [SCOPE]
        return True

    def get_code_challenge(self, code: str, request: Request) -> str:
        """Of the request that the code answered."""
        return self._codes[code].challenge

    def get_code_challenge_method(self, code: str, request: Request) -> str:
        """The only one that is taken."""
        return "S256"

    def confirm_redirect_uri(
        self, client_id: str, code: str, redirect_uri: str, client: Client, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        """Whether it is that of the authorization request, to the letter."""
        return self._codes[code].redirect_uri == redirect_uri

    def save_bearer_token(self, token: Mapping[str, Any], request: Request, *args: Any, **kwargs: Any) -> None:
        """The token of a code."""
        self._codes[request.code].token = token["access_token"]
        remember(self._tokens, token["access_token"], _Token(request.user, self._now() + token["expires_in"]), MOST)

    def invalidate_authorization_code(
        self, client_id: str, code: str, request: Request, *args: Any, **kwargs: Any
    ) -> None:
        """It has been used."""
        self._codes[code].used = True

    # The resource --------------------------------------------------------------------------------------------------

    def validate_bearer_token(self, token: str | None, scopes: Sequence[str], request: Request) -> bool:
        """Whether it lives; `request.user` is then whose it is."""
        request.user = self.account(token or "")
        return request.user is not None


def _requires_s256(request: Request) -> dict[str, object]:
    """RFC 7636 section 4.4.1; the plain method protects from nobody who reads the request."""
    if request.code_challenge_method != "S256" or not _S256.fullmatch(request.code_challenge or ""):
        raise InvalidRequestError(description="code_challenge_method has to be S256", request=request)
    return {}


def _basic(header: str) -> tuple[str, str]:
    """client_id and secret of an Authorization header, each form-encoded before (RFC 6749 section 2.3.1)."""
    scheme, _, value = header.partition(" ")
    try:
        id, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return (unquote_plus(id), unquote_plus(secret)) if scheme.lower() == "basic" else ("", "")


def remember(known: OrderedDict[str, KIND], key: str, value: KIND, most: int) -> None:
    """One more; of more than `most` the oldest goes."""
    known[key] = value
    if len(known) > most:
        known.popitem(last=False)
