"""RestComm: golden dialogs, read and written on both sides."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.dialects import xml
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
from ussd_gateway.dialects.restcomm import RestComm

DIALECT = RestComm({})
XML = {"content-type": "text/xml; charset=utf-8"}
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def turn(kind=Kind.ANSWER, text="", **more):
    known = {"session": "0000000012", "msisdn": "79273605819", "service_code": "*234#", "dialled": "*234*5#"}
    return Turn(kind, text=text, **(known | {"number": 1 if kind is Kind.NEW else 2} | more))


def dialog(kind, size, more="", message=""):
    return (
        f'{HEAD}<dialog type="{kind}" appCntx="networkUnstructuredSsContext_version2" networkId="0" localId="12" '
        f'remoteId="12" mapMessagesSize="{size}" returnMessageOnError="false"{more}>'
        '<originationReference nai="international_number" npi="ISDN" number="79273605819"/><errComponents/>'
        f"{message}</dialog>"
    ).encode()


def dialled(string, scheme=15):
    return (
        f'<processUnstructuredSSRequest_Request invokeId="1" dataCodingScheme="{scheme}" string="{string}">'
        '<msisdn nai="international_number" npi="ISDN" number="79273605819"/></processUnstructuredSSRequest_Request>'
    )


def answered(invoke_id, scheme, string):
    attributes = f'invokeId="{invoke_id}" dataCodingScheme="{scheme}" string="{string}"'
    return f"<unstructuredSSRequest_Response {attributes}/>"


def call(kind, text="", *, dialled=False, invoke_id="1"):
    carried = {"invokeId": invoke_id} if kind in (Kind.NEW, Kind.ANSWER) else {}
    return Call(kind, "12", "79273605819", text=text, dialled=dialled, carried=carried)


CALLS = {
    "somebody dials": (
        turn(Kind.NEW),
        dialog("Begin", 1, message=dialled("*234*5#")),
        call(Kind.NEW, "*234*5#", dialled=True),
    ),
    "an answer": (
        turn(text="1"),
        dialog("Continue", 1, message=answered(1, 15, "1")),
        call(Kind.ANSWER, "1"),
    ),
    "an answer to a menu that has a number": (
        turn(text="1", carried={"invokeId": "7"}),
        dialog("Continue", 1, message=answered(7, 15, "1")),
        call(Kind.ANSWER, "1"),
    ),
    "letters beyond GSM 7-bit": (
        turn(text="Аня"),
        dialog("Continue", 1, message=answered(1, 72, "Аня")),
        call(Kind.ANSWER, "Аня"),
    ),
    "quotes, an ampersand and lines": (
        turn(text='"a" & <b>\n\t\r'),
        dialog("Continue", 1, message=answered(1, 72, "&quot;a&quot; &amp; &lt;b&gt;&#10;&#9;&#13;")),
        call(Kind.ANSWER, '"a" & <b>\n\t\r'),
    ),
    "what XML cannot hold": (
        turn(text="a\x00\x0c"),
        dialog("Continue", 1, message=answered(1, 15, "a??")),
        call(Kind.ANSWER, "a??"),
    ),
    "an empty answer": (turn(), dialog("Continue", 1, message=answered(1, 15, "")), call(Kind.ANSWER)),
    "a word that the application wants back": (
        turn(text="1", carried={"userObject": "5"}),
        dialog("Continue", 1, ' userObject="5"', answered(1, 15, "1")),
        call(Kind.ANSWER, "1", invoke_id="5"),
    ),
    "the user hung up": (
        turn(Kind.ABORT, outcome="dialog_user_abort"),
        dialog("Abort", 0, ' mapUserAbortChoice="isUserSpecificReason"'),
        call(Kind.ABORT),
    ),
    "the network gave up": (
        turn(Kind.ABORT, outcome="absent_subscriber"),
        dialog("Abort", 0, ' mapAbortProviderReason="SupportingDialogueTransactionReleased"'),
        call(Kind.ABORT),
    ),
    "the user did not answer": (
        turn(Kind.TIMEOUT, outcome="timeout", number=3),
        dialog("Abort", 0, ' invokeTimedOut="2"'),
        call(Kind.TIMEOUT),
    ),
    "the dialogue took too long": (
        turn(Kind.TIMEOUT, outcome="dialog_timeout"),
        dialog("Abort", 0, ' dialogTimedOut="true"'),
        call(Kind.TIMEOUT),
    ),
}


@pytest.mark.parametrize(("told", "golden", "read"), CALLS.values(), ids=CALLS)
def test_a_turn_is_a_dialog(told, golden, read):
    request = DIALECT.call(told)

    assert request == Request("POST", headers=XML, body=golden)
    assert DIALECT.read_call(request) == read


@pytest.mark.parametrize("kind", [Kind.END, Kind.FAILED])
def test_an_application_is_not_told_of_its_own_end(kind):
    assert DIALECT.call(turn(kind)) is None


def test_a_dialog_as_the_gateways_guide_shows_it():
    body = b"""<?xml version="1.0" encoding="UTF-8" ?>
    <dialog type="Begin" appCntx="networkUnstructuredSsContext_version2" networkId="0" localId="12" remoteId="13"
            mapMessagesSize="1" returnMessageOnError="false">
      <localAddress pc="1" ssn="8"><ai value="67"/></localAddress>
      <remoteAddress pc="0" ssn="146">
        <ai value="18"/><gt type="GlobalTitle0100" tt="0" es="2" np="1" nai="4" digits="9960639902"/>
      </remoteAddress>
      <destinationReference number="204208300008002" nai="international_number" npi="land_mobile"/>
      <originationReference number="79273605819" nai="international_number" npi="ISDN"/>
      <errComponents/>
      <processUnstructuredSSRequest_Request invokeId="0" dataCodingScheme="15" string="*234#">
        <alertingPattern size="1"><value value="6"/></alertingPattern>
      </processUnstructuredSSRequest_Request>
    </dialog>"""
    assert DIALECT.read_call(Request(body=body)) == call(Kind.NEW, "*234#", dialled=True, invoke_id="0")


ENDED = {
    "refused": ('mapRefuseReason="NoReasonGiven"', "", Kind.ABORT),
    "an error of the phone's": ("", '<errComponents><invokeId value="1"/></errComponents>', Kind.ABORT),
    "closed": ('prearrangedEnd="false"', "", Kind.ABORT),
}


@pytest.mark.parametrize(("attribute", "inner", "kind"), ENDED.values(), ids=ENDED)
def test_a_dialog_without_a_message_is_an_end(attribute, inner, kind):
    body = f'<dialog type="End" localId="12" mapMessagesSize="0" {attribute}>{inner}</dialog>'.encode()

    assert DIALECT.read_call(Request(body=body)) == Call(kind, "12", "")


FINAL = "processUnstructuredSSRequest_Response"
MENU = "unstructuredSSRequest_Request"
REPLIES = {
    "a menu": (
        Reply("Pay?\n1. Yes", ends=False),
        f'<dialog mapMessagesSize="1" userObject="1"><{MENU} dataCodingScheme="15" string="Pay?&#10;1. Yes"/></dialog>',
    ),
    "a last text": (
        Reply("Done.", ends=True),
        '<dialog mapMessagesSize="1" prearrangedEnd="false">'
        f'<{FINAL} invokeId="1" dataCodingScheme="15" string="Done."/></dialog>',
    ),
    "letters beyond GSM 7-bit": (
        Reply('Готово & «всё» "так"', ends=True),
        '<dialog mapMessagesSize="1" prearrangedEnd="false">'
        f'<{FINAL} invokeId="1" dataCodingScheme="72" string="Готово &amp; «всё» &quot;так&quot;"/></dialog>',
    ),
}


@pytest.mark.parametrize(("reply", "golden"), REPLIES.values(), ids=REPLIES)
def test_a_reply_is_a_dialog_too(reply, golden):
    response = DIALECT.write_reply(reply, call(Kind.ANSWER))

    assert response == Response(200, XML, (HEAD + golden).encode())
    carried = {} if reply.ends else {"userObject": "1"}
    assert DIALECT.read_reply(response, turn()) == Reply(reply.text, reply.ends, carried)


def test_the_phones_invoke_id_goes_through_the_whole_dialogue():
    """The last text answers the phone's request, however many menus were between; nothing is kept for it here."""
    first = dialog("Begin", 1, message=dialled("*234#")).replace(b'invokeId="1"', b'invokeId="5"')
    read = DIALECT.read_call(Request(body=first))
    carried = DIALECT.read_reply(DIALECT.write_reply(Reply("Pay?", ends=False), read), turn(Kind.NEW)).carried
    for _ in range(2):
        read = DIALECT.read_call(DIALECT.call(turn(text="1", carried=carried)))
        carried = DIALECT.read_reply(DIALECT.write_reply(Reply("Sure?", ends=False), read), turn()).carried

    assert b'invokeId="5"' in DIALECT.write_reply(Reply("Done.", ends=True), read).body


