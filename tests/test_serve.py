"""The whole program put together: one road from a dialled code to an SMS, restarts, and mistakes at the start."""

import asyncio
import sqlite3

import aiohttp
import pytest

from tests.conftest import CHEAP, FREE_PORTS, START
from ussd_gateway import Gateway, VirtualClock
from ussd_gateway.config import ConfigError
from ussd_gateway.handsets.handset import NotAskedError
from ussd_gateway.network.message import MessageState, Receipt, Sms
from ussd_gateway.network.messages import QueueFullError
from ussd_gateway.serve import ListenError
from ussd_gateway.smpp.commands import BindTransceiver, EnquireLink, QuerySm
from ussd_gateway.smpp.connection import Connection


@pytest.fixture
def start(tmp_path):
    """Starts a gateway on a file that outlives it."""

    def start(**flags):
        given = {name.replace("__", "."): value for name, value in flags.items()}
        path = str(tmp_path / "gateway.db")
        return Gateway.from_config(clock=VirtualClock(START), flags=FREE_PORTS | CHEAP | {"store.path": path} | given)

    start.path = tmp_path / "gateway.db"
    return start


async def test_the_whole_road_dial_and_hold_an_sms_that_came_over_smpp(start):
    async with start() as gateway:
        anna = gateway.handset("70001000001")
        screen = await anna.dial("*111*25#")
        assert (screen.state, screen.outcome) == ("ended", "success")
        assert len(screen) <= 80
        sms = await anna.receive(sender="3339", match=r"Пароль: (\S+)\.", within=5)
        assert len(sms.groups[0]) == 8


async def test_a_command_by_sms_is_answered_before_virtual_time_passes(start):
    async with start() as gateway:
        anna = gateway.handset("70001000001")
        begun = gateway.now()
        await anna.send("111", "828")
        await gateway.settle()
        sms = await anna.receive(sender="111", within=0.01)
        assert "подключена" in sms.text
        assert gateway.now() == begun


async def test_the_network_speaks_the_language_of_the_sim(start):
    async with start() as gateway:
        anna = gateway.handset("70001000001")
        await anna.dial("*111*6*2#")
        screen = await anna.dial("*777#")
        assert (screen.outcome, screen.data_coding) == ("no_route", 15)


async def test_what_waited_for_a_handset_is_delivered_after_a_restart(start):
    async with start() as gateway:
        boris = gateway.handset("70002000001")
        await boris.turn_off()
        await gateway.handset("70001000001").send("70002000001", "Привет")
    async with start() as gateway:
        assert [sms.text for sms in gateway.handset("70002000001").inbox] == ["Привет"]


FILLING = 20_000  # messages that fill more than a mebibyte


def fill(gateway):
    for _ in range(FILLING):
        gateway.submit(Sms("70001000001", "70001000002", b"x" * 140))
    gateway.journal.commit()


async def test_the_oldest_is_forgotten_when_the_file_is_full_but_not_what_waits(start):
    async with start(store__journal_mib=1) as gateway:
        await gateway.handset("70002000001").turn_off()
        await gateway.handset("70001000001").send("70002000001", "Привет")
        for _ in range(2):
            fill(gateway)
        assert gateway.journal.forgotten >= FILLING
    async with start(store__journal_mib=1) as gateway:
        assert [sms.text for sms in gateway.handset("70002000001").inbox] == ["Привет"]


async def test_a_store_in_memory_has_a_size_of_its_own(start):
    async with start(store__path=":memory:", store__memory_mib=1) as gateway:
        for _ in range(2):
            fill(gateway)
        assert FILLING <= gateway.journal.forgotten < gateway.journal.last


async def test_an_inbox_is_there_after_a_restart_and_numbers_go_on(start):
    async with start() as gateway:
        await gateway.handset("70001000001").send("70002000001", "one")
        first = gateway.handset("70002000001").inbox[0].id
    async with start() as gateway:
        await gateway.handset("70001000001").send("70002000001", "two")
        inbox = gateway.handset("70002000001").inbox
        assert [sms.text for sms in inbox] == ["one", "two"]
        assert inbox[1].id > first


async def test_a_scheduled_message_arrives_after_a_restart(start):
    async with start() as gateway:
        gateway.submit(Sms("shop", "70001000001", b"Hi", account="test", scheduled_at=gateway.now() + 60, priority=1))
    async with start() as gateway:
        anna = gateway.handset("70001000001")
        assert anna.inbox == []
        await gateway.wait(60)
        assert [sms.text for sms in anna.inbox] == ["Hi"]


