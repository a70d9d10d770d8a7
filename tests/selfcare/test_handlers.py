"""What menus may call: the words they route, and what their texts show; and the menus that come along, dialled."""

import re

import pytest
from structlog.testing import capture_logs

from tests.selfcare.conftest import ANNA, BLOCKED, BORIS
from ussd_gateway.applications.turn import Turn
from ussd_gateway.config import data_directory
from ussd_gateway.menu.load import parse
from ussd_gateway.network.message import BEGIN, Ussd
from ussd_gateway.selfcare.handlers import handlers
from ussd_gateway.selfcare.log_in import Admitted
from ussd_gateway.selfcare.money_handlers import money_handlers

STRANGER = "70005000001"


@pytest.fixture
def ask(desk):
    named = handlers(desk.service, desk.issuing)
    sessions = iter(range(1, 1000))

    async def ask(name, msisdn=ANNA, **variables):
        dialled = Ussd(BEGIN, "*111#", msisdn=msisdn, session=str(next(sessions)))
        return await named[f"selfcare.{name}"](Turn(dialled, variables, "ru"))

    return ask


def test_every_handler_that_a_menu_names_is_there_and_every_one_is_used(desk):
    menus = [parse(path.read_text("utf-8"), path.name) for path in (data_directory() / "menus").glob("*.toml")]

    named = set(handlers(desk.service, desk.issuing)) | set(money_handlers(desk.service, desk.tariffs, desk.money))
    assert {name for menu in menus for name in menu.handlers()} == named


async def test_balance_and_tariff_fill_the_texts(ask):
    assert await ask("balance") == {"balance": 15000}
    assert await ask("balance", BORIS) == {"balance": -750}
    assert await ask("tariff", BORIS) == {"tariff": "Супер", "services": []}


async def test_services_are_named_in_the_language_of_the_sim(ask):
    assert await ask("services") == {"services": []}
    await ask("numbers_connect")
    assert await ask("services") == {"services": ["Управление номерами"]}
    await ask("language_latin")
    assert await ask("services") == {"services": ["Upravlenie nomerami"]}


@pytest.mark.parametrize("request_", ["call_me_back", "top_up_request"])
async def test_five_requests_of_a_kind_reach_others_in_a_day(ask, desk, request_):
    assert [await ask(request_, number=BORIS) for _ in range(6)] == ["sent"] * 5 + ["too_often"]

    await desk.gateway.wait(24 * 3600)

    assert await ask(request_, number=BORIS) == "sent"


async def test_requests_of_one_kind_leave_those_of_the_other_alone(ask):
    for _ in range(5):
        await ask("call_me_back", number=BORIS)

    assert await ask("top_up_request", number=BORIS) == "sent"


async def test_nobody_asks_himself_and_a_blocked_number_asks_nobody(ask):
    assert await ask("call_me_back", number=ANNA) == "own"
    assert await ask("call_me_back", BLOCKED, number=ANNA) == "refused"


async def test_a_request_is_in_the_audit_with_both_numbers(ask, desk):
    await ask("call_me_back", number=BORIS)

    assert desk.store.own("SELECT who, channel, facts FROM audit WHERE what = 'call_me_back'") == [
        (ANNA, "ussd", f'{{"other": "{BORIS}"}}')
    ]


async def test_r114_a_password_is_sent(ask, desk):
    assert await ask("cabinet_password") == "sent"
    assert desk.sent[0][:2] == ("3339", ANNA)


async def test_r115_or_shown(desks):
    desk = desks(password_reply="ussd")
    handler = handlers(desk.service, desk.issuing)["selfcare.cabinet_password"]
    ussd = Ussd(BEGIN, "*111*25#", msisdn=ANNA, session="1")

    answer = await handler(ussd)

    assert answer["result"] == "shown"
    assert await desk.log_in(ANNA, answer["password"])
    assert await handler(ussd) == "unavailable", "what was shown is kept nowhere"


async def test_r123_too_often(ask):
    for _ in range(3):
        await ask("cabinet_password")

    assert await ask("cabinet_password") == "too_often"


async def test_r176_a_session_gets_one_password(desk):
    handler = handlers(desk.service, desk.issuing)["selfcare.cabinet_password"]
    ussd = Ussd(BEGIN, "*111*25#", msisdn=ANNA, session="1")

    assert [await handler(ussd), await handler(ussd)] == ["sent", "sent"]
    assert len(desk.sent) == 1


