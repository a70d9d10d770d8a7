"""How often one address may do something (3.4). In memory: a restart forgives."""

from __future__ import annotations

from collections import OrderedDict

from ussd_gateway.subscribers.passwords import FloodRule, allowed

MOST_ADDRESSES = 10_000
"""Those that did something last are remembered."""


class AddressLimit:
    """Counts by address."""

    def __init__(self, rule: FloodRule) -> None:
        self._rule = rule
        self._times: OrderedDict[str, list[float]] = OrderedDict()

    def allows(self, address: str, now: float) -> bool:
        """Whether it may once more."""
        return allowed(self._times.get(address, ()), now, (self._rule,))

    def count(self, address: str, now: float) -> None:
        """It has."""
        recent = [at for at in self._times.get(address, ()) if now - at < self._rule.within]
        self._times[address] = [*recent, now]
        self._times.move_to_end(address)
        if len(self._times) > MOST_ADDRESSES:
            self._times.popitem(last=False)

    def forgive(self, address: str, now: float) -> None:
        """What was counted at this moment was none: what takes a while is counted before it, or many at once all pass."""
        times = self._times.get(address, [])
        if now in times:
            times.remove(now)

    def clear(self) -> None:
        """Forget everybody."""
        self._times.clear()
