"""Who is logged in, in which browser."""

from __future__ import annotations

from dataclasses import astuple, dataclass, field, fields

from ussd_gateway.selfcare.records.changes import Changes


@dataclass(frozen=True, slots=True)
class Session:
    """A browser's session; before log-in it has no `who` and is kept nowhere.

    key      SHA-256 of its cookie, in hex
    realm    whose pages it opens, such as "cabinet"
    who      who logged in: the cabinet's own number, or the name of an account; None before log-in
    msisdn   the number that is shown; None before log-in, and where there are no numbers
    csrf     what its forms carry
    issue    the number of the password at the log-in
    created, seen   seconds since the epoch
    address, agent  where it was begun, and by which browser
    """

    key: str = field(repr=False)
    realm: str
    who: str | None
    msisdn: str | None
    csrf: str = field(repr=False)
    issue: int = 0
    created: float = 0.0
    seen: float = 0.0
    address: str = ""
    agent: str = ""

    @property
    def main(self) -> str | None:
        """The number whose cabinet it is, whichever linked number is shown."""
        return self.who


_COLUMNS = ", ".join(column.name for column in fields(Session))
_PLACES = ", ".join("?" for _ in fields(Session))


class WebSessions:
    """Sessions, and the browsers in which a number has logged in before."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def add(self, session: Session) -> None:
        """Within a `change`."""
        self._changes.write(f"INSERT INTO web_sessions ({_COLUMNS}) VALUES ({_PLACES})", astuple(session))  # noqa: S608 - constants

    def session(self, realm: str, key: str) -> Session | None:
        """The session of a cookie."""
        rows = self._changes.read(
            f"SELECT {_COLUMNS} FROM web_sessions WHERE key = ? AND realm = ?",  # noqa: S608 - constants
            (key, realm),
        )
        return Session(*rows[0]) if rows else None

    def of(self, realm: str, who: str) -> list[Session]:
        """Every session of somebody, the one that was used last first."""
        rows = self._changes.read(
            f"SELECT {_COLUMNS} FROM web_sessions WHERE realm = ? AND who = ? ORDER BY seen DESC, created DESC, key",  # noqa: S608 - constants
            (realm, who),
        )
        return [Session(*row) for row in rows]

    def seen(self, key: str, at: float) -> None:
        """The session was used."""
        self._changes.write("UPDATE web_sessions SET seen = ? WHERE key = ?", (at, key))
        self._changes.changed()

    def show(self, key: str, msisdn: str) -> None:
        """From now on the session shows this number. Within a `change`."""
        self._changes.write("UPDATE web_sessions SET msisdn = ? WHERE key = ?", (msisdn, key))

    def remove(self, key: str) -> None:
        """The session is over."""
        self._changes.write("DELETE FROM web_sessions WHERE key = ?", (key,))
        self._changes.changed()

    def remove_others(self, session: Session) -> int:
        """Ends every session of the same person but this one; how many there were. Within a `change`."""
        return self._changes.write(
            "DELETE FROM web_sessions WHERE realm = ? AND who = ? AND key != ?",
            (session.realm, session.who, session.key),
        )

    def remove_before(self, realm: str, created: float, seen: float) -> None:
        """Forgets what is older, or was not used for longer. Within a `change`."""
        self._changes.write(
            "DELETE FROM web_sessions WHERE realm = ? AND (created <= ? OR seen <= ?)", (realm, created, seen)
        )

    # Browsers ------------------------------------------------------------------------------------------------------

    def failures(self, browser: str, msisdn: str) -> int | None:
        """The failures of a number in a browser since it logged in there; None where it never has."""
        rows = self._changes.read("SELECT failures FROM web_browsers WHERE key = ? AND msisdn = ?", (browser, msisdn))
        return rows[0][0] if rows else None

    def fewest_failures(self, browser: str) -> int | None:
        """The same of the number that has the fewest."""
        failures: int | None = self._changes.read("SELECT min(failures) FROM web_browsers WHERE key = ?", (browser,))[
            0
        ][0]
        return failures

    def fail(self, browser: str, msisdn: str) -> None:
        """One more failure, where the number has logged in before."""
        self._changes.write(
            "UPDATE web_browsers SET failures = failures + 1 WHERE key = ? AND msisdn = ?", (browser, msisdn)
        )
        self._changes.changed()

    def know(self, browser: str, msisdn: str, at: float) -> None:
        """The number has logged in there. Within a `change`."""
        self._changes.write(
            "INSERT OR REPLACE INTO web_browsers (key, msisdn, failures, at) VALUES (?, ?, 0, ?)", (browser, msisdn, at)
        )