async def test_r155_connecting_twice_is_harmless(ask):
    assert await ask("numbers_state") == "off"
    assert await ask("numbers_connect") == "connected"
    assert await ask("numbers_connect") == "already_connected"
    assert await ask("numbers_state") == "on"
    assert await ask("numbers_disconnect") == "disconnected"
    assert await ask("numbers_disconnect") == "not_connected"


async def test_the_language_is_chosen(ask, desk):
    assert await ask("language_latin") == "done"
    assert desk.service.language(ANNA) == "latin"
    assert await ask("language_russian") == "done"
    assert desk.service.language(ANNA) == "ru"


async def test_r119_a_blocked_sim_is_refused_everything(desk, ask):
    for name in handlers(desk.service, desk.issuing):
        assert await ask(name.removeprefix("selfcare."), BLOCKED) == "refused"


async def test_r100_who_dials_is_a_subscriber(ask, desk):
    assert await ask("balance", STRANGER) == {"balance": 0}
    assert desk.records.sims.sim(STRANGER).tariff == "Смарт"


async def test_while_self_care_is_switched_off_everything_is_unavailable(desk):
    for handler in handlers(desk.service, desk.issuing, enabled=False).values():
        assert await handler(Ussd(BEGIN, "*111#", msisdn=ANNA)) == "unavailable"


async def test_r117_the_password_dialled_for_reaches_the_dialling_phone_only(operator):
    screen = await operator.phone().dial("*111*25#")
    assert screen == "Пароль от личного кабинета отправлен Вам в SMS."
    await operator.gateway.settle()

    (text,) = await operator.received(sender="3339")
    password = re.search(r"Пароль: (\S+)\.", text)[1]
    assert isinstance(await operator.selfcare.log_in.log_in(ANNA, password, channel="web"), Admitted)
    assert not operator.phone(BORIS).inbox


async def test_r154_dialled_from_each_sim_and_r155_repeated(operator):
    assert await operator.phone().dial("*111*828*1#") == "Услуга «Управление номерами» подключена."
    assert await operator.phone().dial("*111*828*1#") == "Услуга «Управление номерами» уже подключена."
    assert await operator.phone().dial("*111*828*2#") == "Услуга «Управление номерами» отключена."


async def test_r178_a_password_shown_on_the_screen_is_masked_in_the_journal_and_the_logs(operators):
    operator = await operators(password_reply="both")
    with capture_logs() as logs:
        screen = await operator.phone().dial("*111*25#")
        await operator.gateway.settle()
        await operator.received()

    password = re.fullmatch(r"Пароль от личного кабинета: (\S+)", screen)[1]
    operator.gateway.journal.commit()
    octets = [
        getattr(entry, "sms", entry).octets
        for _, entry in operator.gateway.journal.after(0)
        if entry.kind[:3] in {"sms", "uss"} and entry.kind != "sms.state"
    ]
    texts = b"".join(octets).decode("utf-16-be", "replace") + b"".join(octets).decode("latin-1")
    assert texts.count("********") == 2
    assert password not in texts
    assert password not in "\n".join(operator.store._writer.iterdump())
    assert password not in repr(logs)


# Older years ------------------------------------------------------------------------------------------------------------


async def test_where_the_profile_asks_the_dialled_code_asks_for_a_password(operators):
    operator = await operators(password_profile="asks")
    phone = operator.phone()

    screen = await phone.dial("*111*25#")
    assert (screen.awaiting, str(screen)) == (True, "Придумайте пароль личного кабинета: 4-7 цифр.")
    assert str(await phone.answer("47")).startswith("Нужны 4-7 цифр.")
    assert str(await phone.answer("4711")) == "Пароль личного кабинета изменён."

    assert isinstance(await operator.selfcare.log_in.log_in(ANNA, "4711", channel="web"), Admitted)


async def test_r178_a_password_that_is_dialled_or_typed_is_in_no_journal(operators):
    operator = await operators(password_profile="asks")
    phone = operator.phone()

    await phone.dial("*111*25*471147#")
    await phone.dial("*111*4#")
    await phone.answer("815081")
    await operator.gateway.settle()

    dump = repr([entry for _, entry in operator.gateway.journal.after(0)])
    assert "********" in dump
    assert "471147" not in dump
    assert "815081" not in dump


async def test_where_it_is_set_by_sms_the_dialled_code_tells_how(operators):
    operator = await operators(password_profile="by_sms")

    assert str(await operator.phone().dial("*111*25#")) == "Отправьте на 111: 25, пробел, Ваш пароль."
