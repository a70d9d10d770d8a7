"""Cell broadcast (SMPP 5.0): messages for everybody in an area, repeated by the gateway's clock.

The network has one cell: every area is the whole of it, and each attached handset of this operator gets the message.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ussd_gateway.applications.smsc.translate import expiry, predefined_text, scheduled
from ussd_gateway.coding.data_coding import Alphabet, encode_sms
from ussd_gateway.gateway import Gateway, Timer
from ussd_gateway.network.message import UNDER_WAY, MessageState, Sms
from ussd_gateway.network.messages import QueueFullError
from ussd_gateway.smpp.commands import BroadcastSm
from ussd_gateway.smpp.errors import PduError
from ussd_gateway.smpp.status import Status
from ussd_gateway.smpp.time import write_time
from ussd_gateway.smpp.tlv import Tag, Tlvs, check_tlvs, decode_value

_REMEMBERED = 1000  # broadcasts under way, or that somebody may still ask after
_HIGHEST_PRIORITY = 3
_NETWORK_TYPES = 3  # of broadcast_content_type: generic, GSM, TDMA, CDMA
_AREA_FORMATS = 2  # of broadcast_area_identifier: alias, ellipsoid arc, polygon
_NOT_AVAILABLE = 255  # of broadcast_area_success
_DAY = 86400.0
_UNITS = {0: 1.0, 8: 1.0, 9: 60.0, 10: 3600.0, 11: _DAY, 12: 7 * _DAY, 13: 30 * _DAY, 14: 365 * _DAY}
"""Seconds of the units of broadcast_frequency_interval; 0, as often as possible, is once a second here."""


@dataclass(slots=True, eq=False)
class Broadcast:
    """One broadcast.

    areas     the octets of each broadcast_area_identifier
    interval  seconds between two times
    times     how often it is still to be sent; None as long as it is valid
    success   percent of the handsets that got it the last time; 255 before the first
    """

    message_id: str
    sms: Sms
    areas: tuple[bytes, ...]
    interval: float
    times: int | None
    reference: bytes | None
    state: MessageState = MessageState.SCHEDULED
    success: int = _NOT_AVAILABLE
    ended_at: float = 0.0
    timer: Timer | None = None

    @property
    def under_way(self) -> bool:
        """Whether it has not come to its end."""
        return self.state in UNDER_WAY

    def is_of(self, account: str, source: str) -> bool:
        """Whether this account may know of it; `source` "" leaves open whose it is."""
        return self.sms.account == account and source in ("", self.sms.source)

    def told(self) -> Tlvs:
        """What query_broadcast_sm_resp says."""
        tlvs: list[tuple[int, bytes]] = [(Tag.MESSAGE_STATE, bytes((self.state,)))]
        for area in self.areas:
            tlvs += [(Tag.BROADCAST_AREA_IDENTIFIER, area), (Tag.BROADCAST_AREA_SUCCESS, bytes((self.success,)))]
        if self.ended_at:
            tlvs.append((Tag.BROADCAST_END_TIME, write_time(self.ended_at).encode() + b"\0"))
        if self.reference is not None:
            tlvs.append((Tag.USER_MESSAGE_REFERENCE, self.reference))
        return tuple(tlvs)


class Broadcasts:
    """All broadcasts of one SMSC; a new program knows none."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._broadcasts: dict[str, Broadcast] = {}

    def submit(
        self,
        pdu: BroadcastSm,
        account: str,
        default_alphabet: Alphabet,
        predefined: Sequence[str] = (),
        replaces: str = "",
    ) -> Broadcast:
        """Takes a broadcast and sends it for the first time, unless it is scheduled; PduError refuses it.

        replaces  the message_id of the one that it takes the place of, where replace_if_present_flag says so; "" means
                  those of the same source and service_type
        """
        now = self._gateway.now()
        sms = _message(pdu, account, default_alphabet, predefined)
        repeated, interval = _repetition(pdu)
        areas = _areas(pdu)
        if pdu.validity_period:
            sms.expires_at = expiry(pdu.validity_period, now)
        if pdu.schedule_delivery_time:
            sms.scheduled_at = scheduled(pdu.schedule_delivery_time, now)
        if pdu.replace_if_present_flag:
            self._make_way(replaces, sms)
        self._forget()
        if len(self._broadcasts) >= _REMEMBERED:
            raise PduError(f"{_REMEMBERED} broadcasts are under way; more are not accepted", Status.ESME_RMSGQFUL)
        broadcast = Broadcast(
            self._gateway.network.new_id(),
            sms,
            areas,
            interval,
            repeated + 1 if repeated else None,
            pdu.tlv(Tag.USER_MESSAGE_REFERENCE),
        )
        self._broadcasts[broadcast.message_id] = broadcast
        self._gateway.note("esme.broadcast", account=account, message_id=broadcast.message_id, areas=len(areas))
        if sms.scheduled_at > now:
            self._wait(broadcast, sms.scheduled_at - now)
        else:
            self._send(broadcast)
        return broadcast

    def find(self, message_id: str, account: str, source: str) -> Broadcast | None:
        """The broadcast, if it is this account's and, where a source is given, from there."""
        found = self._broadcasts.get(message_id)
        return found if found and found.is_of(account, source) else None

    def cancel(self, message_id: str, account: str, source: str, service_type: str) -> int:
        """Ends one, or without a message_id all of a source and service_type; returns how many were under way."""
        if message_id:
            one = self.find(message_id, account, source)
            found = [one] if one else []
        else:
            found = [
                broadcast
                for broadcast in self._broadcasts.values()
                if broadcast.is_of(account, source) and service_type in ("", broadcast.sms.service_type)
            ]
        under_way = [broadcast for broadcast in found if broadcast.under_way]
        for broadcast in under_way:
            self._end(broadcast, MessageState.DELETED)
        return len(under_way)

    def clear(self) -> None:
        """Forget all of them."""
        for broadcast in self._broadcasts.values():
            if broadcast.timer:
                broadcast.timer.cancel()
        self._broadcasts.clear()

    def _make_way(self, replaces: str, sms: Sms) -> None:
        ended = self.cancel(replaces, sms.account, sms.source, sms.service_type)
        if replaces and not ended:
            raise PduError(f"broadcast {replaces} is not under way", Status.ESME_RINVMSGID)

    def _send(self, broadcast: Broadcast) -> None:
        gateway, sms = self._gateway, broadcast.sms
        broadcast.timer = None
        broadcast.state = MessageState.ENROUTE
        homes = [party for party in gateway.directory.handsets() if party.home]
        reached = 0
        for party in homes:
            if not party.takes_messages:
                continue
            copy = Sms(
                sms.source,
                party.name,
                sms.octets,
                sms.data_coding,
                account=sms.account,
                tlvs=sms.tlvs,
                default_alphabet=sms.default_alphabet,
                priority=sms.priority,
                service_type=sms.service_type,
            )
            try:
                gateway.submit(copy)
                reached += 1
            except QueueFullError:
                continue
        broadcast.success = 100 * reached // len(homes) if homes else _NOT_AVAILABLE
        if broadcast.times is not None:
            broadcast.times -= 1
        self._go_on(broadcast)

    def _go_on(self, broadcast: Broadcast) -> None:
        if broadcast.times == 0:
            self._end(broadcast, MessageState.DELIVERED)
        else:
            self._wait(broadcast, broadcast.interval)

    def _wait(self, broadcast: Broadcast, seconds: float) -> None:
        """Until its next time, or its end."""
        expires_at = broadcast.sms.expires_at
        if expires_at and self._gateway.now() + seconds > expires_at:
            # Without a number it was to be sent as long as it is valid
            state = MessageState.DELIVERED if broadcast.times is None else MessageState.EXPIRED
            rest = max(0.0, expires_at - self._gateway.now())
            broadcast.timer = self._gateway.call_later(rest, lambda: self._end(broadcast, state))
        else:
            broadcast.timer = self._gateway.call_later(seconds, lambda: self._send(broadcast))

    def _end(self, broadcast: Broadcast, state: MessageState) -> None:
        if broadcast.timer:
            broadcast.timer.cancel()
        broadcast.timer = None
        broadcast.state = state
        broadcast.ended_at = self._gateway.now()

    def _forget(self) -> None:
        """There is room for one more, as far as some have ended; the oldest of them go first."""
        if len(self._broadcasts) >= _REMEMBERED:
            ended = (key for key, broadcast in self._broadcasts.items() if not broadcast.under_way)
            if oldest := next(ended, None):
                del self._broadcasts[oldest]


