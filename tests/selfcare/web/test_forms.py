"""What a form sends, and the token that it carries."""

import asyncio

import pytest
from aiohttp import FormData

from tests.selfcare.conftest import ANNA

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize("csrf", [None, "", "wrong", "0" * 64, "ф"])
async def test_a_form_without_its_token_is_refused_with_a_way_back(web, pages, csrf):
    password = await pages.password()
    await web.open("/cabinet")
    form = web.page.forms["/cabinet"] | {"number": ANNA, "password": password}
    form["captcha"] = web.page.metas["captcha-answer"]
    del form["csrf"]
    page = await web.post("/cabinet", form | ({} if csrf is None else {"csrf": csrf}))

    assert page.status == 403
    assert "/cabinet" in page.links
    assert pages.records.guards.guard(ANNA).failures == 0
    assert "Баланс" not in (await web.open("/cabinet")).text


async def test_a_token_of_another_session_or_realm_or_of_before_the_log_in_is_refused(web, pages):
    other = await pages.browser()
    stranger = (await other.open("/cabinet")).forms["/cabinet"]["csrf"]
    await web.open("/home")
    home = web.page.forms["/home"]["csrf"]
    before = (await web.open("/cabinet")).forms["/cabinet"]["csrf"]
    await web.log_in(password=await pages.password())
    for csrf in (stranger, home, before):
        assert (await web.post("/cabinet/settings/notice", {"csrf": csrf})).status == 403

    assert pages.cabinets.cabinet(ANNA).log_in_sms


async def test_a_page_that_was_open_while_the_program_was_restarted_is_out_of_date(web, sites):
    await web.open("/cabinet")
    cookie = web.cookies()["cabinet"].value
    again = await (await sites()).browser()
    page = await again.post("/cabinet", web.page.forms["/cabinet"], headers={"Cookie": f"cabinet={cookie}"})

    assert page.status == 403
    assert "Страница устарела" in page.text


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b'{"number": "70001000001"}', "application/json"),
        (b"number=1", "text/plain"),
        (b"number=1", "application/x-www-form-urlencoded; charset=no-such"),
        (b"number=\xff", "application/x-www-form-urlencoded; charset=utf-8"),
        (b"number=" + b"1" * 70_000, "application/x-www-form-urlencoded"),
    ],
    ids=["JSON", "text", "no charset", "no UTF-8", "too long"],
)
async def test_what_is_no_form_is_refused(web, data, kind):
    page = await web.post("/cabinet", data, headers={"Content-Type": kind})

    assert page.status == 400
    assert "Форма не прочитана" in page.text


async def test_a_file_is_no_form(web):
    form = FormData()
    form.add_field("number", b"70001000001", filename="number.txt")

    assert (await web.post("/cabinet", form)).status == 400


async def test_of_a_field_that_comes_twice_the_first_counts(web, pages):
    password = await pages.password()
    await web.open("/cabinet")
    form = web.page.forms["/cabinet"] | {"captcha": web.page.metas["captcha-answer"], "number": ANNA}
    form["password"] = password

    page = await web.post("/cabinet", [*form.items(), ("password", "wrong")])
    assert page.status == 200


async def test_who_sends_slowly_and_is_logged_out_meanwhile_changes_nothing(web, pages):
    await web.log_in(password=await pages.password())
    csrf = (await web.open("/cabinet/settings")).forms["/cabinet/settings/notice"]["csrf"]
    asked, ended = asyncio.Event(), asyncio.Event()

    async def slowly():
        yield b"csrf="
        asked.set()
        await ended.wait()
        yield csrf.encode()

    async def thief():
        async with web.client.post("/cabinet/settings/notice", data=slowly(), headers=FORM) as response:
            return response.status

    answer = asyncio.create_task(thief())
    await asked.wait()
    await web.open("/cabinet")
    await pages.password()  # another one, which ends the session
    ended.set()

    assert await answer == 401
    assert pages.cabinets.cabinet(ANNA).log_in_sms
