"""/app/v1, which the subscriber's application asks: log-in, and the same as the cabinet shows (docs/http.md)."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web
from pydantic import Field, model_validator

from ussd_gateway.config import SelfcareSection
from ussd_gateway.gateway import Gateway
from ussd_gateway.http import body
from ussd_gateway.http.problem import problem
from ussd_gateway.http.route import Route
from ussd_gateway.logs import logger
from ussd_gateway.network.address import AddressError, normalise_msisdn
from ussd_gateway.selfcare.app.door import PLACE, Door
from ussd_gateway.selfcare.app.platforms import platforms
from ussd_gateway.selfcare.cabinets import Cabinets
from ussd_gateway.selfcare.channels import APP, QUARTER
from ussd_gateway.selfcare.issuing import Issuing
from ussd_gateway.selfcare.log_in import Admitted, LogIn, Refused
from ussd_gateway.selfcare.records.tokens import Token
from ussd_gateway.selfcare.service import Service
from ussd_gateway.selfcare.texts import NUMBERS, service_name
from ussd_gateway.selfcare.tokens import Tokens
from ussd_gateway.selfcare.web.limits import AddressLimit
from ussd_gateway.selfcare.web.profile import Profile
from ussd_gateway.selfcare.web.sessions import new_cookie
from ussd_gateway.selfcare.web.shown import machine_moment
from ussd_gateway.subscribers.passwords import FloodRule

log = logger(__name__)

HOUR = 3600.0
SERVICES = (NUMBERS,)
"""The services that can be switched."""


class Credentials(body.Body):
    """`POST /log-in`."""

    number: str = Field(max_length=60)
    password: str = Field(max_length=100, repr=False)
    platform: str
    device: str

    @model_validator(mode="after")
    def _platform_and_device(self) -> Credentials:
        platform = platforms().get(self.platform)
        if platform is None:
            raise ValueError(f"platform: there are {', '.join(platforms())}")
        if not platform.fits(self.device):
            raise ValueError(f"device: on {self.platform} its name has to look like {platform.device.pattern}")
        return self


class PasswordFor(body.Body):
    """`POST /password`."""

    number: str = Field(max_length=60)


class Switch(body.Body):
    """`PUT /services`."""

    service: str
    connected: bool


class AppApi:
    """The API. Who logs in here has no check code to read, so the limits per number and per address stand alone."""

    def __init__(
        self,
        settings: SelfcareSection,
        door: Door,
        profile: Profile,
        gateway: Gateway,
        *,
        service: Service,
        issuing: Issuing,
        log_in: LogIn,
        cabinets: Cabinets,
        tokens: Tokens,
    ) -> None:
        self._settings = settings
        self._door = door
        self._profile = profile
        self._gateway = gateway
        self._service = service
        self._issuing = issuing
        self._log_in = log_in
        self._cabinets = cabinets
        self._tokens = tokens
        self._failures = AddressLimit(FloodRule(settings.log_in_failures_per_address, QUARTER))
        self._requests = AddressLimit(FloodRule(settings.password_requests_per_address, HOUR))

    def routes(self) -> list[Route]:
        """What is answered."""
        door, accepted = self._door, {202: "the same for every number"}
        return [
            Route("GET", f"{PLACE}/operator", door.open(self.operator)),
            Route("POST", f"{PLACE}/password", door.open(self.password), PasswordFor, answers=accepted),
            Route("POST", f"{PLACE}/log-in", door.open(self.log_in), Credentials, answers={201: "the token"}),
            Route("DELETE", f"{PLACE}/log-in", door.owned(self.log_out), answers={204: "the token opens nothing more"}),
            Route("GET", f"{PLACE}/account", door.owned(self.account)),
            Route("GET", f"{PLACE}/services", door.owned(self.services)),
            Route("PUT", f"{PLACE}/services", door.owned(self.switch), Switch),
        ]

    def clear(self) -> None:
        """Every address may begin anew."""
        self._failures.clear()
        self._requests.clear()

    # Before log-in -------------------------------------------------------------------------------------------------

    async def operator(self, request: web.Request) -> web.Response:
        """Whose application it is, and how to come by a password"""
        profile, issuing = self._profile, self._issuing.profile
        return body.answer(
            {
                "name": profile.name.model_dump(),
                "application": profile.my.model_dump(),
                "modem_program": profile.connect.model_dump(),
                "password_code": profile.password_code,
                "password_sms": {"to": self._settings.password_sender, "text": profile.password_word.ru}
                if issuing.word
                else None,
                "platforms": [
                    {"name": one.name, "store": one.store, "device": one.device.pattern, "user_agent": one.user_agent}
                    for one in platforms().values()
                ],
            }
        )

    async def password(self, request: web.Request) -> web.Response:
        """A password by SMS, as from the log-in page: the answer is the same for every number"""
        asked = await body.read(request, PasswordFor)
        try:
            msisdn = normalise_msisdn(asked.number)
        except AddressError as error:
            return problem(HTTPStatus.BAD_REQUEST, f"number: {error}")
        address, now = request.remote or "", self._gateway.now()
        if not self._requests.allows(address, now):
            self._gateway.note("selfcare.password_limited", address=address)
            return _too_many("requests for a password", HOUR)
        self._requests.count(address, now)
        self._gateway.spawn(self._issue(msisdn))
        return body.answer({"from": self._settings.password_sender}, HTTPStatus.ACCEPTED)

    async def log_in(self, request: web.Request) -> web.Response:
        """Number, in any format, and password for a token that the device remembers"""
        asked = await body.read(request, Credentials)
        address, now = request.remote or "", self._gateway.now()
        if not self._failures.allows(address, now):
            self._gateway.note("selfcare.log_in_limited", address=address)
            return _too_many("failed log-ins", QUARTER)
        self._failures.count(address, now)
        try:
            result = await self._log_in.log_in(asked.number, asked.password, channel=APP)
        except AddressError as error:
            self._failures.forgive(address, now)
            return problem(HTTPStatus.BAD_REQUEST, f"number: {error}")
        if not isinstance(result, Admitted):
            return _refused(result)
        self._failures.forgive(address, now)
        self._cabinets.entered(result.msisdn, APP)
        token = self._tokens.remember(result.msisdn, asked.platform, asked.device, address)
        return body.answer({"token": token, "msisdn": result.msisdn}, HTTPStatus.CREATED)

    # After log-in --------------------------------------------------------------------------------------------------

    async def log_out(self, request: web.Request, token: Token) -> web.Response:
        """The device forgets: its token opens nothing more"""
        self._tokens.revoke(token.msisdn, token.id, APP)
        return web.Response(status=HTTPStatus.NO_CONTENT)

    async def account(self, request: web.Request, token: Token) -> web.Response:
        """Number, owner, balance, tariff and services"""
        account = self._service.account(token.msisdn)
        return body.answer(
            {
                "msisdn": account.msisdn,
                "owner": account.owner,
                "balance_kopecks": account.balance,
                "tariff": account.tariff,
                "services": [self._named(account.msisdn, code) for code in account.services],
            }
        )

    async def services(self, request: web.Request, token: Token) -> web.Response:
        """The services that can be switched, and which are connected"""
        return self._services(token.msisdn)

    async def switch(self, request: web.Request, token: Token) -> web.Response:
        """Connect or disconnect a service; a repeat is harmless"""
        wanted = await body.read(request, Switch)
        if wanted.service not in SERVICES:
            return problem(HTTPStatus.NOT_FOUND, f"service: there is no {wanted.service}; GET {PLACE}/services tells")
        change = self._service.connect if wanted.connected else self._service.disconnect
        if change(token.msisdn, wanted.service, APP) == "refused":
            return problem(HTTPStatus.FORBIDDEN, "The number is blocked")
        return self._services(token.msisdn)

    # ---------------------------------------------------------------------------------------------------------------

    def _services(self, msisdn: str) -> web.Response:
        connected = self._service.services(msisdn)
        rows = [{**self._named(msisdn, code), "connected": code in connected} for code in SERVICES]
        return body.answer({"services": rows})

    def _named(self, msisdn: str, code: str) -> dict[str, object]:
        return {"service": code, "name": service_name(code, self._cabinets.language(msisdn))}

    async def _issue(self, msisdn: str) -> None:
        """Behind the answer, which so takes as long for a number that there is not (3.4, enumeration)."""
        try:
            await self._issuing.issue_password(msisdn, APP, new_cookie())
        except Exception as error:
            # R178: neither the exception's words nor a traceback, which may show the variables around it
            log.error("selfcare.password_failed", error=type(error).__name__)


def _refused(refused: Refused) -> web.Response:
    if refused.reason == "locked":
        until = machine_moment(refused.locked_until)
        title = f"Locked until {until}; a new password opens at once"
        return problem(HTTPStatus.LOCKED, title, locked_until=until)
    title = f"Wrong number or password; {refused.tries_left} tries left"
    return problem(HTTPStatus.UNAUTHORIZED, title, tries_left=refused.tries_left)


def _too_many(what: str, within: float) -> web.Response:
    response = problem(HTTPStatus.TOO_MANY_REQUESTS, f"Too many {what} from this address; try again later")
    response.headers["Retry-After"] = str(int(within))
    return response
