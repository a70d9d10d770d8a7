"""Fixtures that several rooms share: a gateway in memory without a socket, and a whole one on free ports."""

import json
import re
import shutil
import ssl
import subprocess
from fnmatch import fnmatch
from pathlib import Path

import aiohttp
import pytest
import structlog
from hypothesis import HealthCheck, settings

from ussd_gateway.clock import RealClock, VirtualClock
from ussd_gateway.gateway import Gateway
from ussd_gateway.handsets.handset import Handset
from ussd_gateway.network.network import NetworkSettings
from ussd_gateway.store.journal import Journal
from ussd_gateway.store.store import Store

pytest_plugins = ["pytester"]

settings.register_profile("busy machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy machine")

START = 1_524_840_600.0  # 2018-04-27T14:50:00Z


class Plain(Gateway):
    """A gateway with handsets and a store in memory, and no listener."""

    def __init__(self, clock, path=":memory:"):
        self.store = Store(path)
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
        return [
            tuple(getattr(entry, column, None) for column in columns.split(", ")) for _, entry in self.journal.after(0)
        ]


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    """The folder in which the commands of docs/smpp.md have made certificates."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl command to make certificates with")
    folder = tmp_path_factory.mktemp("certificates")
    page = (Path(__file__).parent.parent / "docs" / "smpp.md").read_text()
    (commands,) = re.findall(r"```sh\n(openssl .*?)```", page, re.DOTALL)
    subprocess.run(["sh", "-e", "-c", commands], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture
def trusting(certificates):
    """The TLS of an ESME that trusts the SMSC, and shows the certificate of the shop where it is told to."""

    def trusting(certificate=None):
        context = ssl.create_default_context(cafile=certificates / "smpp.crt")
        if certificate:
            context.load_cert_chain(certificates / f"{certificate}.crt", certificates / f"{certificate}.key")
        return context

    return trusting


@pytest.fixture
def store():
    """A database in memory."""
    store = Store(":memory:")
    yield store
    store.close()


@pytest.fixture
async def plain_gateway():
    gateway = Plain(VirtualClock(START))
    yield gateway
    await gateway.close()
    gateway.store.close()


@pytest.fixture
async def gateway_on_disk(tmp_path):
    gateway = Plain(VirtualClock(START), tmp_path / "gateway.db")
    yield gateway
    await gateway.close()
    gateway.store.close()


@pytest.fixture
async def real_time_gateway():
    gateway = Plain(RealClock())
    yield gateway
    await gateway.close()
    gateway.store.close()


@pytest.fixture(autouse=True)
def _the_log_as_it_was():
    """The command line sets up the log of the whole process."""
    yield
    structlog.reset_defaults()


FREE_PORTS = {"server.http_port": 0, "server.smpp_port": 0, "store.path": ":memory:"}
CHEAP = {"selfcare.argon2_time_cost": 1, "selfcare.argon2_memory_kib": 8, "selfcare.captcha_reveal": True}


@pytest.fixture
async def operator_on_sockets():
    """The whole program, as `ussd-gateway serve` starts it, under a virtual clock."""
    from ussd_gateway.serve import Gateway

    clock = VirtualClock(START)
    async with Gateway.from_config(clock=clock, flags=FREE_PORTS | CHEAP) as gateway:
        yield gateway


class Api:
    """The HTTP API as a client sees it: status and body."""

    def __init__(self, url, session):
        self.url, self._session = url, session

    async def __call__(self, method, path, body=None, **given):
        where = self.url + (
            path
            if path.startswith(("/health", "/ready", "/metrics", "/cabinet", "/api", "/app/"))
            else f"/api/v1{path}"
        )
        async with self._session.request(method, where, json=body, **given) as response:
            if response.content_type.endswith("json"):
                return response.status, await response.json(content_type=None)
            return response.status, await response.text()


@pytest.fixture
async def api(operator_on_sockets):
    async with aiohttp.ClientSession() as session:
        yield Api(operator_on_sockets.http_url, session)


@pytest.fixture
def told(operator_on_sockets):
    """The events of a kind so far, as `GET /events` tells them to somebody who reads from the beginning."""

    async def told(kind):
        await operator_on_sockets.committed()
        newest, found = operator_on_sockets.journal.last, []
        where = f"{operator_on_sockets.http_url}/api/v1/events?after=0"
        async with aiohttp.ClientSession() as session, session.get(where) as response:
            while True:
                block = (await response.content.readuntil(b"\n\n")).decode()
                fields = dict(line.split(": ", 1) for line in block.strip().split("\n"))
                if "id" in fields and fnmatch(fields["event"], kind):
                    name, number = fields["event"], int(fields["id"])
                    found.append({"event": name, "number": number, **json.loads(fields["data"])})
                if fields.get("id") == str(newest):
                    return found

    return told


@pytest.fixture
async def real_operator():
    """The API of a whole program in real time."""
    from ussd_gateway.serve import Gateway

    async with Gateway.from_config(flags=FREE_PORTS | CHEAP) as gateway, aiohttp.ClientSession() as session:
        yield Api(gateway.http_url, session)
