"""What a user typed, as a value: the kinds of input as a table, their bounds, their patterns."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from ussd_gateway import patterns
from ussd_gateway.menu.model import Bound, Expression, Input, Variables
from ussd_gateway.menu.profiles import Limits, Numbers
from ussd_gateway.menu.templates import RenderError, clean

_NUMBER = re.compile(r"[+-]?[0-9]{1,15}")
_AMOUNT = re.compile(r"([0-9]{1,12})(?:[.,]([0-9]{1,2}))?")
_DATES = (  # day, month, year; the last one the other way round
    re.compile(r"(?P<d>[0-9]{1,2})([.-])(?P<m>[0-9]{1,2})\2(?P<y>[0-9]{4}|[0-9]{2})"),
    re.compile(r"(?P<d>[0-9]{2})(?P<m>[0-9]{2})(?P<y>[0-9]{4}|[0-9]{2})"),
    re.compile(r"(?P<y>[0-9]{4})-(?P<m>[0-9]{1,2})-(?P<d>[0-9]{1,2})"),
)
_CENTURY = 69  # two digits of a year: 69 to 99 are of the last century, as POSIX has it
_BETWEEN_DIGITS = re.compile(r"[ ().\u00a0-]")


class WrongError(ValueError):
    """The answer is not what the screen asked for."""


class Kind(NamedTuple):
    """A kind of input.

    parse    the answer as a value; ValueError where it is none. Numbers says how the country writes telephone numbers
    measure  what of the value the bounds are about
    bound    a bound of the file as `measure` counts
    """

    parse: Callable[[str, Numbers], object]
    measure: Callable[[Any], object] | None = None
    bound: Callable[[Any], object] = int


def text(answer: str, _: Numbers) -> str:
    """What was typed, if anything was."""
    words = str(clean(answer)).strip()
    if not words:
        raise WrongError("nothing was typed")
    return words


def number(answer: str, _: Numbers) -> int:
    """A whole number of up to 15 digits."""
    return int(_found(_NUMBER, answer)[0])


def amount(answer: str, _: Numbers) -> int:
    """Money in minor units: 12, 12.5, 12,50 -> 1200, 1250, 1250."""
    major, minor = _found(_AMOUNT, answer).groups(default="")
    return int(major) * 100 + int(minor.ljust(2, "0"))


def day(answer: str, _: Numbers) -> date:
    """A date as people write it here (27.04.2018, 27.4.18, 27-04-2018, 27042018, 270418), and as ISO 8601 does."""
    found = next(filter(None, (form.fullmatch(answer) for form in _DATES)), None)
    if found is None:
        raise WrongError("no date")
    year = int(found["y"])
    if len(found["y"]) == 2:
        year += 1900 if year >= _CENTURY else 2000
    return date(year, int(found["m"]), int(found["d"]))


def msisdn(answer: str, numbers: Numbers) -> str:
    """A number of the country, in any form, as digits with its country code: 8 926 123-45-67 -> 79261234567."""
    digits = _BETWEEN_DIGITS.sub("", answer)
    international = digits.startswith("+")
    digits = digits.removeprefix("+")
    if not (digits.isascii() and digits.isdigit()):
        raise WrongError("no number")
    for prefix in (numbers.country,) if international else (numbers.country, numbers.trunk, ""):
        if digits.startswith(prefix) and len(digits) == len(prefix) + numbers.digits:
            return numbers.country + digits[len(prefix) :]
    raise WrongError("no number of this country")


KINDS = {
    "text": Kind(text, len),
    "number": Kind(number, int),
    "amount": Kind(amount, int, lambda major: int(Decimal(major) * 100)),
    "date": Kind(day, lambda value: value, lambda value: value),
    "msisdn": Kind(msisdn),
}
"""By name. What they set: str, int, int (minor units), datetime.date, str of digits."""


def value_of(asked: Input, answer: str, variables: Variables, limits: Limits, numbers: Numbers) -> object:
    """The answer as the value that the input wants.

    WrongError: it is not. RenderError: a bound cannot be worked out. patterns.TooLongError: the pattern takes too long.
    """
    kind = KINDS[asked.kind]
    if len(answer) > limits.typed or (asked.pattern and not patterns.matches(asked.pattern, answer)):
        raise WrongError("not of the form that was asked for")
    try:
        value = kind.parse(answer, numbers)
    except ValueError:
        raise WrongError(f"no {asked.kind}") from None
    if kind.measure:
        measured = kind.measure(value)
        least, most = (_bound(kind, each, variables) for each in (asked.least, asked.most))
        _check(measured, least, most)
    return value


def _bound(kind: Kind, bound: Bound, variables: Variables) -> object:
    if isinstance(bound, Expression):
        return bound.evaluate(variables)
    return None if bound is None else kind.bound(bound)


def _check(measured: Any, least: Any, most: Any) -> None:
    try:
        inside = (least is None or measured >= least) and (most is None or measured <= most)
    except TypeError as error:
        raise RenderError("a bound is of another kind than what it bounds") from error
    if not inside:
        raise WrongError("out of bounds")


def _found(pattern: re.Pattern[str], answer: str) -> re.Match[str]:
    found = pattern.fullmatch(answer)
    if found is None:
        raise WrongError("of another form")
    return found
