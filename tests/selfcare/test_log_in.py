"""Who comes in, and who has to wait."""

import asyncio

import pytest

from tests.selfcare.conftest import ANNA, BORIS, START, password_in
from ussd_gateway.network.address import AddressError
from ussd_gateway.selfcare.log_in import Admitted, Refused

UNKNOWN = "70009999999"
HALF_AN_HOUR = 1800.0


@pytest.fixture
async def password(desk):
    await desk.issue()
    return password_in(desk.sent[0])


async def attempts(desk, *passwords, number=ANNA):
    return [await desk.door.log_in(number, password, channel="web") for password in passwords]


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

    account = await desk.log_in(number, password_in(desk.sent[0]))

    assert account.msisdn == ANNA


@pytest.mark.parametrize("number", ["", "12345", "ООО1000001", "70001000001 70002000001", "*111#"])
async def test_r106_what_is_no_number_is_told_apart(desk, number):
    with pytest.raises(AddressError):
        await desk.log_in(number, "Ab3dE9xZ")


async def test_an_unknown_number_and_a_wrong_password_are_the_same(desk):
    await desk.issue()

    assert await desk.log_in(UNKNOWN, "Ab3dE9xZ") is None
    assert await desk.log_in(ANNA, "Ab3dE9xZ") is None
    assert desk.service.language(UNKNOWN) == "ru"
    assert desk.records.sims.sim(UNKNOWN) is None, "logging in makes nobody a subscriber"


async def test_another_numbers_password_opens_nothing(desk):
    await desk.issue(ANNA)
    await desk.issue(BORIS)

    assert await desk.log_in(BORIS, password_in(desk.sent[0])) is None


async def test_a_closed_sim_does_not_log_in(desk):
    await desk.issue()
    desk.store.write("UPDATE subscribers SET status = 'closed' WHERE msisdn = ?", (ANNA,))

    assert await desk.log_in(ANNA, password_in(desk.sent[0])) is None


# The guard --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [ANNA, UNKNOWN])
async def test_the_third_wrong_password_locks_for_half_an_hour_known_or_not(desk, password, number):
    assert await attempts(desk, *["wrong"] * 4, number=number) == [
        Refused("wrong", 2),
        Refused("wrong", 1),
        Refused("locked", 0, START + HALF_AN_HOUR),
        Refused("locked", 0, START + HALF_AN_HOUR),
    ]


async def test_while_it_is_locked_the_right_password_does_not_open_either(desk, password):
    await attempts(desk, *["wrong"] * 3)

    assert await attempts(desk, password) == [Refused("locked", 0, START + HALF_AN_HOUR)]


async def test_the_lock_ends_by_itself_at_its_minute(desk, password):
    await attempts(desk, *["wrong"] * 3)
    await desk.gateway.advance(HALF_AN_HOUR - 1)
    assert (await attempts(desk, password))[0].reason == "locked"

    await desk.gateway.advance(1)

    assert await attempts(desk, "wrong", password) == [Refused("wrong", 2), Admitted(ANNA, 1)]


async def test_a_log_in_forgets_the_failures(desk, password):
    await attempts(desk, "wrong", "wrong", password)

    assert await attempts(desk, "wrong") == [Refused("wrong", 2)]


async def test_a_new_password_opens_at_once(desk, password):
    await attempts(desk, *["wrong"] * 3)
    await desk.issue()

    assert await attempts(desk, password_in(desk.sent[-1])) == [Admitted(ANNA, 2)]


async def test_another_numbers_failures_lock_nobody(desk, password):
    await attempts(desk, *["wrong"] * 3, number=BORIS)

    assert await attempts(desk, password) == [Admitted(ANNA, 1)]


async def test_of_many_tries_at_once_no_more_are_looked_at_than_one_after_the_other(desk, password):
    tries = [desk.door.log_in(ANNA, word, channel="web") for word in [*["wrong"] * 20, password]]

    answers = await asyncio.gather(*tries)

    assert [answer.reason for answer in answers].count("wrong") == 2
    assert not any(isinstance(answer, Admitted) for answer in answers)


async def test_a_lock_survives_a_restart(desk, password):
    await attempts(desk, *["wrong"] * 3)

    assert desk.store.own("SELECT msisdn, locked_until FROM guards") == [(ANNA, START + HALF_AN_HOUR)]


async def test_the_limits_are_settings(desks):
    desk = desks(log_in_failures=1, log_in_lock=60)

    assert await attempts(desk, "wrong") == [Refused("locked", 0, START + 60)]
