"""The clock, reset and health."""

import pytest


async def test_the_clock_stands_still_until_it_is_moved(api):
    before = await api("GET", "/clock")
    assert before == (200, {"now": "2018-04-27T14:50:00.000Z", "epoch": 1524840600.0, "virtual": True})
    assert (await api("POST", "/clock", {"advance": 181}))[1]["now"] == "2018-04-27T14:53:01.000Z"
    assert (await api("POST", "/clock", {"to": "2018-05-03T11:00:00+03:00"}))[1]["now"] == "2018-05-03T08:00:00.000Z"


async def test_the_program_tells_where_it_listens_and_what_time_it_is(api, operator_on_sockets):
    status, about = await api("GET", "/gateway")
    host, port = operator_on_sockets.smpp_address
    assert status == 200
    assert about["smpp"] == f"{host}:{port}"
    assert about["http"] == operator_on_sockets.http_url
    told = {key: about[key] for key in ("smpps", "now", "epoch", "virtual", "utc_offset")}
    now = "2018-04-27T14:50:00.000Z"
    assert told == {"smpps": None, "now": now, "epoch": 1524840600.0, "virtual": True, "utc_offset": 3}


async def test_the_program_tells_who_is_there_and_no_password(api, operator_on_sockets):
    _, about = await api("GET", "/gateway")
    config = operator_on_sockets.config
    assert about["subscribers"] == [subscriber.msisdn for subscriber in config.subscriber]
    accounts = {esme["system_id"]: (esme["numbers"], esme["inner"]) for esme in about["esmes"]}
    assert accounts["selfcare"] == (["3339", "111"], True)
    assert {name for name, (_, inner) in accounts.items() if not inner} == {esme.system_id for esme in config.esme}
    assert "password" not in str(about)


async def test_a_move_of_the_clock_is_told_once_and_before_what_it_brings(api, told):
    await api("POST", "/handsets/70001000001/ussd", {"dial": "*111#"})
    await api("POST", "/clock", {"advance": 0})
    await api("POST", "/clock", {"advance": 181.5})
    await api("POST", "/clock", {"to": "2018-05-03T11:00:00+03:00"})
    events = await told("*")
    moves = [event for event in events if event["event"] == "clock.moved"]
    start, later, end = "2018-04-27T14:50:00.000Z", "2018-04-27T14:53:01.500Z", "2018-05-03T08:00:00.000Z"
    assert [(move["at"], move["facts"]["from"], move["facts"]["to"]) for move in moves] == [
        (start, start, later),
        (later, later, end),
    ]
    assert moves[0]["facts"]["seconds"] == 181.5
    assert events[events.index(moves[0]) + 1]["event"] == "ussd.release"


async def test_a_real_clock_is_told_as_one(real_operator):
    assert (await real_operator("GET", "/gateway"))[1]["virtual"] is False


MISTAKES = [
    ({}, 'give either "advance" in seconds or "to"'),
    ({"advance": 1, "to": "2018-05-03T11:00:00+03:00"}, "give either"),
    ({"advance": -1}, "the clock goes forward only"),
    ({"to": "2017-01-01T00:00:00Z"}, "the clock goes forward only"),
    ({"to": "tomorrow"}, "'tomorrow' is no moment"),
    ({"advance": "soon"}, "advance: "),
    ({"advance": 1e13}, "the clock ends with the year 9999"),
]


@pytest.mark.parametrize(("body", "title"), MISTAKES)
async def test_a_move_that_makes_no_sense_is_refused(api, body, title):
    status, problem = await api("POST", "/clock", body)
    assert status == 400
    assert title in problem["title"]
    assert (await api("GET", "/clock"))[1]["epoch"] == 1524840600.0


async def test_real_time_cannot_be_moved(real_operator):
    status, problem = await real_operator("POST", "/clock", {"advance": 1})
    assert (status, problem["title"]) == (
        409,
        "Time is real here; start the gateway with --virtual-clock to move it",
    )
    assert (await real_operator("GET", "/clock"))[0] == 409


async def test_reset_brings_back_what_the_config_says(api):
    anna = "/handsets/70001000001"
    await api("POST", f"{anna}/ussd", {"dial": "*111*828*1#"})
    await api("POST", f"{anna}/ussd", {"dial": "*111#"})
    await api("PUT", "/handsets/70002000001", {"attached": False, "language": "latin"})
    await api("POST", f"{anna}/sms", {"to": "70002000001", "text": "x"})
    await api("POST", f"{anna}/sms", {"to": "70001000002", "text": "x"})
    assert await api("POST", "/reset") == (204, "")
    boris = (await api("GET", "/handsets/70002000001"))[1]
    assert (boris["attached"], boris["language"], boris["waiting"]) == (True, "ru", 0)
    assert (await api("GET", "/handsets/70001000002/sms"))[1] == {"messages": []}
    assert (await api("GET", "/messages"))[1]["messages"] == []
    assert (await api("GET", "/sessions"))[1] == {"sessions": []}
    _, screen = await api("POST", f"{anna}/ussd", {"dial": "*111*828*1#"})
    assert "уже" not in screen["text"]


async def test_health(api):
    assert await api("GET", "/healthz") == (200, {"status": "alive"})
    assert await api("GET", "/readyz") == (200, {"status": "ready"})


async def test_a_path_that_is_none_is_a_problem(api):
    status, problem = await api("GET", "/nothing")
    assert (status, problem["title"]) == (404, "There is nothing at /api/v1/nothing; docs/http.md lists what there is")
