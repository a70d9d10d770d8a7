"""The picture is one sound document, whatever the run was like."""

import re
from xml.etree import ElementTree

import pytest

from ussd_gateway.load.course import COLUMNS
from ussd_gateway.load.picture import svg

FIGURES = {
    "script": "scripts/load/balance.ussd",
    "users": 500,
    "rate": 50.0,
    "seconds": 4.02,
    "dialogues": 200,
    "failed": 3,
    "p50_ms": 1.2,
    "p99_ms": 8.4,
    "late_p99_ms": 0.9,
    "per_second": [
        dict(zip(COLUMNS, row, strict=True))
        for row in (
            (1, 50, 50, 49, 0, 1.2, 3.1, 0.4),
            (2, 50, 50, 50, 0, 1.3, 3.0, 0.5),
            (3, 50, 50, 48, 3, None, None, 0.1),
            (4, 50, 50, 51, 0, 1.1, 8.4, 0.9),
            (5, 0, 0, 2, 0, 1.1, 2.0, 0.0),
        )
    ],
}

RUNS = {
    "as usual": {},
    "nothing has happened": {"per_second": [], "dialogues": 0, "failed": None, "p50_ms": None, "p99_ms": None},
    "half a second": {"per_second": FIGURES["per_second"][:1], "seconds": 0.4},
    "an hour": {
        "per_second": [dict(zip(COLUMNS, (at, 1, 1, 1, 0, 2.0, 2.5, 0.1), strict=True)) for at in range(1, 3601)],
        "seconds": 3600.0,
    },
    "as much as can be": {"script": "x" * 300 + "<&>.ussd", "rate": 100_000.0, "users": 1_000_000},
    "a closed loop": {"rate": None, "late_p99_ms": None},
}


def texts(drawn):
    return [element.text for element in ElementTree.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text")]


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_it_is_one_sound_document_that_loads_nothing(run):
    drawn = svg(FIGURES | run)
    ElementTree.fromstring(drawn)
    assert not re.findall(r"href|src=|url\(|<script|nan|inf\b", drawn)


def test_it_says_what_was_run_and_what_came_of_it():
    words = texts(svg(FIGURES))
    assert words[0] == "balance.ussd: 500 users, 50 a second"
    assert "200 dialogues" in words[1]
    assert "3 failed" in words[1]
    assert {"dialogues in a second", "milliseconds", "step p99", "due", "60", "0", "seconds since the beginning"} <= {
        *words
    }


def test_a_title_is_no_longer_than_the_picture():
    assert len(texts(svg(FIGURES | RUNS["as much as can be"]))[0]) < 70


def test_what_has_no_data_is_a_gap_and_a_second_that_was_cut_off_is_not_drawn():
    document = ElementTree.fromstring(svg(FIGURES))
    curves = [element for element in document.iter() if element.attrib.get("class") == "curve p99"]
    dots = [element for element in document.iter() if element.attrib.get("class") == "dot"]
    assert len(curves) == 2  # one of them in the legend
    assert len(dots) == 2  # the fourth second has a p50 and a p99 of its own, the fifth was not whole
