"""What an ESME may ask beside a plain submit_sm: one function for each request, and the table of them.

A function gives the response; None when it comes later, by `respond`. PduError carries the status that refuses the
request. Section numbers are those of SMPP 3.4.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from msgspec import structs

from ussd_gateway.applications.smsc.broadcasts import Broadcasts
from ussd_gateway.applications.smsc.translate import (
    expiry,
    predefined_text,
    scheduled,
    sms_from_data_sm,
    sms_from_multi,
)
from ussd_gateway.coding import data_coding as codings
from ussd_gateway.coding.data_coding import Alphabet
from ussd_gateway.coding.gsm7 import UnencodableError
from ussd_gateway.gateway import Gateway
from ussd_gateway.network.message import UNDER_WAY, MessageState, Sms
from ussd_gateway.network.messages import (
    ABSENT_SUBSCRIBER_SM,
    SM_DELIVERY_FAILURE,
    SUBSCRIBER_BUSY_FOR_MT_SMS,
    NotUnderWayError,
    QueueFullError,
    TooLateError,
)
from ussd_gateway.smpp.commands import (
    BroadcastSm,
    CancelBroadcastSm,
    CancelSm,
    DataSm,
    DistributionList,
    QueryBroadcastSm,
    QuerySm,
    ReplaceSm,
    SmeAddress,
    SubmitMulti,
    UnsuccessSme,
)
from ussd_gateway.smpp.errors import PduError
from ussd_gateway.smpp.pdu import Pdu
from ussd_gateway.smpp.status import Status
from ussd_gateway.smpp.time import write_time
from ussd_gateway.smpp.tlv import NetworkErrorCode, Tag, Tlvs, check_tlvs, encode_value
from ussd_gateway.smpp.version import Version

_MODE, _DATAGRAM, _TRANSACTION = 0x03, 1, 2  # the messaging modes of esm_class (5.2.12)
_GSM = 3  # the network type of network_error_code (5.3.2.31)
_HIGHEST_ERROR_CODE = 255  # one octet (4.8.2); a rule of outcomes may name more
_MOST_REFUSED = 255  # that no_unsuccess counts (4.5.2)
SYSTEM_FAILURE = 34  # a MAP user error (3GPP 29.002)

TEMPORARY = {
    Status.ESME_RX_T_APPN: SYSTEM_FAILURE,
    Status.ESME_RSYSERR: SYSTEM_FAILURE,
    Status.ESME_RMSGQFUL: SM_DELIVERY_FAILURE,
    Status.ESME_RTHROTTLED: SUBSCRIBER_BUSY_FOR_MT_SMS,
}
"""The statuses of a deliver_sm_resp after which the message is handed over again, with the error of the attempt."""

FINAL = {
    Status.ESME_ROK: MessageState.DELIVERED,
    Status.ESME_RINVDSTADR: MessageState.UNDELIVERABLE,
    Status.ESME_RDELIVERYFAILURE: MessageState.UNDELIVERABLE,
}
"""The state that a deliver_sm_resp puts an end with; every status that stands nowhere means REJECTED."""

_INTERNATIONAL = (1, 1)  # TON and NPI of the members of distribution lists (5.2.5, 5.2.6)

_REASONS = {ABSENT_SUBSCRIBER_SM: 0, SUBSCRIBER_BUSY_FOR_MT_SMS: 3, SM_DELIVERY_FAILURE: 3}
_PERMANENT_NETWORK_ERROR = 2  # delivery_failure_reason (5.3.2.33), as its values above


class Past(NamedTuple):
    """A message as the journal remembers it: its last state, since when, and the MAP user error behind it."""

    source: str
    state: MessageState
    at: float
    error: int


LookUp = Callable[[str, str], Awaitable[Sequence[Past]]]
"""What the journal knows of a message_id of an account: none, one, or all messages of a group."""


async def _nothing(message_id: str, account: str) -> Sequence[Past]:
    return ()


@dataclass(slots=True)
class Services:
    """What requests need beside the network.

    default_messages    the texts that sm_default_msg_id names, from 1 on
    distribution_lists  the numbers of each list, by its name
    look_up             finds messages that have come to their final state
    """

    broadcasts: Broadcasts
    default_messages: Sequence[str] = ()
    distribution_lists: Mapping[str, Sequence[str]] = field(default_factory=dict)
    look_up: LookUp = _nothing


class Line(Protocol):
    """A bound connection, as a request sees it.

    version           of SMPP that both sides speak
    default_alphabet  what data_coding 0 means to the account
    """

    gateway: Gateway
    services: Services
    system_id: str
    version: Version
    default_alphabet: Alphabet

    @property
    def origin(self) -> int:
        """What messages carry of the connection; see `Sms.origin`."""

    def number_of(self, message_id: str) -> str | None:
        """The network's message_id of what the ESME calls it; None for what it never was given."""

    def shown_id(self, message_id: str) -> str:
        """What the ESME is told for the network's message_id."""

    def alert_as(self, msisdn: str, source: str) -> None:
        """The alert of this handset goes to this address of the ESME."""

    def respond(self, response: Pdu) -> None:
        """Write a response that was put off."""


