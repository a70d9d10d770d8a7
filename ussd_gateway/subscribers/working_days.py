"""The Russian production calendar, and by when what takes so many working days is due (2.4). Pure: moments come in.

A day ends at 24:00 of the operator's time, which is 00:00 of the next one: at that moment what was due is overdue.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

REVIEW_DAYS = 2
"""Working days that the check of a number may take (R159)."""

_SPAN = re.compile(r"(\d{1,2})(?:\.(\d{1,2}))?(?:-(\d{1,2})\.(\d{1,2}))?")
_SATURDAY = 5


class CalendarError(ValueError):
    """A year has no calendar, or one that cannot be read; the message says which and what to do."""


@dataclass(frozen=True, slots=True)
class Year:
    """What sets a year apart from plain weeks: shortened days are worked, so they do not matter here.

    off     days off, those that fall on a weekend or were moved by decree included
    worked  Saturdays and Sundays that are worked
    """

    off: frozenset[date]
    worked: frozenset[date]


Calendar = Mapping[int, Year]
"""A year's data by its number."""


def year_of(number: int, off: str, worked: str) -> Year:
    """The data of a year as people write it: days and spans such as "1-8.01 23.02 30.04-2.05"; CalendarError."""
    return Year(frozenset(_days(number, off)), frozenset(_days(number, worked)))


def _days(year: int, written: str) -> Iterator[date]:
    for span in written.split():
        found = _SPAN.fullmatch(span)
        try:
            if not found or not (found[2] or found[4]):
                raise ValueError
            first = date(year, int(found[2] or found[4]), int(found[1]))
            last = date(year, int(found[4]), int(found[3])) if found[3] else first
            if last < first:
                raise ValueError
        except ValueError:
            raise CalendarError(
                f'the calendar of {year}: "{span}" is no day of it; write days as "8.03", spans as "1-8.01" or "30.04-2.05"'
            ) from None
        yield from (first + timedelta(days=days) for days in range((last - first).days + 1))


PRODUCTION: Calendar = {
    2017: year_of(2017, off="1-8.01 23-24.02 8.03 1.05 8-9.05 12.06 6.11", worked=""),
    2018: year_of(
        2018,
        off="1-8.01 23.02 8-9.03 30.04-2.05 9.05 11-12.06 5.11 31.12",
        worked="28.04 9.06 29.12",
    ),
}
"""The years of 2.4."""


def is_working(day: date, calendar: Calendar) -> bool:
    """Whether the day is worked; CalendarError for a year without data, which is never taken for plain weeks."""
    year = calendar.get(day.year)
    if year is None:
        known = ", ".join(map(str, sorted(calendar))) or "none"
        raise CalendarError(
            f"there is no production calendar for {day.year}; known: {known}; "
            "add the year to the file that selfcare.working_days names"
        )
    return day in year.worked or (day.weekday() < _SATURDAY and day not in year.off)


def due_day(requested: date, calendar: Calendar, days: int = REVIEW_DAYS) -> date:
    """The last day: the day of the request does not count, then so many working days follow (2.4); CalendarError."""
    day = requested
    while days:
        day += timedelta(days=1)
        days -= is_working(day, calendar)
    return day


def deadline(requested: float, calendar: Calendar, *, utc_offset: float, days: int = REVIEW_DAYS) -> float:
    """The end of the last day, 24:00 of the operator's time; CalendarError (R159).

    requested   seconds since the epoch; so is the answer
    utc_offset  hours that the operator's time is ahead of UTC
    """
    zone = timezone(timedelta(hours=utc_offset))
    last = due_day(datetime.fromtimestamp(requested, zone).date(), calendar, days)
    return datetime(last.year, last.month, last.day, tzinfo=zone).timestamp() + 24 * 3600


def counted(requested: date, calendar: Calendar, days: int = REVIEW_DAYS) -> tuple[tuple[date, bool], ...]:
    """How the last day is found: each day after the request, and whether it is worked; CalendarError."""
    last = due_day(requested, calendar, days)
    following = (requested + timedelta(days=after) for after in range(1, (last - requested).days + 1))
    return tuple((day, is_working(day, calendar)) for day in following)
