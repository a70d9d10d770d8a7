"""Messages and sessions over HTTP."""

import json
import re

import aiohttp
from structlog.testing import capture_logs

from ussd_gateway.network.message import ANSWER, BEGIN, Sms

ANNA = "/handsets/70001000001"


async def test_a_message_is_found_with_every_state_and_its_time(api):
    await api("PUT", "/handsets/70002000001", {"attached": False})
    _, sent = await api("POST", f"{ANNA}/sms", {"to": "70002000001", "text": "Привет, Борис"})
    await api("POST", "/clock", {"advance": 60})
    await api("PUT", "/handsets/70002000001", {"attached": True})
    _, found = await api("GET", "/messages", params={"q": "from:70001000001 борис"})
    (message,) = found["messages"]
    assert (message["id"], message["state"], message["text"]) == (sent["id"], "DELIVERED", "Привет, Борис")
    assert message["states"] == [
        {"state": "ENROUTE", "at": "2018-04-27T14:50:00.000Z"},
        {"state": "DELIVERED", "at": "2018-04-27T14:51:00.000Z"},
    ]
    _, whole = await api("GET", f"/messages/{sent['id']}")
    assert {name: whole[name] for name in message} == message
    assert [(told["event"], told["at"]) for told in whole["events"]] == [
        ("sms", "2018-04-27T14:50:00.000Z"),
        ("sms.attempt", "2018-04-27T14:50:00.000Z"),
        ("sms.state", "2018-04-27T14:51:00.000Z"),
    ]
    assert (whole["alphabet"], whole["expires_at"]) == ("ucs2", "2018-04-30T14:50:00.000Z")


async def test_a_message_of_an_esme_shows_its_tlvs_by_name(operator_on_sockets, api):
    tlvs = ((0x0204, b"\0\7"), (0x000D, b"\3"), (0x1501, b"x"), (0x0304, b"too long"))
    operator_on_sockets.submit(Sms("shop", "70001000001", b"Hi", account="test", tlvs=tlvs))
    _, found = await api("GET", "/messages", params={"q": "esme:test"})
    assert "tlvs" not in found["messages"][0]
    _, message = await api("GET", f"/messages/{found['messages'][0]['id']}")
    assert [(tlv["tag"], tlv["name"]) for tlv in message["tlvs"]] == [
        ("0x0204", "user_message_reference"),
        ("0x000D", "source_addr_subunit"),
        ("0x1501", "0x1501"),
        ("0x0304", "number_of_messages"),
    ]
    assert message["tlvs"][0]["value"] == 7
    assert message["tlvs"][2]["value"] == {"hex": "78", "text": "x"}
    assert "error" in message["tlvs"][3]
    assert (message["from"], message["esme"], message["octets"]) == ("shop", "test", "4869")


async def test_a_long_text_is_found_by_each_of_its_parts(api):
    await api("POST", f"{ANNA}/sms", {"to": "70002000001", "text": "Слово " * 30})
    _, found = await api("GET", "/messages", params={"q": "from:70001000001"})
    for message in found["messages"]:
        _, part = await api("GET", f"/messages/{message['id']}")
        assert part["concatenation"]["text"] == "Слово " * 30
        assert len(part["concatenation"]["parts"]) == 3


async def test_r178_a_password_is_hidden_in_the_octets_and_events_too(api):
    await api("POST", f"{ANNA}/ussd", {"dial": "*111*25#"})
    _, inbox = await api("GET", f"{ANNA}/sms?wait=5&from=3339")
    password = re.search(r"Пароль: (\S+)\.", inbox["messages"][0]["text"])[1]
    _, message = await api("GET", f"/messages/{inbox['messages'][0]['id']}")
    assert message["masked"] is True
    told = json.dumps(message)
    for encoding in ("ascii", "utf-16-be"):
        assert password not in told
        assert password.encode(encoding).hex() not in told


async def test_the_list_says_how_far_back_it_reaches(api):
    await api("POST", f"{ANNA}/ussd", {"dial": "*777#"})
    await api("POST", "/clock", {"advance": 60})
    assert (await api("GET", "/messages"))[1]["kept_since"] == "2018-04-27T14:50:00.000Z"


async def test_sessions_live_and_past_with_their_turns(api):
    _, open_one = await api("POST", f"{ANNA}/ussd", {"dial": "*111#"})
    _, past = await api("POST", "/handsets/70002000001/ussd", {"dial": "*777#"})
    _, listed = await api("GET", "/sessions")
    assert [(session["id"], session["state"], session["outcome"]) for session in listed["sessions"]] == [
        (past["session"] or listed["sessions"][0]["id"], "ended", "no_route"),
        (open_one["session"], "open", None),
    ]
    _, session = await api("GET", f"/sessions/{open_one['session']}")
    assert [turn["operation"] for turn in session["turns"]] == ["begin", "ask"]
    assert session["turns"][0]["text"] == "*111#"
    assert (await api("GET", "/sessions?msisdn=70003000001"))[1] == {"sessions": []}


async def test_what_is_not_there_is_told(api):
    assert (await api("GET", "/messages/7"))[1]["title"] == "There is no message 7; GET /api/v1/messages lists them"
    assert (await api("GET", "/sessions/7"))[1]["title"] == "There is no session 7; GET /api/v1/sessions lists them"
    assert (await api("GET", f"/messages/{'9' * 20}"))[0] == 404
    assert (await api("GET", "/messages?q=a%00b"))[1]["title"] == "q has a NUL in it; no text has"
    status, problem = await api("GET", "/messages?q=state:lost")
    assert (status, problem["title"][:10]) == (400, "state:lost")
    assert (await api("GET", "/messages?limit=0"))[1]["title"] == "limit=0: write a number from 1 to 1000"


class Safe:
    """An application that asks for a PIN and says it back."""

    def __init__(self, gateway):
        self.gateway = gateway

    def deliver(self, message):
        if message.operation is BEGIN:
            self.gateway.submit(message.ask("PIN"))
        elif message.operation is ANSWER:
            said = message.end(f"Not {message.text}")
            said.secrets = message.secrets
            self.gateway.submit(said)

    def secrets(self, message):
        return message.inputs if message.operation is BEGIN else (message.text,)


async def streamed(url, until):
    async with aiohttp.ClientSession() as session, session.get(url, headers={"Last-Event-ID": "0"}) as events:
        read = await events.content.readuntil(until)
        return read + await events.content.readuntil(b"\n\n")


async def test_what_a_user_types_into_a_pin_screen_is_in_no_answer_of_the_api(operator_on_sockets, api):
    operator_on_sockets.directory.attach_code("*170#", Safe(operator_on_sockets))
    with capture_logs() as logs:
        await api("POST", f"{ANNA}/ussd", {"dial": "*170*8642#"})
        _, handset = await api("GET", ANNA)
        _, handsets = await api("GET", "/handsets")
        _, screen = await api("POST", f"{ANNA}/ussd", {"answer": "9753"})
    assert screen["text"] == "Not 9753"
    _, found = await api("GET", "/sessions")
    _, session = await api("GET", f"/sessions/{screen['session']}")
    assert [turn["text"] for turn in session["turns"]] == ["*170*********#", "PIN", "********", "Not ********"]
    events = await streamed(f"{operator_on_sockets.http_url}/api/v1/events", until=b"event: ussd.end")
    for answer in (logs, handset, handsets, found, session, events):
        assert "8642" not in str(answer)
        assert "9753" not in str(answer)
    assert events.count(b"********") == 3
