"""What a log may say of an exception."""

import json

import pytest

from ussd_gateway.logs import told, where


def test_an_exception_is_told_by_its_type_and_place_and_never_by_its_words():
    try:
        raise KeyError("Ab3dE9xZ")
    except KeyError as error:
        words = told(error)
    assert words.startswith("KeyError at test_logs.py:")
    assert "Ab3dE9xZ" not in words


def test_one_that_was_never_raised_has_no_place():
    assert told(ValueError("Ab3dE9xZ")) == "ValueError"


def test_the_place_is_the_last_one_in_the_file_that_is_asked_for():
    with pytest.raises(ValueError, match="Expecting") as raised:
        json.loads("{")
    error = raised.value
    assert where(error).startswith(" at decoder.py:")
    assert where(error, __file__).startswith(" at test_logs.py:")
    assert told(error, "elsewhere.py") == told(error)