async def test_an_esme_asks_after_a_restart_what_became_of_its_message(start):
    async with start() as gateway:
        gateway.submit(Sms("shop", "70001000001", b"Hi", account="test"))
    async with start() as gateway:
        reader, writer = await asyncio.open_connection(*gateway.smpp_address)
        bind = BindTransceiver(sequence_number=1, system_id="test", password="test", interface_version=0x34)
        message_id = gateway.handset("70001000001").inbox[0].id
        writer.write(bind.encode() + QuerySm(sequence_number=2, message_id=message_id, source_addr="shop").encode())
        connection, received = Connection(), []
        async with asyncio.timeout(5):
            while len(received) < 2:
                received += connection.receive_data(await reader.read(1000))
        response = received[1]
        assert (response.command_status, response.message_id, response.message_state) == (0, message_id, 2)
        assert response.final_date
        writer.close()


LIFE = """
[network]
waiting_limit = 1
[retry]
absent = [1]
[[outcome]]
destination = "^7000"
states = {rejected = 1}
"""


async def test_what_the_config_says_of_a_messages_life_is_done(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(LIFE)

    def states(gateway):
        gateway.journal.commit()
        return [entry.state for _, entry in gateway.journal.after(0) if entry.kind == "sms.state"]

    async with Gateway.from_config(path, clock=VirtualClock(START), flags=FREE_PORTS | CHEAP) as gateway:
        gateway.submit(Sms("3339", "70001000001", b"Hi"))
        assert states(gateway) == [MessageState.REJECTED]
        other = gateway.directory.recipient("447700900123")
        gateway.detach(other)
        gateway.submit(Sms("3339", "447700900123", b"Hi"))
        with pytest.raises(QueueFullError, match="waiting_limit"):
            gateway.submit(Sms("3339", "447700900123", b"Hi"))
        await gateway.wait(1)
        assert states(gateway) == [MessageState.REJECTED, MessageState.UNDELIVERABLE]


async def test_r178_no_password_is_in_the_file(start):
    async with start() as gateway:
        anna = gateway.handset("70001000001")
        await anna.dial("*111*25#")
        password = (await anna.receive(match=r"Пароль: (\S+)\.")).groups[0]
    everything = b"".join(path.read_bytes() for path in start.path.parent.iterdir())
    for encoding in ("utf-8", "utf-16-be", "utf-16-le"):
        assert password.encode(encoding) not in everything
    assert sqlite3.connect(start.path).execute("SELECT count(*) FROM journal").fetchone()[0] > 0


async def test_r178_a_receipt_does_not_repeat_the_beginning_of_a_password(start):
    async with start() as gateway:
        sms = Sms("3339", "70001000001", b"Parol: Ab3dE9xZ.", account="selfcare", message_id="0000000001")
        account = gateway.directory.account("selfcare").endpoint
        octets = account.receipts.octets(Receipt(sms, MessageState.DELIVERED, 1.0), 1)
    assert b"stat:DELIVRD" in octets
    assert b"Ab3" not in octets


async def test_a_password_that_waited_while_the_gateway_stopped_is_gone_and_says_so(start):
    async with start(selfcare__sms_delay=60) as gateway:
        anna = gateway.handset("70001000001")
        await anna.dial("*111*25#")
        await anna.turn_off()
        await gateway.wait(60)
        await gateway.settle()
        assert len(gateway.directory.party("70001000001").waiting) == 1
    async with start() as gateway:
        assert not gateway.directory.party("70001000001").waiting
        states = [entry.state for _, entry in gateway.journal.after(0) if entry.kind == "sms.state"]
        assert states == [MessageState.UNDELIVERABLE]


async def test_a_reset_while_a_handler_works_is_told_to_nobody_but_the_waiting_phone(start, capsys):
    async with start() as gateway:
        dial = asyncio.ensure_future(gateway.handset("70001000001").dial("*111*25#"))
        await asyncio.sleep(0)
        await gateway.reset()
        with pytest.raises(NotAskedError, match="the gateway was reset"):
            await dial
        await gateway.settle()
        assert (await gateway.handset("70001000001").dial("*100#")).outcome == "success"
    logged = capsys.readouterr().out
    assert "task_failed" not in logged
    assert "Пароль" not in logged


async def test_it_stops_even_when_nothing_can_be_kept_any_more(start):
    async with asyncio.timeout(10):
        gateway = start()
        await gateway.start()
        gateway.store.own("CREATE TEMP TRIGGER full BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'full'); END")
        await gateway.handset("70001000001").send("70002000001", "Hi")
        with pytest.raises(sqlite3.IntegrityError):
            await gateway.stop()
    async with start():  # the file is free again
        pass


async def test_it_stops_cleanly_with_an_esme_bound(start):
    troubles = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: troubles.append(context["message"]))
    async with start() as gateway:
        reader, writer = await asyncio.open_connection(*gateway.smpp_address)
        writer.write(BindTransceiver(sequence_number=1, system_id="test", password="test").encode())
        await reader.read(100)
        await gateway.handset("70001000001").send("5000", "Hi")
        await reader.read(100)
    last = await reader.read(100)
    writer.close()
    await asyncio.sleep(0)
    assert last[4:8].hex() == "00000006"  # unbind
    assert troubles == []


