"""The modem's program, over a whole operator."""

import pytest

from ussd_gateway.connect.program import Connect, ConnectError, password_in
from ussd_gateway.scenario.remote import Api, RefusedError

VERA = "70003000001"


@pytest.fixture
async def modem(operator_on_sockets):
    async with Api(operator_on_sockets.http_url) as api:
        yield Connect(api, VERA, "E3372")


async def log_in(modem):
    password = password_in(await modem.ask_password(await modem.operator()))
    await modem.log_in(password)
    return password


async def test_r145_the_program_has_the_operators_name(modem):
    assert (await modem.operator()).program == {"ru": "МТС Коннект", "en": "MTS Connect"}


async def test_r146_r147_the_sim_is_the_log_in_and_the_password_comes_by_sms(modem, operator_on_sockets):
    operator = await modem.operator()
    sms = await modem.ask_password(operator)
    await modem.log_in(password_in(sms))

    assert operator.password_sms == ("3339", "ПАРОЛЬ")
    assert sms.startswith("Пароль: ")
    account = await modem.account()
    assert (account["msisdn"], account["balance_kopecks"]) == (VERA, 30000)
    (token,) = operator_on_sockets.selfcare.tokens.listed(VERA)
    assert (token.platform, token.device) == ("modem", "E3372")


async def test_r148_the_modem_is_a_subscriber_like_any_other(modem, operator_on_sockets):
    phone = operator_on_sockets.handset(VERA)
    await log_in(modem)
    await phone.dial("*111*25#")  # the same SIM has USSD too

    with pytest.raises(RefusedError) as refused:
        await modem.account()
    assert refused.value.status == 401
    await log_in(modem)
    assert (await modem.account())["msisdn"] == VERA


async def test_r147_an_sms_that_was_there_before_is_not_taken_for_the_new_one(modem):
    first, second = await log_in(modem), await log_in(modem)

    assert first != second


async def test_r123_after_too_many_requests_the_sms_says_so(modem):
    for _ in range(3):
        await log_in(modem)

    with pytest.raises(ConnectError, match="Слишком много запросов"):
        await log_in(modem)


@pytest.mark.parametrize(
    "sms",
    [
        "Пароль: Ab3dE9xZ. Вход в личный кабинет по номеру.",
        "Parol: Ab3dE9xZ. Vkhod v lichnyy kabinet po nomeru.",
        "Password: Ab3dE9xZ. Log in to your account with your number.",
    ],
)
def test_the_password_is_found_in_every_language(sms):
    assert password_in(sms) == "Ab3dE9xZ"


def test_r178_the_program_shows_no_token():
    assert "t0ken" not in repr(Connect(None, VERA, token="t0ken"))
