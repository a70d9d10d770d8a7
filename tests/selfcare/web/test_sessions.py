"""Sessions from their cookies."""

import pytest

from tests.selfcare.conftest import ANNA, START, section
from ussd_gateway.selfcare.records.records import Records
from ussd_gateway.selfcare.web.sessions import Realm, Sessions, key_of, new_cookie

CABINET, DESK = Realm("cabinet", "/cabinet"), Realm("desk", "/desk")


class Ground:
    def __init__(self, store):
        self.at = START
        self.records = Records(store, lambda: None)
        settings = section(session_idle=100, session_longest=1000)
        self.sessions = Sessions(settings, self.records.web_sessions, self.records.changes, lambda: self.at)

    def begin(self, realm=CABINET, who=ANNA, **given):
        return self.sessions.begin(realm, who, "web", msisdn=ANNA, **given)


@pytest.fixture
def ground(store):
    return Ground(store)


@pytest.mark.parametrize("cookie", [None, "", "short", "x" * 44, "ф" * 43, "../" * 14 + "x"])
def test_a_cookie_that_is_none_of_ours_is_replaced(ground, cookie):
    new, session = ground.sessions.find(CABINET, cookie)

    assert len(new) == 43
    assert session.who is None


def test_a_stranger_keeps_his_cookie_and_token_and_fills_no_table(ground, store):
    cookie, session = ground.sessions.find(CABINET, None)

    assert ground.sessions.find(CABINET, cookie) == (cookie, session)
    assert ground.sessions.find(DESK, cookie)[1].csrf != session.csrf
    assert store.own("SELECT count(*) FROM web_sessions") == [(0,)]


def test_a_session_is_found_by_its_cookie_in_its_realm_only(ground):
    cookie, session = ground.begin()

    assert ground.sessions.find(CABINET, cookie) == (cookie, session)
    assert session.main == ANNA
    assert ground.sessions.find(DESK, cookie)[1].who is None
    assert session.key == key_of(cookie)
    assert cookie not in repr(session)
    assert session.csrf not in repr(session)


def test_what_is_used_goes_on_and_what_is_not_ends(ground):
    cookie, _ = ground.begin()
    for _ in range(5):
        ground.at += 99
        assert ground.sessions.find(CABINET, cookie)[1].who == ANNA
    ground.at += 100
    new, session = ground.sessions.find(CABINET, cookie)

    assert session.who is None
    assert new != cookie


def test_not_every_look_is_written_down(ground):
    cookie, _ = ground.begin()
    ground.at += 29
    assert ground.sessions.find(CABINET, cookie)[1].seen == START
    ground.at += 1
    assert ground.sessions.find(CABINET, cookie)[1].seen == START + 30


def test_a_session_ends_when_its_realm_says_so(ground):
    cookie, _ = ground.begin(issue=1)

    assert ground.sessions.find(Realm("cabinet", "/cabinet", lambda session: session.issue == 1), cookie)[1].who == ANNA
    assert ground.sessions.find(Realm("cabinet", "/cabinet", lambda session: session.issue == 2), cookie)[1].who is None


def test_the_others_are_ended_and_this_one_is_not(ground):
    ground.begin()
    ground.begin(who="boris")
    cookie, session = ground.begin()
    assert [one.who for one in ground.sessions.listed(CABINET, session)] == [ANNA, ANNA]
    ground.sessions.end_others(session, "web")

    assert ground.sessions.listed(CABINET, session) == [session]
    assert len(ground.records.web_sessions.of("cabinet", "boris")) == 1
    ground.sessions.end(session, "web")
    assert ground.sessions.find(CABINET, cookie)[1].who is None


def test_old_sessions_are_forgotten_at_the_next_log_in(ground, store):
    for _ in range(3):
        ground.begin()
    ground.at += 1000
    ground.begin()

    assert store.own("SELECT count(*) FROM web_sessions") == [(1,)]


def test_another_number_is_shown_and_the_main_one_stays(ground):
    cookie, session = ground.begin()
    ground.sessions.show(session, "70001000002", "web")

    found = ground.sessions.find(CABINET, cookie)[1]
    assert (found.main, found.msisdn) == (ANNA, "70001000002")


def test_the_browsers_name_is_kept_short_and_without_control_characters(ground):
    _, session = ground.begin(agent="Opera\x1b[31m\r\n" + "x" * 500)

    assert session.agent.startswith("Opera[31mx")
    assert len(session.agent) == 100


def test_cookies_have_256_bits():
    assert len({new_cookie() for _ in range(100)}) == 100
    assert len(new_cookie()) == 43
