"""The rows of a CSV file, for `for each row in`; every mistake told with its line. No I/O."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from ussd_gateway.scenario.language import NAME
from ussd_gateway.scenario.model import Row
from ussd_gateway.scenario.tokens import Mistake

_NAMES_HINT = "the first row names the columns, each with one word of letters, digits and _"


@dataclass(frozen=True, slots=True)
class Table:
    """A file that was read.

    columns  tuple of str; their names, from the first row
    rows     tuple of Row
    written  tuple of str; the file's lines as they stand
    """

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    written: tuple[str, ...]

    def mistake(self, line: int, message: str, hint: str) -> Mistake:
        """A mistake about a whole row."""
        return _mistake(self.written, line, message, hint)


def table(text: str, mistakes: list[Mistake]) -> Table:
    """The table in a text; what is wrong is put into `mistakes`. Columns end with a comma, or with a semicolon."""
    text = text.removeprefix("\ufeff")
    lines = list(io.StringIO(text, newline=""))
    written = tuple(line.rstrip("\r\n") for line in lines)
    header = next((line for line in written if line.strip()), "")
    delimiter = ";" if ";" in header and "," not in header else ","
    columns: tuple[str, ...] = ()
    rows = []
    try:
        for number, values in _rows(lines, delimiter):
            if not columns:
                columns = values
                mistakes += _wrong_names(written, number, columns)
            elif len(values) != len(columns):
                message = f"this row has {_counted(len(values))}, and the header {len(columns)}"
                mistakes.append(_mistake(written, number, message, f"the header is {header.strip()}"))
            else:
                rows.append(Row(number, dict(zip(columns, values, strict=True))))
    except csv.Error as error:
        mistakes.append(_mistake(written, len(written), f"this is no CSV: {error}", 'write a " behind the value'))
    if not columns:
        mistakes.append(_mistake(written, 1, "this table is empty", _NAMES_HINT))
    elif not rows and not mistakes:
        mistakes.append(_mistake(written, len(written), "this table has no row below its header", "add one"))
    return Table(columns, tuple(rows), written)


def _rows(lines: list[str], delimiter: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Each row that holds something, with the line in which it begins."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)
    begins = 1
    for values in reader:
        if any(value.strip() for value in values):
            yield begins, tuple(value.strip() for value in values)
        begins = reader.line_num + 1


def _wrong_names(written: tuple[str, ...], line: int, columns: tuple[str, ...]) -> Iterator[Mistake]:
    for at, name in enumerate(columns):
        if not name:
            yield _mistake(written, line, f"column {at + 1} has no name", _NAMES_HINT)
        elif not NAME.fullmatch(name):
            yield _mistake(written, line, f"{name} is no name", _NAMES_HINT, name)
        elif name in columns[:at]:
            yield _mistake(written, line, f"two columns are named {name}", "name each otherwise", name)


def _mistake(written: tuple[str, ...], line: int, message: str, hint: str, wrong: str = "") -> Mistake:
    row = written[line - 1] if 0 < line <= len(written) else ""
    column = row.rfind(wrong) if wrong else len(row) - len(row.lstrip())
    return Mistake(line or 1, max(0, column) + 1, len(wrong or row.strip()), message, row, hint)


def _counted(number: int) -> str:
    return f"{number} value{'' if number == 1 else 's'}"
