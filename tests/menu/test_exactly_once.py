"""A screen that does something does it exactly once each time it is entered, whatever the way through the menu."""

from collections import Counter
from decimal import Decimal
from itertools import cycle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ussd_gateway.menu.advance import Call, CallOut, End, advance, ask_to_resume, begin, go_on, refused, resume
from ussd_gateway.menu.model import Choice, Confirm, Fetch, Input, Listing, Menu, Screen, SmsText, Text
from ussd_gateway.menu.options import picked
from ussd_gateway.menu.templates import compile_expression, compile_text

MENU = """
[screens.main]
text = "Main"
choices = [
    { key = "1", label = "Buy", to = "buy" },
    { key = "2", label = "Charge", to = "charge" },
    { key = "3", label = "Ask", to = "ask" },
]

[screens.buy]
handler = "buy"
sms = { from = "5000", text = "Bought." }
text = "%s"
choices = [{ key = "1", label = "On", to = "after" }, { key = "2", label = "Main", to = "main" }]

[screens.charge]
http = { url = "https://api.example.org/charge", fields = { sum = "sum" } }
text = "Charged {{ sum }}."
choices = [{ key = "1", label = "On", to = "after" }]

[screens.ask]
handler = "ask"
text = "How much?"
input = { name = "sum", kind = "number", min = 5, to = "after" }

[screens.after]
text = "After"
choices = [{ key = "1", label = "Main", to = "main" }]
""" % ("A long text " * 30)


@pytest.fixture
def menu(menu_of):
    return menu_of(MENU)


ANSWERS = {"buy": {}, "https://api.example.org/charge": {"sum": 5}, "ask": {}}

WAYS = {
    "by a choice": ((), ("1",)),
    "by direct dial": (("1",), ()),
    "by direct dial to a screen behind it": (("1", "1"), ()),
    "and goes back to it": (("1", "1"), ("0",)),
    "and goes back from it and does not come again": (("1",), ("0",)),
    "and answers it wrongly": (("1",), ("7", "x", "", "1 1", "*")),
    "and turns its pages": (("1",), ("9", "9", "0", "9", "0", "0")),
    "and turns them, goes on and back": (("1",), ("9", "1", "0", "9", "9")),
    "and goes home": (("1",), ("1", "00")),
    "and dials too much": (("1", "1", "7", "1"), ()),
}


@pytest.mark.parametrize("way", WAYS)
def test_whoever_comes_to_a_screen_buys_once(person, menu, way):
    dialled, typed = WAYS[way]
    buyer = person(menu, *dialled, answers=ANSWERS)
    for answer in typed:
        buyer.answer(answer)

    assert buyer.runs == ["buy"]
    assert len(buyer.sent) == 1


@pytest.mark.parametrize("way", [go_on, ask_to_resume])
def test_whoever_goes_on_where_he_broke_off_buys_nothing_again(person, menu, way):
    buyer = person(menu, "1", answers=ANSWERS)
    buyer.follow(way(menu, buyer.state))
    if buyer.state.resuming:
        buyer.answer("1")

    assert buyer.text.startswith("A long text")
    assert buyer.runs == ["buy"]
    assert len(buyer.sent) == 1


@pytest.mark.parametrize("typed", [("1", "0", "1"), ("1", "2", "1")])
def test_whoever_chooses_it_twice_buys_twice(person, menu, typed):
    buyer = person(menu, answers=ANSWERS)
    buyer.types(*typed)

    assert buyer.runs == ["buy", "buy"]
    assert len(buyer.sent) == 2


def test_a_call_is_made_once_as_well(person, menu):
    buyer = person(menu, "2", "1", answers=ANSWERS)
    buyer.types("0", "7", "1", "0")

    assert buyer.text == "Charged 5.\n1 On\n0 Back"
    assert len(buyer.runs) == 1


def test_a_wrong_input_does_not_run_the_handler_of_its_screen_again(person, menu):
    buyer = person(menu, "3", "1", answers=ANSWERS)
    buyer.types("4", "x", "7", "0")

    assert buyer.runs == ["ask"]


# Random menus: the machine may do anything but run something that nobody has entered, or not run what somebody has.

NAMES = [f"s{number}" for number in range(6)]
TARGETS = st.sampled_from(NAMES)
TEXTS = st.sampled_from(
    [
        {"en": compile_text(words, "en")}
        for words in ("x", "Some words. " * 4, "Words. " * 50, "{{ item | default('') }}y")
    ]
)
ITEMS, PRICE = compile_expression("items"), compile_expression("100")