def test_the_session_is_a_cookie():
    started = DIALECT.read_call(DIALECT.call(turn(Kind.NEW)))
    response = DIALECT.write_reply(Reply("Pay?", ends=False), started)
    assert response.headers == {**XML, "set-cookie": "JSESSIONID=12; Path=/"}

    carried = DIALECT.read_reply(response, turn(Kind.NEW)).carried
    carried = DIALECT.read_reply(Response(body=response.body), turn(carried=carried)).carried
    request = DIALECT.call(turn(text="1", carried=carried))
    assert request.headers == {**XML, "cookie": "JSESSIONID=12"}
    other_id = Request(headers=request.headers, body=request.body.replace(b'localId="12"', b'localId="13"'))
    assert DIALECT.read_call(other_id).session == started.session


def test_a_word_of_the_applications_comes_back_until_there_is_another():
    dialogs = [
        f'<dialog mapMessagesSize="1"{more}><{MENU} dataCodingScheme="15" string="Pay?"/></dialog>'
        for more in ("", ' userObject="b"')
    ]
    carried, words = {"userObject": "a"}, []
    for body in dialogs:
        carried = DIALECT.read_reply(Response(body=body.encode()), turn(carried=carried)).carried
        words.append(carried["userObject"])

    assert words == ["a", "b"]


