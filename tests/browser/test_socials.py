"""Social networks: bound in the settings, they open the cabinet; each journey leads through the network's own pages."""

import pytest

from tests.browser.person import BORIS

WAYS = [{"language": "ru"}, {"language": "en", "java_script_enabled": False, "viewport": {"width": 375, "height": 700}}]


@pytest.mark.parametrize("way", WAYS, ids=str)
async def test_r130_r132_r134_several_are_bound_each_opens_the_cabinet_and_is_unbound_again(meet, way):
    anna, elsewhere = await meet(**way), await meet(**way)
    await anna.log_in()
    await anna.bind("vmeste", "101")
    assert await anna.page.get_by_role("status").inner_text() == anna.t("done.social_bound")
    await anna.bind("krug", "501")

    for network, account in (("vmeste", "101"), ("krug", "501")):
        await elsewhere.open("/cabinet")
        await elsewhere.click(f"a[href='/cabinet/social/{network}']")
        await elsewhere.allow(account)
        assert await elsewhere.heading() == anna.t("overview.title")
        await elsewhere.sees("+7 000 100-00-01")
        await elsewhere.press("site.log_out")

    await anna.click("form[action='/cabinet/social/vmeste/unbind'] button")
    await elsewhere.open("/cabinet")
    await elsewhere.click("a[href='/cabinet/social/vmeste']")
    await elsewhere.click("button[value=allow]")
    assert await elsewhere.heading() == anna.t("error.social_unknown_title")


async def test_r131_they_are_at_the_very_bottom_of_the_settings_as_logos(anna):
    await anna.log_in()
    await anna.open("/cabinet/settings")

    headings = await anna.page.locator("main h2").all_inner_texts()
    assert headings[-1] == "Социальные сети"
    logos = await anna.page.locator("main svg.social-logo").all()
    assert len(logos) == 2
    for logo in logos:
        box = await logo.bounding_box()
        assert min(box["width"], box["height"]) >= 24


async def test_r133_an_account_opens_one_cabinet(meet):
    anna, boris = await meet(), await meet(BORIS)
    for one in (anna, boris):
        await one.log_in()
        await one.bind("vmeste", "101")

    assert await boris.heading() == "Учётная запись занята"


async def test_who_says_no_at_the_network_is_not_logged_in(anna):
    await anna.open("/cabinet")
    await anna.click("a[href='/cabinet/social/krug']")
    await anna.click("button[value='501']")
    await anna.click("button[value=deny]")

    assert await anna.heading() == "Вы отказались"
