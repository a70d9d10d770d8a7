"""The RestComm USSD gateway: XML both ways, an element `dialog` with one MAP message in it. No I/O.

The phone's request stays open for the whole dialogue (3GPP 23.090): an application's menu is a request of its own, and
its last text is the response to that first one, by its invokeId.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from xml.etree.ElementTree import Element

from ussd_gateway.coding.data_coding import Alphabet, encode_ussd, ussd_alphabet, ussd_data_coding
from ussd_gateway.dialects import reading, xml
from ussd_gateway.dialects.model import (
    AnswerError,
    Call,
    CallError,
    Kind,
    Limits,
    Reply,
    Request,
    Response,
    Turn,
    Wrong,
)
from ussd_gateway.dialects.settings import Setting, quoted, read_settings

TITLE = "RestComm"

COOKIE = "JSESSIONID"
"""The cookie of the HTTP session that an application keeps for a dialogue; the gateway brings it back."""

USER_OBJECT = "userObject"
"""An attribute in which an application may put a word. It comes back with every later call of the dialogue."""

INVOKE_ID = "1"
"""The invokeId of the phone's request, wherever we are the gateway."""

_DIALLED = "processUnstructuredSSRequest_Request"
_FINAL = "processUnstructuredSSRequest_Response"
_MENU = "unstructuredSSRequest_Request"
_ANSWER = "unstructuredSSRequest_Response"
_MESSAGES = {_DIALLED, _FINAL, _MENU, _ANSWER, "unstructuredSSNotify_Request", "unstructuredSSNotify_Response"}
_ENDS = {_MENU: False, _FINAL: True}
_NOTICES = {
    # attribute of a dialog without a message: what it tells
    "mapUserAbortChoice": Kind.ABORT,
    "mapAbortProviderReason": Kind.ABORT,
    "mapRefuseReason": Kind.ABORT,
    "dialogTimedOut": Kind.TIMEOUT,
    "invokeTimedOut": Kind.TIMEOUT,
}
_TYPES = {Kind.NEW: "Begin", Kind.ANSWER: "Continue", Kind.ABORT: "Abort", Kind.TIMEOUT: "Abort"}

_COOKIE = re.compile(r"(?:^|[;,\s])JSESSIONID=([!#-+./-:<-\[\]-~-]{1,256})")
_LONGEST_ID = 18  # digits of a Long of Java, whatever they are
_LOCAL_ID = re.compile(f"[0-9]{{1,{_LONGEST_ID}}}")


