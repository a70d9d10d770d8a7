"""Messages and sessions over HTTP."""

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
    assert (await api("GET", f"/messages/{sent['id']}"))[1] == message


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
