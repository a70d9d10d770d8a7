"""Optional parameters (TLVs): tag, length, value. Unknown ones are kept as they came.

`parse_tlvs` only cuts a body into values. What a value means is in the table `TLVS` and read when somebody asks:
SMPP 3.4 section 5.3.2, and of SMPP 5.0 section 4.8 what it adds.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import Any, NamedTuple

from ussd_gateway.smpp.errors import PduError
from ussd_gateway.smpp.status import Status

_HEADER = struct.Struct(">HH")


class Tag(IntEnum):
    """Every standard tag; in lower case, its name is the specification's."""

    DEST_ADDR_SUBUNIT = 0x0005
    DEST_NETWORK_TYPE = 0x0006
    DEST_BEARER_TYPE = 0x0007
    DEST_TELEMATICS_ID = 0x0008
    SOURCE_ADDR_SUBUNIT = 0x000D
    SOURCE_NETWORK_TYPE = 0x000E
    SOURCE_BEARER_TYPE = 0x000F
    SOURCE_TELEMATICS_ID = 0x0010
    QOS_TIME_TO_LIVE = 0x0017
    PAYLOAD_TYPE = 0x0019
    ADDITIONAL_STATUS_INFO_TEXT = 0x001D
    RECEIPTED_MESSAGE_ID = 0x001E
    MS_MSG_WAIT_FACILITIES = 0x0030
    PRIVACY_INDICATOR = 0x0201
    SOURCE_SUBADDRESS = 0x0202
    DEST_SUBADDRESS = 0x0203
    USER_MESSAGE_REFERENCE = 0x0204
    USER_RESPONSE_CODE = 0x0205
    SOURCE_PORT = 0x020A
    DESTINATION_PORT = 0x020B
    SAR_MSG_REF_NUM = 0x020C
    LANGUAGE_INDICATOR = 0x020D
    SAR_TOTAL_SEGMENTS = 0x020E
    SAR_SEGMENT_SEQNUM = 0x020F
    SC_INTERFACE_VERSION = 0x0210
    CALLBACK_NUM_PRES_IND = 0x0302
    CALLBACK_NUM_ATAG = 0x0303
    NUMBER_OF_MESSAGES = 0x0304
    CALLBACK_NUM = 0x0381
    DPF_RESULT = 0x0420
    SET_DPF = 0x0421
    MS_AVAILABILITY_STATUS = 0x0422
    NETWORK_ERROR_CODE = 0x0423
    MESSAGE_PAYLOAD = 0x0424
    DELIVERY_FAILURE_REASON = 0x0425
    MORE_MESSAGES_TO_SEND = 0x0426
    MESSAGE_STATE = 0x0427
    CONGESTION_STATE = 0x0428
    USSD_SERVICE_OP = 0x0501
    BROADCAST_CHANNEL_INDICATOR = 0x0600
    BROADCAST_CONTENT_TYPE = 0x0601
    BROADCAST_CONTENT_TYPE_INFO = 0x0602
    BROADCAST_MESSAGE_CLASS = 0x0603
    BROADCAST_REP_NUM = 0x0604
    BROADCAST_FREQUENCY_INTERVAL = 0x0605
    BROADCAST_AREA_IDENTIFIER = 0x0606
    BROADCAST_ERROR_STATUS = 0x0607
    BROADCAST_AREA_SUCCESS = 0x0608
    BROADCAST_END_TIME = 0x0609
    BROADCAST_SERVICE_GROUP = 0x060A
    BILLING_IDENTIFICATION = 0x060B
    SOURCE_NETWORK_ID = 0x060D
    DEST_NETWORK_ID = 0x060E
    SOURCE_NODE_ID = 0x060F
    DEST_NODE_ID = 0x0610
    DEST_ADDR_NP_RESOLUTION = 0x0611
    DEST_ADDR_NP_INFORMATION = 0x0612
    DEST_ADDR_NP_COUNTRY = 0x0613
    DISPLAY_TIME = 0x1201
    SMS_SIGNAL = 0x1203
    MS_VALIDITY = 0x1204
    ALERT_ON_MESSAGE_DELIVERY = 0x130C
    ITS_REPLY_TYPE = 0x1380
    ITS_SESSION_INFO = 0x1383


Tlvs = tuple[tuple[int, bytes], ...]


