"""A PDU in words: JSON-ready, for people who look at traffic. Nothing secret is in it."""

from __future__ import annotations

from typing import Any

from ussd_gateway.smpp.errors import PduError
from ussd_gateway.smpp.fields import MASK, Rows, Structure
from ussd_gateway.smpp.pdu import PDUS, Pdu, UnparsedPdu
from ussd_gateway.smpp.status import status_name
from ussd_gateway.smpp.tlv import decode_value, tlv_name, value_name

_UCS2 = 8  # data_coding (5.2.19)


def described(pdu: Pdu | UnparsedPdu) -> dict[str, Any]:
    """What a PDU says; never raises, whatever its octets are.

    Of a Pdu: command, command_id, sequence_number, command_status, parameters by their names and tlvs, a list of tag,
    name and value. A TLV whose value has a name or is wrong says so in `means` or `error`. Of an UnparsedPdu: what is
    known of the header, `error` and `octets`. Octets are {"hex": ...}, with "text" where they can be printed.
    """
    if isinstance(pdu, UnparsedPdu):
        return {
            "command": command_name(pdu.command_id),
            "command_id": f"0x{pdu.command_id:08X}",
            "sequence_number": pdu.sequence_number,
            "error": {"command_status": status_name(pdu.error.status), "seen": pdu.error.seen},
            "octets": pdu.shown.hex(),
        }
    ucs2 = getattr(pdu, "data_coding", 0) == _UCS2
    return {
        "command": pdu.command,
        "command_id": f"0x{pdu.command_id:08X}",
        "sequence_number": pdu.sequence_number,
        "command_status": status_name(pdu.command_status),
        "parameters": _parameters(pdu, ucs2),
        "tlvs": [described_tlv(tag, value, ucs2=ucs2) for tag, value in pdu.tlvs],
    }


def command_name(command_id: int) -> str:
    """ "submit_sm", or "0x00000077" for a command that no specification names."""
    found = PDUS.get(command_id)
    return found.command if found else f"0x{command_id:08X}"


def _parameters(rows: Rows, ucs2: bool) -> dict[str, Any]:
    return {
        field.name: MASK if field.secret else _json(field.decode(rows.values[field.index]), ucs2)
        for field in rows.layout
    }


def described_tlv(tag: int, octets: bytes, *, ucs2: bool = False) -> dict[str, Any]:
    """One TLV: tag, name, value, and `means` or `error`; `ucs2` says how octets that are text are to be read."""
    shown = {"tag": f"0x{tag:04X}", "name": tlv_name(tag)}
    try:
        value = decode_value(tag, octets)
    except PduError as error:
        return {**shown, "value": _octets(octets, ucs2), "error": error.seen}
    means = value_name(tag, value)
    return {**shown, "value": _json(value, ucs2), **({"means": means} if means else {})}


def _json(value: Any, ucs2: bool) -> Any:
    if isinstance(value, bytes):
        return _octets(value, ucs2)
    if isinstance(value, Structure):
        return _parameters(value, ucs2)
    if isinstance(value, tuple):
        if hasattr(value, "_asdict"):
            return {name: _json(part, ucs2) for name, part in value._asdict().items()}
        return [_json(part, ucs2) for part in value]
    return value


def _octets(octets: bytes, ucs2: bool) -> dict[str, str]:
    shown = {"hex": octets.hex()}
    try:
        text = octets.decode("utf-16-be" if ucs2 else "ascii")
    except UnicodeDecodeError:
        return shown
    return {**shown, "text": text} if "".join(text.splitlines()).isprintable() else shown