class RestComm:
    """The dialect restcomm."""

    name = "restcomm"
    limits = Limits(octets=160, answer_timeout=25.0, user_timeout=60.0)
    notices_elsewhere = False
    settings: Mapping[str, Setting] = {
        "network_id": Setting("the networkId that calls have, one for each operator behind the gateway", 0)
    }

    def __init__(self, settings: Mapping[str, object]) -> None:
        self._network_id = str(read_settings(self.name, self.settings, settings)["network_id"])

    def call(self, turn: Turn) -> Request | None:
        """The dialog of a turn. Neither an end that the application chose itself nor a failure of its own is told."""
        if turn.kind not in _TYPES:
            return None
        dialog = {
            "type": _TYPES[turn.kind],
            "appCntx": "networkUnstructuredSsContext_version2",
            "networkId": self._network_id,
            "localId": _local_id(turn.session),
            "remoteId": _local_id(turn.session),
        }
        address = {"nai": "international_number", "npi": "ISDN", "number": turn.msisdn}
        inner = [xml.element("originationReference", address), xml.element("errComponents", {})]
        match turn.kind:
            case Kind.NEW:
                inner.append(_message(_DIALLED, INVOKE_ID, turn.dialled, xml.element("msisdn", address)))
            case Kind.ANSWER:
                inner.append(_message(_ANSWER, _invoke_id(turn), turn.text))
        dialog["mapMessagesSize"] = "1" if turn.kind in (Kind.NEW, Kind.ANSWER) else "0"
        dialog["returnMessageOnError"] = "false"
        dialog |= _notice(turn)
        if word := turn.carried.get(USER_OBJECT):
            dialog[USER_OBJECT] = str(word)
        headers, body = xml.document(xml.element("dialog", dialog, *inner))
        if cookie := turn.carried.get(COOKIE):
            headers = {**headers, "cookie": f"{COOKIE}={cookie}"}
        return Request(headers=headers, body=body)

    def read_reply(self, response: Response, turn: Turn) -> Reply:
        """A menu (unstructuredSSRequest_Request), or the last text (processUnstructuredSSRequest_Response)."""
        dialog = reading.element_answered(response, "dialog", TITLE)
        if (choice := dialog.get("mapUserAbortChoice")) is not None:
            raise reading.bad(
                f"the application aborted by mapUserAbortChoice {quoted(choice)}", TITLE, "it is left out"
            )
        message = _only_message(dialog)
        ends = _ENDS.get(message.tag)
        if ends is None:
            expected = f"it is {_MENU}, to go on, or {_FINAL}, to end"
            raise reading.bad(f"the message is {quoted(message.tag)}", TITLE, expected)
        _check_end(dialog, message, ends)
        carried = {key: turn.carried[key] for key in (USER_OBJECT, COOKIE) if key in turn.carried}
        if word := dialog.get(USER_OBJECT):
            carried[USER_OBJECT] = word
        if cookie := _COOKIE.search(response.headers.get("set-cookie", "")):
            carried[COOKIE] = cookie[1]
        if not ends and (invoke_id := message.get("invokeId")):
            carried["invokeId"] = invoke_id
        return Reply(_shown(message, self.limits), ends, carried)

    def read_call(self, request: Request) -> Call:
        """A dialog of the gateway. Its session is the cookie's where we gave one, else the localId."""
        dialog = reading.element_told(request.body, "dialog", TITLE)
        cookie = _COOKIE.search(request.headers.get("cookie", ""))
        session = cookie[1] if cookie else reading.session(dict(dialog.items()), "localId", TITLE)
        if not cookie and not _LOCAL_ID.fullmatch(session):
            raise CallError(f'the field "localId" is {quoted(session)}; {TITLE} sends a number')
        message = next((child for child in dialog if child.tag in _MESSAGES), None)
        if message is None:
            told = (kind for attribute, kind in _NOTICES.items() if dialog.get(attribute) is not None)
            return Call(next(told, Kind.ABORT), session, _number(dialog, None))
        text = message.get("string", "")
        if message.tag == _ANSWER:
            # The phone's own invokeId is not in this call; our menu put it where the gateway brings it back from.
            carried = {"invokeId": dialog.get(USER_OBJECT, INVOKE_ID)}
            return Call(Kind.ANSWER, session, _number(dialog, message), text=text, carried=carried)
        if message.tag != _DIALLED:
            raise CallError(f"the message is {message.tag}; {TITLE} sends {_DIALLED} or {_ANSWER} to an application")
        if not (number := _number(dialog, message)):
            raise CallError(
                f"no msisdn and no originationReference has a number; {TITLE} sends the subscriber's in one"
            )
        carried = {"invokeId": message.get("invokeId", INVOKE_ID)}
        return Call(Kind.NEW, session, number, text=text, dialled=True, carried=carried)

    def write_reply(self, reply: Reply, call: Call) -> Response:
        """A menu, which has the phone's invokeId as its userObject, or the last text, which answers that invokeId."""
        invoke_id = str(call.carried.get("invokeId", INVOKE_ID))
        dialog = {"mapMessagesSize": "1"} | ({"prearrangedEnd": "false"} if reply.ends else {USER_OBJECT: invoke_id})
        message = _message(_FINAL, invoke_id, reply.text) if reply.ends else _message(_MENU, "", reply.text)
        headers, body = xml.document(xml.element("dialog", dialog, message))
        if call.kind is Kind.NEW and not reply.ends:
            headers = {**headers, "set-cookie": f"{COOKIE}={call.session}; Path=/"}
        return Response(200, headers, body)


def _message(name: str, invoke_id: str, text: str, *children: str) -> str:
    text = xml.holdable(text)
    attributes = {"dataCodingScheme": str(ussd_data_coding(text)), "string": text}
    return xml.element(name, ({"invokeId": invoke_id} if invoke_id else {}) | attributes, *children)


def _local_id(session: str) -> str:
    """The session as applications read a localId: as a number, the last digits of one that is too long."""
    if session.isascii() and session.isdigit():
        return str(int(session[-_LONGEST_ID:]))
    return str(int.from_bytes(sha256(session.encode("utf-8", "replace")).digest()[:7]))


