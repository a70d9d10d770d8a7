"""What becomes of messages when a tester decides it: rules of delay and of final states. Chance is an argument.

A rule says how long a message is under way before anything happens to it, and how often it comes to which final state.
DELIVERED means that it goes its ordinary way from then on: to the handset now or when it attaches, to an ESME's bind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import cos, log, pi, sqrt

from ussd_gateway.network.message import UNDER_WAY, MessageState, Sms

Chance = Callable[[], float]
"""Gives a number from 0.0 up to, and without, 1.0."""
Delay = Callable[[Chance], float]
"""Draws a number of seconds, never below 0."""

ERRORS: Mapping[MessageState, int] = {
    MessageState.EXPIRED: 6,  # absentSubscriberSM
    MessageState.UNDELIVERABLE: 1,  # unknownSubscriber
}
"""The MAP user errors (3GPP 29.002) of final states that a rule names none for; the others have 0."""


def fixed(seconds: float) -> Delay:
    """Always the same."""
    seconds = max(0.0, seconds)
    return lambda chance: seconds


def uniform(least: float, most: float) -> Delay:
    """Any time between the two, each as likely."""
    return lambda chance: max(0.0, least + (most - least) * chance())


def normal(mean: float, deviation: float) -> Delay:
    """Around the mean, by the method of Box and Muller."""
    return lambda chance: max(0.0, mean + deviation * sqrt(-2.0 * log(1.0 - chance())) * cos(2.0 * pi * chance()))


AT_ONCE = fixed(0.0)


def anything(destination: str) -> bool:
    """Every destination is meant."""
    return True


@dataclass(frozen=True, slots=True)
class Rule:
    """What becomes of the messages that it fits.

    account        the system_id of the ESME that submits, "" for handsets, None for anybody
    fits           whether a destination is meant
    delay          how long the message is under way before its outcome
    states         the weights of the final states; nobody has to make them 100 together
    errors         the error of a final state, where ERRORS has another one
    receipt_delay  how long the receipt stays behind the final state
    """

    account: str | None = None
    fits: Callable[[str], bool] = anything
    delay: Delay = AT_ONCE
    states: Mapping[MessageState, float] = field(default_factory=lambda: {MessageState.DELIVERED: 1.0})
    errors: Mapping[MessageState, int] = field(default_factory=dict)
    receipt_delay: Delay = AT_ONCE

    def __post_init__(self) -> None:
        if UNDER_WAY & set(self.states):
            raise ValueError("an outcome is a final state; SCHEDULED and ENROUTE are none")
        if min(self.states.values(), default=0) < 0 or not sum(self.states.values()) > 0:
            raise ValueError("the weights of the states are 0 or more, and at least one is more")

    def draw(self, chance: Chance) -> tuple[MessageState, int]:
        """A final state by its weight, and its error."""
        possible = [state for state, weight in self.states.items() if weight]
        left = chance() * sum(self.states.values())
        state = possible.pop(0)
        while possible and left >= self.states[state]:
            left -= self.states[state]
            state = possible.pop(0)
        return state, self.errors.get(state, ERRORS.get(state, 0))


def rule_for(rules: Sequence[Rule], sms: Sms) -> Rule | None:
    """The first rule that fits."""
    for rule in rules:
        if rule.account in (None, sms.account) and rule.fits(sms.destination):
            return rule
    return None
