"""The values of command_status by their names, with what they mean (SMPP 3.4 section 5.1.3, and what 5.0 adds)."""

from __future__ import annotations

import re
from difflib import get_close_matches
from enum import IntEnum


class Status(IntEnum):
    """command_status; the value is the octets on the wire, the name is the specification's."""

    meaning: str

    def __new__(cls, value: int, meaning: str = "") -> Status:
        """A row: the number, and one sentence."""
        status = int.__new__(cls, value)
        status._value_ = value
        status.meaning = meaning
        return status

    ESME_ROK = 0x00, "No error"
    ESME_RINVMSGLEN = 0x01, "The message's length is invalid"
    ESME_RINVCMDLEN = 0x02, "The command's length is invalid"
    ESME_RINVCMDID = 0x03, "The command_id is invalid"
    ESME_RINVBNDSTS = 0x04, "The command is not allowed in this state of the session"
    ESME_RALYBND = 0x05, "The ESME has bound already"
    ESME_RINVPRTFLG = 0x06, "The priority flag is invalid"
    ESME_RINVREGDLVFLG = 0x07, "The registered_delivery flag is invalid"
    ESME_RSYSERR = 0x08, "The system has an error"
    ESME_RINVSRCADR = 0x0A, "The source address is invalid"
    ESME_RINVDSTADR = 0x0B, "The destination address is invalid"
    ESME_RINVMSGID = 0x0C, "The message_id is invalid"
    ESME_RBINDFAIL = 0x0D, "The bind failed"
    ESME_RINVPASWD = 0x0E, "The password is invalid"
    ESME_RINVSYSID = 0x0F, "The system_id is invalid"
    ESME_RCANCELFAIL = 0x11, "cancel_sm failed"
    ESME_RREPLACEFAIL = 0x13, "replace_sm failed"
    ESME_RMSGQFUL = 0x14, "The message queue is full"
    ESME_RINVSERTYP = 0x15, "The service_type is invalid"
    ESME_RINVNUMDESTS = 0x33, "The number of destinations is invalid"
    ESME_RINVDLNAME = 0x34, "The name of the distribution list is invalid"
    ESME_RINVDESTFLAG = 0x40, "The destination flag of submit_multi is invalid"
    ESME_RINVSUBREP = 0x42, "A submission that replaces a message is invalid"
    ESME_RINVESMCLASS = 0x43, "The esm_class is invalid"
    ESME_RCNTSUBDL = 0x44, "Nothing can be submitted to the distribution list"
    ESME_RSUBMITFAIL = 0x45, "submit_sm or submit_multi failed"
    ESME_RINVSRCTON = 0x48, "The source address's type of number is invalid"
    ESME_RINVSRCNPI = 0x49, "The source address's numbering plan is invalid"
    ESME_RINVDSTTON = 0x50, "The destination address's type of number is invalid"
    ESME_RINVDSTNPI = 0x51, "The destination address's numbering plan is invalid"
    ESME_RINVSYSTYP = 0x53, "The system_type is invalid"
    ESME_RINVREPFLAG = 0x54, "The replace_if_present flag is invalid"
    ESME_RINVNUMMSGS = 0x55, "The number of messages is invalid"
    ESME_RTHROTTLED = 0x58, "The ESME has sent more than it is allowed to"
    ESME_RINVSCHED = 0x61, "The scheduled delivery time is invalid"
    ESME_RINVEXPIRY = 0x62, "The validity period is invalid"
    ESME_RINVDFTMSGID = 0x63, "The predefined message is invalid or was not found"
    ESME_RX_T_APPN = 0x64, "The receiving ESME has a temporary error"
    ESME_RX_P_APPN = 0x65, "The receiving ESME has a permanent error"
    ESME_RX_R_APPN = 0x66, "The receiving ESME rejects the message"
    ESME_RQUERYFAIL = 0x67, "query_sm failed"
    ESME_RINVOPTPARSTREAM = 0xC0, "The optional parameters are malformed"
    ESME_ROPTPARNOTALLWD = 0xC1, "An optional parameter is not allowed"
    ESME_RINVPARLEN = 0xC2, "The length of an optional parameter is invalid"
    ESME_RMISSINGOPTPARAM = 0xC3, "An optional parameter that is expected is missing"
    ESME_RINVOPTPARAMVAL = 0xC4, "The value of an optional parameter is invalid"
    ESME_RDELIVERYFAILURE = 0xFE, "The delivery failed"
    ESME_RUNKNOWNERR = 0xFF, "Unknown error"

    # What 5.0 adds
    ESME_RSERTYPUNAUTH = 0x100, "The ESME may not use this service_type"
    ESME_RPROHIBITED = 0x101, "The ESME may not use this operation"
    ESME_RSERTYPUNAVAIL = 0x102, "The service_type is unavailable"
    ESME_RSERTYPDENIED = 0x103, "The service_type is denied"
    ESME_RINVDCS = 0x104, "The data_coding is invalid"
    ESME_RINVSRCADDRSUBUNIT = 0x105, "The source address's subunit is invalid"
    ESME_RINVDSTADDRSUBUNIT = 0x106, "The destination address's subunit is invalid"
    ESME_RINVBCASTFREQINT = 0x107, "The frequency interval of the broadcast is invalid"
    ESME_RINVBCASTALIAS_NAME = 0x108, "The alias of the broadcast area is invalid"
    ESME_RINVBCASTAREAFMT = 0x109, "The format of the broadcast area is invalid"
    ESME_RINVNUMBCAST_AREAS = 0x10A, "The number of broadcast areas is invalid"
    ESME_RINVBCASTCNTTYPE = 0x10B, "The content type of the broadcast is invalid"
    ESME_RINVBCASTMSGCLASS = 0x10C, "The message class of the broadcast is invalid"
    ESME_RBCASTFAIL = 0x10D, "broadcast_sm failed"
    ESME_RBCASTQUERYFAIL = 0x10E, "query_broadcast_sm failed"
    ESME_RBCASTCANCELFAIL = 0x10F, "cancel_broadcast_sm failed"
    ESME_RINVBCAST_REP = 0x110, "The number of repeated broadcasts is invalid"
    ESME_RINVBCASTSRVGRP = 0x111, "The service group of the broadcast is invalid"
    ESME_RINVBCASTCHANIND = 0x112, "The channel indicator of the broadcast is invalid"

    # What 5.0 calls five of those above
    ESME_RINVTLVSTREAM = ESME_RINVOPTPARSTREAM
    ESME_RTLVNOTALLWD = ESME_ROPTPARNOTALLWD
    ESME_RINVTLVLEN = ESME_RINVPARLEN
    ESME_RMISSINGTLV = ESME_RMISSINGOPTPARAM
    ESME_RINVTLVVAL = ESME_RINVOPTPARAMVAL


