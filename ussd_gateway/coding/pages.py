"""USSD screens: does a text fit one, and if not, the pages it makes with a line for going on and back.

Only cuts text. Who shows which page, and what the keys do, is the menu's business. No I/O.
"""

from __future__ import annotations

from bisect import bisect_right

from ussd_gateway.coding.data_coding import USSD_OCTETS, ussd_octets

MORE = "9 Далее"
BACK = "0 Назад"


def fits(text: str, limit: int = USSD_OCTETS) -> bool:
    """Whether the text takes at most `limit` octets as a packed USSD string: 160 are 182 GSM-7 or 80 UCS-2 characters."""
    return ussd_octets(text) <= limit


def split(text: str, *, limit: int = USSD_OCTETS, more: str = MORE, back: str = BACK) -> list[str]:
    """The text as pages of at most `limit` octets each, their navigation included; one page as it is when it fits.

    Below the text the first page has the line `more`, the last `back`, the others both; an empty string leaves its
    line out. Pages break at line ends, else at word ends, else between characters, and lose the white space they
    break at. Each page is measured in its own encoding: one Cyrillic letter, in the navigation too, makes it UCS-2.

    ValueError: the limit leaves no room for text beside the navigation.
    """
    if fits(text, limit):
        return [text]
    rest = text.rstrip()
    pages: list[str] = []
    while not fits(rest + (tail := _tail(back if pages else "")), limit):
        tail = _tail(more, back if pages else "")
        end = _longest(rest, tail, limit)
        page, rest = _break(rest, end)
        pages.append(page + tail)
    return [*pages, rest + tail]


def cut(text: str, limit: int = USSD_OCTETS, tail: str = "") -> str:
    """As much of the text as takes at most `limit` octets with `tail` behind it, whole words where there are any.

    ValueError: the limit leaves no room for text beside the tail.
    """
    if fits(text + tail, limit):
        return text
    end = _longest(text, tail, limit)
    at = max(text.rfind(separator, 0, end + 1) for separator in "\n ")
    return text[:at].rstrip() or text[:end]


def _tail(*lines: str) -> str:
    return "".join(f"\n{line}" for line in lines if line)


def _longest(rest: str, tail: str, limit: int) -> int:
    """How many characters of `rest` fit above the tail."""
    # A character more never takes fewer octets, so the count can be found by halving. No character takes less than 7 bits.
    candidates = range(1, min(len(rest), limit * 8 // 7 + 1))
    count = bisect_right(candidates, limit, key=lambda length: ussd_octets(rest[:length] + tail))
    if count == 0:
        raise ValueError(
            f"limit {limit} leaves no room for text beside the navigation {tail!r}, {ussd_octets(tail)} octets"
        )
    return count


def _break(rest: str, end: int) -> tuple[str, str]:
    """(page, what remains), the page at most `end` characters long."""
    for separator in ("\n", " "):
        at = rest.rfind(separator, 0, end + 1)  # white space right behind the last character that fits is a break too
        if at > 0 and (page := rest[:at].rstrip()):
            return page, rest[at + 1 :].lstrip(separator)
    return rest[:end], rest[end:]
