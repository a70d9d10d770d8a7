"""Every shipped menu, and one of every key, walked at random: nothing raises, and every screen fits."""

import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ussd_gateway.coding.pages import fits
from ussd_gateway.menu.advance import (
    Call,
    CallOut,
    End,
    advance,
    ask_to_resume,
    begin,
    fail,
    go_on,
    refused,
    resume,
    secrets_in,
)
from ussd_gateway.menu.load import parse

HOUSE = Path(__file__).parents[2]
FILES = [*sorted((HOUSE / "menus").glob("*.toml")), Path(__file__).parent / "every_key.toml"]
MENUS = {path.stem: parse(path.read_text(encoding="utf-8"), path.name) for path in FILES}
GIVEN = {"msisdn": "79261234567", "code": "*1#", "dialled": "*1#", "today": datetime.date(2018, 4, 27)}

TYPED = [
    "0",
    "00",
    "000",
    "9",
    "98",
    "99",
    "1",
    "2",
    "3",
    "4",
    "5",
    "1234",
    "100",
    "12.50",
    "27.04.2030",
    "89261234567",
    "x",
]
answers = st.lists(st.sampled_from(TYPED) | st.text(max_size=10), max_size=25)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=300) | st.just("слово " * 99),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from(["name", "price", "rate"]), inner),
    max_leaves=5,
)


def names_of(menu):
    """The variables that some expression or text of the menu may look at, and words that its screens go on by."""
    fields = {name for screen in menu.screens.values() if screen.fetch for name in screen.fetch.fields}
    return sorted({"balance", "tariff", "services", "password", "result", *menu.variables, *fields})


def words_of(menu):
    return sorted({word for screen in menu.screens.values() for word in screen.on}) or ["none"]


@pytest.mark.parametrize("name", MENUS)
@settings(deadline=None)
@given(data=st.data())
def test_no_walk_raises_and_every_screen_fits(name, data):
    menu = MENUS[name]
    results = st.sampled_from(words_of(menu)) | st.dictionaries(st.sampled_from(names_of(menu)), values) | st.none()
    dialled = data.draw(answers)
    assert set(secrets_in(menu, None, dialled)) <= {answer.strip() for answer in dialled}
    language = data.draw(st.sampled_from(["ru", "en", "latin", "sw"]))
    step = begin(menu, dialled, language, variables=GIVEN)
    for answer in data.draw(answers):
        for _ in range(20):
            if not isinstance(step.action, Call | CallOut):
                break
            result = data.draw(results)
            if result is None:
                step = (refused if isinstance(step.action, CallOut) else fail)(menu, step.state, "late")
            else:
                step = resume(menu, step.state, result)
        if isinstance(step.action, Call | CallOut):
            return
        assert step.action.text.strip()
        assert fits(step.action.text, menu.limits.shown)
        if isinstance(step.action, End):
            return
        secrets_in(menu, step.state, answer)
        for way in (go_on, ask_to_resume):
            assert fits(way(menu, step.state).action.text, menu.limits.shown)
        step = advance(menu, step.state, answer)