async def test_numbers_that_two_hold_are_told_at_the_start(start, tmp_path):
    path = tmp_path / "config.toml"
    path.write_text('[[esme]]\nsystem_id = "a"\npassword = "a"\nnumbers = ["3339"]\n')
    with pytest.raises(ConfigError, match=r"^selfcare: 3339 of selfcare is held by a already"):
        Gateway.from_config(path, flags=FREE_PORTS | CHEAP)


NO_NUMBERS = {
    "no number": ("numbers = ['777', 'abc']", "numbers: 'abc' is neither a number nor a range"),
    "a number of the account before": ("numbers = ['5000']", "numbers: 5000 of b is held by a already"),
    "no code": ("codes = ['abc']", "codes: 'abc' is no service code"),
    "a code of the account before": ("codes = ['*500#']", "codes: *500# is answered by another application already"),
}


@pytest.mark.parametrize(("written", "said"), NO_NUMBERS.values(), ids=NO_NUMBERS)
def test_what_an_account_cannot_hold_is_told_with_its_key(tmp_path, written, said):
    path = tmp_path / "config.toml"
    first = "[[esme]]\nsystem_id = 'a'\npassword = 'a'\nnumbers = ['5000-5999']\ncodes = ['*500#']\n"
    path.write_text(f"{first}[[esme]]\nsystem_id = 'b'\npassword = 'b'\n{written}\n")
    with pytest.raises(ConfigError) as caught:
        Gateway.from_config(path, flags=FREE_PORTS | CHEAP)
    assert str(caught.value).startswith(f"esme[1].{said}")


async def test_a_taken_port_is_told_with_the_way_out(start):
    async with start() as gateway:
        taken = gateway.smpp_address[1]
        with pytest.raises(
            ListenError, match=f"smpp: port {taken} cannot be listened on .* --smpp-port 0 takes a free"
        ):
            async with start(server__smpp_port=taken, store__path=":memory:"):
                pass


async def test_a_mistake_in_a_menu_is_told_with_file_line_and_key(start, tmp_path):
    (tmp_path / "menus").mkdir()
    (tmp_path / "menus" / "bad.toml").write_text('codes = ["*1#"]\n[screens.main]\ntext = { ru = "А", en = "A" }\n')
    with pytest.raises(ConfigError, match=r"bad\.toml:\d+: .*screens\.main"):
        start(menus__directory=str(tmp_path / "menus"))


async def test_two_menus_with_one_code_and_a_missing_folder_are_told(start, tmp_path):
    (tmp_path / "menus").mkdir()
    menu = 'title = "Hi"\ncodes = ["*1#"]\nlanguages = ["en"]\n[screens.main]\ntext = "Hi"\nend = true\n'
    for name in ("a.toml", "b.toml"):
        (tmp_path / "menus" / name).write_text(menu)
    with pytest.raises(ConfigError, match=r"b\.toml:2: codes\[0\]: \*1# is answered by another application already"):
        start(menus__directory=str(tmp_path / "menus"))
    with pytest.raises(ConfigError, match=r"there is no folder .*nowhere"):
        start(menus__directory=str(tmp_path / "nowhere"))


FRUIT = 'title = "Hi"\ncodes = ["*1#"]\nlanguages = ["en"]\n[screens.main]\ntext = "Fruit"\nend = true\n'


@pytest.fixture
def written(tmp_path):
    """A config file beside which there are a menu and a function."""
    (tmp_path / "menus").mkdir()
    (tmp_path / "menus" / "fruit.toml").write_text(FRUIT)
    (tmp_path / "shop_of_the_config.py").write_text("async def hi(ussd):\n    return ussd.end('Hi')\n")

    def write(text):
        (tmp_path / "config.toml").write_text(text)
        return Gateway.from_config(tmp_path / "config.toml", clock=VirtualClock(START), flags=FREE_PORTS | CHEAP)

    return write


