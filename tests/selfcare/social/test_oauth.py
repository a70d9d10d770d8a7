"""The client's side of OAuth 2.0, against networks that behave and networks that do not."""

import asyncio
import json
from urllib.parse import parse_qsl, urlsplit

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from markupsafe import Markup
from structlog.testing import capture_logs

from ussd_gateway.client import Client
from ussd_gateway.selfcare.social import oauth
from ussd_gateway.selfcare.social.oauth import LIFETIME, OAuth, SocialError, is_callback
from ussd_gateway.selfcare.socials import Network, Person

ORIGIN = "http://127.0.0.1:8080"
NETWORK = Network("net", {"ru": "Сеть", "en": "Net"}, "#000000", Markup("<svg/>"), "/net", "selfcare", "a secret")
TOKEN = json.dumps({"access_token": "t0ken", "token_type": "Bearer", "expires_in": 60})
PERSON = json.dumps({"sub": "7", "name": "Анна"})


class Odd:
    """A network that answers as a test wants; `asked` is what came."""

    def __init__(self):
        self.token, self.person, self.status, self.asked = TOKEN, PERSON, 200, []

    async def answer(self, request):
        self.asked.append((request.path, dict(request.headers), await request.text()))
        if request.path == "/net/token":
            return web.Response(text=self.token, content_type="application/json")
        return web.Response(text=self.person, status=self.status, content_type="application/json")


class Ground:
    def __init__(self, url):
        self.client, self.url, self.now = Client(), url, 0.0
        self.oauth = OAuth(self.client, lambda: self.url, lambda: self.now)

    def begin(self, session="one", who=None):
        """Where the browser goes, as parameters."""
        address = urlsplit(self.oauth.begin(NETWORK, ORIGIN, session, who, "ru"))
        assert address.path == "/net/authorize"
        assert address.netloc == ""
        return dict(parse_qsl(address.query))

    async def finish(self, sent, session="one", **more):
        query = "&".join(f"{name}={value}" for name, value in {"code": "c0de", "state": sent["state"], **more}.items())
        return await self.oauth.finish(NETWORK, query, session)


@pytest.fixture
def odd():
    return Odd()


@pytest.fixture
async def ground(odd):
    app = web.Application()
    app.router.add_route("*", "/net/{rest:.*}", odd.answer)
    async with TestServer(app) as server:
        made = Ground(str(server.make_url("")).rstrip("/"))
        yield made
        await made.client.stop()


async def test_the_browser_is_sent_with_state_and_a_challenge(ground):
    first, second = ground.begin(), ground.begin()

    assert first["response_type"] == "code"
    assert first["client_id"] == "selfcare"
    assert first["redirect_uri"] == f"{ORIGIN}/cabinet/social/net/callback"
    assert first["code_challenge_method"] == "S256"
    assert len(first["code_challenge"]) == 43
    assert {first["state"], first["code_challenge"]}.isdisjoint({second["state"], second["code_challenge"]})


async def test_the_code_is_redeemed_with_its_verifier_and_the_clients_secret(ground, odd):
    sent = ground.begin(who="70001000001")
    begun, person = await ground.finish(sent)

    assert begun.who == "70001000001"
    assert person == Person("7", "Анна")
    (token_path, token_headers, form), (who_path, who_headers, _) = odd.asked
    form = dict(parse_qsl(form))
    assert (token_path, who_path) == ("/net/token", "/net/userinfo")
    assert token_headers["Authorization"].startswith("Basic ")
    assert form["grant_type"] == "authorization_code"
    assert (form["code"], form["redirect_uri"]) == ("c0de", sent["redirect_uri"])
    assert 43 <= len(form["code_verifier"]) <= 128
    assert "a secret" not in str(form)
    assert who_headers["Authorization"] == "Bearer t0ken"


async def refused(coroutine):
    with pytest.raises(SocialError) as caught:
        await coroutine
    return caught.value.reason


