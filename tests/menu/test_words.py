"""Money, counts, dates and numbers as people write them."""

import datetime

import pytest

from ussd_gateway.menu.profiles import PROFILES
from ussd_gateway.menu.words import money, phone, plural, plural_in_russian, written_date


@pytest.mark.parametrize(
    ("minor", "language", "currency", "written"),
    [
        (15000, "ru", "RUB", "150.00 р."),
        (15000, "en", "RUB", "RUB 150.00"),
        (15000, "ru", "KES", "KES 150.00"),
        (-5, "ru", "RUB", "-0.05 р."),
        (0, "sw", "KES", "KES 0.00"),
    ],
)
def test_money_is_written_as_the_language_and_the_currency_have_it(minor, language, currency, written):
    assert money(minor, language=language, currency=currency) == written


@pytest.mark.parametrize("minor", [1.5, "150", None, True])
def test_money_is_whole_minor_units_and_nothing_else(minor):
    with pytest.raises(TypeError, match="whole number of minor units"):
        money(minor, language="en", currency="RUB")


@pytest.mark.parametrize(
    ("form", "counts"),
    [
        ("рубль", (1, 21, 101, 1001, -1)),
        ("рубля", (2, 3, 4, 22, 34, 102, 1002, -3)),
        ("рублей", (0, 5, 9, 10, 11, 12, 13, 14, 15, 19, 20, 25, 100, 111, 112, 114, 1000, 1011, 1000000, -11)),
    ],
)
def test_russian_has_three_forms(form, counts):
    assert {count: plural_in_russian(count, "рубль", "рубля", "рублей") for count in counts} == dict.fromkeys(
        counts, form
    )


def test_english_has_two():
    assert [plural(count, "day", "days") for count in (0, 1, 2, 11, 21)] == ["days", "day", "days", "days", "days"]
    assert plural(5, "sheep") == "sheep"


@pytest.mark.parametrize("day", [datetime.date(2018, 4, 27), "2018-04-27", "2018-04-27T17:50:00+03:00"])
def test_a_date_is_day_month_year(day):
    assert written_date(day) == "27.04.2018"


@pytest.mark.parametrize(
    ("profile", "digits", "written"),
    [
        ("default", "79261234567", "+7 926 123-45-67"),
        ("safaricom", "254712345678", "+254 712 345-678"),
        ("safaricom", "79261234567", "+79261234567"),
        ("default", "112", "+112"),
    ],
)
def test_a_number_is_grouped_as_its_country_has_it(profile, digits, written):
    assert phone(digits, numbers=PROFILES[profile].numbers) == written
