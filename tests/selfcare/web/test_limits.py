"""How often one address may do something."""

from ussd_gateway.selfcare.web.limits import MOST_ADDRESSES, AddressLimit
from ussd_gateway.subscribers.passwords import FloodRule


def test_so_often_within_the_time_and_again_when_it_is_over():
    limit = AddressLimit(FloodRule(2, 60))
    for at in (0, 30):
        assert limit.allows("192.0.2.1", at)
        limit.count("192.0.2.1", at)

    assert not limit.allows("192.0.2.1", 59.9)
    assert limit.allows("192.0.2.2", 59.9)
    assert limit.allows("192.0.2.1", 60)


def test_only_so_many_addresses_are_remembered_and_a_reset_forgets_them():
    limit = AddressLimit(FloodRule(1, 60))
    for number in range(MOST_ADDRESSES + 1):
        limit.count(f"address {number}", 0)

    assert limit.allows("address 0", 1)
    assert not limit.allows("address 1", 1)
    limit.clear()
    assert limit.allows("address 1", 1)


def test_what_was_counted_before_it_was_known_is_forgiven_once():
    limit = AddressLimit(FloodRule(2, 60))
    limit.count("192.0.2.1", 0)
    limit.count("192.0.2.1", 0)
    limit.forgive("192.0.2.1", 0)
    limit.forgive("192.0.2.2", 0)
    assert limit.allows("192.0.2.1", 1)
    limit.count("192.0.2.1", 1)
    assert not limit.allows("192.0.2.1", 1)