def parse_tlvs(octets: bytes) -> Tlvs:
    """Every (tag, value) in wire order; PduError where a header or value is cut short."""
    found = []
    position, end = 0, len(octets)
    while position < end:
        if end - position < _HEADER.size:
            raise PduError(f"{end - position} octets are left where a TLV header needs 4", Status.ESME_RINVOPTPARSTREAM)
        tag, length = _HEADER.unpack_from(octets, position)
        position += _HEADER.size
        if length > end - position:
            raise PduError(f"TLV 0x{tag:04X} says {length} octets but {end - position} follow", Status.ESME_RINVPARLEN)
        found.append((tag, octets[position : position + length]))
        position += length
    return tuple(found)


def encode_tlvs(tlvs: Iterable[tuple[int, bytes]]) -> bytes:
    """The octets of the TLVs, in the order given."""
    return b"".join([_HEADER.pack(tag, len(value)) + value for tag, value in tlvs])


# What a value is ------------------------------------------------------------------------------------------------------


class Kind:
    """The type of a value: how many octets it may have, what they are in Python, and the names of some values."""

    def __init__(self, least: int, most: int, names: Mapping[int, str] | None = None) -> None:
        self.least = least
        self.most = most
        self.names = names or {}

    def decode(self, octets: bytes) -> Any:
        """The Python value of octets whose length is right."""
        raise NotImplementedError

    def encode(self, value: Any) -> bytes:
        """The octets; a value of the wrong type or range raises ValueError, TypeError, struct.error and their like."""
        raise NotImplementedError


class Number(Kind):
    """An unsigned integer of `size` octets."""

    def __init__(self, size: int, names: Mapping[int, str] | None = None) -> None:
        super().__init__(size, size, names)

    def decode(self, octets: bytes) -> int:
        """0 to what the octets hold."""
        return int.from_bytes(octets)

    def encode(self, value: int) -> bytes:
        """OverflowError when the octets do not hold it."""
        return value.to_bytes(self.most)


class Octets(Kind):
    """An Octet String: octets as they are."""

    def decode(self, octets: bytes) -> bytes:
        """The octets themselves."""
        return octets

    def encode(self, value: bytes) -> bytes:
        """The octets themselves."""
        return bytes(memoryview(value))  # a number would make as many zero octets


class Text(Kind):
    """A C-Octet String; its lengths count the NUL. One that a peer left out is not missed."""

    def decode(self, octets: bytes) -> str:
        """Latin-1 up to the NUL."""
        return octets.partition(b"\0")[0].decode("latin-1")

    def encode(self, value: str) -> bytes:
        """ValueError for a NUL, and a character beyond Latin-1."""
        if "\0" in value:
            raise ValueError("it has a NUL")
        return value.encode("latin-1") + b"\0"


class NoValue(Kind):
    """Being there is all it says (3.4); 5.0 lets one octet say more."""

    def __init__(self, names: Mapping[int, str]) -> None:
        super().__init__(0, 1, names)

    def decode(self, octets: bytes) -> int | None:
        """None, or the octet."""
        return octets[0] if octets else None

    def encode(self, value: int | None) -> bytes:
        """ValueError outside 0 to 255."""
        return b"" if value is None else bytes((value,))


class Parts(Kind):
    """A value of several numbers: a named tuple. `names` are those of its first number."""

    def __init__(self, parts: type[Any], layout: str, names: Mapping[int, str] | None = None) -> None:
        self._parts = parts
        self._layout = struct.Struct(layout)
        super().__init__(self._layout.size, self._layout.size, names)

    def decode(self, octets: bytes) -> Any:
        """The named tuple."""
        return self._parts._make(self._layout.unpack(octets))

    def encode(self, value: Iterable[int]) -> bytes:
        """struct.error when a number does not fit."""
        return self._layout.pack(*value)


class Area(Kind):
    """broadcast_area_identifier: a format and its octets."""

    def decode(self, octets: bytes) -> BroadcastArea:
        """The named tuple."""
        return BroadcastArea(octets[0], octets[1:])

    def encode(self, value: Iterable[Any]) -> bytes:
        """ValueError for a format outside 0 to 255."""
        area_format, details = value
        return bytes((area_format, *details))


class SessionInfo(Kind):
    """its_session_info: two octets, the lowest bit of the second apart."""

    def __init__(self) -> None:
        super().__init__(2, 2)

    def decode(self, octets: bytes) -> ItsSessionInfo:
        """The named tuple."""
        return ItsSessionInfo(octets[0], octets[1] >> 1, bool(octets[1] & 1))

    def encode(self, value: Iterable[int]) -> bytes:
        """ValueError for a session_number above 255 or a sequence_number above 127."""
        session_number, sequence_number, end_of_session = value
        return bytes((session_number, sequence_number << 1 | bool(end_of_session)))