COOKIES = {
    "among others": ("a=b; JSESSIONID=1379BF8A.node-1; Path=/mobicents", "1379BF8A.node-1"),
    "of several headers": ("a=b; Path=/, JSESSIONID=13; Path=/; HttpOnly", "13"),
    "another name": ("XJSESSIONID=13", None),
    "empty": ("JSESSIONID=; Path=/", None),
}


@pytest.mark.parametrize(("header", "cookie"), COOKIES.values(), ids=COOKIES)
def test_an_applications_cookie_comes_back(header, cookie):
    body = f'<dialog mapMessagesSize="1"><{MENU} dataCodingScheme="15" string="Pay?"/></dialog>'.encode()
    carried = DIALECT.read_reply(Response(200, {"set-cookie": header}, body), turn(Kind.NEW)).carried

    headers = DIALECT.call(turn(text="1", carried=carried)).headers
    assert headers.get("cookie") == (None if cookie is None else f"JSESSIONID={cookie}")


def test_a_session_of_more_digits_than_a_long_has_keeps_its_last():
    assert DIALECT.read_call(DIALECT.call(turn(Kind.NEW, session="17000000000000000012"))).session == "12"


def test_a_session_that_is_no_number_gets_one():
    (one, other) = (DIALECT.read_call(DIALECT.call(turn(Kind.NEW, session=name))).session for name in ("s1", "s2"))

    assert one.isdigit()
    assert len(one) <= 18
    assert one != other


def ended(attributes='mapMessagesSize="1" prearrangedEnd="false"', message=None):
    message = f'<{FINAL} invokeId="1" dataCodingScheme="15" string="Done."/>' if message is None else message
    return Response(body=f"<dialog {attributes}>{message}</dialog>".encode())


def menu(attributes):
    return ended('mapMessagesSize="1"', f"<{MENU} {attributes}/>")


