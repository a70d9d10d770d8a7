"""The aggregators whose dialects are regular: a row for each. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from ussd_gateway.dialects.description import (
    BARE,
    DIALLED,
    FIELD,
    GET,
    HEADER,
    JSON,
    KEYS,
    LAST,
    OPEN,
    REST,
    Description,
    Scalar,
    read_description,
)
from ussd_gateway.dialects.model import Kind, Limits
from ussd_gateway.dialects.regular import Regular
from ussd_gateway.dialects.settings import Setting, read_settings


@dataclass(frozen=True, slots=True)
class Row:
    """An aggregator.

    title     str; what errors call it
    settings  what a user of the dialect can set, by key: the field of a call that has it, and what it is
    """

    title: str
    description: Description
    settings: Mapping[str, tuple[str, Setting]] = field(default_factory=dict)


_NETWORK = Setting("the operator that calls name", "MTN")

_UZO = Description(
    method=JSON,
    session="sessionID",
    msisdn="msisdn",
    plus=True,
    text="ussdString",
    first=DIALLED,
    code="code",
    kind="ussdServiceOp",  # the values are those of SMPP's ussd_service_op
    kinds={Kind.NEW: "1", Kind.ANSWER: "18", Kind.ABORT: "29", Kind.TIMEOUT: "29"},
    other_kind=Kind.ABORT,  # 29 and whatever is above it
    signal=FIELD,
    signal_name="ussdServiceOp",
    continues=(2,),
    ends=(17,),
    answer_text="message",
)
_UZO_NETWORK = Setting(
    "the operator that calls name: 01 MTN, 02 Vodafone, 06 AirtelTigo, 00 another", "01", ("01", "02", "06", "00")
)

ROWS: Mapping[str, Row] = {
    "hubtel": Row(
        "Hubtel",
        Description(
            method=JSON,
            session="SessionId",
            msisdn="Mobile",
            text="Message",
            first=DIALLED,
            code="ServiceCode",
            kind="Type",
            kinds={Kind.NEW: "Initiation", Kind.ANSWER: "Response", Kind.ABORT: "Release", Kind.TIMEOUT: "Timeout"},
            sequence="Sequence",
            signal=FIELD,
            signal_name="Type",
            continues=("Response",),
            ends=("Release", "AddToCart"),
            ignore_case=True,
            answer_text="Message",
            carried=("ClientState",),
            continue_also={"Label": "", "DataType": "input", "FieldType": "text"},
            end_also={"Label": "", "DataType": "display", "FieldType": "text"},
            limits=Limits(user_timeout=120.0),
        ),
        {
            "operator": (
                "Operator",
                Setting("the operator that calls name", "mtn", ("tigo", "airtel", "mtn", "vodafone")),
            ),
            "platform": ("Platform", Setting("the Platform that calls name", "USSD")),
        },
    ),
    "nalo": Row(
        "Nalo",
        Description(
            method=JSON,
            session="SESSIONID",
            msisdn="MSISDN",
            text="USERDATA",
            first=OPEN,
            kind="MSGTYPE",
            kinds={Kind.NEW: True, Kind.ANSWER: False},
            signal=FIELD,
            signal_name="MSGTYPE",
            continues=(True,),
            ends=(False,),
            answer_text="MSG",
            echo=("USERID", "MSISDN"),
            echo_needed=False,
        ),
        {
            "user_id": ("USERID", Setting("the USERID of the account", "USERID")),
            "network": ("NETWORK", _NETWORK),
        },
    ),
    "arkesel": Row(
        "Arkesel",
        Description(
            method=JSON,
            session="sessionID",
            msisdn="msisdn",
            text="userData",
            first=DIALLED,
            kind="newSession",
            kinds={Kind.NEW: True, Kind.ANSWER: False},
            signal=FIELD,
            signal_name="continueSession",
            continues=(True,),
            ends=(False,),
            answer_text="message",
            echo=("sessionID", "userID", "msisdn"),
        ),
        {
            "user_id": ("userID", Setting("the userID of the subscription", "USERID")),
            "network": ("network", _NETWORK),
        },
    ),
    "korba": Row("Korba", _UZO, {"network": ("network", _UZO_NETWORK)}),
    "uzo": Row(
        "Uzo",
        _UZO,
        {"network": ("network", _UZO_NETWORK), "country": ("country", Setting("the country that calls name", "GH"))},
    ),
    "nsano": Row(
        "Nsano",
        Description(
            method=JSON,
            session="UserSessionID",
            msisdn="msisdn",
            text="msg",
            first=DIALLED,
            signal=FIELD,
            signal_name="USSDResp.action",
            continues=("input", "showMenu"),
            ends=("prompt",),
            answer_text="USSDResp.title",
            answer_lines="USSDResp.menus",
            continue_also={"USSDResp.menus": ""},
            end_also={"USSDResp.menus": ""},
        ),
        {
            "network": (
                "network",
                Setting("the operator that calls name", "MTN", ("AirtelTigo", "Glo", "MTN", "Vodafone")),
            )
        },
    ),
    "moolre": Row(
        "Moolre",
        Description(
            method=JSON,
            session="sessionid",
            msisdn="msisdn",
            text="message",
            code="extension",
            code_form=LAST,
            rest="data",
            kind="new",
            kinds={Kind.NEW: True, Kind.ANSWER: False},
            signal=FIELD,
            signal_name="reply",
            continues=(True,),
            ends=(False,),
            answer_text="message",
        ),
        {"network": ("network", Setting("the number of the operator that calls name", 1))},
    ),
    "safaricom": Row(
        "Safaricom",
        Description(
            method=GET,
            session="SESSION_ID",
            msisdn="ORIG",
            text="USSD_PARAMS",
            cumulative=True,
            first=REST,
            code="DEST",
            code_form=BARE,
            limits=Limits(user_timeout=30.0, session_timeout=180.0),
        ),
    ),
    "hollatags": Row(
        "Hollatags",
        Description(
            method=GET,
            session="session_id",
            msisdn="session_msisdn",
            text="session_msg",
            first=DIALLED,
            code="session_from",
            kind="session_operation",
            kinds={Kind.NEW: "begin", Kind.ANSWER: "continue", Kind.ABORT: "end", Kind.TIMEOUT: "end"},
            new_also={"session_type": 1},
            answer_also={"session_type": 3},
            signal=FIELD,
            signal_name="session_operation",
            continues=("continue",),
            ends=("end",),
            answer_text="session_msg",
            echo=("session_id",),
            continue_also={"session_type": 1},
            end_also={"session_type": 4},
            limits=Limits(characters=160),
        ),
        {
            "network": (
                "session_mno",
                Setting("the operator that calls name", "MTN", ("MTN", "9MOBILE", "AIRTEL", "GLO")),
            )
        },
    ),
}

AIRTEL_FLARES = Row(
    "Airtel",
    Description(
        method=GET,
        session="SessionID",
        msisdn="MSISDN",
        text="input",
        first=BARE,
        signal=HEADER,
        signal_name="Freeflow",
        continues=("FC",),
        ends=("FB",),
        answer_headers={"charge": "N", "amount": "0"},
        limits=Limits(answer_timeout=15.0, user_timeout=60.0, session_timeout=180.0),
    ),
    {
        "msc": ("MSC", Setting("the switch that calls name", "0")),
        "user_id": ("userid", Setting("the name by which the gateway logs in", "")),
        "password": ("password", Setting("the password by which the gateway logs in", "", secret=True)),
    },
)
"""What `airtel_flares.AirtelFlares` has in common with the others."""


def regular(name: str, settings: Mapping[str, object]) -> Regular:
    """The dialect of the row with this name. Raises ValueError with a sentence on a wrong setting."""
    return Regular(name, ROWS[name].title, *described(name, ROWS[name], settings))


def described(name: str, row: Row, given: Mapping[str, object]) -> tuple[Description, Mapping[str, Setting]]:
    """The row's description with the settings in it, and what settings there are."""
    settings = {key: setting for key, (_, setting) in row.settings.items()}
    values = read_settings(name, settings, given)
    constants = {field: cast(Scalar, values[key]) for key, (field, _) in row.settings.items()}
    return replace(row.description, constants={**row.description.constants, **constants}), settings


def generic(settings: Mapping[str, object]) -> Regular:
    """A dialect that somebody described. Raises ValueError with a sentence on the first mistake."""
    title, description = read_description("generic", settings)
    return Regular("generic", title, description, KEYS)
