"""What is typed, and the value that comes of it."""

import datetime
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ussd_gateway.menu.inputs import KINDS, WrongError, value_of
from ussd_gateway.menu.model import Input
from ussd_gateway.menu.profiles import PROFILES, Limits
from ussd_gateway.menu.templates import RenderError, compile_expression
from ussd_gateway.patterns import TooLongError

RUSSIA, KENYA = PROFILES["default"].numbers, PROFILES["safaricom"].numbers
DAY = datetime.date(2018, 4, 27)


def value(answer, kind="text", *, numbers=RUSSIA, variables=None, typed=182, **bounds):
    return value_of(Input("it", "next", kind, **bounds), answer, variables or {}, Limits(typed=typed), numbers)


@pytest.mark.parametrize(
    ("kind", "answer", "parsed"),
    [
        ("text", "Anna Ж", "Anna Ж"),
        ("text", "a\nb\x00\u202ec", "a bc"),
        ("number", "42", 42),
        ("number", "-3", -3),
        ("number", "007", 7),
        ("amount", "12", 1200),
        ("amount", "12.5", 1250),
        ("amount", "12,50", 1250),
        ("amount", "0.01", 1),
        ("date", "27.04.2018", DAY),
        ("date", "27.4.18", DAY),
        ("date", "27042018", DAY),
        ("date", "270418", DAY),
        ("date", "27-04-2018", DAY),
        ("date", "2018-04-27", DAY),
        ("date", "27.04.69", datetime.date(1969, 4, 27)),
        ("date", "29.02.2020", datetime.date(2020, 2, 29)),
        ("msisdn", "89261234567", "79261234567"),
        ("msisdn", "8 926 123-45-67", "79261234567"),
        ("msisdn", "+7 (926) 123-45-67", "79261234567"),
        ("msisdn", "79261234567", "79261234567"),
        ("msisdn", "9261234567", "79261234567"),
    ],
)
def test_an_answer_becomes_the_value_of_its_kind(kind, answer, parsed):
    assert value(answer, kind) == parsed
    assert type(value(answer, kind)) is type(parsed)


@pytest.mark.parametrize(
    ("kind", "answers"),
    [
        ("text", ["", "\u200b"]),
        ("number", ["", "1.5", "x", "1 0", "٣", "²", "9" * 16, "0x10", "1_0"]),
        ("amount", ["", "-1", "1.505", "1.", ".5", "1 000", "1e3", "٣", "9" * 13]),
        (
            "date",
            [
                "",
                "31.02.2018",
                "29.02.2019",
                "27.13.2018",
                "27/04/2018",
                "27.04-2018",
                "2704",
                "00.01.2018",
                "1.1.0000",
            ],
        ),
        (
            "msisdn",
            [
                "",
                "112",
                "926123456",
                "892612345678",
                "+8 926 123 45 67",
                "+254712345678",
                "٨٩٢٦١٢٣٤٥٦٧",
                "++79261234567",
            ],
        ),
    ],
)
def test_what_is_none_of_the_kind_is_wrong(kind, answers):
    for answer in answers:
        with pytest.raises(WrongError):
            value(answer, kind)


@pytest.mark.parametrize("answer", ["0712345678", "+254 712 345 678", "254712345678", "712345678"])
def test_a_number_is_read_as_its_country_writes_it(answer):
    assert value(answer, "msisdn", numbers=KENYA) == "254712345678"


BALANCE, TOMORROW, TODAY = map(compile_expression, ("balance", "today + days(1)", "today"))


@pytest.mark.parametrize(
    ("kind", "bounds", "right", "wrong"),
    [
        ("text", {"least": Decimal(2), "most": Decimal(3)}, ["ab", "abc"], ["a", "abcd"]),
        ("number", {"least": Decimal(-1), "most": Decimal(5)}, ["-1", "5"], ["-2", "6"]),
        ("number", {"most": BALANCE}, ["1050"], ["1051"]),
        ("amount", {"least": Decimal(10), "most": Decimal("20.5")}, ["10", "20,50"], ["9.99", "20.51"]),
        ("amount", {"most": BALANCE}, ["10.50"], ["10.51"]),
        ("date", {"least": DAY}, ["27.04.2018"], ["26.04.2018"]),
        ("date", {"least": TODAY, "most": TOMORROW}, ["27.04.2018", "28.04.2018"], ["26.04.2018", "29.04.2018"]),
    ],
)
def test_bounds_are_within(kind, bounds, right, wrong):
    variables = {"balance": 1050, "today": DAY}
    for answer in right:
        value(answer, kind, variables=variables, **bounds)
    for answer in wrong:
        with pytest.raises(WrongError, match="out of bounds"):
            value(answer, kind, variables=variables, **bounds)


def test_a_bound_that_cannot_be_worked_out_is_no_mistake_of_the_user():
    with pytest.raises(RenderError, match="'balance' is undefined"):
        value("5", "number", most=BALANCE)
    with pytest.raises(RenderError, match="of another kind"):
        value("5", "number", most=BALANCE, variables={"balance": "5"})


def test_all_of_an_answer_must_look_like_the_pattern():
    assert value("1234", pattern="[0-9]{4}") == "1234"
    for answer in ("123", "12345", "1234x", "x1234", "1234\n"):
        with pytest.raises(WrongError):
            value(answer, pattern="[0-9]{4}")


def test_a_pattern_that_takes_for_ever_is_given_up():
    with pytest.raises(TooLongError):
        value("a" * 60 + "!", pattern="(a|aa)+")


def test_an_answer_is_not_longer_than_the_operator_allows():
    assert value("x" * 80, typed=80)
    with pytest.raises(WrongError):
        value("x" * 81, typed=80)


@settings(deadline=None)
@given(st.sampled_from(sorted(KINDS)), st.text(max_size=40), st.sampled_from([RUSSIA, KENYA]))
def test_any_answer_is_a_value_or_wrong(kind, answer, numbers):
    with suppress(WrongError):
        value(answer, kind, numbers=numbers)


@settings(deadline=None)
@given(st.integers(0, 10**14 - 1))
def test_amounts_are_exact(minor):
    assert value(f"{minor // 100}.{minor % 100:02}", "amount") == minor


@settings(deadline=None)
@given(st.dates(datetime.date(1, 1, 1), datetime.date(9999, 12, 31)))
def test_every_date_can_be_typed(day):
    for form in (
        f"{day.day:02}.{day.month:02}.{day.year:04}",
        day.isoformat(),
        f"{day.day:02}{day.month:02}{day.year:04}",
    ):
        assert value(form, "date") == day
