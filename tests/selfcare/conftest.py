"""An operator with self-care: a real store, journal, gateway, SMSC and phones; only the clock is moved by hand."""

import asyncio
import random
import re
from contextlib import AsyncExitStack

import pytest

from ussd_gateway.applications.imports import Imports
from ussd_gateway.applications.menus import Menus
from ussd_gateway.applications.smsc.accounts import Accounts, EsmeAccount, EsmeSettings
from ussd_gateway.applications.smsc.capture import Capture
from ussd_gateway.applications.smsc.server import Smsc
from ussd_gateway.client import Client
from ussd_gateway.clock import VirtualClock
from ussd_gateway.config import DeskAccount, SelfcareSection, Subscriber, data_directory
from ussd_gateway.gateway import Gateway
from ussd_gateway.handsets.handset import Handset
from ussd_gateway.network.faults import Faults
from ussd_gateway.network.network import NetworkSettings
from ussd_gateway.selfcare.assemble import SelfCare, masks
from ussd_gateway.selfcare.desk_service import DeskService
from ussd_gateway.selfcare.hashing import Hasher
from ussd_gateway.selfcare.issuing import Issuing
from ussd_gateway.selfcare.log_in import Admitted, LogIn
from ussd_gateway.selfcare.money import Money
from ussd_gateway.selfcare.numbers import Numbers
from ussd_gateway.selfcare.records.records import Records
from ussd_gateway.selfcare.service import Service
from ussd_gateway.selfcare.sim_states import SimStates
from ussd_gateway.selfcare.tariff_file import load_tariffs
from ussd_gateway.selfcare.tariffs import Tariffs
from ussd_gateway.smpp.commands import BindTransceiver, DeliverSm, EnquireLink, SubmitSm, Unbind
from ussd_gateway.smpp.connection import Connection
from ussd_gateway.smpp.status import Status
from ussd_gateway.smpp.timers import Timers
from ussd_gateway.store.journal import Journal
from ussd_gateway.store.store import Store
from ussd_gateway.subscribers.guard import GuardRules
from ussd_gateway.subscribers.working_days import PRODUCTION


def password_in(sms):
    """What the SMS with a password brings."""
    return re.search(r"Пароль: (\S+)\.", sms[2])[1]


START = 1_524_840_600.0  # 2018-04-27T14:50:00Z
PATIENCE = 5.0

ANNA, BORIS, BLOCKED = "70001000001", "70002000001", "70009000001"

SUBSCRIBERS = (
    Subscriber(msisdn=ANNA, owner="anna", balance="150.00"),
    Subscriber(msisdn=BORIS, owner="boris", balance="-7.50", tariff="Супер"),
    Subscriber(msisdn=BLOCKED, balance="1.00", status="blocked"),
)


def section(**given):
    """Settings that cost next to nothing."""
    return SelfcareSection(**{"argon2_time_cost": 1, "argon2_memory_kib": 8} | given)


