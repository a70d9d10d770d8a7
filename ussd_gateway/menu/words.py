"""How money, counts, dates and numbers are written: the filters of texts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial

from ussd_gateway.menu.model import RUSSIAN
from ussd_gateway.menu.profiles import Numbers

ROUBLES = "RUB"


def filters(language: str, currency: str, numbers: Numbers) -> dict[str, Callable[..., str]]:
    """The filters of a menu's texts in `language`, by name."""
    return {
        "money": partial(money, language=language, currency=currency),
        "plural": plural_in_russian if language == RUSSIAN else plural,
        "date": written_date,
        "phone": partial(phone, numbers=numbers),
    }


def money(minor: int, *, language: str, currency: str) -> str:
    """Whole minor units: 15000 -> "150.00 р." for roubles in Russian, "RUB 150.00" otherwise."""
    if type(minor) is not int:
        raise TypeError("money is a whole number of minor units")
    major, rest = divmod(abs(minor), 100)
    amount = f"{'-' * (minor < 0)}{major}.{rest:02}"
    return f"{amount} р." if (language, currency) == (RUSSIAN, ROUBLES) else f"{currency} {amount}"


def plural_in_russian(count: int, one: str, few: str, many: str) -> str:
    """1 and 21 рубль, 2 рубля, 5, 11 and 1000 рублей."""
    count = abs(count)
    if count % 100 in range(11, 15):
        return many
    return one if count % 10 == 1 else few if count % 10 in range(2, 5) else many


def plural(count: int, one: str, *more: str) -> str:
    """1 package, 2 packages; of the forms after the first, the last one is taken."""
    return one if abs(count) == 1 or not more else more[-1]


def written_date(day: date | str) -> str:
    """27.04.2018, also of "2018-04-27" and "2018-04-27T17:50:00Z"."""
    if isinstance(day, str):
        day = date.fromisoformat(day[:10])
    return f"{day.day:02}.{day.month:02}.{day.year:04}"


def phone(digits: str, *, numbers: Numbers) -> str:
    """79261234567 -> "+7 926 123-45-67"; a number of another country as "+" and its digits."""
    national = digits.removeprefix(numbers.country)
    if not digits.startswith(numbers.country) or len(national) != numbers.digits:
        return f"+{digits}"
    code, middle, rest = national[:3], national[3:6], national[6:]
    rest = f"{rest[:2]}-{rest[2:]}" if len(rest) == 4 else rest
    return f"+{numbers.country} {code} {middle}-{rest}"
