"""The application on the cabinet's pages."""

from tests.selfcare.conftest import ANNA, BORIS


async def test_r140_the_overview_offers_the_application_in_three_stores(care, password):
    web = await care.browser()
    page = await web.log_in(password=password)

    assert "Приложение «Мой МТС» Есть в магазинах: Google Play Windows Store AppStore" in page.text
    assert "The application My MTS" in (await web.open("/cabinet?lang=en")).text
    assert not [has for _, has in page.tags if "://" in str(has.get("href", ""))], "nobody is sent elsewhere"


async def test_r143_the_settings_list_every_device_and_log_one_out(care, password):
    first, second, web = care.device(), care.device("app_store", "iPhone Анны"), await care.browser()
    for device in (first, second):
        await device.log_in(password=password)
    await web.log_in(password=password)
    page = await web.open("/cabinet/settings")
    assert "Nexus 5X (Google Play) вход 27.04.2018 17:50" in page.text
    assert "iPhone Анны (AppStore)" in page.text

    (token,) = [token for token in care.tokens.listed(ANNA) if token.device == "Nexus 5X"]
    page = await web.send(f"/cabinet/settings/devices/{token.id}/end")
    assert "придётся войти снова" in page.text
    assert "Nexus 5X" not in page.text
    assert (await first.status(), await second.status()) == (401, 200)


async def test_nobody_logs_out_the_device_of_somebody_else(care, password):
    device, web = care.device(), await care.browser()
    await device.log_in(password=password)
    await web.log_in(BORIS, await care.password(BORIS))
    form = (await web.open("/cabinet/settings")).forms["/cabinet/settings/notice"]
    (token,) = care.tokens.listed(ANNA)

    assert (await web.post(f"/cabinet/settings/devices/{token.id}/end", form)).status == 404
    assert (await web.post("/cabinet/settings/devices/x/end", form)).status == 404
    assert await device.status() == 200


async def test_r003_a_stranger_ends_nothing(care, password):
    device, web = care.device(), await care.browser()
    await device.log_in(password=password)
    form = (await web.open("/cabinet")).forms["/cabinet"]

    assert (await web.post("/cabinet/settings/devices/1/end", form)).status == 401
    assert await device.status() == 200
