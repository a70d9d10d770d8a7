"""The codes of 2.3 that are about money, dialled on phones; and that the free ones cost nothing."""

import re

import pytest

from tests.selfcare.conftest import ANNA, BLOCKED, BORIS
from ussd_gateway.applications.turn import Turn
from ussd_gateway.network.message import BEGIN, Ussd
from ussd_gateway.selfcare.money_handlers import money_handlers

DAY = 24 * 3600


async def dial(operator, code, *answers, msisdn=ANNA):
    """The last screen that the phone shows."""
    screen = await operator.phone(msisdn).dial(code)
    for answer in answers:
        screen = await operator.phone(msisdn).answer(answer)
    await operator.gateway.settle()
    return str(screen)


async def said(operator, msisdn=ANNA, count=1):
    """The last SMS of 111."""
    return (await operator.received(msisdn, sender="111", count=count))[-1]


def balance(operator, msisdn=ANNA):
    return operator.selfcare.service.balance(msisdn)


async def test_the_rest_of_the_package_and_of_bonus_minutes(operator):
    operator.selfcare.tariffs.connect_option(ANNA, "bonus_30", 0, "web", "key")

    assert await dial(operator, "*100*1#") == "Остаток: 550 мин, 550 SMS, 5120 МБ."
    assert await dial(operator, "*100*2#") == "Остаток: 30 бонусных минут."


async def test_a_promised_payment_and_its_state(operator):
    assert await dial(operator, "*111*1230#", msisdn=BORIS) == "Обещанного платежа нет. Подключить: *111*123#"
    assert "3 200.00 р." in await dial(operator, "*111*123#", msisdn=BORIS)
    assert balance(operator, BORIS) == -750

    screen = await dial(operator, "*111*123#", "3", "1", msisdn=BORIS)

    assert screen == "Обещанный платёж зачислен. Подробности в SMS."
    assert balance(operator, BORIS) == 20000 - 750
    assert await said(operator, BORIS) == (
        "Обещанный платёж 200.00 р. до 30.04.2018 17:50. Плата при погашении 25.00 р."
    )
    assert (await dial(operator, "*111*123#", msisdn=BORIS)).startswith("Обещанный платёж уже подключён.")
    assert await dial(operator, "*111*1230#", msisdn=BORIS) == "Состояние обещанного платежа отправлено в SMS."
    assert (await said(operator, BORIS, 2)).startswith("Обещанный платёж 200.00 р. до 30.04.2018 17:50.")

    await operator.gateway.wait(3 * DAY)
    assert balance(operator, BORIS) == -750 - 2500
    assert (await said(operator, BORIS, 3)).startswith("Обещанный платёж погашен")


async def test_r174_who_says_no_or_nothing_at_all_owes_nothing(operator):
    assert await dial(operator, "*111*123#", "3", "2") == "Отменено."
    await dial(operator, "*111*123#", "3")
    await operator.gateway.wait(200)

    assert balance(operator) == 15000


async def test_traffic_and_its_notices_by_sms(operator):
    await dial(operator, "*111*217#")
    assert await said(operator) == "Остаток: 5120 МБ. Уведомления: откл., вкл. *111*218#"
    await dial(operator, "*111*218#")
    assert (await said(operator, count=2)).startswith("Уведомления о трафике подключены.")
    await dial(operator, "*111*217#")
    assert "вкл., откл. *111*219#" in await said(operator, count=3)
    await dial(operator, "*111*219#")
    assert (await said(operator, count=4)).startswith("Уведомления о трафике отключены.")


async def test_a_transfer_by_number_and_sum_and_then_by_code(operator):
    screen = await dial(operator, f"*112*{BORIS}*100#")
    assert screen == "Код подтверждения отправлен в SMS. Деньги ещё не списаны."
    assert balance(operator) == 15000
    code = re.search(r"\*112\*(\d{5})#", await said(operator))[1]

    assert (await dial(operator, f"*112*{code}#")).startswith("Переведено 100.00 р. на +7 000 200-00-01")

    assert (balance(operator), balance(operator, BORIS)) == (4300, 9250)
    assert await said(operator, BORIS) == "Вам перевели 100.00 р. с номера +70001000001."
    assert (await dial(operator, f"*112*{code}#")).startswith("Код не действует.")


async def test_a_transfer_step_by_step_and_what_is_no_sum(operator):
    phone = operator.phone()
    await phone.dial("*112#")
    assert str(await phone.answer("8 000 200-00-01")).startswith("Сумма, от 1.00 р. до 300.00 р.:")
    assert str(await phone.answer("0,99")).startswith("Сумма перевода: от 1.00 р.")
    assert await dial(operator, "*112*12345678#") == "Это не номер и не код."


async def test_r178_the_code_of_a_transfer_is_in_no_record(operator):
    await dial(operator, f"*112*{BORIS}*100#")
    code = re.search(r"\*112\*(\d{5})#", await said(operator))[1]
    await dial(operator, f"*112*{code}#")
    operator.gateway.journal.commit()

    octets = [
        getattr(entry, "sms", entry).octets
        for _, entry in operator.gateway.journal.after(0)
        if entry.kind[:3] in {"sms", "uss"} and entry.kind != "sms.state"
    ]
    texts = b"".join(octets).decode("utf-16-be", "replace") + b"".join(octets).decode("latin-1")
    assert texts.count("*") > 8
    assert code not in texts
    assert code not in "\n".join(operator.store._writer.iterdump())


