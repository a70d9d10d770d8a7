"""A receipt as the PDU that an account wants. No I/O."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from ussd_gateway.applications.smsc.translate import address
from ussd_gateway.coding import gsm7
from ussd_gateway.coding.data_coding import CODECS, GSM7, GSM7_PACKED, OCTETS, Alphabet, encode, sms_alphabet
from ussd_gateway.network.message import UDHI, Receipt, Sms
from ussd_gateway.smpp.commands import DataSm, DeliverSm
from ussd_gateway.smpp.fields import LONGEST_SHORT_MESSAGE
from ussd_gateway.smpp.pdu import HEADER
from ussd_gateway.smpp.receipts import (
    DEFAULT,
    INTERMEDIATE_ESM_CLASS,
    RECEIPT_ESM_CLASS,
    SHOWN,
    ReceiptStyle,
    id_writer,
    read_id,
    receipt_text,
    receipt_tlvs,
    text_writer,
    tlvs_writer,
)
from ussd_gateway.smpp.tlv import Tag, encode_tlvs

_ZERO = b"\0"
_RECEIPT_CLASS = bytes((RECEIPT_ESM_CLASS,))
_INTERMEDIATE_CLASS = bytes((INTERMEDIATE_ESM_CLASS,))
_TEXT = b"\0"  # stands for the text of the message


_ADDRESSES = (
    *("source_addr_ton", "source_addr_npi", "source_addr"),
    *("dest_addr_ton", "dest_addr_npi", "destination_addr"),
)
_pack_deliver_sm = DeliverSm.packer(*_ADDRESSES, "esm_class", "short_message")


_ID = b"0" * 10  # stands for any message_id of the network's own form


@lru_cache(maxsize=256)
def _template(submitted: float, done: float, state: int, error: int, esm_class: bytes) -> tuple[bytes, int]:
    """The body of a receipt in the default style, and the sm_length of one without a text; moments in minutes.

    Wants TON, NPI and address of source and destination, sm_length, message_id, text, and the message_id again. All
    receipts of a minute share it, so that each is one format.
    """
    text = receipt_text(_ID, state, submitted * 60, done * 60, error, b"")
    behind = text + b"%b" + receipt_tlvs(_ID, state, error).replace(b"%", b"%%")
    before = DeliverSm.template(*_ADDRESSES, "short_message", esm_class=esm_class[0]).removesuffix(b"%b%b")
    return before + b"%c" + behind.replace(_ID, b"%b"), len(text)


class Receipts:
    """Writes the receipts of one account, and the message_ids that it sees.

    response_id  the printf form of the message_id in responses
    alphabet     what data_coding 0 means to the account
    answered_id  makes it of a message_id; None where it is the network's own form, so that nobody need call
    """

    def __init__(self, style: ReceiptStyle = DEFAULT, response_id: str = DEFAULT.id, alphabet: Alphabet = GSM7) -> None:
        """ValueError for a style that makes no sense."""
        self.style = style
        self.response_id = response_id
        self._id = id_writer(style.id)
        self._text = text_writer(style)
        self._tlvs = tlvs_writer(style)
        self._in_data_sm = style.pdu == "data_sm"
        self._alphabet = alphabet
        self._usual = style == DEFAULT and alphabet is GSM7
        in_response = id_writer(response_id)
        self.answered_id: Callable[[str], bytes] | None = None if response_id == DEFAULT.id else in_response

    def octets(self, receipt: Receipt, sequence_number: int, *, with_tlvs: bool = True) -> bytes:
        """The PDU; `with_tlvs` False for an ESME of before SMPP 3.4, which knows no data_sm either."""
        sms, state, error = receipt.sms, receipt.state, receipt.error
        message_id = self._id(sms.group_id or sms.message_id)
        esm_class = _INTERMEDIATE_CLASS if receipt.intermediate else _RECEIPT_CLASS
        # Appendix B's text: repeats the message's, but for what is no plain text, or holds a header
        shown = sms.octets if not sms.data_coding and not sms.esm_class & UDHI else b""
        if self._usual and with_tlvs and not sms.tlvs:
            template, length = _template(sms.submitted_at // 60, receipt.done_at // 60, state, error, esm_class)
            shown = shown[:SHOWN]
            addresses = *address(sms.destination), *address(sms.source)
            body = template % (*addresses, length + len(shown), message_id, shown, message_id)
            return HEADER.pack(HEADER.size + len(body), DeliverSm.command_id, 0, sequence_number) + body
        if self._alphabet is GSM7:
            text = self._text(message_id, state, sms.submitted_at, receipt.done_at, error, shown)
        else:
            around = self._text(message_id, state, sms.submitted_at, receipt.done_at, error, _TEXT)
            text = _written(around, sms, self._alphabet)
        tlvs = self._tlvs(message_id, state, error) + _echoed(sms) if with_tlvs else b""
        if self._in_data_sm and with_tlvs:
            return DataSm.pack(
                sequence_number,
                (b"", *address(sms.destination), *address(sms.source), esm_class, _ZERO, _ZERO),
                tail=encode_tlvs(((Tag.MESSAGE_PAYLOAD, text),)) + tlvs,
            )
        if len(text) > LONGEST_SHORT_MESSAGE and not with_tlvs:
            text = _cut(text, self._alphabet)
        elif len(text) > LONGEST_SHORT_MESSAGE:
            tlvs = encode_tlvs(((Tag.MESSAGE_PAYLOAD, text),)) + tlvs
            text = b""
        return _pack_deliver_sm(
            sequence_number,
            (*address(sms.destination), *address(sms.source), esm_class, bytes((len(text),)), text),
            tlvs,
        )

    def number_of(self, message_id: str) -> str | None:
        """The network's message_id of the one that an ESME names, as in a response or a receipt; None for no such."""
        number = read_id(message_id, self.response_id, self.style.id)
        return None if number is None else DEFAULT.id % number


def _written(around: bytes, sms: Sms, alphabet: Alphabet) -> bytes:
    """A receipt's text in another alphabet than GSM 7-bit; `around` is ASCII, with _TEXT for the message's text."""
    shown = ""
    if not sms.esm_class & UDHI and sms_alphabet(sms.data_coding, sms.default_alphabet) is not OCTETS:
        shown = sms.text[:SHOWN]
        try:
            encode(shown, alphabet)
        except gsm7.UnencodableError:
            shown = ""
    text = around.decode().replace(_TEXT.decode(), shown)
    if alphabet is GSM7_PACKED:
        return gsm7.pack(gsm7.encode(text, replacement="?"))  # it alone lacks characters of ASCII
    return encode(text, alphabet)


def _cut(text: bytes, alphabet: Alphabet) -> bytes:
    """As much as a short_message takes, in whole characters."""
    cut = text[:LONGEST_SHORT_MESSAGE]
    codec = CODECS.get(alphabet)
    return cut.decode(codec, "ignore").encode(codec) if codec else cut


def _echoed(sms: Sms) -> bytes:
    """The reference by which the ESME itself knows the message (4.6.1)."""
    return encode_tlvs((tag, value) for tag, value in sms.tlvs if tag == Tag.USER_MESSAGE_REFERENCE)
