"""How far a text that arrived is from the one expected, and where they differ. No I/O."""

from __future__ import annotations

import warnings
from difflib import SequenceMatcher
from typing import NamedTuple

from ussd_gateway.patterns import Found, TooLongError, search
from ussd_gateway.scenario import model

_LIKE = 0.6  # below this share in common, marks would only confuse
_TELLING = 4  # characters of a pattern that fit by more than chance


class Difference(NamedTuple):
    """similarity from 0 to 1, and in words where the texts differ, "" for texts that have little in common."""

    similarity: float
    words: str


def compare(how: str, expected: str, arrived: str) -> Difference:
    """Compare as `how` says: containing, exactly or matching. [-missing-] and {+unexpected+} are marked."""
    if how == model.MATCHING:
        return _compare_pattern(expected, arrived)
    operations = SequenceMatcher(None, expected, arrived, autojunk=False).get_opcodes()
    common = sum(end - start for kind, start, end, _, _ in operations if kind == "equal")
    if how == model.CONTAINING:  # what stands around it does not matter
        while operations and operations[0][0] == "insert":
            del operations[0]
        while operations and operations[-1][0] == "insert":
            del operations[-1]
        similarity = common / max(1, len(expected))
    else:
        similarity = 2 * common / max(1, len(expected) + len(arrived))
    if similarity < _LIKE:
        return Difference(similarity, "")
    marked = (
        expected[start:end]
        if kind == "equal"
        else _mark("[-", expected[start:end], "-]") + _mark("{+", arrived[first:last], "+}")
        for kind, start, end, first, last in operations
    )
    return Difference(similarity, "".join(marked))


def fitting_part(pattern: str, text: str) -> tuple[str, Found | None]:
    """The longest beginning of a regular expression that finds something in the text, and what it found."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a pattern cut in the middle may look odd
        for end in range(len(pattern), 0, -1):
            try:
                found = search(pattern[:end], text)
            except TooLongError:
                break
            except ValueError:  # it was cut inside a group
                continue
            if found and found[0]:
                return pattern[:end], found
    return "", None


def _compare_pattern(pattern: str, arrived: str) -> Difference:
    part, _ = fitting_part(pattern, arrived)
    similarity = len(part) / max(1, len(pattern))
    if part == pattern or (len(part) < _TELLING and similarity < _LIKE):
        return Difference(similarity, "")
    return Difference(similarity, f"the pattern fits as far as /{part}/, and not on with /{pattern[len(part) :]}/")


def _mark(before: str, text: str, behind: str) -> str:
    return f"{before}{text}{behind}" if text else ""
