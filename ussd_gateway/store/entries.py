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
    error: int = 0
    kind = "sms.state"


class AttemptEntry(msgspec.Struct, array_like=True, tag="sms.attempt", gc=False, frozen=True):
    """An attempt to deliver an SMS failed; `error` is the MAP user error (3GPP 29.002)."""

    at: float
    message_id: str
    error: int
    kind = "sms.attempt"


class ReplacedEntry(msgspec.Struct, array_like=True, tag="sms.replaced", gc=False, frozen=True):
    """An SMS under way was rewritten; `new` is what it is from now on."""

    at: float
    new: SmsEntry
    kind = "sms.replaced"


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


Entry = SmsEntry | StateEntry | AttemptEntry | ReplacedEntry | ReceiptEntry | UssdEntry | EventEntry

UNREADABLE = "journal.unreadable"
"""The kind of what stands in for an entry that this version cannot read."""
UNWRITABLE = "journal.unwritable"
"""The kind of what stands in for an entry that no octets can say, such as half a character."""

_encoder = msgspec.msgpack.Encoder(enc_hook=str)
_decoder = msgspec.msgpack.Decoder(list[Entry])
_entry: msgspec.msgpack.Decoder[Entry] = msgspec.msgpack.Decoder(Entry)
_entries = msgspec.msgpack.Decoder(list[msgspec.Raw])


def encode(entries: Sequence[Entry]) -> bytes:
    """The octets of a list of entries. One that cannot be written does not take the others with it."""
    try:
        return _encoder.encode(entries)
    except (ValueError, OverflowError, TypeError):
        return _encoder.encode([_writable(entry) for entry in entries])


def decode(block: bytes) -> Sequence[Entry]:
    """The entries of a block, in their order; what a newer version wrote beyond the known fields is left out."""
    try:
        return _decoder.decode(block)
    except msgspec.DecodeError:
        pass
    try:
        return [_readable(entry) for entry in _entries.decode(block)]
    except msgspec.DecodeError as error:
        return [EventEntry(0.0, UNREADABLE, None, {"reason": str(error)})]


def _writable(entry: Entry) -> Entry:
    try:
        _encoder.encode(entry)
    except (ValueError, OverflowError, TypeError) as error:
        return EventEntry(entry.at, UNWRITABLE, None, {"kind": entry.kind, "reason": type(error).__name__})
    return entry


def _readable(octets: msgspec.Raw) -> Entry:
    try:
        return _entry.decode(octets)
    except msgspec.DecodeError as error:
        match msgspec.msgpack.decode(octets):
            case [str(tag), float(at), *_]:
                return EventEntry(at, UNREADABLE, None, {"tag": tag, "reason": str(error)})
        return EventEntry(0.0, UNREADABLE, None, {"reason": str(error)})
