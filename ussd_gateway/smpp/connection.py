"""One SMPP connection as the SMSC sees it: octets to PDUs, and which command is allowed when. Pure.

The shell feeds octets with `receive_data`, gets PDUs in order, asks `refusal` of each request and writes what it likes.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from ussd_gateway.smpp import commands
from ussd_gateway.smpp.errors import LostStreamError
from ussd_gateway.smpp.pdu import HEADER, RESPONSE, Pdu, UnparsedPdu, decode_body
from ussd_gateway.smpp.status import Status

_HEADER_SIZE, _unpack_header = HEADER.size, HEADER.unpack_from
LONGEST_PDU = 70_000  # a message_payload of 65,535 octets (5.3.2.32) with everything that may stand around it
LAST_SEQUENCE_NUMBER = 0x7FFFFFFF  # 3.2


class State(StrEnum):
    """The session states of section 2.2, and the two that 5.0 adds: outbound and unbound."""

    OPEN = "open"
    OUTBOUND = "outbound"  # the SMSC has connected and sent outbind
    BOUND_TX = "transmitter"
    BOUND_RX = "receiver"
    BOUND_TRX = "transceiver"
    UNBOUND = "unbound"  # unbind was answered; only the close is left


OPEN, OUTBOUND = State.OPEN, State.OUTBOUND
BOUND_TX, BOUND_RX, BOUND_TRX = State.BOUND_TX, State.BOUND_RX, State.BOUND_TRX
BOUND = frozenset((BOUND_TX, BOUND_RX, BOUND_TRX))

BINDS = {
    commands.BindTransmitter.command_id: BOUND_TX,
    commands.BindReceiver.command_id: BOUND_RX,
    commands.BindTransceiver.command_id: BOUND_TRX,
}
"""The state that each bind leads to (section 2.2)."""


class Senders(NamedTuple):
    """The states in which each side may send a request."""

    esme: frozenset[State] = frozenset()
    smsc: frozenset[State] = frozenset()


_SUBMITS = Senders(esme=frozenset((BOUND_TX, BOUND_TRX)))
_DELIVERS = Senders(smsc=frozenset((BOUND_RX, BOUND_TRX)))
_ALWAYS = Senders(esme=frozenset(State), smsc=frozenset(State))

SENDERS: dict[type[Pdu], Senders] = {
    commands.BindTransmitter: Senders(esme=frozenset((OPEN,))),
    commands.BindReceiver: Senders(esme=frozenset((OPEN, OUTBOUND))),
    commands.BindTransceiver: Senders(esme=frozenset((OPEN, OUTBOUND))),
    commands.Outbind: Senders(smsc=frozenset((OPEN,))),
    commands.Unbind: Senders(esme=BOUND, smsc=BOUND),
    commands.SubmitSm: _SUBMITS,
    commands.SubmitMulti: _SUBMITS,
    commands.DataSm: Senders(esme=_SUBMITS.esme, smsc=_DELIVERS.smsc),
    commands.DeliverSm: _DELIVERS,
    commands.AlertNotification: _DELIVERS,
    commands.QuerySm: _SUBMITS,
    commands.CancelSm: _SUBMITS,
    commands.ReplaceSm: _SUBMITS,
    commands.BroadcastSm: _SUBMITS,
    commands.QueryBroadcastSm: _SUBMITS,
    commands.CancelBroadcastSm: _SUBMITS,
    commands.EnquireLink: _ALWAYS,
    commands.GenericNack: _ALWAYS,
}
"""Who may send what in which state (table 2-1, with what 5.0 adds to it). A response goes the other way in the states
of its request, and also later: a slow peer's response is never refused. enquire_link harms nobody before a bind."""

ALLOWED: dict[int, frozenset[State]] = {
    pdu.command_id: senders.esme for pdu, senders in SENDERS.items() if not pdu.command_id & RESPONSE
}
"""The states in which an ESME may send each request: what the SMSC goes by."""


def commands_table() -> str:
    """`SENDERS` as a Markdown table, for the page about the SMSC."""
    rows = [("command", "command_id", *(state.name for state in State)), ("---",) * (2 + len(State))]
    for pdu, senders in sorted(SENDERS.items(), key=lambda row: row[0].command_id):
        cells = (_who(state, senders) for state in State)
        rows.append((pdu.command, f"0x{pdu.command_id:08X}", *cells))
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _who(state: State, senders: Senders) -> str:
    who = [name for name, states in (("ESME", senders.esme), ("SMSC", senders.smsc)) if state in states]
    return "both" if len(who) == 2 else "".join(who)


class Connection:
    """State, framing and sequence numbers of one connection."""

    __slots__ = ("_rest", "_sequence_number", "state")

    def __init__(self) -> None:
        self.state = State.OPEN
        self._rest = b""
        self._sequence_number = 0

    def receive_data(self, data: bytes) -> Iterator[Pdu | UnparsedPdu]:
        """The PDUs that are complete with `data`; LostStreamError, after them, when a command_length cannot be true."""
        if self._rest:
            data = self._rest + data
        position, end = 0, len(data)
        while end - position >= _HEADER_SIZE:
            length, command_id, command_status, sequence_number = _unpack_header(data, position)
            following = position + length
            if following > end or not _HEADER_SIZE <= length <= LONGEST_PDU:
                break
            yield decode_body(data[position:following], command_id, command_status, sequence_number)
            position = following
        self._rest = data[position:]
        if len(self._rest) >= 4:
            self._require_true_length(int.from_bytes(self._rest[:4]))

    @property
    def rest(self) -> bytes:
        """The beginning of a PDU whose end is still to come."""
        return self._rest

    def _require_true_length(self, length: int) -> None:
        if not HEADER.size <= length <= LONGEST_PDU:
            self._rest = b""
            raise LostStreamError(
                f"command_length is {length}; a PDU has {HEADER.size} to {LONGEST_PDU} octets", Status.ESME_RINVCMDLEN
            )

    def refusal(self, request: Pdu) -> Status | None:
        """The command_status that answers a request which the state does not allow; None when it is allowed."""
        allowed = ALLOWED.get(request.command_id)
        if allowed is None or self.state in allowed:
            return None
        if request.command_id in BINDS and self.state in BOUND:
            return Status.ESME_RALYBND
        return Status.ESME_RINVBNDSTS

    def bind(self, request: Pdu) -> None:
        """The bind was accepted."""
        self.state = BINDS[request.command_id]

    def outbind(self) -> None:
        """The SMSC has sent outbind: the ESME may bind as receiver or transceiver."""
        self.state = State.OUTBOUND

    def unbind(self) -> None:
        """Either side has answered an unbind."""
        self.state = State.UNBOUND

    @property
    def submits(self) -> bool:
        """Whether the peer may submit messages."""
        return self.state is BOUND_TX or self.state is BOUND_TRX

    @property
    def receives(self) -> bool:
        """Whether deliver_sm may be sent to the peer."""
        return self.state is BOUND_RX or self.state is BOUND_TRX

    def next_sequence_number(self) -> int:
        """For the next request of ours: 1 to 0x7FFFFFFF, then 1 again."""
        self._sequence_number = self._sequence_number % LAST_SEQUENCE_NUMBER + 1
        return self._sequence_number
