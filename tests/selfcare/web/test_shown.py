"""Numbers, money and moments as people write them."""

import pytest

from ussd_gateway.selfcare.web.shown import machine_moment, moment, money, number


@pytest.mark.parametrize(
    ("kopecks", "shown"), [(0, "0.00 р."), (5, "0.05 р."), (15000, "150.00 р."), (-750, "-7.50 р.")]
)
def test_money(kopecks, shown):
    assert money(kopecks) == shown


def test_a_number():
    assert number("70001000001") == "+7 000 100-00-01"


def test_moments_are_the_operators():
    assert moment(1_524_840_600.0) == "27.04.2018 17:50"
    assert machine_moment(1_524_840_600.0) == "2018-04-27T17:50+03:00"
