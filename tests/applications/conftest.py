"""A developer's application on a socket."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from ussd_gateway.client import Client


@asynccontextmanager
async def served(handler):
    """The URL at which `async handler(request)` answers, whatever the path and method."""

    async def answer(request):
        return await handler(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def raw(octets):
    """The URL of one that writes these octets, whatever it is asked, and closes the connection."""

    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(octets)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()


@pytest.fixture
async def client():
    client = Client()
    yield client
    await client.stop()
