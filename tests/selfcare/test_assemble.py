"""Self-care as the program holds it."""

import asyncio

import pytest

from tests.selfcare.conftest import ANNA, SUBSCRIBERS, section, until
from ussd_gateway.config import Subscriber
from ussd_gateway.handsets.handset import Handset
from ussd_gateway.selfcare.assemble import SelfCare, masks
from ussd_gateway.selfcare.texts import answer_sms, password_sms
from ussd_gateway.store.journal import Journal
from ussd_gateway.store.store import Store
from ussd_gateway.subscribers.desk import Person

VERA = "70003000001"


@pytest.mark.parametrize("language", ["ru", "latin", "en"])
async def test_r178_the_journal_and_what_is_restored_from_it_never_hold_a_password(operators, language):
    operator = await operators()
    operator.gateway.detach(operator.phone().party)
    operator.selfcare.sender.send("3339", ANNA, password_sms("Ab3dE9xZ", language))
    operator.selfcare.sender.send("111", ANNA, answer_sms("connected", language))
    await operator.gateway.settle()
    operator.gateway.journal.commit()

    assert "Ab3dE9xZ".encode("utf-16-be").hex() not in "\n".join(operator.store._writer.iterdump()).lower()
    assert b"Ab3dE9xZ".hex() not in "\n".join(operator.store._writer.iterdump()).lower()
    waiting = Journal(operator.store, masks(section())).left_over().messages
    assert [sms.source for sms in waiting] == ["111"], "a secret that waited is lost, and said to be"


def test_the_masks_are_for_the_numbers_that_the_settings_name():
    assert set(masks(section(password_sender="5555", command_number="222"))) == {"5555", "222"}


async def test_the_subscribers_of_the_config_are_there_before_it_starts(plain_gateway):
    store = Store(":memory:")
    care = SelfCare(section(), SUBSCRIBERS, store, plain_gateway, smsc_address=lambda: ("127.0.0.1", 0))

    assert store.read("SELECT count(*) FROM subscribers") == [(len(SUBSCRIBERS),)]
    assert care.languages.language(ANNA) == "ru"
    await care.stop()
    store.close()


async def test_switched_off_it_has_no_esme_no_pages_and_is_unavailable(operators):
    operator = await operators(enabled=False)

    assert not operator.smsc.connections
    assert operator.selfcare.routes() == []
    assert await operator.phone().dial("*111*25#") == "Сервис временно недоступен. Попробуйте позже."
    operator.selfcare.languages.set_language(ANNA, "en")
    assert operator.selfcare.languages.language(ANNA) == "en"


async def test_it_has_a_page(operator):
    assert {("GET", "/cabinet"), ("POST", "/cabinet"), ("GET", "/home")} <= {
        (route.method, route.path) for route in operator.selfcare.routes()
    }


async def test_r113_an_sms_waits_for_its_delay_on_the_gateways_clock(operators):
    operator = await operators(sms_delay=240)
    await operator.phone().dial("*111*25#")
    await operator.gateway.advance(239)
    assert not operator.phone().inbox

    await operator.gateway.advance(1)

    assert len(operator.phone().inbox) == 1


async def test_a_reset_forgets_what_waits_for_the_smsc(operator):
    await operator.smsc.stop()
    await until(lambda: not operator.selfcare.sender.bound.is_set())
    await operator.phone().dial("*111*25#")
    await operator.gateway.settle()
    assert operator.selfcare.sender.waiting == 1

    operator.selfcare.reset()

    assert operator.selfcare.sender.waiting == 0


async def test_stopping_with_a_password_under_way_leaves_nothing(operators):
    operator = await operators(sms_delay=60)
    await operator.phone().dial("*111*25#")
    dialling = asyncio.ensure_future(operator.phone().dial("*111*25#"))
    await asyncio.sleep(0)

    await operator.selfcare.stop()
    await operator.selfcare.stop()

    assert operator.selfcare.sender.waiting == 0
    dialling.cancel()


