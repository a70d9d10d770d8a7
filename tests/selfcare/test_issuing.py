"""Passwords come about, over a real store and a virtual clock."""

import asyncio

import pytest
from structlog.testing import capture_logs

from tests.selfcare.conftest import ANNA, BLOCKED, BORIS, START, password_in
from ussd_gateway.selfcare.issuing import Issue
from ussd_gateway.selfcare.service import Account

UNKNOWN = "70009999999"


async def test_r115_a_password_comes_by_sms_from_3339_and_opens_the_cabinet(desk):
    assert await desk.issue() == Issue("sent")

    ((source, destination, _),) = desk.sent
    assert (source, destination) == ("3339", ANNA)
    assert await desk.log_in(ANNA, password_in(desk.sent[0])) == Account(ANNA, "anna", 15000, "Смарт", ())


async def test_r103_nobody_logs_in_before_a_password_is_issued(desk):
    assert await desk.log_in(ANNA, "") is None
    assert await desk.log_in(ANNA, "Ab3dE9xZ") is None


async def test_r118_a_password_is_free_at_any_balance(desk):
    assert (await desk.issue(BORIS)).result == "sent"

    assert desk.service.balance(BORIS) == -750
    assert desk.store.own("SELECT count(*) FROM ledger WHERE kind != 'opening'") == [(0,)]


@pytest.mark.parametrize("msisdn", [BLOCKED, UNKNOWN])
async def test_r119_a_blocked_sim_and_a_stranger_get_none(desk, msisdn):
    assert await desk.issue(msisdn) == Issue("refused")
    assert not desk.sent


async def test_r121_the_old_password_stops_working_at_re_issue(desk):
    await desk.issue()
    await desk.issue()

    old, new = map(password_in, desk.sent)
    assert await desk.log_in(ANNA, old) is None
    assert await desk.log_in(ANNA, new)


async def test_r121_it_stops_before_the_new_one_is_ready(desk):
    await desk.issue()
    issuing = asyncio.ensure_future(desk.issue())
    await asyncio.sleep(0)

    assert await desk.log_in(ANNA, password_in(desk.sent[0])) is None

    await issuing


async def test_r122_of_two_requests_at_once_the_last_issued_is_valid_and_only_that_is_sent(desk):
    assert await asyncio.gather(desk.issue(), desk.issue()) == [Issue("sent"), Issue("sent")]

    assert desk.store.own("SELECT issue FROM passwords") == [(2,)]
    assert len(desk.sent) == 1
    assert await desk.log_in(ANNA, password_in(desk.sent[0]))


async def test_a_log_in_that_a_new_issue_overtakes_fails(desk):
    await desk.issue()
    logging_in = asyncio.ensure_future(desk.log_in(ANNA, password_in(desk.sent[0])))
    await asyncio.sleep(0)
    await desk.issue()

    assert await logging_in is None


async def test_issue_numbers_rise(desk):
    for _ in range(3):
        await desk.issue()

    assert desk.audit("what, facts") == [("password.issued", f'{{"issue": {number}}}') for number in (1, 2, 3)]


async def test_r123_the_fourth_in_fifteen_minutes_is_too_often_and_later_is_not(desk):
    results = [(await desk.issue()).result for _ in range(4)]
    assert results == ["sent", "sent", "sent", "too_often"]
    assert await desk.log_in(ANNA, password_in(desk.sent[-1])), "a refusal harms nothing"

    await desk.gateway.advance(15 * 60)

    assert (await desk.issue()).result == "sent"


async def test_r123_the_eleventh_in_a_day_is_too_often_and_others_are_not_touched(desk):
    for _ in range(10):
        assert (await desk.issue()).result == "sent"
        await desk.gateway.advance(3600)

    assert (await desk.issue()).result == "too_often"
    assert (await desk.issue(BORIS)).result == "sent"


async def test_a_refusal_does_not_count(desks):
    desk = desks(password_requests_per_15_minutes=1)
    await desk.issue()
    await desk.gateway.advance(600)
    await desk.issue()
    await desk.gateway.advance(300)

    assert (await desk.issue()).result == "sent"


async def test_r176_the_same_key_gives_the_same_answer_and_one_effect(desk):
    answers = await asyncio.gather(desk.issue(key="7"), desk.issue(key="7"))
    answers.append(await desk.issue(key="7"))

    assert answers == [Issue("sent")] * 3
    assert len(desk.sent) == 1
    assert desk.store.own("SELECT issue FROM passwords") == [(1,)]


async def test_r176_a_refusal_is_repeated_too(desks):
    desk = desks(password_requests_per_15_minutes=1)
    await desk.issue()
    refused = await desk.issue(key="7")
    await desk.gateway.advance(1000)

    assert await desk.issue(key="7") == refused == Issue("too_often")


async def test_a_key_means_another_request_the_day_after(desk):
    await desk.issue(key="7")
    await desk.gateway.advance(86400)
    await desk.issue(key="7")

    assert len(desk.sent) == 2


