"""Browsers in scripts: requests, cookies and what comes back, from the gateway and from a service elsewhere."""

import pytest
from aiohttp import web

from ussd_gateway.scenario.browser import LONGEST_BODY
from ussd_gateway.scenario.parse import ScriptError, parse

WEB = "browser web\nbrowser other\n"


@pytest.fixture
async def service():
    """A service that is not the gateway: says what it was sent, counts visits in a cookie, redirects."""

    async def echo(request):
        sent = await request.text()
        return web.json_response(
            {"method": request.method, "type": request.content_type, "sent": sent, "key": request.headers.get("X-Key")}
        )

    async def visit(request):
        visits = int(request.cookies.get("visits", 0)) + 1
        response = web.json_response({"visits": visits, "token": "t0p-s3cret"})
        response.set_cookie("visits", str(visits))
        return response

    async def see_other(request):
        raise web.HTTPSeeOther("/visit")

    async def elsewhere(request):
        raise web.HTTPFound("http://localhost:1/never")

    async def round_and_round(request):
        raise web.HTTPTemporaryRedirect("/round")

    async def long(request):
        return web.Response(body=b"x" * (LONGEST_BODY + 1))

    app = web.Application()
    app.router.add_route("*", "/echo", echo)
    app.router.add_get("/visit", visit)
    app.router.add_post("/see_other", see_other)
    app.router.add_get("/elsewhere", elsewhere)
    app.router.add_route("*", "/round", round_and_round)
    app.router.add_get("/long", long)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield "http://{}:{}".format(*runner.addresses[0])
    await runner.cleanup()


PASSING = {
    "the cabinet of the operator": """\
anna dials *111*25#
anna receives sms from 3339 matching /Пароль: (?P<password>\\S+)\\./
web gets /cabinet
web sees /name="captcha-answer" content="(?P<code>[^"]+)"/
web sees /name="csrf" value="(?P<csrf>[^"]+)"/
web sees /name="captcha_id" value="(?P<id>[^"]+)"/
web posts /cabinet with number "8 (000) 100-00-01", password {password}, csrf {csrf}, captcha_id {id}, captcha {code}
web sees status 200
web sees "Баланс"
web sees no "Неверный"
web posts /cabinet with number 70001000001, password {password}
web sees status 403
web sees header cache-control exactly "no-store"
""",
    "a form": """\
web posts SERVICE/echo with a 1, "b c" "d, e"
web sees field sent exactly "a=1&b+c=d%2C+e"
web sees field type "x-www-form-urlencoded"
""",
    "JSON as fields": """\
web puts SERVICE/echo json name "Anna", age 20, fine true, none null, text "20" header X-Key abc
web sees field method exactly "PUT"
web sees field type exactly "application/json"
web sees field key exactly "abc"
web sees field sent exactly "{{\\"name\\": \\"Anna\\", \\"age\\": 20, \\"fine\\": true, \\"none\\": null, \\"text\\": \\"20\\"}"
""",
    "JSON as it stands, with a capture": """\
web posts SERVICE/echo with a "say \\"x\\""
web sees field method /(?P<method>POST)/
web patches SERVICE/echo json:
    {"deep": {"list": [1, {"method": "{method}"}]}}
web sees field sent "[1, {{\\"method\\": \\"POST\\"}]"
""",
    "cookies of its own": """\
web gets SERVICE/visit
web gets SERVICE/visit
web sees field visits exactly "2"
other gets SERVICE/visit
other sees field visits exactly "1"
""",
    "cookies live for a scenario": """\
scenario "a"
    web gets SERVICE/visit
scenario "b"
    web gets SERVICE/visit
    web sees field visits exactly "1"
""",
    "a redirection on the same server": """\
web posts SERVICE/see_other with a 1
web sees field visits exactly "1"
""",
    "no redirection to another server": """\
web gets SERVICE/elsewhere
web sees status 302
web sees header Location exactly "http://localhost:1/never"
""",
    "lists in JSON": """\
boris sends sms "Привет" to anna
web gets /api/v1/handsets/70001000001/sms
web sees field messages.0.text exactly "Привет"
web deletes /api/v1/handsets/70001000001/sms
web sees status 204
""",
}


@pytest.mark.parametrize("said", PASSING)
async def test_it_passes(fails, service, said):
    assert await fails(WEB + PASSING[said].replace("SERVICE", service)) is None


