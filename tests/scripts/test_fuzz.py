"""scripts/fuzz.py: the corpus is played whole, what is wrong is noticed, and a failure is kept as short as it gets."""

import asyncio
import importlib.util
import random
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from ussd_gateway.smpp.commands import (
    BindTransceiver,
    BindTransceiverResp,
    DeliverSm,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
)
from ussd_gateway.smpp.connection import Connection
from ussd_gateway.smpp.errors import LostStreamError
from ussd_gateway.smpp.pdu import RESPONSE, Pdu, UnparsedPdu

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / "tests" / "corpus"


def load():
    spec = importlib.util.spec_from_file_location("fuzz", ROOT / "scripts" / "fuzz.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


fuzz = load()


class Here:
    """A gateway of this process as the one that is fuzzed."""

    def __init__(self, gateway):
        self.address = gateway.smpp_address

    def fault(self):
        return ""


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.smpp")), ids=lambda path: path.stem)
async def test_a_conversation_of_the_corpus_is_answered_and_harms_nobody(operator_on_sockets, path):
    conversation = fuzz.read_conversation(path)
    assert path.read_text(encoding="utf-8").startswith("# ")
    assert await fuzz.trial(Here(operator_on_sockets), [conversation]) == ""


def test_the_corpus_is_there():
    assert len(fuzz.read_corpus(CORPUS)) >= 40


def test_a_second_of_fuzzing_a_gateway_of_its_own_finds_nothing(tmp_path):
    done = subprocess.run(
        [sys.executable, "scripts/fuzz.py", "--seconds", "1", "--seed", "7"],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr.count("Traceback")) == (0, 0), done.stdout + done.stderr
    assert done.stdout.startswith("fuzz: seed 7, ")
    assert "nothing found" in done.stdout


def test_without_a_corpus_it_says_so(tmp_path, capsys):
    assert fuzz.main(["--corpus", str(tmp_path)]) == 2
    assert "holds no *.smpp file" in capsys.readouterr().err


def test_a_seed_repeats_its_mutations():
    corpus = list(fuzz.read_corpus(CORPUS).values())

    def some(seed):
        chance = random.Random(seed)
        return [fuzz.mutate(chance, corpus) for _ in range(200)]

    assert some(1) == some(1) != some(2)


@pytest.mark.parametrize("name", fuzz.PDU_MUTATIONS)
def test_each_mutation_changes_any_pdu_and_never_fails(name):
    chance = random.Random(name)
    corpus = [pdu for conversation in fuzz.read_corpus(CORPUS).values() for pdu in fuzz.split(b"".join(conversation))]
    changed = [fuzz.PDU_MUTATIONS[name](chance, pdu) != pdu for pdu in corpus]
    assert sum(changed) > len(changed) / 3


def test_pieces_are_the_whole():
    chance = random.Random(1)
    octets = bytes(range(200))
    made = [fuzz.pieces(chance, octets) for _ in range(100)]
    assert {b"".join(each) for each in made} == {octets}
    assert {len(each) for each in made} >= {1, 2, 200}


def test_a_conversation_is_kept_and_read_again(tmp_path):
    path = fuzz.write_conversation(tmp_path, "two\nlines", (b"\0\1", b"\xff"))
    assert path.read_text() == "# two\n# lines\n0001\nff\n"
    assert fuzz.read_corpus(tmp_path) == {path.stem: (b"\0\1", b"\xff")}
    path.write_text("# a comment\n00zz\n")
    with pytest.raises(ValueError, match="line 2: not hexadecimal"):
        fuzz.read_conversation(path)


# What is noticed -------------------------------------------------------------------------------------------------------

BIND = BindTransceiver(sequence_number=1, system_id="test")
BOUND = BindTransceiverResp(sequence_number=1, system_id="it")
ASK, ANSWER = EnquireLink(sequence_number=2), EnquireLinkResp(sequence_number=2)

SAID = {
    "every answer, and a request of its own": ((BIND, ASK), (BOUND, DeliverSm(sequence_number=9), ANSWER), ""),
    "answers in another order": ((BIND, ASK), (ANSWER, BOUND), ""),
    "one answer too few": ((BIND, ASK), (BOUND,), "sequence_number 2: 1 requests and 0 responses"),
    "one answer too many": ((BIND, ASK), (BOUND, ANSWER, ANSWER), "sequence_number 2: 1 requests and 2 responses"),
    "an answer to nothing": ((BIND,), (BOUND, ANSWER), "sequence_number 2: 0 requests and 1 responses"),
    "another answer": (
        (BIND, ASK),
        (BOUND, SubmitSmResp(sequence_number=2)),
        "submit_sm_resp answers sequence_number 2, which asked something else",
    ),
    "a generic_nack as the answer": ((BIND, ASK), (BOUND, GenericNack(sequence_number=2)), ""),
    "a response that is answered": (
        (BIND, ANSWER),
        (BOUND, GenericNack(sequence_number=2)),
        "sequence_number 2: 0 requests and 1 responses",
    ),
    "nothing behind a lost stream": ((BIND, ASK, b"\xff" * 16), (BOUND, GenericNack(command_status=2)), ""),
    "nothing behind an unbind": ((BIND, Unbind(sequence_number=3), ASK), (BOUND, UnbindResp(sequence_number=3)), ""),
    "no answer to an unbind": (
        (BIND, Unbind(sequence_number=3)),
        (BOUND,),
        "sequence_number 3: 1 requests and 0 responses",
    ),
    "half a request is none": ((BIND, ASK.encode()[:-1]), (BOUND,), ""),
    "nothing about outbind": ((BIND, bytes.fromhex("000000120000000b00000000000000050000")), (BOUND,), ""),
    "a PDU that is none": (
        (BIND,),
        (BOUND, bytes.fromhex("00000014800000040000000000000001") + b"7777"),
        "it sent a PDU that breaks its layout: the body ends inside message_id, before its NUL",
    ),
    "noise": ((BIND,), (BOUND, b"\xff" * 16), "it lost its own stream: command_length is 4294967295"),
}


def octets(pdus):
    return b"".join(pdu.encode() if isinstance(pdu, Pdu) else pdu for pdu in pdus)


@pytest.mark.parametrize(("sent", "received", "said"), SAID.values(), ids=SAID)
def test_what_is_wrong_with_an_answer_is_noticed(sent, received, said):
    found = fuzz.complaint((octets(sent),), octets(received))
    assert found.startswith(said)
    assert bool(found) == bool(said)


# A campaign against SMSCs with a fault ---------------------------------------------------------------------------------


class FaultySmsc(asyncio.Protocol):
    """Answers everything, until it meets what it cannot stand."""

    def __init__(self, misbehave):
        self._misbehave = misbehave
        self._connection = Connection()

    def connection_made(self, transport):
        self._transport = transport

    def data_received(self, data):
        try:
            for pdu in self._connection.receive_data(data):
                answer = pdu.reply() if isinstance(pdu, UnparsedPdu) else self._answer(pdu)
                self._transport.write(answer.encode() * self._misbehave(pdu) if answer else b"")
        except LostStreamError as error:
            self._transport.write(GenericNack(command_status=error.status).encode())
            self._transport.close()

    def _answer(self, pdu):
        if isinstance(pdu, Unbind):
            asyncio.get_running_loop().call_soon(self._transport.close)
        with suppress(KeyError):  # it has no response
            return None if pdu.command_id & RESPONSE else pdu.reply()


class FaultyTarget:
    """One that is fuzzed: `misbehave` says how often a PDU is answered."""

    def __init__(self, misbehave, *, fault="", grows=0):
        self._misbehave, self._fault, self._grows = misbehave, fault, grows
        self._held = 1 << 20
        self._server = None

    async def start(self):
        await self.stop()
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: FaultySmsc(self._misbehave), "127.0.0.1", 0)
        self.address = self._server.sockets[0].getsockname()

    async def stop(self):
        if self._server:
            self._server.close()
            await self._server.wait_closed()

    async def reset(self):
        self._held += self._grows

    def fault(self):
        return self._fault

    def memory(self):
        return self._held


