"""The command `connect`, as somebody types it."""

import re

import pytest
from click.testing import CliRunner

from ussd_gateway.alone import in_a_thread, own_gateway
from ussd_gateway.connect.command import connect_command

VERA = "70003000001"
CHEAP = {"selfcare.argon2_time_cost": 1, "selfcare.argon2_memory_kib": 8}


@pytest.fixture(scope="module")
def url():
    with in_a_thread(lambda: own_gateway(flags=CHEAP)) as (gateway, _):
        yield gateway.http_url


def run(*arguments):
    return CliRunner().invoke(connect_command, arguments)


def test_r145_r147_the_program_shows_number_sms_and_balance(url):
    done = run("--msisdn", f"+{VERA}", "--gateway", url)

    assert done.exit_code == 0
    assert re.fullmatch(
        r"МТС Коннект\n"
        r"Номер SIM-карты: \+70003000001\n"
        r"Запрошен пароль: SMS «ПАРОЛЬ» на 3339\.\n"
        r"SMS от 3339: Пароль: \w{8}\. Вход в личный кабинет по номеру\.\n"
        r"Тариф: Смарт\nБаланс: 300\.00 р\.\n",
        done.stdout,
    )


def test_a_password_that_came_before_is_used_and_a_wrong_one_refused(url):
    password = re.search(r"Пароль: (\w+)\.", run("--msisdn", VERA, "--gateway", url).stdout)[1]
    done = run("--msisdn", VERA, "--gateway", url, "--password", password, "--language", "en")
    assert (done.exit_code, done.stdout.splitlines()[0]) == (0, "MTS Connect")
    assert "SMS" not in done.stdout

    done = run("--msisdn", VERA, "--gateway", url, "--password", "Wrong1Wrong")
    assert (done.exit_code, done.stderr) == (1, "Wrong number or password; 2 tries left\n")


def test_mistakes_are_told():
    assert run("--msisdn", "vera").exit_code == 2
    done = run("--msisdn", VERA, "--gateway", "http://127.0.0.1:1")
    assert done.exit_code == 3
    assert "no gateway answers" in done.stderr
