"""SMS commands, sent from a phone over the SMSC."""

import re

import pytest
from structlog.testing import capture_logs

from tests.selfcare.conftest import ANNA, BLOCKED, BORIS
from ussd_gateway.selfcare.commands import Commands
from ussd_gateway.selfcare.incoming import Incoming
from ussd_gateway.selfcare.log_in import Admitted

STRANGER = "70005000001"


@pytest.fixture
def commands(desk):
    def send(source, destination, text):
        desk.sent.append((source, destination, text))

    return Commands(desk.settings, desk.service, desk.issuing, desk.gateway, send)


@pytest.fixture
def told(desk, commands):
    keys = iter(range(1, 1000))

    async def told(text, destination="111", msisdn=ANNA, key=None):
        """What is answered to an SMS."""
        desk.sent.clear()
        commands.receive(Incoming(msisdn, destination, text, key or f"key {next(keys)}"))
        await desk.gateway.settle()
        return [text for _, _, text in desk.sent]

    return told


@pytest.mark.parametrize("word", ["ПАРОЛЬ", "пароль", " Пароль\n", "parol", "PAROL", "Password"])
async def test_r110_the_word_to_3339_issues_a_password(desk, told, word):
    (text,) = await told(word, "3339")

    assert desk.sent[0][:2] == ("3339", ANNA)
    assert await desk.log_in(ANNA, re.search(r"Пароль: (\S+)\.", text)[1])


async def test_r123_too_many_are_answered_with_a_reason_from_the_same_number(desk, told):
    for _ in range(3):
        await told("ПАРОЛЬ", "3339")

    assert await told("ПАРОЛЬ", "3339") == ["Слишком много запросов пароля. Попробуйте позже."]
    assert desk.sent[0][0] == "3339"


async def test_r119_a_blocked_sim_is_told_so(told):
    blocked = ["Услуга недоступна: номер заблокирован."]

    assert await told("ПАРОЛЬ", "3339", BLOCKED) == blocked
    assert await told("828", "111", BLOCKED) == blocked


async def test_r176_the_same_message_has_one_effect(desk, told):
    assert len(await told("ПАРОЛЬ", "3339", key="7")) == 1
    assert await told("ПАРОЛЬ", "3339", key="7") == []
    assert desk.store.own("SELECT issue FROM passwords") == [(1,)]


async def test_828_connects_and_8280_disconnects(desk, told):
    assert await told("828") == ["Услуга «Управление номерами» подключена."]
    assert desk.sent[0][0] == "111"
    assert await told("828") == ["Услуга «Управление номерами» уже подключена."]
    assert await told(" 8280 ") == ["Услуга «Управление номерами» отключена."]
    assert await told("8280") == ["Услуга «Управление номерами» не подключена."]


async def test_answers_are_in_the_language_of_the_sim(desk, told):
    desk.service.set_language(ANNA, "latin")
    assert await told("828") == ['Usluga "Upravlenie nomerami" podklyuchena.']
    desk.service.set_language(ANNA, "en")
    assert await told("8280") == ["The service Number management is now disconnected."]


@pytest.mark.parametrize("text", ["", "829", "ПАРОЛЬ", "828 0", "*111*25#", "*111*828*1#"])
async def test_anything_else_to_111_gets_help_and_ussd_codes_are_no_commands(desk, told, text):
    (answer,) = await told(text)

    assert answer.startswith("Неверная команда.")
    assert desk.audit() == []


@pytest.mark.parametrize("text", ["828", "привет", "пароль пароль"])
async def test_anything_else_to_3339_gets_help(told, text):
    (answer,) = await told(text, "3339")

    assert "отправьте слово ПАРОЛЬ" in answer


async def test_r100_who_sends_is_a_subscriber(desk, told):
    assert await told("828", "111", STRANGER) == ["Услуга «Управление номерами» подключена."]
    assert desk.records.sims.sim(STRANGER)


async def test_one_number_can_take_both(desks):
    desk = desks(password_sender="111")

    def send(source, destination, text):
        desk.sent.append(text)

    commands = Commands(desk.settings, desk.service, desk.issuing, desk.gateway, send)
    for number, text in enumerate(("828", "ПАРОЛЬ")):
        commands.receive(Incoming(ANNA, "111", text, str(number)))
    await desk.gateway.settle()

    assert desk.sent[0] == "Услуга «Управление номерами» подключена."
    assert desk.audit() == ["service.connected", "password.issued"]


async def test_what_fails_is_logged_by_its_kind_only(desk, told):
    desk.store.write("DROP TABLE services")
    with capture_logs() as logs:
        assert await told("828") == []

    assert logs == [
        {"event": "selfcare.command_failed", "log_level": "error", "source": ANNA, "error": "OperationalError"}
    ]


async def test_commands_from_a_phone_are_answered_to_that_phone(operator):
    operator.phone().send("111", "828")
    assert await operator.received(sender="111") == ["Услуга «Управление номерами» подключена."]

    operator.phone().send("3339", "ПАРОЛЬ")
    (text,) = await operator.received(sender="3339")
    password = re.search(r"Пароль: (\S+)\.", text)[1]
    assert isinstance(await operator.selfcare.log_in.log_in(ANNA, password, channel="web"), Admitted)
    assert not operator.phone(BORIS).inbox
    assert operator.selfcare.service.balance(ANNA) == 15000


# Older years ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("25 Sms2011", "Пароль личного кабинета изменён."),
        (" 25  Sms2011 ", "Пароль личного кабинета изменён."),
        ("25 sms2011", "Не принят"),
        ("25", "Неверная команда"),
        ("25Sms2011", "Неверная команда"),
    ],
)
async def test_a_password_of_ones_own_by_sms_where_the_profile_has_it_so(operators, text, answer):
    operator = await operators(password_profile="by_sms")

    operator.phone().send("111", text)
    (said,) = await operator.received(sender="111")

    assert said.startswith(answer)
    admitted = await operator.selfcare.log_in.log_in(ANNA, "Sms2011", channel="web")
    assert isinstance(admitted, Admitted) is (answer == "Пароль личного кабинета изменён.")


async def test_r178_a_password_sent_by_sms_is_in_no_journal(operators):
    operator = await operators(password_profile="by_sms")

    operator.phone().send("111", "25 Sms2011")
    await operator.received(sender="111")

    texts = [entry.sms.text for _, entry in operator.gateway.journal.after(0) if entry.kind == "sms"]
    assert texts[0] == "25 ********"
    assert "Sms2011" not in "".join(texts)