async def test_the_reply_can_be_shown_in_the_window(desks):
    desk = desks(password_reply="ussd")
    issue = await desk.issue(key="7")

    assert issue.result == "shown"
    assert not desk.sent
    assert await desk.log_in(ANNA, issue.password)
    assert await desk.issue(key="7") == Issue("shown"), "what was shown is kept nowhere"


async def test_the_reply_can_be_both_and_an_sms_is_always_answered_by_sms(desks):
    both, ussd = desks(password_reply="both"), desks(password_reply="ussd")

    issue = await both.issue()
    assert issue.password == password_in(both.sent[0])
    assert await ussd.issue(channel="sms") == Issue("sent")
    assert len(ussd.sent) == 1


@pytest.mark.parametrize(("language", "label"), [("ru", "Пароль: "), ("latin", "Parol: "), ("en", "Password: ")])
async def test_the_sms_is_in_the_language_of_the_sim(desk, language, label):
    desk.service.set_language(ANNA, language)
    await desk.issue()

    assert desk.sent[0][2].startswith(label)


async def test_r113_a_delayed_sms_leaves_on_the_gateways_clock_and_is_valid_then(desks):
    desk = desks(sms_delay=300)
    await desk.issue()

    await desk.gateway.advance(299)
    assert not desk.sent
    await desk.gateway.advance(1)
    assert await desk.log_in(ANNA, password_in(desk.sent[0]))


async def test_an_sms_that_arrives_after_a_second_issue_does_not_work(desks):
    desk = desks(sms_delay=60)
    await desk.issue()
    await desk.gateway.advance(30)
    await desk.issue()
    await desk.gateway.advance(30)

    assert await desk.log_in(ANNA, password_in(desk.sent[0])) is None
    await desk.gateway.advance(30)
    assert await desk.log_in(ANNA, password_in(desk.sent[1]))


async def test_r116_no_former_password_is_issued_again(desks):
    desk = desks(password_requests_per_15_minutes=100, password_requests_per_day=100, remembered_passwords=50)
    for _ in range(30):
        await desk.issue()

    assert len({password_in(sms) for sms in desk.sent}) == 30
    assert len(desk.records.passwords.tags(ANNA)) == 30


async def test_more_remembered_passwords_than_can_be_told_apart_are_the_most_that_can(desks):
    desk = desks(remembered_passwords=100_000)

    assert (await desk.issue()).result == "sent"


async def test_what_goes_wrong_is_told_without_a_secret_and_can_be_asked_for_again(desks):
    desk = desks(argon2_parallelism=2**25)  # more lanes than argon2 has
    with capture_logs() as logs:
        assert await desk.issue() == Issue("unavailable")

    assert [log["event"] for log in logs] == ["selfcare.password_issued", "selfcare.password_failed"]
    assert logs[1] == {
        "event": "selfcare.password_failed",
        "log_level": "error",
        "msisdn": ANNA,
        "error": "HashingError",
    }
    assert await desk.issue() == Issue("unavailable")


async def test_r178_no_password_is_in_the_database_the_logs_or_a_representation(desks):
    desk = desks(password_reply="both")
    with capture_logs() as logs:
        issue = await desk.issue()
        await desk.log_in(ANNA, issue.password)
        await desk.log_in(ANNA, f"{issue.password}x")
    await desk.gateway.settle()

    dump = "\n".join(desk.store._writer.iterdump())
    assert "password.issued" in dump
    assert issue.password not in dump
    assert issue.password not in repr(logs)
    assert issue.password not in repr(issue)


async def test_every_change_is_in_the_audit(desk):
    await desk.issue()
    await desk.issue(BLOCKED)
    await desk.log_in(ANNA, password_in(desk.sent[0]))
    desk.service.set_language(ANNA, "latin", "ussd")
    desk.service.set_language(ANNA, "latin", "ussd")

    assert desk.audit("who, channel, what") == [
        (ANNA, "ussd", "password.issued"),
        (BLOCKED, "ussd", "password.refused"),
        (ANNA, "web", "cabinet.logged_in"),
        (ANNA, "ussd", "language.chosen"),
    ]


async def test_what_was_written_is_committed_at_the_end_of_the_turn(desk):
    await desk.issue()
    await desk.gateway.settle()

    assert not desk.store._writer.in_transaction


async def test_a_password_under_way_does_not_survive_a_reset(desk):
    issuing = asyncio.ensure_future(desk.issue())
    await asyncio.sleep(0)
    desk.reset()
    again = asyncio.ensure_future(desk.issue())
    await asyncio.gather(issuing, again)

    assert desk.store.own("SELECT issue FROM passwords") == [(1,)]
    assert len(desk.sent) == 1
    assert await desk.log_in(ANNA, password_in(desk.sent[0]))


