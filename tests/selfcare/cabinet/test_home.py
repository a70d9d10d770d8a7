"""The home cabinet's log-in page."""

import asyncio

import pytest

from tests.selfcare.conftest import ANNA


async def log_in(web, login, password):
    await web.open("/home")
    return await web.send("/home", login=login, password=password)


async def test_r005_the_menu_leads_to_two_cabinets(web):
    for path in ("/cabinet", "/home", "/cabinet/password"):
        page = await web.open(path)
        menu = page.html.partition('<nav class="menu"')[2].partition("</nav>")[0]
        assert menu.count("<details>") == 2
        words = (
            "Мой МТС",
            "Личный кабинет",
            'href="/cabinet"',
            "Мобильная связь",
            'href="/home"',
            "Домашний интернет и ТВ",
        )
        places = [menu.index(word) for word in words]
        assert places == sorted(places)


@pytest.mark.parametrize("login", [ANNA, "+7 000 100-00-01", "anna", ""])
async def test_r006_a_mobile_password_does_not_open_it(web, pages, login):
    page = await log_in(web, login, await pages.password())

    assert page.status == 401
    assert "Неверный логин или пароль" in page.alert
    assert pages.records.guards.guard(ANNA).failures == 0


async def test_r006_its_account_opens_it_and_not_the_mobile_one(web, pages):
    hashed = await pages.hasher.hash("Contract1")
    pages.store.write("INSERT INTO home_accounts VALUES (?, ?)", ("ivanova-17", hashed))

    page = await log_in(web, "ivanova-17", "Contract1")
    assert "ivanova-17" in page.text
    assert "/cabinet" in (await web.open("/cabinet")).forms  # the log-in form

    await web.open("/home")
    assert "/home" in (await web.send("/home/log-out")).forms


async def test_r006_who_is_in_the_mobile_cabinet_is_not_in_the_home_one(web, pages):
    await web.log_in(password=await pages.password())

    assert "/home" in (await web.open("/home")).forms


async def test_so_many_failures_from_one_address(sites):
    pages = await sites(log_in_failures_per_address=1)
    web = await pages.browser()
    assert (await log_in(web, "a", "b")).status == 401
    assert (await log_in(web, "a", "b")).status == 429


async def test_many_at_once_from_one_address_are_no_way_around_the_limit(sites):
    pages = await sites(log_in_failures_per_address=2)
    web = await pages.browser()
    form = (await web.open("/home")).forms["/home"] | {"login": "a", "password": "b"}

    async def guess():
        async with web.client.post("/home", data=form) as response:
            return response.status

    assert sorted(await asyncio.gather(*(guess() for _ in range(8)))) == [401] * 2 + [429] * 6


async def test_who_logs_in_rightly_uses_nothing_up(sites):
    pages = await sites(log_in_failures_per_address=1)
    hashed = await pages.hasher.hash("Contract1")
    pages.store.write("INSERT INTO home_accounts VALUES (?, ?)", ("ivanova-17", hashed))
    for _ in range(3):
        assert (await log_in(await pages.browser(), "ivanova-17", "Contract1")).status == 200