async def test_functions_and_menus_answer_the_codes_of_their_applications_and_a_menu_named_so_not_its_own(written):
    text = "[[application]]\ncodes = ['*2#', '*3#']\nmenu = 'menus/fruit.toml'\n"
    text += "[[application]]\ncode = '*4#'\nfunction = 'shop_of_the_config:hi'\n"
    async with written(text) as gateway:
        anna = gateway.handset("70001000001")
        screens = {code: await anna.dial(code) for code in ("*1#", "*2#", "*3#", "*4#")}
    assert screens["*1#"].outcome == "no_route"
    assert [screens[code] for code in ("*2#", "*3#", "*4#")] == ["Fruit", "Fruit", "Hi"]


NO_APPLICATIONS = {
    "a code that a menu has": (
        "code = '*1#'\nurl = 'http://a/'",
        "fruit.toml:2: codes[0]: *1# is answered by another app",
    ),
    "a code that is none": ("code = '1'\nurl = 'http://a/'", "application[0].code: '1' is no service code"),
    "no menu": ("code = '*2#'\nmenu = 'menus/x.toml'", "application[0].menu: x.toml:1: cannot be read: No such file"),
    "no function": ("code = '*2#'\nfunction = 'shop_of_the_config:bye'", "application[0].function: "),
    "a menu that is none": ("code = '*2#'\nmenu = 'config.toml'", "application[0].menu: config.toml:1: "),
}


@pytest.mark.parametrize(("text", "said"), NO_APPLICATIONS.values(), ids=NO_APPLICATIONS)
def test_an_application_that_cannot_be_had_is_told_with_its_key(written, text, said):
    with pytest.raises(ConfigError) as caught:
        written(f"[[application]]\n{text}\n")
    assert str(caught.value).startswith(said)


async def test_a_stop_waits_for_no_application(written):
    asked = asyncio.Event()

    async def hang(reader, writer):
        asked.set()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    gateway = written(f"[[application]]\ncode = '*2#'\nurl = 'http://127.0.0.1:{port}'\n")
    async with asyncio.timeout(2):
        async with gateway:
            dialling = asyncio.create_task(gateway.handset("70001000001").dial("*2#"))
            await asked.wait()
    dialling.cancel()
    await asyncio.gather(dialling, return_exceptions=True)
    assert not gateway._tasks
    server.close()
    await server.wait_closed()


async def test_faults_of_the_file_are_on_from_the_start_and_again_after_a_reset(tmp_path):
    (tmp_path / "config.toml").write_text("[[fault]]\neffect = 'drop'\nnth = 1\n")
    async with Gateway.from_config(tmp_path / "config.toml", flags=FREE_PORTS | CHEAP) as gateway:
        assert gateway.faults.find("submit_sm", account="test", now=0)
        gateway.faults.replace([])
        await gateway.reset()
        assert gateway.faults.banner() == "drop on submit_sm"
        assert gateway.faults.find("submit_sm", account="test", now=0)


async def test_chance_is_the_same_for_the_same_seed(tmp_path):
    (tmp_path / "config.toml").write_text("[[fault]]\neffect = 'drop'\nprobability = 0.5\nseed = 7\n")
    async with Gateway.from_config(tmp_path / "config.toml", flags=FREE_PORTS | CHEAP) as gateway:
        runs = []
        for _ in range(2):
            runs.append([bool(gateway.faults.find("submit_sm", account="test", now=0)) for _ in range(50)])
            await gateway.reset()
    assert runs[0] == runs[1]
    assert set(runs[0]) == {True, False}


async def test_the_number_of_an_esme_is_no_handset(start):
    async with start() as gateway:
        with pytest.raises(ValueError, match="5000 belongs to an ESME"):
            gateway.handset("5000")


async def test_it_starts_and_stops_in_a_moment_and_leaves_nothing_behind(start):
    before = asyncio.all_tasks()
    async with asyncio.timeout(2), start() as gateway:
        await gateway.handset("70001000001").dial("*111*25#")
    assert asyncio.all_tasks() == before


async def test_without_self_care_its_codes_say_so_and_nobody_binds(start):
    async with start(selfcare__enabled=False) as gateway:
        screen = await gateway.handset("70001000001").dial("*111*25#")
        assert screen.state == "ended"
        assert not gateway._smsc.connections


async def test_smpp_over_tls_is_there_once_there_is_a_certificate(start, certificates, trusting):
    keys = {"smpp__tls_certificate": str(certificates / "smpp.crt"), "smpp__tls_key": str(certificates / "smpp.key")}
    async with start() as gateway:
        assert gateway.smpps is None
    async with start(**keys, smpp__tls_port=0) as gateway:
        host, port = gateway.smpps.split(":")
        assert gateway.smpps != gateway.smpp
        reader, writer = await asyncio.open_connection(host, int(port), ssl=trusting())
        writer.write(EnquireLink(sequence_number=1).encode())
        assert (await reader.readexactly(16))[4:8] == bytes.fromhex("80000015")
        writer.close()


