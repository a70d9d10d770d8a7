"""Requirements that no single part fulfils, on a whole gateway; and that each one has a test and a row in docs/.

R-numbers are those of docs/selfcare.md.
"""

import ast
import re
from pathlib import Path

import aiohttp
import pytest

from ussd_gateway.subscribers.working_days import PRODUCTION, deadline

TESTS = Path(__file__).parent.parent
DOCS = TESTS.parent / "docs"

REQUIREMENTS = [
    f"{number:03}"
    for numbers in (range(2, 7), range(100, 110), range(110, 120), range(120, 130), range(130, 136), range(140, 149))
    for number in numbers
] + [f"{number:03}" for numbers in (range(150, 167), range(170, 179)) for number in numbers]
"""Of the mobile account: part 1 without the home cabinet and its block."""


def requirements_tested():
    """The numbers in the names of tests: `test_r121_r122_...`."""
    for path in TESTS.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_r"):
                yield from re.findall(r"_r(\d{3})(?=_)", node.name)


def requirements_listed(page):
    """The numbers in the first cells of the tables of a page: `R002`, `R105, R106`, `R110-R113`."""
    for cell in re.findall(r"^\| (R\d{3}[^|]*) \|", (DOCS / page).read_text("utf-8"), re.MULTILINE):
        for first, last in re.findall(r"R(\d{3})(?:-R(\d{3}))?", cell):
            yield from (f"{number:03}" for number in range(int(first), int(last or first) + 1))


def test_each_requirement_has_a_test_whose_name_carries_its_number():
    assert set(REQUIREMENTS) - set(requirements_tested()) == set()


def test_each_requirement_has_its_row_on_a_page():
    listed = {*requirements_listed("selfcare.md"), *requirements_listed("second-numbers.md")}
    assert set(REQUIREMENTS) - listed == set()


def test_what_a_row_names_is_there_and_about_the_requirement():
    page = (DOCS / "selfcare.md").read_text("utf-8")
    rows = re.findall(r"^\| R(\d{3}) \| ([^|]+) \|", page, re.MULTILINE)
    assert len(rows) == len(REQUIREMENTS)
    for number, cell in rows:
        for name in re.findall(r"`([^`]+)`", cell):
            if name.endswith(".ussd"):
                assert (DOCS.parent / name).exists(), name
            else:
                assert f"_r{number}_" in (TESTS / f"{name}.py").read_text("utf-8"), name


# The date is an input ------------------------------------------------------------------------------------------------


@pytest.mark.gateway(start="2017-12-29T12:00:00+03:00")
async def test_r004_the_date_is_the_one_that_was_given_and_the_calendar_knows_both_years(gateway):
    await gateway.handset("70001000001").dial("*111*25#")
    (issued,) = gateway.store.own("SELECT issued_at FROM passwords")[0]

    assert issued == gateway.now() == 1514538000.0
    for month in (year * 12 + month for year in (2017, 2018) for month in range(11)):
        moment = 1483218000.0 + (month - 2017 * 12) * 30.4 * 86400
        assert moment < deadline(moment, PRODUCTION, utc_offset=3) < moment + 12 * 86400


# Lost passwords ------------------------------------------------------------------------------------------------------


