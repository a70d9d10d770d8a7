"""The desk's log-in, queue and decisions, as its people use them."""

import pytest

from tests.selfcare.conftest import ANNA, BORIS, SECOND
from ussd_gateway.config import DeskAccount
from ussd_gateway.subscribers.desk import ACTIONS, CHANNELS, ROLES
from ussd_gateway.subscribers.links import STATES as LINK_STATES
from ussd_gateway.subscribers.sims import STATES as SIM_STATES


@pytest.fixture
async def oleg(front):
    front.ask()
    front.sent.clear()
    return await front.at_the_desk("oleg")


# The log-in -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/desk/requests/1", "/desk/calls", "/desk/visits", "/desk/tickets/1", "/desk/audit"])
async def test_r003_who_is_not_logged_in_is_sent_to_the_log_in_page(front, path):
    assert "Вход для сотрудников" in (await (await front.browser()).open(path)).text


@pytest.mark.parametrize(
    "path",
    ["/desk/requests/1/approve", "/desk/requests/1/reject", "/desk/calls", "/desk/sales", "/desk/tickets/1/block"],
)
async def test_r003_nothing_is_done_for_who_is_not_logged_in(front, path):
    front.ask()

    assert (await (await front.browser()).post(path, {"reason": "x"})).status == 401
    assert front.state(1) == "pending"


async def test_a_cabinets_log_in_opens_no_desk_and_a_desks_no_cabinet(front, oleg):
    anna = await front.cabinet_of(ANNA)

    assert "Вход для сотрудников" in (await anna.open("/desk")).text
    assert "Вход в личный кабинет" in (await oleg.open("/cabinet")).text


async def test_a_wrong_password_says_how_many_tries_are_left_and_then_until_when_it_is_closed(front):
    browser = await front.browser()
    await browser.open("/desk")
    pages = [await browser.send("/desk", name="oleg", password="x") for _ in range(3)]

    assert [page.status for page in pages] == [401, 401, 423]
    assert "осталось попыток: 2" in pages[0].alert
    assert "27.04.2018 18:20 по московскому времени" in pages[2].alert
    assert (await browser.send("/desk", name="oleg", password="oleg-desk")).status == 423


async def test_one_address_fails_so_often_and_no_more(sites):
    front = await sites("office", log_in_failures_per_address=2)
    browser = await front.browser()
    await browser.open("/desk")
    for name in ("a", "b"):
        await browser.send("/desk", name=name, password="x")

    assert (await browser.send("/desk", name="oleg", password="oleg-desk")).status == 429


async def test_the_log_in_is_left(oleg):
    await oleg.send("/desk/log-out")

    assert "Вход для сотрудников" in (await oleg.open("/desk/requests/1")).text


async def test_the_cookie_is_the_desks_own(oleg):
    cookie = oleg.cookies()["desk"]

    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/desk", True, "Lax")


# The queue --------------------------------------------------------------------------------------------------------------


async def test_r159_the_queue_has_both_owners_and_the_due_date(oleg):
    page = await oleg.open("/desk")

    assert "Вы вошли как oleg, проверяющий" in page.text
    assert "+7 000 100-00-01 (anna)" in page.text
    assert "+7 000 100-00-02 (anna)" in page.text
    assert "24:00 03.05.2018" in page.text
    assert "просрочена" not in page.text


async def test_r163_what_is_overdue_is_marked_and_escalated(front, oleg):
    await front.gateway.advance(7 * 86400)
    nina = await front.at_the_desk("nina")

    page = await nina.open("/desk")
    assert "просрочена" in page.text
    assert "передана старшему" in page.text
    assert "просрочена" in (await nina.open("/desk/requests/1")).text
    assert front.state(1) == "pending"


async def test_a_consultant_has_no_queue(front):
    front.ask()
    irina = await front.at_the_desk("irina")

    assert "Консультанты заявок не проверяют" in irina.page.text
    assert "/desk/requests/1" not in irina.page.links
    assert (await irina.open("/desk/requests/1")).status == 403


@pytest.mark.parametrize("id", ["2", "x", "9" * 20])
async def test_there_is_no_such_request(oleg, id):
    assert (await oleg.open(f"/desk/requests/{id}")).status == 404


# Decisions --------------------------------------------------------------------------------------------------------------


async def test_the_page_of_a_request_compares_the_numbers_and_counts_the_days(front, oleg):
    page = await oleg.open("/desk/requests/1")

    assert "28.04 сб: рабочий" in page.text
    assert "30.04 пн: выходной" in page.text
    assert "03.05 чт: рабочий" in page.text
    assert "Владелец anna anna" in page.text
    assert "45 09" not in page.html
    assert "123456" not in page.html


