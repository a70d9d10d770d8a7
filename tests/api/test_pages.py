"""What visitors do with the web pages, as whoever follows the events sees it."""

import re

import aiohttp
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from tests.conftest import CHEAP, FREE_PORTS, START
from ussd_gateway import Gateway, VirtualClock
from ussd_gateway.api.pages import LONGEST, MOST, Pages

ANNA = "70001000001"
STARS = "********"


@pytest.fixture
async def visit(operator_on_sockets):
    """Asks for a page as one browser, which keeps its cookies and goes nowhere by itself."""
    sessions = []

    def browser(**headers):
        session = aiohttp.ClientSession(headers=headers, cookie_jar=aiohttp.CookieJar(unsafe=True))
        sessions.append(session)

        async def visit(method, path, **given):
            where = f"{operator_on_sockets.http_url}{path}"
            async with session.request(method, where, allow_redirects=False, **given) as response:
                return response.status, await response.text()

        return visit

    yield browser
    for session in sessions:
        await session.close()


@pytest.fixture
def requested(told):
    async def requested():
        return [{**event["facts"], "secrets": event.get("secrets")} for event in await told("page.requested")]

    return requested


def fields_of(page):
    """What the form of a page needs beside what a person types: its hidden fields, and the check code."""
    return dict(re.findall(r'name="(csrf|captcha_id|captcha)(?:-answer)?" (?:value|content)="([^"]+)"', page))


async def log_in(browser, number, password):
    _, page = await browser("GET", "/cabinet")
    return await browser("POST", "/cabinet", data={"number": number, "password": password, **fields_of(page)})


async def password_of(api):
    """Anna has a password sent and reads it."""
    await api("POST", f"/handsets/{ANNA}/ussd", {"dial": "*111*25#"})
    _, inbox = await api("GET", f"/handsets/{ANNA}/sms?wait=5&from=3339")
    return re.search(r"Пароль: (\w+)", inbox["messages"][-1]["text"])[1]


async def test_a_visit_is_told_with_what_the_page_said(visit, requested):
    await visit()("GET", "/cabinet")
    (event,) = await requested()
    assert event.pop("behind") > 0
    assert event == {
        "browser": "b1",
        "method": "GET",
        "path": "/cabinet",
        "content_type": None,
        "form": {},
        "json": None,
        "status": 200,
        "location": None,
        "answer_type": "text/html",
        "sees": "Вход в личный кабинет",
        "carries": ["csrf", "captcha_id"],
        "secrets": None,
    }


async def test_r178_the_password_of_a_log_in_is_the_one_that_the_sms_brought_and_nobody_sees_it(
    api, visit, requested, told
):
    browser = visit()
    await log_in(browser, ANNA, "qWertY1234")
    password = await password_of(api)
    await log_in(browser, "8 (000) 100-00-01", password)
    _, wrong, _, right = await requested()
    assert (wrong["form"]["number"], wrong["form"]["password"], wrong["status"]) == (ANNA, STARS, 401)
    assert wrong["sees"].startswith("Неверный номер или пароль")
    assert right["form"].items() >= {"number": "8 (000) 100-00-01", "password": STARS, "csrf": STARS}.items()
    assert (right["status"], right["location"]) == (303, "/cabinet")
    assert right["content_type"] == "application/x-www-form-urlencoded"
    sms = next(event for event in await told("sms") if event["from"] == "3339")
    assert sms["secrets"] == [right["secrets"]["password"]] != [wrong["secrets"]["password"]]


async def test_r178_what_an_event_hides_is_hidden_wherever_else_it_was_typed(api, visit, requested):
    password = await password_of(api)
    browser = visit()
    await browser("POST", "/cabinet", data={"number": password, "note": f"my password is {password}!"})
    await browser("GET", f"/cabinet/{password}?password={password}&number=1")
    await browser("POST", "/cabinet", data={password: ""})
    typed, asked, named = await requested()
    assert typed["form"] == {"number": STARS, "note": f"my password is {STARS}!"}
    assert typed["secrets"] == {"number": "s1"}
    assert (asked["path"], asked["status"]) == (f"/cabinet/{STARS}?password={STARS}&number=1", 404)
    assert asked["secrets"] == {"password": "s1"}
    assert named["form"] == {STARS: ""}


