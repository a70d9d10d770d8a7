"""Delivery receipts: the text of SMPP 3.4 appendix B and the TLVs that say the same, in the style of an account.

SMSCs differ in every part of a receipt. A style is compiled once, at the start, into functions that write it; the style
that everybody has by default is written by hand, since thousands a second are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from string import Formatter
from typing import Any, Literal

from ussd_gateway.smpp.tlv import Tag, encode_tlvs

RECEIPT_ESM_CLASS = 0x04  # 5.2.12: bits 5-2 are 0001, an SMSC delivery receipt
INTERMEDIATE_ESM_CLASS = 0x20  # 5.2.12: bits 5-2 are 1000, an intermediate delivery notification

STATES = {
    "SCHEDULED": 0,
    "ENROUTE": 1,
    "DELIVERED": 2,
    "EXPIRED": 3,
    "DELETED": 4,
    "UNDELIVERABLE": 5,
    "ACCEPTED": 6,
    "UNKNOWN": 7,
    "REJECTED": 8,
    "SKIPPED": 9,
}
"""message_state by its name (5.2.28); SCHEDULED and SKIPPED are SMPP 5.0's."""

WORDS = {
    0: b"SCHEDLD",  # no specification has a word for this one and the last; they have seven letters like the others
    1: b"ENROUTE",
    2: b"DELIVRD",
    3: b"EXPIRED",
    4: b"DELETED",
    5: b"UNDELIV",
    6: b"ACCEPTD",
    7: b"UNKNOWN",
    8: b"REJECTD",
    9: b"SKIPPED",
}
"""The word of appendix B for each message_state (5.2.28)."""

DELIVERED = 2
SHOWN = 20  # octets of the message that text: repeats

FIELDS = ("id", "sub", "dlvrd", "submit_date", "done_date", "stat", "err", "text")
"""What a template of a receipt's text may name, in braces."""

APPENDIX_B = (
    "id:{id} sub:{sub} dlvrd:{dlvrd} submit date:{submit_date} done date:{done_date} stat:{stat} err:{err} text:{text}"
)

_NETWORK_GSM = 3  # the network type of network_error_code (5.3.2.31)

Text = Callable[[bytes, int, float, float, int, bytes], bytes]
"""Writes the text of: message_id, message_state, submitted_at, done_at, error, octets of the message."""
ReceiptTlvs = Callable[[bytes, int, int], bytes]
"""Writes the TLVs of: message_id, message_state, error."""


@dataclass(frozen=True, slots=True)
class ReceiptStyle:
    """How the receipts of one account look.

    pdu           what carries them; an ESME of before SMPP 3.4 gets deliver_sm
    text          a template that names FIELDS in braces
    date          strftime, of UTC
    words         the word of {stat} by the name of the state; those of WORDS where it names none
    id            the printf form of the message_id
    id_in         where the message_id stands: {id}, receipted_message_id, both or neither
    err           the printf form of {err}; "none" leaves it empty
    network_type  the first octet of network_error_code (5.3.2.31); 0 leaves that TLV out
    """

    pdu: Literal["deliver_sm", "data_sm"] = "deliver_sm"
    text: str = APPENDIX_B
    date: str = "%y%m%d%H%M"
    words: Mapping[str, str] = field(default_factory=dict)
    id: str = "%010d"
    id_in: Literal["both", "text", "tlv", "none"] = "both"
    err: str = "%03d"
    network_type: int = _NETWORK_GSM


DEFAULT = ReceiptStyle()


# Numbers as printf writes them -------------------------------------------------------------------------------------

_FORM = re.compile(r"%(?:0([1-9][0-9]?))?([dxX])")
_WIDEST = 64  # 4.4.2: message_id has 65 octets, the last of them NUL


class NumberForm:
    """How a number is written, in decimal or hexadecimal: %d, %x, %X, each with zeros in front as in %08x."""

    __slots__ = ("_base", "written")

    def __init__(self, written: str) -> None:
        """ValueError for what is no such form."""
        found = _FORM.fullmatch(written)
        if found is None or int(found[1] or 0) > _WIDEST:
            raise ValueError(f"{written!r} is no form of a number; write %d, %010d, %x, %X or %08x")
        self.written = written
        self._base = 10 if found[2] == "d" else 16

    def write(self, number: int) -> str:
        """The number in this form."""
        return self.written % number

    def read(self, text: str) -> int | None:
        """The number that the text writes in this base, whatever zeros and capitals it has; None where it is none."""
        if not text.isascii() or not text.isalnum():
            return None
        try:
            return int(text, self._base)
        except ValueError:
            return None


def id_writer(form: str) -> Callable[[str], bytes]:
    """Makes of a message_id, as the network numbers messages, the octets that an account sees."""
    if form == DEFAULT.id:
        return str.encode  # the network's own form
    write = NumberForm(form).write
    return lambda message_id: write(int(message_id)).encode()


def read_id(text: str, *forms: str) -> int | None:
    """The number of the message that an ESME means; None for what is in none of the forms.

    One who writes it exactly in any of the forms is taken at his word; else zeros and capitals do not matter, and the
    first form that can be read counts.
    """
    known = [NumberForm(form) for form in forms]
    numbers = [(form, number) for form in known if (number := form.read(text)) is not None]
    exact = [number for form, number in numbers if form.write(number) == text]
    return next(iter(exact or [number for _, number in numbers]), None)


