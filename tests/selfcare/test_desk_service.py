"""The desk: who is let in, who is served, and what is done for whom. It is Friday, 27.04.2018, 17:50 in Moscow."""

import asyncio

import pytest
from structlog.testing import capture_logs

from tests.selfcare.conftest import ANNA, BORIS, IRINA, NINA, OLEG, SECOND, START, STRANGER
from ussd_gateway.config import DeskAccount
from ussd_gateway.selfcare.desk_service import DeskLogIn, Opened

PASSPORT = ("45 09", "123456")
WRONG = ("45 09", "123457")
CARD = "8970100000000000002"


async def log_in(office, name="oleg", password="oleg-desk"):
    return await office.desk.log_in(name, password)


def call(office, number=ANNA, passport=PASSPORT, name="irina", channel="call_0890"):
    return office.desk.open(office.person(name), channel, number, *passport)


def ticket(office, number=ANNA, name="irina", channel="call_0890"):
    opened = call(office, number, PASSPORT if number != BORIS else ("46 11", "654321"), name, channel)
    assert opened.result == "identified"
    return office.desk.ticket(office.person(name), opened.ticket)


async def act(office, what, name="irina", channel="call_0890", number=ANNA, **given):
    return await office.desk.act(office.person(name), ticket(office, number, name, channel), what, given)


# Who is let in ----------------------------------------------------------------------------------------------------------


async def test_the_operators_people_log_in_with_their_names(office):
    assert (await log_in(office)).person == office.person("oleg")
    assert office.person("oleg").role == "reviewer"
    assert office.person("nina").owner == "nina"
    assert office.person("anna") is None


async def test_an_account_may_hold_a_hash_instead_of_its_password(offices, office):
    hashed = await office.hasher.hash("Secret1")
    other = offices(accounts=[DeskAccount(name="vera", password=hashed, role="reviewer")])

    assert (await log_in(other, "vera", "Secret1")).person
    assert (await log_in(other, "vera", hashed)).person is None


async def test_three_wrong_passwords_lock_for_half_an_hour(office):
    assert [await log_in(office, password="x") for _ in range(3)] == [
        DeskLogIn(None, 2),
        DeskLogIn(None, 1),
        DeskLogIn(None, 0, START + 1800),
    ]
    assert await log_in(office) == DeskLogIn(None, 0, START + 1800)
    assert (await log_in(office, "irina", "irina-desk")).person, "others are not touched"

    await office.gateway.advance(1800)

    assert (await log_in(office)).person


async def test_nobodys_name_is_answered_as_anybodys(office):
    assert [await log_in(office, "nobody", "x") for _ in range(3)] == [
        await log_in(office, "oleg", "x") for _ in range(3)
    ]
    assert await log_in(office, "nobody", "x") == await log_in(office, "oleg", "x")


async def test_a_lock_survives_a_restart(office):
    for _ in range(3):
        await log_in(office, password="x")
    office.stop()
    office.start()

    assert (await log_in(office)).person is None


async def test_a_right_password_while_the_lock_falls_comes_before_it_or_lets_nobody_in(office):
    """3.3: the third failure and the right password at the same moment; two threads work, and either may be first."""
    await log_in(office, password="x")
    await log_in(office, password="x")

    third, right = await asyncio.gather(log_in(office, password="x"), log_in(office))

    assert bool(third.locked_until) is (right.person is None)
    assert bool((await log_in(office)).person) is bool(right.person)


# Requests ---------------------------------------------------------------------------------------------------------------


async def test_r158_the_queue_shows_both_owners_and_how_the_deadline_was_counted(office):
    office.dial_828(ANNA, SECOND, BORIS)
    office.ask(BORIS)
    office.ask()

    first, second = office.desk.queue(office.person("oleg"))

    assert (first.main.line.owner, first.other.line.owner, first.objection) == ("anna", "boris", "other_owner")
    assert (second.main.line.owner, second.other.line.owner, second.objection) == ("anna", "anna", None)
    assert [(day.isoformat(), worked) for day, worked in second.days][-1] == ("2018-05-03", True)
    assert not second.own


@pytest.mark.parametrize("name", ["irina"])
async def test_a_consultant_decides_nothing(office, name):
    office.dial_828()
    office.ask()

    assert office.desk.approve(office.person(name), 1) == "not_allowed"
    assert office.desk.reject(office.person(name), 1, "Нет") == "not_allowed"
    assert office.state(1) == "pending"


