"""The window «Получить пароль»."""

import re

import pytest
from structlog.testing import capture_logs

from tests.selfcare.conftest import ANNA, BLOCKED, BORIS, password_in


async def ask(web, number=ANNA, **fields):
    await web.open("/cabinet/password")
    return await web.send("/cabinet/password", number=number, **fields)


async def test_r111_a_small_link_stands_by_the_password_field(web):
    page = await web.open("/cabinet")

    assert page.links["/cabinet/password"] == {"class": "small", "href": "/cabinet/password"}
    assert re.search(r'<label for="password">Пароль</label>\s*<a [^>]*>Получить пароль</a>', page.html)


async def test_r112_the_number_is_typed_again_and_the_sms_goes_to_it(web, pages):
    page = await web.log_in(BORIS)
    page = await web.open("/cabinet/password")
    assert page.forms["/cabinet/password"]["number"] == ""

    await web.send("/cabinet/password", number="8 (000) 100-00-01")
    await pages.gateway.settle()

    ((source, destination, _),) = pages.sent
    assert (source, destination) == ("3339", ANNA)
    assert (await web.log_in(password=password_in(pages.sent[0]))).status == 200


async def test_r113_the_answer_tells_to_wait_some_minutes_and_a_slow_sms_is_still_valid(sites):
    pages = await sites(sms_delay=300)
    web = await pages.browser()
    page = await ask(web)
    assert "несколько минут" in page.text
    await pages.gateway.advance(299)
    assert pages.sent == []
    await pages.gateway.advance(1)

    assert (await web.log_in(password=password_in(pages.sent[0]))).status == 200


async def test_r110_the_answer_is_the_same_whether_or_not_the_number_exists_and_comes_first(web, pages):
    answers = set()
    for number in (ANNA, BLOCKED, "70009999999"):
        page = await ask(web, number)
        answers.add((page.status, page.html))

    assert len(answers) == 1
    await pages.gateway.settle()
    assert [destination for _, destination, _ in pages.sent] == [ANNA]


async def test_an_unknown_number_becomes_no_subscriber_by_being_typed(web, pages):
    await ask(web, "70009999999")
    await pages.gateway.settle()

    assert pages.records.sims.sim("70009999999") is None


async def test_the_sms_bomber_gets_three_in_15_minutes_and_ten_a_day_with_the_same_answer(web, pages):
    answers, sent = set(), []
    for _ in range(6):
        for _ in range(5):
            answers.add((await ask(web, ANNA)).html)
            await pages.gateway.settle()
        sent.append(len(pages.sent))
        await pages.gateway.advance(900)

    assert sent == [3, 6, 9, 10, 10, 10]
    assert len(answers) == 1


async def test_one_address_asks_for_so_many_in_an_hour(sites):
    pages = await sites(password_requests_per_address=2)
    web = await pages.browser()
    for number in (ANNA, BORIS):
        await ask(web, number)

    assert (await ask(web, "70003000001")).status == 429
    await pages.gateway.advance(3600)
    assert (await ask(web, "70003000001")).status == 200


async def test_r107_r109_it_always_asks_for_a_check_code_and_a_wrong_one_sends_nothing(web, pages):
    await web.log_in(password=await pages.password())
    pages.sent.clear()
    page = await ask(web, captcha="1")
    await pages.gateway.settle()

    assert page.status == 400
    assert "Неверный проверочный код" in page.alert
    assert page.forms["/cabinet/password"]["number"] == ANNA
    assert pages.sent == []


async def test_r108_a_form_that_is_sent_again_sends_no_second_sms(web, pages):
    await web.open("/cabinet/password")
    form = web.page.forms["/cabinet/password"] | {"number": ANNA, "captcha": web.page.metas["captcha-answer"]}
    await web.post("/cabinet/password", form)
    await pages.gateway.settle()
    await web.post("/cabinet/password", form)
    await pages.gateway.settle()

    assert len(pages.sent) == 1


@pytest.mark.parametrize("number", ["", "12", "0001000001 0002000001"])
async def test_r106_what_is_no_number_is_refused(web, number):
    page = await ask(web, number)

    assert page.status == 400
    assert "Неверный формат номера" in page.alert


async def test_r178_what_fails_behind_the_answer_is_logged_by_its_kind_only(web, pages):
    await web.open("/cabinet/password")
    pages.store.write("DROP TABLE former_passwords")
    with capture_logs() as logs:
        page = await web.send("/cabinet/password", number=ANNA)
        await pages.gateway.settle()

    assert page.status == 200
    assert {"event": "selfcare.password_failed", "log_level": "error", "error": "OperationalError"} in logs