def once(pdu):
    return 1


def has_a_tlv(pdu):
    return isinstance(pdu, SubmitSm) and bool(pdu.tlvs)


async def test_a_sound_smsc_passes(capsys):
    assert await fuzz.campaign(FaultyTarget(once), fuzz.read_corpus(CORPUS), 1, 0.3, Path("nowhere")) == 0
    assert "nothing found" in capsys.readouterr().out


FAULTY = {
    "answers twice": (FaultyTarget(lambda pdu: 2 if has_a_tlv(pdu) else 1), "1 requests and 2 responses"),
    "answers not at all": (FaultyTarget(lambda pdu: 0 if has_a_tlv(pdu) else 1), "1 requests and 0 responses"),
}


@pytest.mark.parametrize(("target", "said"), FAULTY.values(), ids=FAULTY)
async def test_a_fault_is_found_and_kept_as_short_as_it_gets(tmp_path, capsys, target, said):
    corpus = fuzz.read_corpus(CORPUS)
    assert await fuzz.campaign(target, corpus, 1, 60, tmp_path) == 1
    assert said in capsys.readouterr().out
    (found,) = fuzz.read_corpus(tmp_path).values()
    (pdu,) = Connection().receive_data(b"".join(found))
    assert has_a_tlv(pdu)


async def test_a_fault_in_the_log_is_a_failure(tmp_path, capsys):
    target = FaultyTarget(once, fault="gateway.delivery_failed")
    assert await fuzz.campaign(target, {"one": fuzz.WELL_BEHAVED}, 1, 60, tmp_path) == 1
    assert "seed 1: gateway.delivery_failed; kept as found-" in capsys.readouterr().out


async def test_growth_is_a_failure(tmp_path, capsys):
    target = FaultyTarget(once, grows=fuzz.GROWTH // 2 + 1)
    assert await fuzz.campaign(target, {"one": fuzz.WELL_BEHAVED}, 1, 60, tmp_path) == 1
    assert "it has grown from" in capsys.readouterr().out
