"""Between PDUs and messages: submit_sm to Sms, Sms to deliver_sm. No I/O."""

from __future__ import annotations

from functools import lru_cache

from msgspec import structs

from ussd_gateway.coding.data_coding import GSM7, Alphabet
from ussd_gateway.coding.segments import Concatenation, parse_udh
from ussd_gateway.coding.user_data import recoded
from ussd_gateway.network.message import UDHI, Sms
from ussd_gateway.smpp.commands import DeliverSm, SubmitSm
from ussd_gateway.smpp.errors import PduError
from ussd_gateway.smpp.status import Status
from ussd_gateway.smpp.time import parse_time
from ussd_gateway.smpp.tlv import Tag, Tlvs, encode_tlvs

_ZERO = b"\0"
_SAR = (Tag.SAR_MSG_REF_NUM, Tag.SAR_TOTAL_SEGMENTS, Tag.SAR_SEGMENT_SEQNUM)
_UNDERSTOOD = frozenset((*_SAR, Tag.MESSAGE_PAYLOAD))
_HIGHEST_PRIORITY = 3  # 5.2.14


def sms_from(pdu: SubmitSm, account: str, now: float, default_alphabet: Alphabet = GSM7) -> Sms:
    """The message that a submit_sm carries, data_coding 0 as its account means it; PduError with the command_status that refuses it."""
    # One unpacking instead of eighteen attributes: every message an ESME submits comes this way.
    (
        service_type,
        _,
        _,
        source,
        _,
        _,
        destination,
        esm_class,
        protocol_id,
        priority_flag,
        schedule_delivery_time,
        validity_period,
        registered_delivery,
        replace_if_present_flag,
        data_coding,
        sm_default_msg_id,
        _,
        octets,
    ) = pdu.values
    if not destination.removeprefix(b"+").isdigit():
        raise PduError("destination_addr is no number; write its digits", Status.ESME_RINVDSTADR)
    if priority_flag[0] > _HIGHEST_PRIORITY:
        raise PduError(f"priority_flag is {priority_flag[0]}; it goes from 0 to 3", Status.ESME_RINVPRTFLG)
    if service_type == b"USSD" or replace_if_present_flag != _ZERO or sm_default_msg_id != _ZERO:
        _refuse_what_is_not_offered(pdu)
    if schedule_delivery_time:
        _refuse_the_future(pdu.schedule_delivery_time, now)
    tlvs: Tlvs = ()
    concatenation = None
    if pdu.tlvs:
        octets, concatenation, tlvs = _with_tlvs(pdu)
    if esm_class[0] & UDHI:
        concatenation = parse_udh(octets)[0] or concatenation
    return Sms(
        source.decode("latin-1") if source[:1] != b"+" else source[1:].decode("latin-1"),
        destination.decode("latin-1") if destination[:1] != b"+" else destination[1:].decode("latin-1"),
        octets,
        data_coding[0],
        esm_class[0],
        protocol_id[0],
        registered_delivery[0],
        concatenation,
        _expiry(pdu.validity_period, now) if validity_period else 0.0,
        account,
        tlvs=tlvs,
        default_alphabet=default_alphabet,
    )


def deliver_sm(
    message: Sms, sequence_number: int, *, with_tlvs: bool = True, default_alphabet: Alphabet = GSM7
) -> bytes:
    """The octets of the deliver_sm that hands a message to an ESME.

    with_tlvs  False for an ESME of before SMPP 3.4; a text that only message_payload could carry goes with it all the same
    default_alphabet  what data_coding 0 means to the ESME; another ESME's text is written anew in it, while a handset
                      knows what it does
    """
    if message.default_alphabet is not default_alphabet and message.account:
        user_data = recoded(message.user_data, default_alphabet)
        message = structs.replace(message, octets=user_data.octets, data_coding=user_data.data_coding)
    short_message, tail = message.octets, b""
    if len(short_message) > 254:  # 5.3.2.32: what does not fit short_message goes as message_payload
        tail = encode_tlvs(((Tag.MESSAGE_PAYLOAD, short_message),))
        short_message = b""
    if with_tlvs:
        if message.concatenation and not message.esm_class & UDHI:
            tail += _sar(message.concatenation)
        tail += encode_tlvs(message.tlvs)
    return DeliverSm.pack(
        sequence_number,
        (
            b"",
            *address(message.source),
            *address(message.destination),
            bytes((message.esm_class & UDHI,)),
            bytes((message.protocol_id,)),
            _ZERO,
            b"",
            b"",
            _ZERO,
            _ZERO,
            bytes((message.data_coding,)),
            _ZERO,
            bytes((len(short_message),)),
            short_message,
        ),
        tail=tail,
    )