@st.composite
def screens(draw, name):
    works = draw(st.sampled_from(["", "handler", "fetch"]))
    error = "s0" if name != "s0" and draw(st.booleans()) else ""
    asks = draw(st.sampled_from(["choices", "input", "listing", "confirm", "end"]))
    to = draw(TARGETS)
    keys = draw(st.lists(st.sampled_from(["1", "2", "3"]), min_size=1, unique=True))
    return Screen(
        name,
        draw(TEXTS),
        handler=name if works == "handler" else "",
        fetch=Fetch(Text(f"https://api.example.org/{name}"), error=error) if works == "fetch" else None,
        on={} if name == "s0" else {"away": "s0"},
        sms=draw(st.sampled_from([None, SmsText(name, {"en": Text("x")})])),
        fresh=draw(st.booleans()),
        choices=tuple(Choice(key, draw(TARGETS), draw(TEXTS)) for key in keys) if asks == "choices" else (),
        input=Input("typed", to, "number", most=Decimal(2), tries=3) if asks == "input" else None,
        listing=Listing(ITEMS, "item", draw(TEXTS), to) if asks == "listing" else None,
        confirm=Confirm(to, PRICE, draw(TARGETS)) if asks == "confirm" else None,
        end=asks == "end",
    )


@st.composite
def menus(draw):
    made = {name: draw(screens(name)) for name in NAMES}
    return Menu(("*1#",), "Test", "s0", made, languages=("en",), variables={"items": ["a", "b"]})


class Watched:
    """A dialogue in which runs and SMS are counted, by screen."""

    def __init__(self, menu, dialled, results):
        self.menu, self.results = menu, cycle(results)
        self.ran, self.sent = Counter(), Counter()
        self.follow(begin(menu, dialled, "en", variables={"msisdn": "79261234567"}))

    def follow(self, step):
        while True:
            self.sent.update(effect.source for effect in step.effects)
            self.state, self.action, _ = step
            if not isinstance(self.action, Call | CallOut):
                return
            self.ran[self.state.screen] += 1
            result = next(self.results)
            late = result == "late" and isinstance(self.action, CallOut)
            step = (refused if late else resume)(self.menu, self.state, result)


answers = st.lists(st.sampled_from(["1", "1", "2", "3", "0", "00", "9", "x", "7"]), max_size=25)
results = st.lists(st.sampled_from([{}, {"result": "away"}, "away", "late"]), min_size=1, max_size=7)


@settings(deadline=None)
@given(menus(), answers, answers, results)
def test_each_entry_runs_a_screen_once_and_nothing_else_runs_anything(menu, dialled, typed, results):
    walk = Watched(menu, dialled, [{}])
    walk.results = cycle(results)
    for answer in typed:
        if isinstance(walk.action, End):
            return
        before, ran, sent = walk.state, walk.ran.copy(), walk.sent.copy()
        assert advance(menu, before, answer) == advance(menu, before, answer), "the machine remembers nothing itself"
        walk.follow(advance(menu, before, answer))
        runs, sends = walk.ran - ran, walk.sent - sent

        assert max(runs.values(), default=1) == max(sends.values(), default=1) == 1, "twice for one entry"
        if answer in ("x", "7", "9"):  # wrong on every screen here, or a page
            assert not runs + sends
        if answer == "0" and before.page:
            assert not runs + sends
        elif answer == "0" and before.history and not menu.screens[before.history[-1].screen].fresh:
            assert not runs + sends
            assert walk.state.screen == before.history[-1].screen
        elif len(walk.state.history) > len(before.history):
            entered = menu.screens[walk.state.screen]
            assert runs[entered.name] == entered.works, "an entry has not run its screen"

        if not isinstance(walk.action, End):
            ran, sent = walk.ran.copy(), walk.sent.copy()
            walk.follow(go_on(menu, walk.state))
            assert (walk.ran, walk.sent) == (ran, sent), "resuming has run something"


@settings(deadline=None)
@given(menus(), st.lists(st.sampled_from(["1", "2"]), max_size=12))
def test_dialling_straight_through_runs_what_walking_there_runs(menu, answers):
    dialled, walked = Watched(menu, answers, [{}]), Watched(menu, (), [{}])
    stopped = False
    for answer in answers:
        screen = menu.screens[walked.state.screen]
        right = screen.input or picked(menu, screen, walked.state.variables, answer)
        if stopped := isinstance(walked.action, End) or not right:
            break  # a dialled string ends there too
        walked.follow(advance(menu, walked.state, answer))
    assert (dialled.ran, dialled.sent, dialled.state) == (walked.ran, walked.sent, walked.state)
    assert stopped or dialled.action == walked.action
