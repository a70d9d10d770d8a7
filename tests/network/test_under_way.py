"""The messages under way, and how they are found."""

from ussd_gateway.network.message import Sms
from ussd_gateway.network.party import UnderWay
from ussd_gateway.network.under_way import Index


def way(message_id="1", account="shop", destination="70001000001", **given):
    return UnderWay(Sms("3339", destination, b"", account=account, message_id=message_id, **given), None)


def test_a_message_is_found_by_its_id_until_it_is_removed():
    index, message = Index(), way()
    index.add(message)
    assert index.known_as("1", "shop") == [message]
    assert index.holds(message)
    index.remove(message)
    assert index.known_as("1", "shop") == []
    assert not index.holds(message)


def test_an_account_finds_only_its_own():
    index = Index()
    index.add(way())
    assert index.known_as("1", "bank") == []
    assert index.between("bank", "3339", "70001000001") == []


def test_what_was_submitted_as_one_is_found_by_the_id_of_the_first():
    index = Index()
    ways = [way("1"), way("2", group_id="1"), way("3", group_id="1")]
    for message in ways:
        index.add(message)
    assert index.known_as("1", "shop") == ways
    assert index.known_as("3", "shop") == [ways[2]]
    index.remove(ways[0])
    index.remove(ways[1])
    assert index.known_as("1", "shop") == [ways[2]]
    index.remove(ways[2])
    assert index.known_as("1", "shop") == []


def test_messages_are_found_between_two_addresses_also_those_that_come_and_go_later():
    index = Index()
    first, other, later = way("1"), way("2", destination="70001000002"), way("3")
    index.add(first)
    index.add(other)
    assert index.between("shop", "3339", "70001000001") == [first]
    index.add(later)
    assert index.between("shop", "3339", "70001000001") == [first, later]
    index.remove(first)
    assert index.between("shop", "3339", "70001000001") == [later]
    index.clear()
    assert index.between("shop", "3339", "70001000001") == []
