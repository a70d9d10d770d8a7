"""A rule of faults as people write it, in config.toml and by `PUT /faults`: checked, and made a rule of the network."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PositiveInt, model_validator

from ussd_gateway.logs import logger
from ussd_gateway.network.faults import ANY, Effect, Fault, Rule, Side
from ussd_gateway.patterns import TooLongError, compiled, search
from ussd_gateway.smpp.connection import BINDS
from ussd_gateway.smpp.malformed import KINDS, breaks
from ussd_gateway.smpp.pdu import PDUS, RESPONSE
from ussd_gateway.smpp.status import Status, status_from, status_name

log = logger(__name__)

_REQUESTS = {pdu.command: command_id for command_id, pdu in PDUS.items() if not command_id & RESPONSE}
_BINDS = tuple(PDUS[command_id].command for command_id in BINDS)
_ONLY_SMSC = frozenset({"deliver_sm", "alert_notification", "outbind"})
_MESSAGES = frozenset({"deliver_sm", "data_sm"})

SENDS = {
    Side.ESME: frozenset(_REQUESTS) - _ONLY_SMSC,
    Side.SMSC: frozenset(_REQUESTS) & {*_MESSAGES, "enquire_link", "alert_notification"},
}
"""The commands that a rule may name, by who sends them."""


@dataclass(frozen=True, slots=True)
class Word:
    """What an effect's name means.

    needs     the keys without which it says nothing
    commands  those that it means when the rule names none
    fits      those that it may name; None for all that the side sends
    sides     whose requests it may go wrong with
    """

    effect: Effect
    needs: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    fits: frozenset[str] | None = None
    sides: tuple[Side, ...] = (Side.ESME, Side.SMSC)
    status: int = 0
    kind: str = ""


_RESPONSES = (Side.ESME,)

WORDS = {
    "status": Word(Effect.STATUS, needs=("status",), sides=_RESPONSES),
    "throttle": Word(Effect.STATUS, needs=("rate",), sides=_RESPONSES, status=Status.ESME_RTHROTTLED),
    "queue_full": Word(Effect.STATUS, sides=_RESPONSES, status=Status.ESME_RMSGQFUL),
    "bind_refused": Word(
        Effect.STATUS, commands=_BINDS, fits=frozenset(_BINDS), sides=_RESPONSES, status=Status.ESME_RBINDFAIL
    ),
    "slow": Word(Effect.SLOW, needs=("seconds",)),
    "no_response": Word(Effect.NO_RESPONSE, sides=_RESPONSES),
    "reorder": Word(Effect.REORDER),
    "duplicate": Word(Effect.DUPLICATE, fits=_MESSAGES, sides=(Side.SMSC,)),
    "drop": Word(Effect.DROP, kind="close"),
    "half_open": Word(Effect.HALF_OPEN),
    "malformed": Word(Effect.MALFORMED, needs=("kind",)),
}
"""The effects by the names that people write."""

_PARAMETER = {Effect.STATUS: "status", Effect.SLOW: "seconds", Effect.DROP: "kind", Effect.MALFORMED: "kind"}
"""The key that tells an effect more; it means nothing to the others."""

_KINDS = {Effect.DROP: ("close", "reset"), Effect.MALFORMED: tuple(KINDS)}
_USUAL = {Side.ESME: "submit_sm", Side.SMSC: "deliver_sm"}  # what a rule is about that names no command


class _Destination:
    """Matches destination addresses against somebody else's regular expression; a slow one is asked only once."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._given_up = False

    def __call__(self, destination: str) -> bool:
        if self._given_up:
            return False
        try:
            return search(self._pattern, destination) is not None
        except TooLongError as error:
            self._given_up = True
            log.warning("fault.destination_given_up", said=str(error))
            return False


def _pattern(value: str) -> str:
    compiled(value)
    return value


def _list(value: object) -> object:
    return [value] if isinstance(value, str) else value


_Seconds = Annotated[float, Field(gt=0, le=86400)]
_CommandStatus = Annotated[int, BeforeValidator(status_from), Field(ge=1, le=0xFFFFFFFF)]


