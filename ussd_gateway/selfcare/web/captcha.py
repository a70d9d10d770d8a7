"""Check codes: who asks for a password, or logs in for the first time, shows to be no program (R107-R109)."""

from __future__ import annotations

import secrets
import unicodedata
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Protocol

from ussd_gateway.config import ConfigError, SelfcareSection
from ussd_gateway.selfcare.web.pictures import Pictures

DIGITS = "23456789"
"""Without 0 and 1, which people read for letters."""

LENGTH = 5
MOST = 2_000
"""So many wait for their answer; the oldest go first."""

MOST_OF_ONE_SESSION = 3
"""... of which so many in one session: a page that is loaded again and again asks anew each time."""

PICTURE, TEXT, OFF = "picture", "text", "off"


class Chance(Protocol):
    """Where characters are drawn from: `secrets`, or a seeded `random.Random` in a test."""

    def choice(self, seq: str, /) -> str:
        """One of them, each as likely as the other."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """A check code that waits for its answer.

    kind      "picture", or "text": the sum of `terms` is asked for
    session   the key of the session that it was shown to
    """

    id: str
    kind: str
    session: str = field(repr=False)
    answer: str = field(repr=False)
    expires: float = 0.0
    terms: tuple[int, ...] = field(default=(), repr=False)


class Captchas:
    """The check codes of all sessions. An answer takes its code away, right or wrong (R108)."""

    def __init__(self, settings: SelfcareSection, now: Callable[[], float], chance: Chance = secrets) -> None:
        self.kind = _kind(settings.captcha)
        self.reveal = settings.captcha_reveal
        self._lifetime = settings.captcha_lifetime
        self._now = now
        self._chance = chance
        self._pictures = Pictures()
        self._waiting: OrderedDict[str, Challenge] = OrderedDict()

    def ask(self, session: str) -> Challenge | None:
        """A new code for this session; None where none are asked for."""
        if self.kind == OFF:
            return None
        self._make_room(session)
        terms: tuple[int, ...] = ()
        if self.kind == TEXT:
            terms = (int(self._chance.choice(DIGITS)), int(self._chance.choice(DIGITS)))
        answer = str(sum(terms)) if terms else "".join(self._chance.choice(DIGITS) for _ in range(LENGTH))
        expires = self._now() + self._lifetime
        challenge = Challenge(secrets.token_urlsafe(16), self.kind, session, answer, expires, terms)
        self._waiting[challenge.id] = challenge
        return challenge

    def right(self, session: str, id: str, answer: str) -> bool:
        """Whether this is the answer to a code that waits for it in this session; always, where none are asked for."""
        if self.kind == OFF:
            return True
        challenge = self._of(session, id)
        if challenge is None:
            return False
        del self._waiting[id]
        return secrets.compare_digest(challenge.answer.encode(), _typed(answer).encode())

    def waiting(self, session: str, id: str) -> Challenge | None:
        """The code as long as it waits; what it is for is to be shown."""
        return self._of(session, id)

    async def picture(self, challenge: Challenge) -> bytes:
        """A PNG of the code; the same one however often it is asked for."""
        return await self._pictures.picture(challenge.id, challenge.answer)

    async def sound(self, challenge: Challenge) -> bytes:
        """A WAV that says the code in English digits; the same one however often it is asked for."""
        return await self._pictures.sound(challenge.id, challenge.answer)

    def clear(self) -> None:
        """Every code is forgotten."""
        self._waiting.clear()

    def close(self) -> None:
        """Nothing more is drawn."""
        self._pictures.close()

    def _of(self, session: str, id: str) -> Challenge | None:
        challenge = self._waiting.get(id)
        if challenge is None or challenge.session != session:
            return None
        return challenge if self._now() < challenge.expires else None

    def _make_room(self, session: str) -> None:
        if len(self._waiting) >= MOST:
            self._waiting.popitem(last=False)
        own = [id for id, challenge in self._waiting.items() if challenge.session == session]
        for id in own[: len(own) - MOST_OF_ONE_SESSION + 1]:
            del self._waiting[id]


def _kind(wanted: str) -> str:
    """What the settings and the installed packages make of it; ConfigError for pictures that cannot be drawn."""
    can_draw = find_spec("captcha") is not None
    if wanted == PICTURE and not can_draw:
        raise ConfigError(
            "selfcare.captcha: picture needs a package more: pip install 'ussd-gateway[captcha]', "
            'or write "auto" or "text"'
        )
    return (PICTURE if can_draw else TEXT) if wanted == "auto" else wanted


def _typed(answer: str) -> str:
    """Digits of any script, without the spaces around and between them."""
    return "".join(str(unicodedata.decimal(sign, sign)) for sign in answer[:100] if not sign.isspace())
