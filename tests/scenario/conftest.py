"""Scripts played on gateways of their own."""

import pytest

from ussd_gateway.clock import VirtualClock
from ussd_gateway.scenario.local import ALONE, LocalDriver
from ussd_gateway.scenario.parse import parse
from ussd_gateway.scenario.play import play
from ussd_gateway.scenario.remote import remote_driver
from ussd_gateway.serve import Gateway

PHONES = "phone anna is 70001000001\nphone boris is 70002000001\n"  # two lines; the text begins in the third


@pytest.fixture
async def operator():
    """A gateway with every interface, under a virtual clock."""
    async with Gateway.from_config(clock=VirtualClock(), flags=ALONE) as gateway:
        yield gateway


@pytest.fixture
def local(operator):
    return LocalDriver(operator)


async def played(driver, text, name="script.ussd"):
    """The results of a script's scenarios."""
    return await play(parse(PHONES + text, name), driver)


@pytest.fixture
def results(local):
    """Plays a text, gives the results of its scenarios."""
    return lambda text: played(local, text)


@pytest.fixture
def failure(local):
    """Plays a text of one scenario, gives its failure or None."""

    async def failure(text):
        (result,) = await played(local, text)
        return result.failure

    return failure


@pytest.fixture
def play_on():
    """Plays a text on a driver, gives the results."""
    return played


@pytest.fixture(params=["at home", "over HTTP"])
async def driver(request, operator, local):
    """Either driver on the same kind of gateway."""
    if request.param == "at home":
        yield local
    else:
        async with remote_driver(operator.http_url) as remote:
            yield remote


@pytest.fixture
def fails(driver):
    """Plays a text on either driver, gives the failure of its last scenario or None."""

    async def fails(text):
        *_, result = await played(driver, text)
        return result.failure

    return fails
