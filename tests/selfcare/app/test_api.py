"""/app/v1, as applications on devices use it."""

import asyncio
import logging

import pytest
from structlog.testing import capture_logs

from tests.selfcare.conftest import ANNA, BLOCKED, BORIS, password_in

DAY = 24 * 3600.0


@pytest.mark.parametrize("number", [ANNA, "8 (000) 100-00-01", "+7 000 100.00.01", "0001000001"])
async def test_r141_log_in_is_by_number_in_any_format_and_password(phone, password, number):
    status, answer = await phone.log_in(number, password)

    assert status == 201
    assert answer["msisdn"] == ANNA
    assert len(answer["token"]) == 43
    assert (await phone.ask("GET", "account"))[1] == {
        "msisdn": ANNA,
        "owner": "anna",
        "balance_kopecks": 15000,
        "tariff": "Смарт",
        "services": [],
    }


async def test_r101_the_first_log_in_makes_the_cabinet_and_the_sim_is_told(care, phone, password):
    await phone.log_in(password=password)

    assert care.records.cabinets.cabinet(ANNA) is not None
    assert "Вход в личный кабинет 27.04.2018 17:50" in care.sent[-1][2]
    assert ("cabinet.logged_in", "app") in care.audit("what, channel")


@pytest.mark.parametrize(
    ("platform", "device"),
    [("google_play", "Nexus 5X"), ("windows_store", "ANNA-PC"), ("app_store", "iPhone Анны"), ("modem", "E3372")],
)
async def test_r140_there_are_three_stores_and_the_modem(care, password, platform, device):
    phone = care.device(platform, device)
    assert (await phone.log_in(password=password))[0] == 201

    (token,) = care.tokens.listed(ANNA)
    assert (token.platform, token.device) == (platform, device)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"platform": "symbian"}, "google_play, windows_store, app_store, modem"),
        ({"device": ""}, "device"),
        ({"device": "x" * 61}, "device"),
        ({"device": "Nexus\n5X"}, "device"),
        ({"platform": "windows_store", "device": "a computer of Anna"}, "windows_store"),
        ({"number": "123"}, "number"),
        ({"number": "00000000"}, "number"),
        ({"number": None}, "number"),
        ({"extra": 1}, "extra"),
    ],
    ids=str,
)
async def test_a_mistake_is_named_and_counts_as_no_failure(care, phone, password, given, said):
    status, answer = await phone.log_in(password=password, **given)

    assert (status, answer["status"]) == (400, 400)
    assert said in answer["title"]
    assert password not in str(answer)
    assert (await phone.log_in(password="Wrong1Wrong"))[1]["tries_left"] == 2


async def test_r141_three_failures_lock_here_as_on_the_page(care, phone, password):
    for left in (2, 1):
        status, answer = await phone.log_in(password="Wrong1Wrong")
        assert (status, answer["tries_left"]) == (401, left)
    assert (await phone.log_in(password="Wrong1Wrong"))[0] == 423

    status, answer = await phone.log_in(password=password)
    assert (status, answer["locked_until"]) == (423, "2018-04-27T18:20+03:00")
    page = await (await care.browser()).log_in(password=password)
    assert page.status == 423
    assert (await phone.log_in(password=await care.password()))[0] == 201, "a new password opens at once"


async def test_unknown_numbers_and_wrong_passwords_get_one_answer(phone, password):
    unknown = await phone.log_in("70005550055", "Wrong1Wrong")
    known = await phone.log_in(ANNA, "Wrong1Wrong")
    without = await phone.log_in(BORIS, "Wrong1Wrong")

    assert unknown == known == without


async def test_r143_a_device_stays_logged_in(care, phone, password):
    await phone.log_in(password=password)
    await care.gateway.advance(200 * DAY)

    assert await phone.status() == 200


async def test_r144_a_remembered_log_in_dies_when_the_password_is_issued_anew(care, phone, password):
    await phone.log_in(password=password)
    await care.issue(ANNA)

    assert await phone.ask("GET", "account") == (
        401,
        {
            "type": "about:blank",
            "status": 401,
            "title": "Log in: POST /app/v1/log-in gives the token for Authorization: Bearer",
        },
    )
    assert phone.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


async def test_r144_and_when_it_is_changed(care, phone, password):
    await phone.log_in(password=password)
    await care.issuing.change_password(ANNA, password, "Zebra2018", "web")

    assert await phone.status() == 401
    assert (await phone.log_in(password="Zebra2018"))[0] == 201


async def test_r129_unless_the_settings_keep_it(asked):
    care = await asked(password_ends_sessions=False)
    phone = care.device()
    await phone.log_in(password=await care.password())
    await care.issue(ANNA)

    assert await phone.status() == 200


async def test_r144_a_password_of_somebody_else_ends_nothing(care, phone, password):
    await phone.log_in(password=password)
    await care.issue(BORIS)

    assert await phone.status() == 200


