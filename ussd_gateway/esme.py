"""aiosmpplib's ESME with four faults of 0.7.4 mended: for self-care's own SMS, links to other SMSCs and `ussd-gateway send`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from aiosmpplib import ESME
from aiosmpplib.protocol import GenericNack, SmppMessage, Unbind
from aiosmpplib.retrytimer import AbstractRetryTimer
from aiosmpplib.state import NPI, TON, PduHeader, PhoneNumber
from aiosmpplib.throttle import AbstractThrottleHandler

from ussd_gateway.logs import logger

log = logger(__name__)

SHORT = 6  # digits at most of a number that only this network knows
SHORTEST, LONGEST = 0.1, 5.0  # seconds between two attempts
STEADY = 5.0  # seconds after which a bind counts as a success, and the next failure as the first
NO_LOG = logging.CRITICAL + 1  # a level that aiosmpplib never reaches


class Esme(ESME):
    """The ESME of aiosmpplib; write nothing to its log, for at most levels that holds whole messages (R178)."""

    def hang_up(self) -> None:
        """Close the connection, after an unbind where there is a bind."""
        # aiosmpplib only forgets the writer of a connection that was lost or whose bind was refused: the socket stays.
        writer, self._writer = self._writer, None
        if writer is None or writer.transport.is_closing():
            return
        if self._session_state == self.bind_mode.session_state:
            writer.write(Unbind(self.sequence_generator.next_sequence()).pdu())
        writer.close()
        if writer.transport.get_write_buffer_size():  # the SMSC does not read
            writer.transport.abort()

    async def _disconnect(self) -> None:
        # It would wait for the SMSC to read what is unsent, and leave the socket half open.
        self.hang_up()

    async def _end_task(self, task: asyncio.Task[Any]) -> None:
        # It would give each of its three tasks half a second to end by itself, which two of them never do, and would
        # let what ended the first one (struct.error, say) end start() for good, with the others still running.
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled() and (error := task.exception()):
            log.debug("esme.task_ended", task=task.get_name(), error=type(error).__name__)

    async def _handle_request(self, pdu: bytes, header: PduHeader) -> SmppMessage | None:
        # What it cannot parse may raise more than the ValueError it expects. The bind would end, the SMSC deliver the
        # same again after the next one, and so for ever; a generic_nack ends it.
        try:
            return await super()._handle_request(pdu, header)
        except (OSError, asyncio.IncompleteReadError):
            raise
        except Exception as error:
            log.warning("esme.pdu_unreadable", command=header.smpp_command.name, error=type(error).__name__)
            await self._send_data(GenericNack(header.sequence_num))
            return None


def phone_number(address: str) -> PhoneNumber:
    """The address with its type and plan (SMPP 3.4 sections 5.2.5, 5.2.6): international, short, or a name."""
    digits = address.removeprefix("+")
    if not (digits.isascii() and digits.isdigit()):
        return PhoneNumber(address, TON.ALPHANUMERIC, NPI.UNKNOWN)
    if len(digits) > SHORT:
        return PhoneNumber(digits, TON.INTERNATIONAL, NPI.ISDN)
    return PhoneNumber(digits, TON.NETWORK_SPECIFIC, NPI.UNKNOWN)


def delay(attempts: int, longest: float = LONGEST) -> float:
    """Seconds until the next attempt: none after the first, then ever more."""
    return min(longest, SHORTEST * 2 ** min(attempts - 2, 10)) if attempts > 1 else 0.0


class RetryTimer(AbstractRetryTimer):
    """Tells of binds made and lost, and how long to wait before the next one."""

    def __init__(self, bound: Callable[[], None], lost: Callable[[], None], longest: float = LONGEST) -> None:
        self._tell_bound, self._tell_lost = bound, lost
        self._longest = longest
        self._failures = 0
        self._bound_at: float | None = None
        self._hurried = asyncio.Event()

    def reset(self) -> None:
        """A bind was made."""
        self._bound_at = asyncio.get_running_loop().time()
        self._tell_bound()

    def next_delay(self) -> float:
        """Seconds before the next attempt."""
        return delay(self._failures + 1, self._longest)

    async def wait(self) -> None:
        """A bind was lost or could not be made: wait before the next attempt, at most until somebody is in a hurry."""
        # An SMSC that accepts a bind and ends it at once is not asked a thousand times a second.
        if self._bound_at is not None and asyncio.get_running_loop().time() - self._bound_at > STEADY:
            self._failures = 0
        self._bound_at = None
        self._failures += 1
        self._hurried.clear()
        self._tell_lost()
        if seconds := delay(self._failures, self._longest):
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._hurried.wait()

    def hurry(self) -> None:
        """There is something to send: do not wait any longer."""
        self._hurried.set()


class NoThrottle(AbstractThrottleHandler):
    """Sends whatever the window has room for; what the SMSC throttles is sent again later by who sent it."""

    async def throttled(self) -> None:
        """The SMSC asks for less."""

    async def not_throttled(self) -> None:
        """The SMSC is content."""

    async def allow_request(self) -> bool:
        """Always."""
        return True

    async def throttle_delay(self) -> float:
        """Never asked."""
        return 0.0
