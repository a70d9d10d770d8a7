"""A second number: the subscriber asks, the desk decides, the cabinet shows it."""

import pytest

from tests.browser.person import ANNA, SECOND

pytestmark = pytest.mark.gateway(start="2018-04-27T17:50:00+03:00")


@pytest.mark.parametrize("way", [{"language": "ru"}, {"language": "en", "java_script_enabled": False}], ids=str)
async def test_r156_r158_r160_r162_the_desk_approves_and_the_cabinet_shows_it(meet, way):
    anna, oleg = await meet(ANNA, **way), await meet(ANNA, **way)
    await anna.ask_for_another(SECOND)
    await anna.sees(anna.t("services.state_pending"))
    await anna.sees("03.05.2018")
    assert await anna.button("services.show", number="+7 000 100-00-02").count() == 0

    await oleg.log_in_at_the_desk()
    await oleg.follow("desk.request", id=1)
    await oleg.press("desk.approve")

    await anna.phone.receive(sender="111", match="добавлен в ваш личный кабинет")
    await anna.open("/cabinet/services")
    await anna.press("services.show", number="+7 000 100-00-02")
    await anna.sees("20.00")


async def test_r162_the_desk_rejects_with_a_reason_and_not_without(meet):
    anna, oleg = await meet(), await meet()
    await anna.ask_for_another(SECOND)
    await oleg.log_in_at_the_desk()
    await oleg.follow("desk.request", id=1)
    await oleg.button("desk.reject").click()
    assert await oleg.page.get_by_label("Причина отказа").evaluate("field => field.validity.valueMissing")

    await oleg.fill("desk.reason", "Нет копии паспорта")
    await oleg.press("desk.reject")

    await anna.phone.receive(sender="111", match="Нет копии паспорта")
    await anna.open("/cabinet/services")
    await anna.sees("Нет копии паспорта")
