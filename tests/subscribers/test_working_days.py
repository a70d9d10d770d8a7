"""The production calendar and deadlines: the table of 2.4, and what holds for every day that has data."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.subscribers.working_days import (
    PRODUCTION,
    CalendarError,
    counted,
    deadline,
    due_day,
    is_working,
    year_of,
)

MOSCOW = timezone(timedelta(hours=3))

DUE = [
    ("2017-05-05", "2017-05-11"),
    ("2017-12-29", "2018-01-10"),
    ("2018-04-27", "2018-05-03"),
    ("2018-06-08", "2018-06-13"),
    ("2018-07-10", "2018-07-12"),
    ("2018-04-28", "2018-05-04"),  # the working Saturday itself
    ("2018-04-29", "2018-05-04"),  # a Sunday
    ("2018-12-27", "2018-12-29"),  # a working Saturday, the last of the year
]


@pytest.mark.parametrize(("requested", "due"), DUE)
def test_r159_two_working_days_by_the_production_calendar(requested, due):
    assert due_day(date.fromisoformat(requested), PRODUCTION) == date.fromisoformat(due)


@pytest.mark.parametrize(("requested", "due"), DUE)
@pytest.mark.parametrize("at", ["00:00", "17:50", "23:59"])
def test_r159_the_deadline_is_24_00_of_the_operators_time_at_whatever_hour_it_was_asked(requested, due, at):
    asked = datetime.fromisoformat(f"{requested} {at}").replace(tzinfo=MOSCOW)
    midnight = datetime.fromisoformat(due).replace(tzinfo=MOSCOW) + timedelta(days=1)

    assert deadline(asked.timestamp(), PRODUCTION, utc_offset=3) == midnight.timestamp()


def test_r159_the_day_is_that_of_the_operators_time():
    """22:30 in London is the next day in Moscow."""
    asked = datetime(2018, 7, 9, 22, 30, tzinfo=UTC).timestamp()

    assert deadline(asked, PRODUCTION, utc_offset=3) - deadline(asked, PRODUCTION, utc_offset=0) == 21 * 3600


def test_r159_how_it_was_counted_can_be_shown():
    days = counted(date(2018, 4, 27), PRODUCTION)

    assert [(day.day, worked) for day, worked in days] == [
        (28, True), (29, False), (30, False), (1, False), (2, False), (3, True),
    ]  # fmt: skip


@pytest.mark.parametrize(("year", "off", "worked"), [(2017, 118, 247), (2018, 118, 247)])
def test_a_year_has_as_many_days_off_as_its_decree_says(year, off, worked):
    days = [date(year, 1, 1) + timedelta(days=number) for number in range(365)]

    assert sum(is_working(day, PRODUCTION) for day in days) == worked
    assert sum(not is_working(day, PRODUCTION) for day in days) == off


@pytest.mark.parametrize("requested", ["2018-12-28", "2018-12-31", "2016-12-30", "2026-11-22"])
def test_a_year_without_data_is_an_error_that_says_so_and_never_a_plain_week(requested):
    with pytest.raises(CalendarError, match=r"no production calendar for 20\d\d; known: 2017, 2018; .*working_days"):
        due_day(date.fromisoformat(requested), PRODUCTION)


def test_with_the_next_years_data_the_new_year_is_crossed():
    calendar = {**PRODUCTION, 2019: year_of(2019, off="1-8.01", worked="")}

    assert due_day(date(2018, 12, 29), calendar) == date(2019, 1, 10)


@pytest.mark.parametrize("written", ["32.01", "8", "1-8", "8.01-1.01", "8-1.01", "x", "29.02", "1.13", "1.1.2019"])
def test_what_is_no_day_is_told_with_its_year(written):
    with pytest.raises(CalendarError, match=f'2019: "{written}" is no day'):
        year_of(2019, off=f"1.01 {written}", worked="")


DAYS = st.dates(date(2017, 1, 1), date(2018, 12, 26))


@given(DAYS)
def test_the_last_day_is_worked_and_exactly_one_worked_day_lies_between(requested):
    last = due_day(requested, PRODUCTION)
    between = [requested + timedelta(days=after) for after in range(1, (last - requested).days)]

    assert is_working(last, PRODUCTION)
    assert sum(is_working(day, PRODUCTION) for day in between) == 1


@given(DAYS, DAYS)
def test_who_asks_later_is_not_due_earlier(one, other):
    first, second = sorted((one, other))

    assert due_day(first, PRODUCTION) <= due_day(second, PRODUCTION)
