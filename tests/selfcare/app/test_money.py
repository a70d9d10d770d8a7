"""Expenses, tariff and options over /app/v1: the same data and the same effects as the cabinet's pages."""

import pytest

from tests.selfcare.conftest import ANNA, BORIS


@pytest.fixture
async def logged_in(phone, password):
    await phone.log_in(password=password)
    return phone


async def offer(phone, place, code):
    (found,) = [one for one in (await phone.ask("GET", place))[1]["others"] if one["code"] == code]
    return found


async def test_r102_the_tariff_is_shown_and_changed_for_the_price_that_was_agreed_to(care, logged_in):
    status, answer = await logged_in.ask("GET", "tariff")
    assert (status, answer["tariff"]["code"], answer["tariff"]["name"]) == (200, "smart", "Смарт")

    wanted = await offer(logged_in, "tariff", "super")
    change = {"tariff": "super", "price_kopecks": wanted["price_kopecks"], "key": "1"}
    for _ in range(2):  # a repeat has the same answer and no other effect
        status, answer = await logged_in.ask("PUT", "tariff", change)
        assert (status, answer["tariff"]["code"]) == (200, "super")
    assert care.service.tariff(ANNA) == "Супер"
    assert care.audit().count("tariff.changed") == 1
    assert care.service.balance(ANNA) == 15000 - wanted["price_kopecks"]


@pytest.mark.parametrize(
    ("code", "price", "status"),
    [("smart", 0, 409), ("none", 0, 404), ("super", 1, 409), ("ultra", None, 402)],
    ids=["the same", "unknown", "another price", "too little money"],
)
async def test_a_change_that_is_refused_takes_nothing(care, logged_in, code, price, status):
    if price is None:
        price = (await offer(logged_in, "tariff", code))["price_kopecks"]
    refused, answer = await logged_in.ask("PUT", "tariff", {"tariff": code, "price_kopecks": price, "key": "1"})

    assert (refused, answer["status"]) == (status, status)
    assert (care.service.tariff(ANNA), care.service.balance(ANNA)) == ("Смарт", 15000)


async def test_r102_an_option_is_connected_for_its_price_and_disconnected_free(care, logged_in):
    wanted = await offer(logged_in, "options", "sms_100")
    body = {"option": "sms_100", "connected": True, "price_kopecks": wanted["price_kopecks"], "key": "1"}
    status, answer = await logged_in.ask("PUT", "options", body)

    assert (status, [one["code"] for one in answer["options"]]) == (200, ["sms_100"])
    assert answer["options"][0]["paid_until"].startswith("2018-05-27")
    assert care.service.balance(ANNA) == 15000 - wanted["price_kopecks"]
    for _ in range(2):
        status, answer = await logged_in.ask("PUT", "options", {"option": "sms_100", "connected": False})
        assert (status, answer["options"]) == (200, [])
    assert care.service.balance(ANNA) == 15000 - wanted["price_kopecks"]


@pytest.mark.parametrize(
    "body",
    [
        {"option": "sms_100", "connected": True},
        {"option": "sms_100", "connected": True, "price_kopecks": 5000},
        {"option": "sms_100", "connected": True, "price_kopecks": 5000, "key": ""},
        {"option": "sms_100", "connected": True, "price_kopecks": -1, "key": "1"},
    ],
    ids=str,
)
async def test_nothing_is_bought_without_price_and_key(care, logged_in, body):
    assert (await logged_in.ask("PUT", "options", body))[0] == 400
    assert care.service.balance(ANNA) == 15000


async def test_r102_the_report_of_a_month_adds_up_to_the_balance(care, logged_in):
    wanted = await offer(logged_in, "options", "sms_100")
    body = {"option": "sms_100", "connected": True, "price_kopecks": wanted["price_kopecks"], "key": "1"}
    await logged_in.ask("PUT", "options", body)
    status, report = await logged_in.ask("GET", "expenses")

    assert (status, report["month"]) == (200, "2018-04")
    assert report["closing_kopecks"] == care.service.balance(ANNA)
    assert sum(entry["kopecks"] for entry in report["entries"]) + report["opening_kopecks"] == report["closing_kopecks"]
    assert report["entries"][-1] == {
        "at": "2018-04-27T14:50:00.000Z",
        "kopecks": -wanted["price_kopecks"],
        "kind": "option_fee",
        "about": "sms_100",
    }
    assert (await logged_in.ask("GET", "expenses?month=2018-03"))[1]["entries"] == []


@pytest.mark.parametrize("month", ["2018-13", "april", "2018-04-27", "20180-4"])
async def test_what_is_no_month_is_refused(logged_in, month):
    assert (await logged_in.ask("GET", f"expenses?month={month}"))[0] == 400


async def test_a_blocked_number_buys_nothing(care):
    password = await care.password(BORIS)
    phone = care.device()
    await phone.log_in(BORIS, password)
    care.store.write("UPDATE subscribers SET status = 'blocked' WHERE msisdn = ?", (BORIS,))

    status, _ = await phone.ask("PUT", "tariff", {"tariff": "smart", "price_kopecks": 0, "key": "1"})
    assert status == 403
    assert (await phone.ask("PUT", "options", {"option": "sms_100", "connected": False}))[0] == 403
