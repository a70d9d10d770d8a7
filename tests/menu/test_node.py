from datetime import date
from decimal import Decimal

import pytest

from ussd_gateway.menu.mistakes import Mistakes
from ussd_gateway.menu.node import Node


def node(value, grammar=""):
    return Node(value, (), Mistakes("x.toml", {}), grammar)


def found(read):
    return [(mistake.key, mistake.message, mistake.rule) for mistake in read.mistakes.found]


def test_what_is_absent_reads_as_the_default_and_is_no_mistake():
    absent = node({})["key"]

    assert absent.string("main") == "main"
    assert absent.strings(("ru",)) == ("ru",)
    assert absent.boolean() is False
    assert absent.integer(3) == 3
    assert absent.number(0.5) == 0.5
    assert absent.decimal() is None
    assert absent.elements() == []
    assert absent.words() == {}
    assert absent.values() == {}
    assert found(absent) == []


def test_the_default_is_that_of_the_grammar():
    file = node({})

    assert file["start"].string() == "main"
    assert file["resume"].string() == "start"


WRONG = [
    (1, Node.string, "must be a string, not a number"),
    (True, Node.string, "must be a string, not true or false"),
    (1, Node.boolean, "must be true or false, not a number"),
    (True, Node.integer, "must be a number, not true or false"),
    (1.5, Node.integer, "must be a whole number"),
    ("1", Node.number, "must be a number, not a string"),
    ("*111#", Node.strings, "must be an array, not a string"),
    ([1], Node.strings, "must be a string, not a number"),
    ({}, Node.elements, "must be an array, not a table"),
    ([], Node.words, "must be a table, not an array"),
    (date(2018, 4, 27), Node.string, "must be a string, not a date"),
]


@pytest.mark.parametrize(("value", "read", "message"), WRONG)
def test_a_wrong_type_is_told_with_the_right_one(value, read, message):
    wrong = node({"key": value})["key"]

    read(wrong)

    assert [(words, rule) for _, words, rule in found(wrong)] == [(message, "wrong-type")]


def test_a_blank_string_is_empty():
    blank = node({"title": " "})["title"]

    assert blank.string() == ""
    assert found(blank) == [("title", "is empty", "empty")]


def test_a_required_key_is_missed_where_its_table_is_there():
    file = node({"screens": {"main": {"input": {"name": "x"}, "list": 3}}})
    main = file["screens"]["main"]

    main["input"]["to"].string()
    main["list"]["to"].string()

    assert found(file) == [("screens.main.input.to", "is missing", "missing-key")]


def test_an_unknown_key_is_told_with_the_nearest_known_one():
    file = node({"navigation": {"bakc": "0", "zzz": "1"}})

    file["navigation"].table()

    assert [words for _, words, _ in found(file)] == [
        'is unknown; did you mean "back"?',
        "is unknown; known: back, exit, home, more",
    ]


def test_a_word_that_the_grammar_does_not_allow():
    file = node({"resume": "aks"})

    assert file["resume"].string() == "start"
    assert found(file) == [("resume", '"aks" is unknown; did you mean "ask"?', "bad-value")]


def test_a_number_out_of_the_bounds_of_the_grammar():
    file = node({"limits": {"shown": 161, "typed": 0}})

    assert file["limits"]["shown"].integer(160) == 160
    assert file["limits"]["typed"].integer(182) == 182
    assert [words for _, words, _ in found(file)] == ["must be at most 160", "must be at least 1"]


@pytest.mark.parametrize(("value", "number"), [(10, Decimal(10)), (12.5, Decimal("12.5")), (0.1, Decimal("0.1"))])
def test_a_number_is_what_was_written(value, number):
    assert node(value).decimal() == number


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_a_number_has_an_end(value):
    endless = node({"key": value})["key"]

    assert endless.decimal() is None
    assert found(endless) == [("key", "must be a number that has an end", "bad-value")]


@pytest.mark.parametrize("name", ["msisdn", "today", "loop", "not", "two words", "2nd", "a-b", ""])
def test_a_name_that_no_variable_has(name):
    table = node({"set": {name: 1}})["set"]

    assert table.values() == {}
    assert [rule for _, _, rule in found(table)] == ["bad-name"]


def test_places_are_all_that_stands_at_a_path_of_the_grammar():
    file = node({"screens": {"a": {"choices": [{"to": "x"}, {}, {"to": "y"}]}, "b": {}}})

    assert [place.value for place in file.places("screens.*.choices[].to")] == ["x", "y"]
    assert found(file) == []
