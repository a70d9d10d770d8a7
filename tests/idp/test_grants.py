"""Codes and tokens, as the application that redeems them sees them (RFC 6749, RFC 7636)."""

import logging

import pytest

from tests.idp.conftest import challenge
from ussd_gateway.idp.grants import CODE_LIFETIME, TOKEN_LIFETIME


async def test_a_code_brings_a_token_and_the_token_says_who_it_is(person, shop):
    code = await person.code()
    status, token = await shop.redeem(code)

    assert status == 200
    assert (token["token_type"], token["expires_in"], token["scope"]) == ("Bearer", TOKEN_LIFETIME, "profile")
    assert "refresh_token" not in token
    assert await shop.ask_who(token["access_token"]) == (200, {"sub": "101", "name": "Анна Орлова"}, None)


async def test_a_code_works_one_time_and_its_second_use_ends_the_token(person, shop):
    code = await person.code()
    _, token = await shop.redeem(code)

    assert await shop.redeem(code) == (400, {"error": "invalid_grant"})
    assert (await shop.ask_who(token["access_token"]))[0] == 401


REFUSED = {
    "another client": ({"auth": ("other", "its own")}, 400, "invalid_grant"),
    "a wrong secret": ({"auth": ("shop", "a guess")}, 401, "invalid_client"),
    "no secret": ({"auth": None}, 401, "invalid_client"),
    "another redirect_uri": ({"redirect_uri": "http://127.0.0.1:9/elsewhere"}, 400, "invalid_request"),
    "no redirect_uri": ({"redirect_uri": None}, 400, "invalid_request"),
    "another verifier": ({"code_verifier": "w" * 43}, 400, "invalid_grant"),
    "no verifier": ({"code_verifier": None}, 400, "invalid_request"),
    "another grant": ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    "the client_id of another": ({"client_id": "other"}, 401, "invalid_client"),
}


@pytest.mark.parametrize(("given", "status", "error"), REFUSED.values(), ids=REFUSED)
async def test_a_code_is_bound_to_client_redirect_uri_and_verifier(person, shop, given, status, error):
    code = await person.code()
    refused, answer = await shop.redeem(code, **given)

    assert (refused, answer["error"]) == (status, error)
    assert "access_token" not in answer


async def test_a_code_and_a_token_expire_on_the_clock_of_the_gateway(network, person, shop):
    late = await person.code()
    network.clock.now += CODE_LIFETIME
    assert (await shop.redeem(late))[0] == 400

    in_time = await person.code()
    network.clock.now += CODE_LIFETIME - 0.1
    _, token = await shop.redeem(in_time)
    network.clock.now += TOKEN_LIFETIME - 0.1
    assert (await shop.ask_who(token["access_token"]))[0] == 200
    network.clock.now += 0.1
    assert (await shop.ask_who(token["access_token"]))[0] == 401


@pytest.mark.parametrize(
    "given",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge": "short"},
        {"code_challenge": challenge() + "="},
    ],
    ids=str,
)
async def test_pkce_with_s256_is_required(person, given):
    await person.authorize(**given)

    assert person.answer["error"] == "invalid_request"
    assert person.answer["state"] == "xyz"
    assert "code" not in person.answer


async def test_nothing_is_told_of_a_token_that_there_is_not(shop):
    assert await shop.ask_who("guess") == (401, {"error": "invalid_token"}, 'Bearer error="invalid_token"')
    assert (await shop.ask_who(""))[0] == 401


async def test_r178_neither_log_nor_journal_has_a_code_or_a_token(network, person, shop, caplog):
    caplog.set_level(logging.DEBUG)
    code = await person.code()
    _, token = await shop.redeem(code)
    await shop.ask_who(token["access_token"])

    for secret in (code, token["access_token"], "v" * 43):
        assert secret not in caplog.text.replace("HTTP/1.1", "")
        assert secret not in str(network.noted)
    assert [kind for kind, _ in network.noted] == ["idp.logged_in", "idp.allowed", "idp.token"]
