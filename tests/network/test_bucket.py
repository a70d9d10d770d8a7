"""How much is too much."""

import pytest

from ussd_gateway.network.bucket import Bucket

NOW = 1_524_840_600.0


@pytest.mark.parametrize(
    ("rate", "moments", "taken"),
    [
        (2, [0, 0, 0], 2),  # as many at once as in a second
        (2, [0, 0, 0.5, 0.5], 3),  # and then one each half of it
        (0.5, [0, 1, 2], 2),  # below one a second one fits all the same
        (10, [number / 10 for number in range(1000)], 1000),  # at the rate none is too many
        (1, [0, -3600, 1], 2),  # a clock that is put back lets none through
    ],
)
def test_what_is_within_the_rate_is_taken(rate, moments, taken):
    bucket = Bucket(rate)
    assert [bucket.overflows(NOW + moment) for moment in moments].count(False) == taken