async def until(condition):
    """Let the event loop turn until the condition holds: what sockets do tells nobody here."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0)


class Ground:
    """What self-care stands on: settings, a store, and a gateway without a listener."""

    def __init__(self, **given):
        self.store = Store(":memory:")
        self.settings = section(**given)
        self.gateway = Gateway(
            NetworkSettings(),
            clock=VirtualClock(START),
            journal=Journal(self.store, masks(self.settings)),
            new_handset=lambda msisdn: Handset(msisdn, self.gateway),
        )


class Desk(Ground):
    """The service over a gateway without a listener; `sent` are the SMS that it would have sent."""

    def __init__(self, **given):
        super().__init__(**given)
        self.records = Records(self.store, self.gateway.changed)
        self.sent = []
        self.service = Service(SUBSCRIBERS, self.records, self.gateway)
        self.hasher = Hasher(time_cost=1, memory_kib=8, parallelism=self.settings.argon2_parallelism)
        self.issuing = Issuing(
            self.settings,
            self.records,
            self.service,
            self.gateway,
            self.hasher,
            self.send,
            chance=random.Random(828),
        )
        rules = GuardRules(self.settings.log_in_failures, self.settings.log_in_lock)
        self.door = LogIn(self.records, self.service, self.gateway, self.hasher, rules)
        sender = self.settings.command_number
        catalogue = load_tariffs(self.settings.tariffs)
        self.tariffs = Tariffs(catalogue, self.records, self.service, self.gateway, self.send, sender=sender)
        self.money = Money(
            self.tariffs,
            self.records,
            self.service,
            self.gateway,
            self.send,
            sender=sender,
            chance=random.Random(112),
        )
        self._keys = 0

    def send(self, source, destination, text):
        self.sent.append((source, destination, text))

    def start_money(self):
        """What becomes due is booked from now on."""
        self.money.start()
        self.tariffs.start()

    def entries(self, msisdn=ANNA):
        """The account's entries, the opening balance apart."""
        rows = self.store.own("SELECT kopecks, kind, about FROM ledger WHERE account = ? ORDER BY id", (msisdn,))
        return [row for row in rows if row[1] != "opening"]

    async def issue(self, msisdn=ANNA, channel="ussd", key=None):
        self._keys += 1
        return await self.issuing.issue_password(msisdn, channel, key or f"key {self._keys}")

    def reset(self):
        self.issuing.forget()
        self.service.reset()

    async def log_in(self, number=ANNA, password=""):
        """The account, None where it is refused."""
        admitted = await self.door.log_in(number, password, channel="web")
        return self.service.account(admitted.msisdn) if isinstance(admitted, Admitted) else None

    def audit(self, columns="what"):
        rows = self.store.own(f"SELECT {columns} FROM audit WHERE what != 'subscriber.added' ORDER BY id")
        return [row[0] if len(row) == 1 else row for row in rows]

    async def close(self):
        self.issuing.forget()
        self.money.stop()
        self.tariffs.stop()
        self.hasher.close()
        await self.gateway.close()
        self.store.close()


class Operator(Ground):
    """Everything: the SMSC on a free port, self-care bound to it, the menus that come along, and phones."""

    def __init__(self, **given):
        super().__init__(**given)
        for subscriber in SUBSCRIBERS:
            self.gateway.directory.attach_handset(subscriber.msisdn, Handset(subscriber.msisdn, self.gateway))
        numbers = (self.settings.password_sender, self.settings.command_number)
        account = EsmeSettings(self.settings.system_id, self.settings.password, numbers)
        self.accounts = Accounts([EsmeAccount(account, self.gateway)])
        self.address = ("127.0.0.1", 0)
        self.smsc = self._new_smsc()
        self.selfcare = SelfCare(
            self.settings, SUBSCRIBERS, self.store, self.gateway, smsc_address=lambda: self.address
        )
        self.menus = Menus(
            self.gateway,
            handlers=self.selfcare.handlers(),
            language=self.selfcare.languages.language,
            imports=Imports(),
            client=Client(),
            patience=10.0,
        )
        self.menus.add_folder(data_directory() / "menus")

    def _new_smsc(self):
        return Smsc(
            self.gateway,
            self.accounts,
            timers=Timers(),
            window=10,
            faults=Faults(lambda seed: lambda: 0.0),
            capture=Capture(0),
        )

    async def listen(self):
        """The SMSC listens, on the port it had before."""
        self.smsc = self._new_smsc()
        self.address = await self.smsc.start(*self.address)

    async def start(self):
        await self.listen()
        self.selfcare.start()
        await self.gateway.settle()

    async def stop(self):
        await self.selfcare.stop()
        await self.smsc.stop()
        await self.gateway.close()
        self.store.close()

    def phone(self, msisdn=ANNA):
        return self.gateway.directory.recipient(msisdn).endpoint

    async def received(self, msisdn=ANNA, *, sender="", count=1):
        """The texts that a phone has received; waits until there are so many."""
        phone = self.phone(msisdn)
        await until(lambda: len(list(phone.received(sender=sender))) >= count)
        return [sms.text for sms in phone.received(sender=sender)]

    def noted(self, kind):
        self.gateway.journal.commit()
        return [entry.facts for _, entry in self.gateway.journal.after(0) if entry.kind == kind]


