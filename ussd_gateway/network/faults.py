"""Faults on purpose: rules that say which request goes wrong, and how. Pure: chance and time come in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ussd_gateway.network.bucket import Bucket

ANY = "*"


class Side(StrEnum):
    """Who sends the request that goes wrong."""

    ESME = "esme"  # it is our response that is odd
    SMSC = "smsc"  # it is our request


class Effect(StrEnum):
    """What a connection does. "It" is the response to an ESME's request, or the request that the SMSC sends."""

    STATUS = "status"  # the request is refused with `status` and not carried out
    SLOW = "slow"  # carried out; it leaves `seconds` later
    NO_RESPONSE = "no_response"  # carried out; it never leaves
    REORDER = "reorder"  # carried out; it leaves behind the next one
    DUPLICATE = "duplicate"  # it leaves twice
    DROP = "drop"  # not carried out; the connection ends: `kind` is "close" or "reset"
    HALF_OPEN = "half_open"  # not carried out; nothing is read or written any more, and the socket stays
    MALFORMED = "malformed"  # carried out; it leaves broken, `kind` says how (smpp.malformed)


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one request.

    name     as the author of the rule calls it, such as "throttle"
    status   the command_status of Effect.STATUS
    seconds  the delay of Effect.SLOW
    kind     of Effect.DROP and Effect.MALFORMED
    """

    name: str
    effect: Effect
    status: int = 0
    seconds: float = 0.0
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """Which requests get a fault. Every condition has to hold.

    commands     such as "submit_sm"
    account      a system_id, in which * stands for any characters
    destination  whether a destination address is meant; None for all, and for requests that have none
    nth          only the nth match, counted from 1; 0 for all
    every        3: only the third match, the sixth, and so on; 1 for all
    probability  0 to 1, drawn anew for each match from the row of numbers that `seed` begins
    times        at most so often; 0 for ever
    rate         only what comes beyond so many matches a second; 0 for all
    written      the rule as people write it, for those who show it
    """

    fault: Fault
    commands: frozenset[str]
    sent_by: Side = Side.ESME
    account: str = ANY
    destination: Callable[[str], bool] | None = None
    nth: int = 0
    every: int = 1
    probability: float = 1.0
    seed: int = 0
    times: int = 0
    rate: float = 0.0
    written: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        account = "" if self.account == ANY else f" of {self.account}"
        return f"{self.fault.name} on {', '.join(sorted(self.commands))}{account}"


class Counted:
    """A rule in force.

    seen  how many requests it matched
    hits  how many of them got its fault
    """

    __slots__ = ("_bucket", "_chance", "_is_account", "hits", "rule", "seen")

    def __init__(self, rule: Rule, chance: Callable[[], float]) -> None:
        self.rule = rule
        self.seen = 0
        self.hits = 0
        self._chance = chance
        self._is_account = re.compile(".*".join(map(re.escape, rule.account.split(ANY))), re.DOTALL).fullmatch
        self._bucket = Bucket(rule.rate) if rule.rate else None

    def matches(self, account: str, destination: str | None) -> bool:
        """Whether the request is one of those that the rule counts."""
        if not self._is_account(account):
            return False
        wanted = self.rule.destination
        return wanted is None or (destination is not None and wanted(destination))

    def fires(self, now: float) -> bool:
        """Whether the request that was counted last gets the fault."""
        rule = self.rule
        return (
            (not rule.nth or self.seen == rule.nth)
            and self.seen % rule.every == 0
            and (not rule.times or self.hits < rule.times)
            and (rule.probability >= 1 or self._chance() < rule.probability)
            and (self._bucket is None or self._bucket.overflows(now))
        )


class Faults:
    """The rules in force; false while there is none, and nobody need ask further.

    chance  makes of a seed what draws numbers from 0 up to 1
    """

    def __init__(self, chance: Callable[[int], Callable[[], float]], rules: Iterable[Rule] = ()) -> None:
        self._chance = chance
        self.replace(rules)

    def replace(self, rules: Iterable[Rule]) -> None:
        """From now on these hold, all counts from 0."""
        self.counted = tuple(Counted(rule, self._chance(rule.seed)) for rule in rules)
        self._by_command: dict[Side, dict[str, list[Counted]]] = {side: {} for side in Side}
        for counted in self.counted:
            for command in counted.rule.commands:
                self._by_command[counted.rule.sent_by].setdefault(command, []).append(counted)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """In the order in which they are asked."""
        return tuple(counted.rule for counted in self.counted)

    def __bool__(self) -> bool:
        return bool(self.counted)

    def find(
        self, command: str, *, account: str, now: float, destination: str | None = None, sent_by: Side = Side.ESME
    ) -> Fault | None:
        """What goes wrong with this request; call it once for each, for it counts.

        Every rule counts the request that it matches; the first one that fires wins, and only it has a hit.
        """
        found: Fault | None = None
        for counted in self._by_command[sent_by].get(command, ()):
            if counted.matches(account, destination):
                counted.seen += 1
                if found is None and counted.fires(now):
                    counted.hits += 1
                    found = counted.rule.fault
        return found

    def banner(self) -> str:
        """One line for people: which faults are on; empty while none is."""
        return "; ".join(map(str, self.rules))
