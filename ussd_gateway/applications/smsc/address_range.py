"""The address_range of a bind (SMPP 3.4 section 5.2.7): a regular expression of the destinations that it wants."""

from __future__ import annotations

from collections.abc import Callable

from ussd_gateway import patterns

EVERYTHING = ("", "*")
_PATIENCE = 0.01  # seconds for one address, since the gateway waits
_REMEMBERED = 10_000  # destinations whose answer is kept


class AddressRange:
    """Which destinations a bind takes. A pattern that once takes too long takes nothing any more."""

    __slots__ = ("_known", "_pattern", "_too_long", "written")

    def __init__(self, written: str, too_long: Callable[[], None] = lambda: None) -> None:
        """`too_long` is called when the pattern is given up. ValueError for what is no regular expression."""
        self.written = written
        self._pattern = patterns.compiled(written)
        self._too_long: Callable[[], None] | None = too_long
        self._known: dict[str, bool] = {}

    def takes(self, destination: str) -> bool:
        """Whether the pattern is found in the destination, as a UNIX regular expression is."""
        known = self._known.get(destination)
        if known is None:
            known = self._found(destination)
            if len(self._known) < _REMEMBERED:
                self._known[destination] = known
        return known

    def _found(self, destination: str) -> bool:
        if self._too_long is None:
            return False
        try:
            return self._pattern.search(destination, timeout=_PATIENCE) is not None
        except TimeoutError:
            given_up, self._too_long = self._too_long, None
            given_up()
            return False
