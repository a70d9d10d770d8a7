"""The listener."""

import asyncio

import pytest


async def test_it_takes_a_free_port_and_lets_it_go_again(new_site):
    async with new_site() as site:
        host, port = site.address
        assert host == "127.0.0.1"
        assert port > 0
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(host, port)