@pytest.mark.parametrize("way", ["the code", "an SMS", "the portal"])
async def test_r165_whatever_the_channel_switching_off_ends_the_link(operator, way):
    """The observers are wired: menus, SMS commands and the desk switch off by the same use case."""
    care, phone = operator.selfcare, operator.phone()
    other = Handset(VERA, operator.gateway)
    operator.gateway.directory.attach_handset(VERA, other)
    await phone.dial("*111*828*1#")
    await other.dial("*111*828*1#")
    asked = care.numbers.request(ANNA, VERA)
    assert care.numbers.approve(asked.request, Person("oleg", "reviewer")) == "approved"

    if way == "an SMS":
        other.send("111", "8280")
        await operator.received(VERA, sender="111", count=2)
    else:
        await other.dial("*111*828*2#" if way == "the code" else "*111*5*2#")

    assert care.numbers.linked(ANNA) == []
    assert "больше не связан" in (await operator.received(sender="111", count=2))[-1]


async def test_r163_overdue_requests_are_watched_from_the_start(operator):
    care = operator.selfcare
    for msisdn in (ANNA, VERA):
        care.service.ensure(msisdn)
        care.service.connect(msisdn, "828", "ussd")
    care.numbers.request(ANNA, VERA)

    await operator.gateway.advance(7 * 86400)

    assert operator.noted("selfcare.link_overdue")


async def test_a_reset_forgets_requests(operator):
    care = operator.selfcare
    for msisdn in (ANNA, VERA):
        care.service.ensure(msisdn)
        care.service.connect(msisdn, "828", "ussd")
    care.numbers.request(ANNA, VERA)

    care.reset()
    await operator.gateway.advance(7 * 86400)

    assert care.numbers.requests(ANNA) == []
    assert not operator.noted("selfcare.link_overdue")


async def test_a_card_that_was_replaced_is_told_why_it_gets_no_password(operator):
    operator.selfcare.sims.replace(ANNA, "8970100000000000002", who="irina", channel="shop")
    text = "Карта недавно заменена: пароль будет доступен через сутки."

    assert await operator.phone().dial("*111*25#") == text
    operator.phone().send("3339", "ПАРОЛЬ")

    assert await operator.received(sender="3339") == [text]


DAY = 24 * 3600
WHO = {"who": "petrova", "channel": "shop"}


async def test_a_month_waits_for_a_blocked_sim_and_begins_when_it_is_active(operator):
    care = operator.selfcare
    care.money.top_up(ANNA, 100000, "shop", "receipt")
    care.sims.change(ANNA, "block", **WHO)
    await operator.gateway.wait(40 * DAY)
    assert care.service.balance(ANNA) == 115000

    care.sims.change(ANNA, "unblock", **WHO)

    assert care.service.balance(ANNA) == 70000
    assert care.tariffs.tariff(ANNA).runs


async def test_invariant_12_a_number_that_was_sold_owes_nothing_and_shows_nothing(operators):
    operator = await operators(number_quarantine=0)
    care = operator.selfcare
    care.money.promise(ANNA, 5000, "ussd", "key")
    care.tariffs.connect_option(ANNA, "sms_100", 6000, "web", "key 2")
    care.sims.change(ANNA, "close", **WHO)
    await operator.gateway.wait(1)

    assert (
        care.sims.resell(Subscriber(msisdn=ANNA, owner="vera", balance="1.00"), "8970100000000000002", **WHO) == "done"
    )
    await operator.gateway.wait(40 * DAY)

    assert care.service.balance(ANNA) == 100
    assert care.tariffs.options(ANNA) == ()
    booked = care.site.records.ledger.booked(ANNA, 0, operator.gateway.now() + 1)
    assert [(entry.kopecks, entry.kind) for entry in booked] == [(100, "opening")]


async def test_a_reset_brings_back_the_balances_of_the_config(operator):
    care = operator.selfcare
    care.money.promise(ANNA, 5000, "ussd", "key")
    care.tariffs.connect_option(ANNA, "sms_100", 6000, "web", "key 2")

    care.reset()
    await operator.gateway.wait(4 * DAY)

    assert care.service.balance(ANNA) == 15000
    assert care.tariffs.options(ANNA) == ()
