"""The users who play a script as load: each a driver of his own on the gateway, on connections that all of them share.

The engine asks a phone for much that costs a request each time and seldom brings anything new: to begin, to show its
screen, to tell what has arrived. A user's phone begins with requests once, and knows what it shows as long as nothing
has happened to its user since.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

from ussd_gateway.scenario.browser import ScriptedBrowser
from ussd_gateway.scenario.driver import NoGatewayError, Page, PhoneError, Screen, Sms
from ussd_gateway.scenario.esme import ScriptedEsme
from ussd_gateway.scenario.remote import Api, RemoteDriver, RemotePhone, why


@dataclass(frozen=True, slots=True)
class Found:
    """A gateway that answers: whether its clock is virtual, and where its SMSC listens."""

    virtual: bool
    smsc: tuple[str, int]


async def find(url: str) -> Found:
    """Looks who answers there; NoGatewayError when it is no gateway."""
    async with Api(url) as api:
        virtual = await api.has_virtual_clock()
        answer = await api.call("GET", "gateway")
        return Found(virtual, (api.host, int(str(answer["smpp"]).rpartition(":")[2])))


class SharedApi(Api):
    """The HTTP API on connections that all users share. A request that fails costs the step that made it, no more.

    timeouts  int; requests that were not answered in time
    """

    def __init__(self, url: str, patience: float) -> None:
        self.connections = aiohttp.TCPConnector(limit=0)
        super().__init__(url, patience, self.connections)
        self._patience = patience
        self.timeouts = 0

    async def __aexit__(self, *exc: object) -> None:
        await super().__aexit__(*exc)
        await self.connections.close()

    async def call(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, object] | list[dict[str, object]] | None = None,
        query: dict[str, str] | None = None,
        waits: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """As an Api; what goes wrong is a PhoneError, and no screen has more than the patience."""
        try:
            waits = waits and query is not None
            return await super().call(method, path, body=body, query=query, waits=waits, headers=headers)
        except NoGatewayError as error:
            if isinstance(error.__cause__, TimeoutError):
                self.timeouts += 1
                raise PhoneError(f"the gateway has not answered within {self._patience:g} s") from error
            raise PhoneError(f"the gateway has not answered: {why(error.__cause__ or error)}") from error


class User(RemoteDriver):
    """One user: his phones, which he keeps from one scenario to the next, his ESMEs and his browsers."""

    def __init__(self, api: SharedApi, smsc: tuple[str, int]) -> None:
        super().__init__(api, virtual=False)
        self._shared = api
        self._smsc = smsc
        self._phones: dict[str, UserPhone] = {}
        self.happened = 0  # what he has done so far, and what has been done to him: so many things

    async def prepare(self, numbers: Sequence[str]) -> None:
        """Take the phones in hand, so that no dialogue pays for it; PhoneError for a number that is no phone's."""
        for number in numbers:
            await (await self.phone(number)).begin()

    async def phone(self, msisdn: str) -> UserPhone:
        """His phone with this number; PhoneError when it is none."""
        if msisdn not in self._phones:
            await super().phone(msisdn)
            self._phones[msisdn] = UserPhone(msisdn, self._shared, self)
        return self._phones[msisdn]

    async def esme(self, system_id: str, password: str) -> ScriptedEsme:
        """An ESME that can bind as this account."""
        return _UserEsme(system_id, password, self._smsc, self)

    async def browser(self) -> ScriptedBrowser:
        """A browser without cookies."""
        return _UserBrowser(self._shared.url, self._shared.connections, self)

    async def wait(self, seconds: float) -> None:
        """Wait, really."""
        await super().wait(seconds)
        self.happened += 1

    async def push(self, msisdn: str, text: str, code: str, *, asks: bool) -> None:
        """Show a text on a phone, from a code."""
        await super().push(msisdn, text, code, asks=asks)
        self.happened += 1

    async def mend(self) -> None:
        """After a failure: leave his phones as they are to be when a scenario begins."""
        for phone in self._phones.values():
            phone.doubt()
            await phone.begin()

    async def leave(self) -> None:
        """Hang up what is open still."""
        for phone in self._phones.values():
            await phone.put_away()