UNLESS = "; RestComm ends the session unless "
WRONG_ANSWERS = {
    "an error": (
        Response(500, body=b"oops"),
        Wrong.STATUS,
        f"the application answered with status 500{UNLESS}it is 2xx",
    ),
    "nothing": (
        Response(body=b" \n"),
        Wrong.EMPTY,
        "the answer is empty; RestComm ends the session when there is nothing to show",
    ),
    "no XML": (
        Response(body=b"CON Pay?"),
        Wrong.BAD,
        f'the answer "CON Pay?" is no XML: line 1: syntax error{UNLESS}it is a <dialog>',
    ),
    "a page": (
        Response(body=b"<!DOCTYPE html><html/>"),
        Wrong.BAD,
        f'the answer "<!DOCTYPE html><html/>" is no XML: it has a DOCTYPE{UNLESS}it is a <dialog>',
    ),
    "another element": (Response(body=b"<ussd/>"), Wrong.BAD, f'the answer is an element "ussd"{UNLESS}it is "dialog"'),
    "no message": (
        ended('mapMessagesSize="0" prearrangedEnd="false"', ""),
        Wrong.EMPTY,
        "the dialog has no message; RestComm shows nothing, and the dialogue is over",
    ),
    "two messages": (
        ended(message=f"<{FINAL}/><{MENU}/>"),
        Wrong.BAD,
        f"the dialog has 2 messages{UNLESS}it has one",
    ),
    "no size": (
        ended('prearrangedEnd="false"'),
        Wrong.BAD,
        f'mapMessagesSize is ""{UNLESS}it is "1", the number of messages in the dialog',
    ),
    "another message": (
        ended(message='<unstructuredSSNotify_Request dataCodingScheme="15" string="Hello"/>'),
        Wrong.BAD,
        f'the message is "unstructuredSSNotify_Request"{UNLESS}it is {MENU}, to go on, or {FINAL}, to end',
    ),
    "an abort": (
        ended('mapMessagesSize="0" mapUserAbortChoice="isUserSpecificReason"', ""),
        Wrong.BAD,
        f'the application aborted by mapUserAbortChoice "isUserSpecificReason"{UNLESS}it is left out',
    ),
    "an end that ends nothing": (
        ended('mapMessagesSize="1"'),
        Wrong.BAD,
        f'{FINAL} came without prearrangedEnd="false"; RestComm leaves the dialogue open behind it until it times out',
    ),
    "an end that sends nothing": (
        ended('mapMessagesSize="1" prearrangedEnd="true"'),
        Wrong.BAD,
        f'prearrangedEnd is "true"{UNLESS}it is "false", so that the text goes out before',
    ),
    "a menu that ends": (
        ended(message=f'<{MENU} dataCodingScheme="15" string="Pay?"/>'),
        Wrong.BAD,
        f'prearrangedEnd is "false" with {MENU}{UNLESS}it is left out of a menu',
    ),
    "the invokeId of nothing": (
        ended(message=f'<{FINAL} invokeId="2" dataCodingScheme="15" string="Done."/>'),
        Wrong.BAD,
        f'the invokeId of {FINAL} is "2"{UNLESS}it is "1", as that of processUnstructuredSSRequest_Request was',
    ),
    "no text": (
        menu('dataCodingScheme="15"'),
        Wrong.EMPTY,
        "the answer has no text; RestComm ends the session when there is nothing to show",
    ),
    "no dataCodingScheme": (
        menu('string="Pay?"'),
        Wrong.BAD,
        f'dataCodingScheme is ""{UNLESS}it is 15 for GSM 7-bit or 72 for UCS-2',
    ),
    "one of data": (
        menu('dataCodingScheme="68" string="Pay?"'),
        Wrong.BAD,
        f'dataCodingScheme is "68"{UNLESS}it is 15 for GSM 7-bit or 72 for UCS-2',
    ),
    "one that is too small for the text": (
        menu('dataCodingScheme="15" string="Оплатить?"'),
        Wrong.BAD,
        'dataCodingScheme is 15, GSM 7-bit, and the text "Оплатить?" has other letters; '
        "RestComm cannot send them unless it is 72, UCS-2",
    ),
    "too long": (
        menu(f'dataCodingScheme="72" string="{"я" * 81}"'),
        Wrong.TOO_LONG,
        f'the text "{"я" * 60}..." takes 162 octets; RestComm ends the session where it takes more than 160',
    ),
    "too long as it is coded": (
        menu(f'dataCodingScheme="72" string="{"x" * 81}"'),
        Wrong.TOO_LONG,
        f'the text "{"x" * 60}..." takes 162 octets under dataCodingScheme 72, UCS-2; '
        "RestComm ends the session where it takes more than 160",
    ),
}


@pytest.mark.parametrize(("response", "wrong", "sentence"), WRONG_ANSWERS.values(), ids=WRONG_ANSWERS)
def test_a_wrong_answer_is_explained_in_a_sentence(response, wrong, sentence):
    with pytest.raises(AnswerError, match=f"^{re.escape(sentence)}$") as caught:
        DIALECT.read_reply(response, turn())
    assert caught.value.wrong is wrong


def test_a_huge_answer_is_not_read():
    with pytest.raises(AnswerError, match="has 65540 octets, and no more than 65536 are read; RestComm ends"):
        DIALECT.read_reply(Response(body=b"<a>" + b" " * xml.LONGEST + b">"), turn())


