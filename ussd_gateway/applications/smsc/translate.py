"""Between PDUs and messages: submit_sm, submit_multi and data_sm to Sms; Sms to deliver_sm and data_sm. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from msgspec import structs

from ussd_gateway.coding.data_coding import GSM7, Alphabet, encode_sms
from ussd_gateway.coding.segments import Concatenation, parse_udh
from ussd_gateway.coding.user_data import recoded
from ussd_gateway.network.message import UDHI, Alert, Sms
from ussd_gateway.smpp.commands import AlertNotification, DataSm, DeliverSm, SubmitMulti, SubmitSm
from ussd_gateway.smpp.errors import PduError
from ussd_gateway.smpp.fields import LONGEST_SHORT_MESSAGE
from ussd_gateway.smpp.status import Status
from ussd_gateway.smpp.time import parse_time
from ussd_gateway.smpp.tlv import Tag, Tlvs, check_tlvs, encode_tlvs
from ussd_gateway.smpp.ussd import LONGEST_ADDRESS

_ZERO = b"\0"
_SAR = (Tag.SAR_MSG_REF_NUM, Tag.SAR_TOTAL_SEGMENTS, Tag.SAR_SEGMENT_SEQNUM)
_UNDERSTOOD = frozenset((*_SAR, Tag.MESSAGE_PAYLOAD))
_FOR_US = frozenset((Tag.SET_DPF, Tag.QOS_TIME_TO_LIVE))  # what a data_sm asks of the SMSC alone
_HIGHEST_PRIORITY = 3  # 5.2.14


def sms_from(
    pdu: SubmitSm,
    account: str,
    now: float,
    default_alphabet: Alphabet = GSM7,
    predefined: Sequence[str] = (),
) -> Sms:
    """The message that a submit_sm carries; PduError with the command_status that refuses it.

    default_alphabet  what data_coding 0 means to the account
    predefined        the texts that sm_default_msg_id names, from 1 on
    """
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
    if not destination.isdigit() and not destination.removeprefix(b"+").isdigit():
        raise PduError("destination_addr is no number; write its digits", Status.ESME_RINVDSTADR)
    tlvs: Tlvs = ()
    concatenation = None
    if pdu.tlvs:
        octets, concatenation, tlvs = _with_tlvs(pdu)
    if esm_class != _ZERO and esm_class[0] & UDHI:
        concatenation = parse_udh(octets)[0] or concatenation
    sms = Sms(
        source.decode("latin-1") if source[:1] != b"+" else source[1:].decode("latin-1"),
        destination.decode("latin-1") if destination[:1] != b"+" else destination[1:].decode("latin-1"),
        octets,
        data_coding[0],
        esm_class[0],
        protocol_id[0],
        registered_delivery[0],
        concatenation,
        expiry(pdu.validity_period, now) if validity_period else 0.0,
        account,
        tlvs=tlvs,
        default_alphabet=default_alphabet,
    )
    if (
        service_type
        or schedule_delivery_time
        or priority_flag != _ZERO
        or replace_if_present_flag != _ZERO
        or sm_default_msg_id != _ZERO
    ):
        _set_conditions(sms, pdu, now, predefined)
    return sms


def _set_conditions(sms: Sms, pdu: SubmitSm, now: float, predefined: Sequence[str]) -> None:
    """What few messages ask for."""
    if pdu.service_type == "USSD":
        raise PduError("service_type USSD takes an account with USSD codes", Status.ESME_RINVSERTYP)
    if pdu.priority_flag > _HIGHEST_PRIORITY:
        raise PduError(f"priority_flag is {pdu.priority_flag}; it goes from 0 to 3", Status.ESME_RINVPRTFLG)
    if pdu.replace_if_present_flag > 1:
        raise PduError(
            f"replace_if_present_flag is {pdu.replace_if_present_flag}; it is 0 or 1", Status.ESME_RINVREPFLAG
        )
    if pdu.sm_default_msg_id:
        text = predefined_text(pdu.sm_default_msg_id, predefined)
        if sms.octets:
            raise PduError("there is a text beside sm_default_msg_id", Status.ESME_RINVMSGLEN)
        sms.data_coding, sms.octets = encode_sms(text, sms.default_alphabet)
    sms.service_type = pdu.service_type
    sms.priority = pdu.priority_flag
    sms.replace_if_present = bool(pdu.replace_if_present_flag)
    if pdu.schedule_delivery_time:
        sms.scheduled_at = scheduled(pdu.schedule_delivery_time, now)
        if sms.expires_at and sms.expires_at <= sms.scheduled_at:
            raise PduError("validity_period is over before schedule_delivery_time", Status.ESME_RINVEXPIRY)


def sms_from_multi(
    pdu: SubmitMulti, account: str, now: float, default_alphabet: Alphabet = GSM7, predefined: Sequence[str] = ()
) -> Sms:
    """The message of a submit_multi, its destination still to be set."""
    request = SubmitSm(tlvs=pdu.tlvs)
    request.values = (*pdu.values[:4], _ZERO, _ZERO, b"0", *pdu.values[5:])
    return structs.replace(sms_from(request, account, now, default_alphabet, predefined), destination="")


def sms_from_data_sm(pdu: DataSm, account: str, now: float, default_alphabet: Alphabet = GSM7) -> Sms:
    """The message that a data_sm carries; qos_time_to_live is its validity in seconds, 0 the network's own."""
    # data_sm has room for 64 octets (4.7.1), but the deliver_sm that repeats an address, in a receipt, for 20
    if len(pdu.destination_addr) > LONGEST_ADDRESS:
        raise PduError(f"destination_addr has {len(pdu.destination_addr)} octets; it takes 20", Status.ESME_RINVDSTADR)
    if len(pdu.source_addr) > LONGEST_ADDRESS:
        raise PduError(f"source_addr has {len(pdu.source_addr)} octets; it takes 20", Status.ESME_RINVSRCADR)
    check_tlvs(pdu.tlvs)
    *front, esm_class, registered_delivery, data_coding = pdu.values
    request = SubmitSm(tlvs=[tlv for tlv in pdu.tlvs if tlv[0] not in _FOR_US])
    # protocol_id, priority, schedule and validity; replace_if_present_flag; the predefined message and the text
    request.values = (
        *front,
        esm_class,
        *(_ZERO, _ZERO, b"", b""),
        registered_delivery,
        _ZERO,
        data_coding,
        *(_ZERO, _ZERO, b""),
    )
    sms = sms_from(request, account, now, default_alphabet)
    if seconds := int.from_bytes(pdu.tlv(Tag.QOS_TIME_TO_LIVE) or b""):
        sms.expires_at = now + seconds
    return sms


