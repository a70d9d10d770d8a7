"""Handsets over HTTP, against the whole program."""

import asyncio

import pytest

ANNA = "/handsets/70001000001"


async def test_a_dialogue_over_http(api):
    status, screen = await api("POST", f"{ANNA}/ussd", {"dial": "*111#"})
    assert status == 200
    assert (screen["state"], screen["outcome"], screen["data_coding"]) == ("awaiting_answer", None, 72)
    assert "1 Баланс" in screen["text"]
    _, last = await api("POST", f"{ANNA}/ussd", {"answer": "1"})
    assert (last["state"], last["outcome"], last["session"]) == ("ended", "success", screen["session"])
    assert "150.00" in last["text"]


async def test_no_route_and_what_is_not_ussd(api):
    _, screen = await api("POST", f"{ANNA}/ussd", {"dial": "*777#"})
    assert (screen["state"], screen["outcome"]) == ("ended", "no_route")
    assert screen["text"]
    _, screen = await api("POST", f"{ANNA}/ussd", {"dial": "**21*70001000002#"})
    assert (screen["state"], screen["outcome"], screen["session"]) == ("ended", "not_ussd", None)


async def test_silence_is_a_time_out_that_every_door_shows(api):
    _, screen = await api("POST", f"{ANNA}/ussd", {"dial": "*111#"})
    await api("POST", "/clock", {"advance": 31})
    status, late = await api("POST", f"{ANNA}/ussd", {"answer": "1"})
    assert (status, late["outcome"], late["state"]) == (200, "timeout", "ended")
    assert (await api("GET", f"{ANNA}/ussd"))[1]["outcome"] == "timeout"
    assert (await api("GET", f"/sessions/{screen['session']}"))[1]["outcome"] == "timeout"
    status, problem = await api("POST", f"{ANNA}/ussd", {"answer": "1"})
    assert (status, problem["outcome"]) == (409, "timeout")


async def test_hanging_up(api):
    await api("POST", f"{ANNA}/ussd", {"dial": "*111#"})
    assert await api("DELETE", f"{ANNA}/ussd") == (204, "")
    assert (await api("GET", f"{ANNA}/ussd"))[1]["outcome"] == "dialog_user_abort"
    await api("DELETE", f"{ANNA}/ussd")
    assert await api("GET", f"{ANNA}/ussd") == (204, "")


async def test_a_push_is_seen_by_whoever_waits_for_it(api):
    wait = asyncio.ensure_future(api("GET", f"{ANNA}/ussd?wait=10"))
    await asyncio.sleep(0)
    status, pushed = await api("POST", f"{ANNA}/push", {"from": "*111#", "text": "Довольны?", "kind": "request"})
    assert (status, pushed["state"]) == (202, "awaiting_answer")
    _, screen = await wait
    assert (screen["text"], screen["state"], screen["session"]) == ("Довольны?", "awaiting_answer", pushed["session"])
    _, last = await api("POST", f"{ANNA}/ussd", {"answer": "да"})
    assert (last["state"], last["outcome"]) == ("ended", "success")


async def test_a_notice_and_a_push_to_nobody(api):
    _, pushed = await api("POST", f"{ANNA}/push", {"from": "*111#", "text": "Привет", "kind": "notify"})
    assert (pushed["state"], pushed["outcome"]) == ("ended", "success")
    assert (await api("GET", f"{ANNA}/ussd"))[1]["text"] == "Привет"
    await api("PUT", ANNA, {"attached": False})
    _, pushed = await api("POST", f"{ANNA}/push", {"from": "*111#", "text": "Привет"})
    assert pushed["outcome"] == "absent_subscriber"


async def test_a_screen_of_a_menu_is_pushed_and_its_answers_go_on(api):
    status, pushed = await api("POST", f"{ANNA}/push", {"from": "*111#", "screen": "main", "variables": {"offer": 1}})
    assert (status, pushed["state"], pushed["outcome"]) == (202, "awaiting_answer", None)
    _, screen = await api("GET", f"{ANNA}/ussd")
    assert (screen["session"], screen["text"].split("\n")[0]) == (pushed["session"], "Портал")
    _, screen = await api("POST", f"{ANNA}/ussd", {"answer": "1"})
    assert screen["text"] == "Ваш баланс: 150.00 р."


