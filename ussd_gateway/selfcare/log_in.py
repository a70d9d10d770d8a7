"""Who may come in with a number and a password, and who has to wait (2.1, 3.4)."""

from __future__ import annotations

from dataclasses import dataclass

from ussd_gateway.gateway import Gateway
from ussd_gateway.network.address import normalise_msisdn
from ussd_gateway.selfcare.hashing import Hasher
from ussd_gateway.selfcare.records.records import Records
from ussd_gateway.selfcare.service import Service
from ussd_gateway.subscribers import guard as guards
from ussd_gateway.subscribers.guard import OPEN, GuardRules


@dataclass(frozen=True, slots=True)
class Admitted:
    """The number that is logged in, and the issue number of the password that opened."""

    msisdn: str
    issue: int


@dataclass(frozen=True, slots=True)
class Refused:
    """Why not.

    reason        "wrong", or "locked"
    tries_left    int; how many wrong passwords there may be until it locks
    locked_until  float; seconds since the epoch, 0 where it is open
    """

    reason: str
    tries_left: int = 0
    locked_until: float = 0.0


class LogIn:
    """The log-in of every channel: the cabinet's page, the application, the modem's program."""

    def __init__(self, records: Records, service: Service, gateway: Gateway, hasher: Hasher, rules: GuardRules) -> None:
        self._records = records
        self._service = service
        self._gateway = gateway
        self._hasher = hasher
        self._rules = rules

    async def log_in(self, number: str, password: str, *, channel: str) -> Admitted | Refused:
        """One try. AddressError for what is no number of this operator, in any format (R105, R106).

        The answer, and how long it takes, are the same for an unknown number, a wrong password, and none issued yet
        (R103; 3.4, enumeration): every number has its guard. While that is locked no password is looked at.
        """
        msisdn = normalise_msisdn(number)
        if refused := self._locked(msisdn):
            return refused
        hashed = self._records.passwords.password_hash(msisdn)
        right = await self._hasher.verify(hashed, password)
        # Meanwhile others may have failed, and another password may have been issued (3.2, invariants 3 and 5).
        if refused := self._locked(msisdn):
            return refused
        if right and self._service.may_log_in(msisdn):
            issue = self._records.passwords.valid_issue(msisdn, hashed)
            if issue is not None:
                return self._admit(msisdn, issue, channel)
        return self._refuse(msisdn, channel)

    def _locked(self, msisdn: str) -> Refused | None:
        guard = self._records.guards.guard(msisdn)
        return None if guards.admits(guard, self._gateway.now()) else Refused("locked", 0, guard.locked_until)

    def _admit(self, msisdn: str, issue: int, channel: str) -> Admitted:
        with self._records.changes.change("cabinet.logged_in", self._gateway.now(), who=msisdn, channel=channel):
            self._records.guards.keep(msisdn, OPEN)
        self._gateway.note("selfcare.logged_in", msisdn=msisdn, channel=channel)
        return Admitted(msisdn, issue)

    def _refuse(self, msisdn: str, channel: str) -> Refused:
        now, records = self._gateway.now(), self._records
        guard = guards.after_failure(records.guards.guard(msisdn), now, self._rules)
        with records.changes.change(
            "cabinet.log_in_refused", now, who=msisdn, channel=channel, failures=guard.failures
        ):
            records.guards.keep(msisdn, guard)
        self._gateway.note("selfcare.log_in_refused", msisdn=msisdn, channel=channel, failures=guard.failures)
        left = guards.tries_left(guard, now, self._rules)
        return Refused("wrong" if left else "locked", left, guard.locked_until)
