"""The listener on which ESMEs bind, and the check of its timers."""

from __future__ import annotations

import asyncio

from ussd_gateway.applications.smsc.accounts import Accounts
from ussd_gateway.applications.smsc.capture import Capture
from ussd_gateway.applications.smsc.connection import EsmeConnection, Shared
from ussd_gateway.gateway import Gateway
from ussd_gateway.network.faults import Faults
from ussd_gateway.smpp.timers import Timers

_CHECK = 1.0  # seconds between two looks at the timers


class Smsc:
    """Accepts SMPP connections. `window`: how many deliver_sm a bind may leave unanswered."""

    def __init__(
        self, gateway: Gateway, accounts: Accounts, *, timers: Timers, window: int, faults: Faults, capture: Capture
    ) -> None:
        self._shared = Shared(gateway, accounts, timers, window, faults, capture)
        self._server: asyncio.Server | None = None
        self._check: asyncio.TimerHandle | None = None

    @property
    def connections(self) -> set[EsmeConnection]:
        """Those that are open."""
        return self._shared.connections

    def real_time(self) -> float:
        """The clock of the timers: seconds that the machine has run."""
        return self._shared.real_time()

    async def start(self, host: str, port: int) -> tuple[str, int]:
        """Listen; returns the address, with the port that the system chose for 0."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: EsmeConnection(self._shared), host, port)
        self._check = loop.call_later(_CHECK, self._look)
        address = self._server.sockets[0].getsockname()
        return address[0], address[1]

    async def stop(self) -> None:
        """Unbind everybody and stop listening."""
        if self._check:
            self._check.cancel()
        if self._server:
            self._server.close()
        for connection in list(self.connections):
            connection.close()
        await self._shared.gateway.committed()  # what they have to say leaves behind the commit
        for connection in list(self.connections):
            connection.abort_unless_read()

    def _look(self) -> None:
        now = self.real_time()
        for connection in list(self.connections):
            connection.check(now)
        self._check = asyncio.get_running_loop().call_later(_CHECK, self._look)
