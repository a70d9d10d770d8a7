"""Expenses, tariff and options in a browser, as a person uses them."""

import pytest

from tests.selfcare.conftest import ANNA, BORIS

PLACES = ["/cabinet/expenses", "/cabinet/expenses.csv", "/cabinet/tariff", "/cabinet/options"]


@pytest.fixture
async def cabinet(web, pages):
    pages.start_money()
    await web.log_in(password=await pages.password())
    return web


@pytest.mark.parametrize("place", PLACES)
async def test_r003_a_stranger_is_sent_to_the_log_in(web, place):
    assert "/cabinet/password" in (await web.open(place)).links


async def test_r102_the_menu_leads_there(cabinet):
    page = await cabinet.open("/cabinet")

    assert {"/cabinet/expenses", "/cabinet/tariff", "/cabinet/options"} <= set(page.links)


async def test_r102_expenses_of_a_month_add_up_to_the_balance(cabinet, pages):
    pages.tariffs.connect_option(ANNA, "internet_1", 12000, "web", "key")

    page = await cabinet.open("/cabinet/expenses?month=2018-04")

    assert "Расходы: апрель 2018" in page.text
    assert "Поступило 150.00 р. Списано 120.00 р. Баланс на конец 30.00 р." in page.text
    assert "Плата за опцию 1 ГБ интернета -120.00 р. 30.00 р." in page.text
    assert pages.service.balance(ANNA) == 3000


async def test_r102_the_chart_is_told_in_words_and_its_sums_stand_in_a_table(cabinet, pages):
    pages.tariffs.connect_option(ANNA, "internet_1", 12000, "web", "key")

    page = await cabinet.open("/cabinet/expenses")

    chart = page.the("svg", role="img")
    assert chart["aria-labelledby"] == page.the("title", id="chart")["id"]
    assert len(page.all("rect")) == 1
    assert "Плата за опцию 120.00 р. Всего 120.00 р." in page.text
    assert not page.all("script")


async def test_a_month_in_which_nothing_happened_says_so(cabinet):
    page = await cabinet.open("/cabinet/expenses?month=2018-03")

    assert "расходов не было" in page.text
    assert "операций не было" in page.text
    assert "Баланс на начало 0.00 р." in page.text
    assert not page.all("svg")


@pytest.mark.parametrize("month", ["2018-13", "x", "0001-01"])
async def test_what_is_no_month_is_no_page(cabinet, month):
    assert (await cabinet.open(f"/cabinet/expenses?month={month}")).status == 404


async def test_r102_the_report_as_csv(cabinet, pages):
    pages.tariffs.connect_option(ANNA, "internet_1", 12000, "web", "key")

    async with cabinet.client.get("/cabinet/expenses.csv?month=2018-04") as response:
        assert response.content_type == "text/csv"
        assert response.headers["Content-Disposition"] == f'attachment; filename="expenses-{ANNA}-2018-04.csv"'
        text = (await response.read()).decode("utf-8-sig")

    assert text.splitlines() == [
        "Дата и время;Операция;Подробности;Поступило;Списано;Баланс",
        "2018-04-27 17:50;Начальный остаток;;150.00;0.00;150.00",
        "2018-04-27 17:50;Плата за опцию;1 ГБ интернета;0.00;120.00;30.00",
    ]


async def test_r102_another_numbers_expenses_are_nobodys_business(cabinet, pages):
    pages.tariffs.connect_option(BORIS, "bonus_30", 0, "web", "key")

    page = await cabinet.open(f"/cabinet/expenses?msisdn={BORIS}")

    assert "-7.50" not in page.text


async def test_r102_a_tariff_is_changed_after_the_question_that_tells_the_price(cabinet, pages):
    page = await cabinet.open("/cabinet/tariff")
    assert "Смарт Плата в месяц 450.00 р." in page.text
    assert "Выбрать «Супер»" in page.text

    page = await cabinet.open("/cabinet/tariff?to=super")
    assert "Сменить тариф на «Супер»?" in page.text
    assert "Спишется сейчас 50.00 р." in page.text
    assert pages.entries() == []

    page = await cabinet.send("/cabinet/tariff")
    assert "Тариф изменён." in page.text
    assert "Супер Плата в месяц бесплатно" in page.text
    assert pages.entries() == [(-5000, "tariff_change", "super")]
    assert pages.service.tariff(ANNA) == "Супер"


async def test_r102_too_little_money_is_told_and_nothing_changes(cabinet, pages):
    await cabinet.open("/cabinet/tariff?to=ultra")

    page = await cabinet.send("/cabinet/tariff")

    assert page.status == 402
    assert "Недостаточно средств" in page.alert
    assert pages.service.tariff(ANNA) == "Смарт"
    assert pages.entries() == []


