"""A heap of deadlines, for things that can expire."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from itertools import count
from typing import Generic, TypeVar

T = TypeVar("T")


def soonest(*times: float | None) -> float | None:
    """The least of the times that there are."""
    return min((time for time in times if time is not None), default=None)


class Deadlines(Generic[T]):
    """Things with a time. What became moot stays in the heap until its time comes; the owner asks then."""

    __slots__ = ("_count", "_heap")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, T]] = []
        self._count = count()  # keeps the order of equal times, and things out of the comparison

    def add(self, when: float, thing: T) -> None:
        """`thing` is due at `when`, in seconds since the epoch."""
        heapq.heappush(self._heap, (when, next(self._count), thing))

    def due(self, now: float) -> Iterator[T]:
        """Takes out what is due, soonest first."""
        while self._heap and self._heap[0][0] <= now:
            yield heapq.heappop(self._heap)[2]

    def next(self) -> float | None:
        """The soonest time, or None."""
        return self._heap[0][0] if self._heap else None

    def retain(self, matters: Callable[[float, T], bool]) -> None:
        """Forget at once what is moot, so that it takes no memory until its time."""
        self._heap[:] = [entry for entry in self._heap if matters(entry[0], entry[2])]
        heapq.heapify(self._heap)

    def __len__(self) -> int:
        return len(self._heap)

    def __iter__(self) -> Iterator[T]:
        """Everything, in no order."""
        return (entry[2] for entry in self._heap)

    def clear(self) -> None:
        """Forget everything."""
        self._heap.clear()