class FaultRule(BaseModel):
    """One rule; docs/faults.md says what each key means."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    effect: Literal[
        "status",
        "throttle",
        "queue_full",
        "bind_refused",
        "slow",
        "no_response",
        "reorder",
        "duplicate",
        "drop",
        "half_open",
        "malformed",
    ]
    account: Annotated[str, Field(min_length=1, max_length=100)] = ANY
    command: Annotated[tuple[str, ...], BeforeValidator(_list), Field(min_length=1)] | None = None
    sent_by: Side | None = None
    destination: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_pattern)] | None = None
    nth: PositiveInt | None = None
    every: PositiveInt | None = None
    probability: Annotated[float, Field(ge=0, le=1)] | None = None
    seed: int | None = None
    times: PositiveInt | None = None
    rate: Annotated[float, Field(gt=0, le=1_000_000)] | None = None
    status: _CommandStatus | None = None
    seconds: _Seconds | None = None
    kind: str | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> FaultRule:
        if mistakes := list(self._mistakes()):
            raise ValueError("; ".join(mistakes))
        return self

    def rule(self) -> Rule:
        """What the network asks."""
        word = WORDS[self.effect]
        fault = Fault(
            self.effect,
            word.effect,
            status=self.status or word.status,
            seconds=self.seconds or 0.0,
            kind=self.kind or word.kind,
        )
        return Rule(
            fault,
            frozenset(self._commands()),
            self._side(),
            account=self.account,
            destination=_Destination(self.destination) if self.destination else None,
            nth=self.nth or 0,
            every=self.every or 1,
            probability=1.0 if self.probability is None else self.probability,
            seed=self.seed or 0,
            times=self.times or 0,
            rate=self.rate or 0.0,
            written=self._written(fault),
        )

    def _side(self) -> Side:
        if self.sent_by:
            return self.sent_by
        sides = WORDS[self.effect].sides
        only_smsc = self.command and _ONLY_SMSC.issuperset(self.command)
        return Side.SMSC if Side.ESME not in sides or (only_smsc and Side.SMSC in sides) else Side.ESME

    def _commands(self) -> tuple[str, ...]:
        if self.command == (ANY,):
            return tuple(sorted(command for command in SENDS[self._side()] if self._fits(command)))
        return self.command or WORDS[self.effect].commands or (_USUAL[self._side()],)

    def _fits(self, command: str) -> bool:
        fits = WORDS[self.effect].fits
        if fits is not None and command not in fits:
            return False
        response = RESPONSE if self._side() is Side.ESME else 0
        return self.effect != "malformed" or self.kind not in KINDS or breaks(self.kind, _REQUESTS[command] | response)

    def _mistakes(self) -> Iterable[str]:
        word, side = WORDS[self.effect], self._side()
        for key in word.needs:
            if getattr(self, key) is None:
                yield f"{key} is missing; {self.effect} needs it"
        for key in sorted({*_PARAMETER.values()} - {_PARAMETER.get(word.effect)}):
            if getattr(self, key) is not None:
                yield f"{key} means nothing to {self.effect}"
        if self.seed is not None and self.probability is None:
            yield "seed means nothing without probability"
        if self.nth is not None and self.every is not None:
            yield "nth and every are there both; keep one"
        if self.kind is not None and self.kind not in (kinds := _KINDS.get(word.effect, (self.kind,))):
            yield f"kind: {self.kind!r} is unknown; known: {', '.join(kinds)}"
        if side not in word.sides:
            yield f"sent_by: {self.effect} is for what the {word.sides[0]} sends"
            return
        for command in self._commands():
            if command not in SENDS[side]:
                yield f"command: the {side} sends no {command!r}; known: {', '.join(sorted(SENDS[side]))}"
            elif not self._fits(command):
                yield f"command: {self.kind or self.effect} does not fit {command}"

    def _written(self, fault: Fault) -> dict[str, Any]:
        """The keys in force, defaults that say something included."""
        kept = self.model_dump(mode="json", exclude_none=True, include=set(FaultRule.model_fields))
        written = {"effect": self.effect, "account": self.account, "command": list(self._commands())}
        written |= {"sent_by": self._side().value} | {key: kept[key] for key in kept if key not in written}
        if fault.status:
            written["status"] = status_name(fault.status)
        if fault.kind:
            written["kind"] = fault.kind
        return written
