"""References to secrets: the same for the same value, and nothing of the value in them."""

import pytest

from ussd_gateway.store.traces import MARK, Traces, hidden_in


def test_the_same_value_has_the_same_reference_wherever_it_is_hidden():
    traces = Traces()
    traces.put(1, ["Ab3dE9xZ"])
    traces.put(2, ["1234", "Ab3dE9xZ"])
    traces.put(3, {"password": "Ab3dE9xZ", "captcha": "qwe"})
    assert traces.of(1) == ["s1"]
    assert traces.of(2) == ["s2", "s1"]
    assert traces.of(3) == {"password": "s1", "captcha": "s3"}
    assert traces.of(4) is None


def test_what_hides_nothing_has_none():
    traces = Traces()
    traces.put(1, [])
    traces.put(2, {})
    assert (traces.of(1), traces.of(2)) == (None, None)


def test_a_value_is_known_once_it_was_hidden():
    traces = Traces()
    assert not traces.knows("Ab3dE9xZ")
    traces.put(1, ["Ab3dE9xZ"])
    assert traces.knows("Ab3dE9xZ")
    assert not traces.knows("Ab3dE9x")


def test_the_oldest_are_forgotten_and_no_reference_is_given_twice():
    traces = Traces(most=2)
    for number, value in enumerate(("one", "two", "one", "three", "two"), 1):
        traces.put(number, [value])
    assert [traces.of(number) for number in range(1, 6)] == [None, None, None, ["s3"], ["s4"]]


def test_nothing_of_a_value_is_in_memory():
    traces = Traces()
    traces.put(1, ["Ab3dE9xZ"])
    assert "Ab3dE9xZ" not in repr(vars(traces))


@pytest.mark.parametrize(
    ("text", "marked", "hidden"),
    [
        ("Пароль: Ab3. Вход", f"Пароль: {MARK}. Вход", ["Ab3"]),
        ("1234", MARK, ["1234"]),
        ("*170*1*1234*7#", f"*170*1*{MARK}*{MARK}#", ["1234", "7"]),
        ("PIN 1 1, id 22", f"PIN {MARK} {MARK}, id {MARK}", ["1", "1", "22"]),
        ("no secret", "no secret", []),
    ],
)
def test_what_is_hidden_is_found_in_its_order(text, marked, hidden):
    assert hidden_in(text, marked) == hidden
