"""Which destinations a bind takes."""

import pytest

from ussd_gateway.applications.smsc.address_range import AddressRange

RANGES = [
    # pattern, destination -> taken
    ("^50", "5001", True),
    ("^50", "6501", False),
    ("50", "6501", True),  # a UNIX regular expression is found anywhere
    ("^5[0-4]..$", "5499", True),
    ("^5[0-4]..$", "5500", False),
    ("5001|5002", "5002", True),
]


@pytest.mark.parametrize(("pattern", "destination", "taken"), RANGES)
def test_a_pattern_takes(pattern, destination, taken):
    address_range = AddressRange(pattern)
    assert address_range.takes(destination) is taken
    assert address_range.takes(destination) is taken  # also from memory


@pytest.mark.parametrize("pattern", ["(", "[5", "*5", "5001)"])
def test_what_is_no_regular_expression_is_refused(pattern):
    with pytest.raises(ValueError, match=" at position "):
        AddressRange(pattern)


def test_a_pattern_that_takes_too_long_is_given_up_once():
    given_up = []
    slow = AddressRange("(a|aa)+$", lambda: given_up.append(1))
    assert slow.takes("a" * 60 + "!") is False
    assert slow.takes("a") is False
    assert given_up == [1]
