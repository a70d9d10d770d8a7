"""What every answer says to the browser, and from which hosts it is asked."""

import base64
import hashlib

import pytest

from tests.selfcare.conftest import ANNA
from ussd_gateway.selfcare.web.headers import headers, is_loopback, is_own_host


async def test_every_answer_is_kept_by_nobody_runs_nothing_and_is_framed_by_nobody(web, pages):
    await web.open("/cabinet")
    form = web.page.forms["/cabinet"]
    seen = [
        await web.open("/cabinet"),
        await web.open("/cabinet/password"),
        await web.open("/home"),
        await web.open("/cabinet/nothing"),
        await web.post("/cabinet", {}),
        await web.post("/cabinet", form | {"number": ANNA}),
        await web.log_in(password=await pages.password()),
        await web.open("/cabinet/settings"),
    ]
    for page in seen:
        style = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
        policy = page.headers["Content-Security-Policy"]
        assert f"style-src 'sha256-{style}'" in policy
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers(page.style).items() <= dict(page.headers).items()
        assert page.headers["Cache-Control"] == "no-store"
        assert page.all("script") == []
        assert "style=" not in page.html


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1:8080",
        "localhost:8080",
        "LOCALHOST",
        "localhost.",
        "cabinet.localhost:1",
        "[::1]:8080",
        "desk.test",
    ],
)
def test_names_of_this_machine_and_those_of_the_settings_are_taken(host):
    assert is_own_host(host, ("desk.test",))


@pytest.mark.parametrize(
    "host",
    [
        "evil.test",
        "evil.test:8080",
        "localhost.evil.test",
        "127.0.0.1.evil.test",
        "192.0.2.1",
        "",
        "127.0.0.1@evil.test",
        "notlocalhost",
    ],
)
def test_other_names_are_not(host):
    assert not is_own_host(host, ())


@pytest.mark.parametrize(
    ("address", "near"),
    [("127.0.0.1", True), ("::1", True), ("127.8.8.8", True), ("192.0.2.1", False), (None, False), ("", False)],
)
def test_who_is_on_this_machine(address, near):
    assert is_loopback(address) is near


async def test_a_page_under_a_strangers_name_is_refused_before_anything_is_done(web, pages):
    page = await web.open("/cabinet", Host="evil.test")

    assert page.status == 421
    assert "captcha_id" not in page.html
    assert "Set-Cookie" not in page.headers


async def test_a_name_of_the_settings_is_let_in(sites):
    pages = await sites(hosts=("cabinet.test",))
    web = await pages.browser()

    assert (await web.open("/cabinet", Host="cabinet.test")).status == 200
