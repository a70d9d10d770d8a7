"""The settings of a dialect, as people write them: what each is, and what is wrong with those that were given. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

Value = str | int | float | bool | Mapping[str, str | int | float | bool] | tuple[str | int | float | bool, ...]

_KINDS = {
    str: "a string",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    tuple: "a list of strings, numbers or booleans",
    dict: "a table of strings, numbers or booleans",
}


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting.

    about    str; what it is, for people
    default  its value where it is not given, of the type that it has to be; None for a string that must be given;
             () for a list and {} for a table
    allowed  tuple of str; the only values, where there are so few
    secret   bool; whether no error may show it
    """

    about: str
    default: Value | None
    allowed: tuple[str, ...] = ()
    secret: bool = False


def read_settings(dialect: str, known: Mapping[str, Setting], given: Mapping[str, object]) -> dict[str, Value]:
    """Every setting with its value. Raises ValueError with a sentence on the first that is unknown, missing or wrong."""
    for key in given:
        if key not in known:
            raise ValueError(f'the dialect {dialect} has no setting "{key}"{way_out(key, known)}')
    return {key: _value(dialect, key, setting, given) for key, setting in known.items()}


def _value(dialect: str, key: str, setting: Setting, given: Mapping[str, object]) -> Value:
    kind = str if setting.default is None else type(setting.default)
    value = given.get(key, setting.default)
    if value is None:
        raise ValueError(f'the dialect {dialect} needs the setting "{key}": {setting.about}')
    if kind is float and type(value) is int:
        value = float(value)
    if kind is tuple and isinstance(value, list):
        value = tuple(value)
    if kind is dict and isinstance(value, Mapping):
        value = dict(value)
    members = value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else ()
    if type(value) is not kind or not all(isinstance(member, str | int | float) for member in members):
        seen = "" if setting.secret else f"is {shown(value)}, but "
        raise ValueError(f'the setting "{key}" of the dialect {dialect} {seen}has to be {_KINDS[kind]}')
    if setting.allowed and value not in setting.allowed:
        raise ValueError(
            f'the setting "{key}" of the dialect {dialect} is {shown(value)}; allowed: {", ".join(setting.allowed)}'
        )
    return value


def shown(value: object, mapping: str = "a table") -> str:
    """A value as TOML or JSON has it, for an error's sentence; a string in quotes, cut after 60 characters."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return quoted(value)
        case int() | float():
            return str(value)
        case None:
            return "null"
        case Mapping():
            return mapping
        case _:
            return "a list"


def quoted(text: str) -> str:
    """The first 60 characters in quotes and on one line, for an error's sentence."""
    cut = "".join(_QUOTING.get(letter) or _escaped(letter) for letter in text[:60])
    return f'"{cut}{"..." * (len(text) > 60)}"'


_QUOTING = {'"': '\\"', "\\": "\\\\"}


def _escaped(letter: str) -> str:
    """What nobody would see, such as a byte order mark or a blank that is not one, by its escape."""
    return letter if letter.isprintable() else letter.encode("unicode_escape").decode()


def way_out(word: str, known: Iterable[str]) -> str:
    """The end of a sentence about an unknown word: the nearest one that is known, or all of them."""
    names = sorted(known)
    if near := get_close_matches(word, names, n=1):
        return f'; did you mean "{near[0]}"?'
    return f"; known: {', '.join(names)}" if names else "; it has none"
