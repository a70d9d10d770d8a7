"""A social network's pages, as a person sees them."""

import pytest

from tests.idp.conftest import BACK
from ussd_gateway.idp.provider import REQUEST_LIFETIME


async def test_somebody_chooses_who_he_is_and_consents(person):
    assert await person.authorize() == 200
    assert "Вход в сеть «Вместе»" in person.html
    assert "Анна Орлова" in person.html

    assert await person.log_in() == 200
    assert "Вы вошли как Анна Орлова." in person.html
    assert "«Магазин» хочет узнать" in person.html

    answer = await person.decide()
    assert person.status == 303
    assert set(answer) == {"code", "state"}
    assert answer["state"] == "xyz"


async def test_who_is_logged_in_is_asked_for_consent_each_time_and_can_be_somebody_else(person):
    await person.code()
    await person.authorize()
    assert "Разрешить доступ?" in person.html

    assert await person.get("/log-in", {"request_id": person.request_id}) == 200
    await person.log_in("102")
    assert "Вы вошли как Борис Лебедев." in person.html


async def test_cancel_goes_back_with_access_denied(person):
    await person.authorize()
    await person.log_in()

    assert await person.decide("deny") == {"error": "access_denied", "state": "xyz"}


async def test_a_request_is_answered_one_time(person):
    await person.authorize()
    await person.log_in()
    id = person.request_id
    await person.decide()

    assert await person.post("/authorize", request_id=id, decision="allow") == 400
    assert "уже выполнен или устарел" in person.html


async def test_a_request_belongs_to_the_browser_that_it_came_with(network, person):
    await person.authorize()
    await person.log_in()
    thief = await network.person()
    await thief.authorize()
    await thief.log_in("102")

    assert await thief.post("/authorize", request_id=person.request_id, decision="allow") == 400
    assert await thief.get("/log-in", {"request_id": person.request_id}) == 400


async def test_nobody_consents_without_being_logged_in(person):
    await person.authorize()

    assert await person.post("/authorize", decision="allow") == 400


async def test_a_request_does_not_wait_for_ever(network, person):
    await person.authorize()
    await person.log_in()
    network.clock.now += REQUEST_LIFETIME

    assert await person.post("/authorize", decision="allow") == 400


async def test_who_is_not_on_the_list_is_asked_again(person):
    await person.authorize()

    assert await person.post("/log-in", account="999") == 400
    assert "Такого человека здесь нет" in person.html
    assert await person.log_in("103") == 200


@pytest.mark.parametrize(
    "given",
    [
        {"client_id": None},
        {"client_id": "nobody"},
        {"redirect_uri": None},
        {"redirect_uri": "http://thief.example/back"},
        {"redirect_uri": f"{BACK}/further"},
    ],
    ids=str,
)
async def test_nobody_is_sent_to_an_address_that_is_not_registered(person, given):
    assert await person.authorize(**given) == 400
    assert person.location is None
    assert 'role="alert"' in person.html


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code token"}, "unauthorized_client"),
        ({"response_type": None}, "invalid_request"),
        ({"scope": "friends"}, "invalid_scope"),
    ],
    ids=str,
)
async def test_other_mistakes_go_back_to_the_application(person, given, error):
    await person.authorize(**given)

    assert person.answer["error"] == error
    assert person.answer["state"] == "xyz"


async def test_what_is_no_form_is_refused_as_json(network):
    shop = await network.shop()
    async with shop._client.post("/idp/vmeste/token", data="%zz", headers={"Content-Type": "text/plain"}) as response:
        assert (response.status, (await response.json())["error"]) == (400, "unsupported_grant_type")


async def test_pages_are_in_the_language_of_the_application(person):
    await person.authorize(ui_locales="en")
    assert '<html lang="en">' in person.html
    assert "Choose who you are" in person.html


async def test_pages_run_no_script_are_framed_by_nobody_and_let_the_form_lead_back(person):
    await person.authorize()
    policy = person.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert person.headers["Cache-Control"] == "no-store"
    assert "HttpOnly" in person.headers["Set-Cookie"]
    assert "<script" not in person.html

    await person.log_in()
    assert "form-action 'self' http://127.0.0.1:9;" in person.headers["Content-Security-Policy"]


async def test_after_a_reset_nobody_is_logged_in_and_no_token_lives(network, person, shop):
    _, token = await shop.redeem(await person.code())
    network.provider.clear()

    assert (await shop.ask_who(token["access_token"]))[0] == 401
    await person.authorize()
    assert "Вход в сеть" in person.html
