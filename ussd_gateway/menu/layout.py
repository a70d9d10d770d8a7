"""Places for the boxes of a picture and curves for its arrows: layers from left to right. Geometry only, in pixels.

Boxes stand in layers by their distance from the first one, as in K. Sugiyama's method: in each layer they are ordered by
the barycenter of what they are tied to, again and again from both sides, and the order with the fewest crossings is kept.
An arrow that passes a layer, or turns back within one, has a lane of its own there, so that none runs through a box.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

SWEEPS = 12
_LANE = 10.0  # height of a lane
_BETWEEN = 26.0  # boxes of a layer
_TURN = 46.0  # how far out an arrow turns back, at the most


class Box(NamedTuple):
    """A box to be placed; `entry` is how far below its top the arrows to it end."""

    width: float
    height: float
    entry: float


class Tie(NamedTuple):
    """An arrow from the right side of a box, `exit` below its top, to the left side of another."""

    source: int
    target: int
    exit: float


class Point(NamedTuple):
    """A place in the picture, from its left top corner."""

    x: float
    y: float


class Layout(NamedTuple):
    """The left top corner of each box, an SVG path for each tie, and the size of the whole."""

    corners: tuple[Point, ...]
    paths: tuple[str, ...]
    width: float
    height: float


@dataclass(slots=True, eq=False)
class _Item:
    """A box or a lane in its layer; `y` is its top."""

    layer: int
    box: Box
    y: float = 0.0
    before: list[_Link] = field(default_factory=list)
    behind: list[_Link] = field(default_factory=list)

    def wish(self, *sides: list[_Link]) -> float | None:
        """The top at which its arrows would be straight, in the mean; None where it has none."""
        tops = [other.y + offset - own for side in sides for other, offset, own in side]
        return sum(tops) / len(tops) if tops else None


_Link = tuple[_Item, float, float]
"""The item at the other end, the offset of the arrow there, and the offset here."""


def layout(boxes: Sequence[Box], ties: Sequence[Tie], *, gap: float = 76.0) -> Layout:
    """The boxes, one at least, and the ties in their places; the first box stands leftmost. `gap` is between layers."""
    layers: list[list[_Item]] = [[] for _ in range(len(boxes) + 2)]
    items = []
    for box, away in zip(boxes, distances(len(boxes), ((tie.source, tie.target) for tie in ties)), strict=True):
        items.append(_Item(away, box))
        layers[away].append(items[-1])
    chains = [_chain(items, tie, layers) for tie in ties]
    layers = [layer for layer in layers if layer]
    _order(layers)
    lefts, width = _columns(layers, gap)
    top = min(item.y for layer in layers for item in layer)
    for layer in layers:
        for item in layer:
            item.y -= top
    corners = tuple(Point(lefts[item.layer], item.y) for item in items)
    rights = [left + max(item.box.width for item in layer) for left, layer in zip(lefts, layers, strict=True)]
    paths = tuple(_path(tie, items, chain, lefts, rights) for tie, chain in zip(ties, chains, strict=True))
    height = max(item.y + item.box.height for layer in layers for item in layer)
    return Layout(corners, paths, width, height)


def distances(count: int, ties: Iterable[tuple[int, int]]) -> list[int]:
    """How many ties away from the first of `count` boxes each is; 1 for those to which nothing leads from there."""
    following: list[list[int]] = [[] for _ in range(count)]
    led_to = [False] * count
    for source, target in ties:
        following[source].append(target)
        led_to[target] = led_to[target] or source != target
    found = [-1] * count
    for root in sorted(range(count), key=lambda number: (number != 0, led_to[number])):
        if found[root] < 0:
            found[root] = min(root, 1)
            waiting = [root]
            for here in waiting:
                for target in following[here]:
                    if found[target] < 0:
                        found[target] = found[here] + 1
                        waiting.append(target)
    return found


def _chain(items: list[_Item], tie: Tie, layers: list[list[_Item]]) -> list[_Item]:
    """The lanes that the arrow takes; all are linked to each other and to its ends."""
    source, target = items[tie.source], items[tie.target]
    if source.layer < target.layer:
        passed = range(source.layer + 1, target.layer)
    else:
        passed = range(source.layer, target.layer - 1, -1)
    lanes = [_Item(layer, Box(0, _LANE, _LANE / 2)) for layer in passed]
    for lane in lanes:
        layers[lane.layer].append(lane)
    links = [(source, tie.exit), *((lane, _LANE / 2) for lane in lanes), (target, target.box.entry)]
    for (one, leaves), (other, enters) in pairwise(links):
        to_the_right = one.layer < other.layer or (one.layer == other.layer and one is source)
        (one.behind if to_the_right else one.before).append((other, enters, leaves))
        (other.before if to_the_right else other.behind).append((one, leaves, enters))
    return lanes


def _order(layers: list[list[_Item]]) -> None:
    """Order and place each layer's items, so that few arrows cross and most are short."""
    _first_order(layers)
    for layer in layers:
        _place(layer, [item.y for item in layer])
    best: tuple[float, list[list[tuple[_Item, float]]]] | None = None
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        for layer in layers if forward else reversed(layers):
            wishes = []
            for item in layer:
                near = item.before if forward else item.behind
                wish = item.wish(near) if near else item.wish(item.before, item.behind)
                wishes.append(item.y if wish is None else wish)
            ranked = sorted(
                zip(wishes, range(len(layer)), strict=True), key=lambda each: each[0] + layer[each[1]].box.entry
            )
            layer[:] = [layer[index] for _, index in ranked]
            _place(layer, [wish for wish, _ in ranked])
        cost = _crossings(layers)
        if best is None or cost <= best[0]:
            best = cost, [[(item, item.y) for item in layer] for layer in layers]
    if best:
        for layer, kept in zip(layers, best[1], strict=True):
            layer[:] = [item for item, _ in kept]
            for item, y in kept:
                item.y = y
    for _ in range(4):  # the order stands; now straighten
        for layer in layers:
            _place(layer, [item.y if (wish := item.wish(item.before, item.behind)) is None else wish for item in layer])


