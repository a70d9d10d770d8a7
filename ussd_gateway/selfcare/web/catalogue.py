"""The texts of the pages: each by its key, in Russian and in English."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

LANGUAGES = ("ru", "en")
"""Russian is the first."""


class Catalogue:
    """Texts from TOML files: `[table]` and `name = { ru = "...", en = "..." }` is the key `table.name`."""

    def __init__(self) -> None:
        self._texts: dict[str, dict[str, str]] = {}

    def add(self, path: Path) -> None:
        """The texts of a file; ValueError for a key that is there already, or that lacks a language."""
        texts = _read(path)
        if twice := sorted(texts.keys() & self._texts.keys()):
            raise ValueError(f"{path.name}: {', '.join(twice)}: another file has the same")
        self._texts |= texts

    def __contains__(self, key: str) -> bool:
        return key in self._texts

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def text(self, key: str, language: str, /, **facts: object) -> str:
        """The text with its `{names}` filled in; KeyError for a key or a name that is not there."""
        text = self._texts[key][language]
        return text.format_map(facts) if facts else text


@cache
def _read(path: Path) -> dict[str, dict[str, str]]:
    """The texts of a file, by key; gateways start often, so it is read once."""
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    texts = {f"{table}.{name}": text for table, names in tables.items() for name, text in names.items()}
    for key, text in texts.items():
        if set(text) != set(LANGUAGES):
            raise ValueError(f"{path.name}: {key} has {', '.join(text)}; a text has {' and '.join(LANGUAGES)}")
    return texts
