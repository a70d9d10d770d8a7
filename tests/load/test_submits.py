import pytest

from ussd_gateway.load.submits import MOST, Numbers, Submits, numbers_of
from ussd_gateway.smpp.connection import Connection


def pdus(octets):
    return list(Connection().receive_data(bytes(octets)))


def test_each_pdu_has_its_number_and_its_handset():
    submits = Submits(numbers_of("70001000001-70001000003"), source_addr="5000", short_message=b"Hello")
    taken = pdus(submits.take(41, 2)) + pdus(submits.take(7, 3))
    assert [pdu.sequence_number for pdu in taken] == [41, 42, 7, 8, 9]
    assert [pdu.destination_addr[-1] for pdu in taken] == ["1", "2", "3", "1", "2"]
    assert {(pdu.command, pdu.source_addr, pdu.short_message) for pdu in taken} == {("submit_sm", "5000", b"Hello")}


@pytest.mark.parametrize("count", [1, 3, MOST - 1, MOST, MOST + 1, 2 * MOST + 5])
def test_every_handset_is_served_in_turn_round_every_corner(count):
    numbers = Numbers("1000000", count)
    submits = Submits(numbers, short_message=b"Hello")
    expected = list(numbers) * (5 * MOST // count + 1)
    taken = [pdu.destination_addr for _ in range(5) for pdu in pdus(submits.take(1, MOST))]
    assert taken == expected[: 5 * MOST]


def test_the_length_is_that_of_each_pdu():
    submits = Submits(numbers_of("70001000001"))
    assert len(submits.take(1, 10)) == 10 * submits.length


NUMBERS = {
    ("70001000001", None): ["70001000001"],
    ("+70001000001", 2): ["70001000001", "70001000002"],
    ("0098-0101", None): ["0098", "0099", "0100", "0101"],
}


@pytest.mark.parametrize(("given", "numbers"), NUMBERS.items(), ids=str)
def test_numbers(given, numbers):
    assert list(numbers_of(*given)) == numbers


WRONG = [
    ("anna", None),
    ("", None),
    ("1-22", None),
    ("12-", None),
    ("22-11", None),
    ("99", 2),
    ("10-20", 5),
    ("1" * 9, 10**7),
]


@pytest.mark.parametrize(("text", "count"), WRONG)
def test_numbers_that_are_none(text, count):
    with pytest.raises(ValueError, match=text or "is no number"):
        numbers_of(text, count)