def test_who_truncates_takes_a_text_of_any_length():
    dialect = RestComm({})
    dialect.limits = Limits(octets=0)

    assert dialect.read_reply(menu(f'dataCodingScheme="72" string="{"я" * 200}"'), turn()).text == "я" * 200


WRONG_CALLS = {
    "no XML": ("session", "the body is no XML: line 1: syntax error; RestComm sends a <dialog>"),
    "another element": ("<ussd/>", 'the element is "ussd"; RestComm sends "dialog"'),
    "no id": ('<dialog type="Begin"/>', 'the field "localId" is missing'),
    "an id that is no number": (
        '<dialog localId="1&#10;a"/>',
        'the field "localId" is "1\\na"; RestComm sends a number',
    ),
    "a push": (
        '<dialog localId="1" mapMessagesSize="1"><unstructuredSSNotify_Response invokeId="0"/></dialog>',
        "the message is unstructuredSSNotify_Response; RestComm sends processUnstructuredSSRequest_Request or",
    ),
    "nobody": (
        '<dialog localId="1" mapMessagesSize="1"><processUnstructuredSSRequest_Request string="*1#"/></dialog>',
        "no msisdn and no originationReference has a number; RestComm sends the subscriber's in one",
    ),
    "no number": (
        '<dialog localId="1" mapMessagesSize="1"><originationReference number="abc"/></dialog>',
        'the field "number" is "abc"; RestComm sends the subscriber\'s number in digits',
    ),
}


@pytest.mark.parametrize(("body", "sentence"), WRONG_CALLS.values(), ids=WRONG_CALLS)
def test_a_wrong_call_is_explained_too(body, sentence):
    with pytest.raises(CallError, match=f"^{re.escape(sentence)}"):
        DIALECT.read_call(Request(body=body.encode()))


def test_the_network_id_is_a_setting():
    assert b' networkId="3" ' in RestComm({"network_id": 3}).call(turn()).body
    with pytest.raises(ValueError, match='the setting "network_id" of the dialect restcomm is "3", but has to be a'):
        RestComm({"network_id": "3"})


WORDS = ["1", "", "15", "72", "255", "999", "false", "true", "Pay?", "я", "x" * 90, "٣"]
ATTRIBUTES = ["mapMessagesSize", "prearrangedEnd", "userObject", "localId", "invokeId", "dataCodingScheme", "string"]
ELEMENTS = [MENU, FINAL, "processUnstructuredSSRequest_Request", "unstructuredSSRequest_Response", "msisdn"]
SOME = st.dictionaries(st.sampled_from([*ATTRIBUTES, "number", "mapUserAbortChoice"]), st.sampled_from(WORDS))
MESSAGES = st.lists(st.builds(xml.element, st.sampled_from(ELEMENTS), SOME), max_size=2)
DOCUMENTS = st.builds(lambda some, inner: xml.element("dialog", some, *inner).encode(), SOME, MESSAGES)


@given(st.binary() | DOCUMENTS, st.integers(100, 599), st.text(max_size=20))
def test_any_answer_is_a_reply_or_an_answer_error(octets, status, cookie):
    headers = {"set-cookie": f"JSESSIONID={cookie}"}
    try:
        reply = DIALECT.read_reply(Response(status, headers, octets), turn())
    except AnswerError:
        return
    assert isinstance(reply, Reply)
    cookie = DIALECT.call(turn(carried=reply.carried)).headers.get("cookie", "")
    assert cookie.isprintable()
    assert cookie.isascii()


@given(st.binary() | DOCUMENTS, st.text(max_size=20))
def test_any_request_is_a_call_or_a_call_error(octets, cookie):
    try:
        read = DIALECT.read_call(Request(headers={"cookie": f"JSESSIONID={cookie}"}, body=octets))
    except CallError:
        return
    assert isinstance(read, Call)
    assert DIALECT.write_reply(Reply("Done.", ends=True), read).body


@given(st.text(min_size=1, max_size=80), st.text(), st.booleans())
def test_any_text_goes_both_ways(text, session, ends):
    told = turn(Kind.NEW, session=session, dialled=text)
    assert DIALECT.read_call(DIALECT.call(told)).text == xml.holdable(text)
    response = DIALECT.write_reply(Reply(text, ends), call(Kind.ANSWER))
    assert xml.parse(response.body)[0].get("string") == xml.holdable(text)
