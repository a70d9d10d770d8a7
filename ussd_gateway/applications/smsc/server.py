"""The listeners on which ESMEs bind, the check of their timers, and what people see of them."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

from ussd_gateway.applications.smsc.accounts import Accounts
from ussd_gateway.applications.smsc.broadcasts import Broadcasts
from ussd_gateway.applications.smsc.capture import Capture
from ussd_gateway.applications.smsc.connection import EsmeConnection, Shared
from ussd_gateway.applications.smsc.metrics import smsc_metrics
from ussd_gateway.applications.smsc.outbind import Outbinds
from ussd_gateway.applications.smsc.requests import Services
from ussd_gateway.gateway import Gateway
from ussd_gateway.metric import Metric
from ussd_gateway.network.faults import Faults
from ussd_gateway.smpp.timers import Timers

_CHECK = 1.0  # seconds between two looks at the timers
_HANDSHAKE = 60.0  # seconds for that of TLS, where nothing limits the time until the bind


class Smsc:
    """Accepts SMPP connections. `window`: how many deliver_sm a bind may leave unanswered."""

    def __init__(
        self,
        gateway: Gateway,
        accounts: Accounts,
        *,
        timers: Timers,
        window: int,
        faults: Faults,
        capture: Capture,
        services: Services | None = None,
    ) -> None:
        self._shared = Shared(
            gateway, accounts, timers, window, faults, capture, services or Services(Broadcasts(gateway))
        )
        self.outbinds = Outbinds(self._shared)
        self._servers: list[asyncio.Server] = []
        self._check: asyncio.TimerHandle | None = None

    @property
    def connections(self) -> set[EsmeConnection]:
        """Those that are open."""
        return self._shared.connections

    def real_time(self) -> float:
        """The clock of the timers: seconds that the machine has run."""
        return self._shared.real_time()

    async def start(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> tuple[str, int]:
        """Listen, on each call at one more address; returns it, with the port that the system chose for 0."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: EsmeConnection(self._shared),
            host,
            port,
            ssl=tls,
            ssl_handshake_timeout=(self._shared.timers.session_init or _HANDSHAKE) if tls else None,
        )
        self._servers.append(server)
        if self._check is None:
            self._check = loop.call_later(_CHECK, self._look)
        address = server.sockets[0].getsockname()
        return address[0], address[1]

    async def stop(self) -> None:
        """Unbind everybody and stop listening."""
        if self._check:
            self._check.cancel()
        self.outbinds.stop()
        for server in self._servers:
            server.close()
        for connection in list(self.connections):
            connection.close()
        await self._shared.gateway.committed()  # what they have to say leaves behind the commit
        for connection in list(self.connections):
            connection.abort_unless_read()

    # What people see and do ----------------------------------------------------------------------------------------

    def accounts(self) -> list[dict[str, Any]]:
        """Every account with its binds."""
        return [account.shown() for account in self._shared.accounts]

    def account(self, system_id: str) -> dict[str, Any] | None:
        """One account with its binds."""
        account = self._shared.accounts.get(system_id)
        return account.shown() if account else None

    def unbound(self) -> list[dict[str, Any]]:
        """Connections that are open and not bound, the oldest first."""
        unbound = [connection for connection in self.connections if not connection.bound]
        return [connection.shown() for connection in sorted(unbound, key=lambda connection: connection.number)]

    def unbind(self, system_id: str, bind: int | None = None) -> list[int]:
        """Ends all binds of an account politely, or the one with this number; returns which."""
        account = self._shared.accounts.get(system_id)
        return account.unbind(bind) if account else []

    def metrics(self) -> list[Metric]:
        """For whoever monitors."""
        return smsc_metrics(self._shared)

    def _look(self) -> None:
        self._check = asyncio.get_running_loop().call_later(_CHECK, self._look)  # whatever happens in this one
        now = self.real_time()
        for connection in list(self.connections):
            connection.check(now)
        self.outbinds.check(now)
