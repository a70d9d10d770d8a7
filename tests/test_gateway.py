"""The gateway: one commit per turn, one timer, time that passes, work that is waited for."""

import asyncio

import pytest
from structlog.testing import capture_logs

from ussd_gateway.network.message import BEGIN, Sms, Ussd
from ussd_gateway.network.messages import NotUnderWayError


class Application:
    """Answers each dial as the test says."""

    def __init__(self, gateway, answer=None):
        self.gateway, self.answer, self.got = gateway, answer, []

    def deliver(self, message):
        self.got.append(message)
        if self.answer and message.operation is BEGIN:
            self.answer(message)


def committed(gateway):
    return gateway.journal.last


async def test_whatever_one_turn_accepts_is_committed_once_at_its_end(plain_gateway):
    order = []
    for number in range(3):
        plain_gateway.submit(Sms("1", "70001000001", b"Hi"))
        plain_gateway.after_commit(lambda number=number: order.append((number, committed(plain_gateway))))
    assert committed(plain_gateway) == 0
    await plain_gateway.committed()
    assert order == [(0, 3), (1, 3), (2, 3)]


async def test_a_dial_is_answered_within_the_same_call(plain_gateway):
    application = Application(plain_gateway)
    application.answer = lambda message: plain_gateway.submit(message.end("Готово."))
    plain_gateway.directory.attach_code("*1#", application)
    phone = plain_gateway.phone()
    plain_gateway.submit(Ussd(BEGIN, "*1#", msisdn=phone.msisdn))
    assert phone.screen == "Готово."


async def test_what_waits_is_queried_replaced_and_cancelled(plain_gateway):
    phone = plain_gateway.phone()
    plain_gateway.busy(phone.party, True)
    kept, taken_back = (Sms("1", phone.msisdn, b"old", account="shop") for _ in range(2))
    for sms in (kept, taken_back):
        plain_gateway.submit(sms)
    assert [way.sms for way in plain_gateway.query(kept.message_id, "shop")] == [kept]
    plain_gateway.replace(kept.message_id, "shop", b"new")
    plain_gateway.cancel(taken_back.message_id, "shop")
    with pytest.raises(NotUnderWayError):
        plain_gateway.cancel_between("shop", "1", "5000")
    assert plain_gateway.want_alert(phone.msisdn, "shop")
    plain_gateway.busy(phone.party, False)
    assert [sms.text for sms in phone.inbox] == ["new"]


async def test_an_esme_that_postpones_is_handed_the_message_again(plain_gateway):
    esme = Application(plain_gateway)
    plain_gateway.attach(plain_gateway.directory.attach_account("bank", esme, ("5000",)))
    sms = Sms("1", "5000", b"Hi")
    plain_gateway.submit(sms)
    plain_gateway.postpone(sms, 31)
    await plain_gateway.advance(60)
    assert esme.got == [sms, sms]


async def test_virtual_time_makes_everything_happen_at_its_moment(plain_gateway):
    moments = []
    plain_gateway.call_later(20, lambda: moments.append(plain_gateway.now()))
    plain_gateway.call_later(10, lambda: moments.append(plain_gateway.now()))
    cancelled = plain_gateway.call_later(15, lambda: moments.append("never"))
    cancelled.cancel()
    start = plain_gateway.now()
    await plain_gateway.advance(60)
    assert moments == [start + 10, start + 20]
    assert plain_gateway.now() == start + 60


async def test_what_is_begun_on_the_way_happens_on_the_way(plain_gateway):
    moments = []

    def first():
        plain_gateway.call_later(5, lambda: moments.append(plain_gateway.now()))

    start = plain_gateway.now()
    plain_gateway.call_later(10, first)
    await plain_gateway.wait(60)
    assert moments == [start + 15]


async def test_only_a_virtual_clock_can_be_moved(real_time_gateway):
    with pytest.raises(RuntimeError, match="--virtual-clock"):
        await real_time_gateway.advance(1)