# submit_sm that asks for more, data_sm --------------------------------------------------------------------------------


def at_once(sms: Sms) -> bool:
    """Whether a message is in datagram or transaction mode: delivered at once or not at all."""
    return sms.esm_class & _MODE in (_DATAGRAM, _TRANSACTION)


def submit_at_once(line: Line, pdu: Pdu, sms: Sms) -> Pdu | None:
    """A message in datagram mode, which nobody is told of, or in transaction mode, whose outcome is the response.

    Neither is scheduled, kept, or has a receipt (section 2.10).
    """
    gateway = line.gateway
    sms.registered_delivery, sms.scheduled_at, sms.expires_at = 0, 0.0, gateway.now()
    if sms.esm_class & _MODE == _DATAGRAM:
        _submit(line, sms)
        gateway.tick()  # what waits has expired
        return _accepted(line, pdu, sms)
    outcome: list[tuple[MessageState, int]] = []
    later = False
    followers = gateway.network.messages.followers

    def ended(message: Sms, state: MessageState, error: int) -> None:
        if message.message_id == sms.message_id:
            followers.remove(ended)
            outcome.append((state, error))
            if later:
                line.respond(_outcome(line, pdu, sms, state, error))

    followers.append(ended)
    try:
        _submit(line, sms)
    except PduError:
        followers.remove(ended)
        raise
    gateway.tick()
    if outcome:
        return _outcome(line, pdu, sms, *outcome[0])
    if gateway.query(sms.message_id, line.system_id):  # another ESME has it in its hands
        later = True
        return None
    followers.remove(ended)
    return _accepted(line, pdu, sms)


def data_sm(line: Line, pdu: DataSm) -> Pdu | None:
    """4.7.1: a message whose text is in message_payload."""
    sms = sms_from_data_sm(pdu, line.system_id, line.gateway.now(), line.default_alphabet)
    sms.origin = line.origin
    if at_once(sms):
        return submit_at_once(line, pdu, sms)
    _submit(line, sms)
    return _accepted(line, pdu, sms)


def _submit(line: Line, sms: Sms) -> None:
    try:
        line.gateway.submit(sms)
    except QueueFullError as error:
        raise PduError(str(error), Status.ESME_RMSGQFUL) from error


def _accepted(line: Line, pdu: Pdu, sms: Sms) -> Pdu:
    return pdu.reply(message_id=line.shown_id(sms.known_id), tlvs=_for(line, _dpf_result(line, pdu, sms)))


def _outcome(line: Line, pdu: Pdu, sms: Sms, state: MessageState, error: int) -> Pdu:
    """The response of transaction mode; where it failed, with the reason (5.3.2.31, 5.3.2.33)."""
    if state is MessageState.DELIVERED:
        return _accepted(line, pdu, sms)
    tlvs: list[tuple[int, bytes]] = [
        (Tag.DELIVERY_FAILURE_REASON, bytes((_REASONS.get(error, _PERMANENT_NETWORK_ERROR),)))
    ]
    if error:
        tlvs.append((Tag.NETWORK_ERROR_CODE, encode_value(Tag.NETWORK_ERROR_CODE, NetworkErrorCode(_GSM, error))))
    tlvs += _dpf_result(line, pdu, sms)
    return pdu.reply(Status.ESME_RDELIVERYFAILURE, message_id=line.shown_id(sms.known_id), tlvs=_for(line, tuple(tlvs)))