async def test_nobody_decides_about_his_own_number_or_one_of_the_same_owner(offices):
    reviewer = DeskAccount(name="anna", password="x", role="reviewer", msisdn=ANNA)
    office = offices(accounts=[reviewer, OLEG])
    office.dial_828()
    office.ask()

    (case,) = office.desk.queue(office.person("anna"))
    assert case.own
    assert office.desk.approve(office.person("anna"), 1) == "own"
    assert office.desk.approve(office.person("oleg"), 1) == "approved"


async def test_r002_only_the_desk_has_hours(offices):
    office = offices(desk_hours="09:00-18:00")
    office.dial_828()
    office.ask()
    assert office.desk.is_open()

    await office.gateway.advance(600)  # 18:00

    assert not office.desk.is_open()
    assert office.desk.approve(office.person("oleg"), 1) == "closed_now"
    assert call(office) == Opened("closed_now")
    assert office.ask(STRANGER).result == "refused", "the cabinet takes requests at any hour"
    assert len(office.desk.queue(office.person("oleg"))) == 1


# Identification ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channel", ["call_0890", "call_8800", "shop"])
async def test_r035_number_and_passport_have_to_match(office, channel):
    assert call(office, channel=channel).result == "identified"
    assert call(office, passport=WRONG, channel=channel) == Opened("not_identified")


@pytest.mark.parametrize(
    ("number", "passport"),
    [
        (ANNA, ("45 09", "")),
        (ANNA, ("", "123456")),
        (ANNA, ("", "")),
        (BORIS, PASSPORT),
        (STRANGER, PASSPORT),
        ("70003000001", PASSPORT),  # nobody knows her passport
    ],
)
async def test_r035_a_part_of_it_and_a_strangers_number_fail_in_the_same_words(office, number, passport):
    assert call(office, number, passport) == Opened("not_identified")


async def test_a_number_is_said_in_any_format(office):
    assert call(office, "8 (000) 100-00-01").result == "identified"
    assert call(office, "12") == Opened("wrong_number")


async def test_after_three_failures_a_day_only_a_shop_can_help(office):
    for _ in range(3):
        assert call(office, passport=WRONG).result == "not_identified"

    assert call(office) == Opened("only_shop")
    assert call(office, SECOND).result == "identified", "it counts for the number"
    assert call(office, channel="shop").result == "identified"

    await office.gateway.advance(7 * 3600)  # 00:50 of the next day

    assert call(office).result == "identified"


@pytest.mark.parametrize("name", ["oleg"])
async def test_a_reviewer_serves_nobody(office, name):
    assert call(office, name=name) == Opened("not_allowed")


async def test_nobody_serves_himself(office):
    assert call(office, "70003000001", name="nina") == Opened("own")


async def test_a_ticket_is_for_who_opened_it_and_for_a_while(office):
    opened = call(office)
    irina = office.person("irina")

    assert office.desk.ticket(office.person("nina"), opened.ticket) is None
    assert office.desk.ticket(irina, 99) is None
    office.desk.finish(irina, office.desk.ticket(irina, opened.ticket))
    assert office.desk.ticket(irina, opened.ticket) is None

    opened = call(office)
    await office.gateway.advance(1800)
    assert office.desk.ticket(irina, opened.ticket) is None


# What is done -----------------------------------------------------------------------------------------------------------


async def test_the_desk_sends_a_new_password_to_the_sim_once_a_ticket(office):
    here = ticket(office)
    for _ in range(2):
        assert await office.desk.act(office.person("irina"), here, "password", {}) == "sent"

    (text,) = office.sms(ANNA)
    assert text.startswith("Пароль: ")


@pytest.mark.parametrize(
    ("what", "given", "result", "status"),
    [
        ("block", {}, "done", "voluntary_blocked"),
        ("unblock", {}, "impossible", "active"),
        ("replace", {"iccid": "89701 0000 0000 0000 02"}, "done", "active"),
        ("replace", {"iccid": "1"}, "wrong_iccid", "active"),
        ("close", {}, "done", "closed"),
        ("block_for_debt", {}, "not_allowed", "active"),
        ("resell", {}, "not_allowed", "active"),
        ("approve", {}, "not_allowed", "active"),
    ],
)
async def test_a_consultant_in_a_shop_does_what_the_table_allows(office, what, given, result, status):
    assert await act(office, what, channel="shop", **given) == result
    assert office.records.sims.sim(ANNA).status == status


