"""A timer for the soonest of many deadlines that are kept in a table."""

from __future__ import annotations

from collections.abc import Callable

from ussd_gateway.gateway import Gateway, Timer


class Alarm:
    """Rings on the gateway's clock. What is due outlives a restart, since the table knows it.

    soonest  gives the soonest deadline, None where there is none
    ring     does what is due at a moment; it is not due any more then
    """

    def __init__(self, gateway: Gateway, soonest: Callable[[], float | None], ring: Callable[[float], None]) -> None:
        self._gateway = gateway
        self._soonest = soonest
        self._ring = ring
        self._timer: Timer | None = None
        self._at: float | None = None

    def set(self) -> None:
        """The table has changed, or the gateway starts."""
        at = self._soonest()
        if at == self._at:
            return
        self.stop()
        if at is not None:
            self._at = at
            self._timer = self._gateway.call_later(at - self._gateway.now(), self._rung)

    def stop(self) -> None:
        """It does not ring any more."""
        if self._timer:
            self._timer.cancel()
        self._timer = self._at = None

    def _rung(self) -> None:
        self._timer = self._at = None
        self._ring(self._gateway.now())  # should this fail, the next change sets the alarm: it does not ring for ever
        self.set()
