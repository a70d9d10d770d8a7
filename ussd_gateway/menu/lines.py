"""Where the keys of a TOML text stand: `tomllib` gives the values without their lines."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[\s,]|#[^\n]*)*")  # between things; a comma says nothing about places
_STRING = r'"""(?:\\.|[^\\])*?"""(?:"{0,2})|\'\'\'.*?\'\'\'(?:\'{0,2})|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\''
_KEY = re.compile(rf"[ \t]*([A-Za-z0-9_-]+|{_STRING})[ \t]*(\.)?", re.DOTALL)
# A date and its time may stand apart by one space; any other bare value has none.
_SCALAR = re.compile(rf"{_STRING}|\d{{4}}-\d\d-\d\d \d\d:[^\s,\]}}#]*|[^\s,\]}}#]+", re.DOTALL)


def key_lines(text: str) -> Mapping[Path, int]:
    """The line, from 1, of every table, key and array element: {("screens", "main", "choices", 2, "to"): 14}.

    `text` is a TOML document that tomllib accepts; of another the result means nothing.
    """
    return _Scanner(text).scan()


def line_of(lines: Mapping[Path, int], path: Path) -> int:
    """The line of `path`, or of the nearest thing around it that the file does have."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.breaks = [match.start() for match in re.finditer("\n", text)]
        self.lines: dict[Path, int] = {}
        self.arrays: dict[Path, int] = {}  # arrays of tables and how many tables they have so far

    def scan(self) -> Mapping[Path, int]:
        table: Path = ()
        self.skip()
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.pair(table)
            self.skip()
        return self.lines

    def skip(self) -> None:
        if found := _BLANK.match(self.text, self.at):
            self.at = found.end()

    def header(self) -> Path:
        line, brackets = self.line(), 2 if self.text.startswith("[[", self.at) else 1
        self.at += brackets
        *around, last = self.keys()
        self.at = self.text.index("]", self.at) + brackets
        path: Path = ()
        for key in around:
            path = self.inside((*path, key), line)
        path = (*path, last)
        if brackets == 2:
            self.lines.setdefault(path, line)
            self.arrays[path] = self.arrays.get(path, 0) + 1
            path = self.inside(path, line)
        self.lines[path] = line
        return path

    def inside(self, path: Path, line: int) -> Path:
        """The table that `path` means in a header: of an array of tables, the latest."""
        self.lines.setdefault(path, line)
        return (*path, self.arrays[path] - 1) if path in self.arrays else path

    def pair(self, table: Path) -> None:
        line, path = self.line(), table
        for key in self.keys():
            path = (*path, key)
            self.lines.setdefault(path, line)
        self.at = self.text.index("=", self.at) + 1
        self.skip()
        self.value(path)

    def value(self, path: Path) -> None:
        opening = self.text[self.at]
        if opening == "[":
            self.enclosed(path, "]")
        elif opening == "{":
            self.enclosed(path, "}")
        elif found := _SCALAR.match(self.text, self.at):
            self.at = found.end()

    def enclosed(self, path: Path, closing: str) -> None:
        self.at += 1
        self.skip()
        count = 0
        while not self.text.startswith(closing, self.at):
            if closing == "}":
                self.pair(path)
            else:
                self.lines[*path, count] = self.line()
                self.value((*path, count))
                count += 1
            self.skip()
        self.at += 1

    def keys(self) -> list[str]:
        keys, dot = [], "."
        while dot and (found := _KEY.match(self.text, self.at)):
            key, dot = found.groups()
            keys.append(tomllib.loads(f"key = {key}")["key"] if key[0] in "\"'" else key)
            self.at = found.end()
        return keys

    def line(self) -> int:
        return bisect_right(self.breaks, self.at) + 1
