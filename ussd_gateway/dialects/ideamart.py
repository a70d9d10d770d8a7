"""Ideamart and bdapps: JSON, asynchronous. What an application shows is a request of its own, /ussd/send. No I/O.

The HTTP answer to a call only says that it arrived. Whether a request was taken stands in its statusCode, S1000 or an
error; the HTTP status is 200 all the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from hmac import compare_digest

from ussd_gateway.coding.data_coding import ussd_octets
from ussd_gateway.dialects import reading
from ussd_gateway.dialects.model import (
    AnswerError,
    Call,
    CallError,
    Kind,
    Limits,
    Reply,
    Request,
    Response,
    SendError,
    Turn,
    Wrong,
    json_body,
)
from ussd_gateway.dialects.settings import Setting, quoted, read_settings

TITLE = "Ideamart"

SUCCESS = "S1000"
INVALID = "E1312"  # a request that is not as it should be
UNAUTHENTICATED = "E1313"  # no such application, or another password
WRONG_ADDRESS = "E1325"
TOO_LONG = "E1334"
NO_PUSH = "E1383"  # mt-init is not allowed

_INITIAL, _CONTINUED = "mo-init", "mo-cont"
_OPERATIONS = {Kind.NEW: _INITIAL, Kind.ANSWER: _CONTINUED}
_KINDS = {operation: kind for kind, operation in _OPERATIONS.items()}
_ASK, _LAST, _PUSH = "mt-cont", "mt-fin", "mt-init"
_ENDS = {_ASK: False, _LAST: True}
_VERSION = "1.0"
_ASCII = "440"  # the only encoding that the API names
_ADDRESS = re.compile(r"tel: ?([^\s]{1,200})")


class Ideamart:
    """The dialect ideamart."""

    name = "ideamart"
    limits = Limits(octets=160)
    notices_elsewhere = False
    settings: Mapping[str, Setting] = {
        "application_id": Setting(
            "the applicationId that calls have, and that the application has to send", "APP_000001"
        ),
        "password": Setting("the password that the application has to send", "password", secret=True),
    }
    send_path = "/ussd/send"

    def __init__(self, settings: Mapping[str, object]) -> None:
        values = read_settings(self.name, self.settings, settings)
        self._application_id, self._password = str(values["application_id"]), str(values["password"])

    # The gateway

    def call(self, turn: Turn) -> Request | None:
        """mo-init or mo-cont. No end of a dialogue is told."""
        if turn.kind not in _OPERATIONS:
            return None
        fields = {
            "message": turn.dialled if turn.kind is Kind.NEW else turn.text,
            "ussdOperation": _OPERATIONS[turn.kind],
            "requestId": f"{turn.session}{turn.number:03}",
            "sessionId": turn.session,
            "encoding": _ASCII,
            "sourceAddress": f"tel:{turn.msisdn}",
            "applicationId": self._application_id,
            "version": _VERSION,
        }
        return Request(*("POST", "", {}), *json_body(fields))

    def read_acknowledgement(self, response: Response, turn: Turn) -> None:
        """Nothing where the application said S1000. Raises AnswerError for anything else."""
        _read_status(response, "acknowledgement", "ends the session")

    def read_send(self, request: Request) -> tuple[str, Reply]:
        """The session and what is to be shown in it. Raises SendError with the code for `answer_send`."""
        try:
            fields = reading.json_object(request.body)
        except ValueError:
            raise SendError(
                INVALID, f"the request {quoted(request.body.decode('utf-8', 'replace'))} is no JSON object"
            ) from None
        try:
            values = {name: reading.field(fields, name, TITLE) for name in ("applicationId", "password")}
        except CallError as error:
            raise SendError(INVALID, str(error)) from None
        right = compare_digest(values["applicationId"].encode(), self._application_id.encode())
        if not (compare_digest(values["password"].encode(), self._password.encode()) and right):
            problem = "the applicationId or the password is not the one of the settings application_id and password"
            raise SendError(UNAUTHENTICATED, f"{problem}; {TITLE} shows nothing")
        return self._sent(fields)

    def _sent(self, fields: Mapping[str, object]) -> tuple[str, Reply]:
        try:
            session = reading.session(fields, "sessionId", TITLE)
            operation, address, message = (
                reading.field(fields, name, TITLE) for name in ("ussdOperation", "destinationAddress", "message")
            )
        except CallError as error:
            raise SendError(INVALID, str(error)) from None
        if not _ADDRESS.fullmatch(address):
            problem = f'the field "destinationAddress" is {quoted(address)}'
            raise SendError(WRONG_ADDRESS, f'{problem}; {TITLE} takes "tel:" and the number or its mask')
        if operation == _PUSH:
            raise SendError(NO_PUSH, f"ussdOperation is {_PUSH}; an application may only answer a dialogue here")
        if (ends := _ENDS.get(operation)) is None:
            problem = f'the field "ussdOperation" is {quoted(operation)}'
            raise SendError(INVALID, f"{problem}; {TITLE} takes {_ASK}, to go on, or {_LAST}, to end")
        if not message:
            raise SendError(INVALID, f'the field "message" is empty; {TITLE} shows nothing')
        if self.limits.octets and (octets := ussd_octets(message)) > self.limits.octets:
            problem = f"the text {quoted(message)} takes {octets} octets"
            raise SendError(TOO_LONG, f"{problem}; {TITLE} shows none that takes more than {self.limits.octets}")
        return session, Reply(message, ends)

    def answer_send(self, error: CallError | None, at: float) -> Response:
        """What the application is told about its request: S1000, or the error's code and sentence."""
        stamp = datetime.fromtimestamp(at, UTC).strftime("%y%m%d%H%M%S%f")
        code, detail = SUCCESS, "Success"
        if error is not None:
            code, detail = error.code if isinstance(error, SendError) else INVALID, str(error)
        fields = {"statusCode": code, "timeStamp": stamp[:10], "statusDetail": detail}
        return Response(200, *json_body({**fields, "requestId": stamp[:15], "version": _VERSION}))

    # The application

    def read_call(self, request: Request) -> Call:
        """mo-init or mo-cont. The msisdn is as the gateway gives it: to some applications a mask of letters and digits."""
        try:
            fields = reading.json_object(request.body)
        except ValueError:
            raise CallError(f"the body is no JSON object; {TITLE} sends one with each call") from None
        session, operation = reading.session(fields, "sessionId", TITLE), reading.field(fields, "ussdOperation", TITLE)
        if (kind := _KINDS.get(operation)) is None:
            problem = f'the field "ussdOperation" is {quoted(operation)}'
            raise CallError(f"{problem}; {TITLE} sends {_INITIAL} or {_CONTINUED}")
        address = reading.field(fields, "sourceAddress", TITLE)
        if not (found := _ADDRESS.fullmatch(address)):
            problem = f'the field "sourceAddress" is {quoted(address)}'
            raise CallError(f'{problem}; {TITLE} sends "tel:" and the number or its mask')
        text = reading.field(fields, "message", TITLE)
        carried = {"destinationAddress": address}
        return Call(kind, session, found[1], text=text, dialled=kind is Kind.NEW, carried=carried)

    def acknowledge(self, call: Call) -> Response:
        """That the call arrived."""
        return Response(200, *json_body({"statusCode": SUCCESS, "statusDetail": "Success"}))

    def write_send(self, reply: Reply, call: Call) -> Request:
        """The application's request for `send_path` at the gateway. Letters beyond ASCII go without an encoding."""
        fields = {
            "applicationId": self._application_id,
            "password": self._password,
            "version": _VERSION,
            "message": reply.text,
            "sessionId": call.session,
            "ussdOperation": _LAST if reply.ends else _ASK,
            "destinationAddress": str(call.carried.get("destinationAddress", f"tel:{call.msisdn}")),
        }
        if reply.text.isascii():
            fields["encoding"] = _ASCII
        return Request(*("POST", self.send_path, {}), *json_body(fields))

    def read_sent(self, response: Response) -> None:
        """Nothing where the gateway took the request. Raises AnswerError with its code where it did not."""
        _read_status(response, "gateway's answer", "shows nothing")


def _read_status(response: Response, what: str, otherwise: str) -> None:
    if not 200 <= response.status < 300:
        raise AnswerError(
            Wrong.STATUS, f"the {what} has the HTTP status {response.status}; {TITLE} {otherwise} unless it is 2xx"
        )
    if not response.body.strip():
        raise AnswerError(
            Wrong.EMPTY, f"the {what} is empty; {TITLE} {otherwise} unless it is JSON whose statusCode is {SUCCESS}"
        )
    try:
        fields = reading.json_object(response.body)
    except ValueError:
        problem = f"the {what} is {quoted(response.text)}"
        raise AnswerError(
            Wrong.BAD, f"{problem}; {TITLE} {otherwise} unless it is JSON whose statusCode is {SUCCESS}"
        ) from None
    if (code := fields.get("statusCode")) != SUCCESS:
        text = fields.get("statusDetail")
        detail = f", with the detail {quoted(text)}" if text and isinstance(text, str) else ""
        raise AnswerError(
            Wrong.BAD, f"{reading.came(code, 'statusCode', what)}{detail}; {TITLE} {otherwise} unless it is {SUCCESS}"
        )
