"""A value of a menu file together with its place, read by its type. A wrong one is noted and read as absent."""

from __future__ import annotations

from collections.abc import Iterator

from ussd_gateway.menu.lines import Path
from ussd_gateway.menu.mistakes import Mistakes, way_out

_NAMES = {str: "a string", bool: "true or false", int: "a number", float: "a number", list: "an array", dict: "a table"}


class Node:
    """What the file has at `path`; `value` is None when there is nothing."""

    __slots__ = ("mistakes", "path", "value")

    def __init__(self, value: object, path: Path, mistakes: Mistakes) -> None:
        self.value, self.path, self.mistakes = value, path, mistakes

    def __getitem__(self, key: str) -> Node:
        value = self.value.get(key) if isinstance(self.value, dict) else None
        return Node(value, (*self.path, key), self.mistakes)

    @property
    def present(self) -> bool:
        """Whether the file has anything here."""
        return self.value is not None

    def wrong(self, message: str) -> None:
        """Note a mistake at this place."""
        self.mistakes.add(self.path, message)

    def string(self, default: str = "", *, required: bool = False) -> str:
        """A string that is not blank; `default` when there is none."""
        if not self._is(str, required):
            return default
        text = str(self.value)
        if not text.strip():
            self.wrong("is empty")
            return default
        return text

    def boolean(self) -> bool:
        """A truth value; False when there is none."""
        return self._is(bool) and bool(self.value)

    def strings(self, default: tuple[str, ...] = (), *, required: bool = False) -> tuple[str, ...]:
        """The strings of an array; `default` when there is none."""
        if not self.present and not required:
            return default
        return tuple(word for node in self.elements(required=required) if (word := node.string()))

    def elements(self, *, required: bool = False) -> list[Node]:
        """The elements of an array."""
        if not self._is(list, required) or not isinstance(self.value, list):
            return []
        if required and not self.value:
            self.wrong("is empty")
        return [Node(value, (*self.path, index), self.mistakes) for index, value in enumerate(self.value)]

    def table(self, *known: str, required: bool = False) -> Node:
        """This node, a table whose keys are all among `known`."""
        for key, node in self.items(required=required):
            if key not in known:
                node.wrong(f"is unknown{way_out(key, known)}")
        return self

    def items(self, *, required: bool = False) -> Iterator[tuple[str, Node]]:
        """The keys of a table and what they hold, in the order of the file."""
        if self._is(dict, required) and isinstance(self.value, dict):
            for key in self.value:
                yield key, self[key]

    def words(self) -> dict[str, str]:
        """A table of strings."""
        return {key: word for key, node in self.items() if (word := node.string())}

    def _is(self, kind: type, required: bool = False) -> bool:
        if type(self.value) is kind:  # a bool is an int, but not here
            return True
        if self.present:
            self.wrong(f"must be {_NAMES[kind]}, not {_NAMES.get(type(self.value), 'a date or time')}")
        elif required:
            self.wrong("is missing")
        return False