class NetworkErrorCode(NamedTuple):
    """network_error_code; network_type 3 is GSM."""

    network_type: int
    error_code: int


class ItsSessionInfo(NamedTuple):
    """its_session_info: the session, which dialogue unit of it this is (0 to 127), and whether it is the last."""

    session_number: int
    sequence_number: int
    end_of_session: bool


class BroadcastContentType(NamedTuple):
    """broadcast_content_type."""

    network_type: int
    content_type: int


class BroadcastFrequency(NamedTuple):
    """broadcast_frequency_interval: a broadcast every `number` of a unit of time."""

    unit: int
    number: int


class BroadcastArea(NamedTuple):
    """broadcast_area_identifier: what kind of area, and its octets."""

    format: int
    details: bytes


class CallbackNumber(NamedTuple):
    """callback_num: digit_mode 0 is DTMF digits, 1 ASCII."""

    digit_mode: int
    ton: int
    npi: int
    digits: bytes


class Callback(Kind):
    """callback_num: three octets about the digits, and the digits."""

    def decode(self, octets: bytes) -> CallbackNumber:
        """The named tuple."""
        return CallbackNumber(octets[0], octets[1], octets[2], octets[3:])

    def encode(self, value: Iterable[Any]) -> bytes:
        """ValueError for a number outside 0 to 255."""
        digit_mode, ton, npi, digits = value
        return bytes((digit_mode, ton, npi, *digits))


_SUBUNITS = {0: "unknown", 1: "MS display", 2: "mobile equipment", 3: "smart card 1", 4: "external unit 1"}
_NETWORKS = {
    0: "unknown",
    1: "GSM",
    2: "ANSI-136/TDMA",
    3: "IS-95/CDMA",
    4: "PDC",
    5: "PHS",
    6: "iDEN",
    7: "AMPS",
    8: "paging network",
}
_BEARERS = {
    0: "unknown",
    1: "SMS",
    2: "circuit switched data",
    3: "packet data",
    4: "USSD",
    5: "CDPD",
    6: "DataTAC",
    7: "FLEX/ReFLEX",
    8: "cell broadcast",
}
_LONGEST = 0xFFFF  # what the length of a TLV can say