def _dpf_result(line: Line, pdu: Pdu, sms: Sms) -> Tlvs:
    """set_dpf (5.3.2.29) asks for an alert_notification once a handset that is out of reach is back."""
    if not isinstance(pdu, DataSm) or (wanted := pdu.tlv(Tag.SET_DPF)) is None:
        return ()
    flagged = wanted == b"\1" and line.gateway.want_alert(sms.destination, line.system_id)
    if flagged:
        line.alert_as(sms.destination, sms.source)
    return ((Tag.DPF_RESULT, bytes((flagged,))),)


def _for(line: Line, tlvs: Tlvs) -> Tlvs:
    return tlvs if line.version.takes_tlvs else ()


def after_response(gateway: Gateway, sms: Sms, command_status: int) -> None:
    """An ESME has answered the deliver_sm or data_sm that handed it a message."""
    if error := TEMPORARY.get(command_status):  # type: ignore[call-overload]
        gateway.postpone(sms, error)
    else:
        gateway.confirm(sms, FINAL.get(command_status, MessageState.REJECTED))  # type: ignore[call-overload]


# submit_multi ---------------------------------------------------------------------------------------------------------


def submit_multi(line: Line, pdu: SubmitMulti) -> Pdu:
    """4.5.1: one message to many. One message_id stands for all; who could not be submitted to is told with its status."""
    entries = pdu.dest_address
    if len(entries) > line.version.most_destinations:
        raise PduError(
            f"number_of_dests is {len(entries)}; {line.version} has {line.version.most_destinations} at most",
            Status.ESME_RINVNUMDESTS,
        )
    template = sms_from_multi(
        pdu, line.system_id, line.gateway.now(), line.default_alphabet, line.services.default_messages
    )
    template.origin = line.origin
    group_id = ""
    refused: list[UnsuccessSme] = []
    for number, (ton, npi) in _destinations(line, entries).items():
        sms = structs.replace(template, destination=number.removeprefix("+"), group_id=group_id)
        status = _submit_part(line, sms)
        if status:
            refused.append(
                UnsuccessSme(dest_addr_ton=ton, dest_addr_npi=npi, destination_addr=number, error_status_code=status)
            )
        else:
            group_id = group_id or sms.message_id
    del refused[_MOST_REFUSED:]  # lists may hold more than one response can name
    if group_id:
        return pdu.reply(message_id=line.shown_id(group_id), unsuccess_sme=refused)
    only_lists = all(isinstance(entry, DistributionList) for entry in entries)
    status = Status.ESME_RCNTSUBDL if only_lists else Status.ESME_RSUBMITFAIL
    return pdu.reply(status, unsuccess_sme=refused)


def _destinations(line: Line, entries: Sequence[SmeAddress | DistributionList]) -> dict[str, tuple[int, int]]:
    """TON and NPI by number, as they came first; who is named twice is there once, and gets one message."""
    found: dict[str, tuple[int, int]] = {}
    for entry in entries:
        if isinstance(entry, SmeAddress):
            found.setdefault(entry.destination_addr, (entry.dest_addr_ton, entry.dest_addr_npi))
            continue
        members = line.services.distribution_lists.get(entry.dl_name)
        if members is None:
            raise PduError(f"there is no distribution list {entry.dl_name!r}", Status.ESME_RINVDLNAME)
        for member in members:
            found.setdefault(member, _INTERNATIONAL)
    return found


def _submit_part(line: Line, sms: Sms) -> Status:
    if not (sms.destination.isascii() and sms.destination.isdigit()):
        return Status.ESME_RINVDSTADR
    try:
        line.gateway.submit(sms)
    except QueueFullError:
        return Status.ESME_RMSGQFUL
    return Status.ESME_ROK


