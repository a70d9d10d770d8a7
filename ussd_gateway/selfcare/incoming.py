"""SMS that come to self-care, told from their repeats (R176). Pure: `now` comes in."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

DOUBT = 2.0  # seconds before a bind was lost within which the SMSC may have missed our response
REPEATED = 10.0  # seconds after the next bind within which it delivers again what it has no response for
REFERENCE = 600.0  # seconds for which a phone's message reference, of one or two octets, means the same message


@dataclass(frozen=True, slots=True)
class Incoming:
    """An SMS to one of self-care's numbers.

    key  names the message: a repeat has the same one
    """

    source: str
    destination: str
    text: str = field(repr=False)
    key: str = ""


class Repeats:
    """Knows a deliver_sm that repeats an earlier one.

    Three things tell: the sequence_number within a bind; the message reference that the phone gave, where there is one
    (SMPP 3.4 section 5.3.2.17); and, since a deliver_sm names its message in no other way, the same words from the same
    number right after a bind was lost and made again, while the response to the first may not have arrived.
    """

    def __init__(self) -> None:
        self._bind = 0
        self._bound_at = 0.0
        self._sequences: set[int] = set()
        self._recent: deque[tuple[float, tuple[str, str, str]]] = deque()
        self._doubtful: list[tuple[str, str, str]] = []
        self._references: dict[tuple[str, str, str, int], float] = {}

    def bound(self, now: float) -> None:
        """Another bind begins; `now` in seconds of real time."""
        self._bind += 1
        self._bound_at = now
        self._sequences.clear()

    def lost(self, now: float) -> None:
        """The bind has ended, or another could not be made."""
        self._doubtful += [words for at, words in self._recent if now - at <= DOUBT]
        self._recent.clear()

    def is_repeat(self, sms: Incoming, sequence_number: int, reference: int | None, now: float) -> bool:
        """Whether it has come before; if not, it has now."""
        if sequence_number in self._sequences:
            return True
        self._sequences.add(sequence_number)
        words = (sms.source, sms.destination, sms.text)
        while self._recent and now - self._recent[0][0] > DOUBT:
            self._recent.popleft()
        self._recent.append((now, words))
        return self._delivered_again(words, now) or self._same_reference(words, reference, now)

    def _delivered_again(self, words: tuple[str, str, str], now: float) -> bool:
        if now - self._bound_at > REPEATED:
            self._doubtful.clear()
        if words not in self._doubtful:
            return False
        self._doubtful.remove(words)
        return True

    def _same_reference(self, words: tuple[str, str, str], reference: int | None, now: float) -> bool:
        if reference is None:
            return False
        while self._references and now - next(iter(self._references.values())) > REFERENCE:
            del self._references[next(iter(self._references))]  # a dict keeps the order of arrival
        if (*words, reference) in self._references:
            return True
        self._references[(*words, reference)] = now
        return False
