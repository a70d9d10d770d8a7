"""The settings, as a person uses them."""

import asyncio

import pytest

from tests.selfcare.conftest import ANNA

NEW = "Zebra2018"


@pytest.fixture
async def password(pages):
    return await pages.password()


@pytest.fixture
async def settings(web, password):
    await web.log_in(password=password)
    await web.open("/cabinet/settings")
    return web


async def change(web, old, new=NEW, again=None):
    return await web.send("/cabinet/settings/password", old=old, new=new, again=new if again is None else again)


async def test_r125_a_generated_password_is_replaced_by_ones_own(settings, pages, password):
    page = await change(settings, password)
    assert "Пароль изменён" in page.text
    assert "Баланс" in (await settings.open("/cabinet")).text  # who changed it stays

    other = await pages.browser()
    assert (await other.log_in(password=password)).status == 401
    assert (await other.log_in(password=NEW)).status == 200


@pytest.mark.parametrize("old", ["", "Wrong1Wrong"])
async def test_r127_without_the_right_old_password_nothing_changes(settings, pages, password, old):
    page = await change(settings, old)

    assert page.status in (400, 403)
    assert "старый пароль" in page.alert
    assert (await (await pages.browser()).log_in(password=password)).status == 200


@pytest.mark.parametrize(
    ("new", "again", "said"),
    [
        ("Ab1", None, "короче 6"),
        ("Ab1" * 9, None, "длиннее 26"),
        ("Zebra 2018", None, "недопустимые"),
        ("Зебра2018Aa", None, "недопустимые"),
        ("ZEBRA2018", None, "строчной"),
        ("zebra2018", None, "заглавной"),
        ("ZebraZebra", None, "нет цифры"),
        (NEW, "Zebra2019", "не совпадают"),
        ("", "", "введите новый пароль"),
    ],
)
async def test_r128_every_mistake_of_the_new_password_is_named(settings, pages, password, new, again, said):
    page = await change(settings, password, new, again)

    assert page.status == 400
    assert said in page.alert
    assert (await (await pages.browser()).log_in(password=password)).status == 200


async def test_r128_all_mistakes_are_named_at_once_and_the_old_password_is_none_of_them(settings, password):
    page = await change(settings, password, "a", "b")
    assert page.html.count("<li>в новом") + page.html.count("<li>новый") == 4

    page = await change(settings, password, password)
    assert "совпадает со старым" in page.alert
    assert password not in page.html


async def test_guessing_the_old_password_ends_after_three(settings, password):
    for _ in range(3):
        assert (await change(settings, "Wrong1Wrong")).status == 403
    assert (await change(settings, password)).status == 429


async def test_r129_a_change_ends_the_other_sessions_and_gives_this_one_a_new_cookie(settings, pages, password):
    other = await pages.browser()
    await other.log_in(password=password)
    cookie = settings.cookies()["cabinet"].value
    await change(settings, password)

    assert settings.cookies()["cabinet"].value != cookie
    assert "Баланс" not in (await other.open("/cabinet")).text
    assert "Баланс" not in (await other.open("/cabinet", Cookie=f"cabinet={cookie}")).text


async def test_r129_where_the_settings_leave_sessions_alone_only_this_ones_cookie_changes(sites):
    pages = await sites(password_ends_sessions=False)
    password = await pages.password()
    web, other = await pages.browser(), await pages.browser()
    for browser in (web, other):
        await browser.log_in(password=password)
    cookie = web.cookies()["cabinet"].value
    await web.open("/cabinet/settings")
    await change(web, password)

    assert "Баланс" in (await web.open("/cabinet")).text
    assert "Баланс" in (await other.open("/cabinet")).text
    assert "Баланс" not in (await (await pages.browser()).open("/cabinet", Cookie=f"cabinet={cookie}")).text


async def test_the_sms_at_log_in_is_on_and_can_be_switched_off(settings, pages, password):
    assert settings.page.forms["/cabinet/settings/notice"]["log_in_sms"] == "on"
    del settings.page.forms["/cabinet/settings/notice"]["log_in_sms"]
    page = await settings.send("/cabinet/settings/notice")
    assert "Сохранено" in page.text
    assert "log_in_sms" not in page.forms["/cabinet/settings/notice"]
    pages.sent.clear()
    await (await pages.browser()).log_in(password=password)
    assert pages.sent == []

    await settings.send("/cabinet/settings/notice", log_in_sms="on")
    await (await pages.browser()).log_in(password=password)
    assert [destination for _, destination, _ in pages.sent] == [ANNA]


