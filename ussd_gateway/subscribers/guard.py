"""The log-in guard: who fails too often waits (2.1, 3.4). Pure: `now` comes in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GuardRules:
    """After `failures` wrong passwords in a row nobody is let in for `lock` seconds."""

    failures: int = 3
    lock: float = 1800.0


@dataclass(frozen=True, slots=True)
class Guard:
    """What a number's guard remembers.

    failures      int; wrong passwords since the last right one
    locked_until  float; seconds since the epoch, 0 where it is open
    """

    failures: int = 0
    locked_until: float = 0.0


OPEN = Guard()
"""After a log-in, a new password, or a lock that is over."""


def admits(guard: Guard, now: float) -> bool:
    """Whether a password is looked at; while it is locked neither a right nor a wrong one is (3.2, invariant 5)."""
    return guard.locked_until <= now


def at(guard: Guard, now: float) -> Guard:
    """The guard as it stands at this moment: a lock that is over has taken its failures with it."""
    return OPEN if guard.locked_until and admits(guard, now) else guard


def after_failure(guard: Guard, now: float, rules: GuardRules) -> Guard:
    """One more wrong password; the last one that is allowed locks."""
    failures = at(guard, now).failures + 1
    return Guard(failures, now + rules.lock if failures >= rules.failures else 0.0)


def tries_left(guard: Guard, now: float, rules: GuardRules) -> int:
    """How many wrong passwords there may be until it locks."""
    return max(0, rules.failures - at(guard, now).failures)
