"""The log-in page, as a person sees it."""

import pytest

from tests.selfcare.conftest import ANNA, BORIS, password_in

STRANGER = "70009999999"


async def test_r103_nobody_comes_in_before_a_password_was_generated(web):
    page = await web.log_in(password="")
    assert page.status == 401

    page = await web.log_in(password="Ab3dE9xZ")
    assert page.status == 401
    assert "*111*25#" in page.alert


@pytest.mark.parametrize(
    "number",
    [
        "0001000001",
        "80001000001",
        "70001000001",
        "+70001000001",
        "8 (000) 100-00-01",
        "000.100.00.01",
        "\u00a0+7\u00a0000\u00a0100\u00a000\u00a001\u00a0",
        "+７０００１０００００１",
        "٨٠٠٠١٠٠٠٠٠١",
    ],
    ids=["10 digits", "8", "7", "+7", "brackets", "dots", "no-break spaces", "full width", "Arabic-Indic"],
)
async def test_r104_r105_the_number_in_any_format_is_the_login(web, pages, number):
    page = await web.log_in(number, await pages.password())

    assert page.status == 200
    assert "+7 000 100-00-01" in page.text


@pytest.mark.parametrize(
    "number",
    [
        "",
        "123",
        "ООО1000001",
        "00010000O1",
        "70001000001 70002000001",
        "70001000001, 70002000001",
        "91234567890",
        "x" * 60,
    ],
)
async def test_r106_what_is_no_number_is_refused_as_wrong_format(web, number):
    page = await web.log_in(number)

    assert page.status == 400
    assert "Неверный формат номера" in page.alert
    assert page.the("input", name="number")["value"] == number


async def test_r106_an_unknown_number_a_wrong_password_and_none_yet_are_answered_alike(pages):
    await pages.issue(ANNA)
    answers = set()
    for number in (ANNA, BORIS, STRANGER):
        browser = await pages.browser()
        said = []
        for _ in range(4):
            page = await browser.log_in(number)
            said.append((page.status, page.alert.partition("<form")[0].replace(number, "NUMBER")))
        answers.add(tuple(said))

    assert len(answers) == 1
    assert [status for status, _ in answers.pop()] == [401, 401, 423, 423]


async def test_the_tries_that_are_left_are_told_and_then_the_moscow_time_of_return(web, pages):
    password = await pages.password()
    assert "осталось попыток: 2 из 3" in (await web.log_in()).alert
    assert "осталось попыток: 1 из 3" in (await web.log_in()).alert
    page = await web.log_in()
    assert page.status == 423
    assert "до 27.04.2018 18:20 по московскому времени" in page.alert
    assert (await web.log_in(password=password)).status == 423

    page = await web.log_in(password=await pages.password())

    assert page.status == 200  # a new password opens at once


async def test_the_lock_ends_exactly_at_its_minute(web, pages):
    password = await pages.password()
    for _ in range(3):
        await web.log_in()
    await pages.gateway.advance(1799)
    assert (await web.log_in(password=password)).status == 423
    await pages.gateway.advance(1)

    assert (await web.log_in(password=password)).status == 200


async def test_r107_a_first_entry_asks_for_a_check_code_and_the_next_one_does_not(web, pages):
    password = await pages.password()
    assert "captcha" in (await web.open("/cabinet")).forms["/cabinet"]
    await web.log_in(password=password)
    await web.send("/cabinet/log-out")

    assert "captcha" not in (await web.open("/cabinet")).forms["/cabinet"]
    assert (await web.send("/cabinet", number=ANNA, password=password)).status == 200


async def test_r107_another_number_in_the_same_browser_is_a_first_entry_again(web, pages):
    await web.log_in(password=await pages.password())
    await web.send("/cabinet/log-out")

    page = await web.log_in(BORIS, await pages.password(BORIS))
    assert page.status == 400
    assert "captcha" in page.forms["/cabinet"]

    page = await web.send("/cabinet", password=password_in(pages.sent[-1]))
    assert page.status == 200


async def test_after_the_second_failure_a_known_browser_is_asked_for_a_check_code(web, pages):
    password = await pages.password()
    await web.log_in(password=password)
    await web.send("/cabinet/log-out")
    assert "captcha" not in (await web.log_in()).forms["/cabinet"]
    assert "captcha" in (await web.send("/cabinet", password="wrong")).forms["/cabinet"]

    assert (await web.send("/cabinet", password=password)).status == 200
    await web.send("/cabinet/log-out")
    assert "captcha" not in web.page.forms["/cabinet"]


async def test_r109_a_wrong_check_code_is_no_wrong_password(web, pages):
    password = await pages.password()
    for _ in range(5):
        page = await web.log_in(password="wrong", captcha="0")
        assert (page.status, "Неверный проверочный код" in page.alert) == (400, True)

    assert pages.records.guards.guard(ANNA).failures == 0
    assert (await web.log_in(password=password)).status == 200