async def test_r178_no_password_is_in_the_store_a_log_an_event_or_a_capture(tmp_path):
    path = tmp_path / "gateway.db"
    flags = FREE_PORTS | CHEAP | {"store.path": str(path)}
    with capture_logs() as logs:
        async with Gateway.from_config(clock=VirtualClock(START), flags=flags) as gateway:
            anna = gateway.handset(ANNA)
            await anna.dial("*111*25#")
            right = (await anna.receive(sender="3339", match=r"Пароль: (\w+)")).groups[0]
            jar = aiohttp.CookieJar(unsafe=True)
            async with aiohttp.ClientSession(gateway.http_url, cookie_jar=jar) as session:

                async def browser(method, path, **given):
                    async with session.request(method, path, **given) as response:
                        return response.status, await response.text()

                statuses = [(await log_in(browser, ANNA, password))[0] for password in ("qWertY1234", right)]
                await browser("POST", "/cabinet", json={"number": ANNA, "password": right})
                async with session.get("/api/v1/capture.pcap") as response:
                    capture = await response.read()
                await gateway.committed()
                events = b""
                async with session.get("/api/v1/events?after=0") as response:
                    while b"id: %d\n" % gateway.journal.last not in events:
                        events += await response.content.readuntil(b"\n\n")
            assert statuses == [401, 200]
            files = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"page.requested" in events
    assert b"page.requested" in files
    kept = files + path.read_bytes() + events + capture + repr(logs).encode()
    for secret in (right, "qWertY1234"):
        assert secret.encode() not in kept
        assert secret.encode("utf-16-be") not in kept


async def test_json_is_told_with_its_secret_fields_hidden_at_any_depth(visit, requested):
    body = {
        "number": ANNA,
        "log_in": {"password": "one", "captcha": 1234},
        "again": ["two"],
        "old": {"first": "three"},
        "new": "",
        "kept": [1, None],
    }
    await visit()("POST", "/cabinet", json=body)
    (event,) = await requested()
    assert event["json"] == {
        "number": ANNA,
        "log_in": {"password": STARS, "captcha": STARS},
        "again": [STARS],
        "old": {"first": STARS},
        "new": "",
        "kept": [1, None],
    }
    assert event["secrets"] == {"password": "s1", "captcha": "s2", "again": "s3", "old": "s4"}
    assert (event["content_type"], event["form"]) == ("application/json", {})


