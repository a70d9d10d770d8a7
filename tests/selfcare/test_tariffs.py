"""Tariffs and options: what changes, what it costs, and the months that are paid for, on a virtual clock."""

import pytest

from tests.selfcare.conftest import ANNA, BLOCKED, BORIS
from ussd_gateway.subscribers.tariffs import Package

DAY = 24 * 3600
MONTH = 30 * DAY  # from 27 April to 27 May

INTERNET, SMS, BONUS = ("internet_1", 12000), ("sms_100", 6000), ("bonus_30", 0)


@pytest.fixture
async def shop(desk):
    desk.start_money()
    return desk


def connect(desk, option, key="key", msisdn=ANNA):
    return desk.tariffs.connect_option(msisdn, *option, "web", key)


def owned(desk, msisdn=ANNA):
    return [(held.offer.code, held.runs) for held in (desk.tariffs.tariff(msisdn), *desk.tariffs.options(msisdn))]


async def test_r102_a_change_of_tariff_takes_effect_and_its_price_at_once(shop):
    shop.money.top_up(ANNA, 50000, "desk", "top up")

    assert shop.tariffs.change_tariff(ANNA, "smart_mini", 30000, "web", "key") == "changed"

    assert shop.service.tariff(ANNA) == "Смарт мини"
    assert shop.tariffs.package(ANNA) == Package(350, 350, 2048, 0)
    assert shop.entries() == [
        (50000, "top_up", ""),
        (-10000, "tariff_change", "smart_mini"),
        (-20000, "tariff_fee", "smart_mini"),
    ]
    assert shop.audit()[-1] == "tariff.changed"


async def test_r102_an_option_is_on_at_once_and_can_be_switched_off_free(shop):
    assert connect(shop, INTERNET) == "connected"
    assert connect(shop, BONUS, "another") == "connected"
    assert shop.tariffs.package(ANNA) == Package(550, 550, 5120 + 1024, 30)

    assert shop.tariffs.disconnect_option(ANNA, "internet_1", "web") == "disconnected"
    assert shop.tariffs.disconnect_option(ANNA, "internet_1", "web") == "not_connected"

    assert owned(shop) == [("smart", True), ("bonus_30", True)]
    assert shop.entries() == [(-12000, "option_fee", "internet_1")]


REFUSED = [
    (ANNA, "ultra", 190000, "poor"),
    (ANNA, "smart", 55000, "same"),
    (ANNA, "super", 4999, "price"),
    (ANNA, "nothing", 0, "unknown"),
    (BLOCKED, "super", 5000, "refused"),
    (BORIS, "smart", 55000, "poor"),
]


@pytest.mark.parametrize(("msisdn", "code", "price", "refusal"), REFUSED)
async def test_r102_what_is_refused_changes_nothing(shop, msisdn, code, price, refusal):
    before = shop.service.tariff(msisdn)

    assert shop.tariffs.change_tariff(msisdn, code, price, "web", "key") == refusal

    assert shop.service.tariff(msisdn) == before
    assert shop.entries(msisdn) == []


async def test_a_sum_that_is_just_enough_is_enough(shop):
    assert connect(shop, INTERNET) == "connected"  # 150.00
    shop.money.top_up(ANNA, 2999, "desk", "top up")
    assert connect(shop, SMS, "one kopeck short") == "poor"
    shop.money.top_up(ANNA, 1, "desk", "another")

    assert connect(shop, SMS, "again") == "connected"
    assert shop.service.balance(ANNA) == 0


async def test_an_option_is_on_once(shop):
    connect(shop, INTERNET)

    assert connect(shop, INTERNET, "another") == "same"
    assert connect(shop, ("nothing", 0), "third") == "unknown"
    assert connect(shop, INTERNET, msisdn=BLOCKED) == "refused"
    assert shop.tariffs.disconnect_option(BLOCKED, "internet_1", "web") == "refused"
    assert shop.tariffs.disconnect_option(ANNA, "", "web") == "not_connected"


async def test_invariant_14_a_repeat_has_the_same_answer_and_one_effect(shop):
    assert [connect(shop, INTERNET), connect(shop, INTERNET)] == ["connected", "connected"]
    assert len(shop.entries()) == 1

    assert shop.tariffs.change_tariff(ANNA, "ultra", 190000, "web", "poor") == "poor"
    shop.money.top_up(ANNA, 500000, "desk", "rich")
    assert shop.tariffs.change_tariff(ANNA, "ultra", 190000, "web", "poor") == "poor"
    assert shop.tariffs.change_tariff(ANNA, "ultra", 190000, "web", "new") == "changed"


