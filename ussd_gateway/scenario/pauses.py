"""When what happened is to be played: the pauses of a recording as waits. No I/O.

Steps are played one after the other in no time. Under a virtual clock each gap is waited for exactly; under a real one
only what something came of: a screen that came by itself, a throttled ESME that tried again, and long pauses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import ceil

from ussd_gateway.network.session import Outcome
from ussd_gateway.scenario import model
from ussd_gateway.scenario.esme import ANSWER_TIME
from ussd_gateway.scenario.model import SMS_PATIENCE, Action

LATE = 1.0  # seconds of real time after which something came because time had passed
_SOON = 0.0005  # seconds; the events tell milliseconds
_THROTTLED = ("ESME_RTHROTTLED", "ESME_RMSGQFUL")


@dataclass(slots=True, eq=False)
class Item:
    """One step, and when it was.

    at        float; seconds since the epoch
    number    int; of the event that told of it
    human     bool; a person did it, or a program in his place; otherwise it came of that, or of time
    screen    int; steps with the same number are about the same screen; 0 for none
    answered  bool; the phone was waiting for this screen
    since     float or None; when what arrived had set out
    guesses   what was guessed about it, a sentence each
    """

    step: Action
    at: float
    number: int
    human: bool = False
    screen: int = 0
    answered: bool = False
    since: float | None = None
    guesses: list[str] = field(default_factory=list)


def with_waits(items: Sequence[Item], until: float, pauses: float | None) -> list[Item]:
    """The items with waits between them.

    until   the moment to which a virtual clock was moved last
    pauses  a pause of real time as long as that is kept; None under a virtual clock
    """
    waited = _exact(items, until) if pauses is None else _rounded(items, pauses)
    return _last_screens(waited)


def _exact(items: Sequence[Item], until: float) -> Iterator[Item]:
    now = items[0].at
    for group, end in _groups(items, until):
        if group[0].human:
            yield from _wait(group[0].at - now, group[0])
            now = max(now, group[0].at)
            yield group[0]
            now += ANSWER_TIME if isinstance(group[0].step, model.Submit) and not group[0].step.status else 0
            group = group[1:]
            now = max([now, *(item.at for item in group if item.answered)])  # whoever dials has waited for that
        batch: list[Item] = []
        for item in group:
            if item.at > now + _SOON and batch and batch[-1].at <= now + _SOON:
                yield from batch
                batch = []
            elif _covers(item, batch) and item.at > batch[-1].at:  # nobody could see the one before any more
                cut = _between(batch[-1].at, item.at, now)
                yield from _wait(cut - now, item)
                yield from batch
                now, batch = cut, []
            batch.append(item)
        if batch and batch[-1].at > now + _SOON:
            yield from _wait(end - now, batch[-1])
            now = end
        yield from batch


def _groups(items: Sequence[Item], until: float) -> Iterator[tuple[list[Item], float]]:
    """What a person did with all that came before the next one did something, and when that was."""
    starts = [0, *(place for place, item in enumerate(items) if item.human and place)]
    for start, stop in zip(starts, [*starts[1:], len(items)], strict=True):
        group = list(items[start:stop])
        yield group, items[stop].at if stop < len(items) else max(until, group[-1].at)


def _covers(item: Item, batch: Iterable[Item]) -> bool:
    return any(item.screen > earlier.screen > 0 and item.step.phone == earlier.step.phone for earlier in batch)


def _between(earlier: float, later: float, now: float) -> float:
    """A moment between the two, in whole seconds from now on if there is one."""
    whole = now + ceil(earlier - now + _SOON)
    return whole if whole < later else (earlier + later) / 2


def _rounded(items: Sequence[Item], pauses: float) -> Iterator[Item]:
    throttled = {
        item.step.esme for item in items if isinstance(item.step, model.Submit) and item.step.status in _THROTTLED
    }
    passed = 0.0  # seconds that the steps so far wait
    last = items[0].at
    latest: dict[str, tuple[float, float]] = {}  # when each actor was last heard of, and what had passed by then
    if any(isinstance(item.step, model.See) and item.step.outcome == Outcome.DIALOG_TIMEOUT for item in items):
        pauses = min(pauses, LATE)  # all the pauses of a dialogue together have brought that
    for item in items:
        late = 0.0
        before, passed_then = latest.get(item.step.actor, (item.at, passed))
        again = isinstance(item.step, model.Submit) and item.step.esme in throttled
        by_itself = bool(item.screen) and not item.answered
        if (again or by_itself) and item.at - before >= LATE:
            late = ceil(item.at - before) - (passed - passed_then)
        if item.human and item.at - last >= pauses:
            late = max(late, float(round(item.at - last)))
        for wait in _wait(late, item):
            passed += late
            yield wait
        if not item.human and not item.screen:
            item = _patient(item, last)
        yield item
        last = item.at
        latest[item.step.actor] = item.at, passed


def _patient(item: Item, last: float) -> Item:
    """What took its time is waited for."""
    took = item.at - (item.since if item.since is not None else last)
    if took < LATE or not isinstance(item.step, model.Receive | model.EsmeReceive | model.GetReceipt):
        return item
    return replace(item, step=replace(item.step, time=ceil(took) + SMS_PATIENCE))


def _wait(seconds: float, item: Item) -> Iterator[Item]:
    if (seconds := round(seconds, 3)) > 0:
        yield Item(model.Wait(line=0, sentence="", time=seconds), item.at, item.number, human=True)


def _last_screens(items: Iterable[Item]) -> list[Item]:
    """Without the screens that others had taken the place of when somebody could look."""
    kept: list[Item] = []
    for item in items:
        if item.screen:
            start = next((place for place in range(len(kept), 0, -1) if kept[place - 1].human), 0)
            hidden: Callable[[Item], bool] = lambda earlier: _covers(item, [earlier])  # noqa: E731, B023
            kept[start:] = [earlier for earlier in kept[start:] if not hidden(earlier)]
        kept.append(item)
    return kept