def _message(pdu: BroadcastSm, account: str, default_alphabet: Alphabet, predefined: Sequence[str]) -> Sms:
    if missing := pdu.missing_tlvs():
        names = ", ".join(tag.name.lower() for tag in missing)
        raise PduError(f"broadcast_sm needs {names}", Status.ESME_RMISSINGOPTPARAM)
    check_tlvs(pdu.tlvs)
    if pdu.priority_flag > _HIGHEST_PRIORITY + 1:  # 5.0 gives broadcasts one more
        raise PduError(f"priority_flag is {pdu.priority_flag}; it goes from 0 to 4", Status.ESME_RINVPRTFLG)
    if pdu.replace_if_present_flag > 1:
        raise PduError(
            f"replace_if_present_flag is {pdu.replace_if_present_flag}; it is 0 or 1", Status.ESME_RINVREPFLAG
        )
    if decode_value(Tag.BROADCAST_CONTENT_TYPE, pdu.tlv(Tag.BROADCAST_CONTENT_TYPE) or b"")[0] > _NETWORK_TYPES:
        raise PduError("broadcast_content_type is of an unknown network", Status.ESME_RINVBCASTCNTTYPE)
    octets, data_coding = pdu.tlv(Tag.MESSAGE_PAYLOAD), pdu.data_coding
    if pdu.sm_default_msg_id:
        if octets:
            raise PduError("there is a text beside sm_default_msg_id", Status.ESME_RINVMSGLEN)
        data_coding, octets = encode_sms(predefined_text(pdu.sm_default_msg_id, predefined), default_alphabet)
    if octets is None:
        raise PduError("there is neither message_payload nor sm_default_msg_id", Status.ESME_RMISSINGOPTPARAM)
    return Sms(
        pdu.source_addr.removeprefix("+"),
        "",
        octets,
        data_coding,
        account=account,
        default_alphabet=default_alphabet,
        priority=pdu.priority_flag,
        service_type=pdu.service_type,
    )