async def test_r158_r162_approving_is_one_button(front, oleg):
    await oleg.open("/desk/requests/1")
    page = await oleg.send("/desk/requests/1/approve")

    assert "Одобрено" in page.text
    assert "Решение принял: oleg" in page.text
    assert front.numbers.linked(ANNA) == [SECOND]
    assert "добавлен" in front.sms(ANNA)[0]


async def test_r162_rejecting_needs_a_reason(front, oleg):
    await oleg.open("/desk/requests/1")
    page = await oleg.send("/desk/requests/1/reject", reason=" ")
    assert page.status == 400
    assert "Укажите причину" in page.alert

    page = await oleg.send("/desk/requests/1/reject", reason="Нет договора")

    assert "Отклонено" in page.text
    assert "Причина: Нет договора" in page.text
    assert "отклонена" in front.sms(ANNA)[0]


async def test_what_is_decided_is_decided_once(front, oleg):
    await oleg.open("/desk/requests/1")
    form = oleg.page.forms["/desk/requests/1/approve"]
    await oleg.send("/desk/requests/1/approve")

    page = await oleg.post("/desk/requests/1/approve", form)

    assert page.status == 409
    assert "уже не ждёт" in page.alert


async def test_r157_two_owners_cannot_be_approved(front, oleg):
    front.dial_828(BORIS)
    front.ask(BORIS)
    page = await oleg.open("/desk/requests/2")

    assert "Владельцы номеров разные" in page.text
    assert "/desk/requests/2/approve" not in page.forms
    page = await oleg.post("/desk/requests/2/approve", page.forms["/desk/requests/2/reject"])
    assert page.status == 409
    assert front.state(2) == "pending"


async def test_without_the_forms_token_nothing_is_decided(front, oleg):
    assert (await oleg.post("/desk/requests/1/approve", {"csrf": "x"})).status == 403
    assert front.state(1) == "pending"


async def test_under_four_eyes_the_second_person_decides(sites):
    front = await sites("office", desk_four_eyes=True)
    front.dial_828()
    front.ask()
    oleg, nina = await front.at_the_desk("oleg"), await front.at_the_desk("nina")

    await oleg.open("/desk/requests/1")
    assert "Нужен второй сотрудник" in (await oleg.send("/desk/requests/1/approve")).text
    assert (await oleg.send("/desk/requests/1/approve")).status == 409
    await nina.open("/desk/requests/1")
    assert "Первым одобрил: oleg" in nina.page.text
    assert "Одобрено" in (await nina.send("/desk/requests/1/approve")).text


async def test_nobody_decides_about_himself(sites):
    front = await sites(
        "office", accounts=[DeskAccount(name="anna", password="anna-desk", role="reviewer", msisdn=ANNA)]
    )
    front.dial_828()
    front.ask()
    anna = await front.at_the_desk("anna")

    page = await anna.open("/desk/requests/1")

    assert "решает другой сотрудник" in page.text
    assert page.forms.keys() == {"/desk/log-out"}
    assert (await anna.post("/desk/requests/1/approve", page.forms["/desk/log-out"])).status == 403


async def test_r002_outside_its_hours_the_desk_only_looks(sites):
    front = await sites("office", desk_hours="09:00-17:00")
    front.dial_828()
    front.ask()
    oleg = await front.at_the_desk("oleg")
    assert "Служба сейчас не работает" in oleg.page.text

    await oleg.open("/desk/requests/1")
    page = await oleg.send("/desk/requests/1/approve")

    assert page.status == 409
    assert front.state(1) == "pending"


async def test_in_english(oleg):
    page = await oleg.open("/desk/requests/1?lang=en")

    assert page.the("html")["lang"] == "en"
    assert "The numbers compared" in page.text


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_everything_that_the_desk_says_by_a_word_has_words(front, language):
    refusals = "not_allowed closed_now own not_pending no_reason same_person other_owner wrong_number not_identified only_shop "
    refusals += (
        "wrong_passport wrong_iccid no_owner impossible in_quarantine refused held too_often unavailable not_connected"
    )
    sides = [f"{side}_{what}" for side in ("here", "there") for what in ("not_active", "no_service", "held")]
    keys = [
        *(f"desk.error_{word}" for word in (*refusals.split(), *sides)),
        *(f"desk.role_{role}" for role in ROLES),
        *(f"desk.channel_{channel}" for channel in CHANNELS),
        *(f"desk.status_{status}" for status in (*SIM_STATES, "none")),
        *(f"desk.action_{action}" for action in ACTIONS),
        *(f"done.desk_{action}" for action in ACTIONS),
        *(f"services.state_{state}" for state in LINK_STATES if state != "draft"),
    ]

    for key in keys:
        assert front.site.texts.text(key, language)
