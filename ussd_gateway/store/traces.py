"""Which hidden values are the same: references to secrets, so that a session can be followed without any of them.

All of it is in memory, and of the values only fingerprints are, under a key that nobody else has.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from secrets import token_bytes
from typing import TypeVar

MOST = 10_000  # values, and entries of the journal, that are remembered; the newest ones

References = list[str] | dict[str, str]
"""One reference for each mask of a text, in their order; or by the field that is masked."""

MARK = "\U0010ffff"
"""Takes the place of a hidden value where `hidden_in` looks for it: a character that no text has (Unicode 23.7)."""

_Key = TypeVar("_Key")
_Kept = TypeVar("_Kept")


class Traces:
    """Gives each hidden value a reference, such as "s1", and remembers which entry of the journal hides which."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._key = token_bytes(32)
        self._references: OrderedDict[bytes, str] = OrderedDict()
        self._given = 0
        self._hidden: OrderedDict[int, References] = OrderedDict()

    def put(self, number: int, values: Iterable[str] | Mapping[str, str]) -> None:
        """The entry with this number hides these values."""
        found: References
        if isinstance(values, Mapping):
            found = {name: self._reference(value) for name, value in values.items()}
        else:
            found = [self._reference(value) for value in values]
        if found:
            self._keep(self._hidden, number, found)

    def of(self, number: int) -> References | None:
        """The references of an entry; None where it hides nothing, or what it hid is forgotten."""
        return self._hidden.get(number)

    def knows(self, value: str) -> bool:
        """Whether some entry hid this value."""
        return self._fingerprint(value) in self._references

    def _reference(self, value: str) -> str:
        fingerprint = self._fingerprint(value)
        reference = self._references.get(fingerprint)
        if reference is None:
            self._given += 1
            reference = f"s{self._given}"
        self._keep(self._references, fingerprint, reference)
        return reference

    def _fingerprint(self, value: str) -> bytes:
        return blake2b(value.encode("utf-8", "surrogatepass"), key=self._key, digest_size=16).digest()

    def _keep(self, kept: OrderedDict[_Key, _Kept], key: _Key, value: _Kept) -> None:
        kept[key] = value
        kept.move_to_end(key)
        if len(kept) > self._most:
            kept.popitem(last=False)


def hidden_in(text: str, marked: str) -> list[str]:
    """What stands in `text` where `marked`, the same text otherwise, has a MARK; in their order."""
    before, *behind = marked.split(MARK)
    hidden, place = [], len(before)
    for each, piece in enumerate(behind, 1):
        last = each == len(behind)
        # What is hidden has at least one character
        end = len(text) - len(piece) if last else text.find(piece, place + 1) if piece else place + 1
        hidden.append(text[place:end])
        place = end + len(piece)
    return hidden
