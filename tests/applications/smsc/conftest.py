"""An SMSC on a free port, and an ESME that speaks PDU by PDU."""

import asyncio
import random

import pytest

from ussd_gateway.applications.smsc.accounts import Accounts, EsmeAccount, EsmeSettings
from ussd_gateway.applications.smsc.broadcasts import Broadcasts
from ussd_gateway.applications.smsc.capture import Capture
from ussd_gateway.applications.smsc.requests import Past, Services
from ussd_gateway.applications.smsc.server import Smsc
from ussd_gateway.clock import VirtualClock
from ussd_gateway.coding.data_coding import Alphabet
from ussd_gateway.gateway import Gateway
from ussd_gateway.handsets.handset import Handset
from ussd_gateway.network.faults import Faults
from ussd_gateway.network.message import MessageState
from ussd_gateway.network.network import NetworkSettings
from ussd_gateway.smpp.commands import BindTransceiver, Unbind
from ussd_gateway.smpp.connection import Connection
from ussd_gateway.smpp.pdu import Pdu
from ussd_gateway.smpp.timers import Timers
from ussd_gateway.store.journal import Journal
from ussd_gateway.store.store import Store
from ussd_gateway.store.views import Views

START = 1_524_840_600.0  # 2018-04-27T14:50:00Z
PATIENCE = 5.0


class Esme:
    """One SMPP connection of a test: sends PDUs or any octets, receives PDUs in order."""

    def __init__(self, reader, writer):
        self._reader, self._writer = reader, writer
        self._connection = Connection()
        self._received = []

    @property
    def address(self):
        """Its own end, as host:port."""
        return "{}:{}".format(*self._writer.get_extra_info("sockname"))

    async def send(self, *what):
        self._writer.write(b"".join(item.encode() if isinstance(item, Pdu) else item for item in what))
        await self._writer.drain()

    async def receive(self):
        """The next PDU; None when the SMSC has closed the connection."""
        async with asyncio.timeout(PATIENCE):
            while not self._received:
                octets = await self._reader.read(65536)
                if not octets:
                    return None
                self._received += self._connection.receive_data(octets)
        return self._received.pop(0)

    async def ask(self, *what):
        await self.send(*what)
        return await self.receive()

    async def bind(self, system_id="test", password="test", pdu=BindTransceiver, **given):
        given = {"interface_version": 0x34} | given
        return await self.ask(pdu(sequence_number=1, system_id=system_id, password=password, **given))

    async def is_unbound(self):
        """Whether the SMSC unbinds it, and closes once that is answered."""
        unbind = await self.receive()
        return isinstance(unbind, Unbind) and await self.ask(unbind.reply()) is None

    def close(self):
        self._writer.close()

    def ends(self):
        """Sends no more, and still listens."""
        self._writer.write_eof()

    def reset(self):
        """Gone without a goodbye."""
        self._writer.transport.abort()


class Site:
    """A gateway with nothing but the SMSC and handsets; `test` holds settings of the account of that name."""

    def __init__(self, **smsc):
        self.store = Store(smsc.pop("path", ":memory:"))
        self.clock = VirtualClock(START)
        self.gateway = Gateway(
            smsc.pop("network", NetworkSettings()),
            clock=self.clock,
            journal=Journal(self.store),
            new_handset=lambda msisdn: Handset(msisdn, self.gateway),
        )
        self.capture = Capture(1024 * 1024)
        self.faults = Faults(lambda seed: random.Random(seed).random)
        test = EsmeSettings("test", "test", ("5000-5999",), **smsc.pop("test", {}))
        settings = [test, EsmeSettings("other", "pw")]
        settings.append(EsmeSettings("latin", "pw", ("6000",), default_alphabet=Alphabet.LATIN1))
        settings += smsc.pop("accounts", ())
        settings.append(EsmeSettings("data", "pw", ("7000",), deliver_by="data_sm"))
        self.services = Services(
            Broadcasts(self.gateway),
            smsc.pop("default_messages", ()),
            smsc.pop("distribution_lists", {}),
            self.look_up,
        )
        self.accounts = Accounts([EsmeAccount(account, self.gateway) for account in settings])
        self.smsc = Smsc(
            self.gateway,
            self.accounts,
            timers=smsc.pop("timers", Timers()),
            window=smsc.pop("window", 500),
            faults=self.faults,
            capture=self.capture,
            services=self.services,
        )
        self.tls = smsc.pop("tls", None)
        self.esmes = []

    def handset(self, msisdn="70001000001"):
        handset = Handset(msisdn, self.gateway)
        self.gateway.directory.attach_handset(msisdn, handset)
        return handset

    async def look_up(self, message_id, account):
        await self.gateway.committed()
        views = Views(self.store)
        for _ in views.catch_up():
            await asyncio.sleep(0)
        return [Past(*found) for found in views.known_as(message_id, account)]

    def states(self):
        """The state of each message as the journal has it, by message_id."""
        found = {}
        for _, entry in self.gateway.journal.after(0):
            if entry.kind == "sms":
                found[entry.sms.message_id] = MessageState(entry.state).name
            elif entry.kind == "sms.state":
                found[entry.message_id] = MessageState(entry.state).name
        return found

    async def connect(self, **given):
        esme = Esme(*await asyncio.open_connection(*self.address, **given))
        self.esmes.append(esme)
        return esme

    async def bound(self, *args, **given):
        esme = await self.connect()
        assert (await esme.bind(*args, **given)).command_status == 0
        return esme

    def journal(self, columns="kind"):
        entries = self.gateway.journal.after(0)
        return [tuple(getattr(entry, column, None) for column in columns.split(", ")) for _, entry in entries]

    async def __aenter__(self):
        self.address = await self.smsc.start("127.0.0.1", 0, self.tls)
        return self

    async def __aexit__(self, *exc):
        for esme in self.esmes:
            esme.close()
        await self.smsc.stop()
        await self.gateway.close()
        await asyncio.sleep(0)  # lets the transports close
        self.store.close()


@pytest.fixture
async def site():
    async with Site() as site:
        yield site


@pytest.fixture
def new_site():
    return Site
