"""The settings, in two browsers of one person."""

import pytest

from tests.browser.person import ANNA

OWN = "Sputnik1957"


@pytest.mark.parametrize("way", [{"language": "ru"}, {"language": "en", "java_script_enabled": False}], ids=str)
async def test_r125_r127_r128_r129_a_password_of_ones_own_after_the_old_one(meet, way):
    anna, elsewhere = await meet(ANNA, **way), await meet(ANNA, **way)
    password = await anna.new_password()
    for one in (anna, elsewhere):
        await one.log_in(password)
    await anna.follow("settings.title")

    await change(anna, "Ab3dE9xZ", OWN, OWN)
    assert anna.t("mistake.wrong_password") in await anna.alert()
    await change(anna, password, OWN, f"{OWN}x")
    assert anna.t("mistake.not_equal") in await anna.alert()
    await change(anna, password, "sputnik", "sputnik")
    assert anna.t("mistake.no_capital") in await anna.alert()
    assert await elsewhere.open("/cabinet/settings") == 200
    assert await elsewhere.heading() == anna.t("settings.title")
    await change(anna, password, OWN, OWN)

    assert await anna.page.get_by_role("status").inner_text() == anna.t("done.password")
    await elsewhere.open("/cabinet/settings")
    assert await elsewhere.heading() == anna.t("log_in.title")
    await elsewhere.log_in(password)
    assert await elsewhere.page.get_by_role("alert").count() == 1
    await elsewhere.log_in(OWN)
    assert await elsewhere.heading() == anna.t("overview.title")


async def change(person, old, new, again):
    await person.fill("settings.old", old)
    await person.fill("settings.new", new)
    await person.fill("settings.again", again)
    await person.press("settings.change")


async def test_r126_settings_are_at_the_top_right_beside_log_out(anna):
    await anna.log_in()
    settings = await anna.page.get_by_role("link", name="Настройки").bounding_box()
    log_out = await anna.page.get_by_role("button", name="Выйти").bounding_box()
    heading = await anna.page.locator("h1").bounding_box()

    assert settings["x"] + settings["width"] < log_out["x"] < settings["x"] + settings["width"] + 60
    assert abs(middle(settings) - middle(log_out)) < 10
    assert settings["x"] > 1280 / 2
    assert log_out["y"] + log_out["height"] < heading["y"]


def middle(box):
    return box["y"] + box["height"] / 2


async def test_the_language_that_was_chosen_is_that_of_the_next_log_in_too(meet):
    anna, elsewhere = await meet(), await meet()
    await anna.log_in()
    await anna.open("/cabinet/settings")
    await anna.page.get_by_label("English", exact=True).check()
    await anna.press("settings.save_language")
    assert await anna.heading() == "Settings"
    assert await anna.page.locator("html").get_attribute("lang") == "en"

    await elsewhere.log_in(await anna.new_password())

    assert await elsewhere.heading() == "Your account"


async def test_sms_at_log_in_until_they_are_not_wanted_any_more(anna):
    await anna.log_in()
    await anna.phone.receive(sender="111", match="Вход в личный кабинет")
    await anna.open("/cabinet/settings")
    await anna.page.get_by_label("Присылать SMS при каждом входе в кабинет").uncheck()
    await anna.press("settings.save")
    await anna.press("site.log_out")

    await anna.log_in()

    await anna.phone.receive_none(sender="111")
