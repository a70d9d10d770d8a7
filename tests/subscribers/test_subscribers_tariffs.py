"""Offers, what is in them, and months by the operator's calendar."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.subscribers.tariffs import (
    MOSCOW,
    Catalogue,
    Name,
    Offer,
    Package,
    bounds,
    month_of,
    next_due,
    package,
)


def moscow(*when):
    return datetime(*when, tzinfo=MOSCOW).timestamp()


# a month that began at .. and is looked at on .. ends at
MONTHS = [
    ((2018, 4, 27, 17, 50), (2018, 4, 27, 17, 50), (2018, 5, 27, 17, 50)),
    ((2018, 4, 27, 17, 50), (2018, 5, 27, 17, 49), (2018, 5, 27, 17, 50)),
    ((2018, 4, 27, 17, 50), (2018, 5, 27, 17, 50), (2018, 6, 27, 17, 50)),
    ((2018, 1, 31), (2018, 1, 31), (2018, 2, 28)),
    ((2018, 1, 31), (2018, 2, 28), (2018, 3, 31)),
    ((2016, 1, 31), (2016, 1, 31), (2016, 2, 29)),
    ((2017, 12, 31, 23, 59), (2017, 12, 31, 23, 59), (2018, 1, 31, 23, 59)),
]


@pytest.mark.parametrize(("since", "at", "due"), MONTHS)
def test_a_month_ends_on_the_day_that_it_began_on(since, at, due):
    assert next_due(moscow(*since), moscow(*at)) == moscow(*due)


@given(st.integers(1_400_000_000, 1_600_000_000), st.integers(0, 10**8))
def test_the_end_of_a_month_is_always_to_come_and_never_further_than_a_month(since, later):
    assert since + later < next_due(since, since + later) <= since + later + 31 * 24 * 3600


def test_the_operators_month():
    assert bounds("2018-04") == (moscow(2018, 4, 1), moscow(2018, 5, 1))
    assert bounds("2017-12")[1] == moscow(2018, 1, 1)
    assert month_of(moscow(2018, 5, 1)) == "2018-05"
    assert month_of(moscow(2018, 5, 1) - 1) == "2018-04"


@pytest.mark.parametrize("month", ["", "2018", "2018-4", "2018-13", "18-04-01", "2018-04-01", "0001-01", "٢٠١٨-٠٤"])
def test_what_is_no_month(month):
    with pytest.raises(ValueError, match="is no month"):
        bounds(month)


SMART = Offer("smart", Name("Смарт", "Smart"), fee=100, change=30, minutes=5, megabytes=7)
EXTRA = Offer("extra", Name("Ещё", "More"), minutes=1, sms=2, bonus_minutes=3)


def test_a_package_is_all_that_is_in_the_offers():
    assert package([SMART, EXTRA]) == Package(6, 2, 7, 3)
    assert SMART.price == 130


def test_a_tariff_is_found_by_its_code_or_any_name_and_an_old_one_is_free():
    catalogue = Catalogue(tariff=(SMART,), option=(EXTRA,))

    assert {catalogue.tariff_called(name) for name in ("smart", "Смарт", "Smart")} == {SMART}
    assert catalogue.tariff_called("Супер 0") == Offer("Супер 0", Name("Супер 0", "Супер 0"))
    assert catalogue.option_coded("extra") == EXTRA
    assert catalogue.option_coded("gone").fee == 0


def test_a_catalogue_names_each_offer_once_and_nothing_costs_less_than_nothing():
    with pytest.raises(ValueError, match="smart: there twice"):
        Catalogue(tariff=(SMART, SMART))
    with pytest.raises(ValueError, match="nothing below 0"):
        Offer("x", Name("x", "x"), fee=-1)
