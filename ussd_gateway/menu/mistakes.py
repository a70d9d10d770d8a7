"""What is wrong with a menu file, and where. Every mistake names the place and, where it can, the way out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import NamedTuple

from ussd_gateway.menu.lines import Path, line_of

_BARE = re.compile(r"[A-Za-z0-9_-]+")


class Mistake(NamedTuple):
    """One mistake: the file's name, the line from 1, the key such as "screens.main.choices[2].to", and the words."""

    source: str
    line: int
    key: str
    message: str

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
        self._source, self._lines = source, lines
        self._found: list[tuple[Path, Mistake]] = []

    def add(self, path: Path, message: str) -> None:
        """Note that what stands at `path` is wrong."""
        self._found.append((path, Mistake(self._source, line_of(self._lines, path), spelled(path), message)))

    def within(self, path: Path) -> bool:
        """Whether anything is wrong at `path` or inside it."""
        return any(found[: len(path)] == path for found, _ in self._found)

    def raise_any(self) -> None:
        """Raise MenuError when anything was wrong."""
        if self._found:
            raise MenuError(mistake for _, mistake in self._found)


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