CERTIFICATES = [
    ({"smpp__tls_certificate": "no.crt"}, "^smpp.tls_certificate: there is no file .*no.crt"),
    ({"smpp__tls_key": "smpp.key"}, "^smpp.tls_key needs smpp.tls_certificate"),
    ({"smpp__tls_client_ca": "smpp.crt"}, "^smpp.tls_client_ca needs smpp.tls_certificate"),
]


@pytest.mark.parametrize(("keys", "said"), CERTIFICATES)
def test_a_certificate_that_cannot_be_used_names_its_key(start, keys, said):
    with pytest.raises(ConfigError, match=said):
        start(**keys)


async def test_the_port_of_smpp_over_tls_that_is_taken_is_told(start, certificates):
    pem = certificates / "both.pem"
    pem.write_text((certificates / "smpp.crt").read_text() + (certificates / "smpp.key").read_text())
    async with start(smpp__tls_certificate=str(pem), smpp__tls_port=0, store__path=":memory:") as gateway:
        port = int(gateway.smpps.split(":")[1])
        with pytest.raises(ListenError, match=rf"^smpps: port {port} .* smpp.tls_port = 0 takes a free one"):
            async with start(smpp__tls_certificate=str(pem), smpp__tls_port=port):
                pass


async def test_a_receipt_that_had_not_left_leaves_after_a_restart(start):
    async with start() as gateway:
        gateway.submit(Sms("shop", "70001000001", b"Hi", account="test", registered_delivery=1))
    for _ in range(2):  # nobody has bound to receive yet
        async with start() as gateway:
            assert len(gateway.directory.account("test").waiting) == 1
    async with start() as gateway:
        reader, writer = await asyncio.open_connection(*gateway.smpp_address)
        bind = BindTransceiver(sequence_number=1, system_id="test", password="test", interface_version=0x34)
        writer.write(bind.encode())
        connection, received = Connection(), []
        async with asyncio.timeout(5):
            while len(received) < 2:
                received += connection.receive_data(await reader.read(1000))
        assert b"stat:DELIVRD" in received[1].short_message
        writer.write(received[1].reply().encode())
        await gateway.settle()
        writer.close()
    async with start() as gateway:
        assert not gateway.directory.account("test").waiting


# Social networks --------------------------------------------------------------------------------------------------------


async def networks_page(gateway, network):
    where = f"{gateway.http_url}/cabinet/social/{network}"
    async with aiohttp.ClientSession() as session, session.get(where) as response:
        return response.status, await response.text()


async def test_r130_both_networks_are_there_with_people_of_their_own(operator_on_sockets):
    for network, person in (("vmeste", "Анна Орлова"), ("krug", "Анна О.")):
        status, page = await networks_page(operator_on_sockets, network)
        assert (status, person in page) == (200, True)


async def test_the_config_names_the_people_of_a_network():
    people = [{"network": "krug", "id": "7", "name": "Глеб"}]
    async with Gateway.from_config(
        clock=VirtualClock(START), flags=FREE_PORTS | CHEAP | {"idp_account": people}
    ) as gateway:
        _, page = await networks_page(gateway, "krug")
        assert 'value="7">Глеб<' in page
        assert "Анна" not in page
        _, page = await networks_page(gateway, "vmeste")
        assert "Анна Орлова" in page


@pytest.mark.parametrize(
    ("people", "said"),
    [
        ([{"network": "x", "id": "7", "name": "Глеб"}], r"idp_account\[0\].network: x is unknown; known: vmeste, krug"),
        ([{"network": "krug", "id": "7", "name": "Глеб"}] * 2, "7 of krug is there twice"),
    ],
    ids=["unknown", "twice"],
)
def test_mistakes_in_the_people_of_a_network_are_told(people, said):
    with pytest.raises(ConfigError, match=said):
        Gateway.from_config(flags=FREE_PORTS | {"idp_account": people})


async def test_without_self_care_there_are_no_networks_and_no_application():
    flags = FREE_PORTS | {"selfcare.enabled": False}
    async with Gateway.from_config(flags=flags) as gateway, aiohttp.ClientSession() as session:
        for path in ("/idp/vmeste/log-in", "/app/v1/operator"):
            async with session.get(f"{gateway.http_url}{path}") as response:
                assert response.status == 404
