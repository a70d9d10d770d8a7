"""node-smpp, an ESME that was not written here, binds, submits, gets receipts and receives. `npm ci` in this folder installs it."""

import asyncio
import json
import shutil
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ussd_gateway.smpp.status import Status

HERE = Path(__file__).parent
NODE = shutil.which("node")
ANNA = "70001000001"
GSM = "Hello @ £ $ é"
CYRILLIC = "Привет, мир! Ёжик № 5 «ёлки»"
LONG = "Съешь ещё этих мягких французских булок, да выпей чаю. " * 3
PATIENCE = 20.0
BINDS = ("bind_transmitter", "bind_receiver", "bind_transceiver")

pytestmark = [
    pytest.mark.skipif(NODE is None, reason="there is no node on the PATH; .ci/run installs nodejs"),
    pytest.mark.skipif(
        not (HERE / "node_modules" / "smpp").is_dir(),
        reason="node-smpp is not installed; `npm ci` in tests/interoperability does it, and .ci/run",
    ),
]


class Node:
    """node-smpp in a process of its own."""

    def __init__(self, process):
        self._process = process
        self.heard = []

    async def says(self, command, **fields):
        self._process.stdin.write(json.dumps({"command": command, "fields": fields}).encode() + b"\n")
        await self._process.stdin.drain()

    async def hears(self, what):
        """The next of these; what comes before it is kept."""
        for index, found in enumerate(self.heard):
            if found["heard"] == what:
                return self.heard.pop(index)
        async with asyncio.timeout(PATIENCE):
            async for line in self._process.stdout:
                found = json.loads(line)
                if found["heard"] == what:
                    return found
                self.heard.append(found)
        raise AssertionError(f"it ended without {what}; it heard {self.heard}")

    async def asks(self, command, **fields):
        """The response."""
        await self.says(command, **fields)
        return await self.hears(f"{command}_resp")

    async def submits(self, **fields):
        given = {"source_addr_ton": 5, "source_addr": "bank", "dest_addr_ton": 1, "dest_addr_npi": 1}
        response = await self.asks("submit_sm", **given | {"destination_addr": ANNA} | fields)
        assert response["command_status"] == 0
        return response["message_id"]


@asynccontextmanager
async def node(gateway, bind="bind_transceiver"):
    process = await asyncio.create_subprocess_exec(
        NODE, "esme.js", *map(str, gateway.smpp_address), cwd=HERE, stdin=-1, stdout=-1
    )
    try:
        esme = Node(process)
        await esme.hears("connect")
        if bind:
            assert (await esme.asks(bind, system_id="test", password="test"))["command_status"] == 0
        yield esme
    finally:
        if process.returncode is None:
            process.kill()
        process.stdin.close()
        await process.wait()
        await asyncio.sleep(0)


@pytest.mark.parametrize("bind", BINDS)
async def test_it_binds_asks_whether_the_smsc_lives_and_unbinds(operator_on_sockets, bind):
    async with node(operator_on_sockets, None) as esme:
        bound = await esme.asks(bind, system_id="test", password="test", interface_version=0x34)
        assert (bound["command_status"], bound["system_id"]) == (0, "ussd_gateway")
        assert bound["sc_interface_version"] == 0x34
        assert (await esme.asks("enquire_link"))["command_status"] == 0
        assert (await esme.asks("unbind"))["command_status"] == 0
        await esme.hears("close")


async def test_it_is_refused_with_the_status_that_says_why(operator_on_sockets):
    async with node(operator_on_sockets, None) as esme:
        assert (await esme.asks("submit_sm", destination_addr=ANNA))["command_status"] == Status.ESME_RINVBNDSTS
        refused = await esme.asks("bind_transceiver", system_id="test", password="wrong")
        assert refused["command_status"] == Status.ESME_RINVPASWD
        assert (await esme.asks("bind_transceiver", system_id="test", password="test"))["command_status"] == 0
        assert (await esme.asks("submit_sm", destination_addr="shop"))["command_status"] == Status.ESME_RINVDSTADR


