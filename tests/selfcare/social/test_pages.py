"""Social networks in the settings and on the log-in page, as people use them."""

import logging

import pytest

from tests.selfcare.conftest import ANNA, BORIS
from tests.selfcare.social.conftest import bind, consent, log_in_through


async def test_r130_one_network_or_several_are_bound_in_the_settings(care, anna):
    page = await bind(anna)
    assert page.status == 200
    assert "Сеть привязана" in page.text
    assert "привязана 27.04.2018 17:50: Анна Орлова" in page.text

    page = await bind(anna, "krug", "501")
    assert "Анна Орлова" in page.text
    assert "Анна О." in page.text
    assert set(care.socials.bindings(ANNA)) == {"vmeste", "krug"}


async def test_r131_the_networks_are_logos_at_the_very_bottom_of_the_settings(anna):
    page = await anna.open("/cabinet/settings")
    main = page.html.partition("</main>")[0]
    headings = main.split("<h2")[1:]

    assert 'id="social"' in headings[-1]
    assert headings[-1].count("<svg class=") == 2
    assert [action for action in page.forms if "/social/" in action] == [
        "/cabinet/social/vmeste/bind",
        "/cabinet/social/krug/bind",
    ]


async def test_r132_a_bound_network_opens_the_cabinet_without_number_and_password(care, anna):
    await bind(anna)
    other = await care.browser()
    page = await log_in_through(other)

    assert page.status == 200
    assert "150.00" in page.text
    assert other.cookies()["cabinet"]["httponly"]
    assert "Вход в личный кабинет" in care.sent[-1][2]
    assert "network" in care.noted("selfcare.logged_in")[-1]


async def test_r132_it_does_so_in_english(care, anna):
    await bind(anna)
    other = await care.browser()
    await other.open("/cabinet?lang=en")
    page = await other.open("/cabinet/social/vmeste")
    assert "Choose who you are" in page.text
    assert "Balance" in (await consent(other)).text


async def test_r132_a_network_that_is_not_bound_opens_nothing(care):
    web = await care.browser()
    page = await log_in_through(web)

    assert page.status == 403
    assert "не привязана к кабинету" in page.alert
    assert "Пароль" in (await web.open("/cabinet")).text


async def test_r132_each_network_opens_only_what_is_bound_to_its_own_accounts(care, anna):
    await bind(anna, "vmeste", "101")

    assert (await log_in_through(await care.browser(), "vmeste", "102")).status == 403
    assert (await log_in_through(await care.browser(), "krug", "501")).status == 403


async def test_r133_a_second_cabinet_is_refused(care, anna):
    await bind(anna)
    boris = await care.browser(BORIS)
    page = await bind(boris)

    assert page.status == 409
    assert "другому кабинету" in page.alert
    assert care.socials.bindings(BORIS) == {}
    assert "150.00" in (await log_in_through(await care.browser())).text
    assert care.notices(BORIS) == []


async def test_a_cabinet_has_one_account_of_a_network(care, anna):
    await anna.open("/cabinet/settings")
    form = dict(anna.page.forms["/cabinet/social/vmeste/bind"])
    await bind(anna)
    await anna.post("/cabinet/social/vmeste/bind", form)  # another window has the old page still
    page = await anna.send("/idp/vmeste/authorize", decision="allow")

    assert page.status == 409
    assert "Сначала отвяжите" in page.alert


async def test_r134_unbinding_takes_effect_at_once_and_the_password_still_works(care):
    password = await care.password()
    anna = await care.browser()
    await anna.log_in(password=password)
    await bind(anna)
    page = await anna.send("/cabinet/social/vmeste/unbind")

    assert "Сеть отвязана" in page.text
    assert (await log_in_through(await care.browser())).status == 403
    assert "150.00" in (await (await care.browser()).log_in(password=password)).text


async def test_r134_an_account_that_was_unbound_can_be_bound_to_another_cabinet(care, anna):
    await bind(anna)
    await anna.send("/cabinet/social/vmeste/unbind")

    assert "Сеть привязана" in (await bind(await care.browser(BORIS))).text


async def test_r134_unbinding_twice_is_harmless(care, anna):
    await bind(anna)
    form = dict(anna.page.forms["/cabinet/social/vmeste/unbind"])
    await anna.post("/cabinet/social/vmeste/unbind", form)
    page = await anna.post("/cabinet/social/vmeste/unbind", form)

    assert (page.status, len(care.notices())) == (200, 2)


@pytest.mark.parametrize("action", ["bind", "unbind"])
async def test_r135_only_who_is_logged_in_binds_and_unbinds(care, anna, action):
    await bind(anna)
    stranger = await care.browser()
    await stranger.open("/cabinet")
    page = await stranger.post(f"/cabinet/social/vmeste/{action}", stranger.page.forms["/cabinet"])

    assert page.status == 401
    assert set(care.socials.bindings(ANNA)) == {"vmeste"}


@pytest.mark.parametrize("action", ["bind", "unbind"])
async def test_r135_a_form_of_another_site_does_nothing(care, anna, action):
    await bind(anna)

    assert (await anna.post(f"/cabinet/social/vmeste/{action}", {})).status == 403
    assert set(care.socials.bindings(ANNA)) == {"vmeste"}


