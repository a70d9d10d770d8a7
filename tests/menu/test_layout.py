"""Where boxes and arrows are put: nothing overlaps, little crosses, and the distance from the start decides the layer."""

import re
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.menu.layout import Box, Tie, distances, layout

BOX = Box(100, 60, 20)


def tied(*pairs, size=60):
    return [Tie(source, target, size / 2) for source, target in pairs]


def ends(path):
    """The first and the last point of an SVG path."""
    numbers = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", path)]
    return tuple(numbers[:2]), tuple(numbers[-2:])


@pytest.mark.parametrize(
    ("ties", "away"),
    [
        ([(0, 1), (1, 2), (0, 2)], [0, 1, 1]),
        ([(0, 1), (1, 0), (1, 1)], [0, 1]),
        ([(0, 1), (2, 3), (3, 2)], [0, 1, 1, 2]),
        ([(0, 1), (3, 2)], [0, 1, 2, 1]),
        ([], [0]),
    ],
)
def test_the_distance_is_the_shortest_one_and_nobody_is_left_out(ties, away):
    assert distances(len(away), ties) == away


def test_layers_go_from_left_to_right():
    placed = layout([BOX] * 3, tied((0, 1), (1, 2)))
    first, second, third = placed.corners
    assert first.x < second.x < third.x
    assert first.y + 30 - 20 == second.y  # the arrow from the middle of one is straight: it arrives 20 below the top
    assert placed.width >= third.x + 100
    assert placed.height >= 60


def test_an_arrow_leaves_at_its_row_and_arrives_at_the_entry():
    placed = layout([BOX] * 2, tied((0, 1)))
    start, end = ends(placed.paths[0])
    assert start == pytest.approx((placed.corners[0].x + 100, placed.corners[0].y + 30), abs=0.1)
    assert end == pytest.approx((placed.corners[1].x, placed.corners[1].y + 20), abs=0.1)


def test_the_boxes_of_a_layer_stand_in_the_order_of_the_arrows():
    ties = [Tie(0, 3, 10), Tie(0, 1, 30), Tie(0, 2, 50)]
    _, first, second, third = layout([BOX] * 4, ties).corners
    assert third.y < first.y < second.y


def test_arrows_do_not_cross_where_they_need_not():
    """0 leads to 1 and 2; 1 leads to 4, 2 to 3, and the file has them in the order that crosses."""
    ties = [Tie(0, 1, 10), Tie(0, 2, 30), Tie(1, 4, 30), Tie(2, 3, 30)]
    corners = layout([BOX] * 5, ties).corners
    assert corners[1].y < corners[2].y
    assert corners[4].y < corners[3].y


def test_an_arrow_back_goes_around_the_boxes():
    placed = layout([BOX] * 3, tied((0, 1), (1, 2), (2, 1)))
    _, entered = ends(placed.paths[2])
    assert entered == pytest.approx((placed.corners[1].x, placed.corners[1].y + 20), abs=0.1)
    lanes = [float(y) for y in re.findall(r" (-?\d+(?:\.\d+)?)H", placed.paths[2])]
    assert len(lanes) == 2
    for y, corner in zip(lanes, (placed.corners[2], placed.corners[1]), strict=True):
        assert not corner.y <= y <= corner.y + 60


def test_a_box_alone_and_one_tied_to_itself():
    assert layout([BOX], []).corners == ((0, 0),)
    assert len(layout([BOX], tied((0, 0))).paths) == 1


GRAPHS = st.integers(1, 12).flatmap(
    lambda count: st.tuples(
        st.lists(st.builds(Box, st.just(100.0), st.floats(40, 200), st.just(20.0)), min_size=count, max_size=count),
        st.lists(
            st.builds(Tie, st.integers(0, count - 1), st.integers(0, count - 1), st.floats(5, 40)), max_size=3 * count
        ),
    )
)


@given(GRAPHS)
def test_no_two_boxes_overlap_and_all_are_inside(drawn):
    boxes, ties = drawn
    placed = layout(boxes, ties)
    assert len(placed.paths) == len(ties)
    places = [
        (corner.x, corner.y, corner.x + box.width, corner.y + box.height)
        for corner, box in zip(placed.corners, boxes, strict=True)
    ]
    for left, top, right, bottom in places:
        assert left >= 0
        assert top >= -1e-6
        assert right <= placed.width
        assert bottom <= placed.height + 1e-6
    for one, other in combinations(places, 2):
        apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] + 1e-6 or other[3] <= one[1] + 1e-6
        assert apart


@given(GRAPHS)
def test_the_same_graph_is_placed_the_same_way(drawn):
    assert layout(*drawn) == layout(*drawn)
