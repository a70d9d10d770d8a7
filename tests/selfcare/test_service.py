"""The use cases, over a real store and a virtual clock."""

import asyncio
import re

import pytest
from structlog.testing import capture_logs

from tests.selfcare.conftest import ANNA, BLOCKED, BORIS, START
from ussd_gateway.network.address import AddressError
from ussd_gateway.selfcare.service import Account, Issue

UNKNOWN = "70009999999"


def password(sms):
    return re.search(r"Пароль: (\S+)\.", sms[2])[1]


# Getting a password -----------------------------------------------------------------------------------------------------


async def test_r115_a_password_comes_by_sms_from_3339_and_opens_the_cabinet(desk):
    assert await desk.issue() == Issue("sent")

    ((source, destination, _),) = desk.sent
    assert (source, destination) == ("3339", ANNA)
    assert await desk.service.log_in(ANNA, password(desk.sent[0])) == Account(ANNA, "anna", 15000, "Смарт", ())


async def test_r103_nobody_logs_in_before_a_password_is_issued(desk):
    assert await desk.service.log_in(ANNA, "") is None
    assert await desk.service.log_in(ANNA, "Ab3dE9xZ") is None


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

    old, new = map(password, desk.sent)
    assert await desk.service.log_in(ANNA, old) is None
    assert await desk.service.log_in(ANNA, new)


async def test_r121_it_stops_before_the_new_one_is_ready(desk):
    await desk.issue()
    issuing = asyncio.ensure_future(desk.issue())
    await asyncio.sleep(0)

    assert await desk.service.log_in(ANNA, password(desk.sent[0])) is None

    await issuing


async def test_r122_of_two_requests_at_once_the_last_issued_is_valid_and_only_that_is_sent(desk):
    assert await asyncio.gather(desk.issue(), desk.issue()) == [Issue("sent"), Issue("sent")]

    assert desk.store.own("SELECT issue FROM passwords") == [(2,)]
    assert len(desk.sent) == 1
    assert await desk.service.log_in(ANNA, password(desk.sent[0]))


async def test_a_log_in_that_a_new_issue_overtakes_fails(desk):
    await desk.issue()
    logging_in = asyncio.ensure_future(desk.service.log_in(ANNA, password(desk.sent[0])))
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
    assert await desk.service.log_in(ANNA, password(desk.sent[-1])), "a refusal harms nothing"

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
    assert await desk.service.log_in(ANNA, issue.password)
    assert await desk.issue(key="7") == Issue("shown"), "what was shown is kept nowhere"


async def test_the_reply_can_be_both_and_an_sms_is_always_answered_by_sms(desks):
    both, ussd = desks(password_reply="both"), desks(password_reply="ussd")

    issue = await both.issue()
    assert issue.password == password(both.sent[0])
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
    assert await desk.service.log_in(ANNA, password(desk.sent[0]))


async def test_an_sms_that_arrives_after_a_second_issue_does_not_work(desks):
    desk = desks(sms_delay=60)
    await desk.issue()
    await desk.gateway.advance(30)
    await desk.issue()
    await desk.gateway.advance(30)

    assert await desk.service.log_in(ANNA, password(desk.sent[0])) is None
    await desk.gateway.advance(30)
    assert await desk.service.log_in(ANNA, password(desk.sent[1]))


async def test_r116_no_former_password_is_issued_again(desks):
    desk = desks(password_requests_per_15_minutes=100, password_requests_per_day=100, remembered_passwords=50)
    for _ in range(30):
        await desk.issue()

    assert len({password(sms) for sms in desk.sent}) == 30
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


# Secrets ----------------------------------------------------------------------------------------------------------------


async def test_r178_no_password_is_in_the_database_the_logs_or_a_representation(desks):
    desk = desks(password_reply="both")
    with capture_logs() as logs:
        issue = await desk.issue()
        await desk.service.log_in(ANNA, issue.password)
        await desk.service.log_in(ANNA, f"{issue.password}x")
    await desk.gateway.settle()

    dump = "\n".join(desk.store._writer.iterdump())
    assert "password.issued" in dump
    assert issue.password not in dump
    assert issue.password not in repr(logs)
    assert issue.password not in repr(issue)


async def test_every_change_is_in_the_audit(desk):
    await desk.issue()
    await desk.issue(BLOCKED)
    await desk.service.log_in(ANNA, password(desk.sent[0]))
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


