"""The invariants of SELFCARE 3.2 that apply to the mobile account, after whatever may happen: commands, failures, crashes.

A whole gateway on a file; each command goes to the use case behind its page or code. Numbers are those of the invariants.
"""

import asyncio
import json
import shutil
import sqlite3
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from ussd_gateway.alone import own_gateway
from ussd_gateway.clock import VirtualClock
from ussd_gateway.config import Subscriber
from ussd_gateway.selfcare.log_in import Admitted
from ussd_gateway.selfcare.records.records import _TABLES
from ussd_gateway.selfcare.socials import Person
from ussd_gateway.selfcare.texts import NUMBERS
from ussd_gateway.subscribers.links import APPROVED
from ussd_gateway.subscribers.working_days import PRODUCTION, deadline

ANNA, SECOND, BORIS = "70001000001", "70001000002", "70002000001"
PASSPORT = "4509123456"
WRONG = "Wrong1234"
OWN = "Sputnik195"

MINUTE, DAY = 60.0, 86400.0
FAILURES, LOCK = 3, 30 * MINUTE

FLAGS = {
    "selfcare.password_requests_per_15_minutes": 1000,
    "selfcare.password_requests_per_day": 1000,
    "selfcare.link_requests_per_day": 1000,
    "selfcare.number_quarantine": 0.0,
}

KEPT = [table for table in _TABLES if table != "audit"]
"""What a change changes. `audit` is what tells of it."""


class Deeds:
    """What can be done within one turn, by the use cases of the running gateway. Each answers a word."""

    def __init__(self, machine, one, other, key):
        self.selfcare, self.machine = machine.gateway.selfcare, machine
        self.one, self.other, self.key = one, other, key

    # Free (invariant 2) --------------------------------------------------------------------------------------------

    def connect(self):
        return self.selfcare.service.connect(self.one, NUMBERS, "ussd")

    def connect_the_other(self):
        return self.selfcare.service.connect(self.other, NUMBERS, "ussd")

    def disconnect(self):
        return self.selfcare.service.disconnect(self.one, NUMBERS, "sms")

    def ask_for_a_number(self):
        return self.selfcare.numbers.request(self.one, self.other, self.key)

    def approve(self):
        return self.selfcare.desk.approve(self.selfcare.desk.person("oleg"), self._request())

    def reject(self):
        return self.selfcare.desk.reject(self.selfcare.desk.person("nina"), self._request(), "Паспорт не тот")

    def cancel(self):
        return self.selfcare.numbers.cancel(self.one, self._request())

    def _request(self):
        pending = self.selfcare.numbers.requests(self.one)
        return pending[0].id if pending else 1

    def block(self):
        return self._change("block")

    def unblock(self):
        return self._change("unblock")

    def block_for_debt(self):
        return self._change("block_for_debt")

    def debt_paid(self):
        return self._change("debt_paid")

    def close(self):
        return self._change("close")

    def _change(self, event):
        return self.selfcare.sims.change(self.one, event, who="nina", channel="shop")

    def replace_the_card(self):
        return self.selfcare.sims.replace(self.one, "8970100000000000001", who="nina", channel="shop")

    def bind(self):
        return self.selfcare.socials.bind(self.one, *self._social(), "web")

    def unbind(self):
        return self.selfcare.socials.unbind(self.one, self._social()[0], "web")

    def _social(self):
        network = next(iter(self.selfcare.socials.networks.values()))
        return network, Person("101" if self.other == BORIS else "102", "Кто-то")

    def remember_a_device(self):
        self.machine.tokens.append((self.selfcare.tokens.remember(self.one, "android", "Phone", ""), self.one))

    def ask_for_a_transfer(self):
        asked = self.selfcare.money.prepare_transfer(self.one, self.other, 1500, "ussd")
        if asked["result"] == "sent":
            self.machine.codes[self.one] = asked["confirmation"]
        return asked["result"]

    # For money -----------------------------------------------------------------------------------------------------

    def sell_the_number(self):
        buyer = Subscriber(msisdn=self.one, owner="vera")
        return self.selfcare.sims.resell(buyer, "8970100000000000002", who="nina", channel="shop")

    def top_up(self):
        return self.selfcare.money.top_up(self.one, 10_050, "shop", self.key)["result"]

    def promise(self):
        return self.selfcare.money.promise(self.one, 5000, "ussd", self.key)["result"]

    def confirm_the_transfer(self):
        code = self.machine.codes.get(self.one, "00000")
        return self.selfcare.money.confirm_transfer(self.one, code, "ussd", self.key)["result"]

    def confirm_with_a_wrong_code(self):
        return self.selfcare.money.confirm_transfer(self.one, "x", "ussd", self.key)["result"]

    def change_the_tariff(self):
        now = self.selfcare.tariffs.tariff(self.one).offer
        offer = next(offer for offer in self.selfcare.tariffs.catalogue.tariff if offer != now)
        return self.selfcare.tariffs.change_tariff(self.one, offer.code, offer.price, "web", self.key)

    def connect_an_option(self):
        offer = self.selfcare.tariffs.catalogue.option[0]
        return self.selfcare.tariffs.connect_option(self.one, offer.code, offer.price, "web", self.key)

    def disconnect_an_option(self):
        offer = self.selfcare.tariffs.catalogue.option[0]
        return self.selfcare.tariffs.disconnect_option(self.one, offer.code, "web")


