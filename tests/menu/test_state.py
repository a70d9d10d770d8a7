"""What a hundred thousand open dialogues hold."""

import sys

import pytest

from ussd_gateway.menu.load import parse
from ussd_gateway.menu.state import Frame, State, Step


def held(value, seen):
    """The octets of a value and of all that it holds, each counted once."""
    if id(value) in seen or isinstance(value, type):
        return 0
    seen.add(id(value))
    octets = sys.getsizeof(value)
    match value:
        case dict():
            parts = [*value.keys(), *value.values()]
        case tuple() | list():
            parts = list(value)
        case Frame() | State():
            parts = [getattr(value, name) for name in value.__slots__]
        case _:
            parts = []
    return octets + sum(held(part, seen) for part in parts)


PORTAL = parse(
    """
title = "Portal"
codes = ["*111#"]
languages = ["en"]
[screens.main]
text = "Main"
choices = [{ key = "1", label = "More", to = "more" }]
[screens.more]
text = "More"
choices = [{ key = "1", label = "Again", to = "again" }]
[screens.again]
text = "Again"
choices = [{ key = "1", label = "Main", to = "main" }]
""",
    "portal.toml",
)


@pytest.mark.parametrize("typed", [(), ("1",), ("1", "1")])
def test_a_dialogue_takes_less_than_600_octets(person, typed):
    shared = {id(part) for part in ("code", "*111#", "msisdn", "dialled", "en", "main", "more", "again", 0, False, ())}
    people = []
    for number in range(100):
        given = {"msisdn": f"7926{number:07}", "code": "*111#", "dialled": "*111#"}
        someone = person(PORTAL, variables=given)
        for answer in typed:
            someone.answer(answer)
        people.append(someone.state)

    assert held(tuple(people), shared) / len(people) < 600


def test_what_does_not_change_is_shared(person):
    someone = person(PORTAL)
    before = someone.state
    someone.types("1", "1")

    assert someone.state.variables is before.variables is before.given
    assert someone.state.history[0].variables is before.variables


def test_a_state_holds_no_more_than_its_fields():
    with pytest.raises((AttributeError, TypeError)):
        State("main", "en", {}, {}).other = 1


def test_most_steps_have_no_effects():
    assert Step(State("main", "en", {}, {}), None).effects == ()
