"""Which message has its receipt: none lost, none twice. No I/O."""

from __future__ import annotations

import re

from ussd_gateway.load.histogram import Histogram
from ussd_gateway.smpp.commands import DeliverSm
from ussd_gateway.smpp.pdu import decode
from ussd_gateway.smpp.tlv import Tag

# A deliver_sm from its body on (4.6.1): the esm_class of a receipt (5.2.12: bits 5-2 are 0001), and a short_message as
# in appendix B. One search instead of a decoded PDU, because there is one for every message.
_RECEIPT = re.compile(
    rb"[^\0]*\0..[^\0]*\0..[^\0]*\0[\x04-\x07\x44-\x47\x84-\x87\xc4-\xc7]..[^\0]*\0[^\0]*\0.{5}id:([^ ]+) ", re.DOTALL
)


def receipted_message_id(octets: bytes, body: int, end: int) -> bytes:
    """The message_id that the deliver_sm in `octets` speaks of, or b"" for what is no receipt.

    body    where its mandatory parameters begin, behind the header
    end     where the PDU ends
    """
    if found := _RECEIPT.match(octets, body, end):
        return found[1]
    pdu = decode(octets[body - 16 : end])
    if isinstance(pdu, DeliverSm) and pdu.esm_class & 0x3C == 0x04:
        return (pdu.tlv(Tag.RECEIPTED_MESSAGE_ID) or b"").rstrip(b"\0")
    return b""


class Receipts:
    """Pairs the responses with their receipts by message_id; moments in nanoseconds of any one clock."""

    def __init__(self) -> None:
        self._awaited: dict[bytes, int] = {}  # accepted messages without a receipt, and when they were due
        self._early: dict[bytes, int] = {}  # receipts whose response is still to come, and when they came
        self._doubled = 0
        self._reused = 0
        self.came = 0
        self.durations = Histogram()

    def accepted(self, message_id: bytes, due: int) -> None:
        """A response gave this message_id to the message that was due then."""
        if message_id in self._early:
            self._pair(due, self._early.pop(message_id))
        elif message_id in self._awaited:
            self._reused += 1  # two messages of one name: the receipt of one of them is nobody's
        else:
            self._awaited[message_id] = due

    def receipt(self, message_id: bytes, now: int) -> None:
        """A receipt came."""
        due = self._awaited.pop(message_id, None)
        if due is not None:
            self._pair(due, now)
        elif message_id in self._early:
            self._doubled += 1
        else:
            self._early[message_id] = now

    @property
    def lost(self) -> int:
        """How many accepted messages have no receipt."""
        return len(self._awaited) + self._reused

    @property
    def doubled(self) -> int:
        """How many receipts came for messages that had theirs, or were never ours. Exact once every response is in."""
        return self._doubled + len(self._early)

    def _pair(self, due: int, now: int) -> None:
        self.came += 1
        self.durations.record(now - due)
