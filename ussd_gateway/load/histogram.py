"""Durations counted in buckets: each within one percent, however many there are. No clock."""

from __future__ import annotations

_STEPS = 7  # bits kept of a duration: 128 buckets from one power of two to the next
_BUCKETS = (64 - _STEPS + 1) << _STEPS  # for any duration of 64 bits


class Histogram:
    """Durations in nanoseconds."""

    __slots__ = ("_counts", "most", "total")

    def __init__(self) -> None:
        self._counts = [0] * _BUCKETS
        self.total = 0
        self.most = 0  # the longest

    def record(self, duration: int, times: int = 1) -> None:
        """Count a duration; below zero, which a clock of another source may give, is zero."""
        if duration < 1 << _STEPS:
            self._counts[max(duration, 0)] += times
        else:
            shift = duration.bit_length() - _STEPS - 1
            self._counts[(shift << _STEPS) + (duration >> shift)] += times
        self.total += times
        if duration > self.most:
            self.most = duration

    def percentile(self, percent: float) -> int | None:
        """The duration that `percent` of all do not exceed, by at most one percent too long; None of nothing."""
        if not self.total:
            return None
        left = max(self.total * percent / 100, 1)
        for bucket, count in enumerate(self._counts):
            left -= count
            if left <= 0:
                return min(_upper_edge(bucket), self.most)
        return self.most


def _upper_edge(bucket: int) -> int:
    """The longest duration of a bucket."""
    shift = max((bucket >> _STEPS) - 1, 0)
    return ((bucket - (shift << _STEPS) + 1) << shift) - 1
