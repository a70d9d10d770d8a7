"""What a fault does on a connection: the one place where rules of network.faults touch octets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ussd_gateway.network.faults import Effect, Fault
from ussd_gateway.smpp.malformed import KINDS


class Line(Protocol):
    """A connection, as a fault sees it.

    outgoing  what leaves at the end of this turn, one element a PDU
    held      PDUs that leave behind the next one
    """

    outgoing: list[bytes]
    held: list[bytes]

    def put_off(self, octets: bytes, seconds: float) -> None:
        """The PDU leaves so many seconds of the gateway's clock later."""

    def swallow(self, response: bytes) -> None:
        """The response never leaves."""

    def drop(self, *, reset: bool) -> None:
        """End the connection without a goodbye."""

    def freeze(self) -> None:
        """Read and write nothing any more; the socket stays."""


def carry_out(fault: Fault, line: Line, act: Callable[[], None]) -> bool:
    """Does what is at fault: `act` writes the one PDU that is meant first of all, a response or a request of ours.

    False when `act` has written nothing: its PDU comes later, and the fault with it.
    """
    match fault.effect:
        case Effect.DROP:
            line.drop(reset=fault.kind == "reset")
            return True
        case Effect.HALF_OPEN:
            line.freeze()
            return True
    place = len(line.outgoing)
    act()
    if len(line.outgoing) == place:
        return False
    octets = line.outgoing[place]
    match fault.effect:
        case Effect.NO_RESPONSE:
            line.outgoing[place] = b""
            line.swallow(octets)
        case Effect.DUPLICATE:
            line.outgoing[place] = octets * 2
        case Effect.MALFORMED:
            line.outgoing[place] = KINDS[fault.kind](octets)
        case Effect.REORDER if line.held:  # this one is the next one
            line.outgoing[place] = octets + b"".join(line.held)
            line.held.clear()
        case Effect.REORDER:
            line.outgoing[place] = b""
            line.held.append(octets)
        case Effect.SLOW:
            line.outgoing[place] = b""
            line.put_off(octets, fault.seconds)
    return True
