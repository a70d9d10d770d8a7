"""Whatever happens, and in whatever order: one final state and one receipt of it for each message, and none is lost."""

from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from ussd_gateway.network.message import UNDER_WAY, MessageState, Receipt, Sms
from ussd_gateway.network.messages import NotUnderWayError, QueueFullError, Retry, TooLateError
from ussd_gateway.network.outcomes import Rule, fixed

ANNA, SHOP, BANK = "70001000001", "shop", "5000"
FINAL = {state.name for state in MessageState if state not in UNDER_WAY}

SECONDS = st.sampled_from([0.0, 1.0, 5.0, 20.0, 100.0])
RULES = st.sampled_from(
    [
        (),
        (Rule(delay=fixed(5), states={MessageState.DELIVERED: 1, MessageState.REJECTED: 1}),),
        (Rule(account=SHOP, receipt_delay=fixed(20)),),
    ]
)
PROFILES = st.sampled_from([(), (1.0, 5.0), (20.0,)])


class Life(RuleBasedStateMachine):
    """An ESME `shop` that submits, an ESME `bank` behind 5000, and a handset; all that can happen to them."""

    operator_of_the_network = None  # the class of conftest.py; the test below puts it here

    @initialize(rules=RULES, absent=PROFILES, busy=PROFILES, limit=st.sampled_from([3, 100]))
    def begin(self, rules, absent, busy, limit):
        self.operator = self.operator_of_the_network(
            validity=60.0, retry=Retry(absent, busy, absent), rules=rules, waiting_limit=limit
        )
        self.anna = self.operator.handset(ANNA)
        self.shop, self.bank = self.operator.bound("shop"), self.operator.bound("bank", "5000")
        self.accepted = []

    @rule(
        destination=st.sampled_from([ANNA, "5000"]),
        registered_delivery=st.sampled_from([0, 1, 2, 0x11]),
        priority=st.sampled_from([0, 0, 1, 3]),
        schedule=SECONDS,
        validity=SECONDS,
        replace=st.booleans(),
    )
    def submit(self, destination, registered_delivery, priority, schedule, validity, replace):
        sms = Sms(
            "3339",
            destination,
            b"",
            account="shop",
            registered_delivery=registered_delivery,
            priority=priority,
            scheduled_at=self.operator.now + schedule if schedule else 0.0,
            expires_at=self.operator.now + validity if validity else 0.0,
            replace_if_present=replace,
        )
        try:
            self.operator.submit(sms)
        except QueueFullError:
            assert not sms.message_id
        else:
            self.accepted.append(sms)

    @rule(on=st.booleans(), what=st.sampled_from(["attach", "memory_full", "busy"]))
    def handset(self, on, what):
        network, party, now = self.operator.network, self.anna.party, self.operator.now
        if what == "attach":
            self.operator.hand_over((network.attach if on else network.detach)(party, now))
        else:
            self.operator.hand_over(getattr(network, what)(party, on, now))

    @rule(who=st.sampled_from(["shop", "bank"]), room=st.sampled_from([0, 1, 100]))
    def room(self, who, room):
        party = getattr(self, who).party
        party.room = room
        self.operator.hand_over(self.operator.network.release(party, self.operator.now))

    @rule(who=st.sampled_from(["shop", "bank"]))
    def bind(self, who):
        self.operator.attach(getattr(self, who))

    @rule(who=st.sampled_from(["shop", "bank"]), unanswered=st.integers(0, 3))
    def unbind(self, who, unanswered):
        esme = getattr(self, who)
        self.operator.detach(esme)
        kept = len(esme.got) - min(unanswered, len(esme.got))
        self.operator.network.hand_back(who, esme.got[kept:])
        del esme.got[kept:]

    @rule(
        state=st.sampled_from([MessageState.DELIVERED, MessageState.REJECTED]),
        place=st.integers(0, 9),
        late=st.booleans(),
    )
    def confirm(self, state, place, late):
        """Also a message that the ESME answered already, or that was handed back."""
        messages = self.accepted if late else self.bank.got
        if messages:
            self.operator.confirm(messages[place % len(messages)], state)

    @rule(place=st.integers(0, 9))
    def postpone(self, place):
        if self.bank.got:
            message = self.bank.got[place % len(self.bank.got)]
            self.operator.hand_over(self.operator.network.postpone(message, 31, self.operator.now))

    @rule(place=st.integers(0, 9), how=st.sampled_from(["cancel", "replace", "between"]), schedule=SECONDS)
    def change(self, place, how, schedule):
        if not self.accepted:
            return
        message, network, now = self.accepted[place % len(self.accepted)], self.operator.network, self.operator.now
        try:
            if how == "cancel":
                self.operator.cancel(message.message_id, "shop")
            elif how == "between":
                self.operator.hand_over(network.cancel_between("shop", "3339", message.destination, now))
            else:
                network.replace(
                    message.message_id,
                    "shop",
                    b"new",
                    now,
                    scheduled_at=now + schedule if schedule else 0.0,
                )
        except (NotUnderWayError, TooLateError):
            pass

    @rule(seconds=SECONDS)
    def wait(self, seconds):
        self.operator.wait(seconds)

    def finals(self):
        return Counter(
            message.message_id
            for kind, message, _ in self.operator.written
            if kind.split(" ")[-1] in FINAL and kind[0] == "s"
        )

    @invariant()
    def each_message_has_one_final_state_or_is_under_way(self):
        finals = self.finals()
        under_way = [sms.message_id for sms in self.operator.network.messages.under_way()]
        assert Counter(sms.message_id for sms in self.accepted) == finals + Counter(under_way)

    @invariant()
    def what_waits_is_under_way(self):
        under_way = {id(way) for way in self.operator.network.messages._index.values()}
        for party in self.operator.directory.parties():
            assert all(isinstance(thing, Receipt) or id(thing) in under_way for thing in party.waiting.values())

    def teardown(self):
        """Everybody binds and answers, and time passes: nothing is left, and nobody waits for a receipt in vain."""
        if not hasattr(self, "operator"):
            return
        operator = self.operator
        for esme in (self.shop, self.bank):
            esme.party.room = 10_000
            operator.attach(esme)
        for _ in range(10):
            for message in list(self.bank.got):
                operator.confirm(message, MessageState.DELIVERED)
            operator.wait(200)
        assert list(operator.network.messages.under_way()) == []
        assert set(self.finals().values()) <= {1}
        told = {}
        for receipt in self.shop.got:
            if not receipt.intermediate:
                told.setdefault(receipt.sms.message_id, set()).add(id(receipt))
        final = {
            message.message_id: (message, MessageState[kind.split(" ")[1]])
            for kind, message, _ in operator.written
            if kind[0] == "s" and kind.split(" ")[1] in FINAL
        }
        wanted = {message_id for message_id, (sms, state) in final.items() if sms.wants_receipt(state)}
        assert {message_id: len(receipts) for message_id, receipts in told.items()} == dict.fromkeys(wanted, 1)


def test_one_final_state_and_one_receipt_for_each_message_whatever_happens(new_operator):
    machine = type("LifeOfTheOperator", (Life,), {"operator_of_the_network": new_operator})
    run_state_machine_as_test(machine, settings=settings(max_examples=60, stateful_step_count=40, deadline=None))
