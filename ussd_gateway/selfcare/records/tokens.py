"""What applications remember of a log-in."""

from __future__ import annotations

from dataclasses import dataclass

from ussd_gateway.selfcare.records.changes import Changes


@dataclass(frozen=True, slots=True)
class Token:
    """A device that stays logged in; the token itself is not kept.

    platform       a row of selfcare/app/platforms.toml
    created, seen  seconds since the epoch
    address        where it was logged in
    """

    id: int
    msisdn: str
    platform: str
    device: str
    created: float
    seen: float
    address: str


_COLUMNS = "id, msisdn, platform, device, created, seen, address"


class Tokens:
    """The tokens; one of a number, a platform and a device."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def token(self, key: str) -> Token | None:
        """The device of a token, whose SHA-256 in hex this is."""
        rows = self._changes.read(f"SELECT {_COLUMNS} FROM app_tokens WHERE key = ?", (key,))  # noqa: S608 - constants
        return Token(*rows[0]) if rows else None

    def of(self, msisdn: str) -> list[Token]:
        """Every device of a number, the one that was used last first."""
        rows = self._changes.read(
            f"SELECT {_COLUMNS} FROM app_tokens WHERE msisdn = ? ORDER BY seen DESC, id DESC",  # noqa: S608 - constants
            (msisdn,),
        )
        return [Token(*row) for row in rows]

    def add(self, key: str, msisdn: str, platform: str, device: str, at: float, address: str, most: int) -> None:
        """In place of the device's former one; of more than `most` those that were idle longest go. Within a `change`."""
        self._changes.write(
            "INSERT OR REPLACE INTO app_tokens (key, msisdn, platform, device, created, seen, address) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (key, msisdn, platform, device, at, at, address),
        )
        for idle in self.of(msisdn)[most:]:
            self.remove(msisdn, idle.id)

    def seen(self, id: int, at: float) -> None:
        """The token was used."""
        self._changes.write("UPDATE app_tokens SET seen = ? WHERE id = ?", (at, id))
        self._changes.changed()

    def remove(self, msisdn: str, id: int) -> None:
        """The device has to log in again. Within a `change`."""
        self._changes.write("DELETE FROM app_tokens WHERE msisdn = ? AND id = ?", (msisdn, id))

    def remove_all(self, msisdn: str) -> None:
        """Every device has to log in again. Within a `change`."""
        self._changes.write("DELETE FROM app_tokens WHERE msisdn = ?", (msisdn,))
