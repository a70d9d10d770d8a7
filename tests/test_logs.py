"""What a log may say of an exception."""

from ussd_gateway.logs import told


def test_an_exception_is_told_by_its_type_and_place_and_never_by_its_words():
    try:
        raise KeyError("Ab3dE9xZ")
    except KeyError as error:
        words = told(error)
    assert words.startswith("KeyError at test_logs.py:")
    assert "Ab3dE9xZ" not in words


def test_one_that_was_never_raised_has_no_place():
    assert told(ValueError("Ab3dE9xZ")) == "ValueError"