def _expiry(validity_period: str, now: float) -> float:
    expires_at = parse_time(validity_period, now, Status.ESME_RINVEXPIRY)
    assert expires_at is not None
    if expires_at <= now:
        raise PduError(f"validity_period {validity_period!r} is over already", Status.ESME_RINVEXPIRY)
    return expires_at


def _refuse_the_future(schedule_delivery_time: str, now: float) -> None:
    at = parse_time(schedule_delivery_time, now, Status.ESME_RINVSCHED)
    if at is not None and at > now:
        raise PduError("scheduled delivery is not offered; leave schedule_delivery_time empty", Status.ESME_RINVSCHED)


def _refuse_what_is_not_offered(pdu: SubmitSm) -> None:
    if pdu.service_type == "USSD":
        raise PduError("service_type USSD is not offered", Status.ESME_RINVSERTYP)
    if pdu.replace_if_present_flag:
        raise PduError("replace_if_present_flag is not offered; set it to 0", Status.ESME_RINVREPFLAG)
    raise PduError("there are no predefined messages; set sm_default_msg_id to 0", Status.ESME_RINVDFTMSGID)


def _with_tlvs(pdu: SubmitSm) -> tuple[bytes, Concatenation | None, Tlvs]:
    """The octets, the place among segments by the SAR parameters (5.3.2.22 to 24), and the TLVs that are left."""
    octets = pdu.short_message
    payload = pdu.tlv(Tag.MESSAGE_PAYLOAD)
    if payload is not None:
        if octets:
            raise PduError("short_message and message_payload are both there", Status.ESME_RINVMSGLEN)
        octets = payload
    return octets, _sar_concatenation(pdu), tuple(tlv for tlv in pdu.tlvs if tlv[0] not in _UNDERSTOOD)


def _sar_concatenation(pdu: SubmitSm) -> Concatenation | None:
    reference, total, sequence = (pdu.tlv(tag) for tag in _SAR)
    if reference is None and total is None and sequence is None:
        return None
    if reference is None or total is None or sequence is None:
        raise PduError("the SAR parameters come all three or not at all", Status.ESME_RMISSINGOPTPARAM)
    if (len(reference), len(total), len(sequence)) != (2, 1, 1):
        raise PduError("a SAR parameter has the wrong length", Status.ESME_RINVPARLEN)
    if not 1 <= sequence[0] <= total[0]:
        raise PduError(f"SAR segment {sequence[0]} of {total[0]}", Status.ESME_RINVOPTPARAMVAL)
    return Concatenation(int.from_bytes(reference), total[0], sequence[0], 16)


def _sar(part: Concatenation) -> bytes:
    values = (part.reference.to_bytes(2), bytes((part.total,)), bytes((part.sequence,)))
    return encode_tlvs(zip(_SAR, values, strict=True))


@lru_cache(maxsize=4096)
def address(written: str) -> tuple[bytes, bytes, bytes]:
    """TON, NPI (5.2.5, 5.2.6) and the address: international numbers, short numbers of the network, names."""
    octets = written.encode("latin-1", "replace")
    if not (written.isascii() and written.isdigit()):
        return b"\5", b"\0", octets
    return (b"\1", b"\1", octets) if len(written) > 6 else (b"\3", b"\0", octets)
