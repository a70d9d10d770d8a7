"""The load generator: every message is counted, whatever the SMSC does."""

import asyncio
import os
import time

import pytest

from ussd_gateway.load.figures import LoadError
from ussd_gateway.load.sms import SmsLoad, SmsPlan
from ussd_gateway.load.submits import numbers_of
from ussd_gateway.load.usage import PROC
from ussd_gateway.smpp.commands import DeliverSm, EnquireLink, GenericNack, SubmitSm
from ussd_gateway.smpp.pdu import HEADER
from ussd_gateway.smpp.receipts import receipt_text
from ussd_gateway.smpp.status import Status


def receipt(message_id, sequence_number=1):
    """The octets of a receipt."""
    text = receipt_text(message_id, 2, 1_524_840_600, 1_524_840_600, 0, b"Hello")
    return DeliverSm(sequence_number=sequence_number, esm_class=4, short_message=text).encode()


async def load(port, **plan):
    return await asyncio.to_thread(SmsLoad(SmsPlan(port=port, **plan)).run)


class Answers:
    """Accepts everything, with message_ids 1, 2, ...; `submitted` says what else a submit_sm is answered with."""

    def __init__(self, submitted=None):
        self.seen = []
        self._submitted = submitted or (lambda pdu, number: pdu.reply(message_id=str(number)).encode())

    def __call__(self, pdu):
        self.seen.append(pdu)
        if isinstance(pdu, SubmitSm):
            return self._submitted(pdu, sum(isinstance(seen, SubmitSm) for seen in self.seen))
        return b"" if pdu.command.endswith("_resp") else pdu.reply().encode()

    def commands(self):
        return [pdu.command for pdu in self.seen]


async def test_every_message_reaches_a_handset(operator_on_sockets):
    figures = await load(
        operator_on_sockets.smpp_address[1],
        count=2101,
        binds=4,
        window=100,
        numbers=numbers_of("70001000001-70001000007"),
    )
    assert figures["sent"] == figures["accepted"] == 2101
    assert figures["errors"] == figures["unanswered"] == figures["closed"] == 0
    inboxes = [operator_on_sockets.handset(f"7000100000{last}").inbox for last in range(1, 8)]
    assert sorted(map(len, inboxes)) == [300] * 6 + [301]
    assert figures["msg_per_s"] > 0
    assert 0 < figures["p50_ms"] <= figures["p90_ms"] <= figures["p99_ms"] <= figures["p999_ms"] <= figures["max_ms"]


async def test_every_message_has_its_receipt(operator_on_sockets):
    figures = await load(operator_on_sockets.smpp_address[1], count=2500, binds=3, window=50, receipts=True)
    assert (figures["accepted"], figures["receipts"], figures["lost"], figures["doubled"]) == (2500, 2500, 0, 0)
    assert 0 < figures["receipt_p50_ms"] <= figures["receipt_max_ms"]


async def test_an_open_loop_sends_at_its_rate(operator_on_sockets):
    figures = await load(operator_on_sockets.smpp_address[1], rate=2000, count=500, binds=2, window=None)
    assert figures["accepted"] == 500
    assert figures["msg_per_s"] <= 2050  # it takes a quarter of a second, whatever the SMSC can do
    assert figures["late_p99_ms"] is not None


async def test_a_run_lasts_its_seconds_behind_the_warm_up(smsc):
    answers = Answers()
    began = time.monotonic()
    async with smsc(answers) as port:
        figures = await load(port, seconds=0.1, warmup=0.2)
    took = time.monotonic() - began
    assert took >= 0.3
    assert 0 < figures["seconds"] <= took - 0.2  # from the first answer behind the warm-up on
    assert figures["sent"] == figures["accepted"] == answers.commands().count("submit_sm")


async def test_no_bind_has_more_unanswered_than_its_window(smsc):
    held = []

    def submitted(pdu, number):
        held.append(pdu.reply(message_id=str(number)).encode())
        assert len(held) <= 7
        answer = b"".join(held) if len(held) == 7 or number == 100 else b""
        if answer:
            held.clear()
        return answer

    async with smsc(Answers(submitted)) as port:
        figures = await load(port, count=100, window=7)
    assert figures["accepted"] == 100


async def test_a_window_holds_an_open_loop_back_and_the_time_runs_from_when_a_message_was_due(smsc):
    async with smsc(Answers()) as port:
        figures = await load(port, count=50, rate=1_000_000, window=1)
    assert figures["accepted"] == 50
    assert figures["late_p99_ms"] > figures["p50_ms"] / 2 > 0


