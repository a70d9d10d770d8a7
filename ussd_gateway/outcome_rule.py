"""A rule of outcomes as people write it in config.toml: checked, and made a rule of the network."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import inf
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    model_validator,
)

from ussd_gateway.network import outcomes
from ussd_gateway.network.message import MessageState
from ussd_gateway.patterns import TooLongError, compiled, search

_REMEMBERED = 4096  # numbers of which it is known whether a pattern finds them


def _pattern(value: str) -> str:
    compiled(value)
    return value


def _draws(delay: object) -> outcomes.Delay:
    match delay:
        case bool():
            pass
        case int() | float() if 0 <= delay < inf:
            return outcomes.fixed(delay)
        case {"uniform": (least, most), **others} if not others and _are_seconds(least, most) and least <= most:
            return outcomes.uniform(least, most)
        case {"normal": (mean, deviation), **others} if not others and _are_seconds(mean, deviation):
            return outcomes.normal(mean, deviation)
    raise ValueError("write seconds such as 5, {uniform = [1, 3]} from least to most, or {normal = [2.0, 0.5]}")


def _are_seconds(*numbers: object) -> bool:
    return all(isinstance(number, int | float) and 0 <= number < inf for number in numbers)


def _delay(value: object) -> object:
    _draws(value)
    return value


_Delay = Annotated[float | dict[str, tuple[float, float]], BeforeValidator(_delay)]
_Final = Literal["delivered", "expired", "deleted", "undeliverable", "accepted", "unknown", "rejected"]


class OutcomeRule(BaseModel):
    """One rule; docs/outcomes.md says what each key means."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account: Annotated[str, Field(min_length=1)] | None = None
    destination: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_pattern)] | None = None
    delay: _Delay = 0
    states: Annotated[dict[_Final, NonNegativeFloat], Field(min_length=1)] = {"delivered": 1}
    error: dict[_Final, Annotated[NonNegativeInt, Field(le=999)]] = {}
    receipt_delay: _Delay = 0

    @model_validator(mode="after")
    def _makes_sense(self) -> OutcomeRule:
        if not sum(self.states.values()):
            raise ValueError("the weights of states are all 0; one has to be more")
        return self

    def rule(self) -> outcomes.Rule:
        """What the network asks."""
        return outcomes.Rule(
            account=self.account,
            fits=_finds(self.destination) if self.destination else outcomes.anything,
            delay=_draws(self.delay),
            states={MessageState[name.upper()]: weight for name, weight in self.states.items()},
            errors={MessageState[name.upper()]: error for name, error in self.error.items()},
            receipt_delay=_draws(self.receipt_delay),
        )


def _finds(pattern: str) -> Callable[[str], bool]:
    @lru_cache(maxsize=_REMEMBERED)
    def finds(destination: str) -> bool:
        try:
            return search(pattern, destination) is not None
        except TooLongError:
            return False

    return finds
