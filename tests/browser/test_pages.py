"""Each page in each look: no barrier that axe knows of, nothing beside the screen, a heading, and a picture of it."""

import re

import pytest

from tests.browser.gallery import picture
from tests.browser.pages import NO_PAGES, PAGES

PLACES = ("/cabinet", "/home", "/desk", "/idp")

LOOKS = [(scheme, width) for scheme in ("light", "dark") for width in (375, 1280)]


@pytest.mark.gateway(start="2018-04-27T17:50:00+03:00")
@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("row", PAGES, ids=lambda row: row.name)
async def test_a_page_is_there_for_everybody(meet, gallery, row, language):
    person = await meet(language=language)
    statuses = []
    person.page.on("response", lambda response: statuses.append(response.status) if is_page(response) else None)
    await row.visit(person)

    assert statuses[-1] == row.status
    assert await person.page.locator("html").get_attribute("lang") == language
    assert await person.page.locator("h1").count() == 1
    assert await person.page.locator("main").count() == 1
    for scheme, width in LOOKS:
        await person.page.set_viewport_size({"width": width, "height": 900})
        await person.page.emulate_media(color_scheme=scheme)
        look = f"{scheme}, {width} px"
        if gallery:
            path = picture(gallery, row.name, language, scheme, str(width))
            await person.page.screenshot(path=path, full_page=True)
        assert await person.violations() == [], look
        assert await person.page.evaluate("document.documentElement.scrollWidth") <= width, look
    assert await person.page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    assert await headings_out_of_order(person) == []


def is_page(response):
    return response.request.is_navigation_request() and response.status // 100 != 3


async def headings_out_of_order(person):
    """Headings that are more than a level below the one before."""
    headings = await person.page.evaluate(
        "[...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map(h => [Number(h.tagName[1]), h.innerText])"
    )
    levels = [0, *(level for level, _ in headings)]
    return [text for before, (level, text) in zip(levels, headings, strict=False) if level > before + 1]


async def test_every_page_has_its_row(gateway):
    paths = {route.resource.canonical for route in gateway._runner.app.router.routes() if route.method in ("GET", "*")}
    pages = {re.sub("^/idp/[^/]+", "/idp/{network}", path) for path in paths if path.startswith(PLACES)}
    assert pages == {row.route for row in PAGES} | set(NO_PAGES)


async def test_no_row_has_the_name_of_another():
    assert len({row.name for row in PAGES}) == len(PAGES)
