"""outbind (SMPP 3.4 section 4.1.7): the SMSC calls an ESME for which messages wait, and asks it to bind."""

from __future__ import annotations

import asyncio

from ussd_gateway.applications.smsc.accounts import EsmeAccount
from ussd_gateway.applications.smsc.connection import EsmeConnection, Shared

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds between two calls; it doubles
_PATIENCE = 10.0  # seconds that a call may take


class Outbinds:
    """One call for each account that has an address for it. Times are real ones: a socket knows no other."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._calls = {account.settings.system_id: _Call(account, shared) for account in shared.accounts}

    def check(self, now: float) -> None:
        """Call those for whom something waits and whose pause is over; `now` is real time."""
        for call in self._calls.values():
            call.check(now)

    def stop(self) -> None:
        """Call nobody any more."""
        for call in self._calls.values():
            call.stop()


class _Call:
    def __init__(self, account: EsmeAccount, shared: Shared) -> None:
        self._account = account
        self._shared = shared
        self._task: asyncio.Task[None] | None = None
        self._connection: EsmeConnection | None = None
        self._pause = 0.0
        self._next = 0.0

    def check(self, now: float) -> None:
        if self._account.settings.outbind is None or self._task or self._connection in self._shared.connections:
            return
        if not self._account.calls:
            self._pause = self._next = 0.0
        elif now >= self._next:
            self._pause = min(2 * self._pause, LONGEST_PAUSE) or FIRST_PAUSE
            self._next = now + self._pause
            self._task = asyncio.get_running_loop().create_task(self._call(*self._account.settings.outbind))

    def stop(self) -> None:
        if self._task:
            self._task.cancel()

    async def _call(self, host: str, port: int) -> None:
        account, gateway = self._account.settings.system_id, self._shared.gateway
        facts = {"account": account, "address": f"{host}:{port}"}
        try:
            async with asyncio.timeout(_PATIENCE):
                _, self._connection = await asyncio.get_running_loop().create_connection(
                    lambda: EsmeConnection(self._shared, self._account), host, port
                )
            gateway.note("esme.outbind", **facts)
        except OSError as error:  # also TimeoutError
            gateway.note("esme.outbind_failed", reason=type(error).__name__, again_in=self._pause, **facts)
        finally:
            self._task = None