async def test_a_screen_with_a_handler_is_pushed_once_it_has_answered(api):
    _, pushed = await api("POST", f"{ANNA}/push", {"from": "*111#", "screen": "balance"})
    assert (pushed["state"], pushed["outcome"]) == ("ended", "success")
    assert (await api("GET", f"{ANNA}/ussd"))[1]["text"] == "Ваш баланс: 150.00 р."
    _, pushed = await api("POST", f"{ANNA}/push", {"from": "*111#", "screen": "main"})
    _, refused = await api("POST", f"{ANNA}/push", {"from": "*111#", "screen": "main"})
    assert (pushed["outcome"], refused["outcome"]) == (None, "busy")


WRONG_PUSHES = [
    ({"from": "*111*26#", "screen": "main"}, 'no menu answers *111*26#; did you mean "*111*25#"?'),
    ({"from": "*500#", "screen": "main"}, 'no menu answers *500#; did you mean "*100#"?'),
    ({"from": "*111#", "screen": "balanse"}, 'the menu portal.toml has no screen "balanse"; did you mean "balance"?'),
    ({"from": "*111#"}, 'give either "text" or "screen"'),
    ({"from": "*111#", "text": "x", "screen": "main"}, 'give either "text" or "screen"'),
    ({"from": "*111#", "text": "x", "variables": {}}, "variables goes with screen"),
    ({"from": "*111#", "screen": "main", "kind": "notify"}, "kind goes with text"),
]


@pytest.mark.parametrize(("push", "title"), WRONG_PUSHES)
async def test_a_push_of_what_is_not_there_says_what_is(api, push, title):
    status, problem = await api("POST", f"{ANNA}/push", push)
    assert (status, problem["title"]) == (400, title)


async def test_a_push_is_told_as_one_that_the_network_began(api, told):
    _, pushed = await api("POST", f"{ANNA}/push", {"from": "*111#", "text": "Довольны?", "kind": "request"})
    await api("POST", f"{ANNA}/ussd", {"answer": "да"})
    await api("PUT", ANNA, {"attached": False})
    _, refused = await api("POST", f"{ANNA}/push", {"from": "*111#", "text": "Привет"})
    await api("PUT", ANNA, {"attached": True})
    _, screen = await api("POST", f"{ANNA}/push", {"from": "*111#", "screen": "main", "variables": {"offer": 1}})
    told_of = {"msisdn": "70001000001", "service_code": "*111#"}
    assert [event["facts"] for event in await told("network.pushed")] == [
        {**told_of, "session": pushed["session"], "asks": True, "text": "Довольны?"},
        {**told_of, "session": refused["session"], "asks": False, "text": "Привет"},
        {**told_of, "session": screen["session"], "screen": "main", "variables": ["offer"]},
    ]
    kinds = [event["event"] for event in await told("*") if event.get("session") == pushed["session"]]
    assert kinds == ["ussd.ask", "ussd.answer", "ussd.end"]


async def test_a_wait_without_news_ends_with_no_content(api):
    assert await api("GET", f"{ANNA}/ussd?wait=0.01") == (204, "")


async def test_an_sms_from_one_handset_to_another(api):
    status, sent = await api("POST", f"{ANNA}/sms", {"to": "+70002000001", "text": "Привет 🙂"})
    assert (status, sent["from"], sent["to"], sent["parts"]) == (202, "70001000001", "70002000001", 1)
    _, inbox = await api("GET", "/handsets/70002000001/sms")
    (sms,) = inbox["messages"]
    assert (sms["id"], sms["from"], sms["to"], sms["text"]) == (sent["id"], "70001000001", "70002000001", "Привет 🙂")
    assert (sms["data_coding"], sms["parts"], sms["received_at"]) == (8, 1, "2018-04-27T14:50:00.000Z")
    assert (await api("GET", f"/handsets/70002000001/sms?after={sms['id']}"))[1] == {"messages": []}
    assert await api("DELETE", "/handsets/70002000001/sms") == (204, "")
    assert (await api("GET", "/handsets/70002000001/sms"))[1] == {"messages": []}