def _first_order(layers: list[list[_Item]]) -> None:
    """As somebody meets them who takes the first way of each box first."""
    seen: dict[int, int] = {}
    waiting = [item for layer in reversed(layers) for item in reversed(layer)]
    while waiting:
        item = waiting.pop()
        if id(item) not in seen:
            seen[id(item)] = len(seen)
            waiting += (other for other, _, _ in sorted(item.behind, key=lambda link: -link[2]))
    for layer in layers:
        layer.sort(key=lambda item: seen[id(item)])


def _place(layer: list[_Item], wishes: Sequence[float]) -> None:
    """Tops as near to the wishes as the order allows, by least squares: pool adjacent violators."""
    offsets, offset = [], 0.0
    for item, following in zip(layer, [*layer[1:], None], strict=True):
        offsets.append(offset)
        lanes = following is None or (item.box.width == 0 and following.box.width == 0)
        offset += item.box.height + (0 if lanes else _BETWEEN)
    pools: list[tuple[float, int]] = []  # the mean of the wishes, less the offsets, and how many there are
    for wish, offset in zip(wishes, offsets, strict=True):
        mean, count = wish - offset, 1
        while pools and pools[-1][0] > mean:
            other, more = pools.pop()
            mean, count = (mean * count + other * more) / (count + more), count + more
        pools.append((mean, count))
    bases = [mean for mean, count in pools for _ in range(count)]
    for item, base, offset in zip(layer, bases, offsets, strict=True):
        item.y = base + offset


def _crossings(layers: Sequence[Sequence[_Item]]) -> float:
    """How many pairs of arrows cross between the layers, and a little for their length."""
    total = 0.0
    for layer in layers:
        ends = sorted(
            (item.y + own, other.y + offset)
            for item in layer
            for other, offset, own in item.behind
            if other.layer != item.layer
        )
        heights = [end for _, end in ends]
        total += sum(abs(start - end) for start, end in ends) / 10_000
        total += sum(1 for place, height in enumerate(heights) for later in heights[place + 1 :] if later < height)
    return total


def _columns(layers: Sequence[Sequence[_Item]], gap: float) -> tuple[list[float], float]:
    lefts, x = [], 0.0
    for layer in layers:
        lefts.append(x)
        # The more arrows leave a layer, the more room they get.
        leaving = sum(len(item.behind) for item in layer)
        x += max(item.box.width for item in layer) + gap + min(2.5 * leaving, gap)
    last = len(layers) - 1
    return lefts, lefts[last] + max(item.box.width for item in layers[last]) + _TURN


def _path(tie: Tie, items: list[_Item], lanes: list[_Item], lefts: list[float], rights: list[float]) -> str:
    source, target = items[tie.source], items[tie.target]
    backward = source.layer >= target.layer
    here = Point(lefts[source.layer] + source.box.width, source.y + tie.exit)
    words = [f"M{_number(here.x)} {_number(here.y)}"]
    heading = 1
    for lane in lanes:
        y = lane.y + _LANE / 2
        near, far = (rights, lefts) if backward else (lefts, rights)
        enter, leave = Point(near[lane.layer], y), Point(far[lane.layer], y)
        turned = -1 if backward else 1
        words += [_curve(here, enter, heading, turned), f"H{_number(leave.x)}"]
        here, heading = leave, turned
    words.append(_curve(here, Point(lefts[target.layer], target.y + target.box.entry), heading, 1))
    return "".join(words)


def _curve(start: Point, end: Point, leaving: int, arriving: int) -> str:
    """A cubic curve that leaves and arrives horizontally, to the right (1) or to the left (-1)."""
    if leaving == arriving:
        reach = max(abs(end.x - start.x) * 0.5, 12)
        handles = start.x + leaving * reach, end.x - arriving * reach
    else:
        reach = min(_TURN, 16 + abs(end.y - start.y) * 0.25)
        out = max(start.x, end.x) + reach if leaving > 0 else min(start.x, end.x) - reach
        handles = out, out
    numbers = (handles[0], start.y, handles[1], end.y, end.x, end.y)
    return "C" + " ".join(map(_number, numbers))


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
