"""The entries of the journal, and a turn's worth of them as one block of octets (MessagePack)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from ussd_gateway.network.message import Sms


class SmsEntry(msgspec.Struct, array_like=True, tag="sms", gc=False, frozen=True):
    """An SMS was accepted, and is in this state.

    at      float; seconds since the epoch by the gateway's clock, as in every entry
    masked  bool; whether a part of its text is hidden (R178)
    """

    at: float
    state: int
    sms: Sms
    masked: bool = False
    kind = "sms"


class StateEntry(msgspec.Struct, array_like=True, tag="sms.state", gc=False, frozen=True):
    """An SMS came to another state."""

    at: float
    message_id: str
    state: int
    kind = "sms.state"


class ReceiptEntry(msgspec.Struct, array_like=True, tag="receipt", gc=False, frozen=True):
    """A receipt left for the ESME that asked for it."""

    at: float
    message_id: str
    state: int
    account: str
    kind = "receipt"


class UssdEntry(msgspec.Struct, array_like=True, tag="ussd", gc=False, frozen=True):
    """A USSD message passed; `octets` as its CBS data_coding has them, secrets hidden."""

    at: float
    operation: str
    msisdn: str
    service_code: str
    session: str
    data_coding: int
    octets: bytes
    outcome: str = ""

    @property
    def kind(self) -> str:
        """ussd.begin, ussd.ask ..."""
        return f"ussd.{self.operation}"


class EventEntry(msgspec.Struct, array_like=True, tag="event", frozen=True):
    """Anything else that happened, such as esme.bound; the facts hold no secret."""

    at: float
    kind: str
    account: str | None
    facts: dict[str, Any]


Entry = SmsEntry | StateEntry | ReceiptEntry | UssdEntry | EventEntry

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[Entry])

encode = _encoder.encode
"""The octets of a list of entries."""


def decode(block: bytes) -> Sequence[Entry]:
    """The entries of a block, in their order."""
    return _decoder.decode(block)