async def test_refusals_are_counted_by_their_names(smsc):
    def submitted(pdu, number):
        if number % 4 == 0:
            return pdu.reply(Status.ESME_RTHROTTLED).encode()
        if number % 4 == 1:
            return GenericNack(sequence_number=pdu.sequence_number, command_status=0x500).encode()
        return pdu.reply(message_id=str(number)).encode()

    async with smsc(Answers(submitted)) as port:
        figures = await load(port, count=100)
    assert figures["accepted"] == 50
    assert figures["errors"] == 50
    assert figures["statuses"] == {"ESME_RTHROTTLED": 25, "0x00000500": 25}


async def test_lost_and_doubled_receipts_are_counted_and_each_is_answered(smsc):
    def submitted(pdu, number):
        message_id = str(number).encode()
        answer = pdu.reply(message_id=str(number)).encode()
        before = receipt(message_id, 7) if number == 1 else b""
        after = b"" if number in (1, 2) else receipt(message_id, 8) * (2 if number == 3 else 1)
        return before + answer + after

    answers = Answers(submitted)
    async with smsc(answers) as port:
        figures = await load(port, count=10, receipts=True, patience=1.0)
    assert (figures["receipts"], figures["lost"], figures["doubled"]) == (9, 1, 1)
    answered = [pdu.sequence_number for pdu in answers.seen if pdu.command == "deliver_sm_resp"]
    assert sorted(answered) == [7, *[8] * 9]


async def test_silence_counts_as_unanswered(smsc):
    async with smsc(Answers(lambda pdu, number: b"")) as port:
        figures = await load(port, count=30, window=20, patience=0.1)
    assert (figures["sent"], figures["accepted"], figures["unanswered"]) == (20, 0, 20)
    assert figures["msg_per_s"] is None
    assert figures["p99_ms"] is None


async def test_a_second_answer_counts_once(smsc):
    async with smsc(Answers(lambda pdu, number: 2 * pdu.reply(message_id="1").encode())) as port:
        figures = await load(port, count=20)
    assert (figures["accepted"], figures["unanswered"]) == (20, 0)


async def test_a_server_that_closes_ends_the_run(smsc):
    async with smsc(Answers(lambda pdu, number: None)) as port:
        figures = await load(port, count=20, binds=2)
    assert figures["closed"] == 2
    assert figures["unanswered"] == figures["sent"] == 20


@pytest.mark.parametrize("command_id", [0, 5, 0x80000004])
async def test_octets_that_are_no_smpp_end_the_connection(smsc, command_id):
    async with smsc(Answers(lambda pdu, number: HEADER.pack(0, command_id, 0, 0))) as port:
        figures = await load(port, count=20)
    assert figures["closed"] == 1


async def test_a_response_may_have_tlvs(smsc):
    def submitted(pdu, number):
        answer = pdu.reply(message_id=str(number), tlvs=[(0x0427, bytes(1))]).encode()
        return answer + receipt(str(number).encode())

    async with smsc(Answers(submitted)) as port:
        figures = await load(port, count=20, receipts=True)
    assert (figures["receipts"], figures["lost"], figures["doubled"]) == (20, 0, 0)


async def test_a_pdu_may_come_in_pieces_and_messages_and_enquire_link_are_answered(smsc):
    halves = []

    def submitted(pdu, number):
        whole = b"".join(halves) + pdu.reply(message_id=str(number)).encode()
        if number == 1:
            whole += DeliverSm(sequence_number=70, short_message=b"hi").encode()
            whole += EnquireLink(sequence_number=71).encode()
        halves[:] = [] if number == 5 else [whole[-9:]]
        return whole if number == 5 else whole[:-9]

    answers = Answers(submitted)
    async with smsc(answers) as port:
        figures = await load(port, count=5, window=2)
    assert (figures["accepted"], figures["others"]) == (5, 1)
    assert [pdu.sequence_number for pdu in answers.seen if pdu.command in ("deliver_sm_resp", "enquire_link_resp")] == [
        70,
        71,
    ]
    assert answers.commands()[-1] == "unbind"


async def test_the_server_s_process_is_told_too(smsc):
    async with smsc(Answers()) as port:
        figures = await load(port, count=20, pid=os.getpid())
    if (PROC / "self" / "stat").exists():
        assert figures["server_cpu_s_per_100k"] >= 0
        assert figures["server_rss_mib"] > 1


async def test_a_refused_bind_is_told_with_its_status(operator_on_sockets):
    with pytest.raises(LoadError, match=r"test cannot bind to .*: ESME_RINVPASWD"):
        await load(operator_on_sockets.smpp_address[1], password="wrong")


async def test_what_is_no_smsc_is_told(smsc):
    async with smsc(lambda pdu: None) as port:
        with pytest.raises(LoadError, match="is it an SMSC"):
            await load(port)
    with pytest.raises(LoadError, match="ussd-gateway serve"):
        await load(port)
