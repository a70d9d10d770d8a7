"""A leaky bucket: how much is too much. Pure."""

from __future__ import annotations

_ROUNDING = 1e-3  # of a request: seconds since the epoch are that exact


class Bucket:
    """So many requests a second: as many at once, one at least, and then as time passes."""

    __slots__ = ("_leaked_at", "_level", "rate")

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._level = 0.0  # how many requests have not leaked from it yet
        self._leaked_at = 0.0

    def overflows(self, now: float) -> bool:
        """Whether one more at `now` is beyond the rate; if not, it is in."""
        self._level = max(0.0, self._level - max(0.0, now - self._leaked_at) * self.rate)  # a clock may be put back
        self._leaked_at = now
        if self._level + 1 > max(1.0, self.rate) + _ROUNDING:
            return True
        self._level += 1
        return False
