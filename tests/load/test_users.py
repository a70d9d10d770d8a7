"""What a user's phone asks the gateway for, and what it knows itself."""

import pytest

from ussd_gateway.clock import RealClock
from ussd_gateway.load.users import SharedApi, User, find
from ussd_gateway.scenario.driver import NoGatewayError, PhoneError
from ussd_gateway.scenario.local import ALONE
from ussd_gateway.scenario.parse import parse
from ussd_gateway.scenario.play import play
from ussd_gateway.scenario.report import failure_report
from ussd_gateway.serve import Gateway

ANNA, BORIS = "70009000001", "70009000002"


class Overheard(SharedApi):
    """Notes each request."""

    def __init__(self, url, patience=30.0):
        super().__init__(url, patience)
        self.asked = []

    async def call(self, method, path, **given):
        self.asked.append(f"{method} {path.removeprefix('handsets/')}")
        return await super().call(method, path, **given)


@pytest.fixture
async def gateway():
    async with Gateway.from_config(clock=RealClock(), flags=ALONE) as gateway:
        yield gateway


@pytest.fixture
async def api(gateway):
    async with Overheard(gateway.http_url) as api:
        yield api


@pytest.fixture
async def user(api, gateway):
    user = User(api, gateway.smpp_address)
    await user.prepare([ANNA, BORIS])
    api.asked.clear()
    return user


@pytest.fixture
def passes(user):
    """Plays steps of anna and boris, which are to pass; the requests that this took."""

    async def passes(text):
        user._shared.asked.clear()
        (result,) = await play(parse(f"phone anna is {ANNA}\nphone boris is {BORIS}\n{text}", "load.ussd"), user)
        assert failure_report(result).plain == ""
        return user._shared.asked

    return passes


async def test_a_dialogue_takes_a_request_for_each_step_that_asks(passes):
    text = 'anna dials *111#\nanna sees awaiting screen "1 Баланс"\nanna answers 1\nanna sees final screen\n'
    for _ in range(2):
        assert await passes(text) == [f"POST {ANNA}/ussd"] * 2


async def test_a_dialogue_that_is_left_open_is_hung_up(passes):
    text = "anna dials *111#\nanna sees awaiting screen\n"
    for _ in range(2):
        assert await passes(text) == [f"POST {ANNA}/ussd", f"DELETE {ANNA}/ussd"]


HAPPENS = {
    "time passes": "wait 0.01s\n",
    "the network pushes": 'network pushes "Сбой" to anna from *111#\n',
    "another phone acts": "boris dials *100#\n",
    "an SMS comes": 'boris sends sms "x" to anna\nanna receives sms "x"\n',
    "a browser acts": "web gets /healthz\n",
    "an ESME acts": 'shop binds\nshop submits "x" to boris\n',
}


@pytest.mark.parametrize("happens", HAPPENS.values(), ids=HAPPENS)
async def test_once_something_has_happened_the_gateway_is_asked_what_is_shown(passes, happens):
    names = "browser web\nesme shop is test\n"
    asked = await passes(
        f"{names}anna dials *100#\nanna sees final screen\n{happens}anna sees screen of at most 200 octets\n"
    )
    assert f"GET {ANNA}/ussd" in asked


async def test_what_was_pushed_meanwhile_is_seen(passes):
    await passes('anna dials *100#\nnetwork pushes "Сбой в сети" to anna from *111#\nanna sees "Сбой"\n')


async def test_a_scenario_begins_with_nothing_shown_and_all_read(passes):
    await passes(
        'boris sends sms "first" to anna\nanna dials *100#\nanna sees final screen\nanna receives sms "first"\n'
    )
    await passes('boris sends sms "second" to anna\nanna receives sms\n')
    asked = await passes(
        "wait 0.01s\nanna sees no screen\nanna receives no sms for 0.01s\n".replace(
            "sees no screen", 'sees no "баланс"'
        )
    )
    assert f"GET {ANNA}/sms" in asked


async def test_an_sms_that_does_not_come_is_told_with_what_came_instead(user):
    text = f'phone anna is {ANNA}\nanna sends sms "Где ты?" to anna\nanna receives sms "Тут" within 0.01s\n'
    (result,) = await play(parse(text, "load.ussd"), user)
    assert [arrival.event.text for arrival in result.failure.arrived] == ["Где ты?"]


async def test_after_a_failure_phones_are_as_they_begin(user, api):
    await (await user.phone(ANNA)).dial("*111#")
    await user.mend()
    assert api.asked[1:4] == [f"DELETE {ANNA}/ussd"] * 2 + [f"GET {ANNA}/sms"]
    assert await (await user.phone(ANNA)).screen() is None


async def test_whoever_leaves_hangs_up(user, gateway):
    await (await user.phone(ANNA)).dial("*111#")
    await user.leave()
    assert all(party.session is None for party in gateway.directory.handsets())


async def test_browsers_share_connections_and_no_cookies(user):
    first, second = await user.browser(), await user.browser()
    assert (await first.request("GET", "/healthz", {})).status == 200
    await first.close()
    assert (await second.request("GET", "/healthz", {})).status == 200
    await second.close()


async def test_a_gateway_that_does_not_answer_costs_the_step(gateway):
    class Silent:
        def deliver(self, message):
            pass

    gateway.directory.attach_code("*123#", Silent())
    async with SharedApi(gateway.http_url, 0.05) as api:
        phone = await User(api, gateway.smpp_address).phone(ANNA)
        with pytest.raises(PhoneError, match=r"not answered within 0\.05 s"):
            await phone.dial("*123#")
        assert api.timeouts == 1


async def test_a_gateway_that_is_gone_costs_the_step_too():
    async with SharedApi("http://127.0.0.1:1", 1.0) as api:
        with pytest.raises(PhoneError, match=r"has not answered: connection refused$"):
            await User(api, ("127.0.0.1", 1)).phone(ANNA)
        assert api.timeouts == 0


async def test_find_tells_the_clock_and_where_esmes_bind(gateway):
    found = await find(gateway.http_url)
    assert (found.virtual, found.smsc) == (False, gateway.smpp_address)
    with pytest.raises(NoGatewayError, match="ussd-gateway serve"):
        await find("http://127.0.0.1:1")