# Logging in -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "number",
    [
        "0001000001",
        "80001000001",
        "70001000001",
        "+70001000001",
        "8 (000) 100-00-01",
        "+7 000 100 00 01",
        "000.100.00.01",
        "\u00a0000\u00a0100-00-01 ",
        "\uff10\uff10\uff10\uff11\uff10\uff10\uff10\uff10\uff10\uff11",
    ],
)
async def test_r105_the_number_may_be_typed_in_any_format(desk, number):
    await desk.issue()

    account = await desk.service.log_in(number, password(desk.sent[0]))

    assert account.msisdn == ANNA


@pytest.mark.parametrize("number", ["", "12345", "ООО1000001", "70001000001 70002000001", "*111#"])
async def test_r106_what_is_no_number_is_told_apart(desk, number):
    with pytest.raises(AddressError):
        await desk.service.log_in(number, "Ab3dE9xZ")


async def test_an_unknown_number_and_a_wrong_password_are_the_same(desk):
    await desk.issue()

    assert await desk.service.log_in(UNKNOWN, "Ab3dE9xZ") is None
    assert await desk.service.log_in(ANNA, "Ab3dE9xZ") is None
    assert desk.service.language(UNKNOWN) == "ru"
    assert desk.records.sims.sim(UNKNOWN) is None, "logging in makes nobody a subscriber"


async def test_another_numbers_password_opens_nothing(desk):
    await desk.issue(ANNA)
    await desk.issue(BORIS)

    assert await desk.service.log_in(BORIS, password(desk.sent[0])) is None


async def test_a_closed_sim_does_not_log_in(desk):
    await desk.issue()
    desk.store.write("UPDATE subscribers SET status = 'closed' WHERE msisdn = ?", (ANNA,))

    assert await desk.service.log_in(ANNA, password(desk.sent[0])) is None


# «Управление номерами» --------------------------------------------------------------------------------------------------


async def test_r154_r155_connecting_and_its_repeat(desk):
    assert desk.service.connect(ANNA, "828", "ussd") == "connected"
    assert desk.service.connect(ANNA, "828", "sms") == "already_connected"

    assert desk.service.services(ANNA) == ("828",)
    assert desk.audit() == ["service.connected"]


async def test_r152_each_sim_has_its_own(desk):
    desk.service.connect(ANNA, "828", "ussd")

    assert desk.service.services(BORIS) == ()


async def test_disconnecting_and_its_repeat(desk):
    desk.service.connect(ANNA, "828", "ussd")

    assert desk.service.disconnect(ANNA, "828", "ussd") == "disconnected"
    assert desk.service.disconnect(ANNA, "828", "ussd") == "not_connected"
    assert desk.service.services(ANNA) == ()


async def test_r153_it_is_free(desk):
    desk.service.connect(BORIS, "828", "ussd")
    desk.service.disconnect(BORIS, "828", "ussd")

    assert desk.service.balance(BORIS) == -750


@pytest.mark.parametrize("msisdn", [BLOCKED, UNKNOWN])
async def test_r151_only_active_sims(desk, msisdn):
    assert desk.service.connect(msisdn, "828", "ussd") == "refused"
    assert desk.service.disconnect(msisdn, "828", "ussd") == "refused"


# Back to the beginning --------------------------------------------------------------------------------------------------


async def test_a_reset_brings_back_what_the_config_says(desk):
    await desk.issue()
    desk.service.connect(ANNA, "828", "ussd")
    desk.service.set_language(ANNA, "latin")
    desk.service.ensure("70005000001")

    desk.service.reset()

    assert await desk.service.log_in(ANNA, password(desk.sent[0])) is None
    assert desk.service.services(ANNA) == ()
    assert desk.service.language(ANNA) == "ru"
    assert desk.service.balance(ANNA) == 15000
    assert desk.records.sims.sim("70005000001") is None
    assert desk.audit() == []


async def test_a_password_under_way_does_not_survive_a_reset(desk):
    issuing = asyncio.ensure_future(desk.issue())
    await asyncio.sleep(0)
    desk.service.reset()
    again = asyncio.ensure_future(desk.issue())
    await asyncio.gather(issuing, again)

    assert desk.store.own("SELECT issue FROM passwords") == [(1,)]
    assert len(desk.sent) == 1
    assert await desk.service.log_in(ANNA, password(desk.sent[0]))


async def test_a_delayed_sms_does_not_survive_a_reset(desks):
    desk = desks(sms_delay=60)
    await desk.issue()
    desk.service.reset()
    await desk.gateway.advance(120)

    assert not desk.sent


async def test_time_is_the_gateways(desk):
    await desk.issue()

    assert desk.store.own("SELECT issued_at FROM passwords") == [(START,)]
