"""Pictures and sounds of check codes, by the package captcha."""

import struct
import wave
from io import BytesIO

import pytest

from tests.selfcare.browser import browser
from tests.selfcare.conftest import section
from ussd_gateway.selfcare.web.pictures import HEIGHT, KEPT, WIDTH, Pictures

pytest.importorskip("captcha")


@pytest.fixture
def pictures():
    pictures = Pictures()
    yield pictures
    pictures.close()


async def test_a_picture_is_a_png_and_stays_the_same(pictures):
    first = await pictures.picture("a", "23456")

    assert first[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", first[16:24]) == (WIDTH, HEIGHT)
    assert await pictures.picture("a", "23456") == first
    assert await pictures.picture("b", "23456") != first


async def test_a_sound_says_it_within_half_a_minute(pictures):
    with wave.open(BytesIO(await pictures.sound("a", "23456"))) as sound:
        assert 5 < sound.getnframes() / sound.getframerate() < 30


async def test_only_so_many_are_kept(pictures):
    first = await pictures.picture("0", "2")
    for number in range(1, KEPT + 1):
        await pictures.picture(str(number), "2")

    assert len(pictures._made) == KEPT
    assert await pictures.picture("0", "2") != first


async def test_r107_the_page_shows_a_picture_and_a_sound_of_the_same_code(sites):
    pages = await sites(captcha="picture")
    web = await pages.browser()
    page = await web.open("/cabinet")
    answer = page.metas["captcha-answer"]
    for tag, kind in (("img", "image/png"), ("audio", "audio/wav")):
        async with web.client.get(page.the(tag)["src"]) as response:
            assert (response.status, response.content_type) == (200, kind)
            assert response.headers["X-Captcha-Answer"] == answer
            assert response.headers["Cache-Control"] == "no-store"
    assert page.the("img")["alt"]

    assert (await web.log_in(password=await pages.password())).status == 200


async def test_r108_a_picture_is_shown_to_its_own_browser_as_long_as_it_waits(sites):
    pages = await sites(captcha="picture")
    web, other = await pages.browser(), await pages.browser()
    source = (await web.open("/cabinet")).the("img")["src"]

    assert (await other.open(source)).status == 404
    assert (await web.open("/cabinet/captcha/none.png")).status == 404
    await pages.gateway.advance(section().captcha_lifetime)
    assert (await web.open(source)).status == 404


async def test_nothing_is_revealed_to_another_machine(sites):
    pages = await sites(captcha="picture")
    async with pages.served("192.0.2.1") as server, browser(server) as web:
        page = await web.open("/cabinet")
        assert "captcha-answer" not in page.metas
        async with web.client.get(page.the("img")["src"]) as response:
            assert response.status == 200
            assert "X-Captcha-Answer" not in response.headers


async def test_nothing_is_revealed_unless_the_settings_say_so(sites):
    pages = await sites(captcha="picture", captcha_reveal=False)
    web = await pages.browser()
    page = await web.open("/cabinet")
    assert "captcha-answer" not in page.metas
    async with web.client.get(page.the("img")["src"]) as response:
        assert response.status == 200
        assert "X-Captcha-Answer" not in response.headers