async def test_r144_no_token_of_a_password_that_was_replaced_meanwhile(care, phone, password):
    (status, _), _ = await asyncio.gather(phone.log_in(password=password), care.issue(ANNA))

    assert status == 401 or await phone.status() == 401


async def test_who_logs_out_has_to_log_in_again(phone, password):
    await phone.log_in(password=password)

    assert await phone.ask("DELETE", "log-in") == (204, None)
    assert await phone.status() == 401
    assert (await phone.ask("DELETE", "log-in"))[0] == 401


async def test_a_closed_number_is_out(care, phone, password):
    await phone.log_in(password=password)
    care.store.write("UPDATE subscribers SET status = 'closed' WHERE msisdn = ?", (ANNA,))

    assert await phone.status() == 401


async def test_services_are_switched_as_from_the_sim(care, phone, password):
    await phone.log_in(password=password)
    row = {"service": "828", "name": "Управление номерами", "connected": False}
    assert await phone.ask("GET", "services") == (200, {"services": [row]})

    for _ in range(2):  # a repeat is harmless
        status, answer = await phone.ask("PUT", "services", {"service": "828", "connected": True})
        assert (status, answer["services"][0]["connected"]) == (200, True)
    assert care.service.services(ANNA) == ("828",)
    assert (await phone.ask("PUT", "services", {"service": "828", "connected": False}))[1] == {"services": [row]}
    assert (await phone.ask("PUT", "services", {"service": "829", "connected": True}))[0] == 404
    assert care.records.ledger.balance(ANNA) == 15000, "it is free"


async def test_a_blocked_number_switches_nothing(care, phone):
    password = await care.password()
    await phone.log_in(password=password)
    care.store.write("UPDATE subscribers SET status = 'blocked' WHERE msisdn = ?", (ANNA,))

    assert (await phone.ask("PUT", "services", {"service": "828", "connected": True}))[0] == 403
    assert await phone.status() == 200


async def test_r142_a_password_comes_by_sms_and_the_answer_is_the_same_for_every_number(care, phone):
    answers = [await phone.ask("POST", "password", {"number": number}) for number in (ANNA, "70005550055", BLOCKED)]
    await care.gateway.settle()

    assert answers == [(202, {"from": "3339"})] * 3
    assert [(source, to) for source, to, _ in care.sent] == [("3339", ANNA)]
    assert (await phone.log_in(password=password_in(care.sent[0])))[0] == 201


async def test_r123_the_limits_of_a_number_hold_for_the_application_too(care, phone):
    for _ in range(4):
        assert (await phone.ask("POST", "password", {"number": ANNA}))[0] == 202
        await care.gateway.settle()

    assert len(care.sent) == 3


async def test_an_address_may_not_ask_for_ever(asked):
    care = await asked(password_requests_per_address=2, log_in_failures_per_address=2)
    phone = care.device()
    for number in (ANNA, BORIS):
        await phone.ask("POST", "password", {"number": number})
        await phone.log_in(number, "Wrong1Wrong")

    assert (await phone.ask("POST", "password", {"number": BLOCKED}))[0] == 429
    assert phone.headers["Retry-After"] == "3600"
    assert (await phone.log_in(BLOCKED, "Wrong1Wrong"))[0] == 429
    care.api.clear()
    assert (await phone.log_in(BLOCKED, "Wrong1Wrong"))[0] == 401


async def test_what_is_no_json_is_refused(phone):
    json = {"Content-Type": "application/json"}
    assert (await phone.ask("POST", "log-in", headers=json, data=b"{"))[0] == 400


async def test_the_application_learns_whose_it_is(phone):
    status, answer = await phone.ask("GET", "operator")

    assert status == 200
    assert answer["application"] == {"ru": "Мой МТС", "en": "My MTS"}
    assert answer["modem_program"]["ru"] == "МТС Коннект"
    assert (answer["password_code"], answer["password_sms"]) == ("*111*25#", {"to": "3339", "text": "ПАРОЛЬ"})
    assert [row["store"] for row in answer["platforms"]] == ["Google Play", "Windows Store", "AppStore", ""]


async def test_without_passwords_by_word_none_is_named(asked):
    care = await asked(password_profile="asks")
    assert (await care.device().ask("GET", "operator"))[1]["password_sms"] is None


async def test_r178_no_log_journal_or_store_has_password_or_token(care, phone, password, caplog):
    caplog.set_level(logging.DEBUG)
    with capture_logs() as logs:
        await phone.log_in(password=password)
        await phone.status()
        await phone.log_in(password=password, device="x\n")
    care.gateway.journal.commit()
    written = str([entry for _, entry in care.gateway.journal.after(0)]) + str(care.audit("facts"))
    kept = str(care.store.own("SELECT * FROM app_tokens"))

    for secret in (phone.token, password):
        assert secret not in written + kept + caplog.text + str(logs)
