"""The page, as a browser gets it."""

from html.parser import HTMLParser

import pytest

from ussd_gateway.scenario.page import Bubble, page, parts, phones, rows
from ussd_gateway.scenario.result import Arrival, Event, Failure, Kind, Result, Timed

SCREEN = Event("anna", 3, Kind.SCREEN, "Ваш баланс: 150.00 р.", "final, success")
NASTY = "</pre><script>alert(1)</script>\x1b"
SMS = Event("boris", 5, Kind.SMS, NASTY, "from 3339")
FAILED = Result(
    "b.ussd",
    "Fails <b>",
    1,
    1.0,
    Failure(
        6,
        'anna sees "x"',
        "a screen",
        "",
        "anna (7)",
        (Arrival(SCREEN, 0.9, "1{+5+}0[-5-].00"), Arrival(SMS, 0.1)),
        "shared/x.ussd",
        ("row 2 of users.csv",),
        (Failure(9, "anna hangs up", problem="it is gone", where=("teardown",)),),
    ),
    (
        Event("anna", 3, Kind.DONE, "dials *100#"),
        SCREEN,
        Event("", 5, Kind.DONE, "wait 90 s"),
        SMS,
    ),
    (
        Timed(3, "anna dials *100#", "anna", 1000.0, 0.0, 0.012, 0),
        Timed(4, "anna sees final screen", "anna", 1000.0, 0.0, 0.001, 2),
        Timed(5, "wait 90s", "", 1000.0, 90.0, 0.001, 2),
        Timed(6, 'anna sees "x"', "anna", 1090.0, 0.0, 0.002, 4, failed=True, file="shared/x.ussd"),
    ),
    tags=("slow",),
)
PASSED = Result("a.ussd", "Works", 3, 0.25, None, ())


class Seen(HTMLParser):
    """What a page is made of, and its text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], ""
        self.open_details = 0
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        self.open_details += tag == "details" and ("open", None) in attrs

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def seen():
    return Seen(page([("a.ussd", [PASSED]), ("b.ussd", [FAILED])], {"seed": "7"}))


def test_it_needs_no_script_and_nothing_from_elsewhere(seen):
    assert {"script", "link", "img", "iframe"}.isdisjoint(seen.tags)
    assert {"src", "href", "onclick", "onload"}.isdisjoint(seen.attributes)


def test_each_scenario_can_be_folded_and_what_failed_is_open(seen):
    assert seen.tags.count("details") == 2
    assert seen.open_details == 1


def test_it_counts_and_tells_what_is_known_of_the_play(seen):
    assert "1 failed, 1 passed" in seen.text
    assert "seed: 7" in seen.text
    assert "All 1 scenario passed" in Seen(page([("a.ussd", [PASSED])])).text


def test_what_arrived_is_shown_as_it_is_and_is_no_markup(seen):
    assert "</pre><script>alert(1)</script>\\x1b" in seen.text
    assert "Fails <b>" in seen.text
    assert "shared/x.ussd:6 in row 2 of users.csv" in seen.text
    assert "b.ussd:9 in teardown" in seen.text
    assert ("del" in seen.tags, "ins" in seen.tags) == (True, True)


def test_the_chat_has_a_row_for_each_step_and_a_bubble_for_each_event():
    assert [(row.place, row.after, row.took, row.failed, row.bubbles) for row in rows(FAILED)] == [
        (
            *("line 3", "0 s", "12 ms", False),
            (
                Bubble("user", "dials *100#", "anna"),
                Bubble("network", "Ваш баланс: 150.00 р.", "anna", "screen (final, success)"),
            ),
        ),
        ("line 4", "0 s", "1.0 ms", False, (Bubble("note", "anna sees final screen"),)),
        (
            "line 5",
            "0 s",
            "1.0 ms",
            False,
            (Bubble("note", "wait 90 s"), Bubble("network", NASTY, "boris", "SMS from 3339")),
        ),
        ("shared/x.ussd:6", "90 s", "2.0 ms", True, (Bubble("note", 'anna sees "x"'),)),
    ]
    assert phones(FAILED) == ["anna", "boris"]


@pytest.mark.parametrize(
    ("difference", "pieces"),
    [
        ("same", [("", "same")]),
        ("1{+5+}0[-5-].00", [("", "1"), ("ins", "5"), ("", "0"), ("del", "5"), ("", ".00")]),
        ("[-a\nb-]", [("del", "a\nb")]),
        ("a[b]{c}", [("", "a[b]{c}")]),
    ],
)
def test_a_difference_comes_in_pieces(difference, pieces):
    assert list(parts(difference)) == pieces