async def test_r135_nothing_is_bound_when_the_session_ended_on_the_way(care, anna):
    await anna.open("/cabinet/settings")
    await anna.send("/cabinet/social/vmeste/bind")
    await anna.send("/idp/vmeste/log-in", account="101")
    consent = anna.page
    await care.issue(ANNA)  # which ends her sessions
    anna.page = consent
    page = await anna.send("/idp/vmeste/authorize", decision="allow")

    assert page.status in (400, 401)
    assert care.socials.bindings(ANNA) == {}


async def test_the_sim_is_told_of_binding_and_unbinding(care, anna):
    await bind(anna)
    await anna.send("/cabinet/social/vmeste/unbind")

    assert care.notices() == [
        "Вход в кабинет через «Вместе» включён. Не вы? Отключите его там.",
        "Вход в кабинет через «Вместе» отключён. Пароль: *111*25#.",
    ]
    assert care.audit()[-2:] == ["social.bound", "social.unbound"]


async def test_who_cancels_reads_that_nothing_happened(care, anna):
    page = await bind(anna, decision="deny")

    assert page.status == 200
    assert "ничего не изменено" in page.alert
    assert care.socials.bindings(ANNA) == {}
    assert "Вы отказались" in (await log_in_through(await care.browser(), decision="deny")).text


async def test_a_way_back_works_one_time_and_in_its_own_browser(care, anna):
    await bind(anna)
    web = await care.browser()
    await web.open("/cabinet/social/vmeste")
    await web.send("/idp/vmeste/log-in", account="101")
    back = await location_after_consent(web)

    thief = await care.browser()
    await thief.open("/cabinet")
    assert (await thief.open(back)).status == 400
    # The state is gone: nobody learns by trying whether it was his
    page = await web.open(back)
    assert page.status == 400
    assert "Начните снова" in page.alert


async def test_a_way_back_is_good_for_ten_minutes(care, anna):
    await bind(anna)
    web = await care.browser()
    await web.open("/cabinet/social/vmeste")
    await web.send("/idp/vmeste/log-in", account="101")
    back = await location_after_consent(web)
    await care.gateway.advance(600)

    assert (await web.open(back)).status == 400


async def test_a_way_back_belongs_to_its_network(care, anna):
    await bind(anna)
    web = await care.browser()
    await web.open("/cabinet/social/vmeste")
    await web.send("/idp/vmeste/log-in", account="101")
    back = await location_after_consent(web)

    assert (await web.open(back.replace("/social/vmeste/", "/social/krug/"))).status == 400


@pytest.mark.parametrize("query", ["", "?code=x", "?state=x&code=x", "?error=server_error&state=x", "?%zz=%"])
async def test_a_made_up_way_back_is_refused(care, query):
    web = await care.browser()
    assert (await web.open(f"/cabinet/social/vmeste/callback{query}")).status == 400


async def test_a_network_that_refuses_self_care_gives_a_page(networked):
    care = await networked(secret="a wrong secret")
    anna = await care.browser(ANNA)
    page = await bind(anna)

    assert page.status == 502
    assert "Узнать, кто вы, не удалось" in page.alert


async def test_a_network_that_cannot_be_reached_gives_a_page(care, anna):
    care.url = "http://127.0.0.1:9"
    page = await bind(anna)

    assert page.status == 502
    assert care.socials.bindings(ANNA) == {}


async def test_there_are_no_other_networks(care, anna):
    assert (await anna.open("/cabinet/social/elsewhere")).status == 404
    assert (await anna.open("/cabinet/social/elsewhere/callback")).status == 404
    form = dict((await anna.open("/cabinet/settings")).forms["/cabinet/social/vmeste/bind"])
    assert (await anna.post("/cabinet/social/elsewhere/bind", form)).status == 404


async def test_who_is_logged_in_already_goes_to_his_cabinet(anna):
    assert "150.00" in (await anna.open("/cabinet/social/vmeste")).text


async def test_without_networks_there_is_nothing_of_them(sites):
    pages = await sites()
    web = await pages.browser()
    assert "социальн" not in (await web.open("/cabinet")).text


async def test_r178_neither_log_nor_journal_nor_page_has_what_opens(care, anna, caplog):
    caplog.set_level(logging.DEBUG)
    await bind(anna)
    web = await care.browser()
    await web.open("/cabinet/social/vmeste")
    await web.send("/idp/vmeste/log-in", account="101")
    back = await location_after_consent(web)
    page = await web.open(back)
    code, state = back.split("code=")[1].split("&")[0], back.split("state=")[1].split("&")[0]

    care.gateway.journal.commit()
    written = str([entry for _, entry in care.gateway.journal.after(0)]) + str(care.audit("facts"))
    for secret in (code, state, "a secret"):
        assert secret not in written
        assert secret not in page.html
    assert code not in caplog.text.replace(f"GET {back}", "")


async def location_after_consent(web):
    """Where a network sends back to, without going there."""
    fields = web.page.forms["/idp/vmeste/authorize"] | {"decision": "allow"}
    async with web.client.post("/idp/vmeste/authorize", data=fields, allow_redirects=False) as response:
        return response.headers["Location"].partition(str(web.client.make_url("")).rstrip("/"))[2]
