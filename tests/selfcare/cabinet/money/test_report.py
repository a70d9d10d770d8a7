"""The detailed report of a month: its sums, its chart, its CSV."""

import csv
import io
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.selfcare.cabinet.money.report import HEIGHT, WIDTH, Report, as_csv, cell, months
from ussd_gateway.selfcare.records.ledger import Booked
from ussd_gateway.subscribers.money import KINDS
from ussd_gateway.subscribers.tariffs import MOSCOW


def at(day, hour=12):
    return datetime(2018, 4, day, hour, tzinfo=MOSCOW).timestamp()


REPORT = Report(
    "2018-04",
    1000,
    (
        Booked(at(1, 0), 50000, "top_up", ""),
        Booked(at(3), -12000, "option_fee", "internet_1"),
        Booked(at(3), -30000, "transfer_out", "70002000001"),
        Booked(at(3), -700, "transfer_fee", "70002000001"),
        Booked(at(30, 23), -5000, "promised_out", ""),
    ),
)


def test_r102_the_report_adds_up_to_the_balance():
    assert (REPORT.income, REPORT.outgo, REPORT.closing) == (50000, 47700, 3300)
    assert [line.balance for line in REPORT.lines()] == [51000, 39000, 9000, 8300, 3300]


def test_r102_expenses_by_kind_the_most_first_and_a_repayment_is_none():
    assert list(REPORT.by_kind().items()) == [("transfer_out", 30000), ("option_fee", 12000), ("transfer_fee", 700)]
    assert REPORT.spent == 42700


def test_r102_the_chart_has_a_bar_for_each_day_by_moscow_time():
    bars = REPORT.bars()

    assert [bar.day for bar in bars] == list(range(1, 31))
    assert [(bar.day, bar.kopecks, bar.height) for bar in bars if bar.kopecks] == [(3, 42700, HEIGHT)]
    assert all(0 <= bar.x < WIDTH and 0 <= bar.y <= HEIGHT for bar in bars)


entries = st.lists(
    st.builds(
        Booked,
        st.floats(at(1, 0), at(30, 23)),
        st.integers(-(10**9), 10**9),
        st.sampled_from(sorted(KINDS)),
        st.just(""),
    )
)


@given(st.integers(-(10**9), 10**9), entries)
def test_r102_any_report_adds_up(opening, booked):
    report = Report("2018-04", opening, tuple(booked))

    assert report.opening + report.income - report.outgo == report.closing
    assert ([line.balance for line in report.lines()] or [opening])[-1] == report.closing


def test_the_months_of_an_account_the_last_one_first():
    assert months(at(27), datetime(2018, 7, 1, tzinfo=MOSCOW).timestamp()) == [
        "2018-07",
        "2018-06",
        "2018-05",
        "2018-04",
    ]
    assert months(None, at(27)) == months(at(30), at(27)) == ["2018-04"]


def test_the_csv_has_a_row_for_each_entry():
    text = as_csv(REPORT, ["at", "kind", "about", "in", "out", "balance"], lambda entry: (entry.kind, entry.about))

    rows = list(csv.reader(io.StringIO(text), delimiter=";"))
    assert rows[0] == ["at", "kind", "about", "in", "out", "balance"]
    assert rows[1] == ["2018-04-01 00:00", "top_up", "", "500.00", "0.00", "510.00"]
    assert rows[3] == ["2018-04-03 12:00", "transfer_out", "70002000001", "0.00", "300.00", "90.00"]
    assert len(rows) == 6


# 3.4, text injection: what a cell says -> what the file says
CELLS = [
    ("=1+1", "'=1+1"),
    ("+7000", "'+7000"),
    ("-5", "'-5"),
    ("@SUM(A1)", "'@SUM(A1)"),
    ("\t=1+1", "'=1+1"),
    ("a\r\nb\x00c\u202ed", "a  b c d"),
    ("Смарт; «мини»", "Смарт; «мини»"),
]


@pytest.mark.parametrize(("text", "written"), CELLS)
def test_a_text_is_no_formula_and_has_no_control_characters(text, written):
    assert cell(text) == written


@given(st.text())
def test_no_text_begins_a_formula_or_another_row(text):
    rows = as_csv(REPORT, [text], lambda entry: (text, text)).split("\r\n")

    assert len(rows) == 7
    assert not cell(text).startswith(("=", "+", "-", "@", "\t", "\r"))
