from datetime import date

import pytest

from ussd_gateway.menu.mistakes import MenuError, Mistakes
from ussd_gateway.menu.node import Node


def node(value):
    return Node(value, (), Mistakes("x.toml", {}))["key"]


def messages(read):
    with pytest.raises(MenuError) as raised:
        read.mistakes.raise_any()
    return [mistake.message for mistake in raised.value.mistakes]


def test_what_is_absent_reads_as_the_default_and_is_no_mistake():
    absent = node({})

    assert absent.string("main") == "main"
    assert absent.strings(("ru",)) == ("ru",)
    assert absent.boolean() is False
    assert absent.elements() == []
    assert absent.words() == {}
    absent.mistakes.raise_any()


WRONG = [
    (1, Node.string, "must be a string, not a number"),
    (True, Node.string, "must be a string, not true or false"),
    (" ", Node.string, "is empty"),
    (1, Node.boolean, "must be true or false, not a number"),
    ("*111#", Node.strings, "must be an array, not a string"),
    ([1], Node.strings, "must be a string, not a number"),
    ({}, Node.elements, "must be an array, not a table"),
    ([], Node.words, "must be a table, not an array"),
    (date(2018, 4, 27), Node.string, "must be a string, not a date or time"),
]


@pytest.mark.parametrize(("value", "read", "message"), WRONG)
def test_a_wrong_type_is_told_with_the_right_one(value, read, message):
    wrong = node({"key": value})

    read(wrong)

    assert messages(wrong) == [message]


def test_a_required_value_that_is_absent_is_a_mistake():
    absent = node({})

    absent.string(required=True)

    assert messages(absent) == ["is missing"]


def test_an_unknown_key_is_told_with_the_nearest_known_one():
    table = node({"key": {"choises": [], "zzz": 1}})

    table.table("choices", "text")

    assert messages(table) == ['is unknown; did you mean "choices"?', "is unknown; known: choices, text"]