# Texts -------------------------------------------------------------------------------------------------------------


def receipt_text(message_id: bytes, state: int, submitted_at: float, done_at: float, error: int, text: bytes) -> bytes:
    """The short_message of a receipt: appendix B, dates as YYMMDDhhmm in UTC, the first 20 octets of the text."""
    return b"id:%b%b%b" % (message_id, _middle(submitted_at // 60, done_at // 60, state, error), text[:SHOWN])


@lru_cache(maxsize=256)
def _middle(submitted: float, done: float, state: int, error: int) -> bytes:
    """What stands between the id and the text; moments in minutes. Thousands of receipts share it."""
    return b" sub:001 dlvrd:%b submit date:%b done date:%b stat:%b err:%03d text:" % (
        b"001" if state == DELIVERED else b"000",
        _minute(int(submitted)),
        _minute(int(done)),
        WORDS[state],
        error,
    )


def text_writer(style: ReceiptStyle) -> Text:
    """What writes the text in this style; ValueError that says what is wrong with the style."""
    shows_id = style.id_in in ("both", "text")
    if shows_id and (style.text, style.date, style.words, style.err) == (APPENDIX_B, DEFAULT.date, {}, DEFAULT.err):
        return receipt_text
    template, words, date = _template(style.text), _words(style.words), _date(style.date)
    err = err_writer(style.err)

    def write(message_id: bytes, state: int, submitted_at: float, done_at: float, error: int, text: bytes) -> bytes:
        return template % {
            b"id": message_id if shows_id else b"",
            b"sub": b"001",
            b"dlvrd": b"001" if state == DELIVERED else b"000",
            b"submit_date": date(int(submitted_at)),
            b"done_date": date(int(done_at)),
            b"stat": words[state],
            b"err": err(error),
            b"text": text[:SHOWN],
        }

    return write


def err_writer(form: str) -> Callable[[int], bytes]:
    """Writes {err}."""
    if form == "none":
        return lambda error: b""
    written = NumberForm(form).written.encode()
    return lambda error: written % error


def _template(text: str) -> bytes:
    parts = []
    for literal, name, spec, conversion in Formatter().parse(text):
        parts.append(_ascii(literal.replace("%", "%%")))
        if name is None:
            continue
        if name not in FIELDS or spec or conversion:
            raise ValueError(f"{{{name}}} is no field; known: {', '.join(f'{{{field}}}' for field in FIELDS)}")
        parts.append(b"%%(%b)b" % name.encode())
    return b"".join(parts)


def _words(given: Mapping[str, str]) -> dict[int, bytes]:
    words = dict(WORDS)
    for name, word in given.items():
        if name not in STATES:
            raise ValueError(f"{name} is no state; known: {', '.join(STATES)}")
        words[STATES[name]] = _ascii(word)
    return words


def _date(form: str) -> Callable[[int], bytes]:
    _ascii(form)

    @lru_cache(maxsize=64)  # a thousand receipts a second share one moment
    def written(moment: int) -> bytes:
        return datetime.fromtimestamp(moment, UTC).strftime(form).encode("ascii", "replace")

    return written


def _ascii(text: str) -> bytes:
    if not text.isascii():
        raise ValueError(f"{text!r} has letters beyond ASCII; a receipt's text has data_coding 0")
    return text.encode()


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


# TLVs --------------------------------------------------------------------------------------------------------------

# Every receipt has these two, so they are made once.
_RECEIPTED_MESSAGE_ID = Tag.RECEIPTED_MESSAGE_ID.to_bytes(2)
_MESSAGE_STATES = {state: encode_tlvs(((Tag.MESSAGE_STATE, bytes((state,))),)) for state in WORDS}


def receipt_tlvs(message_id: bytes, state: int, error: int) -> bytes:
    """receipted_message_id, message_state and, where something went wrong, network_error_code, as octets."""
    size = len(message_id) + 1
    tlvs = b"%b%b%b\0%b" % (_RECEIPTED_MESSAGE_ID, size.to_bytes(2), message_id, _MESSAGE_STATES[state])
    if error:
        tlvs += _network_error_code(_NETWORK_GSM, error)
    return tlvs


def tlvs_writer(style: ReceiptStyle) -> ReceiptTlvs:
    """What writes the TLVs in this style."""
    shows_id, network_type = style.id_in in ("both", "tlv"), style.network_type
    if shows_id and network_type == _NETWORK_GSM:
        return receipt_tlvs

    def write(message_id: bytes, state: int, error: int) -> bytes:
        tlvs = receipt_tlvs(message_id, state, 0) if shows_id else _MESSAGE_STATES[state]
        return tlvs + _network_error_code(network_type, error) if error and network_type else tlvs

    return write


def _network_error_code(network_type: int, error: int) -> bytes:
    return encode_tlvs(((Tag.NETWORK_ERROR_CODE, bytes((network_type,)) + error.to_bytes(2)),))
