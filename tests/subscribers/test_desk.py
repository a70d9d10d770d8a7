"""The operator's people: what each may do, when, and about whom."""

import pytest

from ussd_gateway.subscribers.desk import (
    ACTIONS,
    CHANNELS,
    RIGHTS,
    ROLES,
    HoursError,
    Person,
    actions,
    hours,
    is_open,
    is_own,
    may,
    needs_another,
)
from ussd_gateway.subscribers.links import Line

ANNA, SECOND = "70001000001", "70001000002"
NUMBERS = {ANNA: Line("active", "anna"), SECOND: Line("active", "anna")}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_has_the_rights_of_its_row_and_no_others(role):
    every = set().union(*RIGHTS.values())

    assert {right for right in every if may(Person("x", role), right)} == RIGHTS[role]


def test_r158_a_consultant_decides_nothing_and_a_reviewer_serves_nobody():
    assert not may(Person("irina", "consultant"), "decide")
    assert not may(Person("oleg", "reviewer"), "identify")


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_card_is_handed_over_in_a_shop_only(channel):
    offered = actions(Person("irina", "consultant"), channel)

    assert ("replace" in offered) == ("close" in offered) == (channel == "shop")
    assert "password" in offered
    assert "block_for_debt" not in offered


def test_a_supervisor_can_do_everything_in_a_shop():
    assert actions(Person("nina", "supervisor"), "shop") == tuple(ACTIONS)


@pytest.mark.parametrize(
    ("person", "own"),
    [
        (Person("oleg", "reviewer"), False),
        (Person("oleg", "reviewer", "70009000001", "oleg"), False),
        (Person("oleg", "reviewer", "70009000001", ""), False),
        (Person("oleg", "reviewer", SECOND), True),
        (Person("oleg", "reviewer", "70009000001", "anna"), True),
    ],
)
def test_nobody_decides_about_himself(person, own):
    assert is_own(person, NUMBERS) is own


def test_numbers_of_nobody_are_not_one_persons():
    assert not is_own(Person("oleg", "reviewer"), {ANNA: Line("active", "")})


@pytest.mark.parametrize(
    ("four_eyes", "first", "word"),
    [
        (False, "", None),
        (False, "oleg", None),
        (True, "", "first"),
        (True, "oleg", "same_person"),
        (True, "nina", None),
    ],
)
def test_under_four_eyes_the_second_person_decides(four_eyes, first, word):
    assert needs_another(first, Person("oleg", "reviewer"), four_eyes=four_eyes) == word


@pytest.mark.parametrize(
    ("written", "minutes"), [("", (0, 1440)), ("09:00-21:00", (540, 1260)), ("0:00-24:00", (0, 1440))]
)
def test_opening_hours_are_minutes_of_the_day(written, minutes):
    assert hours(written) == minutes


@pytest.mark.parametrize("written", ["9-21", "21:00-09:00", "09:00-25:00", "09:60-21:00", "09:00-24:01", "always"])
def test_what_is_no_opening_hours_is_told(written):
    with pytest.raises(HoursError, match="09:00-21:00"):
        hours(written)


@pytest.mark.parametrize(("minute", "is_it"), [(539, False), (540, True), (1259, True), (1260, False)])
def test_r002_the_desk_has_hours_to_the_minute(minute, is_it):
    assert is_open(minute, hours("09:00-21:00")) is is_it
