"""Accounts: who may bind, how often and as what, and how much it may submit."""

import asyncio

import pytest

from tests.applications.smsc.conftest import PATIENCE
from ussd_gateway.applications.smsc.accounts import Limits
from ussd_gateway.fault_rule import FaultRule
from ussd_gateway.smpp.commands import BindReceiver, BindTransceiver, BindTransmitter, SubmitSm
from ussd_gateway.smpp.errors import PduError
from ussd_gateway.smpp.status import Status

TRX, RX, TX = BindTransceiver, BindReceiver, BindTransmitter
THROTTLED = Status.ESME_RTHROTTLED


def bind(system_id="test", password="test", pdu=BindTransceiver, **given):
    return pdu(system_id=system_id, password=password, **given)


def test_an_account_is_known_by_its_system_id_and_password(site):
    account, address_range = site.accounts.admit(bind())
    assert (account.settings.system_id, address_range) == ("test", None)


REFUSED = [
    # settings of the account, the bind -> status, what is written down
    ({}, bind(password="pw"), Status.ESME_RINVPASWD, "the password is another one"),
    ({}, bind("", ""), Status.ESME_RINVSYSID, "there is no such account"),
    ({}, bind(address_range="("), Status.ESME_RBINDFAIL, "address_range '(' is no regular expression: "),
    ({"modes": ("receiver",)}, bind(), Status.ESME_RBINDFAIL, "transceiver is none of receiver (modes)"),
]


@pytest.mark.parametrize(("settings", "request_", "status", "seen"), REFUSED)
async def test_a_bind_is_refused_with_a_note_that_tells_why(new_site, settings, request_, status, seen):
    async with new_site(test=settings) as site:
        esme = await site.connect()
        assert (await esme.ask(request_)).command_status == status
        ((_, facts),) = [row for row in site.journal("kind, facts") if row[0] == "esme.bind_refused"]
        assert facts["command_status"] == status.name
        assert facts["seen"].startswith(seen)
        assert request_.password not in seen.split()


MODES = [
    # modes of the account -> the binds that it may have
    (("transmitter", "receiver", "transceiver"), {TX, RX, TRX}),
    (("transmitter", "receiver"), {TX, RX}),
    (("transceiver",), {TRX}),
]


@pytest.mark.parametrize(("modes", "allowed"), MODES)
async def test_an_account_binds_in_its_modes_only(new_site, modes, allowed):
    async with new_site(test={"modes": modes}) as site:
        for pdu in (TX, RX, TRX):
            esme = await site.connect()
            assert ((await esme.bind(pdu=pdu)).command_status == 0) is (pdu in allowed)


async def test_one_bind_more_than_there_may_be_is_refused_until_one_ends(new_site):
    async with new_site(test={"max_binds": 2}) as site:
        first, second, third = await site.bound(pdu=TX), await site.bound(), await site.connect()
        assert (await third.bind()).command_status == Status.ESME_RALYBND
        assert (await second.ask(SubmitSm(sequence_number=2, destination_addr="70001000001"))).command_status == 0
        first.reset()
        async with asyncio.timeout(PATIENCE):
            while len(site.accounts.get("test").shown()["binds"]) > 1:
                await site.gateway.committed()
        assert (await third.bind()).command_status == 0
        assert (await (await site.connect()).bind("other", "pw")).command_status == 0


async def test_or_it_replaces_the_oldest(new_site):
    async with new_site(test={"max_binds": 2, "when_bound": "replace"}) as site:
        anna = site.handset()
        oldest, second, third = [await site.bound() for _ in range(3)]
        assert await oldest.is_unbound()
        anna.send("5001", "one")
        anna.send("5001", "two")
        assert {(await second.receive()).short_message, (await third.receive()).short_message} == {b"one", b"two"}
        assert ("esme.replaced", "test", {"bind": 1}) in site.journal("kind, account, facts")


async def test_a_bind_that_is_refused_for_another_reason_replaces_nobody(new_site):
    async with new_site(test={"max_binds": 1, "when_bound": "replace"}) as site:
        oldest = await site.bound()
        for wrong in ({"address_range": "("}, {"password": "x"}):
            await (await site.connect()).bind(**wrong)
        site.handset().send("5001", "still there")
        assert (await oldest.receive()).short_message == b"still there"


async def test_each_account_has_its_own_window(new_site):
    async with new_site(window=500, test={"deliver_window": 1}) as site:
        anna = site.handset()
        esme = await site.bound()
        for text in ("one", "two"):
            anna.send("5001", text)
        first = await esme.receive()
        (shown,) = site.accounts.get("test").shown()["binds"]
        assert (shown["window"], site.accounts.get("test").shown()["waiting"]) == ({"size": 1, "unanswered": 1}, 1)
        assert (await esme.ask(first.reply())).short_message == b"two"