async def test_r102_an_option_is_connected_after_a_question_and_disconnected_free(cabinet, pages):
    assert "Подключённых опций нет." in (await cabinet.open("/cabinet/options")).text
    page = await cabinet.open("/cabinet/options?on=sms_100")
    assert "Подключить опцию «100 SMS»?" in page.text
    page = await cabinet.send("/cabinet/options")
    assert "Опция подключена." in page.text
    assert "Оплачено до 27.05.2018 17:50" in page.text

    page = await cabinet.send("/cabinet/options")  # the only form: off

    assert "Опция отключена." in page.text
    assert pages.entries() == [(-6000, "option_fee", "sms_100")]


async def test_invariant_14_a_form_that_is_sent_twice_costs_once(cabinet, pages):
    page = await cabinet.open("/cabinet/options?on=sms_100")
    fields = dict(page.forms["/cabinet/options"])

    for _ in range(2):
        assert (await cabinet.post("/cabinet/options", fields)).status == 200

    assert len(pages.entries()) == 1


async def test_a_price_that_has_changed_is_asked_about_again(cabinet, pages):
    await cabinet.open("/cabinet/options?on=sms_100")

    page = await cabinet.send("/cabinet/options", price="5999")

    assert page.status == 409
    assert "Цена изменилась" in page.alert
    assert page.forms["/cabinet/options"]["price"] == "6000"
    assert pages.entries() == []


async def test_what_does_not_run_for_want_of_money_says_so(cabinet, pages):
    pages.money.top_up(ANNA, 100, "desk", "receipt")
    pages.tariffs.change_tariff(ANNA, "super", 5000, "web", "key")
    pages.tariffs.connect_option(ANNA, "sms_100", 6000, "web", "another")
    await pages.gateway.wait(31 * 24 * 3600)
    await cabinet.log_in(password=await pages.password())

    assert "Не оплачено: не хватает денег." in (await cabinet.open("/cabinet/options")).text


async def test_r151_a_blocked_number_changes_nothing(cabinet, pages):
    await cabinet.open("/cabinet/tariff?to=super")
    pages.store.write("UPDATE subscribers SET status = 'blocked' WHERE msisdn = ?", (ANNA,))

    assert (await cabinet.send("/cabinet/tariff")).status == 403
    filled = cabinet.page.forms["/cabinet/tariff"]
    assert (await cabinet.post("/cabinet/options", filled | {"off": "x"})).status == 403


@pytest.mark.parametrize("place", ["/cabinet/tariff?to=x", "/cabinet/options?on=x"])
async def test_what_is_not_sold_is_no_page(cabinet, place):
    assert (await cabinet.open(place)).status == 404


@pytest.mark.parametrize(
    "fields", [{}, {"tariff": "super", "price": "x", "key": "k"}, {"tariff": "super", "price": "1"}]
)
async def test_a_form_that_is_none_of_ours(cabinet, fields):
    filled = (await cabinet.open("/cabinet/tariff?to=super")).forms["/cabinet/tariff"]
    ours = {name: filled[name] for name in ("csrf", "number")}

    assert (await cabinet.post("/cabinet/tariff", ours | fields)).status == 400


async def test_without_the_csrf_token_nothing_is_done(cabinet, pages):
    page = await cabinet.post("/cabinet/tariff", {"tariff": "super", "price": "5000", "key": "k"})

    assert page.status == 403
    assert pages.entries() == []


@pytest.mark.parametrize(
    "place", ["/cabinet/expenses", "/cabinet/tariff", "/cabinet/tariff?to=ultra", "/cabinet/options"]
)
async def test_in_english(cabinet, pages, place):
    await cabinet.open("/cabinet?lang=en")

    page = await cabinet.open(place)

    assert page.the("html")["lang"] == "en"
    assert any(word in page.text for word in ("Balance at the end", "Monthly fee"))
    assert not {"Расходы", "Тариф", "Опции"} & set(page.text.split())


@pytest.mark.parametrize("place", ["/cabinet/tariff", "/cabinet/options"])
async def test_a_form_about_a_number_that_is_not_shown_any_more_charges_nobody(cabinet, pages, place):
    form = "to=super" if place.endswith("tariff") else "on=internet_1"
    filled = (await cabinet.open(f"{place}?{form}")).forms[place]
    assert filled["number"] == ANNA

    page = await cabinet.post(place, filled | {"number": BORIS})

    assert page.status == 409
    assert "Ничего не изменено" in page.text
    assert pages.service.balance(ANNA) == 15000
