"""A value of a menu file together with its place, read as the grammar says. A wrong one is noted and read as absent."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator, Mapping
from decimal import Decimal

from ussd_gateway.menu.keys import BY_PATH, Key, names
from ussd_gateway.menu.lines import Path
from ussd_gateway.menu.mistakes import Mistakes, way_out

_TYPES: Mapping[type, str] = {
    str: "a string",
    bool: "true or false",
    int: "a number",
    float: "a number",
    list: "an array",
    dict: "a table",
    datetime.date: "a date",
}
ALWAYS = ("msisdn", "code", "dialled", "today")
"""The variables that every dialogue has."""

_WORDS = ("true", "false", "none", "and", "or", "not", "in", "is", "if", "else", "loop", "range", "self", "days")
_TAKEN = {*ALWAYS, *_WORDS, "True", "False", "None"}


class Node:
    """What the file has at `path`; `value` is None when there is nothing.

    grammar  the place in keys.KEYS, such as "screens.*.choices[].key"
    inside   whether it stands in a table that is there: a required key is missed only then
    """

    __slots__ = ("grammar", "inside", "mistakes", "path", "value")

    def __init__(self, value: object, path: Path, mistakes: Mistakes, grammar: str = "", inside: bool = True) -> None:
        self.value, self.path, self.mistakes, self.grammar, self.inside = value, path, mistakes, grammar, inside

    def __getitem__(self, key: str) -> Node:
        table = self.value if isinstance(self.value, dict) else None
        many = self.rule is not None and self.rule.kind.endswith("{}")
        below = "*" if many else key
        grammar = f"{self.grammar}.{below}" if self.grammar else below
        return Node(table.get(key) if table else None, (*self.path, key), self.mistakes, grammar, table is not None)

    @property
    def rule(self) -> Key | None:
        """What the grammar says of this place."""
        return BY_PATH.get(self.grammar)

    @property
    def present(self) -> bool:
        """Whether the file has anything here."""
        return self.value is not None

    def wrong(self, message: str, rule: str, *, warning: bool = False) -> None:
        """Note a mistake at this place."""
        self.mistakes.add(self.path, message, rule, warning=warning)

    def string(self, default: str | None = None) -> str:
        """A string that is not blank; `default`, or that of the grammar, when there is none."""
        if default is None:
            default = self.rule.default if self.rule and isinstance(self.rule.default, str) else ""
        if not self._is(str):
            return default
        text = str(self.value)
        if not text.strip():
            self.wrong("is empty", "empty")
            return default
        if self.rule and self.rule.allowed and text not in self.rule.allowed:
            self.wrong(f'"{text}" is unknown{way_out(text, self.rule.allowed)}', "bad-value")
            return default
        return text

    def variable(self) -> str:
        """A name that a variable can have."""
        name = self.string()
        return name if name and self.named(name) else ""

    def named(self, name: str) -> bool:
        """Whether a variable can have the name; notes it when not."""
        if name in _TAKEN:
            self.wrong(f'"{name}" is a word of its own; choose another name for the variable', "bad-name")
        elif not name.isidentifier():
            self.wrong(f'"{name}" is no name of a variable: letters, digits and _', "bad-name")
        return name.isidentifier() and name not in _TAKEN

    def places(self, grammar: str) -> list[Node]:
        """Everything in the file that stands at a path of the grammar, seen from here: "screens.*.choices[].to"."""
        found = [self]
        for name in grammar.replace("[]", ".[]").split("."):
            if name == "[]":
                found = [below for node in found for below in node.elements()]
            elif name == "*":
                found = [below for node in found for _, below in node.items()]
            else:
                found = [node[name] for node in found]
        return [node for node in found if node.present]

    def boolean(self) -> bool:
        """A truth value; False when there is none."""
        return self._is(bool) and bool(self.value)

    def integer(self, default: int = 0) -> int:
        """A whole number within the bounds of the grammar."""
        return self.value if self._is(int) and isinstance(self.value, int) and self._bounded(self.value) else default

    def number(self, default: float = 0) -> float:
        """A number within the bounds of the grammar."""
        value = self.decimal()
        return float(value) if value is not None and self._bounded(value) else default

    def decimal(self) -> Decimal | None:
        """A number as it is written."""
        if isinstance(self.value, float) and math.isfinite(self.value):
            return Decimal(repr(self.value))
        return Decimal(self.value) if self._is(int) and isinstance(self.value, int) else None

    def _bounded(self, number: int | Decimal) -> bool:
        least, most = (self.rule.least, self.rule.most) if self.rule else (None, None)
        if least is not None and number < least:
            self.wrong(f"must be at least {least}", "bad-value")
        elif most is not None and number > most:
            self.wrong(f"must be at most {most}", "bad-value")
        else:
            return True
        return False

    def strings(self, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """The strings of an array; `default` when there is none."""
        if not self.present and not (self.rule and self.rule.required):
            return default
        return tuple(word for node in self.elements() if (word := node.string()))

    def variables(self) -> tuple[str, ...]:
        """The names of variables in an array."""
        return tuple(word for node in self.elements() if (word := node.variable()))

    def elements(self) -> list[Node]:
        """The elements of an array."""
        if not self._is(list) or not isinstance(self.value, list):
            return []
        if self.rule and self.rule.required and not self.value:
            self.wrong("is empty", "empty")
        return [
            Node(value, (*self.path, index), self.mistakes, f"{self.grammar}[]")
            for index, value in enumerate(self.value)
        ]

    def table(self) -> Node:
        """This node, a table whose keys are all those that the grammar knows."""
        known = names(self.grammar)
        for key, node in self.items():
            if key not in known:
                node.wrong(f"is unknown{way_out(key, known)}", "unknown-key")
        return self

    def items(self) -> Iterator[tuple[str, Node]]:
        """The keys of a table and what they hold, in the order of the file."""
        if self._is(dict) and isinstance(self.value, dict):
            for key in self.value:
                yield key, self[key]

    def words(self) -> dict[str, str]:
        """A table of strings."""
        return {key: word for key, node in self.items() if (word := node.string())}

    def values(self) -> dict[str, object]:
        """A table of variables, whatever they hold."""
        return {key: node.value for key, node in self.items() if node.named(key)}

    def _is(self, kind: type) -> bool:
        if type(self.value) is kind:  # a bool is an int, but not here
            return True
        if self.present:
            self.wrong(
                f"must be {_TYPES[kind]}, not {_TYPES.get(type(self.value), 'a date or time')}",
                "wrong-type",
            )
        elif self.inside and self.rule and self.rule.required:
            self.wrong("is missing", "missing-key")
        return False