BODIES = {
    "broken json": {"data": b"{", "headers": {"Content-Type": "application/json"}},
    "broken form": {"data": b"\xff", "headers": {"Content-Type": "multipart/form-data"}},
    "something else": {"data": b"x=1", "headers": {"Content-Type": "text/plain"}},
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
async def test_whatever_was_sent_the_page_answers_and_the_visit_is_told(visit, requested, body):
    status, _ = await visit()("POST", "/cabinet", **body)
    (event,) = await requested()
    assert (event["status"], event["form"], event["json"]) == (status, {}, None)
    assert event["content_type"] == body["headers"]["Content-Type"]


async def test_what_is_told_is_bounded(visit, requested):
    fields = {"number": "7" * 10_000} | {f"field {number}": "x" for number in range(200)}
    await visit()("POST", f"/cabinet?q={'x' * 2000}", data=fields)
    (event,) = await requested()
    assert len(event["form"]) == MOST
    assert event["form"]["number"] == "7" * LONGEST
    assert len(event["path"]) == LONGEST


async def test_a_field_that_is_there_twice_has_all_its_values_and_a_file_its_name(visit, requested):
    form = aiohttp.FormData()
    form.add_field("service", "828")
    form.add_field("service", "25")
    form.add_field("photo", b"\x89PNG", filename="me.png")
    await visit()("POST", "/cabinet", data=form)
    (event,) = await requested()
    assert event["form"] == {"service": ["828", "25"], "photo": "me.png"}


async def test_browsers_are_told_apart_by_what_they_say_of_themselves(visit, requested):
    one, other = visit(**{"User-Agent": "one"}), visit(**{"User-Agent": "other"})
    for browser in (one, other, one):
        await browser("GET", "/cabinet")
    assert [event["browser"] for event in await requested()] == ["b1", "b2", "b1"]


async def test_only_pages_are_told(api, requested):
    await api("GET", "/handsets")
    await api("GET", "/gateway")
    assert await requested() == []


async def test_what_a_visit_brought_about_is_behind_the_number_that_it_tells(api, visit, told):
    password = await password_of(api)
    await log_in(visit(), ANNA, password)
    sms, (logged_in,) = (await told("sms"))[0], await told("selfcare.logged_in")
    _, visited = await told("page.requested")
    assert sms["number"] <= visited["facts"]["behind"] < logged_in["number"] < visited["number"]


# Pages that the cabinet has not --------------------------------------------------------------------------------------


class Written:
    """A gateway and its journal in one, with nothing hidden."""

    newest = 7

    def __init__(self):
        self.events = []

    def record(self, kind, *, hidden, **facts):
        self.events.append({"kind": kind, **facts})

    def hides(self, value):
        return False


@pytest.fixture
async def site():
    """Pages of a test's own: `site(handler)` gives a way to ask for /cabinet, and what was written down."""
    runners = []

    async def site(handler):
        written = Written()
        app = web.Application(middlewares=[Pages(written, written, ["/cabinet"], ["password"]).middleware()])
        app.router.add_route("*", "/cabinet{rest:.*}", handler)
        runner = web.AppRunner(app)
        runners.append(runner)
        await runner.setup()
        listening = web.TCPSite(runner, "127.0.0.1", 0)
        await listening.start()
        host, port = runner.addresses[0]
        return f"http://{host}:{port}/cabinet", written.events

    yield site
    for runner in runners:
        await runner.cleanup()


async def asked(url, cookies=None):
    jar = aiohttp.CookieJar(unsafe=True)
    async with (
        aiohttp.ClientSession(cookie_jar=jar, cookies=cookies) as session,
        session.get(url, allow_redirects=False) as response,
    ):
        return response.status


PAGES = {
    "alert before heading": (
        "<h1>Cabinet</h1><p role=alert>Wrong <b>number</b><br> again</p>rest",
        "Wrong number again",
    ),
    "error": ('<h1>Cabinet</h1><div class="big error"> No </div>', "No"),
    "error of another name": ('<h1>Cabinet</h1><div class="errors">No</div>', "Cabinet"),
    "an alert that says nothing": ("<h1>Cabinet</h1><p role=alert></p>", "Cabinet"),
    "title": ("<title>Log in</title><p>x", "Log in"),
    "nothing": ("<p>x", None),
    "letters": ("<h1>&laquo;Да&raquo;</h1>", "«Да»"),
}


async def test_the_hidden_fields_of_its_forms_are_named_without_their_values(site):
    async def page(request):
        fields = '<input type=hidden name=csrf value=x1><input name=number value=2><input type="hidden" name="key">'
        return web.Response(text=f"<form>{fields}</form><form>{fields}</form>", content_type="text/html")

    url, written = await site(page)
    await asked(url)
    assert [event["carries"] for event in written] == [("csrf", "key")]


@pytest.mark.parametrize(("html", "sees"), PAGES.values(), ids=PAGES)
async def test_a_page_is_known_by_its_alert_or_its_heading(site, html, sees):
    async def page(request):
        return web.Response(text=html, content_type="text/html")

    url, written = await site(page)
    await asked(url)
    assert [event["sees"] for event in written] == [sees]


async def test_a_redirection_is_told_with_where_it_leads_and_a_fault_by_its_status(site):
    async def page(request):
        if request.path == "/cabinet":
            raise web.HTTPSeeOther("/cabinet/settings?password=x")
        raise RuntimeError

    url, written = await site(page)
    await asked(url)
    assert await asked(f"{url}/settings") == 500
    assert [(event["status"], event["location"]) for event in written] == [
        (303, f"/cabinet/settings?password={STARS}"),
        (500, None),
    ]


async def test_a_browser_is_the_same_with_a_new_cookie_and_another_one_without(site):
    async def page(request):
        response = web.Response()
        if number := request.query.get("give"):
            response.set_cookie("cabinet", number)
        return response

    url, written = await site(page)
    await asked(url)
    await asked(f"{url}?give=1")  # the same, which has a cookie from now on
    await asked(f"{url}?give=2", {"cabinet": "1"})  # logged in
    await asked(url, {"cabinet": "2", "theme": "dark"})
    await asked(url)
    await asked(url, {"cabinet": "unknown"})
    assert [event["browser"] for event in written] == ["b1", "b1", "b1", "b1", "b2", "b3"]
    assert "unknown" not in repr(written)