_NUMBER = re.compile(r"0X[0-9A-F]{1,8}|[0-9]{1,10}")
_LARGEST = 0xFFFFFFFF


def status_name(value: int) -> str:
    """The name of a command_status, or its hexadecimal value where the specification has none."""
    try:
        return Status(value).name
    except ValueError:
        return f"0x{value:08X}"


def status_from(given: str | int) -> int:
    """The command_status that a person wrote: "ESME_RTHROTTLED", "RTHROTTLED", "0x58", "88" or 88, vendors' numbers too.

    ValueError, with names that are near, for anything else.
    """
    if isinstance(given, str):
        name = given.strip().upper()
        for full in (name, f"ESME_{name}"):
            if full in Status.__members__:
                return Status[full].value
        if _NUMBER.fullmatch(name):
            return status_from(int(name, 16 if name.startswith("0X") else 10))
        near = get_close_matches(name, Status.__members__, n=3, cutoff=0.5)
        also = f"; near: {', '.join(near)}" if near else ""
        raise ValueError(f"{given!r} is no command_status{also}; it takes a name like ESME_RTHROTTLED or a number")
    if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given <= _LARGEST:
        raise ValueError(
            f"{given!r} is no command_status; it takes a name like ESME_RTHROTTLED, or 0 to 0x{_LARGEST:X}"
        )
    return int(given)
