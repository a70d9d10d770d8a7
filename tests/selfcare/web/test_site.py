"""What happens before and after each page, whoever made it."""

from http import HTTPStatus

import pytest
from aiohttp import web as aiohttp_web

from tests.selfcare.browser import Pages, browser
from ussd_gateway.selfcare.web.sessions import Realm
from ussd_gateway.selfcare.web.site import PageError, authorised

TEXTS = """
[shop]
title = { ru = "Лавка", en = "Shop" }
link = { ru = "В лавку", en = "To the shop" }
"""


@pytest.fixture
async def shop(tmp_path):
    """Pages that somebody else has put on the site; `seen` is what its handlers were given."""
    (tmp_path / "texts.toml").write_text(TEXTS, encoding="utf-8")
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "shop.html").write_text(
        '{% extends "cabinet_page.html" %}{% import "fields.html" as fields with context %}{% block title %}{{ t("shop.title") }}'
        '{% endblock %}{% block content %}<h1>{{ what }}</h1><form method="post" action="/cabinet/shop">{{ fields.hidden() }}'
        '<input name="what"></form>{% endblock %}'
    )
    (tmp_path / "templates" / "shop_part.html").write_text('<h2 id="part-{{ name }}">{{ name }}</h2>')
    (tmp_path / "style.css").write_text(".shop { color: inherit }")
    pages = Pages()
    pages.seen = []
    site = pages.site
    site.add_folder(tmp_path)

    @authorised
    async def show(visit):
        return visit.page("shop.html", what="<b>")

    @authorised
    async def buy(visit):
        pages.seen.append((visit.who, visit.msisdn, visit.fields["what"]))
        return visit.go("/cabinet/shop?done=notice")

    async def closed(visit):
        raise PageError(HTTPStatus.NOT_FOUND, "not_found")

    async def broken(visit):
        raise RuntimeError("the secret is Ab3dE9xZ")

    async def csv(visit):
        return aiohttp_web.Response(text="a;b", content_type="text/csv")

    site.get("/cabinet/shop", show)
    site.post("/cabinet/shop", buy)
    site.get("/cabinet/closed", closed)
    site.get("/cabinet/broken", broken)
    site.get("/cabinet/csv", csv)
    site.add_link("/cabinet/shop", "shop.link", order=5)
    site.add_section("overview", "shop_part.html", lambda visit: {"name": "overview"}, order=20)
    site.add_section("settings", "shop_part.html", lambda visit: {"name": "last"}, order=1000)
    site.add_section("settings", "shop_part.html", lambda visit: {"name": "first"}, order=5)
    site.add_realm(Realm("desk", "/desk"))

    async def desk(visit):
        return visit.page("home.html" if visit.session.who else "error.html", name="host", way_back="/desk")

    async def enter(visit):
        return visit.log_in("/desk", "olga", "desk")

    site.get("/desk", desk)
    site.get("/desk/enter", enter)
    async with pages.served() as server:
        pages.server = server
        yield pages
    await pages.close()


@pytest.fixture
async def web(shop):
    async with browser(shop.server) as web:
        await web.log_in(password=await shop.password())
        yield web


async def test_a_page_of_another_part_has_the_layout_the_link_and_the_style(web):
    page = await web.open("/cabinet/shop")

    assert page.status == 200
    assert "&lt;b&gt;" in page.html
    assert ".shop { color: inherit }" in page.style
    assert page.links["/cabinet/shop"]["aria-current"] == "page"
    assert list(page.links).index("/cabinet/shop") < list(page.links).index("/cabinet/settings")
    assert "To the shop" in (await web.open("/cabinet/shop?lang=en")).text


async def test_its_form_comes_with_a_token_and_its_answer_is_a_redirection(web, shop):
    await web.open("/cabinet/shop")
    page = await web.send("/cabinet/shop", what="bread")

    assert shop.seen == [("70001000001", "70001000001", "bread")]
    assert page.the("p", role="status")["class"] == "done"
    assert (await web.post("/cabinet/shop", {"what": "bread"})).status == 403
    assert len(shop.seen) == 1


async def test_r131_sections_stand_in_their_order_and_the_last_at_the_very_bottom(web):
    headings = [has["id"] for tag, has in (await web.open("/cabinet/settings")).tags if tag == "h2"]
    assert (headings[0], headings[-1]) == ("part-first", "part-last")

    assert [has["id"] for tag, has in (await web.open("/cabinet")).tags if tag == "h2"] == ["part-overview"]


async def test_r003_others_do_not_come_in(shop):
    async with browser(shop.server) as stranger:
        assert "/cabinet" in (await stranger.open("/cabinet/shop")).forms
        assert (await stranger.post("/cabinet/shop", {"what": "bread"})).status == 401
    assert shop.seen == []


@pytest.mark.parametrize(
    ("path", "status"), [("/cabinet/closed", 404), ("/cabinet/no/such", 404), ("/cabinet/broken", 503)]
)
async def test_r178_the_error_page_tells_nothing_secret_and_shows_a_way_back(web, path, status):
    page = await web.open(path)

    assert page.status == status
    assert "Ab3dE9xZ" not in page.html
    assert "RuntimeError" not in page.html
    assert {"href": "/cabinet"} in page.all("a")


async def test_what_is_no_page_has_the_headers_too(web):
    page = await web.open("/cabinet/csv")

    assert page.headers["Content-Type"].startswith("text/csv")
    assert page.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_realm_of_its_own_has_its_own_log_in(web):
    assert (await web.open("/desk/enter")).status == 200
    assert "olga" in web.page.text
    assert "To the shop" not in web.page.text
    assert web.cookies()["desk"]["path"] == "/desk"

    assert (await web.open("/cabinet/settings")).status == 200
    assert "/desk/log-out" in (await web.open("/desk")).forms


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_every_page_has_a_language_a_title_landmarks_and_a_skip_link(web, language):
    for path in (
        "/cabinet",
        "/cabinet/settings",
        "/cabinet/password",
        "/cabinet/password?sent",
        "/home",
        "/cabinet/no",
    ):
        page = await web.open(f"{path}{'&' if '?' in path else '?'}lang={language}")

        assert page.the("html")["lang"] == language
        assert [tag for tag, _ in page.tags if tag in ("header", "main", "footer")] == ["header", "main", "footer"]
        assert page.the("a", href="#main")["class"] == "skip"
        assert len(page.all("h1")) == 1
        assert "width=device-width" in page.the("meta", name="viewport")["content"]
        assert page.the("title") == {}
        labelled = {has["for"] for has in page.all("label")}
        shown = [has for has in page.all("input") if has.get("type") != "hidden" and "aria-hidden" not in has]
        assert {has["id"] for has in shown} <= labelled
        ids = [has["id"] for _, has in page.tags if "id" in has]
        assert len(ids) == len(set(ids))
        described = {one for has in shown for one in has.get("aria-describedby", "").split()}
        assert described <= set(ids)


async def test_the_link_to_the_other_language_keeps_the_page(web):
    page = await web.open("/cabinet/password?sent")

    (link,) = page.all("a", hreflang="en")
    assert link["href"] in ("/cabinet/password?sent=&lang=en", "/cabinet/password?sent&lang=en")
    await web.open(link["href"])
    assert "Wait for the SMS" in web.page.text