def _repetition(pdu: BroadcastSm) -> tuple[int, float]:
    """How often it is repeated, 0 for as long as it is valid, and the seconds between two times."""
    repeated = int.from_bytes(pdu.tlv(Tag.BROADCAST_REP_NUM) or b"")
    every = decode_value(Tag.BROADCAST_FREQUENCY_INTERVAL, pdu.tlv(Tag.BROADCAST_FREQUENCY_INTERVAL) or b"")
    if every.unit not in _UNITS or (every.unit and not every.number):
        raise PduError(
            f"broadcast_frequency_interval is {every.number} of unit {every.unit}", Status.ESME_RINVBCASTFREQINT
        )
    return repeated, _UNITS[every.unit] * (every.number if every.unit else 1)


def _areas(pdu: BroadcastSm) -> tuple[bytes, ...]:
    areas = tuple(value for tag, value in pdu.tlvs if tag == Tag.BROADCAST_AREA_IDENTIFIER)
    for area in areas:
        if area[0] > _AREA_FORMATS:
            raise PduError(f"broadcast_area_identifier has format {area[0]}", Status.ESME_RINVBCASTAREAFMT)
        if area == b"\0":
            raise PduError("the alias of a broadcast area is empty", Status.ESME_RINVBCASTALIAS_NAME)
    return areas
