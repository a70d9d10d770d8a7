"""Infobip: JSON both ways, and what a call is stands in the path, /<session>/start, response, end or status. No I/O.

`status` is no turn: the gateway asks an application whether it still has a session.
"""

from __future__ import annotations

from collections.abc import Mapping

from ussd_gateway.dialects import reading
from ussd_gateway.dialects.model import Call, CallError, Kind, Limits, Reply, Request, Response, Turn, json_body
from ussd_gateway.dialects.settings import Setting, quoted, read_settings

TITLE = "Infobip"

OK, REFUSED = 200, 400
"""What responseExitCode can be, beside an HTTP status that is 200 all the same."""

_METHODS = {Kind.NEW: "start", Kind.ANSWER: "response"}
_KINDS = {method: kind for kind, method in _METHODS.items()}
_END, _STATUS = "end", "status"


class Infobip:
    """The dialect infobip."""

    name = "infobip"
    limits = Limits(octets=160)
    notices_elsewhere = False
    settings: Mapping[str, Setting] = {"ussd_gw_id": Setting("the ussdGwId that calls have", "live1")}

    def __init__(self, settings: Mapping[str, object]) -> None:
        self._ussd_gw_id = str(read_settings(self.name, self.settings, settings)["ussd_gw_id"])

    def call(self, turn: Turn) -> Request:
        """A turn, or `end`: with exitCode 200 where the application ended it, else with 400 and a reason."""
        fields: dict[str, object] = {"msisdn": turn.msisdn}
        if turn.kind in _METHODS:
            fields |= {"text": turn.dialled if turn.kind is Kind.NEW else turn.text, "shortCode": turn.service_code}
            fields |= {"language": None, "ussdGwId": self._ussd_gw_id}
        elif turn.kind is Kind.END:
            fields |= {"exitCode": OK, "reason": ""}
        else:
            fields |= {"exitCode": REFUSED, "reason": turn.reason or turn.outcome or str(turn.kind)}
        headers, body = json_body(fields)
        return Request(path=f"/{turn.session}/{_METHODS.get(turn.kind, _END)}", headers=headers, body=body)

    def read_reply(self, response: Response, turn: Turn) -> Reply:
        """ussdMenu and shouldClose, which count only with responseExitCode 200."""
        body = reading.answered(response, TITLE)
        try:
            fields = reading.json_object(response.body)
        except ValueError:
            raise reading.bad(f"the answer is {quoted(body)}", TITLE, "it is a JSON object") from None
        if (code := fields.get("responseExitCode")) != OK:
            text = fields.get("responseMessage")
            message = f", with the message {quoted(text)}" if text and isinstance(text, str) else ""
            raise reading.bad(reading.came(code, "responseExitCode") + message, TITLE, f"it is the number {OK}")
        if not isinstance(ends := fields.get("shouldClose"), bool):
            raise reading.bad(reading.came(ends, "shouldClose"), TITLE, "it is false, to go on, or true, to end")
        if not isinstance(menu := fields.get("ussdMenu"), str):
            raise reading.bad(reading.came(menu, "ussdMenu"), TITLE, "it is a string, the text to show")
        return Reply(reading.fitting(reading.whole(menu), self.limits, TITLE), ends)

    def read_call(self, request: Request) -> Call:
        """A start, a response or an end. CallError also for `status`: ask `asked_status` before."""
        session, method = _session_and_method(request)
        if method != _END and method not in _KINDS:
            known = ", ".join([*_KINDS, _END, _STATUS])
            raise CallError(f"the path {quoted(request.path)} is no turn; {TITLE} sends /<session>/ and one of {known}")
        try:
            fields = reading.json_object(request.body)
        except ValueError:
            raise CallError(f"the body is no JSON object; {TITLE} sends one with each {method}") from None
        if method == _END:
            kind = Kind.END if fields.get("exitCode") in (OK, str(OK)) else Kind.ABORT
            number = reading.msisdn(fields, "msisdn", TITLE) if fields.get("msisdn") else ""
            return Call(kind, session, number)
        kind = _KINDS[method]
        number, text = reading.msisdn(fields, "msisdn", TITLE), reading.field(fields, "text", TITLE)
        code = "" if fields.get("shortCode") is None else reading.field(fields, "shortCode", TITLE)
        return Call(kind, session, number, code, text, dialled=kind is Kind.NEW)

    def write_reply(self, reply: Reply, call: Call) -> Response:
        """The menu, with responseExitCode 200."""
        return _response(OK, "", ussdMenu=reply.text, shouldClose=reply.ends)

    def refuse(self, message: str) -> Response:
        """The answer to a call that an application cannot take, such as one of a session that it does not know."""
        return _response(REFUSED, message)

    def asked_status(self, request: Request) -> str | None:
        """The session of which the gateway asks whether it is open; None for any other call."""
        try:
            session, method = _session_and_method(request)
        except CallError:
            return None
        return session if method == _STATUS else None

    def write_status(self, *, active: bool) -> Response:
        """The answer to that question."""
        return _response(OK, "", sessionActive=active)


def _session_and_method(request: Request) -> tuple[str, str]:
    before, _, method = request.path.rpartition("/")
    session = before.rpartition("/")[2]
    if not session:
        raise CallError(f"the path is {quoted(request.path)}; {TITLE} sends /<session>/ and what the call is")
    return session, method


def _response(code: int, message: str, **fields: object) -> Response:
    return Response(200, *json_body({**fields, "responseExitCode": code, "responseMessage": message}))