TLVS: dict[int, Kind] = {
    Tag.DEST_ADDR_SUBUNIT: Number(1, _SUBUNITS),
    Tag.DEST_NETWORK_TYPE: Number(1, _NETWORKS),
    Tag.DEST_BEARER_TYPE: Number(1, _BEARERS),
    Tag.DEST_TELEMATICS_ID: Number(2),
    Tag.SOURCE_ADDR_SUBUNIT: Number(1, _SUBUNITS),
    Tag.SOURCE_NETWORK_TYPE: Number(1, _NETWORKS),
    Tag.SOURCE_BEARER_TYPE: Number(1, _BEARERS),
    Tag.SOURCE_TELEMATICS_ID: Number(1),
    Tag.QOS_TIME_TO_LIVE: Number(4),
    Tag.PAYLOAD_TYPE: Number(1, {0: "default", 1: "WCMP message"}),
    Tag.ADDITIONAL_STATUS_INFO_TEXT: Text(1, 256),
    Tag.RECEIPTED_MESSAGE_ID: Text(1, 65),
    Tag.MS_MSG_WAIT_FACILITIES: Number(1),
    Tag.PRIVACY_INDICATOR: Number(1, {0: "not restricted", 1: "restricted", 2: "confidential", 3: "secret"}),
    Tag.SOURCE_SUBADDRESS: Octets(2, 23),
    Tag.DEST_SUBADDRESS: Octets(2, 23),
    Tag.USER_MESSAGE_REFERENCE: Number(2),
    Tag.USER_RESPONSE_CODE: Number(1),
    Tag.SOURCE_PORT: Number(2),
    Tag.DESTINATION_PORT: Number(2),
    Tag.SAR_MSG_REF_NUM: Number(2),
    Tag.LANGUAGE_INDICATOR: Number(
        1, {0: "unspecified", 1: "english", 2: "french", 3: "spanish", 4: "german", 5: "portuguese"}
    ),
    Tag.SAR_TOTAL_SEGMENTS: Number(1),
    Tag.SAR_SEGMENT_SEQNUM: Number(1),
    Tag.SC_INTERFACE_VERSION: Number(1, {0x33: "3.3", 0x34: "3.4", 0x50: "5.0"}),
    Tag.CALLBACK_NUM_PRES_IND: Number(1),
    Tag.CALLBACK_NUM_ATAG: Octets(0, 65),
    Tag.NUMBER_OF_MESSAGES: Number(1),
    Tag.CALLBACK_NUM: Callback(4, 19),
    Tag.DPF_RESULT: Number(1, {0: "DPF not set", 1: "DPF set"}),
    Tag.SET_DPF: Number(1, {0: "not requested", 1: "requested"}),
    Tag.MS_AVAILABILITY_STATUS: Number(1, {0: "available", 1: "denied", 2: "unavailable"}),
    Tag.NETWORK_ERROR_CODE: Parts(
        NetworkErrorCode,
        ">BH",
        {
            1: "ANSI-136 access denied reason",
            2: "IS-95 access denied reason",
            3: "GSM",
            4: "ANSI-136 cause code",
            5: "IS-95 cause code",
            6: "ANSI-41 error",
            7: "SMPP error",
            8: "message centre specific",
        },
    ),
    Tag.MESSAGE_PAYLOAD: Octets(0, _LONGEST),
    Tag.DELIVERY_FAILURE_REASON: Number(
        1,
        {
            0: "destination unavailable",
            1: "destination address invalid",
            2: "permanent network error",
            3: "temporary network error",
        },
    ),
    Tag.MORE_MESSAGES_TO_SEND: Number(1, {0: "no more messages", 1: "more messages"}),
    Tag.MESSAGE_STATE: Number(
        1,
        {
            0: "SCHEDULED",
            1: "ENROUTE",
            2: "DELIVERED",
            3: "EXPIRED",
            4: "DELETED",
            5: "UNDELIVERABLE",
            6: "ACCEPTED",
            7: "UNKNOWN",
            8: "REJECTED",
            9: "SKIPPED",
        },
    ),
    Tag.CONGESTION_STATE: Number(
        1,
        {
            0: "idle",
            **dict.fromkeys(range(1, 30), "low load"),
            **dict.fromkeys(range(30, 50), "medium load"),
            **dict.fromkeys(range(50, 80), "high load"),
            **dict.fromkeys(range(80, 90), "optimum load"),
            **dict.fromkeys(range(90, 100), "nearing congestion"),
            100: "congested",
        },
    ),
    Tag.USSD_SERVICE_OP: Number(
        1,
        {
            0: "PSSD indication",
            1: "PSSR indication",
            2: "USSR request",
            3: "USSN request",
            16: "PSSD response",
            17: "PSSR response",
            18: "USSR confirm",
            19: "USSN confirm",
        },
    ),
    Tag.BROADCAST_CHANNEL_INDICATOR: Number(1, {0: "basic", 1: "extended"}),
    Tag.BROADCAST_CONTENT_TYPE: Parts(BroadcastContentType, ">BH", {0: "generic", 1: "GSM", 2: "TDMA", 3: "CDMA"}),
    Tag.BROADCAST_CONTENT_TYPE_INFO: Octets(1, 255),
    Tag.BROADCAST_MESSAGE_CLASS: Number(1, {0: "no class", 1: "class 1", 2: "class 2", 3: "class 3"}),
    Tag.BROADCAST_REP_NUM: Number(2),
    Tag.BROADCAST_FREQUENCY_INTERVAL: Parts(
        BroadcastFrequency,
        ">BH",
        {
            0: "as frequently as possible",
            8: "seconds",
            9: "minutes",
            10: "hours",
            11: "days",
            12: "weeks",
            13: "months",
            14: "years",
        },
    ),
    Tag.BROADCAST_AREA_IDENTIFIER: Area(1, _LONGEST, {0: "alias", 1: "ellipsoid arc", 2: "polygon"}),
    Tag.BROADCAST_ERROR_STATUS: Number(4, {status: status.name for status in Status}),
    Tag.BROADCAST_AREA_SUCCESS: Number(1, {255: "not available"}),
    Tag.BROADCAST_END_TIME: Text(1, 17),
    Tag.BROADCAST_SERVICE_GROUP: Octets(1, 255),
    Tag.BILLING_IDENTIFICATION: Octets(1, 1024),
    Tag.SOURCE_NETWORK_ID: Text(7, 65),
    Tag.DEST_NETWORK_ID: Text(7, 65),
    Tag.SOURCE_NODE_ID: Octets(6, 6),
    Tag.DEST_NODE_ID: Octets(6, 6),
    Tag.DEST_ADDR_NP_RESOLUTION: Number(1, {0: "no query", 1: "not ported", 2: "ported"}),
    Tag.DEST_ADDR_NP_INFORMATION: Octets(10, 10),
    Tag.DEST_ADDR_NP_COUNTRY: Octets(1, 5),
    Tag.DISPLAY_TIME: Number(1, {0: "temporary", 1: "default", 2: "invoke"}),
    Tag.SMS_SIGNAL: Number(2),
    Tag.MS_VALIDITY: Octets(1, 4),  # 3.4: an octet; 5.0 may add a unit of time and a number
    Tag.ALERT_ON_MESSAGE_DELIVERY: NoValue({0: "default", 1: "low priority", 2: "medium priority", 3: "high priority"}),
    Tag.ITS_REPLY_TYPE: Number(
        1,
        {
            0: "digit",
            1: "number",
            2: "telephone number",
            3: "password",
            4: "character line",
            5: "menu",
            6: "date",
            7: "time",
            8: "continue",
        },
    ),
    Tag.ITS_SESSION_INFO: SessionInfo(),
}
"""The type of each standard TLV."""

