"""«Управление услугами» as a person uses it."""

import re

import pytest

from tests.selfcare.conftest import ANNA, BORIS, SECOND, STRANGER

ADD = "/cabinet/services/numbers"


@pytest.fixture
async def web(front):
    web = await front.cabinet_of(ANNA)
    await web.open("/cabinet/services")
    return web


async def test_r003_the_section_is_for_who_is_logged_in(front):
    stranger = await front.browser()

    assert "Вход в личный кабинет" in (await stranger.open("/cabinet/services")).text
    assert (await stranger.post(ADD, {"number": SECOND})).status == 401
    assert front.numbers.requests(ANNA) == []


async def test_r156_a_number_is_added_in_the_section_services(web):
    assert "/cabinet/services" in web.page.links
    assert "Управление номерами" in web.page.text

    page = await web.send(ADD, number="8 (000) 100-00-02")

    assert page.status == 200
    assert "Заявка отправлена" in page.text
    assert "Заявка 1: +7 000 100-00-02" in page.text
    assert "на проверке" in page.text
    assert "24:00 03.05.2018" in page.text


async def test_a_form_that_is_sent_twice_is_one_request(front, web):
    form = web.page.forms[ADD] | {"number": SECOND}

    for _ in range(2):
        assert "Заявка отправлена" in (await web.post(ADD, form)).text

    assert len(front.numbers.requests(ANNA)) == 1
    assert len(front.sms(SECOND)) == 1


@pytest.mark.parametrize(
    ("number", "status", "said"),
    [("12", 400, "Неверный формат"), (ANNA, 409, "номер самого кабинета"), (STRANGER, 409, "добавить нельзя")],
)
async def test_r166_what_is_refused_is_told_at_once_and_shown_again(web, number, status, said):
    page = await web.send(ADD, number=number)

    assert page.status == status
    assert said in page.alert
    assert "<title>Ошибка" in page.html
    assert page.forms[ADD]["number"] == number


async def test_the_page_does_not_tell_who_is_a_subscriber(front, web):
    """3.4, enumeration: but for the number that was typed and one-time tokens the pages are the same."""

    def same(page, number):
        return re.sub(r'value="[^"]*"', "", page.html).replace(number, "")

    pages = {same(await web.send(ADD, number=number), number) for number in (STRANGER, BORIS, "70003000001")}

    assert len(pages) == 1


async def test_r152_without_the_service_the_page_says_what_to_dial(front):
    front.service.disconnect(ANNA, "828", "ussd")
    web = await front.cabinet_of(ANNA)
    await web.open("/cabinet/services")
    assert "услуга ещё не подключена" in web.page.text

    page = await web.send(ADD, number=SECOND)

    assert page.status == 409
    assert "*111*828*1#" in page.alert


async def test_r160_before_approval_nothing_of_the_number_is_shown(front, web):
    page = await web.send(ADD, number=SECOND)
    assert "/cabinet/switch" not in page.forms

    page = await web.post("/cabinet/switch", {"number": SECOND, "csrf": page.forms[ADD]["csrf"]})

    assert page.status == 403
    assert "20.00 р." not in (await web.open("/cabinet")).text


async def test_r150_after_approval_the_cabinet_shows_the_other_numbers_data(front, web):
    await web.send(ADD, number=SECOND)
    front.numbers.approve(1, front.person("oleg"))

    page = await web.open("/cabinet")
    assert "150.00 р." in page.text
    page = await web.send("/cabinet/switch")

    assert "20.00 р." in page.text
    assert "150.00 р." not in page.text
    assert "Услуги номера +7 000 100-00-02" in (await web.open("/cabinet/services")).text
    await web.open("/cabinet")
    assert "150.00 р." in (await web.send("/cabinet/switch")).text, "and back"


@pytest.mark.parametrize("ends", ["the service", "the hold of a new card"])
async def test_r165_a_number_that_is_not_linked_any_more_is_not_shown_either(front, ends):
    front.link()
    web = await front.cabinet_of(ANNA)
    await web.open("/cabinet")
    assert "20.00 р." in (await web.send("/cabinet/switch")).text

    if ends == "the service":
        front.service.disconnect(SECOND, "828", "sms")
    else:
        front.sims.replace(SECOND, "8970100000000000002", who="irina", channel="shop")

    page = await web.open("/cabinet")
    assert "150.00 р." in page.text
    assert "20.00 р." not in page.text
    assert "/cabinet/switch" not in page.forms


async def test_r162_a_request_is_cancelled_and_a_link_is_ended(front, web):
    await web.send(ADD, number=SECOND)
    assert "Заявка отменена" in (await web.send("/cabinet/services/requests/1/cancel")).text
    await web.send(ADD, number=SECOND)
    front.numbers.approve(2, front.person("oleg"))

    page = await web.open("/cabinet/services")
    assert "одобрена" in page.text
    page = await web.send("/cabinet/services/requests/2/cancel")

    assert "Номер отвязан" in page.text
    assert "связь окончена" in page.text
    assert front.numbers.linked(ANNA) == []


@pytest.mark.parametrize("id", ["1", "99", "x", "٣", "9" * 20])
async def test_anothers_request_cannot_be_cancelled(front, id):
    front.ask()
    boris = await front.cabinet_of(BORIS)
    await boris.open("/cabinet/services")

    page = await boris.post(f"/cabinet/services/requests/{id}/cancel", {"csrf": boris.page.forms[ADD]["csrf"]})

    assert page.status == 404
    assert front.state(1) == "pending"


@pytest.mark.parametrize("number", ["", "x", STRANGER, BORIS])
async def test_only_linked_numbers_can_be_shown(front, web, number):
    page = await web.post("/cabinet/switch", {"number": number, "csrf": web.page.forms[ADD]["csrf"]})

    assert page.status in (403, 404)
    assert "150.00 р." in (await web.open("/cabinet")).text


async def test_a_rejected_request_shows_its_reason_without_markup(front, web):
    await web.send(ADD, number=SECOND)
    front.numbers.reject(1, front.person("oleg"), "<b>Нет</b> договора")

    page = await web.open("/cabinet/services")

    assert "&lt;b&gt;Нет&lt;/b&gt; договора" in page.html


async def test_in_english(front, web):
    page = await web.open("/cabinet/services?lang=en")

    assert page.the("html")["lang"] == "en"
    assert "Add a number" in page.text


async def test_invariant_12_the_sessions_of_a_former_owner_end_with_the_sale(sites):
    from ussd_gateway.config import Subscriber

    front = await sites("office", number_quarantine=0, password_ends_sessions=False)
    web = await front.cabinet_of(SECOND)
    front.sims.change(SECOND, "close", who="irina", channel="shop")
    front.sims.resell(Subscriber(msisdn=SECOND, owner="vera"), "8970100000000000002", who="irina", channel="shop")

    assert "Вход в личный кабинет" in (await web.open("/cabinet")).text


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize(
    "result",
    [
        "wrong_number",
        "own",
        "already_linked",
        "already_requested",
        "here_not_active",
        "here_no_service",
        "here_held",
        "too_often",
        "refused",
        "no_calendar",
    ],
)
async def test_every_refusal_has_words(front, result, language):
    assert front.site.texts.text(f"services.error_{result}", language)
