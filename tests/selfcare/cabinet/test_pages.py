"""The overview, log-out, and who is let to what."""

import pytest
from structlog.testing import capture_logs

from tests.selfcare.conftest import ANNA, BORIS


@pytest.fixture
async def logged_in(web, pages):
    await web.log_in(password=await pages.password())
    return web


async def test_r102_the_overview_shows_number_owner_balance_tariff_and_services(web, pages):
    pages.service.connect(ANNA, "828", "ussd")
    page = await web.log_in("8 (000) 100-00-01", await pages.password())

    assert page.status == 200
    for shown in (
        "Номер +7 000 100-00-01",
        "Владелец anna",
        "Баланс 150.00 р.",
        "Тариф Смарт",
        "Услуги Управление номерами",
    ):
        assert shown in page.text


async def test_without_services_it_says_so(logged_in):
    assert "Подключённых услуг нет" in logged_in.page.text


async def test_in_english(logged_in):
    page = await logged_in.open("/cabinet?lang=en")

    assert page.the("html")["lang"] == "en"
    assert "Balance 150.00 р." in page.text
    assert (await logged_in.open("/cabinet")).the("html")["lang"] == "en"  # the browser remembers


async def test_r126_settings_stand_at_the_top_right_next_to_log_out(logged_in):
    corner = logged_in.page.html.partition('class="corner"')[2].partition("</header>")[0]

    assert corner.index('href="/cabinet/settings"') < corner.index('action="/cabinet/log-out"')
    assert corner.count("<a ") + corner.count("<form ") == 2


async def test_log_out_ends_the_session_for_its_cookie_too(logged_in):
    cookie = logged_in.cookies()["cabinet"].value
    page = await logged_in.send("/cabinet/log-out")
    assert "/cabinet" in page.forms

    page = await logged_in.open("/cabinet", Cookie=f"cabinet={cookie}")
    assert "Баланс" not in page.text


@pytest.mark.parametrize("path", ["/cabinet/settings"])
async def test_r003_nobody_who_is_not_logged_in_sees_a_page(web, path):
    async with web.client.get(path, allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (303, "/cabinet")


@pytest.mark.parametrize(
    "path",
    ["/cabinet/log-out"] + [f"/cabinet/settings/{form}" for form in ("password", "notice", "language", "sessions/end")],
)
async def test_r003_nobody_who_is_not_logged_in_changes_a_setting(web, path):
    await web.open("/cabinet")
    page = await web.post(path, {"csrf": web.page.forms["/cabinet"]["csrf"]})

    assert page.status == 401
    assert "/cabinet" in page.links


@pytest.mark.parametrize(
    "seconds", [0, 7 * 3600, 12 * 3600, 18 * 3600], ids=lambda seconds: f"{seconds // 3600} h later"
)
async def test_r002_at_any_hour_it_is_open(web, pages, seconds):
    await pages.gateway.advance(seconds)

    assert (await web.log_in(password=await pages.password())).status == 200
    assert (await web.open("/cabinet/settings")).status == 200


async def test_a_session_that_is_idle_ends(logged_in, pages):
    for _ in range(3):
        await pages.gateway.advance(1100)
        assert "Баланс" in (await logged_in.open("/cabinet")).text
    await pages.gateway.advance(1200)

    assert "Баланс" not in (await logged_in.open("/cabinet")).text


async def test_a_session_ends_at_the_longest_time_however_busy(sites):
    pages = await sites(session_longest=2000)
    web = await pages.browser()
    await web.log_in(password=await pages.password())
    for _ in range(2):
        await pages.gateway.advance(999)
        assert "Баланс" in (await web.open("/cabinet")).text
    await pages.gateway.advance(2)

    assert "Баланс" not in (await web.open("/cabinet")).text


async def test_r129_r121_a_new_password_ends_the_sessions_of_the_former_one(logged_in, pages):
    await pages.issue()

    assert "Баланс" not in (await logged_in.open("/cabinet")).text
    assert pages.records.web_sessions.of("cabinet", ANNA) == []


async def test_r129_where_the_settings_leave_sessions_alone_they_go_on(sites):
    pages = await sites(password_ends_sessions=False)
    web = await pages.browser()
    await web.log_in(password=await pages.password())
    await pages.issue()

    assert "Баланс" in (await web.open("/cabinet")).text


async def test_a_closed_number_ends_its_sessions(logged_in, pages):
    pages.store.write("UPDATE subscribers SET status = 'closed' WHERE msisdn = ?", (ANNA,))

    assert "Баланс" not in (await logged_in.open("/cabinet")).text


async def test_a_reset_ends_everything(logged_in, pages):
    pages.reset()
    pages.site.reset()

    assert "Баланс" not in (await logged_in.open("/cabinet")).text
    assert pages.records.cabinets.cabinet(ANNA) is None


async def test_sessions_outlive_a_restart_of_the_pages(logged_in, pages, sites):
    cookie = logged_in.cookies()["cabinet"].value
    again = await sites()
    for table in ("web_sessions", "passwords"):
        for row in pages.store.own(f"SELECT * FROM {table}"):
            again.store.write(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
    web = await again.browser()

    assert "Баланс" in (await web.open("/cabinet", Cookie=f"cabinet={cookie}")).text


async def test_r178_what_fails_is_logged_by_its_kind_only(web, pages):
    password = await pages.password()
    pages.store.write("DROP TABLE services")
    with capture_logs() as logs:
        page = await web.log_in(password=password)

    assert page.status == 503
    assert "временно недоступен" in page.alert
    assert {
        "event": "selfcare.page_failed",
        "log_level": "error",
        "page": "/cabinet",
        "error": "OperationalError",
    } in logs
    assert password not in page.html + repr(logs)
    assert "services" not in page.text


async def test_two_people_in_two_browsers_see_their_own(logged_in, pages):
    other = await pages.browser()
    await other.log_in(BORIS, await pages.password(BORIS))

    assert "-7.50 р." in other.page.text
    assert "150.00 р." in (await logged_in.open("/cabinet")).text
