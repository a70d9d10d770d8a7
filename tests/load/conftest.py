"""An SMSC that answers as a test tells it."""

import asyncio
import contextlib

import pytest

from ussd_gateway.smpp.connection import Connection


@pytest.fixture
def smsc():
    """`async with smsc(answer) as port`: `answer(pdu)` gives the octets for each PDU, None closes the connection."""

    @contextlib.asynccontextmanager
    async def listening(answer):
        async def serve(reader, writer):
            connection = Connection()
            with contextlib.suppress(ConnectionError):
                while octets := await reader.read(65536):
                    for pdu in connection.receive_data(octets):
                        answered = answer(pdu)
                        if answered is None:
                            writer.close()
                            return
                        writer.write(answered)
            writer.close()

        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            yield server.sockets[0].getsockname()[1]

    return listening