# query_sm, cancel_sm, replace_sm --------------------------------------------------------------------------------------


def query_sm(line: Line, pdu: QuerySm) -> Pdu | None:
    """4.8.1: what is under way is known at once; what has come to its end is looked up in the journal."""
    number, source = _named(line, pdu.message_id), _plain(pdu.source_addr)
    ways = line.gateway.query(number, line.system_id, source=source or None)
    if not ways:
        line.gateway.spawn(_answer_later(line, pdu, number, source))
        return None
    enroute = [way for way in ways if way.state is MessageState.ENROUTE]
    state = _known(line, MessageState.ENROUTE if enroute else MessageState.SCHEDULED)
    return pdu.reply(message_id=pdu.message_id, message_state=state, error_code=max(way.error for way in ways))


def _known(line: Line, state: MessageState) -> MessageState:
    """SCHEDULED is a state of 5.0."""
    return MessageState.ENROUTE if state is MessageState.SCHEDULED and line.version < Version.V5_0 else state


async def _answer_later(line: Line, pdu: QuerySm, number: str, source: str) -> None:
    try:
        past = [found for found in await line.services.look_up(number, line.system_id) if source in ("", found.source)]
    except Exception:  # whatever hinders the journal: the ESME waits for a response, and the gateway logs the task
        line.respond(pdu.reply(Status.ESME_RSYSERR, message_id=pdu.message_id))
        raise
    line.respond(_told(line, pdu, past))


def _told(line: Line, pdu: QuerySm, past: Sequence[Past]) -> Pdu:
    if not past:
        return pdu.reply(Status.ESME_RQUERYFAIL, message_id=pdu.message_id)
    # Of a group, one that failed speaks for all
    told = next((found for found in past if found.state is not MessageState.DELIVERED), past[0])
    final = told.state not in UNDER_WAY
    return pdu.reply(
        message_id=pdu.message_id,
        final_date=write_time(max(found.at for found in past)) if final else "",
        message_state=_known(line, told.state),
        error_code=min(told.error, _HIGHEST_ERROR_CODE),
    )


def cancel_sm(line: Line, pdu: CancelSm) -> Pdu:
    """4.9.1: by message_id, or without one all from the source to the destination, of a service_type if one is given."""
    gateway, source = line.gateway, _plain(pdu.source_addr)
    try:
        if pdu.message_id:
            gateway.cancel(_named(line, pdu.message_id), line.system_id, source=source or None)
        else:
            gateway.cancel_between(line.system_id, source, _plain(pdu.destination_addr), service_type=pdu.service_type)
    except (NotUnderWayError, TooLateError) as error:
        raise PduError(str(error), Status.ESME_RCANCELFAIL) from error
    return pdu.reply()


def replace_sm(line: Line, pdu: ReplaceSm) -> Pdu:
    """4.10.1: another text, and where they are given other times; addresses and data_coding stay."""
    number, source, now = _named(line, pdu.message_id), _plain(pdu.source_addr), line.gateway.now()
    check_tlvs(pdu.tlvs)
    expires_at = expiry(pdu.validity_period, now) if pdu.validity_period else 0.0
    scheduled_at = scheduled(pdu.schedule_delivery_time, now) if pdu.schedule_delivery_time else 0.0
    if expires_at and expires_at <= scheduled_at:
        raise PduError("validity_period is over before schedule_delivery_time", Status.ESME_RINVEXPIRY)
    try:
        line.gateway.replace(
            number,
            line.system_id,
            _replacement(line, pdu, number),
            source=source or None,
            registered_delivery=pdu.registered_delivery,
            expires_at=expires_at,
            scheduled_at=scheduled_at,
        )
    except (NotUnderWayError, TooLateError) as error:
        raise PduError(str(error), Status.ESME_RREPLACEFAIL) from error
    return pdu.reply()