_UNKNOWN = Octets(0, _LONGEST)
_NAMES: dict[int, str] = {tag.value: tag.name.lower() for tag in Tag}
_TAGS = {name: tag for tag, name in _NAMES.items()}
_HEXADECIMAL = re.compile(r"0x[0-9A-Fa-f]{1,4}")


def tlv_name(tag: int) -> str:
    """ "ussd_service_op", or "0x1501" for a tag that no specification names."""
    return _NAMES.get(tag) or f"0x{tag:04X}"


def tag_from(name: str) -> int:
    """The tag that `tlv_name` wrote; ValueError for what is neither a name nor a number."""
    if name in _TAGS:
        return _TAGS[name]
    if _HEXADECIMAL.fullmatch(name):
        return int(name, 16)
    raise ValueError(f"{name!r} is no TLV; it takes a name of the specification, or a tag such as 0x1501")


def decode_value(tag: int, octets: bytes) -> Any:
    """The Python value: int, str, bytes, None or a named tuple. An unknown tag's octets are its value.

    PduError (ESME_RINVPARLEN) when its length is not one that the type has.
    """
    kind = TLVS.get(tag, _UNKNOWN)
    _check_length(tag, kind, octets, Status.ESME_RINVPARLEN)
    return kind.decode(octets)


def encode_value(tag: int, value: Any) -> bytes:
    """The octets of what `decode_value` gives; PduError (ESME_RINVOPTPARAMVAL) when the type does not hold it."""
    kind = TLVS.get(tag, _UNKNOWN)
    try:
        octets = kind.encode(value)
    except (ValueError, TypeError, AttributeError, OverflowError, struct.error) as error:
        raise PduError(f"{tlv_name(tag)} does not take {value!r}: {error}", Status.ESME_RINVOPTPARAMVAL) from error
    _check_length(tag, kind, octets, Status.ESME_RINVOPTPARAMVAL)
    return octets


def value_name(tag: int, value: Any) -> str | None:
    """What a decoded value is called, or the first number of one that has several; None where it has no name."""
    number = value[0] if isinstance(value, tuple) else value
    return TLVS[tag].names.get(number) if tag in TLVS else None


def check_tlvs(tlvs: Tlvs) -> None:
    """PduError (ESME_RINVPARLEN) for the first standard TLV whose length its type does not have.

    Decoding leaves this out, because a gateway passes on most TLVs unread; who minds asks.
    """
    for tag, octets in tlvs:
        if kind := TLVS.get(tag):
            _check_length(tag, kind, octets, Status.ESME_RINVPARLEN)


def _check_length(tag: int, kind: Kind, octets: bytes, status: Status) -> None:
    if not kind.least <= len(octets) <= kind.most:
        takes = str(kind.most) if kind.least == kind.most else f"{kind.least} to {kind.most}"
        raise PduError(f"{tlv_name(tag)} is {len(octets)} octets; it takes {takes}", status)