async def test_what_was_sent_before_a_reset_is_not_sent_again_after_it(site):
    anna = site.handset()
    esme = await site.bound()
    anna.send("5001", "before")
    assert (await esme.receive()).short_message == b"before"
    site.accounts.forget()
    esme.reset()
    again = await site.bound()
    anna.send("5001", "after")
    assert (await again.receive()).short_message == b"after"


LIMITS = [
    # window, rate, (moment, unanswered requests) of each submission -> which are refused
    (0, 0, [(0, 0), (0, 10_000)], []),
    (2, 0, [(0, 0), (0, 1), (0, 2), (0, 3), (0, 1)], [2, 3]),
    (0, 2, [(0, 0), (0, 0), (0, 0), (0.5, 0), (0.5, 0)], [2, 4]),
    (0, 0.5, [(0, 0), (1, 0), (2, 0), (3, 0), (4, 0)], [1, 3]),
    (0, 1, [(10, 0), (5, 0), (11, 0)], [1]),  # a clock may be put back
    (1, 1, [(0, 1), (0, 0)], [0]),  # what the window refuses is no submission of the rate
]


@pytest.mark.parametrize(("window", "rate", "submissions", "refused"), LIMITS)
def test_limits(window, rate, submissions, refused):
    limits = Limits(window, rate)
    begun = 1_524_840_600.0
    assert bool(limits) is bool(window or rate)
    answers = [limits.refusal(begun + moment, unanswered) for moment, unanswered in submissions]
    assert [index for index, answer in enumerate(answers) if answer is THROTTLED] == refused
    assert set(answers) <= {None, THROTTLED}


def test_the_limits_of_an_account_are_those_of_its_settings(new_site):
    site = new_site(test={"window": 7, "rate": 2.5})
    limits = site.accounts.get("test").limits
    assert limits.window == 7
    assert [limits.refusal(1_524_840_600.0, 0) for _ in range(3)].count(None) == 2  # of 2.5 a second
    assert not site.accounts.get("other").limits
    site.store.close()


async def test_what_is_beyond_the_rate_is_throttled_until_time_has_passed(new_site):
    async with new_site(test={"rate": 2}) as site:
        anna = site.handset()
        first, second = await site.bound(), await site.bound()
        answers = [(await esme.ask(submit(2))).command_status for esme in (first, second, first, second)]
        assert answers == [0, 0, THROTTLED, THROTTLED]
        await site.gateway.advance(0.5)
        assert [(await first.ask(submit(3))).command_status for _ in range(2)] == [0, THROTTLED]
        assert len(anna.inbox) == 3
        refused = [facts for kind, facts in site.journal("kind, facts") if kind == "esme.refused"]
        assert [facts["command_status"] for facts in refused] == ["ESME_RTHROTTLED"] * 3
        assert {(facts["to"], facts["text"]) for facts in refused} == {("70001000001", "Hi")}
        other = await site.bound("other", "pw")
        assert [(await other.ask(submit(3))).command_status for _ in range(5)] == [0] * 5


async def test_what_is_beyond_the_window_is_throttled_until_responses_have_left(new_site):
    async with new_site(test={"window": 2}) as site:
        esme, another = await site.bound(), await site.bound()
        site.faults.replace([FaultRule(effect="slow", command="submit_sm", account="test", seconds=5, times=2).rule()])
        await esme.send(submit(2), submit(3))
        assert (await esme.ask(submit(4))).command_status == THROTTLED
        assert (await another.ask(submit(2))).command_status == 0  # each bind has a window of its own
        await site.gateway.advance(5)
        assert [(await esme.receive()).sequence_number for _ in range(2)] == [2, 3]
        assert (await esme.ask(submit(5))).command_status == 0


async def test_one_read_of_many_submissions_is_held_to_the_window(new_site):
    async with new_site(test={"window": 2}) as site:
        esme = await site.bound()
        await esme.send(*(submit(number) for number in range(2, 6)))
        answers = [(await esme.receive()).command_status for _ in range(4)]
        assert answers == [0, 0, THROTTLED, THROTTLED]
        assert (await esme.ask(submit(6))).command_status == 0