async def test_the_language_is_the_accounts_in_every_browser(settings, pages, password):
    assert settings.page.forms["/cabinet/settings/language"]["language"] == "ru"
    await settings.open("/cabinet/settings?lang=ru")
    page = await settings.send("/cabinet/settings/language", language="en")
    assert page.the("html")["lang"] == "en"
    assert "The language has been chosen" in page.text

    other = await pages.browser()
    assert (await other.log_in(password=password)).the("html")["lang"] == "en"
    assert (await settings.send("/cabinet/settings/language", language="xx")).status == 404


@pytest.mark.parametrize(("sim", "shown"), [("en", "en"), ("latin", "ru"), ("ru", "ru")])
async def test_without_a_choice_the_language_is_that_of_the_sim(web, pages, password, sim, shown):
    pages.service.set_language(ANNA, sim)

    assert (await web.log_in(password=password)).the("html")["lang"] == shown


async def test_the_other_sessions_are_listed_and_ended(settings, pages, password):
    assert "Других сеансов нет" in settings.page.text
    other = await pages.browser()
    await other.open("/cabinet", **{"User-Agent": "Opera"})
    form = other.page.forms["/cabinet"] | {"number": ANNA, "password": password}
    form["captcha"] = other.page.metas["captcha-answer"]
    await other.post("/cabinet", form, headers={"User-Agent": "Opera <b>10</b>\t" + "x" * 300})
    page = await settings.open("/cabinet/settings")
    assert page.html.count("этот браузер") == 1
    assert "Opera <b>10</b>" + "x" * 85 in page.text
    assert "x" * 86 not in page.text

    page = await settings.send("/cabinet/settings/sessions/end")

    assert "Других сеансов нет" in page.text
    assert "Баланс" not in (await other.open("/cabinet")).text
    assert "Баланс" in (await settings.open("/cabinet")).text


async def test_r131_what_others_add_stands_below_by_its_order(settings):
    headings = [has["id"] for tag, has in settings.page.tags if tag == "h2"]

    assert headings == ["settings-password", "settings-notice", "settings-language", "settings-sessions"]


@pytest.mark.parametrize(
    ("profile", "rule"), [("generates", "от 6 до 26"), ("asks", "от 4 до 7"), ("by_sms", "от 6 до 10")]
)
async def test_r128_the_rule_is_that_of_the_password_profile(sites, profile, rule):
    pages = await sites(password_profile=profile)
    web = await pages.browser()
    await web.log_in(password=await pages.password())

    page = await web.open("/cabinet/settings")
    assert rule in page.text
    assert ("Только цифры" in page.text) == (profile == "asks")


async def test_r178_no_page_and_no_record_repeats_a_password(settings, pages, password):
    html = (await change(settings, "Wrong1Wrong", NEW)).html + (await change(settings, password, NEW)).html
    pages.gateway.journal.commit()
    written = repr([entry for _, entry in pages.gateway.journal.after(0)]) + repr(
        pages.store.own("SELECT * FROM audit")
    )

    for secret in (password, NEW, "Wrong1Wrong"):
        assert secret not in html
        assert secret not in written


async def test_r127_a_stolen_session_guesses_no_more_when_it_asks_many_times_at_once(settings):
    form = settings.page.forms["/cabinet/settings/password"]

    async def guess(number):
        fields = form | {"old": f"Guess1{number}", "new": NEW, "again": NEW}
        async with settings.client.post("/cabinet/settings/password", data=fields) as response:
            return response.status

    assert sorted(await asyncio.gather(*map(guess, range(8)))) == [403] * 3 + [429] * 5


async def test_r129_a_change_that_a_new_password_overtakes_begins_no_session(settings, pages, password):
    overtakes = pages.issuing.listeners.append

    def by_ussd(msisdn, issue):
        if issue == 2:
            asyncio.get_running_loop().create_task(pages.issuing.issue_password(ANNA, "ussd", "overtakes"))

    overtakes(by_ussd)
    await change(settings, password)

    assert pages.records.passwords.issue(ANNA) == 3
    assert "/cabinet" in (await settings.open("/cabinet")).forms, "the log-in form"