def _replacement(line: Line, pdu: ReplaceSm, number: str) -> bytes:
    """The new octets: short_message, message_payload (5.0) or a predefined text in the alphabet of the message."""
    payload = pdu.tlv(Tag.MESSAGE_PAYLOAD)
    if (payload is not None and pdu.short_message) or (pdu.sm_default_msg_id and (payload or pdu.short_message)):
        raise PduError("there are two texts", Status.ESME_RINVMSGLEN)
    if not pdu.sm_default_msg_id:
        return pdu.short_message if payload is None else payload
    text = predefined_text(pdu.sm_default_msg_id, line.services.default_messages)
    for way in line.gateway.query(number, line.system_id):
        try:
            return codings.encode(text, codings.sms_alphabet(way.sms.data_coding, way.sms.default_alphabet))
        except UnencodableError as error:
            raise PduError(
                f"data_coding {way.sms.data_coding} of the message lacks a character of the predefined text",
                Status.ESME_RINVDFTMSGID,
            ) from error
    return b""


def _named(line: Line, message_id: str) -> str:
    number = line.number_of(message_id)
    if number is None:
        raise PduError(f"{message_id!r} is no message_id of this SMSC", Status.ESME_RINVMSGID)
    return number


def _plain(address: str) -> str:
    return address.removeprefix("+")


# Cell broadcast -------------------------------------------------------------------------------------------------------


def broadcast_sm(line: Line, pdu: BroadcastSm) -> Pdu:
    """5.0, 4.4: a message for every handset of the network."""
    replaces = _named(line, pdu.message_id) if pdu.message_id and pdu.replace_if_present_flag else ""
    broadcast = line.services.broadcasts.submit(
        pdu, line.system_id, line.default_alphabet, line.services.default_messages, replaces
    )
    return pdu.reply(message_id=line.shown_id(broadcast.message_id))


def query_broadcast_sm(line: Line, pdu: QueryBroadcastSm) -> Pdu:
    """5.0, 4.6: its state, and the success in each area."""
    number = _named(line, pdu.message_id)
    found = line.services.broadcasts.find(number, line.system_id, _plain(pdu.source_addr))
    if found is None:
        raise PduError(f"{line.system_id} has no broadcast {pdu.message_id}", Status.ESME_RBCASTQUERYFAIL)
    return pdu.reply(message_id=pdu.message_id, tlvs=found.told())


def cancel_broadcast_sm(line: Line, pdu: CancelBroadcastSm) -> Pdu:
    """5.0, 4.6: by message_id, or without one all of a source, and of a service_type if one is given."""
    number = _named(line, pdu.message_id) if pdu.message_id else ""
    if not line.services.broadcasts.cancel(number, line.system_id, _plain(pdu.source_addr), pdu.service_type):
        raise PduError(f"{line.system_id} has no such broadcast under way", Status.ESME_RBCASTCANCELFAIL)
    return pdu.reply()


REQUESTS: dict[type[Pdu], Callable[[Any, Any], Pdu | None]] = {
    DataSm: data_sm,
    SubmitMulti: submit_multi,
    QuerySm: query_sm,
    CancelSm: cancel_sm,
    ReplaceSm: replace_sm,
    BroadcastSm: broadcast_sm,
    QueryBroadcastSm: query_broadcast_sm,
    CancelBroadcastSm: cancel_broadcast_sm,
}
"""What an ESME may ask that is bound to submit."""

SUBMISSIONS = frozenset((DataSm, SubmitMulti, BroadcastSm))
"""What counts against the limits of an account, as submit_sm does."""

SINCE = {
    DataSm: Version.V3_4,
    BroadcastSm: Version.V5_0,
    QueryBroadcastSm: Version.V5_0,
    CancelBroadcastSm: Version.V5_0,
}
"""The version that brought a request; an ESME of an older one has no such command."""


def answer(line: Line, pdu: Pdu) -> Pdu | None:
    """The response to a request of the table; None when it comes later."""
    since = SINCE.get(type(pdu))
    if since and line.version < since:
        raise PduError(
            f"{pdu.command} came with SMPP {since}, and this bind speaks {line.version}", Status.ESME_RINVCMDID
        )
    return REQUESTS[type(pdu)](line, pdu)
