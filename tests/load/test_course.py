"""A row for each second."""

import csv
import io

from ussd_gateway.load.course import COLUMNS, Course, as_csv
from ussd_gateway.load.figures import MILLISECOND, SECOND


def course():
    """Two dialogues in the first second, one of which ends in the third; a fourth that has just begun."""
    course = Course(SECOND)
    course.due(SECOND, 0)
    course.begun(SECOND)
    course.due(SECOND + SECOND // 2, 3 * MILLISECOND)
    course.begun(SECOND + SECOND // 2)
    course.done(2 * SECOND - 1, [2 * MILLISECOND], failed=False)
    course.done(3 * SECOND, [500 * MILLISECOND], failed=True)
    return course


def test_each_second_has_what_happened_in_it():
    rows = course().rows(3 * SECOND + 1)
    assert [row["second"] for row in rows] == [1, 2, 3]
    assert [row["begun"] for row in rows] == [2, 0, 0]
    assert [row["done"] for row in rows] == [1, 0, 1]
    assert [row["failed"] for row in rows] == [0, 0, 1]
    assert [row["late_ms"] for row in rows] == [3.0, 0.0, 0.0]
    assert (rows[0]["p50_ms"], rows[1]["p50_ms"], rows[2]["p99_ms"]) == (2.0, None, 500.0)


def test_a_second_in_which_nothing_has_happened_yet_is_left_out():
    assert [row["second"] for row in course().rows(4 * SECOND)] == [1, 2, 3]


def test_csv_has_every_column_and_no_data_is_empty():
    read = list(csv.DictReader(io.StringIO(as_csv(course().rows(3 * SECOND + 1)))))
    assert tuple(read[0]) == COLUMNS
    assert [row["due"] for row in read] == ["2", "0", "0"]
    assert read[1]["p99_ms"] == ""