async def test_an_sms_shows_the_octets_that_arrived(api):
    await api("POST", f"{ANNA}/sms", {"to": "70002000001", "text": "Привет"})
    (sms,) = (await api("GET", "/handsets/70002000001/sms"))[1]["messages"]
    octets = "Привет".encode("utf-16-be").hex()
    assert (sms["octets"], sms["alphabet"], sms["missing"]) == (octets, "ucs2", [])
    assert sms["segments"] == [
        {
            "id": sms["id"],
            "octets": octets,
            "esm_class": 0,
            "data_coding": 8,
            "alphabet": "ucs2",
            "udh": "",
            "reference": None,
            "reference_bits": None,
            "sequence": 1,
            "total": 1,
            "single_shift": None,
            "locking_shift": None,
        }
    ]


async def test_a_long_sms_is_shown_as_parts_and_as_one_text(api):
    text = "El pingüino Wenceslao hizo kilómetros bajo exhaustiva lluvia. " * 3
    ordered = {"long": "udh16", "alphabet": "gsm7_packed", "language": "spanish"}
    status, sent = await api("POST", f"{ANNA}/sms", {"to": "70002000001", "text": text} | ordered)
    assert (status, sent["parts"], sent["text"], sent["alphabet"]) == (202, 2, text, "gsm7_packed")
    (sms,) = (await api("GET", "/handsets/70002000001/sms"))[1]["messages"]
    assert (sms["text"], sms["parts"], sms["segments"]) == (text, 2, sent["segments"])
    assert [part["sequence"] for part in sms["segments"]] == [1, 2]
    first = sms["segments"][0]
    assert (first["total"], first["reference"], first["reference_bits"]) == (2, 1, 16)
    assert (first["single_shift"], first["locking_shift"], first["udh"]) == ("spanish", None, "09080400010201240102")
    assert first["octets"].startswith(first["udh"])
    assert len(first["octets"]) == 2 * 140


async def test_octets_for_testers(api):
    raw = {"to": "70002000001", "octets": "1b 67 FF", "udh": "03240101"}
    status, sent = await api("POST", f"{ANNA}/sms", raw)
    assert (status, sent["text"], sent["octets"], sent["data_coding"]) == (202, "ğ\ufffd", "1b67ff", 0)
    await api("POST", f"{ANNA}/sms", {"to": "70002000001", "octets": "00ff", "data_coding": 4})
    await api("POST", f"{ANNA}/sms", {"to": "70002000001", "octets": "c8329bfd06", "alphabet": "gsm7_packed"})
    inbox = (await api("GET", "/handsets/70002000001/sms"))[1]["messages"]
    assert [(sms["text"], sms["alphabet"]) for sms in inbox] == [
        ("ğ\ufffd", "gsm7"),
        ("00 ff", "octets"),
        ("Hello", "gsm7_packed"),
    ]


async def test_a_part_that_is_missing_is_waited_for_and_shown(api):
    boris = "/handsets/70002000001/sms"
    wait = asyncio.ensure_future(api("GET", f"{boris}?incomplete=true&wait=10"))
    await asyncio.sleep(0)
    await api("POST", f"{ANNA}/sms", {"to": "70002000001", "octets": "4869", "udh": "050003070302"})
    (sms,) = (await wait)[1]["messages"]
    assert (sms["text"], sms["parts"], sms["missing"]) == ("Hi", 3, [1, 3])
    assert (await api("GET", boris))[1] == {"messages": []}


async def test_a_wait_for_an_sms_ends_with_the_first_that_fits(api):
    wait = asyncio.ensure_future(api("GET", "/handsets/70002000001/sms", params={"match": "^b", "wait": "10"}))
    for text in ("a1", "b2"):
        await api("POST", f"{ANNA}/sms", {"to": "70002000001", "text": text})
    assert [sms["text"] for sms in (await wait)[1]["messages"]] == ["b2"]
    _, none = await api("GET", "/handsets/70002000001/sms", params={"from": "+7", "wait": "0.01"})
    assert none == {"messages": []}


async def test_a_handset_that_is_off_gets_its_sms_when_it_attaches(api):
    assert (await api("PUT", "/handsets/70002000001", {"attached": False}))[1]["attached"] is False
    await api("POST", f"{ANNA}/sms", {"to": "70002000001", "text": "Hi"})
    assert (await api("GET", "/handsets/70002000001"))[1]["waiting"] == 1
    assert (await api("GET", "/handsets/70002000001/sms"))[1]["messages"] == []
    await api("PUT", "/handsets/70002000001", {"attached": True})
    assert len((await api("GET", "/handsets/70002000001/sms"))[1]["messages"]) == 1