_DEEDS = [name for name in vars(Deeds) if not name.startswith("_")]
FREE = set(_DEEDS[: _DEEDS.index("sell_the_number")])
WITH_A_KEY = ["ask_for_a_number", "top_up", "promise", "confirm_the_transfer", "change_the_tariff", "connect_an_option"]
"""A repeat of these has the same answer and no other effect (invariant 14)."""

JOURNEYS = {
    "unite": ("unblock", "debt_paid", "connect", "connect_the_other", "ask_for_a_number", "approve"),
    "part": ("unblock", "debt_paid", "connect", "connect_the_other", "ask_for_a_number", "approve", "disconnect"),
    "transfer": ("top_up", "ask_for_a_transfer", "confirm_the_transfer"),
    "sell": ("bind", "remember_a_device", "top_up", "promise", "close", "sell_the_number"),
    "choose": ("top_up", "change_the_tariff", "connect_an_option"),
}
"""Deeds that mean something one after the other."""

NUMBER = st.sampled_from([ANNA, SECOND, BORIS])
PAIR = st.sampled_from([(ANNA, SECOND), (SECOND, ANNA), (ANNA, BORIS)])
DEED = st.sampled_from(_DEEDS)


class Operator(RuleBasedStateMachine):
    """Three SIMs of two people. What the rules know of them is what their owners know: passwords, codes, tokens."""

    @initialize()
    def begin(self):
        self.loop = asyncio.new_event_loop()
        self.folder = Path(tempfile.mkdtemp())
        self.path = self.folder / "0.db"
        self.clock = VirtualClock("2018-04-27T17:50:00+03:00")
        self.passwords = {}  # number -> the passwords it has ever had
        self.valid = {}  # number -> the one that is valid
        self.guards = {}  # number -> failures, locked until
        self.codes, self.tokens, self.issues = {}, [], {}
        self.entries = []
        self.keys = 0
        self._start()

    def _start(self):
        self.gateway = own_gateway(clock=self.clock, flags={**FLAGS, "store.path": str(self.path)})
        self._run(self.gateway.start())
        self.disk = _Disk(self.gateway.store)

    def _run(self, work):
        return self.loop.run_until_complete(work)

    def teardown(self):
        if hasattr(self, "loop"):
            self._run(self.gateway.stop())
            self.loop.close()
            shutil.rmtree(self.folder)

    # Passwords -----------------------------------------------------------------------------------------------------

    @rule(number=NUMBER, channel=st.sampled_from(["ussd", "sms", "web"]))
    def ask_for_a_password(self, number, channel):
        self._ask(number, [channel])

    @rule(number=NUMBER)
    def ask_twice_at_once(self, number):
        self._ask(number, ["web", "ussd"])

    def _ask(self, number, channels):
        """Each channel asks; the last one's password is the valid one, and it came to this SIM only (4)."""
        phones = {other: len(self._passwords_at(other)) for other in (ANNA, SECOND, BORIS)}
        before, balances = self._issue(number), self._balances()
        issuing = self.gateway.selfcare.issuing
        keys = [self._key() for _ in channels]

        async def ask():
            answers = await asyncio.gather(
                *(issuing.issue_password(number, *one) for one in zip(channels, keys, strict=True))
            )
            await self.gateway.settle()
            repeated = await issuing.issue_password(number, channels[-1], keys[-1])
            assert repeated.result == answers[-1].result
            return {answer.result for answer in answers}

        (result,) = self._run(ask())
        came = {other: self._passwords_at(other)[count:] for other, count in phones.items()}
        if result == "sent":
            assert self._issue(number) == before + len(channels)
            (password,) = came.pop(number)
            self._has_now(number, password)
        assert not any(came.values())
        assert self._balances() == balances

    def _passwords_at(self, number):
        texts = [sms.text for sms in self.gateway.handset(number).inbox if sms.sender == "3339"]
        return [text.split()[1].rstrip(".") for text in texts if "*" not in text]

    def _has_now(self, number, password):
        assert password not in self.passwords.get(number, [])[-5:] or password.startswith(OWN)
        self.passwords.setdefault(number, []).append(password)
        self.valid[number] = password
        self.guards.pop(number, None)

    @rule(number=NUMBER, knows=st.booleans())
    def choose_a_password(self, number, knows):
        old, new = (self.valid.get(number, WRONG) if knows else WRONG), f"{OWN}{self.keys}"
        before = self._kept()
        issue = self._run(self.gateway.selfcare.issuing.change_password(number, old, new, "web"))
        if issue.result == "set":
            assert old == self.valid[number]
            self._has_now(number, new)
        else:
            assert self._kept() == before
        self.keys += 1

    @rule(number=NUMBER, which=st.sampled_from(["valid", "former", "wrong"]))
    def log_in(self, number, which):
        former = [password for password in self.passwords.get(number, []) if password != self.valid.get(number)]
        password = {"valid": self.valid.get(number), "former": former[-1] if former else None}.get(which) or WRONG
        failures, locked = self.guards.get(number, (0, 0.0))
        if locked and locked <= self.gateway.now():
            failures, locked = 0, 0.0
        answer = self._run(self.gateway.selfcare.log_in.log_in(number, password, channel="web"))
        if locked:
            assert (answer.reason, answer.locked_until) == ("locked", locked)  # right or wrong (5)
            return
        if password == self.valid.get(number) and self._status(number) != "closed":
            assert isinstance(answer, Admitted)  # the last one that was issued (3)
            self.guards.pop(number, None)
            return
        failures += 1
        self.guards[number] = failures, self.gateway.now() + LOCK if failures == FAILURES else 0.0
        assert (answer.tries_left, answer.locked_until) == (FAILURES - failures, self.guards[number][1])

    # Everything else -----------------------------------------------------------------------------------------------

    @rule(deed=DEED, one=NUMBER, other=NUMBER)
    def do(self, deed, one, other):
        balances = self._balances()
        result = self._do(deed, one, other, self._key())
        if deed in FREE:
            assert self._balances() == balances
        if deed == "confirm_the_transfer" and result == "done":
            assert self._do(deed, one, other, self._key()) == "void"  # the code is used up
        if deed == "sell_the_number" and result == "done":
            self._nothing_is_left_of_the_former_owner(one)

    @rule(journey=st.sampled_from([*JOURNEYS]), ends=st.sampled_from(["well", "well", "disk", "crash"]), pair=PAIR)
    def go(self, journey, ends, pair):
        one, other = pair
        *first, last = JOURNEYS[journey]
        for deed in first:
            self.do(deed, one, other)
        if ends == "disk":
            self.the_disk_fails_within(last, one, other, 1)
        elif ends == "crash":
            self.it_crashes_after(last, one, other)
        self.do(last, one, other)

    @rule(deed=st.sampled_from(WITH_A_KEY), one=NUMBER, other=NUMBER)
    def do_twice(self, deed, one, other):
        key = self._key()
        first = self._do(deed, one, other, key)
        kept = self._kept()
        assert self._do(deed, one, other, key) == first
        assert self._kept() == kept

    def _do(self, deed, one, other, key):
        async def do():
            result = getattr(Deeds(self, one, other, key), deed)()
            await self.gateway.settle()
            return result

        return self._run(do())

    @rule(seconds=st.sampled_from([MINUTE, LOCK, DAY, 4 * DAY, 31 * DAY]))
    def time_passes(self, seconds):
        self._run(self.gateway.wait(seconds))

    # What goes wrong -----------------------------------------------------------------------------------------------

    @rule(deed=DEED, one=NUMBER, other=NUMBER, nth=st.sampled_from([1, 1, 2, 3]))
    def the_disk_fails_within(self, deed, one, other, nth):
        """At the n-th entry of the audit log that the deed writes: then nothing of it is kept."""
        before, codes = self._kept(), dict(self.codes)
        if self._run(self._fails(nth, getattr(Deeds(self, one, other, self._key()), deed))):
            self.codes = codes
            assert self._kept() == before

    async def _fails(self, nth, deed):
        """Whether the deed has written so much that it failed."""
        await self.gateway.settle()
        with self.disk.full(nth), suppress(sqlite3.Error):
            deed()
            return False
        await self.gateway.settle()
        return True

    @rule(number=NUMBER, nth=st.sampled_from([1, 2]))
    def the_disk_fails_while_a_password_is_issued(self, number, nth):
        before = self._kept()

        async def ask():
            await self.gateway.settle()
            with self.disk.full(nth):
                asked = asyncio.create_task(self.gateway.selfcare.issuing.issue_password(number, "ussd", self._key()))
                await asyncio.sleep(0)
            return (await asyncio.gather(asked, self.gateway.settle(), return_exceptions=True))[0]

        result = self._run(ask())
        if isinstance(result, sqlite3.Error):
            assert self._kept() == before
        elif result.result == "sent":
            self._has_now(number, self._passwords_at(number)[-1])

    @rule(deed=DEED, one=NUMBER, other=NUMBER)
    def it_crashes_after(self, deed, one, other):
        """Before the turn ends, and so its commit: the next start finds what was there before."""
        before, codes = self._kept(), dict(self.codes)
        copy = self._next_path()

        async def crash():
            await self.gateway.settle()
            getattr(Deeds(self, one, other, self._key()), deed)()
            for suffix in ("", "-wal"):
                shutil.copy(f"{self.path}{suffix}", f"{copy}{suffix}")

        self._run(crash())
        self.codes = codes
        self._run(self.gateway.stop())
        self.path = copy
        self._start()
        assert self._kept() == before

    @rule()
    def it_is_started_again(self):
        self._run(self.gateway.stop())
        before = self._read_file()
        self._start()
        assert self._kept() == before

    def _next_path(self):
        return self.folder / f"{int(self.path.stem) + 1}.db"

    def _read_file(self):
        connection = sqlite3.connect(self.path)
        try:
            return {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in KEPT}
        finally:
            connection.close()

    # What is looked at ---------------------------------------------------------------------------------------------

    def _key(self):
        self.keys += 1
        return f"key {self.keys}"

    def _kept(self):
        return {table: self.gateway.store.own(f"SELECT * FROM {table}") for table in KEPT}

    def _rows(self, query, *parameters):
        return self.gateway.store.own(query, parameters)

    def _balances(self):
        return {number: self.gateway.selfcare.service.balance(number) for number in (ANNA, SECOND, BORIS)}

    def _issue(self, number):
        return max(
            (issue for (issue,) in self._rows("SELECT issue FROM passwords WHERE msisdn = ?", number)), default=0
        )

    def _status(self, number):
        return self._rows("SELECT status FROM subscribers WHERE msisdn = ?", number)[0][0]

    def _nothing_is_left_of_the_former_owner(self, number):
        """12: no password, session, link, request, social account, token, service, debt or money."""
        selfcare = self.gateway.selfcare
        self.valid.pop(number, None)
        self.guards.pop(number, None)
        self.codes.pop(number, None)
        assert self._rows("SELECT hash FROM passwords WHERE msisdn = ? AND hash != ''", number) == []
        assert selfcare.numbers.requests(number) == []
        assert selfcare.numbers.linked(number) == []
        assert self._rows("SELECT 1 FROM link_requests WHERE number = ? AND state = ?", number, APPROVED) == []
        assert selfcare.socials.bindings(number) == {}
        assert selfcare.tokens.listed(number) == []
        assert all(selfcare.tokens.owner(token) is None for token, owner in self.tokens if owner == number)
        assert selfcare.service.services(number) == ()
        assert selfcare.money.promised(number) is None
        assert selfcare.service.balance(number) == 0
        for table in ("cabinets", "web_sessions", "transfers", "balance_consents", "money_requests"):
            assert self._rows(f"SELECT 1 FROM {table} WHERE msisdn = ?", number) == []

    @invariant()
    def r1_money_is_the_sum_of_entries_that_are_never_edited(self):
        entries = self._rows("SELECT id, posting, account, at, kopecks, kind FROM ledger ORDER BY id")
        assert entries[: len(self.entries)] == self.entries
        self.entries = entries
        postings = {}
        for _, posting, _, _, kopecks, _ in entries:
            assert type(kopecks) is int
            postings.setdefault(posting, []).append(kopecks)
        assert all(len(pair) == 2 and sum(pair) == 0 for pair in postings.values())
        for number, balance in self._balances().items():
            assert balance == sum(entry[4] for entry in entries if entry[2] == number)

    @invariant()
    def r3_issue_numbers_grow_and_one_password_is_valid_at_most(self):
        for number, issue, count in self._rows("SELECT msisdn, max(issue), count(*) FROM passwords GROUP BY msisdn"):
            assert count == 1
            assert issue >= self.issues.get(number, 0)
            self.issues[number] = issue

    @invariant()
    def r4_r15_no_secret_is_in_the_file(self):
        octets = b"".join(path.read_bytes() for path in self.folder.glob(f"{self.path.name}*"))
        for secret in [PASSPORT, *self.codes.values(), *(one for every in self.passwords.values() for one in every)]:
            assert len(secret) < 6 or secret.encode() not in octets
        assert not any(token.encode() in octets for token, _ in self.tokens)

    @invariant()
    def r8_r9_a_link_has_services_active_sims_one_owner_and_a_person_who_approved(self):
        sims = {
            msisdn: (status, owner)
            for msisdn, status, owner in self._rows("SELECT msisdn, status, owner FROM subscribers")
        }
        on = {msisdn for (msisdn,) in self._rows("SELECT msisdn FROM services WHERE service = ?", NUMBERS)}
        approvals = [
            (who, json.loads(facts)["request"])
            for who, facts in self._rows("SELECT who, facts FROM audit WHERE what = 'link.approved'")
        ]
        for id, main, number, reviewer in self._rows(
            "SELECT id, main, number, reviewer FROM link_requests WHERE state = ?", APPROVED
        ):
            assert {main, number} <= on
            assert sims[main][0] == sims[number][0] == "active"
            assert sims[main][1] == sims[number][1]
            assert (reviewer, id) in approvals
            assert reviewer in ("oleg", "nina")

    @invariant()
    def r10_each_request_is_due_at_the_end_of_its_second_working_day(self):
        for created, due, overdue, state in self._rows("SELECT created, due, overdue_at, state FROM link_requests"):
            assert due == deadline(created, PRODUCTION, utc_offset=3)
            if state == "pending":
                assert (overdue is not None) == (self.gateway.now() >= due)

    @invariant()
    def r11_a_social_account_opens_one_cabinet(self):
        rows = self._rows("SELECT network, external_id, count(*) FROM social_bindings GROUP BY network, external_id")
        assert all(count == 1 for _, _, count in rows)

    @invariant()
    def r15_what_has_changed_has_its_entry(self):
        kept, entries = self._kept(), self._rows("SELECT count(*) FROM audit")[0][0]
        del kept["money_requests"]  # a refusal is remembered for repeats, and changes nothing
        before = getattr(self, "looked_at", (kept, entries))
        assert entries > before[1] or kept == before[0]
        self.looked_at = kept, entries
        assert not self._rows("SELECT 1 FROM audit WHERE facts LIKE ?", f"%{PASSPORT}%")


class _Disk:
    """The disk of a store. While it is `full`, the n-th entry of the audit log is refused."""

    def __init__(self, store):
        self._left = 0
        store.commit()
        store._writer.create_function("disk_is_full", 0, self._is_full)
        store.own(
            "CREATE TEMP TRIGGER disk BEFORE INSERT ON main.audit WHEN disk_is_full()"
            " BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
        )

    def _is_full(self):
        self._left -= 1
        return self._left == 0

    @contextmanager
    def full(self, nth):
        self._left = nth
        try:
            yield
        finally:
            self._left = 0


@pytest.mark.usefixtures("_quietly")
def test_r116_r121_r122_r133_r144_r153_r160_r163_the_invariants_hold_whatever_happens():
    run_state_machine_as_test(Operator, settings=settings(max_examples=20, stateful_step_count=35, deadline=None))


@pytest.fixture
def _quietly():
    """What is overdue is warned of, which is no news here."""
    from ussd_gateway.logs import quietly

    with quietly():
        yield