PUT_OFF = {
    # the rule, the six answers in the order of their requests: True for accepted, None for none
    "slow": ({"effect": "slow", "seconds": 5}, [True] * 3 + [False] * 3),
    "no_response": ({"effect": "no_response", "times": 3}, [None] * 3 + [False] * 3),
    "reorder": ({"effect": "reorder", "nth": 1}, [True] * 3 + [False] * 3),
}


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize(("rule", "answered"), PUT_OFF.values(), ids=PUT_OFF)
async def test_a_response_that_a_fault_keeps_back_counts_once_against_the_window(new_site, rule, answered, together):
    async with new_site(test={"window": 3}) as site:
        anna = site.handset()
        esme = await site.bound()
        site.faults.replace([FaultRule(**rule).rule()])
        if not together and rule["effect"] == "reorder":
            answered = [True] * 6  # it leaves behind the next one
        (connection,) = site.smsc.connections
        requests = [submit(number) for number in range(2, 8)]
        for sent in [requests] if together else [[request] for request in requests]:
            due = connection.counters.octets_in + sum(len(request.encode()) for request in sent)
            await esme.send(*sent)
            async with asyncio.timeout(PATIENCE):
                while connection.counters.octets_in < due:
                    await site.gateway.committed()
        await site.gateway.advance(5)
        answers = dict.fromkeys(range(2, 8))
        for _ in range(6 - answered.count(None)):
            response = await esme.receive()
            answers[response.sequence_number] = response.command_status == 0
        assert list(answers.values()) == answered
        assert len(anna.inbox) == 6 - answered.count(False)


async def test_a_request_whose_response_never_comes_counts_until_the_bind_ends(new_site):
    async with new_site(test={"window": 1}) as site:
        site.handset()
        esme = await site.bound()
        site.faults.replace([FaultRule(effect="no_response", times=1).rule()])
        await esme.send(submit(2))
        assert [(await esme.ask(submit(number))).command_status for number in (3, 4)] == [THROTTLED] * 2
        assert (await (await site.bound()).ask(submit(2))).command_status == 0


async def test_a_message_whose_outcome_is_still_to_come_counts_against_the_window(new_site):
    async with new_site(test={"window": 2}) as site:
        esme, latin = await site.bound(), await site.bound("latin", "pw")
        waits = SubmitSm(sequence_number=2, destination_addr="6000", esm_class=2, short_message=b"Hi")
        await esme.send(waits)
        message = await latin.receive()
        assert (await esme.ask(submit(3))).command_status != THROTTLED
        answers = {
            pdu.sequence_number: pdu.command_status
            for pdu in [await esme.ask(submit(4), submit(5)), await esme.receive()]
        }
        assert (answers[4] == THROTTLED, answers[5] == THROTTLED) == (False, True)
        await latin.send(message.reply())
        assert (await esme.receive()).sequence_number == 2


def test_an_unknown_account_has_no_bind(site):
    assert site.accounts.get("nobody") is None
    with pytest.raises(PduError, match="no such account"):
        site.accounts.admit(bind("nobody"))


# Binds that want different things ------------------------------------------------------------------------------------


async def texts(esme, count):
    """The texts of what comes next, each answered."""
    received = [await esme.receive() for _ in range(count)]
    await esme.send(*(pdu.reply() for pdu in received))
    return [pdu.short_message for pdu in received]


async def test_a_message_goes_to_a_bind_whose_address_range_matches(site):
    anna = site.handset()
    first, second, third = [await site.bound(address_range=pattern) for pattern in ("^50", "^5[12]", "^5[12]")]
    for number in ("5001", "5101", "5202", "5002", "5103"):
        anna.send(number, number)
    assert await texts(first, 2) == [b"5001", b"5002"]
    assert await texts(second, 2) == [b"5101", b"5103"]  # those that want the same take turns
    assert await texts(third, 1) == [b"5202"]


@pytest.mark.parametrize("everything", ["", "*"])
async def test_a_bind_without_an_address_range_takes_what_nobody_else_wants(site, everything):
    anna = site.handset()
    fifty, rest = await site.bound(address_range="^50"), await site.bound(address_range=everything)
    anna.send("5901", "rest")
    assert await texts(rest, 1) == [b"rest"]
    anna.send("5001", "either")
    anna.send("5002", "either")
    assert await texts(fifty, 1) == await texts(rest, 1) == [b"either"]


async def test_what_no_bind_wants_waits_for_one_and_nobody_waits_for_it(site):
    anna = site.handset()
    fifty = await site.bound(address_range="^50")
    for number in ("5901", "5001", "5902", "5002"):
        anna.send(number, number)
    assert await texts(fifty, 2) == [b"5001", b"5002"]
    assert site.accounts.get("test").shown()["waiting"] == 2
    late = await site.bound(address_range="^59")
    assert await texts(late, 2) == [b"5901", b"5902"]


