"""Production calendars of further years, from a TOML file."""

from __future__ import annotations

import tomllib
from pathlib import Path

from ussd_gateway.subscribers.working_days import PRODUCTION, Calendar, CalendarError, Year, year_of

_KEYS = {"off", "worked"}


def calendar(path: str, beside: Path | None = None) -> Calendar:
    """The years that come along and those of the file, which win; "" is no file. CalendarError names the file.

    path  as seen from the folder `beside`, that of the config; without one from this folder

    A table for each year: `[2019]`, in it `off = "1-8.01 8.03 1-3.05"` and, where there are any, `worked = "20.04"`.
    """
    if not path:
        return PRODUCTION
    try:
        years = tomllib.loads(((beside or Path.cwd()) / path).read_text(encoding="utf-8"))
        return {**PRODUCTION, **{_number(name): _year(name, given) for name, given in years.items()}}
    except (OSError, ValueError) as error:  # TOML's and the calendar's mistakes are ValueErrors
        raise CalendarError(f"selfcare.working_days: {path}: {error}") from error


def _number(name: str) -> int:
    if not (name.isascii() and name.isdigit()):
        raise CalendarError(f'"{name}" is no year; write a table such as [2019]')
    return int(name)


def _year(name: str, given: object) -> Year:
    texts = given if isinstance(given, dict) else {}
    if "off" not in texts or set(texts) - _KEYS or not all(isinstance(text, str) for text in texts.values()):
        raise CalendarError(f'[{name}] has off = "1-8.01 8.03" and perhaps worked = "20.04", and nothing else')
    return year_of(_number(name), texts["off"], texts.get("worked", ""))