async def test_the_smsc_unbinds_it_at_the_end(operator_on_sockets):
    async with node(operator_on_sockets) as esme:
        await operator_on_sockets.stop()
        await esme.hears("unbind")
        await esme.hears("close")


@pytest.mark.parametrize(
    "fields", [{"data_coding": 0, "short_message": GSM}, {"short_message": CYRILLIC}], ids=["gsm7", "ucs2"]
)
async def test_it_submits_and_gets_its_receipt(operator_on_sockets, fields):
    anna = operator_on_sockets.handset(ANNA)
    async with node(operator_on_sockets) as esme:
        message_id = await esme.submits(registered_delivery=1, **fields)
        receipt = await esme.hears("deliver_sm")
        sms = await anna.receive(sender="bank")
    assert (sms.text, sms.id) == (fields["short_message"], message_id)
    assert (receipt["esm_class"], receipt["receipted_message_id"], receipt["message_state"]) == (4, message_id, 2)
    assert f"id:{message_id} " in receipt["short_message"]["message"]
    assert "stat:DELIVRD" in receipt["short_message"]["message"]


def in_parts(size=60):
    parts = [LONG[at : at + size] for at in range(0, len(LONG), size)]
    return [(number, len(parts), part) for number, part in enumerate(parts, 1)]


LONG_WAYS = {
    "by a header": [
        {"short_message": {"udh": {"hex": f"05000321{total:02x}{number:02x}"}, "message": part}, "data_coding": 8}
        for number, total, part in in_parts()
    ],
    "by SAR parameters": [
        {
            "short_message": part,
            "data_coding": 8,
            "sar_msg_ref_num": 0x2122,
            "sar_total_segments": total,
            "sar_segment_seqnum": number,
        }
        for number, total, part in in_parts()
    ],
    "by message_payload": [{"message_payload": LONG, "data_coding": 8}],
}


@pytest.mark.parametrize("parts", LONG_WAYS.values(), ids=LONG_WAYS)
async def test_a_long_message_arrives_whole(operator_on_sockets, parts):
    anna = operator_on_sockets.handset(ANNA)
    async with node(operator_on_sockets) as esme:
        for fields in parts:
            await esme.submits(**fields)
        assert (await anna.receive(sender="bank")).text == LONG


@pytest.mark.parametrize("parts", LONG_WAYS.values(), ids=LONG_WAYS)
async def test_a_long_message_to_an_esme_comes_as_it_was_sent(operator_on_sockets, parts):
    async with node(operator_on_sockets) as esme:
        for fields in parts:
            await esme.submits(**fields | {"destination_addr": "5000"})
        came = [await esme.hears("deliver_sm") for _ in parts]
    places = [(pdu.get("sar_segment_seqnum"), pdu.get("sar_total_segments")) for pdu in came]
    assert places == [(fields.get("sar_segment_seqnum"), fields.get("sar_total_segments")) for fields in parts]
    texts = [pdu.get("message_payload") or pdu["short_message"] for pdu in came]
    assert "".join(text["message"] for text in texts) == LONG
    headers = [fields["short_message"]["udh"] for fields in parts if isinstance(fields.get("short_message"), dict)]
    if headers:
        udhs = [bytes.fromhex("".join(element["hex"] for element in text["udh"])) for text in texts]
        assert [bytes((len(udh),)) + udh for udh in udhs] == [bytes.fromhex(header["hex"]) for header in headers]


@pytest.mark.parametrize("text", ["Balance?", CYRILLIC, LONG], ids=["gsm7", "ucs2", "long"])
async def test_it_receives_a_message_from_a_handset(operator_on_sockets, text):
    async with node(operator_on_sockets, "bind_receiver") as esme:
        await operator_on_sockets.handset(ANNA).send("5000", text)
        heard = ""
        while len(heard) < len(text):
            pdu = await esme.hears("deliver_sm")
            assert (pdu["source_addr"], pdu["destination_addr"]) == (ANNA, "5000")
            heard += pdu["short_message"]["message"]
    assert heard == text
