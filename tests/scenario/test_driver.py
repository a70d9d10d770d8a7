"""What drivers give to the engine."""

from datetime import UTC, datetime, timedelta

import pytest

from ussd_gateway.scenario.driver import ActorError, Screen, start_at


@pytest.mark.parametrize(
    ("screen", "final"),
    [
        (Screen("1 Balance", awaiting=True), False),
        (Screen("One moment", awaiting=False), False),
        (Screen("Goodbye", awaiting=False, outcome="success"), True),
        (Screen("Too late", awaiting=True, outcome="timeout"), False),
    ],
)
def test_a_screen_is_final_when_the_dialogue_is_over_and_nothing_is_asked(screen, final):
    assert screen.final is final


async def test_a_clock_is_moved_to_where_a_file_starts_and_never_back(driver):
    noon = datetime(2030, 1, 1, 12, tzinfo=UTC)
    await start_at(driver, noon)
    assert await driver.moment() == noon
    with pytest.raises(ActorError, match="the gateway's clock stands at 2030-01-01T"):
        await start_at(driver, noon - timedelta(seconds=1))