async def test_real_time_passes_by_itself(real_time_gateway):
    rang = asyncio.Event()
    real_time_gateway.call_later(0.05, rang.set)
    async with asyncio.timeout(5):
        await rang.wait()


async def test_a_sooner_deadline_takes_the_place_of_a_later_one(real_time_gateway):
    late, rang = [], asyncio.Event()
    real_time_gateway.call_later(3600, lambda: late.append(1))
    await real_time_gateway.committed()
    real_time_gateway.call_later(0.02, rang.set)
    async with asyncio.timeout(5):
        await rang.wait()
    assert not late


async def test_a_message_expires_in_real_time_too(real_time_gateway):
    phone = real_time_gateway.phone()
    real_time_gateway.detach(phone.party)
    expires_at = real_time_gateway.now() + 0.02
    real_time_gateway.submit(Sms("1", phone.msisdn, b"Hi", expires_at=expires_at))
    later = asyncio.Event()
    real_time_gateway.call_later(0.03, later.set)
    async with asyncio.timeout(5):
        await later.wait()
    assert real_time_gateway.written("kind, state")[-1] == ("sms.state", 3)


async def test_settle_waits_for_work_under_way(plain_gateway):
    done = []

    async def work():
        for _ in range(10):
            await asyncio.sleep(0)
        done.append(1)

    plain_gateway.spawn(work())
    await plain_gateway.settle()
    assert done == [1]


async def test_settle_waits_no_longer_than_the_work_asks_for(plain_gateway):
    task = plain_gateway.spawn(asyncio.Event().wait(), patience=0.01)
    await plain_gateway.settle()
    assert not task.done()


async def test_settle_waits_for_what_is_on_a_socket(plain_gateway):
    held = plain_gateway.under_way()
    held.__enter__()
    asyncio.get_running_loop().call_later(0.02, held.__exit__, None, None, None)
    await plain_gateway.settle()
    assert not plain_gateway._under_way


async def test_a_task_that_fails_is_told_in_the_log_and_harms_nobody(plain_gateway, capsys):
    async def work():
        raise KeyError("lost")

    plain_gateway.spawn(work())
    await plain_gateway.settle()
    assert "gateway.task_failed" in capsys.readouterr().err


class Faulty:
    """An endpoint with a fault."""

    def deliver(self, message):
        raise KeyError("Ab3dE9xZ")


async def test_the_fault_of_one_endpoint_is_no_others_and_its_words_are_in_no_log(plain_gateway, capsys):
    plain_gateway.directory.attach_code("*1#", Faulty())
    plain_gateway.directory.attach_handset("70002000001", Faulty())
    anna = plain_gateway.phone()
    plain_gateway.submit(Ussd(BEGIN, "*1#", msisdn=anna.msisdn))
    plain_gateway.submit(Sms("1", "70002000001", b"Hi"))
    plain_gateway.submit(Sms("1", anna.msisdn, b"Hi"))
    rang = []
    plain_gateway.call_later(10, lambda: {}["Ab3dE9xZ"])
    plain_gateway.call_later(10, lambda: rang.append(1))
    await plain_gateway.advance(11)
    assert (anna.screen.outcome, len(anna.inbox), rang) == ("app_timeout", 1, [1])
    logged = capsys.readouterr().err
    assert "gateway.delivery_failed" in logged
    assert "gateway.callback_failed" in logged
    assert "Ab3dE9xZ" not in logged


async def test_nothing_is_acknowledged_while_it_cannot_be_committed(gateway_on_disk):
    gateway_on_disk.store.own("CREATE TRIGGER full BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'full'); END")
    acknowledged = asyncio.Event()
    gateway_on_disk.submit(Sms("1", "70001000001", b"Hi"))
    gateway_on_disk.after_commit(acknowledged.set)
    for _ in range(5):
        await asyncio.sleep(0)
    assert not acknowledged.is_set()
    gateway_on_disk.store.own("DROP TRIGGER full")
    async with asyncio.timeout(5):
        await acknowledged.wait()
    assert committed(gateway_on_disk) == 1


