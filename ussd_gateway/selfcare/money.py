"""Money that moves: top-ups, promised payments, transfers; and another's balance, with his consent (2.3)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from ussd_gateway.gateway import Gateway
from ussd_gateway.selfcare.alarm import Alarm
from ussd_gateway.selfcare.channels import CLOCK, DAY, QUARTER, Send
from ussd_gateway.selfcare.money_texts import money_sms
from ussd_gateway.selfcare.once import once
from ussd_gateway.selfcare.records.ledger import Answer
from ussd_gateway.selfcare.records.promises import Promise
from ussd_gateway.selfcare.records.records import Records
from ussd_gateway.selfcare.records.transfers import Waiting
from ussd_gateway.selfcare.service import REQUESTS_A_DAY, Service
from ussd_gateway.selfcare.tariffs import Tariffs
from ussd_gateway.subscribers.passwords import Chance

CODE_LENGTH = 5


class Money:
    """The use cases. Every method takes a number in international digits, as the network gives it; sums are kopecks.

    key     names a request that costs money: a repeat has the same answer and no other effect (3.2, invariant 14)
    chance  where the codes come from that confirm transfers
    """

    def __init__(
        self,
        tariffs: Tariffs,
        records: Records,
        service: Service,
        gateway: Gateway,
        send: Send,
        *,
        sender: str,
        chance: Chance,
    ) -> None:
        self._tariffs = tariffs
        self._records = records
        self._service = service
        self._gateway = gateway
        self._send = send
        self._sender = sender
        self._chance = chance
        self.transfers = tariffs.catalogue.transfer
        self.promises = tariffs.catalogue.promised_payment
        self._alarm = Alarm(gateway, records.promises.soonest, self._repay_all)

    def start(self) -> None:
        """Repays what became due while the gateway was stopped."""
        self._alarm.set()

    def stop(self) -> None:
        """Nothing more becomes due."""
        self._alarm.stop()

    def top_up(self, msisdn: str, kopecks: int, channel: str, key: str) -> Answer:
        """Somebody has paid: `result` is "done", `balance` what there is then."""

        def act() -> Answer:
            now = self._gateway.now()
            with self._records.changes.change("money.topped_up", now, who=msisdn, channel=channel, kopecks=kopecks):
                self._records.ledger.enter(msisdn, now, kopecks, "top_up")
                self._tariffs.renew(msisdn, now)
            self._gateway.note("selfcare.topped_up", msisdn=msisdn, kopecks=kopecks, channel=channel)
            return {"result": "done", "balance": self._service.balance(msisdn)}

        return self._once(msisdn, key, act)

    def _once(self, msisdn: str, key: str, act: Callable[[], Answer]) -> Answer:
        answer = once(self._records, msisdn, key, self._gateway.now(), act)
        self._alarm.set()
        return answer

    # The promised payment ------------------------------------------------------------------------------------------

    def promised(self, msisdn: str) -> Promise | None:
        """The one that is not repaid, if there is one."""
        return self._records.promises.open(msisdn)

    def promise(self, msisdn: str, kopecks: int, channel: str, key: str) -> Answer:
        """Money at once, which is taken back with a fee when it is due; at any balance.

        `result` is "done" (with `kopecks`, `fee` and `due`), "open" where one is not repaid, "out_of_bounds", or "refused".
        """

        def act() -> Answer:
            if not self._service.is_active(msisdn):
                return {"result": "refused"}
            if kopecks not in self.promises.sums:
                return {"result": "out_of_bounds"}
            if self.promised(msisdn):
                return {"result": "open"}
            now = self._gateway.now()
            due, fee = self.promises.due(now), self.promises.fee(kopecks)
            facts: dict[str, Any] = {"kopecks": kopecks, "fee": fee, "due": due}
            with self._records.changes.change("promise.given", now, who=msisdn, channel=channel, **facts):
                self._records.promises.add(msisdn, kopecks, fee, now, due)
                self._records.ledger.enter(msisdn, now, kopecks, "promised_in")
                self._tariffs.renew(msisdn, now)
            self._gateway.note("selfcare.promise_given", msisdn=msisdn, channel=channel, **facts)
            return {"result": "done", **facts}

        return self._once(msisdn, key, act)

    def _repay_all(self, now: float) -> None:
        for promise in self._records.promises.due(now):
            self._repay(promise)

    def _repay(self, promise: Promise) -> None:
        """At any balance: what is owed stays owed (3.4)."""
        msisdn, at = promise.msisdn, promise.due
        facts: dict[str, Any] = {"kopecks": promise.kopecks, "fee": promise.fee}
        with self._records.changes.change("promise.repaid", at, who=msisdn, channel=CLOCK, **facts):
            self._records.promises.repaid(promise, at)
            self._records.ledger.enter(msisdn, at, -promise.kopecks, "promised_out")
            if promise.fee:
                self._records.ledger.enter(msisdn, at, -promise.fee, "promised_fee")
        self._gateway.note("selfcare.promise_repaid", msisdn=msisdn, **facts)
        self._tell("repaid", msisdn, sum=promise.kopecks, fee=promise.fee, balance=self._service.balance(msisdn))

    # Transfers -----------------------------------------------------------------------------------------------------

    def prepare_transfer(self, msisdn: str, other: str, kopecks: int, channel: str) -> Answer:
        """A transfer that waits for its code; a former one that waited is void. No money moves yet.

        `result` is "sent" (with `confirmation`, the code, which is a secret, `kopecks`, `other` and `fee`), or why not: "own",
        "not_possible" where the other is no active number of this operator, "out_of_bounds", "too_much" for a day,
        "poor", "refused".
        """
        if refusal := self._refusal(msisdn, other, kopecks):
            return {"result": refusal}
        now = self._gateway.now()
        code = "".join(self._chance.choice("0123456789") for _ in range(CODE_LENGTH))
        with self._records.changes.change(
            "transfer.asked", now, who=msisdn, channel=channel, other=other, kopecks=kopecks
        ):
            self._records.transfers.keep(msisdn, Waiting(other, kopecks, _digest(msisdn, code, now), now, 0))
        self._gateway.note("selfcare.transfer_asked", msisdn=msisdn, other=other, kopecks=kopecks, channel=channel)
        return {"result": "sent", "confirmation": code, "kopecks": kopecks, "other": other, "fee": self.transfers.fee}

    def confirm_transfer(self, msisdn: str, code: str, channel: str, key: str) -> Answer:
        """The transfer that waits, by its code; the fee and the transfer together, or neither.

        `result` is "done" (with `kopecks`, `other` and `fee`), "void" where none waits or its time is over, "wrong" for
        another code, or as of `prepare_transfer`.
        """
        return self._once(msisdn, key, lambda: self._confirm(msisdn, code, channel))

    def _confirm(self, msisdn: str, code: str, channel: str) -> Answer:
        waiting, now = self._records.transfers.waiting(msisdn), self._gateway.now()
        if waiting is None or now - waiting.at > self.transfers.lifetime:
            return {"result": "void"}
        if _digest(msisdn, code, waiting.at) != waiting.code:
            with self._records.changes.change("transfer.wrong_code", now, who=msisdn, channel=channel):
                if waiting.failures + 1 >= self.transfers.tries:
                    self._records.transfers.forget(msisdn)
                else:
                    self._records.transfers.keep(msisdn, waiting._replace(failures=waiting.failures + 1))
            return {"result": "wrong"}
        other, kopecks, fee = waiting.other, waiting.kopecks, self.transfers.fee
        if refusal := self._refusal(msisdn, other, kopecks):
            return {"result": refusal}
        with self._records.changes.change(
            "transfer.made", now, who=msisdn, channel=channel, other=other, kopecks=kopecks
        ):
            self._records.transfers.forget(msisdn)
            self._records.ledger.transfer(msisdn, other, now, kopecks)
            if fee:
                self._records.ledger.enter(msisdn, now, -fee, "transfer_fee", other)
            self._tariffs.renew(other, now)
        self._gateway.note("selfcare.transfer_made", msisdn=msisdn, other=other, kopecks=kopecks, channel=channel)
        self._tell("received", other, sum=kopecks, other=msisdn)
        return {"result": "done", "kopecks": kopecks, "other": other, "fee": fee}

    def _refusal(self, msisdn: str, other: str, kopecks: int) -> str | None:
        if not self._service.is_active(msisdn):
            return "refused"
        if other == msisdn:
            return "own"
        if not self._service.is_active(other):
            return "not_possible"
        today = self._records.ledger.sent_since(msisdn, self._gateway.now() - DAY)
        return self.transfers.refusal(kopecks, today, self._service.balance(msisdn))

    # Another's balance ---------------------------------------------------------------------------------------------

    def other_balance(self, msisdn: str, other: str, channel: str) -> Answer:
        """`result` is "shown" (with `balance`) where the other has said yes within a day.

        Else he has to be asked, which the menu does: "asked"; "nobody" where there is no active number to ask, which the menu
        tells in the same words; "waiting" where he has been asked just before. "own", "too_often" after REQUESTS_A_DAY
        questions, "refused".
        """
        now, consents = self._gateway.now(), self._records.consents
        if not self._service.is_active(msisdn):
            return {"result": "refused"}
        if other == msisdn:
            return {"result": "own"}
        if consents.allows(other, msisdn, now) and self._service.is_active(other):
            return {"result": "shown", "balance": self._service.balance(other)}
        if consents.asked(other, msisdn, now - QUARTER):
            return {"result": "waiting"}
        if self._records.requests.asked_since("balance.asked", msisdn, now - DAY) >= REQUESTS_A_DAY:
            return {"result": "too_often"}
        with self._records.changes.change("balance.asked", now, who=msisdn, channel=channel, other=other):
            consents.ask(other, msisdn, now)
        self._gateway.note("selfcare.asked", what="balance", msisdn=msisdn, other=other, channel=channel)
        return {"result": "asked" if self._service.is_active(other) else "nobody"}

    def allow_balance(self, msisdn: str, asker: str, channel: str) -> str:
        """The number lets one who has asked see its balance for a day: "allowed", or "not_asked"."""
        now = self._gateway.now()
        if not self._records.consents.asked(msisdn, asker, now - DAY):
            return "not_asked"
        self._records.consents.allow(msisdn, asker, now + DAY, now, channel)
        self._gateway.note("selfcare.balance_allowed", msisdn=msisdn, other=asker, channel=channel)
        return "allowed"

    def resold(self, msisdn: str) -> None:
        """The number is another person's: nothing of the former owner's goes on (3.2, invariant 12). Within a change."""
        for record in (
            self._records.subscriptions,
            self._records.promises,
            self._records.transfers,
            self._records.consents,
        ):
            record.forget(msisdn)
        self._records.ledger.forget_answers(msisdn)

    def _tell(self, word: str, msisdn: str, /, **facts: object) -> None:
        self._send(self._sender, msisdn, money_sms(word, self._service.language(msisdn), **facts))


def _digest(msisdn: str, code: str, at: float) -> str:
    """What the store knows of a code: it is void soon, and a glance at the file does not tell it."""
    return hashlib.sha256(f"{msisdn} {at!r} {code}".encode()).hexdigest()