def _invoke_id(turn: Turn) -> str:
    """That of the menu which is answered; one that an application did not number is numbered by the gateway."""
    return str(turn.carried.get("invokeId", turn.number - 1))


def _notice(turn: Turn) -> dict[str, str]:
    """The attribute that tells how a dialogue ended, where it has."""
    match turn.kind, turn.outcome:
        case Kind.ABORT, "" | "dialog_user_abort":
            return {"mapUserAbortChoice": "isUserSpecificReason"}
        case Kind.ABORT, _:
            return {"mapAbortProviderReason": "SupportingDialogueTransactionReleased"}
        case Kind.TIMEOUT, "dialog_timeout":
            return {"dialogTimedOut": "true"}
        case Kind.TIMEOUT, _:
            return {"invokeTimedOut": _invoke_id(turn)}
    return {}


def _only_message(dialog: Element) -> Element:
    messages = [child for child in dialog if child.tag in _MESSAGES]
    if not messages:
        raise AnswerError(Wrong.EMPTY, f"the dialog has no message; {TITLE} shows nothing, and the dialogue is over")
    if len(messages) > 1:
        raise reading.bad(f"the dialog has {len(messages)} messages", TITLE, "it has one")
    if (size := dialog.get("mapMessagesSize", "")) != "1":
        raise reading.bad(
            f"mapMessagesSize is {quoted(size)}", TITLE, 'it is "1", the number of messages in the dialog'
        )
    return messages[0]


def _check_end(dialog: Element, message: Element, ends: bool) -> None:
    """prearrangedEnd closes the dialogue: "false" with a last message, "true" without telling the phone."""
    end = dialog.get("prearrangedEnd")
    if not ends:
        if end is not None:
            raise reading.bad(f"prearrangedEnd is {quoted(end)} with {_MENU}", TITLE, "it is left out of a menu")
        return
    if end is None:
        problem = f'{_FINAL} came without prearrangedEnd="false"'
        raise AnswerError(Wrong.BAD, f"{problem}; {TITLE} leaves the dialogue open behind it until it times out")
    if end != "false":
        raise reading.bad(f"prearrangedEnd is {quoted(end)}", TITLE, 'it is "false", so that the text goes out before')
    if (invoke_id := message.get("invokeId", "")) != INVOKE_ID:
        expected = f'it is "{INVOKE_ID}", as that of {_DIALLED} was'
        raise reading.bad(f"the invokeId of {_FINAL} is {quoted(invoke_id)}", TITLE, expected)


def _shown(message: Element, limits: Limits) -> str:
    """The text of a message, if its dataCodingScheme can carry it."""
    text = reading.fitting(message.get("string", ""), limits, TITLE)
    scheme = message.get("dataCodingScheme", "")
    alphabet = ussd_alphabet(int(scheme)) if re.fullmatch("[0-9]{1,2}", scheme) else None
    if alphabet not in (Alphabet.GSM7, Alphabet.UCS2):
        expected = "it is 15 for GSM 7-bit or 72 for UCS-2"
        raise reading.bad(f"dataCodingScheme is {quoted(scheme)}", TITLE, expected)
    if alphabet is Alphabet.GSM7 and ussd_alphabet(ussd_data_coding(text)) is not alphabet:
        problem = f"dataCodingScheme is {scheme}, GSM 7-bit, and the text {quoted(text)} has other letters"
        raise AnswerError(Wrong.BAD, f"{problem}; {TITLE} cannot send them unless it is 72, UCS-2")
    octets = len(encode_ussd(text, int(scheme))) if alphabet is Alphabet.UCS2 else 0
    if limits.octets and octets > limits.octets:
        problem = f"the text {quoted(text)} takes {octets} octets under dataCodingScheme {scheme}, UCS-2"
        raise AnswerError(
            Wrong.TOO_LONG, f"{problem}; {TITLE} ends the session where it takes more than {limits.octets}"
        )
    return text


def _number(dialog: Element, message: Element | None) -> str:
    """The subscriber's number: of the message where it has one, else of the dialog; "" without both."""
    for place in (None if message is None else message.find("msisdn"), dialog.find("originationReference")):
        if place is not None and place.get("number"):
            return reading.msisdn(dict(place.items()), "number", TITLE)
    return ""
