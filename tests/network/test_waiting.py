"""What waits for one party."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.network.waiting import Waiting


class Thing:
    def __init__(self, priority):
        self.priority = priority


def taken(waiting):
    return [waiting.take() for _ in range(len(waiting))]


def test_first_come_first_served_and_a_higher_priority_in_front():
    things = [Thing(priority) for priority in (0, 1, 0, 3, 1)]
    waiting = Waiting()
    for thing in things:
        waiting.put(thing, thing.priority)
    assert taken(waiting) == [things[place] for place in (3, 1, 4, 0, 2)]
    assert not waiting


def test_what_comes_first_is_in_front_of_its_priority_only():
    things = [Thing(priority) for priority in (1, 0, 0, 1)]
    waiting = Waiting()
    for thing in things[:2]:
        waiting.put(thing, thing.priority)
    for thing in things[2:]:
        waiting.put_first(thing, thing.priority)
    assert taken(waiting) == [things[place] for place in (3, 0, 2, 1)]


@pytest.mark.parametrize("priority", [0, 2])
def test_what_is_dropped_does_not_come_again(priority):
    thing, other = Thing(priority), Thing(priority)
    waiting = Waiting()
    waiting.put(thing, priority)
    waiting.put(other, priority)
    waiting.drop(thing, priority)
    waiting.drop(thing, priority)  # it is not there any more
    assert taken(waiting) == [other]


def test_nothing_is_left_after_a_clear():
    waiting = Waiting()
    waiting.put(Thing(3), 3)
    waiting.clear()
    later = Thing(0)
    waiting.put(later)
    assert taken(waiting) == [later]


@given(st.lists(st.tuples(st.sampled_from(["put", "put_first", "take", "drop"]), st.integers(0, 3))))
def test_it_is_a_stable_sort_by_priority(steps):
    waiting, model = Waiting(), []
    for step, priority in steps:
        if step == "put":
            model.append(Thing(priority))
            waiting.put(model[-1], priority)
        elif step == "put_first":
            model.insert(0, Thing(priority))
            waiting.put_first(model[0], priority)
        elif model and step == "drop":
            thing = model.pop(priority % len(model))
            waiting.drop(thing, thing.priority)
        elif model:
            first = min(model, key=lambda thing: -thing.priority)
            model.remove(first)
            assert waiting.take() is first
        assert len(waiting) == len(model)
    assert taken(waiting) == sorted(model, key=lambda thing: -thing.priority)
