"""Into the cabinet and out again, as people do it: with a mouse, with the keyboard only, with and without JavaScript."""

import re

import pytest

from tests.browser.person import BORIS

WAYS = [
    {"language": "ru"},
    {"language": "en"},
    {"language": "ru", "java_script_enabled": False, "viewport": {"width": 375, "height": 700}},
    {"language": "en", "java_script_enabled": False, "color_scheme": "dark"},
]
ways = pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(map(str, way.values())))


@ways
async def test_r103_r104_r107_the_first_log_in_with_a_password_by_ussd_and_a_check_code(meet, way):
    anna = await meet(**way)
    await anna.open("/cabinet")
    assert await anna.page.get_by_alt_text(anna.t("captcha.picture")).is_visible()

    await anna.log_in(number="8 (000) 100-00-01")

    assert await anna.heading() == anna.t("overview.title")
    await anna.sees("+7 000 100-00-01")
    await anna.sees("150.00")
    await anna.press("site.log_out")
    await anna.page.get_by_label(anna.t("log_in.password"), exact=True).wait_for()
    assert await anna.page.get_by_text("150.00").count() == 0


async def test_r107_the_picture_and_its_sound_are_there(anna):
    await anna.open("/cabinet")
    width = await anna.page.locator(".captcha img").evaluate("img => img.complete && img.naturalWidth")
    assert width > 100
    length = await anna.page.locator(".captcha audio").evaluate(
        "audio => new Promise(resolve => { audio.ondurationchange = () => resolve(audio.duration); audio.load(); })"
    )
    assert length > 1


@ways
async def test_r111_r112_r113_the_window_for_a_password(meet, way):
    boris = await meet(BORIS, **way)
    await boris.open("/cabinet")
    await boris.follow("log_in.get_password")
    window = boris.page.get_by_role("dialog", name=boris.t("password.title"))
    assert await window.get_by_label(boris.t("log_in.number"), exact=True).input_value() == ""

    await boris.fill("log_in.number", "+7 000 200-00-01")
    await boris.fill_check_code()
    await boris.press("password.submit")

    assert await boris.page.get_by_role("status").inner_text() == boris.t("password.sent")
    await boris.follow("password.to_log_in")
    await boris.log_in(await boris.read_password())
    assert await boris.heading() == boris.t("overview.title")


async def test_r109_a_wrong_check_code_sends_no_sms(anna):
    await anna.open("/cabinet/password")
    await anna.fill("log_in.number", anna.msisdn)
    await anna.fill("captcha.label", "1")
    await anna.press("password.submit")

    assert await anna.alert() == anna.t("captcha.wrong")
    await anna.phone.receive_none(sender="3339")


async def test_three_wrong_passwords_lock_until_a_moment_in_moscow_and_a_new_password_opens(anna):
    password = await anna.new_password()
    for left in ("2 из 3", "1 из 3"):
        await anna.log_in("Ab3dE9xZ")
        assert left in await anna.alert()
    await anna.log_in("Ab3dE9xZ")
    assert re.search(r"закрыт до \d\d\.\d\d\.\d{4} \d\d:\d\d по московскому времени", await anna.alert())
    await anna.log_in(password)
    assert "закрыт до" in await anna.alert()

    await anna.log_in()

    assert await anna.heading() == "Личный кабинет"


async def test_r005_r006_the_menu_leads_to_both_cabinets_and_the_other_one_has_a_log_in_of_its_own(anna):
    password = await anna.new_password()
    await anna.log_in(password)
    await anna.page.get_by_text("Мой МТС").first.click()
    await anna.page.locator("summary", has_text="Личный кабинет").click()
    await anna.follow("site.home")

    await anna.page.get_by_label("Логин или лицевой счёт").fill(anna.msisdn)
    await anna.page.get_by_label("Пароль").fill(password)
    await anna.press("log_in.submit")

    assert await anna.alert() == "Неверный логин или пароль."


async def test_with_the_keyboard_only(meet):
    anna = await meet(viewport={"width": 375, "height": 700})
    password = await anna.new_password()
    keyboard = anna.page.keyboard
    await anna.open("/cabinet")

    await keyboard.press("Tab")
    assert await focused(anna) == ("К содержанию", True)
    await keyboard.press("Enter")
    await keyboard.press("Tab")
    assert await focused(anna) == ("Номер телефона", True)
    await keyboard.type("8 000 100 00 01")
    await tab_to(anna, "Пароль")
    await keyboard.type(password)
    await tab_to(anna, "Код с картинки")
    await keyboard.type(await anna.check_code())
    await keyboard.press("Enter")
    await anna.sees("150.00")

    await tab_to(anna, "Мой МТС")
    await keyboard.press("Enter")
    await keyboard.press("Tab")
    await keyboard.press("Enter")
    await tab_to(anna, "Домашний интернет и ТВ")
    await tab_to(anna, "Настройки")
    await keyboard.press("Enter")
    await anna.page.get_by_role("heading", name="Смена пароля").wait_for()
    await tab_to(anna, "Выйти")
    await keyboard.press("Enter")
    await anna.page.get_by_label("Пароль", exact=True).wait_for()


# The buttons within <audio> are the browser's own; so is their focus
FOCUSED = """() => {
    const it = document.activeElement, ring = getComputedStyle(it);
    const name = (it.labels && it.labels.length ? it.labels[0] : it).innerText;
    const box = it.getBoundingClientRect();
    const seen = it.tagName === 'AUDIO' || ring.outlineStyle !== 'none' && parseFloat(ring.outlineWidth) >= 2;
    return [name.trim(), seen && box.width > 0 && box.right > 0 && box.left < innerWidth];
}"""


async def focused(person):
    """The name of what has the focus, and whether a person sees that it has."""
    name, seen = await person.page.evaluate(FOCUSED)
    return name, seen


async def tab_to(person, name):
    """With the tab key, as often as it takes; the focus is seen wherever it goes."""
    on_the_way = []
    while not on_the_way or on_the_way[-1] != name:
        assert len(on_the_way) < 30, f"no {name} among {on_the_way}"
        await person.page.keyboard.press("Tab")
        here, seen = await focused(person)
        assert seen, f"{here}: the focus is not to be seen"
        on_the_way.append(here)