@pytest.mark.parametrize("what", ["replace", "close"])
async def test_what_takes_a_card_or_a_signature_is_not_done_by_phone(office, what):
    assert await act(office, what, iccid=CARD) == "not_allowed"


async def test_a_supervisor_blocks_for_a_debt_and_unblocks(office):
    assert await act(office, "block_for_debt", name="nina") == "done"
    assert office.records.sims.sim(ANNA).status == "debt_blocked"
    assert await act(office, "debt_paid", name="nina") == "done"


async def test_the_language_of_service_texts_is_changed(office):
    assert await act(office, "language", language="latin") == "done"
    assert office.service.language(ANNA) == "latin"
    assert await act(office, "language", language="tlh") == "not_allowed"


async def test_r165_the_desk_disconnects_the_service_and_the_link_ends(office):
    id = office.link()

    assert await act(office, "disconnect", number=SECOND) == "disconnected"
    assert office.state(id) == "ended"


async def test_only_what_is_possible_is_offered(office):
    here = ticket(office, channel="shop")
    offered = office.desk.actions(office.person("irina"), here)
    assert "unblock" not in offered
    assert "disconnect" not in offered

    await office.desk.act(office.person("irina"), here, "block", {})

    assert "unblock" in office.desk.actions(office.person("irina"), here)
    assert "block" not in office.desk.actions(office.person("irina"), here)


async def test_a_closed_number_is_sold_in_the_shop(offices):
    office = offices(number_quarantine=0)
    irina = office.person("irina")

    def sell(number=SECOND, owner="vera", iccid=CARD, series="47 12", passport="000000", who=irina):
        return office.desk.sell(who, number, owner, iccid, series, passport)

    assert sell() == "impossible"
    assert await act(office, "close", channel="shop", number=SECOND) == "done"
    assert sell(number="1") == "wrong_number"
    assert sell(owner=" ") == "no_owner"
    assert sell(passport="1") == "wrong_passport"
    assert sell(iccid="1") == "wrong_iccid"
    assert sell(who=office.person("oleg")) == "not_allowed"
    assert call(office, SECOND, channel="shop").result == "not_identified", "a closed number is nobody's"
    assert sell() == "done"
    assert call(office, SECOND, ("47 12", "000000"), channel="shop").result == "identified"
    assert call(office, SECOND, channel="shop").result == "not_identified"


async def test_r034_calls_visits_and_what_is_done_there_are_free(office):
    call(office, passport=WRONG)
    for what in ("password", "block", "unblock", "replace"):
        await act(office, what, channel="shop", iccid=CARD)

    assert office.kopecks() == 0
    assert office.service.balance(ANNA) == 15000


# The audit log ----------------------------------------------------------------------------------------------------------


async def test_invariant_15_what_the_desk_does_is_written_down_with_who_did_it(office):
    await act(office, "block", channel="shop")

    assert office.audit("who, channel, what")[-3:] == [
        ("irina", "shop", "desk.identified"),
        ("irina", "shop", "sim.block"),
        ("irina", "shop", "desk.acted"),
    ]


async def test_only_a_supervisor_reads_it(office):
    await act(office, "block")

    assert office.desk.audit(office.person("oleg"), word="", who="", before=None) is None
    assert office.desk.audit(office.person("irina"), word="", who="", before=None) is None
    entries = office.desk.audit(office.person("nina"), word="sim.", who="8 000 100 00 01", before=None)
    assert [entry.what for entry in entries] == ["sim.block"]
    assert office.desk.audit(office.person("nina"), word="", who=" irina ", before=entries[0].id)[0].who == "irina"


async def test_invariant_15_neither_passwords_nor_passports_get_into_records_or_logs(office):
    with capture_logs() as logs:
        await log_in(office, password="oleg-wrong")
        await log_in(office)
        call(office, passport=("12 34", "567890"))
        await act(office, "password")
    office.gateway.journal.commit()
    journal = [entry.facts for _, entry in office.gateway.journal.after(0)]
    password = office.sms(ANNA)[0].split()[1].rstrip(".")

    everything = f"{office.audit('*')} {journal} {logs}"
    for secret in ("oleg-wrong", "oleg-desk", "1234567890", "567890", "123456", password):
        assert secret not in everything


def test_the_accounts_of_the_tests_have_each_role():
    assert {account.role for account in (OLEG, IRINA, NINA)} == {"reviewer", "consultant", "supervisor"}