class ScriptedSmsc:
    """A peer that answers as the test wants: `answers` are the next command_status, "silence", or "close"."""

    def __init__(self, *answers, silent=False):
        self.answers = list(answers)
        self.silent = silent
        self.submitted = []
        self.bound = 0
        self.heard = []
        self._server = None
        self._writers = []

    async def start(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.address = self._server.sockets[0].getsockname()

    async def stop(self):
        self._server.close()
        for writer in self._writers:
            writer.close()
        await until(lambda: not self._writers)

    @property
    def connected(self):
        return bool(self._writers)

    def deliver(self, **fields):
        self._writers[-1].write(DeliverSm(**fields).encode())

    def write(self, octets):
        self._writers[-1].write(octets)

    async def _serve(self, reader, writer):
        connection = Connection()
        self._writers.append(writer)
        try:
            while octets := await reader.read(65536):
                for pdu in connection.receive_data(octets):
                    self._answer(pdu, connection, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()
            self._writers.remove(writer)

    def _answer(self, pdu, connection, writer):
        self.heard.append(pdu)
        match None if self.silent else pdu:
            case BindTransceiver():
                self.bound += 1
                connection.bind(pdu)
                writer.write(pdu.reply(system_id="scripted").encode())
            case SubmitSm():
                self.submitted.append(pdu)
                answer = self.answers.pop(0) if self.answers else Status.ESME_ROK
                if answer == "close":
                    writer.close()
                elif isinstance(answer, bytes):
                    writer.write(answer)
                elif answer != "silence":
                    message_id = "" if answer else f"{len(self.submitted)}"
                    writer.write(pdu.reply(answer, message_id=message_id).encode())
            case EnquireLink() | Unbind():
                writer.write(pdu.reply().encode())


@pytest.fixture
async def desks():
    made = []

    def new(**given):
        made.append(Desk(**given))
        return made[-1]

    yield new
    for desk in made:
        await desk.close()


@pytest.fixture
def desk(desks):
    return desks()


@pytest.fixture
async def operators():
    made = []

    async def new(**given):
        made.append(Operator(**given))
        await made[-1].start()
        return made[-1]

    yield new
    for operator in made:
        await operator.stop()


@pytest.fixture
async def operator(operators):
    return await operators()


@pytest.fixture
async def sites():
    """Makes self-care with its pages, and as many browsers before them as a test wants; `of="office"` with the desk."""
    from tests.selfcare.browser import OfficePages, Pages, browser

    kinds = {"cabinet": Pages, "office": OfficePages}

    async with AsyncExitStack() as stack:

        async def new(of="cabinet", **given):
            pages = kinds[of](**given)
            stack.push_async_callback(pages.close)
            server = await stack.enter_async_context(pages.served())

            async def another():
                return await stack.enter_async_context(browser(server))

            pages.browser = another
            return pages

        yield new


@pytest.fixture
async def pages(sites):
    return await sites()


@pytest.fixture
async def web(pages):
    return await pages.browser()


SECOND, STRANGER = "70001000002", "70009999999"
OLEG = DeskAccount(name="oleg", password="oleg-desk", role="reviewer")
IRINA = DeskAccount(name="irina", password="irina-desk", role="consultant")
NINA = DeskAccount(name="nina", password="nina-desk", role="supervisor", msisdn="70003000001")

OWNERS = (
    Subscriber(msisdn=ANNA, owner="anna", balance="150.00", passport="45 09 123456"),
    Subscriber(msisdn=SECOND, owner="anna", balance="20.00", passport="45 09 123456"),
    Subscriber(msisdn=BORIS, owner="boris", passport="46 11 654321"),
    Subscriber(msisdn="70003000001", owner="nina"),
    Subscriber(msisdn=BLOCKED, owner="anna", status="blocked"),
)


class Office(Ground):
    """Second numbers and the desk over a gateway without a listener; `sent` are the SMS that they would have sent."""

    def __init__(self, *, calendar=PRODUCTION, accounts=(OLEG, IRINA, NINA), **given):
        super().__init__(**given)
        self.accounts, self.calendar = accounts, calendar
        self.sent = []
        self.start()

    def start(self):
        """Everything anew over the same store, as after a restart."""
        self.records = Records(self.store, self.gateway.changed)
        self.service = Service(OWNERS, self.records, self.gateway)
        self.numbers = Numbers(
            self.settings,
            self.records,
            self.gateway,
            self._send,
            calendar=self.calendar,
            utc_offset=3,
            supervisors=[account.msisdn for account in self.accounts if account.role == "supervisor"],
        )
        self.sims = SimStates(self.settings, self.records, self.gateway)
        self.service.on_disconnected.append(self.numbers.changed)
        self.sims.on_changed.append(self.numbers.changed)
        self.sims.on_resold.append(self.numbers.resold)
        self.hasher = Hasher(time_cost=1, memory_kib=8, parallelism=1)
        self.issuing = Issuing(
            self.settings,
            self.records,
            self.service,
            self.gateway,
            self.hasher,
            self._send,
            chance=random.Random(828),
            is_held=self.sims.is_held,
        )
        self.log_in = LogIn(self.records, self.service, self.gateway, self.hasher, GuardRules())
        self.desk = DeskService(
            self.settings,
            self.accounts,
            self.records,
            self.gateway,
            service=self.service,
            numbers=self.numbers,
            sims=self.sims,
            hasher=self.hasher,
            issuing=self.issuing,
        )
        self.numbers.start()

    def stop(self):
        self.numbers.stop()
        self.issuing.forget()
        self.hasher.close()

    def _send(self, source, destination, text):
        self.sent.append((source, destination, text))

    def sms(self, msisdn):
        """What a phone was sent since somebody looked last."""
        texts = [text for _, destination, text in self.sent if destination == msisdn]
        self.sent = [sms for sms in self.sent if sms[1] != msisdn]
        return texts

    def dial_828(self, *numbers):
        for msisdn in numbers or (ANNA, SECOND):
            self.service.connect(msisdn, "828", "ussd")

    def ask(self, number=SECOND, main=ANNA, key=""):
        return self.numbers.request(main, number, key)

    def link(self):
        """A second number that is linked; its request."""
        self.dial_828()
        asked = self.ask()
        assert self.numbers.approve(asked.request, self.person("oleg")) == "approved"
        self.sent.clear()
        return asked.request

    def person(self, name):
        return self.desk.person(name)

    def state(self, id):
        return self.records.links.request(id).state

    def audit(self, columns="what"):
        rows = self.store.own(f"SELECT {columns} FROM audit WHERE what != 'subscriber.added' ORDER BY id")
        return [row[0] if len(row) == 1 else row for row in rows]

    def kopecks(self):
        """What was ever entered besides opening balances."""
        return self.store.own("SELECT coalesce(sum(abs(kopecks)), 0) FROM ledger WHERE kind != 'opening'")[0][0]

    async def close(self):
        self.stop()
        await self.gateway.close()
        self.store.close()


@pytest.fixture
async def offices():
    made = []

    def new(**given):
        made.append(Office(**given))
        return made[-1]

    yield new
    for office in made:
        await office.close()


@pytest.fixture
async def front(sites):
    """Second numbers and the desk with their pages, the service connected on Anna's two numbers."""
    front = await sites("office")
    front.dial_828()
    return front


@pytest.fixture
async def office(offices):
    return offices()