async def test_nothing_happens_after_the_end(plain_gateway):
    await plain_gateway.close()
    plain_gateway.submit(Sms("1", "70001000001", b"Hi"))
    await asyncio.sleep(0)
    assert committed(plain_gateway) == 0


async def test_closing_ends_what_is_under_way_and_keeps_what_was_accepted(plain_gateway):
    task = plain_gateway.spawn(asyncio.Event().wait())
    plain_gateway.submit(Sms("1", "70001000001", b"Hi"))
    told = []
    plain_gateway.after_commit(lambda: told.append(committed(plain_gateway)))
    await plain_gateway.close()
    assert task.cancelled()
    assert told == [1]


async def test_a_note_is_an_entry_of_the_journal(plain_gateway):
    plain_gateway.note("esme.bound", account="test", mode="receiver")
    assert plain_gateway.written("kind, account, facts") == [("esme.bound", "test", {"mode": "receiver"})]


async def test_the_work_of_an_edge_is_committed_when_it_leaves_and_nobody_else_is_ready(plain_gateway):
    await asyncio.sleep(0)
    plain_gateway.enter()
    plain_gateway.submit(Sms("1", "70001000001", b"Hi"))
    assert committed(plain_gateway) == 0
    plain_gateway.leave()
    assert committed(plain_gateway) == 1


async def test_the_turn_goes_on_for_those_who_are_ready_in_it(plain_gateway):
    def another():
        plain_gateway.enter()
        plain_gateway.submit(Sms("1", "70001000001", b"Hi"))
        plain_gateway.leave()

    asyncio.get_running_loop().call_soon(another)
    plain_gateway.enter()
    plain_gateway.submit(Sms("1", "70001000001", b"Hi"))
    plain_gateway.leave()
    assert committed(plain_gateway) == 0
    await plain_gateway.committed()
    assert committed(plain_gateway) == 2


async def test_a_watcher_that_fails_stops_neither_the_clock_nor_the_count(plain_gateway):
    def fail(first, entries):
        raise KeyError("watcher")

    plain_gateway.journal.watchers.append(fail)
    for _ in range(2):
        plain_gateway.submit(Sms("1", "70001000001", b"Hi"))
        await plain_gateway.committed()
    rang = asyncio.Event()
    plain_gateway.call_later(0, rang.set)
    plain_gateway.submit(Sms("1", "70001000001", b"Hi"))
    await asyncio.sleep(0)
    await plain_gateway.advance(0)
    counts = {metric.name: metric.read() for metric in plain_gateway.journal.meter.metrics()}
    assert counts["sms_accepted"] == {(): 3}
    assert rang.is_set()


async def test_timers_that_were_cancelled_take_no_memory_until_their_time(plain_gateway):
    rang = []
    for number in range(10_000):
        plain_gateway.call_later(86_400, lambda: rang.append("cancelled")).cancel()
        if number % 1000 == 0:
            plain_gateway.call_later(60, lambda: rang.append("kept"))
    assert len(plain_gateway._timers) < 2000
    await plain_gateway.advance(86_400)
    assert rang == ["kept"] * 10


async def test_an_application_that_cannot_say_what_is_secret_is_told_of_without_its_words(plain_gateway):
    class Careless(Application):
        def secrets(self, message):
            raise ValueError(message.text)

    plain_gateway.directory.attach_code("*1#", Careless(plain_gateway))
    phone = plain_gateway.phone()
    with capture_logs() as logs:
        plain_gateway.submit(Ussd(BEGIN, "*1*1234#", msisdn=phone.msisdn))
    (told,) = logs
    assert (told["event"], told["endpoint"]) == ("gateway.secrets_failed", "Careless")
    assert told["error"].startswith("ValueError at test_gateway.py:")
    assert "1234" not in str(logs)
    assert b"1234" not in plain_gateway.written("octets")[0][0]
