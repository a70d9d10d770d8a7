"""Sessions and browsers as they are kept."""

from tests.selfcare.conftest import ANNA, BORIS, START
from ussd_gateway.selfcare.records.web_sessions import Session


def session(key, who=ANNA, seen=START):
    return Session(key, "cabinet", who, who, "token", 1, START, seen, "127.0.0.1", "Opera")


def add(records, *sessions):
    with records.changes.change("session.begun", START, who=ANNA, channel="web"):
        for one in sessions:
            records.web_sessions.add(one)


def test_a_session_is_kept_whole_and_the_last_used_comes_first(records):
    add(records, session("a"), session("b", seen=START + 5), session("c", BORIS))

    assert records.web_sessions.session("cabinet", "a") == session("a")
    assert records.web_sessions.session("desk", "a") is None
    assert [one.key for one in records.web_sessions.of("cabinet", ANNA)] == ["b", "a"]


def test_it_is_used_shows_another_number_and_goes(records):
    add(records, session("a"), session("b"))
    records.web_sessions.seen("a", START + 9)
    records.web_sessions.show("a", BORIS)
    kept = records.web_sessions.session("cabinet", "a")
    assert (kept.seen, kept.who, kept.msisdn) == (START + 9, ANNA, BORIS)

    assert records.web_sessions.remove_others(kept) == 1
    records.web_sessions.remove("a")
    assert records.web_sessions.of("cabinet", ANNA) == []


def test_old_and_idle_ones_are_forgotten(records):
    add(records, session("a"), session("b", seen=START + 5))
    records.web_sessions.remove_before("cabinet", START - 1, START)
    assert records.web_sessions.session("cabinet", "a") is None
    records.web_sessions.remove_before("cabinet", START, START)

    assert records.web_sessions.session("cabinet", "b") is None


def test_a_browser_knows_who_logged_in_there_and_how_often_it_failed_since(records):
    sessions = records.web_sessions
    assert sessions.fewest_failures("browser") is None
    sessions.fail("browser", ANNA)
    assert sessions.failures("browser", ANNA) is None

    sessions.know("browser", ANNA, START)
    sessions.know("browser", BORIS, START)
    sessions.fail("browser", ANNA)
    assert (sessions.failures("browser", ANNA), sessions.fewest_failures("browser")) == (1, 0)
    assert sessions.failures("other", ANNA) is None
    sessions.know("browser", ANNA, START)
    assert sessions.failures("browser", ANNA) == 0