async def test_a_month_is_paid_on_the_clock_when_it_begins(shop):
    shop.money.top_up(ANNA, 100000, "desk", "top up")

    await shop.gateway.wait(MONTH - 1)
    assert shop.entries() == [(100000, "top_up", "")]
    await shop.gateway.wait(1)
    assert shop.entries()[1:] == [(-45000, "tariff_fee", "smart")]
    await shop.gateway.wait(31 * DAY)
    assert shop.entries()[1:] == [(-45000, "tariff_fee", "smart")] * 2


async def test_a_month_without_money_is_not_paid_told_by_sms_and_begins_when_the_money_is_there(shop):
    await shop.gateway.wait(MONTH + DAY)
    assert shop.entries() == []
    assert owned(shop) == [("smart", False)]
    assert shop.tariffs.package(ANNA) == Package(0, 0, 0, 0)
    assert [sms for sms in shop.sent if sms[1] == ANNA] == [
        ("111", ANNA, "«Смарт», 450.00 р. в месяц: не хватает денег. Пополните счёт, и услуга продолжится.")
    ]

    shop.money.top_up(ANNA, 30000, "desk", "top up")

    assert shop.entries() == [(30000, "top_up", ""), (-45000, "tariff_fee", "smart")]
    assert shop.service.balance(ANNA) == 0
    assert owned(shop) == [("smart", True)]
    assert shop.tariffs.tariff(ANNA).due == shop.gateway.now() + 31 * DAY


async def test_an_option_waits_for_money_behind_the_tariff(shop):
    connect(shop, SMS)
    await shop.gateway.wait(MONTH)
    assert owned(shop) == [("smart", False), ("sms_100", True)]  # 90.00 were enough for the option
    shop.money.top_up(ANNA, 42000, "desk", "top up")

    assert owned(shop) == [("smart", True), ("sms_100", True)]
    assert shop.service.balance(ANNA) == 0
    await shop.gateway.wait(31 * DAY)
    assert owned(shop) == [("smart", False), ("sms_100", False)]


async def test_who_owes_money_pays_nothing_and_a_blocked_sim_neither(shop):
    await shop.gateway.wait(3 * MONTH)

    assert shop.entries(BORIS) == shop.entries(BLOCKED) == []
    shop.money.top_up(BLOCKED, 500000, "desk", "top up")
    assert shop.entries(BLOCKED) == [(500000, "top_up", "")]


async def test_what_became_due_while_the_gateway_was_stopped_is_booked_at_its_moment(shop):
    shop.money.top_up(ANNA, 100000, "desk", "top up")
    shop.tariffs.stop()
    await shop.gateway.wait(2 * MONTH + 10 * DAY)
    assert len(shop.entries()) == 1

    shop.tariffs.start()
    await shop.gateway.wait(0)

    moments = shop.store.own("SELECT at FROM ledger WHERE account = ? AND kind = 'tariff_fee' ORDER BY id", (ANNA,))
    start = shop.gateway.now() - 2 * MONTH - 10 * DAY
    assert [at - start for (at,) in moments] == [MONTH, MONTH + 31 * DAY]


async def test_a_free_tariff_costs_nothing_however_long(shop):
    shop.tariffs.change_tariff(ANNA, "super", 5000, "web", "key")

    await shop.gateway.wait(12 * MONTH)

    assert shop.entries() == [(-5000, "tariff_change", "super")]


async def test_what_is_paid_every_month(shop):
    connect(shop, SMS)
    connect(shop, BONUS, "free")

    assert [offer.code for offer in shop.tariffs.paid(ANNA)] == ["smart", "sms_100"]
    assert shop.tariffs.paid(BORIS) == ()


async def test_notices_of_traffic_are_free_and_written_down_once(shop):
    for _ in range(2):
        shop.tariffs.set_notices(ANNA, True, "ussd")

    assert shop.tariffs.wants_notices(ANNA)
    assert shop.audit().count("traffic.notices") == 1
    assert shop.entries() == []


async def test_invariant_1_a_failure_between_fee_and_effect_leaves_neither(shop):
    shop.store.commit()
    shop.store.own("CREATE TEMP TRIGGER full BEFORE INSERT ON subscriptions BEGIN SELECT RAISE(ABORT, 'full'); END")

    with pytest.raises(Exception, match="full"):
        connect(shop, INTERNET)

    assert shop.entries() == []
    shop.store.commit()
    shop.store.own("DROP TRIGGER full")
    assert connect(shop, INTERNET) == "connected"
