"""The PDUs that pass while somebody looks: octets as they came, put into words when they are fetched."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from ussd_gateway.smpp.connection import Connection
from ussd_gateway.smpp.describe import described
from ussd_gateway.smpp.errors import LostStreamError

PDU = "pdu"
MOST = 1000  # PDUs that are kept for a reader
SLICE = 50  # PDUs put into words at a time; 1 ms

Event = tuple[None, str, dict[str, Any]]
"""No number, "pdu" or "gap", and what it says; `at` in seconds since the epoch."""


class Line(Protocol):
    """A connection of an ESME, which has a number."""

    @property
    def number(self) -> int:
        """From 1 on, in the order of arrival."""


class Wires(Protocol):
    """Where PDUs pass.

    watchers  each is told of every PDU: its line, the system_id or "", whether the SMSC sent it, and its octets with
              secrets hidden
    """

    watchers: list[Callable[[Any, str, bool, bytes], None]]


class Pdus:
    """What has passed since the last look, as one reader sees it; of more than `most` the oldest go.

    news  is called for each PDU
    """

    def __init__(self, now: Callable[[], float], news: Callable[[], None], most: int = MOST) -> None:
        self._now = now
        self._news = news
        self._most = most
        self._passed: deque[tuple[float, int, str, bool, bytes]] = deque()
        self._missing = 0

    def add(self, line: Line, system_id: str, to_esme: bool, octets: bytes) -> None:
        """A PDU passes."""
        if len(self._passed) == self._most:
            self._passed.popleft()
            self._missing += 1
        self._passed.append((self._now(), line.number, system_id, to_esme, octets))
        self._news()

    def take(self, most: int = SLICE) -> list[Event]:
        """The oldest ones as events, behind a "gap" that counts those missing before them."""
        events: list[Event] = [(None, "gap", {"missing": self._missing, "kind": PDU})] if self._missing else []
        self._missing = 0
        for _ in range(min(most, len(self._passed))):
            at, connection, system_id, to_esme, octets = self._passed.popleft()
            told = {
                "at": at,
                "connection": connection,
                "system_id": system_id or None,
                "direction": "to_esme" if to_esme else "to_smsc",
            }
            events += ((None, PDU, {**told, **said}) for said in _in_words(octets))
        if self._passed:
            self._news()
        return events


def _in_words(octets: bytes) -> Iterator[dict[str, Any]]:
    """One PDU, as a rule. A fault may send it twice, or with a command_length that is not true."""
    read = 0
    try:
        for pdu in Connection().receive_data(octets):
            read += len(pdu.raw)
            yield described(pdu)
    except LostStreamError:
        pass
    if rest := octets[read:]:
        seen = f"command_length is {int.from_bytes(rest[:4])} and {len(rest)} octets were sent"
        yield {"error": {"seen": seen}, "octets": rest.hex()}