def predefined_text(number: int, predefined: Sequence[str]) -> str:
    """What sm_default_msg_id names (SMPP 3.4 section 5.2.20)."""
    if not 1 <= number <= len(predefined):
        raise PduError(
            f"sm_default_msg_id is {number}; smpp.default_messages has {len(predefined)}", Status.ESME_RINVDFTMSGID
        )
    return predefined[number - 1]


def deliver_sm(
    message: Sms, sequence_number: int, *, with_tlvs: bool = True, default_alphabet: Alphabet = GSM7
) -> bytes:
    """The octets of the deliver_sm that hands a message to an ESME.

    with_tlvs  False for an ESME of before SMPP 3.4; a text that only message_payload could carry goes with it all the same
    default_alphabet  what data_coding 0 means to the ESME; another ESME's text is written anew in it, while a handset
                      knows what it does
    """
    if message.default_alphabet is not default_alphabet and message.account:
        message = _recoded(message, default_alphabet)
    short_message, tail = message.octets, b""
    if len(short_message) > LONGEST_SHORT_MESSAGE:  # 5.3.2.32: what does not fit short_message goes as message_payload
        tail = encode_tlvs(((Tag.MESSAGE_PAYLOAD, short_message),))
        short_message = b""
    if with_tlvs:
        tail += _tlvs(message)
    return DeliverSm.pack(
        sequence_number,
        (
            message.service_type.encode("latin-1"),
            *address(message.source),
            *address(message.destination),
            bytes((message.esm_class & UDHI,)),
            bytes((message.protocol_id,)),
            bytes((message.priority,)),
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


def data_sm(message: Sms, sequence_number: int, *, with_tlvs: bool = True, default_alphabet: Alphabet = GSM7) -> bytes:
    """The same as a data_sm (section 4.7.1), for an account that wants it; its text is always in message_payload."""
    if message.default_alphabet is not default_alphabet and message.account:
        message = _recoded(message, default_alphabet)
    tail = encode_tlvs(((Tag.MESSAGE_PAYLOAD, message.octets),))
    return DataSm.pack(
        sequence_number,
        (
            message.service_type.encode("latin-1"),
            *address(message.source),
            *address(message.destination),
            bytes((message.esm_class & UDHI,)),
            _ZERO,
            bytes((message.data_coding,)),
        ),
        tail=tail + _tlvs(message) if with_tlvs else tail,
    )


def alert_notification(alert: Alert, esme_addr: str, sequence_number: int) -> bytes:
    """The octets of the PDU that tells an ESME of a handset that can be reached again (section 4.12.1)."""
    source, esme = address(alert.msisdn), address(esme_addr) if esme_addr else (_ZERO, _ZERO, b"")
    return AlertNotification.pack(
        sequence_number, (*source, *esme), tail=encode_tlvs(((Tag.MS_AVAILABILITY_STATUS, _ZERO),))
    )


def _recoded(message: Sms, default_alphabet: Alphabet) -> Sms:
    user_data = recoded(message.user_data, default_alphabet)
    return structs.replace(message, octets=user_data.octets, data_coding=user_data.data_coding)


def _tlvs(message: Sms) -> bytes:
    """The optional parameters of a message, as the ESME that receives it gets them."""
    sar = _sar(message.concatenation) if message.concatenation and not message.esm_class & UDHI else b""
    return sar + encode_tlvs(message.tlvs)


def expiry(validity_period: str, now: float) -> float:
    """When the message expires; ESME_RINVEXPIRY for what is no time, or over."""
    expires_at = parse_time(validity_period, now, Status.ESME_RINVEXPIRY)
    if expires_at is None or expires_at <= now:
        raise PduError(f"validity_period {validity_period!r} is over already", Status.ESME_RINVEXPIRY)
    return expires_at


def scheduled(schedule_delivery_time: str, now: float) -> float:
    """When delivery begins; ESME_RINVSCHED for what is no time, or over."""
    at = parse_time(schedule_delivery_time, now, Status.ESME_RINVSCHED)
    if at is None or at < now:
        raise PduError(f"schedule_delivery_time {schedule_delivery_time!r} is over already", Status.ESME_RINVSCHED)
    return at


def _with_tlvs(pdu: SubmitSm) -> tuple[bytes, Concatenation | None, Tlvs]:
    """The octets, the place among segments by the SAR parameters (5.3.2.22 to 24), and the TLVs that are left."""
    check_tlvs(pdu.tlvs)
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