async def test_what_no_bind_wants_expires(site):
    anna = site.handset()
    await site.bound(address_range="^50")
    anna.send("5901", "nobody")
    await site.gateway.advance(4 * 86400)
    assert site.accounts.get("test").shown()["waiting"] == 0


async def test_a_full_window_keeps_only_its_own_messages(new_site):
    async with new_site(window=1) as site:
        anna = site.handset()
        slow, fast = await site.bound(address_range="^50"), await site.bound(address_range="^51")
        for number in ("5001", "5002", "5003", "5101", "5102", "5103"):
            anna.send(number, number)
        assert [await texts(fast, 1) for _ in range(3)] == [[b"5101"], [b"5102"], [b"5103"]]
        assert [await texts(slow, 1) for _ in range(3)] == [[b"5001"], [b"5002"], [b"5003"]]


async def test_what_a_bind_had_when_it_went_goes_to_the_next_that_wants_it(site):
    anna = site.handset()
    fifty, other = await site.bound(address_range="^50"), await site.bound(address_range="^51")
    anna.send("5001", "kept")
    await fifty.receive()
    fifty.reset()
    anna.send("5101", "other")
    assert await texts(other, 1) == [b"other"]
    assert await texts(await site.bound(address_range="^5"), 1) == [b"kept"]


async def test_a_bind_that_ends_with_the_first_of_many_messages_keeps_none_of_the_others(site):
    anna = site.handset()
    site.faults.replace(
        [FaultRule(effect="drop", sent_by="smsc", command="deliver_sm", account="test", times=1).rule()]
    )
    for text in ("one", "two", "three"):
        anna.send("5001", text)
    dropped = await site.bound(address_range="^50")
    assert await dropped.receive() is None
    assert site.accounts.get("test").shown()["waiting"] == 3
    next_one = await site.bound(address_range="^50")
    assert sorted(await texts(next_one, 3)) == [b"one", b"three", b"two"]


async def test_receipts_go_to_any_bind_whatever_its_address_range(site):
    site.handset()
    esme = await site.bound(address_range="^59")
    await esme.send(submit(2, registered_delivery=1))
    assert [(await esme.receive()).command for _ in range(2)] == ["submit_sm_resp", "deliver_sm"]


async def test_a_sticky_receipt_goes_to_the_bind_that_submitted(new_site):
    async with new_site(test={"sticky_receipts": True}) as site:
        site.handset()
        first, second = await site.bound(), await site.bound()
        for esme in (first, first, second, first, second, second):
            await esme.send(submit(2, registered_delivery=1))
            received = [await esme.receive() for _ in range(2)]
            assert [pdu.command for pdu in received] == ["submit_sm_resp", "deliver_sm"]
            await esme.send(received[1].reply())


async def test_it_waits_while_the_window_of_its_bind_is_full_and_others_get_theirs(new_site):
    async with new_site(window=1, test={"sticky_receipts": True}) as site:
        site.handset()
        slow, fast = await site.bound(), await site.bound()
        await slow.send(*(submit(number, registered_delivery=1) for number in (2, 3)))
        responses = [await slow.receive() for _ in range(3)]
        await fast.send(submit(2, registered_delivery=1))
        assert [(await fast.receive()).command for _ in range(2)] == ["submit_sm_resp", "deliver_sm"]
        (first,) = [pdu for pdu in responses if pdu.command == "deliver_sm"]
        second = await slow.ask(first.reply())
        assert (first.short_message[:13], second.short_message[:13]) == (b"id:0000000001", b"id:0000000002")


async def test_where_the_bind_that_submitted_is_gone_or_only_submits_any_other_gets_it(new_site):
    async with new_site(test={"sticky_receipts": True}) as site:
        anna = site.handset()
        party = site.gateway.directory.party("70001000001")
        transmitter, receiver = await site.bound(pdu=TX), await site.bound(pdu=RX)
        await transmitter.ask(submit(2, registered_delivery=1))
        assert (await receiver.receive()).short_message[:13] == b"id:0000000001"
        site.gateway.detach(party)
        gone = await site.bound()
        await gone.ask(submit(3, registered_delivery=1))
        gone.reset()
        async with asyncio.timeout(PATIENCE):
            while len(site.smsc.connections) > 2:
                await site.gateway.committed()
        site.gateway.attach(party)
        assert (await receiver.receive()).short_message[:13] == b"id:0000000002"
        assert len(anna.inbox) == 2


def submit(number, **given):
    return SubmitSm(sequence_number=number, destination_addr="70001000001", short_message=b"Hi", **given)
