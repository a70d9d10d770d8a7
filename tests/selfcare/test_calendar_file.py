"""Production calendars of further years."""

from datetime import date

import pytest

from ussd_gateway.selfcare.calendar_file import calendar
from ussd_gateway.subscribers.working_days import PRODUCTION, CalendarError, due_day


@pytest.fixture
def written(tmp_path):
    def write(text):
        (tmp_path / "years.toml").write_text(text)
        return tmp_path

    return write


def test_without_a_file_there_are_the_years_that_come_along():
    assert calendar("") == PRODUCTION


def test_a_file_adds_years_and_wins(written):
    beside = written('[2019]\noff = "1-8.01 8.03 1-3.05"\n[2018]\noff = "1-8.01"\nworked = "10.02"\n')

    years = calendar("years.toml", beside)

    assert set(years) == {2017, 2018, 2019}
    assert due_day(date(2018, 12, 31), years) == date(2019, 1, 10)
    assert due_day(date(2018, 2, 9), years) == date(2018, 2, 12)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[2019]\noff = "32.01"', '2019: "32.01" is no day'),
        ('[next]\noff = "1.01"', '"next" is no year'),
        ("[2019]\noff = 1", r"\[2019\] has off"),
        ('[2019]\nworked = "1.01"', r"\[2019\] has off"),
        ('[2019]\noff = ""\nwork = ""', r"\[2019\] has off"),
        ("2019 = 1", r"\[2019\] has off"),
        ("[2019", "Expected"),
    ],
)
def test_a_mistake_names_the_setting_and_the_file(written, text, said):
    with pytest.raises(CalendarError, match=rf"selfcare.working_days: years.toml: .*{said}"):
        calendar("years.toml", written(text))


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(CalendarError, match=r"selfcare\.working_days: none\.toml"):
        calendar("none.toml", tmp_path)