@pytest.mark.parametrize("fields", [{"captcha_id": "x"}, {"captcha": ""}, {"captcha_id": ""}])
async def test_r108_a_check_code_that_was_never_asked_is_wrong(web, pages, fields):
    assert (await web.log_in(password=await pages.password(), **fields)).status == 400


async def test_r108_a_check_code_is_for_one_answer_in_its_own_browser(web, pages):
    password = await pages.password()
    await web.open("/cabinet")
    form = web.page.forms["/cabinet"] | {
        "captcha": web.page.metas["captcha-answer"],
        "number": ANNA,
        "password": "wrong",
    }
    assert (await web.post("/cabinet", form)).status == 401
    assert (await web.post("/cabinet", form | {"password": password})).status == 400

    await web.open("/cabinet")
    other = await pages.browser()
    await other.open("/cabinet")
    stolen = {"captcha_id": web.page.forms["/cabinet"]["captcha_id"], "captcha": web.page.metas["captcha-answer"]}
    assert (await other.send("/cabinet", number=ANNA, password=password, **stolen)).status == 400


async def test_r108_a_check_code_expires(web, pages):
    password = await pages.password()
    await web.open("/cabinet")
    await pages.gateway.advance(300)

    assert (await web.send("/cabinet", number=ANNA, password=password)).status == 400


async def test_too_many_failures_from_one_address_are_refused_whatever_the_number(sites):
    pages = await sites(log_in_failures_per_address=2)
    web = await pages.browser()
    for number in (ANNA, BORIS):
        assert (await web.log_in(number)).status == 401

    assert (await web.log_in(STRANGER)).status == 429
    await pages.gateway.advance(900)
    assert (await web.log_in(STRANGER)).status == 401


async def test_r101_the_first_log_in_makes_the_cabinet_and_the_next_leaves_it(web, pages):
    assert pages.records.cabinets.cabinet(ANNA) is None
    password = await pages.password()
    await web.log_in(password=password)
    made = pages.records.cabinets.cabinet(ANNA)
    await web.send("/cabinet/log-out")
    await pages.gateway.advance(60)
    await web.log_in(password=password)

    assert made.created_at == pages.gateway.now() - 60
    assert pages.records.cabinets.cabinet(ANNA) == made
    assert pages.audit().count("cabinet.created") == 1


async def test_each_log_in_is_told_by_sms_and_a_refused_one_is_not(web, pages):
    password = await pages.password()
    pages.sent.clear()
    await web.log_in()
    assert pages.sent == []

    await web.log_in(password=password)

    ((source, destination, text),) = pages.sent
    assert (source, destination) == ("111", ANNA)
    assert text == "Вход в личный кабинет 27.04.2018 17:50. Не вы? Наберите *111*25#."


async def test_a_session_gets_a_new_cookie_at_the_log_in_which_no_script_and_no_other_site_uses(web, pages):
    await web.open("/cabinet")
    before = web.cookies()["cabinet"].value
    await web.log_in(password=await pages.password())
    cookie = web.cookies()["cabinet"]

    assert cookie.value != before
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/cabinet")
    ((kept,),) = pages.store.own("SELECT key FROM web_sessions")
    assert cookie.value not in kept


async def test_who_is_logged_in_already_is_shown_the_cabinet(web, pages):
    await web.log_in(password=await pages.password())
    form = {"csrf": web.page.forms["/cabinet/log-out"]["csrf"], "number": BORIS, "password": "x"}

    assert "+7 000 100-00-01" in (await web.post("/cabinet", form)).text


async def test_what_was_typed_stays_but_never_the_password(web):
    page = await web.log_in('"><script>alert(1)</script>', "qWertY1234")

    assert page.the("input", name="number")["value"] == '"><script>alert(1)</script>'
    assert page.all("script") == []
    assert "value" not in page.the("input", name="password")
    assert "qWertY1234" not in page.html
    assert page.the("p", role="alert")["id"] in page.the("input", name="number")["aria-describedby"]


@pytest.mark.parametrize("captcha", ["off"])
async def test_where_no_check_codes_are_asked_for_none_is_shown(sites, captcha):
    pages = await sites(captcha=captcha)
    web = await pages.browser()

    assert "captcha" not in (await web.open("/cabinet")).forms["/cabinet"]
    assert (await web.log_in(password=await pages.password())).status == 200
    assert "captcha" not in (await web.open("/cabinet/password")).forms.get("/cabinet/password", {})


async def test_r178_no_password_in_the_journal_of_a_log_in(web, pages):
    password = await pages.password()
    await web.log_in(password="Wrong1Wrong")
    await web.log_in(password=password)
    pages.gateway.journal.commit()
    written = repr([entry for _, entry in pages.gateway.journal.after(0)]) + repr(
        pages.store.own("SELECT * FROM audit")
    )

    assert "selfcare.logged_in" in written
    assert "Wrong1Wrong" not in written
    assert password not in written
