"""TruRoute (TNM in Malawi) and SMS.com.na: an XML element `ussd`, whose type is a number. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree.ElementTree import Element

from ussd_gateway.dialects import reading, xml
from ussd_gateway.dialects.model import Call, CallError, Kind, Limits, Reply, Request, Response, Turn
from ussd_gateway.dialects.settings import Setting, quoted, read_settings

TITLE = "TruRoute"

PREMIUM = ("cost", "ref")
"""What an application charges with an answer: the amount and its own reference. It is among what a Reply carries."""

_NEW, _ANSWER, _RELEASE, _TIMEOUT, _CHARGE_FAILED = "1", "2", "3", "4", "10"
_TYPES = {Kind.NEW: _NEW, Kind.ANSWER: _ANSWER, Kind.ABORT: _RELEASE, Kind.TIMEOUT: _TIMEOUT}
_KINDS = {kind: told for told, kind in _TYPES.items()} | {_CHARGE_FAILED: Kind.ABORT}
_ENDS = {_ANSWER: False, _RELEASE: True}


class TruRoute:
    """The dialect truroute."""

    name = "truroute"
    limits = Limits(octets=160)
    notices_elsewhere = False
    settings: Mapping[str, Setting] = {}

    def __init__(self, settings: Mapping[str, object]) -> None:
        read_settings(self.name, self.settings, settings)

    def call(self, turn: Turn) -> Request | None:
        """The call of a turn. An end that the application chose itself is not told, nor is a failure of its own."""
        if turn.kind not in _TYPES:
            return None
        fields = {
            "msisdn": turn.msisdn,
            "sessionid": turn.session,
            "type": _TYPES[turn.kind],
            "msg": turn.dialled if turn.kind is Kind.NEW else turn.text,
        }
        headers, body = xml.document(_ussd(fields))
        return Request(headers=headers, body=body)

    def read_reply(self, response: Response, turn: Turn) -> Reply:
        """Type 2 goes on and type 3 ends."""
        ussd = reading.element_answered(response, "ussd", TITLE)
        fields = _fields(ussd)
        told = fields.get("type", "").strip()
        if (ends := _ENDS.get(told)) is None:
            raise reading.bad(f"the type is {quoted(told)}", TITLE, "it is 2, to go on, or 3, to end")
        premium = ussd.find("premium")
        charged = {} if premium is None else _fields(premium)
        carried = {name: charged[name] for name in PREMIUM if name in charged}
        return Reply(reading.fitting(fields.get("msg", ""), self.limits, TITLE), ends, carried)

    def read_call(self, request: Request) -> Call:
        """Type 1 begins, 2 answers, 3 and 4 tell of the end, and so does 10: a charge that failed."""
        ussd = reading.element_told(request.body, "ussd", TITLE)
        fields = _fields(ussd)
        told = reading.field(fields, "type", TITLE).strip()
        if (kind := _KINDS.get(told)) is None:
            raise CallError(f'the field "type" is {quoted(told)}; {TITLE} sends one of {", ".join(_KINDS)}')
        session, msisdn = reading.session(fields, "sessionid", TITLE), reading.msisdn(fields, "msisdn", TITLE)
        return Call(kind, session, msisdn, text=fields.get("msg", ""), dialled=kind is Kind.NEW)

    def write_reply(self, reply: Reply, call: Call) -> Response:
        """Type 2 or 3; a cost and a ref among what is carried become the premium."""
        charged = [xml.text_element(name, str(reply.carried[name])) for name in PREMIUM if name in reply.carried]
        premium = [xml.element("premium", {}, *charged)] if charged else []
        return Response(
            200, *xml.document(_ussd({"type": _RELEASE if reply.ends else _ANSWER, "msg": reply.text}, *premium))
        )


def _ussd(fields: Mapping[str, str], *more: str) -> str:
    return xml.element("ussd", {}, *(xml.text_element(name, text) for name, text in fields.items()), *more)


def _fields(element: Element) -> dict[str, str]:
    """The texts of an element's children by their names; of several with one name, the first."""
    return {child.tag: child.text or "" for child in reversed(element)}
