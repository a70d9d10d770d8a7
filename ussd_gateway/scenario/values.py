"""What in recorded texts is one value in several places, and what is another one each time. No I/O.

A text is heard (a screen, an SMS, a page) or said (what was typed, sent, put into a form). A value that was heard before
it was said becomes a capture where it was heard first, and that capture's name wherever it turns up again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import inf
from typing import NamedTuple

from ussd_gateway.scenario import model
from ussd_gateway.scenario.model import Expected, Text
from ussd_gateway.scenario.secrets import MASK
from ussd_gateway.scenario.writing import escaped

SHORTEST = 4  # characters of a value; a shorter one is a key of a menu, an amount, a word

_BEGIN, _END = "\ufdd0", "\ufdd1"  # around the reference of what the journal hides; no text has these (Unicode 23.7)
_MASK = re.compile(rf"{re.escape(MASK)}(?!\*)")  # the last stars of a row: *111*25*********# has a * of its own
_HIDDEN = re.compile(f"{_BEGIN}([^{_END}]*){_END}")
_TOKEN = re.compile(rf"(?<!\w)(?=\w*\d)\w{{{SHORTEST},}}(?!\w)")
_SPECIAL = re.compile(r"[\\.^$*+?{}\[\]()|]")
_WORD = re.compile(r"[^\W\d_]+")
_DIGITS = re.compile(r"\d+")
_BRACED = re.compile(r"\{(?=[^\W\d]\w*\})")

_ALWAYS = (
    r"(?<!\w)[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?!\w)",
    r"(?<!\w)(?=\w*\d)(?=\w*[a-fA-F])[0-9a-fA-F]{12,}(?!\w)",
    r"(?<!\w)\d{8,}(?!\w)",
)
"""Ids: another one each time, whatever the clock."""

_WITH_THE_TIME = (
    r"(?<![\w.:/-])\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?Z?)?(?!\w|[.:/-]\d)",
    r"(?<![\w.:/-])\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d\d)(?!\w|[.:/-]\d)",
    r"(?<![\w.:/-])\d{1,2}:\d\d(?::\d\d)?(?!\w|[.:/-]\d)",
)
"""Days and times of day: a virtual clock begins where it began, and shows them again."""

_NAMES = {
    "password": ("парол", "password", "passwd", "parol"),
    "pin": ("пин", "pin"),
    "code": ("код", "code", "kod", "otp"),
    "order": ("заказ", "order"),
    "ticket": ("заявк", "обращен", "ticket"),
}
"""What a value is called, by how the words around it begin."""


class Use(NamedTuple):
    """A value was said that had been heard; `name` is its capture, `origin` the place where it was heard first."""

    name: str
    origin: int


class _Piece(NamedTuple):
    """A piece of a text: characters as they are, or a capture, or a pattern of what differs each time."""

    text: str
    name: str = ""
    pattern: str = ""


def hide(text: str, references: Iterable[str]) -> str:
    """The text of an event, with what it hides behind stars marked by references, which are at least as many."""
    left = iter(references)
    return _MASK.sub(lambda stars: f"{_BEGIN}{next(left)}{_END}", text)


def hides(text: str) -> bool:
    """Whether something in a marked text is hidden."""
    return _BEGIN in text


class Values:
    """The values of one recording. First every text is heard or said, in order; then it is asked what to write.

    numbers   the names of variables by the numbers of phones that they hold
    constant  values that are the gateway's own, such as short numbers
    timeless  days and times of day are the same each time
    """

    def __init__(self, numbers: Mapping[str, str], constant: Iterable[str], timeless: bool) -> None:
        self._numbers = numbers
        self._constant = {*numbers, *constant}
        self._unstable = re.compile("|".join(_ALWAYS if timeless else (*_ALWAYS, *_WITH_THE_TIME)))
        self._parts = re.compile(f"{_HIDDEN.pattern}|{self._unstable.pattern}|{_TOKEN.pattern}")
        self._heard: dict[str, tuple[int, str, int]] = {}  # value -> where first, that text, and its place in it
        self._said_by: dict[str, str] = {}  # value -> who said it first
        self._texts: list[str] = []  # that were said
        self._names: dict[str, str] = {}
        self._taken: set[str] = set(numbers.values())
        self._uses: dict[int, list[Use]] = {}
        self.invented: dict[str, str] = {}  # variables for what people typed and the journal hides
        self.used_numbers: set[str] = set()

    def take_name(self, wanted: str) -> str:
        """A name that nothing else has: the one wanted, or password_2 and so on."""
        name, number = wanted, 1
        while name in self._taken:
            number += 1
            name = f"{wanted}_{number}"
        self._taken.add(name)
        return name

    def hear(self, place: int, text: str) -> None:
        """A text arrived; places count up."""
        for value, start in self._values(text):
            if value not in self._constant:
                self._heard.setdefault(value, (place, text, start))

    def say(self, place: int, text: str, actor: str, invented: str = "") -> None:
        """Somebody typed, sent or filled in this; `invented` stands for a hidden value that nobody has heard."""
        self._texts.append(text)
        for value, _ in self._values(text):
            if value in self._heard and self._said_by.get(value) != actor:
                use = Use(self._name(value), self._heard[value][0])
                if use not in self._uses.setdefault(place, []):
                    self._uses[place].append(use)
            elif value.startswith(_BEGIN) and value not in self._names:
                self._names[value] = self.take_name("secret")
                self.invented[self._names[value]] = invented
            self._said_by.setdefault(value, actor)

    def uses(self, place: int) -> Sequence[Use]:
        """What was said there and had been heard."""
        return self._uses.get(place, ())

    def text(self, place: int, text: str, *, json: bool = False) -> Text:
        """What to write where it was said; in JSON a brace is one, unless it would begin a name."""
        literal = _in_json if json else escaped
        pieces = self._pieces(place, text)
        source = "".join(f"{{{piece.name}}}" if piece.name else literal(piece.text) for piece in pieces)
        return Text(source, json=json)

    def expected(self, place: int, text: str, how: str = model.EXACTLY) -> Expected | None:
        """What to expect where it was heard, None for an empty text: exact where all of it is the same each time."""
        pieces = list(self._pieces(place, text))
        if not any(piece.pattern for piece in pieces):
            return Expected(how, self.text(place, text)) if text else None
        pattern = "".join(map(_as_pattern, pieces))
        return Expected(model.MATCHING, Text(f"^{pattern}$" if how == model.EXACTLY else pattern, pattern=True))

    def differs(self, place: int, text: str) -> list[str]:
        """What in a text that was heard there is another one each time, as it was."""
        return [piece.text for piece in self._pieces(place, text) if piece.pattern and not piece.name]

    def hidden(self, place: int, text: str) -> list[str]:
        """The captures of what the journal hides there."""
        return [
            piece.name
            for piece in self._pieces(place, text)
            if piece.name and piece.pattern and piece.text.startswith(_BEGIN)
        ]

    def _name(self, value: str) -> str:
        if value not in self._names:
            _, text, start = self._heard[value]
            self._names[value] = self.take_name(_guessed(text, start, value))
        return self._names[value]

    def _pieces(self, place: int, text: str) -> Iterator[_Piece]:
        """The text in pieces; at the place where a value was heard first it is captured, behind it named."""
        at = 0
        captured: set[str] = set()
        for found in self._parts.finditer(text):
            value = found[0]
            origin = self._origin(value)
            if value in self._numbers:
                self.used_numbers.add(value)
                piece = _Piece(value, self._numbers[value])
            elif origin < place or (origin == place and value in captured):
                piece = _Piece(value, self._name(value))
            elif origin == place:
                captured.add(value)
                pattern = r"\S+" if value.startswith(_BEGIN) else r"\d+" if value.isdecimal() else r"\w+"
                piece = _Piece(value, self._name(value), pattern)
            elif self._unstable.fullmatch(value) and value not in self._constant and not self._is_said(value):
                piece = _Piece(value, pattern=_DIGITS.sub(r"\\d+", _literal(value)) if _shaped(value) else r"\S+")
            else:
                continue
            if found.start() > at:
                yield _Piece(text[at : found.start()])
            yield piece
            at = found.end()
        if at < len(text):
            yield _Piece(text[at:])

    def _values(self, text: str) -> Iterator[tuple[str, int]]:
        """What in a text could be a value that goes elsewhere, and where it is.

        The code of *12345*7# is none, nor is the year of a day, whose digits differ together.
        """
        for found in self._parts.finditer(text):
            is_word = found[0].startswith(_BEGIN) or _TOKEN.fullmatch(found[0])
            if is_word and (not text[: found.start()].endswith("*") or "*" in text[: found.start() - 1]):
                yield found[0], found.start()

    def _origin(self, value: str) -> float:
        """The place from which on the value has a name; -1 for one that is a variable, inf for one without a name."""
        if self._names.get(value) in self.invented:
            return -1
        known = value in self._names or value.startswith(_BEGIN)
        return self._heard[value][0] if known and value in self._heard else inf

    def _is_said(self, value: str) -> bool:
        return any(value in text for text in self._texts)


def _guessed(text: str, start: int, value: str) -> str:
    """What the value is called: by the nearest word in front of it that says so, or one behind it."""
    words = [(found.start(), found[0].lower()) for found in _WORD.finditer(text)]
    before = [word for at, word in reversed(words) if at < start]
    for word in (*before, *(word for at, word in words if at > start)):
        for name, beginnings in _NAMES.items():
            if word.startswith(beginnings):
                return name
    return "secret" if value.startswith(_BEGIN) else "value"


def _shaped(value: str) -> bool:
    """Whether only its digits differ."""
    return not any(sign.isalpha() for sign in value.replace("T", "").replace("Z", ""))


def _in_json(text: str) -> str:
    return _BRACED.sub(r"\\u007b", text)


def _literal(text: str) -> str:
    escaped_text = _SPECIAL.sub(r"\\\g<0>", text)
    return escaped_text.replace("\n", r"\n").replace("\t", r"\t").replace("\r", r"\r")


def _as_pattern(piece: _Piece) -> str:
    if piece.name:
        return f"(?P<{piece.name}>{piece.pattern})" if piece.pattern else f"{{{piece.name}}}"
    return piece.pattern or _literal(piece.text)