async def test_anothers_balance_with_consent_that_the_network_asks_for(operator):
    screen = await dial(operator, f"*140*{BORIS}#")
    assert screen == "Спрашиваем согласия. Если его дадут, придёт SMS."
    other = operator.phone(BORIS)
    assert str(other.look()) == "Показывать Ваш баланс абоненту +7 000 100-00-01?\n1 Да\n2 Нет"

    assert str(await other.answer("1")) == "Ваш баланс виден этому абоненту сутки."

    assert await said(operator) == f"Абонент +7 000 200-00-01 показывает Вам баланс: *140*{BORIS}#"
    assert await dial(operator, f"*140*{BORIS}#") == "Баланс +7 000 200-00-01: -7.50 р."
    assert (await dial(operator, f"*140*{ANNA}#", msisdn=BORIS)).startswith("Спрашиваем согласия.")


async def test_who_says_no_is_not_shown(operator):
    await dial(operator, f"*140*{BORIS}#")
    assert str(await operator.phone(BORIS).answer("2")) == "Баланс не показан."

    assert (await dial(operator, f"*140*{BORIS}#")).startswith("Согласия пока нет.")


async def test_paid_services_by_sms(operator):
    operator.selfcare.tariffs.connect_option(ANNA, "sms_100", 6000, "web", "key")

    assert await dial(operator, "*152*2#") == "Платных услуг: 2. Список в SMS."
    assert await said(operator) == "Платные услуги: Смарт, 450.00 р. в месяц; 100 SMS, 60.00 р. в месяц"
    assert await dial(operator, "*152*2#", msisdn=BORIS) == "Платных услуг нет."


FREE = [
    "*100#",
    "#100#",
    "*100*1#",
    "*100*2#",
    "*111#",
    "*111*1#",
    "*111*2#",
    "*111*3#",
    "*111*25#",
    "*111*59#",
    "*111*0887#",
    "*111*6*2#",
    "*111*6*1#",
    "*111*828*1#",
    "*111*828*1#",
    "*111*828*3#",
    "*111*828*2#",
    "*111*123#",
    "*111*1230#",
    "*111*217#",
    "*111*218#",
    "*111*219#",
    "*110*70001000001#",
    "*116*70001000001*100#",
    "*140*70001000001#",
    "*152*2#",
    "*112*70001000001*100#",  # asks for a transfer: no money moves before its code
]
FREE_SMS = [("3339", "ПАРОЛЬ"), ("111", "828"), ("111", "8280"), ("111", "25 Ab3dE9xZ"), ("111", "?")]


async def test_r118_r153_invariant_2_the_articles_numbers_are_free_to_the_kopeck(operator):
    """At any balance: Boris owes money."""
    before = operator.store.own("SELECT * FROM ledger ORDER BY id")
    assert balance(operator, BORIS) == -750

    for msisdn in (ANNA, BORIS, BLOCKED):
        for code in FREE:
            await dial(operator, code, msisdn=msisdn)
            operator.phone(msisdn).hang_up()
        for number, text in FREE_SMS:
            operator.phone(msisdn).send(number, text)
            await operator.gateway.settle()
    await operator.gateway.wait(DAY)

    assert operator.store.own("SELECT * FROM ledger ORDER BY id") == before
    assert [balance(operator, msisdn) for msisdn in (ANNA, BORIS, BLOCKED)] == [15000, -750, 100]


@pytest.fixture
def named(desk):
    return money_handlers(desk.service, desk.tariffs, desk.money)


async def test_r119_a_blocked_sim_is_refused_everything(named):
    for name, handler in named.items():
        turn = Turn(Ussd(BEGIN, "*112#", msisdn=BLOCKED, session="1"), {}, "ru")
        assert await handler(turn) == "refused", name


async def test_while_self_care_is_switched_off_everything_is_unavailable(desk):
    for handler in money_handlers(desk.service, desk.tariffs, desk.money, enabled=False).values():
        assert await handler(Ussd(BEGIN, "*112#", msisdn=ANNA)) == "unavailable"


async def test_invariant_14_a_dialogue_gets_one_promised_payment(desk, named):
    turn = Turn(Ussd(BEGIN, "*111*123#", msisdn=ANNA, session="1"), {"offer": {"sum": 5000}}, "ru")

    first, second = [await named["selfcare.promise"](turn) for _ in range(2)]

    assert first == second
    assert first["result"] == "done"
    assert desk.service.balance(ANNA) == 20000


async def test_an_offer_that_is_none_is_refused(named):
    turn = Turn(Ussd(BEGIN, "*111*123#", msisdn=ANNA, session="1"), {"offer": None}, "ru")

    assert await named["selfcare.promise"](turn) == "out_of_bounds"
