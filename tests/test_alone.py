"""Gateways of their own, side by side in one process."""

import threading

import pytest

import ussd_gateway
from ussd_gateway.alone import in_a_thread, own_gateway, sync_gateway
from ussd_gateway.clock import RealClock, VirtualClock
from ussd_gateway.config import ConfigError
from ussd_gateway.scenario.local import ALONE
from ussd_gateway.serve import Gateway


def test_any_number_of_them_run_side_by_side():
    with sync_gateway() as one, sync_gateway() as other:
        one.handset("70001000001").send("70002000001", "Где ты?")
        assert one.handset("70002000001").inbox[0].text == "Где ты?"
        assert other.handset("70002000001").inbox == []
        assert len({one.http_url, other.http_url, one.smpp, other.smpp}) == 4


def test_the_package_offers_it_by_name():
    assert ussd_gateway.sync_gateway is sync_gateway


def test_config_flags_and_clock_are_given_as_to_any_gateway(tmp_path):
    config = tmp_path / "shop.toml"
    config.write_text('[[subscriber]]\nmsisdn = "70001000001"\nbalance = "7.50"\n')
    flags = {"server": {"host": "127.0.0.2"}, "network.user_timeout": 5.0}
    with sync_gateway(config, clock=VirtualClock("2018-04-27T17:50:00+03:00"), flags=flags) as gateway:
        assert gateway.handset("70001000001").dial("*100#") == "Ваш баланс: 7.50 р."
        assert gateway.now() == 1524840600.0
        assert gateway.http_url.startswith("http://127.0.0.2:")
        assert not gateway.http_url.endswith(":8080")


async def test_a_clock_can_be_real_and_a_store_a_file(tmp_path):
    async with own_gateway(clock=RealClock(), flags={"store.path": str(tmp_path / "gateway.db")}) as gateway:
        assert isinstance(gateway.clock, RealClock)
    assert (tmp_path / "gateway.db").exists()


def test_what_the_start_raises_is_raised_here_and_no_thread_is_left():
    threads = threading.active_count()
    with pytest.raises(ConfigError, match="did you mean"), sync_gateway(flags={"network.user_timeot": 5}):
        pass
    assert threading.active_count() == threads


def test_what_the_stop_raises_is_raised_here_too():
    class Broken(Gateway):
        async def stop(self):
            await super().stop()
            raise KeyError

    with pytest.raises(KeyError), in_a_thread(lambda: Broken.from_config(clock=VirtualClock(), flags=ALONE)):
        pass


def test_an_exception_of_the_user_stops_the_gateway_and_goes_on():
    threads = threading.active_count()
    with pytest.raises(KeyError), sync_gateway():
        raise KeyError
    assert threading.active_count() == threads
