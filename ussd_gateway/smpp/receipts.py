"""Delivery receipts: the text of SMPP 3.4 appendix B and the TLVs that say the same."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from ussd_gateway.smpp.tlv import Tag, encode_tlvs

RECEIPT_ESM_CLASS = 0x04  # 5.2.12: bits 5-2 are 0001, an SMSC delivery receipt


WORDS = {
    1: b"ENROUTE",
    2: b"DELIVRD",
    3: b"EXPIRED",
    4: b"DELETED",
    5: b"UNDELIV",
    6: b"ACCEPTD",
    7: b"UNKNOWN",
    8: b"REJECTD",
}
"""The word of appendix B for each message_state (5.2.28)."""

DELIVERED = 2

# Every receipt has these two, so they are made once.
_RECEIPTED_MESSAGE_ID = Tag.RECEIPTED_MESSAGE_ID.to_bytes(2)
_MESSAGE_STATES = {state: encode_tlvs(((Tag.MESSAGE_STATE, bytes((state,))),)) for state in WORDS}

_NETWORK_GSM = 3  # the network type of network_error_code (5.3.2.31)


def receipt_text(message_id: bytes, state: int, submitted_at: float, done_at: float, error: int, text: bytes) -> bytes:
    """The short_message of a receipt: appendix B, dates as YYMMDDhhmm in UTC, the first 20 octets of the text."""
    delivered = b"001" if state == DELIVERED else b"000"
    return b"id:%b sub:001 dlvrd:%b submit date:%b done date:%b stat:%b err:%03d text:%b" % (
        message_id,
        delivered,
        _minute(int(submitted_at) // 60),
        _minute(int(done_at) // 60),
        WORDS[state],
        error,
        text[:20],
    )


def receipt_tlvs(message_id: bytes, state: int, error: int) -> bytes:
    """receipted_message_id, message_state and, where something went wrong, network_error_code, as octets."""
    size = len(message_id) + 1
    tlvs = b"%b%b%b\0%b" % (_RECEIPTED_MESSAGE_ID, size.to_bytes(2), message_id, _MESSAGE_STATES[state])
    if error:
        tlvs += encode_tlvs(((Tag.NETWORK_ERROR_CODE, bytes((_NETWORK_GSM,)) + error.to_bytes(2)),))
    return tlvs


@lru_cache(maxsize=64)
def _minute(minute: int) -> bytes:
    # A thousand receipts a second share one minute.
    return datetime.fromtimestamp(minute * 60, UTC).strftime("%y%m%d%H%M").encode()


def is_receipt(pdu: Any) -> bool:
    """Whether a deliver_sm or data_sm is an SMSC delivery receipt (5.2.12)."""
    return bool(pdu.esm_class & 0x3C == RECEIPT_ESM_CLASS)


def read_receipt(pdu: Any, text: bytes) -> tuple[str, int] | None:
    """The message_id and message_state of a receipt, by its TLVs or the words of appendix B; None where it has none."""
    named = pdu.tlv(Tag.RECEIPTED_MESSAGE_ID) or _found(rb"\bid:\s*(\S+)", text)
    state = (pdu.tlv(Tag.MESSAGE_STATE) or b"\0")[0] or _STATES.get(_found(rb"\bstat:\s*(\w+)", text).upper()[:5], 0)
    return (named.rstrip(b"\0").decode("latin-1"), state) if named and state else None


# Some write the words out: five letters tell them apart.
_STATES = {word[:5]: state for state, word in WORDS.items()}


def _found(pattern: bytes, text: bytes) -> bytes:
    found = re.search(pattern, text, re.IGNORECASE)
    return found[1] if found else b""
