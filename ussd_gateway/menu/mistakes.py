"""What is wrong with a menu file, and where. Every mistake names the place and, where it can, the way out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import NamedTuple

from ussd_gateway.menu.lines import Path, line_of

_BARE = re.compile(r"[A-Za-z0-9_-]+")


RULES: Mapping[str, str] = {
    "syntax": "The file is no TOML.",
    "unknown-key": "A key that the menu language does not have.",
    "wrong-type": "A value of another type than the key takes.",
    "missing-key": "A key that has to be there is not.",
    "empty": "Nothing stands where something has to.",
    "bad-value": "A value that the key does not take.",
    "bad-name": "A name that no variable can have.",
    "bad-code": "A service code that nobody can dial.",
    "bad-key": "A key that cannot be typed as one answer.",
    "bad-template": "A text that Jinja2 does not understand.",
    "bad-expression": "An expression that Jinja2 does not understand, or that can never be worked out.",
    "bad-pattern": "A regular expression that is none, or one that takes too long.",
    "bad-bounds": "Bounds of another type than the input, or upside down.",
    "conflict": "Keys that contradict each other.",
    "unknown-target": "A screen that does not exist is to come next.",
    "unknown-word": "A word of a route that leads nowhere, or a way that no word leads.",
    "unknown-language": "A language that the menu does not have.",
    "unknown-variable": "A variable that nobody sets.",
    "missing-translation": "A text that is missing in a language of the menu.",
    "missing-handler": "A handler that cannot be had.",
    "dead-end": "A screen that neither leads on nor ends.",
    "unreachable-screen": "A screen that nobody can come to.",
    "endless-loop": "Screens that go on to each other without asking the user.",
    "no-exit": "Screens from which no end can be reached.",
    "duplicate-choice": "A key that two choices of a screen have.",
    "shadowed-choice": "A choice whose key already means something else.",
    "duplicate-code": "A service code that stands in two places.",
    "shadowed-code": "A service code that hides choices of another menu.",
    "reserved-code": "A service code that never reaches a menu: a supplementary service, or the phone's own.",
    "text-too-long": "A text that does not fit a screen, or takes too many.",
}
"""What each rule is about, for lists of rules."""


class Mistake(NamedTuple):
    """One mistake: the file's name, the line from 1, the key such as "screens.main.choices[2].to", and the words.

    rule     a key of RULES
    warning  the menu can be served nevertheless
    """

    source: str
    line: int
    key: str
    message: str
    rule: str
    warning: bool = False

    def __str__(self) -> str:
        key = f"{self.key}: " if self.key else ""
        return f"{self.source}:{self.line}: {key}{self.message}"


class MenuError(ValueError):
    """A menu file cannot be used. `mistakes` has all that is wrong with it, by line; its str one line for each."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(sorted(mistakes, key=lambda mistake: mistake.line))
        super().__init__("\n".join(map(str, self.mistakes)))

    @property
    def source(self) -> str:
        """The file's name."""
        return self.mistakes[0].source

    @property
    def line(self) -> int:
        """The line of the first mistake."""
        return self.mistakes[0].line

    @property
    def key(self) -> str:
        """The key of the first mistake."""
        return self.mistakes[0].key

    @property
    def message(self) -> str:
        """What the first mistake is."""
        return self.mistakes[0].message


class Mistakes:
    """The mistakes found so far in one file."""

    def __init__(self, source: str, lines: Mapping[Path, int]) -> None:
        self.source, self._lines = source, lines
        self._found: dict[tuple[Path, Mistake], None] = {}  # who reads a value twice tells its mistake once

    @property
    def found(self) -> tuple[Mistake, ...]:
        """All of them, warnings too, by line."""
        return tuple(sorted((mistake for _, mistake in self._found), key=lambda mistake: mistake.line))

    def add(self, path: Path, message: str, rule: str, *, warning: bool = False) -> None:
        """Note that what stands at `path` is wrong."""
        mistake = Mistake(self.source, line_of(self._lines, path), spelled(path), message, rule, warning)
        self._found.setdefault((path, mistake))

    def within(self, path: Path = ()) -> bool:
        """Whether anything is wrong at `path` or inside it, warnings aside."""
        return any(found[: len(path)] == path and not mistake.warning for found, mistake in self._found)


def spelled(path: Path) -> str:
    """A path as a file's reader would say it: screens.main.choices[2].to, code_languages."#100#"."""
    words = ""
    for part in path:
        if isinstance(part, int):
            words += f"[{part}]"
        else:
            words += "." * bool(words) + (part if _BARE.fullmatch(part) else f'"{part}"')
    return words


def way_out(word: str, known: Iterable[str]) -> str:
    """The end of a sentence about an unknown word: the nearest one that is known, or all of them."""
    names = sorted(known)
    if near := get_close_matches(word, names, n=1):
        return f'; did you mean "{near[0]}"?'
    return f"; known: {', '.join(names)}" if names else ""
