"""The same scripts on a gateway that is reached over HTTP."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from ussd_gateway.clock import RealClock
from ussd_gateway.scenario.driver import NoGatewayError, PhoneError
from ussd_gateway.scenario.local import ALONE
from ussd_gateway.scenario.remote import Api, remote_driver
from ussd_gateway.serve import Gateway

ROAD = """\
anna dials *111#
anna sees awaiting screen matching /(?P<key>\\d) Баланс/
anna answers {key}
anna sees final screen exactly "Ваш баланс: 150.00 р."
anna turns off
boris sends sms "Ты где?" to anna
anna receives no sms for 0.1s
anna turns on
anna receives sms from boris within 5s exactly "Ты где?"
network asks anna "Сумма?" from *111#
anna sees awaiting screen exactly "Сумма?"
anna answers 10
anna sees final screen
anna dials *111#
anna hangs up
anna sees outcome dialog_user_abort
"""


@pytest.fixture
async def remote(operator):
    async with remote_driver(operator.http_url) as driver:
        yield driver


@pytest.fixture
async def real_time():
    async with (
        Gateway.from_config(clock=RealClock(), flags=ALONE) as gateway,
        remote_driver(gateway.http_url) as driver,
    ):
        yield driver


async def test_a_script_passes_as_it_does_at_home(remote, play_on):
    (result,) = await play_on(remote, ROAD)
    assert result.failure is None


async def test_a_script_passes_in_real_time(real_time, play_on):
    assert not real_time.virtual
    (result,) = await play_on(real_time, ROAD)
    assert result.failure is None
    assert result.seconds >= 0.1


async def test_a_virtual_clock_is_moved(remote, operator, play_on):
    assert remote.virtual
    before = operator.now()
    (result,) = await play_on(remote, "anna dials *111#\nwait 31s\nanna sees outcome timeout")
    assert result.failure is None
    assert operator.now() == before + 31


async def test_a_virtual_clock_is_moved_step_by_step_to_where_an_sms_comes(remote, operator, play_on):
    boris = operator.handset("70002000001")
    operator.call_later(90, lambda: operator.spawn(boris.send("70001000001", "late")))
    before = operator.now()
    (result,) = await play_on(remote, 'anna receives sms "late" within 120s')
    assert result.failure is None
    assert operator.now() - before == pytest.approx(90, abs=2.1)


async def test_a_program_outside_gets_real_time_to_send(remote, operator):
    phone = await remote.phone("70001000001")
    await phone.begin()
    boris = operator.handset("70002000001")
    waiting = asyncio.create_task(phone.receive("", "soon", 5))
    asyncio.get_running_loop().call_later(0.2, lambda: operator.spawn(boris.send("70001000001", "soon")))
    assert (await waiting).text == "soon"


async def test_each_sms_is_read_once_and_scenarios_do_not_read_each_others(remote, play_on):
    first, second = await play_on(
        remote,
        """\
scenario "a"
    boris sends sms "one" to anna
    boris sends sms "two" to anna
    anna receives sms "one"
    anna receives no sms "one" for 1s
    anna receives sms within 0.1s "one"
scenario "b"
    anna receives no sms for 1s
""",
    )
    assert first.failure.line == 8
    assert [(arrival.event.text, arrival.remark) for arrival in first.failure.arrived] == [
        ("one", "an earlier step has read it"),
        ("two", ""),
    ]
    assert second.failure is None


async def test_what_the_gateway_refuses_fails_the_step_in_its_words(remote, play_on):
    (result,) = await play_on(remote, "anna answers 1")
    assert result.failure.problem == "70001000001 is asked nothing; dial first"


async def test_a_number_that_is_no_phone_is_a_phone_error(remote):
    with pytest.raises(PhoneError, match=r"^5000 belongs to an ESME"):
        await remote.phone("5000")


async def test_nobody_there_is_told_with_the_way_out(unused_tcp_port):
    url = f"http://127.0.0.1:{unused_tcp_port}"
    with pytest.raises(NoGatewayError) as raised:
        async with remote_driver(url):
            pass
    assert str(raised.value) == (
        f"no gateway answers at {url} (connection refused); start one with `ussd-gateway serve`"
    )


@asynccontextmanager
async def server(**answer):
    """The address of a server that answers all requests so."""

    async def handle(request):
        return web.Response(**answer)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    try:
        yield f"{host}:{port}"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("url", ["http://", "http://:/x", "127.0.0.1:"])
async def test_what_is_no_address_is_no_gateway(url):
    with pytest.raises(NoGatewayError):
        async with remote_driver(url):
            pass


@pytest.mark.parametrize(
    "answer", [{"text": "<h1>Hello</h1>"}, {"text": "[]"}, {"text": "{}"}, {"status": 404, "text": ""}]
)
async def test_another_server_is_no_gateway(answer):
    async with server(**answer) as address:
        with pytest.raises(NoGatewayError, match=f"^what answers at http://{address} is no ussd-gateway"):
            async with remote_driver(f"{address}/"):
                pass


async def test_a_line_of_a_stream_comes_whole_however_long_it_is():
    long = "x" * 1_000_000
    async with (
        server(text=f"data: {long}\n\nend") as address,
        Api(address) as api,
        api.stream("events", {}) as lines,
    ):
        assert [line.decode() async for line in lines] == [f"data: {long}", ""]


async def test_applications_leave_nothing_behind_where_the_gateway_goes_away():
    async with Gateway.from_config(flags=ALONE) as gateway, remote_driver(gateway.http_url) as driver:
        two = [await driver.application(code, "africas_talking") for code in ("*384*77#", "*384*78#")]
        await gateway.stop()
        for application in two:
            await application.close()


@pytest.mark.parametrize("text", ["anna dials *100#", "together\n    anna dials *100#\n    boris dials *100#"])
async def test_a_gateway_that_goes_away_ends_the_play(play_on, text):
    gateway = Gateway.from_config(flags=ALONE)
    await gateway.start()
    async with remote_driver(gateway.http_url) as driver:
        await gateway.stop()
        with pytest.raises(NoGatewayError):
            await play_on(driver, text)
