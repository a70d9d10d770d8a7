"""Top-ups, promised payments, transfers and another's balance, on a virtual clock."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.selfcare.conftest import ANNA, BLOCKED, BORIS

MINUTE, DAY = 60, 24 * 3600
STRANGER = "70005000001"


@pytest.fixture
async def bank(desk):
    desk.start_money()
    return desk


def balances(bank):
    return bank.service.balance(ANNA), bank.service.balance(BORIS)


def prepare(bank, kopecks=10000, other=BORIS):
    return bank.money.prepare_transfer(ANNA, other, kopecks, "ussd")


def confirm(bank, code, key="key"):
    return bank.money.confirm_transfer(ANNA, code, "ussd", key)


async def test_r102_a_top_up_is_there_at_once_and_once(bank):
    for _ in range(2):
        assert bank.money.top_up(ANNA, 5000, "desk", "receipt 1") == {"result": "done", "balance": 20000}

    assert bank.entries() == [(5000, "top_up", "")]


async def test_a_promised_payment_is_there_at_once_and_repaid_with_its_fee_on_the_third_day(bank):
    answer = bank.money.promise(BORIS, 10000, "ussd", "key")
    assert (answer["result"], answer["fee"]) == ("done", 1000)
    assert bank.service.balance(BORIS) == 10000 - 750

    await bank.gateway.wait(3 * DAY - 1)
    assert bank.money.promised(BORIS).kopecks == 10000
    await bank.gateway.wait(1)

    assert bank.money.promised(BORIS) is None
    assert bank.entries(BORIS) == [
        (10000, "promised_in", ""),
        (-10000, "promised_out", ""),
        (-1000, "promised_fee", ""),
    ]
    assert bank.sent == [("111", BORIS, "Обещанный платёж погашен: 100.00 р., плата 10.00 р. Баланс: -17.50 р.")]


async def test_a_promised_payment_outlives_a_restart(bank):
    bank.money.promise(BORIS, 5000, "ussd", "key")
    bank.money.stop()
    await bank.gateway.wait(5 * DAY)
    assert bank.money.promised(BORIS)

    bank.money.start()
    await bank.gateway.wait(0)

    assert bank.money.promised(BORIS) is None
    booked = bank.store.own("SELECT DISTINCT at FROM ledger WHERE kind LIKE 'promised%' AND account = ?", (BORIS,))
    assert booked[1][0] - booked[0][0] == 3 * DAY


async def test_one_promised_payment_at_a_time(bank):
    bank.money.promise(ANNA, 5000, "ussd", "first")

    assert bank.money.promise(ANNA, 5000, "ussd", "second") == {"result": "open"}
    assert bank.money.promise(ANNA, 5000, "ussd", "first")["result"] == "done"  # a repeat

    await bank.gateway.wait(3 * DAY)
    assert bank.money.promise(ANNA, 5000, "ussd", "third")["result"] == "done"


@pytest.mark.parametrize(("msisdn", "kopecks", "refusal"), [(ANNA, 80001, "out_of_bounds"), (BLOCKED, 5000, "refused")])
async def test_a_promised_payment_has_its_sums_and_needs_an_active_sim(bank, msisdn, kopecks, refusal):
    assert bank.money.promise(msisdn, kopecks, "ussd", "key") == {"result": refusal}
    assert bank.entries(msisdn) == []


async def test_a_transfer_moves_money_only_by_its_code_and_takes_its_fee(bank):
    asked = prepare(bank)
    assert asked["result"] == "sent"
    assert balances(bank) == (15000, -750)

    assert confirm(bank, asked["confirmation"])["result"] == "done"

    assert balances(bank) == (15000 - 10000 - 700, 10000 - 750)
    assert bank.entries() == [(-10000, "transfer_out", BORIS), (-700, "transfer_fee", BORIS)]
    assert bank.sent == [("111", BORIS, "Вам перевели 100.00 р. с номера +70001000001.")]


async def test_invariant_14_a_code_is_good_once_and_its_repeat_says_the_same(bank):
    code = prepare(bank)["confirmation"]
    first = confirm(bank, code)

    assert confirm(bank, code) == first
    assert confirm(bank, code, "another dialogue") == {"result": "void"}
    assert balances(bank) == (4300, 9250)


async def test_a_code_is_void_after_five_minutes(bank):
    code = prepare(bank)["confirmation"]
    await bank.gateway.wait(5 * MINUTE)
    again = prepare(bank)["confirmation"]
    await bank.gateway.wait(5 * MINUTE + 1)

    assert confirm(bank, code) == confirm(bank, again, "another") == {"result": "void"}
    assert balances(bank) == (15000, -750)


async def test_three_wrong_codes_make_it_void_and_so_does_another_transfer(bank):
    code = prepare(bank)["confirmation"]
    wrong = "00000" if code != "00000" else "11111"
    for number in range(3):
        assert confirm(bank, wrong, f"key {number}") == {"result": "wrong"}
    assert confirm(bank, code, "right") == {"result": "void"}

    first, second = prepare(bank, 100)["confirmation"], prepare(bank, 200)["confirmation"]
    assert confirm(bank, first, "first")["result"] == "wrong"
    assert confirm(bank, second, "second")["kopecks"] == 200


REFUSED = [
    (99, BORIS, "out_of_bounds"),
    (30001, BORIS, "out_of_bounds"),
    (14301, BORIS, "poor"),
    (100, ANNA, "own"),
    (100, BLOCKED, "not_possible"),
    (100, STRANGER, "not_possible"),
]


@pytest.mark.parametrize(("kopecks", "other", "refusal"), REFUSED)
async def test_what_is_not_transferred(bank, kopecks, other, refusal):
    assert prepare(bank, kopecks, other) == {"result": refusal}
    assert bank.entries() == []


async def test_1500_a_day_leave_a_number_and_no_more(bank):
    bank.money.top_up(ANNA, 1_000_000, "desk", "receipt")
    for number in range(5):
        assert confirm(bank, prepare(bank, 30000)["confirmation"], f"key {number}")["result"] == "done"

    assert prepare(bank, 100) == {"result": "too_much"}
    await bank.gateway.wait(DAY)
    assert prepare(bank, 100)["result"] == "sent"


async def test_money_that_was_spent_meanwhile_is_not_transferred(bank):
    code = prepare(bank, 14300)["confirmation"]
    bank.tariffs.connect_option(ANNA, "sms_100", 6000, "web", "another key")

    assert confirm(bank, code) == {"result": "poor"}
    assert bank.service.balance(BORIS) == -750


async def test_r178_no_code_is_in_the_store_or_the_journal(bank):
    code = prepare(bank)["confirmation"]
    bank.gateway.journal.commit()

    dump = "\n".join(bank.store._writer.iterdump())
    assert code not in dump
    assert code.encode().hex().upper() not in dump


async def test_anothers_balance_is_shown_for_a_day_once_he_has_said_yes(bank):
    look = lambda: bank.money.other_balance(ANNA, BORIS, "ussd")["result"]  # noqa: E731
    assert [look(), look()] == ["asked", "waiting"]

    assert bank.money.allow_balance(BORIS, ANNA, "ussd") == "allowed"

    assert bank.money.other_balance(ANNA, BORIS, "ussd") == {"result": "shown", "balance": -750}
    await bank.gateway.wait(DAY)
    assert look() == "asked"


async def test_nobody_consents_who_was_not_asked(bank):
    assert bank.money.allow_balance(BORIS, ANNA, "ussd") == "not_asked"
    bank.money.other_balance(ANNA, BORIS, "ussd")
    await bank.gateway.wait(DAY)

    assert bank.money.allow_balance(BORIS, ANNA, "ussd") == "not_asked"
    assert bank.money.allow_balance(ANNA, BORIS, "ussd") == "not_asked"


async def test_questions_about_balances_have_a_limit_and_tell_nobody_who_is_there(bank):
    ask = lambda other, msisdn=ANNA: bank.money.other_balance(msisdn, other, "ussd")["result"]  # noqa: E731
    assert [ask(ANNA), ask(BORIS, BLOCKED)] == ["own", "refused"]
    assert [ask(STRANGER), ask(BLOCKED), ask(STRANGER)] == ["nobody", "nobody", "waiting"]
    for _ in range(3):
        await bank.gateway.wait(16 * MINUTE)
        assert ask(BORIS) == "asked"

    assert ask("70002000009") == "too_often"
    assert bank.entries() == bank.entries(BORIS) == []


async def test_invariant_12_nothing_of_a_former_owner_goes_on(bank):
    bank.money.promise(BORIS, 5000, "ussd", "key")
    bank.tariffs.connect_option(BORIS, "bonus_30", 0, "web", "key 2")
    bank.money.other_balance(ANNA, BORIS, "ussd")
    bank.money.allow_balance(BORIS, ANNA, "ussd")

    with bank.records.changes.change("sim.resold", bank.gateway.now(), who=BORIS, channel="desk"):
        bank.money.resold(BORIS)

    assert bank.money.promised(BORIS) is None
    assert bank.tariffs.options(BORIS) == ()
    assert bank.money.other_balance(ANNA, BORIS, "ussd")["result"] == "asked"
    assert bank.money.promise(BORIS, 5000, "ussd", "key")["result"] == "done"


async def test_invariant_1_a_failure_between_fee_and_effect_leaves_neither(bank):
    code = prepare(bank)["confirmation"]
    bank.store.commit()
    bank.store.own(
        "CREATE TEMP TRIGGER full BEFORE INSERT ON ledger WHEN NEW.kind = 'transfer_fee'"
        " BEGIN SELECT RAISE(ABORT, 'full'); END"
    )
    with pytest.raises(Exception, match="full"):
        confirm(bank, code)
    assert balances(bank) == (15000, -750)

    bank.store.commit()
    bank.store.own("DROP TRIGGER full")
    assert confirm(bank, code)["result"] == "done"


NUMBERS = st.sampled_from([ANNA, BORIS, BLOCKED])
KEYS = st.sampled_from("abcdef")
SUMS = st.sampled_from([100, 5000, 10000, 30000, 80000])
OPERATIONS = st.one_of(
    st.tuples(st.just("top_up"), NUMBERS, SUMS, KEYS),
    st.tuples(st.just("promise"), NUMBERS, SUMS, KEYS),
    st.tuples(st.just("transfer"), NUMBERS, NUMBERS, SUMS, KEYS),
    st.tuples(st.just("option"), NUMBERS, st.sampled_from([("sms_100", 6000), ("internet_1", 12000)]), KEYS),
    st.tuples(st.just("tariff"), NUMBERS, st.sampled_from([("super", 5000), ("smart_mini", 30000)]), KEYS),
    st.tuples(st.just("wait"), st.sampled_from([MINUTE, 3 * DAY, 31 * DAY])),
    st.tuples(st.just("restart")),
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(OPERATIONS, max_size=12))
def test_invariant_1_whatever_is_done_the_ledger_balances_and_no_entry_ever_changes(operations):
    import asyncio

    asyncio.run(_play(operations))


async def _play(operations):
    from tests.selfcare.conftest import Desk

    bank = Desk()
    bank.start_money()
    rows = []
    for operation in operations:
        match operation:
            case ("top_up", msisdn, kopecks, key):
                bank.money.top_up(msisdn, kopecks, "desk", key)
            case ("promise", msisdn, kopecks, key):
                bank.money.promise(msisdn, kopecks, "ussd", key)
            case ("transfer", msisdn, other, kopecks, key):
                asked = bank.money.prepare_transfer(msisdn, other, kopecks, "ussd")
                bank.money.confirm_transfer(msisdn, asked.get("confirmation", "00000"), "ussd", key)
            case ("option", msisdn, option, key):
                bank.tariffs.connect_option(msisdn, *option, "web", key)
            case ("tariff", msisdn, tariff, key):
                bank.tariffs.change_tariff(msisdn, *tariff, "web", key)
            case ("wait", seconds):
                await bank.gateway.wait(seconds)
            case ("restart",):
                bank.money.stop()
                bank.tariffs.stop()
                bank.start_money()
        before, rows = rows, bank.store.own("SELECT * FROM ledger ORDER BY id")
        assert rows[: len(before)] == before
        assert bank.store.own("SELECT posting FROM ledger GROUP BY posting HAVING sum(kopecks) != 0") == []
        for msisdn in (ANNA, BORIS, BLOCKED):
            assert bank.service.balance(msisdn) == sum(row[4] for row in rows if row[2] == msisdn)
    await bank.close()