FAILING = {
    'web sees "x"': ("", "it has asked for nothing yet"),
    "web gets SERVICE/visit\nweb sees status 201": ("the status 201", "it is 200"),
    "web gets SERVICE/visit\nweb sees header X-Key /./": ("a header X-Key matching /./", "there is no such header"),
    "web gets SERVICE/visit\nweb sees field visit /./": ("", "there is no field visit; there are visits, token"),
    "web gets SERVICE/visit\nweb sees field visits.0 /./": ("", "there is no field 0; there are none"),
    'web gets SERVICE/visit\nweb sees field visits exactly "3"': ('a field visits exactly "3"', 'it is "1"'),
    "web gets /cabinet\nweb sees field x /./": ("", "the answer is no JSON"),
    "web gets SERVICE/round": ("", "GET SERVICE/round: it redirects more than 5 times"),
    "web gets SERVICE/long": ("", "GET SERVICE/long: the answer is longer than 1048576 octets"),
    'web gets SERVICE/visit\nweb sees no "visits"': ('no page containing "visits"', ""),
    "web gets http://127.0.0.1:1/": ("", "GET http://127.0.0.1:1/: "),
}


@pytest.mark.parametrize("text", FAILING)
async def test_it_fails_and_says_why(fails, service, text):
    told = await fails(WEB + text.replace("SERVICE", service))
    expected, problem = FAILING[text]
    assert told.expected == expected
    assert told.problem.startswith(problem.replace("SERVICE", service))


async def test_pages_are_told_nearest_first_and_secrets_are_masked(driver, service, play_on):
    (result,) = await play_on(
        driver,
        WEB
        + f"""\
web posts {service}/echo with user "anna", password "hunter22" header Authorization "Bearer k3y-k3y"
web gets {service}/visit
web sees "{{{{\\"visits\\": 2"
""",
    )
    told = result.failure
    assert told.phone == "web"
    first, second = told.arrived
    assert (first.event.kind, first.event.about) == ("page", "200 application/json")
    assert first.event.text == '{"visits": 1, "token": "********"}'
    assert first.difference == '{"visits": [-2-]{+1, "token": "********"}+}'
    assert second.event.about == "200 application/json"
    assert result.events[0].text == f"POST {service}/echo: user=anna&password=********"
    assert not any(secret in repr(result) for secret in ("hunter22", "k3y", "t0p-s3cret"))


async def test_a_secret_in_the_sentence_itself_is_masked(fails):
    told = await fails(WEB + 'web posts http://127.0.0.1:1/ with password "hunter22"')
    assert told.sentence == 'web posts http://127.0.0.1:1/ with password "********"'


MISTAKES = {
    "web get /cabinet": ('I do not know "get"', 'did you mean "gets"?'),
    "wob gets /": ('there is no browser "wob"', 'did you mean "web"?'),
    "shop posts /": ('there is no browser "shop"', 'name it above: "browser shop"'),
    "web gets cabinet": ("cabinet is no address", "write a path"),
    "web posts / with number": ("the sentence is not finished", "here comes with and fields, or json"),
    "web posts / with a 1,": ("the sentence is not finished", "here comes with and fields, or json"),
    "web posts / json:\n    {": ("this is no JSON: Expecting property name", "(char 1)"),
    "web posts / with a {b}": ("nothing above has captured {b}", "a pattern captures it"),
    "web posts / json:\n    {b}": ("nothing above has captured {b}", "a pattern captures it"),
    "web sees status fine": ("fine is no status", "a status is a number such as 200 or 404"),
    "web sees stats 200": ('I do not know "stats"', 'did you mean "status"?'),
    "browser web": ("there is a browser web already", "take another word"),
    "browser anna": ("there is a phone anna already", "it is 70001000001"),
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_is_told_with_its_line_a_caret_and_a_way_out(text):
    with pytest.raises(ScriptError) as raised:
        parse(f"phone anna is 70001000001\n{WEB}{text}", "web.ussd")
    message, hint = MISTAKES[text]
    (mistake,) = raised.value.mistakes
    assert mistake.line == 4
    assert mistake.message.startswith(message)
    assert "    ^" in str(raised.value) or " ^" in str(raised.value)
    assert hint in str(raised.value)
