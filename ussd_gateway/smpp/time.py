"""SMPP times (SMPP 3.4 section 7.1.1): the 16 characters of schedule_delivery_time, validity_period and final_date."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from ussd_gateway.smpp.errors import PduError
from ussd_gateway.smpp.status import Status

_FORM = re.compile(r"(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d)(\d\d)([R+-])")
_QUARTERS = 48  # nn is the difference to UTC in quarter hours, at most 48


def parse_time(text: str, now: float, status: Status) -> float | None:
    """The moment, in seconds since the epoch, that YYMMDDhhmmsstnnp names; None for the empty string.

    An absolute time ends in + or -, a relative one, counted from `now`, in R. PduError carries `status`.
    """
    if not text:
        return None
    found = _FORM.fullmatch(text)
    if found is None:
        raise PduError(f"{text!r} is no time of the form YYMMDDhhmmsstnnp", status)
    *numbers, kind = found.groups()
    year, month, day, hour, minute, second, tenths, quarters = map(int, numbers)
    try:
        if kind == "R":
            return _later(now, year, month, day) + hour * 3600 + minute * 60 + second
        if quarters > _QUARTERS:
            raise ValueError(f"a difference of {quarters} quarter hours to UTC; 48 is the most")
        zone = timezone(timedelta(minutes=15 * quarters) * (1 if kind == "+" else -1))
        return datetime(2000 + year, month, day, hour, minute, second, tenths * 100_000, zone).timestamp()
    except (ValueError, OverflowError) as error:
        raise PduError(f"{text!r} is no time: {error}", status) from error


def write_time(moment: float) -> str:
    """The absolute time, in UTC, of a moment in seconds since the epoch, to the nearest tenth of a second.

    ValueError outside the years 2000 to 2099: the form has two digits.
    """
    tenths = round(moment * 10)
    try:
        when = datetime.fromtimestamp(tenths // 10, UTC)
    except (OverflowError, OSError) as error:
        raise ValueError(f"{moment} is no moment: {error}") from error
    if not 2000 <= when.year <= 2099:
        raise ValueError(f"{when.isoformat()} has no SMPP time; its years go from 2000 to 2099")
    return f"{when:%y%m%d%H%M%S}{tenths % 10}00+"


def _later(now: float, years: int, months: int, days: int) -> float:
    """`now` moved on by calendar years and months, then days; a day that the month lacks is its last one."""
    moment = datetime.fromtimestamp(now, UTC)
    month = moment.month - 1 + months
    year, month = moment.year + years + month // 12, month % 12 + 1
    for day in (moment.day, 30, 29, 28):
        try:
            moment = moment.replace(year=year, month=month, day=day)
            break
        except ValueError:
            continue
    return (moment + timedelta(days=days)).timestamp()
