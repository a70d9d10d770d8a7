"""Fixtures that several rooms share: a gateway in memory without a socket, and a whole one on free ports."""

import pytest

from ussd_gateway.clock import RealClock, VirtualClock
from ussd_gateway.gateway import Gateway
from ussd_gateway.handsets.handset import Handset
from ussd_gateway.network.network import NetworkSettings
from ussd_gateway.store.journal import Journal
from ussd_gateway.store.store import Store

pytest_plugins = ["pytester"]

START = 1_524_840_600.0  # 2018-04-27T14:50:00Z


class Plain(Gateway):
    """A gateway with handsets and a store in memory, and no listener."""

    def __init__(self, clock):
        self.store = Store(":memory:")
        super().__init__(
            NetworkSettings(),
            clock=clock,
            journal=Journal(self.store),
            new_handset=lambda msisdn: Handset(msisdn, self),
        )

    def phone(self, msisdn="70001000001"):
        handset = Handset(msisdn, self)
        self.directory.attach_handset(msisdn, handset)
        return handset

    def written(self, columns="kind"):
        self.journal.commit()
        return self.store.own(f"SELECT {columns} FROM journal ORDER BY id")


@pytest.fixture
async def plain_gateway():
    gateway = Plain(VirtualClock(START))
    yield gateway
    await gateway.close()
    gateway.store.close()


@pytest.fixture
async def real_time_gateway():
    gateway = Plain(RealClock())
    yield gateway
    await gateway.close()
    gateway.store.close()