async def test_a_state_is_good_for_one_time_one_browser_and_ten_minutes(ground):
    sent = ground.begin()
    await ground.finish(sent)
    assert await refused(ground.finish(sent)) == "stale"
    assert await refused(ground.finish(ground.begin("one"), "two")) == "stale"
    late = ground.begin()
    ground.now += LIFETIME
    assert await refused(ground.finish(late)) == "stale"
    forgotten = ground.begin()
    ground.oauth.clear()
    assert await refused(ground.finish(forgotten)) == "stale"


async def test_of_two_ways_back_at_once_one_is_let_in(ground):
    sent = ground.begin()
    came = await asyncio.gather(ground.finish(sent), ground.finish(sent), return_exceptions=True)

    assert [type(one) for one in came].count(SocialError) == 1


async def test_strangers_fill_no_memory(ground, monkeypatch):
    monkeypatch.setattr(oauth, "MOST", 2)
    first, second, third = ground.begin(), ground.begin(), ground.begin()

    assert await refused(ground.finish(first)) == "stale"
    for sent in (second, third):
        await ground.finish(sent)


@pytest.mark.parametrize(
    ("error", "reason"), [("access_denied", "cancelled"), ("server_error", "failed"), ("invalid_scope", "failed")]
)
async def test_an_error_of_the_network_is_told_apart_from_cancel(ground, error, reason):
    assert (
        await refused(ground.oauth.finish(NETWORK, f"error={error}&state={ground.begin()['state']}", "one")) == reason
    )


ODD = {
    "no JSON": {"token": "<html>"},
    "an error": {"token": '{"error": "invalid_grant"}'},
    "a list of tokens": {"token": "[]"},
    "no token": {"token": "{}"},
    "too much": {"token": "x" * 70_000},
    "a lifetime in words": {"token": '{"access_token": "t", "token_type": "Bearer", "expires_in": "long"}'},
    "words": {"person": "Анна"},
    "nobody": {"person": "{}"},
    "a nameless list": {"person": "[]"},
    "a number for an id": {"person": '{"sub": 7}'},
    "an empty id": {"person": '{"sub": ""}'},
    "refused": {"status": 401},
}


@pytest.mark.parametrize("given", ODD.values(), ids=ODD)
async def test_whatever_a_network_answers_it_is_a_failure_and_no_fault(ground, odd, given):
    for name, value in given.items():
        setattr(odd, name, value)
    with capture_logs() as logs:
        assert await refused(ground.finish(ground.begin())) == "failed"
    assert [line["event"] for line in logs] in ([], ["selfcare.social_failed"])
    assert "t0ken" not in str(logs)


async def test_r178_what_is_under_way_shows_no_secret(ground):
    ground.begin("the session")
    (begun,) = ground.oauth._begun.values()
    assert begun.verifier not in repr(begun)
    assert "the session" not in repr(begun)
    assert "a secret" not in repr(NETWORK)


@pytest.mark.parametrize(
    ("uri", "own"),
    [
        ("http://127.0.0.1:8080/cabinet/social/net/callback", True),
        ("http://localhost/cabinet/social/net/callback", True),
        ("http://[::1]:8080/cabinet/social/net/callback", True),
        ("https://lab.example/cabinet/social/net/callback", True),
        ("http://thief.example/cabinet/social/net/callback", False),
        ("http://127.0.0.1.thief.example/cabinet/social/net/callback", False),
        ("http://127.0.0.1:8080@thief.example/cabinet/social/net/callback", False),
        ("http://thief@127.0.0.1/cabinet/social/net/callback", False),
        ("http://127.0.0.1/cabinet/social/net/callback?x=1", False),
        ("http://127.0.0.1/cabinet/social/net/callback#x", False),
        ("http://127.0.0.1/cabinet/social/other/callback", False),
        ("http://127.0.0.1/cabinet/social/net/../net/callback", False),
        ("ftp://127.0.0.1/cabinet/social/net/callback", False),
        ("javascript:alert(1)", False),
        ("http://[", False),
    ],
)
def test_networks_send_back_to_self_care_only(uri, own):
    assert is_callback("net", ("lab.example",), uri) is own
