"""Who is who in a browser: sessions from their cookies."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

from ussd_gateway.config import SelfcareSection
from ussd_gateway.selfcare.records.changes import Changes
from ussd_gateway.selfcare.records.web_sessions import Session, WebSessions

_COOKIE = re.compile(r"[A-Za-z0-9_-]{43}")  # 256 bits
_SEEN_EVERY = 30.0  # seconds: not every look at a page is written down
_LONGEST_AGENT = 100


def _always(session: Session) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Realm:
    """Pages that one log-in opens.

    name   also that of the cookie
    place  the path of its first page, which is its log-in page too; every path below it belongs to it
    still  whether a session that was begun goes on: neither its number was closed nor its password replaced
    """

    name: str
    place: str
    still: Callable[[Session], bool] = _always


def new_cookie() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


def key_of(cookie: str) -> str:
    """What the store knows of a cookie."""
    return hashlib.sha256(cookie.encode()).hexdigest()


class Sessions:
    """Begins, finds and ends them. Times are on the gateway's clock.

    Before log-in a session has a cookie and nothing else: its CSRF token is worked out from it, so that strangers fill
    no table.
    """

    def __init__(
        self, settings: SelfcareSection, records: WebSessions, changes: Changes, now: Callable[[], float]
    ) -> None:
        self._idle, self._longest = settings.session_idle, settings.session_longest
        self._records = records
        self._changes = changes
        self._now = now
        self._secret = secrets.token_bytes(32)

    def find(self, realm: Realm, cookie: str | None) -> tuple[str, Session]:
        """The cookie to go on with, and its session; a new cookie where this one is none of ours."""
        if cookie is None or not _COOKIE.fullmatch(cookie):
            cookie = new_cookie()
        key = key_of(cookie)
        if session := self._records.session(realm.name, key):
            if self._goes_on(realm, session):
                return cookie, self._used(session)
            self._records.remove(key)
            cookie = new_cookie()
        return cookie, self.stranger(realm, cookie)

    def stranger(self, realm: Realm, cookie: str = "") -> Session:
        """The session of somebody who is not logged in."""
        key = key_of(cookie)
        csrf = hmac.new(self._secret, f"{realm.name}:{key}".encode(), hashlib.sha256).hexdigest()
        return Session(key, realm.name, None, None, csrf)

    def begin(
        self,
        realm: Realm,
        who: str,
        channel: str,
        *,
        msisdn: str | None = None,
        issue: int = 0,
        address: str = "",
        agent: str = "",
    ) -> tuple[str, Session]:
        """Somebody has logged in: a cookie of its own (session fixation), and the session."""
        cookie, now = new_cookie(), self._now()
        agent = "".join(sign for sign in agent if sign.isprintable())[:_LONGEST_AGENT]
        session = Session(
            key_of(cookie), realm.name, who, msisdn, secrets.token_hex(32), issue, now, now, address, agent
        )
        with self._changes.change("session.begun", now, who=who, channel=channel, realm=realm.name, address=address):
            self._records.remove_before(realm.name, now - self._longest, now - self._idle)
            self._records.add(session)
        return cookie, session

    def listed(self, realm: Realm, session: Session) -> list[Session]:
        """Every session of the same person, the one that was used last first."""
        return [one for one in self._records.of(realm.name, session.who or "") if self._goes_on(realm, one)]

    def end(self, session: Session, channel: str) -> None:
        """Log-out."""
        with self._changes.change("session.ended", self._now(), who=session.who or "", channel=channel):
            self._records.remove(session.key)

    def end_others(self, session: Session, channel: str) -> None:
        """Every other browser has to log in again."""
        with self._changes.change("session.others_ended", self._now(), who=session.who or "", channel=channel):
            self._records.remove_others(session)

    def show(self, session: Session, msisdn: str, channel: str) -> None:
        """Another number of the same cabinet is shown from now on."""
        with self._changes.change("session.shows", self._now(), who=session.who or "", channel=channel, msisdn=msisdn):
            self._records.show(session.key, msisdn)

    def _goes_on(self, realm: Realm, session: Session) -> bool:
        now = self._now()
        return now - session.seen < self._idle and now - session.created < self._longest and realm.still(session)

    def _used(self, session: Session) -> Session:
        now = self._now()
        if now - session.seen < min(_SEEN_EVERY, self._idle / 2):
            return session
        self._records.seen(session.key, now)
        return replace(session, seen=now)