async def test_a_full_memory_and_a_language(api):
    _, handset = await api("PUT", ANNA, {"memory_full": True, "language": "latin"})
    assert (handset["memory_full"], handset["language"]) == (True, "latin")
    _, screen = await api("POST", f"{ANNA}/ussd", {"dial": "*100#"})
    assert screen["data_coding"] == 15
    assert (await api("GET", ANNA))[1] == handset


async def test_a_handset_in_a_call_gets_its_sms_when_it_is_free(api):
    assert (await api("PUT", ANNA, {"busy": True}))[1]["busy"] is True
    await api("POST", "/handsets/70002000001/sms", {"to": "70001000001", "text": "Hi"})
    assert (await api("GET", ANNA))[1]["waiting"] == 1
    await api("PUT", ANNA, {"busy": False})
    assert len((await api("GET", f"{ANNA}/sms"))[1]["messages"]) == 1


CHANGES = [
    ({"attached": False}, "handset.detached", {}),
    ({"attached": True}, "handset.attached", {}),
    ({"memory_full": True}, "handset.memory_full", {"full": True}),
    ({"memory_full": False}, "handset.memory_full", {"full": False}),
    ({"busy": True}, "handset.busy", {"busy": True}),
    ({"busy": False}, "handset.busy", {"busy": False}),
    ({"language": "en"}, "handset.language", {"language": "en", "channel": "web"}),
]


async def test_what_is_done_to_a_handset_is_told_when_something_changes(api, told):
    unchanged = {"attached": True, "memory_full": False, "busy": False, "language": "ru"}
    await api("PUT", ANNA, unchanged)
    for change, _, _ in CHANGES:
        for _ in range(2):
            await api("PUT", ANNA, change)
    assert [(event["event"], event["facts"]) for event in await told("handset.*")] == [
        (kind, {"msisdn": "70001000001", **facts}) for _, kind, facts in CHANGES
    ]


async def test_what_a_state_brings_about_is_told_behind_it(api, told):
    await api("PUT", ANNA, {"attached": False})
    await api("POST", "/handsets/70002000001/sms", {"to": "70001000001", "text": "x"})
    await api("PUT", ANNA, {"attached": True})
    kinds = [event["event"] for event in await told("*")]
    assert kinds[kinds.index("handset.attached") + 1] == "sms.state"


async def test_a_menu_that_changes_the_language_says_that_it_was_no_person(api, told):
    await api("POST", f"{ANNA}/ussd", {"dial": "*111*6*2#"})
    assert [event["facts"]["channel"] for event in await told("handset.language")] == ["ussd"]


async def test_handsets_are_listed_with_those_of_other_operators(api):
    await api("GET", "/handsets/447700900123/sms")
    handsets = {handset["msisdn"]: handset for handset in (await api("GET", "/handsets"))[1]["handsets"]}
    assert handsets["70001000001"]["subscriber"] is True
    assert handsets["447700900123"]["subscriber"] is False


