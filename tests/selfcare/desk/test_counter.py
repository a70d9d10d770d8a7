"""Calls to 0890 and 8-800-250-0890, visits to a shop, as the person at the desk sees them."""

import pytest

from tests.selfcare.conftest import ANNA, SECOND

PASSPORT = {"series": "45 09", "passport": "123456"}
CARD = "8970100000000000002"


@pytest.fixture
async def irina(front):
    return await front.at_the_desk("irina")


async def call(irina, number=ANNA, **given):
    await irina.open("/desk/calls")
    return await irina.send("/desk/calls", number=number, **PASSPORT | given)


async def visit(irina, number=ANNA, **given):
    await irina.open("/desk/visits")
    return await irina.send("/desk/visits", number=number, **PASSPORT | given)


async def test_r033_the_form_names_both_lines(irina):
    page = await irina.open("/desk/calls")

    assert "0890" in page.text
    assert "8-800-250-0890" in page.text
    assert page.forms["/desk/calls"]["line"] == "call_0890"


@pytest.mark.parametrize("line", ["call_0890", "call_8800"])
async def test_r035_who_is_identified_is_served(irina, line):
    page = await call(irina, line=line)

    assert "Личность подтверждена" in page.text
    assert "+7 000 100-00-01" in page.text


@pytest.mark.parametrize(
    ("given", "status", "said"),
    [
        ({"passport": "123457"}, 403, "не подтверждена"),
        ({"series": ""}, 403, "не подтверждена"),
        ({"number": "70009999999"}, 403, "не подтверждена"),
        ({"number": "x"}, 400, "Неверный формат"),
        ({"line": "shop"}, 403, "не разрешено"),
    ],
)
async def test_r035_who_is_not_learns_nothing(irina, given, status, said):
    page = await call(irina, **{"number": ANNA} | given)

    assert page.status == status
    assert said in page.alert
    assert "anna" not in page.html
    assert "12345" not in page.html, "a passport is never shown again"


async def test_after_three_failures_only_a_shop(irina):
    for _ in range(3):
        await call(irina, passport="123457")

    page = await call(irina)
    assert page.status == 403
    assert "только в салоне" in page.alert
    assert "Личность подтверждена" in (await visit(irina)).text


async def test_the_desk_sends_a_new_password_which_opens_the_cabinet_that_was_locked(front, irina):
    web = await front.browser()
    for _ in range(3):
        page = await web.log_in(ANNA, "Wrong1Wrong")
    assert page.status == 423

    page = await call(irina)
    (action,) = [action for action in page.forms if action.endswith("/password")]
    page = await irina.send(action)

    assert "Новый пароль отправлен" in page.text
    password = front.sms(ANNA)[0].split()[1].rstrip(".")
    assert password not in page.html
    assert (await web.log_in(ANNA, password)).status == 200


async def test_a_card_is_replaced_in_a_shop_and_held_back(front, irina):
    page = await call(irina)
    assert not [action for action in page.forms if action.endswith("/replace")]

    page = await visit(irina)
    (action,) = [action for action in page.forms if action.endswith("/replace")]
    assert (await irina.send(action, iccid="12")).status == 400
    page = await irina.send(action, iccid="8970 1000 0000 0000 002")

    assert "Сим-карта заменена" in page.text
    assert front.sims.is_held(ANNA)
    assert (await front.issuing.issue_password(ANNA, "ussd", "x")).result == "held"


async def test_a_number_is_blocked_and_unblocked(front, irina):
    page = await call(irina)
    ticket = next(action for action in page.forms if action.endswith("/block")).rpartition("/")[0]

    assert "заблокирован по желанию" in (await irina.send(f"{ticket}/block")).text
    assert "действует" in (await irina.send(f"{ticket}/unblock")).text
    page = await irina.post(f"{ticket}/unblock", irina.page.forms[f"{ticket}/block"])
    assert page.status == 409
    assert (await irina.post(f"{ticket}/block_for_debt", page.forms[f"{ticket}/block"])).status == 403


async def test_a_ticket_that_is_finished_does_nothing_more(irina):
    page = await call(irina)
    action = next(action for action in page.forms if action.endswith("/block"))
    form = page.forms[action]
    assert "Обращение завершено" in (await irina.send(action.replace("/block", "/finish"))).text

    assert (await irina.post(action, form)).status == 404


async def test_a_ticket_is_nobody_elses(front, irina):
    page = await call(irina)
    action = next(action for action in page.forms if action.endswith("/block"))
    nina = await front.at_the_desk("nina")

    assert (await nina.open(action.rpartition("/")[0])).status == 404
    assert (await nina.open("/desk/tickets/x")).status == 404


async def test_a_reviewer_has_no_forms_for_callers(front):
    oleg = await front.at_the_desk("oleg")

    assert (await oleg.open("/desk/calls")).status == 403
    assert (await oleg.open("/desk/visits")).status == 403


async def test_a_closed_number_is_sold(sites):
    front = await sites("office", number_quarantine=0)
    irina = await front.at_the_desk("irina")
    page = await visit(irina, SECOND)
    await irina.send(next(action for action in page.forms if action.endswith("/close")))
    new = {"number": SECOND, "owner": "Вера", "series": "4712", "passport": "000000", "iccid": CARD}

    await irina.open("/desk/visits")
    page = await irina.send("/desk/sales", **new | {"passport": "1"})
    assert page.status == 400
    assert page.forms["/desk/sales"]["owner"] == "Вера"
    page = await irina.send("/desk/sales", **new)

    assert "Номер продан" in page.text
    assert front.records.sims.sim(SECOND).owner == "Вера"


async def test_r034_a_call_is_free(front, irina):
    await call(irina)

    assert front.kopecks() == 0
    assert front.service.balance(ANNA) == 15000
