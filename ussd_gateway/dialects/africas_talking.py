"""Africa's Talking, and those who copied it: POST of a form, an answer of text/plain that begins with CON or END. No I/O.

`text` grows: it is every answer so far, joined by "*", with what was dialled beyond the service code in front. So an
application cannot tell "1" and then "2" from "1*2", nor a direct dial from answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from ussd_gateway.dialects import reading
from ussd_gateway.dialects.model import Call, CallError, Kind, Limits, Reply, Request, Response, Turn, form_body
from ussd_gateway.dialects.settings import Setting, quoted, read_settings

TITLE = "Africa's Talking"

HOP_METADATA = "at-ussd-hop-metadata"
"""A header in which an application may name where it is: at most 99 characters, no "|". It comes back with the next call."""

_HOPS_METADATA = "hopsMetadata"
_PREFIXES = {"CON ": False, "END ": True}
_STATUSES = {Kind.END: "Success", Kind.ABORT: "Incomplete", Kind.TIMEOUT: "Incomplete", Kind.FAILED: "Failed"}
_ENDS = {"Success": Kind.END, "Incomplete": Kind.ABORT, "Failed": Kind.FAILED}

SETTINGS: Mapping[str, Setting] = {
    "network_code": Setting(
        "the networkCode that calls have: 99999 sandbox, 63902 Safaricom, 63903 Airtel KE", "99999"
    ),
    "session_prefix": Setting("what stands before the id of a session", "ATUid_"),
    "cost": Setting("the cost that the end notice tells", "KES 0.00"),
}


class AfricasTalking:
    """The dialect africas_talking."""

    name = "africas_talking"
    limits = Limits(octets=160, answer_timeout=10.0, user_timeout=30.0, session_timeout=180.0)
    notices_elsewhere = True

    def __init__(self, settings: Mapping[str, object]) -> None:
        self.settings = SETTINGS
        values = read_settings(self.name, SETTINGS, settings)
        self._network_code = str(values["network_code"])
        self._session_prefix = str(values["session_prefix"])
        self._cost = str(values["cost"])

    def call(self, turn: Turn) -> Request:
        """The call of a turn, or the notice of its end for the second URL."""
        if turn.kind in _STATUSES:
            return self._notice(turn)
        headers, body = form_body(
            {
                "sessionId": self._session_prefix + turn.session,
                "phoneNumber": f"+{turn.msisdn}",
                "networkCode": self._network_code,
                "serviceCode": turn.service_code,
                "text": "*".join(turn.inputs),
            }
        )
        if label := turn.carried.get(HOP_METADATA):
            headers = {**headers, HOP_METADATA: str(label)}
        return Request(headers=headers, body=body)

    def _notice(self, turn: Turn) -> Request:
        fields = {
            "date": datetime.fromtimestamp(turn.at, UTC).strftime("%Y-%m-%d %H:%M:%S"),
            "sessionId": self._session_prefix + turn.session,
            "serviceCode": turn.service_code,
            "networkCode": self._network_code,
            "phoneNumber": f"+{turn.msisdn}",
            "status": _STATUSES[turn.kind],
            "cost": self._cost,
            "durationInMillis": str(round((turn.at - turn.started_at) * 1000)),
            "hopsCount": str(turn.number - 1),  # the calls before this notice
            _HOPS_METADATA: str(turn.carried.get(_HOPS_METADATA, "")),
            "input": "*".join(turn.inputs),
            "lastAppResponse": turn.last_reply,
        }
        if turn.reason:
            fields["errorMessage"] = turn.reason
        headers, body = form_body(fields)
        return Request(headers=headers, body=body)

    def read_reply(self, response: Response, turn: Turn) -> Reply:
        """CON or END in capitals, one blank, the text; nothing before, nothing else."""
        body = reading.answered(response, TITLE)
        if (ends := _PREFIXES.get(body[:4])) is None:
            raise reading.bad(f"the answer begins with {quoted(body)}", TITLE, 'it begins with "CON " or "END "')
        return Reply(reading.fitting(body[4:], self.limits, TITLE), ends, _labels(response, turn))

    def read_call(self, request: Request) -> Call:
        """A call, or an end notice, which is known by its status."""
        fields = request.form()
        session = reading.session(fields, "sessionId", TITLE)
        msisdn = reading.msisdn(fields, "phoneNumber", TITLE)
        service_code = reading.field(fields, "serviceCode", TITLE)
        if (status := fields.get("status")) is None:
            label = request.headers.get(HOP_METADATA)
            carried = {} if label is None else {HOP_METADATA: label}
            return Call(
                None, session, msisdn, service_code, reading.field(fields, "text", TITLE), True, carried=carried
            )
        if (kind := _ENDS.get(status)) is None:
            raise CallError(f'the field "status" is {quoted(status)}; {TITLE} sends one of {", ".join(_ENDS)}')
        return Call(kind, session, msisdn, service_code, fields.get("input", ""), True)

    def write_reply(self, reply: Reply, call: Call) -> Response:
        """CON or END and the text; a label among what is carried becomes the header."""
        headers = {"content-type": "text/plain; charset=utf-8"}
        if label := reply.carried.get(HOP_METADATA):
            headers[HOP_METADATA] = str(label)
        return Response(200, headers, f"{'END' if reply.ends else 'CON'} {reply.text}".encode("utf-8", "replace"))


def _labels(response: Response, turn: Turn) -> Mapping[str, object]:
    """The label that comes back with the next call, and all labels so far, which the end notice tells."""
    if not (label := response.headers.get(HOP_METADATA, "")):
        return {key: turn.carried[key] for key in (_HOPS_METADATA,) if key in turn.carried}
    if len(label) > 99 or "|" in label or not label.isprintable():
        expected = 'it has at most 99 characters, and no "|" among them'
        raise reading.bad(f"the header {HOP_METADATA} is {quoted(label)}", TITLE, expected)
    before = turn.carried.get(_HOPS_METADATA)
    return {HOP_METADATA: label, _HOPS_METADATA: f"{before}|{label}" if before else label}