MISTAKES = {
    "no JSON": ("POST", f"{ANNA}/ussd", "{", 400, "the body is no JSON"),
    "a list": ("POST", f"{ANNA}/ussd", "[]", 400, "the body has to be a JSON object"),
    "both": ("POST", f"{ANNA}/ussd", '{"dial": "*1#", "answer": "1"}', 400, 'give either "dial" or "answer"'),
    "neither": ("POST", f"{ANNA}/ussd", "", 400, 'give either "dial" or "answer"'),
    "a letter dialled": ("POST", f"{ANNA}/ussd", '{"dial": "*x#"}', 400, "x"),
    "an unknown key": ("PUT", ANNA, '{"atached": true}', 400, "atached: there is no such key; known: attached,"),
    "an answer to nothing": (
        "POST",
        f"{ANNA}/ussd",
        '{"answer": "1"}',
        409,
        "70001000001 is asked nothing; dial first",
    ),
    "half a character": ("POST", f"{ANNA}/sms", '{"to": "1", "text": "\\ud83d"}', 400, "the body is no JSON"),
    "no number to send to": ("POST", f"{ANNA}/sms", '{"to": "+", "text": "x"}', 400, "'+' is no number to send to"),
    "a dial too long": ("POST", f"{ANNA}/ussd", '{"dial": "*%s#"}' % ("1" * 190), 400, "a USSD string takes 160"),
    "no number": ("GET", "/handsets/anna", "", 400, "'anna' is no number"),
    "the number of an ESME": ("GET", "/handsets/5000/sms", "", 400, "5000 belongs to an ESME"),
    "a name to send to": ("POST", f"{ANNA}/sms", '{"to": "INFO", "text": "x"}', 400, "'INFO' is no number to send to"),
    "an id that is none": ("GET", f"{ANNA}/sms?after=abc", "", 400, "after=abc: write the id of a message"),
    "a body too deep": ("POST", f"{ANNA}/ussd", "[" * 100_000, 400, "the body is no JSON"),
    "a bad pattern": ("GET", f"{ANNA}/sms?match=(", "", 400, "match=(: missing )"),
    "a bad wait": ("GET", f"{ANNA}/sms?wait=long", "", 400, "wait=long: write seconds from 0 to 300"),
    "a wait for ever": ("GET", f"{ANNA}/sms?wait=nan", "", 400, "wait=nan: write seconds from 0 to 300"),
    "no receiver": ("POST", f"{ANNA}/sms", '{"text": "x"}', 400, "to is missing"),
    "neither text nor octets": ("POST", f"{ANNA}/sms", '{"to": "1"}', 400, 'give either "text" or "octets"'),
    "octets that are none": (
        "POST",
        f"{ANNA}/sms",
        '{"to": "1", "octets": "xyz"}',
        400,
        "octets: 'xyz' is not hexadecimal",
    ),
    "octets in a language": (
        "POST",
        f"{ANNA}/sms",
        '{"to": "1", "octets": "00", "language": "turkish"}',
        400,
        "language goes with text, not with octets",
    ),
    "a text with a header": (
        "POST",
        f"{ANNA}/sms",
        '{"to": "1", "text": "x", "udh": "03240101"}',
        400,
        "udh goes with octets, not with text",
    ),
    "an unknown language": (
        "POST",
        f"{ANNA}/sms",
        '{"to": "1", "text": "x", "language": "klingon"}',
        400,
        "language: Input should be 'turkish', 'spanish'",
    ),
    "a letter that the alphabet lacks": (
        "POST",
        f"{ANNA}/sms",
        '{"to": "1", "text": "Ж", "alphabet": "latin1"}',
        400,
        "'Ж' (U+0416) at position 0 is not in latin1",
    ),
    "a header beside SAR parameters": (
        "POST",
        f"{ANNA}/sms",
        '{"to": "1", "text": "ş", "language": "turkish", "long": "sar"}',
        400,
        "write udh8 or udh16",
    ),
    "neither true nor false": ("GET", f"{ANNA}/sms?incomplete=yes", "", 400, "incomplete=yes: write true or false"),
    "no such method": ("PATCH", ANNA, "", 405, "takes GET, HEAD, PUT, not PATCH"),
}


@pytest.mark.parametrize(("method", "path", "body", "status", "title"), MISTAKES.values(), ids=MISTAKES)
async def test_a_mistake_is_a_problem_whose_title_says_what_to_do(api, method, path, body, status, title):
    got, problem = await api(method, path, data=body)
    assert (got, problem["status"]) == (status, status)
    assert title in problem["title"]


async def test_an_id_that_is_gone_still_tells_what_is_newer(api):
    ids = [(await api("POST", f"{ANNA}/sms", {"to": "70002000001", "text": text}))[1]["id"] for text in "ab"]
    await api("DELETE", "/handsets/70002000001/sms")
    await api("POST", f"{ANNA}/sms", {"to": "70002000001", "text": "c"})
    _, newer = await api("GET", f"/handsets/70002000001/sms?after={ids[1]}")
    assert [sms["text"] for sms in newer["messages"]] == ["c"]


async def test_a_handset_that_is_off_cannot_send(api):
    await api("PUT", ANNA, {"attached": False})
    status, problem = await api("POST", f"{ANNA}/sms", {"to": "1", "text": "x"})
    assert (status, problem["title"]) == (409, "70001000001 is not attached to the network; it cannot send")


async def test_a_long_wait_ends_at_once_when_the_gateway_stops(api, operator_on_sockets):
    wait = asyncio.ensure_future(api("GET", f"{ANNA}/sms?wait=60"))
    await api("GET", ANNA)  # the wait has begun when this is answered
    async with asyncio.timeout(2):
        await operator_on_sockets.stop()
        assert await wait == (200, {"messages": []})
