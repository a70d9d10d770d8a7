"""The log-in page, asked over HTTP."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from aiohttp import FormData, web
from aiohttp.test_utils import TestClient, TestServer
from structlog.testing import capture_logs

from tests.selfcare.conftest import ANNA, BORIS
from ussd_gateway.selfcare.cabinet import HEADERS, UNAVAILABLE, WRONG, WRONG_FORMAT, money, routes, shown_number


class Page(HTMLParser):
    """What a test looks for in a page: tags with their attributes, and the text."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text, self.style, self._inside = [], "", "", ""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self._inside = tag
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        if self._inside == "style":
            self.style += data
        else:
            self.text += data

    def handle_endtag(self, tag):
        self._inside = ""

    def the(self, tag, **attributes):
        (found,) = [has for name, has in self.tags if name == tag and attributes.items() <= has.items()]
        return found


@pytest.fixture
async def browser(desk):
    app = web.Application()
    app.add_routes(routes(desk.service, desk.door))
    async with TestClient(TestServer(app)) as client:
        yield client


@pytest.fixture
async def password(desk):
    await desk.issue()
    return re.search(r"Пароль: (\S+)\.", desk.sent[0][2])[1]


async def log_in(browser, number=ANNA, password="Ab3dE9xZ"):
    response = await browser.post("/cabinet", data={"number": number, "password": password})
    return response.status, await response.text()


async def test_the_form_is_plain_html_that_works_without_a_script(browser):
    response = await browser.get("/cabinet")
    page = Page(await response.text())

    assert (response.status, response.content_type, response.charset) == (200, "text/html", "utf-8")
    assert page.the("html")["lang"] == "ru"
    assert page.the("form") == {"method": "post", "action": "/cabinet"}
    assert page.the("input", name="number")["autocomplete"] == "username"
    assert page.the("input", name="password")["type"] == "password"
    assert page.the("input", name="password")["autocomplete"] == "current-password"
    assert {has["for"] for name, has in page.tags if name == "label"} == {"number", "password"}
    assert "width=device-width" in page.the("meta", name="viewport")["content"]
    assert not [name for name, _ in page.tags if name == "script"]


async def test_the_right_password_shows_the_balance(browser, desk, password):
    desk.service.connect(ANNA, "828", "ussd")
    status, html = await log_in(browser, "8 (000) 100-00-01", password)
    text = " ".join(Page(html).text.split())

    assert status == 200
    for shown in ("+7 000 100-00-01", "Баланс 150.00 р.", "Тариф Смарт", "Управление номерами"):
        assert shown in text
    assert password not in html


async def test_without_services_it_says_so(browser, password):
    assert "Подключённых услуг нет" in (await log_in(browser, password=password))[1]


async def test_an_unknown_number_a_wrong_password_and_none_yet_are_answered_alike(browser, desk, password):
    answers = {}
    for number in (ANNA, BORIS, "70009999999"):
        status, html = await log_in(browser, number)
        answers[number] = (status, html.replace(number, "NUMBER"))

    assert len(set(answers.values())) == 1
    assert answers[ANNA][0] == 401
    assert WRONG in answers[ANNA][1]


async def test_r121_the_old_password_is_refused_after_re_issue(browser, desk, password):
    await desk.issue()

    assert (await log_in(browser, password=password))[0] == 401


@pytest.mark.parametrize("number", ["", "123", "ООО1000001", "70001000001 70002000001"])
async def test_r106_what_is_no_number_has_its_own_answer(browser, number):
    status, html = await log_in(browser, number)

    assert status == 400
    assert WRONG_FORMAT in html


async def test_what_was_typed_stays_but_never_the_password(browser):
    _, html = await log_in(browser, '"><script>alert(1)</script>', "qWertY1234")
    page = Page(html)

    assert page.the("input", name="number")["value"] == '"><script>alert(1)</script>'
    assert not [name for name, _ in page.tags if name == "script"]
    assert "value" not in page.the("input", name="password")
    assert "qWertY1234" not in html
    assert page.the("p", role="alert")["id"] == page.the("input", name="number")["aria-describedby"]


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"number": ANNA},
        {"password": "Ab3dE9xZ"},
    ],
    ids=["nothing", "no password", "no number"],
)
async def test_a_field_that_is_missing_is_empty(browser, data):
    response = await browser.post("/cabinet", data=data)

    assert response.status == (401 if "number" in data else 400)


async def test_a_file_is_no_number(browser):
    form = FormData()
    form.add_field("number", b"70001000001", filename="number.txt")
    form.add_field("password", "Ab3dE9xZ")

    assert (await browser.post("/cabinet", data=form)).status == 400


async def test_every_answer_is_kept_by_nobody_and_runs_nothing(browser, password):
    for response in (
        await browser.get("/cabinet"),
        await browser.post("/cabinet", data={"number": ANNA, "password": password}),
        await browser.post("/cabinet", data={"number": ANNA, "password": "x"}),
        await browser.post("/cabinet", data={"number": "x", "password": "x"}),
    ):
        assert {name: response.headers[name] for name in HEADERS} == HEADERS
        policy = response.headers["Content-Security-Policy"]
        style = base64.b64encode(hashlib.sha256(Page(await response.text()).style.encode()).digest()).decode()
        assert f"style-src 'sha256-{style}'" in policy
        assert "default-src 'none'" in policy
        assert "form-action 'self'" in policy
        assert response.headers["Cache-Control"] == "no-store"


async def test_r178_what_fails_is_logged_by_its_kind_only(browser, desk, password):
    desk.store.write("DROP TABLE services")
    with capture_logs() as logs:
        status, html = await log_in(browser, password=password)

    assert status == 503
    assert UNAVAILABLE in html
    assert {"event": "selfcare.log_in_failed", "log_level": "error", "error": "OperationalError"} in logs
    assert password not in html + repr(logs)


def test_money_and_numbers_as_people_write_them():
    assert [money(kopecks) for kopecks in (0, 5, 15000, -750)] == ["0.00 р.", "0.05 р.", "150.00 р.", "-7.50 р."]
    assert shown_number("70001000001") == "+7 000 100-00-01"