async def log_in(gateway, password, number="70001000001"):
    """The status that the log-in page gives to a new browser."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(gateway.http_url, cookie_jar=jar) as browser:
        form = await filled(browser, "/cabinet", number=number, password=password)
        async with browser.post("/cabinet", data=form, allow_redirects=False) as response:
            return response.status


async def filled(browser, path, **fields):
    """The form of a page with what is hidden in it and its check code."""
    async with browser.get(path) as response:
        page = await response.text()
    (answer,) = re.findall(r'name="captcha-answer" content="([^"]+)"', page)
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    return hidden | {"captcha": answer} | fields


async def read_password(phone):
    return (await phone.receive(sender="3339", match=r"Пароль: (\S+)\.")).groups[0]


@pytest.mark.parametrize("way", ["ussd", "web"])
async def test_r120_a_lost_password_is_replaced_by_the_way_that_gave_the_first(gateway, way):
    anna = gateway.handset("70001000001")
    await anna.dial("*111*25#")
    lost = await read_password(anna)

    if way == "ussd":
        await anna.dial("*111*25#")
    else:
        async with aiohttp.ClientSession(gateway.http_url, cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
            form = await filled(browser, "/cabinet/password", number="8 000 100-00-01")
            async with browser.post("/cabinet/password", data=form) as response:
                assert response.status == 200

    assert await log_in(gateway, await read_password(anna)) == 303
    assert await log_in(gateway, lost) == 401


async def test_r124_when_no_sms_arrives_the_old_password_is_dead_and_another_can_be_asked_for_at_once(gateway):
    anna = gateway.handset("70001000001")
    await anna.dial("*111*25#")
    old = await read_password(anna)
    await anna.turn_off()
    await gateway.selfcare.issuing.issue_password("70001000001", "web", "while the phone is off")

    assert await log_in(gateway, old) == 401

    await anna.turn_on()
    late = await read_password(anna)
    await anna.dial("*111*25#")
    assert await log_in(gateway, await read_password(anna)) == 303
    assert await log_in(gateway, late) == 401


# The channel itself --------------------------------------------------------------------------------------------------


async def test_r170_the_longest_code_answers_and_an_unknown_one_is_refused_in_a_line(gateway):
    anna = gateway.handset("70001000001")
    assert (await anna.dial("*111*828*1#")).startswith("Услуга «Управление номерами» подключена")
    assert "отправлен Вам в SMS" in await anna.dial("*111*25#")
    refused = await anna.dial("*999*1#")
    assert (refused.awaiting, refused.outcome) == (False, "no_route")
    assert refused.count("\n") == 0
    assert (await anna.dial("*111#")).startswith("Портал")


async def test_r171_one_session_at_a_time_and_another_code_meanwhile_is_told_to_be_busy(gateway):
    anna = gateway.handset("70001000001")
    first = await anna.dial("*111#")
    busy = await anna.dial("*111*25#")

    assert (busy.outcome, busy.awaiting) == ("busy", False)
    await anna.receive_none(sender="3339")
    assert "Баланс" in first
    await anna.hang_up()
    await anna.dial("*111*25#")
    assert await read_password(anna)


CODES = ["*111#", "*111*25#", "*111*59#", "*111*828*1#", "*100#", "*111*123#", "*152*2#", "*111*217#", "*122#"]


@pytest.mark.parametrize("language", ["ru", "latin"])
@pytest.mark.parametrize("code", CODES)
async def test_r172_every_screen_fits_160_octets(gateway, code, language):
    gateway.selfcare.languages.set_language("70001000001", language)
    screen = await gateway.handset("70001000001").dial(code)

    is_cyrillic = any("а" <= sign.lower() <= "я" for sign in screen)
    assert 0 < len(screen) <= (80 if is_cyrillic else 182)
    assert is_cyrillic == (language == "ru")


LONG = """*111# Портал самообслуживания
*100# Баланс
*111*59# Тариф и услуги, подробности придут в SMS
*111*25# Новый пароль личного кабинета
*110*номер# «Перезвони мне»
*116*номер*сумма# «Пополни мой счёт»
*111*0887# Ваш номер
1 Спасибо"""


async def test_r173_a_longer_text_has_pages_and_is_cut_between_words(gateway):
    anna = gateway.handset("70001000001")
    pages = [await anna.dial("*122#")]
    while "9 Далее" in pages[-1].splitlines():
        pages.append(await anna.answer("9"))

    keys = ("9 Далее", "0 Назад")
    assert [line for page in pages for line in page.splitlines() if line not in keys] == LONG.splitlines()
    assert all(len(page) <= 80 for page in pages)
    for page in reversed(pages[:-1]):
        assert await anna.answer("0") == page
