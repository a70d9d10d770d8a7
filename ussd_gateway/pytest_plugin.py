"""The pytest plugin: a thin door to the ordinary API.

Two fixtures, for async tests under pytest-asyncio:

gateway      a gateway of its own for each test: free ports, a store in memory, a virtual clock
gateway_url  where its HTTP API is, such as "http://127.0.0.1:40001"

Every pytest run of an environment that has ussd-gateway imports this module; it imports the gateway only for a test
that wants one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ussd_gateway.serve import Gateway

try:
    import pytest_asyncio
except ImportError:  # it comes with the extra "test"; runs that want no gateway do without

    @pytest.fixture(name="gateway")
    def gateway_missing() -> None:
        """Tells what to install."""
        pytest.fail("the fixture gateway needs pytest-asyncio: pip install 'ussd-gateway[test]'", pytrace=False)

    @pytest.fixture(name="gateway_url")
    def gateway_url_missing(gateway: None) -> None:
        """Tells what to install."""

else:

    @pytest_asyncio.fixture
    async def gateway() -> AsyncIterator[Gateway]:
        """A gateway of its own: free ports, a store in memory, a virtual clock. Configured by config.toml, if any."""
        from ussd_gateway.clock import VirtualClock
        from ussd_gateway.scenario.local import ALONE
        from ussd_gateway.serve import Gateway

        async with Gateway.from_config(clock=VirtualClock(), flags=ALONE) as running:
            yield running

    @pytest_asyncio.fixture
    async def gateway_url(gateway: Gateway) -> str:
        """Where the HTTP API of the test's gateway is."""
        return gateway.http_url
