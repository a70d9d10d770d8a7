"""What waits for one party: first come, first served, and a higher priority in front."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

T = TypeVar("T")


class Waiting(OrderedDict[int, T], Generic[T]):
    """Things by identity, in the order of their arrival. An ordered dictionary takes from its front in no time."""

    __slots__ = ("_urgent",)

    def __init__(self) -> None:
        super().__init__()
        self._urgent: dict[int, OrderedDict[int, T]] = {}  # those with a priority, by it, once more

    def put(self, thing: T, priority: int = 0) -> None:
        """It comes behind all others of its priority."""
        self[id(thing)] = thing
        if priority:
            self._urgent.setdefault(priority, OrderedDict())[id(thing)] = thing

    def put_first(self, thing: T, priority: int = 0) -> None:
        """It comes in front of all others of its priority."""
        self.put(thing, priority)
        self.move_to_end(id(thing), last=False)
        if priority:
            self._urgent[priority].move_to_end(id(thing), last=False)

    def take(self) -> T:
        """Takes out the first one; there has to be one."""
        if self._urgent:
            priority = max(self._urgent)
            thing = next(iter(self._urgent[priority].values()))
            self.drop(thing, priority)
            return thing
        return self.popitem(last=False)[1]

    def drop(self, thing: T, priority: int = 0) -> None:
        """Takes it out, wherever it is, if it is there."""
        if self.pop(id(thing), None) is not None and priority:
            of_its_priority = self._urgent[priority]
            del of_its_priority[id(thing)]
            if not of_its_priority:
                del self._urgent[priority]

    def clear(self) -> None:
        """Forget everything."""
        super().clear()
        self._urgent.clear()
