"""The use cases of social networks, without pages."""

import pytest
from markupsafe import Markup

from tests.selfcare.conftest import ANNA, BLOCKED, BORIS
from ussd_gateway.selfcare.socials import Network, Person, Socials
from ussd_gateway.selfcare.texts import social_sms
from ussd_gateway.selfcare.tokens import Tokens

VMESTE = Network("vmeste", {"ru": "Вместе", "en": "Vmeste"}, "#1d5fbf", Markup("<svg/>"), "/idp/vmeste", "us", "secret")
KRUG = Network("krug", {"ru": "Круг", "en": "Krug"}, "#a8480a", Markup("<svg/>"), "/idp/krug", "us", "secret")
SOMEBODY = Person("101", "Анна Орлова")


@pytest.fixture
def socials(desk):
    send = lambda source, destination, text: desk.sent.append((source, destination, text))  # noqa: E731
    return Socials(desk.settings, [VMESTE, KRUG], desk.records, desk.service, desk.gateway, send)


async def test_r133_an_account_opens_one_cabinet_at_most(socials):
    assert socials.bind(ANNA, VMESTE, SOMEBODY, "web") == "bound"
    assert socials.bind(BORIS, VMESTE, SOMEBODY, "web") == "taken"
    assert socials.bind(ANNA, VMESTE, SOMEBODY, "web") == "already"
    assert socials.bind(ANNA, VMESTE, Person("102", ""), "web") == "already"
    assert socials.bind(BORIS, KRUG, SOMEBODY, "web") == "bound", "the same id of another network is somebody else"

    assert socials.log_in(VMESTE, SOMEBODY, "web") == ANNA
    assert socials.log_in(KRUG, SOMEBODY, "web") == BORIS


async def test_r132_a_blocked_number_may_look_and_a_closed_one_may_not(socials, desk):
    socials.bind(BLOCKED, VMESTE, SOMEBODY, "web")
    assert socials.log_in(VMESTE, SOMEBODY, "web") == BLOCKED

    desk.store.write("UPDATE subscribers SET status = 'closed' WHERE msisdn = ?", (BLOCKED,))
    assert socials.log_in(VMESTE, SOMEBODY, "web") is None


async def test_every_change_has_its_audit_entry(socials, desk):
    socials.bind(ANNA, VMESTE, SOMEBODY, "web")
    socials.log_in(VMESTE, SOMEBODY, "web")
    socials.unbind(ANNA, VMESTE, "web")
    socials.unbind(ANNA, VMESTE, "web")

    assert desk.audit("what, facts") == [
        ("social.bound", '{"network": "vmeste"}'),
        ("cabinet.logged_in", '{"network": "vmeste"}'),
        ("social.unbound", '{"network": "vmeste"}'),
    ]


@pytest.mark.parametrize("what", ["bound", "unbound"])
@pytest.mark.parametrize("network", [VMESTE, KRUG], ids=lambda network: network.name)
def test_r175_the_notice_is_one_sms_in_every_language(what, network):
    texts = {language: social_sms(what, network.title, language) for language in ("ru", "en", "latin")}

    assert len(texts["ru"]) <= 70
    assert len(texts["latin"]) <= 160
    assert texts["latin"].isascii()
    assert len(texts["en"]) <= 160
    assert texts["en"].isascii()


async def test_a_number_that_was_sold_again_is_opened_by_nothing_of_its_former_owner(socials, desk):
    """3.2, invariant 12: bindings and tokens go; the network's account is free for another cabinet."""
    tokens = Tokens(desk.settings, desk.records, desk.service, desk.gateway)
    socials.bind(ANNA, VMESTE, SOMEBODY, "web")
    token = tokens.remember(ANNA, "app_store", "iPhone", "127.0.0.1")
    with desk.records.changes.change("sim.resell", desk.gateway.now(), who="oleg", channel="desk"):
        desk.records.leave_owner(ANNA)

    assert socials.log_in(VMESTE, SOMEBODY, "web") is None
    assert tokens.owner(token) is None
    assert socials.bind(BORIS, VMESTE, SOMEBODY, "web") == "bound"