class UserPhone(RemotePhone):
    """A phone that asks the gateway only for what it cannot know itself."""

    def __init__(self, msisdn: str, api: Api, user: User) -> None:
        super().__init__(msisdn, api, user)
        self._user = user
        self._begun = False
        self._shown: Screen | None = None
        self._shown_at = 0  # how much had happened when it showed this
        self._hung_up_at = -1  # ... and when it hung up
        self._session = self._left = ""  # the last dialogue that it knows of, and the last one of the scenario before
        self._receives = False  # somebody has asked it for SMS
        self._missed = False  # ... and for one that did not come: what has come instead is to be told
        self._arrived: list[Sms] = []  # what steps have received in this scenario

    async def begin(self) -> None:
        """Put every screen away, and take what has been received so far as read."""
        happened = self._user.happened
        if not self._begun:
            await super().begin()
            self._begun = True
        else:
            await self.put_away()
            if self._receives:
                received = await self._received("", "", after=self._read)
                self._read = received[-1].id if received else self._read
        self._began_after, self._left, self._arrived = self._read, self._session, []
        self._user.happened = happened  # to the other phones nothing has happened
        self._remember(None)

    async def put_away(self) -> None:
        """Hang up, if it may be asking for an answer."""
        happened = self._user.happened
        asks = self._shown_at != happened or (self._shown is not None and self._shown.awaiting)
        if asks and self._hung_up_at != happened:
            await self.hang_up()

    def doubt(self) -> None:
        """Something went wrong: it begins again as it did at first."""
        self._begun = False

    async def dial(self, code: str) -> Screen:
        """The first screen that asks or ends."""
        self._forget()
        screen = await super().dial(code)
        self._remember(screen)
        return screen

    async def answer(self, text: str) -> Screen:
        """The next screen that asks or ends."""
        self._forget()
        screen = await super().answer(text)
        self._remember(screen)
        return screen

    async def hang_up(self) -> None:
        """Cancel the dialogue, or put the last screen away."""
        self._forget()
        await super().hang_up()
        self._hung_up_at = self._user.happened

    async def screen(self) -> Screen | None:
        """What is shown now."""
        if self._shown_at != self._user.happened:
            shown = await super().screen()
            self._remember(None if shown and shown.session and shown.session == self._left else shown)
        return self._shown

    async def send(self, to: str, text: str, encoding: str = "") -> None:
        """Send an SMS, in an alphabet or in the one that it needs."""
        self._forget()
        await super().send(to, text, encoding)

    async def turn(self, on: bool) -> None:
        """Join the network, or leave it."""
        self._forget()
        await super().turn(on)

    async def receive(self, sender: str, match: str, within: float) -> Sms | None:
        """The next unread SMS that fits, within so many seconds."""
        self._receives = True
        sms = await super().receive(sender, match, within)
        self._forget()
        if sms is None:
            self._missed = True
        else:
            self._arrived.append(sms)
        return sms

    async def receive_none(self, sender: str, match: str, seconds: float) -> Sms | None:
        """Let time pass; then the first unread SMS that fits."""
        self._receives = True
        sms = await super().receive_none(sender, match, seconds)
        self._missed = sms is not None
        return sms

    async def inbox(self) -> Sequence[Sms]:
        """What steps have received since `begin`; all that has come, where a step has missed something."""
        if self._missed:
            self._missed = False
            self._arrived = list(await super().inbox())
        return self._arrived

    def _remember(self, screen: Screen | None) -> None:
        self._shown, self._shown_at = screen, self._user.happened
        self._session = screen.session if screen else self._session

    def _forget(self) -> None:
        """Something happens: what the user's phones show now, only the gateway knows."""
        self._user.happened += 1


class _UserEsme(ScriptedEsme):
    def __init__(self, system_id: str, password: str, smsc: tuple[str, int], user: User) -> None:
        super().__init__(system_id, password, smsc, user)
        self._user = user

    async def submit(self, *what: Any, **given: Any) -> tuple[str, str]:
        self._user.happened += 1
        return await super().submit(*what, **given)


class _UserBrowser(ScriptedBrowser):
    def __init__(self, home: str, connections: aiohttp.BaseConnector, user: User) -> None:
        super().__init__(home, connections)
        self._user = user

    async def request(self, *what: Any, **given: Any) -> Page:
        self._user.happened += 1
        return await super().request(*what, **given)
