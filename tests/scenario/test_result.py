"""How a scenario went."""

from ussd_gateway.scenario.result import Failure, Kind, Result


async def test_what_went_as_written_has_passed_and_tells_what_happened(play_on, driver):
    (result,) = await play_on(driver, "anna dials *100#\n")
    assert isinstance(result, Result)
    assert (result.passed, result.failure) == (True, None)
    assert [event.kind for event in result.events] == [Kind.DONE, Kind.SCREEN]
    assert [step.sentence for step in result.steps] == ["anna dials *100#"]


async def test_what_did_not_has_failed_and_tells_where(play_on, driver):
    (result,) = await play_on(driver, 'anna dials *100#\nanna sees "Hullo"\n')
    assert not result.passed
    assert isinstance(result.failure, Failure)
    assert result.failure.sentence == 'anna sees "Hullo"'
    assert [step.failed for step in result.steps] == [False, True]
