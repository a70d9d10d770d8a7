"""Passwords, as hashes, and the requests for them."""

from __future__ import annotations

from ussd_gateway.selfcare.records.changes import Changes


class Passwords:
    """The one valid password of each number, and what was asked for."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def answered(self, msisdn: str, channel: str, key: str, since: float) -> str | None:
        """What a request with this key was answered after `since`, if there was one (R176)."""
        rows = self._changes.read(
            "SELECT result FROM password_requests WHERE msisdn = ? AND channel = ? AND key = ? AND at > ?",
            (msisdn, channel, key, since),
        )
        return rows[0][0] if rows else None

    def add_request(
        self, msisdn: str, channel: str, key: str, at: float, result: str, issue: int | None, since: float
    ) -> None:
        """A password was asked for; `issue` is None when none was issued. Within a `change`.

        The number's requests up to `since` are forgotten.
        """
        self._changes.write("DELETE FROM password_requests WHERE msisdn = ? AND at <= ?", (msisdn, since))
        self._changes.write(
            "INSERT INTO password_requests (msisdn, at, channel, key, result, issue) VALUES (?, ?, ?, ?, ?, ?)",
            (msisdn, at, channel, key, result, issue),
        )

    def issued_since(self, msisdn: str, since: float) -> list[float]:
        """The moments after `since` at which a password was issued."""
        rows = self._changes.read(
            "SELECT at FROM password_requests WHERE msisdn = ? AND at > ? AND issue IS NOT NULL", (msisdn, since)
        )
        return [at for (at,) in rows]

    def issue(self, msisdn: str) -> int:
        """The number of the last password that was issued; 0 where there was none."""
        rows = self._changes.read("SELECT issue FROM passwords WHERE msisdn = ?", (msisdn,))
        return rows[0][0] if rows else 0

    def next_issue(self, msisdn: str) -> int:
        """The number that the next password gets, from 1."""
        return 1 + self.issue(msisdn)

    def begin_issue(self, msisdn: str, issue: int, at: float, tag: int, remembered: int, kind: str) -> None:
        """From here on no former password is valid (R121), and the new one not before `keep_hash`. Within a `change`.

        kind  "generated" or "own"

        `tag` (see `subscribers.passwords.tag`) joins those of the former passwords, of which the last `remembered` are kept.
        """
        self._changes.write(
            "INSERT OR REPLACE INTO passwords (msisdn, issue, hash, kind, issued_at) VALUES (?, ?, '', ?, ?)",
            (msisdn, issue, kind, at),
        )
        self._changes.write(
            "INSERT INTO former_passwords (msisdn, issue, tag) VALUES (?, ?, ?)",
            (msisdn, issue, tag),
        )
        self._changes.write(
            "DELETE FROM former_passwords WHERE msisdn = ? AND issue <= ?", (msisdn, issue - remembered)
        )

    def keep_hash(self, msisdn: str, issue: int, hashed: str) -> bool:
        """The hash of the password, unless a later one has been issued meanwhile (R122); whether it was kept."""
        kept = self._changes.write(
            "UPDATE passwords SET hash = ? WHERE msisdn = ? AND issue = ?", (hashed, msisdn, issue)
        )
        self._changes.changed()
        return kept == 1

    def end(self, msisdn: str) -> None:
        """No password of the number is valid, one that is being worked out included. Within a `change`."""
        self._changes.write("UPDATE passwords SET hash = '', issue = issue + 1 WHERE msisdn = ?", (msisdn,))

    def password_hash(self, msisdn: str) -> str | None:
        """The hash of the one valid password, if there is one."""
        rows = self._changes.read("SELECT hash FROM passwords WHERE msisdn = ?", (msisdn,))
        return rows[0][0] or None if rows else None

    def valid_issue(self, msisdn: str, hashed: str | None) -> int | None:
        """The number of the valid password, if its hash is still this one."""
        rows = self._changes.read(
            "SELECT issue FROM passwords WHERE msisdn = ? AND hash = ? AND hash != ''", (msisdn, hashed)
        )
        return rows[0][0] if rows else None

    def tags(self, msisdn: str) -> frozenset[int]:
        """The tags of the last passwords."""
        rows = self._changes.read("SELECT tag FROM former_passwords WHERE msisdn = ?", (msisdn,))
        return frozenset(tag for (tag,) in rows)