async def test_a_delayed_sms_does_not_survive_a_reset(desks):
    desk = desks(sms_delay=60)
    await desk.issue()
    desk.reset()
    await desk.gateway.advance(120)

    assert not desk.sent


async def test_time_is_the_gateways(desk):
    await desk.issue()

    assert desk.store.own("SELECT issued_at FROM passwords") == [(START,)]


# One's own --------------------------------------------------------------------------------------------------------------


async def test_r125_the_generated_password_is_replaced_by_ones_own(desk):
    await desk.issue()
    old = password_in(desk.sent[0])

    assert await desk.issuing.change_password(ANNA, old, "Sweden2018", "web") == Issue("set")

    assert await desk.log_in(ANNA, old) is None
    assert await desk.log_in(ANNA, "Sweden2018")
    assert len(desk.sent) == 1, "nobody is sent a password that he has typed"


@pytest.mark.parametrize("old", ["", "Ab3dE9xZ"])
async def test_r127_a_wrong_old_password_changes_nothing(desk, old):
    await desk.issue()

    assert await desk.issuing.change_password(ANNA, old, "Sweden2018", "web") == Issue("wrong_password")

    assert await desk.log_in(ANNA, password_in(desk.sent[0]))


async def test_r127_without_a_password_there_is_none_to_change(desk):
    assert await desk.issuing.change_password(ANNA, "", "Sweden2018", "web") == Issue("wrong_password")


@pytest.mark.parametrize(
    ("new", "mistakes"),
    [
        ("Ab3", ("too_short",)),
        ("sweden2018", ("no_capital",)),
        ("Швеция2018", ("wrong_character", "no_lower", "no_capital")),
        ("", ("too_short", "no_lower", "no_capital", "no_digit")),
    ],
)
async def test_r128_one_that_breaks_the_rules_is_not_taken(desk, new, mistakes):
    await desk.issue()
    old = password_in(desk.sent[0])

    assert await desk.issuing.change_password(ANNA, old, new, "web") == Issue("not_allowed", mistakes=mistakes)

    assert await desk.log_in(ANNA, old)


async def test_the_old_password_is_no_new_one(desk):
    await desk.issue()
    old = password_in(desk.sent[0])

    assert (await desk.issuing.change_password(ANNA, old, old, "web")).mistakes == ("same",)


async def test_r122_of_a_change_and_an_issue_at_once_the_later_one_is_valid(desk):
    await desk.issue()
    old = password_in(desk.sent[0])

    changing = asyncio.ensure_future(desk.issuing.change_password(ANNA, old, "Sweden2018", "web"))
    await asyncio.sleep(0)
    await desk.issue()

    assert (await changing).result == "wrong_password", "the old one died meanwhile"
    assert await desk.log_in(ANNA, password_in(desk.sent[-1]))


async def test_r129_whoever_has_to_know_is_told_of_each_new_password(desk):
    told = []
    desk.issuing.listeners.append(lambda *news: told.append(news))

    await desk.issue()
    await desk.issuing.change_password(ANNA, password_in(desk.sent[0]), "Sweden2018", "web")

    assert told == [(ANNA, 1), (ANNA, 2)]


async def test_a_password_of_ones_own_is_set_from_the_sim_where_the_profile_has_it_so(desks):
    desk = desks(password_profile="asks")

    assert await desk.issuing.set_password(ANNA, "Ab3dE9xZ", "ussd", "1") == Issue(
        "not_allowed", mistakes=("too_long", "wrong_character")
    )
    assert await desk.issuing.set_password(ANNA, "4711", "ussd", "2") == Issue("set")
    assert await desk.log_in(ANNA, "4711")


async def test_r119_a_blocked_sim_sets_none(desks):
    desk = desks(password_profile="asks")

    assert await desk.issuing.set_password(BLOCKED, "4711", "ussd", "1") == Issue("refused")


async def test_r178_ones_own_password_is_in_no_database_and_no_log(desks):
    desk = desks(password_profile="asks")
    with capture_logs() as logs:
        await desk.issuing.set_password(ANNA, "471147", "ussd", "1")
        await desk.issuing.change_password(ANNA, "471147", "815081", "web")
    await desk.gateway.settle()

    dump = "\n".join(desk.store._writer.iterdump())
    assert "password.changed" in dump
    assert not [secret for secret in ("471147", "815081") if secret in dump + repr(logs)]


async def test_a_card_that_was_replaced_gets_no_password_for_a_day(office):
    """3.4, a SIM that was swapped yesterday: neither by the code nor by SMS nor from the desk."""
    office.sims.replace(ANNA, "8970100000000000002", who="irina", channel="shop")

    for channel in ("ussd", "sms", "desk"):
        assert (await office.issuing.issue_password(ANNA, channel, channel)).result == "held"
    assert office.sent == []

    await office.gateway.advance(86400)

    assert (await office.issuing.issue_password(ANNA, "ussd", "later")).result == "sent"
